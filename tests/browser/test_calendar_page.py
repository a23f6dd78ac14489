"""The page of a calendar in a browser: no request, no refusal, readable on a phone and in print."""

from __future__ import annotations

import pytest

from campaignctl.errors import NOWHERE
from campaignctl.render.calendar_html import calendar_page
from tests.browser.conftest import Opener
from tests.render.test_calendar_text import busy, hostile


@pytest.mark.parametrize("width", [390, 1440])
def test_a_page_fits_and_leads_from_the_month_to_the_day(opened: Opener, width: int) -> None:
    tab = opened(calendar_page(busy(), NOWHERE), width=width)
    page = tab.page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.shown(".cal-month caption") == ["October 2026", "November 2026"]
    page.locator(".cal-month a", has_text="61").click()
    assert tab.shown(".cal-day:target h2") == ["Sat 24 Oct 2026"]
    assert "sms/often to everyone 60 runs not applied yet" in tab.shown(".cal-day div")
    page.emulate_media(media="print")
    assert len(tab.shown(".cal-day")) == 6
    assert (tab.said, tab.asked) == ([], [])


def test_hostile_text_is_text(opened: Opener) -> None:
    tab = opened(calendar_page(hostile(), NOWHERE), width=390)
    assert tab.page.locator("img, script, .cal b b").count() == 0
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert (tab.said, tab.asked) == ([], [])
