"""What a manifest's `lifecycle` says about a campaign. Imported by commands that load no pydantic model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

OnDestroy = Literal["cancel", "forget"]
Phase = Literal["active", "paused", "canceled"]


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """`lifecycle` of a manifest.

    `ignore_changes` holds paths such as `messages/0/priority`, where live may differ without being drift.
    `phase` is the intended phase; a campaign that is not active is neither created nor resumed. `winner` is
    the name of the message that wins its A/B test, once that is decided. `accept_stored` holds paths of texts
    that the API may store in its own way, as `messages/*/email/html`: the text without tags must stay equal.
    `says_destroy`: `on_destroy` is written out.
    """

    prevent_destroy: bool = False
    on_destroy: OnDestroy = "cancel"
    ignore_changes: tuple[str, ...] = ()
    phase: Phase = "active"
    winner: str | None = None
    accept_stored: tuple[str, ...] = field(default=(), metadata={"since": 2})
    says_destroy: bool = field(default=False, metadata={"since": 2})
