"""One trial: a plan, what is done to its apply, and the findings."""

from __future__ import annotations

import signal
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

from tests.torture import oracle, rivals
from tests.torture.oracle import Verdict
from tests.torture.place import Place, Stage
from tests.torture.scenario import TIMEOUT
from tests.torture.tap import Stop

Fault = tuple[Mapping[str, Any], Mapping[str, Any]]


@dataclass(frozen=True)
class Trial:
    """What is done to one apply of a scenario.

    `group` is the row of the table, `label` this trial in it. `faults` are rules of the sandbox; `stop` hits
    the process at a boundary; `rivals` is the number of concurrent applies; `frozen` stops the lock holder at
    `stop`, breaks its lock, lets another run apply, and then continues the holder.
    """

    scenario: str
    group: str
    label: str
    stop: Stop | None = None
    faults: tuple[Fault, ...] = ()
    parallelism: int = 1
    rivals: int = 1
    frozen: bool = False


@dataclass(frozen=True)
class Report:
    """The findings of a trial. `landed`: the intended disturbance did happen."""

    trial: Trial
    landed: bool
    verdict: Verdict
    seconds: float


def carry_out(stages: Mapping[str, Stage], trial: Trial) -> Report:
    """Carry out a trial; whatever goes wrong is in the report."""
    began = time.monotonic()
    verdict = Verdict(broken=trial.frozen)
    landed = False
    try:
        with stages[trial.scenario].place() as place:
            landed = _carried_out(place, stages[trial.scenario], trial, verdict)
    except Exception:  # noqa: BLE001 - one broken trial must not end the others
        verdict.stuck.append(traceback.format_exc())
    return Report(trial, landed, verdict, time.monotonic() - began)


@dataclass(frozen=True)
class Random:
    """A batch of trials drawn by hypothesis from `strategy`, by `seed`."""

    scenario: str
    group: str
    strategy: SearchStrategy[Trial]
    number: int
    seed: int

    @property
    def label(self) -> str:
        """The name of the batch."""
        return f"seed {self.seed}"


def carry_out_random(stages: Mapping[str, Stage], random: Random) -> list[Report]:
    """The reports of a batch. If one finds something, hypothesis shrinks it, and the smallest is the last."""
    reports: list[Report] = []

    @seed(random.seed)
    @settings(
        max_examples=random.number,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(random.strategy)
    def holds(trial: Trial) -> None:
        reports.append(carry_out(stages, trial))
        assert not reports[-1].verdict.bad

    # The reports have the findings.
    with suppress(AssertionError, Flaky):
        holds()
    return reports


def _carried_out(place: Place, stage: Stage, trial: Trial, verdict: Verdict) -> bool:
    old = oracle.recorded_ids(place)
    words = stage.line(trial.parallelism)
    for match, fault in trial.faults:
        place.control.fault(dict(match), dict(fault))
    if trial.frozen:
        landed = rivals.frozen_holder(place, words, trial.stop)
    elif trial.rivals > 1:
        landed = rivals.at_once(place, stage.plain, trial.rivals)
    else:
        ended = place.run(*words, stop=trial.stop)
        verdict.said += ended.text
        landed = ended.signal == signal.SIGKILL
    if trial.faults:
        met = [rule["used"] > 0 for rule in place.control.faults()]
        landed = all(met) and (landed or trial.stop is None)
    elif trial.stop is not None and trial.stop.error is not None:
        landed = True
    oracle.readable(place, verdict)
    with suppress(ConnectionError):
        place.control.clear_faults()
    delay = max((float(fault.get("seconds", 0)) for _, fault in trial.faults), default=0.0)
    quiet, patient = time.monotonic() + delay, delay > TIMEOUT
    oracle.brought_to_an_end(place, stage, old, verdict, quiet, patient)
    return landed
