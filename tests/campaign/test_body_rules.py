"""The rules across the fields of a body, one at a time."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from campaignctl.campaign.check import check
from campaignctl.campaign.contract import SYSTEM_MACROS


def push(**fields: Any) -> dict[str, Any]:
    content = {"title": {"en": "Hi"}, "landing_url": "https://example.com"}
    return {"name": "M", "channel": "push", "push": content, **fields}


def sms(**fields: Any) -> dict[str, Any]:
    return {"name": "M", "channel": "sms", "integration_id": "1", "sms": {"content": {"en": "Hi"}}, **fields}


def email(**content: Any) -> dict[str, Any]:
    given = {"sender_name": "A", "sender_email": "a@example.com", "subject": "Hi", "html": {"en": "<p>"}}
    return {"name": "M", "channel": "email", "integration_id": "1", "email": {**given, **content}}


def body(*messages: Any, **fields: Any) -> dict[str, Any]:
    return {"name": "N", "messages": list(messages) or [sms()], **fields}


TEST = {
    "test_split": 30,
    "winning_metric": "click_rate",
    "evaluation_window": "1D",
    "winner_delivery_mode": "manual",
}
PATTERN = {"hour": 1, "minute": 1, "weekdays": [1], "months": [1]}


def codes(value: Any) -> list[tuple[str, str]]:
    return [(problem.severity, problem.code) for problem in check(value)]


@pytest.mark.parametrize(
    "value",
    [
        body(),
        body(push(), sms(), email()),
        body(push(), push(), push(), push(), ab_test=TEST),
        body(sms(), sms(), push(), ab_test={**TEST, "evaluation_window": "5D 20H 30M"}),
        body(recurrence={"pattern": PATTERN}),
        body(recurrence={"cron": "5 4 * * 4"}, run_immediately=False),
        body(is_draft=True, scheduled_time="2036-01-01 00:00:00"),
        body(push(primary_lang="en", priority=3)),
        body(utm_tracking={"enabled": 0}),
        body(utm_tracking={"enabled": True}),
        body(metadata={"a": {"b": [1, None]}}, quiet_hours={}),
    ],
)
def test_a_sound_body_has_no_problems(value: Any) -> None:
    before = copy.deepcopy(value)
    assert check(value) == ()
    assert value == before


@pytest.mark.parametrize(
    ("value", "code", "path"),
    [
        (body(*[push()] * 5, ab_test=TEST), "messages-per-channel", ("messages", 4)),
        (body(push(), push()), "ab-test-missing", ("messages", 1)),
        (
            body(run_immediately=True, scheduled_time="2036-01-01 00:00:00"),
            "execution-option",
            ("scheduled_time",),
        ),
        (
            body(scheduled_time="2036-01-01 00:00:00", recurrence={"cron": "0 0 * * *"}),
            "execution-option",
            ("recurrence",),
        ),
        (body(is_draft=True, run_immediately=True), "draft-sends", ("run_immediately",)),
        (body(labels=["a,b"]), "label", ("labels", 0)),
        (body(labels=[" "]), "label", ("labels", 0)),
        (body(metadata={"campaignctl": "v1"}), "metadata-marker", ("metadata", "campaignctl")),
        (body(recurrence={}), "recurrence", ("recurrence",)),
        (body(recurrence={"cron": "0 0 * * *", "pattern": PATTERN}), "recurrence", ("recurrence", "cron")),
        (body(recurrence={"cron": "0  0 * * *"}), "cron", ("recurrence", "cron")),
        (
            body(recurrence={"pattern": {**PATTERN, "minute": 60}}),
            "range",
            ("recurrence", "pattern", "minute"),
        ),
        (
            body({"name": "M", "channel": "sms", "sms": {"content": {"en": "Hi"}}}),
            "integration-missing",
            ("messages", 0, "integration_id"),
        ),
        (body({"name": "M", "channel": "push"}), "channel-content", ("messages", 0, "push")),
        (body(push(email={})), "channel-content", ("messages", 0, "email")),
        (body(push(primary_lang="de")), "primary-lang", ("messages", 0, "primary_lang")),
        (body(name="x" * 101), "too-long", ("name",)),
        (body(email(preheader="")), "empty", ("messages", 0, "email", "preheader")),
        (body(description=None), "type", ()),
        (body(score="3"), "type", ("score",)),
        (body(status="draft"), "unknown-member", ("status",)),
        ({"name": "N"}, "missing-member", ("messages",)),
    ],
)
def test_a_broken_rule_is_one_error_at_its_path(value: Any, code: str, path: tuple[Any, ...]) -> None:
    errors = [problem for problem in check(value) if problem.severity == "error"]
    assert [(problem.code, problem.path) for problem in errors] == [(code, path)]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (body(ab_test=TEST), "ab-test-unused"),
        (body({"name": "M", "channel": "push", "template_id": "1"}), "template"),
        (
            body({"name": "M", "channel": "sms", "sms": {"content": {"en": "Hi"}}}, is_draft=True),
            "integration-missing",
        ),
    ],
)
def test_a_doubtful_body_has_one_warning(value: Any, code: str) -> None:
    assert codes(value) == [("warning", code)]


def test_system_macros_start_with_ocmh() -> None:
    assert len(SYSTEM_MACROS) == 18
    assert all(name.startswith("OCMH_") for name in SYSTEM_MACROS)
