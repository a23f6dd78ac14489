"""Pull: which live campaigns are written as manifests, and which are left out. Reads alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from campaignctl.campaign import marker
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import EVENT, equal, field_changes, request_of
from campaignctl.errors import CampaignctlError, Command, Source, UsageError, did_you_mean, first_of
from campaignctl.manifest.changed_files import FileChange
from campaignctl.manifest.defaults import DEFAULTS_FILE
from campaignctl.manifest.factor import factored
from campaignctl.manifest.fmt import PROJECT_ORDER
from campaignctl.manifest.load import Shown
from campaignctl.manifest.model import DesiredState
from campaignctl.manifest.pulled import (
    Draft,
    LayoutOfKeys,
    Pulled,
    Written,
    drafted,
    keys_for,
    labels_of,
    written,
)
from campaignctl.plan import records
from campaignctl.plan.model import path_of
from campaignctl.project.find import PROJECT_FILE
from campaignctl.reconciler.opening import (
    check_company,
    check_environment,
    check_records,
    check_url,
    company_of,
    company_of_records,
    newest,
    spread,
    unknown_to,
)
from campaignctl.reconciler.run import Wiring
from campaignctl.review.outcome import Event
from campaignctl.review.reports import LeftOut
from campaignctl.schedule.times import iso
from campaignctl.state.model import State
from campaignctl.yamlio.edits import EditError, edited
from campaignctl.yamlio.layout import LayoutError

if TYPE_CHECKING:
    from campaignctl.api.client import OcambaApi

#: From so many reads on, it is said how long they take.
_MANY = 100
_FEW = 3
_FINAL = "sent or canceled"
_WITH_FINAL = Command("pull", "--all", "--status", "sent", "--status", "canceled")
_NOT_ASKED = "not chosen by the options"


@dataclass(frozen=True, slots=True)
class Asked:
    """The campaigns that a pull is about: these ids, else all of the account with one of the statuses and one
    of the labels that were created since that time."""

    ids: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a pull saw: the campaigns to write, oldest first, and those left out.

    `recorded` are the live campaigns that the state knows, by key.
    """

    fresh: tuple[Pulled, ...]
    left: tuple[LeftOut, ...] = ()
    recorded: Mapping[str, Live] = field(default_factory=dict)
    state: State | None = None


def seen(wiring: Wiring, desired: DesiredState, asked: Asked) -> Seen:
    """Read the account. Takes no lock and writes nothing.

    Each campaign to be written is read by its id: a list may leave out fields. Raises what a plan raises
    about a state, an account or a read that cannot be used.
    """
    api, state = wiring.need_api(), wiring.backend.read()
    check_environment(state, wiring.project)
    check_records(state)
    check_url(state, api.url)
    left: list[LeftOut] = []
    lives = _by_id(wiring, api, asked.ids, left) if asked.ids else list(newest(api, ()).lives)
    _check_statuses(asked, lives)
    company = company_of(lives) or (company_of_records(api, state) if lives else None)
    check_company(company, state, wiring.project)
    choice = _Choice(wiring, desired, asked, state, company)
    chosen = []
    for live in sorted(lives, key=lambda one: (len(one.id), one.id)):
        out = choice.out(live)
        left += [out] if out else []
        chosen += [] if out or live.id in choice.recorded else [live]
    fresh = []
    for live in _whole(wiring, api, chosen, left):
        out = choice.out(live) or _hidden(live)
        left += [out] if out else []
        fresh += [] if out else [_pulled(api, live)]
    known = {choice.recorded[live.id]: live for live in lives if choice.again(live)}
    return Seen(tuple(fresh), tuple(left), known, state)


def _check_statuses(asked: Asked, lives: Iterable[Live]) -> None:
    """Raise UsageError for a status that neither this tool nor a campaign of the account knows."""
    if not asked.statuses:
        return
    known = {*map(str, Status), *(word for live in lives for word in _statuses(live))}
    for word in asked.statuses:
        if word not in known:
            raise UsageError(
                f"No campaign of the account has the status {word[:40]!r}",
                hint=did_you_mean(word, sorted(known), f"known are {', '.join(sorted(known))}"),
            )


def _statuses(live: Live) -> set[str]:
    """The words that stand for a campaign's status: ours, and the API's own."""
    return set(filter(None, (str(status_of(live)), live.status, live.text("effective_status"))))


