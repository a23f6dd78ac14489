"""The page of previews in a browser: it runs nothing, asks for nothing, and works for everyone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from campaignctl.render.preview_html import Room, page
from tests.browser.conftest import DESKTOP, PHONE, Opener, Tab
from tests.render.sample_previews import changes, email, hostile, hostile_html, many, one, push, sms

SERIOUS = ("serious", "critical")


def everything() -> str:
    """A page with each part that there is."""
    before = [push("spring", title="Spring"), email("spring"), sms("gone")]
    after = [push("spring"), push("spring", "ar", title="الربيع"), email("spring"), sms("new")]
    return page(
        changes(before, after), plan=True, title="acme-crm", problems="a.yaml:3:7: error: unknown field"
    )


def serious(tab: Tab, axe: str, *rules: str) -> list[str]:
    """What axe-core finds in the page, by all rules or these; the emails in its frames are not ours."""
    tab.page.evaluate(axe)
    tab.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    found: dict[str, Any] = tab.page.evaluate(
        "(rules) => axe.run(document, {iframes: false, ...(rules.length && {runOnly: rules})})", list(rules)
    )
    return [
        f"{each['id']}: {node['html'][:200]} {node['failureSummary']}"
        for each in found["violations"]
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]


def overflow(tab: Tab) -> list[str]:
    """Elements that reach out of the window to the right."""
    return list(
        tab.page.evaluate(
            "[...document.querySelectorAll('body *')].filter((each) =>"
            " each.getBoundingClientRect().right > innerWidth + 1 && !each.closest('.scroll, pre'))"
            ".map((each) => each.outerHTML.slice(0, 200))"
        )
    )


def focused(tab: Tab) -> str:
    """The element with the focus, which is seen to have it.

    A frame is a process of its own and gives the focus back in its own time: until then it is nowhere.
    """
    words, is_seen = _focused(tab)
    for _ in range(40):
        if is_seen:
            break
        tab.page.wait_for_timeout(50)
        words, is_seen = _focused(tab)
    assert is_seen, words
    return words


def _focused(tab: Tab) -> tuple[str, bool]:
    words, outline = tab.page.evaluate(
        """() => {
            const found = document.activeElement;
            const mark = found.matches("fieldset input") ? found.nextElementSibling : found;
            return [found.matches("input") ? "radio " + found.id
                        : found.localName + " "
                            + (found.title || found.ariaLabel || found.innerText.slice(0, 40)),
                    getComputedStyle(mark).outlineStyle];
        }"""
    )
    if words.startswith("iframe"):
        outlines = [
            frame.evaluate("document.hasFocus() ? getComputedStyle(document.body).outlineStyle : 'none'")
            for frame in tab.page.frames[1:]
        ]
        outline = next((each for each in outlines if each != "none"), "none")
    return re.sub(r"\s+", " ", str(words))[:40].strip(), outline != "none" or words.startswith("main")


# ------------------------------------------------------------------------------------------- safety


def test_hostile_texts_run_nothing_and_ask_for_nothing(opened: Opener, witness: Any) -> None:
    texts = hostile(witness.url)
    shown = page(changes(texts, texts), plan=True, title="<script>", problems="</pre><script>")
    tab = opened(shown)
    frames = [frame for frame in tab.page.frames if frame != tab.page.main_frame]
    assert len(frames) == 8
    tab.page.wait_for_timeout(200)
    assert tab.page.title() == "Changes · <script>"
    assert (tab.said, tab.asked, witness.paths) == ([], [], [])


def test_the_witness_sees_what_a_page_without_care_asks_for(opened: Opener, witness: Any) -> None:
    tab = opened(hostile_html(witness.url).replace("http-equiv=", "data-not="))
    tab.page.wait_for_timeout(100)
    assert tab.page.title() == "run"
    assert len(set(witness.paths)) > 10


def test_a_link_in_an_email_leads_nowhere(opened: Opener, witness: Any) -> None:
    tab = opened(page([email(html=f'<a href="{witness.url}/link" target="_top">Go</a>')]))
    link = tab.page.frames[1].locator("a")
    link.click()
    tab.page.wait_for_timeout(100)
    assert link.get_attribute("title") == f"{witness.url}/link"
    assert (tab.asked, witness.paths, len(tab.page.context.pages)) == ([], [], 1)


# --------------------------------------------------------------------------------------- everyone


def test_axe_finds_nothing_serious_in_light_and_dark(opened: Opener, axe: str) -> None:
    tab = opened(everything())
    assert serious(tab, axe) == []
    tab.page.emulate_media(color_scheme="dark")
    assert serious(tab, axe, "color-contrast") == []
    assert (tab.said, tab.asked) == ([], [])


def test_nothing_reaches_out_of_a_phone(opened: Opener) -> None:
    long = page(
        [push("x" * 120, title="y" * 200, landing_url="https://x.example/" + "z" * 300), email(), sms()]
    )
    for html in (everything(), page(one()), long):
        tab = opened(html, width=PHONE)
        tab.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
        assert overflow(tab) == []


def test_the_page_is_walked_by_keyboard(opened: Opener) -> None:
    tab = opened(page(many(2)))
    for frame in tab.page.frames:
        frame.wait_for_load_state()
    press = tab.page.keyboard.press
    press("Tab")
    assert focused(tab) == "a Skip to the campaigns"
    press("Enter")
    assert focused(tab).startswith("main")
    press("Tab")
    assert focused(tab) == "radio m1-1-1"
    press("ArrowRight")
    assert focused(tab) == "radio m1-1-2"
    assert tab.shown(".campaign:first-child .facts dd")[0].startswith("Der Frühling ist da")
    walked: list[str] = []
    while not walked or walked[-1] != "summary 1 macro":
        press("Tab")
        # A frame may have more than one stop, and passes the focus on in its own time.
        for _ in range(20):
            if (here := focused(tab)) not in walked:
                walked.append(here)
                break
            tab.page.wait_for_timeout(50)
    assert walked == [
        *("summary Addresses", "summary 2 macros", "radio m2-1-1"),
        *("div Desktop width", "iframe Email at desktop width", "iframe Email at phone width"),
        *("summary Text version", "summary 2 links", "summary 3 images", "summary 1 macro"),
    ]


def test_a_language_is_chosen_for_one_message_or_for_all(opened: Opener) -> None:
    tab = opened(page([*one(), *many(1)]))
    title = ".facts div:first-child dd"
    assert tab.shown(title)[0].startswith("Spring is here")
    tab.page.locator("label[for=m1-1-3]").click()
    assert tab.shown(title)[0].startswith("الربيع")
    tab.page.locator("label[for=lang-1]").click()
    assert [text[:11] for text in tab.shown(title)[:2]] == ["Der Frühlin", "Acme Garden"]
    assert len(tab.shown(".variant")) == 4
    assert tab.shown(".absent") == ["This message is not in that language."]
    assert tab.shown(".tabs legend") == []


def test_campaigns_are_filtered_by_channel_in_the_list_and_in_the_index(opened: Opener) -> None:
    tab = opened(page(many(6)))
    tab.page.locator("label[for=only-sms]").click()
    assert tab.shown("h2") == tab.shown("nav li") == ["sms/campaign-002", "sms/campaign-005"]
    tab.page.locator("label[for=only-all]").click()
    assert len(tab.shown("h2")) == 6


def test_campaigns_are_searched_by_key_and_text_in_all_languages(opened: Opener) -> None:
    tab = opened(page(many(6)))
    tab.page.keyboard.press("/")
    tab.page.keyboard.type("EMAIL frühling")
    assert tab.shown("h2") == tab.shown("nav li") == ["email/campaign-001", "email/campaign-004"]
    assert tab.shown("#said") == ["2 of 6"]
    tab.page.locator("#find").fill("nowhere")
    assert tab.shown("#none") == ["No campaign has these words."]
    tab.page.locator("#find").fill("")
    assert len(tab.shown("h2")) == 6
    assert (tab.said, tab.asked) == ([], [])


def test_every_email_of_a_page_can_be_seen(opened: Opener, witness: Any) -> None:
    mails = [email(f"m{number:02}", html=f"<p>Mail {number}</p>") for number in range(30)]
    mails += [email("z", html=hostile_html(witness.url))]
    tab = opened(page(mails, room=Room(emails=2)))
    frames = tab.page.locator("#c30 ~ * iframe")
    assert frames.first.get_attribute("srcdoc") is None
    frames.first.scroll_into_view_if_needed()
    assert tab.page.frame_locator("#c30 ~ * iframe").first.locator("p").inner_text() == "Mail 29"
    tab.page.locator("#c31").scroll_into_view_if_needed()
    tab.page.frame_locator("#c31 ~ * iframe").first.locator("a").first.wait_for()
    # What is far away from the window again costs no memory.
    tab.page.locator("#c1").scroll_into_view_if_needed()
    tab.page.locator("#c30 ~ * iframe:not([srcdoc])").first.wait_for(state="attached")
    assert (tab.said, tab.asked, witness.paths) == ([], [], [])


# ------------------------------------------------------------------------------------------- slow


@pytest.mark.slow
@pytest.mark.parametrize("width", [PHONE, 700, DESKTOP])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_is_accessible_and_fits(opened: Opener, axe: str, width: int, dark: bool) -> None:
    for html in (page(one()), page(many(36)), page([]), everything(), page(hostile("http://127.0.0.1:9"))):
        tab = opened(html, width=width, dark=dark)
        assert serious(tab, axe) == []
        assert overflow(tab) == []
        assert (tab.said, tab.asked) == ([], [])


@pytest.mark.slow
def test_a_thousand_campaigns_open(opened: Opener) -> None:
    tab = opened(page(many(1_000)), seconds=240)
    shown = "[...document.querySelectorAll('nav li')].filter((each) => each.checkVisibility()).length"
    assert tab.page.evaluate(shown) == 1_000
    tab.page.evaluate("document.getElementById('only-sms').checked = true")
    assert tab.page.evaluate(shown) == 333
    assert (tab.said, tab.asked) == ([], [])
