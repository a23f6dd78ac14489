"""A pull request gets findings at their lines and one comment, and has no further permissions."""

from __future__ import annotations

from tests.ci.github_host import GitHub
from tests.e2e.harness import sms

FAR = "2036-03-22 10:00:00"
NOT_READ = "The account was not read"


def test_one_comment_shows_the_plan_of_the_merge(github: GitHub) -> None:
    pull = github.open("spring", {"campaigns/spring.yaml": sms("Spring", scheduled_time=FAR)})
    (comment,) = github.comments(pull)
    assert pull.jobs["plan"].result == "success"
    assert "**everyone**" in comment
    assert "11:00 Europe/Belgrade" in comment
    assert NOT_READ not in comment
    assert comment.endswith(pull.jobs["plan"].summary)
    github.update(pull, {"campaigns/spring.yaml": sms("Spring again", scheduled_time=FAR)})
    (comment,) = github.comments(pull)
    assert "Spring again" in comment
    assert github.names() == []


def test_a_plan_is_of_the_merge_and_not_of_the_branch(github: GitHub) -> None:
    pull = github.open("spring", {"campaigns/spring.yaml": sms("Spring", scheduled_time=FAR)})
    github.push_directly({"campaigns/other.yaml": sms("Other", is_draft=True)})
    github.campaignctl("-C", "campaigns", "apply", "--auto-approve", "--target", "other")
    github.plan(pull)
    assert "cancel" not in github.comments(pull)[0]
    assert "1 to create" in github.comments(pull)[0]


def test_a_comment_of_another_author_is_left_alone(github: GitHub) -> None:
    pull = github.open("spring", {"campaigns/spring.yaml": sms("Spring", scheduled_time=FAR)})
    forged = github.comments(pull)[0].replace("everyone", "nobody")
    hub = github.load()
    hub["comments"]["1"] = [{"id": 7, "user": {"login": "mallory"}, "body": forged}]
    github.save(hub)
    github.update(pull, {})
    assert github.comments(pull)[0] == forged
    assert "**everyone**" in github.comments(pull)[1]


def test_without_a_token_the_plan_says_that_the_account_was_not_read(github: GitHub) -> None:
    del github.secrets["OCAMBA_READ_TOKEN"]
    pull = github.open("spring", {"campaigns/spring.yaml": sms("Spring", scheduled_time=FAR)})
    assert pull.jobs["plan"].result == "success"
    assert NOT_READ in github.comments(pull)[0].splitlines()[3]


def test_a_mistake_is_annotated_and_removes_the_old_plan(github: GitHub) -> None:
    pull = github.open("spring", {"campaigns/spring.yaml": sms("Spring", scheduled_time=FAR)})
    github.update(pull, {"campaigns/spring.yaml": "spec:\n  name: Spring\n  mesages: []\n"})
    assert pull.jobs["plan"].result == "failure"
    assert "::error file=campaigns/spring.yaml,line=3," in pull.jobs["plan"].log
    (comment,) = github.comments(pull)
    assert "There is no plan for" in comment
    assert "/actions/runs/" in comment


def test_an_objection_fails_the_check_and_is_in_the_comment(github: GitHub) -> None:
    texts = {f"campaigns/{name}.yaml": sms(name, run_immediately=True) for name in ("a", "b", "c", "d")}
    texts["campaigns/far.yaml"] = sms("Far", scheduled_time=FAR)  # its answer will prove the account
    pull = github.open("flash", texts)
    assert pull.jobs["plan"].result == "failure"
    assert "max_immediate_sends" in github.comments(pull)[0]


def test_a_fork_gets_the_summary_no_secret_and_no_comment(github: GitHub) -> None:
    pull = github.open("gift", {"campaigns/gift.yaml": sms("Gift", scheduled_time=FAR)}, fork=True)
    assert pull.jobs["plan"].result == "success"
    assert "Gift" in pull.jobs["plan"].summary
    assert NOT_READ in pull.jobs["plan"].summary
    assert pull.jobs["comment"].result == "skipped"
    assert github.comments(pull) == []
    assert github.control.requests() == []
