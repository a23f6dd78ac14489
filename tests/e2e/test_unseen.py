"""What goes live was in a plan: fields, texts, audiences and sends that the API or somebody else changed."""

from __future__ import annotations

import json
import re
import shlex
import signal
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from campaignctl.schedule.times import iso, parse_iso
from tests.e2e.harness import PROJECT, World, sms, until

FAR = "2036-03-22 10:00:00"
AB_TEST = {
    "test_split": 30,
    "winning_metric": "click_rate",
    "evaluation_window": "1D",
    "winner_delivery_mode": "manual",
}
EVERYONE_BUT = {"countries": {"items": ["DE"], "op": "in"}}


def only(plan: dict[str, Any], of: str = "blocked") -> dict[str, Any]:
    """The one item of a list of a plan."""
    (found,) = plan[of]
    assert isinstance(found, dict)
    return found


def live(world: World, name: str) -> dict[str, Any]:
    """A campaign as the account has it."""
    found = world.campaigns()[name]["live"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("field", "ours", "theirs"),
    [
        ("description", "Ours", "Theirs"),
        ("targeting", EVERYONE_BUT, {"languages": {"items": ["fr"], "op": "in"}}),
        ("quiet_hours", {"from": "22:00"}, {"from": "20:00"}),
        (
            "callbacks",
            {"sms": {"on_click": ["https://a.example"]}},
            {"sms": {"on_click": ["https://b.example"]}},
        ),
        ("labels", ["ours"], ["theirs"]),
        ("deal_id", "7", "8"),
    ],
)
def test_a_field_that_is_newly_set_is_shown_against_its_live_value(
    world: World, field: str, ours: Any, theirs: Any
) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.write("far.yaml", sms("Far", scheduled_time=FAR, **{field: ours}))
    world.run("plan", "-o", "plan.bin", status=0)
    world.control.edit(world.campaigns()["Far"]["id"], **{field: theirs})

    refused = world.run("apply", "plan.bin", status=1)
    assert "was changed in the account since this plan was made" in refused.err
    change = only(world.plan(), "changes")
    assert [one["path"].split("/")[0] for one in change["conflicts"]] == [field]
    assert any(one["before"] is not None for one in change["diff"])
    world.apply()
    assert live(world, "Far")[field] == ours
    world.assert_settled()


@pytest.mark.parametrize(
    "theirs",
    [
        {"recurrence": {"cron": "0 9 * * *"}},
        {"send_in_profile_time_zone": True},
        {"targeting": {"languages": {"items": ["fr"], "op": "in"}}},
        {"quiet_hours": {"from": "20:00"}},
        {"messages/0/sms/content/de": "Hallo"},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_a_draft_that_was_changed_outside_of_the_manifests_is_not_armed(
    world: World, theirs: dict[str, Any]
) -> None:
    world.write("far.yaml", sms("Far", is_draft=True, scheduled_time=FAR))
    world.apply()
    edit(world, "Far", theirs)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))

    blocked = only(world.plan(status=1))
    assert [one["path"] for one in blocked["unmanaged"]] == list(theirs)
    world.apply(status=1)
    assert live(world, "Far")["is_draft"] is True
    drift = only(
        world.run("plan", "--refresh-only", "--format", "json", "--detailed-exitcode", status=2).json, "drift"
    )
    assert [one["path"] for one in drift["unmanaged"]] == list(theirs)
    (row,) = world.run("status", "--format", "json", status=0).json["campaigns"]
    assert row["unmanaged"] == drift["unmanaged"]

    if "recurrence" in theirs:
        return  # With a time of its own as well, the API does not take it.
    run_hint(world, blocked["hint"])
    assert live(world, "Far")["is_draft"] is False
    world.assert_settled()


def run_hint(world: World, hint: str) -> None:
    """Run the command that a hint ends with."""
    command = re.search(r"campaignctl ([^`]*)", hint)
    assert command, hint
    words = shlex.split(command[1])
    world.run(*words, *(["--auto-approve"] if words[0] == "apply" else []), status=0)


