"""The state document: `State` to JSON text and back, strictly, with migrations of older formats.

Members stand in the order of the interface, campaigns sorted by key; specs keep the order in which they
were applied. Every member is always there, so that a missing one is damage and never a default.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from types import MappingProxyType
from typing import Any, TypeVar, get_args

from campaignctl.campaign.lifecycle import Lifecycle, OnDestroy, Phase
from campaignctl.errors import StateDamaged, StateNotSaved, StateTooNew
from campaignctl.state.model import (
    FORMAT_VERSION,
    Account,
    Entry,
    HistoryEntry,
    HistoryOutcome,
    Intent,
    IntentOperation,
    IntentPhase,
    LockInfo,
    Overridden,
    Record,
    Released,
    Sent,
    State,
    Watermark,
)
from campaignctl.state.moved import MOVED, moved
from campaignctl.state.strict import Node, damaged, parse

_T = TypeVar("_T")
_RUN = "run"
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_OPERATIONS: tuple[IntentOperation, ...] = get_args(IntentOperation)
_PHASES: tuple[IntentPhase, ...] = get_args(IntentPhase)
_ON_DESTROY: tuple[OnDestroy, ...] = get_args(OnDestroy)
_PHASE_OF_LIFE: tuple[Phase, ...] = get_args(Phase)
_OUTCOMES: tuple[HistoryOutcome, ...] = get_args(HistoryOutcome)


def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


_DOCUMENT = (
    "format_version",
    "tool_version",
    "lineage",
    "serial",
    "environment",
    "account",
    "seen",
    "campaigns",
    "pending",
    "sent",
    "released",
    "missed",
    "history",
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One step from a format to the next, on decoded JSON: a whole document, and one journal entry.

    `format_version` need not be touched. Members may be missing or of any type: what a step leaves
    wrong is refused afterwards.
    """

    document: Callable[[dict[str, Any]], dict[str, Any]]
    entry: Callable[[dict[str, Any]], dict[str, Any]]


Migrations = Mapping[int, Migration]
"""The step that leads away from each older format."""

MIGRATIONS: Migrations = MappingProxyType({})


# ------------------------------------------------------------------------------------------- encoding


def encode(state: State) -> str:
    """The state document, ending with a newline.

    Raises:
        StateNotSaved: a value that JSON cannot hold.
    """
    values = {"format_version": FORMAT_VERSION} | {name: getattr(state, name) for name in _names(State)}
    for name in ("campaigns", "pending", "missed"):
        values[name] = dict(sorted(values[name].items()))
    return to_json({name: values[name] for name in _DOCUMENT}, indent=1) + "\n"


def encode_lock(info: LockInfo) -> str:
    """The content of a lock, ending with a newline."""
    return to_json(info, indent=1) + "\n"


