"""Where a host shows the lines of a manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from campaignctl.cli.hosts.detect import host_of


def manifest_links(environ: Mapping[str, str], cwd: Path) -> Callable[[str], str]:
    """The address of a place such as `campaigns/push/a.yaml:3:1`, as the head commit of this job has it.

    It is empty outside of a pipeline, and for a place outside of the repository.
    """
    root = environ.get("GITHUB_WORKSPACE") or environ.get("CI_PROJECT_DIR")
    server = f"{environ.get('GITHUB_SERVER_URL', '')}/{environ.get('GITHUB_REPOSITORY', '')}/blob"
    blob = f"{environ['CI_PROJECT_URL']}/-/blob" if "CI_PROJECT_URL" in environ else server
    if not root or not {"GITHUB_ACTIONS", "GITLAB_CI"} & set(environ):
        return lambda _source: ""
    head = host_of(environ).job.head

    def link(source: str) -> str:
        file, _, place = source.partition(":")
        path = (cwd / file).resolve()
        if not file or not path.is_relative_to(root):
            return ""
        inside = quote(path.relative_to(root).as_posix())
        return f"{blob}/{head}/{inside}#L{place.partition(':')[0] or 1}"

    return link
