"""The short pipelines of `init --ci --action`, which use the action or the template of this repository."""

from __future__ import annotations

import pytest

from tests.ci.github_host import GitHub
from tests.ci.gitlab_host import GitLab
from tests.ci.team import PACKAGE, Team
from tests.e2e.harness import sms

ACTION = f"acme/campaignctl@{'0a' * 20}"
FAR = "2036-03-22 10:00:00"
SPRING = {"campaigns/spring.yaml": sms("spring", scheduled_time=FAR)}


def shorten(team: Team, host: str, *files: str) -> None:
    """Write the short pipelines in place of the whole ones."""
    team.edit(dict.fromkeys(files))
    team.campaignctl("init", "campaigns", "--ci", host, "--package", PACKAGE, "--action", ACTION)
    assert all(len((team.work / file).read_text().splitlines()) < 150 for file in files)
    team.push({}, "Short pipelines")


@pytest.mark.slow
def test_the_action_plans_comments_and_applies(github: GitHub) -> None:
    files = (".github/workflows/campaigns.yml", ".github/workflows/campaigns-drift.yml")
    shorten(github, "github", *files)
    pull = github.open("spring", SPRING)
    assert pull.jobs["plan"].result == "success", pull.jobs["plan"].log
    assert "**everyone**" in github.comments(pull)[0]
    github.merge(pull)
    apply = github.pushed()["apply"]
    assert apply.result == "success", apply.log
    assert github.names() == ["spring"]
    assert github.scheduled()["drift"].result == "success"


@pytest.mark.slow
def test_the_template_plans_comments_and_applies(gitlab: GitLab) -> None:
    shorten(gitlab, "gitlab", ".gitlab-ci.yml")
    request = gitlab.open("spring", SPRING)
    assert request.jobs["campaigns:plan"].result == "success", request.jobs["campaigns:plan"].log
    assert "**everyone**" in gitlab.notes(request)[0]
    gitlab.merge(request)
    apply = gitlab.pushed()["campaigns:apply"]
    assert apply.result == "success", apply.log
    assert gitlab.names() == ["spring"]
