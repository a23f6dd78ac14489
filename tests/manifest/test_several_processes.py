"""A large project is compiled by several processes, and says what one would say."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from campaignctl.errors import Finding, ManifestError, Source
from campaignctl.manifest import cache, files
from campaignctl.manifest.compile import CompileInputs
from campaignctl.manifest.load import load
from campaignctl.manifest.model import DesiredState, FileResult
from tests.manifest.test_cache import MATRIX, PUSH, made

ENVIRON = {"SEASON": "Spring"}
WARNED = PUSH.replace("spec:", "matrix: {unused: [1, 2]}\nspec:")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A project with 43 more files, and its user's home; three processes compile it."""
    project, home = made(tmp_path)
    for number in range(21):
        (project / "push" / f"one-{number}.yaml").write_text(
            PUSH.replace("${var.brand}", f"${{var.brand}} {number}")
        )
        text = MATRIX.replace("key: many", f"key: m{number}").replace("gone", f"gone-{number}")
        (project / f"pair-{number}.yaml").write_text(text)
    (project / "push" / "warned.yaml").write_text(WARNED)
    monkeypatch.setattr(files, "MANY", 40)
    monkeypatch.setattr(files, "_processes", lambda: 3)
    return project, home


@pytest.fixture
def pids(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file with the process that compiled each file for another one."""
    told, pack = tmp_path / "told", cache.packed

    def telling(result: FileResult, inputs: CompileInputs) -> bytes | None:
        with told.open("a") as file:
            file.write(f"{os.getpid()}\n")
        if os.environ.get("DIES_AT") == result.path:
            os.kill(os.getpid(), signal.SIGKILL)
        return pack(result, inputs)

    monkeypatch.setattr(files, "packed", telling)
    return told


def loaded(project: Path, home: Path | None = None) -> tuple[DesiredState, list[Source]]:
    """What a plan is made from, and where the name of each campaign is written."""
    environ = {**ENVIRON, "HOME": str(home)} if home else ENVIRON
    desired = load(project, environment="staging", environ=environ, tool_version="0.1.0")
    every = desired.campaigns.values()
    return desired, [one.positions.at(("spec", "name")) for one in every if one.positions]


def refused(project: Path) -> tuple[Finding, ...]:
    with pytest.raises(ManifestError) as raised:
        loaded(project)
    return raised.value.findings


def test_what_is_declared_found_and_kept_is_the_same(
    place: tuple[Path, Path], pids: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, home = place
    several = loaded(project, home)
    told = pids.read_text().split()
    assert len(told) == 45
    assert len(set(told)) == 3
    assert str(os.getpid()) not in told
    assert loaded(project, home) == several
    assert pids.read_text().split() == told, "the second run found what the first had kept"
    monkeypatch.setattr(files, "_processes", lambda: 1)
    alone = loaded(project)
    assert len(alone[0].campaigns) == len(alone[1]) > 60
    assert {found.code for found in alone[0].findings} == {"matrix", "unchecked"}
    assert several == alone


def test_errors_are_those_of_one_process(place: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    project, _ = place
    (project / "push" / "one-3.yaml").write_text("spec: [\n")
    (project / "pair-4.yaml").write_text(MATRIX)
    (project / "sms.de.txt").unlink()
    several = refused(project)
    monkeypatch.setattr(files, "_processes", lambda: 1)
    assert len(several) > 3
    assert several == refused(project)


def test_what_a_killed_process_had_to_do_is_done(
    place: tuple[Path, Path], pids: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, _ = place
    monkeypatch.setenv("DIES_AT", "push/one-7.yaml")
    several = loaded(project)
    assert 30 < len(pids.read_text().split()) < 45
    monkeypatch.setattr(files, "_processes", lambda: 1)
    assert several == loaded(project)
