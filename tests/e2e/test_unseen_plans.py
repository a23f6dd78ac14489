"""What a plan says: all of a text, the audience, what arms, and each message under its own name."""

from __future__ import annotations

import json
import re
import shlex
from hashlib import sha256
from typing import Any

import pytest

from tests.e2e.harness import PROJECT, World, sms
from tests.e2e.unseen import AB_TEST, FAR, live, only, run_hint

_COUNTRIES = ("AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "IE", "IT")


def _pasted(said: str) -> tuple[str, ...]:
    """The words of the one command that shows everything, after `campaignctl`."""
    (line,) = re.findall(r"^  campaignctl (.* --full)$", said, re.MULTILINE)
    return tuple(shlex.split(line))


def test_what_a_plan_cuts_has_a_length_and_a_digest_and_one_command_shows_it(world: World) -> None:
    text = "\n".join([*(f"<p>{number}</p>" for number in range(200)), "<p>the end</p>"])
    countries = [*_COUNTRIES, "ZA"]
    email = {"sender_name": "A", "sender_email": "a@example.com", "subject": "Hi", "html": {"en": text}}
    message = {"name": "m", "channel": "email", "integration_id": "1", "email": email}
    spec = {
        "name": "News",
        "scheduled_time": FAR,
        "targeting": {"countries": {"items": countries, "op": "in"}},
        "messages": [message],
    }
    world.write("news.yaml", json.dumps({"spec": spec}))
    saved = "plan.json"
    for words in (("plan",), ("plan", "-o", saved), ("show", saved)):
        cut = world.run(*words, status=0).out
        assert "the end" not in cut
        assert "FR and 4 more (cut: 16 in all, sha256 " in cut
        assert f"201 lines, {len(text):,} characters, sha256 {sha256(text.encode()).hexdigest()[:12]}" in cut
        full = world.run(*_pasted(cut), status=0).out
        assert "| <p>the end</p>" in full
        assert "IT, ZA" in full
    comment = world.run("show", saved, "--format", "markdown", status=0).out
    assert "the end" not in comment
    assert f"show {saved} --full" in comment
    whole = world.run("show", saved, "--format", "markdown", "--full", status=0).out
    assert "+ | <p>the end</p>" in whole
    assert "--full" not in whole


def test_every_key_of_a_note_is_shown_by_the_command_that_the_plan_names(world: World) -> None:
    for number in range(7):
        document = {**json.loads(sms(f"C{number}", scheduled_time=FAR)), "lifecycle": {"phase": "paused"}}
        world.write(f"c{number}.yaml", json.dumps(document))
    saved = "plan.json"
    for words in (("plan",), ("plan", "-o", saved), ("show", saved)):
        cut = world.run(*words, status=0).out
        assert "c4 and 2 more (cut: 7 in all, sha256 " in cut
        assert "c5" not in cut
        assert "c4, c5, c6: declared paused" in world.run(*_pasted(cut), status=0).out
    (note,) = world.plan()["notes"]
    assert "c4, c5, c6: declared paused" in note


def test_a_new_message_put_first_does_not_get_the_ignored_title_of_another(world: World) -> None:
    def push(name: str) -> dict[str, Any]:
        texts = {"title": {"en": f"Title of {name}"}, "body": {"en": f"Body of {name}"}}
        return {"name": name, "channel": "push", "push": {**texts, "landing_url": "https://example.com"}}

    def write(*messages: dict[str, Any], ignored: str) -> None:
        spec: dict[str, Any] = {"name": "News", "scheduled_time": FAR, "messages": list(messages)}
        if [message["channel"] for message in messages] == ["push", "push"]:
            spec["ab_test"] = AB_TEST
        manifest = {"spec": spec, "lifecycle": {"ignore_changes": [ignored]}}
        world.write("news.yaml", json.dumps(manifest))

    def titles() -> list[str]:
        return [message["push"]["title"]["en"] for message in live(world, "News")["messages"]]

    write(push("old"), ignored="messages/0/push/title")
    world.apply()
    edited = live(world, "News")["messages"][0]
    edited = {**edited, "push": {**edited["push"], "title": {"en": "Edited in the dashboard"}}}
    world.control.edit(world.campaigns()["News"]["id"], messages=[edited])

    write(push("new"), push("old"), ignored="messages/1/push/title")
    world.apply()
    assert titles() == ["Title of new", "Edited in the dashboard"]
    unnamed = {"channel": "sms", "integration_id": "1", "sms": {"content": {"en": "Hi"}}}
    write(push("old"), unnamed, ignored="messages/0/push/title")
    mark = world.mark()
    assert "cannot be matched by name" in only(world.apply(status=1).json)["reason"]
    assert world.writes(mark) == []
    write(push("old"), unnamed, ignored="score")
    world.apply()
    assert live(world, "News")["messages"][0]["push"]["title"]["en"] == "Title of old"


CHOSEN = {"items": ["DE"], "op": "in"}
NOT_NARROW: list[dict[str, Any]] = [
    {"country": CHOSEN},
    {"countries": {"items": [], "op": "in"}},
    {"profile_age": {}},
    {"profile_age": {"from": 0}},
    {"custom_properties": {}},
]


def test_an_audience_that_may_not_narrow_is_everyone_in_every_output(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT + "guardrails: {require_targeting: true}\n")
    for number, targeting in enumerate(NOT_NARROW):
        world.write(f"c{number}.yaml", sms(f"C{number}", scheduled_time=FAR, targeting=targeting))
    plan = world.plan("-o", "plan.bin", status=1)
    assert [change["audience"] for change in plan["changes"]] == ["everyone"] * len(NOT_NARROW)
    assert [(one["guardrail"], len(one["keys"])) for one in plan["objections"]] == [
        ("require_targeting", len(NOT_NARROW))
    ]
    assert world.run("show", "plan.bin", status=0).out.count("reaches: everyone") == len(NOT_NARROW)
    markdown = world.run("show", "plan.bin", "--format", "markdown", status=0).out
    assert markdown.count("Reaches: **everyone**") == len(NOT_NARROW)
    world.apply(status=1)
    assert world.campaigns() == {}
    assert world.apply("--target", "c0", "--override", "require_targeting").outcomes() == {"c0": "done"}


def ab_test(**fields: Any) -> dict[str, Any]:
    """Two messages of one channel and an A/B test between them."""
    (message,) = json.loads(sms("Test"))["spec"]["messages"]
    test = {"test_split": 30, "winning_metric": "click_rate", "evaluation_window": "1D"}
    return {
        "scheduled_time": FAR,
        "messages": [{**message, "name": "one"}, {**message, "name": "two"}],
        "ab_test": {**test, "winner_delivery_mode": "manual", **fields},
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"scheduled_time": FAR, "quiet_hours": {"from": "22:00"}}, {"scheduled_time": FAR}),
        (ab_test(), ab_test(winner_delivery_mode="automatic")),
        (ab_test(), ab_test(test_split=100)),
    ],
    ids=["quiet hours", "winner", "split"],
)
def test_a_campaign_that_may_send_more_is_marked_as_arming_and_counted(
    world: World, before: dict[str, Any], after: dict[str, Any]
) -> None:
    world.write("far.yaml", sms("Far", **before))
    world.apply()
    world.write("campaignctl.yaml", PROJECT + "guardrails: {max_arming_changes: 0}\n")
    world.write("far.yaml", sms("Far", **after))
    plan = world.plan(status=1)
    assert only(plan, "changes")["arms"] is True
    assert only(plan, "objections")["guardrail"] == "max_arming_changes"
    world.apply("--override", "max_arming_changes")
    world.assert_settled()


