"""What the failures of a server mean: by SQLSTATE, or, before there is a session, by the words of libpq."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaignctl.backends.cas.place import Kind, PlaceError
from campaignctl.backends.postgres.tables import FORMAT

if TYPE_CHECKING:
    import psycopg

_LONGEST_TEXT = 600
_AGAIN = "run the command again"
_HINT = f"check that the server runs, and the network; then {_AGAIN}"
_STANDBY = "let the address name the primary (after a failover, wait until it has moved)"


class NoTables(PlaceError):
    """The schema or a table of ours is not there."""


class Denied(PlaceError):
    """The role lacks a privilege."""


@dataclass(frozen=True, slots=True)
class _Known:
    """The beginning of a SQLSTATE, or a pattern of a message, and its meaning."""

    sign: str
    kind: Kind
    summary: str
    hint: str = _AGAIN


# https://www.postgresql.org/docs/current/errcodes-appendix.html; the first one that fits counts.
_STATES = (
    _Known("25006", "away", "the server accepts no writes: a standby, or set to read only", _STANDBY),
    _Known("53100", "away", "the server's disk is full", f"free space there, then {_AGAIN}"),
    _Known(
        "53300", "away", "the server has no connection left", f"close some, or raise its limit; then {_AGAIN}"
    ),
    _Known("57014", "away", "the server did not finish in time", f"see what it is busy with; then {_AGAIN}"),
    _Known("55P03", "away", "another session keeps our tables locked", f"see which one; then {_AGAIN}"),
    _Known("08", "away", "the connection to the server was lost", _HINT),
    _Known("40", "away", "the server rolled the write back"),
    _Known("53", "away", "the server lacks resources"),
    _Known("57", "away", "the server ended the session", _HINT),
    _Known("58", "away", "the server has trouble with its system"),
    _Known("28", "refused", "the server rejects this login"),
    _Known("54", "refused", "the state is larger than the server accepts"),
)
_REST = _Known("", "refused", "the database refuses this", "its log says more")

_BEFORE = (
    _Known(
        r"password authentication failed|no password supplied|authentication failed|no pg_hba\.conf entry"
        r"|role .* (does not exist|is not permitted)|permission denied for database|SASL",
        "refused",
        "the server rejects this login",
        "check user, password and database: `psql` with the same address must work here",
    ),
    _Known(
        r"database .* does not exist",
        "refused",
        "there is no such database",
        "create it, or correct the address",
    ),
    _Known(
        r"certificate|server does not support SSL|does not match host name|sslmode|SSL error|private key",
        "setup",
        "no secure connection to the server",
        "`sslmode`, `sslrootcert` and so on are those of libpq: in the address, or PGSSLMODE and so on",
    ),
    _Known(
        r"too many clients|connection slots|too many connections",
        "away",
        "the server has no connection left",
        f"close some, or raise its limit; then {_AGAIN}",
    ),
    _Known(r"hot standby|in recovery|read-only", "away", "the server is a standby", _STANDBY),
)
_UNREACHABLE = _Known("", "away", "the database cannot be reached", _HINT)


def trouble(error: psycopg.Error, password: str, schema: str, role: str) -> PlaceError:
    """The error for a failed statement."""
    from psycopg import InterfaceError, OperationalError

    state = error.sqlstate
    said = _shown(error.diag.message_primary or str(error), password)
    if state in ("3F000", "42P01"):
        return NoTables("refused", f"the tables in schema {schema} are not there", detail=said)
    if state == "42501":
        summary = f"the role {role} lacks a privilege on schema {schema}"
        return Denied("refused", summary, detail=said, hint=may_write(schema, role))
    if state is None and isinstance(error, OperationalError | InterfaceError):
        known = _Known("", "away", "the connection to the database was lost", _HINT)
    else:
        known = next((each for each in _STATES if (state or "").startswith(each.sign)), _REST)
    return PlaceError(known.kind, known.summary, detail=said, hint=known.hint)


def unconnected(message: str, password: str, variable: str) -> PlaceError:
    """The error for a connection that did not come about."""
    known = next((each for each in _BEFORE if re.search(each.sign, message, re.IGNORECASE)), _UNREACHABLE)
    summary = f"{known.summary} ({variable})"
    return PlaceError(known.kind, summary, detail=_shown(message, password), hint=known.hint)


def too_new(schema: str, found: int) -> PlaceError:
    """The error for tables of a later version."""
    return PlaceError(
        "refused",
        f"the tables in schema {schema} have format {found}, made by a newer campaignctl",
        detail=f"this one knows {FORMAT}",
        hint="install the version that the others use",
    )


def may_write(schema: str, role: str) -> str:
    """What to grant to a role that uses tables which are there."""
    return (
        f"as their owner: `grant usage on schema {schema} to {role}; grant select, insert, update, delete"
        f" on all tables in schema {schema} to {role}`"
    )


def may_make(schema: str, role: str, *, there: bool) -> str:
    """What to do for a role that may not make the schema, or tables in it."""
    if there:
        return f"as its owner: `grant usage, create on schema {schema} to {role}`; {may_write(schema, role)}"
    return f"as the owner of the database: `create schema {schema} authorization {role}`"


def _shown(message: str, password: str) -> str:
    """What the server or libpq said, in one short line."""
    line = "; ".join(part.strip() for part in message.splitlines() if part.strip())
    return (line.replace(password, "***") if password else line)[:_LONGEST_TEXT]
