"""The YAML language server, installed once from its lock, and a project to open in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from campaignctl.lint.registry import NAMES
from campaignctl.manifest.schema import KINDS, schema_file, schema_text
from tests.editor.language_server import LanguageServer
from tests.editor.npm_packages import npm_packages


@pytest.fixture(scope="session")
def program() -> Path:
    """The server's program."""
    return npm_packages() / "yaml-language-server" / "bin" / "yaml-language-server"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project's folder with the schemas in it."""
    folder = tmp_path_factory.mktemp("project")
    for kind in KINDS:
        path = folder / schema_file(kind)
        path.parent.mkdir(exist_ok=True)
        path.write_text(schema_text(kind, NAMES))
    return folder


@pytest.fixture(scope="module")
def server(program: Path, folder: Path) -> Iterator[LanguageServer]:
    """A server that runs, as an editor has one for a window."""
    with LanguageServer(program, folder) as server:
        yield server
