"""Rebind: give a state another account, environment, project or place. Init: declare that a state is new.

A state works only with its own account, environment and project, so rebinding is the only way to change them.
Neither changes anything in the account.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from campaignctl.errors import AccountMismatch, Command, Sentence, StateError
from campaignctl.project.model import Project
from campaignctl.reconciler.opening import check_company, company_of, spread
from campaignctl.reconciler.other_states import check_left
from campaignctl.reconciler.ports import Backend
from campaignctl.reconciler.run import Wiring, empty_state
from campaignctl.reconciler.state_ops import check_settled, existing, fill
from campaignctl.review.reports import Belonging, Rebinding
from campaignctl.state.model import FORMAT_VERSION, Account, Entry, State

# How many of the newest recorded campaigns are looked for in the account.
_PROOFS = 5


_OPERATION = "state rebind"


def init(wiring: Wiring) -> str:
    """Write an empty state: what the manifests declare was never created in this environment.

    Raises StateError if there is a state, or one of an environment that is no longer declared.
    """
    project, backend = wiring.project, wiring.backend
    check_left(project, wiring.elsewhere, wiring.clock.now())
    with wiring.locked("state init") as session:
        if session.state is not None:
            raise StateError(f"there is a state in {backend.location} already", hint=Command("plan"))
        session.write(empty_state(wiring))
    whose = f" of environment {project.environment}" if project.environment else ""
    return f"A new, empty state{whose} is in {backend.location}."


def rebind(wiring: Wiring, approve: Callable[[Rebinding], bool], source: Backend | None = None) -> bool:
    """Bind the state to the project, its environment and the token's account, if `approve` accepts it.

    `source` is the place of a state that becomes the one of this environment; a note stays there. A run that
    died half-way can be repeated. Raises StateError if there is nothing to change, a write is unsettled or
    another state is here, and AccountMismatch if the recorded campaigns are not in that account.
    """
    wiring.need_api()
    place = source or wiring.backend
    session = place.acquire(_OPERATION, wiring.lock_timeout)
    try:
        state = existing(session)
        asked = _rebinding(wiring, state)
        if asked.after == asked.before and source is None:
            raise StateError(
                "the state already belongs to this account, environment and project", hint=Command("plan")
            )
        if not approve(asked):
            return False
        bound = _bound(state, asked.after)
        if source is None:
            session.write(bound)
        else:
            fill(wiring, _OPERATION, wiring.backend, bound, source)
            session.retire(wiring.backend.location)
    finally:
        session.release()
    return True


def _rebinding(wiring: Wiring, state: State) -> Rebinding:
    api, project = wiring.need_api(), wiring.project
    before = Belonging(state.account.url, state.account.company_id, state.environment, state.project_id)
    newest = sorted(state.campaigns.values(), key=lambda record: record.created_at, reverse=True)[:_PROOFS]
    lives = spread(lambda record: api.read(record.id), newest, wiring.parallelism)
    found = [live for live in lives if live is not None]
    company = company_of([*found, *api.list_page(1).items])
    check_company(company, None, project)
    account = company or project.company_id or before.company_id
    after = Belonging(api.url, account, project.environment, _project_id(state, project))
    if (after.url, after.company_id) != (before.url, before.company_id):
        check_settled(
            state,
            "can only be settled in the old account",
            Sentence("first, with that account's token: ", Command("apply")),
        )
    if newest and not found:
        raise AccountMismatch(
            "this account shows none of the campaigns that the state records",
            detail=f"looked for {', '.join(record.id for record in newest)} at {api.url}",
            hint="set the OCAMBA_TOKEN, or choose the environment, that these campaigns are in",
        )
    return Rebinding(before, after, len(state.campaigns), len(newest), len(found))


def _bound(state: State, to: Belonging) -> State:
    """The state with its new account. Markers and newest campaigns of another one do not count."""
    moved = to.company_id != state.account.company_id
    account = Account(to.url, to.company_id, None if moved else state.account.markers)
    step = Entry(account=account, seen=() if moved else None)
    return replace(state.after(step), environment=to.environment, project_id=to.project_id)


def _project_id(state: State, project: Project) -> str | None:
    """The id of the project, as far as the format of the state can hold it."""
    return project.id if state.format_version == FORMAT_VERSION else None
