"""What a server says, what a role may do, which addresses work, and what the tables keep."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from campaignctl.backends.cas.place import Note, PlaceError, Seen
from campaignctl.backends.lock_info import UNKNOWN
from campaignctl.backends.postgres import tables
from campaignctl.backends.postgres.connection import Database
from campaignctl.backends.postgres.place import PostgresPlace, postgres_home, state_names
from campaignctl.errors import StateError, StateNotSaved
from tests.backends.actors import Actor
from tests.backends.conformance import NOW
from tests.backends.postgres_place import VARIABLE, PostgresState
from tests.backends.postgres_server import NEEDED, Server, as_server, binaries, start
from tests.backends.wire import Wire
from tests.state.samples import decision, observation, sample_state

pytestmark = pytest.mark.skipif(binaries() is None, reason=NEEDED)
PASSWORD = "hunter2-hunter2"


@pytest.fixture
def place(tmp_path: Path, server: Server) -> PostgresState:
    return PostgresState(tmp_path / "here", server.address())


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


@pytest.mark.slow
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
    writing = access().access
    assert writing is not None
    assert writing.allowed, "though it may make no tables"
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


@pytest.mark.slow
@pytest.mark.skipif(binaries(tls=True) is None, reason=NEEDED)
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_a_server_is_who_its_certificate_says(tmp_path: Path) -> None:
    server = start(tls=True)
    try:
        ours, others = (certificate(tmp_path / name) for name in ("ours", "others"))
        for name in ("server.crt", "server.key"):
            shutil.copy(ours / name, server.folder / "data" / name)
            if who := as_server():
                os.chown(server.folder / "data" / name, who["user"], who["group"])
        server.run("alter system set ssl = on")
        server.run("select pg_reload_conf()")
        address = server.address().replace("127.0.0.1", "localhost")

        def place(more: str) -> PostgresPlace:
            return PostgresState(tmp_path, f"{address}?sslmode=verify-full&sslrootcert={more}").place

        right = place(f"{ours}/server.crt")
        assert right.look() == Seen(None, {})
        secure = "select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = %s"
        assert server.run(secure, "campaignctl") == [(True,)]
        for more in (
            f"{others}/server.crt",
            f"{ours}/server.crt&hostaddr=127.0.0.1&host=db.example.com",
        ):
            with pytest.raises(PlaceError) as refused:
                place(more).look()
            assert refused.value.kind == "setup"
            assert "no secure connection" in str(refused.value)
    finally:
        server.end()


def certificate(folder: Path) -> Path:
    """A key, and a certificate for localhost that it signs itself."""
    folder.mkdir()
    words = ["openssl", "req", "-new", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    words += ["-addext", "subjectAltName=DNS:localhost", "-out", "server.crt", "-keyout", "server.key"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    (folder / "server.key").chmod(0o600)
    return folder


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


def test_the_states_of_a_schema_are_listed_without_what_lies_next_to_them(
    place: PostgresState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, place.address)
    assert state_names(VARIABLE, place.schema) == ()
    for name in ("production", "staging"):
        home = postgres_home(place.root, "acme-crm", VARIABLE, place.schema, name)
        for each in (home.place, home.stop, home.archive):
            seen = each.look()
            assert each.put(seen, each.draft(seen, {"a": b"1"}, Note(UNKNOWN, "x")))
    assert state_names(VARIABLE, place.schema) == ("production", "staging")
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(
        StateError, match=f"the states in schema {place.schema} of {VARIABLE} cannot be"
    ) as no:
        state_names(VARIABLE, place.schema)
    assert no.value.detail == f"{VARIABLE} is not set"
    assert f"export {VARIABLE}=" in str(no.value.hint)


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


def test_the_steps_since_an_earlier_document_are_kept_with_it(place: PostgresState, server: Server) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.append(decision("a"))
    session.append(decision("b"))
    session.release()
    kept = server.run(
        "select convert_from(data, 'UTF8') from {s}.files where path like 'journal/%' and until is not null",
        s=place.schema,
    )
    [(steps,)] = kept
    assert "push/a" in steps
    assert "push/b" in steps


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
