"""Doctor: whether state, lock, token and account are ready for an apply. Changes nothing."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from statistics import median
from typing import TYPE_CHECKING, TypeVar

from campaignctl.campaign.live import Page
from campaignctl.errors import (
    ApiError,
    CampaignctlError,
    Command,
    Interrupted,
    Sentence,
    counted,
    listed,
)
from campaignctl.plan import records
from campaignctl.plan.context import behind_hint, behind_reason, without_markers
from campaignctl.project.model import Project
from campaignctl.reconciler import stop_mark
from campaignctl.reconciler.opening import (
    behind,
    check_company,
    check_environment,
    check_records,
    check_url,
    company_of,
    company_of_records,
)
from campaignctl.reconciler.other_states import check_left, check_new
from campaignctl.reconciler.ports import Backend
from campaignctl.reconciler.run import Wiring, without_id
from campaignctl.review.reports import Check, Keeping, refused
from campaignctl.state.model import Intent, LockInfo, State

if TYPE_CHECKING:
    from campaignctl.api.client import OcambaApi

# Above this the clock should be set, though runs go by the API's.
_NOTED_CLOCK_DIFFERENCE = timedelta(seconds=10)
_READS = 3
_PAGE = 10
_OF_THE_API = ("token", "api", "account", "clock", "rate")
_NAMED = 3
# Unknown, or not allowed to do this: the API answers, and the token is what is wrong.
_ABOUT_THE_TOKEN = (401, 403)
_SET_CLOCK = "set this machine's clock (NTP)"
_APPLY = Sentence(Command("apply"))

T = TypeVar("T")


def examine(wiring: Wiring, missing: Check | None = None) -> tuple[Check, ...]:
    """Check the state, its lock and the account; a failed check does not stop the others.

    `missing` is the check that explains why there is no API. Raises only Interrupted.
    """
    keeping = _tried("lock", wiring.backend.keeping)

    def read() -> State | None:
        state = wiring.backend.read()
        check_environment(state, wiring.project)
        check_records(state)
        return state

    state, identity = _tried("state", read), _identity(wiring)
    return (
        identity,
        *_state_checks(wiring, state, keeping, new=identity.verdict != "problem"),
        keeping if isinstance(keeping, Check) else _lock(keeping.lock, keeping.holder_lives),
        _tried("halts", lambda: _halts(wiring.backend, state if isinstance(state, State) else None)),
        *_account_checks(wiring, state, missing),
    )


def _tried(name: str, look: Callable[[], T]) -> T | Check:
    try:
        return look()
    except Interrupted:
        raise
    except CampaignctlError as error:
        return refused(name, error)


def _identity(wiring: Wiring) -> Check:
    left = _tried("identity", lambda: check_left(wiring.project, wiring.elsewhere, wiring.clock.now()))
    if left is not None:
        return left
    if (without := without_id(wiring)) is None:
        return Check("identity", "ok", f"project {wiring.project.id}")
    return Check("identity", "warning", *without)


# ------------------------------------------------------------------------------------------- the state


def _state_checks(
    wiring: Wiring, state: State | Check | None, keeping: Keeping | Check, *, new: bool
) -> Iterator[Check]:
    """`new`: no other state is in the way."""
    location = wiring.backend.location
    kept = None if isinstance(keeping, Check) else keeping
    if isinstance(state, Check):
        yield state
    elif state is None:
        yield _absent(wiring, location) if new else Check("state", "skipped", f"none yet in {location}")
    else:
        yield _readable(state, location, kept)
        yield _pending(state)
        yield _markers(wiring, state)
    if kept is not None and state is not None:
        yield _permissions(kept, location, wiring.project.state.encrypted)
    if kept is not None and kept.access is not None:
        access = kept.access
        yield Check(access.way, "ok" if access.allowed else "problem", access.found, access.fix)


def _absent(wiring: Wiring, location: str) -> Check:
    found = _tried("state", lambda: check_new(wiring.project, wiring.elsewhere, (), ()))
    return found or Check("state", "ok", f"none yet in {location}; the first apply creates it")


def _readable(state: State, location: str, kept: Keeping | None) -> Check:
    found = f"{location}: serial {state.serial}, {counted(len(state.campaigns), 'campaign')}"
    if kept is None:
        return Check("state", "ok", found)
    found += ", with a backup" if kept.backup else ", no backup yet"
    if kept.left_journal:
        return Check("state", "warning", f"{found}; an interrupted run left its journal", _APPLY)
    return Check("state", "ok", found)


def _pending(state: State) -> Check:
    if not state.pending:
        return Check("pending", "ok", "nothing is unsettled")
    named = [f"{key} ({_phase(intent)})" for key, intent in sorted(state.pending.items())]
    found = f"{counted(len(named), 'write')} not settled: {listed(named, _NAMED)}"
    open_ = sorted(key for key, intent in state.pending.items() if intent.phase != "planned")
    if not open_:
        return Check("pending", "warning", found, _APPLY)
    resolve = ("state", "resolve", open_[0])
    happened = ("--adopt", "ID") if state.pending[open_[0]].creates else ("--done",)
    left = (Command(*resolve, *happened), " or ", Command(*resolve, "--retry"))
    return Check("pending", "warning", found, Sentence(_APPLY, "; what it cannot settle: ", *left))


def _markers(wiring: Wiring, state: State) -> Check:
    if without := without_markers(wiring.project, state):
        return Check("markers", "warning", without)
    now, none = wiring.now(), []
    for key, record in sorted(state.campaigns.items()):
        if (record.unmarked or record.intent is None) and not records.final(record, now):
            none.append(key)
    if not none:
        return Check("markers", "ok", "every campaign that is not over carries ours")
    named = f"{counted(len(none), 'campaign')} without ours: {listed(none, _NAMED)}"
    found = f"{named}; if the state is lost, they are not found again"
    again = Command("import", none[0], state.campaigns[none[0]].id)
    fix = Sentence("to mark one that is not running: ", Command("state", "rm", none[0]), ", then ", again)
    return Check("markers", "warning", found, fix)


def _phase(intent: Intent) -> str:
    if intent.half_done:
        return "replace half done"
    if intent.phase == "planned":
        return f"{intent.operation} not sent"
    since = f" at {intent.at}" if intent.at else ""
    return f"{intent.operation} sent{since}, outcome unknown"


def _permissions(kept: Keeping, location: str, encrypted: bool) -> Check:
    if kept.exposed is None:
        who = "who has the key" if encrypted else "who can read {location}"
        return Check("permissions", "ok", f"everyone {who.format(location=location)} can read the state")
    if not kept.exposed:
        return Check("permissions", "ok", "only the owner can read the state")
    files = " ".join(map(shlex.quote, kept.exposed))
    found = f"other users can read or write {counted(len(kept.exposed), 'file')} of the state"
    return Check("permissions", "warning", found, f"chmod 600 {files}")


# -------------------------------------------------------------------------------------------- the lock


def _lock(lock: LockInfo | None, lives: bool | None) -> Check:
    if lock is None:
        return Check("lock", "ok", "free")
    where = f"process {lock.process}, in {lock.run}" if lock.run else f"process {lock.process}"
    held = f"`{lock.operation}` of {lock.holder} on {lock.host}, {where}, since {lock.since}"
    unlock = Command("state", "unlock", lock.id)
    if lives is False:
        found = f"left by {held}, which has exited; the next apply takes it over"
        return Check("lock", "warning", found, _APPLY)
    if lives is None:
        found = f"held by {held}; cannot tell from this host whether it is still running"
        if lock.lease:
            found += f"; without a sign of life for {lock.lease} s it is taken over"
        return Check("lock", "warning", found, Sentence("wait for it; if the process has exited: ", unlock))
    return Check(
        "lock", "warning", f"held by {held}, which is running", Sentence("wait for it; if it hangs: ", unlock)
    )


def _halts(backend: Backend, state: State | None) -> Check:
    """The halts in force. Raises StateError if the stop mark cannot be read, or was deleted."""
    in_force = stop_mark.read(backend, state).in_force
    if not in_force:
        return Check("halts", "ok", "nothing is halted")
    found = listed([halt.summary for halt in in_force], _NAMED)
    lift = Sentence("when they are over: ", Command("halt", "--lift", "--reason", "TEXT"))
    return Check("halts", "warning", f"{counted(len(in_force), 'halt')} in force: {found}", lift)


# ----------------------------------------------------------------------------------------- the account


@dataclass(frozen=True, slots=True)
class _Answers:
    """A few reads of the account: the last page, the latencies, and the error if one failed."""

    page: Page | None
    latencies: tuple[timedelta, ...]
    error: ApiError | None = None


def _account_checks(wiring: Wiring, state: State | Check | None, missing: Check | None) -> Iterator[Check]:
    api, project = wiring.api, wiring.project
    if api is None:
        yield from (
            missing if missing and missing.name == name else Check(name, "skipped", "the API was not asked")
            for name in _OF_THE_API
        )
        return
    answers = _ask(api)
    yield _token(answers)
    yield _reachability(api, answers)
    yield _account(api, answers, state, project)
    yield _clock(api, wiring.clock.now())
    yield _rate(api, project)


def _ask(api: OcambaApi) -> _Answers:
    page: Page | None = None
    latencies: list[timedelta] = []
    error: ApiError | None = None
    try:
        for _ in range(_READS):
            page = api.list_page(1, size=_PAGE)
            latencies += [api.pulse.latency] if api.pulse else []
    except ApiError as failed:
        error = failed
        latencies += [api.pulse.latency] if api.pulse and not latencies else []
    return _Answers(page, tuple(latencies), error)


def _token(answers: _Answers) -> Check:
    if answers.error is not None and answers.error.status in _ABOUT_THE_TOKEN:
        return refused("token", answers.error)
    if answers.error is not None:
        return Check("token", "skipped", "set; not known whether the API accepts it")
    return Check("token", "ok", "set, and accepted")


def _reachability(api: OcambaApi, answers: _Answers) -> Check:
    if answers.error is not None and answers.error.status not in _ABOUT_THE_TOKEN:
        failed = refused("api", answers.error)
        if answers.error.status is not None:
            return failed
        where = f"check the network, and that {api.url} is right (`api.url`, OCAMBA_API_URL)"
        return replace(failed, fix=where)
    milliseconds = median(latency / timedelta(milliseconds=1) for latency in answers.latencies)
    count = len(answers.latencies)
    of = f"median of {count} reads" if count > 1 else "one read"
    return Check("api", "ok", f"{api.url} answers in {milliseconds:.0f} ms ({of})")


def _account(api: OcambaApi, answers: _Answers, read: State | Check | None, project: Project) -> Check:
    page = answers.page
    if page is None:
        return Check("account", "skipped", "it could not be read")
    state = None if isinstance(read, Check) else read
    found = _tried("account", lambda: _company(api, page, state, project))
    if isinstance(found, Check):
        return found
    if read is None and (lost := _lost(page, project)) is not None:
        return lost
    if found is None:
        return Check("account", "ok", "no campaign shows the company yet; the first create will")
    known = {"the state": state.account.company_id if state else None, "campaignctl.yaml": project.company_id}
    agreed = " and ".join(where for where, company in known.items() if company)
    return Check("account", "ok", f"company {found}" + (f", as in {agreed}" if agreed else ""))


def _lost(page: Page, project: Project) -> Check | None:
    """A problem if the newest campaigns show that an absent state is not new."""
    if unknown := behind(page.items, None, project, ()):
        return Check("account", "problem", behind_reason(unknown), behind_hint(unknown, None))
    return _tried("account", lambda: check_new(project, lambda _remote: {}, page.items, ()))


def _company(api: OcambaApi, page: Page, state: State | None, project: Project) -> str | None:
    """The company of the account. Raises AccountMismatch if state or project name another one."""
    check_url(state, api.url)
    company = company_of(page.items) or company_of_records(api, state)
    check_company(company, state, project)
    return company


def _clock(api: OcambaApi, now: datetime) -> Check:
    server = api.server_time
    if server is None:
        return Check("clock", "skipped", "no answer had the server's time")
    apart = abs(server - now)
    found = f"{apart.total_seconds():.0f} s {'behind' if server > now else 'ahead of'} the API's"
    if apart > _NOTED_CLOCK_DIFFERENCE:
        return Check("clock", "warning", found, _SET_CLOCK)
    return Check("clock", "ok", "agrees with the API's, to within two seconds")


def _rate(api: OcambaApi, project: Project) -> Check:
    if api.pulse is None:
        return Check("rate", "skipped", "no answer had rate limit figures")
    rate = api.pulse.rate
    ours = project.api.rate_limit
    if rate is None:
        pace = f"{ours.per_second} a second and {ours.per_minute} a minute"
        return Check("rate", "ok", f"the API sends no figures; requests are paced to {pace}")
    wait = max(ceil(rate.reset), 1)
    found = f"{rate.remaining} of {rate.limit} requests left for {wait} s"
    if rate.remaining > min(ours.reserve_per_minute, rate.limit // 2):
        return Check("rate", "ok", found)
    fix = f"wait {wait} s; if this persists, others use the same limit: lower `api.rate_limit`"
    return Check("rate", "warning", found, fix)
