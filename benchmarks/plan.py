"""How long a plan of 1,000 campaigns takes, with nothing to do and with all of them changed, against PyYAML's
CSafeLoader on the same files.

The plan includes manifests, refresh (from given answers), decisions and text. Processor time of one
process, in which the two take turns.
"""

from __future__ import annotations

import copy
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

from benchmarks.validate import COUNT, write
from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.live import Live, Page
from campaignctl.cli.main import GARBAGE_SEARCH
from campaignctl.manifest.load import load
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.plan.model import Options
from campaignctl.reconciler.plan import plan
from campaignctl.reconciler.run import Wiring
from campaignctl.render.plan import plan_text
from campaignctl.review.review import review_of
from campaignctl.state.halts import Halts
from campaignctl.state.model import Account, Record, State

ROUNDS = 5
BOUNDS = {"nothing to do": 2.2, "all changed": 4.0}
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
URL = "https://api.ocamba.com"
_PAGE = 100


def main() -> int:
    """Measure, print the ratios, and end with 1 when one is above its bound."""
    gc.set_threshold(GARBAGE_SEARCH)  # as the command does
    with tempfile.TemporaryDirectory() as directory:
        same, changed = Path(directory, "same"), Path(directory, "changed")
        sides: dict[str, Callable[[], None]] = {"CSafeLoader": lambda: _parsed(same)}
        for name, folder in zip(BOUNDS, (same, changed), strict=True):
            folder.mkdir()
            write(folder)
            sides[name] = partial(_planned, applied(desired_state(folder)), folder)
        for path in changed.glob("c*.yaml"):
            text = path.read_text().replace("Hello from", "Greetings from").replace("[pro, ", "[free, ")
            path.write_text(text)
        seconds: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(ROUNDS):
            for name, work in sides.items():
                start = time.process_time()
                work()
                seconds[name].append(time.process_time() - start)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    print(f"{COUNT:,} campaigns, planned with live campaigns at hand, median of {ROUNDS}:")
    above = 0
    for name, value in medians.items():
        ratio = value / medians["CSafeLoader"]
        bound = BOUNDS.get(name, ratio)
        above += ratio > bound
        print(f"  {name:14} {value * 1000:7.0f} ms {ratio:7.2f}    (bound {bound:.1f})")
    return int(above > 0)


def _planned(wiring: Wiring, folder: Path) -> None:
    plan_text(review_of(plan(wiring, desired_state(folder), Options())), color=False, now=NOW)


def desired_state(folder: Path) -> DesiredState:
    """What the manifests of a folder declare."""
    return load(folder, environment=None, environ={}, tool_version="0.1.0", variables={}, now=NOW)


def _parsed(folder: Path) -> None:
    for path in sorted(folder.glob("c*.yaml")):
        yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)


def applied(desired: DesiredState) -> Wiring:
    """A run in which all of this has been applied."""
    records = {key: _record(str(number), one) for number, (key, one) in enumerate(desired.campaigns.items())}
    state = State("lineage", 1, None, Account(URL, "1", markers=True), "0.1.0", campaigns=records)
    lives = [_live(record) for record in records.values()]

    def list_page(number: int, **_: Any) -> Page:
        return Page(tuple(lives[(number - 1) * _PAGE : number * _PAGE]), len(lives), None)

    backend: Any = SimpleNamespace(read=lambda: state, halts=Halts)
    by_id = {live.id: live for live in lives}
    api: Any = SimpleNamespace(url=URL, list_page=list_page, read=by_id.get, server_time=NOW)
    clock: Any = SimpleNamespace(now=lambda: NOW, new_id=lambda: "intent")
    return Wiring(desired.project, backend, api, clock, lambda _: None, "0.1.0")


def _record(campaign_id: str, one: DesiredCampaign) -> Record:
    at = "2026-11-01T00:00:00Z"
    digest = body_digest(one.spec)
    return Record(
        campaign_id, "scheduled", one.spec, digest, None, at, at, one.source_digest, lifecycle=one.lifecycle
    )


def _live(record: Record) -> Live:
    """The live campaign: the applied spec with the API's ids."""
    fields = copy.deepcopy(dict(record.applied))
    for number, message in enumerate(fields["messages"]):
        message["id"] = f"{record.id}{number}"
    return Live(record.id, {**fields, "id": record.id, "status": "scheduled", "company_id": "1"}, True)


if __name__ == "__main__":
    sys.exit(main())
