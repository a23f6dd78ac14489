"""Which files are manifests, and which must not be ignored silently."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from tests.manifest.checking import Check

SMS = "spec:\n  name: N\n  messages: [{name: M, channel: sms, integration_id: 1, sms: {content: {en: Hi}}}]\n"


def test_hidden_files_and_other_types_are_not_manifests(project: Check) -> None:
    names = ["a.yaml", "b/c.yml", ".d.yaml", "_e.yaml", ".f/g.yaml", "_h/i.yaml", "j.json", "k.yaml.txt"]
    assert list(project(dict.fromkeys(names, SMS)).sound.campaigns) == ["a", "b/c"]


def test_a_glob_selects_paths(project: Check) -> None:
    head = 'metadata: {name: t}\nmanifests: ["push/*.yaml", "sms/**"]\nignore: ["sms/old/**", "sms/?.yaml"]\n'
    names = ["a.yaml", "push/a.yaml", "push/b/c.yaml", "sms/x/y.yaml", "sms/old/z.yaml", "sms/q.yaml"]
    desired = project({"campaignctl.yaml": head, **dict.fromkeys(names, SMS)}).sound
    assert list(desired.campaigns) == ["push/a", "sms/x/y"]


def test_a_manifest_in_the_state_folder_is_refused_rather_than_ignored(project: Check) -> None:
    head = "metadata: {name: t}\nmanifests: ['**']\nstate: {path: state/s.json}\n"
    files = {"campaignctl.yaml": head, "state/s.json": "{}", "state/s.json.lock": "", "b.yaml": SMS}
    assert list(project(files).sound.campaigns) == ["b"]
    checked = project({**files, "state/push/a.yaml": SMS, "state/c.YML": SMS})
    assert checked.errors == ["manifests in the folder of the state are not read"] * 2
    assert {Path(found.source.file).name for found in checked.findings} == {"a.yaml", "c.YML"}


def test_a_pattern_that_matches_no_file_is_a_warning(
    project: Check,
) -> None:
    head = 'metadata: {name: t}\nmanifests:\n  - "push/*.yaml"\n  - "psh/*.yaml"\nignore: ["push/b.yaml"]\n'
    checked = project({"campaignctl.yaml": head, "push/a.yaml": SMS})
    (found,) = checked.sound.findings
    assert (found.severity, found.message, found.source.line) == (
        "warning",
        "no file matches this pattern",
        4,
    )
    assert project({"campaignctl.yaml": "metadata: {name: t}\n"}).sound.findings == ()


@pytest.mark.parametrize("name", ["_defaults.yml", "_Defaults.yaml", "_default.yaml"])
def test_a_misspelt_defaults_file_is_refused_rather_than_ignored(name: str, project: Check) -> None:
    checked = project({"push/a.yaml": SMS, f"push/{name}": "spec: {}\n"})
    assert checked.errors == [f"defaults must be named _defaults.yaml; this file is {name}"]


@pytest.mark.parametrize("path", ["a.YAML", "push/b.YML", "push/c.Yaml"])
def test_a_suffix_in_capitals_is_refused_rather_than_ignored(path: str, project: Check) -> None:
    suffix = Path(path).suffix
    checked = project({"a.yaml": SMS, path: SMS})
    assert checked.errors == [f"not read as a manifest, because its name ends in {suffix}"]
    ((found),) = checked.findings
    assert found.source.file.endswith(path)
    renamed = Path(path).with_suffix(suffix.lower()).name
    assert found.hint == f'rename it to {renamed}, or add "{path}" to `ignore`'
    head = f'metadata: {{name: t}}\nignore: ["{path}"]\n'
    assert list(project({"campaignctl.yaml": head}).sound.campaigns) == ["a"]


def test_a_suffix_in_capitals_is_no_matter_where_no_manifest_would_be_or_a_pattern_has_it(
    project: Check,
) -> None:
    head = 'metadata: {name: t}\nmanifests: ["push/*.yaml", "sms/*.YAML"]\nignore: ["push/old.yaml"]\n'
    names = ["a.YAML", "push/b.YML", "push/old.YAML", ".c.YAML", "_d.YML", "sms/e.YAML", "push/f.yaml"]
    files = {"campaignctl.yaml": head, "campaignctl.YAML": "", "push/x.HTML": "", **dict.fromkeys(names, SMS)}
    assert [key.partition(".")[0] for key in project(files).sound.campaigns] == ["push/f", "sms/e"]


def test_a_project_inside_a_project_is_refused_unless_ignored(project: Check) -> None:
    files = {"a.yaml": SMS, "sub/campaignctl.yaml": "metadata: {name: t}\n", "sub/b.yaml": SMS}
    assert "a project inside this project" in project(files).errors[0]
    head = 'metadata: {name: t}\nignore: ["sub/**"]\n'
    assert list(project({**files, "campaignctl.yaml": head}).sound.campaigns) == ["a"]


def test_a_link_to_a_folder_is_followed_but_not_forever(project: Check, tmp_path: Path) -> None:
    (tmp_path / "_real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "_real")
    assert list(project({"_real/a.yaml": SMS}).sound.campaigns) == ["link/a"]
    (tmp_path / "_real" / "loop").symlink_to(tmp_path)
    assert "followed forever" in project({"_real/a.yaml": SMS}).errors[0]


def test_a_folder_is_read_under_its_own_path_and_not_under_a_link(project: Check, tmp_path: Path) -> None:
    (tmp_path / "real" / "sub").mkdir(parents=True)
    (tmp_path / "a-link").symlink_to(tmp_path / "real")
    checked = project({"real/a.yaml": SMS, "real/sub/b.yaml": SMS})
    assert checked.errors == ["this folder was read as real/: its manifests would be declared twice"]
    assert 'add "a-link/**" to `ignore`' in checked.findings[0].hint
    head = 'metadata: {name: t}\nignore: ["a-link/**"]\n'
    assert list(project({"campaignctl.yaml": head}).sound.campaigns) == ["real/a", "real/sub/b"]


def test_folders_that_link_to_each_other_are_each_read_once(project: Check, tmp_path: Path) -> None:
    folders = [tmp_path / f"d{number}" for number in range(8)]
    for folder in folders:
        folder.mkdir()
    for one, other in itertools.permutations(folders, 2):
        (one / other.name).symlink_to(other)
    checked = project({f"{folder.name}/a.yaml": SMS for folder in folders})
    assert len(checked.errors) == 8 * 7
    assert {found.split(":")[0] for found in checked.errors} == {
        f"this folder was read as d{number}/" for number in range(8)
    }


def test_folders_may_be_nested_as_deeply_as_paths_are_long(project: Check, tmp_path: Path) -> None:
    folders = [f"{tmp_path}{'/d' * depth}" for depth in range(1, 1_200)]
    for folder in folders:
        os.mkdir(folder)  # noqa: PTH102 - pathlib, like pytest's cleaning, recurses
    manifest = Path(folders[-1], "campaign.yaml")
    manifest.write_text(f"metadata: {{key: deep}}\n{SMS}")
    try:
        assert list(project({}).sound.campaigns) == ["deep"]
    finally:
        manifest.unlink()
        for folder in reversed(folders):
            os.rmdir(folder)  # noqa: PTH106


def test_a_broken_link_is_a_finding(project: Check, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to(tmp_path / "nothing.yaml")
    assert project({}).errors == ["there is no such file"]


def test_a_pipe_is_not_waited_for(project: Check, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    assert project({}).errors == ["not a file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_a_finding(project: Check, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SMS)
    (tmp_path / "a.yaml").chmod(0)
    assert "cannot be read" in project({}).errors[0]
