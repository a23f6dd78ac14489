"""What a server, the way to it, or a role of it may do to a state in PostgreSQL."""

from __future__ import annotations

import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from campaignctl.backends.cas.backend import CasBackend
from campaignctl.backends.cas.place import Note, PlaceError, Seen
from campaignctl.backends.lock_info import UNKNOWN
from campaignctl.backends.postgres.connection import _key, end_reads
from campaignctl.errors import Interrupted, LockHeld, LockLost, StateError, StateNotSaved
from campaignctl.state.halts import Halt
from tests.backends.actors import Actor
from tests.backends.conformance import NOW
from tests.backends.postgres_place import PostgresState, postgres_backend
from tests.backends.postgres_server import NEEDED, Server, binaries, shared_server, start
from tests.backends.wire import Wire
from tests.e2e.harness import until
from tests.state.samples import decision, sample_state

pytestmark = pytest.mark.skipif(binaries() is None, reason=NEEDED)
HOUR = timedelta(hours=1)
HALT = Halt("h1", None, "wrong price", "mira", "laptop", "2036-01-01T00:00:00Z")


@pytest.fixture
def place(tmp_path: Path, server: Server) -> PostgresState:
    return PostgresState(tmp_path / "here", server.address())


@pytest.fixture
def wired(place: PostgresState, server: Server, wire: Wire) -> PostgresState:
    """The same place, by the way that can be disturbed."""
    return replace(place, address=server.address(port=wire.port))


def on_another_machine(place: PostgresState, tmp_path: Path) -> CasBackend:
    """The same state, without the files that this machine's kernel tells of."""
    return postgres_backend(tmp_path / "there", place.address, schema=place.schema)


def killed_sessions(server: Server) -> int:
    """Ends every session of ours, as an administrator or a failover does."""
    ended = server.run(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'campaignctl' and pid <> pg_backend_pid()"
    )
    time.sleep(0.05)
    return len(ended)


# --------------------------------------------------------------------------------------- who holds the lock


def test_the_lock_of_a_dead_process_on_another_machine_is_free_at_once(
    place: PostgresState, tmp_path: Path
) -> None:
    there = on_another_machine(place, tmp_path)
    holder = Actor(place)
    lock = holder.ask("acquire")
    holder.write(sample_state())
    with pytest.raises(LockHeld):
        there.acquire("apply", NOW)
    assert there.holder() == lock
    assert there.keeping().holder_lives is True
    holder.signal(signal.SIGSTOP)
    with pytest.raises(LockHeld):
        there.acquire("apply", NOW)
    holder.signal(signal.SIGCONT)
    holder.kill()
    began = time.monotonic()
    session = there.acquire("apply", timedelta(seconds=20))
    assert time.monotonic() - began < 10
    assert session.taken_over == lock
    assert session.state == sample_state()
    session.release()


def test_who_waits_gets_the_lock_when_its_holder_dies(place: PostgresState, tmp_path: Path) -> None:
    holder = Actor(place)
    holder.ask("acquire")
    holder.write(sample_state())
    there = on_another_machine(place, tmp_path)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(there.acquire, "apply", timedelta(seconds=30))
        time.sleep(0.2)
        assert not waiting.done()
        holder.kill()
        waiting.result(30).release()


@pytest.mark.parametrize("looks", ["the archive", "nowhere"])
def test_a_session_that_was_ended_is_noticed_before_the_next_request(
    place: PostgresState, server: Server, tmp_path: Path, looks: str
) -> None:
    """However long a proof of the lock counts otherwise, and though a look at the archive connects again."""
    ours = replace(place, trust=HOUR).backend()
    session = ours.acquire("apply", NOW)
    session.write(sample_state())
    session.check()
    assert killed_sessions(server)
    other = on_another_machine(place, tmp_path).acquire("apply", NOW)
    if looks == "the archive":
        assert ours.archives() == {}
    for use in (session.check, session.check, lambda: session.append(decision("late")), session.release):
        with pytest.raises(LockLost):
            use()
    other.append(decision("b"))
    other.release()
    assert ours.read() == sample_state().after(decision("b"))


