"""Whether a campaign that was written is what was asked for, as far as live shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import FieldVerdict, Weight, is_unasked, matches, means, set_outside, wrong
from campaignctl.errors import ApiError, Interrupted, listed
from campaignctl.plan import proof, records
from campaignctl.plan.model import Change
from campaignctl.reconciler.run import READ_WAITS, Run
from campaignctl.review.outcome import ChangeResult, Failure, done, failed, halt_hint
from campaignctl.state.model import Entry, Intent, Record

_NAMED = 3


def confirmed(run: Run, change: Change, record: Record, live: Live) -> ChangeResult:
    """The result of a create that was recorded.

    What differs in its answer is read again by id, as the API may be late; of a campaign that sends at once
    only once, because a halt would come too late.
    """
    waits = run.project.api.settle.waits
    for wait in (timedelta(0), *(() if change.sends_at_once else waits)):
        if not doubtful(run, change, live):
            break
        try:
            run.wiring.clock.wait(wait)
            found = run.api.read(live.id)
        except (ApiError, Interrupted):
            break
        live = found or live
        record = records.read_after_create(record, live, run.now(), run.project.api.hidden)
        run.record(Entry(records={change.key: record}, decision=False))
    return judged(run, change, record, live)


def doubtful(run: Run, change: Change, live: Live) -> bool:
    """Whether live shows something else than was asked for, or a page messages that cannot be matched."""
    told = records.read_back(change.spec or {}, live, change.lifecycle, run.project.api.hidden)
    return bool(wrong(told)) or (not live.complete and any(one.said == "unmatched" for one in told))


def judged(run: Run, change: Change, record: Record, live: Live, before: Live | None = None) -> ChangeResult:
    """The result of a write: failed where live shows something else in what matters.

    With `before`, the campaign as the plan showed it, only in what has changed since then.
    """
    known = [(one.path, one.found) for one in _wrong(run, change, record, before)] if before else []
    bad = [one for one in _wrong(run, change, record, live) if (one.path, one.found) not in known]
    if not bad:
        told = records.read_back(record.applied, live, change.lifecycle, run.project.api.hidden)
        warnings = tuple(f"{one.path} is stored as {one.found!r}" for one in told if one.said == "differs")
        return done(change, live.id, warnings=warnings, unconfirmed=record.unconfirmed)
    what = listed([_told(one) for one in bad], _NAMED)
    hint = halt_hint(change, status_of(live, record.applied))
    summary = f"{change.action} of {change.key}: {live.id} is not what was asked for: {what}"
    return failed(change, Failure(summary, _why(bad), hint), live.id)


def read_after(run: Run, record: Record, intent: Intent) -> Live:
    """Live after an answered write, read again until it shows that; if it cannot be read, not complete, with
    the recorded status."""
    live = None
    for wait in READ_WAITS:
        try:
            run.wiring.clock.wait(wait)
            live = run.api.read(record.id)
        except (ApiError, Interrupted):
            break
        if live is None or proof.shows(intent, record, live, run.project, run.now()):
            break
    return live or Live(record.id, {"status": record.status}, complete=False)


def not_shown(change: Change, intent: Intent, status: Status) -> ChangeResult:
    """The result of a write that may send, and that no read shows: a person decides."""
    left = proof.for_a_person(change.key, intent, status)
    problem = Failure(f"{change.action} of {change.key}: {left.reason}", hint=left.hint)
    return replace(failed(change, problem), outcome="unknown")


def _wrong(run: Run, change: Change, record: Record, live: Live) -> list[FieldVerdict]:
    """What is wrong in live, without what its manifest ignores."""
    told = records.read_back(record.applied, live, change.lifecycle, run.project.api.hidden)
    found = (*wrong(told), *_unasked(change, record, live))
    return [one for one in found if not matches(one.path, change.lifecycle.ignore_changes)]


def _unasked(change: Change, record: Record, live: Live) -> Iterator[FieldVerdict]:
    """What decides whether, when or to whom it sends, or says more, though it was not asked for and the plan
    did not show it."""
    shown = {one.path: one.value for one in change.unmanaged}
    for one in set_outside(record.baseline or {}, record.applied, live):
        known = one.path in shown and means(one.path, one.after, shown[one.path])
        if one.after is not None and is_unasked(one.path) and not known:
            yield FieldVerdict(one.path, None, one.after, "differs")


def _told(one: FieldVerdict) -> str:
    if one.found is None:
        return f"{one.path} is not shown"
    if one.value is None:
        return f"{one.path} is {one.found!r}, which was not asked for"
    return f"{one.path} is {one.found!r}, not {one.value!r}"


def _why(bad: Iterable[FieldVerdict]) -> str:
    """What to do about texts that the API rewrites, else what is wrong."""
    texts = [one.path for one in bad if one.weight is Weight.CONTENT and isinstance(one.found, str)]
    if not texts:
        return "as stored, it would send at another time, to other people, or something else"
    return f"if the API rewrites this text on purpose: `lifecycle: {{accept_stored: [{texts[0]}]}}`"
