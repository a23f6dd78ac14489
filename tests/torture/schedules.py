"""The trials: every boundary, every fault, and random ones by seed."""

from __future__ import annotations

import errno
import signal
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, get_args

from hypothesis import strategies as st

from campaignctl.sandbox.switches import Spelling
from tests.torture.scenario import TIMEOUT
from tests.torture.tap import Call, Stop
from tests.torture.trials import Fault, Random, Trial

_LATE = 0.6 * TIMEOUT
_BEYOND_TIMEOUT = 1.5 * TIMEOUT
_DELAYS = {"within the time-out": _LATE, "beyond the time-out": _BEYOND_TIMEOUT}
_LOT = 6

FAULTS: Mapping[str, Mapping[str, Any]] = {
    "lost answer": {"kind": "lost_answer"},
    "dropped": {"kind": "drop"},
    **{
        f"{status} {'after' if effect else 'without'} effect": {
            "kind": "status",
            "status": status,
            "effect": effect,
        }
        for status, effect in product((500, 502, 503, 504), (True, False))
    },
    "redirect": {"kind": "redirect", "location": "http://127.0.0.1:9/elsewhere"},
    "truncated": {"kind": "truncate"},
    "garbled": {"kind": "garble"},
    "no id": {"kind": "no_id"},
    "another campaign": {"kind": "another"},
    "the id of another": {"kind": "another", "bare": True},
    "429 with seconds": {"kind": "rate_limit", "retry_after": 1},
    "429 too many at once": {"kind": "rate_limit", "retry_after": -1},
    "429 without a word": {"kind": "rate_limit", "retry_after": None},
    "401": {"kind": "status", "status": 401},
    "late effect": {"kind": "delay", "seconds": _BEYOND_TIMEOUT, "when": "before"},
    "late answer": {"kind": "delay", "seconds": _BEYOND_TIMEOUT, "when": "after"},
}


_FRENCH = {"items": ["fr"], "op": "in"}

#: What the API does to what it is sent; switches of the sandbox.
UNKIND: Mapping[str, Mapping[str, Any]] = {
    **{
        f"{path} ignored by creates": {"create_ignores": [path]}
        for path in ("targeting", "scheduled_time", "recurrence", "run_immediately", "is_draft")
    },
    **{
        f"{path} ignored by updates": {"patch_ignores": [path]}
        for path in ("description", "scheduled_time", "is_draft", "run_immediately")
    },
    "quiet hours unasked": {"unasked": {"quiet_hours": {"from": "20:00"}}},
    "draft unasked": {"unasked": {"is_draft": True}},
    "audience unasked": {"unasked": {"targeting": {"languages": _FRENCH}}},
    "profile time zone unasked": {"unasked": {"send_in_profile_time_zone": True}},
    "texts cut": {"cut": {"messages/*/sms/content/*": 5}},
    "characters replaced": {"replaced": {"Hi": "H?"}},
}

#: What someone sets in the dashboard, by path.
EDITS: Mapping[str, Mapping[str, Any]] = {
    "quiet hours": {"quiet_hours": {"from": "20:00"}},
    "audience": {"targeting/languages": _FRENCH},
    "language": {"messages/0/sms/content/de": "Hallo"},
    "text": {"messages/0/sms/content/en": "Hi from elsewhere"},
    "label": {"labels": ["theirs"]},
}


def kills(scenario: str, calls: Sequence[Call]) -> Iterator[Trial]:
    """A SIGKILL at every boundary, in every possible way."""
    for number, call in enumerate(calls, 1):
        for moment in call.moments:
            label = f"{number} {call.name} {call.about} {moment}"
            yield Trial(scenario, "killed", label, Stop(number, moment))


def power_cuts(scenario: str, calls: Sequence[Call]) -> Iterator[Trial]:
    """A power cut at every boundary with unsynced data, which is lost in either way. With everything synced,
    a power cut is a kill."""
    for number, call in enumerate(calls, 1):
        for loss in ("names", "content") if _unsynced(calls[: number - 1]) else ():
            stop = Stop(number, loss=loss)
            yield Trial(scenario, "power cut", f"{number} {call.name} {call.about} {loss}", stop)


def _unsynced(calls: Sequence[Call]) -> set[str]:
    """The files and directories that these calls changed and did not sync. Without the lock file: the kernel
    frees the lock whatever the file says."""
    dirty: set[str] = set()
    for call in calls:
        if call.name == "fsync":
            dirty.discard(call.about)
        elif call.about.endswith(".lock") or not call.is_file:
            continue
        elif call.name == "replace":
            dirty.add("(directory)")
            if f"{call.about}.tmp" in dirty:
                dirty.add(call.about)
        elif call.name in ("open", "unlink", "rename", "link"):
            dirty.add("(directory)")
        elif call.name in ("write", "ftruncate"):
            dirty.add(call.about)
    return dirty


