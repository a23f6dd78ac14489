"""A campaign's body as previews: one for each message and language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from campaignctl.campaign.spec import languages_of
from campaignctl.content import email, macros, push, sms
from campaignctl.content.model import Button, EmailPreview, Macro, Preview, PushPreview, SmsPreview

Channel = Literal["push", "email", "sms"]
_DEFAULT_LANG = "en"


def previews(
    key: str, body: Mapping[str, Any], *, samples: Mapping[str, str], langs: Sequence[str] | None = None
) -> tuple[Preview, ...]:
    """The previews of a body as the create call takes it, or of a live campaign's fields.

    `samples` are values of macros by name. `langs`: these languages instead of all that a message has; a
    language without a text of its own falls back to `primary_lang`, as it does when it is sent. A message of
    another channel than push, email and sms has no preview.
    """
    return tuple(
        _Part(key, body, message, index, channel, lang, samples).preview()
        for index, message in enumerate(_items(body.get("messages")))
        if (channel := _channel(message))
        for lang in langs or languages(message, channel)
    )


def languages(message: Mapping[str, Any], channel: Channel) -> list[str]:
    """The languages of a message's texts in the order of the manifest; of one without texts, the primary."""
    return languages_of({channel: _localised(message, channel)}, channel) or [primary_lang(message)]


def primary_lang(message: Mapping[str, Any]) -> str:
    """The language for recipients whose own is missing."""
    return _string(message.get("primary_lang")) or _DEFAULT_LANG


def _channel(message: Mapping[str, Any]) -> Channel | None:
    return next((each for each in get_args(Channel) if message.get("channel") == each), None)


def _localised(message: Mapping[str, Any], channel: Channel) -> dict[str, Any]:
    return {
        name: value for name, value in _fields(message.get(channel)).items() if isinstance(value, Mapping)
    }


@dataclass(slots=True)
class _Part:
    """One message in one language; the fields that fell back or have no text are noted on the way."""

    key: str
    body: Mapping[str, Any]
    message: Mapping[str, Any]
    index: int
    channel: Channel
    lang: str
    samples: Mapping[str, str]
    used: list[str] = field(default_factory=list)
    fallback: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def preview(self) -> Preview:
        content = _fields(self.message.get(self.channel))
        known = macros.samples_of(self.body, self.channel, self.lang, self.samples)
        shown = self._shown(content, known)
        return Preview(
            key=self.key,
            message=_string(self.message.get("name")) or f"messages/{self.index}",
            channel=self.channel,
            lang=self.lang,
            macros=tuple(Macro(name, known.get(name)) for name in macros.names(self.used)),
            content=shown,
            primary_lang=primary_lang(self.message),
            fallback=tuple(self.fallback),
            missing=tuple(self.missing),
        )

    def _shown(
        self, content: Mapping[str, Any], known: Mapping[str, str]
    ) -> PushPreview | EmailPreview | SmsPreview:
        if self.channel == "push":
            return self._push(content, known)
        if self.channel == "email":
            return self._email(content, known)
        return sms.preview(self._text(content, "content", needed=True), known)

    def _push(self, content: Mapping[str, Any], known: Mapping[str, str]) -> PushPreview:
        def shown(
            name: str, where: Mapping[str, Any] = content, path: str = "", *, needed: bool = False
        ) -> str:
            return macros.fill(self._text(where, name, path, needed=needed), known)

        buttons = tuple(
            Button(shown("title", action, f"actions/{number}/", needed=True), shown("url", action))
            for number, action in enumerate(_items(content.get("actions")))
        )
        return push.preview(
            title=shown("title", needed=True),
            body=shown("body", needed=True),
            image=shown("image"),
            icon=shown("icon"),
            landing_url=shown("landing_url"),
            buttons=buttons,
            push=content,
        )

    def _email(self, content: Mapping[str, Any], known: Mapping[str, str]) -> EmailPreview:
        for name in ("sender_name", "sender_email"):
            self._text(content, name)
        return email.preview(
            content,
            subject=self._text(content, "subject", needed=True),
            preheader=self._text(content, "preheader"),
            html=self._text(content, "html", needed=True),
            samples=known,
        )

    def _text(self, where: Mapping[str, Any], name: str, path: str = "", *, needed: bool = False) -> str:
        """A text in this language, or in the primary one; "" if there is none."""
        value = where.get(name)
        text = _string(value)
        if isinstance(value, Mapping):
            text = _string(value.get(self.lang))
            primary = primary_lang(self.message)
            if not text.strip() and self.lang not in value and _string(value.get(primary)).strip():
                text = _string(value.get(primary))
                self.fallback.append(path + name)
        if needed and not text.strip():
            self.missing.append(path + name)
        self.used.append(text)
        return text


def _fields(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _items(value: Any) -> Iterator[Mapping[str, Any]]:
    return (_fields(item) for item in value) if isinstance(value, list | tuple) else iter(())


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
