"""Where a host shows the lines of a manifest."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from campaignctl.cli.hosts.detect import host_of

_PLACE = re.compile(r"(.+?):([0-9]+)(?::[0-9]+)?", re.DOTALL)


def manifest_links(environ: Mapping[str, str], cwd: Path) -> Callable[[str], str]:
    """The address of a place such as `campaigns/push/a.yaml:3:1`, as the head commit of this job has it.

    It is empty outside of a pipeline, and for a place outside of the repository.
    """
    root = environ.get("GITHUB_WORKSPACE") or environ.get("CI_PROJECT_DIR")
    server = f"{environ.get('GITHUB_SERVER_URL', '')}/{environ.get('GITHUB_REPOSITORY', '')}/blob"
    blob = f"{environ['CI_PROJECT_URL']}/-/blob" if "CI_PROJECT_URL" in environ else server
    if not root or not {"GITHUB_ACTIONS", "GITLAB_CI"} & set(environ):
        return lambda _source: ""
    head, top = host_of(environ).job.head, Path(root).resolve()

    def link(source: str) -> str:
        # A colon may be in the name of a file too.
        file, line = found.groups() if (found := _PLACE.fullmatch(source)) else (source, "1")
        try:
            path = (cwd / file).resolve()
        except (OSError, RuntimeError, ValueError):  # no name of a file, or a loop of links
            return ""
        if not file or not path.is_relative_to(top):
            return ""
        return f"{blob}/{head}/{quote(path.relative_to(top).as_posix(), errors='replace')}#L{line}"

    return link