def late_effects(scenario: str, calls: Sequence[Call]) -> Iterator[Trial]:
    """The process dies with a request in flight, which the server carries out later."""
    requests = 0
    for number, call in enumerate(calls, 1):
        requests += call.is_request
        if call.name != "recv" or requests == 0:
            continue
        rule = _nth(requests, {"kind": "delay", "seconds": _LATE})
        yield Trial(scenario, "killed, late effect", f"{number} request {requests}", Stop(number), (rule,))


def late_writes(scenario: str, calls: Sequence[Call]) -> Iterator[Trial]:
    """Every write is not answered and takes effect late; the process lives on, or dies waiting."""
    for (request, number, about), (when, seconds) in product(_writes(calls), _DELAYS.items()):
        rule = _nth(request, {"kind": "late", "seconds": seconds})
        label = f"{request} {about}, {when}"
        yield Trial(scenario, "late effect", label, faults=(rule,))
        # The last one is the same as a late effect of a request whose process died.
        if seconds > TIMEOUT and (answer := _next(calls, "recv", number)):
            yield Trial(scenario, "late effect", f"{label}, killed", Stop(answer), (rule,))


def undone_writes(scenario: str, calls: Sequence[Call]) -> Iterator[Trial]:
    """Every write is answered as done and nothing changes; the process lives on, or dies after the answer."""
    for request, number, about in _writes(calls):
        rule = _nth(request, {"kind": "not_done"})
        label = f"{request} {about}"
        yield Trial(scenario, "done without doing", label, faults=(rule,))
        if following := _next(calls, "send", _next(calls, "recv", number)):
            yield Trial(scenario, "done without doing", f"{label}, killed", Stop(following), (rule,))


def halts(scenario: str, calls: Sequence[Call]) -> Iterator[Trial]:
    """Everything is halted at every boundary, and directly after that resumed in the dashboard."""
    for number, call in enumerate(calls, 1):
        yield _halted(scenario, number, call)


def halts_at_writes(scenario: str, calls: Sequence[Call]) -> Iterator[Trial]:
    """The same directly before and after every write, and while its effect is late."""
    for request, number, about in _writes(calls):
        answer = _next(calls, "recv", number)
        for place in filter(None, (number, answer)):
            yield _halted(scenario, place, calls[place - 1])
        if answer:
            rule = _nth(request, {"kind": "late", "seconds": _BEYOND_TIMEOUT})
            stop = Stop(answer, signal=signal.SIGSTOP)
            label = f"{answer} {about}, with a late effect"
            yield Trial(scenario, "halted meanwhile", label, stop, (rule,), halted=True)


def _halted(scenario: str, number: int, call: Call) -> Trial:
    stop = Stop(number, signal=signal.SIGSTOP)
    return Trial(scenario, "halted meanwhile", f"{number} {call.name} {call.about}", stop, halted=True)


def failing_calls(scenario: str, calls: Sequence[Call]) -> Iterator[Trial]:
    """Every call fails once: the disk is full, or the network times out."""
    for number, call in enumerate(calls, 1):
        if call.name in ("flock", "unlink", "replace"):
            code = errno.EIO
        else:
            code = errno.ENOSPC if call.is_file else errno.ETIMEDOUT
        stop = Stop(number, error=code)
        group = "disk error" if call.is_file else "network error"
        yield Trial(scenario, group, f"{number} {call.name} {call.about}", stop)


def single_faults(scenario: str, calls: Sequence[Call]) -> Iterator[Trial]:
    """Every fault at the first read, and at the first, a middle and the last write."""
    places = _places(calls)
    for (name, fault), (where, number) in product(FAULTS.items(), places.items()):
        yield Trial(scenario, "fault", f"{name} at the {where}", faults=(_nth(number, fault),))


def paired_faults(scenario: str, calls: Sequence[Call]) -> Iterator[Trial]:
    """Every pair of faults, at the first and the last write."""
    places = _places(calls)
    for (one, first), (two, second) in product(FAULTS.items(), FAULTS.items()):
        # The second rule does not count the request that the first one matches.
        rules = (_nth(places["first write"], first), _nth(places["last write"] - 1, second))
        yield Trial(scenario, "two faults", f"{one}, then {two}", faults=rules)


def random_faults(scenario: str, calls: Sequence[Call], number: int, seed: int) -> Iterator[Random]:
    """Random schedules of faults, some with a kill as well; in batches that several processes share."""
    for lot in range(0, number, _LOT):
        strategy = _schedules(scenario, calls)
        yield Random(scenario, "random faults", strategy, min(_LOT, number - lot), seed + lot)


