"""An account that was made by hand: campaigns of every documented shape, and of every oddity that we know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.e2e.harness import PROJECT, World, sms, weekly

BODIES = Path(__file__).parents[1] / "campaigns" / "documented"
FAR = "2036-03-22 10:00:00"
#: A project that does not wait for the rate limit, which the sandbox of these tests does not have.
QUICK = PROJECT.replace("timeout: 2s", "timeout: 10s\n  rate_limit: {per_second: 1000, per_minute: 100000}")
Spec = dict[str, Any]

HTML = '<html>\n<head><style>a > b { c: "x" }</style></head>\n<body>\n' + (
    '<p>Hello ${OCMH_APP_NAME}, it\'s "new": <a href="https://example.com/?a=1&b=2">${price}, $${x}</a></p>\n'
    * 6
)


def documented() -> dict[str, Spec]:
    """Every documented body, its date in 2036 and its masked address made usable."""
    bodies: dict[str, Spec] = {}
    for path in sorted(BODIES.glob("*.json")):
        text = path.read_text(encoding="utf-8").replace("[email protected]", "crm@example.com")
        made = json.loads(text)
        if "scheduled_time" in made:
            made["scheduled_time"] = made["scheduled_time"].replace("2026", "2036")
        bodies[path.stem] = made
    return bodies


def body(name: str, **spec: Any) -> Spec:
    """A small SMS."""
    made: Spec = json.loads(sms(name, **spec))["spec"]
    return made


def email(name: str, html: dict[str, str], **spec: Any) -> Spec:
    """A small email."""
    message = {
        "name": "Letter",
        "channel": "email",
        "integration_id": "1830",
        "email": {
            "sender_name": "Acme",
            "sender_email": "CRM@Example.com",
            "subject": f"{name}: read",
            "html": html,
        },
    }
    return {"name": name, "messages": [message], **spec}


def push(name: str, title: dict[str, str], **spec: Any) -> Spec:
    """A small push."""
    content = {"title": title, "body": title, "landing_url": "https://example.com/?a=${OCMH_CLICK_ID}"}
    return {"name": name, "messages": [{"name": "m", "channel": "push", "push": content}], **spec}


def odd() -> dict[str, Spec]:
    """Campaigns whose names, texts and times ask for care."""
    split = {
        "test_split": 30,
        "winning_metric": "click_rate",
        "evaluation_window": "1D",
        "winner_delivery_mode": "manual",
    }
    both = [{**body("x")["messages"][0], "name": name} for name in ("one", "two")]
    both[1]["sms"] = {"content": {"en": "No"}}
    return {
        "same name": body("Welcome", scheduled_time=FAR),
        "same name again": body("welcome ", scheduled_time=FAR, description="twice"),
        "no letters": body("Спасибо 🌸", scheduled_time=FAR),
        "looks like yaml": body("yes: #1 {a} [b] | > & * !", scheduled_time=FAR, labels=["no", "1.10", "on"]),
        "texts": email(
            "Texts", {"en": HTML, "de": HTML + "\u00a0ü\r\n", "pt-BR": "<p>x</p>"}, scheduled_time=FAR
        ),
        "html of one line": email("Short", {"de": "<p>Kurz</p>"}, is_draft=True),
        "blanks": push(
            "Blanks", {"en": " two  blanks ", "de": "line\nbreak\n", "fr": "\ttab"}, scheduled_time=FAR
        ),
        "unicode": push("Unicode", {"en": "n\u0303 \u200b\ufeff \u2028 \U0001f338"}, scheduled_time=FAR),
        "primary": {**push("Primary", {"de": "a", "fr": "b"}, scheduled_time=FAR)},
        "metadata": body("Metadata", scheduled_time=FAR, metadata={"team": "crm", "n": "7", "on": "yes"}),
        "quiet": body("Quiet", scheduled_time=FAR, quiet_hours={"from": "22:00", "to": "07:00"}),
        "everything": body(
            "Everything",
            recurrence={"cron": f"0 10 * * {weekly().split()[-1]}"},
            deal_id="77",
            send_in_profile_time_zone=True,
            send_if_profile_time_passed=True,
            utm_tracking={"enabled": 1, "utm_source": "mine"},
            targeting={"countries": {"items": ["NO", "DE"], "op": "in"}, "os": {"items": ["a"], "op": "x"}},
        ),
        "test": {**body("Test", scheduled_time=FAR), "messages": both, "ab_test": split},
        "by hand": body("By hand"),
        "off": body("Off", scheduled_time=FAR, utm_tracking={"enabled": 0}),
        "draft at a time": body("Draft", is_draft=True, scheduled_time=FAR),
    }


def make(world: World) -> dict[str, str]:
    """Create them all over HTTP. Returns their ids by what they are."""
    made = {name: str(world.control.create(one)["id"]) for name, one in {**documented(), **odd()}.items()}
    paused = str(world.control.create(body("Paused", scheduled_time=FAR))["id"])
    world.control.pause(paused)
    canceled = str(world.control.create(body("Canceled", scheduled_time=FAR))["id"])
    world.control.cancel(canceled)
    return {**made, "paused": paused, "canceled": canceled}
