"""The changes of a group as text: what they share once, and what differs campaign by campaign."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from campaignctl.diff import EVERYONE, FieldChange
from campaignctl.errors import ProjectPlace, counted
from campaignctl.plan.model import Action, Change, Conflict
from campaignctl.render.cuts import Cuts, json_text
from campaignctl.render.escape import LIMIT, escape
from campaignctl.render.summary import (
    CHANGES_SENDS,
    NO_PROOF,
    REACHING,
    by_text,
    keys_text,
    proof_lines,
    sends_lines,
    told_in_words,
    undo_text,
    valid_text,
)
from campaignctl.render.table import Style, Tone
from campaignctl.render.values import audience_text, brief, field_lines, set_outside
from campaignctl.review.review import Group
from campaignctl.schedule.times import iso

AT_ONCE = "!"
LOOKS: dict[Action, tuple[str, Tone]] = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("-/+", "magenta"),
    Action.PAUSE: ("=", "yellow"),
    Action.RESUME: ("^", "green"),
    Action.CANCEL: ("x", "red"),
    Action.ADOPT: ("<", "cyan"),
    Action.MOVE: (">", "cyan"),
    Action.FORGET: ("?", "red"),
}
INDENT = "      "
_ROWS = 8
_AUDIENCES = 12
_TIMES = 6
_WORDS = 40
#: Reasons that the action says by itself.
_OBVIOUS = ("not created yet", "the manifest changed")


@dataclass(frozen=True, slots=True)
class Page:
    """The context of every part of a text; `valid_until` is the end of the whole plan."""

    style: Style
    zone: str
    now: datetime
    width: int
    place: ProjectPlace
    cuts: Cuts
    valid_until: datetime | None = None


def group_lines(group: Group, page: Page) -> Iterator[str]:
    """Everything that a group of changes does."""
    yield _head(group, page)
    for label, lines in _facts(group, page):
        for index, line in enumerate(lines):
            yield f"{INDENT}{label + ':' if index == 0 else '':<9}{line}"
    said = frozenset.intersection(*(told_in_words(change) for change in group.changes))
    yield from fields(_untold(said, group.common if page.cuts.full else group.shared, page), page)
    unmanaged = group.first.unmanaged
    if unmanaged:
        yield f"{INDENT}{page.style('also sent, set outside of the manifests:', 'bold', 'yellow')}"
        yield from fields(set_outside(unmanaged), page)
    if len(group.changes) > 1:
        yield from _rows(group, page)


def group_line(group: Group, page: Page) -> str:
    """A group in one line: what it does, when it sends and its audience."""
    change = group.first
    what = f"{_symbol(change):>4} {change.action} {_which(group)}"
    sends = by_text(group, lambda one: _sends(one, page, distances=False)[:1])
    told = [" ".join(next(iter(sends))) if len(sends) == 1 else f"{len(sends):,} different times"]
    if change.action in REACHING:
        reaches = by_text(group, lambda one: (audience_text(one.audience, page.cuts),))
        told.append(next(iter(reaches))[0] if len(reaches) == 1 else f"{len(reaches):,} audiences")
    if count := len(group.common) + len(group.varying):
        told.append(counted(count, "field"))
    return f"{page.style(what, 'bold', _tone(change))}: {'; '.join(filter(None, told)) or change.reason}"


def fields(changes: Iterable[FieldChange], page: Page) -> Iterator[str]:
    """Field changes, indented."""
    for line in field_lines(changes, page.style, page.width - len(INDENT), page.cuts):
        yield INDENT + line


def _head(group: Group, page: Page) -> str:
    change, style = group.first, page.style
    head = style(f"{_symbol(change):>4} {change.action} {_which(group)}", "bold", _tone(change))
    named = "" if len(group.changes) > 1 else _known_as(change, page)
    mark = " [arms]" if change.arms else f" [{CHANGES_SENDS}]" if change.changes_sends else ""
    return f"{head}{named}{style(mark, 'bold', 'yellow') if mark else ''}"


def _symbol(change: Change) -> str:
    return (AT_ONCE if change.sends_at_once else "") + LOOKS[change.action][0]


def _tone(change: Change) -> Tone:
    return "red" if change.sends_at_once else LOOKS[change.action][1]


def _which(group: Group) -> str:
    """The key, or how many campaigns and how their keys begin."""
    if len(group.changes) == 1:
        return escape(group.first.key)
    pattern = f": {escape(group.pattern)}" if group.pattern else ""
    return f"{len(group.changes):,} campaigns{pattern}"


def _known_as(change: Change, page: Page) -> str:
    name = f" {page.cuts.value(change.name, LIMIT)}" if change.name else ""
    return name + (f" ({escape(change.id)})" if change.id else "")


def _facts(group: Group, page: Page) -> Iterator[tuple[str, list[str]]]:
    change, style = group.first, page.style
    if change.reason not in _OBVIOUS and len({str(each.reason) for each in group.changes}) == 1:
        yield "why", [escape(page.cuts.named(change.reason), None)]
    sends = _told(group, lambda one: _sends(one, page), "time", _TIMES, page)
    yield "sends", [style(line, "bold", "red") for line in sends] if change.sends_at_once else sends
    if change.action in REACHING:
        yield "reaches", _told(group, lambda one: (_reaches(one, page),), "audience", _AUDIENCES, page)
    yield "proof", _told(group, _proofs(group, page), "proof", _TIMES, page)
    yield "waits", _told(group, _waits, "cancel", _TIMES, page)
    yield "undo", _told(group, lambda one: (undo_text(one.undo, page.zone),), "time", _TIMES, page)
    if any(one.valid_until not in (None, page.valid_until) for one in group.changes):
        yield "apply", _told(group, lambda one: (valid_text(one, page.zone),), "time", _TIMES, page)
    yield "was", [escape(change.moved_from)] if change.moved_from and len(group.changes) == 1 else []
    for mark, tell in () if page.cuts.full else _wordings(group):
        most = _WORDS if len(group.changes) <= _WORDS else _ROWS
        yield mark, _told(group, tell, "wording", most, page)
    warnings = [_conflict(one, page.cuts) for one in change.conflicts]
    for warning, keys in group.warnings.items():
        about = "" if len(keys) == len(group.changes) else f"{keys_text(keys, page.cuts)}: "
        warnings.append(about + escape(page.cuts.named(warning), None))
    yield "warning", [style(warning, "yellow") for warning in warnings]


_Tell = Callable[[Change], tuple[str, ...]]


def _told(group: Group, tell: _Tell, what: str, most: int, page: Page) -> list[str]:
    """What is true of all campaigns; or how many differ in what, with the first of them."""
    told = by_text(group, tell)
    if len(told) == 1:
        return list(next(iter(told)))
    if len(group.changes) <= page.cuts.most(_ROWS):
        return [f"{counted(len(told), what)}, see below"]
    texts = [", ".join(lines) or "-" for lines in told]
    if what == "time" and len(told) > page.cuts.most(most):
        # The changes are in the order of their sends.
        ends = [f"{counted(len(told), what)}, the first: {texts[0]}", f"the last: {texts[-1]}"]
        return [*ends, page.cuts.rest(texts[1:-1], what)]
    if len(told) == len(group.changes):
        return [f"{counted(len(told), what)}: {page.cuts.items(texts, most, str)}"]
    counts = (counted(len(keys), "campaign") for keys in told.values())
    lines = [f"{text}: {count}" for text, count in zip(texts, counts, strict=True)]
    kept = lines[: page.cuts.most(most)]
    return kept if len(kept) == len(lines) else [*kept, page.cuts.rest(lines[len(kept) :], what)]


def _sends(change: Change, page: Page, *, distances: bool = True) -> tuple[str, ...]:
    return tuple(sends_lines(change, page.zone, page.now, distances=distances))


def _reaches(change: Change, page: Page) -> str:
    audience = audience_text(change.audience, page.cuts)
    if audience != EVERYONE:
        return audience
    aimed = bool((change.spec or {}).get("targeting"))
    why = "no condition certainly narrows it" if aimed else "there is no targeting"
    return f"{page.style(EVERYONE, 'bold')} ({why})"


def _waits(change: Change) -> tuple[str, ...]:
    """What has to be canceled before the change is made."""
    keys = ", ".join(map(escape, change.waits_for))
    return (f"until this is canceled: {keys}",) if keys else ()


def _proofs(group: Group, page: Page) -> _Tell:
    """What tells of proofs: on lines of their own for one campaign, on one for each of several."""
    if len(group.changes) == 1 or not any(one.proofs for one in group.changes):
        return lambda one: tuple(proof_lines(one, page.zone))
    return lambda one: ("; ".join(proof_lines(one, page.zone)) or NO_PROOF,)


def _undo(change: Change, page: Page) -> tuple[str, ...]:
    """Until when it can be undone; nothing if that is the time of the send, which is told next to it."""
    first = change.sends.first
    return () if first and change.undo == f"until {iso(first)}" else (undo_text(change.undo, page.zone),)


def _wordings(group: Group) -> list[tuple[str, _Tell]]:
    """The marks in the texts of a group, and what tells the words of a campaign there."""

    def tell(words: Mapping[str, str]) -> _Tell:
        return lambda one: (escape(json_text(words[one.key]), None),)

    return [(mark, tell(words)) for mark, words in group.wording.words.items()]


def _conflict(one: Conflict, cuts: Cuts) -> str:
    applied, live, manifest = (cuts.value(value, LIMIT) for value in (one.applied, one.live, one.manifest))
    return f"conflict: {cuts.text(one.path)} was {applied}, changed live to {live}; this plan sets {manifest}"


def _untold(said: Container[str], changes: Iterable[FieldChange], page: Page) -> list[FieldChange]:
    """The fields that the facts above have not `said` already; all of them in full."""
    return [each for each in changes if page.cuts.full or each.path not in said]


def _rows(group: Group, page: Page) -> Iterator[str]:
    """Each campaign of a group with what is its own."""
    tells: list[tuple[str, _Tell]] = [
        ("sends", lambda one: _sends(one, page, distances=False)),
        ("reaches", lambda one: (audience_text(one.audience, page.cuts),)),
        ("proof", _proofs(group, page)),
        ("waits", _waits),
        ("can be undone", lambda one: _undo(one, page)),
    ]
    if group.first.action not in REACHING:
        tells = [each for each in tells if each[0] != "reaches"]
    if not page.cuts.full:
        tells += _wordings(group)
    differ = [each for each in tells if len(by_text(group, each[1])) > 1]
    shown = group.changes[: page.cuts.most(_ROWS)]
    for change in shown:
        own = [f"{label} {', '.join(tell(change))}" for label, tell in differ]
        own += [f"was {escape(change.moved_from)}"] if change.moved_from else []
        fields = group.own(change, worded=page.cuts.full)
        own += [brief(each, page.cuts) for each in _untold(told_in_words(change), fields, page)]
        said = f": {'; '.join(own)}" if own else ""
        yield f"{INDENT}{page.style(escape(change.key), 'bold')}{_known_as(change, page)}{said}"
    if rest := group.keys[len(shown) :]:
        yield INDENT + page.cuts.rest(rest, "campaign")
