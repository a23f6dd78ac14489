"""A real Azure Blob server (Azurite, from npm) on a free port of this machine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from tests.backends.s3_server import BUCKET, on_a_leash
from tests.editor.npm_packages import npm_packages

# The account and the key that every Azurite has.
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_PATIENCE = 60.0
_POLL = 0.05
_PROGRAM = "azurite/dist/src/blob/main.js"
_QUIET = ("--disableTelemetry", "--inMemoryPersistence", "--silent", "--skipApiVersionCheck")


@contextmanager
def azure_server(folder: Path) -> Iterator[dict[str, str]]:
    """The variables by which a run finds a server with an empty container. Skips the test without npm."""
    program = npm_packages(Path(__file__).parent / "azure") / _PROGRAM
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = on_a_leash("node", str(program), *_QUIET, "--blobHost", "127.0.0.1", "--blobPort", str(port))
    with (
        (folder / "azurite.log").open("wb") as log,
        subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as server,
    ):
        try:
            endpoint = f"http://127.0.0.1:{port}/{_ACCOUNT}"
            _make_container(endpoint, server)
            yield {
                "AZURE_STORAGE_ACCOUNT_NAME": _ACCOUNT,
                "AZURE_STORAGE_ACCOUNT_KEY": _KEY,
                "AZURE_STORAGE_ENDPOINT": endpoint,
            }
        finally:
            server.terminate()


def _make_container(endpoint: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            made = httpx.put(f"{endpoint}/{BUCKET}", params={"restype": "container"}, headers=_signed())
        except httpx.TransportError:
            assert server.poll() is None, "the server ended"
            assert time.monotonic() < until, "the server does not answer"
            time.sleep(_POLL)
        else:
            made.raise_for_status()
            return


def _signed() -> dict[str, str]:
    """The headers of a request that makes the container, signed with the account's key."""
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = {"x-ms-date": date, "x-ms-version": "2021-08-06"}
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    text = f"PUT{chr(10) * 12}{lines}/{_ACCOUNT}/{_ACCOUNT}/{BUCKET}\nrestype:container"
    digest = hmac.new(base64.b64decode(_KEY), text.encode(), hashlib.sha256).digest()
    return {**headers, "Authorization": f"SharedKey {_ACCOUNT}:{base64.b64encode(digest).decode()}"}
