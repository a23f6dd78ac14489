"""Rules about push messages."""

from __future__ import annotations

from collections.abc import Iterator

from campaignctl.content import facts
from campaignctl.content.model import PushPreview
from campaignctl.content.previews import previews
from campaignctl.content.text import width
from campaignctl.lint.rule import Basis, Fault, rule
from campaignctl.lint.subject import Message

_BRAZE = Basis("hint", f"{facts.DEVICES[0].source}; OneSignal names 50 and 150")
_MDN = Basis("fact", "MDN browser-compat-data 8.1.9")
_SIBLING = Basis("sibling", "API pages of templates and single messages (API contract, section 2.3)")
#: What a push is before it is opened, on the device that shows the least of it.
_LEAST = next(device.collapsed for device in facts.DEVICES if device.name == "Chrome on macOS")
#: Bytes of a text from which on the whole payload is counted: addresses and names come on top of it.
_WORTH_COUNTING = facts.WEB_PUSH_PAYLOAD.value // 8
_UNDOCUMENTED = ("actions", "badge", "tag", "renotify", "require_interaction", "silent", "vibration", "ttl")


@rule(
    "PSH001",
    "error",
    f"A push has at most {facts.WEB_PUSH_PAYLOAD.value:,} bytes: a larger one never arrives.",
    on="push",
    basis=Basis("fact", f"{facts.WEB_PUSH_PAYLOAD.source}; FCM and APNs take {facts.FCM_PAYLOAD.value:,}"),
    fix="Shorten the body, or the addresses.",
)
def payload(message: Message) -> Iterator[Fault]:
    """A push that no device gets."""
    if sum(len(text.text) for text in message.texts) + sum(len(link.url) for link in message.addresses) < (
        _WORTH_COUNTING
    ):
        return
    for one in previews(message.campaign.key, {"messages": [message.body]}, samples=message.campaign.samples):
        limit = facts.WEB_PUSH_PAYLOAD.value
        if isinstance(one.content, PushPreview) and one.content.payload > limit:
            longest = "body" if one.lang in (message.content.get("body") or {}) else "title"
            yield Fault(
                (*message.inner, longest, one.lang),
                f"the push has {one.content.payload:,} bytes in {one.lang}; over {limit:,} it never arrives",
                "shorten it",
            )


def _longer(message: Message, name: str, most: int) -> Iterator[Fault]:
    for lang, text in (message.content.get(name) or {}).items():
        # A character is at most two columns wide.
        if len(text) * 2 > most and (columns := width(text)) > most:
            yield Fault(
                (*message.inner, name, lang),
                f"{columns} columns; Chrome on Android and macOS shows about {most}",
                "put what matters first",
            )


@rule(
    "PSH002",
    "info",
    "A push title is shown whole: about 35 characters.",
    on="push",
    basis=_BRAZE,
    fix="Shorten the title, or put what matters first.",
)
def long_title(message: Message) -> Iterator[Fault]:
    """A title that Chrome cuts."""
    return _longer(message, "title", _LEAST.title)


@rule(
    "PSH003",
    "info",
    "A push body is shown whole: about 50 characters before it is opened.",
    on="push",
    basis=_BRAZE,
    fix="Shorten the body, or put what matters first.",
)
def long_body(message: Message) -> Iterator[Fault]:
    """A body that is cut while the push is collapsed."""
    return _longer(message, "body", _LEAST.body)


@rule(
    "PSH004",
    "info",
    "A push is understood without its picture: Firefox and Safari show none.",
    on="push",
    basis=_MDN,
    fix="Say in title and body what the picture says; then there is nothing to do.",
)
def image(message: Message) -> Iterator[Fault]:
    """A picture, which some browsers do not show."""
    if message.content.get("image"):
        yield Fault((*message.inner, "image"), "Firefox and Safari do not show the picture")


@rule(
    "PSH005",
    "info",
    "A push works without its buttons: Safari shows none, and Firefox none before version 152.",
    on="push",
    basis=_MDN,
    fix="Let `landing_url` lead to what the buttons offer; then there is nothing to do.",
)
def buttons(message: Message) -> Iterator[Fault]:
    """Buttons, which some browsers do not show."""
    if message.content.get("actions"):
        yield Fault((*message.inner, "actions"), "Safari and older versions of Firefox do not show buttons")


@rule(
    "PSH006",
    "info",
    "A push needs no vibration pattern: Chrome on Android ignores it.",
    on="push",
    basis=_MDN,
    fix="Remove `vibration`.",
)
def vibration(message: Message) -> Iterator[Fault]:
    """A pattern of vibration."""
    if "vibration" in message.content:
        yield Fault((*message.inner, "vibration"), "Chrome on Android ignores `vibration`")


@rule(
    "PSH007",
    "warning",
    "A push has only fields that the API documents for campaigns.",
    on="push",
    basis=_SIBLING,
    fix="Send one such campaign to yourself before you rely on the field, or remove it.",
    formerly=("unconfirmed",),
)
def undocumented(message: Message) -> Iterator[Fault]:
    """Fields that are documented for sibling resources only."""
    for name in _UNDOCUMENTED:
        if name in message.content:
            yield Fault(
                (*message.inner, name), f"`{name}` is documented for sibling resources, not for campaigns"
            )
