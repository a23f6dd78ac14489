"""A merge applies exactly the reviewed changes, once, however and in whichever order branches are merged."""

from __future__ import annotations

import json

import pytest

from tests.ci.github_host import GitHub, Pull
from tests.ci.team import PACKAGE
from tests.cli.webhook import webhook
from tests.e2e.harness import sms

pytestmark = pytest.mark.slow

FAR = "2036-03-22 10:00:00"


def campaign(github: GitHub, name: str, **spec: str) -> Pull:
    """A pull request that adds one campaign."""
    return github.open(name, {f"campaigns/{name}.yaml": sms(name, scheduled_time=FAR, **spec)})


def assert_settled(github: GitHub, *names: str) -> None:
    """The campaigns exist, each once, and the next plan is empty."""
    assert github.names() == sorted(names)
    plan = json.loads(github.campaignctl("-C", "campaigns", "plan", "--format", "json"))
    assert (plan["changes"], plan["blocked"]) == ([], [])


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_a_merge_applies_its_reviewed_plan(github: GitHub, how: str) -> None:
    pull = campaign(github, "spring")
    github.update(pull, {"campaigns/spring.yaml": sms("spring", scheduled_time=FAR, description="better")})
    github.merge(pull, how)
    apply = github.pushed()["apply"]
    assert apply.result == "success", apply.log
    assert "### Outcome: Done" in apply.summary
    assert "| `spring` | create | done |" in apply.summary
    history = json.loads(github.campaignctl("-C", "campaigns", "state", "history", "--format", "json"))
    assert history["history"][0]["requests"] == [{"request": "acme/shop#1", "approved_by": None}]
    assert_settled(github, "spring")
    assert github.pushed()["apply"].result == "success"
    assert_settled(github, "spring")


def test_the_state_is_where_a_laptop_finds_it(github: GitHub) -> None:
    github.merge(campaign(github, "spring"))
    github.pushed()
    assert "refs/campaignctl/default" in github.git("ls-remote", "origin")
    assert "spring" in github.campaignctl("-C", "campaigns", "state", "list")


def test_two_quick_merges_are_applied_by_the_remaining_run(github: GitHub) -> None:
    first, second = campaign(github, "first"), campaign(github, "second")
    old = github.merge(first)
    github.merge(second, "squash")
    apply = github.pushed()["apply"]
    assert apply.result == "success", apply.log
    assert_settled(github, "first", "second")
    late = github.pushed(old)["apply"]
    assert late.result == "success", late.log
    assert "A newer commit has already been applied" in late.log
    assert_settled(github, "first", "second")


def test_two_quick_merges_are_applied_one_after_the_other(github: GitHub) -> None:
    first, second = campaign(github, "first"), campaign(github, "second")
    tips = [github.merge(first), github.merge(second)]
    assert [github.pushed(tip)["apply"].result for tip in tips] == ["success", "success"]
    assert_settled(github, "first", "second")


def test_a_commit_without_a_campaign_changes_nothing(github: GitHub) -> None:
    github.merge(campaign(github, "spring"))
    github.pushed()
    apply = github.push_directly({"campaigns/README.txt": "notes\n"})["apply"]
    assert apply.result == "success", apply.log


def test_a_direct_push_is_not_applied_and_says_how_to_review_it(github: GitHub) -> None:
    apply = github.push_directly({"campaigns/sneaky.yaml": sms("sneaky", scheduled_time=FAR)})["apply"]
    assert apply.result == "failure"
    assert "title=Not reviewed" in apply.log
    assert "Run workflow" in apply.log
    assert github.names() == []


def test_a_direct_push_next_to_a_merge_is_left_out(github: GitHub) -> None:
    github.merge(campaign(github, "spring"))
    apply = github.push_directly({"campaigns/sneaky.yaml": sms("sneaky", scheduled_time=FAR)})["apply"]
    assert apply.result == "failure"
    assert "no reviewed plan contains this create" in apply.log
    assert github.names() == ["spring"]


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_a_direct_push_is_not_the_red_of_the_next_merge(github: GitHub, how: str) -> None:
    pull = campaign(github, "spring")
    github.update(pull, {"campaigns/spring.yaml": sms("spring", scheduled_time=FAR, description="better")})
    sneaky = github.push_directly({"campaigns/sneaky.yaml": sms("sneaky", scheduled_time=FAR)})["apply"]
    assert sneaky.result == "failure"
    github.approve(pull)
    github.merge(pull, how)
    apply = github.pushed()["apply"]
    assert apply.result == "success", apply.log
    assert "::warning title=Not reviewed::1 campaign left alone: sneaky" in apply.log
    assert github.names() == ["spring"]


@pytest.mark.parametrize("text", [sms("spring", scheduled_time=FAR, description="better"), None])
def test_a_plan_from_before_the_apply_of_an_earlier_merge_is_applied(
    github: GitHub, text: str | None
) -> None:
    tip = github.merge(campaign(github, "spring"))
    pull = github.open("again", {"campaigns/spring.yaml": text})
    assert github.pushed(tip)["apply"].result == "success"
    github.merge(pull)
    apply = github.pushed()["apply"]
    assert apply.result == "success", apply.log
    assert [each["live"].get("description") for each in github.control.campaigns()] == [text and "better"]
    assert_settled(github, *(["spring"] if text else []))


