"""Previews as one self-contained page that asks for nothing: no picture, no font, no script of anyone.

The page works without a script: tabs and filters are radio buttons that style sheets look at. Only a page
that `preview --serve` hands out has one, which reloads it after a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from campaignctl.content.model import EmailPreview, Preview, PushPreview, PushView
from campaignctl.content.text import graphemes
from campaignctl.render.escape import escape
from campaignctl.render.mail_html import mail_document, policy

if TYPE_CHECKING:
    from jinja2 import Template

#: What a browser and a mailbox take: the frames of a page, and their html together in characters.
MOST_FRAMES = 400
MOST_HTML = 18_000_000
_WIDTHS = 2

_CHANNELS = {"push": "Push", "email": "Email", "sms": "SMS"}
_FAMILIES = {"android": "Android", "ios": "iOS", "desktop": "Desktop"}
_FIELDS = {
    "push": ("title", "body", "image", "icon", "landing_url", "buttons"),
    "email": ("sender_name", "sender_email", "subject", "preheader", "html"),
    "sms": ("text",),
}


@dataclass(frozen=True, slots=True)
class Served:
    """A page that reloads: `version` is what its server says until something changes."""

    version: str


@dataclass(frozen=True, slots=True)
class Card:
    """A push in one form, as all of these devices show it."""

    devices: tuple[str, ...]
    view: PushView


@dataclass(slots=True)
class Side:
    """A message in one language, before or after a change, and its html for frames if it is drawn."""

    preview: Preview
    frame: str = ""
    cards: dict[str, list[Card]] = field(default_factory=dict)


@dataclass(slots=True)
class Variant:
    """One language of a message. Without pairs only `after` is there."""

    lang: str
    number: int
    before: Side | None = None
    after: Side | None = None

    @property
    def sides(self) -> list[Side]:
        """The sides that exist."""
        return [side for side in (self.before, self.after) if side]

    @property
    def changed(self) -> list[str]:
        """The fields that differ between both sides."""
        if not self.before or not self.after:
            return []
        old, new = self.before.preview.content, self.after.preview.content
        return [
            name.replace("_", " ")
            for name in _FIELDS[self.after.preview.channel]
            if getattr(old, name, None) != getattr(new, name, None)
        ]


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
        return [name for name in _CHANNELS if any(each.channel == name for each in self.messages.values())]


def page(
    previews: Sequence[Preview],
    *,
    before: Sequence[Preview] | None = None,
    title: str = "",
    problems: str = "",
    served: Served | None = None,
    most_frames: int = MOST_FRAMES,
    most_html: int = MOST_HTML,
) -> str:
    """The whole page.

    `before` are the previews of what is applied now: each message then stands next to it, and one that has no
    partner is new or gone. `problems` is text about what could not be shown.
    """
    campaigns = _campaigns(previews, before)
    languages = sorted({variant.lang for variant in _variants(campaigns)})
    for variant in _variants(campaigns):
        variant.number = languages.index(variant.lang)
    nonce = sha256(repr((previews, before, title, problems, served)).encode(errors="replace")).hexdigest()[
        :32
    ]
    _draw(campaigns, nonce, most_frames, most_html)
    return _template().render(
        campaigns=campaigns,
        languages=languages,
        channels={name: _count(campaigns, name) for name in _CHANNELS if _count(campaigns, name)},
        tabs=max((len(message.variants) for message in _messages(campaigns)), default=0),
        compared=before is not None,
        title=title,
        problems=problems,
        served=served,
        nonce=nonce,
        policy=policy(nonce, script=served is not None),
    )


def _campaigns(previews: Sequence[Preview], before: Sequence[Preview] | None) -> list[Campaign]:
    found: dict[str, Campaign] = {}
    for name, each in (("after", previews), ("before", before or ())):
        for preview in each:
            campaign = found.setdefault(preview.key, Campaign(preview.key))
            message = campaign.messages.setdefault(
                (preview.message, preview.channel), Message(preview.message, preview.channel)
            )
            variant = message.variants.setdefault(preview.lang, Variant(preview.lang, 0))
            setattr(variant, name, Side(preview))
    return list(found.values())


def _messages(campaigns: Iterable[Campaign]) -> Iterator[Message]:
    return (message for campaign in campaigns for message in campaign.messages.values())


def _variants(campaigns: Iterable[Campaign]) -> Iterator[Variant]:
    return (variant for message in _messages(campaigns) for variant in message.variants.values())


def _count(campaigns: Iterable[Campaign], channel: str) -> int:
    return sum(channel in campaign.channels for campaign in campaigns)


def _draw(campaigns: Sequence[Campaign], nonce: str, frames: int, room: int) -> None:
    """Fill in the cards, and frames until there is no more room: the first language of each message first."""
    ranked = [
        (rank, side)
        for message in _messages(campaigns)
        for rank, variant in enumerate(message.variants.values())
        for side in variant.sides
    ]
    for _rank, side in sorted(ranked, key=lambda each: each[0]):
        content = side.preview.content
        if isinstance(content, PushPreview):
            side.cards = _cards(content)
        elif isinstance(content, EmailPreview) and frames >= _WIDTHS and _WIDTHS * len(content.html) <= room:
            side.frame = mail_document(content.html, content.html_lang or side.preview.lang, nonce)
            frames, room = frames - _WIDTHS, room - _WIDTHS * len(side.frame)


def _cards(content: PushPreview) -> dict[str, list[Card]]:
    """The views by family; devices that show the same share a card."""
    cards: dict[str, list[Card]] = {}
    for family, views in groupby(sorted(content.views, key=_place), key=lambda view: view.family):
        same: dict[Any, Card] = {}
        for view in views:
            look = (view.form, view.title, view.body, view.image, view.buttons)
            devices = same[look].devices if look in same else ()
            device = f"{view.device} ({view.note})" if view.note else view.device
            same[look] = Card((*devices, device), view)
        cards[_FAMILIES[family]] = list(same.values())
    return cards


def _place(view: PushView) -> tuple[int, str]:
    return list(_FAMILIES).index(view.family), view.form


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("campaignctl.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"srcdoc": _srcdoc, "plain": lambda text: escape(text, None), "short": escape}
    environment.filters |= {"count": lambda text: sum(1 for _ in graphemes(text)), "host": _host}
    environment.globals |= {"channel_names": _CHANNELS}
    return environment.get_template("preview.html")


def _srcdoc(document: str) -> Any:
    """A document as an attribute between single quotes, which only these two characters could end or change.

    Escaping all five would make a page a third larger.
    """
    from markupsafe import Markup

    return Markup(document.replace("&", "&amp;").replace("'", "&#39;"))  # noqa: S704 - escaped right here


def _host(address: str) -> str:
    """The name of the site that a push shows, as far as its address says it."""
    try:
        host = urlsplit(address).hostname
    except ValueError:
        host = None
    return escape(host) if host else "your site"
