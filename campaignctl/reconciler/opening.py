"""The opening read: the newest campaigns of the account, and whether account and state belong together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from campaignctl.campaign import marker
from campaignctl.campaign.live import Live, Page
from campaignctl.campaign.marker import Marker
from campaignctl.campaign.status import Status, status_of
from campaignctl.errors import AccountMismatch, Command, Sentence, StateError
from campaignctl.plan.context import Behind
from campaignctl.plan.model import Clone
from campaignctl.project.model import Project
from campaignctl.reconciler import copies
from campaignctl.schedule.times import iso
from campaignctl.state.kept import Records
from campaignctl.state.model import Intent, State, Watermark

if TYPE_CHECKING:
    from campaignctl.api.client import OcambaApi

_In = TypeVar("_In")
_Out = TypeVar("_Out")

# Ids of the newest page that form a mark: enough to find one of them again.
MARK_SIZE = 20


@dataclass(frozen=True, slots=True)
class Scan:
    """The campaigns that a scan saw, newest first, each once. `server_time` is that of the first page;
    `claims` is the most campaigns that a page said there are."""

    lives: tuple[Live, ...]
    server_time: datetime | None
    claims: int = 0

    @property
    def mark(self) -> tuple[str, ...]:
        """The ids at which a later scan may stop."""
        return tuple(live.id for live in self.lives[:MARK_SIZE])


def newest(api: OcambaApi, mark: Collection[str], *, live_only: bool = False, reserve: bool = False) -> Scan:
    """Every campaign down to one of the mark; without a mark, the whole list.

    `live_only` leaves out final campaigns if the API supports it. The page that holds the mark is read
    whole, and the next one too while it may hold campaigns of the same second. A page without a new id ends
    the scan, whatever the API claims.
    """
    lives: dict[str, Live] = {}
    server_time: datetime | None = None
    number, claims, beyond = 0, 0, False
    while True:
        number += 1
        page = api.list_page(number, live_only=live_only, reserve=reserve)
        server_time, claims = server_time or page.server_time, max(claims, page.total or 0)
        fresh = [live for live in page.items if live.id not in lives]
        lives.update({live.id: live for live in fresh})
        if not fresh or page.ends(len(lives)):
            break
        if beyond or _passes(page, mark):
            break
        beyond = any(live.id in mark for live in page.items)
    return Scan(tuple(lives.values()), server_time, claims)


def _passes(page: Page, mark: Collection[str]) -> bool:
    """Whether a page holds the mark and ends with a campaign that is certainly older."""
    marked = [live for live in page.items if live.id in mark]
    last = page.items[-1].create_time
    return bool(marked and last and marked[0].create_time and last < marked[0].create_time)


def spread(work: Callable[[_In], _Out], items: Iterable[_In], parallelism: int) -> list[_Out]:
    """The results of `work` on each item, in order, on up to `parallelism` threads."""
    todo = list(items)
    if parallelism <= 1 or len(todo) <= 1:
        return [work(item) for item in todo]
    with ThreadPoolExecutor(min(parallelism, len(todo))) as pool:
        return list(pool.map(work, todo))


# How many recorded campaigns are read if the list is empty.
_PROOFS = 3

_REBIND = Command("state", "rebind")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

MAX_CLOCK_DIFFERENCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Opening:
    """What the opening read saw. `copies` are second copies that can send, `clones` campaigns that someone
    made of records. `whole`: it read the whole list."""

    scan: Scan
    company_id: str | None
    behind: tuple[Behind, ...] = ()
    copies: tuple[tuple[str, Live], ...] = ()
    clones: tuple[Clone, ...] = ()
    notes: tuple[str, ...] = ()
    whole: bool = False

    @property
    def lives(self) -> Mapping[str, Live]:
        """The campaigns seen, by id."""
        return {live.id: live for live in self.scan.lives}

    def mark(self, state: State | None, now: datetime) -> tuple[str, ...]:
        """The mark for the next opening read.

        It stays while a campaign of ours may turn up below the newest page: one that the state does not
        know, that of a create whose outcome is unknown, or a second copy.
        """
        known = copies.watched(state, now).values()
        open_still = any(not (one.scanned or (self.whole and one.until < now)) for one in known)
        lost = any(one.creates and one.phase != "planned" for one in _pending(state))
        if self.behind or open_still or lost:
            return state.seen if state else ()
        return self.scan.mark

    @property
    def watermark(self) -> Watermark:
        """Where settling may stop looking."""
        time = self.scan.server_time
        return Watermark(self.scan.mark, iso(time) if time else None)


def opening_read(
    api: OcambaApi,
    state: State | None,
    project: Project,
    keys: Iterable[str],
    *,
    live_only: bool = False,
) -> Opening:
    """Make the opening read; `live_only` reads final campaigns only as far as the newest page shows them.

    Raises AccountMismatch.
    """
    check_url(state, api.url)
    mark = state.seen if state else ()
    scan = _newest_live(api, mark) if live_only else newest(api, mark)
    now = scan.server_time or _LONG_AGO
    known = copies.watched(state, now)
    if mark and copies.needs_scan(known, now):
        mark = ()
        scan = newest(api, mark)
    if mark and not copies.reaches(scan.lives, known):
        scan = replace(scan, lives=tuple(copies.look(api, known, scan.lives)))
    if project.api.markers and not (state and state.account.markers is False):
        scan = _with_markers(api, scan, state)
    company = company_of(scan.lives) or company_of_records(api, state)
    check_company(company, state, project)
    second = second_copies(api, scan.lives, state, project, now)
    return Opening(
        scan,
        company,
        behind=behind(scan.lives, state, project, keys),
        copies=tuple((key, live) for key, live in second if status_of(live).can_send),
        clones=clones(scan.lives, state, project, now),
        notes=left_behind(second),
        whole=not mark,
    )


def _pending(state: State | None) -> Iterable[Intent]:
    return state.pending.values() if state else ()


def _newest_live(api: OcambaApi, mark: Collection[str]) -> Scan:
    """The newest page, and every campaign down to the mark that is not final."""
    page = api.list_page(1)
    lives = {live.id: live for live in page.items}
    if page.items and not page.ends(len(lives)):
        lives |= {live.id: live for live in newest(api, mark, live_only=True).lives}
    return Scan(tuple(lives.values()), page.server_time)


def _with_markers(api: OcambaApi, scan: Scan, state: State | None) -> Scan:
    """The scan, with campaigns read by id if their list item is too short to show a marker."""
    recorded = {record.id for record in state.campaigns.values()} if state else set()

    def whole(live: Live) -> Live:
        if hides_marker(live) and live.id not in recorded and matters(status_of(live)):
            return api.read(live.id) or live
        return live

    return replace(scan, lives=tuple(map(whole, scan.lives)))


def hides_marker(live: Live) -> bool:
    """Whether a list item may leave out its marker: without messages it is not a full view, so that missing
    metadata proves nothing."""
    return not live.shows_metadata and "messages" not in live.fields


def matters(status: Status) -> bool:
    """Whether an unknown campaign of ours could be created twice: all but canceled ones."""
    return status is not Status.CANCELED


def company_of_records(api: OcambaApi, state: State | None) -> str | None:
    """The company of recorded campaigns, for a list that shows none.

    A list may lag behind; another account does not know the ids either. Raises AccountMismatch if none of
    the newest recorded campaigns is found.
    """
    if state is None or not state.campaigns:
        return None
    newest_first = sorted(state.campaigns.values(), key=lambda record: record.created_at, reverse=True)
    for record in newest_first[:_PROOFS]:
        live = api.read(record.id)
        if live is not None:
            return live.company_id or state.account.company_id
    raise none_found("this account shows none of the campaigns that the state records", state)


def none_found(summary: str, state: State) -> AccountMismatch:
    """The error of an account that shows nothing that the state records."""
    newest = max(state.campaigns, key=lambda key: state.campaigns[key].created_at, default="KEY")
    hint = Sentence(
        "check OCAMBA_TOKEN: it may belong to another account; to forget a campaign that is not there: ",
        Command("state", "rm", newest),
    )
    return AccountMismatch(summary, hint=hint)


def company_of(lives: Iterable[Live]) -> str | None:
    """The company of these campaigns, if one of them shows it."""
    return next((live.company_id for live in lives if live.company_id), None)


def check_company(company: str | None, state: State | None, project: Project) -> None:
    """Raise AccountMismatch if the token's company is not that of the state or the project file."""
    if company is None:
        return
    if state and state.account.company_id not in (None, company):
        raise AccountMismatch(
            f"this token belongs to company {company}, this state to {state.account.company_id}",
            hint=Sentence(
                "set OCAMBA_TOKEN for the right account, or choose the right environment with -e;"
                " if the state is meant to belong there: ",
                _REBIND,
            ),
        )
    if project.company_id not in (None, company):
        raise AccountMismatch(
            f"this token belongs to company {company}, the project file names {project.company_id}",
            hint="set OCAMBA_TOKEN for the right account, or fix `account.company_id` in campaignctl.yaml",
        )


