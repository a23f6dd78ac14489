"""A campaign's page in the sandbox: what recipients see, what was sent, and the dashboard's buttons."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape

from campaignctl.sandbox.model import Campaign, JsonObject
from campaignctl.sandbox.page_parts import (
    ADDRESS,
    Clock,
    Row,
    address,
    channels,
    chip,
    live,
    name_of,
    newest,
    page,
    plain,
    section,
    shown_text,
    table,
    top,
    visible,
    why,
)

_MOST_SENDS = 30
_ACTIONS = {"start": "Send now", "draft": "Make it a draft", "swap": "Swap names of messages"}


@dataclass(frozen=True)
class Drawing:
    """Previews as HTML, or why there are none; without both they were not asked for."""

    html: str = ""
    note: str = ""


@dataclass(frozen=True)
class One:
    """A campaign's page.

    `actions` are those that the campaign allows. `body` is the definition that is shown: the campaign's, or
    that of a send, whose number `send` counts from 1.
    """

    clock: Clock
    row: Row
    strategy: str
    actions: tuple[str, ...]
    body: JsonObject
    send: int | None
    drawing: Drawing


def campaign_page(one: One, nonce: str) -> str:
    """The page of one campaign."""
    found, here = one.row.campaign, address(campaign=one.row.campaign.id)
    return page(
        f"{plain(name_of(found))} · Ocamba sandbox",
        nonce,
        top(one.clock, f'<p class="sb-brand"><a href="{ADDRESS}">Ocamba sandbox</a></p>', here),
        f'<main id="main" tabindex="-1" data-content="{_digest(one.body)}">',
        f'<p><a href="{ADDRESS}">All campaigns</a></p>',
        f'<section class="sb-part"><h1>{shown_text(name_of(found))}</h1>',
        live("state", _facts(one)),
        live("actions", _actions(one.actions, here)),
        "</section>",
        _previews(one, here),
        section("sends", "Sent", len(found.sends), _own_sends(found)),
        _definition(one, here),
        "</main>",
    )


def _digest(body: JsonObject) -> str:
    """What tells one definition from another."""
    return sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]


def _facts(one: One) -> str:
    found = one.row.campaign
    facts = {
        "Status": chip(one.row.status),
        "ID": found.id,
        "Channels": shown_text(", ".join(channels(found.body))),
        "Strategy": shown_text(one.strategy),
        "Next send": f"{found.next_run} GMT" if found.next_run else "none",
        "Created": f"{found.create_time} GMT",
        "Updated": f"{found.update_time} GMT",
    }
    rows = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts.items())
    return f'<dl class="sb-facts">{rows}</dl>'


def _actions(actions: Sequence[str], here: str) -> str:
    if not actions:
        return ""
    words = {name: _ACTIONS.get(name, name.capitalize()) for name in actions}
    buttons = "".join(
        f'<button id="do-{name}" name="action" value="{name}">{said}</button>' for name, said in words.items()
    )
    return f'<form method="post" action="{here}" class="sb-actions">{buttons}</form>'


def _previews(one: One, here: str) -> str:
    """What recipients see, or what they saw of a send; "" if it was not asked for."""
    drawing, title = one.drawing, "What recipients see"
    if not drawing.html and not drawing.note:
        return ""
    if one.send:
        now = f'<small><a href="{here}">as it is now</a></small>'
        title = f"What recipients saw on {one.row.campaign.sends[one.send - 1].time} {now}"
    note = f'<p class="sb-note">{shown_text(drawing.note)}</p>' if drawing.note else ""
    return f'<section class="sb-part sb-previews"><h2>{title}</h2>{note}{drawing.html}</section>'


def _own_sends(found: Campaign) -> str:
    heads = ("Sent (GMT)", "Why", "What")
    numbered = list(enumerate(found.sends, start=1))[: -_MOST_SENDS - 1 : -1]
    rows = (
        (
            send.time,
            why(send),
            f'<a href="{address(campaign=found.id, send=number)}">as it was sent</a>'
            + ("" if send.body == found.body else " <small>changed since</small>"),
        )
        for number, send in numbered
    )
    return table("Sent", heads, rows) + newest(len(numbered), len(found.sends), "sends")


def _definition(one: One, here: str) -> str:
    """The definition as JSON, open where nothing else shows it, and a form that changes it."""
    text = json.dumps(one.body, indent=2, ensure_ascii=False)
    return (
        f'<section class="sb-part"><details{"" if one.drawing.html else " open"}>'
        f'<summary>Definition as JSON</summary><pre tabindex="0">{escape(visible(text))}</pre></details>'
        f"{_change(here) if one.actions else ''}</section>"
    )


def _change(here: str) -> str:
    return (
        "<details><summary>Change it, as in the dashboard</summary>"
        "<p>JSON: objects are merged, null removes, a name may be a path such as"
        " <code>messages/0/push/title/de</code>.</p>"
        f'<form method="post" action="{here}">'
        '<textarea name="fields" rows="6" aria-label="Change, as JSON">{}</textarea>'
        '<button name="action" value="edit">Change</button></form></details>'
    )
