"""The page of a calendar, and the part that other pages show."""

from __future__ import annotations

from html import unescape

from campaignctl.errors import ProjectPlace
from campaignctl.render.calendar_html import calendar_fragment, calendar_page
from tests.plan.planning import MANUAL
from tests.render.test_calendar_text import busy, hostile
from tests.review.calendars import at, cron, declared, drawn


def test_the_page_has_a_strict_policy_and_no_script() -> None:
    page = calendar_page(busy(), ProjectPlace("shop", "live"))
    assert "default-src 'none'; style-src 'nonce-" in unescape(page)
    assert "<script" not in page
    assert "campaignctl -C shop -e live calendar --format json" in page
    assert calendar_page(busy(), ProjectPlace("shop", "live")) == page


def test_a_part_has_no_style_of_its_own_and_says_the_same() -> None:
    part = calendar_fragment(busy(), 2)
    assert "<style" not in part
    assert "<html" not in part
    assert part in calendar_page(busy(), ProjectPlace())


def test_hostile_text_is_escaped() -> None:
    page = calendar_page(hostile(), ProjectPlace())
    assert "<img" not in page
    assert not {"\x1b", "\u202e", "\r"} & set(page)
    assert "&lt;img src=x" in page


def test_a_page_is_bounded_and_counts_the_rest() -> None:
    specs = {f"k{number:04}": at("2026-10-22 10:00:00") for number in range(300)}
    specs |= {f"m{number}": MANUAL for number in range(300)}
    specs["hourly"] = cron("0 * * * *")
    page = calendar_page(drawn(declared(specs), days=120), ProjectPlace())
    assert page.count("<time ") == 2_000
    assert "and 100 more" in page
    assert "more sends are not listed" in page
