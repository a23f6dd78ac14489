"""Which plan counts as reviewed: of the commit and branch, before the approval, and of today's base."""

from __future__ import annotations

import time

import pytest

from tests.ci.github_host import GitHub, Pull
from tests.ci.team import moved
from tests.ci.test_github_stops import assert_settled
from tests.e2e.harness import sms, with_lifecycle

pytestmark = pytest.mark.slow

FAR = "2036-03-22 10:00:00"
SUMMER = {"campaigns/summer.yaml": sms("summer", scheduled_time=FAR)}


def campaign(github: GitHub, name: str, base: str | None = None) -> Pull:
    """A pull request that adds one campaign."""
    return github.open(name, {f"campaigns/{name}.yaml": sms(name, scheduled_time=FAR)}, base=base)


def unplanned(github: GitHub, name: str) -> Pull:
    """A pull request whose last commit has no plan yet."""
    pull = campaign(github, name)
    github.update(
        pull, {f"campaigns/{name}.yaml": sms(name, scheduled_time=FAR, description="x")}, planned=False
    )
    return pull


# ------------------------------------------------------------------------------- what is gathered


def test_a_merge_that_an_apply_left_alone_is_applied_by_its_re_run(github: GitHub) -> None:
    late, ready = unplanned(github, "late"), campaign(github, "ready")
    github.merge(late)
    github.merge(ready)
    apply = github.pushed()["apply"]
    run = github.load()["runs"][-1]["id"]
    assert apply.result == "failure"
    assert github.names() == ["ready"]
    assert "::warning title=Plan not used::Pull request #1 has no plan for" in apply.log
    assert "No pull request showed" not in apply.log
    github.plan(late)
    again = github.rerun(run)["apply"]
    assert again.result == "success", again.log
    assert github.names() == ["late", "ready"]


def test_a_plan_that_was_applied_does_not_come_back_with_what_was_left_alone(github: GitHub) -> None:
    one, two = (sms("spring", scheduled_time=FAR, description=text) for text in ("one", "two"))
    kept = with_lifecycle(sms("kept", scheduled_time=FAR), prevent_destroy=True)
    for files in (
        {"campaigns/kept.yaml": kept, "campaigns/spring.yaml": two},
        {"campaigns/kept.yaml": None, "campaigns/spring.yaml": one},
        {"campaigns/spring.yaml": two},
    ):
        github.merge(github.open("branch", files))
        apply = github.pushed()["apply"]
        assert not [each for each in apply.log.splitlines() if "Not reviewed" in each]
    apply = github.push_directly({"campaigns/spring.yaml": one})["apply"]
    assert apply.result == "failure"
    live = [each["live"] for each in github.control.campaigns()]
    assert [each["description"] for each in live if each["name"] == "spring"] == ["two"]


def test_a_move_that_was_planned_before_its_create_was_applied_is_made(github: GitHub) -> None:
    tip = github.merge(campaign(github, "spring"))
    pull = github.open("move", moved("spring", "april"))
    assert "april: moved from spring, which is not created yet" in github.comments(pull)[0]
    assert github.pushed(tip)["apply"].result == "success"
    github.merge(pull)
    apply = github.pushed()["apply"]
    assert apply.result == "success", apply.log
    assert [each["live"]["description"] for each in github.control.campaigns()] == ["moved"]
    assert_settled(github, "spring")


def test_a_plan_for_another_branch_does_not_count(github: GitHub) -> None:
    github.git("push", "--quiet", "origin", "main:release")
    pull = campaign(github, "spring", base="release")
    hub = github.load()
    hub["pulls"]["1"]["base"]["ref"] = "main"
    github.save(hub)
    github.merge(pull)
    apply = github.pushed()["apply"]
    assert apply.result == "failure"
    assert "it was made for the branch release, not main" in apply.log
    assert github.names() == []


# ------------------------------------------------------------------------------- what was blocked before


