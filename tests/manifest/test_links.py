"""What a checkout may make us read: links, git's own files, states, devices, and what holds the token."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.manifest.checking import Check

SECRET = "spec: {secret: [from, elsewhere]}\nhostname: secret-line\n"
SMS = "spec: {name: A, messages: [{name: M, channel: sms, integration_id: 1, sms: {content: {en: Hi}}}]}\n"
TOKEN = "s3cr3t-t0ken-9f27"
STATE = "state: {path: ops/state.json}\nenvironments: {live: {state: {path: ops/live.json}}}\n"


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outside")
    for name in ("a.yaml", "_defaults.yaml", "campaignctl.yaml", "a.txt", "config"):
        (folder / name).write_text(SECRET)
    return folder


def assert_not_read(project: Check, files: dict[str, str], said: str) -> None:
    """Exactly one error, with no text of the file that the link leads to."""
    checked = project(files)
    (error,) = checked.errors
    assert said in error
    assert "secret" not in "".join(f"{one.message}{one.hint}{one.source.text}" for one in checked.findings)


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("name", ["a.yaml", "_defaults.yaml", "push/_defaults.yaml"])
def test_a_manifest_or_defaults_file_outside_is_refused(
    name: str, relative: bool, project: Check, tmp_path: Path, outside: Path
) -> None:
    target = outside / Path(name).name
    link = tmp_path / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(os.path.relpath(target, link.parent) if relative else target)
    assert_not_read(project, {"push/b.yaml": SMS}, "this link leads outside the project")


def test_a_folder_outside_is_not_searched_unless_ignored(
    project: Check, tmp_path: Path, outside: Path
) -> None:
    (tmp_path / "more").symlink_to(outside)
    assert_not_read(project, {}, "this link leads outside the project")
    (tmp_path / "far").symlink_to(tmp_path / "more" / "..")
    assert len(project({}).errors) == 2, "through another link"
    ignoring = "metadata: {name: tests}\nignore: ['more/**', 'far/**']\n"
    assert project({"campaignctl.yaml": ignoring, "b.yaml": SMS}).errors == []


def test_a_link_that_leads_to_itself_stops_nothing_else(project: Check, tmp_path: Path) -> None:
    for name in ("loop", "loop.html", "a.yaml"):
        (tmp_path / name).symlink_to(name)
    (error,) = project({"b.yaml": SMS}).errors
    assert "there is no such file" in error or "cannot be read" in error
    (tmp_path / "a.yaml").unlink()
    assert project({"b.yaml": SMS}).errors == []
    named = SMS.replace("en: Hi", "en: {$file: loop.html}")
    (error,) = project({"b.yaml": named}).errors
    assert "loop.html" in error


def test_a_project_file_outside_is_refused(project: Check, tmp_path: Path, outside: Path) -> None:
    from campaignctl.manifest.load import check

    (tmp_path / "campaignctl.yaml").symlink_to(outside / "campaignctl.yaml")
    desired, (found,) = check(tmp_path, environment=None, environ={}, tool_version="0.1.0")
    assert desired is None
    assert found.message == "this link leads outside the project"
    assert found.source.text == ""


@pytest.mark.parametrize("kind", ["manifest", "defaults", "folder", "text", "language"])
@pytest.mark.parametrize("target", [".git", "sub/.git", ".GIT"])
def test_the_files_of_git_are_not_read(kind: str, target: str, project: Check, tmp_path: Path) -> None:
    """A checkout of CI keeps a login in `.git/config`."""
    (tmp_path / target).mkdir(parents=True)
    for name in ("config", "en.txt"):
        (tmp_path / target / name).write_text(SECRET)
    links = {"manifest": "a.yaml", "defaults": "_defaults.yaml", "folder": "more", "text": "a.txt"}
    files = {"b.yaml": SMS}
    if kind in links:
        link = tmp_path / links[kind]
        link.symlink_to(tmp_path / target / ("" if kind == "folder" else "config"))
    if kind in ("text", "language"):
        path = "a.txt" if kind == "text" else f"{target}/{{lang}}.txt"
        files = {"b.yaml": f"spec: {{name: A, description: {{$file: '{path}'}}, messages: []}}\n"}
        if kind == "language":
            files = {"b.yaml": f"spec: {{name: A, messages: [{{sms: {{content: {{$file: '{path}'}}}}}}]}}\n"}
    assert "leads to git's own files" in "".join(project(files).errors)
    assert "secret" not in "".join(found.source.text for found in project(files).findings)


@pytest.mark.parametrize(
    "path",
    [
        ".campaignctl/state.json",
        ".campaignctl/production.json.journal",
        ".campaignctl/git/production.json",
        "ops/state.json",
        "ops/state.json.backup",
        "ops/live.json",
        "ops/live.json.halts",
        "ops/../ops/state.json",
    ],
)
@pytest.mark.parametrize("kind", ["text", "linked text", "manifest"])
def test_states_are_not_read(kind: str, path: str, project: Check, tmp_path: Path) -> None:
    files = {path: json.dumps({"secret": "x"}), "campaignctl.yaml": "metadata: {name: tests}\n" + STATE}
    named = path
    if kind != "text":
        named = "link.yaml" if kind == "manifest" else "link.txt"
        (tmp_path / named).symlink_to(tmp_path / path)
    if kind != "manifest":
        files["b.yaml"] = f"spec: {{name: A, description: {{$file: {named}}}, messages: []}}\n"
    checked = project(files, environment="live")
    assert any("leads to a file of the state" in error for error in checked.errors), checked.errors


@pytest.mark.parametrize("name", ["a.txt", "a.yaml", "_defaults.yaml"])
@pytest.mark.parametrize("made", ["pipe", "device"])
def test_what_is_not_a_file_is_not_read(made: str, name: str, project: Check, tmp_path: Path) -> None:
    if made == "pipe":
        os.mkfifo(tmp_path / name)
    else:
        (tmp_path / name).symlink_to("/dev/zero")
    text = SMS.replace("name: A", "name: A, description: {$file: a.txt}") if name == "a.txt" else SMS
    (error,) = project({"b.yaml": text}).errors
    assert error.endswith("leads outside the project" if made == "device" else "not a file")


@pytest.mark.parametrize(
    "path",
    ["/tmp/state.json", "../state.json", "a/../../state.json", ".git/hooks/x", "a/.GIT/config", ".", "a/.."],
)
@pytest.mark.parametrize("place", ["project", "environment"])
def test_a_state_stays_inside_the_project_and_out_of_git(place: str, path: str, project: Check) -> None:
    layer = f"state: {{path: {path}}}"
    text = layer if place == "project" else f"environments: {{live: {{{layer}}}}}"
    checked = project({"campaignctl.yaml": f"metadata: {{name: tests}}\n{text}\n"}, environment=None)
    found = next(one for one in checked.findings if one.code == "state")
    assert found.source.line == 2
    which = "" if place == "project" else "-e live "
    assert f"campaignctl {which}state rebind --from {path}" in found.hint


@pytest.mark.parametrize("name", ["campaignctl.yaml", "a.yaml", "_defaults.yaml", "a.txt"])
def test_a_file_that_contains_the_token_is_refused_at_its_line(name: str, project: Check) -> None:
    files = {
        "campaignctl.yaml": "metadata: {name: tests}\n",
        "a.yaml": SMS.replace("name: A", "name: A, description: {$file: a.txt}"),
        "_defaults.yaml": "spec: {score: 5}\n",
        "a.txt": "Hello\n",
    }
    assert "contains the API token" not in "".join(project(files).errors)
    files[name] += f"# x{TOKEN}x\n"
    checked = project(files, environ={"OCAMBA_TOKEN": TOKEN})
    assert any("contains the API token" in error for error in checked.errors), checked.errors
    assert TOKEN not in "".join(f"{one.message}{one.hint}{one.source.text}" for one in checked.findings)
    if not name.endswith("txt"):
        assert checked.places == ["2:1"]


def test_a_token_in_escapes_of_the_project_file_is_refused(project: Check) -> None:
    escaped = f"{TOKEN[:4]}\\x{ord(TOKEN[4]):02x}{TOKEN[5:]}"
    files = {"campaignctl.yaml": f'metadata: {{name: "{escaped}"}}\n', "a.yaml": SMS}
    assert project(files, environ={"OCAMBA_TOKEN": TOKEN}).errors == ["contains the API token"]
