"""Remarks of a status: what needs a decision or differs, those that are alike together, with the command."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from campaignctl.campaign.status import Status
from campaignctl.diff import is_quiet
from campaignctl.errors import Command, ProjectPlace, Sentence, counted, first_of
from campaignctl.render.cuts import Cuts
from campaignctl.render.errors import hint_text
from campaignctl.render.escape import LIMIT, escape
from campaignctl.render.status import next_run_text
from campaignctl.render.table import Style, Tone, alike, tall
from campaignctl.render.values import field_lines, set_outside
from campaignctl.review.reports import StatusRow

# How many unconfirmed paths are named, and keys.
_PATHS = 5
_KEYS = 3
# The lines of a remark that are never cut.
_LEAST = 2
_DECLARED_ONLY = ("not created", "unsettled")
_OVER = (Status.SENT, Status.CANCELED, Status.MISSING)


@dataclass(frozen=True, slots=True)
class Page:
    """The context of every part of the text; with `full` every key is named."""

    style: Style
    zone: str
    width: int
    place: ProjectPlace
    cuts: Cuts
    full: bool = False


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of remark: which campaigns have it, what those have in common that share one, and its lines.

    `words` say it of one campaign and of several, for the verdict; `tone` paints it; `urgent`: the campaign
    needs a decision or differs from what was applied.
    """

    words: tuple[str, str]
    tone: Tone
    fits: Callable[[StatusRow], bool]
    cause: Callable[[StatusRow], Hashable]
    lines: Callable[[Sequence[StatusRow], Page], Iterator[str]]
    urgent: bool = True


@dataclass(frozen=True, slots=True)
class Remark:
    """A remark about some campaigns, as lines."""

    lines: tuple[str, ...]

    def height(self, width: int) -> int:
        """The lines that it takes on a screen of a width, with the empty one after it."""
        return sum(tall(line, width) for line in self.lines) + 1

    def within(self, room: int, width: int) -> Remark:
        """As many of its first lines as fit, two at least, and how many more there are."""
        most = len(self.lines)
        while most > _LEAST and Remark(self.lines[:most]).height(width) + (most < len(self.lines)) > room:
            most -= 1
        if most >= len(self.lines):
            return self
        return Remark((*self.lines[:most], f"  ... {counted(len(self.lines) - most, 'more line')}"))


def remarks_of(rows: Sequence[StatusRow], page: Page) -> list[Remark]:
    """Every remark, the most urgent first."""
    return [
        Remark(tuple(kind.lines(same, page)))
        for kind in _KINDS
        for same in alike(filter(kind.fits, rows), kind.cause)
    ]


def is_urgent(row: StatusRow) -> bool:
    """Whether a campaign needs a decision or differs from what was applied."""
    return any(kind.urgent and kind.fits(row) for kind in _KINDS)


def tone_of(row: StatusRow) -> Tone | None:
    """The tone of a campaign's most urgent remark, if it has any."""
    return next((kind.tone for kind in _KINDS if kind.fits(row)), None)


def verdict_words(rows: Sequence[StatusRow]) -> list[str]:
    """How many campaigns have each kind of remark."""
    counts = [(sum(map(kind.fits, rows)), kind.words) for kind in _KINDS]
    return [f"{count:,} {one if count == 1 else several}" for count, (one, several) in counts if count]


def _names(rows: Sequence[StatusRow], page: Page) -> str:
    keys = [escape(row.key) for row in rows]
    return page.style(first_of(keys, len(keys) if page.full else _KEYS), "bold")


def _each(rows: Sequence[StatusRow], one: str, several: str) -> str:
    return one if len(rows) == 1 else several


def _keys(rows: Sequence[StatusRow]) -> tuple[str, ...]:
    """The keys for a command, or the word for them if there are many, or one that is no key of ours."""
    fit = len(rows) <= _KEYS and all(len(row.key) <= LIMIT for row in rows)
    return tuple(row.key for row in rows) if fit else ("KEY",)


def _targets(rows: Sequence[StatusRow]) -> tuple[str, ...]:
    return tuple(word for key in _keys(rows) for word in ("--target", key))


def _hint(hint: Sentence | str, page: Page, label: str) -> Iterator[str]:
    yield from hint_text(hint, page.style, page.place, label=label)


