"""Read-back: what a read says of each field that was written, and how much that matters.

A field is *confirmed*, *equal* by meaning, *differs*, or is *not shown* ("Read-back has four verdicts" in the
decision rules). Echo memory: right after a write we keep what the API answered for each field that we set,
where that differs and may. An echo is a list: empty for a field that the API does not return, else of the one
value that it returned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

from campaignctl.campaign.live import Live
from campaignctl.diff.drift import LOST, added_messages, aligned, in_order, means_nothing, watched
from campaignctl.diff.fields import DEFAULTS, EVENT, lookup, matches, same, split
from campaignctl.diff.meanings import means, without_tags

#: A field that is simply confirmed is not told. `accepted` and `hidden` are `differs` and `not shown` where a
#: review has accepted that; `unmatched` are messages whose names do not tell which is which.
Said = Literal["equal", "accepted", "differs", "hidden", "not shown", "unmatched"]


class Weight(IntEnum):
    """How much a field matters.

    AIM decides whether, when, to whom and from whom a campaign sends, CONTENT what it says and does; OTHER is
    seen by the team alone.
    """

    OTHER = 0
    CONTENT = 1
    AIM = 2


_AIM = frozenset(
    {
        "scheduled_time",
        "recurrence",
        "send_in_profile_time_zone",
        "send_if_profile_time_passed",
        "is_draft",
        EVENT,
        "targeting",
        "quiet_hours",
    }
)
_AIM_OF_MESSAGES = frozenset({"channel", "integration_id", "sender_name", "sender_email"})
_OTHER = frozenset({"name", "description", "labels", "metadata", "score", "max_runs"})
_OTHER_OF_MESSAGES = frozenset({"name", "priority", "template_id"})
#: How long the path of a language is: `messages/0/push/title/en`, `messages/0/push/actions/0/title/en`.
LANGUAGE_DEPTHS = (5, 7)


def weight(path: str) -> Weight:
    """How much the field at a path matters."""
    match split(path):
        case ["messages"] | ["messages", _]:  # the messages, or one of them, as a whole
            return Weight.AIM
        case ["messages", *_, name] if name in _AIM_OF_MESSAGES:
            return Weight.AIM
        case ["messages", _, name] if name in _OTHER_OF_MESSAGES:
            return Weight.OTHER
        case [name, *_] if name in _AIM:
            return Weight.AIM
        case [name, *_] if name in _OTHER:
            return Weight.OTHER
    return Weight.CONTENT


@dataclass(frozen=True, slots=True)
class FieldVerdict:
    """What a read says of one field: what was written, what is shown (None for nothing), and the verdict."""

    path: str
    value: Any
    found: Any
    said: Said

    @property
    def weight(self) -> Weight:
        """How much it matters."""
        return weight(self.path)

    @property
    def wrong(self) -> bool:
        """Whether this right after a write means that it is not what was asked for.

        An audience, time, draft or sender that a whole answer does not show counts as different.
        """
        if self.said == "differs":
            return self.weight > Weight.OTHER
        return self.said == "not shown" and self.weight is Weight.AIM

    @property
    def of_messages(self) -> bool:
        """Whether it is about the messages, or one of them, as a whole: lost, added or unmatched."""
        first, *rest = split(self.path)
        return first == "messages" and len(rest) < len(["index", "field"])

    @property
    def unconfirmed(self) -> bool:
        """Whether it matters, and no read has shown it."""
        return self.said == "unmatched" or (self.said == "not shown" and self.weight is Weight.CONTENT)


def verdicts(
    applied: Mapping[str, Any], live: Live, *, hidden: Collection[str] = (), accepted: Collection[str] = ()
) -> Iterator[FieldVerdict]:
    """What live says of every field of a spec that it does not simply confirm.

    `hidden` are paths that the account never shows (`api.hidden`), `accepted` paths of texts that the API may
    store in its own way (`lifecycle.accept_stored`). A list item says nothing of a field that it lacks.
    Messages are matched by name; the index in a path is that of the applied message.
    """
    shown, live = live, aligned(applied, live)
    yield from _of_fields(applied, live, hidden, accepted)
    if applied.get(EVENT) and not applied.get("is_draft") and live.complete and not _has_started(live):
        yield FieldVerdict(EVENT, True, None, "not shown")
    for path, message in _lost(applied, live).items():
        yield FieldVerdict(path, message, None, "hidden" if matches(path, hidden) else "differs")
    for added in added_messages(applied, live):
        yield FieldVerdict(added.path, None, added.after, "differs")
    if _is_unmatched(applied, shown, (*hidden, *accepted)):
        yield FieldVerdict("messages", None, None, "unmatched")


def _of_fields(
    applied: Mapping[str, Any], live: Live, hidden: Collection[str], accepted: Collection[str]
) -> Iterator[FieldVerdict]:
    """The verdicts on the fields, without those of messages that live's list lacks."""
    lost = _lost(applied, live)
    for path, value, found in watched(applied, live):
        if same(path, value, found) or _message(path) in lost:
            continue
        if found is None:
            if live.complete and not _left_out(path, value) and not means_nothing(applied, live, path):
                said = "hidden" if matches(path, hidden) else _absent(live, path)
                yield FieldVerdict(path, value, None, said)
        elif means(path, value, found):
            yield FieldVerdict(path, value, found, "equal")
        elif matches(path, accepted) and _same_text(value, found):
            yield FieldVerdict(path, value, found, "accepted")
        else:
            yield FieldVerdict(path, value, found, "differs")