def _by_id(wiring: Wiring, api: OcambaApi, ids: Iterable[str], left: list[LeftOut]) -> list[Live]:
    asked = list(dict.fromkeys(ids))
    found = dict(zip(asked, spread(api.read, asked, wiring.parallelism), strict=True))
    left += [LeftOut(each, "", "not in this account", fault=True) for each, live in found.items() if not live]
    return [live for live in found.values() if live]


def _whole(wiring: Wiring, api: OcambaApi, lives: Iterable[Live], left: list[LeftOut]) -> list[Live]:
    """The campaigns as a read by id shows them."""
    short = [live.id for live in lives if not live.complete]
    if len(short) >= _MANY:
        text = f"Reading {len(short):,} campaigns by id"
        wiring.on_event(Event("phase", text, remaining=api.estimate(len(short))))
    read = dict(zip(short, spread(api.read, short, wiring.parallelism), strict=True))
    gone = [live for live in lives if live.id in read and read[live.id] is None]
    left += [LeftOut(live.id, live.name, "deleted meanwhile", fault=True) for live in gone]
    return [found for live in lives if (found := read.get(live.id, live))]


@dataclass(frozen=True)
class _Choice:
    """What decides whether a campaign is written."""

    wiring: Wiring
    desired: DesiredState
    asked: Asked
    state: State | None
    company: str | None

    @cached_property
    def recorded(self) -> Mapping[str, str]:
        """The keys of recorded campaigns, by their ids."""
        return {record.id: key for key, record in self.state.campaigns.items()} if self.state else {}

    @cached_property
    def declared(self) -> Mapping[str, str]:
        """The files of the manifests that adopt a campaign, by its id."""
        return {one.adopt: one.source.file for one in self.desired.campaigns.values() if one.adopt}

    def out(self, live: Live) -> LeftOut | None:
        """Why a campaign is left out; None if it is written, or recorded."""
        if live.id in self.recorded:
            return None
        named = bool(self.asked.ids)
        if file := self.declared.get(live.id):
            # A pull of all would say a line for each; said alike, they are counted.
            why = f"adopted by {file} already" if named else "adopted by a manifest already"
            return LeftOut(live.id, live.name, why, hint=Command("plan"))
        if not self._fits(live):
            return LeftOut(live.id, live.name, _NOT_ASKED)
        if not named and not self.asked.statuses and records.is_over(live, self.wiring.now()):
            return LeftOut(live.id, live.name, _FINAL, hint=_WITH_FINAL)
        return self._of_others(live, named)

    def again(self, live: Live) -> bool:
        """Whether a campaign is recorded, and the options choose it."""
        return live.id in self.recorded and self._fits(live)

    def _fits(self, live: Live) -> bool:
        """Whether the options choose it, as far as this answer tells."""
        asked, shown = self.asked, live.fields
        if asked.statuses and not _statuses(live).intersection(asked.statuses):
            return False
        tells = "labels" in shown or live.complete
        if asked.labels and tells and not set(labels_of(shown)).intersection(asked.labels):
            return False
        created = records.gmt(live.create_time)
        return asked.since is None or created is None or created >= iso(asked.since)

    def _of_others(self, live: Live, named: bool) -> LeftOut | None:
        proof = next((each for each in self.state.proofs if each.id == live.id), None) if self.state else None
        if proof:
            hint = Command("proof", proof.key) if named else None
            told = f"a proof of {proof.key}, which reaches seeds alone"
            return LeftOut(live.id, live.name, told, hint=hint, fault=named)
        released = self.state and (
            any(entry.id == live.id for entry in self.state.released) or self.state.archive.has_id(live.id)
        )
        if released and not named:
            return LeftOut(
                live.id, live.name, "forgotten by this project", hint=Command("pull", "--id", live.id)
            )
        made_by = marker.read(live.fields)
        if made_by and self.wiring.project.owner.made(made_by):
            if unknown_to(self.state, [(live, made_by)]) and not released:
                return LeftOut(
                    live.id,
                    live.name,
                    "made by this project, and lost",
                    hint=Command("state", "recover"),
                    fault=True,
                )
        elif why := records.why_not(live, self.wiring.project, self.company):
            return LeftOut(live.id, live.name, why[0].removeprefix(f"{live.id} "), fault=named)
        return None


