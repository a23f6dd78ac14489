"""Import: a live campaign of somebody else is put on record under a key. The account stays as it is."""

from __future__ import annotations

from shlex import quote

from campaignctl.campaign.live import Live
from campaignctl.errors import StateError, in_environment
from campaignctl.manifest.desired import DesiredState
from campaignctl.plan import adoption
from campaignctl.reconciler.applying import api_of, locked
from campaignctl.reconciler.opening import check_environment, opening_read
from campaignctl.reconciler.run import Run, new_state
from campaignctl.reconciler.surgery import check_new_key
from campaignctl.reconciler.wiring import Wiring
from campaignctl.state.model import Entry, State


def import_campaign(wiring: Wiring, desired: DesiredState, key: str, campaign_id: str) -> str:
    """Record the campaign of this id under the key, as the account shows it; what was done, in a sentence.

    The next plan shows every difference to the manifest of the key. Raises StateError for a key or an id that
    is recorded already or not settled, a campaign that there is not, and one that belongs to another company,
    project or environment.
    """
    api, project = api_of(wiring), desired.project
    with locked(wiring, "import") as session:
        state = session.state
        check_environment(state, project)
        check_new_key((), key)
        if state is not None:
            _check_free(state, key, campaign_id)
        opening = opening_read(api, state, project, [key], wiring.clock.now())
        run = Run(wiring, session, api, project, opening)
        company = opening.company_id or project.company_id
        live = _found(run, key, campaign_id, company)
        if state is None:
            session.write(new_state(run))
        manifest = desired.campaigns.get(key)
        record = adoption.record_of(live, project, run.now(), manifest.lifecycle if manifest else None)
        run.record(Entry(records={key: record}, missed={key: None}))
    then = in_environment("campaignctl plan shows what differs", project.environment)
    if manifest is None:
        then = f"write a manifest of {key} before the next apply, which would cancel or forget it"
    return f"{key} is now {campaign_id} ({live.status}); {then}."


def _check_free(state: State, key: str, campaign_id: str) -> None:
    if key in state.pending:
        raise StateError(f"{key} is not settled", hint="campaignctl apply", key=key)
    if key in state.campaigns:
        raise StateError(
            f"{key} is recorded already, as {state.campaigns[key].id}",
            hint=f"campaignctl state rm {quote(key)} forgets it first, and leaves its campaign as it is",
            key=key,
        )
    owner = next((other for other, record in state.campaigns.items() if record.id == campaign_id), None)
    if owner is not None:
        raise StateError(
            f"{campaign_id} is recorded already, as {owner}",
            hint=f"campaignctl state mv {quote(owner)} {quote(key)}",
            key=key,
        )
    check_new_key(state.campaigns, key)


def _found(run: Run, key: str, campaign_id: str, company_id: str | None) -> Live:
    live = run.api.read(campaign_id)
    if live is None:
        raise StateError(f"there is no campaign {campaign_id} in this account", key=key)
    wrong = adoption.why_not(live, run.project, company_id)
    if wrong is not None:
        raise StateError(wrong[0], hint=wrong[1], key=key)
    return live
