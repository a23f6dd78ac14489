"""Refresh: read the recorded campaigns, by list pages or by id, whichever is cheaper.

Only campaigns that are not final are read. Absence from a list proves nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, islice
from math import ceil
from typing import TYPE_CHECKING

from campaignctl.campaign import marker
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import compare, content
from campaignctl.errors import Command, ReadFailed, Sentence
from campaignctl.manifest.model import DesiredState
from campaignctl.plan import ledger, proof, records
from campaignctl.plan.context import Reading, Unsettled
from campaignctl.project.model import Project
from campaignctl.reconciler import foreign
from campaignctl.reconciler.opening import (
    Scan,
    behind,
    check_company,
    clones,
    company_of,
    company_of_records,
    newest,
    none_found,
    spread,
)
from campaignctl.state.model import Record, State

if TYPE_CHECKING:
    from campaignctl.api.client import OcambaApi

# Up to this many campaigns are read by id, without a list page.
_FEW = 2
# How many pages a plan reads for campaigns that are newer than all that the state knows.
_NEW_PAGES = 5
# How many campaigns are read by id to see whether a list that ended early is true.
_READ_IF_UNLISTED = 5
_OVER = (Status.SENT, Status.CANCELED, Status.MISSING)


@dataclass
class _Reads:
    """The reads of one refresh. `seen` is every campaign seen, which shows the company of the account.

    `live_only`: the list may leave out final campaigns.
    """

    api: OcambaApi
    parallelism: int
    live_only: bool = True
    seen: dict[str, Live] = field(default_factory=dict)

    def by_id(self, ids: Iterable[str]) -> dict[str, Live | None]:
        wanted = list(ids)
        found = dict(zip(wanted, spread(self.api.read, wanted, self.parallelism), strict=True))
        self.seen.update({campaign_id: live for campaign_id, live in found.items() if live})
        return found

    def by_pages(self, wanted: set[str], since: Collection[str] | None) -> dict[str, Live]:
        """Campaigns found on list pages, while pages are cheaper than single reads.

        With `since` at least one page, and a few more until one shows a campaign of those.
        """
        found: dict[str, Live] = {}
        counted: set[str] = set()
        number, new = 0, since is not None
        while len(wanted - set(found)) > _FEW or new:
            number += 1
            page = self.api.list_page(number, live_only=self.live_only)
            fresh = {live.id: live for live in page.items if live.id not in counted}
            counted |= set(fresh)
            self.seen.update(fresh)
            found.update({live.id: live for live in fresh.values() if live.id in wanted})
            new = new and number < _NEW_PAGES and not counted.intersection(since or ())
            if not fresh or page.total is None or page.ends(len(counted)):
                break
            left = ceil((page.total - len(counted)) / len(page.items))
            if not new and (left <= 0 or len(wanted - set(found)) <= left):
                break
        return found


def read_records(
    api: OcambaApi,
    wanted: Mapping[str, Record],
    *,
    parallelism: int,
    at_hand: Mapping[str, Live] | None = None,
    live_only: bool = True,
    since: Collection[str] | None = None,
) -> tuple[dict[str, Live | None], dict[str, Live]]:
    """The live campaigns of these records, by key, and every campaign seen on the way, by id.

    `at_hand` are campaigns read already. `live_only` is false if some are expected to be final. With `since`
    at least one page is read, and those before one of these ids. A list item that lacks a field which the API
    normally returns is read again by id.
    """
    reads = _Reads(api, parallelism, live_only, dict(at_hand or {}))
    ids = {record.id for record in wanted.values()}
    found: dict[str, Live | None] = {key: live for key, live in reads.seen.items() if key in ids}
    found.update(reads.by_pages(ids - set(found), since))
    vague = {
        record.id
        for record in wanted.values()
        if (live := found.get(record.id))
        and not live.complete
        and compare(record.applied, record.echo, live).unknown
    }
    found.update(reads.by_id(sorted((ids - set(found)) | vague)))
    return {key: found[record.id] for key, record in wanted.items()}, reads.seen


def observe(
    api: OcambaApi,
    state: State | None,
    desired: DesiredState,
    now: datetime,
    *,
    parallelism: int,
    at_hand: Mapping[str, Live] | None = None,
    list_page: bool = False,
) -> Reading:
    """Read the account as far as a plan needs it.

    Whether the state is behind, and which campaigns were cloned, is only known from list pages (`list_page`).

    Raises AccountMismatch or ReadFailed.
    """
    project = desired.project
    adoptable = _adoptable(api, state, desired, parallelism)
    wanted = foreign.starting(desired, state) if list_page or at_hand is not None else []
    if state is None:
        known = {**(at_hand or {}), **{each: live for each, live in adoptable.items() if live}}
        company = company_of(known.values())
        others, notes = foreign.look(api, known.values(), None, wanted, project, now, parallelism)
        return Reading(
            adoptable=adoptable, company_id=company, proven=company is not None, foreign=others, notes=notes
        )
    alive = {key: record for key, record in state.campaigns.items() if not records.final(record, now)}
    since = known_ids(state) if list_page else None
    if since is not None and wanted:
        since, at_hand = _newest_page(api, since)
    live, seen = read_records(api, alive, parallelism=parallelism, at_hand=at_hand, since=since)
    released = _released(api, state, desired, parallelism, adoptable)
    seen.update({found.id: found for found in (*released.values(), *adoptable.values()) if found})
    check_company(shown := company_of(seen.values()), state, project)
    if None in live.values():
        prove_account(api, state, project, seen)
    if list_page and shown is None and not any(live.values()):  # as the opening read of an apply does
        check_company(shown := company_of_records(api, state), state, project)
    others, notes = foreign.look(api, seen.values(), state, wanted, project, now, parallelism)
    return Reading(
        live=live,
        foreign=others,
        notes=notes,
        proven=shown is not None or any(live.values()),
        released=released,
        adoptable=adoptable,
        behind=behind(seen.values(), state, project, desired.campaigns),
        clones=clones(seen.values(), state, project, now),
        company_id=shown or state.account.company_id,
    )


def _newest_page(api: OcambaApi, since: set[str]) -> tuple[set[str] | None, dict[str, Live]]:
    """The newest page with what others sent lately too, which pages of live campaigns leave out; and how far
    these still have to be read: not at all (None) if the page shows a campaign of `since` or is the only one.
    """
    page = api.list_page(1)
    lives = {each.id: each for each in page.items}
    enough = not since.isdisjoint(lives) or page.total is None or page.ends(len(lives))
    return None if enough else since, lives


def known_ids(state: State) -> set[str]:
    """The ids of all campaigns that the state has seen: older ones were compared with it before."""
    recorded = {record.id for record in state.campaigns.values()}
    return {*state.seen, *state.foreign, *recorded, *(entry.id for entry in state.released)}


def prove_account(api: OcambaApi, state: State, project: Project, seen: Mapping[str, Live]) -> None:
    """Raise AccountMismatch unless a read proves that the account is the state's.

    Another account does not know the id either, so a campaign counts as missing only after this.
    """
    company = company_of(seen.values()) or company_of(api.list_page(1).items)
    check_company(company, state, project)
    if company is None:
        raise none_found("no recorded campaign was found, and the account cannot be identified", state)


def _adoptable(
    api: OcambaApi, state: State | None, desired: DesiredState, parallelism: int
) -> dict[str, Live | None]:
    """The campaigns that manifests adopt and the state does not record yet, by id."""
    recorded = state.campaigns if state else {}
    ids = sorted(
        {wanted.adopt for key, wanted in desired.campaigns.items() if wanted.adopt and key not in recorded}
    )
    return dict(zip(ids, spread(api.read, ids, parallelism), strict=True))


def _released(
    api: OcambaApi,
    state: State,
    desired: DesiredState,
    parallelism: int,
    at_hand: Mapping[str, Live | None],
) -> dict[str, Live | None]:
    """Released campaigns with the key or body of one that would be created now, or the content of one that
    may start to send. `at_hand` were read."""
    going = [entry for entry in state.released if not entry.ended]
    if not going:
        return {}
    created = {
        key: wanted.body_digest for key, wanted in desired.campaigns.items() if key not in state.campaigns
    }
    digests = set(created.values()) | {content(one.spec) for one in foreign.starting(desired, state)}
    ids = sorted(
        {
            entry.id
            for entry in going
            if entry.key in created or entry.digest in digests or entry.content in digests
        }
    )
    unread = [campaign_id for campaign_id in ids if campaign_id not in at_hand]
    read = dict(zip(unread, spread(api.read, unread, parallelism), strict=True))
    known = {**at_hand, **read}
    return {campaign_id: known[campaign_id] for campaign_id in ids}


def look(api: OcambaApi, state: State) -> tuple[dict[str, Live], dict[str, Unsettled]]:
    """Look once for every pending create: the campaigns found, and the creates that stay unsettled."""
    found = find(api, state)
    settled = {key: lives[0] for key, lives in found.items() if len(lives) == 1}
    creates = {key: one for key, one in open_intents(state).items() if state.pending[key].creates}
    left = {}
    for key, one in creates.items():
        if lives := found.get(key, ()):
            reason, hint = ledger.two_campaigns(key, lives)
            left[key] = replace(one, reason=reason, hint=hint)
        else:
            left[key] = replace(one, not_found=True)
    left = {key: one for key, one in left.items() if key not in settled}
    return settled, left


def open_intents(state: State) -> dict[str, Unsettled]:
    """Every write that may have been sent and is not settled, by key."""
    return {
        key: proof.unknown(key, intent) for key, intent in state.pending.items() if intent.phase != "planned"
    }


def read_written(
    api: OcambaApi, state: State, project: Project, now: datetime, parallelism: int
) -> dict[str, Live | None]:
    """The campaigns of every open write to a recorded campaign, by key.

    A list may show what was before, so it proves a cancel alone, which is final. Any other is read by id.
    """
    known = {key: intent for key, intent in proof.open_writes(state).items() if intent.id}
    recorded = {
        key: replace(record, applied={})
        for key, intent in known.items()
        if intent.operation == "cancel" and (record := state.campaigns.get(key)) and record.id == intent.id
    }
    lives, _ = read_records(api, recorded, parallelism=parallelism, live_only=False)

    def whole(key: str) -> Live | None:
        live, intent = lives.get(key), known[key]
        if live and (live.complete or proof.shows(intent, state.campaigns[key], live, project, now)):
            return live
        return api.read(str(intent.id), reserve=True)

    return dict(zip(known, spread(whole, known, parallelism), strict=True))


def find(api: OcambaApi, state: State, *, may_be_empty: bool = False) -> dict[str, list[Live]]:
    """Campaigns with the marker of a pending create, by key. Every unknown campaign counts, whatever its
    name; it is read by id if the list does not show metadata.

    Raises ReadFailed if the list ended early although the account has campaigns, unless it `may_be_empty`.
    """
    pending = {
        intent.intent: key
        for key, intent in state.pending.items()
        if intent.creates and intent.phase != "planned"
    }
    if not pending:
        return {}
    known = {record.id for record in state.campaigns.values()} | {entry.id for entry in state.released}
    marks = [state.pending[key].watermark.ids for key in pending.values()]
    # All marks share these ids: a scan must not stop before the oldest of them.
    scan = newest(api, set.intersection(*map(set, marks)), reserve=True)
    found: dict[str, list[Live]] = {}
    for live in scan.lives:
        if live.id in known:
            continue
        full = live if live.shows_metadata else api.read(live.id, reserve=True)
        made_by = marker.read(full.fields) if full else None
        if full and made_by and made_by.intent in pending:
            found.setdefault(pending[made_by.intent], []).append(full)
    lost = sorted(set(pending.values()) - found.keys())
    marks = [state.pending[key].watermark.ids for key in lost]
    if may_be_empty or not lost or not (there := _unlisted(api, scan, marks, known)):
        return found
    lacks = f"lacks {there.id}" if scan.lives else "is empty"
    raise ReadFailed(
        f"not known whether {lost[0]} was created: the list of campaigns {lacks}",
        detail=f"the account has {there.id}, so the list proves nothing",
        hint=Sentence(
            "try again later; if the dashboard shows that it was not created: ",
            Command("state", "resolve", lost[0], "--retry", "--force"),
        ),
    )


def _unlisted(
    api: OcambaApi, scan: Scan, marks: Sequence[Sequence[str]], known: Collection[str]
) -> Live | None:
    """A campaign that the account has and the scan should have met.

    Of an empty scan any known one; of another one that ended above a mark, one of that mark. A list may hide
    what is over.
    """
    ids = {live.id for live in scan.lives}
    missed = chain.from_iterable(mark for mark in marks if ids.isdisjoint(mark))
    asked = dict.fromkeys([*missed, *(() if ids else sorted(known))])
    # Not every id that was answered is one: some APIs say that they created what they did not.
    read = (api.read(each, reserve=True) for each in islice(asked, _READ_IF_UNLISTED))
    return next((live for live in read if live and not (ids and status_of(live) in _OVER)), None)
