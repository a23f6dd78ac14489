"""`fmt`: rewrites the project in its canonical form, or only lists the files with --check."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from campaignctl.manifest.load import check
from tests.cli.cli_process import ROOT, Cli
from tests.golden import Golden

AWRY = "spec:\n    messages:\n    - channel: push   # by hand\n    name: Awry\n"
STRAIGHT = "spec:\n  name: Awry\n  messages:\n    - channel: push   # by hand\n"


@pytest.fixture
def shop(cli: Cli) -> Cli:
    """A project with one manifest that is not in the canonical form."""
    (cli.cwd / "campaignctl.yaml").write_text("metadata: {name: shop}\n")
    (cli.cwd / "push").mkdir()
    (cli.cwd / "push/awry.yaml").write_text(AWRY)
    return cli


def awry(shop: Cli) -> Path:
    return shop.cwd / "push/awry.yaml"


def test_changed_files_are_listed_and_a_second_run_changes_nothing(shop: Cli) -> None:
    done = shop("fmt")
    assert (done.status, done.out, done.err) == (0, "push/awry.yaml\n1 of 2 files changed.\n", "")
    assert awry(shop).read_text() == STRAIGHT
    again = shop("fmt")
    assert (again.status, again.out) == (0, "2 files, nothing to change.\n")
    assert shop("-q", "fmt").status == 0


def test_check_writes_nothing_and_fails(shop: Cli) -> None:
    done = shop("fmt", "--check")
    assert (done.status, done.out) == (1, "push/awry.yaml\n1 of 2 files would change.\n")
    assert awry(shop).read_text() == AWRY
    shop("fmt")
    assert shop("fmt", "--check").status == 0


def test_check_shows_what_would_change_when_asked(shop: Cli) -> None:
    awry(shop).write_text(AWRY + "zz: \u202eturned\n")
    out = shop("-v", "fmt", "--check").out
    assert "  -    name: Awry\n" in out
    assert "  +  name: Awry\n" in out
    assert "\u202e" not in out


def test_project_file_and_defaults_are_formatted_too(shop: Cli) -> None:
    (shop.cwd / "campaignctl.yaml").write_text("time_zone: UTC\nmetadata: {name: shop}\n")
    (shop.cwd / "push/_defaults.yaml").write_text("message: {}\nspec: {}\n")
    assert shop("fmt").out.splitlines()[:2] == ["campaignctl.yaml", "push/_defaults.yaml"]


def test_a_file_with_an_error_is_left_alone_and_named_with_its_place(shop: Cli) -> None:
    broken = shop.cwd / "push/broken.yaml"
    broken.write_text("spec:\n   name: [x\n")
    done = shop("fmt")
    assert done.status == 1
    assert "push/broken.yaml:2:10: error:" in done.err
    assert broken.read_text() == "spec:\n   name: [x\n"
    assert awry(shop).read_text() == STRAIGHT


def test_a_project_file_with_an_error_stops_it(shop: Cli) -> None:
    (shop.cwd / "campaignctl.yaml").write_text("metadata: {nam: shop}\n")
    done = shop("fmt")
    assert done.status == 1
    assert "campaignctl.yaml:1:12: error:" in done.err
    assert awry(shop).read_text() == AWRY


def test_it_needs_no_environment(shop: Cli) -> None:
    (shop.cwd / "campaignctl.yaml").write_text("metadata: {name: shop}\nenvironments: {a: {}, b: {}}\n")
    assert shop("fmt").status == 0


def test_the_mode_of_a_file_is_kept_and_a_link_stays_a_link(shop: Cli) -> None:
    awry(shop).chmod(0o640)
    real = awry(shop).rename(shop.cwd / "push/real.txt")
    awry(shop).symlink_to("real.txt")
    assert shop("fmt").status == 0
    assert awry(shop).is_symlink()
    assert real.read_text() == STRAIGHT
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert {path.name for path in (shop.cwd / "push").iterdir()} == {"awry.yaml", "real.txt"}


def test_a_file_outside_of_the_project_is_left_alone(
    cli: Cli, tmp_path_factory: pytest.TempPathFactory, golden: Golden
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "awry.yaml"
    outside.write_text(AWRY)
    (cli.cwd / "campaignctl.yaml").write_text("metadata: {name: shop}\n")
    (cli.cwd / "awry.yaml").symlink_to(outside)
    done = cli("fmt")
    assert done.status == 1
    golden("outside", done.err)
    assert outside.read_text() == AWRY


def test_the_sample_project_compiles_to_the_same(cli: Cli, tmp_path: Path) -> None:
    sample = ROOT / "campaigns"
    for path in sample.rglob("*.*"):
        if path.is_file() and not path.relative_to(sample).parts[0].startswith("."):
            copy = tmp_path / path.relative_to(sample)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    before, _ = check(tmp_path, environment=None, environ={}, tool_version="0.1.0")
    assert cli("fmt").status == 0
    after, _ = check(tmp_path, environment=None, environ={}, tool_version="0.1.0")
    assert before is not None
    assert after is not None
    assert {key: (one.spec, one.source_digest) for key, one in after.campaigns.items()} == {
        key: (one.spec, one.source_digest) for key, one in before.campaigns.items()
    }
    assert after.digest == before.digest
    assert cli("fmt", "--check").status == 0
