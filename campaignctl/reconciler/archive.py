"""Final campaigns leave the manifests and the state; what was sent stays known in the archive next to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from campaignctl.errors import Command, StateError, counted
from campaignctl.manifest.files import ProjectFiles
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.manifest.put_away import FileMove, moves_of, put_away, why_not
from campaignctl.plan import records
from campaignctl.project.model import Project
from campaignctl.reconciler.opening import check_environment, check_records
from campaignctl.reconciler.ports import Backend
from campaignctl.reconciler.run import Wiring
from campaignctl.reconciler.state_ops import existing
from campaignctl.review.archiving import ArchivedCampaign, ArchiveReport, LeftAlone
from campaignctl.schedule.collisions import LATELY
from campaignctl.schedule.times import iso, parse_iso
from campaignctl.state.halts import Halts
from campaignctl.state.ledger import HistoryEntry, Released, Sent, Year
from campaignctl.state.model import FORMAT_VERSION, Entry, Record, State
from campaignctl.state.years import encode_year

#: How many applies stay in the state.
RECENT_APPLIES = 200

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Environment:
    """Another environment of the project: what it declares, and its state."""

    name: str
    desired: DesiredState
    backend: Backend


@dataclass(frozen=True, slots=True)
class Manifests:
    """What is declared now. With `files`, the files of archived campaigns go too; then `others` are the other
    environments, and `committed` tells which of some paths git has as they are."""

    desired: DesiredState
    files: ProjectFiles | None = None
    others: tuple[Environment, ...] = ()
    committed: Callable[[Collection[str]], Collection[str]] = frozenset


@dataclass(frozen=True, slots=True)
class Order:
    """What to archive: campaigns that ended `before` a time. `delete`: their files are deleted."""

    before: datetime | None = None
    delete: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The records to archive, why others are left, and the moves of files."""

    records: Mapping[str, Record]
    left: Mapping[str, str]
    moves: tuple[FileMove, ...] = ()


@dataclass(frozen=True, slots=True)
class _Parted:
    """A state without what is archived, and that by year."""

    state: State
    years: Mapping[int, Year] = field(default_factory=dict)


def archive(
    wiring: Wiring, order: Order, read: Callable[[], Manifests], approve: Callable[[ArchiveReport], bool]
) -> ArchiveReport:
    """Archive final campaigns that are approved, or only tell which (`dry_run`). The account is not asked.

    The manifests are read under the lock: an earlier reading could lack what another run has applied since.
    First the files go, then the archive is written, then the state: after an interrupt a plan forgets what no
    manifest declares, as ever, and running it again ends the work.

    Raises StateError for a state that is missing, damaged or of an older format, CampaignctlError for a file
    that cannot be put away, and what `read` raises.
    """
    if order.dry_run:
        state = wiring.backend.read()
        if state is None:
            return ArchiveReport()
        return _done(wiring, read(), order, state)[0]
    with wiring.locked("archive") as session:
        report, parted, chosen = _done(wiring, read(), order, existing(session))
        if report.result == "nothing" or not approve(report):
            return report
        documents = dict(_documents(parted))
        put_away(Path(wiring.project.directory), chosen.moves)
        if documents:
            session.archive(documents)
        if documents or report.campaigns:
            session.write(parted.state)
    return replace(report, written=True)


def _documents(parted: _Parted) -> Iterator[tuple[int, bytes]]:
    """The documents of the years that get more, with what they have."""
    old = parted.state.archive.years
    for number, year in parted.years.items():
        yield number, encode_year(number, old.get(number, Year()).joined(year), parted.state)


def _done(
    wiring: Wiring, manifests: Manifests, order: Order, state: State
) -> tuple[ArchiveReport, _Parted, _Chosen]:
    check_environment(state, wiring.project)
    check_records(state)
    if state.format_version < FORMAT_VERSION:
        hint = Command("state", "migrate", "--format", str(FORMAT_VERSION))
        raise StateError(f"a state of format {state.format_version} has no archive", hint=hint)
    now = wiring.clock.now()
    chosen = _chosen(wiring, manifests, order, state, now)
    parted = _parted(state, chosen.records, wiring.project, now)
    files = {move.of for move in chosen.moves}
    campaigns = tuple(
        ArchivedCampaign(key, one.id, one.status, _ended(one), _file(manifests, key, files))
        for key, one in chosen.records.items()
    )
    report = ArchiveReport(
        campaigns,
        tuple((move.path, move.to) for move in chosen.moves),
        tuple(LeftAlone(key, why) for key, why in sorted(chosen.left.items())),
        years=tuple(parted.years),
        recorded=len(parted.state.campaigns),
        sent=sum(len(one.sent) for one in parted.years.values()),
        released=sum(len(one.released) for one in parted.years.values()),
        applies=sum(len(one.history) for one in parted.years.values()),
    )
    return report, parted, chosen


