"""What a command fills on its first run, filled once in a process that others are forked from.

Readers made from types, compiled patterns and the like take a third of the time of a small plan.
"""

from __future__ import annotations

import gc
import io
import os
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from campaignctl.cli.boundary import run
from campaignctl.cli.main import root
from campaignctl.state import codec
from tests.plan.planning import SCHEDULED, record, state

_FILES = {
    "campaignctl.yaml": "metadata: {name: warm}\n",
    "a.yaml": """\
spec:
  name: New
  scheduled_time: 2036-12-24 10:00:00
  messages:
    - {channel: push, push: {title: {en: Hi}, body: {en: There}, landing_url: https://example.com}}
    - {channel: sms, integration_id: 1, sms: {content: {en: Hi}}}
""",
    ".campaignctl/state.json": codec.encode(state({"a": record(SCHEDULED)})),
}
_COMMANDS = (("validate",), ("plan", "--no-refresh"), ("-q", "plan", "--no-refresh", "--format", "json"))


def warm() -> None:
    """Run commands that start no thread and make no request, and keep what they leave in memory."""
    with tempfile.TemporaryDirectory() as name:
        for path, text in _FILES.items():
            (Path(name) / path).parent.mkdir(exist_ok=True)
            (Path(name) / path).write_text(text, encoding="utf-8")
        environ = dict(os.environ)
        os.environ.clear()
        try:
            for words in _COMMANDS:
                with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                    run(root, ("-C", name, *words))
        finally:
            os.environ.update(environ)
    tempfile.tempdir = None  # each fork finds its own
    # A fork does not look through, and so copy, what is there by now.
    gc.collect()
    gc.freeze()
