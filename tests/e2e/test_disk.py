"""A disk that is full, read-only, torn, or changed by others: a clear message, and a way back."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.harness import World, sms, until

FAR = "2036-03-22 10:00:00"
NAMES = ["A", "B", "C", "D"]


@dataclass(frozen=True)
class Disk:
    """A small file system that can be filled to its last byte and emptied again."""

    folder: Path

    def fill(self) -> None:
        for size in (4096, 1):
            with suppress(OSError), (self.folder / "filler").open("ab", buffering=0) as file:
                while file.write(b"." * size) == size:
                    pass

    def empty(self) -> None:
        (self.folder / "filler").unlink()


@pytest.fixture
def disk(world: World, tmp_path: Path) -> Iterator[Disk]:
    """The state of the project on its own disk; rescued files go elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    world.environ = {"TMPDIR": str(tmp_path / "elsewhere")}
    folder = world.folder / ".campaignctl"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("no disk may be mounted here; tests/backends/test_local_failures.py limits files instead")
    yield Disk(folder)
    subprocess.run(["umount", str(folder)], check=True)


def four(world: World) -> World:
    for name in NAMES:
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    return world


def pushed_by(said: str) -> list[str]:
    """The command in a message that restores the rescued state."""
    found = re.search(r"campaignctl (state push \S+?)[`\s]", said)
    assert found, said
    return found[1].split()


def assert_once(world: World) -> None:
    assert sorted(world.campaigns()) == NAMES
    world.assert_settled()


def test_a_full_disk_is_reported_and_nothing_is_sent(world: World, disk: Disk) -> None:
    four(world)
    disk.fill()
    refused = world.run("apply", "--auto-approve", status=1)
    assert "No space left on device" in refused.err
    assert "have room" in refused.err
    assert world.writes() == []
    disk.empty()
    world.apply()
    assert_once(world)


def test_a_disk_that_fills_up_during_an_apply_loses_nothing(world: World, disk: Disk) -> None:
    four(world)
    world.control.fault({"method": "POST", "times": 10}, {"kind": "delay", "seconds": 0.7, "when": "after"})
    process = world.start("apply", "--auto-approve", "--parallelism", "1")
    until(lambda: len(world.control.campaigns()) >= 2)
    disk.fill()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in err
    made = len(world.control.campaigns())
    assert made < len(NAMES), "a create that cannot be recorded is not sent"
    assert "No space left on device" in out + err
    disk.empty()
    world.run(*pushed_by(out + err), status=0)
    assert len(world.state["campaigns"]) == made
    world.control.clear_faults()
    world.apply()
    assert_once(world)


def test_a_read_only_directory_is_reported_and_nothing_is_sent(world: World) -> None:
    folder = world.folder / ".campaignctl"
    folder.mkdir(mode=0o500)
    refused = _run_without_privilege(four(world), "apply", "--auto-approve")
    assert refused.returncode == 1
    assert str(folder) in refused.stderr
    assert "Permission denied" in refused.stderr
    assert "writable for this user" in refused.stderr
    assert world.writes() == []
    folder.chmod(0o700)
    world.apply()
    assert_once(world)


def test_a_state_in_a_read_only_directory_can_be_read(world: World) -> None:
    four(world).apply()
    (world.folder / ".campaignctl").chmod(0o500)
    assert _run_without_privilege(world, "plan").returncode == 0
    (world.folder / ".campaignctl").chmod(0o700)


def test_a_pull_from_a_read_only_project_can_be_shown_as_a_patch(world: World) -> None:
    four(world).apply()
    world.control.edit(world.state["campaigns"]["A"]["id"], {"description": "theirs"})
    world.control.create(json.loads(sms("E", scheduled_time=FAR))["spec"])
    (world.folder / "A.yaml").chmod(0o400)
    world.folder.chmod(0o500)
    done = _run_without_privilege(world, "pull", "--all", "--layout", "flat", "--diff")
    world.folder.chmod(0o700)
    assert done.returncode == 0, done.stderr
    assert re.findall(r"^\+\+\+ b/(.*)", done.stdout, re.MULTILINE) == ["e.yaml", "A.yaml"]


