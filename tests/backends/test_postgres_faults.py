"""What a server, the way to it, or a role of it may do to a state in PostgreSQL."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from campaignctl.backends.cas.backend import CasBackend
from campaignctl.backends.cas.place import Note, PlaceError, Seen
from campaignctl.backends.lock_info import UNKNOWN
from campaignctl.backends.postgres import tables
from campaignctl.backends.postgres.connection import Database
from campaignctl.errors import LockHeld, LockLost, StateError, StateNotSaved
from campaignctl.state.halts import Halt
from tests.backends.actors import Actor
from tests.backends.conformance import NOW
from tests.backends.postgres_place import VARIABLE, PostgresState, postgres_backend
from tests.backends.postgres_server import NEEDED, Server, binaries, shared_server, start
from tests.backends.wire import Wire, wire_to
from tests.state.samples import decision, observation, sample_state

pytestmark = pytest.mark.skipif(binaries() is None, reason=NEEDED)
HOUR = timedelta(hours=1)
PASSWORD = "hunter2-hunter2"
HALT = Halt("h1", None, "wrong price", "mira", "laptop", "2036-01-01T00:00:00Z")


@pytest.fixture
def server() -> Server:
    return shared_server()


@pytest.fixture
def place(tmp_path: Path, server: Server) -> PostgresState:
    return PostgresState(tmp_path / "here", server.address())


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    with wire_to(server.port) as wire:
        yield wire


@pytest.fixture
def wired(place: PostgresState, server: Server, wire: Wire) -> PostgresState:
    """The same place, by a way that can be disturbed."""
    return replace(place, address=server.address(port=wire.port))


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    name = server.new_database()
    yield name
    server.drop(name)


@pytest.fixture
def role(server: Server, database: str) -> Iterator[str]:
    """A role that may do nothing but log in."""
    name = f"role_{os.getpid()}"
    server.run("create role {name} login", name=name)
    yield name
    server.run("drop owned by {name}", name=name, database=database)
    server.run("drop role {name}", name=name)


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


def test_a_session_that_was_ended_is_noticed_before_the_next_request(
    place: PostgresState, server: Server, tmp_path: Path
) -> None:
    """However long a proof of the lock counts otherwise."""
    ours = replace(place, trust=HOUR).backend()
    session = ours.acquire("apply", NOW)
    session.write(sample_state())
    session.check()
    assert killed_sessions(server)
    other = on_another_machine(place, tmp_path).acquire("apply", NOW)
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


# ---------------------------------------------------------------------------------------- what a server says


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("08006", "away"),
        ("25006", "away"),
        ("40001", "away"),
        ("40P01", "away"),
        ("53100", "away"),
        ("53200", "away"),
        ("57014", "away"),
        ("57P01", "away"),
        ("58030", "away"),
        ("42501", "refused"),
        ("54000", "refused"),
        ("23514", "refused"),
    ],
)
def test_what_an_error_of_the_server_means(
    place: PostgresState, server: Server, state: str, kind: str
) -> None:
    ours = place.place
    first = ours.draft(Seen(None, {}), {"a": b"1"}, Note(UNKNOWN, "x"))
    assert ours.put(Seen(None, {}), first)
    server.run(
        "create function {s}.fail() returns trigger language plpgsql as"
        f" $$ begin raise exception 'as it happens' using errcode = '{state}'; end $$",
        s=place.schema,
    )
    server.run(
        "create trigger fails before update on {s}.states for each row execute function {s}.fail()",
        s=place.schema,
    )
    with pytest.raises(PlaceError) as error:
        ours.put(first, ours.draft(first, {}, Note(UNKNOWN, "y")))
    assert error.value.kind == kind
    assert error.value.hint
    assert ours.look().files == {"a": b"1"}


@pytest.mark.parametrize("isolation", ["serializable", "repeatable read"])
def test_stricter_transactions_keep_every_increment(
    tmp_path: Path, server: Server, database: str, isolation: str
) -> None:
    server.run(f"alter database {{name}} set default_transaction_isolation = '{isolation}'", name=database)
    place = PostgresState(tmp_path, server.address(database))
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state(serial=0))
    session.release()
    actors = [Actor(place) for _ in range(3)]
    for number, actor in enumerate(actors):
        actor.tell("take_turns", f"p{number}", 4)
    for actor in actors:
        actor.answer()
        actor.kill()
    state = place.backend().read()
    assert state is not None
    assert state.serial == 12


def test_a_write_is_durable_though_the_database_does_not_wait(
    tmp_path: Path, server: Server, database: str
) -> None:
    server.run("alter database {name} set synchronous_commit = off", name=database)
    ours = PostgresState(tmp_path, server.address(database)).place
    ours.database.prepare()
    server.run(
        "create function public.told() returns trigger language plpgsql as $$ begin"
        " create table if not exists public.at_commit as select current_setting('synchronous_commit') v;"
        " return null; end $$",
        database=database,
    )
    server.run(
        "create constraint trigger told after insert on {s}.states initially deferred"
        " for each row execute function public.told()",
        database=database,
        s=ours.database.schema,
    )
    assert ours.put(Seen(None, {}), ours.draft(Seen(None, {}), {}, Note(UNKNOWN, "x")))
    assert server.run("select v from public.at_commit", database=database) == [("on",)]


def test_too_many_connections_are_away(server: Server, tmp_path: Path, role: str) -> None:
    server.run("alter role {name} connection limit 0", name=role)
    with pytest.raises(PlaceError) as away:
        PostgresState(tmp_path, server.address(user=role)).place.look()
    assert away.value.kind == "away"
    assert "no connection left" in str(away.value)


# ----------------------------------------------------------------------------------------- what a role may do


def granted(server: Server, database: str, hint: str) -> None:
    """Does what a hint says, word for word, as the owner."""
    for statements in re.findall("`([^`]+)`", hint):
        server.run(statements, database=database)


def test_a_role_that_may_do_nothing_is_told_what_to_grant(
    tmp_path: Path, server: Server, database: str, role: str
) -> None:
    place = PostgresState(tmp_path, server.address(database, user=role))
    backend = place.backend()
    assert backend.read() is None
    access = backend.keeping().access
    assert access is not None
    assert not access.allowed
    with pytest.raises(StateNotSaved) as refused:
        backend.acquire("apply", NOW)
    assert str(refused.value.hint) == access.fix
    granted(server, database, access.fix)
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    assert backend.read() == sample_state()
    access = backend.keeping().access
    assert access is not None
    assert access.allowed


def test_a_role_may_use_a_schema_that_it_may_not_make(
    tmp_path: Path, server: Server, database: str, role: str
) -> None:
    place = PostgresState(tmp_path, server.address(database, user=role))
    server.run("create schema {s}", database=database, s=place.schema)
    with pytest.raises(StateNotSaved) as refused:
        place.backend().acquire("apply", NOW)
    granted(server, database, str(refused.value.hint))
    place.backend().acquire("apply", NOW).release()


def test_a_role_may_use_tables_that_another_made(
    tmp_path: Path, server: Server, database: str, role: str
) -> None:
    place = PostgresState(tmp_path, server.address(database))
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    theirs = replace(place, address=server.address(database, user=role)).backend()
    with pytest.raises(StateError) as unread:
        theirs.read()
    access = theirs.keeping
    with pytest.raises(StateNotSaved) as refused:
        theirs.acquire("apply", NOW)
    assert str(refused.value.hint) == str(unread.value.hint)
    server.run("grant usage on schema {s} to {r}", database=database, s=place.schema, r=role)
    server.run("grant select on all tables in schema {s} to {r}", database=database, s=place.schema, r=role)
    assert theirs.read() == sample_state()
    reading = access().access
    assert reading is not None
    assert not reading.allowed
    granted(server, database, reading.fix)
    session = theirs.acquire("apply", NOW)
    session.append(decision("a"))
    session.release()


def test_a_database_that_is_read_only_is_said_to_be(tmp_path: Path, server: Server, database: str) -> None:
    server.run("alter database {name} set default_transaction_read_only = on", name=database)
    place = PostgresState(tmp_path, server.address(database))
    assert place.backend().read() is None
    access = place.backend().keeping().access
    assert access is not None
    assert "read only" in access.found
    with pytest.raises(StateNotSaved) as refused:
        place.backend().acquire("apply", NOW)
    assert "accepts no writes" in str(refused.value.detail)


# ------------------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "value",
    [
        "ghp_0123456789abcdef",
        "https://ci:ghp_0123456789abcdef@example.com/repository.git",
        "AKIA=ghp_0123456789abcdef",
        "postgresql://u:ghp_0123456789abcdef@h/%zz",
        "host=h password='ghp_0123456789abcdef",
        "",
        " ",
    ],
)
def test_a_value_that_is_no_address_goes_nowhere_and_into_no_message(
    place: PostgresState, value: str
) -> None:
    with pytest.raises(PlaceError) as refused:
        replace(place, address=value).place.look()
    assert refused.value.kind == "setup"
    told = f"{refused.value} {refused.value.hint} {refused.value.__cause__} {refused.value.__context__}"
    assert "ghp_" not in told
    assert VARIABLE in told


def test_no_message_has_the_password(tmp_path: Path, server: Server, wire: Wire) -> None:
    found = server.run("select from pg_roles where rolname = 'guarded'")
    server.run(f"{'alter' if found else 'create'} role guarded login superuser password '{PASSWORD}'")

    def told(password: str, port: int) -> str:
        address = f"postgresql://guarded:{password}@127.0.0.1:{port}/postgres"
        with pytest.raises(PlaceError) as error:
            PostgresState(tmp_path, address).place.look(0.3)
        return f"{error.value} {error.value.hint}"

    wrong = told(f"{PASSWORD}-not", server.port)
    assert "rejects this login" in wrong
    wire.closed = True
    for text in (wrong, told(PASSWORD, wire.port), told(PASSWORD, 1)):
        assert PASSWORD not in text
    right = PostgresState(tmp_path, f"postgresql://guarded:{PASSWORD}@127.0.0.1:{server.port}/postgres")
    assert right.place.look() == Seen(None, {})


@pytest.mark.parametrize(
    ("more", "kind", "words"),
    [
        ("?sslmode=require", "setup", "no secure connection"),
        ("?sslmode=verify-full&sslrootcert=/nowhere", "setup", "no secure connection"),
        ("nothing", "refused", "no such database"),
    ],
)
def test_an_address_that_cannot_work_says_why(place: PostgresState, more: str, kind: str, words: str) -> None:
    with pytest.raises(PlaceError) as error:
        replace(place, address=place.address + more).place.look()
    assert error.value.kind == kind
    assert words in str(error.value)


# ---------------------------------------------------------------------------------------- tables and versions


def test_two_processes_that_begin_at_once_make_the_tables_once(
    tmp_path: Path, server: Server, database: str
) -> None:
    os.environ[VARIABLE] = server.address(database)
    with ThreadPoolExecutor(6) as pool:
        made = [pool.submit(Database(VARIABLE, "ours").prepare) for _ in range(6)]
        for each in made:
            each.result(30)
    assert server.run("select version from ours.format", database=database) == [(tables.FORMAT,)]


def test_tables_of_a_later_version_are_left_alone(place: PostgresState, server: Server) -> None:
    place.backend().acquire("apply", NOW).release()
    server.run("update {s}.format set version = 99", s=place.schema)
    with pytest.raises(StateError, match="cannot be read") as newer:
        place.backend().read()
    assert "format 99" in str(newer.value.detail)
    with pytest.raises(StateNotSaved):
        place.backend().acquire("apply", NOW)
    assert server.run("select version from {s}.format", s=place.schema) == [(99,)]


def test_an_earlier_document_is_put_back_as_the_error_says(place: PostgresState, tmp_path: Path) -> None:
    backend = place.backend()
    session = backend.acquire("apply", NOW)
    for serial in (1, 2, 3):
        session.write(sample_state(serial=serial))
    session.release()
    place.put_document(b"{")
    with pytest.raises(StateError) as damaged:
        backend.read()
    listing, getting = re.findall("`(psql [^`]+?)(?: > good.json)?`", str(damaged.value.hint))
    environ = {**os.environ, VARIABLE: place.address}

    def shell(line: str) -> str:
        done = subprocess.run(["sh", "-c", line], env=environ, capture_output=True, text=True, check=True)
        return done.stdout

    numbers = re.findall(r"^ +(\d+) \|", shell(listing), re.MULTILINE)
    assert len(numbers) == 4
    good = shell(getting.replace("NUMBER", numbers[1]))
    from campaignctl.state.codec import decode

    assert decode(good.encode()) == sample_state(serial=3)


def test_the_history_is_bounded(place: PostgresState, server: Server) -> None:
    session = place.backend().acquire("apply", NOW)
    for serial in range(tables.KEPT + 20):
        session.write(sample_state(serial=serial))
        session.append(observation("a"))
    session.release()
    [(documents, pieces)] = server.run(
        "select count(*) filter (where path = 'state.json'),"
        " count(*) filter (where path like 'journal/%' and until is null) from {s}.files",
        s=place.schema,
    )
    assert documents == tables.KEPT + 1
    assert pieces == 0
