"""Answers of a host that are not in its documented shape are its fault, and say so."""

from __future__ import annotations

import io
import socket
import threading
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaignctl.cli.hosts import http
from campaignctl.cli.hosts.github import GitHub
from campaignctl.cli.hosts.http import LARGEST, Reply
from campaignctl.cli.hosts.model import Made
from campaignctl.errors import CampaignctlError
from tests.ci.github_api import REPOSITORY, TOKEN, Api, served

DEEP = b"[" * 100_000


@pytest.mark.parametrize("data", [b"<html>Blocked by the proxy</html>", b"", b"\xff", b"[1, 2", DEEP])
def test_something_else_than_json(data: bytes) -> None:
    for read in (Reply(data, {}).json, Reply(data, {}).items):
        with pytest.raises(CampaignctlError, match="with something else than JSON"):
            read()


def test_the_wrong_kind_of_document() -> None:
    with pytest.raises(CampaignctlError, match="without an object"):
        Reply(b"[]", {}).json()
    for data, member in ((b"{}", None), (b'{"jobs": {}}', "jobs"), (b"null", None)):
        with pytest.raises(CampaignctlError, match="without a list"):
            Reply(data, {}).items(member)


def test_a_member_that_an_object_lacks_at_any_depth() -> None:
    document = Reply(b'{"head": {"ref": "main"}, "runs": [{}]}', {}).json()
    for one in (document, document["head"], document["runs"][0]):
        with pytest.raises(CampaignctlError, match="the host answered without 'sha'") as caught:
            one["sha"]
        assert "run this job again" in str(caught.value.hint)
    assert document.get("sha") is None
    assert Reply(b'{"runs": [1]}', {}).items("runs") == [1]


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", b"?\r\n\r\n", b""])
def test_an_answer_that_is_cut_or_none_is_a_connection_that_failed(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def respond() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        threading.Thread(target=respond, daemon=True).start()
        api = http.Api("GitHub", f"http://127.0.0.1:{server.getsockname()[1]}", {}, lambda *_: "")
        with pytest.raises(CampaignctlError, match="GitHub cannot be reached"):
            api.ask("x", need="", method="POST", body={})


class Kept(Api):
    """An artifact with these files; `spoil` changes its bytes."""

    files: Mapping[str, bytes]

    def blob(self, number: int) -> bytes:
        kept = io.BytesIO()
        with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in self.files.items():
                archive.writestr(name, data)
        return self.spoil(kept.getvalue())

    def spoil(self, data: bytes) -> bytes:
        return data


class Spoiled(Kept):
    """Its first file is not what its head says."""

    def spoil(self, data: bytes) -> bytes:
        at = data.index(b"about.json") + len(b"about.json")
        return data[:at] + b"\xff" * 4 + data[at + 4 :]


PLAN = {"about.json": b"{}", "plan.json": b"{}"}


@pytest.mark.parametrize(
    ("kept", "files"),
    [
        (Kept, {"about.json": b"{}"}),
        (Kept, {**PLAN, "about.json": b"[1]"}),
        (Kept, {**PLAN, "about.json": DEEP}),
        (Kept, {**PLAN, "plan.json": b"\xff"}),
        (Spoiled, PLAN),
    ],
)
def test_an_artifact_that_cannot_be_read_is_none(
    kept: type[Kept], files: Mapping[str, bytes], tmp_path: Path
) -> None:
    api = kept(tmp_path)
    api.save({})
    api.files = files
    made = Made(datetime(2036, 3, 22, tzinfo=UTC), "https://github.example/run/7", "700")
    with served(api) as address:
        environ = {"GITHUB_API_URL": address, "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": TOKEN}
        assert GitHub(environ).read(made) is None


class Large(Api):
    """An artifact of a few kilobytes that holds more than any plan."""

    def blob(self, number: int) -> bytes:
        path = self.hub / "large.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as kept:
            kept.writestr("about.json", "{}")
            with kept.open("plan.json", "w") as plan:
                for _ in range(LARGEST // 1024 // 1024 + 1):
                    plan.write(bytes(1024 * 1024))
        return path.read_bytes()


def test_an_artifact_that_unpacks_to_more_than_a_plan_is_refused(tmp_path: Path) -> None:
    api = Large(tmp_path)
    api.save({})
    made = Made(datetime(2036, 3, 22, tzinfo=UTC), "https://github.example/run/7", "700")
    with served(api) as address:
        environ = {"GITHUB_API_URL": address, "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": TOKEN}
        with pytest.raises(CampaignctlError, match="larger than 100 MiB") as raised:
            GitHub(environ).read(made)
    assert raised.value.detail == made.run
