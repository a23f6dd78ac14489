"""Proofs: what was sent to seeds before anybody else gets it. They are no campaigns of a manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

#: How many proofs a state keeps that are over; the oldest are dropped, and what they showed counts as not
#: proofed.
KEPT = 1_000

ProofPhase = Literal["started", "created", "arming", "sent", "dropped"]


@dataclass(frozen=True, slots=True)
class Proof:
    """One message in one language, as it was sent to seeds, or was to be.

    `digest` is that of what its recipients see, `to` the name of the seed list and `seeds` the digest of its
    audience. `intent` is the id in its marker. `started`: its create may have left; what that makes sends
    nothing by itself. `created`: it has the `id`, and was not armed, or has to be canceled since its audience
    is another. `arming`: the request that sends it may have left. `sent`: a read showed it sending.
    `dropped`: it was not sent. `at` is the server's time of its last phase, `YYYY-MM-DDTHH:MM:SSZ`; `why`
    says why it was dropped.
    """

    key: str
    message: str
    lang: str
    digest: str
    to: str
    seeds: str
    who: str
    intent: str
    phase: ProofPhase
    at: str
    id: str | None = None
    why: str = ""

    @property
    def open(self) -> bool:
        """Whether its outcome has to be found out."""
        return self.phase not in ("sent", "dropped")

    @property
    def may_have_sent(self) -> bool:
        """Whether it was sent, or may have been."""
        return self.phase in ("sent", "arming")


def with_proofs(known: tuple[Proof, ...], step: Iterable[Proof]) -> tuple[Proof, ...]:
    """The proofs of a state after a step, oldest first: each is there once, those that are over only so far
    back."""
    found = {each.intent: each for each in (*known, *step)}
    over = [each.intent for each in found.values() if not each.open]
    gone = set(over[:-KEPT])
    return tuple(each for each in found.values() if each.intent not in gone)


def by_digest(proofs: Iterable[Proof]) -> Mapping[str, Proof]:
    """The last proof of each content that was sent."""
    return {each.digest: each for each in proofs if each.phase == "sent"}
