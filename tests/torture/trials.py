"""Trials: a plan, what is done to its apply, and the findings; carried out in several processes."""

from __future__ import annotations

import json
import multiprocessing
import signal
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

from tests.torture import halting, oracle
from tests.torture.oracle import Verdict
from tests.torture.place import Place, Stage, wait_until
from tests.torture.scenario import APPLY, TIMEOUT
from tests.torture.tap import Stop
from tests.torture.unseen import Altered

_LONG = ("--lock-timeout", "60s")

Fault = tuple[Mapping[str, Any], Mapping[str, Any]]


@dataclass(frozen=True)
class Trial:
    """What is done to one apply of a scenario.

    `group` is the row of the table, `label` this trial in it. `faults` are rules of the sandbox; `stop` hits
    the process at a boundary; `rivals` is the number of concurrent applies; `frozen` stops the lock holder at
    `stop`, breaks its lock, lets another run apply, and then continues the holder.

    `switches` are the API's during the apply; `quiet`: they only spell things differently. `edit` is what
    someone sets in each campaign in the dashboard while the process is stopped, or, if there is no `stop`,
    between the plan and its apply.

    `halted`: while the process is stopped, everything is halted, and someone resumes that in the dashboard.
    """

    scenario: str
    group: str
    label: str
    stop: Stop | None = None
    faults: tuple[Fault, ...] = ()
    parallelism: int = 1
    rivals: int = 1
    frozen: bool = False
    switches: Mapping[str, Any] = field(default_factory=dict)
    quiet: bool = False
    edit: Mapping[str, Any] = field(default_factory=dict)
    halted: bool = False


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
    verdict = Verdict(late=trial.frozen or _delay(trial) > TIMEOUT)
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


def _delay(trial: Trial) -> float:
    """How many seconds later a request of a trial arrives, or is answered."""
    return max((float(fault.get("seconds", 0)) for _, fault in trial.faults), default=0.0)


def _carried_out(place: Place, stage: Stage, trial: Trial, verdict: Verdict) -> bool:
    old = place.recorded_ids()
    for match, fault in trial.faults:
        place.control.fault(dict(match), dict(fault))
    landed = _disturbed(place, stage, trial, verdict)
    if trial.faults:
        ended_by = trial.stop is not None and not trial.halted
        met = [rule["used"] > 0 for rule in place.control.faults()]
        landed = all(met) and (landed or not ended_by)
    elif trial.stop is not None and trial.stop.error is not None:
        landed = True
    oracle.readable(place, verdict)
    with suppress(ConnectionError):
        place.control.clear_faults()
    delay = _delay(trial)
    quiet, patient = time.monotonic() + delay, delay > TIMEOUT
    if trial.halted and landed and stage.words[0] != "halt":
        halting.held_and_lifted(place, verdict, quiet)
    if stage.scenario.loses_state:
        wait_until(quiet)
        place.lose_state()
    oracle.brought_to_an_end(place, stage, old, verdict, quiet, patient)
    return landed


def _disturbed(place: Place, stage: Stage, trial: Trial, verdict: Verdict) -> bool:
    """Run the command with what is done to it; True if that happened."""
    words = stage.line(trial.parallelism)
    if trial.frozen:
        return _frozen_holder(place, words, trial.stop)
    if trial.halted:
        return halting.meanwhile(place, words, trial.stop, verdict)
    if trial.rivals > 1:
        return _at_once(place, stage.plain, trial.rivals)
    if trial.switches:
        return _unkind(place, stage, trial, verdict)
    if trial.edit:
        return _edited(place, words, trial, verdict)
    ended = place.run(*words, stop=trial.stop)
    verdict.said += ended.text
    return ended.signal == signal.SIGKILL


def _at_once(place: Place, words: tuple[str, ...], number: int) -> bool:
    """Start `number` runs at once; True if none of them crashed."""
    children = [place.start(*words, *(_LONG if words[0] == "apply" else ())) for _ in range(number)]
    ends = [child.wait() for child in children]
    return all(ended.status in (0, 1) for ended in ends)


def _frozen_holder(place: Place, words: tuple[str, ...], stop: Stop | None) -> bool:
    """A lock holder stops at a boundary, its lock is broken by hand, another run applies, the holder goes on.

    True if it did stop while it held the lock.
    """
    child = place.start(*words, stop=stop)
    if not child.stopped():
        return False
    lock = place.lock_id()
    if lock is not None:
        place.run("state", "unlock", lock)
    _ = place.apply() if words[0] == "apply" else place.run(*words)
    child.go_on()
    child.wait()
    return lock is not None


def _unkind(place: Place, stage: Stage, trial: Trial, verdict: Verdict) -> bool:
    """The API alters what an apply writes. True if that shows, or must not."""
    # What waits for a person or for another campaign's end is not done after one apply.
    words, quiet = stage.line(trial.parallelism), trial.quiet and not stage.scenario.adopting
    usual = place.control.switches()
    altered = Altered(_last_request(place), by_api=True)
    place.control.switch(**trial.switches)
    ended = place.run("-q", *words, "--format", "json")
    verdict.altered, verdict.said = replace(altered, told=_outcomes(ended.text)), ended.text
    if quiet and words[0] == "proof":
        verdict.stuck += [] if ended.status == 0 else [f"it is not quiet: {ended.text}"]
    elif quiet:
        plan = place.plan()
        if ended.status != 0 or plan["changes"] or plan["drift"] or plan["blocked"]:
            verdict.stuck.append(f"it is not quiet: {ended.text} {plan}")
    place.control.switch(**{name: usual[name] for name in trial.switches})
    refused = any(outcome != "done" for outcome in verdict.altered.told.values())
    refused |= words[0] == "proof" and ended.status == 1
    return (
        refused
        or trial.quiet
        or any(
            campaign["stored"].get(name) != value
            for campaign in place.control.campaigns()
            for name, value in (campaign["requested"] or {}).items()
            if name not in ("is_draft", "run_immediately")
        )
    )


def _edited(place: Place, words: tuple[str, ...], trial: Trial, verdict: Verdict) -> bool:
    """Someone edits all campaigns in the dashboard, directly before a request or between plan and apply."""
    if trial.stop is None:
        plan = str(place.root / "plan.bin")
        place.run("plan", *words[len(APPLY) : -2], "-o", plan)
        words = ("apply", plan)
    child = None if trial.stop is None else place.start("-q", *words, "--format", "json", stop=trial.stop)
    if child and not child.stopped():
        return False
    for campaign in place.control.campaigns():
        place.control.edit(campaign["id"], trial.edit)
    # What was under way when the child was stopped may have been answered before the edit.
    altered = Altered(_last_request(place))
    if child:
        child.go_on()
    ended = child.wait() if child else place.run("-q", *words, "--format", "json")
    verdict.altered, verdict.said = replace(altered, told=_outcomes(ended.text)), ended.text
    return True


def _last_request(place: Place) -> int:
    return max((entry["n"] for entry in place.control.requests()), default=0)


def _outcomes(text: str) -> dict[str, str]:
    """The outcome of each change in the JSON document of an apply; none if it refused to begin."""
    if "\n{" not in f"\n{text}":
        return {}
    document = json.JSONDecoder().raw_decode(text[f"\n{text}".index("\n{") :])[0]
    return {change["key"]: change["outcome"] for change in document.get("changes", ())}


Job = Trial | Random


def reports(stages: Mapping[str, Stage], jobs: Sequence[Job], workers: int) -> Iterator[Report]:
    """The reports as they arrive, from processes with one thread each, so that they can fork.

    A trial mostly waits: more workers than processors are useful.
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
