"""Every figure about what recipients see, its source and how sure it is. Previews, lint and docs use them.

A `fact` is a standard, or the documentation of the platform that decides; a `measured` figure was published
by someone who tried it; a `hint` is advice of vendors, which differs. Looked up in November 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sure = Literal["fact", "measured", "hint"]
Family = Literal["android", "ios", "desktop"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, what it counts, how sure it is and who says so."""

    value: int
    what: str
    sure: Sure
    source: str


# ----------------------------------------------------------------------------------------------- SMS

_SMS = "3GPP TS 23.038 and 23.040; documentation of Twilio and Telnyx"
GSM_ALONE = Figure(160, "septets of GSM-7 in an SMS of one part", "fact", _SMS)
GSM_PART = Figure(153, "septets of GSM-7 in each part of a longer SMS", "fact", _SMS)
UCS2_ALONE = Figure(70, "16-bit units of UCS-2 in an SMS of one part", "fact", _SMS)
UCS2_PART = Figure(67, "16-bit units of UCS-2 in each part of a longer SMS", "fact", _SMS)
SHORT_LINK = Figure(
    23,
    "characters that a link in an SMS counts at least, as the API shortens it",
    "fact",
    "Ocamba, an SMS to a single user (API contract, section 2.3)",
)
LONG_MACRO = Figure(
    30, "characters that the value of a macro is taken to have at most", "hint", "an assumption of ours"
)
#: GSM 7 bit default alphabet, without the escape.
GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: Its extension table: two septets each.
GSM_EXTENDED = frozenset("\f^{}\\[~]|€")
#: What GSM-7 has for characters that editors and mail tools write; "" for what can be left out.
GSM_INSTEAD = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032`\u00b4\u02bc", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\t", " "),
    **dict.fromkeys("\u00ad\u200b\u200c\u200e\u200f\u2060\ufeff", ""),
    **dict.fromkeys("•·", "-"),
    "…": "...",
    "\u2039": "<",
    "\u203a": ">",
    "™": "TM",
    **dict(zip("łŁđĐıħŧ", "lLdDiht", strict=True)),
    "№": "No.",
    "\u2028": "\n",
    "\u2029": "\n",
}
SHORTENERS = frozenset({"bit.ly", "tinyurl.com", "goo.gl", "ow.ly", "is.gd", "t.co", "rebrand.ly", "cutt.ly"})

# ---------------------------------------------------------------------------------------------- push

WEB_PUSH_PAYLOAD = Figure(3_993, "bytes of a web push that arrive at most", "fact", "RFC 8291, section 4")
FCM_PAYLOAD = Figure(4_096, "bytes of an Android push that arrive at most", "fact", "Firebase documentation")
APNS_PAYLOAD = Figure(4_096, "bytes of an iOS push that arrive at most", "fact", "Apple documentation")
ICON_PIXELS = Figure(192, "pixels that an icon is wide at least", "hint", "vendors' guides")
_BRAZE = "Braze, message and image formats"


@dataclass(frozen=True, slots=True)
class Form:
    """How much of a push one form of a device shows, in columns; `together`: title and body share it.

    `pictured` is the room if the push has a picture that this device shows.
    """

    name: str
    title: int
    body: int
    together: int = 0
    pictured: int = 0


@dataclass(frozen=True, slots=True)
class Device:
    """A device, its two forms, and what it shows when expanded. The figures are hints.

    That a device shows no picture or no buttons is a fact (MDN browser-compat-data 8.1.9).
    """

    name: str
    family: Family
    collapsed: Form
    expanded: Form
    image: bool = True
    buttons: bool = True
    note: str = ""
    sure: Sure = "hint"
    source: str = _BRAZE


def _desktop(
    name: str, title: int, body: int, *, image: bool = True, buttons: bool = True, note: str = ""
) -> Device:
    form = Form("", title, body)
    return Device(name, "desktop", form, form, image, buttons, note)


DEVICES = (
    Device("Android", "android", Form("lock screen", 49, 49), Form("notification drawer", 49, 597)),
    Device("Chrome on Android", "android", Form("", 35, 50), Form("notification drawer", 35, 597)),
    Device(
        "iPhone",
        "ios",
        Form("banner", 0, 0, 80, 65),
        Form("lock screen", 0, 0, 160, 130),
        note="web push only for a site that was added to the home screen",
    ),
    _desktop("Chrome on Windows", 50, 120),
    _desktop("Edge on Windows", 50, 120),
    _desktop("Firefox on Windows", 54, 200, image=False, note="buttons from Firefox 152"),
    _desktop("Chrome on macOS", 35, 50),
    _desktop("Safari on macOS", 38, 84, image=False, buttons=False),
    _desktop("Firefox on macOS", 38, 42, image=False, note="buttons from Firefox 152"),
)

# --------------------------------------------------------------------------------------------- email

GMAIL_CLIP = Figure(
    99_507, "bytes of source after which Gmail clips an email", "measured", "published measurements"
)
GMAIL_CLIP_NEAR = Figure(
    90 * 1_024, "bytes of source near Gmail's limit: rewritten links add more", "measured", GMAIL_CLIP.source
)
STYLE_BLOCK = Figure(
    16_384, "bytes of one style block that Gmail keeps at most", "measured", "published measurements"
)
OLD_HTML = Figure(65_535, "characters of a body in the oldest edition", "hint", "API contract, section 2.3")
OLD_SUBJECT = Figure(78, "characters of a subject in the oldest edition", "hint", "API contract, section 2.3")
SUBJECT_POINT = Figure(33, "characters of a subject within which its point should be", "hint", "vendors")
IPHONE_SUBJECT = Figure(48, "characters of a subject in Apple Mail on iPhone", "measured", "measurements")
IPHONE_PREHEADER = Figure(99, "characters of a preheader in Apple Mail on iPhone", "measured", "measurements")
_RANGES = "vendors' guides, which differ"
GMAIL_MOBILE_SUBJECT = Figure(40, "characters of a subject in Gmail on a phone, 30 to 40", "hint", _RANGES)
GMAIL_SUBJECT = Figure(70, "characters of a subject in Gmail on a desktop, 60 to 70", "hint", _RANGES)
GMAIL_MOBILE_PREHEADER = Figure(90, "characters of a preheader in Gmail on a phone", "hint", _RANGES)
GMAIL_PREHEADER = Figure(97, "characters of a preheader in Gmail on a desktop", "hint", _RANGES)


@dataclass(frozen=True, slots=True)
class Inbox:
    """How much of a line of an inbox a client shows, in columns."""

    client: str
    subject: Figure
    preheader: Figure


INBOXES = (
    Inbox("Apple Mail on iPhone", IPHONE_SUBJECT, IPHONE_PREHEADER),
    Inbox("Gmail on a phone", GMAIL_MOBILE_SUBJECT, GMAIL_MOBILE_PREHEADER),
    Inbox("Gmail on a desktop", GMAIL_SUBJECT, GMAIL_PREHEADER),
)

#: Every single figure, for the docs.
FIGURES = tuple(value for value in globals().values() if isinstance(value, Figure))
