"""Previews as one self-contained page that asks for nothing: no picture, no font, no script of anyone.

Tabs and filters are radio buttons that style sheets look at. A script searches, and unpacks emails beyond the
first ones when they come near the window; one of `preview --serve` reloads the page after a change. A policy
names each script by its digest, so that no other runs.
"""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING, Any

from campaignctl.content.model import EmailPreview, Preview, PushPreview, PushView
from campaignctl.content.push import views as push_views
from campaignctl.render.mail_html import mail_document, policy
from campaignctl.render.pages import CHANNELS, MARK, digest, printable, script, template

if TYPE_CHECKING:
    from campaignctl.review.preview import Compared

_WIDTHS = ("Desktop", "Phone")
_FAMILIES = {"android": "Android", "ios": "iOS", "desktop": "Desktop"}


@dataclass(frozen=True, slots=True)
class Room:
    """How many emails a page draws, how many letters of html they have together, and how many letters the
    other emails have, packed, which a script draws when they come near the window.

    A browser takes some hundred frames, of which each email has two, and a mailbox some dozen megabytes.
    """

    emails: int = 100
    letters: int = 8_000_000
    packed: int = 6_000_000


ROOM = Room()


@dataclass(frozen=True, slots=True)
class Served:
    """A page that reloads: `version` is what its server says until something changes."""

    version: str


@dataclass(slots=True)
class Card:
    """A push as these devices show it; `devices` are their names by form."""

    view: PushView
    devices: dict[str, list[str]] = field(default_factory=dict)

    @property
    def captions(self) -> list[tuple[str, str]]:
        """Forms and the devices that look so."""
        named = {form.capitalize(): ", ".join(names) for form, names in self.devices.items()}
        if len(named) > 1 and len(set(named.values())) == 1:
            return [("Collapsed and expanded", next(iter(named.values())))]
        return list(named.items())


@dataclass(slots=True)
class Side:
    """A message in one language, before or after a change, and its html for frames if it is drawn: as it is,
    or `packed`, as base64 of zlib."""

    preview: Preview
    frame: str = ""
    packed: str = ""
    cards: dict[str, list[Card]] = field(default_factory=dict)


@dataclass(slots=True)
class Variant:
    """One language of a message; of a plan, before and after it. `number` is that of the language."""

    lang: str
    before: Side | None
    after: Side | None
    change: str = ""
    changed: tuple[str, ...] = ()
    number: int = 0

    @property
    def sides(self) -> list[Side]:
        """The sides that exist."""
        return [side for side in (self.before, self.after) if side]


@dataclass(slots=True)
class Message:
    """One message of a campaign."""

    name: str
    channel: str
    variants: dict[str, Variant] = field(default_factory=dict)


@dataclass(slots=True)
class Campaign:
    """One campaign, in the order of the previews."""

    key: str
    messages: dict[tuple[str, str], Message] = field(default_factory=dict)

    @property
    def channels(self) -> list[str]:
        """The channels of its messages."""
        return [name for name in CHANNELS if any(each.channel == name for each in self.messages.values())]


def page(
    shown: Sequence[Preview] | Sequence[Compared],
    *,
    plan: bool = False,
    title: str = "",
    problems: str = "",
    served: Served | None = None,
    options: Sequence[str] = (),
    room: Room = ROOM,
) -> str:
    """The whole page, of previews or of what a plan changes.

    `problems` is text about what could not be shown. `options` of `preview` lead to the same previews.
    """
    campaigns = campaigns_of(shown)
    languages = sorted({variant.lang for variant in _variants(campaigns)})
    for variant in _variants(campaigns):
        variant.number = languages.index(variant.lang)
    nonce = sha256(repr((shown, plan, title, problems, served)).encode(errors="replace")).hexdigest()[:32]
    _draw(campaigns, nonce, room)
    packed = any(side.packed for variant in _variants(campaigns) for side in variant.sides)
    scripts = ["preview_find.js"] * (packed or len(campaigns) > 1) + ["preview.js"] * (served is not None)
    drawn = template("preview.html").render(
        campaigns=campaigns,
        languages=languages,
        channels={name: _count(campaigns, name) for name in CHANNELS if _count(campaigns, name)},
        tabs=_tabs(campaigns),
        plan=plan,
        widths=_WIDTHS,
        title=title,
        problems=problems,
        served=served,
        options=options,
        nonce=nonce,
        scripts=[script(name) for name in scripts],
        policy=policy(nonce, _scripting(scripts, served)),
    )
    return printable(drawn)


