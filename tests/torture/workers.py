"""Trials in several processes, each single-threaded, so that it can fork."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from tests.torture.place import Stage
from tests.torture.trials import Random, Report, Trial, carry_out, carry_out_random

Job = Trial | Random


def reports(stages: Mapping[str, Stage], jobs: Sequence[Job], workers: int) -> Iterator[Report]:
    """The reports, as they arrive. A trial mostly waits: more workers than processors are useful.

    A job is passed by its number, because hypothesis strategies cannot be pickled.
    """
    context = multiprocessing.get_context("fork")
    with context.Pool(workers, _hold, (jobs,)) as pool:
        for done in pool.imap_unordered(partial(_carry_out, stages), range(len(jobs))):
            yield from done


_held: list[Job] = []


def _hold(jobs: Sequence[Job]) -> None:
    _held[:] = jobs


def _carry_out(stages: Mapping[str, Stage], number: int) -> list[Report]:
    job = _held[number]
    return carry_out_random(stages, job) if isinstance(job, Random) else [carry_out(stages, job)]
