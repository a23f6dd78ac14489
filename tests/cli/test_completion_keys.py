"""Keys that completion found before are those that it would find now."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from campaignctl.cli.completion_keys import known
from campaignctl.cli.settings import Settings
from campaignctl.state import codec
from campaignctl.state.model import Account, State
from tests.cli.cli_process import ROOT, SECONDS
from tests.state.samples import sample_record

PROJECT = "metadata: {name: x}\nenvironments: {staging: {}, live: {}}\ndefault_environment: staging\n"
STATE = ".campaignctl/staging.json"
MANIFEST = "metadata:\n  key: %s\nspec: {}\n"

TEXTS = st.one_of(
    st.none(),
    st.sampled_from(["a", "b", "c/d"]).map(lambda key: MANIFEST % key),
    st.sampled_from(["spec: {}\n", "matrix: {country: [DE, FR]}\nspec: {}\n", "kind: Removed\n"]),
)
PROJECTS = st.sampled_from(
    [PROJECT, PROJECT + 'manifests: ["in/**/*.yaml"]\n', PROJECT + "ignore: [two.yaml]\n", "metadata: {\n"]
)
PATHS = st.sampled_from(["one.yaml", "two.yaml", "in/deep/one.yaml"])
EDITS = st.one_of(
    st.tuples(PATHS, TEXTS),
    st.tuples(st.just("campaignctl.yaml"), PROJECTS),
    st.tuples(st.just(STATE), st.lists(st.sampled_from(["a", "gone", "x[y=z]"]), unique=True)),
    st.tuples(st.just("CAMPAIGNCTL_ENV"), st.sampled_from(["staging", "live", "missing"])),
)


def state_of(keys: list[str]) -> str:
    records = {key: sample_record(str(number)) for number, key in enumerate(sorted(keys), 1)}
    return codec.encode(State("5b0c8c60", 1, "staging", Account("https://x.com"), "1", campaigns=records))


def found(project: Path, environ: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The declared and the recorded keys."""
    with known(Settings(project, environ.get("CAMPAIGNCTL_ENV"), environ, project)) as keys:
        return sorted(keys.declared()), sorted(keys.recorded())


def written(path: Path, text: str | None, at: int) -> None:
    """Write or remove a file as somebody did that long ago; its folders changed at that time too."""
    if text is None:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
    for each in (path, *path.parents[:3]):
        if each.exists():
            os.utime(each, (at, at))


@settings(max_examples=20)
@given(st.lists(EDITS, min_size=1, max_size=6))
def test_keys_that_are_kept_are_those_that_are_read(edits: list[tuple[str, str | list[str] | None]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project, home = Path(folder, "checkout", "project"), Path(folder, "home")
        home.mkdir()
        environ = {"HOME": str(home)}
        written(project / "campaignctl.yaml", PROJECT, 1_000_000_000)
        written(project / "one.yaml", MANIFEST % "a", 1_000_000_000)
        written(project / STATE, state_of(["gone"]), 1_000_000_000)
        assert found(project, environ) == (["a"], ["gone"])
        for number, (name, what) in enumerate(edits):
            if name == "CAMPAIGNCTL_ENV":
                environ[name] = str(what)
            else:
                text = state_of(what) if isinstance(what, list) else what
                written(project / name, text, 1_000_000_001 + number)
            fresh = found(project, environ | {"CAMPAIGNCTL_CACHE": "off"})
            assert found(project, environ) == fresh
            assert found(project, environ) == fresh


def test_a_step_of_the_journal_is_seen(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path / "home")}
    Path(environ["HOME"]).mkdir()
    project = tmp_path / "project"
    written(project / "campaignctl.yaml", "metadata: {name: x}\n", 1_000_000_000)
    written(project / ".campaignctl/state.json", state_of(["a"]), 1_000_000_000)
    assert found(project, environ)[1] == ["a"]
    written(project / ".campaignctl/state.json.journal", "{not a step}\n", 1_000_000_000)
    assert found(project, environ)[1] == []


def test_a_file_that_was_just_written_is_read_again(tmp_path: Path) -> None:
    """Its size and times could be the same after another write at this time of the clock."""
    environ = {"HOME": str(tmp_path / "home")}
    Path(environ["HOME"]).mkdir()
    project = tmp_path / "project"
    written(project / "campaignctl.yaml", "metadata: {name: x}\n", 1_000_000_000)
    (project / "new.yaml").write_text(MANIFEST % "a")
    with known(Settings(project, None, environ, project)) as keys:
        assert list(keys.declared()) == ["a"]
        assert keys._now["manifests"]["new.yaml"] == ([], ["a"])


def test_keys_of_an_unchanged_project_are_completed_without_reading_it(tmp_path: Path) -> None:
    project, home = tmp_path / "project", tmp_path / "home"
    home.mkdir()
    written(project / "campaignctl.yaml", "metadata: {name: x}\n", 1_000_000_000)
    written(project / "in/one.yaml", MANIFEST % "in/own", 1_000_000_000)
    written(project / ".campaignctl/state.json", state_of(["in/gone"]), 1_000_000_000)
    asked = {
        "_CAMPAIGNCTL_COMPLETE": "bash_complete",
        "COMP_WORDS": "campaignctl explain in/",
        "COMP_CWORD": "2",
    }
    heavy = ("pydantic", "yaml", "campaignctl.project.loader", "campaignctl.state.model", "httpx", "rich")
    program = (
        "import sys\nfrom campaignctl.cli.main import main\n"
        "try:\n    main([])\nexcept SystemExit as left:\n    assert not left.code, left.code\n"
        f"print(*[name for name in {heavy!r} if name in sys.modules])\n"
    )
    environ = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **asked}

    def answered() -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=project,
            env=environ,
            check=True,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        return done.stdout.splitlines()

    first, second = answered(), answered()
    assert first[:2] == second[:2] == ["plain,in/gone", "plain,in/own"]
    assert "pydantic" in first[-1].split()
    assert second[-1] == ""