def edit(world: World, name: str, fields: dict[str, Any]) -> None:
    """Edit a campaign in the dashboard; a path into its first message changes that."""
    campaign = world.campaigns()[name]
    changed = dict(fields)
    if language := changed.pop("messages/0/sms/content/de", None):
        message = {**campaign["live"]["messages"][0]}
        message["sms"] = {"content": {**message["sms"]["content"], "de": language}}
        changed["messages"] = [message, *campaign["live"]["messages"][1:]]
    world.control.edit(campaign["id"], **changed)


def test_an_apply_with_refresh_only_accepts_what_was_set_outside(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    edit(world, "Far", {"quiet_hours": {"from": "20:00"}})
    world.run("plan", "--refresh-only", "--detailed-exitcode", status=2)
    world.apply("--refresh-only")
    assert world.state["campaigns"]["far"]["baseline"] == {"quiet_hours": {"from": "20:00"}}
    world.run("plan", "--refresh-only", "--detailed-exitcode", status=0)


def test_a_label_that_was_set_outside_rings_no_alarm_and_is_counted(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], labels=["vip"], description="Theirs")
    done = world.run("plan", "--refresh-only", "--format", "json", "--detailed-exitcode", status=0).json
    assert any("description, labels set outside" in note for note in done["notes"])


def test_a_state_of_the_version_before_takes_its_baseline_with_the_next_apply(world: World) -> None:
    world.write("far.yaml", sms("Far", is_draft=True, scheduled_time=FAR))
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], quiet_hours={"from": "20:00"})
    old = world.state | {"format_version": 1}
    del old["campaigns"]["far"]["baseline"]
    (world.folder / ".campaignctl/state.json").write_text(json.dumps(old), encoding="utf-8")
    assert any("seen first" in note for note in world.plan()["notes"])
    world.apply()
    assert world.state["campaigns"]["far"]["baseline"] == {"quiet_hours": {"from": "20:00"}}
    assert not world.plan()["notes"]


WEEKLY: dict[str, Any] = {"recurrence": {"cron": "0 9 * * 7"}}
TEXTS = {
    "cut": ("Hi from Far", "Hi fr"),
    "characters replaced": ("Hi from Far", "Hi from F?r"),
    "another case": ("Hi from Far", "hi from far"),
}


@pytest.mark.parametrize(("ours", "theirs"), TEXTS.values(), ids=TEXTS)
def test_a_text_that_is_stored_differently_is_not_done(world: World, ours: str, theirs: str) -> None:
    world.control.switch(respell={ours: theirs})
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    (failed,) = world.apply(status=1).json["changes"]
    assert (failed["outcome"], failed["id"]) == ("failed", world.campaigns()["Far"]["id"])
    assert ours in failed["error"]["summary"]
    assert theirs in failed["error"]["summary"]
    assert "accept_stored: [messages/0/sms/content/en]" in failed["error"]["detail"]
    drift = only(world.plan(), "drift")
    assert [one["path"] for one in drift["diff"]] == ["messages/0/sms/content/en"]
    run_hint(world, failed["error"]["hint"])
    assert live(world, "Far")["status"] == "paused"


def test_what_means_the_same_is_done_and_stays_quiet(world: World) -> None:
    """Cron lines, addresses, white space, and a number as text; cases 06 and 07."""
    html = "<p>It's &amp; stays</p>"
    content = {
        "sender_name": "Acme",
        "sender_email": "News@Example.com",
        "subject": "Hello",
        "html": {"en": html},
    }
    mail = {"name": "m", "channel": "email", "integration_id": "1830", "email": content}
    world.write("weekly.yaml", json.dumps({"spec": {"name": "Weekly", **WEEKLY, "messages": [mail]}}))
    spelt = {
        "0 9 * * 7": "0 9 * * 0",
        "News@Example.com": "news@example.com",
        html: "<p>It&#39;s & stays</p>\r\n",
    }
    world.control.switch(respell=spelt)
    assert world.apply().outcomes() == {"weekly": "done"}
    world.assert_settled()
    assert not world.plan()["drift"]


