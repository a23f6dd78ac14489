"""The plan document: complete, and decoded exactly or refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from datetime import UTC
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.diff import FieldChange
from campaignctl.errors import PlanRefused
from campaignctl.plan.codec import _digest, decode, dumps, encode
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Action, Blocked, Change, Drift, Objection, Options, Plan, Request
from campaignctl.project.model import ApiSettings
from campaignctl.schedule.sends import Sends
from campaignctl.state.strict import default_of
from tests.golden import Golden
from tests.plan.planning import (
    IMMEDIATE,
    KEY,
    MANUAL,
    PROJECT,
    RECURRING,
    SCHEDULED,
    plan_of,
    record,
    state,
    wanted,
)

HEAD = {
    *("format_version", "tool_version", "created_at", "project", "environment", "commit", "manifests_digest"),
    *("lineage", "serial", "summary", "changes", "valid_until", "objections", "blocked", "drift"),
}
CHANGE = {
    *("key", "action", "id", "name", "reason", "diff", "request", "sends", "arms", "audience", "undo"),
    *("live_digest", "warnings"),
}


def rich() -> Plan:
    """A plan with a value in every field."""
    known = state(
        {
            "gone": record(SCHEDULED, campaign_id="1", lifecycle=Lifecycle(ignore_changes=("score",))),
            "edited": record(SCHEDULED, campaign_id="2"),
            "running": record(SCHEDULED, "running", "3"),
            "again": record(SCHEDULED, campaign_id="4"),
        }
    )
    plan = plan_of(
        wanted({**SCHEDULED, "name": "Grüße \u2028 \U0001f384", "labels": ["b", "a"]}, "edited"),
        wanted({**SCHEDULED, "name": "New"}, "running"),
        wanted(SCHEDULED, "again"),
        wanted({**RECURRING, "targeting": {"countries": {"items": ["DE"], "op": "in"}}}, "daily"),
        wanted({**SCHEDULED, "send_in_profile_time_zone": True}, "local"),
        wanted({**SCHEDULED, "scheduled_time": "2026-01-01 00:00:00"}, "late"),
        *(wanted({**IMMEDIATE, "name": f"{n}"}, f"flash{n}") for n in range(4)),
        known=known,
        options=Options(replace=("again",), overrides=("resend",)),
        project=replace(PROJECT, api=ApiSettings(immediate="two_step")),
    )
    drift = Drift("edited", "2", (FieldChange("labels", None, ["x"]),), corrected=True)
    return replace(
        plan, drift=(drift,), observed={}, company_id="6197120", notes=("a note",), commit="3fe2590"
    )


def test_a_rich_plan_is_read_back_exactly() -> None:
    plan = rich()
    assert plan.objections
    assert plan.blocked
    assert plan.missed
    assert decode(dumps(plan)) == plan
    assert dumps(decode(dumps(plan))) == dumps(plan)


def test_every_documented_field_is_there() -> None:
    document = encode(rich())
    assert set(document) >= HEAD
    for change in document["changes"]:
        assert set(change) >= CHANGE
        assert set(change["sends"]) >= {"when", "at"}
        assert change["request"] is None or set(change["request"]) == {"method", "path", "body"}
        assert all(set(field) == {"path", "before", "after"} for field in change["diff"])
    assert all(set(found) == {"guardrail", "found", "limit", "keys"} for found in document["objections"])
    blocked = {"key", "id", "status", "reason", "hint", "diff", "unmanaged", "before"}
    assert all(set(one) == blocked for one in document["blocked"])
    assert all(set(one) >= {"key", "id", "diff"} for one in document["drift"])
    assert document["valid_until"] == "2026-11-24T13:00:00Z"


def test_the_summary_names_every_action() -> None:
    document = encode(plan_of())
    assert document["summary"] == dict.fromkeys(map(str, Action), 0)
    assert list(document["summary"]) == (
        ["create", "update", "replace", "pause", "resume", "cancel", "adopt", "move", "forget", "none"]
    )
    assert "none" not in {change["action"] for change in encode(rich())["changes"]}


def small() -> str:
    """A short plan, so that each of its characters can be damaged."""
    return dumps(plan_of(wanted({**MANUAL, "labels": ["a", "b", "a"], "score": 1}, "a")))


@settings(deadline=None)
@given(st.data())
def test_a_damaged_character_is_noticed(data: st.DataObject) -> None:
    text = small()
    place = data.draw(st.integers(0, len(text) - 1))
    sign = data.draw(st.sampled_from('ab01{}[],:"\\ tx') | st.characters(codec="utf-8"))
    damaged = text[:place] + sign + text[place + 1 :]
    if (read := _read(damaged)) is not None:
        assert read == decode(text)


def _read(text: str) -> Plan | None:
    try:
        return decode(text)
    except PlanRefused:
        return None


def test_every_truncation_is_noticed() -> None:
    text = small()
    for end in range(0, len(text) - 2, 7):
        with pytest.raises(PlanRefused):
            decode(text[:end])


@pytest.mark.parametrize("place", ["labels", "score"])
def test_another_spelling_of_a_value_is_damage(place: str) -> None:
    document = json.loads(small())
    document["changes"][0]["spec"][place] = {"labels": ["b", "a", "a"], "score": True}[place]
    with pytest.raises(PlanRefused, match="damaged"):
        decode(json.dumps(document))


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        ("serial", "7", "serial is not a whole number"),
        ("valid_until", "tomorrow", "valid_until is not a time"),
        ("colour", "red", "colour is not a field that this version knows"),
        ("time_zone", "Europe/Nowhere", "there is no time zone 'Europe/Nowhere'"),
        ("changes/0/action", "erase", "changes[0].action is not one of create, update"),
        ("changes/0/requests/0/method", "GET", "GET /v1/hood/campaigns is not a request of this version"),
        ("changes/0/requests/0/body", [], "changes[0].requests[0].body is not an object"),
        ("changes/0/sends/at", None, "changes[0].sends.at is not an array"),
        ("changes/0/spec", [], "changes[0].spec is not an object"),
    ],
)
def test_a_wrong_field_is_named_with_its_path(path: str, value: object, what: str) -> None:
    document = json.loads(small())
    del document["digest"]
    *steps, last = path.split("/")
    place = document
    for step in steps:
        place = place[int(step) if step.isdecimal() else step]
    place[last] = value
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    document["digest"] = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    with pytest.raises(PlanRefused, match="damaged") as refusal:
        decode(json.dumps(document))
    assert what in refusal.value.detail


def test_a_newer_format_is_refused_with_its_number(golden: Golden) -> None:
    document = {**json.loads(small()), "format_version": 2, "tool_version": "9.9"}
    with pytest.raises(PlanRefused, match="format 2, this version reads 1") as refusal:
        decode(json.dumps(document))
    golden("newer format", refusal.value.hint)


def test_a_field_of_a_later_version_is_refused_with_its_name_and_that_version() -> None:
    document = json.loads(small())
    del document["digest"]
    document = {**document, "tool_version": "9.9", "changes": [{**document["changes"][0], "colour": 1}]}
    with pytest.raises(PlanRefused, match=r"was made by campaignctl 9\.9") as refusal:
        decode(json.dumps({**document, "digest": _digest(document)}))
    assert refusal.value.detail == "changes[0].colour is not a field that this version knows"
    assert str(refusal.value.hint).endswith("`pip install --upgrade 'campaignctl>=9.9'`")


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("", "settings settings_changed state against withdrawn project_id targets lint neighbours"),
        ("changes", "unmanaged changes_sends halts valid_until waits_for ran formerly zone proofs"),
        ("blocked", "diff unmanaged before"),
        ("drift", "unmanaged reason once"),
    ],
)
def test_a_plan_of_the_version_before_is_read_without_the_fields_that_are_new(place: str, names: str) -> None:
    document = json.loads(dumps(rich()))
    del document["digest"], document["hints"]
    for holder in document[place] if place else [document]:
        for name in names.split():
            del holder[name]
    text = json.dumps({**document, "digest": _digest(document)})
    plan = decode(text)
    found: Any = getattr(plan, place)[0] if place else plan
    given = {each.name: default_of(each) for each in dataclass_fields(found) if each.name in names.split()}
    assert len(given) == len(names.split())
    assert {name: getattr(found, name) for name in given} == given


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "[" * 5000, '{"format_version": "1"}', "\ufeff{}"])
def test_other_documents_are_refused(text: str) -> None:
    with pytest.raises(PlanRefused, match="is not a plan"):
        decode(text)


def test_deeply_nested_damage_is_refused() -> None:
    with pytest.raises(PlanRefused):
        decode('{"format_version": 1, "x": ' + "[" * 900 + "]" * 900 + "}")


texts = st.text(max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(texts, json_values, max_size=3)
instants = st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=0))
fields = st.lists(st.builds(FieldChange, texts, json_values, json_values), max_size=2).map(tuple)
sends = st.builds(
    Sends,
    st.sampled_from(["immediately", "scheduled", "recurring", "manual", "never"]),
    st.lists(instants, max_size=2).map(tuple),
    st.none() | instants,
    st.booleans(),
    st.none() | texts,
)
ids = st.text(st.characters(codec="ascii"), min_size=1)
requests = st.one_of(
    st.builds(Request, st.just("create"), body=objects),
    st.builds(Request, st.sampled_from(["update", "pause", "resume", "cancel"]), st.none() | ids, objects),
    st.builds(Request, st.just("set-winner"), ids, message=ids),
)
changes: Any = st.builds(
    Change,
    key=texts,
    action=st.sampled_from([action for action in Action if action is not Action.NONE]),
    id=st.none() | texts,
    name=texts,
    reason=texts,
    requests=st.lists(requests, max_size=2).map(tuple),
    diff=fields,
    sends=sends,
    arms=st.booleans(),
    audience=st.just("everyone") | objects,
    live_digest=st.none() | texts,
    warnings=st.lists(texts, max_size=2).map(tuple),
    spec=st.none() | objects,
    intent=st.none() | texts,
)
plans = st.builds(
    Plan,
    created_at=instants,
    project=texts,
    environment=st.none() | texts,
    tool_version=texts,
    manifests_digest=texts,
    lineage=st.none() | texts,
    serial=st.integers(0),
    changes=st.lists(changes, max_size=2).map(tuple),
    objections=st.lists(st.builds(Objection, texts, texts, texts, st.just(("a",))), max_size=1).map(tuple),
    blocked=st.lists(st.builds(Blocked, texts, st.none() | texts, texts, texts, texts), max_size=1).map(
        tuple
    ),
    drift=st.lists(st.builds(Drift, texts, texts, fields, st.booleans()), max_size=1).map(tuple),
    valid_until=st.none() | instants,
    unchanged=st.integers(0, 9),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plans)
def test_any_plan_is_read_back_exactly(plan: Plan) -> None:
    assert decode(dumps(plan)) == plan


def test_the_text_is_plain_ascii_with_a_newline_at_its_end() -> None:
    text = dumps(rich())
    assert text.isascii()
    assert text.endswith("}\n")
    assert not any(one == "\n" == other for one, other in pairwise(text))


def test_a_hint_whose_command_was_changed_is_refused() -> None:
    """Its parts are outside of the digest: they have to give the hint that it covers."""
    plan = plan_of(
        wanted(SCHEDULED), known=state({KEY: record(SCHEDULED)}), reading=Reading(live={KEY: None})
    )
    document = json.loads(dumps(plan))
    assert [str(one.hint) for one in decode(json.dumps(document)).blocked] == [str(plan.blocked[0].hint)]
    changed: tuple[list[Any], ...] = ([["destroy"]], [[]], [{}])
    for parts in changed:
        document["hints"][KEY] = parts
        with pytest.raises(PlanRefused):
            decode(json.dumps(document))
    del document["hints"]
    assert str(decode(json.dumps(document)).blocked[0].hint) == str(plan.blocked[0].hint)


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("request", None, "request of a is not the last of its requests"),
        ("summary", None, "summary does not count the changes"),
    ],
)
def test_what_a_plan_shows_twice_is_the_same(name: str, value: Any, what: str) -> None:
    document = json.loads(small())
    del document["digest"]
    if name == "summary":
        document[name] |= {"create": 0, "pause": 1}
    else:
        document["changes"][0][name] = value
    with pytest.raises(PlanRefused, match="damaged") as refusal:
        decode(json.dumps({**document, "digest": _digest(document)}))
    assert what in refusal.value.detail