def _file(manifests: Manifests, key: str, files: Collection[str]) -> str | None:
    """The manifest of a key, if it is put away."""
    one = manifests.desired.campaigns.get(key)
    path = manifests.files.path_of(one.source) if one and manifests.files else None
    return path if path in files else None


# ------------------------------------------------------------------------------------------ what is chosen


def _ended(record: Record) -> str:
    """When a final campaign was last seen to send, else when it was last written."""
    return record.began or record.updated_at


def _chosen(wiring: Wiring, manifests: Manifests, order: Order, state: State, now: datetime) -> _Chosen:
    desired, before = manifests.desired, order.before
    final = {
        key: record
        for key, record in sorted(state.campaigns.items())
        if records.final(record, now) and (before is None or parse_iso(_ended(record)) < before)
    }
    halts = wiring.backend.halts()
    heirs = {old: one.key for one in desired.campaigns.values() for old in one.moved_from}
    reasons = ((key, _why_left(desired, state, halts, heirs, key)) for key in final)
    left = {key: why for key, why in reasons if why}
    moves: tuple[FileMove, ...] = ()
    if manifests.files is not None:
        done = {key for key, one in desired.campaigns.items() if _is_left_over(state, one, before)}
        left |= _final_here_alone(manifests.others, (final.keys() | done) - left.keys(), now)
        moves, more = _moves(manifests, manifests.files, order, (final.keys() | done) - left.keys())
        left |= more
    return _Chosen({key: record for key, record in final.items() if key not in left}, left, moves)


def _is_left_over(state: State, one: DesiredCampaign, before: datetime | None) -> bool:
    """Whether a manifest is still there whose campaign was archived, and declares what it did then."""
    entry = None if one.key in state.campaigns else _archived_as(state, one.key)
    if entry is None or one.source_digest != entry.archived:
        return False
    return before is None or parse_iso(_last(entry, _at(entry))) < before


def _why_left(desired: DesiredState, state: State, halts: Halts, heirs: Mapping[str, str], key: str) -> str:
    """Why a final campaign stays as it is; empty if it can go. `heirs` are the keys that others move to."""
    record = state.campaigns[key]
    if key in state.pending:
        return "a write to it is not settled: an apply settles it"
    if halts.stopping([key], record.id):
        return "a halt holds it"
    if key in heirs and key not in desired.campaigns:
        return f"it is to be moved to {heirs[key]}: an apply moves it"
    one = desired.campaigns.get(key)
    if one and one.source_digest != record.source_digest and one.body_digest != record.digest:
        return "its manifest has changed since it was applied: an apply notes that"
    return ""


def _final_here_alone(
    others: Iterable[Environment], keys: Collection[str], now: datetime
) -> Iterator[tuple[str, str]]:
    """The keys that another environment still needs, with the reason."""
    for other in others:
        state = other.backend.read()
        for key in keys:
            record = state.campaigns.get(key) if state else None
            over = record is not None and records.final(record, now)
            known = over or (state is not None and (key in state.missed or _archived_as(state, key)))
            needs = key in other.desired.campaigns if record is None else True
            if (needs and not known) or (state and key in state.pending):
                yield key, f"it is not final in the environment {other.name}"


def _archived_as(state: State, key: str) -> Released | None:
    hot = (one for one in state.released if one.key == key and one.archived is not None)
    return next(hot, None) or state.archive.of_key(key)