def test_a_field_that_matters_and_is_not_shown_is_unconfirmed_until_it_is(world: World) -> None:
    world.control.switch(never_echoed=["callbacks"])
    callbacks = {"sms": {"on_click": ["https://a.example"]}}
    world.write("far.yaml", sms("Far", is_draft=True, callbacks=callbacks))
    (done,) = world.apply().json["changes"]
    paths = ["callbacks/sms/on_click"]
    assert (done["outcome"], done["unconfirmed"]) == ("done", paths)
    (row,) = world.run("status", "--format", "json", status=0).json["campaigns"]
    assert row["unconfirmed"] == paths
    world.write("far.yaml", sms("Far", scheduled_time=FAR, callbacks=callbacks))
    (change,) = world.plan()["changes"]
    assert any("unconfirmed" in warning for warning in change["warnings"])
    world.control.switch(never_echoed=[])
    assert not any("unconfirmed" in warning for warning in only(world.plan(), "changes")["warnings"])
    world.apply()
    assert not world.state["campaigns"]["far"].get("unconfirmed")


@pytest.mark.parametrize("field", ["scheduled_time", "targeting"])
def test_a_time_or_audience_that_is_not_shown_is_not_done_unless_the_account_is_known_to_hide_it(
    world: World, field: str
) -> None:
    world.control.switch(never_echoed=[field])
    world.write("far.yaml", sms("Far", scheduled_time=FAR, targeting=EVERYONE_BUT))
    (failed,) = world.apply(status=1).json["changes"]
    assert (failed["outcome"], failed["error"]["summary"].endswith("is not shown")) == ("failed", True)
    world.write("campaignctl.yaml", PROJECT + f"  hidden: [{field}]\n")
    world.write("other.yaml", sms("Other", scheduled_time=FAR, targeting=EVERYONE_BUT))
    assert world.apply("--target", "other").outcomes() == {"other": "done"}


@pytest.mark.parametrize(
    "theirs", [{"quiet_hours": {"from": "20:00"}}, {"messages/0/sms/content/de": "Hallo"}]
)
def test_a_winner_is_not_set_while_the_campaign_was_changed(world: World, theirs: dict[str, Any]) -> None:
    """Setting a winner sends to everyone whom the test did not reach."""
    message = json.loads(sms("Test"))["spec"]["messages"][0]
    spec: dict[str, Any] = {"name": "Test", "scheduled_time": FAR, "ab_test": AB_TEST}
    spec["messages"] = [{**message, "name": "one"}, {**message, "name": "two"}]
    world.write("test.yaml", json.dumps({"spec": spec}))
    world.apply()
    edit(world, "Test", theirs)
    world.control.edit(world.campaigns()["Test"]["id"], status="needs_decision")
    world.write("test.yaml", json.dumps({"spec": spec, "lifecycle": {"winner": "two"}}))
    blocked = only(world.plan(status=1))
    assert [one["path"] for one in blocked["unmanaged"]] == list(theirs)


UNASKED: dict[str, dict[str, Any]] = {
    "draft": {"is_draft": True},
    "profile time zone": {"send_in_profile_time_zone": True},
    "targeting": {"targeting": EVERYONE_BUT},
    "quiet hours": {"quiet_hours": {"from": "20:00"}},
}


