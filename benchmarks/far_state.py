"""Creates with the state far away: time against the bound of the rate limits; what a create costs the place.

`python -m benchmarks.far_state --backend object_store --counts 100,250,500`
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.creates import manifest
from campaignctl.sandbox import Sandbox
from campaignctl.sandbox.control import Control
from tests.backends.git_place import git
from tests.backends.http_server import running
from tests.backends.postgres_place import VARIABLE
from tests.backends.postgres_server import shared_server
from tests.backends.s3_server import BUCKET, environ_of, s3_server
from tests.backends.smart_http import Way, far_away, smart_http

PER_SECOND = 10
PER_MINUTE = 150 - 15
MINUTE = 60.0


@dataclass(frozen=True)
class Far:
    """A place that is far away: its settings in the project file, the way to it, the variables to find it,
    and what has to be done in the project's folder first."""

    settings: Mapping[str, str]
    way: Way
    environ: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[Path], object] = lambda _: None


@contextmanager
def _git(root: Path, round_trip: float) -> Iterator[Far]:
    git(root, "init", "--quiet", "--bare", "remote.git")
    git(root / "remote.git", "config", "http.receivepack", "true")
    git(root / "remote.git", "config", "receive.autogc", "false")  # the remote side is another machine
    with smart_http(root) as server, far_away(server.server_port, round_trip) as way:

        def clone(project: Path) -> None:
            git(project, "init", "--quiet")
            git(project, "remote", "add", "origin", f"http://127.0.0.1:{way.port}/remote.git")

        yield Far({"backend": "git"}, way, prepare=clone)


@contextmanager
def _object_store(root: Path, round_trip: float) -> Iterator[Far]:
    with s3_server(root) as endpoint, far_away(urlsplit(endpoint).port or 0, round_trip) as way:
        settings = {"backend": "object_store", "url": f"s3://{BUCKET}/far"}
        yield Far(settings, way, environ_of(f"http://127.0.0.1:{way.port}"))


@contextmanager
def _http(root: Path, round_trip: float) -> Iterator[Far]:
    with running(root / "states") as client, far_away(client.port, round_trip) as way:
        api = f"http://127.0.0.1:{way.port}/api/v4"
        address = f"{api}/projects/7/terraform/state/far"
        yield Far({"backend": "http", "address": address}, way, {"CI_API_V4_URL": api})


@contextmanager
def _postgres(_: Path, round_trip: float) -> Iterator[Far]:
    server = shared_server()
    database = server.new_database()
    try:
        with far_away(server.port, round_trip) as way:
            yield Far({"backend": "postgres"}, way, {VARIABLE: server.address(database, port=way.port)})
    finally:
        server.drop(database)


@dataclass(frozen=True)
class Kind:
    """A kind of backend, how far away it is in seconds, and the highest ratio to the bound."""

    opened: Callable[[Path, float], AbstractContextManager[Far]]
    round_trip: float
    most: float


KINDS: Mapping[str, Kind] = {
    "git": Kind(_git, 0.1, 1.2),
    "http": Kind(_http, 0.05, 1.05),
    "object_store": Kind(_object_store, 0.05, 1.05),
    "postgres": Kind(_postgres, 0.05, 1.05),
}


def bound(requests: int) -> float:
    """The least possible seconds from the first to the last of this many requests, by the rate limits."""
    minutes, rest = divmod(requests - 1, PER_MINUTE)
    return minutes * MINUTE + rest // PER_SECOND


def applied(kind: Kind, count: int, *, encrypted: bool) -> float:
    """Apply so many creates, print a row, and return the ratio to the bound."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox() as sandbox,
        kind.opened(Path(folder), kind.round_trip) as far,
    ):
        project = Path(folder) / "project"
        project.mkdir()
        far.prepare(project)
        state = {**far.settings, "encryption": {"method": "aes_gcm" if encrypted else "off"}}
        settings = {"metadata": {"name": "benchmark"}, "state": state}
        (project / "campaignctl.yaml").write_text(json.dumps(settings))
        for number in range(count):
            (project / f"c{number:03}.yaml").write_text(manifest(number))
        environ = {
            **os.environ,
            **far.environ,
            "OCAMBA_TOKEN": "t0ken-far-away",
            "OCAMBA_API_URL": sandbox.url,
            "CAMPAIGNCTL_STATE_KEY": b64encode(bytes(32)).decode(),
            "XDG_STATE_HOME": folder,
        }
        words = ["-q", "-C", str(project), "apply", "--auto-approve"]
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "campaignctl", *words], check=True, capture_output=True, env=environ
        )
        wall = time.perf_counter() - start
        requests = Control(sandbox.url).requests()
        way = far.way
    least = bound(len(requests) - sum(1 for entry in requests if entry["status"] == 429))
    print(
        f"  {count:7} {wall:7.1f} s {least:7.1f} s {wall / least:7.3f} {way.turns / count:12.2f}"
        f" {way.sent / count:12,.0f} {way.received / count:12,.0f}"
    )
    return wall / least


def main(arguments: Sequence[str] = ()) -> int:
    """Measure, print the figures, and return 1 if the ratio of the largest exceeds its bound."""
    parser = argparse.ArgumentParser("python -m benchmarks.far_state", description=__doc__)
    parser.add_argument("--backend", choices=sorted(KINDS), default="git")
    parser.add_argument("--counts", default="200", help="numbers of creates, as in 100,250,500")
    parser.add_argument("--encrypted", action="store_true", help="with an encrypted state")
    options = parser.parse_args(arguments)
    kind = KINDS[options.backend]
    print(f"  {options.backend}, {kind.round_trip * 1000:.0f} ms away; of the place, a create:")
    print("  creates      time     bound   ratio     requests   bytes sent    bytes read")
    counts = map(int, options.counts.split(","))
    ratios = [applied(kind, count, encrypted=options.encrypted) for count in counts]
    return int(ratios[-1] > kind.most)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
