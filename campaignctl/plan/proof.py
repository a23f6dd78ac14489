"""What a read proves about a write to a recorded campaign whose answer was lost.

A request can be carried out until `api.timeout` after it left. Before that, only a read that shows the write
settles it. After that, one that does not show it settles it too, and the plan decides again. Not so a write
that sends at once: a server may be later than it should, and a second request could send a second time. It
stays open until a read shows it or a person decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from campaignctl.campaign import marker
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import refused, split
from campaignctl.errors import Command, Sentence
from campaignctl.plan import records, runs
from campaignctl.plan.context import Unsettled
from campaignctl.project.model import Project
from campaignctl.schedule.times import TimeError, iso, parse_gmt, parse_iso
from campaignctl.state.model import Entry, Intent, Record, State

_IDLE = (Status.DRAFT, Status.MANUAL)
_BEGUN = (Status.RUNNING, Status.SENT, Status.NEEDS_DECISION)
_STOPPED = (Status.PAUSED, Status.CANCELED)
#: A resumed campaign has one of these: its time may have come already.
GOING = (Status.SCHEDULED, *_BEGUN)
# A run at once may be shown a moment before or after the times of the answers.
_MOMENT = timedelta(seconds=5)
# The server's clock is known to the second.
_SECOND = timedelta(seconds=1)
# A time in the future by more than this is no time of the server.
_WRONG = timedelta(minutes=2)


def settles_from(intent: Intent, project: Project, now: datetime) -> datetime:
    """From when on no request of an intent can still be under way; now if its time is from a wrong date."""
    if is_of_a_wrong_date(intent, now):
        return now
    return (parse_iso(intent.at) if intent.at else now) + project.api.timeout + _SECOND


def is_of_a_wrong_date(intent: Intent, now: datetime) -> bool:
    """Whether an intent was recorded minutes from now, since an answer had a wrong date: its time says
    nothing."""
    return intent.at is not None and parse_iso(intent.at) - now > _WRONG


def sends_at_once(intent: Intent, now: datetime) -> bool:
    """Whether a write may have sent by now: at once, or as a resume whose time has come."""
    first = intent.first_send
    if intent.operation == "resume":
        return first is not None and parse_iso(first) <= now
    return intent.at_once and intent.operation != "replace"  # its cancel sends nothing


def open_writes(state: State | None) -> dict[str, Intent]:
    """The writes to recorded campaigns that may have left and are not settled, by key."""
    pending = state.pending if state else {}
    return {key: one for key, one in pending.items() if one.phase != "planned" and not one.creates}


@dataclass(frozen=True, slots=True)
class Settled:
    """What reads settle: the step to record, a line on each write, and the writes that stay open, by key."""

    entry: Entry
    said: tuple[str, ...] = ()
    left: Mapping[str, Unsettled] = field(default_factory=dict)


def settled(state: State, lives: Mapping[str, Live | None], project: Project, now: datetime) -> Settled:
    """Settle every open write to a recorded campaign, as far as `lives`, the campaigns as they were read by
    key, prove something."""
    entries: list[Entry] = []
    said: list[str] = []
    left: dict[str, Unsettled] = {}
    for key, intent in open_writes(state).items():
        record = state.campaigns.get(key)
        live = lives.get(key)
        if record and live and record.id == intent.id and shows(intent, record, live, project, now):
            entries.append(done(key, intent, record, live, project, now))
            said.append(f"{key}: {_happened(intent, entries[-1].records.get(key))}")
        elif key not in lives or now < settles_from(intent, project, now):
            left[key] = unknown(key, intent)
        elif sends_at_once(intent, now):
            status = status_of(live, record.applied if record else None) if live else Status.MISSING
            left[key] = for_a_person(key, intent, status)
        else:
            entries.append(Entry(intents={key: None}))
            said.append(f"{key}: its {intent.operation} did not happen")
    return Settled(together(entries), tuple(said), left)


def together(entries: Iterable[Entry]) -> Entry:
    """Steps on different keys as one."""
    entries = tuple(entries)
    return Entry(
        records={key: record for one in entries for key, record in one.records.items()},
        intents={key: intent for one in entries for key, intent in one.intents.items()},
        sent=tuple(sent for one in entries for sent in one.sent),
        released=tuple(gone for one in entries for gone in one.released),
    )


def _happened(intent: Intent, record: Record | None) -> str:
    match intent.operation:
        case "winner":
            return f"the winner of {intent.id} is {record.winner if record else '?'}"
        case "update" if intent.at_once:
            return f"{intent.id} started sending"
        case "replace":
            return f"{intent.id} is canceled, and its replacement is not created yet"
    return f"its {intent.operation} happened"


def unknown(key: str, intent: Intent) -> Unsettled:
    """A write that was not looked for, or that may still be under way."""
    reason = f"unsettled: the outcome of its {intent.operation} is unknown; apply settles it"
    sends = intent.at_once and (intent.creates or intent.operation != "replace")
    return Unsettled(key, intent.intent, sends, reason, Sentence(Command("apply")))


def for_a_person(key: str, intent: Intent, status: Status) -> Unsettled:
    """A write that may have sent and that no read shows: a person decides."""
    what = (
        f"the winner of {intent.id} was set"
        if intent.operation == "winner"
        else f"{intent.id} started sending"
    )
    reason = f"not known whether {what}: it is {status}, and the request may still take effect"
    done, retry = Command("state", "resolve", key, "--done"), Command("state", "resolve", key, "--retry")
    happened = "if it was set" if intent.operation == "winner" else "if it was sent"
    return Unsettled(key, intent.intent, True, reason, Sentence(done, f" {happened}, or ", retry, " if not"))


# ------------------------------------------------------------------------------------- what live shows


def shows(intent: Intent, record: Record, live: Live, project: Project, now: datetime) -> bool:
    """Whether live shows that a write happened."""
    status = status_of(live, record.applied)
    match intent.operation:
        case "winner":
            return shows_decided(intent, record, live)
        case "pause":
            return status is Status.PAUSED
        case "cancel" | "replace":
            return status is Status.CANCELED
        case "resume":
            return status in GOING
        case "mark":
            made_by = marker.read(live.fields)
            return made_by is not None and made_by.intent == intent.intent
    if intent.at_once:
        return shows_sending(intent, record, live, now)
    return _shows_update(intent, record, live, project)


def shows_sending(intent: Intent, record: Record, live: Live, now: datetime) -> bool:
    """Whether live shows that a campaign was started: by its status, its strategy, or a run since then."""
    status, recurs = status_of(live, record.applied), bool(record.applied.get("recurrence"))
    if status in _BEGUN and not recurs:
        return True
    if live.text("send_strategy") == "immediate" and record.send_strategy != "immediate":
        return True
    if status in _STOPPED and not recurs and record.began is None and runs.is_counted(live):
        return True
    times = tuple(_times(live))
    if status is Status.SCHEDULED and record.status in _IDLE and not any(at > now + _MOMENT for at in times):
        return True
    since = (parse_iso(intent.at) if intent.at else now) - _MOMENT
    return any(since <= at <= now + _MOMENT and not runs.runs_at(record.applied, at) for at in times)


def shows_decided(intent: Intent, record: Record, live: Live) -> bool:
    """Whether live shows that the winner of an A/B test was set, of a recurring campaign that of its run."""
    status, run = status_of(live, record.applied), (intent.patch or {}).get("run")
    if run is not None and live.run is not None and live.run > run:
        return True
    if status in (Status.SCHEDULED, Status.RUNNING, Status.SENT):
        return True
    # A winner that is shown may still be that of the run before.
    return live.winner is not None and (run in (None, 1) or live.winner != record.winner)


def _shows_update(intent: Intent, record: Record, live: Live, project: Project) -> bool:
    """Whether live has every field that a patch wrote, and no longer what it took out."""
    patch = intent.patch or {}
    # A list item says nothing about a field that it lacks.
    if not live.complete and any(name not in live.fields for name in patch):
        return False
    if refused(record.applied, intent.spec, live):
        return False
    told = records.read_back(intent.spec, live, intent.lifecycle, project.api.hidden)
    return not any(one.said in ("differs", "not shown") and split(one.path)[0] in patch for one in told)


def _times(live: Live) -> Iterator[datetime]:
    """The times of past and next runs that live shows."""
    listed = live.fields.get("scheduled_run_times")
    shown = [live.fields.get("next_run_time")]
    shown += [run.get("time") for run in listed or () if isinstance(run, Mapping) and not run.get("skip")]
    for text in shown:
        if isinstance(text, str) and text:
            with suppress(TimeError):
                yield parse_gmt(text)


# ---------------------------------------------------------------------------------- what is recorded then


def done(key: str, intent: Intent, record: Record, live: Live, project: Project, now: datetime) -> Entry:
    """The step that records a write as done, with live as read after it."""
    if intent.operation == "replace":
        return _ended(key, intent, record, live, now)
    after = _AFTER[intent.operation](intent, record, live, project, now)
    fired = intent.operation == "update" and intent.at_once
    sent = records.sent(key, record.id, intent.spec, intent.digest, now)
    return Entry(records={key: after}, intents={key: None}, sent=(sent,) if fired else ())


def _ended(key: str, intent: Intent, record: Record, live: Live, now: datetime) -> Entry:
    """The campaign of a replacement is canceled, and its create is left. If it had begun to send, its content
    counts as sent."""
    seen = records.observed(record, live, now)
    sent = records.sent(key, seen.id, seen.applied, seen.digest, now, seen.began)
    return Entry(
        records={key: None},
        intents={key: replace(intent, phase="planned", at=None, ended=True)},
        released=(records.released(key, seen, Status.CANCELED, now),),
        sent=(sent,) if runs.is_begun(seen) else (),
    )


_After = Callable[[Intent, Record, Live, Project, datetime], Record]


def _applied(intent: Intent, record: Record, live: Live, project: Project, now: datetime) -> Record:
    after = records.applied_over(record, intent.spec, intent, live, now, project.api.hidden)
    return replace(after, updated_at=records.written_at(intent, now))


def _resumed(intent: Intent, record: Record, live: Live, project: Project, now: datetime) -> Record:
    return replace(_applied(intent, record, live, project, now), paused_by_us=False)


def _stopped(intent: Intent, record: Record, live: Live, _project: Project, now: datetime) -> Record:
    return replace(
        records.observed(record, live, now),
        paused_by_us=intent.operation == "pause",
        lifecycle=intent.lifecycle,
        updated_at=iso(now),
    )


def _decided(intent: Intent, record: Record, live: Live, _project: Project, now: datetime) -> Record:
    """The winner is the one that live shows, else the requested one."""
    asked = str((intent.patch or {}).get("name", ""))
    return replace(
        records.observed(record, live, now),
        winner=live.winner or asked,
        winner_run=(intent.patch or {}).get("run"),
        lifecycle=intent.lifecycle,
        updated_at=iso(now),
    )


def _marked(intent: Intent, record: Record, live: Live, _project: Project, now: datetime) -> Record:
    return replace(
        records.observed(record, live, now), unmarked=False, updated_at=records.written_at(intent, now)
    )


_AFTER: Mapping[str, _After] = {
    "update": _applied,
    "resume": _resumed,
    "pause": _stopped,
    "cancel": _stopped,
    "winner": _decided,
    "mark": _marked,
}
