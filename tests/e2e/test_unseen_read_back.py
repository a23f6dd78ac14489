"""What the API stores, shows or leaves out in its own way: done is what a read confirms."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.harness import FAR_MONTH, PROJECT, World, sms
from tests.e2e.unseen import AB_TEST, EVERYONE_BUT, FAR, WEEKLY, live, only, run_hint

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
        f"0 9 * {FAR_MONTH} 7": f"0 9 * {FAR_MONTH} 0",
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


def test_messages_are_confirmed_by_name_in_any_order_and_one_that_is_dropped_is_not_done(
    world: World,
) -> None:
    message = json.loads(sms("Test"))["spec"]["messages"][0]
    texts = {name: {**message, "name": name, "sms": {"content": {"en": name}}} for name in ("one", "two")}
    spec = {"name": "Test", "scheduled_time": FAR, "ab_test": AB_TEST, "messages": [*texts.values()]}
    world.write("test.yaml", json.dumps({"spec": spec}))
    world.control.switch(spelling=["message_order"])
    assert world.apply().outcomes() == {"test": "done"}
    world.assert_settled()
    edited = {**texts["two"], "sms": {"content": {"en": "Two"}}}
    world.write("test.yaml", json.dumps({"spec": {**spec, "messages": [texts["one"], edited]}}))
    assert world.apply().outcomes() == {"test": "done"}
    world.assert_settled()

    world.control.switch(never_echoed=["messages/1"])
    world.write("other.yaml", json.dumps({"spec": {**spec, "name": "Other"}}))
    (failed,) = world.apply("--target", "other", status=1).json["changes"]
    assert (failed["outcome"], "messages/0 is not shown" in failed["error"]["summary"]) == ("failed", True)
    run_hint(world, failed["error"]["hint"])
    assert live(world, "Other")["status"] == "paused"


def test_a_condition_that_narrows_nothing_need_not_be_shown(world: World) -> None:
    world.control.switch(never_echoed=["targeting/profile_age"])
    nothing = {"profile_age": {"from": 0}}
    world.write("far.yaml", sms("Far", scheduled_time=FAR, targeting=nothing))
    assert world.apply().outcomes() == {"far": "done"}
    world.assert_settled()
    assert not world.plan()["drift"]
