"""Trials on several processes, each with one thread, so that it can fork the processes of its trials."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from tests.torture.place import Stage
from tests.torture.trials import Report, Trial, carry_out


def reports(stages: Mapping[str, Stage], trials: Sequence[Trial], workers: int) -> Iterator[Report]:
    """The reports, as they come. Most of a trial is waiting: more workers than processors are of use."""
    context = multiprocessing.get_context("fork")
    with context.Pool(workers) as pool:
        yield from pool.imap_unordered(partial(carry_out, stages), trials)
