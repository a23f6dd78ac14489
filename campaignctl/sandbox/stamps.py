"""Timestamps of the API: `YYYY-MM-DD HH:MM:SS`, GMT, no offset (API contract, section 0).

Because the form has a fixed width, two stamps compare as strings the way their instants compare.
"""

import re
from datetime import datetime, timedelta

FORMAT = "%Y-%m-%d %H:%M:%S"
_SHAPE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\Z", re.ASCII)


def parse(text: str) -> datetime:
    """Read a stamp as a naive datetime in GMT; ValueError for any other form or an impossible date."""
    if not _SHAPE.match(text):
        raise ValueError("must look like YYYY-MM-DD HH:MM:SS")
    return datetime.strptime(text, FORMAT)  # noqa: DTZ007 - the form has no offset, every stamp is GMT


def write(moment: datetime) -> str:
    """Write a naive GMT datetime as a stamp, cutting fractions of a second."""
    return moment.replace(microsecond=0).isoformat(" ")


def shift(stamp: str, *, seconds: float = 0, hours: float = 0) -> str:
    """Return the stamp moved by an amount; moving past the calendar's ends stops at the end."""
    try:
        return write(parse(stamp) + timedelta(seconds=seconds, hours=hours))
    except OverflowError:
        return write(datetime.max if seconds + hours > 0 else datetime.min)  # noqa: DTZ901 - naive GMT as above
