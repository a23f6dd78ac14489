"""The sandbox's web page, also with hostile text."""

from __future__ import annotations

import http.client
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from selectolax.lexbor import LexborHTMLParser

from campaignctl.sandbox import Sandbox
from tests.sandbox.sandbox_account import CAMPAIGNS, FUTURE, Account, ab_test, push

HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m&amp;"


def answered(
    account: Account, method: str = "GET", body: str = "", path: str = "/", **headers: str
) -> tuple[http.client.HTTPResponse, str]:
    connection = http.client.HTTPConnection(account.url.removeprefix("http://"), timeout=10)
    connection.request(method, path, body.encode(), headers)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response, text


def get(account: Account, path: str = "/") -> tuple[int, str]:
    response, text = answered(account, path=path)
    return response.status, text


def press(account: Account, path: str = "/", **fields: str) -> int:
    return answered(account, "POST", urlencode(fields), path, Origin=account.url)[0].status


def went_to(account: Account, path: str = "/", **fields: str) -> str:
    """Where a button leads."""
    return answered(account, "POST", urlencode(fields), path)[0].getheader("Location") or ""


def texts(html: str, selector: str) -> list[str]:
    return [" ".join(node.text(separator=" ").split()) for node in LexborHTMLParser(html).css(selector)]


def test_the_page_shows_campaigns_and_requests_without_a_token(account: Account) -> None:
    empty = get(account)[1]
    assert "Nothing yet." in empty
    assert f"export OCAMBA_API_URL={account.url}" in empty
    campaign = account.create(push("Spring sale", scheduled_time=FUTURE))
    status, text = get(account)
    assert status == 200
    assert texts(text, "#campaigns tbody td") == [f"Spring sale {campaign}", "scheduled", "Push", FUTURE, ""]
    assert texts(text, "#requests tbody td")[1:] == ["POST /v1/hood/campaigns Spring sale", "201", ""]


def test_the_log_shows_faults_and_requests_without_an_answer(account: Account) -> None:
    account.control.fault({}, {"kind": "drop"})
    account.control.fault({}, {"kind": "status", "status": 503})
    with pytest.raises(http.client.RemoteDisconnected):
        account.call("GET", CAMPAIGNS)
    account.call("GET", CAMPAIGNS)
    rows = texts(get(account)[1], "#requests tbody tr")
    assert [row.split(" ", 3)[-1] for row in rows] == [
        "/v1/hood/campaigns 503 status",
        "/v1/hood/campaigns no answer drop",
    ]


def test_the_buttons_move_the_clock_and_send_due_campaigns(account: Account) -> None:
    account.create(push(scheduled_time="2036-01-01 12:00:00"))
    assert press(account, advance="hour") == 303
    assert account.control.clock()["now"] == "2036-01-01 01:00:00"
    assert texts(get(account)[1], "#next") == ["Next send 2036-01-01 12:00:00"]
    moved = went_to(account, advance="next")
    assert account.control.clock()["now"] == "2036-01-01 12:00:00"
    shown = get(account, moved)[1]
    assert texts(shown, "#moved") == ["Since 2036-01-01 01:00:00 : 1 sent: Welcome ."]
    assert texts(shown, "#sends tbody td") == ["2036-01-01 12:00:00", "Welcome", "at its time"]
    assert texts(shown, "#next") == []
    assert press(account, advance="next") == 303
    assert went_to(account, "/?status=sent&page=2", advance="day").startswith("/?since=2036-01-01+12")
    assert went_to(account, "/?status=sent", advance="day").endswith("&status=sent")
    assert went_to(account, clock="run") == "/"
    assert not account.control.clock()["frozen"]
    assert press(account, clock="stop") == 303
    assert account.control.clock()["frozen"]


@pytest.mark.parametrize(
    ("text", "now"),
    [("2036-03-22T10:00", "2036-03-22 10:00:00"), ("2035-03-22T10:00:07", "2035-03-22 10:00:07")],
)
def test_the_clock_is_set_as_browsers_write_times(account: Account, text: str, now: str) -> None:
    assert press(account, set=text) == 303
    assert account.control.clock()["now"] == now
    assert press(account, set="tomorrow") == 400


def test_a_clock_that_passes_no_send_says_so(account: Account) -> None:
    assert texts(get(account, went_to(account, advance="week"))[1], "#moved") == [
        "Since 2036-01-01 00:00:00 : nothing was sent."
    ]


