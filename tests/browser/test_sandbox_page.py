"""The sandbox's page in a browser: clicked, followed by keyboard, and with texts that attack it."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from campaignctl.cli.commands.sandbox import drawing
from campaignctl.sandbox import Sandbox, Switches
from tests.browser.conftest import DESKTOP, Opener, Tab
from tests.browser.test_preview_page import overflow, serious
from tests.cli.cli_process import ROOT, Cli
from tests.render.sample_previews import hostile_html
from tests.sandbox.sandbox_account import FUTURE, Account, push

PHONE = 390
SMS = {"name": "Text", "channel": "sms", "integration_id": "1", "sms": {"content": {"en": "Hello you"}}}


@pytest.fixture
def account() -> Iterator[Account]:
    """An account at a sandbox with previews, its clock stopped at the start of 2036."""
    with Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0), draw=drawing({})) as sandbox:
        fresh = Account(sandbox.url)
        fresh.control.freeze()
        fresh.control.set_clock("2036-01-01 00:00:00")
        yield fresh


def email(html: str, **fields: Any) -> dict[str, Any]:
    content = {"sender_name": "A", "sender_email": "a@shop.example", "subject": "S", "html": {"en": html}}
    message = {"name": "Letter", "channel": "email", "integration_id": "1", "email": content}
    return {**push(**fields), "messages": [message]}


def everything(account: Account, campaigns: int) -> str:
    """An account with each part that a page has; the address of a campaign with each channel."""
    for number in range(campaigns):
        account.create(push(f"Campaign {number}", scheduled_time=FUTURE))
    both = {**push("All"), "messages": [*push()["messages"], *email("<p>Dear</p>")["messages"], SMS]}
    campaign = account.create({**both, "run_immediately": True})
    account.control.fault({}, {"kind": "status", "status": 500})
    account.call("GET", "/v1/hood/campaigns")
    return f"{account.url}/?campaign={campaign}"


# ---------------------------------------------------------------------------------------- the whole way


def test_the_sample_project_is_applied_seen_and_sent(opened: Opener, tmp_path: Path) -> None:
    """A sandbox as a process, an apply in another, and a person who looks and moves the clock."""
    shutil.copytree(ROOT / "campaigns", tmp_path / "campaigns", ignore=shutil.ignore_patterns(".campaignctl"))
    cli = Cli(tmp_path)
    process = cli.start("sandbox", "--port", "0", stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        url = process.stdout.readline().split()[4]
        tab = opened(at=f"{url}/")
        expect(tab.page.locator("#campaigns pre")).to_contain_text(f"export OCAMBA_API_URL={url}")
        applied = cli.with_env(OCAMBA_API_URL=url, OCAMBA_TOKEN="sandbox")(
            *("-C", "campaigns", "apply", "--auto-approve")
        )
        assert applied.status == 0, applied.err
        # The page follows by itself.
        expect(tab.page.locator("#campaigns tbody tr")).to_have_count(11)
        expect(tab.page.locator("#sends tbody tr")).to_have_count(2)
        tab.page.get_by_role("link", name="New Year Email Campaign").first.click()
        expect(tab.page.frame_locator("iframe").first.locator("body")).to_contain_text("Happy New Year!")
        tab.page.get_by_role("link", name="All campaigns").click()
        tab.page.get_by_label("Set to (GMT)").fill("2036-01-02T00:00")
        tab.page.get_by_role("button", name="Set", exact=True).click()
        expect(tab.page.locator("#clock time")).to_contain_text("2036-01-02 00:00")
        expect(tab.page.locator("#moved")).to_contain_text("New Year Email Campaign")
        row = tab.page.locator("#campaigns tr", has_text="New Year Email Campaign")
        expect(row.locator(".sb-chip")).to_have_text("sent")
        tab.page.locator("#next").click()
        expect(tab.page.locator("#clock time")).not_to_contain_text("2036-01-02 00:00")
        expect(tab.page.locator("#sends tbody tr").first).to_contain_text("recurring")
        assert tab.said == []
        process.send_signal(signal.SIGINT)
        process.wait(10)
        expect(tab.page.locator("#connection")).to_have_text("The sandbox has stopped.")
        # A button that nothing answers leaves the page as it is.
        tab.page.locator("#next").click()
        tab.page.wait_for_timeout(200)
        expect(tab.page.locator("#connection")).to_have_text("The sandbox has stopped.")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


# ----------------------------------------------------------------------------------------- by hand and eye


def test_a_button_keeps_the_focus_and_what_is_typed_stays(account: Account, opened: Opener) -> None:
    tab = opened(at=f"{account.url}/")
    press, date = tab.page.keyboard.press, tab.page.get_by_label("Set to (GMT)")
    press("Tab")
    press("Enter")
    assert tab.page.evaluate("document.activeElement.id") == "main"
    date.fill("2036-07-01T10:00")
    tab.page.get_by_role("button", name="+ 1 day").focus()
    for day in ("2036-01-02", "2036-01-03"):
        press("Enter")
        expect(tab.page.locator("#clock time")).to_have_text(f"{day} 00:00:00")
    account.create(push("New", scheduled_time=FUTURE))
    tab.page.locator("#stop").focus()
    press("Enter")
    expect(tab.page.locator("#stop")).to_have_text("Stop the clock")
    expect(tab.page.locator("#stop")).to_be_focused()
    expect(tab.page.get_by_role("link", name="New")).to_be_visible()
    assert date.input_value() == "2036-07-01T10:00"
    assert tab.said == []


def test_a_campaigns_page_keeps_its_tabs_and_is_drawn_again_when_it_changes(
    account: Account, opened: Opener
) -> None:
    title = {"en": "Hello", "de": "Hallo"}
    campaign = account.create(push(scheduled_time=FUTURE))
    account.control.edit(campaign, {"messages/0/push/title": title})
    tab = opened(at=f"{account.url}/?campaign={campaign}")
    tab.page.locator("fieldset label", has_text="de").click()
    account.control.pause(campaign)
    expect(tab.page.locator("#state .sb-chip")).to_have_text("paused")
    assert tab.shown(".facts dd")[0].startswith("Hallo")
    account.control.edit(campaign, {"messages/0/push/title/en": "Good day"})
    expect(tab.page.locator(".facts dd").first).to_contain_text("Good day")
    tab.page.get_by_role("button", name="Pause").wait_for(state="detached")
    tab.page.get_by_role("button", name="Resume").click()
    expect(tab.page.locator("#state .sb-chip")).to_have_text("scheduled")
    assert tab.said == []


def test_nothing_reaches_out_of_a_phone_and_axe_finds_nothing_serious(
    account: Account, opened: Opener, axe: str
) -> None:
    account.control.edit(account.create(push(scheduled_time=FUTURE)), name="x" * 300)
    for address in (everything(account, campaigns=2), f"{account.url}/"):
        tab = opened(at=address, width=PHONE)
        assert overflow(tab) == []
        assert serious(tab, axe) == []
        tab.page.emulate_media(color_scheme="dark")
        assert serious(tab, axe, "color-contrast") == []
        assert tab.said == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [PHONE, 820, DESKTOP])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_is_accessible_and_fits(
    account: Account, opened: Opener, axe: str, width: int, dark: bool
) -> None:
    tab = opened(at=f"{account.url}/", width=width, dark=dark)
    assert (serious(tab, axe), overflow(tab)) == ([], [])
    one = everything(account, campaigns=60)
    for address in (f"{account.url}/", f"{account.url}/?page=2", one, f"{one}&send=1"):
        tab = opened(at=address, width=width, dark=dark)
        assert serious(tab, axe) == []
        assert overflow(tab) == []


# ------------------------------------------------------------------------------------------------- safety


def test_hostile_names_and_bodies_run_nothing(account: Account, opened: Opener, witness: Any) -> None:
    attack = (
        "</title></style></script><script>document.title='run'</script>"
        f"<img src={witness.url}/n onerror=alert(1)>"
    )
    campaign = account.create(email(hostile_html(witness.url), run_immediately=True))
    account.control.edit(campaign, {"name": attack, "messages/0/name": attack}, status=attack)
    for path in ("/", f"/?campaign={campaign}"):
        tab = opened(at=account.url + path)
        tab.page.wait_for_timeout(100)
        assert tab.page.title() != "run"
        assert tab.said == []
        assert all(address.startswith(account.url) for address in tab.asked)
    assert witness.paths == []


def test_a_page_of_another_address_gets_and_changes_nothing(account: Account, opened: Opener) -> None:
    campaign = account.create(push(scheduled_time=FUTURE))
    target = f"{account.url}/_sandbox/campaigns/{campaign}/start"
    tab: Tab = opened(
        f"<iframe src='{account.url}/'></iframe>"
        f"<form method=post action='{target}'><button>Go</button></form>"
        f"<script>fetch('{account.url}/_sandbox/reset', {{method: 'POST', mode: 'no-cors'}})</script>"
    )
    tab.page.wait_for_timeout(300)
    assert [frame.url for frame in tab.page.frames[1:]] == ["chrome-error://chromewebdata/"]
    with tab.page.expect_response(target) as answer:
        tab.page.get_by_role("button").click()
    assert answer.value.status == 403
    assert account.read(campaign)["status"] == "scheduled"
