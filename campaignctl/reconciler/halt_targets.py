"""The campaigns that a halt names: recorded ones, and others by their marker, content or account."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from campaignctl.campaign import marker
from campaignctl.campaign.keys import key_hint, named
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import content
from campaignctl.errors import CampaignctlError, Command, Sentence, UsageError, counted
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.plan import proof, records
from campaignctl.plan.arming import has_fired, known_sends, runs_left
from campaignctl.plan.context import without_markers
from campaignctl.project.model import Project
from campaignctl.reconciler.opening import check_environment, check_url, newest, ours, tags_of
from campaignctl.reconciler.other_states import of_no_environment
from campaignctl.reconciler.run import Wiring
from campaignctl.schedule.times import TimeError, parse_gmt, parse_iso
from campaignctl.state.halts import Halt, Held
from campaignctl.state.model import Record, State

if TYPE_CHECKING:
    from campaignctl.api.client import OcambaApi

#: Reads the manifests, by key; None if they cannot be read. Called again and again, so it has to remember.
Declared = Callable[[], Mapping[str, DesiredCampaign] | None]

# What a list with its status filter leaves out.
_FINAL = (Status.SENT, Status.CANCELED)
_NOW = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)
# How long after its time a campaign may be sending: a day in the last of the recipients' zones.
_SENDING = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Order:
    """What a halt is asked for: keys or patterns, None for all campaigns of the project.

    `account`: every campaign of the account. `cancel`: what cannot be paused is canceled.
    """

    keys: tuple[str, ...] | None
    reason: str
    account: bool = False
    cancel: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the command that say what to stop."""
        return self.keys or (("--account",) if self.account else ("--all",))


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
        if self.status is Status.SENT:
            return self.recurs
        return self.status in (Status.SCHEDULED, Status.RUNNING, Status.UNKNOWN)

    def seen(self, live: Live | None) -> Named:
        """The same campaign after a read."""
        if live is None:
            return replace(self, live=None, missing=True)
        status = status_of(live, self.record.applied if self.record else None)
        first = _NOW if status is Status.RUNNING else self.first
        name = live.name or self.name
        return replace(self, live=live, status=status, first=first, missing=False, name=name)


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


def check_keys(keys: Iterable[str] | None, state: State | None, declared: Declared) -> list[Sentence]:
    """Raise UsageError for a key that is neither recorded nor declared, naming the nearest one.

    Manifests are only read for a key that is not recorded. If they cannot be read, every key is accepted,
    with a note on each.
    """
    known = {*state.campaigns, *state.pending} if state else set()
    strange = [key for key in keys or () if not named(key, known)]
    if not strange:
        return []
    if (others := declared()) is None:
        near = {key: key_hint(key, known) or "check the spelling." for key in strange}
        why = "no such key is recorded, and the manifests cannot be read"
        shows = (" ", Command("validate"), " shows their errors")
        return [Sentence(f"{key}: {why}; {near[key]}", *shows) for key in strange]
    known.update(others)
    for key in strange:
        if not named(key, known):
            everything = Sentence("to stop everything: ", Command("halt", "--all", "--reason", "TEXT"))
            hint = key_hint(key, known) or everything
            raise UsageError(f"{key}: no such key, and nothing was stopped", hint=hint)
    return []


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
    """When a recorded campaign may send next; running and started ones come first. A time that has passed
    counts like one that is as far ahead: it may be sending, or be over."""
    if status is Status.RUNNING or has_fired(record.applied):
        return _NOW
    sends = known_sends(record.applied, now)
    times = [parse_iso(record.next_run_time)] if record.next_run_time else []
    times += [sends.first] if sends.first else []
    return min((now + abs(time - now) for time in times if now - time < _SENDING), default=_LATEST)


def everything(api: OcambaApi) -> tuple[tuple[Live, ...], tuple[str, ...]]:
    """Every campaign of the account that is not final, and a note if the list hides some.

    A list that shows fewer campaigns than it claims to have is read once more without its status filter: the
    filter may leave out too much, or one that ended meanwhile moved another to a page that was read already.
    """
    scan = newest(api, (), live_only=True, reserve=True)
    lives = {live.id: live for live in scan.lives}
    seen = set(lives)
    if len(seen) < scan.claims:
        scan = newest(api, (), reserve=True)
        lives |= {live.id: live for live in scan.lives if status_of(live) not in _FINAL}
        seen |= {live.id for live in scan.lives}
    if len(seen) >= scan.claims:
        return tuple(lives.values()), ()
    short = f"the list of the account shows {len(seen):,} of {counted(scan.claims, 'campaign')}"
    return tuple(lives.values()), (f"{short}; others may still send: check the dashboard",)


def unanswered(state: State | None) -> set[str]:
    """The ids of campaigns and proofs with a write whose outcome is not known, which may have armed them."""
    ids = {intent.id for intent in proof.open_writes(state).values()}
    ids |= {each.id for each in state.proofs if each.open} if state else set()
    return {each for each in ids if each}


@dataclass(frozen=True, slots=True)
class View:
    """What tells whether an unrecorded campaign is named: the halt, the state if it can be used, and the
    manifests."""

    wiring: Wiring
    halt: Halt
    state: State | None
    declared: Declared


