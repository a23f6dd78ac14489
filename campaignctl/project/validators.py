"""What the project file writes as text and means as something else: durations, addresses, versions, zones."""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from urllib.parse import urlsplit

from campaignctl.schedule.times import zone_of

_DURATION = re.compile(r"(?:[0-9]{1,6}(?:ms|s|m|h|d))+")
_OCAMBA = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*ocamba\.com\.?", re.ASCII | re.IGNORECASE)
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
    return sum((int(count) * _UNITS[unit] for count, unit in _PART.findall(text)), timedelta())


def is_duration(text: str) -> str:
    """The text itself, if it is a duration. Raises ValueError."""
    duration(text)
    return text


def is_long(text: str) -> str:
    """The text itself, if it is a duration above zero. Raises ValueError."""
    if not duration(text):
        raise ValueError("must be above zero")
    return text


def says_something(text: str) -> str:
    """The text itself, if there is more in it than blanks. Raises ValueError."""
    if not text.strip():
        raise ValueError("must say something")
    return text


def is_zone(text: str) -> str:
    """The text itself, if it names a time zone. Raises TimeError."""
    zone_of(text)
    return text


def api_url(text: str) -> str:
    """The address of an API without a slash at its end. Raises ValueError.

    HTTPS only, unless the host is this machine: the token goes there.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"{text[:80]!r} is not an address") from None
    if parts.scheme not in {"http", "https"} or not host or not text.isprintable() or " " in text:
        raise ValueError(f"{text[:80]!r} is not an address of the form https://HOST")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("an address without user, query and fragment is needed")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("https is needed: the token goes there (http only for this machine itself)")
    return text.rstrip("/")


def foreign_host(url: str) -> str | None:
    """The host of an address that has passed `api_url`, unless a file alone may send the token there."""
    host = urlsplit(url).hostname or ""
    return None if is_ours(host) or is_loopback(host) else host


def is_ours(host: str) -> bool:
    """Whether a host is `ocamba.com` or lies below it."""
    return _OCAMBA.fullmatch(host) is not None


def is_loopback(host: str) -> bool:
    """Whether a host is `localhost` or an address of this machine itself (127.0.0.0/8, ::1)."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
