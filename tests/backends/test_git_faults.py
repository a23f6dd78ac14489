"""A remote that is away, refuses, loses its answer, or moves: nothing is lost, and the way out is named."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaignctl.backends.cas.place import Note, Seen
from campaignctl.backends.git.command import Git, GitTrouble, end_children, rejected
from campaignctl.backends.git.place import GitPlace as GitShelf
from campaignctl.backends.git.place import Remote
from campaignctl.backends.lock_info import UNKNOWN
from campaignctl.errors import Interrupted, LockError, LockLost, StateDamaged, StateError, StateNotSaved
from campaignctl.state.codec import decode
from campaignctl.state.model import LockInfo
from tests.backends.git_place import REF, GitPlace, git, git_backend
from tests.backends.test_local_lock import open_files
from tests.e2e.harness import until
from tests.state.samples import decision, sample_state

NOW = timedelta()
HOUR = timedelta(hours=1)
#: Ends `receive-pack` right after it has moved a ref, and so before it answers, as often as there are flags.
LOSE_ANSWERS = '[ "$1" = committed ] && rm "$GIT_DIR"/lose-1 2>/dev/null && kill -9 $PPID || true'


@pytest.fixture
def place(tmp_path: Path) -> GitPlace:
    return GitPlace(tmp_path).made()


def away(place: GitPlace) -> None:
    place.remote.rename(place.root / "away.git")


def back(place: GitPlace) -> None:
    (place.root / "away.git").rename(place.remote)


def rescued(error: StateNotSaved) -> Path:
    found = re.search(r"campaignctl state push (\S+)`", error.hint)
    assert found
    return Path(found[1])


def test_a_commit_that_others_continued_is_in_its_place(place: GitPlace) -> None:
    shelf = GitShelf(Remote(place.project, "origin"), REF, lambda: datetime.now(UTC))
    note = Note(LockInfo("l", "mira", "laptop", 1, "apply", "2036-01-01T00:00:00Z"), "a step")
    drafts, seen = [], shelf.look()
    assert seen.tip is None
    for text in (b"1", b"2", b"3"):
        drafts.append(shelf.draft(seen, {"state.json": text}, note))
        assert not shelf.holds(seen, drafts[-1])
        assert shelf.put(seen, drafts[-1])
        seen = shelf.look()
    assert [shelf.holds(seen, each) for each in drafts] == [True] * 3
    stray = shelf.draft(Seen(None, {}), {"state.json": b"9"}, note)
    assert not shelf.holds(seen, stray)


@pytest.mark.parametrize("back_to", ["~1", None])
def test_a_ref_that_was_put_back_meanwhile_is_not_moved(place: GitPlace, back_to: str | None) -> None:
    """git alone would take the push: what is there, if anything, comes before what is pushed."""
    for content in (b"1", b"2"):
        place.put({"a": content})
    here = GitShelf(Remote(place.project, "origin"), REF, lambda: datetime.now(UTC))
    seen = here.look()
    draft = here.draft(seen, {"a": b"3"}, Note(UNKNOWN, "a version"))
    git(place.remote, "update-ref", *(["-d", REF] if back_to is None else [REF, f"{REF}{back_to}"]))
    assert here.put(seen, draft) is False
    assert place.file("a") == (None if back_to is None else b"1")
    assert not here.holds(here.look(), draft)


def test_of_a_long_history_a_look_fetches_one_version(place: GitPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    for serial in (1, 2, 3):
        session.write(sample_state(serial))
    session.release()
    elsewhere = place.another("elsewhere").made().project
    git(elsewhere, "remote", "set-url", "origin", place.address)
    remote = Remote(elsewhere, "origin")
    assert GitShelf(remote, REF, lambda: datetime.now(UTC)).look().files["state.json"] == place.document()
    assert remote.store.git.run("rev-list", "--all", "--count") == b"1\n"


def test_an_interrupt_ends_a_look_at_a_remote_which_is_not_asked_again(place: GitPlace) -> None:
    place.backend().acquire("apply", NOW).release()
    asked = place.root / "asked"
    hangs_once = f"echo x >> '{asked}'; [ \"$(cat '{asked}')\" = x ] && exec sleep 60; exec git-upload-pack"
    git(place.project, "config", "remote.origin.uploadpack", f'f() {{ {hangs_once} "$@"; }}; f')
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(place.backend().read)
        until(lambda: asked.exists() and asked.read_text())
        end_children(reads_only=True)
        with pytest.raises(Interrupted):
            reading.result(30)
    assert asked.read_text() == "x\n"


def test_a_command_that_did_not_end_leaves_no_file_open(place: GitPlace) -> None:
    before = open_files()
    with pytest.raises(GitTrouble, match="did not end") as late:
        Git(place.project, os.environ).run("hash-object", "--stdin", given=b"x" * (1 << 20), seconds=0)
    assert late.value.kind == "away"
    assert open_files() == before


def test_an_answer_that_is_lost_changes_nothing(place: GitPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    place.hook("reference-transaction", LOSE_ANSWERS)
    flag = place.remote / "lose-1"
    flag.touch()
    session.append(decision("a"))
    assert not flag.exists()
    session.append(decision("b"))
    flag.touch()
    session.release()
    assert not flag.exists()
    assert place.backend().read() == sample_state().after(decision("a")).after(decision("b"))
    assert place.backend().holder() is None


@pytest.mark.slow
def test_a_state_that_is_too_large_is_refused_before_it_is_read(place: GitPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    good = git(place.remote, "rev-parse", REF).decode().strip()
    work = place.root / "large"
    git(place.root, "clone", "--quiet", "--no-checkout", str(place.remote), str(work))
    git(work, "fetch", "--quiet", "origin", REF)
    git(work, "checkout", "--quiet", "FETCH_HEAD")
    (work / "state.json").touch()
    os.truncate(work / "state.json", 257 * 1024 * 1024)
    git(work, "-c", "user.name=m", "-c", "user.email=m@example.com", "commit", "--quiet", "-am", "Large")
    git(work, "push", "--quiet", "origin", f"HEAD:{REF}")
    with pytest.raises(StateError) as raised:
        place.backend().read()
    assert "larger than 256 MiB" in f"{raised.value.summary} {raised.value.detail}"
    (command,) = re.findall(r"`git (push --force) origin COMMIT:(\S+)`", raised.value.hint)
    git(work, *command[0].split(), "origin", f"{good}:{command[1]}")
    assert place.backend().read() == sample_state()


def test_a_remote_that_is_away_for_a_moment_is_waited_for(place: GitPlace) -> None:
    pauses: list[timedelta] = []

    def pause(duration: timedelta) -> None:
        pauses.append(duration)
        back(place)

    session = git_backend(place.project, pause=pause).acquire("apply", NOW)
    session.write(sample_state())
    away(place)
    session.append(decision("a"))
    assert len(pauses) == 1
    session.release()
    assert place.backend().read() == sample_state().after(decision("a"))


def test_a_remote_that_stays_away_leaves_a_rescue_file_and_the_command(place: GitPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    away(place)
    with pytest.raises(StateNotSaved, match="could not be written"):
        session.append(decision("a"))
    with pytest.raises(StateNotSaved) as refused:
        session.release()
    rescue = rescued(refused.value)
    assert decode(rescue.read_bytes()) == sample_state().after(decision("a"))
    assert rescue.stat().st_mode & 0o777 == 0o600
    rescue.unlink()
    back(place)
    again = place.backend().acquire("state push", NOW)
    assert again.state == sample_state()
    again.release()


def test_a_reader_gets_an_error_and_no_older_copy(place: GitPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    away(place)
    with pytest.raises(StateError, match="cannot be read") as refused:
        place.backend().read()
    assert "no repository at the remote's address" in refused.value.detail
    with pytest.raises(LockError):
        place.backend().holder()
    with pytest.raises(StateNotSaved, match="cannot be taken"):
        place.backend().acquire("apply", NOW)


def test_a_refusal_of_the_remote_is_reported_at_once_in_its_own_words(place: GitPlace) -> None:
    place.hook("pre-receive", 'echo "state is for CI" >&2; exit 1')
    with pytest.raises(StateNotSaved) as refused:
        git_backend(place.project, pause=no_pause).acquire("apply", NOW)
    assert f"refuses pushes to {REF}" in refused.value.detail
    assert "pre-receive hook declined" in refused.value.detail


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("[remote rejected] (missing necessary objects)", "away"),
        ("[remote rejected] (pre-receive hook declined)", "refused"),
    ],
)
def test_a_remote_that_is_moved_during_a_push_is_asked_again(reason: str, kind: str) -> None:
    assert rejected(REF, reason, f"error: {reason}").kind == kind


def test_a_ref_that_collides_with_another_one_is_reported_at_once(place: GitPlace) -> None:
    place.backend().acquire("apply", NOW).release()
    with pytest.raises(StateNotSaved) as refused:
        git_backend(place.project, ref=f"{REF}/shop", pause=no_pause).acquire("apply", NOW)
    assert f"refuses pushes to {REF}/shop" in refused.value.detail


def locked(place: GitPlace, ref: str = REF) -> Path:
    """The lock of a ref, as a push leaves it that died at the remote."""
    file = place.remote / f"{ref}.lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    return file


def test_a_push_that_holds_the_ref_for_a_moment_is_waited_for(place: GitPlace) -> None:
    pauses: list[timedelta] = []
    held = place.backend().acquire("apply", NOW).lock
    file = locked(place)

    def pause(duration: timedelta) -> None:
        pauses.append(duration)
        file.unlink(missing_ok=True)

    assert git_backend(place.project, pause=pause).unlock(held.id).id == held.id
    assert len(pauses) == 1
    assert place.backend().holder() is None


def test_a_lock_that_a_dead_push_left_is_named_with_the_command_that_deletes_it(place: GitPlace) -> None:
    held = place.backend().acquire("apply", NOW).lock
    places = {REF: locked(place), f"{REF}.stop": locked(place, f"{REF}.stop")}
    backend = place.backend()
    with pytest.raises(LockError, match="cannot be broken") as unlock:
        backend.unlock(held.id)
    with pytest.raises(StateNotSaved, match="could not be written") as halt:
        backend.change_halts(lambda halts: halts)
    for ref, refused in ((REF, unlock.value), (f"{REF}.stop", halt.value)):
        assert f"keeps {ref} locked for another push: {places[ref]}" in refused.detail
        command = re.search(r"`rm (\S+)`", refused.hint)
        assert command
        Path(command[1]).unlink()
    assert backend.unlock(held.id).id == held.id
    backend.change_halts(lambda halts: halts)


def no_pause(_: timedelta) -> None:
    pytest.fail("it waited")


def test_a_shortened_history_is_continued(place: GitPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.append(decision("a"))
    alone = git(place.remote, "commit-tree", "-m", "shortened", f"{REF}^{{tree}}").decode().strip()
    git(place.remote, "update-ref", REF, alone)
    session.check()
    session.append(decision("b"))
    session.release()
    assert place.backend().read() == sample_state().after(decision("a")).after(decision("b"))


def test_a_write_without_the_lock_ends_the_session(place: GitPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    place.put({"state.json": b"{}"})
    with pytest.raises(LockLost, match="no longer ours") as lost:
        session.append(decision("a"))
    assert "written to without the lock" in lost.value.detail
    assert place.document() == b"{}"


def test_a_proof_of_the_lock_is_enough_for_a_while(place: GitPlace) -> None:
    session = git_backend(place.project, trust=HOUR).acquire("apply", NOW)
    session.write(sample_state())
    doubting = GitPlace(place.root / "other").backend().acquire("apply", NOW)
    away(place)
    session.check()
    away(GitPlace(place.root / "other"))
    with pytest.raises(LockLost, match="cannot tell whether"):
        doubting.check()


def test_a_lock_without_a_sign_of_life_counts_as_held_by_another_machine(place: GitPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    elsewhere = place.root / "elsewhere"
    git(place.root, "clone", "--quiet", place.address, str(elsewhere))
    assert git_backend(elsewhere).holder() == session.lock
    assert git_backend(elsewhere).keeping().holder_lives is None
    assert place.backend().keeping().holder_lives is True
    session.release()


def test_the_state_of_another_project_of_the_repository_is_refused(place: GitPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    with pytest.raises(StateError, match="the state of the project acme-crm, and this is shop"):
        git_backend(place.project, name="shop").read()


def rewritten(place: GitPlace, ref: str, *entries: str) -> None:
    """Let a ref lead to a commit with more entries, as `git ls-tree` shows them, in place of those it has."""
    tree = place.remote / "index"
    environ = (f"--git-dir={place.remote}", "-c", "core.protectNTFS=false")
    tip = git(place.remote, "rev-parse", "--verify", "--quiet", ref, check=False).decode().strip()
    git(place.remote, *environ, "read-tree", *([tip] if tip else ["--empty"]))
    for entry in entries:
        git(
            place.remote,
            *environ,
            "rm",
            "-rqf",
            "--cached",
            "--ignore-unmatch",
            "--",
            entry.split("\t")[1].split("/")[0],
        )
    git(
        place.remote,
        *environ,
        "update-index",
        "-z",
        "--index-info",
        given="\0".join(entries).encode("latin-1") + b"\0",
    )
    made = git(place.remote, *environ, "write-tree").decode().strip()
    parent = ("-p", tip) if tip else ()
    commit = git(place.remote, *environ, "commit-tree", *parent, made, "-m", "x").decode().strip()
    git(place.remote, "update-ref", ref, commit)
    tree.unlink()


LINK, BLOB, SYMBOLIC = "160000", "100644", "120000"


ODD = ("sub", "a/b", "journal.txt", 'x"y', "x\ny", "\xff", "-x", "D", "about.json/x")


@pytest.mark.parametrize("mode", [LINK, BLOB, SYMBOLIC])
def test_entries_of_others_in_a_ref_are_left_out_and_then_removed(mode: str, place: GitPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    known = git(place.remote, "hash-object", "-w", "--stdin", given=b"x").decode().strip()
    rewritten(place, REF, *(f"{mode} {'1' * 40 if mode == LINK else known}\t{path}" for path in ODD))
    assert place.backend().read() == sample_state()
    session = place.backend().acquire("apply", NOW)
    session.append(decision("a"))
    session.release()
    assert place.backend().read() == sample_state().after(decision("a"))
    left = git(place.remote, "ls-tree", "-r", "-z", "--name-only", REF).split(b"\0")
    assert set(left) <= {b"", b"state.json", b"about.json", b"journal/00000"}


@pytest.mark.parametrize(
    ("mode", "path"),
    [
        (LINK, "state.json"),
        (SYMBOLIC, "state.json"),
        (LINK, "state.json/x"),
        (LINK, "journal/00000"),
        (LINK, "lock.json"),
        (LINK, "lock.json/x"),
    ],
)
def test_a_link_in_place_of_a_file_of_the_state_is_damage_and_never_a_new_state(
    mode: str, path: str, place: GitPlace
) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    known = git(place.remote, "hash-object", "-w", "--stdin", given=b"/etc/passwd").decode().strip()
    rewritten(place, REF, f"{mode} {'1' * 40 if mode == LINK else known}\t{path}")
    if path.startswith("lock"):
        assert place.backend().read() == sample_state()
        holder = place.backend().holder()
        assert holder is not None
        assert holder.id == "unknown"
        return
    with pytest.raises(StateDamaged) as damaged:
        place.backend().read()
    assert "git fetch origin" in damaged.value.hint
    session = place.backend().acquire("state push", NOW)
    session.write(sample_state())
    session.release()
    assert place.backend().read() == sample_state()


@pytest.mark.parametrize("path", ["halts.json", "halts.json/x"])
def test_a_link_in_place_of_the_stop_mark_holds_everything(path: str, place: GitPlace) -> None:
    backend = place.backend()
    backend.acquire("apply", NOW).release()
    rewritten(place, f"{REF}.stop", f"{LINK} {'1' * 40}\t{path}")
    with pytest.raises(StateError):
        place.backend().halts()


@pytest.mark.parametrize("kind", ["blob", "tree", "tag"])
def test_a_ref_that_leads_to_no_commit_is_said_in_words(kind: str, place: GitPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    target = git(place.remote, "hash-object", "-w", "--stdin", given=b"x").decode().strip()
    if kind == "tree":
        target = git(place.remote, "rev-parse", f"{REF}^{{tree}}").decode().strip()
    if kind == "tag":
        git(place.remote, "tag", "-a", "v1", "-m", "x", target)
        target = git(place.remote, "rev-parse", "v1").decode().strip()
    git(place.remote, "update-ref", REF, target)
    with pytest.raises((StateError, LockError)):
        place.backend().acquire("apply", NOW).write(sample_state())
    if kind == "tree":
        assert place.backend().read() == sample_state()
    else:
        with pytest.raises(StateError):
            place.backend().read()
