"""The campaigns that a halt names: recorded ones, and others of ours by their marker."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from campaignctl.campaign.keys import named
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.errors import CampaignctlError, Command, Sentence, UsageError, did_you_mean
from campaignctl.plan import records
from campaignctl.plan.arming import has_fired, known_sends, runs_left
from campaignctl.reconciler.opening import check_environment, check_url, ours, tags_of
from campaignctl.reconciler.other_states import of_no_environment
from campaignctl.reconciler.run import Wiring
from campaignctl.schedule.times import TimeError, parse_gmt, parse_iso
from campaignctl.state.halts import Halt
from campaignctl.state.model import Record, State

Declared = Callable[[], Collection[str] | None]

_NOW = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Named:
    """One campaign that a halt names. `first` is when it may send next, `live` what a read showed; `missing`:
    a read did not find it. `over`: it is recorded as final and not read again."""

    key: str | None
    id: str
    name: str
    status: Status
    first: datetime
    record: Record | None = None
    live: Live | None = None
    missing: bool = False
    over: bool = False
    recurs: bool = False

    @property
    def can_send(self) -> bool:
        """Whether it can send by itself, as far as known."""
        if self.missing or self.over:
            return False
        going = self.status in (Status.SCHEDULED, Status.RUNNING, Status.UNKNOWN)
        return going or (self.status is Status.SENT and self.recurs)

    def seen(self, live: Live | None) -> Named:
        """The same campaign after a read."""
        if live is None:
            return replace(self, live=None, missing=True)
        status = status_of(live, self.record.applied if self.record else None)
        return replace(self, live=live, status=status, missing=False, name=live.name or self.name)


def readable_state(wiring: Wiring) -> tuple[State | None, tuple[str, ...]]:
    """The state, read without the lock, or why it cannot be used; then only markers tell which campaigns are
    ours.

    A broken state must not keep anyone from stopping campaigns.
    """
    try:
        state = wiring.backend.read()
        check_environment(state, wiring.project)
        if wiring.api is not None:
            check_url(state, wiring.api.url)
    except CampaignctlError as error:
        why = f"the state in {wiring.backend.location} is not used: {error.summary}"
        return None, (f"{why}; campaigns without our marker were not found: check the dashboard",)
    return state, ()


def check_keys(keys: Iterable[str] | None, state: State | None, declared: Declared) -> None:
    """Raise UsageError for a key that is neither recorded nor declared, naming the nearest one.

    Manifests are only read for a key that is not recorded; if they cannot be read, every key is accepted.
    """
    known = {*state.campaigns, *state.pending} if state else set()
    strange = [key for key in keys or () if not named(key, known)]
    if not strange or (others := declared()) is None:
        return
    known.update(others)
    for key in strange:
        if not named(key, known):
            everything = Sentence("to stop everything: ", Command("halt", "--all"))
            hint = did_you_mean(key, known, everything, 0.5)
            raise UsageError(f"{key}: no such key, and nothing was stopped", hint=hint)


def recorded(state: State | None, halt: Halt, now: datetime) -> dict[str, Named]:
    """The recorded campaigns that a halt names, by id."""
    known = state.campaigns if state else {}
    return {record.id: _of_record(key, record, now) for key, record in known.items() if halt.names(key)}


def _of_record(key: str, record: Record, now: datetime) -> Named:
    status = Status(record.status) if record.status in tuple(Status) else Status.UNKNOWN
    return Named(
        key,
        record.id,
        str(record.applied.get("name", "")),
        status,
        _first(record, status, now),
        record,
        over=records.final(record, now),
        recurs=runs_left(record.applied, now),
    )


def _first(record: Record, status: Status, now: datetime) -> datetime:
    """When a recorded campaign may send next; running and started ones come first."""
    if status is Status.RUNNING or has_fired(record.applied):
        return _NOW
    sends = known_sends(record.applied, now)
    times = [parse_iso(record.next_run_time)] if record.next_run_time else []
    times += [sends.first] if sends.first else []
    return min((time for time in times if time >= now), default=_LATEST)


def marked(
    lives: Collection[Live], state: State | None, wiring: Wiring, halt: Halt, keys: Iterable[str]
) -> dict[str, Named]:
    """Unrecorded campaigns with our marker that a halt names, by id: created by a running apply a moment ago,
    by a run whose state is lost, or in an environment that was renamed. `keys` are further keys to look for
    in markers."""
    project = wiring.project
    own = {*state.campaigns, *state.pending} if state else set()
    tags = tags_of({*own, *keys})
    known = {record.id for record in state.campaigns.values()} if state else set()
    found = {}
    for live, made_by in (*ours(lives, project, state), *of_no_environment(lives, project, wiring.elsewhere)):
        key = tags.get(made_by.key)
        if live.id not in known and (halt.keys is None or (key is not None and halt.names(key))):
            found[live.id] = Named(key, live.id, live.name, status_of(live), _next_run(live), live=live)
    return found


def _next_run(live: Live) -> datetime:
    text = live.text("next_run_time") or live.text("scheduled_time")
    try:
        return parse_gmt(text) if text else _LATEST
    except TimeError:
        return _LATEST


def unsettled(state: State | None, halt: Halt, found: Collection[str]) -> Mapping[str, str]:
    """The names of named creates with an unknown outcome, by key. `found` are intents whose campaign was
    seen."""
    pending = state.pending if state else {}
    return {
        key: str(intent.spec.get("name", ""))
        for key, intent in pending.items()
        if intent.creates and intent.phase != "planned" and halt.names(key) and intent.intent not in found
    }
