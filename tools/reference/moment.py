"""A row of the on-call table."""

from __future__ import annotations

from dataclasses import dataclass

from tests.docs.acting import Scene


@dataclass(frozen=True, slots=True)
class Moment:
    """A scene, the meaning of its message, and what to do."""

    scene: Scene
    means: str
    do: str