def _goes(rows: Sequence[StatusRow], page: Page) -> Iterator[str]:
    reason = rows[0].halt.reason if rows[0].halt else ""
    said = f"{_names(rows, page)}: {page.style('halted, and can send all the same', 'bold', 'red')}"
    yield f"{said}: {escape(reason)}"
    yield from _hint(Sentence(Command("halt", *_keys(rows), "--reason", reason)), page, "to pause again:")
    yield from _to_lift(rows, page)


def _unsettled(rows: Sequence[StatusRow], page: Page) -> Iterator[str]:
    yield f"{_names(rows, page)}: unsettled: the outcome of a write is unknown"
    yield from _hint(Sentence(Command("apply")), page, "to settle:")


def _missing(rows: Sequence[StatusRow], page: Page) -> Iterator[str]:
    yield f"{_names(rows, page)}: no longer found in this account"
    yield from _hint(Sentence(Command("plan", *_targets(rows))), page, "what to do:")


def _unknown(rows: Sequence[StatusRow], page: Page) -> Iterator[str]:
    shown = escape(rows[0].status)
    yield f"{_names(rows, page)}: the API says {shown}, which is unknown to us; it may still send"
    yield from _hint(Sentence(Command("plan", *_targets(rows))), page, "what to do:")


def _decision(rows: Sequence[StatusRow], page: Page) -> Iterator[str]:
    row, key = rows[0], escape(_keys(rows)[0] if len(rows) == 1 else "KEY")
    names = ", ".join(map(escape, row.decide)) or "its messages, which were not read"
    waits = _each(rows, "its A/B test waits", "their A/B tests wait")
    yield f"{_names(rows, page)}: {waits} for a decision between {names}"
    yield f"  {page.style('to decide:', 'cyan')} {_how_to_decide(row, key)}"


def _how_to_decide(row: StatusRow, key: str) -> str:
    if not row.declared:
        return f"no longer declared: choose the winner of {escape(row.id or key)} in the dashboard"
    first = escape(row.decide[0]) if row.decide else "MESSAGE"
    winner = f"{{message: {first}, run: {row.decide_run}}}" if row.decide_run else first
    line = f"lifecycle: {{winner: {winner}}} in {key}"
    if row.halt is not None:
        return f"{line}, once the halt is lifted"
    return line if row.phase == "active" else f"{line}, with `phase: active`; it is declared {row.phase}"


def _halted(rows: Sequence[StatusRow], page: Page) -> Iterator[str]:
    halt = rows[0].halt
    if halt is None:
        return
    when = next_run_text(halt.at, page.zone)
    yield f"{_names(rows, page)}: halted by {escape(halt.who)}, {when}: {escape(halt.reason)}"
    yield from _to_lift(rows, page)


def _to_lift(rows: Sequence[StatusRow], page: Page) -> Iterator[str]:
    keys, halt = tuple(row.halt.key for row in rows if row.halt), rows[0].halt
    if halt is not None and len(keys) > _KEYS:
        if halt.keys is None:
            lift = Command("halt", "--lift", "--reason", "TEXT")
            yield from _hint(Sentence(lift), page, "to lift every halt:")
            return
        keys = halt.keys
    short = len(keys) <= _KEYS and all(len(key) <= LIMIT for key in keys)
    lift = Command("halt", "--lift", *(keys if short else ("KEY",)), "--reason", "TEXT")
    yield from _hint(Sentence(lift), page, "to lift:")


def _paused(rows: Sequence[StatusRow], page: Page) -> Iterator[str]:
    row, names = rows[0], _names(rows, page)
    if not row.declared:
        yield f"{names}: paused outside campaignctl, and no longer declared"
        yield from _hint(Sentence(Command("plan", *_targets(rows))), page, "what to do:")
        return
    yield f"{names}: paused outside campaignctl; not resumed automatically"
    words = (*_targets(rows), "--override", "foreign_pause")
    if row.may_resume:
        yield from _hint(Sentence(Command("apply", *words)), page, "to resume:")
    else:
        yield from _hint(Sentence(Command("plan", *words)), page, "no time to come; what to do:")


