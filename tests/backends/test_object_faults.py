"""Faults of a store, and stores that do not keep conditions."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import uuid4

import obstore
import pytest

from campaignctl.backends.cas.backend import CasBackend
from campaignctl.backends.cas.place import Note, PlaceError, Seen
from campaignctl.backends.lock_info import ended_by
from campaignctl.backends.object_store import place as object_place
from campaignctl.backends.object_store.head import Head, following, left_over
from campaignctl.backends.object_store.place import ObjectPlace, states_at
from campaignctl.backends.object_store.store import Bucket, trouble
from campaignctl.errors import LockHeld, LockLost, StateError, StateNotSaved
from campaignctl.state.codec import decode, encode
from tests.backends.actors import Actor
from tests.backends.object_place import BY, Objects
from tests.backends.s3_server import BUCKET, environ_of
from tests.backends.store_proxy import Fault, Proxy, store_proxy
from tests.e2e.harness import until
from tests.state.samples import decision, sample_state

NOW = timedelta()
LONG = timedelta(seconds=60)
_ANSWERS = {
    "SlowDown": 503,
    "ConditionalRequestConflict": 409,
    "OperationAborted": 409,
    "InternalError": 500,
    "PreconditionFailed": 412,
}
_MORE = sorted(_ANSWERS.keys() - {"ConditionalRequestConflict"})
_REFUSED = Fault("GET", f"/{BUCKET}", "answer", 403, "AccessDenied")


@pytest.fixture
def proxy(s3: str) -> Iterator[Proxy]:
    with store_proxy(s3) as proxy:
        yield proxy


@pytest.fixture
def url() -> str:
    return f"s3://{BUCKET}/{uuid4().hex}"


@pytest.fixture
def place(tmp_path: Path, url: str, proxy: Proxy) -> Objects:
    return Objects(tmp_path, url, environ_of(proxy.endpoint))


def _fault(kind: str, method: str = "PUT", path: str = "/head") -> Fault:
    if kind in _ANSWERS:
        return Fault(method, path, "answer", _ANSWERS[kind], kind)
    return Fault(method, path, kind)


# ------------------------------------------------------------------------------ the server of the tests


@pytest.mark.parametrize("rounds", [15, pytest.param(300, marks=pytest.mark.slow)])
def test_of_many_conditional_writes_at_once_the_server_accepts_one(s3: str, rounds: int) -> None:
    """A test server that does not would make every test here worthless."""
    accepts_one(f"s3://{BUCKET}/{uuid4().hex}", environ_of(s3), rounds)


def accepts_one(url: str, environ: Mapping[str, str], rounds: int) -> None:
    """Of eight writers at once one succeeds: when they create, and when they replace what they saw."""
    os.environ.update(environ)
    place = ObjectPlace(Bucket.at(url), environ)
    writers = 8
    with ThreadPoolExecutor(writers) as pool:

        def winners(name: str, mode: Any) -> list[Any]:
            start = Barrier(writers)

            def write(_: int) -> Any:
                start.wait()
                return place._put(name, uuid4().bytes, mode, 30.0)

            return list(filter(None, pool.map(write, range(writers))))

        for number in range(rounds):
            (revision,) = winners(f"stress-{number}", "create")
            (second,) = winners(f"stress-{number}", revision)
            assert second != revision


# ------------------------------------------------------------------------------ answers that are lost


@pytest.mark.parametrize(
    "kind",
    [
        "lost",
        "ConditionalRequestConflict",
        *(pytest.param(each, marks=pytest.mark.slow) for each in ("cut", *_MORE)),
    ],
)
@pytest.mark.parametrize("moment", ["acquire", "write", "append", "release", "halt"])
def test_an_answer_that_is_lost_late_or_unkind_changes_nothing(
    place: Objects, proxy: Proxy, moment: str, kind: str
) -> None:
    def now(at: str) -> None:
        proxy.faults[:] = [_fault(kind)] * 2 if at == moment else []

    backend = place.backend()
    now("acquire")
    session = backend.acquire("apply", NOW)
    now("write")
    session.write(sample_state())
    now("append")
    session.append(decision("a"))
    now("release")
    session.release()
    now("halt")
    backend.change_halts(lambda halts: halts)
    now("")
    assert place.backend().read() == sample_state().after(decision("a"))
    assert place.backend().holder() is None


@pytest.mark.parametrize("kind", ["lost", "half", "SlowDown"])
@pytest.mark.parametrize("path", ["/head", "-state.json"])
def test_a_look_outlives_faults(place: Objects, proxy: Proxy, path: str, kind: str) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    proxy.faults[:] = [_fault(kind, "GET", path)] * 2
    assert place.backend().read() == sample_state()
    assert proxy.faults == []


def test_an_object_whose_answer_was_lost_is_not_written_twice(place: Objects, proxy: Proxy) -> None:
    session = place.backend().acquire("apply", NOW)
    proxy.faults[:] = [_fault("lost", path="-state.json")]
    session.write(sample_state())
    session.release()
    assert place.backend().read() == sample_state()


def test_a_clean_up_that_is_slow_or_refused_keeps_nobody_waiting(place: Objects, proxy: Proxy) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    proxy.faults[:] = [_REFUSED]
    session.write(sample_state(7))
    proxy.faults[:] = [Fault("GET", f"/{BUCKET}", "slow", seconds=30.0)]
    session.write(sample_state(9))
    session.release()
    assert place.backend().read() == sample_state(9)


@pytest.mark.parametrize(
    ("status", "code", "kind", "told"),
    [
        (403, "AccessDenied", "refused", "lack a permission"),
        (403, "RequestTimeTooSkewed", "setup", "rejects the time of this machine"),
        (400, "ExpiredToken", "refused", "have expired"),
        (403, "InvalidAccessKeyId", "refused", "rejects the credentials"),
        (403, "SignatureDoesNotMatch", "refused", "rejects the credentials"),
        (404, "NoSuchBucket", "setup", "there is no bucket"),
        (400, "AuthorizationHeaderMalformed", "setup", "in another region"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_refusal_says_what_it_is_and_is_believed_at_once(
    place: Objects, proxy: Proxy, method: str, status: int, code: str, kind: str, told: str
) -> None:
    proxy.faults[:] = [Fault(method, "/head", "answer", status, code)] * 9
    with pytest.raises(StateNotSaved) as refused:
        place.backend().acquire("apply", NOW)
    assert told in refused.value.detail
    assert code in refused.value.detail
    assert isinstance(refused.value.__cause__, PlaceError)
    assert refused.value.__cause__.kind == kind
    assert refused.value.hint
    assert len(proxy.faults) == 8


def test_a_store_that_stays_away_leaves_a_rescue_file(place: Objects, proxy: Proxy) -> None:
    backend = place.backend()
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    proxy.away = True
    with pytest.raises(StateError):
        place.backend().read()
    with pytest.raises(StateNotSaved):
        session.append(decision("a"))
    with pytest.raises(StateNotSaved) as refused:
        session.release()
    proxy.away = False
    rescued = Path(refused.value.hint.split("the state is in ")[1].split(";")[0])
    assert decode(rescued.read_bytes()) == sample_state().after(decision("a"))
    rescued.unlink()
    assert place.backend().read() == sample_state()


# ------------------------------------------------------------------------------ stores without conditions


@pytest.mark.parametrize("ignored", ["If-None-Match", "If-Match"])
def test_a_store_that_ignores_conditions_is_refused_by_name_before_anything_is_written(
    place: Objects, proxy: Proxy, url: str, ignored: str
) -> None:
    proxy.deaf = ignored
    with pytest.raises(StateNotSaved) as refused:
        place.backend().acquire("apply", NOW)
    assert f"{proxy.endpoint} ignores {ignored}" in refused.value.detail
    found = place.backend().keeping().access
    assert found is not None
    assert not found.allowed
    assert ignored in found.found
    proxy.deaf = ""
    assert place.backend().read() is None
    found = place.backend().keeping().access
    assert found is not None
    assert found.allowed
    assert not [each for each in _names(place) if "probe" in each]


def test_an_answer_that_is_lost_while_conditions_are_tried_proves_nothing(
    place: Objects, proxy: Proxy
) -> None:
    proxy.deaf, proxy.faults[:] = "If-Match", [Fault("PUT", "", "lost")]
    with pytest.raises(StateNotSaved) as refused:
        place.backend().acquire("apply", NOW)
    assert "ignores If-Match" in refused.value.detail
    assert proxy.faults == []
    proxy.faults[:] = [Fault("PUT", "", "lost")]
    with pytest.raises(PlaceError, match="could not be tried") as lost:
        place.place.prove(30.0)
    assert lost.value.kind == "away"
    assert _names(place) == []


def _names(place: Objects) -> list[str]:
    """The objects of a place."""
    here = place.place
    found = obstore.list(here._store(30.0), here.bucket.prefix)
    return [each["path"] for chunk in found for each in chunk]


def test_conditions_are_tried_before_the_first_version_alone(place: Objects, proxy: Proxy) -> None:
    for is_first in (True, False):
        proxy.requests.clear()
        place.backend().acquire("apply", NOW).release()
        assert any("/probe-" in each.path for each in proxy.requests) is is_first


def test_the_project_file_names_no_host(place: Objects, proxy: Proxy) -> None:
    """The bucket is a part of the path, whatever it is called; also where a variable names another bucket."""
    os.environ["AWS_BUCKET"] = BUCKET
    try:
        for name in ("campaigns.example.com", "x--usw2-az1--x-s3", "s3.amazonaws.com"):
            with pytest.raises(StateError, match=r"cannot be read") as refused:
                replace(place, url=f"s3://{name}/crm").backend().read()
            assert f"there is no bucket s3://{name}" in refused.value.detail
    finally:
        del os.environ["AWS_BUCKET"]
    assert {each.path.split("/")[1] for each in proxy.requests} == {
        "campaigns.example.com",
        "x--usw2-az1--x-s3",
        "s3.amazonaws.com",
    }


def test_nothing_is_sent_in_clear_but_to_this_machine(place: Objects, proxy: Proxy) -> None:
    elsewhere = environ_of(proxy.endpoint.replace("127.0.0.1", "0.0.0.0"))  # of this machine, by another name
    with pytest.raises(StateError):
        replace(place, environ=elsewhere).backend().read()
    assert proxy.requests == []
    assert place.backend().read() is None
    assert proxy.requests != []


def test_credentials_of_a_profile_are_refused_not_replaced_by_others(url: str) -> None:
    place = ObjectPlace(Bucket.at(url), {"AWS_PROFILE": "work"})
    with pytest.raises(PlaceError, match="AWS_PROFILE is work") as refused:
        place.tip()
    assert "export-credentials" in refused.value.hint


def test_without_the_library_the_extra_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(PlaceError, match="obstore is not installed") as refused:
        ObjectPlace(Bucket.at(url), {}).tip()
    assert refused.value.hint == "pip install 'campaignctl[object-store]'"


def test_an_address_that_is_signed_is_shown_without_its_signature() -> None:
    bucket = Bucket.at("az://campaigns/crm")
    found = trouble(bucket, OSError("cannot send to https://a.example/b?sv=1&sig=hush: reset"), {})
    assert "hush" not in str(found)
    assert "a.example/b" in str(found)


# ------------------------------------------------------------------------------ leases


def test_a_lock_in_a_bucket_runs_out_after_a_minute(place: Objects) -> None:
    session = place.backend().acquire("apply", NOW)
    assert session.lock.lease == 60
    assert "gives no sign of life for 60 s" in ended_by(session.lock)
    session.release()


@pytest.fixture
def leased(tmp_path: Path, url: str, s3: str) -> Objects:
    return Objects(
        tmp_path / "one",
        url,
        environ_of(s3),
        trust=timedelta(seconds=0.1),
        longest_wait=timedelta(seconds=0.2),
        lease=timedelta(seconds=2),
    )


def test_a_holder_that_was_stopped_is_taken_over_and_notices_when_it_wakes(
    leased: Objects, tmp_path: Path
) -> None:
    holder = Actor(leased)
    holder.ask("acquire")
    holder.write(sample_state())
    other: CasBackend = replace(leased, root=tmp_path / "two").backend()
    with pytest.raises(LockHeld):
        other.acquire("apply", timedelta(seconds=4))
    holder.ask("with_session", "check")
    holder.signal(signal.SIGSTOP)
    session = other.acquire("apply", LONG)
    session.append(decision("b"))
    holder.signal(signal.SIGCONT)
    for method, arguments in (("check", ()), ("append", (decision("late"),)), ("release", ())):
        with pytest.raises(LockLost):
            holder.ask("with_session", method, *arguments)
    holder.kill()
    session.release()
    assert other.read() == sample_state().after(decision("b"))


# ------------------------------------------------------------------------------ bytes and objects


def test_a_step_costs_one_request_and_few_bytes_however_large_the_state(place: Objects, proxy: Proxy) -> None:
    session = place.backend().acquire("apply", NOW)
    large = sample_state()
    for number in range(200):
        large = large.after(decision(f"c{number}"))
    session.write(large)
    session.append(decision("first"))
    del proxy.requests[:]
    for number in range(20):
        session.append(decision(f"d{number}"))
    assert len(proxy.requests) <= 22
    assert sum(each.sent for each in proxy.requests) < 20 * 17_000
    session.release()


def test_what_no_version_needs_is_deleted_and_the_history_is_bounded(place: Objects) -> None:
    backend = place.backend()
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    for number in range(60):
        session.append(decision(f"c{number}"))
    assert [each for each in _names(place) if "-journal-" in each]
    session.release()
    assert not [each for each in _names(place) if "-journal-" in each]
    assert len([each for each in _names(place) if each.endswith("-state.json")]) == 2


def test_a_reader_whose_version_was_replaced_and_cleaned_up_reads_the_next_one(
    place: Objects, proxy: Proxy
) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    for number in range(60):
        session.append(decision(f"c{number}"))
    state = session.state
    assert state is not None
    proxy.requests.clear()
    proxy.faults[:] = [Fault("GET", "/head", "slow", seconds=0.5)]
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(place.backend().read)
        until(lambda: bool(proxy.requests), seconds=5)  # it has the old head, and not yet its objects
        session.write(state)
        assert read.result() == state
    assert not [each for each in _names(place) if "-journal-" in each]
    session.release()


def test_an_object_of_a_version_that_may_still_come_is_kept() -> None:
    """A writer that has written its objects, and whose head is under way, must find them afterwards."""
    head = following(None, {}, {"state.json": b"1"}, "first")
    theirs = following(head, {"state.json": b"1"}, {"state.json": b"2"}, "theirs")
    ours = following(head, {"state.json": b"1"}, {"state.json": b"3"}, "ours")
    names = [*head.named(), *theirs.named(), *ours.named()]
    assert left_over(names, head) == []
    piece = "00000001-0123456789ab-journal-00000"
    assert left_over([*names, piece, "note.txt"], ours) == [piece]


def test_the_last_hundred_documents_are_kept() -> None:
    names = [f"{number:08}-0123456789ab-state.json" for number in range(1, 111)]
    head = Head(120, "v", {}, {}, (), "")
    assert sorted(left_over(names, head)) == names[:10]


def test_of_a_journal_only_the_piece_that_grows_is_in_the_head() -> None:
    """However small the others are: encrypted pieces are compressed."""
    first = {"journal/00000": b"a", "lock.json": b"{}"}
    one = following(None, {}, first, "")
    assert one.inline == first
    second = {"journal/00000": b"ab", "journal/00001": b"c", "lock.json": b"{}"}
    two = following(one, first, second, "")
    assert set(two.inline) == {"journal/00001", "lock.json"}
    three = following(two, second, {**second, "journal/00001": b"cd"}, "")
    assert three.objects == two.objects
    assert set(three.objects) == {"journal/00000"}


def test_a_head_is_read_as_it_was_written_and_damage_is_refused() -> None:
    files = {"lock.json": b"\x00\xff\n{}", "journal/00000": b"line\n", "state.json": b"{}", "odd name": b""}
    head = following(None, {}, files, "a note\nwith a line")
    data = head.encoded()
    assert Head.decoded(data) == head
    for damage in (
        data[:-1],
        data + b"x",
        b"",
        b"{}\n",
        b"[]\n",
        b"[" * 200_000,
        data.replace(b'"format": 1', b'"format": 2'),
    ):
        with pytest.raises(ValueError, match=r"."):
            Head.decoded(damage)


@pytest.mark.parametrize(
    "other", [None, b"", encode(sample_state(9)).encode()], ids=["gone", "empty", "other"]
)
def test_an_object_that_is_missing_or_another_is_damage_and_is_named(
    place: Objects, other: bytes | None
) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    (document,) = [each for each in _names(place) if each.endswith("-state.json")]
    store = place.place._store(30.0)
    if other is None:
        obstore.delete(store, [document])
    else:
        obstore.put(store, document, other)
    with pytest.raises(StateError) as refused:
        place.backend().read()
    assert document.rpartition("/")[2] in refused.value.detail
    assert "is damaged" in refused.value.detail
    assert "restore the object" in refused.value.hint


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (b"", "it is not the head of a state"),
        (b"{}\n", "it is not the head of a state"),
        (b'{"format": 2}\n', "a later version of campaignctl wrote it"),
        (b'{"format": 1, "sha256": "x"}\n', "its content does not have the digest that it names"),
    ],
)
def test_a_head_that_is_none_of_ours_is_damage_and_is_not_written_over(
    place: Objects, head: bytes, told: str
) -> None:
    store, path = place.place._store(30.0), place.place._path("head")
    obstore.put(store, path, head)
    with pytest.raises(StateError, match="cannot be read") as refused:
        place.backend().read()
    assert f"the state in {place.url} is damaged: head: {told}" in str(refused.value.detail)
    assert "restore the object" in refused.value.hint
    with pytest.raises(StateNotSaved):
        place.backend().acquire("apply", NOW)
    assert bytes(obstore.get(store, path).bytes()) == head


@pytest.mark.parametrize("is_read", [True, False])
def test_a_head_that_would_fill_the_memory_is_not_read(
    place: Objects, monkeypatch: pytest.MonkeyPatch, is_read: bool
) -> None:
    place.backend().acquire("apply", NOW).release()
    here = place.place
    size = len(obstore.get(here._store(30.0), here._path("head")).bytes())
    monkeypatch.setattr(object_place, "LARGEST", size if is_read else size - 1)
    if is_read:
        assert here.look().tip
        return
    with pytest.raises(PlaceError, match="head is larger than 0 MiB") as refused:
        here.look()
    assert refused.value.kind == "refused"


def test_objects_that_would_fill_the_memory_are_not_fetched(
    place: Objects, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = place.backend().acquire("apply", NOW)
    large = sample_state()
    for number in range(20):
        large = large.after(decision(f"c{number}"))
    session.write(large)
    session.release()
    monkeypatch.setattr(object_place, "LARGEST", len(encode(large)) - 1)
    proxy.requests.clear()
    with pytest.raises(StateError) as refused:
        place.backend().read()
    assert "its files are larger than" in refused.value.detail
    assert all(each.path.endswith("/head") for each in proxy.requests)


def test_a_put_onto_a_head_that_was_deleted_is_refused(place: Objects) -> None:
    here = place.place
    seen = here.put(first := here.look(), here.draft(first, {"a": b"1"}, Note(BY, "first"))) and here.look()
    assert seen
    obstore.delete(here._store(30.0), [here._path("head")])
    assert here.put(seen, here.draft(seen, {"a": b"2"}, Note(BY, "second"))) is False
    assert here.tip() is None


def test_the_states_in_a_bucket_are_listed_without_what_lies_next_to_them(place: Objects, url: str) -> None:
    for name in ("production", "staging"):
        session = place.another(name).backend().acquire("apply", NOW)
        session.write(sample_state())
        session.release()
    found = states_at(url, place.environ)
    assert found == (f"{url}/production", f"{url}/staging")
    session = place.backend().acquire("apply", NOW)
    session.archive({2025: b"old"})
    session.release()
    place.backend().change_halts(lambda halts: halts)
    assert states_at(f"{url}/", place.environ) == (url, *found)
    nowhere = {**place.environ, "AWS_PROFILE": "work", "AWS_ACCESS_KEY_ID": ""}
    with pytest.raises(StateError, match=f"the states at {url} cannot be listed") as refused:
        states_at(url, nowhere)
    assert refused.value.detail.startswith("AWS_PROFILE is work")
    assert "export-credentials" in refused.value.hint


def test_a_version_is_replaced_by_a_process_that_has_seen_it(place: Objects) -> None:
    one, other, note = place.place, place.place, Note(BY, "a version")
    never_put = one.draft(Seen(None, {}), {"a": b"0"}, note)
    assert not one.put(never_put, one.draft(never_put, {"a": b"1"}, note))
    assert other.look() == Seen(None, {})
    seen = one.draft(Seen(None, {}), {"a": b"1"}, note)
    assert one.put(Seen(None, {}), seen)
    assert not other.put(Seen(None, {}), other.draft(Seen(None, {}), {"a": b"at once"}, note))
    assert other.look().files == {"a": b"1"}
    other = place.place
    assert not other.put(seen, other.draft(seen, {"a": b"2"}, note))
    assert other.look().files == {"a": b"1"}
    drafts = [one.draft(seen, {"a": b"3"}, note) for _ in range(30)]  # as of a run whose puts all fail
    assert one.put(seen, drafts[-1])
    assert other.look().files == {"a": b"3"}
    assert one.access(BY).way == "store"


def test_a_version_that_others_continued_was_put(place: Objects) -> None:
    """One whose answer was lost is found again, however its successors came about; one of the last fifty."""
    one, other, note = place.place, place.place, Note(BY, "a version")
    lost = one.draft(Seen(None, {}), {"a": b"0"}, note)
    stray = one.draft(Seen(None, {}), {"a": b"9"}, note)
    assert not one.holds(one.look(), lost)
    assert one.put(Seen(None, {}), lost)
    for number in range(52):
        assert one.holds(found := one.look(), lost) is (number <= 50)
        assert not one.holds(found, stray)
        seen = other.look()
        assert other.put(seen, other.draft(seen, {"a": b"%d" % number}, note))


@pytest.mark.parametrize("told", ["error sending request to http://169.254.169.254/x", "Missing region"])
def test_credentials_that_are_not_in_the_environment_are_named(told: str) -> None:
    missing = trouble(Bucket.at("s3://crm"), OSError(told), {})
    assert missing.kind == "setup"
    assert "set AWS_ACCESS_KEY_ID" in missing.hint
