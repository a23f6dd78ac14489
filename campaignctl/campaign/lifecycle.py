"""What a manifest's `lifecycle` says about a campaign beside its content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OnDestroy = Literal["cancel", "forget"]


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """`lifecycle` of a manifest.

    `ignore_changes` holds paths as in `messages/0/priority`: live may differ there without drift.
    """

    prevent_destroy: bool = False
    on_destroy: OnDestroy = "cancel"
    ignore_changes: tuple[str, ...] = ()
