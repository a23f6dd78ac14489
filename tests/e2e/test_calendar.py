"""`calendar`: every send of the next days, of manifests, state and account (issue 15, item 6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.harness import PROJECT, World, sms, weekly
from tests.e2e.test_hostile_text import HOSTILE, assert_clean

COLLISIONS = "guardrails: {collisions: {within: 4h, max_per_day: 2}}\n"


def days_from_now(days: int, hour: int = 10) -> str:
    day = datetime.now(UTC) + timedelta(days=days)
    return f"{day:%Y-%m-%d} {hour:02}:00:00"


def daily() -> str:
    """A cron line that runs every day, soon before or after ten, but not soon."""
    return f"0 {11 if datetime.now(UTC).hour in range(7, 10) else 9} * * *"


def campaigns(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["key"] or each["name"]: each for each in document["campaigns"]}


def test_an_account_with_something_of_everything(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT)
    world.write("daily.yaml", sms("Daily", recurrence={"cron": daily()}))
    world.write("sale.yaml", sms("Sale", scheduled_time=days_from_now(3)))
    world.write("stop.yaml", sms("Stop", scheduled_time=days_from_now(4, 20)))
    world.write("held.yaml", sms("Held", scheduled_time=days_from_now(5, 20)))
    world.apply()
    live = world.campaigns()
    world.control.edit(live["Held"]["id"], status="paused")
    world.run("halt", "stop", "--reason", "wrong price", status=0)
    other = world.control.clone(live["Sale"]["id"], name=HOSTILE, metadata=None)["id"]
    world.write("sale.yaml", sms("Sale", scheduled_time=days_from_now(6)))
    world.write("campaignctl.yaml", PROJECT + COLLISIONS)
    mark = world.mark()
    found = world.run("calendar", "--days", "10", "--format", "json", status=0).json
    assert world.writes(mark) == []
    shown = campaigns(found)
    assert (found["account_read"], len(found["days"])) == (True, 10)
    assert {key: one["held"] for key, one in shown.items() if one["held"]} == {
        "stop": "halted",
        "held": "paused",
    }
    assert "wrong price" in shown["stop"]["halt"]
    sale = [(each["first"][:10], each["standing"]) for each in found["sends"] if each["key"] == "sale"]
    assert sale == [(days_from_now(3)[:10], "outdated"), (days_from_now(6)[:10], "planned")]
    [unmanaged] = [one for one in found["campaigns"] if one["standing"] == "unmanaged"]
    assert (unmanaged["id"], unmanaged["name"]) == (other, HOSTILE)
    assert unmanaged["next"] == days_from_now(3).replace(" ", "T") + "Z"
    near = [each for each in found["collisions"] if each["kind"] == "near"]
    assert [set(each["campaigns"]) for each in near] == [{"daily", unmanaged["id"]}, {"daily", "sale"}]
    for form in ("text", "html", "ics"):
        said = world.run("calendar", "--format", form, status=0)
        assert_clean(said.out, said.err)
        assert "wrong price" in said.out.replace("\n ", "")  # unfolded


def test_without_a_token_manifests_and_state_are_shown(world: World) -> None:
    world.write("daily.yaml", sms("Daily", recurrence={"cron": weekly()}))
    world.environ["OCAMBA_TOKEN"] = ""
    before = world.run("calendar", "--format", "json", status=0).json
    assert before["account_read"] is False
    assert [one["standing"] for one in before["campaigns"]] == ["planned"]
    assert "The account was not read" in before["notes"][0]
    del world.environ["OCAMBA_TOKEN"]
    world.apply()
    world.environ["OCAMBA_TOKEN"] = ""
    (after,) = world.run("calendar", "--format", "json", status=0).json["campaigns"]
    assert (after["standing"], after["read"]) == ("applied", False)
    (world.folder / ".campaignctl/state.json").write_text("{", encoding="utf-8")
    damaged = world.run("calendar", status=0).out
    assert "The state was not read" in damaged
    assert world.run("calendar", "--days", "0").status == 64


def test_a_plan_objects_to_a_collision_and_an_override_lifts_it(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT + COLLISIONS)
    world.write("a.yaml", sms("A", scheduled_time=days_from_now(3, 10)))
    world.write("b.yaml", sms("B", scheduled_time=days_from_now(3, 12)))
    (objection,) = world.plan(status=1)["objections"]
    assert (objection["guardrail"], sorted(objection["keys"])) == ("collisions", ["a", "b"])
    assert world.apply(status=1).json["result"] == "refused"
    world.apply("--override", "collisions")
    world.assert_settled()
    world.write("campaignctl.yaml", PROJECT)
    changed = world.plan("--no-refresh")["settings_changed"]
    assert {(each["path"], each["loosens"]) for each in changed} == {
        ("guardrails.collisions.within", True),
        ("guardrails.collisions.max_per_day", True),
    }


def test_the_page_of_a_plan_shows_its_week(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT + COLLISIONS)
    world.write("old.yaml", sms("Old", scheduled_time=days_from_now(3, 18)))
    world.apply()
    world.write("new.yaml", sms("New", scheduled_time=days_from_now(3, 16)))
    world.run("plan", "-o", "p.json", status=1)
    for page in (world.run("plan", "--format", "html"), world.run("show", "p.json", "--format", "html")):
        part = page.out.partition('<section id="calendar"')[2]
        assert "2 campaigns to everyone within 4h of each other" in part
        assert ".cal-month" in page.out
    world.write("new.yaml", sms("New"))
    assert 'id="calendar"' not in world.run("plan", "--format", "html", status=0).out
