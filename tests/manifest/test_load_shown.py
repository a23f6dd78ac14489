"""What is shown of a project: which files are compiled for one key, and which may decide about it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from campaignctl.manifest.load import Shown, load_shown

BODY = "spec: {name: N, messages: [{channel: sms, integration_id: 1, sms: {content: {en: Hi}}}]}\n"
WRONG = "spec: {nmae: N}\n"


def shown(folder: Path, files: Mapping[str, str], *only: str) -> Shown:
    for name, text in {"campaignctl.yaml": "metadata: {name: t}\n", **files}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return load_shown(folder, environment=None, environ={}, tool_version="0.1.0", only=only)


def test_other_files_are_not_compiled(tmp_path: Path) -> None:
    files = {"push/a.yaml": BODY, "push/b.yaml": WRONG, "c.yaml": BODY}
    found = shown(tmp_path, files, "push/a")
    assert ([*found.campaigns], found.faulty, found.findings) == (["push/a"], {}, ())
    everything = shown(tmp_path, files)
    assert ([*everything.campaigns], [*everything.faulty]) == (["c", "push/a"], ["push/b"])


@pytest.mark.parametrize("only", [("push/*",), ("none",), ("push/a", "none"), ("push/b[x=1]",)])
def test_all_are_for_a_pattern_and_for_a_key_that_is_not_declared(
    tmp_path: Path, only: tuple[str, ...]
) -> None:
    found = shown(tmp_path, {"push/a.yaml": BODY, "push/b.yaml": WRONG, "c.yaml": BODY}, *only)
    assert ([*found.campaigns], [*found.faulty]) == (["c", "push/a"], ["push/b"])
    assert len(found.findings) == len({*found.findings})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", f"metadata: {{key: push/other}}\n{BODY}"),
        ("a.yaml", f'metadata: {{key: "push/\\u006Fther"}}\n{BODY}'),
        ("a.yaml", f"metadata: {{key: a}}\n{BODY}---\nmetadata:\n  key: push/other\n{BODY}"),
        ("push/other.yaml", BODY),
    ],
)
def test_a_key_is_found_wherever_it_is_declared(tmp_path: Path, name: str, text: str) -> None:
    found = shown(tmp_path, {name: text, "wrong.yaml": WRONG}, "push/other")
    assert "push/other" in found.campaigns
    assert found.faulty == {}


@pytest.mark.parametrize("key", ["push/a", "PUSH/A", r'"push/\x61"'])
def test_a_key_that_another_file_declares_too_is_not_shown(tmp_path: Path, key: str) -> None:
    found = shown(tmp_path, {"push/a.yaml": BODY, "b.yaml": f"metadata: {{key: {key}}}\n{BODY}"}, "push/a")
    assert "push/a" in found.faulty


def test_a_key_of_a_matrix_is_found_in_its_file(tmp_path: Path) -> None:
    found = shown(tmp_path, {"sale.yaml": f"matrix: {{x: [1, 2]}}\n{BODY}", "b.yaml": WRONG}, "sale[x=2]")
    assert ([*found.campaigns], found.faulty) == (["sale[x=1]", "sale[x=2]"], {})
