"""A real S3 server (ministack) on a free port of this machine, for as long as this process lives."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import httpx

BUCKET = "campaigns"
# PR_SET_PDEATHSIG, SIGKILL
_LEASH = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execvp(sys.argv[1], sys.argv[1:])"
_PATIENCE = 60.0
_POLL = 0.05
_PAUSE = 0.5
_ROOT = Path(__file__).parents[2]
_STARTED: list[subprocess.Popen[str]] = []


def environ_of(endpoint: str) -> dict[str, str]:
    """The variables by which a run finds the server."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


@contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """The endpoint of a server with an empty bucket; its log is in a directory."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": "s3",
        "LOG_LEVEL": "WARNING",
    }
    program = Path(sys.executable).with_name("ministack")
    with (
        (folder / "ministack.log").open("wb") as log,
        subprocess.Popen(on_a_leash(str(program)), cwd=folder, env=environ, stdout=log, stderr=log) as server,
    ):
        try:
            endpoint = f"http://127.0.0.1:{port}"
            _make_bucket(endpoint, server)
            yield endpoint
        finally:
            server.terminate()


@cache
def shared_server() -> str:
    """The endpoint of a server for this run of the tests, whichever of its processes asks."""
    in_worker = "PYTEST_XDIST_WORKER" in os.environ
    owner = os.getppid() if in_worker else os.getpid()
    told = Path(gettempdir()) / f"s3-{os.environ.get('PYTEST_XDIST_TESTRUNUID', owner)}"
    with told.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        endpoint = file.read()
        if not endpoint:
            command = [sys.executable, "-m", __spec__.name, str(owner), str(told)]
            quiet = subprocess.DEVNULL
            server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=quiet, text=True, cwd=_ROOT)
            _STARTED.append(server)
            assert server.stdout is not None
            endpoint = server.stdout.readline().strip()
            file.write(endpoint)
    return endpoint


def main(owner: int, told: Path) -> None:
    """Serve until a process is gone; the file with the endpoint goes with it."""
    with TemporaryDirectory(prefix="s3-") as folder, s3_server(Path(folder)) as endpoint:
        sys.stdout.write(f"{endpoint}\n")
        sys.stdout.flush()
        with suppress(ProcessLookupError):
            while True:
                os.kill(owner, 0)
                time.sleep(_PAUSE)
        told.unlink(missing_ok=True)


class Account:
    """An account at the server, with a bucket of its own: one for each access key of twelve digits. Spoken to
    without the library, and so in processes that fork."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        key, region = environ["AWS_ACCESS_KEY_ID"], environ["AWS_REGION"]
        signed = f"AWS4-HMAC-SHA256 Credential={key}/20360101/{region}/s3/aws4_request, Signature=0"
        self._bucket = f"{environ['AWS_ENDPOINT_URL']}/{BUCKET}"
        self._headers = {"Authorization": signed}

    def upload(self, folder: Path) -> None:
        """Make the bucket, with the files of a folder in it."""
        with httpx.Client(headers=self._headers, timeout=_PATIENCE) as client:
            client.put(self._bucket).raise_for_status()
            for path in filter(Path.is_file, folder.rglob("*")):
                name = path.relative_to(folder).as_posix()
                client.put(f"{self._bucket}/{name}", content=path.read_bytes()).raise_for_status()

    def download(self, folder: Path) -> None:
        """Replace the files of a folder with what is in the bucket."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        with httpx.Client(headers=self._headers, timeout=_PATIENCE) as client:
            listed = client.get(self._bucket, params={"list-type": "2"}).raise_for_status()
            for name in re.findall(r"<Key>([^<]*)</Key>", listed.text):
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(client.get(f"{self._bucket}/{name}").raise_for_status().content)


def on_a_leash(*command: str) -> list[str]:
    """A command that ends when its parent does, also if that is killed (on Linux)."""
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-c", _LEASH, *command]


def _make_bucket(endpoint: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            httpx.put(f"{endpoint}/{BUCKET}", timeout=_PATIENCE).raise_for_status()
        except httpx.TransportError:
            assert server.poll() is None, "the server ended"
            assert time.monotonic() < until, "the server does not answer"
            time.sleep(_POLL)
        else:
            return


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
