"""`python -m tests.torture`: kill, cut and confuse applies at every boundary, and print what came of it."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

from tests.torture import scenario, schedules
from tests.torture.place import Stage
from tests.torture.processes import load_everything
from tests.torture.report import Table, complaint
from tests.torture.tap import Call
from tests.torture.trials import Trial
from tests.torture.workers import reports

_MEMORY = Path("/dev/shm")
_SHOWN_EVERY = 50
_SCHEDULES = 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the trials that were asked for; 1 when any of them found anything."""
    options = _options(arguments)
    began = time.monotonic()
    load_everything()
    place = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="torture-", dir=place) as root:
        stages = {plan.name: Stage.built(plan, Path(root) / plan.name) for plan in _plans(options)}
        calls = {name: _crossed(stage) for name, stage in stages.items()}
        trials = _chosen(list(_trials(calls, options)), options)
        _say(f"seed {options.seed}: {len(trials)} trials on {options.workers} workers")
        table = _done(stages, trials, options)
    print(table.text(sum(map(len, calls.values())), time.monotonic() - began))  # noqa: T201 - the result
    return bool(table.bad)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.torture", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="every plan and every trial")
    which.add_argument("--slice", type=int, metavar="N", help="so many of all trials, by the seed")
    which.add_argument("--small", action="store_true", help="all kills and power cuts of the small plan")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="default: a random one")
    parser.add_argument("--workers", type=int, default=3 * (os.cpu_count() or 1), help="trials at a time")
    parser.add_argument("--only", default="", metavar="TEXT", help="trials whose plan, row or label has it")
    parser.add_argument("--first", action="store_true", help="stop at the first trial that finds something")
    return parser.parse_args(arguments)


def _plans(options: argparse.Namespace) -> list[scenario.Scenario]:
    times = scenario.Times()
    if not (options.all or options.slice):
        return [scenario.small(times)]
    return [
        scenario.small(times),
        scenario.first(times),
        scenario.mixed(times),
        scenario.mixed(times, two_step=True),
    ]


def _crossed(stage: Stage) -> list[Call]:
    with stage.place() as place:
        return place.crossed(*(word for key in stage.scenario.replace for word in ("--replace", key)))


def _trials(calls: Mapping[str, list[Call]], options: argparse.Namespace) -> Iterator[Trial]:
    for name, crossed in calls.items():
        for kind in (*_ALWAYS, *_BROAD) if options.all or options.slice else _ALWAYS:
            yield from kind(name, crossed)
        if options.all or options.slice:
            yield from schedules.random_faults(name, crossed, _SCHEDULES, options.seed)
    if options.all or options.slice:
        yield from schedules.paired_faults("small", calls["small"])


_Kind = Callable[[str, Sequence[Call]], Iterator[Trial]]
_ALWAYS: tuple[_Kind, ...] = (
    schedules.kills,
    schedules.power_cuts,
    schedules.late_effects,
    schedules.crowds,
)
_BROAD: tuple[_Kind, ...] = (
    schedules.parallel_kills,
    schedules.failing_calls,
    schedules.single_faults,
    schedules.frozen_holders,
)


def _chosen(trials: list[Trial], options: argparse.Namespace) -> list[Trial]:
    wanted = [t for t in trials if options.only in f"{t.scenario} | {t.group} | {t.label}"]
    random = Random(options.seed)
    random.shuffle(wanted)
    return wanted[: options.slice] if options.slice else wanted


def _done(stages: Mapping[str, Stage], trials: Sequence[Trial], options: argparse.Namespace) -> Table:
    table = Table()
    for report in reports(stages, trials, options.workers):
        table.reports.append(report)
        if report.verdict.bad:
            _say(complaint(report))
        if options.first and table.bad:
            break
        if len(table.reports) % _SHOWN_EVERY == 0:
            _say(f"{len(table.reports)} of {len(trials)}, {len(table.bad)} bad")
    return table


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is a program


if __name__ == "__main__":
    sys.exit(main())