def test_what_sends_next_comes_first_and_a_status_is_chosen(account: Account) -> None:
    for name, fields in (
        ("later", {"scheduled_time": FUTURE}),
        ("manual", {}),
        ("soon", {"scheduled_time": "2036-01-02 00:00:00"}),
    ):
        account.create(push(name, **fields))
    shown = get(account)[1]
    assert texts(shown, "#campaigns td:first-child a") == ["soon", "later", "manual"]
    assert texts(shown, "#campaigns nav a") == ["All 3", "manual 1", "scheduled 2"]
    shown = get(account, "/?status=manual")[1]
    assert texts(shown, "#campaigns td:first-child a") == ["manual"]
    assert texts(shown, "#campaigns [aria-current]") == ["manual 1"]
    assert texts(get(account, "/?status=%3Cb%3E")[1], "#campaigns td") == []


@pytest.mark.parametrize(
    ("query", "first", "said"),
    [
        ("", "c119", "1 to 50 of 120"),
        ("?page=3", "c019", "101 to 120 of 120"),
        ("?page=9&status=manual", "c019", "101 to 120 of 120"),
        ("?page=0", "c119", "1 to 50 of 120"),
        ("?page=x", "c119", "1 to 50 of 120"),
    ],
)
def test_many_campaigns_have_pages(account: Account, query: str, first: str, said: str) -> None:
    for number in range(120):
        account.control.create(push(f"c{number:03}"))
    shown = get(account, f"/{query}")[1]
    assert texts(shown, "#campaigns h2") == ["Campaigns 120"]
    assert texts(shown, "#campaigns td:first-child a")[0] == first
    assert texts(shown, "#campaigns nav[aria-label=Pages]")[0].startswith(said)
    assert texts(shown, "nav[aria-label=Pages] a") == ["1", "2", "3"]


def test_long_lists_show_the_newest_and_their_number(account: Account) -> None:
    campaign = account.create(push("Digest", recurrence={"cron": "0 6 * * *"}))
    for _ in range(5):
        press(account, advance="week")
    for path in ("/", f"/?campaign={campaign}"):
        shown = get(account, path)[1]
        assert texts(shown, "#sends h2") == ["Sent 35"]
        assert texts(shown, "#sends tbody td:first-child")[::29] == [
            "2036-02-04 06:00:00",
            "2036-01-06 06:00:00",
        ]
        assert texts(shown, "#sends p") == ["The newest 30 of 35. All, as JSON"]


# ------------------------------------------------------------------------------------------ one campaign


def test_a_campaigns_page_edits_clones_and_deletes_it(account: Account) -> None:
    campaign_id = account.create(push(HOSTILE, scheduled_time=FUTURE))
    page = f"/?campaign={campaign_id}"
    assert f'<a href="{page}">' in get(account)[1]
    status, text = get(account, page)
    assert (status, "\u202e" in text) == (200, False)
    assert "landing_url" in text
    assert press(account, page, action="edit", fields='{"messages/0/push/title/en": "New"}') == 303
    assert account.read(campaign_id)["messages"][0]["push"]["title"] == {"en": "New"}
    assert press(account, page, action="clone") == 303
    assert press(account, page, action="pause") == 303
    assert {item["status"] for item in account.list()["items"]} == {"scheduled", "paused"}
    assert press(account, page, action="delete") == 303
    assert account.list()["total"] == 1
    status, text = get(account, page)
    assert (status, texts(text, "main button"), texts(text, "#state dd")[0]) == (200, [], "deleted")


def test_the_clock_on_a_campaigns_page_leads_back_to_it(account: Account) -> None:
    page = f"/?campaign={account.create(push(scheduled_time=FUTURE))}"
    assert went_to(account, page, advance="next") == page
    assert texts(get(account, page)[1], "#state dd")[0] == "sent"


def test_a_campaigns_page_says_what_it_cannot_do(account: Account) -> None:
    page = f"/?campaign={account.create(push())}"
    assert press(account, page, action="pause") == 400
    assert press(account, page, action="edit", fields="{") == 400
    assert press(account, page, action="edit", fields="[1]") == 400
    assert press(account, page, action="edit", fields="[" * 9_000) == 400
    assert [get(account, path)[0] for path in ("/?campaign=1", f"{page}&send=1", f"{page}&send=x")] == [
        404
    ] * 3
    refused = answered(account, "POST", "action=pause", page)[1]
    assert texts(refused, "[role=alert]") == ["a campaign in status manual cannot be paused"]
    assert texts(refused, "main a") == ["Back"]


@pytest.mark.parametrize(
    ("body", "buttons"),
    [
        (push(), {"start", "draft", "delete", "clone"}),
        (push(scheduled_time=FUTURE), {"start", "pause", "cancel", "draft", "delete", "clone"}),
        (ab_test(), {"start", "draft", "delete", "swap", "clone"}),
    ],
)
def test_a_campaigns_page_offers_what_its_status_allows(
    account: Account, body: dict[str, Any], buttons: set[str]
) -> None:
    page = f"/?campaign={account.create(body)}"
    named = LexborHTMLParser(get(account, page)[1]).css("#actions button")
    assert {button.attributes["value"] for button in named} == buttons


