"""A part of the output of `campaignctl demo`."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from tests.cli.cli_process import Cli


def demo() -> str:
    """The plan of the change in the demo, without the parts that vary between runs."""
    with tempfile.TemporaryDirectory() as folder:
        said = Cli(Path(folder))("demo").out
    plan = re.findall(r"^\$ campaignctl plan\n.*?^Plan: .*?\n", said, re.MULTILINE | re.DOTALL)[-1]
    plan = re.sub(r"(127\.0\.0\.1:)\d+", r"\g<1>8787", plan[plan.rindex("$ campaignctl plan\n") :])
    plan = re.sub(r", in \d+ years?", "", re.sub(r"\(\d{7}\)", "(1030984)", plan))
    return f"```console\n{plan}```\n"
