"""How a campaign goes from one status to the next by itself (API contract, section 4.4).

Pure: the present moment comes in as a stamp. `settle` is the one entry for the passing of time.
"""

from dataclasses import replace

from campaignctl.sandbox import clock, recurrence
from campaignctl.sandbox.model import (
    MANUAL,
    NEEDS_DECISION,
    RUNNING,
    SCHEDULED,
    SENT,
    Campaign,
    Refused,
    Send,
)
from campaignctl.sandbox.switches import Switches
from campaignctl.sandbox.validate import window_seconds

_LAST_ZONE_HOURS = 12
_MOST_STEPS = 100_000


def settle(campaign: Campaign, now: str, switches: Switches) -> Campaign:
    """Return the campaign with everything done that is due by now, each thing at its own time."""
    for _ in range(_MOST_STEPS):
        if campaign.due is None or campaign.due > now:
            break
        campaign = _step(campaign, switches)
    return campaign


def arm(campaign: Campaign, now: str, switches: Switches) -> Campaign:
    """Return the campaign waiting for its next run, or idle when it has no execution option."""
    if campaign.immediate:
        return replace(
            campaign,
            status=SCHEDULED,
            next_run=now,
            due=now,
            trigger="run_immediately",
            until=None,
            interrupted=False,
        )
    if "scheduled_time" in campaign.body:
        return wait_until(campaign, campaign.body["scheduled_time"], "scheduled_time", switches)
    if "recurrence" in campaign.body:
        return _await_occurrence(campaign, now, switches)
    return idle(campaign, MANUAL)


def idle(campaign: Campaign, status: str) -> Campaign:
    """Return the campaign in a status in which nothing happens by itself."""
    return replace(campaign, status=status, next_run=None, due=None)


def wait_until(campaign: Campaign, time: str, trigger: str, switches: Switches) -> Campaign:
    """Return the campaign scheduled for a time, which its trigger explains."""
    due = clock.shift(time, hours=-lead_hours(campaign, switches))
    return replace(campaign, status=SCHEDULED, next_run=time, due=due, trigger=trigger)


def lead_hours(campaign: Campaign, switches: Switches) -> float:
    """Return how long before the GMT reading of its time a campaign begins to send."""
    return switches.profile_zone_lead_hours if campaign.profile_time else 0


def check_future(campaign: Campaign, time: str, now: str, switches: Switches) -> None:
    """Refuse a time that is over; in profile time it is over when it is so in the last zone."""
    if switches.past_times == "accepted":
        return
    over = clock.shift(time, hours=_LAST_ZONE_HOURS) if lead_hours(campaign, switches) else time
    if over < now:
        raise Refused("scheduled_time: lies in the past")


def go_on(campaign: Campaign, now: str, switches: Switches) -> Campaign:
    """Return an interrupted campaign running again; this is no new set-off."""
    at_least = clock.shift(now, seconds=switches.running_seconds)
    until = max(campaign.until or at_least, now)
    return replace(campaign, status=RUNNING, next_run=None, due=until, until=until, interrupted=False)


def deliver_winner(campaign: Campaign, winner: str, at: str, switches: Switches) -> Campaign:
    """Return the campaign sending its winning message to the rest of the audience."""
    until = clock.shift(at, seconds=switches.running_seconds)
    sends = (*campaign.sends, Send(at, "winner"))
    return replace(
        campaign,
        status=RUNNING,
        winner=winner,
        evaluating=False,
        sends=sends,
        until=until,
        due=until,
        next_run=None,
    )


def _step(campaign: Campaign, switches: Switches) -> Campaign:
    at = campaign.due or ""
    if campaign.status == SCHEDULED:
        return _start(campaign, at, switches)
    if campaign.status == RUNNING and campaign.evaluating:
        return _judge(campaign, at, switches)
    if campaign.status == RUNNING:
        return _finish(campaign, at, switches)
    return replace(campaign, due=None)


def _start(campaign: Campaign, at: str, switches: Switches) -> Campaign:
    if campaign.interrupted:
        return go_on(campaign, at, switches)
    test = campaign.body.get("ab_test")
    seconds = window_seconds(test["evaluation_window"]) if test else switches.running_seconds
    until = clock.shift(at, seconds=seconds)
    return replace(
        campaign,
        status=RUNNING,
        next_run=None,
        until=until,
        due=until,
        evaluating=bool(test),
        winner=None,
        immediate=campaign.immediate and "recurrence" not in campaign.body,
        run_counter=campaign.run_counter + 1,
        sends=(*campaign.sends, Send(at, campaign.trigger)),
    )


def _judge(campaign: Campaign, at: str, switches: Switches) -> Campaign:
    """End the evaluation; an automatic test is won by the first message, unless it ends in a draw."""
    test = campaign.body["ab_test"]
    if test["winner_delivery_mode"] == "automatic" and not switches.ab_draw:
        return deliver_winner(campaign, campaign.message_ids[0], at, switches)
    body = {**campaign.body, "ab_test": {**test, "winner_delivery_mode": "manual"}}
    return replace(idle(campaign, NEEDS_DECISION), body=body, until=None, evaluating=False)


def _finish(campaign: Campaign, at: str, switches: Switches) -> Campaign:
    done = replace(campaign, until=None)
    return _await_occurrence(done, at, switches) if "recurrence" in campaign.body else idle(done, SENT)


def _await_occurrence(campaign: Campaign, after: str, switches: Switches) -> Campaign:
    earliest = clock.shift(after, hours=lead_hours(campaign, switches))
    found = recurrence.next_run(campaign.body["recurrence"], earliest, switches)
    return wait_until(campaign, found, "recurrence", switches) if found else idle(campaign, SENT)