def test_what_was_sent_is_shown_as_it_was(account: Account) -> None:
    campaign_id = account.create(push(scheduled_time=FUTURE))
    page = f"/?campaign={campaign_id}"
    press(account, page, advance="next")
    assert texts(get(account, page)[1], "#sends td") == [FUTURE, "at its time", "as it was sent"]
    account.control.edit(campaign_id, {"messages/0/push/title/en": "Changed"})
    now, then = get(account, page)[1], get(account, f"{page}&send=1")[1]
    assert texts(now, "#sends td")[2] == "as it was sent changed since"
    assert ("Changed" in texts(now, "pre")[0], "Changed" in texts(then, "pre")[0]) == (True, False)


# ----------------------------------------------------------------------------------------------- previews


def drawn_by(draw: Any) -> tuple[int, str, str]:
    """Status, page and nonce for a campaign whose previews are drawn like this."""
    with Sandbox(draw=draw) as sandbox:
        account = Account(sandbox.url)
        response, text = answered(account, path=f"/?campaign={account.create(push())}")
        (nonce,) = re.findall(
            r"script-src 'nonce-([\w-]+)'", response.getheader("Content-Security-Policy") or ""
        )
        return response.status, text, nonce


def test_previews_are_drawn_by_what_the_sandbox_is_given() -> None:
    def draw(campaign_id: str, body: dict[str, Any], nonce: str) -> str:
        return f"<p class='drawn'>{campaign_id} {body['name']} {nonce}</p>"

    status, text, nonce = drawn_by(draw)
    assert (status, texts(text, ".drawn")) == (200, [f"1030978 Welcome {nonce}"])
    assert LexborHTMLParser(text).css("details:not([open]) pre")


def test_a_send_is_drawn_as_it_was_with_the_way_back() -> None:
    with Sandbox(draw=lambda _id, body, _nonce: f"<p class='drawn'>{body['name']}</p>") as sandbox:
        account = Account(sandbox.url)
        campaign_id = account.create(push(run_immediately=True))
        account.control.edit(campaign_id, name="Changed")
        text = get(account, f"/?campaign={campaign_id}&send=1")[1]
        time = account.control.sends()[0]["time"]
    assert texts(text, ".sb-previews h2") == [f"What recipients saw on {time} as it is now"]
    assert texts(text, ".drawn") == ["Welcome"]


def test_what_cannot_be_drawn_is_said_and_shown_as_json() -> None:
    def draw(*_: Any) -> str:
        raise RecursionError(HOSTILE)

    status, text, _ = drawn_by(draw)
    assert status == 200
    assert texts(text, ".sb-previews .sb-note")[0].startswith(
        "This definition cannot be previewed: RecursionError: <script>alert(1)</script>"
    )
    assert "landing_url" in texts(text, "details[open] pre")[0]
    _, text, _ = drawn_by(lambda *_: "")
    assert texts(text, ".sb-previews .sb-note") == ["No message of push, email or SMS: nothing to preview."]


@pytest.mark.parametrize(
    "fields", ['{"name": null}', '{"messages": [{}, "text"]}', '{"messages": {"a": 1}}', '{"name": 7}']
)
def test_a_body_that_was_made_into_something_else_is_shown(account: Account, fields: str) -> None:
    page = f"/?campaign={account.create(push())}"
    assert press(account, page, action="edit", fields=fields) == 303
    assert get(account, page)[0] == get(account)[0] == 200


# ------------------------------------------------------------------------------------------------- safety


def test_untrusted_text_is_escaped(account: Account) -> None:
    campaign = account.create(push(HOSTILE))
    account.control.edit(campaign, status=HOSTILE)
    for path in (
        "/",
        f"/?campaign={campaign}",
        f"/?status={urlencode({'': HOSTILE})[1:]}",
        "/?since=<script>",
    ):
        response, text = answered(account, path=path.replace("<", "%3C").replace(">", "%3E"))
        policy = response.getheader("Content-Security-Policy") or ""
        (nonce,) = re.findall(r"script-src 'nonce-([\w-]{22})'", policy)
        assert "unsafe-inline" not in re.sub(r"style-src-attr [^;]*;", "", policy)
        scripts = LexborHTMLParser(text).css("script")
        assert [script.attributes["nonce"] for script in scripts] == [nonce]
        assert "\u202e" not in text
        assert "\x1b" not in text


def test_the_script_is_answered_without_styles_previews_and_script(account: Account) -> None:
    page = f"/?campaign={account.create(push())}&look=1"
    for path in (page, "/?look=1"):
        response, text = answered(account, path=path)
        assert LexborHTMLParser(text).css("style, script") == []
        assert "nonce" not in (response.getheader("Content-Security-Policy") or "")
    assert went_to(account, page, advance="hour") == page