@pytest.mark.parametrize("unasked", UNASKED.values(), ids=UNASKED)
def test_what_a_create_did_not_ask_for_is_not_done_and_stays_drift(
    world: World, unasked: dict[str, Any]
) -> None:
    world.control.switch(unasked=unasked)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    (failed,) = world.apply(status=1).json["changes"]
    assert failed["outcome"] == "failed"
    assert "which was not asked for" in failed["error"]["summary"]
    assert failed["error"]["hint"].startswith("campaignctl halt far")
    for _ in range(2):
        plan = world.run("plan", "--refresh-only", "--format", "json", "--detailed-exitcode", status=2).json
        assert [one["path"] for drift in plan["drift"] for one in drift["unmanaged"]] == list(unasked)
        assert world.plan()["drift"]
        world.apply()


IGNORED: dict[str, tuple[str, dict[str, Any]]] = {
    "audience": ("targeting", {"targeting": EVERYONE_BUT}),
    "time": ("scheduled_time", {"scheduled_time": "2036-04-22 10:00:00"}),
    "text": ("messages/*/sms/content/en", {}),
}


@pytest.mark.parametrize(("path", "edits"), IGNORED.values(), ids=IGNORED)
def test_a_patch_that_is_ignored_is_not_done(world: World, path: str, edits: dict[str, Any]) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.control.switch(patch_ignores=[path])
    other = sms("Far", **{"scheduled_time": FAR, **edits})
    world.write("far.yaml", other if edits else other.replace("Hi from Far", "Hi again"))
    (failed,) = world.apply(status=1).json["changes"]
    assert failed["outcome"] == "failed"
    assert world.plan()["changes"]
    world.control.switch(patch_ignores=[])
    world.apply()
    world.assert_settled()


@pytest.mark.parametrize("mode", ["pixel", "query"])
def test_html_that_the_api_rewrites_is_accepted_by_review(world: World, mode: str) -> None:
    world.control.switch(tracked_html=mode)
    html = '<p>Hi <a href="https://example.com">there</a></p>'
    content = {"sender_name": "Acme", "sender_email": "a@example.com", "subject": "Hi", "html": {"en": html}}
    message = {"name": "m", "channel": "email", "integration_id": "1830", "email": content}
    spec = {"name": "Mail", "scheduled_time": FAR, "messages": [message]}
    world.write("mail.yaml", json.dumps({"spec": spec}))
    (failed,) = world.apply(status=1).json["changes"]
    assert "accept_stored: [messages/0/email/html/en]" in failed["error"]["detail"]
    accepted = {"accept_stored": ["messages/*/email/html"]}
    text = {**message, "email": {**content, "subject": "Hi again"}}
    other = {**spec, "name": "Other", "messages": [text]}
    world.write("other.yaml", json.dumps({"lifecycle": accepted, "spec": other}))
    assert world.apply("--target", "other").outcomes() == {"other": "done"}
    assert not world.plan("--target", "other")["drift"]
    world.control.edit(world.campaigns()["Other"]["id"], {"messages/0/email/html/en": "<p>Changed</p>"})
    assert world.plan("--target", "other")["drift"]