def _hidden(live: Live) -> LeftOut | None:
    """Why a campaign cannot be written: it runs by itself, and the API does not show when."""
    request = request_of(live)
    timed = any(request.get(name) for name in ("scheduled_time", "recurrence", "is_draft", EVENT))
    if timed or not live.text("next_run_time") or status_of(live) is Status.CANCELED:
        return None
    return LeftOut(live.id, live.name, "the API does not show when it sends", fault=True)


def _pulled(api: OcambaApi, live: Live) -> Pulled:
    request, status = request_of(live), status_of(live)
    notes = [f"{live.id} in the account: {api.url}{path_of(live.id)}"]
    if request.get(EVENT) and not request.get("is_draft"):
        notes.append("It was sent at once. `run_immediately` is left out, so that nothing sends it again.")
    phases = {Status.PAUSED: "paused", Status.CANCELED: "canceled"}
    return Pulled(live.id, request, phases.get(status), tuple(notes))


@dataclass(frozen=True, slots=True)
class Made:
    """The manifests of a pull, by the ids of their campaigns, and the campaigns that have none. `shared` are
    the files that these manifests need: defaults, and the project file with more variables."""

    files: Mapping[str, Written]
    left: tuple[LeftOut, ...] = ()
    shared: tuple[FileChange, ...] = ()

    @property
    def changes(self) -> list[FileChange]:
        """Every file, once; a manifest comes after the files that it needs."""
        texts = {path: text for one in self.files.values() for path, text in one.files.items()}
        return [*self.shared, *(FileChange(path, text) for path, text in texts.items())]

    def without(self, left: Iterable[LeftOut]) -> Made:
        """The others."""
        out = tuple(left)
        gone = {one.id for one in out}
        kept = {each: one for each, one in self.files.items() if each not in gone}
        return replace(self, files=kept, left=(*self.left, *out))

    def written(self, found: Seen, files: ProjectFiles) -> Made:
        """Write the files; the result is without the campaigns whose files cannot be written.

        Raises CampaignctlError if that is a file that they share.
        """
        for change in self.shared:
            if reason := files.put(change):
                raise CampaignctlError("Cannot write what the new manifests share", detail=f"{reason}.")
        left = []
        for one in found.fresh:
            texts = self.files[one.id].files if one.id in self.files else {}
            reasons = (files.put(FileChange(path, text)) for path, text in texts.items())
            # A manifest comes after its texts, and is not written without one of them.
            if reason := next(filter(None, reasons), ""):
                left.append(_left(one, reason))
        return self.without(left)


def made(
    found: Seen,
    desired: DesiredState,
    folder: str,
    layout: LayoutOfKeys,
    files: ProjectFiles,
    *,
    factor: bool = False,
) -> Made:
    """The manifests of new campaigns, below a folder of the project; with `factor`, what they share is said
    once.

    Each is compiled, and left out unless it makes the same campaign, or if another file is in its place.
    Raises as `left_out` does.
    """
    taken = {*desired.campaigns, *desired.removed, *(found.state.campaigns if found.state else ())}
    bases = {key.partition("[")[0] for key in taken}
    bases |= {path.removesuffix(".yaml") for path in desired.project.private}
    keys = keys_for(found.fresh, folder, layout, bases)
    drafts: dict[str, Draft] = {}
    new: dict[str, Written] = {}
    left: list[LeftOut] = []
    for one in found.fresh:
        try:
            drafts[one.id] = drafted(one, keys[one.id])
            new[one.id] = written(drafts[one.id], files.modeline(f"{keys[one.id]}.yaml"))
        except (LayoutError, RecursionError, UnicodeError) as wrong:
            left.append(_left(one, f"no manifest can declare it: {wrong}"))
            continue
        if reason := _in_the_way(new[one.id], files):
            left.append(_left(one, reason))
    tried = Made(new).without(left)
    if not tried.files:
        return tried
    tried = tried.without(_wrong(tried, found, desired, files))
    good = {each: drafts[each] for each in tried.files}
    return (_factored(good, tried, found, desired, files, bases) if factor else None) or tried


def _in_the_way(new: Written, files: ProjectFiles) -> str:
    reasons = (files.in_the_way(FileChange(path, text)) for path, text in new.files.items())
    return next(filter(None, reasons), "")


def _wrong(tried: Made, found: Seen, desired: DesiredState, files: ProjectFiles) -> list[LeftOut]:
    ones = [one for one in found.fresh if one.id in tried.files]
    return left_out(ones, tried.files, files.shown_with(tried.changes), desired)


