"""The one door to psycopg: a connection that is opened at its first use, and again after it broke.

It speaks one statement at a time, each a transaction of its own; nothing waits for ever; and no message has a
password.
"""

from __future__ import annotations

import hashlib
import os
import select
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from weakref import finalize

from campaignctl.backends.cas.place import LONGEST, PlaceError
from campaignctl.backends.postgres import errors, tables
from campaignctl.errors import Interrupted, Sentence, Shell

if TYPE_CHECKING:
    import psycopg

_CONNECTING = 10
_HINT = "check that the server runs, and the network; then run the command again"
# Of the two servers that an address may lead to during a failover, only the one that writes knows the state.
_WRITABLE = ("primary", "read-write")

Values = Mapping[str, object]


class Database:
    """The database at the address in an environment variable, and our schema in it. Safe for threads.

    With a server of its own, a session shows that we live: it holds a lock for each of our `claims`, which
    ends with it. Behind a pooler a session is nobody's, and there are no such locks.
    """

    def __init__(self, variable: str, schema: str) -> None:
        self.variable = variable
        self.schema = schema
        self._mutex = threading.RLock()
        self._claims: set[str] = set()
        self._kept: list[psycopg.Connection[Any]] = []
        self._direct = False
        self._format: int | None = None
        self._role = ""
        self._server = ""
        finalize(self, _close, self._kept)

    @property
    def role(self) -> str:
        """Whom the server takes us for, once we are connected."""
        return self._role

    @property
    def server(self) -> str:
        """Which database answered, for messages, once one did."""
        return self._server

    @property
    def direct(self) -> bool:
        """Whether the session is ours alone: no pooler lends it out between our statements."""
        return self._direct

    def ask(
        self, text: str, values: Values | None = None, seconds: float = LONGEST, *, writes: bool = False
    ) -> list[Any]:
        """The rows that one statement returns; `{s}` in it is the schema.

        Raises:
            PlaceError: `away` where it may have been done.
            NoTables: the schema or a table is not there.
            Interrupted: the run was interrupted while it only read.
        """
        with self._mutex:
            return self._asked(self._connection(seconds), text, values, seconds, writes=writes)

    def prepare(self) -> None:
        """Make the schema and its tables, or bring them to the format of this version. Raises PlaceError."""
        with self._mutex:
            connection = self._connection(LONGEST)
            if self._format == tables.FORMAT:
                return
            [(there,)] = self._asked(connection, tables.HAS_SCHEMA, {"schema": self.schema})
            try:
                with self._translated(connection, LONGEST), connection.transaction():
                    self._run(connection, tables.GUARD)
                    if not there:
                        self._run(connection, tables.MAKE_SCHEMA)
                    self._migrate(connection)
            except errors.Denied as denied:
                denied.hint = errors.may_make(self.schema, self._role, there=there)
                raise
            self._format = tables.FORMAT

    def claim(self, lock_id: str) -> bool:
        """Let the session show that the holder of a lock lives; False if it cannot."""
        with self._mutex, suppress(PlaceError):
            self.prepare()
            if self._direct:
                self.ask(tables.CLAIM, {"key": _key(lock_id)})
                self.ask(tables.REMEMBER, {"lock": lock_id})
                self._claims.add(lock_id)
        return lock_id in self._claims

    def disclaim(self, lock_id: str, *, given_back: bool) -> None:
        """End a claim; unless its lock was given back, others find that its holder is dead."""
        with self._mutex, suppress(PlaceError):
            if lock_id in self._claims:
                self._claims.remove(lock_id)
                if self._kept and given_back:
                    self.ask(tables.FORGET, {"lock": lock_id}, writes=True)
                if self._kept:
                    self.ask(tables.DISCLAIM, {"key": _key(lock_id)}, writes=True)

    def lives(self, lock_id: str) -> bool | None:
        """Whether the session of a claim is there; None if the holder made none, or that cannot be told."""
        with suppress(PlaceError):
            for (there,) in self.ask(tables.LIVES, {"key": _key(lock_id), "lock": lock_id}):
                return bool(there)
        return None

    def stands(self) -> bool:
        """Whether our session is there as far as is known here: nothing came that nobody asked for, as the
        end of a connection does."""
        if not self._mutex.acquire(blocking=False):
            return True  # a statement is on its way, and finds out
        try:
            return bool(self._kept) and not _readable(self._kept[0])
        finally:
            self._mutex.release()

    # --------------------------------------------------------------------------------- the connection

    def _connection(self, seconds: float) -> psycopg.Connection[Any]:
        if self._kept and not self._kept[0].closed:
            return self._kept[0]
        _close(self._kept)
        connection = self._connected()
        self._kept.append(connection)
        try:
            self._greet(connection, seconds)
        except BaseException:
            _close(self._kept)
            raise
        return connection

    def _connected(self) -> psycopg.Connection[Any]:
        try:
            import psycopg
        except ImportError as error:
            raise PlaceError(
                "setup",
                "PostgreSQL needs a library that is not installed",
                detail=str(error),
                hint=Sentence(Shell("pip install 'campaignctl[postgres]'")),
            ) from error
        given = self._address()
        waiting = _Waiting(None)
        _READS.add(waiting)
        try:
            return psycopg.connect(**given, autocommit=True, prepare_threshold=None)
        except psycopg.Error as error:
            if waiting.interrupted:
                raise Interrupted("interrupted; the database did not answer") from error
            raise errors.unconnected(str(error), str(given.get("password", "")), self.variable) from error
        finally:
            _READS.discard(waiting)

    def _address(self) -> dict[str, Any]:
        """The parameters for libpq. No message has the value: it may be a secret of something else."""
        example = Sentence(Shell(f"export {self.variable}=postgresql://USER@HOST/DATABASE"))
        value = os.environ.get(self.variable, "")
        if not value.strip():
            raise PlaceError("setup", f"{self.variable} is not set", hint=example)
        given = _parsed(value)
        if given is None:
            raise PlaceError("setup", f"{self.variable} is not an address of PostgreSQL", hint=example)
        seconds = str(given.get("connect_timeout", ""))
        given["connect_timeout"] = int(seconds) if seconds.isdecimal() and int(seconds) else _CONNECTING
        if given.get("target_session_attrs") not in _WRITABLE:
            given["target_session_attrs"] = _WRITABLE[0]
        defaults = {
            "application_name": "campaignctl",
            "keepalives_idle": 15,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": int(LONGEST * 1000),
        }
        return {**defaults, **given}

    def _greet(self, connection: psycopg.Connection[Any], seconds: float) -> None:
        """Learn what the session is, and show again in it that we live."""
        [(pid, role, name, version)] = self._asked(connection, tables.HELLO, None, seconds)
        info = connection.info
        self._role, self._server = role, f"{name} at {info.host or 'this machine'}"
        # A pooler has made up the number that it greeted us with.
        self._direct = pid == info.backend_pid
        if self._direct:
            never = tables.NEVER_IDLE if version >= tables.NEVER_IDLE_SINCE else ""
            self._asked(connection, tables.SETTINGS + never)
        self._format = None
        try:
            [(self._format,)] = self._asked(connection, tables.FORMAT_OF)
        except errors.NoTables:
            pass
        except errors.Denied as denied:
            denied.hint = errors.may_make(self.schema, role, there=True)
            raise
        if self._format is not None and self._format > tables.FORMAT:
            raise errors.too_new(self.schema, self._format)
        for lock_id in self._claims:
            if self._direct:
                self._asked(connection, tables.CLAIM, {"key": _key(lock_id)})
            else:
                self._asked(connection, tables.FORGET, {"lock": lock_id})

    def _migrate(self, connection: psycopg.Connection[Any]) -> None:
        [(made,)] = self._run(connection, tables.HAS_TABLES, {"schema": self.schema})
        [(found,)] = self._run(connection, tables.FORMAT_OF) if made else [(0,)]
        if found > tables.FORMAT:
            raise errors.too_new(self.schema, found)
        for step in tables.STEPS[found:]:
            self._run(connection, step)
        self._run(connection, tables.SET_FORMAT, {"version": tables.FORMAT})

    # --------------------------------------------------------------------------------- one statement

    def _asked(
        self,
        connection: psycopg.Connection[Any],
        text: str,
        values: Values | None = None,
        seconds: float = LONGEST,
        *,
        writes: bool = True,
    ) -> list[Any]:
        with self._translated(connection, seconds, writes=writes):
            return self._run(connection, text, values)

    def _run(self, connection: psycopg.Connection[Any], text: str, values: Values | None = None) -> list[Any]:
        from psycopg.sql import SQL, Identifier

        query = SQL(text).format(s=Identifier(self.schema))
        cursor = connection.execute(query, values, binary=values is not None)
        return cursor.fetchall() if cursor.description else []

    @contextmanager
    def _translated(
        self, connection: psycopg.Connection[Any], seconds: float, *, writes: bool = True
    ) -> Iterator[None]:
        """Cut the connection if the block takes longer, and translate what psycopg raises in it."""
        from psycopg import Error

        waiting = _Waiting(connection)
        watch = threading.Timer(seconds, waiting.cut)
        watch.daemon = True
        watch.start()
        if not writes:
            _READS.add(waiting)
        try:
            yield
        except Error as error:
            if waiting.interrupted:
                raise Interrupted("interrupted; the look at the database was ended") from error
            if waiting.was_cut:
                raise PlaceError(
                    "away", f"the database did not answer within {seconds:.0f} s", hint=_HINT
                ) from error
            raise errors.trouble(error, connection.info.password, self.schema, self._role) from error
        except PlaceError:
            raise
        except BaseException:
            _close(self._kept)  # interrupted in the middle of a statement
            raise
        finally:
            _READS.discard(waiting)
            watch.cancel()


