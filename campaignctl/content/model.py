"""What a recipient sees of one message in one language, as values that every output prints.

A preview is a labelled approximation: its order, its texts and where they are cut are right; colours and
fonts are not those of any vendor. Texts are as the recipient reads them, with sample values in place of
macros, and not escaped for any output.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]


@dataclass(frozen=True, slots=True)
class Line:
    """A text as a device shows it. A text that is cut ends with `…`."""

    shown: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro of a message, and what it was filled in with.

    `value` is a sample; None: no sample is known, and the macro's own text stands in the preview.
    """

    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Button:
    """A button of a push."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class PushView:
    """A push on one device in one form.

    `image` says whether the device shows the picture in this form, `buttons` how many buttons it shows.
    """

    device: str
    family: Literal["android", "ios", "desktop"]
    form: Literal["collapsed", "expanded"]
    title: Line
    body: Line
    image: bool
    buttons: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class PushPreview:
    """A push. `payload` is its size in bytes as far as we can tell, `payload_limit` what arrives at most.

    What devices show of it is made when it is needed: `push.views`.
    """

    title: str
    body: str
    image: str
    icon: str
    landing_url: str
    buttons: tuple[Button, ...]
    payload: int
    payload_limit: int


@dataclass(frozen=True, slots=True)
class Costly:
    """A character that GSM-7 does not have: one of them makes every part of an SMS shorter.

    `name` is its Unicode name. `instead` is what GSM-7 has for it, "" where it can be left out; None: GSM-7
    has nothing for it.
    """

    character: str
    name: str
    count: int
    instead: str | None


@dataclass(frozen=True, slots=True)
class SmsPreview:
    """An SMS. Units are septets of GSM-7 or 16-bit units of UCS-2.

    With macros and links of unknown length `encoding`, `units` and `parts` are the least, `encoding_max`,
    `units_max` and `parts_max` the most: one value of a macro with a letter outside of GSM-7 is enough for
    UCS-2. `links` counts the links, which the API shortens. `bubbles` is the text of each part with sample
    values, a long link as a short one. `parts_plain` is the number of parts with what `costly` says instead;
    None where that would not help.
    """

    text: str
    encoding: Encoding
    encoding_max: Encoding
    units: int
    units_max: int
    parts: int
    parts_max: int
    bubbles: tuple[str, ...]
    costly: tuple[Costly, ...]
    parts_plain: int | None
    links: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """A link of an email: where it leads, and the text or alternative text that stands for it."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image of an email; `alt` is None where it has no alternative text at all."""

    url: str
    alt: str | None


@dataclass(frozen=True, slots=True)
class InboxView:
    """A line of an inbox: subject and preview text as one client cuts them."""

    client: str
    subject: Line
    preheader: Line


@dataclass(frozen=True, slots=True)
class EmailPreview:
    """An email. `size` is in bytes of UTF-8, `text` what is read without styles and pictures.

    `preheader` is the preview text that an inbox shows; `preheader_from` says where it comes from.
    `html_lang` is the `lang` of the `html` element, None where it has none. `hidden` are the texts that a
    reader does not see, such as a hidden preheader.
    """

    sender_name: str
    sender_email: str
    subject: str
    preheader: str
    preheader_from: Literal["preheader", "html", "none"]
    html: str
    text: str
    size: int
    links: tuple[Link, ...]
    images: tuple[Image, ...]
    inboxes: tuple[InboxView, ...]
    html_lang: str | None = None
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """One message in one language. `message` is its name, or `messages/0` where it has none.

    `fallback` names the fields that have no text in `lang`, so that the one in `primary_lang` is shown, and
    `missing` those without a text in either: `title`, `actions/0/title`.
    """

    key: str
    message: str
    channel: Literal["push", "email", "sms"]
    lang: str
    macros: tuple[Macro, ...]
    content: PushPreview | EmailPreview | SmsPreview
    primary_lang: str = "en"
    fallback: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
