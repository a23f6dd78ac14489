"""Which plan of a merge request counts as reviewed, and what a job says where an answer is missing."""

from __future__ import annotations

import time

import pytest

from tests.ci.gitlab_host import GitLab, Request
from tests.ci.team import moved
from tests.ci.test_gitlab_pipelines import assert_settled
from tests.e2e.harness import sms, with_lifecycle

pytestmark = pytest.mark.slow

FAR = "2036-03-22 10:00:00"
PLAN, APPLY = "campaigns:plan", "campaigns:apply"


def campaign(gitlab: GitLab, name: str) -> Request:
    """A merge request that adds one campaign."""
    return gitlab.open(name, {f"campaigns/{name}.yaml": sms(name, scheduled_time=FAR)})


def sneaky(gitlab: GitLab) -> None:
    """A direct push that no merge request shows."""
    gitlab.push({"campaigns/sneaky.yaml": sms("sneaky", scheduled_time=FAR)})


@pytest.mark.parametrize("how", ["merge", "squash", "rebase", "fast-forward"])
def test_a_direct_push_is_not_the_red_of_the_next_merge(gitlab: GitLab, how: str) -> None:
    request = campaign(gitlab, "spring")
    gitlab.update(request, {"campaigns/spring.yaml": sms("spring", scheduled_time=FAR, description="better")})
    sneaky(gitlab)
    assert gitlab.pushed()[APPLY].result == "failure"
    if how == "fast-forward":
        assert gitlab.rebase(request)
        assert "sneaky" in gitlab.notes(request)[0]
    gitlab.approve(request)
    gitlab.merge(request, how)
    apply = gitlab.pushed()[APPLY]
    assert apply.result == "success", apply.log
    # Only a plan that was made after the push shows it.
    shown = how == "fast-forward"
    assert ("Warning: Not reviewed: 1 campaign left alone: sneaky" in apply.log) is not shown
    assert gitlab.names() == (["sneaky", "spring"] if shown else ["spring"])


@pytest.mark.parametrize("text", [sms("spring", scheduled_time=FAR, description="better"), None])
def test_a_plan_from_before_the_apply_of_an_earlier_merge_is_applied(
    gitlab: GitLab, text: str | None
) -> None:
    tip = gitlab.merge(campaign(gitlab, "spring"))
    request = gitlab.open("again", {"campaigns/spring.yaml": text})
    assert gitlab.pushed(tip)[APPLY].result == "success"
    gitlab.merge(request)
    apply = gitlab.pushed()[APPLY]
    assert apply.result == "success", apply.log
    assert gitlab.names() == (["spring"] if text else [])
    assert [each["live"].get("description") for each in gitlab.control.campaigns()] == [text and "better"]


def test_a_move_that_was_planned_before_its_create_was_applied_is_made(gitlab: GitLab) -> None:
    tip = gitlab.merge(campaign(gitlab, "spring"))
    request = gitlab.open("move", moved("spring", "april"))
    assert "april: moved from spring, which is not created yet" in gitlab.notes(request)[0]
    assert gitlab.pushed(tip)[APPLY].result == "success"
    gitlab.merge(request)
    apply = gitlab.pushed()[APPLY]
    assert apply.result == "success", apply.log
    assert [each["live"]["description"] for each in gitlab.control.campaigns()] == ["moved"]
    assert_settled(gitlab, "spring")


def test_a_merge_that_an_apply_left_alone_is_applied_by_its_re_run(gitlab: GitLab) -> None:
    late, ready = campaign(gitlab, "late"), campaign(gitlab, "ready")
    text = sms("late", scheduled_time=FAR, description="x")
    gitlab.update(late, {"campaigns/late.yaml": text}, planned=False)
    gitlab.merge(late)
    gitlab.merge(ready)
    apply = gitlab.pushed()[APPLY]
    again = gitlab.again
    assert apply.result == "failure"
    assert "Merge request !1 has no plan for" in apply.log
    assert "No merge request showed" not in apply.log
    assert gitlab.names() == ["ready"]
    gitlab.plan(late)
    ended = again(None)[APPLY]
    assert ended.result == "success", ended.log
    assert gitlab.names() == ["late", "ready"]


def test_a_plan_of_a_merged_result_counts_for_its_commit_alone(gitlab: GitLab) -> None:
    request = campaign(gitlab, "spring")
    gitlab.api.pipelines[1].clear()
    gitlab.plan(request, merged=True)
    text = sms("spring", scheduled_time=FAR, description="x")
    gitlab.update(request, {"campaigns/spring.yaml": text}, planned=False)
    gitlab.merge(request)
    apply = gitlab.pushed()[APPLY]
    assert apply.result == "failure"
    assert "Merge request !1 has no plan for" in apply.log
    again = gitlab.again
    gitlab.plan(request, merged=True)
    ended = again(None)[APPLY]
    assert ended.result == "success", ended.log


