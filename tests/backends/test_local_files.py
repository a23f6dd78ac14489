"""The files of a local state: who may read them, what is kept, and where they lie."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path

import pytest

from campaignctl.backends import durable
from campaignctl.backends.at_rest import STATE, AtRest, Keys, is_encrypted
from campaignctl.backends.local import LocalBackend
from campaignctl.backends.statefiles import StateFiles, followed
from campaignctl.errors import (
    CampaignctlError,
    LockError,
    LockHeld,
    StateDamaged,
    StateError,
    StateMoved,
    StateNotSaved,
    StateSealed,
)
from campaignctl.state.codec import decode, encode
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.model import FORMAT_VERSION, Entry, State
from tests.backends.crashes import read_while
from tests.backends.local_place import LocalPlace
from tests.backends.sealed_places import SealedLocalPlace, encrypted
from tests.state.samples import decision, observation, sample_state

NOW = timedelta()
HALT = Halt("h1", None, "wrong price", "mira", "laptop", "2036-01-01T00:00:00Z")


@pytest.fixture
def place(tmp_path: Path) -> LocalPlace:
    return LocalPlace(tmp_path)


def write(place: LocalPlace, *states: State) -> None:
    session = place.backend().acquire("apply", NOW)
    for state in states:
        session.write(state)
    session.release()


def storing(place: LocalPlace, at_rest: AtRest) -> LocalBackend:
    """A backend whose files are stored so."""
    return LocalBackend(
        place.path,
        now=lambda: datetime.now(UTC),
        new_id=lambda: "lock",
        wait=lambda _: None,
        interrupted=lambda: False,
        at_rest=at_rest,
    )


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("suffix", ["", "journal", "backup"])
def test_a_state_that_is_too_large_is_refused_in_words(place: LocalPlace, suffix: str) -> None:
    write(place, sample_state(), sample_state(2))
    path = place.sibling(suffix) if suffix else place.path
    path.touch()
    os.truncate(path, 257 * 1024 * 1024)
    with pytest.raises(StateDamaged) as raised:
        place.backend().read()
    assert raised.value.detail == "It is larger than 256 MiB"
    assert "state push FILE" in str(raised.value.hint)


def test_all_files_are_private_to_the_owner(place: LocalPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.write(sample_state(2))
    session.append(decision("a"))
    for path in (place.path, *(place.sibling(suffix) for suffix in ("backup", "journal", "lock"))):
        assert mode(path) == 0o600, path
    for directory in (place.path.parent, place.path.parent.parent):
        assert mode(directory) == 0o700, directory
    session.release()


@pytest.mark.parametrize(
    ("mode", "is_exposed"),
    [
        (0o600, False),
        (0o400, False),
        (0o700, False),
        (0o640, True),
        (0o620, True),
        (0o604, True),
        (0o601, True),
    ],
)
def test_a_file_that_others_may_open_is_named(place: LocalPlace, mode: int, is_exposed: bool) -> None:
    write(place, sample_state(1), sample_state(2))
    backup = place.sibling("backup")
    backup.chmod(mode)
    assert place.backend().keeping().exposed == ((str(backup),) if is_exposed else ())
    assert place.backend().keeping().backup == str(backup)


def test_a_state_that_others_could_read_no_longer_can_after_a_write(place: LocalPlace) -> None:
    write(place, sample_state())
    place.path.chmod(0o644)
    write(place, sample_state(2))
    assert mode(place.path) == 0o600


@pytest.mark.parametrize("step", [decision("a"), observation("a")])
def test_the_first_step_of_a_format_1_state_brings_it_to_format_2(place: LocalPlace, step: Entry) -> None:
    old = replace(sample_state(), format_version=1)
    write(place, sample_state())
    place.put_document(encode(old).encode())
    session = place.backend().acquire("apply", NOW)
    assert place.backend().read() == old
    session.append(step)
    died = place.backend().read()
    assert died == sample_state().after(step)
    session.release()
    assert place.backend().read() == died
    assert decode(place.sibling("backup").read_bytes()).format_version == FORMAT_VERSION


def test_only_the_state_and_its_backup_are_left(place: LocalPlace) -> None:
    write(place, sample_state(), sample_state(2))
    assert sorted(path.name for path in place.path.parent.iterdir()) == ["state.json", "state.json.backup"]


def test_the_backup_is_the_previous_state(place: LocalPlace) -> None:
    write(place, sample_state(), sample_state(2), sample_state(3))
    assert decode(place.sibling("backup").read_bytes()) == sample_state(2)


def test_the_same_state_again_keeps_the_backup(place: LocalPlace) -> None:
    write(place, sample_state(), sample_state(2), sample_state(2))
    assert decode(place.sibling("backup").read_bytes()) == sample_state()


def test_a_damaged_state_is_kept_apart_from_the_backup(place: LocalPlace) -> None:
    write(place, sample_state(), sample_state(2))
    place.put_document(b"{")
    place.put_journal(b"?\n")
    write(place, sample_state(3))
    assert decode(place.sibling("backup").read_bytes()) == sample_state()
    assert place.sibling("damaged").read_bytes() == b"{"
    assert place.sibling("damaged.journal").read_bytes() == b"?\n"
    assert place.backend().read() == sample_state(3)


def test_a_symbolic_link_stays_one_and_shares_the_lock(place: LocalPlace, tmp_path: Path) -> None:
    write(place, sample_state())
    link = LocalPlace(tmp_path / "linked")
    link.path.parent.mkdir(parents=True)
    link.path.symlink_to(place.path)
    session = link.backend().acquire("apply", NOW)
    assert place.backend().holder() == session.lock
    session.append(decision("a"))
    session.release()
    assert link.path.is_symlink()
    assert place.backend().read() == sample_state().after(decision("a"))


def test_a_loop_of_links_is_refused(place: LocalPlace) -> None:
    place.path.parent.mkdir(parents=True)
    place.path.symlink_to(place.path.name)
    with pytest.raises(StateError):
        place.backend().read()


def test_a_leftover_of_a_crash_is_replaced_and_never_written_through(
    place: LocalPlace, tmp_path: Path
) -> None:
    write(place, sample_state())
    precious = tmp_path / "precious"
    precious.write_text("mine")
    place.sibling("tmp").symlink_to(precious)
    write(place, sample_state(2))
    assert precious.read_text() == "mine"
    assert place.backend().read() == sample_state(2)


def test_a_state_edited_by_hand_under_its_journal_is_refused(place: LocalPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.append(observation("a"))
    edited = encode(sample_state()).replace("production", "staging").encode()
    place.put_document(edited)
    with pytest.raises(StateDamaged, match="continues another state"):
        place.backend().read()


def test_a_journal_without_its_state_is_refused(place: LocalPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.append(decision("a"))
    place.path.unlink()
    with pytest.raises(StateDamaged, match="is missing"):
        place.backend().read()


def test_a_state_torn_at_any_byte_is_refused_and_kept(place: LocalPlace) -> None:
    write(place, sample_state(), sample_state(2))
    whole = place.document() or b""
    for length in range(len(whole)):
        place.put_document(whole[:length])
        if whole[length:].strip():
            with pytest.raises(StateDamaged) as refused:
                place.backend().read()
            assert re.search(r"state push .*backup", refused.value.hint)
        assert place.document() == whole[:length]


def test_a_state_replaced_during_a_run_is_left_as_it_is(place: LocalPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.append(decision("a"))
    theirs = encode(sample_state(9)).encode()
    place.put_document(theirs)
    with pytest.raises(StateNotSaved, match="journal could not be written") as refused:
        session.append(decision("b"))
    assert "another state was put there" in refused.value.detail
    with pytest.raises(StateNotSaved, match=r"state\.json could not be written") as rescued:
        session.release()
    assert place.document() == theirs
    found = re.search(r"campaignctl state push (\S+)`", rescued.value.hint)
    assert found
    saved = decode(Path(found[1]).read_bytes())
    Path(found[1]).unlink()
    assert saved == sample_state().after(decision("a")).after(decision("b"))


@pytest.mark.parametrize("is_new", [True, False])
def test_a_state_that_was_only_touched_is_still_ours(place: LocalPlace, is_new: bool) -> None:
    write(place, sample_state())
    session = place.backend().acquire("apply", NOW)
    if is_new:
        session.write(sample_state())
    os.utime(place.path, (1, 1))
    session.append(decision("a"))
    session.release()
    assert place.backend().read() == sample_state().after(decision("a"))


def test_a_state_that_is_moved_away_is_kept_with_its_last_steps(place: LocalPlace) -> None:
    write(place, sample_state())
    session = place.backend().acquire("state migrate", NOW)
    session.append(decision("a"))
    session.retire("elsewhere")
    assert decode(place.sibling("backup").read_bytes()) == sample_state().after(decision("a"))
    note, backup = place.document(), place.sibling("backup").read_bytes()
    with pytest.raises(StateError):
        session.append(decision("b"))
    session.release()
    with pytest.raises(StateMoved, match="elsewhere"):
        place.backend().read()
    assert (place.document(), place.sibling("backup").read_bytes()) == (note, backup)


def test_a_reader_between_two_folds_sees_one_state(place: LocalPlace) -> None:
    """It opens a journal that is folded in already; before it looks at the backup, that is another one."""
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.append(observation("a"))
    journal = place.journal() or b""
    session.release()
    for number in count(1):
        place.put_journal(journal)
        state, reached = read_while(place, number, lambda: fold_halfway(place))
        assert state == sample_state().after(observation("a")), f"overtaken before look {number}"
        place.sibling("backup").write_bytes(encode(sample_state()).encode())
        if not reached:
            break


def fold_halfway(place: LocalPlace) -> None:
    """The beginning of a whole write: the backup is new, the state not yet."""
    session = place.backend().acquire("apply", NOW)
    place.sibling("tmp").mkdir()
    with pytest.raises(StateNotSaved) as refused:
        session.write(sample_state(9))
    Path(refused.value.hint.rpartition(" ")[2].rstrip("`")).unlink()
    place.sibling("tmp").rmdir()
    session.release()


def test_a_step_does_not_rewrite_the_state(place: LocalPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    inode, sizes = place.path.stat().st_ino, []
    for number in range(200):
        session.append(decision(f"c{number:03}"))
        sizes.append(place.sibling("journal").stat().st_size)
    growth = {after - before for before, after in pairwise(sizes[10:])}
    assert place.path.stat().st_ino == inode
    assert max(growth) - min(growth) <= 1  # the number of the line has one digit more
    session.release()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_state_that_may_not_be_read_is_named(place: LocalPlace) -> None:
    write(place, sample_state())
    place.path.chmod(0)
    with pytest.raises(StateDamaged, match="cannot be read"):
        place.backend().read()


def test_a_directory_in_the_place_of_the_state_is_named(place: LocalPlace) -> None:
    place.path.mkdir(parents=True)
    with pytest.raises(StateDamaged, match="cannot be read"):
        place.backend().read()


@pytest.mark.parametrize("suffix", ["", ".journal", ".backup", ".halts", ".lock"])
def test_a_pipe_in_the_place_of_a_file_is_named_and_not_waited_for(place: LocalPlace, suffix: str) -> None:
    write(place, sample_state())
    pipe = place.path.with_name(f"{place.path.name}{suffix}")
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    backend = place.backend()
    reads: dict[str, Callable[[], object]] = {".halts": backend.halts, ".lock": lambda: backend.unlock("id")}
    with pytest.raises(CampaignctlError) as refusal:
        reads.get(suffix, backend.read)()
    assert "pipe" in refusal.value.detail


def test_a_place_that_cannot_be_a_directory_is_named(place: LocalPlace) -> None:
    place.path.parent.parent.write_text("a file")
    with pytest.raises(StateNotSaved, match="no state can be kept") as refused:
        place.backend().acquire("apply", NOW)
    assert str(place.path) in refused.value.summary
    with pytest.raises(StateDamaged, match="cannot be read"):
        place.backend().read()


def test_a_stop_mark_that_cannot_be_written_or_read_is_as_it_was(place: LocalPlace) -> None:
    backend = place.backend()
    backend.change_halts(lambda halts: halts.with_halt(HALT))
    mark = place.sibling("halts")
    (blocked := mark.with_name(f"{mark.name}.tmp")).mkdir()
    with pytest.raises(StateNotSaved, match=f"{mark} could not be written") as refused:
        backend.change_halts(lambda halts: halts.with_halt(replace(HALT, id="h2")))
    assert str(blocked) in refused.value.detail
    assert refused.value.hint.startswith("make the directory writable for this user")
    assert backend.halts() == Halts((HALT,))
    mark.unlink()
    mark.mkdir()
    for uses in (backend.halts, lambda: backend.change_halts(lambda halts: halts)):
        with pytest.raises(StateDamaged, match=f"{mark} cannot be read") as damaged:
            uses()
        assert damaged.value.hint == "make it readable for this user"


def test_a_process_that_hangs_in_the_middle_of_a_write_is_waited_for_and_named(
    place: LocalPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "_GUARD_PATIENCE", 0.05)
    backend = place.backend()
    write(place, sample_state())
    with durable.guarded(place.path.parent):
        with pytest.raises(LockHeld, match=f"{place.path} is being written") as held:
            backend.acquire("apply", NOW)
        assert held.value.detail == "another process hangs in the middle of a write"
        assert "find the process that is suspended" in held.value.hint
        for uses in (backend.holder, backend.keeping, lambda: backend.unlock("any")):
            with pytest.raises(LockError, match="cannot be used"):
                uses()
        with pytest.raises(StateNotSaved, match="could not be written"):
            backend.change_halts(lambda halts: halts)
        assert backend.read() == sample_state()
    backend.acquire("apply", NOW).release()


# ---------------------------------------------------------------------------------- links of a checkout


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("inside", ["../elsewhere/state.json", ".git/state.json", "a/.git/state.json"])
def test_a_link_out_of_the_project_or_into_git_is_refused(
    tmp_path: Path, inside: str, mirrored: bool
) -> None:
    project, real = tmp_path / "project", (tmp_path / "project" / inside).resolve()
    project.mkdir()
    (project / "state.json").symlink_to(real)
    with pytest.raises(StateError) as refused:
        followed(project / "state.json", project, mirrored=mirrored)
    assert str(real) in str(refused.value.detail)
    assert ("state rebind --from" in str(refused.value.hint)) is not mirrored
    assert followed(project / "state.json", None) == real, "no project, no border"


def test_a_link_within_the_project_is_followed_and_one_in_a_circle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "states").mkdir()
    (tmp_path / "link").symlink_to("states")
    assert followed(tmp_path / "link" / "a.json", tmp_path) == tmp_path.resolve() / "states" / "a.json"
    (tmp_path / "round").symlink_to("round")
    with pytest.raises(StateError, match="leads nowhere"):
        followed(tmp_path / "round", tmp_path)


@pytest.mark.parametrize("journal", [None, b"steps"])
def test_what_cannot_be_read_is_kept_beside_what_replaces_it(tmp_path: Path, journal: bytes | None) -> None:
    files = StateFiles(tmp_path / "state.json")
    files.path.write_bytes(b"damaged")
    files.sibling("backup").write_bytes(b"good")
    if journal is not None:
        files.sibling("journal").write_bytes(journal)
    files.replace(b"new", readable=False)
    assert (files.path.read_bytes(), files.sibling("damaged").read_bytes()) == (b"new", b"damaged")
    assert files.sibling("backup").read_bytes() == b"good"
    assert not files.sibling("journal").exists()
    kept = files.sibling("damaged.journal")
    assert (kept.read_bytes() if kept.exists() else None) == journal


def test_a_rewrite_stores_every_file_as_the_project_says_now(place: LocalPlace) -> None:
    names = ("state.json", "state.json.backup", "state.json.halts", "state.json.archive-2025")
    files = [place.path.with_name(name) for name in names]

    def rewritten(at_rest: AtRest) -> list[bytes]:
        session = storing(place, at_rest).acquire("state encrypt", NOW)
        session.rewrite()
        session.release()
        return [file.read_bytes() for file in files]

    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.write(sample_state(2))
    session.archive({2025: b"{}\n"})
    session.release()
    place.backend().change_halts(lambda halts: halts.with_halt(HALT))
    clear = [file.read_bytes() for file in files]

    stored = rewritten(encrypted(accepts="all"))
    assert all(map(is_encrypted, stored))
    sealed = storing(place, encrypted())
    assert (sealed.read(), sealed.archives(), sealed.halts()) == (
        sample_state(2),
        {2025: b"{}\n"},
        Halts((HALT,)),
    )
    assert encrypted().open(STATE, stored[1], "") == clear[1]
    assert rewritten(encrypted(accepts="all")) == stored, "what is current is left as it is"
    assert rewritten(encrypted(accepts="all", encrypts=False)) == clear


@pytest.mark.parametrize("why", ["no key", "in clear", "encrypted"])
def test_a_state_that_cannot_be_opened_is_not_locked_and_has_no_new_stop_mark(
    place: LocalPlace, why: str
) -> None:
    if why != "no key":
        session = storing(place, encrypted(encrypts=why == "encrypted")).acquire("apply", NOW)
        session.write(sample_state())
        session.release()
    before = place.document()
    keys = Keys() if why == "no key" else None
    backend = storing(place, encrypted(keys, encrypts=why != "encrypted"))
    for fails in (backend.read, lambda: backend.acquire("apply", NOW)):
        with pytest.raises(StateSealed):
            fails()
    assert (place.document(), place.sibling("lock").exists()) == (before, False)
    if why != "in clear":
        with pytest.raises(StateSealed):
            backend.change_halts(lambda halts: halts.with_halt(HALT))
        assert not place.sibling("halts").exists()


@pytest.mark.parametrize("why", ["is in clear already", "cannot tell"])
def test_a_stop_mark_is_set_in_clear_where_one(place: LocalPlace, why: str) -> None:
    """It is needed most when the state is in trouble."""
    if why == "is in clear already":
        place.backend().change_halts(lambda halts: halts)
    session = storing(place, encrypted()).acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    if why == "cannot tell":
        place.path.unlink()
        place.path.mkdir()
    assert place.backend().change_halts(lambda halts: halts.with_halt(HALT)) == Halts((HALT,))
    assert place.backend().halts() == Halts((HALT,))


def test_a_stop_mark_that_was_changed_by_hand_says_how_it_is_set_again(tmp_path: Path) -> None:
    place = SealedLocalPlace(tmp_path)
    backend = place.backend()
    backend.change_halts(lambda halts: halts)
    stored = place.sibling("halts").read_bytes()
    for changed in (stored[:-9] + bytes(reversed(stored[-9:])), stored[:-1]):
        place.sibling("halts").write_bytes(changed)
        for uses in (backend.halts, lambda: backend.change_halts(lambda halts: halts)):
            with pytest.raises(StateDamaged, match="was altered, cut or exchanged") as damaged:
                uses()
            assert "campaignctl halt" in f"{damaged.value.hint}"
        assert place.sibling("halts").read_bytes() == changed


def test_a_step_is_durable_at_once_so_that_none_needs_a_companion(place: LocalPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.append(decision("a"))
    assert place.backend().read() == sample_state().after(decision("a"))
    assert session.companions == 1
    session.release()


def test_every_file_of_a_state_that_exists_is_named(place: LocalPlace) -> None:
    write(place, sample_state())
    for suffix in (
        "journal",
        "backup",
        "lock",
        "halts",
        "damaged",
        "damaged.journal",
        "archive-2025",
        "other",
    ):
        place.sibling(suffix).touch()
    names = {path.name.removeprefix("state.json").strip(".") for path in StateFiles(place.path).every()}
    kept = {"journal", "backup", "lock", "halts", "damaged", "damaged.journal", "archive-2025"}
    assert names == {"", *kept}


def test_the_archive_of_a_state_is_found_whatever_its_name(tmp_path: Path) -> None:
    files = StateFiles(tmp_path / "shop[1]*.json")
    files.put_archives({2025: b"{}"})
    StateFiles(tmp_path / "shop1.json").put_archives({2026: b"{}"})
    assert files.archives() == {2025: b"{}"}


def test_a_damaged_state_that_was_repaired_meanwhile_is_not_replaced(place: LocalPlace) -> None:
    write(place, sample_state())
    good = place.path.read_bytes()
    place.path.write_bytes(b"damaged")
    session = place.backend().acquire("state push", NOW)
    place.path.write_bytes(good)
    with pytest.raises(StateNotSaved) as refused:
        session.write(replace(sample_state(), serial=99))
    assert "another state was put there" in refused.value.detail
    session.release()
    assert place.path.read_bytes() == good
    assert place.backend().read() == sample_state()


def _refused(*_: object) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize(
    "case", ["plain", "kept before", "other kept", "no links", "a link", "open to others"]
)
def test_a_file_is_kept_under_another_name_and_only_copied_where_it_has_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    path, name = tmp_path / "state.json", tmp_path / "state.json.backup"
    durable.replace(path, b"first")
    if case == "kept before":
        durable.keep(path, name)
    if case == "other kept":
        durable.replace(name, b"older")
        durable.replace(tmp_path / "state.json.backup.tmp", b"left by a crash")
    if case == "no links":
        # Only root could mount such a file system for the test.
        monkeypatch.setattr(os, "link", _refused)
    if case == "a link":
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
    if case == "open to others":
        path.chmod(0o644)
    durable.keep(path, name)
    copied = case in ("no links", "a link", "open to others")
    assert (name.stat().st_ino == path.stat().st_ino) is not copied
    assert (name.is_symlink(), name.stat().st_mode & 0o777) == (False, 0o600)
    durable.replace(path, b"second")
    assert (name.read_bytes(), path.read_bytes()) == (b"first", b"second")
    there = {"state.json", "state.json.backup"} | ({"elsewhere"} if case == "a link" else set())
    assert {each.name for each in tmp_path.iterdir()} == there
