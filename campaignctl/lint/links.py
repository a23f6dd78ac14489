"""Rules about links and addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from campaignctl.campaign import contract
from campaignctl.lint.rule import Basis, Fault, rule
from campaignctl.lint.subject import Campaign, Link, Message

_CLIENTS = Basis("fact", "HTML and mail clients: a mail has no address that a relative link could start from")
_MIXED = Basis("fact", "W3C Mixed Content: pages and clients block or warn of what is loaded without https")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.ASCII | re.IGNORECASE)
_UTM = re.compile(r"[?&](?:amp;)?(utm_[a-z_]+)=", re.ASCII | re.IGNORECASE)
_MOST_SHOWN = 60


def _links(message: Message) -> Iterator[Link]:
    """Links that recipients follow."""
    yield from (link for link in message.addresses if link.path[-1] in {"landing_url", "url"})
    yield from message.anchors


def _shown(url: str) -> str:
    return url if len(url) <= _MOST_SHOWN else f"{url[: _MOST_SHOWN - 3]}..."


def _scheme(url: str) -> str:
    found = _SCHEME.match(url.strip())
    return found[1].lower() if found else ""


@rule(
    "LNK001",
    "warning",
    "The addresses of a push begin with https.",
    on="push",
    basis=_MIXED,
    fix="Write https, once the page answers there.",
    formerly=("address",),
)
def plain_http(message: Message) -> Iterator[Fault]:
    """An address that is opened without encryption."""
    for link in message.addresses:
        if _scheme(link.url) == "http":
            yield Fault(link.path, f"not an https URL: {_shown(link.url)}", "write https")


@rule(
    "LNK008",
    "info",
    "A link of an email begins with https.",
    on="email",
    basis=_MIXED,
    fix="Write https, once the page answers there.",
)
def plain_link(message: Message) -> Iterator[Fault]:
    """A link that is opened without encryption."""
    for link in message.anchors:
        if _scheme(link.url) == "http":
            yield Fault(link.path, f"not an https URL: {_shown(link.url)}", "write https", link.offset)


@rule(
    "LNK002",
    "warning",
    "A link leads somewhere.",
    on="email",
    basis=_CLIENTS,
    fix="Write the address, or remove the link and keep its text.",
)
def dead(message: Message) -> Iterator[Fault]:
    """A link with an empty address, `#`, or a script."""
    for link in message.anchors:
        url = link.url.strip()
        if not url or url == "#":
            said = "an empty link" if not url else "the link `#` leads nowhere"
        elif _scheme(url) in {"javascript", "vbscript", "data", "file"}:
            said = f"a link that mail clients block: {_shown(url)}"
        else:
            continue
        yield Fault(link.path, said, "write the address, or remove the link", link.offset)


@rule(
    "LNK003",
    "warning",
    "A link is whole: it begins with https and a host.",
    on="email",
    basis=_CLIENTS,
    fix="Write the whole address.",
)
def relative(message: Message) -> Iterator[Fault]:
    """A link without a scheme."""
    for link in message.anchors:
        url = link.url.strip()
        # The value of a macro, or of another tool's place, is unknown here.
        if not url or _scheme(url) or url.startswith(("#", "${", "{", "[", "*|", "%", "<")):
            continue
        hint = f"write https:{url}" if url.startswith("//") else "write the whole address"
        yield Fault(link.path, f"a link without a scheme: {_shown(url)}", _cut(hint), link.offset)


def _cut(hint: str) -> str:
    return hint if len(hint) <= _MOST_SHOWN else "write https in front"


def _tracked(campaign: Campaign) -> bool:
    """Whether Ocamba adds UTM parameters; it does by default (API contract, section 2.8)."""
    enabled = (campaign.body.get("utm_tracking") or {}).get("enabled", 1)
    return enabled not in (0, False)


@rule(
    "LNK004",
    "warning",
    "A link has UTM parameters once: Ocamba's or its own.",
    on="message",
    basis=Basis("fact", "API contract, section 2.8: `utm_tracking` is on unless `enabled: 0`"),
    fix="Remove the parameters and set them under `utm_tracking`, or set `utm_tracking: {enabled: 0}`.",
)
def utm_twice(message: Message) -> Iterator[Fault]:
    """A hand-written UTM parameter while Ocamba adds its own."""
    if not _tracked(message.campaign):
        return
    for link in _links(message):
        if found := _UTM.search(link.url):
            yield Fault(
                link.path,
                f"`{found[1]}` is in the link, and Ocamba adds UTM parameters of its own",
                "set it under `utm_tracking`, or set `utm_tracking: {enabled: 0}`",
                link.offset,
            )


@rule(
    "LNK005",
    "warning",
    "A UTM value is spelt the same everywhere.",
    on="campaign",
    basis=Basis("fact", "Google Analytics 4 help: values of campaign parameters are case-sensitive"),
    fix="Use one spelling, best in small letters.",
)
def utm_case(campaign: Campaign) -> Iterator[Fault]:
    """Two spellings of one value that differ only in case."""
    first: dict[tuple[str, str], str] = {}
    for fault, name, value in _utm_values(campaign):
        known = first.setdefault((name, value.casefold()), value)
        if known != value:
            said = f"`{name}` is {value!r} here and {known!r} elsewhere: two campaigns in Google Analytics"
            yield Fault(fault.path, said, f"write {known!r}", fault.offset)


def _utm_values(campaign: Campaign) -> Iterator[tuple[Link, str, str]]:
    for name, value in (campaign.body.get("utm_tracking") or {}).items():
        if name.startswith("utm_") and isinstance(value, str):
            yield Link(("utm_tracking", name), value), name, value
    for link in (link for message in campaign.messages for link in _links(message)):
        if "utm_" in link.url:
            try:
                parts = parse_qsl(urlsplit(link.url).query)
            except ValueError:
                continue
            yield from ((link, name, value) for name, value in parts if name.startswith("utm_"))


@rule(
    "LNK006",
    "warning",
    "A callback is an https URL.",
    on="campaign",
    basis=_MIXED,
    fix="Write an address that begins with https.",
    formerly=("address",),
)
def callback(campaign: Campaign) -> Iterator[Fault]:
    """A callback that is called without encryption."""
    for channel, events in (campaign.body.get("callbacks") or {}).items():
        for event, urls in events.items():
            for index, url in enumerate(urls):
                if not url.startswith(("https://", "${")):
                    yield Fault(("callbacks", channel, event, index), "not an https URL", "write https")


@rule(
    "LNK007",
    "warning",
    "A landing URL has at most 2,048 bytes.",
    on="push",
    basis=Basis("sibling", "API page of single messages (API contract, section 2.3)"),
    fix="Shorten the address.",
    formerly=("long-text",),
)
def long_landing(message: Message) -> Iterator[Fault]:
    """An address that is longer than a sibling resource takes."""
    url = message.content.get("landing_url") or ""
    if len(url) * 4 > contract.LANDING_URL:
        count = len(url.encode("utf-8", "surrogatepass"))
        if count > contract.LANDING_URL:
            said = f"{count:,} bytes in UTF-8; the API may allow only {contract.LANDING_URL:,}"
            yield Fault((*message.inner, "landing_url"), said)