def test_a_plan_of_a_merge_train_does_not_count(gitlab: GitLab) -> None:
    request = campaign(gitlab, "spring")
    (note,) = gitlab.notes(request)
    sneaky(gitlab)
    gitlab.plan(request, train=True)
    assert request.jobs[PLAN].result == "success", request.jobs[PLAN].log
    assert "sneaky" in request.jobs[PLAN].log
    assert gitlab.notes(request) == [note]
    gitlab.merge(request)
    assert gitlab.pushed()[APPLY].result == "failure"
    assert gitlab.names() == ["spring"]


def test_a_job_that_is_retried_after_the_approval_does_not_count(gitlab: GitLab) -> None:
    request = campaign(gitlab, "spring")
    gitlab.approve(request)
    # The times of plans are known to the second.
    time.sleep(2)
    sneaky(gitlab)
    gitlab.again(None)
    assert "**This plan was made after the approval**" in gitlab.notes(request)[0]
    assert "sneaky" in gitlab.notes(request)[0]
    gitlab.merge(request)
    apply = gitlab.pushed()[APPLY]
    assert apply.result == "failure"
    assert "approved by rita" in apply.log
    assert gitlab.names() == ["spring"]


def test_a_plan_made_after_the_approval_says_so_and_waits(gitlab: GitLab) -> None:
    request = campaign(gitlab, "spring")
    gitlab.approve(request, ago=3600)
    gitlab.plan(request)
    assert "**This plan was made after the approval**" in gitlab.notes(request)[0]
    gitlab.merge(request)
    apply = gitlab.pushed()[APPLY]
    assert apply.result == "failure"
    assert "Merge request !1 was approved by rita" in apply.log
    assert gitlab.names() == []


def test_where_gitlab_does_not_say_when_it_was_approved_a_person_runs_the_job_again(gitlab: GitLab) -> None:
    request = campaign(gitlab, "spring")
    gitlab.approve(request, says_when=False)
    gitlab.merge(request)
    apply = gitlab.pushed()[APPLY]
    assert apply.result == "failure"
    assert "was approved, but GitLab does not say when" in apply.log
    assert gitlab.names() == []
    ended = gitlab.again(None)[APPLY]
    assert ended.result == "success", ended.log
    assert gitlab.names() == ["spring"]


def test_an_older_gitlab_says_in_a_note_when_it_was_approved(gitlab: GitLab) -> None:
    request = campaign(gitlab, "spring")
    gitlab.approve(request, says_when=False)
    gitlab.note_of_approval(request)
    gitlab.merge(request)
    apply = gitlab.pushed()[APPLY]
    assert apply.result == "success", apply.log


def test_a_note_that_cannot_be_written_fails_the_job(gitlab: GitLab) -> None:
    gitlab.secrets["CAMPAIGNS_TOKEN"] = "expired"
    request = campaign(gitlab, "spring")
    assert request.jobs[PLAN].result == "failure"
    assert "CAMPAIGNS_TOKEN has expired or was revoked" in request.jobs[PLAN].log


def test_a_merge_without_the_token_names_it(gitlab: GitLab) -> None:
    gitlab.merge(campaign(gitlab, "spring"))
    del gitlab.secrets["CAMPAIGNS_TOKEN"]
    apply = gitlab.pushed()[APPLY]
    assert apply.result == "failure"
    assert "CAMPAIGNS_TOKEN is not set" in apply.log
    assert gitlab.names() == []


def test_a_dropped_connection_is_tried_again(gitlab: GitLab) -> None:
    gitlab.merge(campaign(gitlab, "spring"))
    gitlab.api.drops = 1
    apply = gitlab.pushed()[APPLY]
    assert apply.result == "success", apply.log


def test_what_was_blocked_before_is_a_job_that_is_never_red(gitlab: GitLab) -> None:
    kept = with_lifecycle(sms("kept", scheduled_time=FAR), prevent_destroy=True)
    request = gitlab.open("kept", {"campaigns/kept.yaml": kept})
    assert request.jobs["campaigns:blocked-before"].result == "success"
    gitlab.merge(request)
    gitlab.pushed()
    gitlab.push({"campaigns/kept.yaml": None})
    gitlab.pushed()
    other = gitlab.open("spring", {"campaigns/spring.yaml": sms("spring", scheduled_time=FAR)})
    assert other.jobs["campaigns:plan"].result == "success", other.jobs["campaigns:plan"].log
    before = other.jobs["campaigns:blocked-before"]
    assert before.result == "warning"
    assert "| `kept` |" in before.log