def _lifted(rows: Sequence[StatusRow], page: Page) -> Iterator[str]:
    yield f"{_names(rows, page)}: paused by a halt that is lifted; an apply resumes what has a time to come"
    yield from _hint(Sentence(Command("plan")), page, "to see when it sends:")


def _drift(rows: Sequence[StatusRow], page: Page) -> Iterator[str]:
    row = rows[0]
    when = f", changed {next_run_text(row.changed_at, page.zone)}" if row.changed_at else ""
    what = "applied -> live" if row.drift else "set outside of the manifests"
    yield f"{_names(rows, page)}: {what}{when if len(rows) == 1 else ''}"
    yield from (f"  {line}" for line in field_lines(row.drift, page.style, page.width - 2, page.cuts))
    if row.drift and row.unmanaged:
        yield "  set outside of the manifests:"
    found = set_outside(row.unmanaged)
    yield from (f"  {line}" for line in field_lines(found, page.style, page.width - 2, page.cuts))


def _unconfirmed(rows: Sequence[StatusRow], page: Page) -> Iterator[str]:
    paths = page.cuts.items(rows[0].unconfirmed, _PATHS)
    yield f"{_names(rows, page)}: unconfirmed: no read shows {paths}"


def _is_halted(row: StatusRow) -> bool:
    return row.halt is not None and not row.goes and row.status not in _OVER


def _is_unknown(row: StatusRow) -> bool:
    return row.status not in tuple(Status) and row.status not in _DECLARED_ONLY


def _is_foreign(row: StatusRow) -> bool:
    return row.halt is None and row.paused_by == "someone else" and row.phase == "active"


def _waits_for_a_resume(row: StatusRow) -> bool:
    return row.halt is None and row.paused_by == "halt" and row.declared and row.phase == "active"


def _differs(row: StatusRow) -> bool:
    return bool(row.drift or row.unmanaged)


def _loudly(row: StatusRow) -> bool:
    return _differs(row) and not _quietly(row)


def _quietly(row: StatusRow) -> bool:
    """Whether it differs only in fields that ring no alarm."""
    return _differs(row) and not row.drift and all(is_quiet(one.path) for one in row.unmanaged)


_KINDS = (
    _Kind(
        ("is halted and can send", "are halted and can send"),
        "red",
        lambda row: row.goes,
        lambda row: row.halt and row.halt.reason,
        _goes,
    ),
    _Kind(
        ("is unsettled", "are unsettled"), "red", lambda row: bool(row.pending), lambda _: True, _unsettled
    ),
    _Kind(
        ("is missing", "are missing"),
        "red",
        lambda row: row.status == Status.MISSING,
        lambda _: True,
        _missing,
    ),
    _Kind(("is unknown", "are unknown"), "red", _is_unknown, lambda row: row.status, _unknown),
    _Kind(
        ("waits for a decision", "wait for a decision"),
        "yellow",
        lambda row: row.status == Status.NEEDS_DECISION,
        lambda row: (row.decide, row.decide_run, row.declared or row.key, row.halt is None, row.phase),
        _decision,
    ),
    _Kind(
        ("is paused by others", "are paused by others"),
        "yellow",
        _is_foreign,
        lambda row: (row.declared, row.may_resume),
        _paused,
    ),
    _Kind(("drifts", "drift"), "yellow", _loudly, lambda row: repr((row.drift, row.unmanaged)), _drift),
    _Kind(
        ("is halted", "are halted"),
        "cyan",
        _is_halted,
        lambda row: row.halt and (row.halt.who, row.halt.at, row.halt.reason),
        _halted,
        urgent=False,
    ),
    _Kind(
        ("is paused by a lifted halt", "are paused by a lifted halt"),
        "cyan",
        _waits_for_a_resume,
        lambda _: True,
        _lifted,
        urgent=False,
    ),
    _Kind(
        ("has fields set by others", "have fields set by others"),
        "cyan",
        _quietly,
        lambda row: repr(row.unmanaged),
        _drift,
        urgent=False,
    ),
    _Kind(
        ("is not confirmed", "are not confirmed"),
        "cyan",
        lambda row: bool(row.unconfirmed),
        lambda row: row.unconfirmed,
        _unconfirmed,
        urgent=False,
    ),
)
