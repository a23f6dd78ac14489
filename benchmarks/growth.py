"""How a plan grows with the project: time by the clock and peak memory from 100 to 20,000 recorded campaigns.

Nothing is to do. Cold: every manifest is compiled; warm: with what an earlier plan has left in the cache. The
figures are drawn as docs/images/growth.svg, and as a PNG where there is Chromium. Each is the median of three
processes. Time is shown for a campaign, so that a straight line means: it grows with their number.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from math import log10
from pathlib import Path

from benchmarks.table import LOADER, record
from benchmarks.timing import Used, process
from benchmarks.unchanged import installed
from benchmarks.validate import write

SIZES = (100, 300, 1_000, 3_000, 10_000, 20_000)
#: Ten times the campaigns take at most so many times as long, from 1,000 to 10,000.
BOUND = 10.5
ROUNDS = 3
IMAGES = Path(__file__).parents[1] / "docs" / "images"
_COLOURS = {"cold": "#0969da", "warm": "#1a7f37", "PyYAML": "#6e7781"}
Measured = Mapping[int, Mapping[str, Used]]


def main() -> int:
    """Measure, print a table, draw it, and return how many growths exceed the bound."""
    measured = {size: _measured(size) for size in SIZES}
    print(f"{'campaigns':>10} {'':>8}" + "".join(f"{name:>18}" for name in _COLOURS))
    for size, used in measured.items():
        cells = (f"{one.took:9.2f} s {one.megabytes:4.0f} MB" for one in used.values())
        print(f"{size:10,} {'':>8}" + "".join(f"{cell:>18}" for cell in cells))
    worse = 0
    for name in _COLOURS:
        grown = measured[10_000][name].took / measured[1_000][name].took
        worse += name != "PyYAML" and grown > BOUND
        print(f"{name}: 10,000 take {grown:.1f} times as long as 1,000 (at most {BOUND})")
    (IMAGES / "growth.svg").write_text(drawn(measured), encoding="utf-8")
    _photographed(IMAGES / "growth.svg", IMAGES / "growth.png")
    return worse


def _measured(size: int) -> dict[str, Used]:
    with tempfile.TemporaryDirectory() as directory:
        folder, cache = Path(directory, "project"), Path(directory, "cache")
        folder.mkdir()
        write(folder, count=size)
        record(folder)
        plan = [sys.executable, "-m", "campaignctl", "-C", str(folder), "plan", "--no-refresh"]
        loader = [sys.executable, "-c", LOADER, str(folder)]
        variables = installed(cache)
        sides = {
            "cold": partial(process, plan, {**variables, "CAMPAIGNCTL_CACHE": "off"}),
            "warm": partial(process, plan, variables),
            "PyYAML": partial(process, loader, variables),
        }
        sides["warm"]()  # leaves what the others find
        return {name: _median(run) for name, run in sides.items()}


def _median(run: Callable[[], Used]) -> Used:
    used = [run() for _ in range(ROUNDS)]
    columns = ([getattr(one, name) for one in used] for name in ("seconds", "megabytes", "took"))
    return Used(*map(statistics.median, columns))


# ------------------------------------------------------------------------------------------ the picture

_WIDE, _HIGH, _LEFT, _TOP, _GAP = 330, 220, 60, 40, 90


def drawn(measured: Measured) -> str:
    """The figures as an SVG: milliseconds a campaign, and megabytes, by size."""
    width, height = _LEFT + 2 * _WIDE + _GAP + 20, _TOP + _HIGH + 70
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
            f' height="{height}" font-family="-apple-system,Helvetica,Arial,\'DejaVu Sans\',sans-serif"'
            ' font-size="12" role="img">'
        ),
        "<title>A plan in which nothing is to do, from 100 to 20,000 campaigns</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *_chart(_LEFT, "Time for a campaign, in ms", measured, _milliseconds),
        *_chart(_LEFT + _WIDE + _GAP, "Peak memory, in MB", measured, lambda _, used: used.megabytes),
    ]
    for number, (name, colour) in enumerate(_COLOURS.items()):
        x, y = _LEFT + number * 190, height - 14
        said = {"cold": "first plan", "warm": "plan with a cache", "PyYAML": "PyYAML reads the files"}[name]
        parts.append(f'<rect x="{x}" y="{y - 9}" width="12" height="4" fill="{colour}"/>')
        parts.append(f'<text x="{x + 18}" y="{y - 3}" fill="#1f2328">{said}</text>')
    return "\n".join((*parts, "</svg>", ""))


def _milliseconds(size: int, used: Used) -> float:
    return used.took * 1_000 / size


def _chart(left: int, title: str, measured: Measured, figure: Callable[[int, Used], float]) -> Sequence[str]:
    highest = max(figure(size, one) for size, used in measured.items() for one in used.values())
    step = next(each for each in (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500) if highest / each <= 5)
    low, high = log10(min(measured)), log10(max(measured))

    def place(size: int, value: float) -> tuple[float, float]:
        across = left + (log10(size) - low) / (high - low) * _WIDE
        return round(across, 1), round(_TOP + _HIGH - value / (step * 5) * _HIGH, 1)

    parts = [f'<text x="{left}" y="{_TOP - 16}" font-weight="600" fill="#1f2328">{title}</text>']
    for mark in range(6):
        _, y = place(min(measured), mark * step)
        parts.append(f'<line x1="{left}" x2="{left + _WIDE}" y1="{y}" y2="{y}" stroke="#d1d9e0"/>')
        parts.append(
            f'<text x="{left - 8}" y="{y + 4}" text-anchor="end" fill="#59636e">{mark * step:g}</text>'
        )
    for size in measured:
        x, _ = place(size, 0)
        parts.append(
            f'<text x="{x}" y="{_TOP + _HIGH + 18}" text-anchor="middle" fill="#59636e">{size:,}</text>'
        )
    for name, colour in _COLOURS.items():
        points = [place(size, figure(size, used[name])) for size, used in measured.items()]
        for (x1, y1), (x2, y2) in pairwise(points):
            ends = f'x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"'
            parts.append(f'<line {ends} stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in points]
    return parts


def _photographed(svg: Path, png: Path) -> None:
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import FLAGS, chromium

    if (program := chromium()) is None:
        print("no PNG: there is no Chromium on this machine")
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS.split())
        page = browser.new_page(device_scale_factor=2)
        page.set_content(f"<body style='margin:0'>{svg.read_text(encoding='utf-8')}</body>")
        page.locator("svg").screenshot(path=png)
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
