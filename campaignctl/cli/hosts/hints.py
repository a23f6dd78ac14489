"""The ways out that a job of a host has, in place of those of a laptop."""

from __future__ import annotations

from collections.abc import Mapping

from campaignctl.errors import Sentence

_TOKEN = "OCAMBA_TOKEN"  # noqa: S105 - the name of the variable, not its value


def to_review(environ: Mapping[str, str]) -> Sentence | None:
    """How changes get reviewed, in a job; None outside of one."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return Sentence("open a pull request that touches the project, even a comment, or use Run workflow")
    if environ.get("GITLAB_CI") == "true":
        return Sentence("open a merge request that touches the project, even a comment, or use Run pipeline")
    return None


def to_get_token(environ: Mapping[str, str]) -> str | None:
    """Where a job gets the token from; None outside of one."""
    if environ.get("GITHUB_ACTIONS") == "true":
        name = environ.get("CAMPAIGNS_NAME", "campaigns")
        return f"add the secret {_TOKEN} to the environment {name}: Settings > Environments > {name}"
    if environ.get("GITLAB_CI") != "true":
        return None
    branch = environ.get("CI_COMMIT_BRANCH", "")
    if branch and environ.get("CI_COMMIT_REF_PROTECTED") == "false":
        return (
            f"protect the branch {branch} (Settings > Repository > Protected branches):"
            " only jobs of protected branches get protected variables"
        )
    return f"add the variable {_TOKEN}, masked and protected: Settings > CI/CD > Variables"
