"""How much each field of the API contract matters: right after a write, before arming, and for the alarm."""

from __future__ import annotations

import pytest

from campaignctl.diff import Weight, holds_arming_back, is_quiet, is_unasked, weight

AIM, CONTENT, OTHER = Weight.AIM, Weight.CONTENT, Weight.OTHER

#: Of a path: its weight, whether it may not come unasked, whether it holds arming back, whether it is quiet.
FIELDS = {
    "scheduled_time": (AIM, True, True, False),
    "recurrence/cron": (AIM, True, True, False),
    "send_in_profile_time_zone": (AIM, True, True, False),
    "send_if_profile_time_passed": (AIM, True, True, False),
    "is_draft": (AIM, True, True, False),
    "run_immediately": (AIM, True, True, False),
    "targeting/countries/items": (AIM, True, True, False),
    "quiet_hours": (AIM, True, True, False),
    "messages": (AIM, False, True, False),
    "messages/0": (AIM, False, True, False),
    "messages/0/channel": (AIM, False, True, False),
    "messages/0/integration_id": (AIM, False, True, False),
    "messages/0/email/sender_name": (AIM, False, True, False),
    "messages/0/email/sender_email": (AIM, False, True, False),
    "messages/0/name": (OTHER, False, False, False),
    "messages/0/priority": (OTHER, False, False, False),
    "messages/0/template_id": (OTHER, False, False, False),
    "messages/0/push/name": (CONTENT, False, True, False),
    "messages/0/push/landing_url": (CONTENT, False, True, False),
    "messages/0/push/title": (CONTENT, False, True, False),
    "messages/0/push/title/en": (CONTENT, True, True, False),
    "messages/0/push/actions/0/title": (CONTENT, False, True, False),
    "messages/0/push/actions/0/title/en": (CONTENT, True, True, False),
    "ab_test/test_split": (CONTENT, False, True, False),
    "callbacks/push/on_click": (CONTENT, False, False, False),
    "utm_tracking/enabled": (CONTENT, False, False, False),
    "deal_id": (CONTENT, False, False, True),
    "name": (OTHER, False, False, False),
    "description": (OTHER, False, False, True),
    "labels": (OTHER, False, False, True),
    "metadata/a": (OTHER, False, False, True),
    "score": (OTHER, False, False, True),
    "max_runs": (OTHER, False, False, False),
}


@pytest.mark.parametrize("path", FIELDS)
def test_how_much_a_field_matters(path: str) -> None:
    assert (weight(path), is_unasked(path), holds_arming_back(path), is_quiet(path)) == FIELDS[path]
