"""What is said of a database, and of each failure; what a session of ours is, and which rows a put leaves."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from campaignctl.backends.cas.liveness import FileSigns
from campaignctl.backends.cas.place import LONGEST, Note, PlaceError, Seen
from campaignctl.backends.lock_info import UNKNOWN
from campaignctl.backends.postgres import errors, tables
from campaignctl.backends.postgres import place as postgres_place
from campaignctl.backends.postgres.connection import Database, end_reads
from campaignctl.backends.postgres.place import PostgresPlace, SessionSigns, postgres_home, state_names
from campaignctl.errors import Interrupted, StateError
from campaignctl.review.reports import Access
from campaignctl.state.model import LockInfo
from tests.backends.postgres_place import VARIABLE, PostgresState
from tests.backends.postgres_server import NEEDED, Server, binaries
from tests.backends.wire import Wire
from tests.e2e.harness import until

needs_server = pytest.mark.skipif(binaries() is None, reason=NEEDED)
BY = LockInfo("lock-1", "mira", "laptop", 42, "apply", "2036-01-01T00:00:00Z")
NONE = Seen(None, {})
_AGAIN = "run the command again"
_RUNS = f"check that the server runs, and the network; then {_AGAIN}"
_STANDBY = "let the address name the primary (after a failover, wait until it has moved)"


@pytest.fixture
def state(tmp_path: Path, server: Server) -> PostgresState:
    return PostgresState(tmp_path / "here", server.address())


@pytest.fixture
def place(state: PostgresState) -> PostgresPlace:
    return state.place


# --------------------------------------------------------------------------------------------- failures


@pytest.mark.parametrize(
    ("state", "kind", "summary", "hint"),
    [
        ("25006", "away", "the server accepts no writes: a standby, or set to read only", _STANDBY),
        ("53100", "away", "the server's disk is full", f"free space there, then {_AGAIN}"),
        (
            "53300",
            "away",
            "the server has no connection left",
            f"close some, or raise its limit; then {_AGAIN}",
        ),
        ("57014", "away", "the server did not finish in time", f"see what it is busy with; then {_AGAIN}"),
        ("55P03", "away", "another session keeps our tables locked", f"see which one; then {_AGAIN}"),
        ("08006", "away", "the connection to the server was lost", _RUNS),
        ("40001", "away", "the server rolled the write back", _AGAIN),
        ("53200", "away", "the server lacks resources", _AGAIN),
        ("57P01", "away", "the server ended the session", _RUNS),
        ("58030", "away", "the server has trouble with its system", _AGAIN),
        ("28000", "refused", "the server rejects this login", _AGAIN),
        ("54000", "refused", "the state is larger than the server accepts", _AGAIN),
        ("25001", "refused", "the database refuses this", "its log says more"),
        ("55000", "refused", "the database refuses this", "its log says more"),
        ("3F000", "refused", "the tables in schema ours are not there", ""),
        ("42P01", "refused", "the tables in schema ours are not there", ""),
        (
            "42501",
            "refused",
            "the role ci lacks a privilege on schema ours",
            errors.may_write("ours", "ci"),
        ),
    ],
)
def test_a_state_of_sql_says_what_failed_and_what_to_do(
    state: str, kind: str, summary: str, hint: str
) -> None:
    from psycopg.errors import lookup

    found = errors.trouble(lookup(state)("no\n \n luck with hunter2"), "hunter2", "ours", "ci")
    assert (found.kind, str(found), found.hint) == (kind, f"{summary}: no; luck with ***", hint)
    assert isinstance(found, errors.NoTables) == (state in ("3F000", "42P01"))
    assert isinstance(found, errors.Denied) == (state == "42501")


def test_a_failure_without_a_state_is_a_lost_connection_or_a_refusal() -> None:
    import psycopg

    for error in (psycopg.OperationalError("x" * 700), psycopg.InterfaceError("x" * 700)):
        lost = errors.trouble(error, "", "ours", "ci")
        assert (lost.kind, lost.hint) == ("away", _RUNS)
        assert str(lost) == f"the connection to the database was lost: {'x' * 600}"
    other = errors.trouble(psycopg.DataError("odd"), "", "ours", "ci")
    assert (other.kind, str(other), other.hint) == (
        "refused",
        "the database refuses this: odd",
        "its log says more",
    )


_LOGIN = "check user, password and database: `psql` with the same address must work here"
_REJECTED = "the server rejects this login"
_SECURE = "`sslmode`, `sslrootcert` and so on are those of libpq: in the address, or PGSSLMODE and so on"
_FULL = f"close some, or raise its limit; then {_AGAIN}"


@pytest.mark.parametrize(
    ("told", "kind", "summary", "hint"),
    [
        ('FATAL: Password authentication failed for user "u"', "refused", _REJECTED, _LOGIN),
        ("no pg_hba.conf entry for host", "refused", _REJECTED, _LOGIN),
        ('role "u" does not exist', "refused", _REJECTED, _LOGIN),
        (
            'database "d" does not exist',
            "refused",
            "there is no such database",
            "create it, or correct the address",
        ),
        ("root certificate file is missing", "setup", "no secure connection to the server", _SECURE),
        ("sorry, too many clients already", "away", "the server has no connection left", _FULL),
        ("server is in hot standby mode", "away", "the server is a standby", _STANDBY),
        ("session is read-only", "away", "the server is a standby", _STANDBY),
        ("connection refused", "away", "the database cannot be reached", _RUNS),
    ],
)
def test_a_connection_that_did_not_come_about_says_why(told: str, kind: str, summary: str, hint: str) -> None:
    found = errors.unconnected(f"{told} hunter2", "hunter2", "DB_URL")
    assert (found.kind, str(found), found.hint) == (kind, f"{summary} (DB_URL): {told} ***", hint)


def test_tables_of_a_newer_version_are_said_to_be() -> None:
    found = errors.too_new("ours", 7)
    assert (found.kind, str(found), found.hint) == (
        "refused",
        "the tables in schema ours have format 7, made by a newer campaignctl: this one knows 1",
        "install the version that the others use",
    )


def test_who_may_not_make_the_tables_is_told_who_can_change_that() -> None:
    assert errors.may_make("ours", "ci", there=False) == (
        "as the owner of the database: `create schema ours authorization ci`"
    )
    assert errors.may_make("ours", "ci", there=True) == (
        "as its owner: `grant usage, create on schema ours to ci`; as their owner:"
        " `grant usage on schema ours to ci; grant select, insert, update, delete"
        " on all tables in schema ours to ci`"
    )


# ---------------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("", {}),
        ("?connect_timeout=7", {"connect_timeout": 7}),
        ("?connect_timeout=0", {}),
        ("?connect_timeout=-1", {}),
        ("?target_session_attrs=read-write", {"target_session_attrs": "read-write"}),
        ("?target_session_attrs=primary", {}),
        ("?target_session_attrs=any", {}),
        ("?application_name=ci&keepalives_idle=1", {"application_name": "ci", "keepalives_idle": "1"}),
        ("?tcp_user_timeout=1", {"tcp_user_timeout": "1"}),
    ],
)
def test_what_an_address_leaves_open_is_bounded_and_leads_to_who_writes(
    monkeypatch: pytest.MonkeyPatch, more: str, found: dict[str, object]
) -> None:
    monkeypatch.setenv("DB_URL", f"postgresql://u@h/d{more}")
    assert Database("DB_URL", "ours")._address() == {
        "user": "u",
        "host": "h",
        "dbname": "d",
        "connect_timeout": 10,
        "target_session_attrs": "primary",
        "application_name": "campaignctl",
        "keepalives_idle": 15,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": LONGEST * 1000,
        **found,
    }


@pytest.mark.parametrize(
    ("value", "summary"),
    [
        ("", "DB_URL is not set"),
        (" ", "DB_URL is not set"),
        ("no address", "DB_URL is not an address of PostgreSQL"),
    ],
)
def test_a_variable_without_an_address_says_what_it_should_have(
    monkeypatch: pytest.MonkeyPatch, value: str, summary: str
) -> None:
    monkeypatch.setenv("DB_URL", value)
    with pytest.raises(PlaceError) as refused:
        Database("DB_URL", "ours").ask("select 1")
    assert (refused.value.kind, str(refused.value)) == ("setup", summary)
    assert str(refused.value.hint) == "export DB_URL=postgresql://USER@HOST/DATABASE"


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(PlaceError, match="PostgreSQL needs a library that is not installed: ") as refused:
        Database("DB_URL", "ours").ask("select 1")
    assert refused.value.kind == "setup"
    assert str(refused.value.hint) == "pip install 'campaignctl[postgres]'"


# ----------------------------------------------------------------------------------------------- sessions


@needs_server
def test_a_session_is_ours_alone_and_bounded(server: Server, database: str) -> None:
    server.run("alter database {name} set idle_session_timeout = '60s'", name=database)
    os.environ[VARIABLE] = server.address(database)
    here = Database(VARIABLE, "ours")
    assert (here.role, here.server, here.direct, here.stands()) == ("", "", False, False)
    names = (
        "search_path",
        "statement_timeout",
        "lock_timeout",
        "idle_session_timeout",
        "tcp_keepalives_idle",
        "tcp_keepalives_interval",
        "tcp_keepalives_count",
    )
    [found] = here.ask("select " + ", ".join(f"current_setting('{name}')" for name in names))
    assert tuple(found) == ("pg_catalog", "30s", "10s", "0", "15", "5", "3")
    assert (here.role, here.server) == ("postgres", f"{database} at 127.0.0.1")
    assert here.direct
    assert here.stands()
    assert not here._kept[0].closed
    here._kept[0].close()
    assert not here.stands()
    assert here.ask("select 1") == [(1,)]
    assert here.stands()
    assert len(here._kept) == 1


@needs_server
def test_a_session_whose_statement_is_under_way_is_taken_to_stand(place: PostgresPlace) -> None:
    here = place.database
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with here._mutex:
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(30)
    assert here.stands()
    done.set()
    thread.join()
    assert not here.stands()  # there never was one
    asking = threading.Thread(target=here.ask, args=("select 1",), daemon=True)
    asking.start()
    asking.join(5)
    assert not asking.is_alive()  # whoever looked keeps nobody waiting
    assert here.stands()


@needs_server
def test_a_statement_that_comes_again_is_not_prepared(place: PostgresPlace) -> None:
    """A pooler would run it in a session that does not know it."""
    for number in range(8):
        assert place.database.ask("select %(n)s::int", {"n": number}) == [(number,)]
    assert place.database.ask("select count(*) from pg_prepared_statements") == [(0,)]


@needs_server
def test_who_makes_the_tables_waits_for_another_who_does(state: PostgresState, server: Server) -> None:
    import psycopg

    here = state.place.database
    here.ask("select 1")
    with ThreadPoolExecutor(1) as pool, psycopg.connect(server.address()) as other:
        other.execute(tables.GUARD)
        making = pool.submit(here.prepare)
        waiting = "select from pg_locks where locktype = 'advisory' and not granted"
        until(lambda: bool(server.run(waiting)) or making.done())
        assert not making.done()
        other.commit()
        making.result(30)
    assert server.run("select version from {s}.format", s=state.schema) == [(tables.FORMAT,)]


@needs_server
def test_what_the_server_says_is_shown_without_the_statement(place: PostgresPlace) -> None:
    with pytest.raises(PlaceError) as refused:
        place.database.ask("select nothing")
    assert str(refused.value) == 'the database refuses this: column "nothing" does not exist'


@needs_server
def test_a_statement_that_ended_in_time_leaves_its_session_alone(place: PostgresPlace) -> None:
    here = place.database
    first = here.ask("select pg_backend_pid()")
    here.ask("select 1", None, 0.05)
    time.sleep(0.2)
    assert here.stands()
    assert here.ask("select pg_backend_pid()") == first


@needs_server
@pytest.mark.parametrize("writes", [False, True])
def test_a_statement_that_takes_too_long_says_for_how_long_it_was_waited(
    place: PostgresPlace, writes: bool
) -> None:
    place.database.ask("select 1")
    with pytest.raises(PlaceError) as away:
        place.database.ask("select pg_sleep(20)", None, 0.1, writes=writes)
    assert (away.value.kind, str(away.value)) == ("away", "the database did not answer within 0 s")
    assert away.value.hint == _RUNS


@needs_server
def test_a_statement_that_is_interrupted_ends_its_session(place: PostgresPlace) -> None:
    here = place.database
    here.ask("select 1")
    connection = here._kept[0]
    with pytest.raises(KeyboardInterrupt), here._translated(connection, 30):
        raise KeyboardInterrupt
    assert connection.closed
    assert not here._kept


@needs_server
def test_an_interrupt_ends_a_look_at_once(place: PostgresPlace, server: Server) -> None:
    here = place.database
    here.ask("select 1")
    running = "select from pg_stat_activity where query = 'select pg_sleep(20), 7'"
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(here.ask, "select pg_sleep(20), 7")
        until(lambda: bool(server.run(running)))
        end_reads()
        with pytest.raises(Interrupted, match=r"^interrupted; the look at the database was ended$"):
            looking.result(10)
    assert here.ask("select 1") == [(1,)]


@needs_server
def test_the_session_of_a_holder_shows_that_it_lives(server: Server, database: str) -> None:
    os.environ[VARIABLE] = server.address(database)
    ours, theirs = Database(VARIABLE, "ours"), Database(VARIABLE, "ours")
    assert theirs.lives("lock-1") is None  # there are no tables
    assert ours.claim("lock-1")
    assert ours.claim("lock-2")
    for _ in range(2):
        assert theirs.lives("lock-1") is True
        assert theirs.lives("lock-2") is True
        assert theirs.lives("lock-3") is None
        ours._kept[0].close()
        assert ours.ask("select 1") == [(1,)]  # in a new session, which has the claims too
    ours.disclaim("lock-1", given_back=True)
    assert theirs.lives("lock-1") is None
    ours.disclaim("lock-2", given_back=False)
    assert theirs.lives("lock-2") is False
    ours.disclaim("lock-2", given_back=True)
    assert theirs.lives("lock-2") is False
    assert server.run("select lock_id from ours.holders", database=database) == [("lock-2",)]


@needs_server
@pytest.mark.parametrize("given_back", [True, False])
def test_a_claim_whose_session_is_gone_ends_without_another(place: PostgresPlace, given_back: bool) -> None:
    here = place.database
    assert here.claim("lock-1")
    with pytest.raises(KeyboardInterrupt), here._translated(here._kept[0], 30):
        raise KeyboardInterrupt
    here.disclaim("lock-1", given_back=given_back)
    assert not here.stands()
    assert here.lives("lock-1") is False


@needs_server
def test_an_interrupt_does_not_keep_a_claim_from_ending(state: PostgresState, server: Server) -> None:
    import psycopg

    here = state.place.database
    assert here.claim("lock-1")
    waiting = "select from pg_stat_activity where wait_event_type = 'Lock' and query like %s"
    with ThreadPoolExecutor(1) as pool, psycopg.connect(server.address()) as other:
        other.execute(f"select from {state.schema}.holders for update")
        ending = pool.submit(here.disclaim, "lock-1", given_back=True)
        until(lambda: bool(server.run(waiting, f"%{state.schema}%")))
        end_reads()
        other.commit()
        ending.result(30)
    assert here.lives("lock-1") is None


@needs_server
def test_a_claim_that_cannot_be_made_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "postgresql://u@127.0.0.1:1/d")
    here = Database(VARIABLE, "ours")
    assert here.claim("lock-1") is False
    assert here.lives("lock-1") is None
    here.disclaim("lock-1", given_back=True)


@needs_server
def test_the_sign_of_a_holder_is_a_file_here_and_a_session_for_others(
    state: PostgresState, tmp_path: Path
) -> None:
    here, there = (
        SessionSigns(Database(VARIABLE, state.schema), FileSigns(tmp_path / name)) for name in ("a", "b")
    )
    os.environ[VARIABLE] = state.address
    ours = replace(BY, host=socket.gethostname())
    sign = here.begin(ours.id)
    assert sign.stands()
    files = tmp_path / "a"
    assert [each.name for each in files.iterdir()] == ["lock-lock-1"]
    assert here.lives(ours) is True
    assert here.lives(BY) is True
    assert there.lives(ours) is True
    here.database._kept[0].close()
    assert not sign.stands()
    assert here.lives(ours) is True  # the kernel knows better than the server
    sign.end(given_back=False)
    assert here.lives(ours) is False
    assert there.lives(ours) is False
    here.clean_up(ours)
    assert not list(files.iterdir())
    assert here.lives(ours) is False  # as the server says
    again = here.begin("lock-2")
    for _ in range(2):
        again.end(given_back=True)
    assert not list(files.iterdir())
    assert there.lives(replace(BY, id="lock-2")) is None


@needs_server
def test_a_holder_whose_session_shows_nothing_stands_by_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "postgresql://u@127.0.0.1:1/d")
    signs = SessionSigns(Database(VARIABLE, "ours"), FileSigns(tmp_path))
    sign = signs.begin(BY.id)
    assert sign.stands()
    assert signs.lives(replace(BY, host=socket.gethostname())) is True
    assert signs.lives(BY) is None
    sign.end(given_back=True)
    assert not list(tmp_path.iterdir())


@needs_server
def test_the_next_format_of_the_tables_is_too_new_and_this_one_is_not(
    state: PostgresState, server: Server
) -> None:
    state.place.database.prepare()
    assert state.place.look() == NONE
    server.run("update {s}.format set version = version + 1", s=state.schema)
    here = state.place
    for look in (here.look, here.tip, here.database.prepare):
        with pytest.raises(PlaceError) as newer:
            look()
        assert str(newer.value) == str(errors.too_new(state.schema, tables.FORMAT + 1))
        assert not here.database.stands()


@needs_server
@pytest.mark.parametrize("newer", [False, True])
def test_tables_that_came_since_we_connected_are_used_or_left_alone(
    state: PostgresState, server: Server, newer: bool
) -> None:
    here, other = state.place.database, state.place.database
    assert here.ask("select 1") == [(1,)]
    other.prepare()
    if newer:
        server.run("update {s}.format set version = 99", s=state.schema)
        with pytest.raises(PlaceError) as refused:
            here.prepare()
        assert str(refused.value) == str(errors.too_new(state.schema, 99))
    else:
        here.prepare()
    assert server.run("select version from {s}.format", s=state.schema) == [(99 if newer else tables.FORMAT,)]


# ------------------------------------------------------------------------------------------------- places


@needs_server
def test_a_put_leaves_the_rows_that_may_be_wanted_again(state: PostgresState, server: Server) -> None:
    """Documents and the steps since them; what was rewritten with each step is gone."""
    here = state.place
    seen = NONE
    versions: tuple[dict[str, bytes], ...] = (
        {"state.json": b"1", "lock.json": b"1", "about.json": b"1", "journal/00000": b"1", "same": b"s"},
        {"state.json": b"1", "lock.json": b"2", "about.json": b"2", "journal/00000": b"12", "same": b"s"},
        {"state.json": b"3", "about.json": b"2", "same": b"s", "journal": b"x"},
        {"state.json": b"3", "same": b"s", "new": b""},
    )
    for number, files in enumerate(versions):
        draft = here.draft(seen, files, Note(BY, f"version {number}", under_lock=number != 1))
        assert here.put(seen, draft)
        assert here.look() == Seen(draft.tip, files)
        assert here.tip() == draft.tip
        seen = draft
    assert server.run(
        "select path, since, until, data from {s}.files order by path, since", s=state.schema
    ) == [
        ("journal", 3, 4, b"x"),
        ("journal/00000", 2, 3, b"12"),
        ("new", 4, None, b""),
        ("same", 1, None, b"s"),
        ("state.json", 1, 3, b"1"),
        ("state.json", 3, None, b"3"),
    ]
    assert server.run(
        "select name, number, holder, operation, subject, lock_id from {s}.versions order by number",
        s=state.schema,
    ) == [
        ("production", number + 1, "mira on laptop", "apply", f"version {number}", lock)
        for number, lock in enumerate(("lock-1", None, "lock-1", "lock-1"))
    ]


@needs_server
def test_of_the_last_thousand_versions_there_is_a_line(state: PostgresState, server: Server) -> None:
    here = state.place
    first = here.draft(NONE, {}, Note(BY, "x"))
    assert here.put(NONE, first)
    server.run("update {s}.states set number = 1500", s=state.schema)
    server.run(
        "insert into {s}.versions (name, number, tip, holder, operation, subject)"
        " select name, n, n::text, holder, operation, subject from {s}.versions, generate_series(2, 1500) n",
        s=state.schema,
    )
    assert here.put(first, here.draft(first, {}, Note(BY, "y")))
    found = server.run("select min(number), max(number), count(*) from {s}.versions", s=state.schema)
    assert found == [(502, 1501, 1000)]


@needs_server
def test_of_each_place_the_last_hundred_documents_are_kept(state: PostgresState, server: Server) -> None:
    here, beside = state.place, PostgresPlace(Database(VARIABLE, state.schema), "another")
    for place in (beside, here):
        seen = place.draft(NONE, {"state.json": b"0", "a.json": b"0"}, Note(BY, "x"))
        assert place.put(NONE, seen)
        for number in range(1, 103 if place is here else 2):
            draft = place.draft(seen, {"state.json": b"%d" % number, "a.json": b"0"}, Note(BY, "x"))
            assert place.put(seen, draft)
            seen = draft
    found = server.run(
        "select name, path, min(since), count(*) from {s}.files group by 1, 2 order by 1, 2", s=state.schema
    )
    assert found == [
        ("another", "a.json", 1, 1),
        ("another", "state.json", 1, 2),
        ("production", "a.json", 1, 1),
        ("production", "state.json", 3, 101),
    ]


@needs_server
def test_a_place_without_rows_holds_nothing(place: PostgresPlace) -> None:
    draft = place.draft(NONE, {}, Note(BY, "x"))
    for _ in range(2):
        assert place.tip() is None
        assert place.look() == NONE
        assert place.holds(NONE, draft) is False
        place.database.prepare()
    with pytest.raises(TypeError, match="not drafted"):
        place.put(NONE, NONE)
    assert place.put(NONE, draft)
    assert place.look() == Seen(draft.tip, {})
    assert place.holds(place.look(), draft) is True
    assert place.holds(place.look(), NONE) is False


@needs_server
def test_files_are_read_up_to_the_largest_size(place: PostgresPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    size = 2 * 1024 * 1024
    files = {"a": bytes(size - 5), "b": bytes(5)}
    assert place.put(NONE, place.draft(NONE, files, Note(BY, "x")))
    monkeypatch.setattr(postgres_place, "LARGEST", size)
    assert place.look().files == files
    monkeypatch.setattr(postgres_place, "LARGEST", size - 1)
    with pytest.raises(PlaceError) as refused:
        place.look()
    location = f"{place.database.schema}.production of {VARIABLE}"
    assert (refused.value.kind, str(refused.value)) == (
        "refused",
        f"the files of {location} are larger than 1 MiB",
    )
    assert refused.value.hint == "that is no state of campaignctl"


@needs_server
def test_what_is_looked_at_comes_as_it_is(state: PostgresState, server: Server, wire: Wire) -> None:
    here = replace(state, address=server.address(port=wire.port)).place
    files = {"state.json": bytes(range(256)) * 400}
    assert here.put(NONE, here.draft(NONE, files, Note(BY, "x")))
    before = wire.received
    assert here.look().files == files
    assert 102_400 < wire.received - before < 110_000


def test_a_place_names_its_rows_and_how_to_put_an_earlier_one_back() -> None:
    texts = PostgresPlace(Database("DB_URL", "ours"), "crm").texts
    rows = "from ours.files where name = 'crm' and path = 'state.json'"
    assert texts.location == "ours.crm of DB_URL"
    assert texts.history == "the last 100 documents, in the table ours.files"
    assert str(texts.repair) == (
        'nothing was overwritten; `psql "$DB_URL" -c'
        f' "select since, at, length(data) {rows} order by since desc"` lists its versions;'
        f' put a good one back with `psql "$DB_URL" -Atc "select convert_from(data, \'UTF8\') {rows}'
        ' and since = NUMBER" > good.json` and `campaignctl state push good.json`'
    )
    assert texts.apart == (
        "give each project of a database a `state.schema` or `state.name` of its own in campaignctl.yaml"
    )


def test_a_home_has_a_session_for_each_of_its_places(tmp_path: Path) -> None:
    home = postgres_home(tmp_path, "acme-crm", "DB_URL", "ours", "crm")
    assert home.project == "acme-crm"
    assert home.mirror == tmp_path / ".campaignctl" / "postgres" / "crm.json"
    places = [home.place, home.stop, home.archive]
    assert [each.texts.location for each in places] == [
        f"ours.{name} of DB_URL" for name in ("crm", "crm.stop", "crm.archive")
    ]
    assert len({id(each.database) for each in places if isinstance(each, PostgresPlace)}) == 3


# ------------------------------------------------------------------------------------------------- access


def access_of(server: Server, database: str, schema: str, role: str = "postgres") -> Access:
    os.environ[VARIABLE] = server.address(database, role)
    return PostgresPlace(Database(VARIABLE, schema), "crm").access(UNKNOWN)


def where(database: str, schema: str, role: str) -> str:
    return f"{database} at 127.0.0.1 (user {role}, schema {schema})"


@needs_server
def test_access_is_what_the_role_may_do_with_what_is_there(server: Server, database: str, role: str) -> None:
    schema = "ours"
    writes = Access(
        True, f"{where(database, schema, role)} accepts writes; a lock ends with its process", "", "write"
    )
    refuses = f"{where(database, schema, role)} refuses writes"
    to_make = errors.may_make(schema, role, there=False)
    assert access_of(server, database, schema, role) == Access(False, refuses, to_make, "write")
    server.run("grant create on database {d} to {r}", database=database, d=database, r=role)
    assert access_of(server, database, schema, role) == writes
    server.run("create schema {s}", database=database, s=schema)
    assert not access_of(server, database, schema, role).allowed
    server.run("grant usage, create on schema {s} to {r}", database=database, s=schema, r=role)
    assert access_of(server, database, schema, role) == writes
    os.environ[VARIABLE] = server.address(database)
    Database(VARIABLE, schema).prepare()
    server.run(
        "grant select on all tables in schema {s} to {r}", database=database, s=schema, r=role
    )  # it may make tables, and not write to ours
    to_write = errors.may_write(schema, role)
    assert access_of(server, database, schema, role) == Access(False, refuses, to_write, "write")
    server.run(
        "grant insert, update, delete on all tables in schema {s} to {r}", database=database, s=schema, r=role
    )
    server.run("revoke create on schema {s} from {r}", database=database, s=schema, r=role)
    assert access_of(server, database, schema, role) == writes  # it needs to make none


@needs_server
def test_a_database_that_is_read_only_or_away_refuses_writes(server: Server, database: str) -> None:
    server.run("alter database {name} set default_transaction_read_only = on", name=database)
    found = access_of(server, database, "ours")
    assert found == Access(
        False,
        f"{where(database, 'ours', 'postgres')} is read only",
        "let the address name a server that accepts writes",
        "write",
    )
    away = access_of(replace(server, port=1), database, "ours")
    assert not away.allowed
    assert away.found.startswith(f"{VARIABLE}: the database cannot be reached ({VARIABLE}): ")
    assert (away.fix, away.way) == (_RUNS, "write")


@needs_server
def test_the_states_of_a_schema_are_named_without_what_lies_next_to_them(
    server: Server, database: str
) -> None:
    os.environ[VARIABLE] = server.address(database)
    assert state_names(VARIABLE, "ours") == ()
    for name in ("crm", "crm.stop", "crm.archive", "b.stopped", "a"):
        here = PostgresPlace(Database(VARIABLE, "ours"), name)
        assert here.put(NONE, here.draft(NONE, {}, Note(BY, "x")))
    assert state_names(VARIABLE, "ours") == ("a", "b.stopped", "crm")
    os.environ[VARIABLE] = ""
    with pytest.raises(StateError) as refused:
        state_names(VARIABLE, "ours")
    assert refused.value.summary == f"the states in schema ours of {VARIABLE} cannot be listed"
    assert refused.value.detail == f"{VARIABLE} is not set"
    assert str(refused.value.hint) == f"export {VARIABLE}=postgresql://USER@HOST/DATABASE"
