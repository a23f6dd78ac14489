"""`-q`: each command says its verdict on one line, and asks with the whole plan above the question."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from campaignctl.sandbox import Sandbox
from tests.cli.cli_process import Cli
from tests.e2e.harness import sms


@pytest.fixture
def shop(project: Cli) -> Iterator[Cli]:
    """A project whose halts look again soon, and an account to apply it to."""
    (project.cwd / "far.yaml").write_text(sms("Far", scheduled_time="2036-03-22 10:00:00"))
    file = project.cwd / "campaignctl.yaml"
    file.write_text(file.read_text().replace("api:\n", "api:\n  timeout: 500ms\n", 1))
    with Sandbox() as sandbox:
        yield project.with_env(OCAMBA_API_URL=sandbox.url, OCAMBA_TOKEN="t")


def test_one_line_for_each_command(shop: Cli) -> None:
    said = {
        ("validate",): "2 campaigns, no findings.",
        ("plan",): "Plan: 2 to create. 1 can send afterwards.",
        ("apply", "--auto-approve"): "Done: 2 created.",
        ("status",): "2 campaigns: nothing to decide, no drift. Next: Sat 22 Mar 2036 10:00 GMT, in ",
        ("halt", "--all", "--reason", "wrong"): "Stopped: 1 paused, 1 draft or manual.",
        ("halt", "--lift", "--reason", "right"): "1 halt lifted, 0 in force.",
    }
    for words, line in said.items():
        done = shop("-q", *words)
        assert (done.status, done.err) == (0, ""), words
        assert done.out.startswith(line), words
        assert done.out.count("\n") == 1, words


def test_findings_are_counted(shop: Cli) -> None:
    (shop.cwd / "far.yaml").write_text("spec: {nam: x}\n")
    done = shop("-q", "validate")
    assert (done.status, done.out) == (1, "2 errors.\n")


def test_what_is_approved_is_shown_whole(shop: Cli) -> None:
    done = shop.on_terminal("-q", "apply", typed="no\n")
    assert done.status == 1
    assert "+ create far" in done.out
    assert "sends:   Sat 22 Mar 2036 10:00 GMT" in done.out
