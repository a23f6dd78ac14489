"""Trouble in pipelines: each scene returns what a job says."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.backends.git_place import git
from tests.ci.github_api import stamp
from tests.ci.gitlab_api import PROJECT, TOKEN, Api, served
from tests.docs.acting import FAR, line, on_git
from tests.e2e.harness import World, sms, with_lifecycle

_PIPELINE, _JOB = 1000, 7


def _merged(world: World) -> Api:
    """A repository with a merge request that was merged, on a GitLab."""
    on_git(world)
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    for words in (
        ("add", "."),
        ("commit", "--quiet", "-m", "Spring"),
        ("branch", "-M", "main"),
        ("push", "--quiet", "origin", "main"),
    ):
        git(world.folder, *words)
    head = git(world.folder, "rev-parse", "HEAD").decode().strip()
    api = Api(Path(tempfile.mkdtemp(dir=world.folder.parent)))
    api.requests[1] = {
        "iid": 1,
        "state": "merged",
        "sha": head,
        "merged_at": stamp(),
        "target_branch": "main",
        "source_project_id": PROJECT,
        "target_project_id": PROJECT,
    }
    api.brought[head], api.pipelines[1] = [1], []
    world.environ.update(
        GITLAB_CI="true",
        CI_PROJECT_ID=str(PROJECT),
        CI_COMMIT_SHA=head,
        CI_COMMIT_BRANCH="main",
        CI_PIPELINE_SOURCE="push",
        CI_API_V4_URL="http://127.0.0.1:9/api/v4",
        CAMPAIGNS_TOKEN=TOKEN,
    )
    return api


def _planned(api: Api) -> None:
    """Its plan was made only now."""
    head = api.requests[1]["sha"]
    pipeline = {"id": _PIPELINE, "sha": head, "ref": "refs/merge-requests/1/head", "project_id": PROJECT}
    api.pipelines[1] = [pipeline]
    job = {"id": _JOB, "name": "campaigns:plan", "web_url": "https://gitlab.example/jobs/7"}
    api.jobs[_PIPELINE] = [{**job, "finished_at": stamp()}]


def _gathered(world: World, api: Api, containing: str) -> str:
    with served(api) as address:
        world.environ["CI_API_V4_URL"] = address
        done = world.run("ci", "gather", str(world.folder.parent / "reviewed"))
    return line(done.err, containing)


def no_token(world: World) -> str:
    api = _merged(world)
    del world.environ["CAMPAIGNS_TOKEN"]
    return _gathered(world, api, "CAMPAIGNS_TOKEN")


def token_refused(world: World) -> str:
    api = _merged(world)
    world.environ["CAMPAIGNS_TOKEN"] = "expired"
    return _gathered(world, api, "answered 401")


def no_plan(world: World) -> str:
    return _gathered(world, _merged(world), "has no plan")


def late(world: World) -> str:
    api = _merged(world)
    api.approvals[1] = [{"user": {"username": "rita"}, "approved_at": stamp(0)}]
    _planned(api)
    return _gathered(world, api, "was approved")


def same_second(world: World) -> str:
    api = _merged(world)
    _planned(api)
    (job,) = api.jobs[_PIPELINE]
    api.approvals[1] = [{"user": {"username": "rita"}, "approved_at": job["finished_at"]}]
    return _gathered(world, api, "which came first is not known")


def after_the_merge(world: World) -> str:
    api = _merged(world)
    api.requests[1]["merged_at"] = stamp(0)
    _planned(api)
    return _gathered(world, api, "was merged")


def fork(world: World) -> str:
    api = _merged(world)
    api.requests[1]["source_project_id"] = PROJECT + 1
    return _gathered(world, api, "fork")


def not_mergeable(world: World) -> str:
    _merged(world)
    git(world.folder, "checkout", "--quiet", "-b", "late", "HEAD^{commit}")
    for branch, name in (("late", "Late"), ("main", "Early")):
        git(world.folder, "checkout", "--quiet", branch)
        world.write("push/spring.yaml", sms(name, scheduled_time=FAR))
        git(world.folder, "commit", "--quiet", "-am", name)
    git(world.folder, "push", "--quiet", "origin", "main")
    git(world.folder, "checkout", "--quiet", "late")
    world.environ.update(
        CI_PIPELINE_SOURCE="merge_request_event",
        CI_MERGE_REQUEST_IID="1",
        CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main",
    )
    done = world.run("ci", "gather", str(world.folder.parent / "plan"), status=1)
    return line(done.err, "cannot be merged")


def _alarm(world: World, token: str, containing: str) -> str:
    """What the alarm says of a manifest that was removed, and may not be."""
    world.write("push/kept.yaml", with_lifecycle(sms("Kept", scheduled_time=FAR), prevent_destroy=True))
    world.apply()
    (world.folder / "push/kept.yaml").unlink()
    found = world.folder.parent / "found"
    found.mkdir()
    for words in (("--refresh-only", "-o", "plan.json"), ("-o", "blocked.json")):
        world.run("plan", *words[:-1], str(found / words[-1]), status=None)
    with served(Api(found)) as address:
        world.environ.update(
            GITLAB_CI="true",
            CI_PROJECT_ID=str(PROJECT),
            CI_COMMIT_SHA="0a" * 20,
            CI_API_V4_URL=address,
            CAMPAIGNS_TOKEN=token,
        )
        done = world.run("ci", "report", str(found), "--alarm", status=1)
    return line(done.out, containing)


def alarm_of_a_block(world: World) -> str:
    return _alarm(world, TOKEN, "leaves")


def alarm_without_an_issue(world: World) -> str:
    return _alarm(world, "expired", "No issue")
