"""On which host this job runs."""

from __future__ import annotations

from collections.abc import Mapping

from campaignctl.cli.hosts.github import GitHub
from campaignctl.cli.hosts.gitlab import GitLab
from campaignctl.cli.hosts.model import Host
from campaignctl.errors import UsageError


def host_of(environ: Mapping[str, str]) -> Host:
    """The host of this job. Raises UsageError outside of a job."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return GitHub(environ)
    if environ.get("GITLAB_CI") == "true":
        return GitLab(environ)
    raise UsageError(
        "This is no job of GitHub Actions or GitLab CI",
        detail="The commands of `ci` ask the host of a pipeline.",
        hint="run them in the pipelines that `campaignctl init --ci github` or `--ci gitlab` writes",
    )