def check_url(state: State | None, url: str) -> None:
    """Raise AccountMismatch if the state belongs to another API. Loopback ports may differ."""
    if state is None or state.account.url == url:
        return
    hosts = {urlsplit(state.account.url).hostname, urlsplit(url).hostname}
    if hosts <= {"localhost", "127.0.0.1", "::1"}:
        return
    raise AccountMismatch(
        f"this state belongs to {state.account.url}, not to {url}",
        hint=Sentence(
            "set OCAMBA_API_URL or `api.url` to the state's, or give this environment a state of its own;"
            " if the API has moved: ",
            _REBIND,
        ),
    )


def check_environment(state: State | None, project: Project) -> None:
    """Raise AccountMismatch if the state belongs to another project or environment."""
    if state is None:
        return
    if state.project_id not in (None, project.id):
        named = f"the id {project.id}" if project.id else "no `metadata.id`"
        raise AccountMismatch(
            f"this state belongs to the project {state.project_id}, and campaignctl.yaml has {named}",
            hint=Sentence(
                f"write `id: {state.project_id}` under `metadata` in campaignctl.yaml, or choose the right"
                " project with -C; if the state is meant for this project: ",
                _REBIND,
            ),
        )
    if state.environment == project.environment:
        return
    raise AccountMismatch(
        f"this state belongs to the environment {state.environment or 'without a name'}, "
        f"not to {project.environment or 'the one without a name'}",
        hint=Sentence(
            "choose the environment with -e, or give this one a `state` of its own in campaignctl.yaml;"
            " if this state is meant for this environment: ",
            _REBIND,
        ),
    )


