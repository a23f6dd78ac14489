"""What the sandbox's pages share: their frame with the clock, tables, and text from outside, escaped.

The pages work without a script. Theirs shows every second what has changed, and keeps the focus on a
button that was pressed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from campaignctl.sandbox.model import STATUSES, Campaign, Send

ADDRESS = "/"
_LONGEST = 100
_CHANNELS = {"push": "Push", "email": "Email", "sms": "SMS"}
_TRIGGERS = {
    "run_immediately": "at once",
    "scheduled_time": "at its time",
    "recurrence": "recurring",
    "winner": "to the rest, by its winner",
}


@dataclass(frozen=True)
class Clock:
    """The time as a stamp, whether the clock is stopped, and when the next campaign sends."""

    now: str
    frozen: bool
    next_send: str | None


@dataclass(frozen=True)
class Row:
    """A campaign, and its status as answers spell it or `deleted`."""

    campaign: Campaign
    status: str


@dataclass(frozen=True)
class Sent:
    """A send of a campaign."""

    campaign: Campaign
    send: Send


def refusal(message: str, campaign_id: str | None, nonce: str) -> str:
    """The page that says why something was not done, with the way back."""
    back = address(campaign=campaign_id) if campaign_id and campaign_id.isdecimal() else ADDRESS
    return page(
        "Not done · Ocamba sandbox",
        nonce,
        f'<main id="main"><h1>Not done</h1><p role="alert">{shown_text(message)}</p>',
        f'<p><a href="{back}">Back</a></p></main>',
    )


def address(**query: object) -> str:
    """The address of a page; what is None or empty is left out, and so is the first page's number."""
    kept = {name: value for name, value in query.items() if value and (name, value) != ("page", 1)}
    return escape(f"{ADDRESS}?{urlencode(kept)}") if kept else ADDRESS


def page(title: str, nonce: str, *parts: str) -> str:
    """A whole page around its parts; without a nonce it has neither styles nor a script."""
    style = f'<style nonce="{nonce}">{_file("page.css")}</style>' if nonce else ""
    script = f'<script nonce="{nonce}">{_file("page.js")}</script>' if nonce else ""
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta name="color-scheme" content="light dark"><title>{escape(title)}</title>',
            f"{style}</head><body>",
            '<a class="sb-skip" href="#main">Skip to the content</a>',
            *parts,
            f"{script}</body></html>\n",
        )
    )


@cache
def _file(name: str) -> str:
    return files("campaignctl.sandbox").joinpath(name).read_text(encoding="utf-8")


def top(clock: Clock, title: str, here: str) -> str:
    """The head of each page: the clock and its buttons, which lead back to this page."""
    stopped = ' <span class="sb-chip">stopped</span>' if clock.frozen else ""
    return (
        f'<header class="sb-top"><div class="sb-title">{title}'
        '<p>A local account: nothing is sent. <span id="connection" role="status"></span></p></div>'
        '<section class="sb-clock" aria-label="Clock">'
        + live("clock", f"<time>{clock.now}</time> GMT{stopped}")
        + _moves(clock, here)
        + f'<form method="post" action="{here}" data-quiet>'
        f'<label>Set to (GMT) <input type="datetime-local" name="set" required'
        f' value="{clock.now[:16].replace(" ", "T")}"></label> <button>Set</button></form>'
        "</section></header>"
    )


def _moves(clock: Clock, here: str) -> str:
    following = (
        f'<button id="next" name="advance" value="next">Next send <small>{clock.next_send}</small></button>'
        if clock.next_send
        else ""
    )
    steps = (f'<button name="advance" value="{step}">+ 1 {step}</button>' for step in ("hour", "day", "week"))
    value, words = ("run", "Let it run") if clock.frozen else ("stop", "Stop the clock")
    stop = f'<button id="stop" name="clock" value="{value}">{words}</button>'
    return (
        f'<form method="post" action="{here}" data-quiet>{live("following", following)}{"".join(steps)}'
        f"{live('running', stop)}</form>"
    )


def live(name: str, content: str, attributes: str = "") -> str:
    """A part of a page that its script keeps up to date."""
    return f'<div id="{name}" data-live{attributes}>{content}</div>'


def section(name: str, title: str, count: int, content: str) -> str:
    """A part with a heading and a count."""
    return (
        f'<section class="sb-part" aria-labelledby="{name}-title">'
        + live(name, f'<h2 id="{name}-title">{title} <small>{count:,}</small></h2>{content}')
        + "</section>"
    )


def newest(shown: int, count: int, name: str) -> str:
    """What a table leaves out, and the place of the control API that has it."""
    if shown == count:
        return ""
    rest = f'<a href="/_sandbox/{name}">All, as JSON</a>'
    return f'<p class="sb-quiet">The newest {shown:,} of {count:,}. {rest}</p>'


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that a phone shows as cards; the roles say that it is still one."""
    body = "\n".join(
        '<tr role="row">'
        + "".join(
            f'<td role="cell" data-head="{head}"><div>{cell}</div></td>'
            for head, cell in zip(heads, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    if not body:
        return '<p class="sb-quiet">Nothing yet.</p>'
    head = "".join(f'<th role="columnheader" scope="col">{name}</th>' for name in heads)
    return (
        f'<table role="table" class="sb-table" aria-label="{caption}"><thead role="rowgroup">'
        f'<tr role="row">{head}</tr></thead><tbody role="rowgroup">{body}</tbody></table>'
    )


def chip(status: str) -> str:
    """A status with its colour."""
    kind = status if status in STATUSES else "other"
    return f'<span class="sb-chip sb-{kind}">{shown_text(status)}</span>'


def why(send: Send) -> str:
    """What set a send off; of a winner also its message."""
    words = shown_text(_TRIGGERS.get(send.trigger, send.trigger))
    messages = _messages(send.body)
    if send.message is None or send.message >= len(messages):
        return words
    return f"{words}: {shown_text(str(messages[send.message].get('name', '')))}"


def link(found: Campaign) -> str:
    """The campaign's name, which leads to its page."""
    return f'<a href="{address(campaign=found.id)}">{shown_text(name_of(found))}</a>'


def name_of(found: Campaign) -> str:
    """The campaign's name, not escaped."""
    return str(found.body.get("name") or "without a name")


def channels(body: Mapping[str, Any]) -> list[str]:
    """The channels of the messages, each once."""
    found = dict.fromkeys(str(each.get("channel")) for each in _messages(body))
    return [_CHANNELS.get(name, name) for name in found]


def _messages(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The messages, also of a body that was changed by hand into something else."""
    found = body.get("messages")
    return [each if isinstance(each, dict) else {} for each in found] if isinstance(found, list) else []


def shown_text(text: str) -> str:
    """Return untrusted text escaped: cut, without invisible characters, its direction isolated."""
    return f"<bdi>{escape(plain(text))}</bdi>" if text else ""


def plain(text: str) -> str:
    """Untrusted text on one line, cut, not escaped."""
    return visible(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")


def visible(text: str) -> str:
    """Untrusted text without what has no shape, such as control and bidirectional characters."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if c != "\n" and unicodedata.category(c)[0] == "C" else c for c in text
    )
