"""Write `campaignctl/schedule/countries.py`: the time zones of each country, from tzdata.

`python -m tools.zones`. Of zones that agree in the year ahead one is kept.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from textwrap import wrap
from zoneinfo import ZoneInfo

TARGET = Path(__file__).parents[1] / "campaignctl/schedule/countries.py"
_FROM = datetime(2027, 1, 1, tzinfo=UTC)
_HEAD = '''\
"""The time zones of each country, by ISO 3166-1 code. Made by `python -m tools.zones` from
tzdata, which is in the public domain. Of zones of a country whose clocks agree one is listed.
"""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo

_ZONES = """\\
'''
_TAIL = '''\
"""


@cache
def zones_of(country: str) -> tuple[ZoneInfo, ...]:
    """The zones of a country; empty for an unknown code."""
    lines = [line.split() for line in _ZONES.splitlines()]
    return tuple(ZoneInfo(zone) for first, *zones in lines if first == country for zone in zones)
'''


def main() -> None:
    """Write the module."""
    found: dict[str, dict[tuple[timedelta | None, ...], str]] = {}
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        if line.startswith("#"):
            continue
        country, _, zone, *_ = line.split("\t")
        clock = ZoneInfo(zone)
        offsets = tuple((_FROM + timedelta(days=day)).astimezone(clock).utcoffset() for day in range(365))
        found.setdefault(country, {}).setdefault(offsets, zone)
    lines = [
        line
        for country, zones in sorted(found.items())
        for line in wrap(
            " ".join(zones.values()),
            100,
            initial_indent=f"{country} ",
            subsequent_indent=f"{country} ",
            break_on_hyphens=False,
        )
    ]
    TARGET.write_text(f"{_HEAD}{chr(10).join(lines)}\n{_TAIL}", encoding="utf-8")


if __name__ == "__main__":
    main()