_COUNTRIES = ("AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "IE", "IT")


def _pasted(said: str) -> tuple[str, ...]:
    """The words of the one command that shows everything, after `campaignctl`."""
    (line,) = re.findall(r"^  campaignctl (.* --full)$", said, re.MULTILINE)
    return tuple(shlex.split(line))


def test_what_a_plan_cuts_has_a_length_and_a_digest_and_one_command_shows_it(world: World) -> None:
    text = "\n".join([*(f"<p>{number}</p>" for number in range(60)), "<p>the end</p>"])
    countries = [*_COUNTRIES, "ZA"]
    email = {"subject": "Hi", "html": {"en": text}}
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
        assert f"61 lines, {len(text)} characters, sha256 {sha256(text.encode()).hexdigest()[:12]}" in cut
        full = world.run(*_pasted(cut), status=0).out
        assert "| <p>the end</p>" in full
        assert "IT, ZA" in full
    comment = world.run("show", saved, "--format", "markdown", status=0).out
    assert "the end" not in comment
    assert f"show {saved} --full" in comment
    whole = world.run("show", saved, "--format", "markdown", "--full", status=0).out
    assert "+ | <p>the end</p>" in whole
    assert "--full" not in whole


def test_a_lost_create_is_posted_again_only_as_a_change_that_todays_manifest_asks_for(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT.replace("timeout: 2s", "timeout: 300ms"))
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.apply()
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.control.fault({"method": "POST", "body": "Far", "times": 1}, {"kind": "drop"})
    assert world.apply(status=1).outcomes() == {"far": "unknown"}
    mark = world.mark()

    world.write("far.yaml", sms("Far", scheduled_time=FAR, description="corrected"))
    time.sleep(1.3)
    assert "its manifest has changed since" in only(world.plan("-o", "plan.json", status=1))["reason"]
    world.apply("plan.json", status=1)
    world.apply(status=1)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply("--target", "draft")
    assert world.writes(mark) == []

    assert only(world.plan("-o", "plan.json"), "changes")["reason"] == "posted again: not found"
    assert world.run("apply", "plan.json", "--format", "json", status=0).outcomes() == {"far": "done"}
    assert [method for method, _, _ in world.writes(mark)] == ["POST"]
    assert world.state["campaigns"]["far"]["reposted"] is True
    assert len(world.state["campaigns"]["far"]["posts"]) == 2
    world.assert_settled()


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
    assert markdown.count("| **everyone** |") == len(NOT_NARROW)
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


def test_a_field_inside_metadata_that_is_removed_is_gone_from_the_account(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR, metadata={"a": {"b": "1", "c": "2"}, "d": "3"}))
    world.apply()
    world.write("far.yaml", sms("Far", scheduled_time=FAR, metadata={"a": {"b": "1"}, "d": "3"}))
    assert [one["path"] for one in only(world.plan(), "changes")["diff"]] == ["metadata/a/c"]
    world.apply()
    metadata = live(world, "Far")["metadata"]
    assert {name: value for name, value in metadata.items() if name != "campaignctl"} == {
        "a": {"b": "1"},
        "d": "3",
    }
    world.assert_settled()


def test_a_removed_field_that_the_api_keeps_is_not_done(world: World) -> None:
    world.control.switch(patch_ignores=["quiet_hours"])
    world.write("far.yaml", sms("Far", scheduled_time=FAR, quiet_hours={"from": "22:00"}))
    world.apply()
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply(status=1)
    (failed,) = world.apply(status=1).json["changes"]
    assert "the API kept the old value of quiet_hours in" in failed["error"]["summary"]
    assert "`ignore_changes: [quiet_hours]` in far" in failed["error"]["hint"]
    body = json.loads(sms("Far", scheduled_time=FAR))
    world.write("far.yaml", json.dumps({**body, "lifecycle": {"ignore_changes": ["quiet_hours"]}}))
    world.apply()
    world.assert_settled()


def test_a_run_of_next_year_meets_the_freeze_and_the_limit_of_its_day(world: World) -> None:
    now = datetime.now(UTC)
    year, hour = now.year + 1, (now.hour + 12) % 24
    window = f"{{scope: sends, from: {year}-11-24, to: {year}-11-26, reason: holidays}}"
    world.write("campaignctl.yaml", PROJECT + f"guardrails: {{freeze: [{window}], max_sends_per_day: 1}}\n")
    world.write("daily.yaml", sms("Daily", recurrence={"cron": f"30 {hour} * * *"}))
    world.write("once.yaml", sms("Once", scheduled_time=f"{year}-11-20 10:00:00"))
    found = {one["guardrail"]: one for one in world.plan(status=1)["objections"]}
    assert found["freeze"]["keys"] == ["daily"]
    assert found["freeze"]["found"].startswith(f"it sends at {year}-11-2")
    assert found["max_sends_per_day"]["found"] == f"2 sends on {year}-11-20"
    world.apply(status=1)
    assert world.campaigns() == {}
    world.apply("--override", "freeze", "--override", "max_sends_per_day")
    world.assert_settled()


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


