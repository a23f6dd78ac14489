"""The server of `preview --serve`: only this machine, only its own path, only its own name."""

from __future__ import annotations

import http.client
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaignctl.cli.preview_server import PreviewServer, fingerprint, serve
from campaignctl.errors import CampaignctlError
from tests.serving import serving


@pytest.fixture
def server() -> Iterator[PreviewServer]:
    server = PreviewServer(0)
    server.show(lambda version: f"<p>version {version} é\udc80")
    with serving(server):
        yield server


def ask(
    server: PreviewServer, path: str, host: str | None = None, method: str = "GET"
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    if host != "":
        connection.putheader("Host", host or f"127.0.0.1:{server.server_port}")
    connection.endheaders()
    answer = connection.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined] # kept for the assertion
    connection.close()
    return answer


def test_the_page_is_at_a_path_that_cannot_be_guessed(server: PreviewServer) -> None:
    assert re.fullmatch(rf"http://127\.0\.0\.1:{server.server_port}/[\w-]{{22}}/", server.url)
    found = ask(server, server.folder)
    assert (found.status, found.body) == (200, "<p>version 1 é?".encode())  # type: ignore[attr-defined]
    assert found.headers["Content-Type"] == "text/html; charset=utf-8"
    assert ask(server, f"{server.folder}version").body == b"1"  # type: ignore[attr-defined]
    for path in ("/", server.folder[:-1], f"{server.folder}x", f"{server.folder}?a", "/version", "/%"):
        assert ask(server, path).status == 404


def test_two_servers_have_two_paths(server: PreviewServer) -> None:
    other = PreviewServer(0)
    other.server_close()
    assert other.folder != server.folder


def test_a_name_of_others_that_leads_here_is_refused(server: PreviewServer) -> None:
    port = server.server_port
    for host in (
        "evil.example",
        f"evil.example:{port}",
        "127.0.0.1",
        f"127.0.0.1:{port + 1}",
        f"0.0.0.0:{port}",
        "",
    ):
        assert ask(server, server.folder, host).status == 403
    assert ask(server, server.folder, f"localhost:{port}").status == 200


def test_only_this_machine_reaches_it(server: PreviewServer) -> None:
    assert server.server_address[0] == "127.0.0.1"


def test_a_page_can_only_be_read(server: PreviewServer) -> None:
    assert [ask(server, server.folder, method=each).status for each in ("POST", "PUT", "DELETE")] == [501] * 3
    assert ask(server, server.folder, method="HEAD").status == 200


def test_an_answer_is_kept_nowhere_and_shown_in_no_frame(server: PreviewServer) -> None:
    headers = ask(server, server.folder).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Python" not in headers["Server"]


def test_a_drawing_that_fails_leaves_the_last_page(server: PreviewServer) -> None:
    def fails(version: str) -> str:
        raise CampaignctlError(version)

    with pytest.raises(CampaignctlError):
        server.show(fails)
    assert server.version == "1"


def test_a_port_in_use_names_the_command_that_takes_another(server: PreviewServer) -> None:
    with pytest.raises(CampaignctlError) as refused:
        serve(lambda _: "", server.server_port, lambda: 0, print)
    assert refused.value.summary == f"Port {server.server_port} is in use"
    assert "campaignctl preview --serve --port 0" in str(refused.value.hint)


def test_files_are_told_apart_by_name_time_and_size(tmp_path: Path) -> None:
    def look() -> object:
        return fingerprint(tmp_path, [tmp_path.parent / "samples.yaml"])

    seen = [look()]
    (tmp_path / "email").mkdir()
    html = tmp_path / "email" / "body.html"
    for change in (
        lambda: html.write_text("a"),
        lambda: html.write_text("bb"),
        lambda: os.utime(html, (1, 1)),
        lambda: html.rename(tmp_path / "other.html"),
        (tmp_path / "other.html").unlink,
        lambda: (tmp_path / "link.yaml").symlink_to("nowhere"),
        lambda: (tmp_path.parent / "samples.yaml").write_text("FIRST_NAME: Ana"),
    ):
        change()
        assert look() not in seen[-1:]
        seen.append(look())
        assert look() == seen[-1]


def test_what_no_manifest_reads_is_not_looked_at(tmp_path: Path) -> None:
    before = fingerprint(tmp_path)
    for folder in (".git", ".campaignctl", "node_modules"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.yaml").write_text("")
    assert fingerprint(tmp_path) == before
    assert fingerprint(tmp_path / "gone") == frozenset()
