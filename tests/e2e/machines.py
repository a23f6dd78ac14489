"""Machines that share an account and a state: each with a clone of its own, and with a clock of its own.

A clock is shifted for campaignctl and for the git that it starts, by a library of a few lines that is built
with `cc`: it shifts `clock_gettime(CLOCK_REALTIME)`, `gettimeofday` and `time`, and leaves monotonic clocks.
Where there is no compiler, `libfaketime` (the Debian package `faketime`) takes its place.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.backends.git_place import git
from tests.e2e.harness import PROJECT, ROOT, TOKEN, Run, World

_FAKETIME = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib*/faketime/libfaketime.so.1")
_STAND_IN = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long shift(void) { const char *s = getenv("FAKETIME"); return s ? atol(s) : 0; }
int clock_gettime(clockid_t id, struct timespec *ts) {
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(id, ts);
    if (!done && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) ts->tv_sec += shift();
    return done;
}
time_t time(time_t *t) {
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    if (t) *t = ts.tv_sec;
    return ts.tv_sec;
}
int gettimeofday(struct timeval *restrict tv, void *restrict tz) {
    struct timespec ts;
    (void)tz;
    clock_gettime(CLOCK_REALTIME, &ts);
    tv->tv_sec = ts.tv_sec;
    tv->tv_usec = ts.tv_nsec / 1000;
    return 0;
}
"""


def shifted(seconds: int, folder: Path) -> dict[str, str]:
    """The environment of a machine whose clock is ahead by this many seconds, or behind; nothing for 0."""
    if not seconds:
        return {}
    # That of Debian 12 refuses every sleep of Python 3.11, and ours serves where there is a compiler.
    found = [path for pattern in _FAKETIME for path in Path("/").glob(pattern[1:])]
    compiler = shutil.which("cc") or shutil.which("gcc")
    library = _stand_in(folder, compiler) if compiler or not found else found[0]
    return {"LD_PRELOAD": str(library), "FAKETIME": f"{seconds:+d}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def _stand_in(folder: Path, compiler: str | None) -> Path:
    library, source = folder / "shift.so", folder / "shift.c"
    if not library.exists():
        source.write_text(_STAND_IN, encoding="utf-8")
        words = [compiler or "cc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
        subprocess.run(words, check=True, capture_output=True)
    return library


@dataclass
class Machine(World):
    """A world whose commands are new interpreters, so that they have its clock."""

    def start(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "campaignctl", *args],
            cwd=self.folder,
            env={**self.env(), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *args: str, status: int | None = None, stdin: str | None = None) -> Run:
        """Run the command line to its end."""
        process = self.start(*args)
        out, err = process.communicate(stdin, timeout=120)
        result = Run(process.returncode, out, err)
        assert "Traceback" not in err, err
        assert TOKEN not in out + err
        if status is not None:
            assert result.status == status, f"exit {result.status}, not {status}\n{out}\n{err}"
        return result


def two_machines(world: World, root: Path, seconds: int, settings: str = "") -> tuple[Machine, Machine]:
    """Two clones with the state on their remote; the second has a shifted clock."""
    git(root, "init", "--quiet", "--bare", "remote.git")
    found = []
    for name, shift in (("right", 0), ("shifted", seconds)):
        machine = Machine(root / name, world.url, world.control, shifted(shift, root))
        machine.write("campaignctl.yaml", PROJECT + settings + "state: {backend: git}\n")
        git(machine.folder, "init", "--quiet")
        git(machine.folder, "remote", "add", "origin", f"file://{root}/remote.git")
        found.append(machine)
    return found[0], found[1]
