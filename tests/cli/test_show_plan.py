"""`show` of a saved plan: the token is nowhere in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaignctl.diff import FieldChange
from campaignctl.plan import codec
from tests.cli.cli_process import Cli
from tests.render.sample_plans import created, plan, updated, welcome

_SECRET = "code-s3cr3t-12345"


@pytest.mark.parametrize(
    "words",
    [(), ("--full",), ("--summary",), ("--format", "markdown"), ("--format", "html")],
    ids=lambda words: "-".join(words) or "text",
)
def test_no_mark_or_cut_splits_a_secret_that_is_shown(cli: Cli, words: tuple[str, ...]) -> None:
    spec = welcome(_SECRET)
    spec["messages"][0]["push"]["body"] = {"en": "x" * 590 + f" {_SECRET}"}
    long = FieldChange("metadata/note", "y" * 985 + f" {_SECRET}", "z" * 985 + f" {_SECRET}")
    title = FieldChange("messages/0/push/title/en", f"Use {_SECRET}", "Use code-other-12345")
    shown = plan(created("push/a", spec), replace(updated("push/b", title, long), name=f"{_SECRET}"))
    (cli.cwd / "p.json").write_text(codec.dumps(shown))
    done = replace(cli, extra={"OCAMBA_TOKEN": _SECRET})("show", "p.json", *words)
    assert done.status == 0, done.err
    assert "push/b" in done.out
    assert "s3cr3t" not in done.out
