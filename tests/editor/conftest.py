"""The YAML language server, installed once from its lock, and a project to open in it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaignctl.manifest.schema import KINDS, schema_file, schema_text
from tests.editor.language_server import LanguageServer

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
PROGRAM = HERE / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
INSTALL_SECONDS = 300


@pytest.fixture(scope="session")
def program() -> Path:
    """The server's program; without npm, or without a network to fetch it, its tests are skipped."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"the YAML language server needs node and npm: no {missing[0]} on this machine")
    stamp = HERE / "node_modules" / f".lock-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"
    # Several workers may come here at once; npm would trip over itself.
    with LOCK.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not stamp.exists():
            _install()
            stamp.touch()
    return PROGRAM


def _install() -> None:
    words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(
        words, cwd=HERE, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    if done.returncode:
        said = f"`npm ci` in tests/editor failed:\n{done.stderr}"
        # What CI cannot try is not known to work.
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project's folder with the schemas in it."""
    folder = tmp_path_factory.mktemp("project")
    for kind in KINDS:
        path = folder / schema_file(kind)
        path.parent.mkdir(exist_ok=True)
        path.write_text(schema_text(kind))
    return folder


@pytest.fixture(scope="module")
def server(program: Path, folder: Path) -> Iterator[LanguageServer]:
    """A server that runs, as an editor has one for a window."""
    with LanguageServer(program, folder) as server:
        yield server
