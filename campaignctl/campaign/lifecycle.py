"""What a manifest's `lifecycle` says about a campaign beside its content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OnDestroy = Literal["cancel", "forget"]
Phase = Literal["active", "paused", "canceled"]


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """`lifecycle` of a manifest.

    `ignore_changes` holds paths as in `messages/0/priority`: live may differ there without drift. `phase`
    is what the campaign shall be doing; one that is not active is neither created nor resumed. `winner` is
    the name of the message that wins its A/B test, once somebody has decided.
    """

    prevent_destroy: bool = False
    on_destroy: OnDestroy = "cancel"
    ignore_changes: tuple[str, ...] = ()
    phase: Phase = "active"
    winner: str | None = None