def test_a_campaign_edited_after_the_review_is_not_applied(github: GitHub) -> None:
    github.merge(campaign(github, "spring"))
    text = sms("spring", scheduled_time=FAR, description="slipped in")
    apply = github.push_directly({"campaigns/spring.yaml": text})["apply"]
    assert apply.result == "failure"
    assert "of spring differs from the reviewed plans" in apply.log
    assert github.names() == []


def test_a_commit_merged_before_its_plan_is_applied_once_the_plan_exists(
    github: GitHub,
) -> None:
    pull = campaign(github, "spring")
    github.update(
        pull, {"campaigns/spring.yaml": sms("spring", scheduled_time=FAR, description="x")}, planned=False
    )
    github.git("branch", "--force", "before", github.main)
    tip = github.merge(pull)
    apply = github.pushed()["apply"]
    assert apply.result == "failure"
    assert "Pull request #1 has no plan for" in apply.log
    assert github.names() == []
    merged = github.load()["runs"][-1]["id"]
    # The run for the pull request has finished at last, and the apply is run again.
    github.git("checkout", "--quiet", "-B", github.main, "before")
    github.plan(pull)
    github.git("checkout", "--quiet", "-B", github.main, tip)
    assert github.rerun(merged)["apply"].result == "success"
    assert_settled(github, "spring")


def test_a_plan_of_a_fork_is_never_trusted(github: GitHub) -> None:
    pull = github.open("gift", {"campaigns/gift.yaml": sms("gift", scheduled_time=FAR)}, fork=True)
    github.merge(pull)
    apply = github.pushed()["apply"]
    assert apply.result == "failure"
    assert "Pull request #1 comes from a fork" in apply.log
    assert github.names() == []


def test_a_run_of_a_fork_for_a_commit_of_ours_is_never_trusted(github: GitHub) -> None:
    pull = campaign(github, "spring")
    hub = github.load()
    hub["runs"][-1]["head_repository"]["full_name"] = "mallory/shop"
    github.save(hub)
    github.merge(pull)
    assert github.pushed()["apply"].result == "failure"
    assert github.names() == []


def test_two_projects_have_pipelines_of_their_own(github: GitHub) -> None:
    github.merge(campaign(github, "spring"))
    assert github.pushed()["apply"].result == "success"
    github.campaignctl("init", "shop", "--ci", "github", "--package", PACKAGE)
    github.push({"shop/push/welcome.yaml": None})
    github.campaignctl("-C", "shop", "state", "init")
    github.workflow = "campaigns-shop.yml"
    pull = github.open("shop", {"shop/offer.yaml": sms("offer", scheduled_time=FAR)})
    github.merge(pull)
    apply = github.pushed()["apply"]
    assert apply.result == "success", apply.log
    # The workflow of the first project has nothing to do with it.
    github.workflow = "campaigns.yml"
    github.merge(campaign(github, "summer"))
    apply = github.pushed()["apply"]
    assert apply.result == "success", apply.log
    assert github.names() == ["offer", "spring", "summer"]
    assert [body.split()[1] for body in github.comments(pull)] == ["campaigns-shop", "campaigns-shop"]


def test_the_outcome_reaches_the_address_of_the_secret(github: GitHub) -> None:
    project = (github.work / "campaigns/campaignctl.yaml").read_text()
    more = "notify: {url_env: CAMPAIGNS_WEBHOOK, on: all}\n"
    pull = github.open(
        "spring",
        {
            "campaigns/campaignctl.yaml": f"{project}{more}",
            "campaigns/spring.yaml": sms("spring", scheduled_time=FAR),
        },
    )
    github.merge(pull)
    with webhook() as chat:
        github.secrets["CAMPAIGNS_WEBHOOK"] = chat.url
        assert github.pushed()["apply"].result == "success"
    (body,) = chat.bodies
    assert (body["result"], body["requests"][0]["request"]) == ("done", "acme/shop#1")


def test_drift_since_the_review_is_left_alone_and_listed(github: GitHub) -> None:
    github.merge(campaign(github, "spring"))
    github.pushed()
    pull = campaign(github, "summer")
    (live,) = github.control.campaigns()
    github.control.edit(live["id"], name="renamed by hand")
    github.merge(pull)
    apply = github.pushed()["apply"]
    # It is not the doing of this merge: the alarm rings for it.
    assert apply.result == "success", apply.log
    assert "::warning title=Not reviewed::1 campaign left alone: spring" in apply.log
    assert "no reviewed plan contains this update" in apply.log
    assert github.names() == ["renamed by hand", "summer"]


def test_a_review_of_an_old_version_does_not_count_today(github: GitHub) -> None:
    """A direct push that restores an earlier, reviewed version does not count as reviewed."""
    one, two = (sms("spring", scheduled_time=FAR, description=text) for text in ("one", "two"))
    for branch, text in (("a", one), ("b", two), ("c", one), ("d", two)):
        github.merge(github.open(branch, {"campaigns/spring.yaml": text}))
        assert github.pushed()["apply"].result == "success"
    apply = github.push_directly({"campaigns/spring.yaml": one})["apply"]
    assert apply.result == "failure"
    assert "title=Not reviewed" in apply.log
    assert [each["live"]["description"] for each in github.control.campaigns()] == ["two"]


def test_a_failed_change_is_applied_by_the_next_run(github: GitHub) -> None:
    github.merge(campaign(github, "spring"))
    github.control.fault({"method": "POST"}, {"kind": "status", "status": 400})
    assert github.pushed()["apply"].result == "failure"
    github.control.clear_faults()
    apply = github.pushed()["apply"]
    assert apply.result == "success", apply.log
    assert_settled(github, "spring")
