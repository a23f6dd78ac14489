"""Texts of a project file: which are valid, and what they mean."""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from urllib.parse import urlsplit

from campaignctl.schedule import times

_DURATION = re.compile(r"(?:[0-9]{1,6}(?:ms|s|m|h|d))+")
_OCAMBA = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*ocamba\.com\.?", re.ASCII | re.IGNORECASE)
_ID = re.compile(r"[a-zA-Z0-9-]{8,64}")
_PART = re.compile(r"([0-9]+)(ms|s|m|h|d)")
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


def duration(text: str) -> timedelta:
    """The duration of `30s`, `10m`, `1h` or `1h30m`. Raises ValueError."""
    if not _DURATION.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a duration: a number and a unit, as in 30s, 10m, 1h, 2d")
    try:
        return sum((int(count) * _UNITS[unit] for count, unit in _PART.findall(text)), timedelta())
    except OverflowError:
        raise ValueError(f"{text[:40]!r} is longer than the calendar") from None


def long_duration(text: str) -> timedelta:
    """The duration, if it is above zero. Raises ValueError."""
    if not (length := duration(text)):
        raise ValueError("must be above zero")
    return length


def api_url(text: str, sent: str = "the token is") -> str:
    """The address of an API without a slash at its end. Raises ValueError.

    HTTPS only, unless the host is this machine: what is `sent` there is a secret.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"{text[:80]!r} is not an address") from None
    if parts.scheme not in {"http", "https"} or not host or not text.isprintable() or " " in text:
        raise ValueError(f"{text[:80]!r} is not an address of the form https://HOST")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("the address must not contain a user, query or fragment")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(f"https is required, as {sent} sent there (http only on this machine)")
    return text.rstrip("/")


def foreign_host(url: str) -> str | None:
    """The host of an address that has passed `api_url`, unless a file alone may send the token there."""
    host = urlsplit(url).hostname or ""
    return None if is_ours(host) or is_loopback(host) else host


def is_ours(host: str) -> bool:
    """Whether a host is `ocamba.com` or one of its subdomains."""
    return _OCAMBA.fullmatch(host) is not None


def is_loopback(host: str) -> bool:
    """Whether a host is `localhost` or an address of this machine itself (127.0.0.0/8, ::1)."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def says_something(text: str) -> str:
    """The text, unless it is blank. Raises ValueError."""
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def is_id(text: str) -> str:
    """The text, if it is a project's id. Raises ValueError."""
    if not _ID.fullmatch(text):
        raise ValueError("must have 8 to 64 letters, digits or hyphens, chosen at random")
    return text


def is_zone(text: str) -> str:
    """The text, if it is the name of a time zone. Raises ValueError."""
    times.zone_of(text)
    return text
