"""Rebind: give a state another account or environment, where the two were mixed up or have moved.

A state works with no account and no environment but its own, so this is the one way out. Nothing in the
account changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from campaignctl.errors import AccountMismatch, StateError
from campaignctl.manifest.desired import Project
from campaignctl.reconciler.applying import api_of, locked
from campaignctl.reconciler.opening import check_company, company_of
from campaignctl.reconciler.ports import CampaignApi
from campaignctl.reconciler.scan import spread
from campaignctl.reconciler.wiring import Wiring
from campaignctl.state.model import Account, Entry, State

# So many of the newest recorded campaigns have to be found in the account.
_PROOFS = 5


@dataclass(frozen=True, slots=True)
class Belonging:
    """What a state belongs to. `company_id` is None where no campaign has shown it yet."""

    url: str
    company_id: str | None
    environment: str | None


@dataclass(frozen=True, slots=True)
class Rebinding:
    """A change of a state's belonging; `found` of the `looked_for` newest campaigns were seen there."""

    before: Belonging
    after: Belonging
    campaigns: int
    looked_for: int
    found: int


def rebind(wiring: Wiring, project: Project, approve: Callable[[Rebinding], bool]) -> bool:
    """Bind the state to the project's environment and the token's account, if `approve` says yes.

    Raises StateError when there is nothing to change or a write is not settled, and AccountMismatch when
    the recorded campaigns are not in that account.
    """
    api = api_of(wiring)
    with locked(wiring, "state rebind") as session:
        state = session.state
        if state is None:
            raise StateError("there is no state yet", hint="`campaignctl apply` makes it")
        asked = _rebinding(wiring, api, project, state)
        if not approve(asked):
            return False
        session.write(_bound(state, asked.after))
    return True


def _rebinding(wiring: Wiring, api: CampaignApi, project: Project, state: State) -> Rebinding:
    before = Belonging(state.account.url, state.account.company_id, state.environment)
    newest = sorted(state.campaigns.values(), key=lambda record: record.created_at, reverse=True)[:_PROOFS]
    lives = spread(lambda record: api.read(record.id), newest, wiring.parallelism)
    found = [live for live in lives if live is not None]
    company = company_of(found) or company_of(api.list_page(1).items)
    check_company(company, None, project)
    after = Belonging(api.url, company or project.company_id or before.company_id, project.environment)
    if after == before:
        raise StateError("the state belongs to this account and environment already", hint="campaignctl plan")
    if (after.url, after.company_id) != (before.url, before.company_id):
        _check_settled(state)
    if newest and not found:
        raise AccountMismatch(
            "this account shows none of the campaigns that the state records",
            detail=f"looked for {', '.join(record.id for record in newest)} at {api.url}",
            hint="set the OCAMBA_TOKEN, or choose the environment, that these campaigns are in",
        )
    return Rebinding(before, after, len(state.campaigns), len(newest), len(found))


def _check_settled(state: State) -> None:
    """An unsettled write happened in the old account, or did not: only there it can be settled."""
    left = sorted(key for key, intent in state.pending.items() if intent.phase != "planned")
    if left:
        raise StateError(
            f"{left[0]} is not settled, and can be in the old account alone",
            hint="run `campaignctl apply` with that account's token first",
            key=left[0],
        )


def _bound(state: State, to: Belonging) -> State:
    """The state of its new place; what was learnt of another account's markers and newest page is void."""
    moved = to.company_id != state.account.company_id
    account = Account(to.url, to.company_id, None if moved else state.account.markers)
    step = Entry(account=account, seen=() if moved else None)
    return replace(state.after(step), environment=to.environment)
