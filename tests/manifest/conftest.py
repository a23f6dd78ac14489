"""A project on disk, checked as the command line checks it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from campaignctl.manifest.load import check
from tests.manifest.checking import Check, Checked

PROJECT = "metadata: {name: tests}\n"


@pytest.fixture
def project(tmp_path: Path) -> Check:
    """Write files and check them as a project; the project file is a small one unless it is among them."""

    def checked(
        files: Mapping[str, str | bytes],
        *,
        environment: str | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Checked:
        for name, content in {"campaignctl.yaml": PROJECT, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Checked(*check(tmp_path, environment=environment, environ=environ or {}, tool_version="0.1.0"))

    return checked