def _moves(
    manifests: Manifests, files: ProjectFiles, order: Order, keys: Collection[str]
) -> tuple[tuple[FileMove, ...], dict[str, str]]:
    """The moves of the files that declare these keys and nothing else, in any environment, and why other keys
    stay."""
    every = (manifests.desired, *(other.desired for other in manifests.others))
    declared: dict[str, set[str]] = {}
    for desired in every:
        for key, one in desired.campaigns.items():
            declared.setdefault(files.path_of(one.source), set()).add(key)
    gone = {files.path_of(one.source) for desired in every for one in desired.removed.values()}
    left: dict[str, str] = {}
    whole: dict[str, set[str]] = {}
    for path, there in declared.items():
        if not (here := there.intersection(keys)):
            continue
        others = len(there) - len(here)
        if others or path in gone:
            what = counted(others, "campaign") + " that cannot go yet" if others else "a Removed document"
            left |= dict.fromkeys(here, f"{path} declares {what} too")
        else:
            whole[path] = here
    moves = moves_of(files.named_alone(whole), delete=order.delete)
    kept = _kept_back(manifests, order, moves)
    left |= {key: why for path, why in kept.items() for key in whole[path]}
    return tuple(move for move in moves if move.of not in kept), left


def _kept_back(manifests: Manifests, order: Order, moves: Iterable[FileMove]) -> dict[str, str]:
    """The manifests that stay because one of their files cannot go, by path, with the reason."""
    root = Path(manifests.desired.project.directory)
    kept = {move.of: why for move in moves if (why := why_not(root, move))}
    if order.delete:
        known = manifests.committed([move.path for move in moves])
        for move in moves:
            if move.path not in known:
                kept.setdefault(move.of, f"{move.path} is not committed as it is, and --delete would lose it")
    return kept


# -------------------------------------------------------------------------------------- what leaves the state


def _parted(state: State, gone: Mapping[str, Record], project: Project, now: datetime) -> _Parted:
    """The state without these records, and without what is too old to be a twin of what comes.

    What is younger stays in the state for a while: an opening read may see it among the newest campaigns.
    """
    young = iso(now - max(LATELY, project.guardrails.twin_window))
    without = state.after(Entry(records=dict.fromkeys(gone)))
    released = [(_last(one, _at(one)), one) for one in state.released]
    for key, record in gone.items():
        new = replace(records.released(key, record, record.status, now), archived=record.source_digest)
        released.append((_last(new, _ended(record)), new))
    recorded = {one for record in without.campaigns.values() for one in (record.id, record.digest)}
    recorded |= {str(intent.id) for intent in state.pending.values()}
    young_sent, old_sent = _split(
        ((_last(one, one.at), one) for one in state.sent),
        lambda at, one: at < young and recorded.isdisjoint({str(one.id), one.digest}),
    )
    hot, old = _split(released, lambda at, one: at < young and one.ended)
    applies = [(one.at, one) for one in state.history[:-RECENT_APPLIES]]
    years = _by_year(old_sent, old, applies)
    after = replace(
        without,
        released=tuple(one for _, one in hot),
        sent=tuple(one for _, one in young_sent),
        history=state.history[-RECENT_APPLIES:],
        archives=tuple(sorted({*state.archives, *years})),
    )
    return _Parted(after, years)


def _split(
    entries: Iterable[tuple[str, _T]], leaves: Callable[[str, _T], bool]
) -> tuple[list[tuple[str, _T]], list[tuple[str, _T]]]:
    """The entries that stay, and those that leave, each with its time."""
    parts: tuple[list[tuple[str, _T]], list[tuple[str, _T]]] = ([], [])
    for at, one in entries:
        parts[leaves(at, one)].append((at, one))
    return parts


def _at(one: Released) -> str:
    """When a campaign was released; of one that was archived, its last send tells more."""
    return "" if one.archived is not None and one.sends else one.at


def _last(one: Sent | Released, at: str) -> str:
    """The last time at which something sent or was to send."""
    return max((at, *one.sends))


def _by_year(
    sent: Iterable[tuple[str, Sent]],
    released: Iterable[tuple[str, Released]],
    applies: Iterable[tuple[str, HistoryEntry]],
) -> dict[int, Year]:
    """Entries by the year of their time."""
    first, second, third = _grouped(sent), _grouped(released), _grouped(applies)
    return {
        year: Year(tuple(first.get(year, ())), tuple(second.get(year, ())), tuple(third.get(year, ())))
        for year in sorted({*first, *second, *third})
    }


def _grouped(entries: Iterable[tuple[str, _T]]) -> dict[int, list[_T]]:
    found: dict[int, list[_T]] = {}
    for at, one in entries:
        found.setdefault(int(at[:4]), []).append(one)
    return found
