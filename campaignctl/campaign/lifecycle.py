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
    the name of the message that wins its A/B test, once that is decided, `winner_run` the run of a recurring
    campaign that it decides (None: the first). `accept_stored` holds paths of texts
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
    winner_run: int | None = field(default=None, metadata={"since": 2})

    @property
    def named(self) -> tuple[str, ...]:
        """The winner as its manifest names it, with its run if that is written out."""
        if self.winner is None:
            return ()
        return (self.winner,) if self.winner_run is None else (self.winner, str(self.winner_run))