class _Waiting:
    """What is under way on a connection, or to get one, and how another thread ends it."""

    def __init__(self, connection: psycopg.Connection[Any] | None) -> None:
        self._connection = connection
        self.was_cut = self.interrupted = False

    def cut(self) -> None:
        """Let it fail, by the end of its connection."""
        from psycopg import Error

        self.was_cut = True
        if self._connection is None:
            return  # it has a time-out of its own
        with suppress(Error, OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as wire:
            wire.shutdown(socket.SHUT_RDWR)


_READS: set[_Waiting] = set()
"""What only reads, and is under way."""


def end_reads() -> None:
    """End the reads that are under way, from any thread; their calls raise Interrupted."""
    for each in tuple(_READS):
        each.interrupted = True
        each.cut()


def _parsed(value: str) -> dict[str, Any] | None:
    """The parameters of an address; None without a cause, which would quote the value."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        return dict(conninfo_to_dict(value))
    except ProgrammingError:
        return None


def _readable(connection: psycopg.Connection[Any]) -> bool:
    """Whether something came on a connection on which nothing was asked; also when it is closed."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _close(kept: list[psycopg.Connection[Any]]) -> None:
    while kept:
        kept.pop().close()


def _key(lock_id: str) -> int:
    """The number that stands for a lock in the server's table of advisory locks."""
    return int.from_bytes(hashlib.sha256(f"campaignctl {lock_id}".encode()).digest()[:8], "big", signed=True)