def to_json(value: Any, *, indent: int | None = None) -> str:
    """The JSON text of values, objects and arrays of this package; one line without `indent`.

    A lone surrogate, which UTF-8 cannot hold, is escaped, and so comes back as it was; two that make a
    pair come back as the one character that they mean.

    Raises:
        StateNotSaved: a value that JSON cannot hold.
    """
    try:
        text = json.dumps(
            _plain(value),
            ensure_ascii=False,
            allow_nan=False,
            indent=indent,
            separators=None if indent else (",", ":"),
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise StateNotSaved("the state holds a value that JSON cannot hold", detail=str(error)) from error
    return _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {name: _plain(getattr(value, name)) for name in _names(type(value))}
    if isinstance(value, Mapping):
        return {_name(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _name(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a member is named by {key!r}, which is no string")
    return key


def fingerprint(data: bytes) -> str:
    """`sha256:<hex>` of a state document as it lies in its place, byte for byte."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


# ------------------------------------------------------------------------------------------- decoding


def decode(text: str | bytes, *, where: str = "the state", migrations: Migrations = MIGRATIONS) -> State:
    """The state of a document; an older format is migrated. `where` is its place, for messages.

    Raises:
        StateDamaged: not a state document: says which member is wrong and what to do.
        StateTooNew: a newer campaignctl wrote it.
        StateMoved: it was taken to another place.
    """
    document = Node(parse(text, where), where).object()
    version = format_version(document, where)
    if MOVED in document:
        raise moved(Node(document, where))
    for step in steps(version, where, migrations):
        document = step.document(document)
    return _state(Node(document, where))


def format_version(document: Mapping[str, Any], where: str) -> int:
    """The format of a document or journal that this version can read, perhaps after migration.

    Raises:
        StateDamaged: it names none.
        StateTooNew: it is newer; says which campaignctl wrote it.
    """
    version = Node(document.get("format_version"), where, "format_version").integer()
    if version > FORMAT_VERSION:
        writer = document.get("tool_version")
        named = f"campaignctl {writer}" if isinstance(writer, str) else "a newer campaignctl"
        raise StateTooNew(
            f"{where} was written by {named}",
            detail=f"its format_version is {version}, and this version reads up to {FORMAT_VERSION}",
            hint=f"use {named} or newer",
        )
    return version


def steps(version: int, where: str, migrations: Migrations) -> tuple[Migration, ...]:
    """The migrations from a format to the present one.

    Raises:
        StateDamaged: there is no way from there.
    """
    wanted = range(version, FORMAT_VERSION)
    if any(step not in migrations for step in wanted):
        raise damaged(where, f"format_version {version} is not one that campaignctl ever wrote")
    return tuple(migrations[step] for step in wanted)


def decode_lock(text: str | bytes) -> LockInfo | None:
    """The content of a lock, or None where it cannot be read."""
    try:
        lock = Node(parse(text, "the lock"), "the lock")
        known = set(_names(LockInfo)) - ({_RUN} - lock.object().keys())
        read = lock.members(known)
        return LockInfo(
            id=read["id"].text(),
            holder=read["holder"].text(),
            host=read["host"].text(),
            process=read["process"].count(),
            operation=read["operation"].text(),
            since=read["since"].text(),
            run=read[_RUN].text() if _RUN in read else "",
        )
    except StateDamaged:
        return None


def _state(node: Node) -> State:
    read = node.members(_DOCUMENT)
    return State(
        lineage=read["lineage"].text(),
        serial=read["serial"].count(),
        environment=read["environment"].optional(Node.text),
        account=_account(read["account"]),
        tool_version=read["tool_version"].text(),
        seen=read["seen"].items(Node.text),
        campaigns=read["campaigns"].mapping(decode_record),
        pending=read["pending"].mapping(_intent),
        sent=read["sent"].items(_sent),
        released=read["released"].items(_released),
        missed=read["missed"].mapping(Node.text),
        history=read["history"].items(_history),
    )


def decode_entry(node: Node) -> Entry:
    """One step of a state.

    Raises:
        StateDamaged: it is none.
    """
    read = node.members(_names(Entry))
    return Entry(
        records=read["records"].mapping(_or_none(decode_record)),
        intents=read["intents"].mapping(_or_none(_intent)),
        missed=read["missed"].mapping(_or_none(Node.text)),
        sent=read["sent"].items(_sent),
        released=read["released"].items(_released),
        account=read["account"].optional(_account),
        seen=read["seen"].optional(lambda seen: seen.items(Node.text)),
        history=read["history"].items(_history),
        decision=read["decision"].boolean(),
    )


def _or_none(read: Callable[[Node], _T]) -> Callable[[Node], _T | None]:
    return lambda node: node.optional(read)


def _account(node: Node) -> Account:
    read = node.members(_names(Account))
    return Account(
        url=read["url"].text(),
        company_id=read["company_id"].optional(Node.text),
        markers=read["markers"].optional(Node.boolean),
    )


def decode_record(node: Node) -> Record:
    """The record of one campaign.

    Raises:
        StateDamaged: it is none.
    """
    read = node.members(_names(Record))
    return Record(
        id=read["id"].text(),
        status=read["status"].text(),
        applied=read["applied"].object(),
        digest=read["digest"].text(),
        intent=read["intent"].optional(Node.text),
        created_at=read["created_at"].text(),
        updated_at=read["updated_at"].text(),
        source_digest=read["source_digest"].text(),
        echo=read["echo"].object(),
        lifecycle=_lifecycle(read["lifecycle"]),
        send_strategy=read["send_strategy"].optional(Node.text),
        next_run_time=read["next_run_time"].optional(Node.text),
        reposted=read["reposted"].boolean(),
        paused_by_us=read["paused_by_us"].boolean(),
        winner=read["winner"].optional(Node.text),
        moved_from=read["moved_from"].optional(Node.text),
    )


def _history(node: Node) -> HistoryEntry:
    read = node.members(_names(HistoryEntry))
    return HistoryEntry(
        id=read["id"].text(),
        at=read["at"].text(),
        operation=read["operation"].text(),
        who=read["who"].text(),
        host=read["host"].text(),
        commit=read["commit"].optional(Node.text),
        tool_version=read["tool_version"].text(),
        plan=read["plan"].text(),
        actions=read["actions"].mapping(Node.count),
        overrides=read["overrides"].items(_overridden),
        outcome=read["outcome"].choice(*_OUTCOMES),
        outcomes=read["outcomes"].mapping(Node.count),
        ended=read["ended"].optional(Node.text),
    )


def _overridden(node: Node) -> Overridden:
    read = node.members(_names(Overridden))
    return Overridden(
        name=read["name"].text(),
        keys=read["keys"].items(Node.text),
        reason=read["reason"].optional(Node.text),
        until=read["until"].optional(Node.text),
    )


def _lifecycle(node: Node) -> Lifecycle:
    read = node.members(_names(Lifecycle))
    return Lifecycle(
        prevent_destroy=read["prevent_destroy"].boolean(),
        on_destroy=read["on_destroy"].choice(*_ON_DESTROY),
        ignore_changes=read["ignore_changes"].items(Node.text),
        phase=read["phase"].choice(*_PHASE_OF_LIFE),
        winner=read["winner"].optional(Node.text),
    )


def _intent(node: Node) -> Intent:
    read = node.members(_names(Intent))
    return Intent(
        operation=read["operation"].choice(*_OPERATIONS),
        intent=read["intent"].text(),
        phase=read["phase"].choice(*_PHASES),
        spec=read["spec"].object(),
        digest=read["digest"].text(),
        watermark=_watermark(read["watermark"]),
        first_send=read["first_send"].optional(Node.text),
        at=read["at"].optional(Node.text),
        id=read["id"].optional(Node.text),
        patch=read["patch"].optional(Node.object),
        source_digest=read["source_digest"].text(),
        lifecycle=_lifecycle(read["lifecycle"]),
    )


def _watermark(node: Node) -> Watermark:
    read = node.members(_names(Watermark))
    return Watermark(ids=read["ids"].items(Node.text), server_time=read["server_time"].optional(Node.text))


def _sent(node: Node) -> Sent:
    read = node.members(_names(Sent))
    return Sent(
        digest=read["digest"].text(),
        key=read["key"].text(),
        id=read["id"].optional(Node.text),
        at=read["at"].text(),
    )


def _released(node: Node) -> Released:
    read = node.members(_names(Released))
    return Released(
        key=read["key"].text(),
        id=read["id"].text(),
        intent=read["intent"].optional(Node.text),
        digest=read["digest"].text(),
        status=read["status"].text(),
        at=read["at"].text(),
    )