def test_a_holder_that_nobody_followed_goes_on_in_a_new_session(
    place: PostgresState, server: Server, tmp_path: Path
) -> None:
    session = replace(place, trust=HOUR).backend().acquire("apply", NOW)
    session.write(sample_state())
    for use in (session.check, lambda: session.append(decision("a"))):
        assert killed_sessions(server)
        use()
        with pytest.raises(LockHeld):
            on_another_machine(place, tmp_path).acquire("apply", NOW)
    session.release()
    there = on_another_machine(place, tmp_path)
    assert there.holder() is None
    assert there.read() == sample_state().after(decision("a"))
    assert not server.run("select from {s}.holders", s=place.schema)


def test_a_halt_needs_no_lock(place: PostgresState, tmp_path: Path) -> None:
    session = place.backend().acquire("apply", NOW)
    there = on_another_machine(place, tmp_path)
    there.change_halts(lambda halts: replace(halts, halts=(*halts.halts, HALT)))
    assert place.backend().halts().halts == (HALT,)
    session.check()
    session.release()


# ------------------------------------------------------------------------------------------- the way there


@pytest.mark.parametrize("after", [False, True], ids=["lost request", "lost answer"])
def test_a_put_that_is_cut_off_happens_once(
    place: PostgresState, wired: PostgresState, wire: Wire, after: bool
) -> None:
    session = wired.backend().acquire("apply", NOW)
    session.write(sample_state())
    wire.after, wire.cut_at = after, b"with moved as"
    session.append(decision("a"))
    assert wire.cuts == 1
    session.append(decision("b"))
    session.release()
    assert place.backend().read() == sample_state().after(decision("a")).after(decision("b"))
    subjects = [row for (row,) in shared_server().run("select subject from {s}.versions", s=place.schema)]
    assert subjects.count("1 step") == 2


def test_a_halt_whose_answer_was_lost_is_found_under_that_of_another(
    place: PostgresState, wired: PostgresState
) -> None:
    ours, theirs = wired.place, place.place
    draft = ours.draft(Seen(None, {}), {"a": b"1"}, Note(UNKNOWN, "x"))
    assert ours.put(Seen(None, {}), draft)
    again = theirs.draft(draft, {"a": b"2"}, Note(UNKNOWN, "y"))
    assert theirs.put(draft, again)
    assert ours.holds(ours.look(), draft)
    assert not ours.put(Seen(None, {}), draft)
    assert not ours.holds(ours.look(), ours.draft(again, {}, Note(UNKNOWN, "z")))


def test_a_server_that_falls_silent_is_away_in_time(wired: PostgresState, wire: Wire) -> None:
    place = wired.place
    place.look()
    wire.deaf = True
    began = time.monotonic()
    with pytest.raises(PlaceError) as away:
        place.look(0.3)
    assert away.value.kind == "away"
    assert "did not answer within" in str(away.value)
    assert time.monotonic() - began < 5
    wire.deaf = False
    assert place.look() == Seen(None, {})


def test_an_interrupt_ends_a_look_that_is_under_way(wired: PostgresState, wire: Wire) -> None:
    place = wired.place
    place.look()
    wire.deaf, before = True, wire.sent
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(place.look)
        until(lambda: wire.sent > before)
        end_reads()
        with pytest.raises(Interrupted):
            looking.result(30)
    wire.deaf = False
    assert place.look() == Seen(None, {})


def test_a_silent_server_is_away_before_there_is_a_session(
    server: Server, wired: PostgresState, wire: Wire
) -> None:
    wire.deaf = True
    place = replace(wired, address=f"{server.address(port=wire.port)}?connect_timeout=2").place
    began = time.monotonic()
    with pytest.raises(PlaceError) as away:
        place.look()
    assert away.value.kind == "away"
    assert time.monotonic() - began < 10


def test_rows_that_another_session_locks_are_waited_for_in_time(place: PostgresState, server: Server) -> None:
    import psycopg

    ours = place.place
    first = ours.draft(Seen(None, {}), {"a": b"1"}, Note(UNKNOWN, "x"))
    assert ours.put(Seen(None, {}), first)
    with psycopg.connect(server.address()) as other:
        other.execute(f"update {place.schema}.states set number = number")
        second = ours.draft(first, {}, Note(UNKNOWN, "y"))
        with pytest.raises(PlaceError) as away:
            ours.put(first, second, 0.3)
        assert away.value.kind == "away"
        assert ours.tip() == first.tip
    # The server may still be at it: the same draft comes again, and is there once.
    assert ours.put(first, second) or ours.holds(ours.look(), second)
    assert not ours.put(first, ours.draft(first, {}, Note(UNKNOWN, "z")))


