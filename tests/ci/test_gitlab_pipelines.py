"""The pipelines of GitLab, run against git, a real account and a stand-in for GitLab's API."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.backends.http_server import Client, running
from tests.ci.gitlab_host import GitLab, Request
from tests.ci.runner import SECONDS, Ran, Watch, processes_on_the_runner
from tests.ci.team import PACKAGE
from tests.e2e.harness import sms

pytestmark = pytest.mark.slow

FAR = "2036-03-22 10:00:00"
JOB = "j0b-t0ken-of-gitlab"
ENVIRONMENTS = """\
environments:
  staging: {variables: {where: staging}}
  production: {variables: {where: production}}
"""


def campaign(gitlab: GitLab, name: str) -> Request:
    """A merge request that adds one campaign."""
    return gitlab.open(name, {f"campaigns/{name}.yaml": sms(name, scheduled_time=FAR)})


def assert_settled(gitlab: GitLab, *names: str) -> None:
    assert gitlab.names() == sorted(names)
    plan = json.loads(gitlab.campaignctl("-C", "campaigns", "plan", "--format", "json"))
    assert (plan["changes"], plan["blocked"]) == ([], [])


def test_one_note_shows_the_plan_of_the_merge(gitlab: GitLab) -> None:
    request = campaign(gitlab, "spring")
    assert request.jobs["campaigns:plan"].result == "success", request.jobs["campaigns:plan"].log
    (note,) = gitlab.notes(request)
    assert "**everyone**" in note
    gitlab.update(request, {"campaigns/spring.yaml": sms("Spring again", scheduled_time=FAR)})
    (note,) = gitlab.notes(request)
    assert "Spring again" in note


def test_a_note_of_another_author_is_left_alone(gitlab: GitLab) -> None:
    request = campaign(gitlab, "spring")
    gitlab.api.notes[1][0]["author"] = {"id": 666}
    forged = gitlab.notes(request)[0]
    gitlab.update(request, {"campaigns/spring.yaml": sms("Spring again", scheduled_time=FAR)})
    assert gitlab.notes(request)[0] == forged
    assert "Spring again" in gitlab.notes(request)[1]


def test_a_plan_is_of_the_merge_and_not_of_a_branch_that_is_behind(gitlab: GitLab) -> None:
    request = campaign(gitlab, "spring")
    gitlab.push({"campaigns/other.yaml": sms("Other", is_draft=True)})
    gitlab.campaignctl("-C", "campaigns", "apply", "--auto-approve", "--target", "other")
    gitlab.update(request, {"campaigns/spring.yaml": sms("Spring again", scheduled_time=FAR)})
    assert "1 to create" in gitlab.notes(request)[0]


def test_a_mistake_fails_the_job_and_removes_the_old_plan(gitlab: GitLab) -> None:
    request = campaign(gitlab, "spring")
    gitlab.update(request, {"campaigns/spring.yaml": "spec:\n  name: Spring\n  mesages: []\n"})
    assert request.jobs["campaigns:plan"].result == "failure"
    (note,) = gitlab.notes(request)
    assert "There is no plan for" in note


def test_without_tokens_the_plan_is_in_the_log_and_says_that_the_account_was_not_read(gitlab: GitLab) -> None:
    gitlab.secrets.clear()
    request = campaign(gitlab, "spring")
    assert "The account was not read" in request.jobs["campaigns:plan"].log
    assert gitlab.notes(request) == []


def test_a_merge_applies_its_reviewed_plan(gitlab: GitLab) -> None:
    request = campaign(gitlab, "spring")
    gitlab.update(request, {"campaigns/spring.yaml": sms("spring", scheduled_time=FAR, description="better")})
    gitlab.merge(request, "rebase")
    apply = gitlab.pushed()["campaigns:apply"]
    assert apply.result == "success", apply.log
    assert "### Outcome: Done" in apply.log
    assert_settled(gitlab, "spring")


def test_two_quick_merges_end_well_and_a_late_run_does_nothing(gitlab: GitLab) -> None:
    first, second = campaign(gitlab, "first"), campaign(gitlab, "second")
    old = gitlab.merge(first)
    gitlab.merge(second, "squash")
    assert gitlab.pushed()["campaigns:apply"].result == "success"
    late = gitlab.pushed(old)["campaigns:apply"]
    assert late.result == "success", late.log
    assert "A newer commit has already been applied" in late.log
    assert_settled(gitlab, "first", "second")


@pytest.mark.parametrize("name", ["campaigns-ci/reviewed/plans/forged.json", "campaigns-ci/plan"])
def test_a_commit_with_files_where_the_jobs_keep_theirs_is_refused(gitlab: GitLab, name: str) -> None:
    """A committed plan would count as reviewed, and a link would have the plan written anywhere."""
    request = gitlab.open(
        "forged", {"campaigns/spring.yaml": sms("Spring", scheduled_time=FAR), name: "{}\n"}
    )
    job = request.jobs["campaigns:plan"]
    assert job.result == "failure"
    assert "git rm -r campaigns-ci" in job.log
    assert gitlab.names() == []


def test_a_plan_in_a_commit_is_no_reviewed_plan(gitlab: GitLab) -> None:
    """Also for pipelines that were written before their jobs refused such commits."""
    text = sms("Spring", scheduled_time=FAR)
    (gitlab.work / "campaigns/spring.yaml").write_text(text)
    gitlab.campaignctl("-C", "campaigns", "plan", "-o", "forged.json")
    forged = (gitlab.work / "forged.json").read_text()
    check = re.compile(r"if \[ -n \"\$\(git ls-files.*?\n +fi\n", re.DOTALL)
    pipeline, changed = check.subn("", (gitlab.work / ".gitlab-ci.yml").read_text())
    assert changed == 1
    files = {"campaigns/spring.yaml": text, ".gitlab-ci.yml": pipeline}
    gitlab.push({**files, "campaigns-ci/reviewed/plans/1.json": forged})
    apply = gitlab.pushed()["campaigns:apply"]
    assert "No merge request showed these changes" in apply.log
    assert gitlab.names() == []


def test_a_direct_push_is_not_applied(gitlab: GitLab) -> None:
    gitlab.push({"campaigns/sneaky.yaml": sms("sneaky", scheduled_time=FAR)})
    apply = gitlab.pushed()["campaigns:apply"]
    assert apply.result == "failure"
    assert "No merge request showed these changes" in apply.log
    assert gitlab.names() == []


def test_a_plan_of_a_fork_is_never_trusted(gitlab: GitLab) -> None:
    request = gitlab.open("gift", {"campaigns/gift.yaml": sms("gift", scheduled_time=FAR)}, fork=True)
    assert gitlab.notes(request) == []
    gitlab.merge(request)
    apply = gitlab.pushed()["campaigns:apply"]
    assert apply.result == "failure"
    assert "Merge request !1 comes from a fork" in apply.log
    assert gitlab.names() == []


def test_a_campaign_edited_after_the_review_is_not_applied(gitlab: GitLab) -> None:
    gitlab.merge(campaign(gitlab, "spring"))
    gitlab.push({"campaigns/spring.yaml": sms("spring", scheduled_time=FAR, description="slipped in")})
    apply = gitlab.pushed()["campaigns:apply"]
    assert apply.result == "failure"
    assert "of spring differs from the reviewed plans" in apply.log
    assert gitlab.names() == []


def test_a_manual_pipeline_applies_the_approved_plan(gitlab: GitLab) -> None:
    gitlab.push({"campaigns/direct.yaml": sms("direct", scheduled_time=FAR)})
    jobs = gitlab.by_hand()
    assert jobs["campaigns:apply-this-plan"].result == "success", jobs["campaigns:apply-this-plan"].log
    assert_settled(gitlab, "direct")


def test_the_alarm_rings_only_for_drift(gitlab: GitLab) -> None:
    gitlab.merge(campaign(gitlab, "spring"))
    gitlab.pushed()
    assert gitlab.scheduled()["campaigns:drift"].result == "success"
    (live,) = gitlab.control.campaigns()
    gitlab.control.edit(live["id"], name="renamed by hand")
    assert gitlab.scheduled()["campaigns:drift"].result == "failure"
    (issue,) = gitlab.api.issues
    assert "renamed by hand" in issue["description"]
    gitlab.control.edit(live["id"], name="spring")
    assert gitlab.scheduled()["campaigns:drift"].result == "success"
    assert issue["state"] == "closed"


def test_an_unrelated_change_plans_and_applies_nothing(gitlab: GitLab) -> None:
    request = gitlab.open("words", {"README.md": "Our shop, in other words\n"})
    assert request.jobs == {}
    gitlab.merge(request)
    assert gitlab.pushed() == {}


def test_two_environments_have_pipelines_of_their_own(gitlab: GitLab) -> None:
    project = (gitlab.work / "campaigns/campaignctl.yaml").read_text()
    gitlab.edit({".gitlab-ci.yml": None, "campaigns/campaignctl.yaml": f"{project}{ENVIRONMENTS}"})
    gitlab.campaignctl("-e", "staging", "init", "campaigns", "--ci", "gitlab", "--package", PACKAGE)
    said = gitlab.campaignctl("-e", "production", "init", "campaigns", "--ci", "gitlab", "--package", PACKAGE)
    own = gitlab.work / ".gitlab-ci.yml"
    assert 'local: "/.gitlab/campaigns-production.yml"' in said
    own.write_text(f'{own.read_text()}\ninclude: [{{local: "/.gitlab/campaigns-production.yml"}}]\n')
    gitlab.push({})
    for environment in ("staging", "production"):
        gitlab.campaignctl("-C", "campaigns", "-e", environment, "state", "init")
    request = gitlab.open(
        "spring", {"campaigns/spring.yaml": sms("spring on ${var.where}", scheduled_time=FAR)}
    )
    assert {name: ran.result for name, ran in request.jobs.items()} == dict.fromkeys(
        (f"campaigns-{env}:{job}" for env in ("production", "staging") for job in ("plan", "blocked-before")),
        "success",
    )
    assert len(gitlab.notes(request)) == 2
    gitlab.merge(request)
    applied = gitlab.pushed()
    assert {name: ran.result for name, ran in applied.items()} == {
        "campaigns-production:apply": "success",
        "campaigns-staging:apply": "success",
    }
    assert gitlab.names() == ["spring on production", "spring on staging"]


def test_two_projects_have_pipelines_of_their_own(gitlab: GitLab) -> None:
    gitlab.merge(campaign(gitlab, "spring"))
    gitlab.pushed()
    said = gitlab.campaignctl("init", "shop", "--ci", "gitlab", "--package", PACKAGE)
    own = gitlab.work / ".gitlab-ci.yml"
    first = own.read_text()
    assert 'local: "/.gitlab/campaigns-shop.yml"' in said
    own.write_text(f'{first}\ninclude: [{{local: "/.gitlab/campaigns-shop.yml"}}]\n')
    gitlab.push({"shop/push/welcome.yaml": None})
    gitlab.campaignctl("-C", "shop", "state", "init")
    request = gitlab.open("shop", {"shop/offer.yaml": sms("offer", scheduled_time=FAR)})
    assert request.jobs.keys() == {"campaigns-shop:plan", "campaigns-shop:blocked-before"}
    gitlab.merge(request)
    assert {name: ran.result for name, ran in gitlab.pushed().items()} == {"campaigns-shop:apply": "success"}
    gitlab.merge(campaign(gitlab, "summer"))
    assert {name: ran.result for name, ran in gitlab.pushed().items()} == {"campaigns:apply": "success"}
    assert gitlab.names() == ["offer", "spring", "summer"]


def is_pushing(process: int) -> bool:
    """Whether the process is a `git push`."""
    with suppress(OSError):
        return b"\0push\0" in Path(f"/proc/{process}/cmdline").read_bytes()
    return False


def cancelled_when(moment: Callable[[list[int]], bool], patience: float) -> Watch:
    """Cancel the apply at a moment, as a runner with containers does.

    It signals every process of the job and removes the container soon after.
    """

    def watch(job: str, process: subprocess.Popen[str]) -> None:
        if job != "campaigns:apply":
            return
        deadline = time.monotonic() + SECONDS
        while not moment(processes_on_the_runner(process.pid)):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.005)
        for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, SECONDS)):
            for each in processes_on_the_runner(process.pid):
                with suppress(ProcessLookupError):
                    os.kill(each, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)

    return watch


def two_campaigns(gitlab: GitLab, answers_in: float) -> Callable[[list[int]], bool]:
    """A merge of two campaigns whose creates are answered late, and whether one of them is under way."""
    texts = {f"campaigns/{name}.yaml": sms(name, scheduled_time=FAR) for name in ("one", "two")}
    gitlab.merge(gitlab.open("pair", texts))
    creates = {"method": "POST", "path": "/v1/hood/campaigns$", "times": 9}
    gitlab.control.fault(creates, {"kind": "delay", "seconds": answers_in, "when": "after"})
    return lambda _: any(each["method"] == "POST" for each in gitlab.control.requests())


def assert_ended_in_order_and_the_next_goes_on(gitlab: GitLab, ended: Ran) -> None:
    assert ended.result == "failure"
    assert "### Outcome: Interrupted" in ended.log
    gitlab.control.clear_faults()
    next_one = gitlab.pushed()["campaigns:apply"]
    assert next_one.result == "success", next_one.log
    assert_settled(gitlab, "one", "two")


def test_a_cancelled_job_ends_in_order_and_the_next_one_continues(gitlab: GitLab) -> None:
    under_way = two_campaigns(gitlab, answers_in=1)
    ended = gitlab.pushed(watch=cancelled_when(under_way, 10))["campaigns:apply"]
    assert_ended_in_order_and_the_next_goes_on(gitlab, ended)


def test_a_cancel_during_a_push_of_the_state_ends_in_order_too(gitlab: GitLab) -> None:
    under_way = two_campaigns(gitlab, answers_in=0.3)
    hook = gitlab.remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexec sleep 0.2\n")
    hook.chmod(0o755)

    def pushing(processes: list[int]) -> bool:
        return under_way(processes) and any(map(is_pushing, processes))

    ended = gitlab.pushed(watch=cancelled_when(pushing, 10))["campaigns:apply"]
    assert_ended_in_order_and_the_next_goes_on(gitlab, ended)


def test_a_removed_container_leaves_a_lock_that_the_next_job_names(gitlab: GitLab) -> None:
    under_way = two_campaigns(gitlab, answers_in=20)
    ended = gitlab.pushed(watch=cancelled_when(under_way, 0))["campaigns:apply"]
    assert ended.result == "failure"
    gitlab.control.clear_faults()
    locked = gitlab.pushed()["campaigns:apply"]
    assert "the state is locked" in locked.log
    (command,) = set(re.findall(r"`campaignctl (state unlock \S+)`", locked.log))
    gitlab.campaignctl("-C", "campaigns", *command.split())
    next_one = gitlab.pushed()["campaigns:apply"]
    assert next_one.result == "success", next_one.log
    assert_settled(gitlab, "one", "two")


@contextmanager
def keeping_states(gitlab: GitLab, folder: Path) -> Iterator[Client]:
    """The host keeps the state too, for its jobs and for Mira."""
    with running(folder, rest=urlsplit(gitlab.address).netloc) as server:
        server.switch("42", users={"gitlab-ci-token": JOB, "mira": "s3cr3t"})
        gitlab.address = server.api
        gitlab.secrets["CI_JOB_TOKEN"] = JOB
        gitlab.environ |= {"CAMPAIGNCTL_HTTP_USERNAME": "mira", "CAMPAIGNCTL_HTTP_PASSWORD": "s3cr3t"}
        yield server


def test_a_merge_applies_with_a_state_on_gitlab_and_a_job_token(gitlab: GitLab, tmp_path: Path) -> None:
    with keeping_states(gitlab, tmp_path / "states") as server:
        address = f"{gitlab.address}/projects/42/terraform/state/crm"
        project = (gitlab.work / "campaigns/campaignctl.yaml").read_text()
        on_gitlab = project.replace("{backend: git}", f"{{backend: http, address: {address}}}")
        gitlab.edit({"campaigns/campaignctl.yaml": on_gitlab, ".gitlab-ci.yml": None})
        gitlab.campaignctl("init", "campaigns", "--ci", "gitlab", "--package", PACKAGE)
        gitlab.push({})
        # Its jobs have a job token, and Mira's login is for her laptop.
        login = {name: gitlab.environ.pop(f"CAMPAIGNCTL_HTTP_{name}") for name in ("USERNAME", "PASSWORD")}
        request = campaign(gitlab, "spring")
        assert request.jobs["campaigns:plan"].result == "success", request.jobs["campaigns:plan"].log
        gitlab.merge(request)
        apply = gitlab.pushed()["campaigns:apply"]
        assert apply.result == "success", apply.log
        assert JOB not in request.jobs["campaigns:plan"].log + apply.log
        gitlab.environ |= {f"CAMPAIGNCTL_HTTP_{name}": text for name, text in login.items()}
        assert_settled(gitlab, "spring")
        assert "refs/campaignctl" not in gitlab.git("ls-remote", "origin")
        assert server.store.lock("42", "crm") is None
