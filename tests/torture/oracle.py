"""What must hold after any trial, and how to get there: apply again until it succeeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from campaignctl.errors import StateError
from campaignctl.sandbox.api import OF_ANOTHER
from tests.torture import halting, persons
from tests.torture.place import Place, Stage, wait_until
from tests.torture.scenario import APPLY, SEEDS, Due, Scenario
from tests.torture.unseen import Altered, unseen_at_rest, unseen_sends

_MOST_APPLIES = 7


@dataclass
class Verdict:
    """The findings of a trial.

    `duplicates`, `unseen`, `losses`, `stuck` and `halted` (what can send in spite of a halt) are sentences,
    and should be empty. `persons` counts how
    often a person had to decide; `applies` counts the runs until the end, and `said` is their output. `late`:
    a request may arrive after a second one was made, from behind a broken lock or from a slow server; then a
    copy that cannot send may be left if it was reported. What someone `altered` may not be
    sent at all, if the apply said so. `missing` are the ids, by key, of campaigns that the account denies,
    `unsent` the keys of sends that it denies.
    """

    duplicates: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    halted: list[str] = field(default_factory=list)
    persons: int = 0
    applies: int = 0
    said: str = ""
    late: bool = False
    altered: Altered | None = None
    missing: dict[str, str] = field(default_factory=dict)
    unsent: list[str] = field(default_factory=list)

    @property
    def bad(self) -> list[str]:
        return [*self.duplicates, *self.unseen, *self.halted, *self.losses, *self.stuck]


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
    if scenario.applied_first:
        verdict.said += place.apply().text
    if scenario.command != APPLY:
        _command_done(place, stage, verdict, quiet)
    # Without the stop mark, a person has to say whose pause it is.
    unclaimed = ("--override", "foreign_pause") if "stop mark could not be set" in verdict.said else ()
    verdict.persons += bool(unclaimed)
    for _ in range(_MOST_APPLIES):
        words = persons.said_again(place, scenario, old, verdict)
        ended = place.apply(*words, *unclaimed)
        verdict.applies += 1
        verdict.said += ended.text
        if ended.status == 0 and not words and not persons.said_again(place, scenario, old, verdict):
            break
        if patient:
            wait_until(quiet)
        persons.decide(place, scenario, verdict, ended.text)
    else:
        verdict.stuck.append(f"{_MOST_APPLIES} applies did not end it: {verdict.said[-1500:]}")
    wait_until(quiet)
    if patient:
        verdict.said += place.apply().text
    judge(place, scenario, verdict)


def _command_done(place: Place, stage: Stage, verdict: Verdict, quiet: float) -> None:
    """Repeat the command, as its user would, until it has succeeded."""
    for _ in range(_MOST_APPLIES):
        if stage.words[0] == "import" and stage.words[1] in place.recorded_ids():
            return
        if stage.words[0] == "proof" and persons.is_proofed(place):
            return
        ended = place.run(*stage.words)
        verdict.said += ended.text
        if ended.status == 0 or "the state was migrated from" in ended.text:
            break
        if "state resolve" in ended.text and stage.words[0] == "proof":
            wait_until(quiet)
            persons.decide_proofs(place, verdict)
    else:
        verdict.stuck.append(f"{stage.words[0]} did not end: {verdict.said[-1500:]}")
    if stage.words[0] == "halt":
        halting.held_and_lifted(place, verdict, quiet)


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
    verdict.losses += [*_strangers(account, scenario), *_touched(place, account)]
    plan = place.plan()
    verdict.unseen += unseen_sends(place, scenario, verdict.altered)
    verdict.unseen += unseen_at_rest(place, scenario, records, plan)
    verdict.unseen += _beyond_the_seeds(place)
    if plan["changes"] or plan["blocked"]:
        verdict.stuck.append(f"the next plan is not empty: {plan['changes']} {plan['blocked']}")
    if scenario.repeats:
        place.write(scenario.repeats)
        ended = place.apply()
        if len(place.control.campaigns()) != len(account):
            verdict.duplicates.append(f"what was sent before was created again: {ended.text}")


def _strangers(account: list[dict[str, Any]], scenario: Scenario) -> Iterator[str]:
    names = {due.name or key for key, due in scenario.due.items()}
    for campaign in account:
        name = campaign["live"]["name"]
        if name not in names and not _is_proof(name) and name != OF_ANOTHER:
            yield f"not requested: {name}"


def _touched(place: Place, account: list[dict[str, Any]]) -> Iterator[str]:
    """Writes to campaigns with which the API answered a create, although somebody else made them."""
    theirs = [each["id"] for each in account if each["live"]["name"] == OF_ANOTHER]
    for request in place.control.requests() if theirs else ():
        if request["method"] != "GET" and any(f"/{each}/" in f"{request['path']}/" for each in theirs):
            yield f"of somebody else: {request['method']} {request['path']}"


def _is_proof(name: str) -> bool:
    return name.startswith("[proof] ")


def _beyond_the_seeds(place: Place) -> Iterator[str]:
    """Proofs that reached others than the seeds, and those that were sent more than once.

    A condition that someone adds directly before the request that sends only leaves out some of them.
    """
    sends = [send for send in place.control.sends() if _is_proof(send["body"]["name"])]
    for send in sends:
        shown = send["body"].get("targeting") or {}
        if any(shown.get(name) != value for name, value in SEEDS.items()):
            yield f"a proof beyond the seeds: {send['body']}"
    counts = Counter(send["campaign_id"] for send in sends)
    yield from (f"the proof {each} was sent {count} times" for each, count in counts.items() if count > 1)


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
    elif due.status not in (None, status) and not _was_told(key, verdict):
        verdict.losses.append(f"{key}: {recorded} is {status}, not {due.status}")


def _was_told(key: str, verdict: Verdict) -> bool:
    """Whether the apply said that this campaign is not as planned, because it was altered."""
    return verdict.altered is not None and verdict.altered.told.get(key, "done") != "done"


def _left_idle(campaign: dict[str, Any], recorded: str | None, verdict: Verdict) -> bool:
    """Whether a campaign is the copy of a late request: it cannot send, and an apply has reported it."""
    named = f"{campaign['id']} is a second copy of" in verdict.said
    idle = campaign["live"]["status"] in ("draft", "manual") and not campaign["sends"]
    return verdict.late and idle and named and campaign["id"] != recorded


def _judge_sends(key: str, due: Due, mine: list[dict[str, Any]], verdict: Verdict) -> None:
    counts = Counter(campaign["id"] for campaign in mine for _ in campaign["sends"])
    twice = sorted(campaign_id for campaign_id, count in counts.items() if count > 1)
    if not twice and _was_told(key, verdict):
        return
    if twice or counts.total() > due.sends:
        verdict.duplicates.append(f"{key}: sent {counts.total()} times, not {due.sends}: {dict(counts)}")
    if counts.total() < due.sends:
        verdict.losses.append(f"{key}: sent {counts.total()} times, not {due.sends}")