def _lost(applied: Mapping[str, Any], live: Live) -> dict[str, Any]:
    """The applied messages that live's list lacks, by path; a list item shows its lists whole."""
    ours, theirs = applied.get("messages"), live.fields.get("messages")
    if not isinstance(ours, list | tuple) or not isinstance(theirs, list | tuple):
        return {}
    shown = [index for index, message in enumerate(theirs) if message is not LOST]
    return {f"messages/{index}": message for index, message in enumerate(ours) if index not in shown}


def _message(path: str) -> str:
    """The message that a path leads into."""
    return "/".join(split(path)[:2])


def _is_unmatched(applied: Mapping[str, Any], live: Live, reviewed: Collection[str]) -> bool:
    """Whether live's messages, in its own order, cannot be matched with the applied ones, and are not the
    same one by one, as far as they are shown and not `reviewed`."""
    theirs = live.fields.get("messages")
    if not isinstance(theirs, list | tuple) or in_order(applied.get("messages"), theirs) is not None:
        return False
    lost = _lost(applied, live)
    return any(
        split(path)[0] == "messages"
        and _message(path) not in lost
        and not means(path, value, found)
        and not (found is None and _left_out(path, value))
        and not matches(path, reviewed)
        for path, value, found in watched(applied, live)
    )


def wrong(told: Iterable[FieldVerdict]) -> tuple[FieldVerdict, ...]:
    """Those that say that something else was stored than was asked for."""
    return tuple(one for one in told if one.wrong)


def unconfirmed(told: Iterable[FieldVerdict]) -> tuple[str, ...]:
    """The paths of those that no read has shown, though they matter."""
    return tuple(one.path for one in told if one.unconfirmed)


def echo_of(told: Iterable[FieldVerdict]) -> dict[str, Any]:
    """The echo memory after a write: what is stored in another way, and may be."""
    return {
        one.path: [] if one.found is None else [one.found]
        for one in told
        if one.said != "equal" and not one.wrong and one.value is not None
    }


def _has_started(live: Live) -> bool:
    """Whether live shows that the event was taken (API contract, section 3: it is not echoed)."""
    shown = live.fields
    return bool(
        shown.get("send_strategy") == "immediate"
        or shown.get(EVENT)
        or shown.get("was_launched")
        or shown.get("next_run_time")
        or shown.get("scheduled_run_times")
        or live.status in ("running", "sent", "needs_decision")
    )


def _left_out(path: str, value: Any) -> bool:
    """Whether an answer without the field says the same."""
    return value in (None, {}, [], ()) or (path in DEFAULTS and same(path, value, DEFAULTS[path]))


def _absent(live: Live, path: str) -> Said:
    """What it means that a whole answer lacks a field.

    A language that a shown text lacks, and a message that a shown list lacks, are not as written.
    """
    parts = split(path)
    if parts[0] == "messages" and "messages" in live.fields:
        above = lookup(live.fields, path.rpartition("/")[0])
        if not lookup(live.fields, "/".join(parts[:2])) or (len(parts) in LANGUAGE_DEPTHS and above):
            return "differs"
    return "not shown"


def _same_text(value: Any, found: Any) -> bool:
    if not isinstance(value, str) or not isinstance(found, str):
        return False
    return without_tags(value) == without_tags(found)