ALARM = ("plan", "--refresh-only", "--detailed-exitcode")


def test_a_campaign_canceled_by_somebody_else_is_drift_until_an_apply_has_recorded_it(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], status="canceled")

    said = world.run("plan", status=0).out
    assert "canceled outside of campaignctl; it reaches nobody any more" in said
    assert "agrees" not in said
    (note,) = world.apply().json["notes"]
    assert note == "recorded: far: canceled outside of campaignctl; it reaches nobody any more"
    quiet = world.plan()
    assert quiet["drift"] == []
    (note,) = quiet["notes"]
    assert note.startswith("far: canceled, and reaches nobody any more")
    world.apply("--replace", "far")
    assert live(world, "Far")["status"] == "scheduled"
    world.assert_settled()


@pytest.mark.parametrize("saved", [False, True], ids=["apply", "saved plan"])
@pytest.mark.parametrize("done", ["canceled", "sent", "running", "cloned", "deleted"])
def test_the_alarm_rings_for_what_nothing_undoes_until_an_apply_has_recorded_it(
    world: World, done: str, *, saved: bool
) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.write("near.yaml", sms("Near", scheduled_time=FAR))
    world.apply()
    campaign = world.campaigns()["Far"]["id"]
    if done == "cloned":
        world.control.clone(campaign, name="Clone")
    elif done == "deleted":
        # The sandbox deletes nothing: the state names an id that is not there.
        world.control.edit(campaign, metadata=None)
        file = world.folder / ".campaignctl/state.json"
        file.write_text(json.dumps(world.state).replace(campaign, "9999999"), encoding="utf-8")
    else:
        world.control.edit(campaign, status=done)
    mark = world.mark()

    drift = world.run(*ALARM, "--format", "json", status=2).json["drift"]
    (reason,) = [one["reason"] for one in drift if one["once"]]
    assert len(world.requests(after=mark)) <= 1 + 2
    if saved:
        world.run("plan", "--refresh-only", "-o", "plan.bin", status=0)
        notes = world.run("apply", "plan.bin", "--format", "json", status=0).json["notes"]
    else:
        notes = world.apply(status=1 if done == "deleted" else 0).json["notes"]
    assert f"recorded: far: {reason}" in notes
    world.run(*ALARM, status=0)
    assert world.writes(mark) == []


def test_the_alarm_rings_for_what_can_be_undone_until_it_is(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.write("near.yaml", sms("Near", scheduled_time=FAR))
    world.apply()
    far, near = (world.campaigns()[name]["id"] for name in ("Far", "Near"))
    world.control.edit(far, status="paused")
    world.control.edit(near, status="draft")
    for _ in range(2):
        drift = world.run(*ALARM, "--format", "json", status=2).json["drift"]
        assert {one["key"] for one in drift if one["diff"]} == {"far", "near"}
        world.apply()
        assert {one["key"] for one in world.plan()["drift"]} == {"far", "near"}
    world.apply("--refresh-only")
    world.run(*ALARM, status=2)

    world.apply("--target", "far", "--override", "foreign_pause")
    world.write("near.yaml", sms("Near", scheduled_time=FAR, is_draft=False))
    world.apply()
    world.run(*ALARM, status=0)
    assert {live(world, name)["status"] for name in ("Far", "Near")} == {"scheduled"}
    world.assert_settled()


def test_a_targeted_apply_says_what_it_records_of_others(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.write("near.yaml", sms("Near", scheduled_time=FAR))
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], status="canceled")
    (note,) = world.apply("--target", "near").json["notes"]
    assert note.startswith("recorded: far: canceled outside of campaignctl")


