"""Applies that are stopped or end halfway, and the runs after them."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaignctl.plan import codec
from tests.ci.github_host import GitHub
from tests.ci.runner import SECONDS, Ran, Watch
from tests.e2e.harness import sms, with_lifecycle

pytestmark = pytest.mark.slow

FAR = "2036-03-22 10:00:00"
CREATES = {"method": "POST", "path": "/v1/hood/campaigns$"}


def plans(github: GitHub) -> list[Path]:
    """The plan files of all runs."""
    return sorted((github.hub / "artifacts").glob("*/campaigns-plan-*/plan.json"))


def at_the_first_create(github: GitHub, *signals: signal.Signals) -> Watch:
    """Send signals to the process of the step `Apply` while the answer to its first create is under way."""

    def watch(step: str, process: subprocess.Popen[str]) -> None:
        if step != "Apply":
            return
        deadline = time.monotonic() + SECONDS
        while not any(each["method"] == "POST" for each in github.control.requests()):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        for each in signals:
            process.send_signal(each)

    return watch


def two_campaigns(github: GitHub, answers_in: float = 1) -> None:
    """A merged pull request with two campaigns, and an account that is slow to answer creates."""
    texts = {f"campaigns/{name}.yaml": sms(name, scheduled_time=FAR) for name in ("one", "two")}
    github.merge(github.open("pair", texts))
    github.control.fault({**CREATES, "times": 9}, {"kind": "delay", "seconds": answers_in, "when": "after"})


def assert_settled(github: GitHub, *names: str) -> None:
    assert github.names() == sorted(names)
    plan = json.loads(github.campaignctl("-C", "campaigns", "plan", "--format", "json"))
    assert (plan["changes"], plan["blocked"]) == ([], [])


def unlock(github: GitHub, job: Ran) -> None:
    """Follow the instructions of a job that found the lock of a dead one."""
    assert re.search(r"in https://github.example/acme/shop/actions/runs/\d+ since", job.log), job.log
    (command,) = re.findall(r"^ *campaignctl (state unlock \S+)$", job.log, re.MULTILINE)
    github.campaignctl("-C", "campaigns", *command.split())


def test_a_killed_runners_apply_is_finished_once_its_lock_is_broken(github: GitHub) -> None:
    two_campaigns(github)
    killed = github.pushed(watch=at_the_first_create(github, signal.SIGKILL))["apply"]
    assert killed.result == "failure"
    github.control.clear_faults()
    locked = github.pushed()["apply"]
    assert locked.result == "failure"
    assert "the state is locked" in locked.log
    unlock(github, locked)
    again = github.pushed()["apply"]
    assert again.result == "success", again.log
    assert_settled(github, "one", "two")


def test_the_next_merge_finishes_a_killed_runners_apply(github: GitHub) -> None:
    two_campaigns(github)
    github.pushed(watch=at_the_first_create(github, signal.SIGKILL))
    github.control.clear_faults()
    github.merge(github.open("more", {"campaigns/more.yaml": sms("more", scheduled_time=FAR)}), "squash")
    unlock(github, github.pushed()["apply"])
    next_one = github.pushed()["apply"]
    assert next_one.result == "success", next_one.log
    assert_settled(github, "more", "one", "two")


def test_a_cancelled_job_ends_in_order_and_the_next_one_continues(github: GitHub) -> None:
    two_campaigns(github)
    cancelled = github.pushed(watch=at_the_first_create(github, signal.SIGINT))["apply"]
    assert cancelled.result == "failure"
    assert "### Outcome: Interrupted" in cancelled.summary
    (kept,) = (github.hub / "artifacts").glob("*/campaigns-outcome/outcome.json")
    assert "not_started" in {change["outcome"] for change in json.loads(kept.read_text())["changes"]}
    github.control.clear_faults()
    next_one = github.pushed()["apply"]
    assert next_one.result == "success", next_one.log
    assert_settled(github, "one", "two")


def cancelled(github: GitHub, scale: float) -> Watch:
    """Cancel the step `Apply` during its first create as the host does, with its waits scaled."""
    first = at_the_first_create(github)

    def watch(step: str, process: subprocess.Popen[str]) -> None:
        first(step, process)
        if step != "Apply":
            return
        for number, patience in ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5), (signal.SIGKILL, SECONDS)):
            if process.poll() is None:
                process.send_signal(number)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(patience * scale)

    return watch


def test_a_cancelled_job_without_an_answer_is_settled_by_the_next(
    github: GitHub,
) -> None:
    two_campaigns(github, answers_in=20)
    ended = github.pushed(watch=cancelled(github, 0.1))["apply"]
    assert ended.result == "failure"
    assert "Stopping: no new requests" in ended.log
    assert "Exited at once" in ended.log
    # The later steps of the job have run nevertheless.
    assert ended.steps["Keep the outcome, and a state that could not be saved"] == "success"
    github.control.clear_faults()
    unlock(github, github.pushed()["apply"])
    next_one = github.pushed()["apply"]
    assert next_one.result == "success", next_one.log
    assert_settled(github, "one", "two")


def test_a_state_that_cannot_be_saved_is_rescued_and_kept(github: GitHub) -> None:
    github.merge(github.open("spring", {"campaigns/spring.yaml": sms("spring", scheduled_time=FAR)}))
    hook = github.remote / "hooks" / "pre-receive"

    def refuse_pushes(step: str, process: subprocess.Popen[str]) -> None:
        at_the_first_create(github)(step, process)
        if step == "Apply":
            hook.write_text("#!/bin/sh\necho 'the disk is full' >&2\nexit 1\n")
            hook.chmod(0o755)

    github.control.fault({**CREATES}, {"kind": "delay", "seconds": 2, "when": "after"})
    apply = github.pushed(watch=refuse_pushes)["apply"]
    assert apply.result == "failure"
    (kept,) = (github.hub / "artifacts").glob("*/campaigns-outcome/campaignctl-state-*.json")
    hook.unlink()
    # The release of the lock could not be pushed either; the next run is told its id.
    unlock(github, github.pushed()["apply"])
    github.campaignctl("-C", "campaigns", "state", "push", str(kept))
    assert_settled(github, "spring")


def test_an_immediate_send_is_not_applied_after_an_old_review(github: GitHub) -> None:
    # What is recorded shows whose account it is.
    github.push({"campaigns/far.yaml": sms("far", scheduled_time=FAR)})
    github.campaignctl("-C", "campaigns", "apply", "--auto-approve")
    github.merge(github.open("flash", {"campaigns/flash.yaml": sms("flash", run_immediately=True)}))
    (path,) = plans(github)
    plan, over = codec.decode(path.read_text()), datetime(2026, 1, 1, tzinfo=UTC)
    changes = tuple(replace(one, valid_until=over) for one in plan.changes)
    path.write_text(codec.dumps(replace(plan, valid_until=over, changes=changes)))
    apply = github.pushed()["apply"]
    assert apply.result == "failure"
    assert "it sends at once, and the reviewed plan was valid until" in apply.log
    assert github.control.sends() == []


def test_a_damaged_plan_is_named_and_stops_no_other(github: GitHub) -> None:
    spring = github.open("spring", {"campaigns/spring.yaml": sms("spring", scheduled_time=FAR)})
    (path,) = plans(github)
    path.write_text(path.read_text().replace("Hi from spring", "Hi from mallory"))
    summer = github.open("summer", {"campaigns/summer.yaml": sms("summer", scheduled_time=FAR)})
    github.merge(spring)
    github.merge(summer)
    apply = github.pushed()["apply"]
    assert apply.result == "failure"
    assert re.search("Pull request #1 has a plan of .*, but it is damaged", apply.log), apply.log
    assert "no reviewed plan contains this create" in apply.log
    assert github.names() == ["summer"]


# ------------------------------------------------------------------------------- manual runs


def asking_reviewers(github: GitHub, count: int = 1) -> None:
    """Set the environment up so that `count` people or teams are asked."""
    hub = github.load()
    rules = [{"type": "required_reviewers", "reviewers": [{"type": "User"}]}] * count
    hub["environments"]["campaigns"] = {"protection_rules": [{"type": "branch_policy"}, *rules]}
    github.save(hub)


def test_a_manual_run_applies_the_approved_plan(github: GitHub) -> None:
    asking_reviewers(github)
    github.push_directly({"campaigns/direct.yaml": sms("direct", scheduled_time=FAR)})
    jobs = github.dispatched()
    assert "direct" in jobs["plan"].summary
    assert jobs["apply-this-plan"].result == "success", jobs["apply-this-plan"].log
    assert_settled(github, "direct")
    history = json.loads(github.campaignctl("-C", "campaigns", "state", "history", "--format", "json"))
    (approval,) = history["history"][0]["requests"]
    assert approval["approved_by"] == "rita"
    assert "/actions/runs/" in approval["request"]


def test_a_manual_run_without_required_reviewers_is_refused(github: GitHub) -> None:
    asking_reviewers(github, 0)
    github.push_directly({"campaigns/direct.yaml": sms("direct", scheduled_time=FAR)})
    jobs = github.dispatched()
    assert jobs["apply-this-plan"].result == "failure"
    assert "no required reviewers" in jobs["apply-this-plan"].log
    assert github.names() == []


def test_a_manual_run_goes_on_as_far_as_the_plan_allows(github: GitHub) -> None:
    asking_reviewers(github)
    kept = with_lifecycle(sms("kept", scheduled_time=FAR), prevent_destroy=True)
    github.merge(github.open("kept", {"campaigns/kept.yaml": kept}))
    github.pushed()
    direct = {"campaigns/direct.yaml": sms("direct", scheduled_time=FAR)}
    github.push_directly({"campaigns/kept.yaml": None, **direct})
    jobs = github.dispatched()
    assert jobs["plan"].result == "success", jobs["plan"].log
    assert jobs["apply-this-plan"].result == "success", jobs["apply-this-plan"].log
    assert github.names() == ["direct", "kept"]


def test_a_manual_run_with_nothing_to_do_asks_for_no_approval(github: GitHub) -> None:
    assert github.dispatched()["apply-this-plan"].result == "skipped"


def test_a_plan_that_became_stale_while_waiting_is_refused(github: GitHub) -> None:
    asking_reviewers(github)
    github.push_directly({"campaigns/direct.yaml": sms("direct", scheduled_time=FAR)})

    def meanwhile(step: str, process: subprocess.Popen[str]) -> None:
        if step == "Who approved?":
            github.commit({"campaigns/laptop.yaml": sms("laptop", is_draft=True)})
            github.campaignctl("-C", "campaigns", "apply", "--auto-approve", "--target", "laptop")

    jobs = github.dispatched(meanwhile)
    assert jobs["apply-this-plan"].result == "failure"
    assert github.names() == ["laptop"]


# ------------------------------------------------------------------------------- the alarm


def test_the_alarm_rings_only_for_drift(github: GitHub) -> None:
    github.merge(github.open("spring", {"campaigns/spring.yaml": sms("spring", scheduled_time=FAR)}))
    github.pushed()
    assert github.scheduled()["drift"].result == "success"
    (live,) = github.control.campaigns()
    github.control.edit(live["id"], name="renamed by hand")
    drift = github.scheduled()["drift"]
    assert drift.result == "failure"
    assert "title=Drift" in drift.log
    assert "renamed by hand" in drift.summary
    assert github.names() == ["renamed by hand"]
    (issue,) = github.load()["issues"]
    assert "renamed by hand" in issue["body"]
    github.control.edit(live["id"], name="spring")
    assert github.scheduled()["drift"].result == "success"
    assert github.load()["issues"][0]["state"] == "closed"


def test_the_alarm_is_quiet_without_a_token_that_reads_and_carries_what_is_blocked(github: GitHub) -> None:
    kept = with_lifecycle(sms("kept", scheduled_time=FAR), prevent_destroy=True)
    github.merge(github.open("kept", {"campaigns/kept.yaml": kept}))
    github.pushed()
    github.push_directly({"campaigns/kept.yaml": None})
    token = github.secrets.pop("OCAMBA_READ_TOKEN")
    quiet = github.scheduled()["drift"]
    assert quiet.result == "success"
    assert "Make a secret OCAMBA_READ_TOKEN" in quiet.log
    assert github.load()["issues"] == []
    github.secrets["OCAMBA_READ_TOKEN"] = token
    github.control.fault({"method": "GET"}, {"kind": "status", "status": 401})
    refused = github.scheduled()["drift"]
    assert refused.result == "failure"
    assert "It is read with the secret OCAMBA_READ_TOKEN" in refused.log
    assert github.load()["issues"] == []
    github.control.clear_faults()
    drift = github.scheduled()["drift"]
    assert drift.result == "failure"
    assert "title=Blocked" in drift.log
    assert github.load()["issues"][0]["title"] == "campaigns: 1 campaign blocked"
