"""Halts in the middle of everything: whatever happens meanwhile, nothing that is halted can send."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.torture.place import Place, wait_until
from tests.torture.tap import Stop

if TYPE_CHECKING:
    from tests.torture.oracle import Verdict

_HALT = ("halt", "--all", "--reason", "torture")


def meanwhile(place: Place, words: tuple[str, ...], stop: Stop | None, verdict: Verdict) -> bool:
    """A command stops at a boundary, everything is halted and resumed in the dashboard, the command goes on.

    A tortured halt is its own halt: what it has paused by then is resumed. A halt that cannot set its mark,
    next to a process that hangs in the middle of a write, is repeated after that, as it says itself. True if
    the command did stop.
    """
    before = _in_status(place, "paused")
    child = place.start(*words, stop=stop)
    if not child.stopped():
        return False
    halted = words[0] == "halt" or _halted(place, verdict)
    for campaign_id in sorted(_in_status(place, "paused") - before):
        place.control.resume(campaign_id)
    child.go_on()
    verdict.said += child.wait().text
    if not halted and not _halted(place, verdict):
        verdict.stuck.append(f"the halt set no mark: {verdict.said[-1500:]}")
    return True


def _halted(place: Place, verdict: Verdict) -> bool:
    """Halt; False if the mark could not be set. What waits for a decision or an apply is left to those."""
    ended = place.run(*_HALT)
    verdict.said += ended.text
    return "stop mark could not be set" not in ended.text


def held_and_lifted(place: Place, verdict: Verdict, quiet: float) -> None:
    """Check that a halt holds once everything has arrived and one more apply has run, then lift it.

    What can send before that apply stands in its plan. What is no longer recorded, such as a campaign that
    was let go, is stopped by another halt. `quiet` is when every request in flight has arrived.
    """
    wait_until(quiet)
    verdict.halted += list(_unsaid(place))
    verdict.said += place.apply().text
    state = place.state()
    if state and state.pending and state.account.markers is False:
        _halted(place, verdict)  # no apply tells what arrived without a marker; the halt named it
    released = place.released_ids()
    able = [campaign for campaign in _able_to_send(place) if campaign["id"] not in released]
    if not able:
        _halted(place, verdict)
        able = _able_to_send(place)
    for campaign in able:
        verdict.halted.append(f"{campaign['live']['name']} is halted and can send: {campaign['id']}")
    ended = place.run("halt", "--lift", "--reason", "torture is over")
    if ended.status != 0:
        verdict.stuck.append(f"the halt could not be lifted: {ended.text}")


def _unsaid(place: Place) -> Iterator[str]:
    """What is halted, can send, and stands nowhere in the plan."""
    plan = place.plan()
    told = {one["key"] for part in ("changes", "drift", "blocked") for one in plan[part]}
    able = {campaign["id"] for campaign in _able_to_send(place)}
    for key, campaign_id in place.recorded_ids().items():
        if campaign_id in able and key not in told:
            yield f"{key} is halted and can send, and the plan says nothing"


def _able_to_send(place: Place) -> list[dict[str, Any]]:
    able = _in_status(place, "scheduled", "running")
    ours = {*place.recorded_ids().values()}
    campaigns = place.control.campaigns()
    return [c for c in campaigns if c["id"] in able and (c["id"] in ours or c["requested"] is not None)]


def _in_status(place: Place, *statuses: str) -> set[str]:
    campaigns = [campaign for campaign in place.control.campaigns() if not campaign["deleted"]]
    return {campaign["id"] for campaign in campaigns if campaign["live"]["status"] in statuses}