def unrecorded(view: View, lives: Collection[Live]) -> tuple[dict[str, Named], tuple[Named, ...]]:
    """The unrecorded campaigns that a halt names, by id, and those that can send and are left alone.

    Ours are those with our marker: created by a running apply a moment ago, by a run whose state is lost, or
    in an environment that was renamed. Without a state, those with the content of a declared campaign too:
    they may have been adopted. Without markers, those with the content of a create without an answer. What
    is left alone counts only without a state, as with one the others are not ours.
    """
    state, halt = view.state, view.halt
    known = {record.id for record in state.campaigns.values()} if state else set()
    alike = _by_content(view) if state is None else _unanswered_creates(view, state)
    old = {each for intent in state.pending.values() for each in intent.watermark.ids} if state else set()
    tags = _tags(view)
    project, elsewhere = view.wiring.project, view.wiring.elsewhere
    marked = (*ours(lives, project, state), *of_no_environment(lives, project, elsewhere))
    markers = {live.id: tags.get(made_by.key) for live, made_by in marked}
    markers |= _proofs(view, lives, tags)
    found, left = {}, []
    for live in lives:
        if live.id in known or (not halt.account and _is_of_another_environment(live, project)):
            continue
        key = markers.get(live.id) or (_alike(live, alike) if live.id not in old else None)
        mine = live.id in markers or key is not None
        one = _of_live(live, key, view.wiring.now())
        if halt.account or (mine and (halt.keys is None or (key is not None and halt.names(key)))):
            found[live.id] = one
        elif state is None and halt.keys is None and not mine and one.can_send:
            left.append(one)
    return found, tuple(left)


def _proofs(view: View, lives: Iterable[Live], tags: Mapping[str, str]) -> dict[str, str | None]:
    """The proofs among these campaigns, each with the key of its campaign: a halt of that stops them too."""
    owner, state = view.wiring.project.owner, view.state
    recorded = {each.id: each.key for each in state.proofs} if state else {}
    found: dict[str, str | None] = {}
    for live in lives:
        made_by = marker.read_proof(live.fields)
        if live.id in recorded:
            found[live.id] = recorded[live.id]
        elif made_by and owner.made(made_by):
            found[live.id] = tags.get(made_by.key)
    return found


def _is_of_another_environment(live: Live, project: Project) -> bool:
    """Whether its marker proves that another declared environment of this project made it."""
    made_by = marker.read(live.fields)
    others = (name for name in project.environment_names if name != project.environment)
    return made_by is not None and any(
        replace(project.owner, environment=name).made(made_by) for name in others
    )


def _tags(view: View) -> dict[str, str]:
    own = {*view.state.campaigns, *view.state.pending} if view.state else set()
    own |= {each.key for each in view.state.proofs} if view.state else set()
    declared = view.declared() if view.state is None else None
    return tags_of({*own, *(declared or ()), *(view.halt.keys or ())})


_Contents = dict[tuple[tuple[str, ...], str], str]


def _by_content(view: View) -> _Contents:
    """The declared keys that a halt names, by the content of their manifests and the paths that do not count
    in it."""
    found: _Contents = {}
    for key, each in (view.declared() or {}).items():
        if view.halt.names(key):
            accepted = each.lifecycle.accept_stored
            found[accepted, content(each.spec, accepted)] = key
    return found


def _unanswered_creates(view: View, state: State) -> _Contents:
    """The same of creates with an unknown outcome, where no marker tells their campaigns."""
    if not without_markers(view.wiring.project, state):
        return {}
    contents: _Contents = {}
    for key, intent in state.pending.items():
        if intent.creates and view.halt.names(key):
            accepted = intent.lifecycle.accept_stored
            contents[accepted, content(intent.spec, accepted)] = key
    return contents


def _alike(live: Live, contents: _Contents) -> str | None:
    """The declared key with the content of a live campaign, if that shows its content."""
    if "messages" not in live.fields:
        return None
    every = dict.fromkeys(accepted for accepted, _ in contents)
    keys = (contents.get((accepted, content(live.fields, accepted))) for accepted in every)
    return next(filter(None, keys), None)


def _of_live(live: Live, key: str | None, now: datetime) -> Named:
    recurs = runs_left(live.fields, now)
    return Named(key, live.id, live.name, status_of(live), _next_run(live), live=live, recurs=recurs)


def held(found: Iterable[Named], state: State | None, halt: Halt) -> list[Held]:
    """The campaigns that a halt holds by id and content from now on: all that it names and that are not over,
    and creates with an unknown outcome."""
    kept = [Held(each.key or "", each.id, _content(each)) for each in found if not each.over]
    pending = state.pending if state else {}
    return kept + [
        Held(key, intent.id or "", content(intent.spec, intent.lifecycle.accept_stored))
        for key, intent in pending.items()
        if halt.names(key)
    ]


def only_declared(halt: Halt, state: State | None, declared: Declared) -> list[Held]:
    """Declared campaigns that a halt names and that do not exist: held by their content. A halt of everything
    names them under any key."""
    known = state.campaigns if state else {}
    if halt.keys is None or not (wanted := declared()):
        return []
    return [
        Held(key, "", content(each.spec, each.lifecycle.accept_stored))
        for key, each in wanted.items()
        if key not in known and halt.names(key)
    ]


def _content(each: Named) -> str:
    if each.record is not None:
        return content(each.record.applied, each.record.lifecycle.accept_stored)
    shown = each.live.fields if each.live else {}
    return content(shown) if "messages" in shown else ""


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
