"""An encrypted state does what every state must do, and its place shows nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from campaignctl.backends.at_rest import Keys
from campaignctl.errors import LockLost, StateDamaged, StateSealed
from tests.backends.conformance import NOW, LockConformance, StoreConformance
from tests.backends.crash_conformance import CrashConformance
from tests.backends.postgres_server import NEEDED, binaries, shared_server
from tests.backends.s3_server import BUCKET, environ_of
from tests.backends.sealed_places import (
    KEY,
    OLD_KEY,
    Sealed,
    SealedGitPlace,
    SealedLocalPlace,
    SealedObjects,
    SealedPostgresState,
    SealedServerPlace,
    encrypted,
)
from tests.state.samples import decision, observation, sample_state


def _on_http(root: Path, fixture: Callable[[str], Any]) -> SealedServerPlace:
    return SealedServerPlace(fixture("state_server"), root)


def _in_rows(root: Path, _: Callable[[str], Any]) -> SealedPostgresState:
    if binaries() is None:
        pytest.skip(NEEDED)
    return SealedPostgresState(root, shared_server().address())


def _in_a_bucket(root: Path, fixture: Callable[[str], Any]) -> SealedObjects:
    return SealedObjects(root, f"s3://{BUCKET}/{uuid4().hex}", environ_of(fixture("s3")))


_SHARED = {
    "git": lambda root, _: SealedGitPlace(root),
    "http": _on_http,
    "postgres": _in_rows,
    "object_store": _in_a_bucket,
}


class _Local:
    @pytest.fixture
    def place(self, tmp_path: Path) -> SealedLocalPlace:
        return SealedLocalPlace(tmp_path)


class TestSealedLocalStore(_Local, StoreConformance):
    pass


class TestSealedLocalLock(_Local, LockConformance):
    pass


@pytest.mark.slow
class TestSealedLocalCrash(_Local, CrashConformance):
    STRIDE = 17


class _Shared:
    @pytest.fixture(params=_SHARED)
    def place(self, request: pytest.FixtureRequest, tmp_path: Path) -> Sealed:
        return _SHARED[request.param](tmp_path, request.getfixturevalue)


@pytest.mark.slow
class TestSealedStore(_Shared, StoreConformance):
    APPLIES = 4


@pytest.mark.slow
class TestSealedLock(_Shared, LockConformance):
    pass


@pytest.mark.slow
class TestSealedCrash(_Shared, CrashConformance):
    STRIDE = 151


class TestWhatAPlaceHolds(_Shared):
    """What whoever can read or write the place, and has no key, can see and do there."""

    def test_it_is_not_readable_and_its_lock_is(self, place: Any) -> None:
        session = place.backend().acquire("apply", NOW)
        session.write(sample_state())
        session.append(decision("a"))
        for stored in place.stored():
            assert stored.startswith(b'{"encryption":{"method":"aes_gcm"')
            assert b"push/" not in stored
        assert place.backend().holder() == session.lock
        session.release()

    def test_a_journal_that_is_altered_cut_exchanged_or_in_clear_is_refused(self, place: Any) -> None:
        session = place.backend().acquire("apply", NOW)
        session.write(sample_state())
        session.append(decision("a"))
        document, journal = place.stored()
        altered = journal.replace(b'"data":"', b'"data":"AAAA')
        for bad in (altered, journal[:-9], document, encrypted().close("journal/00001", place.journal())):
            place.store_journal(bad)
            with pytest.raises(StateDamaged, match="altered, cut or exchanged"):
                place.backend().read()
        place.store_journal(place_in_clear := b"{}\n")
        with pytest.raises(StateSealed, match="is in clear"):
            place.backend().read()
        with pytest.raises(LockLost):
            session.append(decision("b"))
        assert place.stored() == (document, place_in_clear)

    def test_a_fallback_only_reads_and_a_rewrite_leaves_nothing_of_it(self, place: Any) -> None:
        old, both = replace(place, keys=Keys(OLD_KEY)), replace(place, keys=Keys(KEY, OLD_KEY))
        session = old.backend().acquire("apply", NOW)
        session.write(sample_state())
        session.archive({2025: b"{}"})
        session.release()
        old.backend().change_halts(lambda halts: halts)
        with pytest.raises(StateSealed, match=OLD_KEY.id):
            place.backend().read()

        session = both.backend().acquire("apply", NOW)
        assert session.state == sample_state()
        session.append(observation("a"))
        for stored in place.stored():
            assert KEY.id.encode() in stored
        session.release()
        with pytest.raises(StateSealed, match=OLD_KEY.id):
            place.backend().archives()
        session = both.backend().acquire("state encrypt", NOW)
        session.rewrite()
        session.release()
        backend = place.backend()
        assert backend.read() == sample_state().after(observation("a"))
        assert backend.archives() == {2025: b"{}"}
        assert not backend.halts().halts
        with pytest.raises(StateSealed, match=KEY.id):
            old.backend().halts()
