"""Push: what each device shows in each form, and the bytes of its payload."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.content.model import PushPreview, PushView
from campaignctl.content.previews import previews
from campaignctl.content.push import views

_TITLE, _BODY = "t" * 60, "b" * 700


def push(**fields: Any) -> PushPreview:
    message = {"channel": "push", "push": fields}
    [preview] = previews("k", {"messages": [message]}, samples={}, langs=["en"])
    assert isinstance(preview.content, PushPreview)
    return preview.content


def view(shown: PushPreview, device: str, form: str) -> PushView:
    return next(each for each in views(shown) if (each.device, each.form) == (device, form))


@pytest.mark.parametrize(
    ("device", "form", "title", "body"),
    [
        ("Android", "collapsed", 49, 49),
        ("Android", "expanded", 49, 597),
        ("Chrome on Android", "collapsed", 35, 50),
        ("Chrome on Windows", "collapsed", 50, 120),
        ("Edge on Windows", "expanded", 50, 120),
        ("Firefox on Windows", "collapsed", 54, 200),
        ("Chrome on macOS", "collapsed", 35, 50),
        ("Safari on macOS", "collapsed", 38, 84),
        ("Firefox on macOS", "collapsed", 38, 42),
    ],
)
def test_each_device_cuts_by_its_own_figures(device: str, form: str, title: int, body: int) -> None:
    shown = view(push(title={"en": _TITLE}, body={"en": _BODY}), device, form)
    assert (len(shown.title.shown), len(shown.body.shown)) == (title, body)
    assert shown.title.cut
    assert shown.body.cut
    assert shown.title.shown.endswith("…")


@pytest.mark.parametrize(
    ("form", "image", "room"),
    [("collapsed", {}, 80), ("collapsed", {"en": "https://a/i.png"}, 65), ("expanded", {}, 160),
     ("expanded", {"en": "https://a/i.png"}, 130)],
)  # fmt: skip
def test_iphone_shows_title_and_body_together(form: str, image: dict[str, str], room: int) -> None:
    shown = view(push(title={"en": "t" * 30}, body={"en": _BODY}, image=image), "iPhone", form)
    assert len(shown.title.shown) + len(shown.body.shown) == room
    assert (shown.title.cut, shown.body.cut) == (False, True)


def test_a_title_that_fills_the_iphone_leaves_no_body() -> None:
    shown = view(push(title={"en": "t" * 90}, body={"en": "hello"}), "iPhone", "collapsed")
    assert (len(shown.title.shown), shown.body.shown, shown.body.cut) == (80, "", True)


def test_only_devices_that_show_pictures_and_buttons_do() -> None:
    actions = [{"title": {"en": "Buy"}, "url": "https://a"}, {"title": {"en": "Later"}, "url": "https://b"}]
    shown = push(title={"en": "t"}, body={"en": "b"}, image={"en": "https://a/i.png"}, actions=actions)
    pictures = {each.device for each in views(shown) if each.form == "expanded" and each.image}
    assert pictures == {
        "Android", "Chrome on Android", "iPhone", "Chrome on Windows", "Edge on Windows", "Chrome on macOS"
    }  # fmt: skip
    without = {each.device for each in views(shown) if each.form == "expanded" and not each.buttons}
    assert without == {"Safari on macOS"}
    assert all(each.buttons == 0 for each in views(shown) if each.form == "collapsed")


def test_lines_of_a_body_stay_only_where_several_are_shown() -> None:
    shown = push(title={"en": "a\nb"}, body={"en": "one\ntwo"})
    assert view(shown, "Android", "collapsed").body.shown == "one two"
    assert view(shown, "Android", "expanded").body.shown == "one\ntwo"
    assert view(shown, "Android", "expanded").title.shown == "a b"


def test_payload_counts_bytes_of_every_field_that_is_sent() -> None:
    small = push(title={"en": "t"}, body={"en": "b"})
    assert small.payload == len(b'{"title":"t","body":"b"}')
    assert push(title={"en": "т"}, body={"en": "b"}).payload == small.payload + 1
    large = push(title={"en": "t"}, body={"en": "b" * 4_000}, tag="sale", renotify=1)
    assert large.payload == small.payload + 3_999 + len(b',"tag":"sale","renotify":1')
    assert large.payload_limit == 3_993


def test_buttons_count_in_the_payload() -> None:
    with_button = push(
        title={"en": "t"}, body={"en": "b"}, actions=[{"title": {"en": "Buy"}, "url": "https://a"}]
    )
    extra = len(b',"actions":[{"title":"Buy","url":"https://a"}]')
    assert with_button.payload == push(title={"en": "t"}, body={"en": "b"}).payload + extra
