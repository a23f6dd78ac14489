"""Take live campaigns over: the adoptions of a plan, and `import`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from campaignctl.campaign import marker
from campaignctl.campaign.keys import key_hint
from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.errors import (
    ApiError,
    Command,
    OutcomeUnknown,
    ReadFailed,
    Sentence,
    StateError,
    TokenRejected,
)
from campaignctl.manifest.document import CAMPAIGN_KEY
from campaignctl.manifest.model import DesiredState
from campaignctl.plan import changes, records
from campaignctl.plan.model import Change, Request
from campaignctl.reconciler.created import learn_markers
from campaignctl.reconciler.intents import marking
from campaignctl.reconciler.opening import check_environment
from campaignctl.reconciler.run import READ_WAITS, Run, Wiring, new_state, opened, used_up
from campaignctl.reconciler.settle import await_age
from campaignctl.review.outcome import ChangeResult, done
from campaignctl.state.model import Entry, Record, State


def import_campaign(
    wiring: Wiring, desired: DesiredState, key: str, campaign_id: str, *, forget: bool = False
) -> str:
    """Record a live campaign under the key, and mark it. Returns what was done, as a sentence.

    The next plan shows every difference from the key's manifest; without one, which `forget` allows, it
    forgets the campaign. Raises StateError if there is no manifest, the key or the id is recorded already or
    unsettled, or the campaign does not exist or belongs to another company, project or environment; also if
    the token is not accepted any more when it is to be marked.
    """
    wiring.need_api()
    project, manifest = wiring.project, desired.campaigns.get(key)
    lifecycle = manifest.lifecycle if manifest else Lifecycle(on_destroy="forget", says_destroy=True)
    with wiring.locked("import") as session:
        state = session.state
        check_environment(state, project)
        _check_free(state, key, campaign_id)
        run = opened(wiring, session, [key])
        live = read_campaign(run, key, campaign_id)
        wrong = records.why_not(live, project, run.opening.company_id or project.company_id)
        if wrong is not None:
            raise StateError(wrong[0], hint=wrong[1], key=key)
        if manifest is None and not forget:
            instead = Command("import", key, campaign_id, "--forget-on-destroy")
            near = key_hint(key, desired.campaigns)
            raise StateError(
                f"no manifest declares {key}, so the next apply would drop it again",
                hint=Sentence(
                    f"{near} Otherwise " if near else "",
                    f"write the manifest of {key} first; to record it without one: ",
                    instead,
                ),
                key=key,
            )
        if state is None:
            session.write(new_state(run))
        record = records.record_of(live, run.state, project, run.now(), lifecycle, "import")
        markers, new_id = run.state.account.markers, wiring.clock.new_id
        record, marking = changes.marking(project, markers, key, record, live, new_id)
        warnings = take_over(run, key, record, (marking,) if marking else ())
        if isinstance(run.broken_off, TokenRejected):
            raise StateError(f"{key} is now {campaign_id}; {warnings[0]}", hint=run.broken_off.hint, key=key)
    then: str = Sentence(Command("plan"), " shows what differs")
    if manifest is None:
        then = f"without a manifest of {key} the next apply forgets it"
    said = "".join(f" {warning}." for warning in warnings)
    return Sentence(f"{key} is now {campaign_id} ({live.status}); ", *Sentence(then).parts, f".{said}")


def _check_free(state: State | None, key: str, campaign_id: str) -> None:
    """Raise StateError if the key is not valid, or a record or an open write has the key or the id."""
    check_new_key((), key)
    if state is None:
        return
    if key in state.pending:
        raise StateError(f"{key} is not settled", hint=Command("apply"), key=key)
    check_unrecorded(state, key, campaign_id)
    check_new_key(state.campaigns, key)


def read_campaign(run: Run, key: str, campaign_id: str) -> Live:
    """The campaign. Raises StateError if there is none with that id."""
    live = run.api.read(campaign_id)
    if live is None:
        raise StateError(f"there is no campaign {campaign_id} in this account", key=key)
    return live


def adopt(run: Run, change: Change) -> ChangeResult:
    """Record a live campaign, then mark it. Raises StateError if its id or key is taken."""
    run.may_send()
    record = change.record
    if record is None:
        raise AssertionError("an adoption carries the record that it makes")
    check_unrecorded(run.state, change.key, record.id)
    return done(change, record.id, warnings=take_over(run, change.key, record, change.requests))


def take_over(run: Run, key: str, record: Record, requests: Iterable[Request]) -> tuple[str, ...]:
    """Record a campaign that someone else created, then send the request that marks it, if there is one.

    Until a read shows the marker, the record says that it is unmarked. Returns what went wrong with that.
    """
    mark = next(iter(requests), None)
    unmarked = replace(record, unmarked=mark is not None or record.unmarked)
    sent = used_up(run.state, {key: record}, run.now())
    run.record(Entry(records={key: unmarked}, missed={key: None}, sent=sent))
    why_not = _mark(run, key, record, mark) if mark else None
    return (why_not,) if why_not else ()


def _mark(run: Run, key: str, record: Record, request: Request) -> str | None:
    """Put our marker on a campaign; returns why it has none, or None if a read shows it.

    If the answer is lost, only once it can no longer be under way: a later write repeats the metadata. The
    API may be late: only a campaign that several reads show without any marker tells that the account returns
    none.
    """
    shows, answered, live, made_by = False, True, None, None

    def before() -> None:
        run.may_send()
        run.record(Entry(intents={key: marking(record, request, run.now())}))

    try:
        try:
            run.api.send(request, before=before)
        except OutcomeUnknown:
            answered = False
            await_age(run, [run.state.pending[key]])
        for wait in READ_WAITS:
            run.wiring.clock.wait(wait)
            live = run.api.read(record.id)
            made_by = marker.read(live.fields) if live else None
            shows = made_by is not None and made_by.intent == record.intent
            if shows or run.state.account.markers is False:
                break
        why = "its metadata does not show our marker"
    except ApiError as error:
        if isinstance(error, ReadFailed) and not error.forbidden:  # the next run settles it
            return _not_marked(record, error.summary)
        if isinstance(error, TokenRejected):  # every further request would be refused too
            run.broken_off = run.broken_off or error
        why, live = error.summary, None
    if live is not None and (made_by or answered):
        learn_markers(run, made_by is not None)
    if shows or key in run.state.pending:
        run.record(Entry(records={key: record} if shows else {}, intents={key: None}))
    return None if shows else _not_marked(record, why)


def _not_marked(record: Record, why: str) -> str:
    return f"{record.id} is not marked, so a lost state would not find it again: {why}"


def check_new_key(recorded: Iterable[str], key: str) -> None:
    """Raise StateError unless this is a valid key that does not collide with a recorded one."""
    if not CAMPAIGN_KEY.fullmatch(key):
        raise StateError(
            f"{key!r} is not a valid key",
            hint="letters, digits, `.`, `_` and `-`, in parts joined by `/`, at most 128 characters;"
            " a matrix key with its values, as in `push/welcome[country=DE]`",
        )
    twin = next((known for known in recorded if known.casefold() == key.casefold()), None)
    if twin is not None:
        raise StateError(f"{key} differs only in case from {twin}, which is recorded", key=key)


def check_unrecorded(state: State, key: str, campaign_id: str, *, pending: bool = False) -> None:
    """Raise StateError if the campaign or the key is recorded already, or the campaign is a proof.

    A `pending` create may replace the record of its key, if that is another campaign.
    """
    proof = next((each for each in state.proofs if each.id == campaign_id), None)
    if proof is not None:
        told = f"{campaign_id} is a proof of {proof.key}, which reaches seeds alone"
        raise StateError(told, hint=Command("proof", proof.key), key=key)
    held = state.campaigns.get(key)
    owner = next((other for other, record in state.campaigns.items() if record.id == campaign_id), None)
    if owner is not None and owner != key:
        move = "" if held else Sentence("to give it this key: ", Command("state", "mv", owner, key))
        raise StateError(f"{campaign_id} is recorded already, as {owner}", hint=move, key=key)
    if held is not None and (owner or not pending):
        forget = Sentence("to forget it first and leave its campaign as it is: ", Command("state", "rm", key))
        raise StateError(f"{key} is recorded already, as {held.id}", hint=forget, key=key)
