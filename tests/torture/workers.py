"""Trials on several processes, each with one thread, so that it can fork the processes of its trials."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from tests.torture.place import Stage
from tests.torture.trials import Random, Report, Trial, carry_out, carry_out_random

Job = Trial | Random


def reports(stages: Mapping[str, Stage], jobs: Sequence[Job], workers: int) -> Iterator[Report]:
    """The reports, as they come. Most of a trial is waiting: more workers than processors are of use.

    A job is handed over by its number: what hypothesis draws from is no value that goes through a pipe.
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
