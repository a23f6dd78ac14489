"""What the failures of a server mean, by their SQLSTATE or by the words of libpq."""

from __future__ import annotations

import pytest

from campaignctl.backends.postgres.errors import Denied, NoTables, may_make, trouble, unconnected

psycopg = pytest.importorskip("psycopg")
AGAIN = "run the command again"
NETWORK = f"check that the server runs, and the network; then {AGAIN}"


@pytest.mark.parametrize(
    ("state", "kind", "summary", "hint"),
    [
        ("25006", "away", "the server accepts no writes", "let the address name the primary"),
        ("25001", "refused", "the database refuses this", "its log says more"),
        ("53100", "away", "the server's disk is full", f"free space there, then {AGAIN}"),
        ("53300", "away", "the server has no connection left", "close some, or raise its limit"),
        ("53400", "away", "the server lacks resources", AGAIN),
        ("57014", "away", "the server did not finish in time", "see what it is busy with"),
        ("57P03", "away", "the server ended the session", NETWORK),
        ("55P03", "away", "another session keeps our tables locked", "see which one"),
        ("55006", "refused", "the database refuses this", "its log says more"),
        ("08003", "away", "the connection to the server was lost", NETWORK),
        ("40001", "away", "the server rolled the write back", AGAIN),
        ("58030", "away", "the server has trouble with its system", AGAIN),
        ("28000", "refused", "the server rejects this login", AGAIN),
        ("54000", "refused", "the state is larger than the server accepts", AGAIN),
        ("XX000", "refused", "the database refuses this", "its log says more"),
    ],
)
def test_a_failed_statement_says_what_it_is(state: str, kind: str, summary: str, hint: str) -> None:
    found = trouble(psycopg.errors.lookup(state)("as it says"), "", "ours", "ci")
    assert type(found).__name__ == "PlaceError"
    assert found.kind == kind
    assert str(found).startswith(summary)
    assert str(found).endswith(": as it says")
    assert str(found.hint).startswith(hint)


@pytest.mark.parametrize(
    ("kind", "away"), [("OperationalError", True), ("InterfaceError", True), ("ProgrammingError", False)]
)
def test_without_a_state_a_broken_connection_is_away_and_anything_else_refused(kind: str, away: bool) -> None:
    found = trouble(getattr(psycopg, kind)("as it says"), "", "ours", "ci")
    assert found.kind == ("away" if away else "refused")
    assert ("the connection to the database was lost" in str(found)) is away
    assert str(found.hint) == (NETWORK if away else "its log says more")


@pytest.mark.parametrize("state", ["3F000", "42P01"])
def test_a_schema_or_table_that_is_missing_is_told_apart(state: str) -> None:
    found = trouble(psycopg.errors.lookup(state)("as it says"), "", "ours", "ci")
    assert isinstance(found, NoTables)
    assert found.kind == "refused"
    assert str(found) == "the tables in schema ours are not there: as it says"


def test_a_privilege_that_is_missing_names_what_to_grant() -> None:
    found = trouble(psycopg.errors.lookup("42501")("as it says"), "", "ours", "ci")
    assert isinstance(found, Denied)
    assert found.kind == "refused"
    assert str(found) == "the role ci lacks a privilege on schema ours: as it says"
    using = "grant select, insert, update, delete on all tables in schema ours to ci`"
    assert found.hint == f"as their owner: `grant usage on schema ours to ci; {using}"
    assert may_make("ours", "ci", there=True).startswith(
        "as its owner: `grant usage, create on schema ours to ci`; as their owner: `grant usage"
    )
    made = may_make("ours", "ci", there=False)
    assert made == "as the owner of the database: `create schema ours authorization ci`"


LOGIN, SECURE = "check user, password and database", "`sslmode`, `sslrootcert` and so on are those of libpq"


@pytest.mark.parametrize(
    ("message", "kind", "summary", "hint"),
    [
        ('FATAL: password authentication failed for user "ci"', "refused", "rejects this login", LOGIN),
        ("fe_sendauth: no password supplied", "refused", "rejects this login", LOGIN),
        ("FATAL: LDAP authentication failed", "refused", "rejects this login", LOGIN),
        ('FATAL: no pg_hba.conf entry for host "1.2.3.4"', "refused", "rejects this login", LOGIN),
        ('FATAL: role "ci" does not exist', "refused", "rejects this login", LOGIN),
        ('FATAL: role "ci" is not permitted to log in', "refused", "rejects this login", LOGIN),
        ('FATAL: permission denied for database "x"', "refused", "rejects this login", LOGIN),
        ("SASL authentication was not completed", "refused", "rejects this login", LOGIN),
        ('FATAL: database "x" does not exist', "refused", "no such database", "create it, or correct"),
        ("root certificate file does not exist", "setup", "no secure connection to the server", SECURE),
        (
            "server does not support SSL, but it was required",
            "setup",
            "no secure connection to the server",
            SECURE,
        ),
        ('name "a" does not match host name "b"', "setup", "no secure connection to the server", SECURE),
        ('invalid sslmode value: "x"', "setup", "no secure connection to the server", SECURE),
        ("SSL error: unexpected eof", "setup", "no secure connection to the server", SECURE),
        ("private key file has group access", "setup", "no secure connection to the server", SECURE),
        ("FATAL: sorry, too many clients already", "away", "no connection left", "close some"),
        ("FATAL: remaining connection slots are reserved", "away", "no connection left", "close some"),
        ('FATAL: too many connections for role "ci"', "away", "no connection left", "close some"),
        ("server is in hot standby mode", "away", "the server is a standby", "let the address name"),
        ("session is read-only", "away", "the server is a standby", "let the address name"),
        ("the server is in recovery", "away", "the server is a standby", "let the address name"),
        ("connection refused", "away", "the database cannot be reached", NETWORK),
    ],
)
def test_a_connection_that_did_not_come_about_says_why(
    message: str, kind: str, summary: str, hint: str
) -> None:
    found = unconnected(f"{message}\n", "", "OUR_DATABASE")
    assert found.kind == kind
    assert f"{summary} (OUR_DATABASE): {message}" in str(found)
    assert str(found.hint).startswith(hint)


def test_what_is_said_is_one_short_line_without_the_password() -> None:
    found = unconnected(f"one hush \n\n two\n{'x' * 900}", "hush", "V")
    said = str(found).partition("(V): ")[2]
    assert said == ("one ***; two; " + "x" * 900)[:600]
