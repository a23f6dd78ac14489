"""What rules look at: a campaign, its messages, and their texts and links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, NamedTuple

from campaignctl.campaign.problem import KeyPath
from campaignctl.campaign.spec import LOCALISED
from campaignctl.lint.markup import Markup, markup_of
from campaignctl.manifest.model import DesiredCampaign

Kind = Literal["line", "text", "html"]
#: Texts of each channel by language, and what they are.
_BY_LANGUAGE: Mapping[str, tuple[tuple[str, Kind], ...]] = {
    "push": (("title", "line"), ("body", "text")),
    "email": (("html", "html"),),
    "sms": (("content", "text"),),
    "adex": (),
}
#: Texts of each channel that are the same in all languages.
_SINGLE = {"email": ("sender_name", "subject", "preheader")}


class Text(NamedTuple):
    """One text that recipients read. `lang` is None for a text that is the same in all languages; `spoken` is
    the language that it must then be in, if it is known."""

    path: KeyPath
    text: str
    lang: str | None
    kind: Kind
    spoken: str | None

    @property
    def markup(self) -> Markup:
        """The markup of an html text."""
        return markup_of(self.text)

    @property
    def read(self) -> str:
        """The text that is read; of html what is not markup, in its places."""
        return self.markup.text if self.kind == "html" else self.text


@dataclass(frozen=True, slots=True)
class Link:
    """An address that a message opens or loads. `offset` is its place in an html text."""

    path: KeyPath
    url: str
    offset: int | None = None


class Message:
    """One message of a campaign, `path` is its path in the body."""

    def __init__(self, campaign: Campaign, index: int, body: Mapping[str, Any]) -> None:
        self.campaign = campaign
        self.body = body
        self.index = index
        self.path: KeyPath = ("messages", index)
        self.channel: str = body.get("channel", "")
        self.content: Mapping[str, Any] = body.get(self.channel) or {}
        self.inner: KeyPath = (*self.path, self.channel)

    @property
    def primary_lang(self) -> str:
        """The language of texts that have none of their own."""
        return str(self.body.get("primary_lang", "en"))

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Every language of the content, in order of appearance."""
        fields = (self.content.get(name) or () for name in LOCALISED.get(self.channel, ()))
        return tuple(dict.fromkeys(lang for texts in fields for lang in texts))

    @cached_property
    def texts(self) -> tuple[Text, ...]:
        """Every text that recipients read."""
        return tuple(self._texts())

    def _texts(self) -> Iterator[Text]:
        only = self.languages[0] if len(self.languages) == 1 else None
        for name in _SINGLE.get(self.channel, ()):
            if text := self.content.get(name):
                yield Text((*self.inner, name), text, None, "line", only)
        for name, kind in _BY_LANGUAGE.get(self.channel, ()):
            for lang, text in (self.content.get(name) or {}).items():
                yield Text((*self.inner, name, lang), text, lang, kind, lang)
        for index, button in enumerate(self.content.get("actions") or ()):
            for lang, text in (button.get("title") or {}).items():
                yield Text((*self.inner, "actions", index, "title", lang), text, lang, "line", lang)

    @cached_property
    def addresses(self) -> tuple[Link, ...]:
        """The addresses of a push: where it leads, and its pictures."""
        return tuple(self._addresses()) if self.channel == "push" else ()

    def _addresses(self) -> Iterator[Link]:
        for name in ("landing_url", "icon", "badge"):
            if url := self.content.get(name):
                yield Link((*self.inner, name), url)
        for lang, url in (self.content.get("image") or {}).items():
            yield Link((*self.inner, "image", lang), url)
        for index, button in enumerate(self.content.get("actions") or ()):
            for name in ("url", "icon"):
                if url := button.get(name):
                    yield Link((*self.inner, "actions", index, name), url)

    @cached_property
    def anchors(self) -> tuple[Link, ...]:
        """The links of an email: the address of every `<a>` and `<area>`."""
        return tuple(
            Link(text.path, attributes["href"].value, attributes["href"].offset)
            for text in self.texts
            if text.kind == "html"
            for _, attributes in text.markup.named("a", "area")
            if "href" in attributes
        )


class Campaign:
    """A campaign that its manifest declares, at an instant. `samples` are the project's values of macros."""

    def __init__(self, declared: DesiredCampaign, now: datetime, samples: Mapping[str, str]) -> None:
        self.declared = declared
        self.key = declared.key
        self.now = now
        self.samples = samples

    @property
    def body(self) -> Mapping[str, Any]:
        """Its body."""
        return self.declared.spec

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """Its messages."""
        return tuple(Message(self, index, one) for index, one in enumerate(self.body.get("messages", ())))

    @property
    def targeting(self) -> Mapping[str, Any]:
        """Its audience; empty for everyone."""
        found: Mapping[str, Any] = self.body.get("targeting") or {}
        return found

    def chosen(self, name: str) -> tuple[str, ...]:
        """The `items` of a choice of the audience that keeps those that have them, if it does."""
        choice = self.targeting.get(name) or {}
        return tuple(choice.get("items") or ()) if choice.get("op", "in") == "in" else ()
