"""What must hold after any trial, and how to get there: apply again until it succeeds."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from campaignctl.errors import StateError
from tests.torture.place import Place, Stage
from tests.torture.scenario import APPLY, Due, Scenario, replacing
from tests.torture.unseen import Altered, unseen_at_rest, unseen_sends

_MOST_APPLIES = 7


@dataclass
class Verdict:
    """The findings of a trial.

    `duplicates`, `unseen`, `losses` and `stuck` are sentences, and should be empty. `persons` counts how
    often a person had to decide; `applies` counts the runs until the end, and `said` is their output. With a
    `broken` lock, a copy that cannot send may be left if it was reported. What somebody `altered` may not be
    sent at all, if the apply said so.
    """

    duplicates: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    persons: int = 0
    applies: int = 0
    said: str = ""
    broken: bool = False
    altered: Altered | None = None

    @property
    def bad(self) -> list[str]:
        return [*self.duplicates, *self.unseen, *self.losses, *self.stuck]


def readable(place: Place, verdict: Verdict) -> None:
    """Check that `state pull` can read the state now."""
    ended = place.run("state", "pull")
    if ended.status != 0 and "There is no state yet" not in ended.text:
        verdict.stuck.append(f"the state is not readable: {ended.text}")


def brought_to_an_end(
    place: Place, stage: Stage, old: dict[str, str], verdict: Verdict, quiet: float, patient: bool
) -> None:
    """Apply again and again, with a person's decision only where one is needed; then judge.

    `quiet` is when every request in flight has arrived (monotonic seconds): nothing is judged earlier.
    `patient`: the server took longer than `api.timeout`, which settling cannot know. Then people look after
    `quiet`, and one more apply finds what arrived so late. A tortured command other than apply is repeated
    first, until it succeeds.
    """
    scenario = stage.scenario
    if scenario.command != APPLY:
        _command_done(place, stage, verdict, quiet)
    # Without the stop mark, a person has to say whose pause it is.
    unclaimed = ("--override", "foreign_pause") if "stop mark could not be set" in verdict.said else ()
    verdict.persons += bool(unclaimed)
    for _ in range(_MOST_APPLIES):
        words = _said_again(place, scenario, old, verdict)
        ended = place.apply(*words, *unclaimed)
        verdict.applies += 1
        verdict.said += ended.text
        if ended.status == 0 and not words and not _said_again(place, scenario, old, verdict):
            break
        if patient:
            _wait_until(quiet)
        _ask_a_person(place, scenario, verdict)
        if verdict.altered:
            _taken_out(place, verdict)
    else:
        verdict.stuck.append(f"{_MOST_APPLIES} applies did not end it: {verdict.said[-1500:]}")
    _wait_until(quiet)
    if patient:
        verdict.said += place.apply().text
    judge(place, scenario, verdict)


def _command_done(place: Place, stage: Stage, verdict: Verdict, quiet: float) -> None:
    """Repeat the command, as its user would, until it has succeeded."""
    for _ in range(_MOST_APPLIES):
        if stage.words[0] == "import" and stage.words[1] in recorded_ids(place):
            return
        ended = place.run(*stage.words)
        verdict.said += ended.text
        if ended.status == 0:
            break
    else:
        verdict.stuck.append(f"{stage.words[0]} did not end: {verdict.said[-1500:]}")
    if stage.words[0] == "halt":
        _held_and_lifted(place, verdict, quiet)


def _held_and_lifted(place: Place, verdict: Verdict, quiet: float) -> None:
    """Check that a halt holds through an apply, then lift it, once its pauses have arrived: a pause that
    arrives after the lift and the resume counts as foreign."""
    verdict.said += place.apply().text
    for campaign in place.control.campaigns():
        if campaign["sends"] or campaign["live"]["status"] in ("scheduled", "running"):
            verdict.duplicates.append(f"{campaign['live']['name']} is halted and is not stopped: {campaign}")
    _wait_until(quiet)
    ended = place.run("halt", "--lift", "--reason", "torture is over")
    if ended.status != 0:
        verdict.stuck.append(f"the halt could not be lifted: {ended.text}")


def _wait_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def recorded_ids(place: Place) -> dict[str, str]:
    """The id of every recorded campaign, by key."""
    state = place.state()
    return {key: record.id for key, record in state.campaigns.items()} if state else {}


def _said_again(place: Place, scenario: Scenario, old: dict[str, str], verdict: Verdict) -> list[str]:
    """The options that the author repeats, because what they request has not happened yet.

    `--replace` and `--override resend` are needed again, also when a two-step create has made the new
    campaign but not armed it yet; not when an apply said that the API did not arm it.
    """
    state = place.state()
    if state is None:
        return []
    failed = verdict.altered.told if verdict.altered else {}
    known = [key for key in scenario.replace if key in state.campaigns and key not in state.pending]
    due = [key for key in known if state.campaigns[key].id == old.get(key)]
    if due or not scenario.two_step:
        return [*replacing(due)]
    fired = {campaign["id"] for campaign in place.control.campaigns() if campaign["sends"]}
    known = [key for key in known if scenario.due[key].sends and failed.get(key, "done") == "done"]
    idle = [key for key in known if state.campaigns[key].id not in fired]
    return [word for key in idle for word in ("--target", key, "--override", "resend")]


def _ask_a_person(place: Place, scenario: Scenario, verdict: Verdict) -> None:
    """For each write that cannot be settled: look into the account, as the hint says, and resolve it."""
    state = place.state()
    if state is None:
        return
    known = {record.id for record in state.campaigns.values()} | {entry.id for entry in state.released}
    account = place.control.campaigns()
    strangers = {c["live"]["name"] for c in account if c["id"] not in known}
    sent = {c["id"] for c in account if c["sends"]}
    for key, intent in state.pending.items():
        answer = "--retry"
        if intent.operation == "create":
            if (scenario.due[key].name or key) in strangers:
                continue
            if not scenario.due[key].by_hand and state.account.markers:
                continue  # the next apply has to settle it by itself
        elif not intent.at_once:
            continue
        elif intent.id in sent:
            answer = "--done"
        ended = place.run("state", "resolve", key, answer)
        if ended.status == 0:
            verdict.persons += 1
        else:
            verdict.stuck.append(f"{key}: resolve {answer} was refused: {ended.text}")


def _taken_out(place: Place, verdict: Verdict) -> None:
    """What holds a change back because it was set outside of the manifests is taken out in the dashboard."""
    for blocked in place.plan()["blocked"]:
        usual = {one["path"]: one["baseline"] for one in blocked["unmanaged"]}
        usual |= {one["path"]: one["before"] for one in blocked["diff"]}
        if usual:
            place.control.edit(blocked["id"], usual)
            verdict.persons += 1


def judge(place: Place, scenario: Scenario, verdict: Verdict) -> None:
    """The invariants."""
    try:
        state = place.state()
    except StateError as error:
        verdict.stuck.append(f"the state cannot be read: {error}")
        return
    records = {key: record.id for key, record in state.campaigns.items()} if state else {}
    if state is None or state.pending:
        verdict.stuck.append(f"intents are left: {sorted(state.pending) if state else 'no state'}")
    account = place.control.campaigns()
    for key, due in scenario.due.items():
        _judge_key(key, due, account, records.get(key), verdict)
    verdict.losses += [
        f"{key} is recorded and should not be" for key in sorted(set(records) - set(scenario.due))
    ]
    verdict.losses += list(_strangers(account, scenario))
    plan = place.plan()
    verdict.unseen += unseen_sends(place, scenario, verdict.altered)
    verdict.unseen += unseen_at_rest(place, scenario, records, plan)
    if plan["changes"] or plan["blocked"]:
        verdict.stuck.append(f"the next plan is not empty: {plan['changes']} {plan['blocked']}")


def _strangers(account: list[dict[str, Any]], scenario: Scenario) -> Iterator[str]:
    names = {due.name or key for key, due in scenario.due.items()}
    for campaign in account:
        if campaign["live"]["name"] not in names:
            yield f"not requested: {campaign['live']['name']}"


def _judge_key(
    key: str, due: Due, account: list[dict[str, Any]], recorded: str | None, verdict: Verdict
) -> None:
    mine = [campaign for campaign in account if campaign["live"]["name"] == (due.name or key)]
    alive = [
        campaign["id"]
        for campaign in mine
        if campaign["live"]["status"] != "canceled" and not _left_idle(campaign, recorded, verdict)
    ]
    copies = 0 if due.kind == "gone" else due.copies
    if len(alive) > copies:
        verdict.duplicates.append(f"{key}: live as {alive}")
    if len(alive) < copies:
        verdict.losses.append(f"{key}: live as {alive}, not {copies} times")
    if due.kind == "recorded":
        _judge_record(key, due, {c["id"]: c["live"]["status"] for c in mine}, recorded, verdict)
    if due.kind != "recorded" and recorded is not None:
        verdict.losses.append(f"{key}: still recorded as {recorded}")
    _judge_sends(key, due, mine, verdict)


def _judge_record(
    key: str, due: Due, statuses: dict[str, str], recorded: str | None, verdict: Verdict
) -> None:
    status = statuses.get(recorded or "")
    if status is None or (status == "canceled" and due.status != "canceled"):
        verdict.losses.append(f"{key}: recorded as {recorded}, live as {statuses}")
    elif due.status not in (None, status):
        verdict.losses.append(f"{key}: {recorded} is {status}, not {due.status}")


def _left_idle(campaign: dict[str, Any], recorded: str | None, verdict: Verdict) -> bool:
    """Whether a campaign is the copy of a zombie process: it cannot send, and an apply has reported it."""
    named = f"{campaign['id']} is a second copy of" in verdict.said
    idle = campaign["live"]["status"] in ("draft", "manual") and not campaign["sends"]
    return verdict.broken and idle and named and campaign["id"] != recorded


def _judge_sends(key: str, due: Due, mine: list[dict[str, Any]], verdict: Verdict) -> None:
    counts = Counter(campaign["id"] for campaign in mine for _ in campaign["sends"])
    twice = sorted(campaign_id for campaign_id, count in counts.items() if count > 1)
    if not twice and verdict.altered and verdict.altered.told.get(key, "done") != "done":
        return  # It was said not to be as planned.
    if twice or counts.total() > due.sends:
        verdict.duplicates.append(f"{key}: set off {counts.total()} times, not {due.sends}: {dict(counts)}")
    if counts.total() < due.sends:
        verdict.losses.append(f"{key}: set off {counts.total()} times, not {due.sends}")
