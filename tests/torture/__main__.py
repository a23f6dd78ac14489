"""`python -m tests.torture`: kill, cut and confuse applies at every boundary, and print the results."""

from __future__ import annotations

import argparse
import math
import os
import random
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.torture import plans, schedules
from tests.torture.own import CannotTorture, settings_of, stage_of
from tests.torture.place import Stage
from tests.torture.processes import load_everything
from tests.torture.remote import KINDS, Shared
from tests.torture.report import Table, complaint
from tests.torture.scenario import Scenario, Times
from tests.torture.tap import Call
from tests.torture.trials import Job, Random, Trial, reports

_MEMORY = Path("/dev/shm")
_SHOWN_EVERY = 50
_SCHEDULES = 60
_TRIALS_OF_A_PLAN = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the selected trials; 1 if any of them found anything."""
    options = _options(arguments)
    began = time.monotonic()
    place = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="torture-", dir=place) as root:
        try:
            if options.project:
                settings_of(options.project)  # before seconds are spent on what follows
            load_everything()
            stages = {stage.scenario.name: stage for stage in _stages(options, Path(root))}
        except CannotTorture as error:
            _say(f"{error}\nTorture begins with a project that applies as it is.")
            return 1
        calls = {name: stage.crossed() for name, stage in stages.items()}
        jobs = _chosen(list(_jobs(stages, calls, options)), options)
        number = sum(job.number if isinstance(job, Random) else 1 for job in jobs)
        _say(f"seed {options.seed}: {number} trials on {options.workers} workers")
        table = _done(stages, jobs, number, options)
    print(table.text(sum(map(len, calls.values())), time.monotonic() - began))  # noqa: T201 - the result
    return bool(table.bad)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.torture", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="every plan and every trial")
    which.add_argument("--slice", type=int, metavar="N", help="N of all trials, selected by the seed")
    which.add_argument("--small", action="store_true", help="all kills and power cuts of the small plan")
    parser.add_argument(
        "--altered", action="store_true", help="only what the API or someone in the dashboard alters"
    )
    parser.add_argument("--backend", choices=KINDS, help="the small plan, with its state on this backend")
    own = parser.add_argument_group("your own project, applied to a local Ocamba")
    own.add_argument("--project", type=Path, metavar="DIR", help="the project, instead of the built-in plans")
    own.add_argument("--before", type=Path, metavar="DIR", help="an earlier checkout, applied first")
    own.add_argument("-e", "--environment", metavar="ENV", help="one of its environments")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="default: a random one")
    parser.add_argument("--workers", type=int, default=3 * (os.cpu_count() or 1), help="trials at a time")
    parser.add_argument(
        "--skip",
        type=int,
        default=0,
        metavar="N",
        help="leave out the first N: goes on where a run with the same --seed was stopped",
    )
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="only trials whose plan, row or label contains TEXT"
    )
    parser.add_argument("--first", action="store_true", help="stop at the first trial that finds something")
    return parser.parse_args(arguments)


def _stages(options: argparse.Namespace, root: Path) -> Iterator[Stage]:
    if options.project:
        yield stage_of(options.project, options.before, options.environment, root / "own")
        return
    times = Times()
    if options.backend:
        yield from _shared(times, root, options, options.backend)
        return
    yield Stage.built(plans.small(times), root / "small")
    if not options.all and (options.altered or not options.slice):
        return
    others = [plan(times) for plan in plans.OTHERS]
    for plan in others if options.all else _of_a_slice(others, options):
        yield Stage.built(plan, root / plan.name)
    if options.all and not options.altered:
        yield from _shared(times, root, options, "git")


def _of_a_slice(others: list[Scenario], options: argparse.Namespace) -> list[Scenario]:
    """The plans that `--only` names, or some of them by the seed: to set up all takes longer than a slice."""
    named = [plan for plan in others if options.only and plan.name in options.only]
    number = min(math.ceil(options.slice / _TRIALS_OF_A_PLAN), len(others))
    return named or random.Random(options.seed).sample(others, number)


def _shared(times: Times, root: Path, options: argparse.Namespace, kind: str) -> Iterator[Stage]:
    named = options.all or plans.archived(times).name in options.only
    for plan in (plans.small(times), *([plans.archived(times)] if named else [])):
        for runner in (False, True):
            shared = Shared.of(plan, kind, runner=runner)
            yield Stage.built(shared, root / shared.name)


def _jobs(
    stages: Mapping[str, Stage], calls: Mapping[str, list[Call]], options: argparse.Namespace
) -> Iterator[Job]:
    broad = options.all or options.slice or options.backend
    altering = _ALTERING if not options.project and (options.altered or broad) else ()
    for name, crossed in calls.items():
        command, scenario = stages[name].words[0], stages[name].scenario
        shared = scenario if isinstance(scenario, Shared) else None
        # With the state, what was usual is lost as well.
        if command in ("apply", "proof") and not scenario.loses_state and not shared:
            for kind in altering:
                yield from kind(name, crossed)
        if options.altered:
            continue
        for kind in _kinds(shared, broad=bool(broad)):
            yield from kind(name, crossed)
        if broad and command in ("apply", "halt"):
            anywhere = name in _HALTED_ANYWHERE
            yield from (schedules.halts if anywhere else schedules.halts_at_writes)(name, crossed)
        if broad and any(call.name == "flock" and call.about.endswith(".lock") for call in crossed):
            yield from schedules.frozen_holders(name, crossed)
        if broad and not (shared and shared.runner) and any(call.is_request for call in crossed):
            yield from schedules.random_faults(name, crossed, _SCHEDULES, options.seed)
    if broad and "small" in calls and not options.altered:
        yield from schedules.paired_faults("small", calls["small"])


_HALTED_ANYWHERE = ("small", "halted")

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
    schedules.late_writes,
    schedules.undone_writes,
)
_ALTERING: tuple[_Kind, ...] = (schedules.unkind, schedules.dashboards)

# A shared state has no local disk that could lose power, and the account does not care which machine applies.
_ON_RUNNERS: tuple[_Kind, ...] = (
    schedules.kills,
    schedules.late_effects,
    schedules.parallel_kills,
    schedules.frozen_holders,
)
_SHARED = (*_ON_RUNNERS, schedules.crowds, schedules.failing_calls, schedules.single_faults)


def _kinds(shared: Shared | None, *, broad: bool) -> tuple[_Kind, ...]:
    if shared:
        return _ON_RUNNERS if shared.runner else _SHARED
    return (*_ALWAYS, *_BROAD) if broad else _ALWAYS


def _chosen(jobs: list[Job], options: argparse.Namespace) -> list[Job]:
    wanted = [job for job in jobs if options.only in f"{job.scenario} | {job.group} | {job.label}"]
    shuffle = random.Random(options.seed).shuffle
    shuffle(wanted)
    return wanted[: options.slice] if options.slice else wanted[options.skip :]


def _done(
    stages: Mapping[str, Stage], jobs: Sequence[Job], number: int, options: argparse.Namespace
) -> Table:
    table = Table()
    # Ctrl-C ends it with the table of the trials that were made.
    with suppress(KeyboardInterrupt):
        for report in reports(stages, jobs, options.workers):
            table.reports.append(report)
            if report.verdict.bad:
                _say(complaint(report))
            if options.first and table.bad:
                break
            if len(table.reports) % _SHOWN_EVERY == 0:
                _say(f"{len(table.reports)} of {number}, {len(table.bad)} bad")
    return table


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is a program


if __name__ == "__main__":
    sys.exit(main())
