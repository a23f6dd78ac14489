"""The calendar on a terminal and as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from campaignctl.errors import ProjectPlace
from campaignctl.render.calendar import calendar_json, verdict
from campaignctl.render.calendar_text import calendar_text
from campaignctl.render.escape import columns
from campaignctl.review.calendar import Calendar
from campaignctl.schedule.windows import Window
from tests.golden import Golden
from tests.plan.planning import MANUAL, body, live, record, state, wanted
from tests.review.calendars import GERMANY, NOW, at, cron, declared, drawn, halt

HOSTILE = "a\x1b[2J\u202e<img src=x onerror=alert(1)>@team|`x`\n; BEGIN:VEVENT\r\nEND:VCALENDAR"


def busy() -> Calendar:
    """A calendar with something of everything."""
    specs = {
        "email/news": cron("0 9 * * 4"),
        "push/flash": at("2026-10-22 10:00:00", targeting=GERMANY),
        "push/own-zone": at("2026-10-28 09:00:00", send_in_profile_time_zone=True),
        "sms/often": cron("*/10 8-17 24 10 *"),
        "sms/by-hand": MANUAL,
        "sms/stopped": at("2026-10-30 10:00:00"),
    }
    applied = {"email/news": "1", "push/flash": "2", "sms/stopped": "3"}
    known = state({key: record(specs[key], campaign_id=number) for key, number in applied.items()})
    lives = {key: live(specs[key], campaign_id=number) for key, number in applied.items()}
    lives["sms/stopped"] = live(specs["sms/stopped"], "paused", "3")
    lives["push/flash"] = live(at("2026-10-23 10:00:00", targeting=GERMANY), campaign_id="2")
    night = Window(cron="0 20 24 10 *", length=timedelta(hours=10), tz="UTC", reason="stocktaking")
    return drawn(
        declared(specs),
        known=known,
        lives=lives,
        others=[live(at("2026-10-24 21:00:00"), campaign_id="99", name="Made in the dashboard")],
        halts=halt("sms/stopped"),
        within=timedelta(hours=4),
        most=2,
        freeze=(night,),
        account_read=True,
    )


def hostile(**more: Any) -> Calendar:
    """A calendar with hostile text wherever text comes from outside."""
    targeting = {"custom_properties": {HOSTILE: {"items": [HOSTILE], "op": "in"}}}
    spec = at("2026-10-22 10:00:00", name=HOSTILE, targeting=targeting)
    window = Window(start=NOW, end=NOW + timedelta(days=3), reason=HOSTILE)
    stop = halt("k")
    other = live(spec, HOSTILE, campaign_id=HOSTILE, name=HOSTILE)
    return drawn(
        [wanted(spec, "k"), wanted(body(name=HOSTILE), "hand")],
        known=state({"k": record(spec, HOSTILE, campaign_id="1")}),
        others=[other],
        halts=type(stop)((type(stop.halts[0])("h", ("k",), HOSTILE, HOSTILE, HOSTILE, HOSTILE),)),
        within=timedelta(hours=4),
        most=0,
        freeze=(window,),
        notes=(HOSTILE,),
        **more,
    )


def test_a_month_and_the_list(golden: Golden) -> None:
    text = calendar_text(busy(), color=False, width=80, place=ProjectPlace("shop", "live"))
    assert max(map(columns, text.splitlines())) <= 80
    golden("busy", text)


def test_colour_only_on_request_and_nothing_but_colour() -> None:
    plain = calendar_text(busy(), color=False)
    painted = calendar_text(busy(), color=True)
    assert "\x1b" not in plain
    assert "\x1b[1m" in painted
    assert re.sub("\x1b\\[[0-9;]*m", "", painted) == plain


def test_an_empty_calendar() -> None:
    text = calendar_text(drawn([]), color=False)
    assert text.startswith("acme-crm: 0 sends. Tue 20 Oct 2026 to Mon 2 Nov 2026, Europe/Belgrade.\n")
    assert "There are no sends in these days." in text


def test_days_without_a_send_name_the_first_one_after_them() -> None:
    specs = {"push/late": at("2036-12-24 10:00:00"), "push/soon": at("2036-03-22 10:00:00")}
    said = verdict(drawn(declared(specs), zone="UTC"))
    assert "0 sends" in said
    assert said.endswith("Next after them: Sat 22 Mar 2036 10:00 GMT: push/soon.")
    assert "Next after" not in verdict(drawn(declared({**specs, "push/now": at("2026-10-21 10:00:00")})))
    assert "Next after" not in verdict(drawn([]))


def test_a_long_list_is_cut_counted_and_names_the_command() -> None:
    specs = {f"k{number:03}": at("2026-10-22 10:00:00") for number in range(300)}
    specs |= {f"m{number:03}": MANUAL for number in range(300)}
    specs["daily"] = cron("* * * * *")
    text = calendar_text(drawn(declared(specs), days=366), color=False, place=ProjectPlace("shop"))
    assert len(text.splitlines()) < 260
    assert "  and 288 more" in text
    assert re.search(r"\nand 52\d,\d{3} later sends\n", text)
    assert text.endswith("To see everything:\n  campaignctl -C shop calendar --format json\n")


def test_collisions_that_the_calendar_leaves_out_are_counted() -> None:
    text = calendar_text(replace(busy(), unlisted_collisions=1_234), color=False)
    assert "acme-crm: 65 sends, 2 held back or not up to date, 1,237 collisions" in text
    assert "\n  and 1,234 more\n" in text


def test_hostile_text_is_escaped() -> None:
    text = calendar_text(hostile(), color=False)
    assert not {"\x1b", "\u202e", "\r", "\x00"} & set(text)
    assert "\\u001b" in text
    assert "\nEND:VCALENDAR" not in text


def test_json_has_everything() -> None:
    document = json.loads(json.dumps(calendar_json(busy())))
    flash = [each for each in document["sends"] if each["key"] == "push/flash"]
    assert [(each["first"], each["standing"]) for each in flash] == [
        ("2026-10-22T10:00:00Z", "planned"),
        ("2026-10-23T10:00:00Z", "outdated"),
    ]
    assert sum(day["sends"] + day["held"] for day in document["days"]) == sum(
        each["count"] for each in document["sends"]
    )
    assert {each["key"]: each["undated"] for each in document["campaigns"]}["sms/by-hand"] == "by hand"
    assert [each["kind"] for each in document["collisions"]] == ["near", "many", "near"]
    assert document["clock_changes"] == [{"at": "2026-10-25T01:00:00Z", "before": 120, "after": 60}]
    assert document["freezes"][0] == {
        "start": "2026-10-24T20:00:00Z",
        "end": "2026-10-25T06:00:00Z",
        "kind": "deny",
        "scope": "both",
        "reason": "stocktaking",
    }
