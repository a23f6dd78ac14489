"""Examples for fields, for editors to show and offer.

Forms and macros are those of the API's documentation (API contract, sections 2 and 8). Every field has two
examples or none: editors insert a single example unasked, and a text inserted by accident may be sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaignctl.campaign.contract import WINNING_METRICS
from campaignctl.campaign.spec import (
    AbTest,
    CampaignSpec,
    Choice,
    Email,
    Message,
    Push,
    PushAction,
    Recurrence,
    RecurrencePattern,
    Sms,
    Targeting,
    UtmTracking,
)
from campaignctl.manifest.document import (
    Document,
    LifecycleDefaults,
    LifecycleMembers,
    MatrixMembers,
    Metadata,
    Moved,
    RemovedMetadata,
    WinnerMembers,
)
from campaignctl.project.file import Environment, ProjectFile, ProjectMetadata
from campaignctl.project.freeze import Freeze
from campaignctl.project.model import (
    ApiSettings,
    Collisions,
    Guardrails,
    Override,
    RateLimit,
    Settle,
    StateSettings,
)

Examples = Mapping[str, tuple[Any, ...]]

_ADDRESSES = ("https://example.com/sale", "https://example.com/${OCMH_CAMPAIGN_ID}")
_PICTURES = ("https://example.com/icon.png", "https://example.com/${var.brand}.png")
_ZONES = ("Europe/Belgrade", "Europe/Berlin", "America/New_York", "UTC")

_BODY: Mapping[type, Examples] = {
    CampaignSpec: {
        "name": ("Spring sale", "Welcome to ${var.brand}"),
        "description": ("Weekly digest of the books department", "Asked for by the legal department"),
        "labels": (["newsletter"], ["newsletter", "books"]),
        "metadata": ({"owner": "crm"}, {"owner": "crm", "brief": 118}),
        "scheduled_time": (
            "2036-12-24 10:00:00",
            "2036-12-24T10:00:00+01:00",
            {"at": "2036-12-24 10:00:00", "tz": "Europe/Belgrade"},
        ),
        "callbacks": (
            {"push": {"on_click": ["https://example.com/clicked"]}},
            {"push": {"on_wokenup": ["https://example.com/woken"]}},
        ),
    },
    AbTest: {
        "name": ("Headline", "Picture"),
        "test_split": (10, 30),
        "winning_metric": WINNING_METRICS,
        "evaluation_window": ("1D", "5D 20H 30M"),
    },
    Recurrence: {"cron": ("30 12 * * 1", "5 4 2 * *")},
    RecurrencePattern: {
        "hour": (8, 12),
        "minute": (0, 30),
        "weekdays": ([1], [1, 2, 3, 4, 5]),
        "months": ([1, 3, 5], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
    },
    UtmTracking: {
        "utm_source": ("${OCMH_UTM_SOURCE}", "crm"),
        "utm_medium": ("${OCMH_UTM_MEDIUM}", "push"),
        "utm_campaign": ("${OCMH_CAMPAIGN_NAME}", "${OCMH_CAMPAIGN_ID}"),
    },
    Targeting: {
        "countries": ({"items": ["DE"], "op": "in"}, {"items": ["DE", "FR", "NO"], "op": "in"}),
        "languages": ({"items": ["de"], "op": "in"}, {"items": ["de", "fr", "no"], "op": "in"}),
        "profile_age": ({"from": 0, "to": 10}, {"from": 30, "to": 365}),
        "custom_properties": (
            {"plan": {"items": ["pro", "enterprise"], "op": "in"}},
            {"favorite_category": {"items": ["books"], "op": "in"}},
        ),
    },
    Choice: {"items": (["DE"], ["DE", "FR", "NO"])},
}

_CONTENT: Mapping[type, Examples] = {
    Message: {
        "name": ("First", "Second"),
        "integration_id": ("${var.email_integration}", "${var.sms_integration}"),
        "primary_lang": ("en", "de", "fr"),
    },
    Push: {
        "title": ({"en": "Hello"}, {"en": "Hello", "de": "Hallo"}),
        "body": ({"en": "Good to see you"}, {"en": "Good to see you", "de": "Schön, dass du da bist"}),
        "image": ({"en": _PICTURES[0]}, {"en": _PICTURES[0], "de": _PICTURES[0]}),
        "icon": _PICTURES,
        "landing_url": _ADDRESSES,
        "badge": _PICTURES,
        "tag": ("news", "${OCMH_CAMPAIGN_ID}"),
        "vibration": ("200", "200,100,200"),
        "ttl": (2400, 86_400),
    },
    PushAction: {"title": ({"en": "Read"}, {"en": "Buy"}), "icon": _PICTURES, "url": _ADDRESSES},
    Email: {
        "sender_name": ("${var.brand}", "Ocamba"),
        "sender_email": ("crm@example.com", "${var.sender}"),
        "subject": ("What is new this week", "${var.brand}: what is new"),
        "preheader": ("Four minutes to read", "New at ${var.brand}"),
        "html": ({"en": {"$file": "welcome.en.html"}}, {"$file": "welcome.{lang}.html"}),
    },
    Sms: {"content": ({"en": "Your parcel is here."}, {"$file": "parcel.{lang}.txt"})},
}

_MARKETS = ({"country": ["DE", "FR"]}, {"country": ["DE", "FR"], "brand": ["acme", "zeta"]})

_LIFECYCLE: Examples = {
    "ignore_changes": (["score"], ["score", "messages/0/priority"]),
    "accept_stored": (["messages/*/email/html"], ["messages/*/email/html", "messages/*/push/landing_url"]),
}

_AROUND: Mapping[type, Examples] = {
    Document: {"matrix": _MARKETS, "adopt": ("1030978", "${matrix.id}")},
    Moved: {"from": ("push/hello", ["push/hello", "hello"], "push/hello[market=${matrix.country}]")},
    MatrixMembers: {
        "include": ([{"country": "CH", "language": "de"}], [{"country": "DE", "hour": "09"}]),
        "exclude": ([{"country": "FR", "brand": "zeta"}], [{"brand": "zeta"}]),
    },
    Metadata: {"key": ("push/welcome", "email/weekly-digest")},
    LifecycleDefaults: _LIFECYCLE,
    LifecycleMembers: {**_LIFECYCLE, "winner": ("First", {"message": "First", "run": 2})},
    WinnerMembers: {"message": ("First", "Second"), "run": (2, 3)},
    RemovedMetadata: {"key": ("push/welcome", "push/welcome[country=DE]")},
}

_ENVIRONMENT: Examples = {
    "time_zone": _ZONES,
    "variables": ({"brand": "Acme"}, {"brand": "Acme", "email_integration": "1830"}),
    "proofs": (
        {"team": {"targeting": {"custom_properties": {"seed": {"items": ["team"], "op": "in"}}}}},
        {"agency": {"targeting": {"custom_properties": {"seed": {"items": ["agency"], "op": "in"}}}}},
    ),
}
_PROJECT: Mapping[type, Examples] = {
    Environment: _ENVIRONMENT,
    ProjectFile: {
        **_ENVIRONMENT,
        "required_version": (">=0.1", ">=0.1,<1"),
        "manifests": (["**/*.yaml", "**/*.yml"], ["campaigns/**/*.yaml"]),
        "ignore": (["drafts/**"], ["**/*.example.yaml"]),
        "allow_env": (["CI_COMMIT_SHA"], ["CI_COMMIT_SHA", "BRAND"]),
        "default_environment": ("production", "staging"),
        "environments": (
            {"staging": {}, "production": {}},
            {"staging": {"variables": {"email_integration": "1831"}}, "production": {}},
        ),
    },
    ProjectMetadata: {"name": ("acme-crm", "acme-shop")},
    RateLimit: {"per_second": (5, 10), "per_minute": (60, 150), "reserve_per_minute": (15, 30)},
    Settle: {
        "waits": (["1s", "4s", "15s"], ["2s", "30s"]),
        "horizon": ("24h", "48h"),
        "repost_after": ("1h", "2h"),
    },
    ApiSettings: {"url": ("https://api.ocamba.com", "http://127.0.0.1:8787"), "timeout": ("30s", "1m")},
    StateSettings: {
        "path": (".campaignctl/state.json", "state/crm.json"),
        "url": ("s3://acme-campaigns/crm", "gs://acme-campaigns/crm", "az://campaigns/crm"),
        "url_env": ("CAMPAIGNCTL_POSTGRES_URL", "CRM_DATABASE_URL"),
        "schema": ("campaignctl", "crm"),
        "name": ("production", "crm-production"),
    },
    Guardrails: {
        "max_destroy_percent": (0, 30),
        "max_immediate_sends": (0, 3),
        "min_lead_time": ("10m", "1h30m"),
        "max_plan_age": ("15m", "1h"),
        "max_sends_per_day": (10, 50),
        "max_arming_changes": (20, 100),
        "max_proofs_per_day": (20, 100),
        "require_labels": (["newsletter"], ["team-*"]),
        "freeze": (
            [{"from": "2036-12-24", "to": "2037-01-01", "reason": "holidays"}],
            [{"cron": "0 22 * * *", "duration": "10h", "scope": "sends"}],
        ),
    },
    Collisions: {"within": ("4h", "1d"), "max_per_day": (1, 2)},
    Freeze: {
        "from": ("2036-12-24", "2036-12-24T18:00:00+01:00"),
        "to": ("2037-01-01", "2037-01-02T08:00:00+01:00"),
        "cron": ("0 22 * * *", "0 18 * * 5"),
        "duration": ("10h", "2d14h"),
        "tz": _ZONES,
        "reason": ("holidays", "no one on call"),
    },
    Override: {
        "keys": (["push/flash-*"], ["push/flash-*", "sms/flash"]),
        "until": ("2036-12-01", "2036-12-01T18:00:00+01:00"),
        "reason": ("flash week", "asked for by sales, CRM-1204"),
    },
}

#: Examples by model and field.
EXAMPLES: Mapping[type, Examples] = {**_BODY, **_CONTENT, **_AROUND, **_PROJECT}