def test_a_text_or_url_of_an_armed_campaign_is_shown_as_changing_what_it_sends(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.apply()
    messages = json.loads(sms("Other"))["spec"]["messages"]
    world.write("far.yaml", sms("Far", scheduled_time=FAR, messages=messages))
    world.write("draft.yaml", sms("Draft", is_draft=True, messages=messages))
    plan = world.plan("-o", "plan.bin")
    assert {each["key"]: (each["arms"], each["changes_sends"]) for each in plan["changes"]} == {
        "far": (False, True),
        "draft": (False, False),
    }
    text = world.run("show", "plan.bin", status=0).out
    assert "[changes what it sends]" in text
    assert "Plan: 2 to update. 1 changes what an armed campaign sends." in text
    assert "**update, changes what it sends**" in world.run("show", "plan.bin", "--format", "markdown").out


def test_a_protected_campaign_is_neither_replaced_nor_canceled(world: World) -> None:
    def write(phase: str, protected: bool) -> None:
        body = json.loads(sms("Far", scheduled_time=FAR))
        lifecycle = {"phase": phase, "prevent_destroy": protected}
        world.write("far.yaml", json.dumps({**body, "lifecycle": lifecycle}))

    write("active", True)
    world.apply()
    assert only(world.plan("--replace", "far", status=1))["reason"] == "protected by prevent_destroy"
    mark = world.mark()
    world.apply("--replace", "far", status=1)
    write("canceled", False)
    assert only(world.plan(status=1))["reason"] == "protected by prevent_destroy"
    world.apply(status=1)
    assert world.writes(mark) == []

    write("active", False)
    run_hint(world, only(world.plan("--replace", "far", status=1))["hint"])
    assert only(world.plan("--replace", "far"), "changes")["action"] == "replace"
    write("canceled", False)
    assert world.apply().outcomes() == {"far": "done"}
    assert world.campaigns() == {}
