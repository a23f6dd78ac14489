"""What `proof` sent to seeds, or would send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from campaignctl.review.outcome import Failure

ProofOutcome = Literal["planned", "done", "failed", "unknown", "not_started"]


@dataclass(frozen=True, slots=True)
class ProofResult:
    """One message in one language; `body` is that of its create, without the marker."""

    message: str
    lang: str
    outcome: ProofOutcome
    digest: str
    body: Mapping[str, Any]
    id: str | None = None
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class ProofReport:
    """The proofs of a campaign. `seeds` is the targeting of the seed list `to`. `left_out` are paths that no
    proof has, each with the reason. `today` is how many were sent today, with these, of `limit`."""

    key: str
    to: str
    seeds: Mapping[str, Any]
    proofs: tuple[ProofResult, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    today: int = 0
    limit: int = 0
    interrupted: bool = False
    notes: tuple[str, ...] = ()

    @property
    def result(self) -> str:
        """`planned`, `done`, `interrupted` or `incomplete`."""
        if self.interrupted:
            return "interrupted"
        outcomes = {each.outcome for each in self.proofs}
        return next((one for one in ("planned", "done") if outcomes == {one}), "incomplete")