@st.composite
def _schedules(draw: st.DrawFn, scenario: str, calls: Sequence[Call]) -> Trial:
    requests = sum(call.is_request for call in calls)
    faults = st.lists(st.sampled_from(sorted(FAULTS)), min_size=1, max_size=6)
    met = draw(faults)
    places = st.integers(1, max(requests, 1))
    hit = sorted(draw(st.lists(places, min_size=1, max_size=len(met), unique=True)))
    rules = tuple(
        # A rule does not count the requests that earlier rules match.
        _nth(request - place, FAULTS[name])
        for place, (request, name) in enumerate(zip(hit, met, strict=False))
    )
    end = draw(st.none() | st.integers(1, len(calls)))
    parallelism = draw(st.sampled_from((1, 2, 8)))
    said = ", ".join(f"{name} at request {at}" for at, name in zip(hit, met, strict=False))
    label = f"{said}{f', killed at call {end}' if end else ''}, {parallelism} at a time"
    stop = Stop(end) if end else None
    return Trial(scenario, "random faults", label, stop, rules, parallelism=parallelism)


def parallel_kills(scenario: str, calls: Sequence[Call]) -> Iterator[Trial]:
    """A SIGKILL at the first call, the second, and so on, of an apply with `--parallelism 8`."""
    for number in range(1, len(calls) + 1):
        yield Trial(scenario, "killed, 8 at once", str(number), Stop(number), parallelism=8)


def frozen_holders(scenario: str, calls: Sequence[Call]) -> Iterator[Trial]:
    """The lock holder is stopped directly before it sends a request."""
    for number, call in enumerate(calls, 1):
        if call.name in ("send", "asked") and number > 1:
            stop = Stop(number, signal=signal.SIGSTOP)
            yield Trial(scenario, "frozen, lock broken", f"{number} {call.about}", stop, frozen=True)


def crowds(scenario: str, _calls: Sequence[Call]) -> Iterator[Trial]:
    """Two and eight concurrent applies; with a slow server, so that they meet at every request, too."""
    slow: Fault = ({}, {"kind": "delay", "seconds": 0.2, "when": "after"})
    for number in (2, 8):
        yield Trial(scenario, "applies at once", str(number), rivals=number)
        yield Trial(scenario, "applies at once", f"{number}, slowly", faults=(slow,), rivals=number)


def unkind(scenario: str, _calls: Sequence[Call]) -> Iterator[Trial]:
    """The API ignores, adds, cuts and replaces during the apply; with other spellings it must stay quiet."""
    for name, switches in UNKIND.items():
        yield Trial(scenario, "unkind API", name, switches=switches)
    spellings: Mapping[str, Any] = {"spelling": get_args(Spelling)}
    yield Trial(scenario, "unkind API", "other spellings", switches=spellings, quiet=True)


def dashboards(scenario: str, calls: Sequence[Call]) -> Iterator[Trial]:
    """Someone edits every campaign between plan and apply, and directly before every write."""
    for name, edit in EDITS.items():
        yield Trial(scenario, "edited in the dashboard", f"{name}, after the plan", edit=edit)
    for (_, number, _), (name, edit) in product(_writes(calls), EDITS.items()):
        label = f"{name}, before {number} {calls[number - 1].about}"
        stop = Stop(number, signal=signal.SIGSTOP)
        yield Trial(scenario, "edited in the dashboard", label, stop, edit=edit)


def _writes(calls: Sequence[Call]) -> Iterator[tuple[int, int, str]]:
    """Every write: the number of its request and of its call, both from 1, and its first line."""
    requests = 0
    for number, call in enumerate(calls, 1):
        requests += call.is_request
        if call.is_request and not call.about.startswith("GET"):
            yield requests, number, call.about.removesuffix(" HTTP/1.1")


def _next(calls: Sequence[Call], name: str, after: int) -> int:
    """The number of the first call of this name after another; 0 if there is none, or `after` is 0."""
    found = (number for number, call in enumerate(calls, 1) if number > after and call.name == name)
    return next(found, 0) if after else 0


def _places(calls: Sequence[Call]) -> Mapping[str, int]:
    """The numbers of the requests that get a fault, counted from 1."""
    requests = [call.about.split(" ", 1)[0] for call in calls if call.is_request]
    writes = [number for number, method in enumerate(requests, 1) if method != "GET"]
    if not writes:
        return {"first read": 1} if requests else {}
    return {
        "first read": 1,
        "first write": writes[0],
        "middle write": writes[len(writes) // 2],
        "last write": writes[-1],
    }


def _nth(number: int, fault: Mapping[str, Any]) -> Fault:
    """A rule for the `number`-th request from now on that no other rule matches."""
    return {"skip": number - 1, "times": 1}, fault
