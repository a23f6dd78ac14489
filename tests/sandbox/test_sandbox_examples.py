"""Every documented example is accepted and returned field by field."""

from typing import Any

import pytest

from tests.sandbox.sandbox_account import CAMPAIGNS, EXAMPLES, Account, example

REQUESTS = sorted(path.name for path in EXAMPLES.glob("[0-9]*.json"))
UTM = {
    "utm_source": "${OCMH_UTM_SOURCE}",
    "utm_medium": "${OCMH_UTM_MEDIUM}",
    "utm_campaign": "${OCMH_CAMPAIGN_NAME}",
}


def contains(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return all(name in whole and contains(whole[name], value) for name, value in part.items())
    if isinstance(part, list):
        return len(whole) == len(part) and all(map(contains, whole, part))
    return bool(whole == part)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_documented_example_is_accepted_and_returned(account: Account, name: str) -> None:
    sent = example(name)
    created = account.call("POST", CAMPAIGNS, sent)
    assert created.status == 201, created.body
    expected = {field: value for field, value in sent.items() if field != "run_immediately"}
    assert contains(created.body, expected)
    assert contains(account.read(created.body["id"]), expected)


def test_the_answer_to_an_immediate_create_has_the_documented_fields(account: Account) -> None:
    body = account.call("POST", CAMPAIGNS, example("01-push-immediate.json")).body
    sample = example("response-201.json")
    assert set(body) == set(sample)
    assert set(body["messages"][0]) == set(sample["messages"][0])
    for field in (
        "send_strategy",
        "status",
        "status_code",
        "effective_status",
        "utm_tracking",
        "max_runs",
        "score",
    ):
        assert body[field] == sample[field], field
    assert body["next_run_time"] == body["scheduled_run_times"][0]["time"]


def test_missing_utm_fields_are_filled_in(account: Account) -> None:
    campaign_id = account.create(example("09-email-recurring-utm-off.json"))
    assert account.read(campaign_id)["utm_tracking"] == {"enabled": 0, **UTM}
