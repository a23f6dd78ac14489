"""Lift: let halted campaigns send again. It sends nothing; the next apply resumes what the halt paused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from campaignctl.campaign.keys import fits
from campaignctl.diff import content
from campaignctl.errors import CampaignctlError, Command, Sentence
from campaignctl.reconciler import stop_mark
from campaignctl.reconciler.halt_targets import Declared, readable_state
from campaignctl.reconciler.run import Wiring
from campaignctl.review.halt import LiftOutcome
from campaignctl.schedule.times import iso
from campaignctl.state.halts import Halt, Halts, Lift
from campaignctl.state.model import State


def lift(wiring: Wiring, keys: tuple[str, ...] | None, reason: str, declared: Declared) -> LiftOutcome:
    """Let the campaigns that these keys or patterns name (None: all) send again.

    `declared` reads the manifests, by key. A campaign that was moved is found by its present key and by the
    one that was halted. Raises CampaignctlError if none of them is halted.
    """
    asked = Lift(keys, reason, wiring.who, iso(wiring.clock.now()))
    state, _ = readable_state(wiring)
    try:
        before = stop_mark.read(wiring.backend, state)
    except stop_mark.StopMarkGone:
        if keys is not None:
            raise
        return _without_mark(wiring, asked)
    if keys is not None:
        asked = replace(asked, keys=_all_keys(state, before, asked, keys, declared))
    touched = before.touched_by(asked)
    if not touched:
        raise CampaignctlError("nothing is halted")
    after = wiring.backend.change_halts(lambda halts: halts.with_lift(asked))
    return LiftOutcome(keys, touched, after.in_force)


def _all_keys(
    state: State | None, halts: Halts, asked: Lift, keys: tuple[str, ...], declared: Declared
) -> tuple[str, ...]:
    """The keys, and those under which their campaigns were halted. Raises CampaignctlError for a key that
    nothing halts."""
    found = list(keys)
    for key in keys:
        older = list(_halted_as(halts, key, state))
        if not older and not halts.touched_by(replace(asked, keys=(key,))):
            older = list(_created_as(halts, key, declared))
            if not older:
                raise CampaignctlError(
                    f"nothing halts {key}", hint=Sentence("to list the halts in force: ", Command("status"))
                )
        found += older
    return tuple(dict.fromkeys(filter(None, found)))


def _halted_as(halts: Halts, pattern: str, state: State | None) -> Iterator[str]:
    """The keys under which recorded campaigns of a key or pattern were halted."""
    for key, record in (state.campaigns if state else {}).items():
        if fits(pattern, key):
            keys = [key, *filter(None, (record.moved_from,))]
            yield from (by for _, by in halts.all_stopping(keys, record.id))


def _created_as(halts: Halts, pattern: str, declared: Declared) -> Iterator[str]:
    """The keys under which the content of declared campaigns was halted."""
    for key, wanted in (declared() or {}).items():
        if fits(pattern, key):
            held = content(wanted.spec, wanted.lifecycle.accept_stored)
            yield from (by for _, by in halts.all_stopping(wanted.moved_from, None, held))


def _without_mark(wiring: Wiring, asked: Lift) -> LiftOutcome:
    """Go on without a stop mark that was deleted: set one that is lifted already."""
    reason = "the stop mark was deleted"
    gone = Halt(wiring.clock.new_id(), None, reason, wiring.who, wiring.host, asked.at, lifted=(asked,))
    after = wiring.backend.change_halts(lambda halts: halts.with_halt(gone))
    return LiftOutcome(None, (gone,), after.in_force)