def test_what_was_blocked_before_is_not_everybodys_red(github: GitHub) -> None:
    kept = with_lifecycle(sms("kept", scheduled_time=FAR), prevent_destroy=True)
    github.merge(github.open("kept", {"campaigns/kept.yaml": kept}))
    github.pushed()
    removal = github.open("removal", {"campaigns/kept.yaml": None, **SUMMER})
    assert removal.jobs["plan"].result == "failure"
    github.merge(removal)
    assert github.pushed()["apply"].result == "failure"
    pull = campaign(github, "spring")
    assert pull.jobs["plan"].result == "success", pull.jobs["plan"].log
    assert "::warning title=Blocked before::kept: not by this pull request." in pull.jobs["plan"].log
    assert "Blocked before this change" in github.comments(pull)[0]
    (check,) = github.load()["checks"]
    assert (check["head_sha"], check["conclusion"]) == (_head(github, pull), "neutral")
    github.merge(pull)
    apply = github.pushed()["apply"]
    assert apply.result == "success", apply.log
    assert github.names() == ["kept", "spring", "summer"]


def _head(github: GitHub, pull: Pull) -> str:
    return str(github.load()["pulls"][str(pull.number)]["head"]["sha"])


# ------------------------------------------------------------------------------- stale plans


def test_a_repeated_run_plans_what_a_merge_would_make_now(github: GitHub) -> None:
    pull = campaign(github, "spring")
    old = github.load()["runs"][-1]["id"]
    github.merge(campaign(github, "summer"))
    github.pushed()
    plan = github.rerun(old)["plan"]
    assert plan.result == "success", plan.log
    assert "1 to create" in github.comments(pull)[0]
    assert "cancel" not in github.comments(pull)[0]


def test_a_repeated_run_that_cannot_be_merged_any_more_is_refused(github: GitHub) -> None:
    pull = campaign(github, "spring")
    old = github.load()["runs"][-1]["id"]
    github.push({"campaigns/spring.yaml": sms("Other", scheduled_time=FAR)})
    plan = github.rerun(old)["plan"]
    assert plan.result == "failure"
    assert "pull request #1 cannot be merged into main as it is now" in plan.log
    assert "There is no plan for" in github.comments(pull)[0]


def test_a_merge_queue_gets_its_check_and_its_plan_does_not_count(github: GitHub) -> None:
    pull = campaign(github, "spring")
    github.push({"campaigns/sneaky.yaml": sms("sneaky", scheduled_time=FAR)})
    jobs = github.queue(pull)
    assert jobs["plan"].result == "success", jobs["plan"].log
    assert "sneaky" in jobs["plan"].summary
    assert (jobs["comment"].result, jobs["apply"].result) == ("skipped", "skipped")
    github.merge(pull)
    apply = github.pushed()["apply"]
    assert apply.result == "failure"
    assert github.names() == ["spring"]


# ------------------------------------------------------------------------------- what was approved


def test_the_comment_names_the_commit_and_an_older_run_does_not_replace_it(github: GitHub) -> None:
    pull = campaign(github, "spring")
    old = github.load()["runs"][-1]["id"]
    github.update(pull, {"campaigns/spring.yaml": sms("Spring again", scheduled_time=FAR)})
    (newer,) = github.comments(pull)
    assert f"Commit `{github.load()['pulls']['1']['head']['sha'][:12]}`" in newer
    assert f"/actions/runs/{github.load()['runs'][-1]['id']}" in newer
    assert github.rerun(old)["comment"].result == "success"
    assert github.comments(pull) == [newer]


def test_a_plan_made_after_the_approval_says_so_and_does_not_count(github: GitHub) -> None:
    pull = campaign(github, "spring")
    github.approve(pull)
    time.sleep(2)
    github.push({"campaigns/sneaky.yaml": sms("sneaky", scheduled_time=FAR)})
    github.rerun()
    assert "**This plan was made after the approval**" in github.comments(pull)[0]
    github.merge(pull)
    apply = github.pushed()["apply"]
    assert apply.result == "failure"
    assert "approved by rita" in apply.log
    assert github.names() == ["spring"]


def test_a_late_plan_is_applied_once_it_is_approved(github: GitHub) -> None:
    pull = campaign(github, "spring")
    github.approve(pull, ago=3600)
    github.approve(pull, author_association="NONE")
    github.merge(pull)
    apply = github.pushed()["apply"]
    assert apply.result == "failure"
    assert "approve the pull request again (a merged one too), then run this job again" in apply.log
    assert github.names() == []
    github.approve(pull)
    again = github.rerun()["apply"]
    assert again.result == "success", again.log
    assert github.names() == ["spring"]


def test_a_dropped_connection_is_tried_again(github: GitHub) -> None:
    github.merge(campaign(github, "spring"))
    github.api.drops = 1
    apply = github.pushed()["apply"]
    assert apply.result == "success", apply.log
