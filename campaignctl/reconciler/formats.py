"""The format of a state: to a newer one, and back for one version."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from campaignctl.errors import Command, Sentence, StateError
from campaignctl.reconciler import copies
from campaignctl.reconciler.run import Wiring
from campaignctl.reconciler.state_ops import id_line
from campaignctl.state.codec import decode, encode
from campaignctl.state.downgrade import Loss, losses
from campaignctl.state.halts import Halts
from campaignctl.state.model import State


def migrate_format(wiring: Wiring, version: int, *, allow_loss: bool = False) -> str:
    """Write the state, and its stop mark, in another format. The next apply reads the whole list once: only a
    newer format keeps campaigns of others.

    Raises StateError if there is no state; and on the way back for what is not settled, and for protections
    that an older format has no field for unless `allow_loss`.
    """
    with wiring.locked("state migrate") as session:
        state = session.state
        if state is None:
            raise StateError(f"there is no state in {wiring.backend.location} to migrate")
        if state.format_version == version:
            return f"The state has format {version} already."
        back = state.format_version > version
        lost = _halts_back(wiring, state, version, allow_loss=allow_loss) if back else ()
        session.convert(replace(state, format_version=version, seen=()))
    which = (
        "versions of campaignctl that read only that can use it" if back else "older versions cannot read it"
    )
    said = [f"The state in {wiring.backend.location} has format {version} now; {which}."]
    if lost:
        said.append("\n".join(("It no longer holds:", *(f"  {one}" for one in lost))))
    return "\n\n".join((*said, *id_line(wiring)))


def _halts_back(wiring: Wiring, state: State, version: int, *, allow_loss: bool) -> tuple[Loss, ...]:
    """Write the stop mark in an older format, and return what it and the state lose. Raises StateError."""
    _check_at_rest(state, version, wiring.clock.now())

    def lost(halts: Halts) -> tuple[Loss, ...]:
        if beginning := next((halt for halt in halts.in_force if halt.under_way), None):
            raise StateError(f"a halt is being carried out, and nothing was changed: {beginning.summary}")
        found = losses(state, halts, version)
        if (protections := [one for one in found if one.protects]) and not allow_loss:
            raise StateError(
                f"format {version} cannot hold all protections of this state, and nothing was changed",
                detail="\n".join(map(str, protections)),
                hint=Sentence(
                    "stay, or go back without them: ",
                    Command("state", "migrate", "--format", str(version), "--allow-loss"),
                ),
            )
        return found

    def older(halts: Halts) -> Halts:
        lost(halts)  # one may have been set meanwhile
        return replace(halts, format_version=version)

    halts = wiring.backend.halts()
    found = lost(halts)
    if halts.halts:
        wiring.backend.change_halts(older)
    return found


def _check_at_rest(state: State, version: int, now: datetime) -> None:
    """Raise StateError for writes whose outcome, or second copy, an older format could not look for."""
    if state.pending:
        key = min(state.pending)
        raise StateError(
            f"{key} is not settled, and format {version} may not hold it; nothing was changed",
            hint=Command("apply"),
            key=key,
        )
    if one := next((proof for proof in state.proofs if proof.open), None):
        raise StateError(
            f"a proof of {one.key} is not settled, and format {version} has no proofs; nothing was changed",
            hint=Command("apply"),
            key=one.key,
        )
    older = decode(encode(replace(state, format_version=version)))
    unseen = copies.watched(state, now).keys() - copies.watched(older, now).keys()
    if unseen:
        key = min(one.key for intent, one in copies.watched(state, now).items() if intent in unseen)
        raise StateError(
            f"{key} was created more than once, and a second copy may turn up; nothing was changed",
            detail=f"format {version} would not look for it; that ends with its first send, or after 30 days",
            hint=Sentence("look for copies, and try again later: ", Command("apply")),
            key=key,
        )