def check_records(state: State | None) -> None:
    """Raise StateError if two keys record one campaign: each would undo what the other does."""
    keys: dict[str, str] = {}
    if state and isinstance(state.campaigns, Records):  # an earlier run has checked this very document
        return
    for key, record in sorted(state.campaigns.items()) if state else ():
        if (other := keys.setdefault(record.id, key)) != key:
            raise StateError(
                f"{other} and {key} record one campaign, {record.id}",
                hint=Sentence(
                    "to forget one of the two and leave the campaign as it is: ",
                    Command("state", "rm", key),
                ),
            )


def clock_note(server: datetime | None, now: datetime) -> tuple[str, ...]:
    """A line if our clock and the server's differ by more than two minutes. The server's counts."""
    if server is None or abs(server - now) <= MAX_CLOCK_DIFFERENCE:
        return ()
    return (f"this machine's clock says {iso(now)}, the API's says {iso(server)}; the API's time counts",)


def tags_of(keys: Iterable[str]) -> dict[str, str]:
    """The keys, by their tag in markers."""
    return {marker.key_tag(key): key for key in keys}


def _known(state: State | None) -> tuple[set[str | None], set[str]]:
    """The intents that a state knows, and the ids of its records."""
    if state is None:
        return set(), set()
    intents = {
        *(record.intent for record in state.campaigns.values()),
        *(entry.intent for entry in state.released),
        *(one.intent for one in state.dropped if one.key in state.campaigns),
        # A planned intent was never sent: a campaign with its marker proves that this state is an older one.
        *(intent.intent for intent in state.pending.values() if intent.phase != "planned"),
    }
    return intents, {record.id for record in state.campaigns.values()}


