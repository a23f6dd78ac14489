"""What a lock says of its holder, and the states that are saved elsewhere when their place fails."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from campaignctl.backends import lock_info
from campaignctl.backends.at_rest import STATE
from campaignctl.backends.session import LockedState
from campaignctl.errors import Sentence, StateNotSaved, commands_of
from campaignctl.state.model import LockInfo
from tests.backends.sealed_places import encrypted

HELD = LockInfo("l-1", "ana", "desk", 42, "apply", "2036-03-01T10:00:00Z")
IN_CI = replace(HELD, run="https://github.com/acme/crm/actions/runs/7")
RUNS = ("GITHUB_RUN_ID", "GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "CI_JOB_URL")


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """No CI run."""
    for name in RUNS:
        monkeypatch.delenv(name, raising=False)


def claimed() -> LockInfo:
    """A claim at noon in Kyiv."""
    noon = datetime(2036, 3, 1, 12, 0, 0, 999, timezone(timedelta(hours=2)))
    return lock_info.claim("apply", lambda: noon, lambda: "l-1")


def test_a_claim_names_this_process() -> None:
    found = claimed()
    assert (found.id, found.operation, found.run) == ("l-1", "apply", "")
    assert (found.host, found.process) == (socket.gethostname(), os.getpid())
    assert found.holder
    assert found.since == "2036-03-01T10:00:00Z", "in UTC"


@pytest.mark.parametrize(
    ("environ", "run"),
    [
        (
            {"GITHUB_RUN_ID": "7", "GITHUB_REPOSITORY": "acme/crm"},
            "https://github.com/acme/crm/actions/runs/7",
        ),
        (
            {"GITHUB_RUN_ID": "7", "GITHUB_REPOSITORY": "a/b", "GITHUB_SERVER_URL": "https://git.acme.com"},
            "https://git.acme.com/a/b/actions/runs/7",
        ),
        ({"CI_JOB_URL": "https://gitlab.com/acme/crm/-/jobs/9"}, "https://gitlab.com/acme/crm/-/jobs/9"),
        ({"GITHUB_REPOSITORY": "acme/crm"}, ""),
    ],
)
def test_a_claim_names_its_ci_run(environ: dict[str, str], run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert claimed().run == run


def test_a_lock_is_here_or_on_another_host() -> None:
    assert lock_info.is_here(claimed())
    assert not lock_info.is_here(HELD)


def test_a_holder_is_described_in_one_line() -> None:
    assert lock_info.describe(HELD) == (
        "held by ana on desk, process 42, for `apply` since 2036-03-01T10:00:00Z (lock l-1)"
    )
    assert lock_info.describe(IN_CI) == (
        "held by ana on desk, process 42, for `apply` in https://github.com/acme/crm/actions/runs/7"
        " since 2036-03-01T10:00:00Z (lock l-1)"
    )


@pytest.mark.parametrize(
    ("info", "when"), [(HELD, "if that process has exited"), (IN_CI, "once its CI run has ended")]
)
def test_a_held_lock_names_the_command_that_breaks_it(info: LockInfo, when: str) -> None:
    error = lock_info.held(info)
    assert error.detail == lock_info.describe(info)
    assert error.hint == (f"wait, or set a longer --lock-timeout; {when}: `campaignctl state unlock l-1`")


def test_a_lock_of_another_id_is_named() -> None:
    error = lock_info.other_id("the lock X", HELD)
    assert (error.summary, error.detail) == ("the lock X has another id: l-1", lock_info.describe(HELD))
    assert error.hint == "to break that one: `campaignctl state unlock l-1`"


def test_a_lock_that_was_lost_or_released_ends_the_run() -> None:
    error = lock_info.lost("the lock X", "it was broken", HELD)
    assert error.summary == "the lock X is no longer ours"
    assert error.detail == "it was broken; ours was l-1, held since 2036-03-01T10:00:00Z"
    assert "sends and saves nothing more" in error.hint
    assert lock_info.released().hint == "run the command again"


# --------------------------------------------------------------------- a state that cannot be saved


class Session(LockedState):
    """A session whose place takes nothing."""

    def rescue(self, data: bytes, first: str = "free some space") -> Sentence:
        return Sentence(self._rescued(data, first))

    def use(self) -> None:
        self._existing("write")


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Its temporary folder and its working directory are of this test."""
    for name in ("temporary", "here"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path / "here")
    return Session("the state", HELD, None)


def test_a_state_that_cannot_be_saved_is_put_elsewhere(session: Session, tmp_path: Path) -> None:
    said = session.rescue(b"one")
    (path,) = (tmp_path / "temporary").iterdir()
    assert path.read_bytes() == b"one"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.name.startswith("campaignctl-state-")
    assert said == (f"the state is in {path}; free some space, then run `campaignctl state push {path}`")
    assert commands_of(said) == (), "the command comes after what must be done first"


def test_a_state_that_is_encrypted_is_put_elsewhere_as_such(session: Session, tmp_path: Path) -> None:
    Session("the state", HELD, None, encrypted()).rescue(b"one")
    (path,) = (tmp_path / "temporary").iterdir()
    assert encrypted().open(STATE, path.read_bytes(), "") == b"one"


def test_the_last_document_replaces_the_ones_before(session: Session, tmp_path: Path) -> None:
    assert session.rescue(b"one") == session.rescue(b"two")
    (path,) = (tmp_path / "temporary").iterdir()
    assert path.read_bytes() == b"two"


def test_it_goes_into_the_working_directory_if_there_is_no_temporary_one(
    session: Session, tmp_path: Path
) -> None:
    (tmp_path / "temporary").rmdir()
    session.rescue(b"one")
    assert [path.read_bytes() for path in (tmp_path / "here").iterdir()] == [b"one"]


def test_a_rescued_file_that_is_gone_is_written_anew(session: Session, tmp_path: Path) -> None:
    session.rescue(b"one")
    (path,) = (tmp_path / "temporary").iterdir()
    path.unlink()
    (tmp_path / "temporary").rmdir()
    session.rescue(b"two")
    assert [path.read_bytes() for path in (tmp_path / "here").iterdir()] == [b"two"]


def test_without_any_place_it_says_so(session: Session, tmp_path: Path) -> None:
    (tmp_path / "temporary").rmdir()
    (tmp_path / "here").rmdir()
    assert session.rescue(b"one") == (
        "it could not be saved anywhere else either; free some space, and the next apply settles the open"
        " writes"
    )


def test_a_session_without_a_state_has_none_to_use(session: Session) -> None:
    assert (session.lock, session.taken_over, session.state) == (HELD, None, None)
    with pytest.raises(StateNotSaved, match="there is no state in the state to write"):
        session.use()