def test_a_pull_that_cannot_write_to_a_folder_writes_to_the_others(world: World) -> None:
    for name in ("in/A", "B"):
        world.write(f"{name}.yaml", sms(name[-1], scheduled_time=FAR))
    world.apply()
    for key in ("in/A", "B"):
        world.control.edit(world.state["campaigns"][key]["id"], {"description": "theirs"})
    body = json.loads(sms("E", scheduled_time=FAR))["spec"]
    new = str(world.control.create({**body, "labels": ["In"]})["id"])
    world.control.create({**body, "name": "F", "labels": ["other"]})
    (world.folder / "in").chmod(0o500)
    done = _run_without_privilege(world, "pull", "--all", "--layout", "label")
    (world.folder / "in").chmod(0o700)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"in/e.yaml cannot be written: Permission denied: 1 campaign: {new} E" in done.stdout
    assert "in/A.yaml cannot be written: Permission denied: 1 campaign" in done.stdout
    assert "left out 2 campaigns" in done.stdout
    assert (world.folder / "other/f.yaml").exists()
    assert [name for name in ("in/A", "B") if "theirs" in (world.folder / f"{name}.yaml").read_text()] == [
        "B"
    ]
    world.run("pull", "--all", "--layout", "label", status=0)
    assert (world.folder / "in/e.yaml").exists()


def _run_without_privilege(world: World, *words: str) -> subprocess.CompletedProcess[str]:
    """Run as a user who is bound by file modes, unlike root with its capabilities."""
    prefix = ["setpriv", "--bounding-set", "-dac_override", "--"] if os.geteuid() == 0 else []
    return subprocess.run(
        [*prefix, *world.command(*words)],
        env=world.env(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_state_replaced_during_an_apply_is_kept_and_nothing_is_lost(world: World, tmp_path: Path) -> None:
    world.environ = {"TMPDIR": str(tmp_path)}
    world.write("A.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    state = world.folder / ".campaignctl" / "state.json"
    other = json.dumps(world.state)
    four(world)
    world.control.fault({"method": "POST", "times": 10}, {"kind": "delay", "seconds": 0.7, "when": "after"})
    process = world.start("apply", "--auto-approve", "--parallelism", "1")
    until(lambda: len(world.control.campaigns()) >= 2)
    state.write_text(other)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"[Errno {errno.EEXIST}]" in out + err
    assert state.read_text() == other
    made = len(world.control.campaigns())
    assert made < len(NAMES)
    world.run(*pushed_by(out + err), status=0)
    assert len(world.state["campaigns"]) == made
    world.control.clear_faults()
    world.apply()
    assert_once(world)


def test_a_torn_state_is_restored_from_its_backup_and_by_recover(world: World) -> None:
    world.write("A.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    four(world).apply()
    folder = world.folder / ".campaignctl"
    whole = (folder / "state.json").read_bytes()
    (folder / "state.json").write_bytes(whole[: len(whole) // 2])
    mark = world.mark()
    refused = world.run("apply", "--auto-approve", status=1).err
    assert "campaignctl state push" in refused
    assert world.writes(mark) == []
    world.run("state", "push", str(folder / "state.json.backup"), status=0)
    held = world.apply(status=1).json
    assert held["changes"] == [], "the backup does not know the later sends"
    assert held["next"] == ["campaignctl state recover --write"]
    world.run("state", "recover", "--write", status=0)
    assert_once(world)


def test_a_state_that_cannot_be_saved_is_recovered_from_the_account(world: World) -> None:
    four(world).apply()
    shutil.rmtree(world.folder / ".campaignctl")
    world.apply(status=1)
    world.run("state", "recover", "--write", status=0)
    assert_once(world)
