"""Rows of a schema as a place: a version is put by the update of one row, if it is still the one we saw."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from campaignctl.backends.cas.liveness import FileSigns, Sign, Signs
from campaignctl.backends.cas.place import LONGEST, Files, Home, Note, Place, PlaceError, Seen, Texts
from campaignctl.backends.durable import LARGEST
from campaignctl.backends.postgres import errors, tables
from campaignctl.backends.postgres.connection import Database
from campaignctl.errors import Command, Sentence, StateError
from campaignctl.review.reports import Access
from campaignctl.state.model import LockInfo

# Rewritten with each step and each lock: what they said before is of no use. Pieces of a journal that are
# gone as a whole were folded into the next document, or given up with a damaged one.
_PASSING = ("lock.json", "about.json")
_GROWING = "journal/"
_WAY = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(Seen):
    """A version that is not put yet, and what to record about it."""

    note: Note


@dataclass(frozen=True, slots=True)
class PostgresPlace(Place):
    """The rows of one name."""

    database: Database
    name: str

    @property
    def texts(self) -> Texts:
        """How messages speak of it."""
        schema, variable = self.database.schema, self.database.variable
        which = f"from {schema}.files where name = '{self.name}' and path = 'state.json'"
        listing = f'psql "${variable}" -c "select since, at, length(data) {which} order by since desc"'
        getting = f'psql "${variable}" -Atc "select convert_from(data, \'UTF8\') {which} and since = NUMBER"'
        return Texts(
            location=f"{schema}.{self.name} of {variable}",
            history=f"the last {tables.KEPT} documents, in the table {schema}.files",
            repair=Sentence(
                f"nothing was overwritten; `{listing}` lists its versions; put a good one back with"
                f" `{getting} > good.json` and ",
                Command("state", "push", "good.json"),
            ),
            apart="give each project of a database a `state.schema` or `state.name` of its own in"
            " campaignctl.yaml",
        )

    def tip(self) -> str | None:
        """The name of the present version."""
        try:
            return next((tip for (tip,) in self.database.ask(tables.TIP, {"name": self.name})), None)
        except errors.NoTables:
            return None

    def look(self, seconds: float = LONGEST) -> Seen:
        """The present version, by one statement."""
        try:
            rows = self.database.ask(tables.LOOK, {"name": self.name, "largest": LARGEST}, seconds)
        except errors.NoTables:
            return Seen(None, {})
        files = {path: data for _, path, data in rows if path is not None}
        if None in files.values():
            raise PlaceError(
                "refused",
                f"the files of {self.texts.location} are larger than {LARGEST // 1024 // 1024} MiB",
                hint="that is no state of campaignctl",
            )
        return Seen(rows[0][0] if rows else None, files)

    def draft(self, before: Seen, after: Files, note: Note) -> Seen:  # noqa: ARG002 - a version is put whole
        """The version to put, under a random name."""
        return Draft(tip=secrets.token_hex(16), files=after, note=note)

    def put(self, before: Seen, draft: Seen, seconds: float = LONGEST) -> bool:
        """Put it if the row still is the one that was seen; the files that changed go with it."""
        if not isinstance(draft, Draft):
            raise TypeError("a version that was not drafted")
        self.database.prepare()
        by, after = draft.note.by, draft.files
        gone = [path for path, data in before.files.items() if after.get(path) != data]
        new = {path: data for path, data in after.items() if before.files.get(path) != data}
        dropped = [path for path in gone if path in _PASSING or (path.startswith(_GROWING) and path in after)]
        rows = self.database.ask(
            tables.PUT_FIRST if before.tip is None else tables.PUT_NEXT,
            {
                "name": self.name,
                "before": before.tip,
                "tip": draft.tip,
                "holder": f"{by.holder} on {by.host}",
                "operation": by.operation,
                "subject": draft.note.subject,
                "lock": by.id if draft.note.under_lock else None,
                "kept": [path for path in gone if path not in dropped],
                "dropped": dropped,
                "paths": list(new),
                "contents": list(new.values()),
            },
            seconds,
            writes=True,
        )
        return bool(rows)

    def holds(self, found: Seen, draft: Seen) -> bool:
        """Whether a version is there, or was put before the one that is."""
        if found.tip == draft.tip or found.tip is None:
            return found.tip == draft.tip
        [(there,)] = self.database.ask(tables.HOLDS, {"name": self.name, "tip": draft.tip})
        return bool(there)

    def access(self, by: LockInfo) -> Access:  # noqa: ARG002 - the server knows the role
        """Whether the role has what a write needs."""
        database, schema = self.database, {"schema": self.database.schema}
        try:
            there = bool(self._made())
            [(may, writable)] = database.ask(tables.MAY if there else tables.MAY_MAKE, schema)
        except PlaceError as error:
            return Access(False, f"{database.variable}: {error}", error.hint, _WAY)
        where = f"{database.server} (user {database.role}, schema {database.schema})"
        if not writable:
            other = "let the address name a server that accepts writes"
            return Access(False, f"{where} is read only", other, _WAY)
        if not may:
            grant = errors.may_write if there else _may_make
            fix = grant(database.schema, database.role)
            return Access(False, f"{where} refuses writes", fix, _WAY)
        lock = (
            "; a lock ends with its process"
            if database.direct
            else ", through a pooler: the lock of a process that died elsewhere stays until `state unlock`"
        )
        return Access(True, f"{where} accepts writes{lock}", way=_WAY)

    def _made(self) -> list[object]:
        try:
            return self.database.ask(tables.FORMAT_OF)
        except errors.NoTables:
            return []


def _may_make(schema: str, role: str) -> str:
    return errors.may_make(schema, role, there=False)


@dataclass(frozen=True, slots=True)
class SessionSigns(Signs):
    """Holders that live as long as their sessions; on this machine, as their processes."""

    database: Database
    files: FileSigns

    def begin(self, lock_id: str) -> Sign:
        """The sign of a holder that is about to take a lock with this id."""
        return SessionSign(self.database, lock_id, self.files.begin(lock_id), self.database.claim(lock_id))

    def lives(self, info: LockInfo) -> bool | None:
        """Whether the holder of a lock is alive: the kernel of its machine knows better than the server."""
        here = self.files.lives(info)
        return self.database.lives(info.id) if here is None else here

    def clean_up(self, info: LockInfo) -> None:
        """Remove the file that a dead holder left."""
        self.files.clean_up(info)


@dataclass(frozen=True, slots=True)
class SessionSign(Sign):
    """The sign of one holder; `claimed`: its session shows it too."""

    database: Database
    lock_id: str
    file: Sign
    claimed: bool

    def stands(self) -> bool:
        """Whether the session is there, as far as is known."""
        return not self.claimed or self.database.stands()

    def end(self, *, given_back: bool) -> None:
        """End both. Safe to call twice."""
        self.database.disclaim(self.lock_id, given_back=given_back)
        self.file.end(given_back=given_back)


def state_names(variable: str, schema: str) -> tuple[str, ...]:
    """The names of all states in a schema. Raises StateError."""
    try:
        return tuple(name for (name,) in Database(variable, schema).ask(tables.NAMES))
    except errors.NoTables:
        return ()
    except PlaceError as error:
        raise StateError(
            f"the states in schema {schema} of {variable} cannot be listed",
            detail=str(error),
            hint=error.hint,
        ) from error


def postgres_home(directory: Path, project: str, variable: str, schema: str, name: str) -> Home:
    """The home of a state of this name in a schema of the database whose address is in a variable."""
    # Each has a session of its own: the stop mark is looked at before each request, and must not wait for a
    # step that is being put; a look at the archive must not begin again the session that shows we live.
    database, for_stop, for_archive = (Database(variable, schema) for _ in range(3))
    place, stop = PostgresPlace(database, name), PostgresPlace(for_stop, f"{name}.stop")
    archive = PostgresPlace(for_archive, f"{name}.archive")
    mirror = directory / ".campaignctl" / "postgres" / f"{name}.json"
    return Home(project, place, stop, archive, mirror, SessionSigns(database, FileSigns(mirror.parent)))
