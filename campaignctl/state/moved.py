"""The note that is left in the place of a state that was taken to another one."""

from __future__ import annotations

import json

from campaignctl.errors import Command, Sentence, StateMoved
from campaignctl.state.model import FORMAT_VERSION, State
from campaignctl.state.strict import Node

MOVED = "moved_to"
"""The member by which a note is told from a state."""


def encode_moved(state: State, place: str) -> str:
    """What is left of a state that lives in `place` (for messages) now, ending with a newline.

    Nothing is recorded under it, so that no apply goes on from a state that lives elsewhere; a version
    that does not know it takes it for damage, and refuses as well.
    """
    kept = {"tool_version": state.tool_version, "lineage": state.lineage, "serial": state.serial}
    return json.dumps({"format_version": FORMAT_VERSION, **kept, MOVED: place}, indent=1) + "\n"


def moved(node: Node) -> StateMoved:
    """The error that a note stands for.

    Raises:
        StateDamaged: it is none.
    """
    read = node.members(("format_version", "tool_version", "lineage", "serial", MOVED))
    return StateMoved(
        f"the state that was in {node.where} lives in {read[MOVED].text()} now",
        hint=Sentence(
            "name that place as `state` in campaignctl.yaml; ",
            Command("state", "migrate"),
            " printed the lines",
        ),
        lineage=read["lineage"].text(),
        serial=read["serial"].count(),
    )
