"""A value of any wrong kind makes a finding, never an exception."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from campaignctl.manifest.compile import CompileInputs, compile_file
from campaignctl.manifest.defaults import NO_DEFAULTS
from campaignctl.manifest.link import link
from campaignctl.project.loader import read_project_file
from campaignctl.project.model import Project
from campaignctl.yamlio.interpolate import Values
from campaignctl.yamlio.reader import read

SPEC: dict[str, Any] = {
    "name": "N ${matrix.country}",
    "labels": ["a"],
    "metadata": {"a": {"b": [1, "x"]}},
    "is_draft": False,
    "scheduled_time": {"at": "2036-12-24 10:00:00", "tz": "Europe/Belgrade"},
    "quiet_hours": {"from": 1},
    "targeting": {
        "countries": {"items": ["DE"], "op": "in"},
        "profile_age": {"from": 0, "to": 10},
        "custom_properties": {"plan": {"items": ["pro"], "op": "in"}},
    },
    "utm_tracking": {"enabled": 1, "utm_source": "x"},
    "callbacks": {"push": {"on_click": ["https://example.com"]}},
    "ab_test": {
        "test_split": 30,
        "winning_metric": "click_rate",
        "evaluation_window": "1D",
        "winner_delivery_mode": "manual",
    },
    "messages": [
        {
            "name": "M",
            "channel": "push",
            "push": {
                "title": {"en": "Hi"},
                "landing_url": "https://example.com",
                "actions": [
                    {"title": {"en": "A"}, "icon": "https://example.com", "url": "https://example.com"}
                ],
            },
        },
        {
            "name": "E",
            "channel": "email",
            "integration_id": "1",
            "email": {
                "sender_name": "A",
                "sender_email": "a@example.com",
                "subject": "S",
                "html": {"en": "<p>"},
            },
        },
        {"name": "S", "channel": "sms", "integration_id": "1", "sms": {"content": {"en": "Hi"}}},
    ],
    "recurrence": {
        "pattern": {"hour": 1, "minute": 2, "weekdays": [1], "months": [2]},
        "cron": "5 4 2 4 4",
    },
}
MANIFEST: dict[str, Any] = {
    "apiVersion": "campaignctl/v1",
    "kind": "Campaign",
    "metadata": {"key": "a"},
    "lifecycle": {"prevent_destroy": True, "on_destroy": "cancel", "ignore_changes": ["score"]},
    "matrix": {"country": ["DE"], "include": [{"country": "FR", "x": "y"}], "exclude": [{"country": "DE"}]},
    "spec": SPEC,
    "extra": {"new": {"a": [1]}},
}
DEFAULTS: dict[str, Any] = {
    "lifecycle": {"on_destroy": "forget"},
    "spec": {"labels": ["a"], "targeting": {"countries": {"items": ["DE"], "op": "in"}}},
    "extra": {"new": {"b": 1}},
    "message": {
        "push": {"priority": 1, "push": {"icon": "https://example.com"}},
        "sms": {"integration_id": "1"},
    },
}
PROJECT: dict[str, Any] = {
    "metadata": {"name": "p"},
    "required_version": ">=0.1",
    "manifests": ["**/*.yaml"],
    "ignore": ["old/**"],
    "account": {"company_id": "1"},
    "time_zone": "Europe/Belgrade",
    "api": {
        "url": "https://api.ocamba.com",
        "timeout": "30s",
        "rate_limit": {"per_second": 10},
        "settle": {"waits": ["1s"], "horizon": "24h"},
        "markers": "on",
    },
    "state": {"backend": "local", "path": "s.json"},
    "variables": {"a": "b"},
    "allow_env": ["HOME"],
    "guardrails": {"max_destroy_percent": 30, "min_lead_time": "10m"},
    "default_environment": "a",
    "environments": {"a": {"variables": {"a": "c"}, "state": {"path": "x.json"}}},
}
STRANGE: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, False, 0, -1, 1.5, 10**30, "", "x", "${var.a}", "${matrix.country}", "${", "{lang}"),
        *([], {}, [[]], [{}], {"": ""}, {"x": None}, {"$file": "a.txt"}, {"$file": ["a"]}, {"$file": None}),
        *([None], ["x", "x"], {"en": "x"}, {"items": [], "op": []}, {"at": 1, "tz": 2}),
    ]
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, child in inner for place in places(child, (*path, name)))]


@st.composite
def altered(draw: st.DrawFn, sound: dict[str, Any]) -> bytes:
    """A sound document with strange values in some of its places."""
    value: Any = {"root": deepcopy(sound)}
    for _ in range(draw(st.integers(0, 2))):
        *path, last = draw(st.sampled_from(places(value)[1:]))
        holder = value
        for part in path:
            holder = holder[part]
        holder[last] = deepcopy(draw(STRANGE))
    return json.dumps(value["root"]).encode()


MANY = settings(max_examples=3 * settings().max_examples)


@MANY
@given(altered(DEFAULTS), altered(MANIFEST))
def test_strange_values_in_manifests_make_findings_or_campaigns(outer: bytes, inner: bytes) -> None:
    above, found_above = read("_defaults.yaml", "_defaults.yaml", outer)
    values = Values({"a": "b"}, {})
    defaults, findings = NO_DEFAULTS.within(above, values)
    desired = link(
        Project("tests", "/"),
        [compile_file("a.yaml", "a.yaml", inner, CompileInputs(values, defaults))],
        findings,
    )
    assert [*found_above, *desired.findings] or desired.campaigns


@MANY
@given(altered(PROJECT))
def test_strange_values_in_a_project_file_make_findings_or_a_project(data: bytes) -> None:
    file, found = read("campaignctl.yaml", "campaignctl.yaml", data)
    value, found = read_project_file(file, "0.1.0")
    assert value is not None or found