@pytest.mark.parametrize("way_out", ["halt", "paused"])
def test_a_revert_of_what_armed_a_draft_says_when_it_still_sends_and_how_to_stop_it(
    world: World, way_out: str
) -> None:
    world.write("far.yaml", sms("Far", is_draft=True, scheduled_time=FAR))
    world.apply()
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.write("far.yaml", sms("Far", is_draft=True, scheduled_time=FAR))

    blocked = only(world.plan(status=1))
    assert blocked["reason"] == "nothing returns to a draft; it still sends on Sat 22 Mar 2036 10:00 GMT"
    if way_out == "halt":
        run_hint(world, blocked["hint"])
    else:
        assert "write `phase: paused` in far in place of `is_draft: true`" in blocked["hint"]
        document = json.loads(sms("Far", scheduled_time=FAR))
        world.write("far.yaml", json.dumps({**document, "lifecycle": {"phase": "paused"}}))
        world.apply()
        world.assert_settled()
    assert live(world, "Far")["status"] == "paused"


def test_a_plan_without_the_state_says_once_what_apply_will_say(world: World) -> None:
    names = [f"C {number}" for number in range(5)]
    for number, name in enumerate(names):
        world.write(f"c{number}.yaml", sms(name, scheduled_time=FAR))
    world.apply()
    (world.folder / ".campaignctl").rename(world.folder / "lost")

    mark = world.mark()
    said = world.run("plan", status=1).out
    assert len(world.requests(after=mark)) == 1
    assert said.count("the state is behind: it does not know") == 1
    assert "(5 campaigns, held back)" in said
    plan = world.plan(status=1)
    assert plan["changes"] == []
    applied = world.apply(status=1).json
    assert applied["blocked"] == plan["blocked"]
    assert len({one["reason"] for one in plan["blocked"]}) == 1

    run_hint(world, plan["blocked"][0]["hint"])
    world.assert_settled()


def test_a_plan_without_a_state_in_a_large_account_reads_what_can_still_send(world: World) -> None:
    world.control.switch(page_cap=10)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    ours = world.campaigns()["Far"]["id"]
    body = json.loads(sms("Other"))["spec"]
    for number in range(25):
        other = world.control.create({**body, "name": f"Other {number}", "run_immediately": True})
        world.control.edit(other["id"], status="sent")
    (world.folder / ".campaignctl").rename(world.folder / "lost")
    mark = world.mark()
    assert ours in only(world.plan(status=1))["reason"]
    assert len(world.requests(after=mark)) <= 1 + 2


@pytest.mark.parametrize("broken", ["token", "account", "manifest"])
def test_a_plan_that_cannot_be_made_is_a_document(world: World, broken: str) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    if broken == "token":
        world.control.fault({"method": "GET"}, {"kind": "status", "status": 401})
    elif broken == "account":
        world.write("campaignctl.yaml", PROJECT + "account: {company_id: '1'}\n")
        world.control.create(json.loads(sms("Theirs"))["spec"])
    else:
        world.write("far.yaml", "spec: {nmae: Far}\n")
    refused = world.run("plan", "--format", "json", status=1)
    assert refused.json["error"]["summary"]
    assert "changes" not in refused.json


def daily(ahead: timedelta) -> dict[str, Any]:
    """A recurrence that runs every day, and next after some time (before now: that long ago)."""
    run = datetime.now(UTC) + ahead
    return {"recurrence": {"cron": f"{run.minute} {run.hour} * * *"}}


