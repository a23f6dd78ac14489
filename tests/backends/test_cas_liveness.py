"""Whether the holder of a lock that is kept elsewhere is alive, as far as this host can tell."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from campaignctl.backends.cas import liveness
from campaignctl.backends.cas.liveness import SignOfLife, clean_up, lives
from campaignctl.state.model import LockInfo

HERE = LockInfo("l-1", "ana", socket.gethostname(), 42, "apply", "2036-03-01T10:00:00Z")
ELSEWHERE = replace(HERE, host="another")


def test_a_holder_is_alive_until_its_sign_ends(tmp_path: Path) -> None:
    sign = SignOfLife(tmp_path / "signs", HERE.id)
    assert lives(tmp_path / "signs", HERE) is True
    assert (tmp_path / "signs" / "lock-l-1").stat().st_mode & 0o777 == 0o600
    sign.end(given_back=True)
    assert lives(tmp_path / "signs", HERE) is None
    assert list((tmp_path / "signs").iterdir()) == []


def test_one_that_did_not_give_its_lock_back_is_dead(tmp_path: Path) -> None:
    sign = SignOfLife(tmp_path, HERE.id)
    sign.end(given_back=False)
    assert lives(tmp_path, HERE) is False
    clean_up(tmp_path, HERE)
    assert lives(tmp_path, HERE) is None
    clean_up(tmp_path, HERE)


def test_a_sign_that_ended_ends_no_other(tmp_path: Path) -> None:
    sign = SignOfLife(tmp_path, HERE.id)
    sign.end(given_back=True)
    again = SignOfLife(tmp_path, HERE.id)
    sign.end(given_back=True)
    assert lives(tmp_path, HERE) is True
    again.end(given_back=True)


def test_a_lock_of_another_host_says_nothing_here(tmp_path: Path) -> None:
    sign = SignOfLife(tmp_path, HERE.id)
    assert lives(tmp_path, ELSEWHERE) is None
    sign.end(given_back=True)


@pytest.mark.parametrize(("written", "found"), [(socket.gethostname(), False), ("another", None), ("", None)])
def test_of_a_lock_whose_host_is_not_told_the_sign_says_it(
    tmp_path: Path, written: str, found: bool | None
) -> None:
    """Such a sign may come from another machine, with a cache or in a shared folder."""
    there = replace(HERE, host=liveness.ELSEWHERE)
    sign = SignOfLife(tmp_path, HERE.id)
    assert lives(tmp_path, there) is True
    sign.end(given_back=False)
    (tmp_path / f"lock-{HERE.id}").write_text(written, encoding="utf-8")
    assert lives(tmp_path, there) is found
    assert lives(tmp_path, HERE) is False


@pytest.mark.parametrize("strange", ["../out", "a/b", "", "x" * 65, "a b", "a\n"])
def test_an_id_that_is_no_id_leads_nowhere(tmp_path: Path, strange: str) -> None:
    folder, kept = tmp_path / "signs", tmp_path / "out"
    folder.mkdir()
    kept.write_text("kept", encoding="utf-8")
    sign = SignOfLife(folder, strange)
    info = replace(HERE, id=strange)
    assert lives(folder, info) is None
    clean_up(folder, info)
    sign.end(given_back=True)
    assert (list(folder.iterdir()), kept.read_text(encoding="utf-8")) == ([], "kept")


def test_without_a_place_for_it_there_is_no_sign(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    sign = SignOfLife(tmp_path / "file" / "signs", HERE.id)
    assert lives(tmp_path / "file" / "signs", HERE) is None
    sign.end(given_back=True)
    sign.end(given_back=False)


def test_a_link_is_no_sign(tmp_path: Path) -> None:
    sign = SignOfLife(tmp_path, "l-2")
    (tmp_path / "lock-l-1").symlink_to(tmp_path / "lock-l-2")
    assert lives(tmp_path, HERE) is None
    sign.end(given_back=True)