def _factored(
    drafts: Mapping[str, Draft],
    plain: Made,
    found: Seen,
    desired: DesiredState,
    files: ProjectFiles,
    taken: Collection[str],
) -> Made | None:
    """The same campaigns with what they share said once; None if no proposal makes all of them the same."""
    folders = [files.path_of(one.source).rpartition("/")[0] for one in desired.campaigns.values()]

    def free(folder: str) -> bool:
        used = any(not folder or f"{one}/".startswith(f"{folder}/") for one in folders)
        return not used and files.before(f"{folder}/{DEFAULTS_FILE}" if folder else DEFAULTS_FILE) is None

    for markets in (True, False):
        proposal = factored(drafts, desired.project.variables, taken, free, markets=markets)
        try:
            shared = [FileChange(path, text) for path, text in proposal.defaults.items()]
            shared += _with_variables(proposal.variables, files)
            new = {
                each: replace(written(draft, files.modeline(f"{draft.key}.yaml")), key=proposal.keys[each])
                for each, draft in proposal.drafts.items()
            }
        except (EditError, LayoutError):
            continue
        tried = Made(new, plain.left, tuple(shared))
        blocked = any(_in_the_way(one, files) for one in new.values())
        if not blocked and not _wrong(tried, found, desired, files):
            return tried
    return None


def _with_variables(variables: Mapping[str, str], files: ProjectFiles) -> list[FileChange]:
    """The project file with more variables. Raises EditError."""
    if not variables:
        return []
    text, before = files.text(PROJECT_FILE), files.before(PROJECT_FILE)
    after = edited(
        text, {("variables", name): value for name, value in variables.items()}, {(): PROJECT_ORDER}
    )
    return [FileChange(PROJECT_FILE, after, before)]


class ProjectFiles(Protocol):
    """The files of the project on disk, as far as a pull needs them."""

    def modeline(self, path: str) -> str:
        """The modeline of a manifest at a path."""

    def in_the_way(self, change: FileChange) -> str:
        """Why a file is not written; empty if it may be."""

    def put(self, change: FileChange) -> str:
        """Write a file; why it cannot be written, else empty."""

    def shown_with(self, changes: Iterable[FileChange]) -> Shown:
        """The campaigns of the project with these files."""

    def path_of(self, source: Source) -> str:
        """The path in the project of the file of a place."""

    def text(self, path: str) -> str:
        """The text of a file; empty if there is none."""

    def before(self, path: str) -> bytes | None:
        """The content of a file; None if there is none."""


def _left(one: Pulled, why: str) -> LeftOut:
    return LeftOut(one.id, str(one.request.get("name", "")), why, fault=True)


def left_out(
    pulled: Iterable[Pulled], files: Mapping[str, Written], shown: Shown, desired: DesiredState
) -> list[LeftOut]:
    """The campaigns whose files, by id, do not compile to the request that makes them, and why not.

    `shown` is the project with these files. Raises CampaignctlError if they would change what the manifests
    declare already.
    """
    for key, known in desired.campaigns.items():
        other = shown.campaigns.get(key)
        if other is None or not equal(other.spec, known.spec):
            raise CampaignctlError(
                f"the new files would change {key}",
                detail="Nothing was written.",
                hint="write them to a folder of their own with --out",
                source=known.source,
            )
    return [_left(one, why) for one in pulled if (why := _why_not(one, files[one.id], shown))]


def _why_not(one: Pulled, file: Written, shown: Shown) -> str:
    campaign = shown.campaigns.get(file.key)
    if campaign is None:
        of_file = [each for each in shown.findings if each.source.file.endswith(f"/{file.path}")]
        errors = [each for each in (*shown.faulty.get(file.key, ()), *of_file) if each.severity == "error"]
        if errors:
            return f"no manifest can declare it: {errors[0].message}"
        return f"`manifests` and `ignore` of the project file exclude {file.path}"
    if changed := field_changes(one.spec, campaign.spec) if not equal(one.spec, campaign.spec) else ():
        # Defaults add fields alone: a field of the manifest itself counts more.
        read = [change.path for change in changed if change.before is not None]
        if read:
            return f"no manifest can declare it: {first_of(read, _FEW)} would be read as something else"
        paths = first_of([change.path for change in changed], _FEW)
        return f"the defaults of {file.path} would change it: {paths}"
    return ""
