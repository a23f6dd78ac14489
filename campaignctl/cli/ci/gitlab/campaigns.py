"""The calls of the campaigns pipeline to GitLab: `note FILE` and `gather DIR`.

Written by `campaignctl init --ci gitlab`; from now on it is yours. It needs git, campaignctl, the variables
of a job, and CAMPAIGNS_TOKEN, a project access token.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

ENV = os.environ
PROJECT = f"{ENV['CI_API_V4_URL']}/projects/{ENV['CI_PROJECT_ID']}"
PLAN_JOB = f"{ENV['CAMPAIGNS_NAME']}:plan"
MARKER = f"<!-- {ENV['CAMPAIGNS_NAME']} -->"
MOST = 200  # commits to look at if nothing was applied yet


def call(url: str, data: bytes | None = None, method: str | None = None) -> tuple[bytes, str]:
    """The body of an answer, and its next page, if any; an empty body for 404."""
    request = urllib.request.Request(url, data=data, method=method)
    request.add_unredirected_header("PRIVATE-TOKEN", ENV["CAMPAIGNS_TOKEN"])
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read(), answer.headers.get("X-Next-Page") or ""
    except urllib.error.HTTPError as error:
        if error.code == HTTPStatus.NOT_FOUND:
            return b"", ""
        sys.exit(f"{url}: {error.code} {error.reason}")
    except OSError as error:
        sys.exit(f"{url}: {error}")


def listed(path: str) -> Iterator[dict[str, Any]]:
    """Every object of a list, page by page."""
    page = "1"
    while page:
        answer, page = call(f"{PROJECT}/{path}?per_page=100&page={page}")
        yield from json.loads(answer or b"[]")


def note(file: str) -> None:
    """Write the plan as a note of the merge request: one note, kept up to date."""
    made = Path(file)
    plan = made.read_text(encoding="utf-8") if made.exists() else ""
    if not plan:
        plan = f"**There is no plan for {ENV['CI_COMMIT_SHA']}.** [The job]({ENV['CI_JOB_URL']}) says why.\n"
    notes = f"merge_requests/{ENV['CI_MERGE_REQUEST_IID']}/notes"
    # Only our own note is changed: anyone can write a marker.
    me = json.loads(call(f"{ENV['CI_API_V4_URL']}/user")[0])["id"]
    ours = [each for each in listed(notes) if each["author"]["id"] == me and each["body"].startswith(MARKER)]
    data = urllib.parse.urlencode({"body": f"{MARKER}\n{plan}"}).encode()
    if ours:
        call(f"{PROJECT}/{notes}/{ours[0]['id']}", data, "PUT")
    else:
        call(f"{PROJECT}/{notes}", data, "POST")


def gather(into: str) -> None:
    """Fetch the plans that were reviewed since the last apply, one file for each merge request.

    For every commit since the last apply, GitLab says which merge request merged it. The plan of a merge
    request is the newest one for exactly the commit that was merged, by a pipeline of this project. Plans of
    forks are never trusted: the author of the change could have written the plan. If a later commit has
    already been applied, the file `newer` says so.

    Concurrent merges and applies that were skipped or died need nothing special: everything merged since the
    last finished apply is gathered. An extra plan does no harm, as `apply --reviewed` makes only changes that
    the manifests of this commit also ask for; a missing one leaves its changes alone, and the apply says so.
    """
    folder = Path(into)
    folder.mkdir(parents=True, exist_ok=True)
    # It may have moved since this run was requested.
    git("fetch", "--quiet", "origin", ENV["CI_DEFAULT_BRANCH"])
    last = last_applied()
    if last and last != git("rev-parse", "HEAD") and succeeds("merge-base", "--is-ancestor", "HEAD", last):
        say(f"A newer commit has already been applied: {last}.")
        (folder / "newer").write_text(last)
        return
    start = git("merge-base", last, "HEAD") if last and succeeds("merge-base", last, "HEAD") else ""
    since = f"{start}..HEAD" if start else "HEAD"
    # The folder of the project is enough: nothing outside it is part of a plan.
    listing = ("rev-list", "--first-parent", f"--max-count={MOST}", since, "--", ENV["CAMPAIGNCTL_PROJECT"])
    commits = git(*listing).split()
    for iid, head in sorted({found for commit in commits for found in merged(commit)}):
        plan = reviewed_plan(iid, head)
        if plan is None:
            say(f"Merge request {iid} has no plan for {head}: merged before it was made, or it expired.")
        else:
            (folder / f"{iid}.json").write_bytes(plan)


def last_applied() -> str | None:
    """The commit of the last apply that finished everything it began, if this clone has it."""
    command = ["campaignctl", "state", "history", "--format", "json"]
    history = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["history"]
    for entry in history:  # the newest first
        left = sum(count for outcome, count in entry["outcomes"].items() if outcome != "done")
        if entry["commit"] and entry["outcome"] in ("done", "incomplete") and not left:
            commit = str(entry["commit"])
            return commit if succeeds("cat-file", "-e", f"{commit}^{{commit}}") else None
    return None


def merged(commit: str) -> Iterator[tuple[int, str]]:
    """Number and last commit of the merge requests that merged a commit into the default branch; no forks."""
    for found in listed(f"repository/commits/{commit}/merge_requests"):
        if found["state"] != "merged" or found["target_branch"] != ENV["CI_DEFAULT_BRANCH"]:
            continue
        if found["source_project_id"] == found["target_project_id"] == int(ENV["CI_PROJECT_ID"]):
            yield found["iid"], found["sha"]
        else:
            say(f"Merge request {found['iid']} comes from a fork: its plan is not trusted.")


def reviewed_plan(iid: int, head: str) -> bytes | None:
    """The newest plan that a pipeline of this project made of a merge request at a commit."""
    for pipeline in listed(f"merge_requests/{iid}/pipelines"):
        if pipeline["project_id"] != int(ENV["CI_PROJECT_ID"]):
            continue
        for job in listed(f"pipelines/{pipeline['id']}/jobs"):
            if job["name"] != PLAN_JOB:
                continue
            artifacts = f"{PROJECT}/jobs/{job['id']}/artifacts"
            plan, _ = call(f"{artifacts}/{ENV['CAMPAIGNS_FILES']}/plan-{head}.json")
            if plan:
                say(f"Merge request {iid} was reviewed at {head}: the plan of pipeline {pipeline['id']}.")
                return plan
    return None


def git(*words: str) -> str:
    """The output of git."""
    return subprocess.run(["git", *words], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def succeeds(*words: str) -> bool:
    """Whether git succeeds."""
    return subprocess.run(["git", *words], check=False, capture_output=True).returncode == 0


def say(text: str) -> None:
    """Write to the log."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    {"note": note, "gather": gather}[sys.argv[1]](sys.argv[2])
