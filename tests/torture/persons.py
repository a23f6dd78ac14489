"""What people do between two applies: the decisions that are left to them, each as its message says."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from tests.torture.place import Place
from tests.torture.scenario import Scenario, replacing

if TYPE_CHECKING:
    from tests.torture.oracle import Verdict

_IN_IGNORE_CHANGES = re.compile(r"or list ([^`]+) in `ignore_changes`")


def decide(place: Place, scenario: Scenario, verdict: Verdict, told: str) -> None:
    """Whatever the last apply has `told` to decide."""
    if "it may belong to another account" in told:
        _forgotten(place, verdict)
    _ask_a_person(place, scenario, verdict)
    if verdict.altered:
        _taken_out(place, verdict)
    if ", missing)" in told:
        _found_missing(place, verdict)
    if "--override resend" in told:
        _found_unsent(place, scenario, verdict)
    if "state recover" in told:
        _recovered(place, verdict)
    if scenario.adopting:
        _adopted(place, scenario, verdict)


def decide_proofs(place: Place, verdict: Verdict) -> None:
    """Whether seeds got what no read has shown as sent: a person asks them."""
    state, sent = place.state(), {send["campaign_id"] for send in place.control.sends()}
    for proof in state.proofs if state else ():
        if proof.phase == "arming":
            place.run("state", "resolve", proof.key, "--done" if proof.id in sent else "--retry")
            verdict.persons += 1


def is_proofed(place: Place) -> bool:
    """Whether the state shows a proof as sent."""
    state = place.state()
    return any(proof.phase == "sent" for proof in state.proofs) if state else False


def _found_missing(place: Place, verdict: Verdict) -> None:
    """What the API said to have created, and has not, is created again by a person."""
    missing = {one["key"]: one["id"] for one in place.plan()["blocked"] if one["status"] == "missing"}
    verdict.persons += len(missing)
    verdict.missing = missing


def _forgotten(place: Place, verdict: Verdict) -> None:
    """What is recorded and not there is forgotten by a person who knows that it is the right account."""
    there = {campaign["id"] for campaign in place.control.campaigns()}
    for key, campaign_id in place.recorded_ids().items():
        if campaign_id not in there:
            place.run("state", "rm", key)
            verdict.persons += 1


def _found_unsent(place: Place, scenario: Scenario, verdict: Verdict) -> None:
    """What the API said to have sent, and has not, is sent by a person who looked into the account."""
    sent = Counter(c["live"]["name"] for c in place.control.campaigns() for _ in c["sends"])
    state = place.state()
    for blocked in place.plan()["blocked"]:
        due = scenario.due.get(blocked["key"])
        if scenario.two_step and not (state and blocked["key"] in state.pending):
            continue  # `said_again` has its options
        if due and blocked["status"] == "sent" and sent[due.name or blocked["key"]] < due.sends:
            verdict.unsent.append(blocked["key"])
            verdict.persons += 1


def said_again(place: Place, scenario: Scenario, old: dict[str, str], verdict: Verdict) -> list[str]:
    """The options that the author repeats, because what they request has not happened yet.

    `--replace` and `--override resend` are needed again, also when a two-step create has made the new
    campaign but not armed it yet.
    """
    state = place.state()
    if state is None:
        return []
    if missing := [key for key in verdict.missing if verdict.missing[key] == place.recorded_ids().get(key)]:
        return [*replacing(missing)]
    if verdict.unsent:
        again, verdict.unsent = verdict.unsent, []
        return [word for key in again for word in ("--target", key, "--override", "resend")]
    known = [key for key in scenario.replace if key in state.campaigns and key not in state.pending]
    due = [key for key in known if state.campaigns[key].id == old.get(key)]
    if due or not scenario.two_step:
        return [*replacing(due)]
    fired = {campaign["id"] for campaign in place.control.campaigns() if campaign["sends"]}
    known = [key for key in known if scenario.due[key].sends]
    idle = [key for key in known if state.campaigns[key].id not in fired]
    return [word for key in idle for word in ("--target", key, "--override", "resend")]


def _ask_a_person(place: Place, scenario: Scenario, verdict: Verdict) -> None:
    """For each write that cannot be settled: look into the account, as the hint says, and resolve it."""
    state = place.state()
    if state is None:
        return
    known = {record.id for record in state.campaigns.values()} | {entry.id for entry in state.released}
    account = place.control.campaigns()
    strangers = {c["live"]["name"]: c["id"] for c in account if c["id"] not in known}
    sent = {c["id"] for c in account if c["sends"]}
    for key, intent in state.pending.items():
        answer = ["--retry"]
        if intent.creates:
            if there := strangers.get(scenario.due[key].name or key):
                if not scenario.unmarked:
                    continue
                answer = ["--adopt", there, "--force"]
            elif not scenario.due[key].by_hand and state.account.markers:
                continue  # the next apply has to settle it by itself
        elif not intent.at_once:
            continue
        elif intent.id in sent:
            answer = ["--done"]
        ended = place.run("state", "resolve", key, *answer)
        if ended.status == 0:
            verdict.persons += 1
        else:
            verdict.stuck.append(f"{key}: resolve {' '.join(answer)} was refused: {ended.text}")


def _taken_out(place: Place, verdict: Verdict) -> None:
    """What holds a change back because it was set outside of the manifests is taken out in the dashboard."""
    for blocked in place.plan()["blocked"]:
        usual = {one["path"]: one["baseline"] for one in blocked["unmanaged"]}
        usual |= {one["path"]: one["before"] for one in blocked["diff"]}
        if usual:
            place.control.edit(blocked["id"], usual)
            verdict.persons += 1


def _recovered(place: Place, verdict: Verdict) -> None:
    """Take over what the account has of a state that was lost."""
    ended = place.run("state", "recover", "--write")
    verdict.said += ended.text
    verdict.persons += 1


def _adopted(place: Place, scenario: Scenario, verdict: Verdict) -> None:
    """Write `adopt: ID` into each manifest that is blocked because that campaign has its content."""
    names = {campaign["id"]: campaign["live"]["name"] for campaign in place.control.campaigns()}
    for blocked in place.plan()["blocked"]:
        key, document = blocked["key"], scenario.last.get(blocked["key"])
        if not document or key not in scenario.due:
            continue
        told = re.findall(r"\b\d{7,}\b", f"{blocked['reason']} {blocked['hint']}")
        mine = [one for one in told if names.get(one) == (scenario.due[key].name or key)]
        if mine and (blocked["id"] is None or blocked["status"] == "sent"):
            place.write({key: {**document, "adopt": mine[0]}})
            verdict.persons += 1
        elif blocked["id"] and (differing := _IN_IGNORE_CHANGES.search(str(blocked["hint"]))):
            # It was altered after it was sent, so that it is kept as it is.
            ignored = {
                "lifecycle": {**document.get("lifecycle", {}), "ignore_changes": differing[1].split(", ")}
            }
            place.write({key: {**document, "adopt": blocked["id"], **ignored}})
            verdict.persons += 1