def test_a_recurrence_is_not_moved_from_a_run_to_another_one_soon_after(world: World) -> None:
    minutes = timedelta(minutes=1)
    world.write("soon.yaml", sms("Soon", **daily(30 * minutes)))
    world.write("ran.yaml", sms("Ran", **daily(-30 * minutes)))
    world.apply()
    world.since_last_month("ran")
    run = parse_iso(str(world.state["campaigns"]["soon"]["next_run_time"]))
    world.write("soon.yaml", sms("Soon", **daily(150 * minutes)))
    world.run("plan", "-o", "plan.json", "--target", "soon", status=0)
    saved = json.loads((world.folder / "plan.json").read_text())
    assert saved["valid_until"] == only(saved, "changes")["valid_until"] == iso(run)

    world.write("ran.yaml", sms("Ran", **daily(90 * minutes)))
    before = live(world, "Ran")["recurrence"]
    done = world.apply(status=1)
    assert done.outcomes() == {"soon": "done"}
    blocked = only(world.plan(status=1))
    assert "it ran at" in blocked["reason"]
    assert live(world, "Ran")["recurrence"] == before
    run_hint(world, blocked["hint"])
    assert live(world, "Ran")["recurrence"] != before
    world.assert_settled()


def test_a_campaign_paused_in_its_run_is_resumed_only_as_a_second_send(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    campaign = world.campaigns()["Far"]["id"]
    world.control.edit(campaign, status="running")
    paused = json.loads(sms("Far", scheduled_time=FAR)) | {"lifecycle": {"phase": "paused"}}
    world.write("far.yaml", json.dumps(paused))
    (change,) = world.plan()["changes"]
    assert any("the rest of this run is not sent" in warning for warning in change["warnings"])
    world.apply()

    world.write("far.yaml", sms("Far", scheduled_time="2036-04-22 10:00:00"))
    assert world.apply(status=1).outcomes() == {"far": "done"}
    assert live(world, "Far")["status"] == "paused"
    blocked = only(world.plan(status=1))
    assert "it began to send at" in blocked["reason"]
    run_hint(world, blocked["hint"])
    assert live(world, "Far")["status"] == "scheduled"
    world.assert_settled()


def test_a_campaign_that_began_in_the_first_zones_is_not_moved(world: World) -> None:
    """Fourteen hours before its time in GMT."""
    world.control.switch(profile_zone_lead_hours=0)
    zoned = {"send_in_profile_time_zone": True}
    in_ten_hours = f"{datetime.now(UTC) + timedelta(hours=10):%Y-%m-%d %H:%M:%S}"
    world.write("zoned.yaml", sms("Zoned", scheduled_time=in_ten_hours, **zoned))
    world.apply("--override", "min_lead_time")
    world.write("zoned.yaml", sms("Zoned", scheduled_time=FAR, **zoned))
    blocked = only(world.plan(status=1))
    world.apply(status=1)
    assert live(world, "Zoned")["scheduled_time"] == in_ten_hours
    run_hint(world, blocked["hint"])
    assert live(world, "Zoned")["scheduled_time"] == FAR


def test_a_campaign_renamed_in_its_run_says_that_the_rest_is_lost(world: World) -> None:
    world.write("old.yaml", sms("Weekly", **WEEKLY))
    world.apply()
    world.control.edit(world.campaigns()["Weekly"]["id"], status="running")
    world.remove("old.yaml")
    world.write("new.yaml", sms("Weekly", **WEEKLY))
    cancel = next(change for change in world.plan()["changes"] if change["action"] == "cancel")
    assert "running: the rest of this run is not sent" in cancel["warnings"]


def test_a_run_that_stood_still_sends_nothing_late(world: World) -> None:
    """The machine was stopped as a whole: its clocks say nothing, and the answers' dates do."""
    world.control.switch(date_header="sandbox", past_times="accepted")
    hour = f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%d %H:%M:%S}"
    for name in "abcde":
        world.write(f"{name}.yaml", sms(name, scheduled_time=hour))
    world.control.fault({"method": "POST", "times": 1}, {"kind": "delay", "seconds": 0.5, "when": "after"})
    process = world.start("apply", "--auto-approve", "--format", "json", "--parallelism", "1")
    until(world.control.campaigns)
    process.send_signal(signal.SIGSTOP)
    world.control.advance(7200)
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert len(world.control.campaigns()) == 1
    assert [one["outcome"] for one in json.loads(out)["changes"]].count("done") <= 1
    assert world.state["pending"] == {}
