"""Values to render, as the planner and the reconciler make them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from campaignctl.diff import FieldChange, field_changes
from campaignctl.errors import Finding, Source
from campaignctl.plan.model import Action, Blocked, Change, Conflict, Drift, Objection, Plan, Unmanaged
from campaignctl.project.settings import SettingChange
from campaignctl.review.review import Review, review_of, with_previews
from campaignctl.schedule.sends import Sends, sends_of
from campaignctl.schedule.times import iso
from campaignctl.state.ledger import Overridden

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BELGRADE = "Europe/Belgrade"


#: Settings that changed: a looser guardrail, a new override and a stricter guardrail.
SETTINGS = (
    SettingChange("guardrails.max_immediate_sends", 3, 9999, loosens=True),
    SettingChange("overrides", None, {"guardrail": "resend", "keys": ["push/*"]}, loosens=True),
    SettingChange("guardrails.min_lead_time", "10m", "1h", loosens=False),
    SettingChange("ignore", "drafts/*", None, loosens=False),
)


#: A campaign that this change blocks, and two that were blocked before.
BLOCKED = (
    Blocked("push/new", "1", "running", "running", "pause it, or wait"),
    Blocked("push/old", "2", "sent", "already sent", "a new key", before=True),
    Blocked("push/older", "3", "sent", "already sent", "a new key", before=True),
)


def created(key: str, spec: Mapping[str, Any], *, warnings: tuple[str, ...] = ()) -> Change:
    """The creation of a campaign."""
    sends = sends_of(spec, NOW)
    at_once = sends.when == "immediately"
    return Change(
        key=key,
        action=Action.CREATE,
        id=None,
        name=str(spec["name"]),
        reason="not created yet",
        diff=field_changes({}, spec),
        sends=sends,
        arms=sends.when in ("immediately", "scheduled", "recurring"),
        audience=spec.get("targeting") or "everyone",
        undo="never" if at_once else f"until {iso(sends.first)}" if sends.first else "free",
        warnings=warnings,
        spec=spec,
    )


def updated(key: str, *diff: FieldChange) -> Change:
    """The update of a manual campaign."""
    return Change(
        key=key,
        action=Action.UPDATE,
        id="1030978",
        name="Digest",
        reason="changed in the manifest",
        diff=diff,
        sends=sends_of({}, NOW),
        spec={},
    )


def plan(*changes: Change, **fields: Any) -> Plan:
    """A plan of these changes."""
    head = {"created_at": NOW, "project": "acme-crm", "environment": None, "tool_version": "0.1.0"}
    base = {"manifests_digest": "sha256:0", "lineage": None, "serial": 0, "time_zone": BELGRADE}
    place = {"url": "https://api.ocamba.com", "company_id": "6197120", "state": ".campaignctl/state.json"}
    return Plan(**{**head, **base, **place, "changes": changes, **fields})


def reviewed(shown: Plan) -> Review:
    """What a comment shows of a plan."""
    return with_previews(review_of(shown), {})


def hostile_plan(name: str) -> Plan:
    """A plan in which every text from outside is this one."""
    targeting = {name: {"items": [name], "op": name}, "os": name, "custom_properties": {name: name}}
    spec = {
        "name": name,
        "recurrence": {"cron": name},
        "targeting": targeting,
        "metadata": {name: name},
        "labels": [name],
    }
    return plan(
        created("k", {**spec, "recurrence": None}),
        Change(
            name,
            Action.REPLACE,
            name,
            name,
            name,
            diff=(FieldChange(name, name, None), FieldChange(name, None, [name]), FieldChange(name, name, 1)),
            audience=targeting,
            sends=Sends("recurring", (NOW,)),
            undo=f"until {name}",
            warnings=(name,),
            spec=spec,
            moved_from=name,
            conflicts=(Conflict(name, name, name, name),),
        ),
        updated("k", FieldChange("html", f"a\n{name}", f"b\n@{name}")),
        project=name,
        environment=name,
        company_id=name,
        url=name,
        overrides=(name,),
        notes=(name,),
        blocked=(Blocked(name, name, name, name, name),),
        objections=(Objection(name, name, name, (name,)),),
        drift=(Drift(name, name, (FieldChange(name, name, name + "y"),), at=name),),
        lifted=(Overridden(name, (name,), name, name),),
        commit=name,
        state=name,
        settings_changed=(
            SettingChange(name, name, name + "y", loosens=True),
            SettingChange(name, None, {name: [name]}, loosens=False),
        ),
    )


_HTML = (Path(__file__).parent / "data" / "previews" / "newsletter.html").read_text()


def news(html: str = _HTML, subject: str = "Spring is here, ${FIRST_NAME}") -> dict[str, Any]:
    """An email in two languages."""
    email = {
        "sender_name": "Acme",
        "integration_id": "1830",
        "subject": {"en": subject, "de": "Der Frühling ist da"},
        "html": {"en": html, "de": _HTML},
    }
    return {
        "name": "Newsletter",
        "scheduled_time": "2036-12-24 10:00:00",
        "targeting": {"countries": {"items": ["DE", "AT"], "op": "in"}},
        "messages": [{"name": "News", "channel": "email", "email": email}],
    }


def welcome(country: str) -> dict[str, Any]:
    """A push to one country."""
    push = {
        "title": {"en": "Spring sale"},
        "body": {"en": "Everything from 19.90 euros"},
        "landing_url": f"https://shop.example/{country}",
    }
    return {
        "name": f"Welcome {country}",
        "scheduled_time": "2036-03-22 10:00:00",
        "targeting": {"countries": {"items": [country], "op": "in"}},
        "messages": [{"name": "Main", "channel": "push", "push": push}],
    }


FLASH = {
    "name": "Flash",
    "run_immediately": True,
    "messages": [
        {
            "name": "Flash",
            "channel": "sms",
            "sms": {
                "sender_id": "ACME",
                "content": {"en": "Acme: \u201cSpring\u201d is here. acme.example/s"},
            },
        }
    ],
}


def full_plan(**fields: Any) -> Plan:
    """A plan with something in each part of a review."""
    html = _HTML.replace("20 %", "25 %").replace("Sunday", "Saturday")
    subject = "messages/0/email/subject/en"
    update = Change(
        "email/news",
        Action.UPDATE,
        "1030978",
        "Newsletter",
        "the manifest changed",
        diff=(
            FieldChange("messages/0/email/html/en", _HTML, html),
            FieldChange(subject, "Spring is near, ${FIRST_NAME}", "Spring is here, ${FIRST_NAME}"),
            FieldChange("labels", ["a"], ["a", "crm"]),
            FieldChange("score", 3, None),
        ),
        sends=sends_of(news(), NOW),
        spec=news(html),
        audience=news()["targeting"],
        changes_sends=True,
        undo="until 2036-12-24T10:00:00Z",
        source="campaigns/news.yaml:3:1",
        conflicts=(Conflict("score", 3, 5, None),),
        unmanaged=(Unmanaged("quiet_hours", {"from": "22:00"}),),
    )
    own: dict[str, Any] = {
        "settings_changed": SETTINGS,
        "blocked": BLOCKED,
        "objections": (Objection("max_immediate_sends", "1 that sends at once", "0", ("sms/flash",)),),
        "drift": (Drift("push/x", "77", (FieldChange("name", "A", "B"),), at="2026-11-20T10:00:00Z"),),
        "lifted": (Overridden("min_lead_time", ("push/y",), "flash week", "2026-12-24T00:00:00Z"),),
        "notes": ("2 campaigns were missed",),
        "commit": "5f0c9a1d2e3b4c5d6e7f8091a2b3c4d5e6f70819",
        "against": "0123456789abcdef0123456789abcdef01234567",
        "withdrawn": {"push/gone": "sha256:1"},
        "refreshed": False,
        "environment": "production",
        "company_id": None,
        "valid_until": NOW + timedelta(hours=1),
        "unchanged": 12,
        "lint": (
            Finding("error", "SMS002", "it has 2 parts", Source("sms.yaml", 7, 12), "shorten", "sms/flash"),
            Finding("warning", "PRJ001", "no `required_version`", Source("campaignctl.yaml", 1, 1)),
        ),
    }
    return plan(
        created("sms/flash", FLASH, warnings=("sends at once",)),
        *(created(f"push/welcome-{country.lower()}", welcome(country)) for country in ("DE", "FR", "IT")),
        update,
        Change("push/old", Action.CANCEL, "1030", "Old", "no longer declared", undo="never"),
        **(own | fields),
    )
