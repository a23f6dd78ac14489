"""`python -m tests.torture.fuzz`: hostile inputs by a seed, in children with limits on time and memory.

A finding is whatever is not an error of ours: a traceback, a hang, a flood of output or of memory. It is
printed with the words that repeat it.
"""

from __future__ import annotations

import argparse
import os
import resource
import secrets
import select
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from tests.torture.fuzz import targets

#: Of one input: seconds of the processor, and bytes of memory on top of what the child begins with.
SECONDS = 10
MEMORY = 1 << 30
_BATCH = 100
_PATIENCE = 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz for a time; 1 if anything was found."""
    options = _options(arguments)
    if options.number is not None:
        targets.read(options.only, targets.made(options.only, options.seed, options.number))
        return 0
    names = [options.only] if options.only else list(targets.names())
    for name in names:
        targets.read(name, targets.made(name, 0, 0))  # what is loaded once is loaded before the children
    began, done, found = time.monotonic(), Counter[str](), dict[str, str]()
    print(f"seed {options.seed}", flush=True)  # noqa: T201 - the result
    batch = 0
    while time.monotonic() - began < options.seconds:
        name = names[batch % len(names)]
        first = batch // len(names) * _BATCH
        _batch(name, options.seed, first, began + options.seconds, done, found)
        batch += 1
    passed = time.monotonic() - began
    total = sum(done.values())
    for name, count in done.items():
        print(f"{name:9} {count:8,} inputs")  # noqa: T201
    print(f"{total:,} inputs in {passed:.0f} s, {total / passed:.0f} a second: {len(found)} findings")  # noqa: T201
    for what, how in found.items():
        print(f"\n{how}\n{what}")  # noqa: T201
    return bool(found)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.torture.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    parser.add_argument("--only", choices=targets.names())
    parser.add_argument(
        "--number", type=int, help="this input alone, in this process; with --only and --seed"
    )
    options = parser.parse_args(arguments)
    if options.number is not None and options.only is None:
        parser.error("--number needs --only")
    return options


def _batch(name: str, seed: int, first: int, until: float, done: Counter[str], found: dict[str, str]) -> None:
    """Let a child read a hundred inputs; after a hang or a crash another one reads the rest."""
    number = first
    while number < first + _BATCH and time.monotonic() < until:
        last, trouble = _child(name, seed, number, first + _BATCH, until)
        done[name] += max(0, last - number + 1)
        if trouble:
            how = f"python -m tests.torture.fuzz --seed {seed} --only {name} --number {last}"
            found.setdefault(trouble, how)
        number = last + 1


def _child(name: str, seed: int, first: int, end: int, until: float) -> tuple[int, str]:
    """The number of the last input that a child read, and what was wrong with it."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        _work(name, seed, range(first, end), until, into)
    os.close(into)
    said, hung = b"", False
    while True:
        if not select.select([out], [], [], _PATIENCE)[0]:
            os.kill(child, signal.SIGKILL)
            hung = True
        piece = os.read(out, 65536)
        if not piece:
            break
        said += piece
    os.close(out)
    _, status = os.waitpid(child, 0)
    lines = said.decode("utf-8", "backslashreplace").splitlines()
    numbers = [index for index, line in enumerate(lines) if line.startswith("#")]
    last = int(lines[numbers[-1]][1:]) if numbers else first
    trouble = "\n".join(lines[numbers[-1] + 1 :] if numbers else lines)
    if not trouble and (hung or status):
        trouble = f"{name}: {'hung' if hung else f'ended with {os.waitstatus_to_exitcode(status)}'}"
    return last, trouble


def _work(name: str, seed: int, numbers: range, until: float, into: int) -> NoReturn:
    """Read inputs until one is a finding, say which, and end."""
    with Path("/proc/self/statm").open() as pages:
        used = int(pages.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    signal.signal(signal.SIGPROF, _too_long)
    for number in numbers:
        if time.monotonic() > until:
            break
        os.write(into, f"#{number}\n".encode())
        try:
            data = targets.made(name, seed, number)
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            targets.read(name, data)
            signal.setitimer(signal.ITIMER_PROF, 0)
        except BaseException as error:  # noqa: BLE001 - each is a finding
            signal.setitimer(signal.ITIMER_PROF, 0)
            os.write(into, _told(error).encode("utf-8", "backslashreplace"))
            os._exit(1)
    os._exit(0)


class Hang(BaseException):
    """An input takes too long."""


def _too_long(_number: int, _frame: object) -> NoReturn:
    raise Hang(f"more than {SECONDS} s")


def _told(error: BaseException) -> str:
    """An error with the last calls, the same for every input that comes there."""
    calls = traceback.extract_tb(error.__traceback__)[-4:]
    lines = [f"  {Path(call.filename).name}:{call.lineno} in {call.name}" for call in calls]
    said = "" if isinstance(error, Hang) else f": {str(error)[:120]}"
    return "\n".join([f"{type(error).__name__}{said}", *lines])


if __name__ == "__main__":
    sys.exit(main())
