"""Files that the command line names."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from campaignctl.cli.files import read_text, write_private
from campaignctl.errors import CampaignctlError


def test_only_the_owner_may_read_written_files(tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    target.write_text("old")
    target.chmod(0o644)
    write_private(str(target), "new")
    assert (target.read_text(), stat.S_IMODE(target.stat().st_mode)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("name", ["plan.json", pytest.param("/dev/zero", marks=pytest.mark.slow)])
def test_a_file_that_no_plan_needs_is_refused(tmp_path: Path, name: str) -> None:
    large = tmp_path / "plan.json"
    large.touch()
    os.truncate(large, 257 * 1024 * 1024)
    with pytest.raises(CampaignctlError, match=f"Cannot read .*{name}") as raised:
        read_text(str(tmp_path / name))
    assert raised.value.detail == "It is larger than 256 MiB."


def test_a_link_is_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("old")
    link.symlink_to(real)
    write_private(str(link), "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_a_device_stays_a_device(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_private(str(pipe), "through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(CampaignctlError, match=r"Cannot write .*missing"):
        write_private(str(tmp_path / "missing" / "plan.json"), "text")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CampaignctlError, match=r"Cannot read .*nothing\.json"):
        read_text(str(tmp_path / "nothing.json"))
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(CampaignctlError, match="Cannot read"):
        read_text(str(binary))