def _scripting(scripts: Sequence[str], served: Served | None) -> str:
    """The directives that let these scripts run, and a served page ask its own server."""
    allowed = f"script-src {' '.join(map(digest, scripts))};" if scripts else ""
    return f"{allowed} connect-src 'self';" if served else allowed


def part(shown: Sequence[Preview], nonce: str, *, options: Sequence[str] = (), room: Room = ROOM) -> str:
    """What `page` shows of one campaign, with its styles, to stand in another page; "" if that is nothing.

    The policy of that page must allow styles with `nonce`, and `style-src-attr 'unsafe-inline'`.
    """
    campaigns = campaigns_of(shown)
    if not campaigns:
        return ""
    _draw(campaigns, nonce, replace(room, packed=0))
    drawn = template("preview_part.html").render(
        campaign=campaigns[0], tabs=_tabs(campaigns), widths=_WIDTHS, options=options, nonce=nonce
    )
    return printable(drawn)


def is_page(beginning: str) -> bool:
    """Whether a file that begins like this is one of these pages."""
    return beginning.startswith("<!doctype html>") and MARK in beginning


def campaigns_of(shown: Sequence[Preview] | Sequence[Compared]) -> list[Campaign]:
    """The messages in the order of their previews, not drawn yet."""
    found: dict[str, Campaign] = {}
    for one in shown:
        campaign = found.setdefault(one.key, Campaign(one.key))
        place = one.message, one.channel
        message = campaign.messages.setdefault(place, Message(*place))
        message.variants[one.lang] = _variant(one)
    return list(found.values())


def _variant(one: Preview | Compared) -> Variant:
    if isinstance(one, Preview):
        return Variant(one.lang, None, Side(one))
    before, after = (Side(preview) if preview else None for preview in (one.before, one.after))
    return Variant(one.lang, before, after, one.change, one.changed)


def _messages(campaigns: Iterable[Campaign]) -> Iterator[Message]:
    return (message for campaign in campaigns for message in campaign.messages.values())


def _variants(campaigns: Iterable[Campaign]) -> Iterator[Variant]:
    return (variant for message in _messages(campaigns) for variant in message.variants.values())


def _count(campaigns: Iterable[Campaign], channel: str) -> int:
    return sum(channel in campaign.channels for campaign in campaigns)


def _tabs(campaigns: Iterable[Campaign]) -> int:
    return max((len(message.variants) for message in _messages(campaigns)), default=0)


def _draw(campaigns: Sequence[Campaign], nonce: str, room: Room) -> None:
    """Fill in the cards, and frames until there is no more room: the first language of each message first."""
    frames, letters, packed = room.emails, room.letters, room.packed
    ranked = [
        (rank, side)
        for message in _messages(campaigns)
        for rank, variant in enumerate(message.variants.values())
        for side in variant.sides
    ]
    for _rank, side in sorted(ranked, key=lambda each: each[0]):
        content = side.preview.content
        if not isinstance(content, EmailPreview):
            draw(side, nonce)
        elif frames and len(content.html) <= letters:
            draw(side, nonce)
            frames, letters = frames - 1, letters - len(side.frame)
        elif packed > 0 and content.html:
            draw(side, nonce)
            # What is sanitised has no lone surrogates.
            pack, side.frame = b64encode(zlib.compress(side.frame.encode())).decode(), ""
            side.packed = pack if len(pack) <= packed else ""
            packed = packed - len(pack) if side.packed else 0


def draw(side: Side, nonce: str) -> None:
    """Fill in the cards of a push, or the frame of an email; `nonce` is that of the page."""
    content = side.preview.content
    if isinstance(content, PushPreview):
        side.cards = _cards(content)
    elif isinstance(content, EmailPreview):
        side.frame = mail_document(content.html, content.html_lang or side.preview.lang, nonce)


def _cards(content: PushPreview) -> dict[str, list[Card]]:
    """What devices show by family; what looks the same shares a card."""
    cards: dict[str, list[Card]] = {}
    for family, views in groupby(sorted(push_views(content), key=_place), key=lambda view: view.family):
        same: dict[Any, Card] = {}
        for view in views:
            card = same.setdefault((view.title, view.body, view.image, view.buttons), Card(view))
            name = f"{view.device} ({view.note})" if view.note else view.device
            card.devices.setdefault(view.form, []).append(name)
        cards[_FAMILIES[family]] = list(same.values())
    return cards


def _place(view: PushView) -> tuple[int, str]:
    return list(_FAMILIES).index(view.family), view.form
