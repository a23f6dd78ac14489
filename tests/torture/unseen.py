"""Whatever goes live was in a plan that was approved: field by field against the account's own records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.torture.place import Place
from tests.torture.scenario import Scenario

# The event, the draft and the marker are no part of what is stored to be sent.
_NOT_STORED = ("metadata", "run_immediately", "is_draft")
# Seen by the team alone: counted in a note of the plan.
_OF_THE_TEAM = ("labels", "description")
# An API that never shows it is believed.
_NOT_WATCHED = ("description",)
_GOING = ("scheduled", "running", "paused", "needs_decision")


@dataclass
class Altered:
    """What the API or someone else altered in a trial, and what the tortured apply said.

    `at` is the number of the last request before it. `by_api`: the API alters what it is sent, from then on.
    `told` are the outcomes by key.
    """

    at: int
    by_api: bool = False
    told: Mapping[str, str] = field(default_factory=dict)


def unseen_sends(place: Place, scenario: Scenario, altered: Altered | None) -> Iterator[str]:
    """Sends of what no approved manifest has.

    Nothing can prevent what the API alters in the request that sends, nor an edit directly before that
    request: then the apply must not call it done.
    """
    approved = _approved(scenario)
    keys = {due.name or key: key for key, due in scenario.due.items()}
    log = [entry for entry in place.control.requests() if entry["effect"]]
    for send in place.control.sends():
        name, body = send["body"]["name"], send["body"]
        wrong = [_differing(body, spec, _OF_THE_TEAM) for spec in approved.get(name, ())]
        if not wrong or [] in wrong:
            continue
        what = f"{name}: {', '.join(wrong[-1])} sent as no plan showed it: {body}"
        if altered is None or _preventable(log, send["campaign_id"], altered):
            yield what
        elif altered.told.get(keys[name]) == "done":
            yield f"{what}, and called done"


def unseen_at_rest(
    place: Place, scenario: Scenario, records: Mapping[str, str], plan: Mapping[str, Any]
) -> Iterator[str]:
    """Recorded campaigns that will send what their manifests do not have, while the plan does not say so."""
    account = {campaign["id"]: campaign for campaign in place.control.campaigns()}
    told = {one["key"] for part in ("changes", "drift", "blocked") for one in plan[part]}
    for key, document in _last(scenario).items():
        campaign = account.get(records.get(key, ""))
        if campaign is None or campaign["status"] not in _GOING or key in told:
            continue
        wrong = _differing(campaign["stored"], document["spec"], _NOT_WATCHED)
        noted = any(key in note or all(name in note for name in wrong) for note in plan["notes"])
        if wrong and not noted:
            yield f"{key}: {', '.join(wrong)} will be sent, and the plan says nothing: {campaign['stored']}"


def _preventable(log: Sequence[Mapping[str, Any]], campaign_id: str, altered: Altered) -> bool:
    """Whether there was a request between the alteration and the one that armed the campaign."""
    writes = [entry["n"] for entry in log if entry["method"] != "GET" and _is_of(entry, campaign_id)]
    since = min(n for n in writes if n > altered.at) if altered.by_api else altered.at + 1
    return bool(max(writes) > since)


def _is_of(entry: Mapping[str, Any], campaign_id: str) -> bool:
    answer = entry["response"]
    items = answer.get("items", [answer]) if isinstance(answer, Mapping) else []
    ids = [str(item.get("id")) for item in items if isinstance(item, Mapping)]
    return campaign_id in (*entry["path"].split("/"), *ids)


def _approved(scenario: Scenario) -> dict[str, list[Mapping[str, Any]]]:
    """The specs that manifests had, by the name of their campaign."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for layer in (*scenario.layers, scenario.last):
        for document in layer.values():
            if document and "spec" in document:
                found.setdefault(document["spec"]["name"], []).append(document["spec"])
    return found


def _last(scenario: Scenario) -> dict[str, Mapping[str, Any]]:
    """The manifests of campaigns at the end, by key."""
    written: dict[str, Mapping[str, Any] | None] = {}
    for layer in (*scenario.layers, scenario.last):
        written |= layer
    return {key: document for key, document in written.items() if document and "spec" in document}


def _differing(stored: Mapping[str, Any], spec: Mapping[str, Any], aside: Sequence[str] = ()) -> list[str]:
    """The fields in which what is stored is not what a manifest says."""
    names = {*stored, *spec} - {*_NOT_STORED, *aside}
    return sorted(name for name in names if stored.get(name) != spec.get(name))
