"""A campaign as answers show it (API contract, section 3)."""

import json
from collections.abc import Mapping
from typing import Any

from campaignctl.sandbox import altered
from campaignctl.sandbox.model import DRAFT, MANUAL, SCHEDULED, Campaign, JsonObject
from campaignctl.sandbox.switches import Switches
from campaignctl.sandbox.validate import languages_of

CREATOR_ID = "1000223"
_UTM = {
    "enabled": 1,
    "utm_source": "${OCMH_UTM_SOURCE}",
    "utm_medium": "${OCMH_UTM_MEDIUM}",
    "utm_campaign": "${OCMH_CAMPAIGN_NAME}",
}
_ONLY_LATER = ("creator", "was_launched", "run_counter")
_TIMES = ("create_time", "update_time")
_LEAN = (
    *("id", "company_id", "creator_id", "name", "send_strategy", "status", "effective_status", "is_draft"),
    *("next_run_time", "create_time", "update_time"),
)
_ID_FIELDS = ("id", "company_id", "creator_id", "campaign_id", "integration_id", "template_id", "deal_id")


def full(campaign: Campaign, switches: Switches) -> JsonObject:
    """Return every field, as in a read by id or a full list."""
    shown = {**_head(campaign, switches), **_definition(campaign, switches), **_course(campaign, switches)}
    if switches.create_time == "absent":
        shown.pop("create_time")
    shown = altered.hidden({**shown, **(campaign.extra or {})}, switches.never_echoed)
    return _numbered(shown) if switches.ids == "numbers" else shown


def created(campaign: Campaign, switches: Switches) -> JsonObject:
    """Return the answer to a create: without the fields that only later reads show."""
    hidden = _ONLY_LATER if switches.times_in_201 else (*_ONLY_LATER, *_TIMES)
    return {name: value for name, value in full(campaign, switches).items() if name not in hidden}


def lean(shown: JsonObject) -> JsonObject:
    """Return the few fields of a lean list."""
    return {name: shown[name] for name in _LEAN if name in shown}


def status_word(campaign: Campaign, switches: Switches) -> str:
    """Return the status as the switches spell it."""
    words = {DRAFT: switches.draft_status, MANUAL: switches.manual_status}
    return words.get(campaign.status, campaign.status)


def strategy(campaign: Campaign, switches: Switches) -> str:
    """Return `send_strategy`."""
    if campaign.immediate:
        return "immediate"
    if "scheduled_time" in campaign.body:
        return switches.scheduled_strategy
    return switches.recurring_strategy if "recurrence" in campaign.body else "manual"


def _head(campaign: Campaign, switches: Switches) -> JsonObject:
    creator = {"id": CREATOR_ID, "name": "Sandbox", "status": "active", "image": ""}
    return {
        "id": campaign.id,
        "company_id": campaign.company_id,
        "creator_id": CREATOR_ID,
        "creator": creator,
        "name": campaign.body["name"],
        "send_strategy": strategy(campaign, switches),
    }


def _definition(campaign: Campaign, switches: Switches) -> JsonObject:
    body = altered.respelt(dict(campaign.body), switches.spelling)
    ids = campaign.message_ids[:: -1 if "message_order" in switches.spelling else 1]
    body["messages"] = [
        _message(campaign, message, message_id)
        for message, message_id in zip(body["messages"], ids, strict=True)
    ]
    body["utm_tracking"] = _UTM | body.get("utm_tracking", {})
    if "labels" in body and switches.labels == "comma":
        body["labels"] = ",".join(body["labels"])
    if "metadata" in body and switches.metadata == "text":
        body["metadata"] = json.dumps(body["metadata"])
    if switches.respell:
        body = _respelt(body, switches.respell)
    if switches.run_immediately_echoed and campaign.immediate:
        body["run_immediately"] = True
    for name in ("send_in_profile_time_zone", "send_if_profile_time_passed"):
        body.setdefault(name, False)
    return body


def _respelt(value: Any, spellings: Mapping[str, str]) -> Any:
    """A value with every text that has another spelling in it."""
    if isinstance(value, str):
        return spellings.get(value, value)
    if isinstance(value, dict):
        return {name: _respelt(part, spellings) for name, part in value.items()}
    return [_respelt(item, spellings) for item in value] if isinstance(value, list) else value


def _message(campaign: Campaign, message: JsonObject, message_id: str) -> JsonObject:
    languages = languages_of(message)
    primary = "en" if "en" in languages or not languages else languages[0]
    return {
        "id": message_id,
        "company_id": campaign.company_id,
        "campaign_id": campaign.id,
        "integration_id": "0",
        "primary_lang": primary,
        **message,
        "winner": int(campaign.winner == message_id),
    }


def _course(campaign: Campaign, switches: Switches) -> JsonObject:
    status = status_word(campaign, switches)
    shown: JsonObject = {
        "status": status,
        "is_draft": campaign.status == DRAFT,
        "effective_status": status,
        "run_counter": campaign.run_counter,
        "was_launched": campaign.run_counter > 0,
        "score": 0,
        "create_time": campaign.create_time,
        "update_time": campaign.update_time,
    }
    if campaign.status == SCHEDULED:
        shown["status_code"] = "start_time_in_future"
    if campaign.next_run is not None:
        initiator = "manual" if campaign.trigger == "run_immediately" else "schedule"
        shown["next_run_time"] = campaign.next_run
        shown["scheduled_run_times"] = [{"time": campaign.next_run, "initiator": initiator, "skip": False}]
    if "recurrence" not in campaign.body and (campaign.immediate or "scheduled_time" in campaign.body):
        shown["max_runs"] = 1
    return shown


def _numbered(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbered(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _number(item) if name in _ID_FIELDS else _numbered(item) for name, item in value.items()}


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdecimal() else value