def behind(
    lives: Iterable[Live], state: State | None, project: Project, keys: Iterable[str]
) -> tuple[Behind, ...]:
    """Our campaigns that the state does not know, and that an apply would create twice."""
    tags = tags_of({*keys, *(state.campaigns if state else ())})
    return tuple(
        Behind(live.id, live.name, tags.get(found.key), found.intent, project.owner.made_by_name(found))
        for live, found in unknown_to(state, ours(lives, project, state))
        if matters(status_of(live))
    )


def still_behind(seen: Iterable[Behind], state: State | None) -> tuple[Behind, ...]:
    """Those that a state read later does not know either: an apply may have created them meanwhile."""
    known, recorded = _known(state)
    return tuple(found for found in seen if found.intent not in known and found.id not in recorded)


def ours(lives: Iterable[Live], project: Project, state: State | None) -> list[tuple[Live, Marker]]:
    """Campaigns with the marker of this project and environment, each with its marker.

    Once the state has the project's id, a marker by name alone only counts if the state knows it: any other
    is of another repository whose project has the same name.
    """
    owner = project.owner
    found = [(live, made_by) for live in lives if (made_by := marker.read(live.fields))]
    mine = [(live, made_by) for live, made_by in found if owner.made(made_by)]
    if state is None or state.project_id != project.id:
        return mine
    unknown = [live.id for live, made_by in unknown_to(state, mine) if owner.made_by_name(made_by)]
    return [(live, made_by) for live, made_by in mine if live.id not in unknown]


def unknown_to(state: State | None, mine: Iterable[tuple[Live, Marker]]) -> list[tuple[Live, Marker]]:
    """Those of our campaigns that no record, release or pending intent of the state knows."""
    known, recorded = _known(state)
    left = [(live, found) for live, found in mine if found.intent not in known and live.id not in recorded]
    if not left or state is None:  # the archive is read only if something seems to be unknown
        return left
    return [(live, found) for live, found in left if not state.archive.has_intent(found.intent)]


def second_copies(
    api: OcambaApi, lives: Iterable[Live], state: State | None, project: Project, now: datetime
) -> list[tuple[str, Live]]:
    """The second copies among these campaigns, by key, as reads by id show them; without canceled ones."""
    known = copies.watched(state, now)
    found = copies.of(ours(lives, project, state), known)
    # A list may show a status of long ago.
    read = [(key, api.read(live.id, reserve=True)) for key, live in found if matters(status_of(live))]
    return [(key, live) for key, live in read if live and matters(status_of(live))]


def look_for_copies(
    api: OcambaApi, state: State | None, project: Project, now: datetime
) -> list[tuple[str, Live]]:
    """The second copies in the account, by key, without canceled ones: list pages down to the first POST."""
    known = copies.watched(state, now)
    scan = Scan(copies.of_then(copies.look(api, known), known), None)
    return second_copies(api, _with_markers(api, scan, state).lives, state, project, now)


def left_behind(second: Iterable[tuple[str, Live]]) -> tuple[str, ...]:
    """Notes on second copies that can no longer send, or not by themselves: the API has no delete."""
    return tuple(
        f"{live.id} is a second copy of {key}, {status_of(live)}; it is left behind"
        for key, live in second
        if not status_of(live).can_send
    )


def clones(lives: Iterable[Live], state: State | None, project: Project, now: datetime) -> tuple[Clone, ...]:
    """Campaigns with the marker of a recorded one: clones made in the dashboard. Without canceled ones."""
    lives = tuple(lives)
    second = {live.id for _, live in copies.of(ours(lives, project, state), copies.watched(state, now))}
    recorded = {record.intent: (key, record) for key, record in state.campaigns.items()} if state else {}
    found = [(live, recorded.get(made_by.intent)) for live, made_by in ours(lives, project, state)]
    return tuple(
        Clone(live.id, one[0], str(status_of(live)))
        for live, one in found
        if one and live.id not in (one[1].id, *second) and matters(status_of(live))
    )
