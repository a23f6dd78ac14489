"""The report of a plan in a browser: it runs nothing of others, asks for nothing, and works for everyone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from campaignctl.plan.model import Plan
from campaignctl.render.review_html import report
from campaignctl.review.review import review_of, with_previews
from tests.browser.conftest import DESKTOP, Opener
from tests.browser.test_preview_page import focused, overflow, serious
from tests.render.sample_plans import created, full_plan, hostile_plan, plan, welcome
from tests.render.sample_previews import hostile, hostile_html

PHONE = 390
UNFOLD = "document.querySelectorAll('details').forEach((each) => { each.open = true })"


def drawn(of: Plan, **options: Any) -> str:
    return report(with_previews(review_of(of), {"FIRST_NAME": "Ana"}, every=True), **options)


def many(count: int) -> Plan:
    """Campaigns that differ in their texts."""
    changes = []
    for number in range(count):
        spec = welcome(f"C{number}")
        spec["messages"][0]["push"]["title"] = {"en": f"number{number}" * 4}
        changes.append(created(f"push/{number:03}", spec))
    return plan(*changes)


# ------------------------------------------------------------------------------------------- safety


def test_hostile_texts_run_nothing_and_ask_for_nothing(opened: Opener, witness: Any) -> None:
    content = hostile(witness.url)[0].content
    words = getattr(content, "title", "")
    for of in (hostile_plan(words), _hostile_messages(witness.url, words)):
        tab = opened(drawn(of))
        tab.page.evaluate(UNFOLD)
        tab.page.wait_for_timeout(200)
        assert tab.page.title().startswith("Plan · ")
        assert (tab.said, tab.asked, witness.paths) == ([], [], [])
        assert tab.page.locator("script").count() == 1


def _hostile_messages(url: str, words: str) -> Plan:
    """Creates whose messages try everything, in each channel."""
    email = {"sender_name": words, "subject": {"en": words}, "html": {"en": hostile_html(url, words)}}
    push = {"title": {"en": words}, "body": {"en": words}, "landing_url": f"javascript:1//{words}"}
    specs = {
        "email": {"messages": [{"name": words, "channel": "email", "email": email}]},
        "push": {"messages": [{"name": words, "channel": "push", "push": push}]},
        "sms": {"messages": [{"name": words, "channel": "sms", "sms": {"content": {"en": words}}}]},
    }
    return plan(*(created(f"{name}/{words}", {"name": words, **spec}) for name, spec in specs.items()))


def test_no_other_script_runs_even_with_the_nonce(opened: Opener) -> None:
    html = drawn(full_plan())
    nonce = html.split('<style nonce="')[1][:32]
    tab = opened(html.replace("</main>", f"<script nonce={nonce}>document.title='run'</script></main>"))
    assert tab.page.title() == "Plan · acme-crm · production"
    assert len(tab.said) == 1


# ---------------------------------------------------------------------------------------- everyone


def test_axe_finds_nothing_serious_in_light_and_dark(opened: Opener, axe: str) -> None:
    tab = opened(drawn(full_plan(), calendar="<p>A month</p>"))
    assert serious(tab, axe) == []
    tab.page.emulate_media(color_scheme="dark")
    assert serious(tab, axe, "color-contrast") == []
    assert (tab.said, tab.asked) == ([], [])


@pytest.mark.parametrize("width", [PHONE, 820])
def test_nothing_reaches_out_of_the_window(opened: Opener, width: int) -> None:
    equal = plan(*(created(f"push/{'x' * 90}{number}", welcome(f"C{number}")) for number in range(8)))
    for of in (full_plan(), equal, hostile_plan("y" * 200)):
        tab = opened(drawn(of), width=width)
        tab.page.evaluate(UNFOLD)
        assert overflow(tab) == []


def test_changes_are_filtered_and_searched(opened: Opener) -> None:
    tab = opened(drawn(full_plan()))
    names = ".group h3"
    assert len(tab.shown(names)) == 4
    tab.page.locator("label[for=only-on-email]").click()
    assert tab.shown(names) == ["update email/news Newsletter"]
    assert tab.shown("#said") == ["1 of 4 shown"]
    tab.page.locator("label[for=all-2]").click()
    tab.page.keyboard.press("Escape")
    tab.page.locator("h1").click()
    tab.page.evaluate("document.activeElement.blur()")
    tab.page.keyboard.press("/")
    tab.page.keyboard.type("NOON spring")
    assert tab.shown(names) == ["update email/news Newsletter"]
    tab.page.locator("#find").fill("nothing of this")
    assert tab.shown(names) == []
    assert tab.shown("#none") == ["No change has all of these words."]
    tab.page.locator("#find").fill("")
    tab.page.locator("#close").click()
    assert tab.shown(".inside") == []
    tab.page.locator("#open").click()
    assert len(tab.page.locator(".inside").filter(visible=True).all()) == 4


def test_the_page_is_walked_by_keyboard(opened: Opener) -> None:
    tab = opened(drawn(many(5)))
    walked: list[str] = []
    while not walked or not walked[-1].startswith("summary create push/002"):
        tab.page.keyboard.press("Tab")
        walked.append(focused(tab))
    assert walked == [
        *("a Skip to the plan", "a 5 can send afterwards", "a 5 changes"),
        *("radio find", "button Open all", "button Close all"),
        *("summary create push/000 Welcome C0 can s", "summary 9 fields"),
        *("summary create push/001 Welcome C1 can s", "summary create push/002 Welcome C2 can s"),
    ]
    tab.page.keyboard.press("Enter")
    assert "number2" in " ".join(tab.shown("#g3 .facts dd"))


def test_the_page_is_complete_without_its_script(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(drawn(full_plan()), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False, viewport={"width": DESKTOP, "height": 900})
    page = context.new_page()
    page.goto(file.as_uri())
    assert not page.locator("#find").is_visible()
    page.locator("label[for=only-on-email]").click()
    shown = page.locator(".group").filter(visible=True)
    assert shown.count() == 1
    shown.locator("h3").click()
    assert shown.locator(".texts ins").first.is_visible()
    context.close()


def test_what_is_folded_is_printed(opened: Opener) -> None:
    tab = opened(drawn(many(6)))
    tab.page.emulate_media(media="print")
    tab.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(tab.page.locator(".inside").filter(visible=True).all()) == 6
    assert not tab.page.locator(".filters").is_visible()
    tab.page.evaluate("dispatchEvent(new Event('afterprint'))")
    tab.page.emulate_media(media="screen")
    assert len(tab.page.locator(".inside").filter(visible=True).all()) == 1


# --------------------------------------------------------------------------------------------- slow


@pytest.mark.slow
@pytest.mark.parametrize("width", [PHONE, 820, 1440])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_report_is_accessible_and_fits(opened: Opener, axe: str, width: int, dark: bool) -> None:
    for of in (full_plan(), plan(), many(36), hostile_plan("<script>x</script>")):
        tab = opened(drawn(of), width=width, dark=dark)
        assert serious(tab, axe) == []
        assert overflow(tab) == []
        assert (tab.said, tab.asked) == ([], [])


@pytest.mark.slow
def test_five_hundred_changes_are_searched(opened: Opener) -> None:
    tab = opened(drawn(many(500)), seconds=120)
    tab.page.locator("#find").fill("number321")
    assert tab.shown(".group h3") == ["create push/321 Welcome C321"]
    assert (tab.said, tab.asked) == ([], [])
