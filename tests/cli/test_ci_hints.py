"""In a job, messages name the ways out that the host has."""

from __future__ import annotations

import pytest

from campaignctl.cli.hosts.hints import to_get_token, to_review

GITHUB = {"GITHUB_ACTIONS": "true", "CAMPAIGNS_NAME": "campaigns-shop"}
GITLAB = {"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_REF_PROTECTED": "true"}


@pytest.mark.parametrize(
    ("environ", "token", "review"),
    [
        (GITHUB, "Settings > Environments > campaigns-shop", "Run workflow"),
        (GITLAB, "Settings > CI/CD > Variables", "Run pipeline"),
        ({**GITLAB, "CI_COMMIT_REF_PROTECTED": "false"}, "protect the branch main", "Run pipeline"),
    ],
)
def test_a_job_is_told_the_ways_of_its_host(environ: dict[str, str], token: str, review: str) -> None:
    assert token in (to_get_token(environ) or "")
    assert review in (to_review(environ) or "")


def test_a_laptop_is_not() -> None:
    assert (to_get_token({}), to_review({})) == (None, None)
