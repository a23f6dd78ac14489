"""The sandbox carries out every request in its documentation."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

from campaignctl.sandbox import Sandbox, Switches
from campaignctl.sandbox.faults import KINDS, rule_from_words
from campaignctl.sandbox.switches import switches_from

TEXT = (Path(__file__).parents[2] / "docs" / "internals.md").read_text(encoding="utf-8")
CAMPAIGN = (
    '{"body": {"name": "N", "messages": [{"name": "M", "channel": "push",'
    ' "push": {"title": {"en": "Hi"}, "landing_url": "https://example.com"}}]}}'
)


def shown() -> Iterator[tuple[str, str, str]]:
    """Method, path and body of every curl command of the page."""
    for line in re.findall(r"^curl .*$", TEXT, flags=re.MULTILINE):
        given = shlex.split(line, comments=True)[1:]
        body = given[given.index("-d") + 1] if "-d" in given else ""
        assert ("-H" in given) == bool(body), line
        method = given[given.index("-X") + 1] if "-X" in given else "POST" if body else "GET"
        (address,) = (word for word in given if word.startswith("$OCAMBA_API_URL"))
        yield method, address.removeprefix("$OCAMBA_API_URL"), body


def ask(sandbox: Sandbox, method: str, path: str, body: str) -> int:
    connection = HTTPConnection(sandbox.url.removeprefix("http://"), timeout=10)
    connection.request(method, path, body.encode(), {"Content-Type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    return status


def test_the_sandbox_carries_out_the_documented_requests() -> None:
    with Sandbox() as sandbox:
        assert ask(sandbox, "POST", "/_sandbox/campaigns", CAMPAIGN) == 200
        commands = list(shown())
        assert len(commands) > 12
        assert [(command, ask(sandbox, *command)) for command in commands] == [
            (command, 200) for command in commands
        ]


def test_it_names_every_kind_of_fault() -> None:
    assert all(f"`{kind}`" in TEXT for kind in KINDS)


def test_it_describes_every_switch() -> None:
    assert [name for name in Switches().as_json() if f"\n| `{name}` | " not in TEXT] == []


def test_the_sandbox_accepts_the_documented_options() -> None:
    seen = 0
    for line in re.findall(r"^campaignctl sandbox --(?:fault|switch) .*$", TEXT, flags=re.MULTILINE):
        given = shlex.split(line)[2:]
        options = list(zip(given[::2], given[1::2], strict=True))
        switches_from(value for name, value in options if name == "--switch")
        assert all(rule_from_words(value) for name, value in options if name == "--fault")
        seen += len(options)
    assert seen > 5
