"""What a plan costs after 20,000 final campaigns were archived, against one whose state never had them.

Both plan the same 500 live campaigns from the state alone, as processes in turns; with one new campaign in
the manifests, the plan asks the archive too. Processor time: the least of each side.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

from benchmarks.timing import Used, process, turns
from campaignctl.backends.local import LocalBackend
from campaignctl.campaign.canonical import body_digest
from campaignctl.diff import content
from campaignctl.manifest.load import load
from campaignctl.plan import records
from campaignctl.schedule.times import iso
from campaignctl.state.ledger import Sent, Year
from campaignctl.state.model import Account, Record, State
from campaignctl.state.years import encode_year

ROUNDS = 7
BOUND = 1.2
LIVE, ARCHIVED = 500, 20_000
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
_PROJECT = """
apiVersion: campaignctl/v1
kind: Project
metadata: {name: shop, id: 5f0c2f1e-8d5d-4c43-9f1e-1b2c3d4e5f60}
"""
_MANIFEST = """
spec:
  name: Number {number}
  scheduled_time: "2036-03-22 10:00:00"
  messages:
    - {{name: m, channel: sms, integration_id: "1996", sms: {{content: {{en: Hello {number}}}}}}}
"""


def main() -> int:
    """Measure, print the ratios, and end with 1 when one is above the bound."""
    with tempfile.TemporaryDirectory() as directory:
        names = {"without": 0, "archived": ARCHIVED}
        sides: dict[str, Callable[[], Used]] = {}
        environ = {**os.environ, "CAMPAIGNCTL_CACHE": "off"}
        for name, count in names.items():
            for extra in (0, 1):
                folder = Path(directory) / f"{name}-{extra}"
                _made(folder, count, extra)
                command = [sys.executable, "-m", "campaignctl", "-C", str(folder), "plan", "--no-refresh"]
                sides[f"{name}, {extra} new"] = partial(process, command, environ)
        used = turns(sides, ROUNDS)
    ratios = [
        used[f"archived, {extra} new"].seconds / used[f"without, {extra} new"].seconds for extra in (0, 1)
    ]
    print(f"{LIVE} live campaigns, {ARCHIVED:,} archived, least of {ROUNDS}:")
    for name, one in used.items():
        print(f"  {name:16} {one.seconds * 1000:7.0f} ms")
    print(f"  ratio            {ratios[0]:7.2f}    (bound {BOUND}); with a create {ratios[1]:.2f}")
    return int(max(ratios) > BOUND)


def _made(folder: Path, archived: int, extra: int) -> None:
    """A project whose live campaigns are applied, with an archive, and manifests that are not applied."""
    folder.mkdir(parents=True)
    (folder / "campaignctl.yaml").write_text(_PROJECT)
    for number in range(LIVE):
        (folder / f"c{number}.yaml").write_text(_MANIFEST.format(number=number))
    desired = load(folder, environment=None, environ={}, tool_version="0.1.0", variables={}, now=NOW)
    known = {
        key: Record(
            *(str(1_000_000 + number), "scheduled", one.spec, body_digest(one.spec), uuid4().hex),
            *(iso(NOW), iso(NOW), one.source_digest),
            baseline={},
        )
        for number, (key, one) in enumerate(desired.campaigns.items())
    }
    year = _year(archived, known["c0"])
    state = State(
        *("lineage", 7, None, Account("https://api.ocamba.com", "6197120", markers=True), "0.1.0"),
        campaigns=known,
        project_id=desired.project.id,
        archives=(2026,) if archived else (),
    )
    backend = LocalBackend(
        folder / ".campaignctl/state.json",
        now=lambda: NOW,
        new_id=lambda: uuid4().hex,
        wait=lambda _: None,
        interrupted=lambda: False,
    )
    session = backend.acquire("benchmark", timedelta())
    if archived:
        session.archive({2026: encode_year(2026, year, state)})
    session.write(state)
    session.release()
    for number in range(LIVE, LIVE + extra):
        (folder / f"c{number}.yaml").write_text(_MANIFEST.format(number=number))


def _year(count: int, like: Record) -> Year:
    """That many campaigns that were sent in January."""
    then = NOW.replace(month=1)
    sent, released = [], []
    for number in range(count):
        spec = {**like.applied, "name": f"Old {number}", "labels": [str(number)]}
        old = Record(
            *(str(number), "sent", spec, body_digest(spec), uuid4().hex, iso(then), iso(then), "sha256:s"),
            began=iso(then),
        )
        shown = f"{content(spec)[:-6]}{number:06}"
        entry = records.released(f"old/{number}", old, "sent", then)
        released.append(replace(entry, content=shown, archived="sha256:s"))
        sent.append(Sent(old.digest, f"old/{number}", old.id, iso(then), shown, (iso(then),)))
    return Year(tuple(sent), tuple(released))


if __name__ == "__main__":
    sys.exit(main())
