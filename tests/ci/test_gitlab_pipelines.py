"""The pipelines of GitLab, run against git, a real account and a stand-in for GitLab's API."""

from __future__ import annotations

import json

import pytest

from tests.ci.gitlab_host import GitLab, Request
from tests.e2e.harness import sms

pytestmark = pytest.mark.slow

FAR = "2036-03-22 10:00:00"


def campaign(gitlab: GitLab, name: str) -> Request:
    """A merge request that adds one campaign."""
    return gitlab.open(name, {f"campaigns/{name}.yaml": sms(name, scheduled_time=FAR)})


def assert_settled(gitlab: GitLab, *names: str) -> None:
    assert gitlab.names() == sorted(names)
    plan = json.loads(gitlab.campaignctl("-C", "campaigns", "plan", "--format", "json"))
    assert (plan["changes"], plan["blocked"]) == ([], [])


def test_one_note_shows_what_the_merge_would_do(gitlab: GitLab) -> None:
    request = campaign(gitlab, "spring")
    assert request.jobs["campaigns:plan"].result == "success", request.jobs["campaigns:plan"].log
    (note,) = gitlab.notes(request)
    assert "**everyone**" in note
    gitlab.update(request, {"campaigns/spring.yaml": sms("Spring again", scheduled_time=FAR)})
    (note,) = gitlab.notes(request)
    assert "Spring again" in note


def test_a_note_of_somebody_else_is_left_alone(gitlab: GitLab) -> None:
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


def test_a_mistake_fails_the_job_and_takes_the_old_plan_away(gitlab: GitLab) -> None:
    request = campaign(gitlab, "spring")
    gitlab.update(request, {"campaigns/spring.yaml": "spec:\n  name: Spring\n  mesages: []\n"})
    assert request.jobs["campaigns:plan"].result == "failure"
    (note,) = gitlab.notes(request)
    assert "There is no plan for" in note


def test_without_tokens_the_plan_is_in_the_log_and_says_that_live_was_not_read(gitlab: GitLab) -> None:
    gitlab.secrets.clear()
    request = campaign(gitlab, "spring")
    assert "Live was not read" in request.jobs["campaigns:plan"].log
    assert gitlab.notes(request) == []


def test_a_merge_applies_what_its_review_showed(gitlab: GitLab) -> None:
    request = campaign(gitlab, "spring")
    gitlab.update(request, {"campaigns/spring.yaml": sms("spring", scheduled_time=FAR, description="better")})
    gitlab.merge(request, "rebase")
    apply = gitlab.pushed()["campaigns:apply"]
    assert apply.result == "success", apply.log
    assert '"result": "done"' in apply.log
    assert_settled(gitlab, "spring")


def test_two_quick_merges_end_well_and_a_late_run_does_nothing(gitlab: GitLab) -> None:
    first, second = campaign(gitlab, "first"), campaign(gitlab, "second")
    old = gitlab.merge(first)
    gitlab.merge(second, "squash")
    assert gitlab.pushed()["campaigns:apply"].result == "success"
    late = gitlab.pushed(old)["campaigns:apply"]
    assert late.result == "success", late.log
    assert "A newer commit was applied already" in late.log
    assert_settled(gitlab, "first", "second")


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
    assert "Merge request 1 comes from a fork" in apply.log
    assert gitlab.names() == []


def test_what_was_edited_after_the_review_is_not_applied(gitlab: GitLab) -> None:
    gitlab.merge(campaign(gitlab, "spring"))
    gitlab.push({"campaigns/spring.yaml": sms("spring", scheduled_time=FAR, description="slipped in")})
    apply = gitlab.pushed()["campaigns:apply"]
    assert apply.result == "failure"
    assert "is not what the reviewed plans hold for spring" in apply.log
    assert gitlab.names() == []


def test_a_pipeline_by_hand_applies_the_very_plan_that_a_person_let_go_on(gitlab: GitLab) -> None:
    gitlab.push({"campaigns/direct.yaml": sms("direct", scheduled_time=FAR)})
    jobs = gitlab.by_hand()
    assert jobs["campaigns:apply-this-plan"].result == "success", jobs["campaigns:apply-this-plan"].log
    assert_settled(gitlab, "direct")


def test_the_alarm_rings_for_drift_and_for_nothing_else(gitlab: GitLab) -> None:
    gitlab.merge(campaign(gitlab, "spring"))
    gitlab.pushed()
    assert gitlab.scheduled()["campaigns:drift"].result == "success"
    (live,) = gitlab.control.campaigns()
    gitlab.control.edit(live["id"], name="renamed by hand")
    assert gitlab.scheduled()["campaigns:drift"].result == "failure"
