"""The question before something is done, for a person at a terminal."""

from __future__ import annotations

import sys

from campaignctl.cli.settings import App
from campaignctl.cli.wiring import Wired
from campaignctl.errors import Interrupted


def said_yes(app: App, run: Wired, what: str) -> bool:
    """Ask for approval on standard error; only `yes` is one. Raises Interrupted."""
    app.console.tell(
        f"\nShall campaignctl {what}?\n  It will do what is shown above, and nothing else.\n"
        "  Only 'yes' is taken for an answer.\n\n  Enter a value: "
    )
    try:
        with run.clock.asking():
            answer = sys.stdin.readline()
    except KeyboardInterrupt:
        raise Interrupted("Interrupted", detail="Nothing was changed.") from None
    app.console.tell("\n")
    return answer.strip() == "yes"
