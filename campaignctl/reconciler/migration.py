"""Taking a state to another place: under both locks, whole, and leaving a note where it was."""

from __future__ import annotations

from functools import reduce

from campaignctl.errors import StateError, StateMoved
from campaignctl.manifest.desired import Project
from campaignctl.reconciler.applying import locked
from campaignctl.reconciler.opening import check_environment
from campaignctl.reconciler.ports import Backend, Session
from campaignctl.reconciler.wiring import Wiring
from campaignctl.state.halts import Halts
from campaignctl.state.model import State

_OPERATION = "state migrate"
_TWO_HINT = "look at both with `campaignctl state pull`; one of them has to go before this one can come"


def migrate(wiring: Wiring, project: Project, target: Backend) -> str:
    """Take the state and its stop mark to `target`; what is pending goes along, and the serial stays.

    A run that died half way is repeated: until the note is written, the state counts where it was.

    Raises:
        StateError: there is no state here, or one of another lineage or a later serial at the target.
    """
    source = wiring.backend
    with locked(wiring, _OPERATION) as session:
        state = session.state
        if state is None:
            raise StateError(
                f"there is no state in {source.location} to take away",
                hint="name the other place as `state` in campaignctl.yaml; the first apply makes it there",
            )
        check_environment(state, project)
        there = target.acquire(_OPERATION, wiring.lock_timeout)
        try:
            _refuse_another(there, target, state)
            _take_stop_mark(source, target)
            there.write(state)
        finally:
            there.release()
        session.retire(target.location)
    number = len(state.campaigns)
    what = f"serial {state.serial}, {number} campaign{'s' if number != 1 else ''}"
    return f"The state ({what}) was taken from {source.location} to {target.location}."


def _refuse_another(there: Session, target: Backend, state: State) -> None:
    """Raise unless the target is empty, or has an earlier form of this very state."""
    try:
        found = there.state
    except StateMoved as moved:
        lineage, serial = moved.lineage, moved.serial
    else:
        if found is None:
            return
        lineage, serial = found.lineage, found.serial
    if lineage != state.lineage:
        raise StateError(
            f"there is another state in {target.location}, and nothing was changed",
            detail=f"its lineage is {lineage}, and this one's is {state.lineage}",
            hint=_TWO_HINT,
        )
    if serial > state.serial:
        raise StateError(
            f"the state in {target.location} is further than this one, and nothing was changed",
            detail=f"its serial is {serial}, and this one's is {state.serial}",
            hint=_TWO_HINT,
        )


def _take_stop_mark(source: Backend, target: Backend) -> None:
    halts = source.halts().halts
    if halts:
        target.change_halts(lambda there: reduce(Halts.with_halt, halts, there))
