"""The sandbox's web page, also with hostile text."""

from __future__ import annotations

import http.client
from urllib.parse import urlencode

from tests.sandbox.sandbox_account import FUTURE, Account, push

HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m&amp;"


def get(
    account: Account, method: str = "GET", body: str = "", path: str = "/", **headers: str
) -> tuple[int, str]:
    connection = http.client.HTTPConnection(account.url.removeprefix("http://"), timeout=10)
    connection.request(method, path, body.encode(), headers)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, text


def press(account: Account, path: str = "/", **fields: str) -> int:
    return get(account, "POST", urlencode(fields), path, Origin=account.url)[0]


def test_the_page_shows_campaigns_and_requests_without_a_token(account: Account) -> None:
    assert "Nothing yet." in get(account)[1]
    campaign = account.create(push("Spring sale", scheduled_time=FUTURE))
    status, text = get(account)
    assert status == 200
    for shown in (campaign, "Spring sale", "scheduled", FUTURE, "POST /v1/hood/campaigns", "201"):
        assert shown in text


def test_the_buttons_move_the_clock_and_send_due_campaigns(account: Account) -> None:
    account.create(push(scheduled_time="2036-01-01 12:00:00"))
    assert press(account, advance="1 hour") == 303
    assert account.control.clock()["now"] == "2036-01-01 01:00:00"
    assert press(account, advance="1 day") == 303
    assert "2036-01-01 12:00:00 (scheduled_time)" in get(account)[1]
    assert press(account, clock="run") == 303
    assert not account.control.clock()["frozen"]
    assert press(account, clock="stop") == 303
    assert account.control.clock()["frozen"]


def test_another_page_cannot_move_the_clock(account: Account) -> None:
    status, _ = get(account, "POST", urlencode({"advance": "1 day"}), Origin="https://example.com")
    assert status == 403
    assert account.control.clock()["now"] == "2036-01-01 00:00:00"


def test_untrusted_text_is_escaped(account: Account) -> None:
    account.create(push(HOSTILE))
    _, text = get(account)
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "&amp;amp;" in text
    assert "\u202e" not in text
    assert "\x1b" not in text


def test_a_campaigns_page_edits_clones_and_deletes_it(account: Account) -> None:
    campaign_id = account.create(push(HOSTILE, scheduled_time=FUTURE))
    page = f"/?campaign={campaign_id}"
    assert f'<a href="{page}">' in get(account)[1]
    status, text = get(account, path=page)
    assert (status, "<script" in text, "\u202e" in text) == (200, False, False)
    assert "landing_url" in text
    assert press(account, page, action="edit", fields='{"messages/0/push/title/en": "New"}') == 303
    assert account.read(campaign_id)["messages"][0]["push"]["title"] == {"en": "New"}
    assert press(account, page, action="clone") == 303
    assert press(account, page, action="pause") == 303
    assert {item["status"] for item in account.list()["items"]} == {"scheduled", "paused"}
    assert press(account, page, action="delete") == 303
    assert account.list()["total"] == 1
    assert get(account, path=page)[0] == 200


def test_a_campaigns_page_says_what_it_cannot_do(account: Account) -> None:
    page = f"/?campaign={account.create(push())}"
    assert press(account, page, action="pause") == 400
    assert press(account, page, action="edit", fields="{") == 400
    assert press(account, page, action="edit", fields="[1]") == 400
    assert get(account, path="/?campaign=1")[0] == 400
    foreign = get(account, "POST", urlencode({"action": "delete"}), page, Origin="https://example.com")
    assert foreign[0] == 403
    assert account.list()["total"] == 1