def test_an_interrupt_while_a_server_does_not_answer_is_one(wired: PostgresState, wire: Wire) -> None:
    wire.deaf = True
    place = wired.place
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(place.look)
        until(lambda: wire.sent > 0)
        end_reads()
        wire.cut()
        with pytest.raises(Interrupted):
            looking.result(30)


def test_an_interrupt_ends_no_put(place: PostgresState, server: Server) -> None:
    """Nobody knew whether what it announces was done."""
    import psycopg

    ours = place.place
    first = ours.draft(Seen(None, {}), {"a": b"1"}, Note(UNKNOWN, "x"))
    assert ours.put(Seen(None, {}), first)
    second = ours.draft(first, {"a": b"2"}, Note(UNKNOWN, "y"))
    waiting = "select from pg_stat_activity where wait_event_type = 'Lock' and query like %s"
    with ThreadPoolExecutor(1) as pool, psycopg.connect(server.address()) as other:
        other.execute(f"update {place.schema}.states set number = number")
        putting = pool.submit(ours.put, first, second)
        until(lambda: bool(server.run(waiting, f"%{place.schema}%")))
        end_reads()
        other.commit()
        assert putting.result(30)
    assert ours.look().files == {"a": b"2"}


def test_a_state_that_could_not_be_saved_is_pushed_back_from_the_rescue_file(
    place: PostgresState, wired: PostgresState, wire: Wire
) -> None:
    backend = postgres_backend(wired.root, wired.address, schema=wired.schema, pause=lambda _: None)
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    wire.closed = True
    wire.cut()
    with pytest.raises(StateNotSaved) as lost:
        session.append(decision("a"))
    with pytest.raises(StateNotSaved) as lost:
        session.release()
    found = re.search(r"the state is in (\S+);", str(lost.value.hint))
    assert found
    assert b"push/a" in Path(found[1]).read_bytes()
    Path(found[1]).unlink()
    with pytest.raises(StateError):
        backend.read()
    wire.closed = False
    assert backend.read() == sample_state()


def test_what_is_put_is_sent_as_it_is(place: PostgresState, server: Server, wire: Wire) -> None:
    text = 'Здравствуйте, "мир" \\n'.encode() * 1000
    place.backend().acquire("apply", NOW).release()
    there = replace(place, address=server.address(port=wire.port))
    there.put({"journal/00000": b"a"})
    before = wire.sent
    there.put({"journal/00000": text})
    assert len(text) < wire.sent - before < len(text) + 8000


@pytest.mark.slow
def test_a_restart_of_the_server_in_the_middle_of_an_apply(tmp_path: Path) -> None:
    server = start()
    try:
        place = PostgresState(tmp_path, server.address(), trust=HOUR)
        pauses: list[timedelta] = []
        backend = postgres_backend(tmp_path, place.address, schema=place.schema, pause=pauses.append)
        session = backend.acquire("apply", NOW)
        session.write(sample_state())
        session.append(decision("a"))
        server.stop(signal.SIGQUIT)
        server = start(port=server.port, folder=server.folder)
        session.check()
        session.append(decision("b"))
        session.release()
        assert backend.read() == sample_state().after(decision("a")).after(decision("b"))
    finally:
        server.end()


@pytest.mark.slow
def test_a_standby_is_not_believed(tmp_path: Path) -> None:
    server = start("hot_standby=on")
    try:
        place = PostgresState(tmp_path, server.address())
        session = place.backend().acquire("apply", NOW)
        session.write(sample_state())
        session.release()
        server.stop()
        (server.folder / "data" / "standby.signal").touch()
        server = start(port=server.port, folder=server.folder)
        with pytest.raises(PlaceError) as away:
            place.place.look()
        assert away.value.kind == "away"
        assert "standby" in str(away.value)
    finally:
        server.end()


def test_a_holder_that_lives_here_is_not_dead_without_its_session(
    place: PostgresState, server: Server
) -> None:
    session = place.backend().acquire("apply", timedelta())
    ours = "(classid::bigint << 32) | objid::bigint = %s"
    server.run(f"select pg_terminate_backend(pid, 5000) from pg_locks where {ours}", _key(session.lock.id))
    assert place.backend().holder() == session.lock
    session.check()
    session.release()
