"""One proof on its way to seeds: created so that it cannot send, read back, and armed only if it is what was
asked for. And proofs of runs that ended early, settled.

The audience of a proof is a seed list of the project, never the campaign's. What a read shows otherwise, or
does not show, is not armed. The record of each step is durable before its request leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from campaignctl.campaign import marker
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.errors import (
    AccountMismatch,
    ApiError,
    CampaignctlError,
    Command,
    Interrupted,
    LockLost,
    OutcomeUnknown,
    ReadFailed,
    Refused,
    Sentence,
    StateError,
    StateNotSaved,
    listed,
)
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.plan import proofing
from campaignctl.plan.guardrails import frozen_words
from campaignctl.plan.lifts import Lifts
from campaignctl.plan.model import Action, Change, Request
from campaignctl.plan.proofing import MARK, Piece
from campaignctl.project.model import Project
from campaignctl.reconciler.cancels import canceled
from campaignctl.reconciler.created import is_recorded
from campaignctl.reconciler.opening import check_company
from campaignctl.reconciler.run import READ_WAITS, Run
from campaignctl.reconciler.settle import await_time
from campaignctl.review.outcome import Failure
from campaignctl.review.proofing import ProofOutcome, ProofResult
from campaignctl.schedule.times import iso, parse_iso
from campaignctl.schedule.windows import refusal
from campaignctl.state.model import Entry
from campaignctl.state.proofs import Proof, ProofPhase

_NAMED = 5
# A time in the future by more than this is from a wrong date and says nothing.
_WRONG = timedelta(minutes=2)
# The server's time is known to the second.
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is sent of a campaign, and to which seeds."""

    campaign: DesiredCampaign
    to: str
    seeds: Mapping[str, Any]
    pieces: tuple[Piece, ...]

    @property
    def key(self) -> str:
        """The key of the campaign."""
        return self.campaign.key


def check_time(project: Project, key: str, now: datetime) -> None:
    """Raise Refused in a freeze window. A lead time has no sense for what is sent at once."""
    windows = project.guardrails.freeze
    found = refusal(windows, at=now, sends=[now], now=now) if windows else None
    if found is not None and not lifts(project, now).lifts("freeze", key):
        raise Refused(
            f"frozen: {frozen_words(found)}, in the window {found.window.words}",
            hint=f"wait until the window ends, or lift `freeze` for {key} in `overrides` of campaignctl.yaml",
        )


def lifts(project: Project, now: datetime) -> Lifts:
    """The guardrails that the project file lifts now."""
    return Lifts.at(now, (), project.overrides)


def decide(left: Proof) -> Sentence:
    """The commands by which a person decides about a proof that no read shows."""
    done, retry = (Command("state", "resolve", left.key, word) for word in ("--done", "--retry"))
    return Sentence(done, " if seeds got it, or ", retry, " if not")


def result_of(
    wanted: Wanted, piece: Piece, outcome: ProofOutcome, campaign_id: str | None = None
) -> ProofResult:
    """The result of one piece."""
    body = proofing.body_of(wanted.campaign.spec, piece, wanted.seeds)
    return ProofResult(piece.message, piece.lang, outcome, piece.digest, body, campaign_id)


# ------------------------------------------------------------------------------- one proof


@dataclass
class Sending:
    """One proof on its way. `entry` is its record, with every step so far; `left`: nothing speaks against the
    request that sends it, which may have left."""

    run: Run
    wanted: Wanted
    piece: Piece
    entry: Proof = field(init=False)
    body: dict[str, Any] = field(init=False)
    recorded: bool = False
    left: bool = False

    def __post_init__(self) -> None:
        run, wanted, piece = self.run, self.wanted, self.piece
        seeds = proofing.seeds_digest(wanted.seeds)
        about = (wanted.key, piece.message, piece.lang, piece.digest, wanted.to, seeds, run.wiring.who)
        self.entry = Proof(*about, run.wiring.clock.new_id(), "started", iso(run.now()))
        self.body = proofing.body_of(wanted.campaign.spec, piece, wanted.seeds)

    def send(self) -> ProofResult:
        """Create, read back, arm, read back. Raises LockLost or StateNotSaved."""
        try:
            self._create()
            self._look()
            self.run.api.send(proofing.arming(self._id, self.wanted.seeds), before=self._last_look)
        except (LockLost, StateNotSaved):
            raise
        except OutcomeUnknown as error:
            if self.entry.phase == "started":
                why = "what it may have created is never armed, and sends nothing"
                return self._failed(error, why, Sentence(self._again))
            return self._sent(error)
        except CampaignctlError as error:
            return self._sent(error) if self._is_set_off() else self._given_up(error)
        return self._sent()

    @property
    def _id(self) -> str:
        return self.entry.id or ""

    @property
    def _again(self) -> Command:
        return Command("proof", self.wanted.key, "--lang", self.piece.lang, "--to", self.wanted.to)

    def _note(self, phase: ProofPhase, **fields: Any) -> None:
        """Record a step durably. It is no decision: reviewed plans stay valid."""
        self.entry = replace(self.entry, phase=phase, at=iso(self.run.now()), **fields)
        self.run.record(Entry(proofs=(self.entry,), decision=False))
        self.recorded = True

    def _create(self) -> None:
        project = self.run.project
        made_by = project.owner.marker(self.wanted.key, self.entry.intent)
        marked = {"metadata": marker.of_proof(made_by)} if project.api.markers else {}

        def before() -> None:
            self.run.may_send()
            self._note("started")
            self._check_held()

        live = self.run.api.send(Request("create", body={**self.body, **marked}), before=before)
        # Whatever is done to a proof must not be done to another campaign.
        seen = live.id in self.run.opening.lives or live.id in self.run.state.foreign
        if seen or is_recorded(self.run, live.id):
            raise Refused(f"the create of a proof was answered with {live.id}, which was there before")
        if self._is_anothers(live):
            raise Refused(f"the create of a proof was answered with {live.id}, another campaign")
        self._note("created", id=live.id)

    def _is_anothers(self, live: Live) -> bool:
        """Whether an answer shows that its campaign is not this proof: by its marker, else by its name."""
        if found := marker.read_proof(live.fields):
            return found.intent != self.entry.intent
        return marker.read(live.fields) is not None or bool(live.name and not live.name.startswith(MARK))

    def _look(self) -> None:
        """Read the created proof until it is shown as asked for. Raises Refused."""
        why: list[str] = []
        for wait in (timedelta(0), *self.run.project.api.settle.waits):
            self.run.wiring.clock.wait(wait)
            self.run.may_send()
            if not (why := self._why_not(self.run.api.read(self._id))):
                return
        raise self._not_as_asked(why)

    def _last_look(self) -> None:
        """Directly before the request that sends it: nothing may have changed since it was read back."""
        self.left = False
        self.run.may_send()
        self._note("arming")
        if why := self._why_not(self.run.api.read(self._id)):
            raise self._not_as_asked(why)
        check_time(self.run.project, self.wanted.key, self.run.now())
        self._check_held()
        self.left = True

    def _is_set_off(self) -> bool:
        """Whether a read shows it as sent, although the request that sends it was refused."""
        live: Live | None = None
        if self.left:
            with suppress(ApiError, Interrupted):
                live = self.run.api.read(self._id, reserve=True)
        return live is not None and proofing.is_armed(live)

    def _check_held(self) -> None:
        """Raise LockLost or Interrupted if nothing may leave, Halted if a halt stops the campaign."""
        self.run.may_send()
        spec, life = self.wanted.campaign.spec, self.wanted.campaign.lifecycle
        name, formerly = str(spec.get("name", "")), self.wanted.campaign.moved_from
        self.run.watch.not_halted(
            Change(
                self.wanted.key,
                Action.CREATE,
                self.entry.id,
                name,
                "",
                spec=spec,
                lifecycle=life,
                formerly=formerly,
            )
        )

    def _why_not(self, live: Live | None) -> list[str]:
        """Why the campaign is not armed as a read shows it. Raises AccountMismatch."""
        if live is None:
            return ["it is not found"]
        run = self.run
        check_company(live.company_id, run.state, run.project)
        if live.company_id is None and not run.proven:
            return ["no read has shown whose account this is"]
        if run.state.account.company_id is None and live.company_id:
            known = replace(run.state.account, company_id=live.company_id)
            run.record(Entry(account=known, decision=False))
        run.proven = True
        accepted = self.wanted.campaign.lifecycle.accept_stored
        return proofing.not_as_asked(self.body, self.entry.seeds, live, run.project.api.hidden, accepted)

    def _not_as_asked(self, why: list[str]) -> Refused:
        return Refused(
            f"{self._id} is not what was asked for, and was not armed: {listed(why, _NAMED)}",
            detail="as the account shows it, it would send something else, or to other people than the seeds",
            hint=Sentence("check in the dashboard what this account stores; then: ", self._again),
        )

    def _given_up(self, error: CampaignctlError) -> ProofResult:
        """The result of what was not armed: it is canceled if it could send."""
        over, left = stopped(self.run, self.entry) if self.entry.id else (True, "")
        if self.recorded:  # in another account its id may be that of another campaign later
            self._note(_stopped_phase(over or isinstance(error, AccountMismatch)), why=error.summary)
        if isinstance(error, Interrupted):
            return replace(self._result("not_started"), id=self.entry.id)
        return self._failed(error, left, error.hint)

    def _sent(self, lost: CampaignctlError | None = None) -> ProofResult:
        """The result after the request that sends it: `done` once a read shows that it took effect."""
        live: Live | None = None
        for wait in READ_WAITS:
            try:
                self.run.wiring.clock.wait(wait)
                live = self.run.api.read(self._id, reserve=True)
            except (ApiError, Interrupted):
                break
            if live and proofing.is_armed(live):
                break
        if live is None or not proofing.is_armed(live):
            what = f"not known whether {self._id} was sent: no read shows it"
            problem = lost or ReadFailed(what)
            return replace(self._failed(problem, what, decide(self.entry)), outcome="unknown")
        if other := proofing.other_audience(self.entry.seeds, live):
            over, left = stopped(self.run, self.entry)
            self._note(_stopped_phase(over), why=other)
            return self._failed(Refused(f"{self._id} was armed, and now {other}"), left, self._halt)
        self._note("sent")
        return replace(self._result("done"), id=self.entry.id)

    @property
    def _halt(self) -> Command:
        return Command("halt", self.wanted.key, "--reason", "a proof with another audience")

    def _result(self, outcome: ProofOutcome) -> ProofResult:
        return result_of(self.wanted, self.piece, outcome)

    def _failed(self, error: CampaignctlError, detail: str, hint: str | Command) -> ProofResult:
        said = ". ".join(part.rstrip(".") for part in (error.detail, detail) if part)
        problem = Failure(error.summary, said, Sentence(hint), error.trace_id)
        return replace(self._result("failed"), id=self.entry.id, error=problem)


def stopped(run: Run, entry: Proof) -> tuple[bool, str]:
    """Cancel a proof that could send, whatever the reason. Returns whether it sends nothing more, and what is
    left of it, in words."""
    try:
        live = run.api.read(str(entry.id), reserve=True)
        if live is None:
            return True, f"{entry.id} is not found"
        if (status := status_of(live)).can_send:
            why = "campaignctl: a proof that is not as asked for"
            ended, problem = canceled(run, live.id, why, run.session.check)
            if ended is None or ended.can_send:
                return False, f"{entry.id} could not be canceled: {problem}"
            status = status if ended is Status.MISSING else ended
    except (ApiError, Interrupted) as error:
        return False, f"{entry.id} could not be canceled: {error.summary}"
    return not status.can_send, f"{entry.id} is {status}" + ("" if status.can_send else ", and sends nothing")


def _stopped_phase(over: bool) -> ProofPhase:
    """The phase of a proof that is not to be sent: the next run stops it again if it could still send."""
    return "dropped" if over else "created"


# ------------------------------------------------------------------------------- after another run


def settle(run: Run) -> Mapping[tuple[str, str], str]:
    """Find out how the proofs of runs that ended early stand. Nothing is armed here.

    Returns those that turn out to be sent: their ids by the digests of what they say and of their seeds.
    """
    lives = run.opening.scan.lives if any(each.open for each in run.state.proofs) else ()
    made = {found.intent: live.id for live in lives if (found := marker.read_proof(live.fields))}
    sent: dict[tuple[str, str], str] = {}
    for entry in [each for each in run.state.proofs if each.open]:
        if (now := _settled(run, entry, made)) is None:
            continue
        if now.phase == "sent":
            sent[now.digest, now.seeds] = str(now.id)
        run.note(f"{now.key}: its proof {now.id or 'without an id'} in {now.lang}: {now.why or 'was sent'}")
        run.record(Entry(proofs=(now,), decision=False))
    return sent


def _settled(run: Run, entry: Proof, made: Mapping[str, str]) -> Proof | None:
    """The record of a proof once it is known how it stands; None if that is not known."""
    at = iso(run.now())
    if entry.phase == "arming":
        try:
            live = run.api.read(str(entry.id))
        except ReadFailed:  # one proof must not keep campaigns from being applied
            return None
        if live is None or not proofing.is_armed(live):
            return None
        if other := proofing.other_audience(entry.seeds, live):
            over, left = stopped(run, entry)
            return replace(entry, phase=_stopped_phase(over), at=at, why=f"{other}; {left}")
        return replace(entry, phase="sent", at=at)
    entry = replace(entry, id=entry.id or made.get(entry.intent))
    if entry.id is not None:
        over, left = stopped(run, entry)
        if over and _was_sent(run, entry):
            return replace(entry, phase="sent", at=at)
        return replace(entry, phase=_stopped_phase(over), at=at, why=left)
    begun = parse_iso(entry.at) - run.now()
    if -run.project.api.timeout <= begun <= _WRONG:
        return None
    return replace(entry, phase="dropped", at=at, why="nothing is found of it; its create had no answer")


def _was_sent(run: Run, entry: Proof) -> bool:
    """Whether a read shows that seeds got it, although no record says so: an older state was put back."""
    live: Live | None = None
    with suppress(ApiError, Interrupted):
        live = run.api.read(str(entry.id))
    if live is None or status_of(live) is not Status.SENT:
        return False
    return not proofing.other_audience(entry.seeds, live)


def resolve(run: Run, key: str, *, done: bool) -> str | None:
    """Settle the proofs of a key by a person's decision; None if there is nothing to decide.

    One that was not sent, as the person says, is read once its request can no longer be under way.

    Raises StateError for one that a read shows as sent and that is said not to be.
    """
    left = [each for each in run.state.proofs if each.key == key and each.phase == "arming"]
    if not left:
        return None
    for entry in () if done else left:
        await_time(run, min(parse_iso(entry.at), run.now()) + run.project.api.timeout + _SECOND)
        live = run.api.read(str(entry.id))
        if live is not None and proofing.is_armed(live):
            hint = Command("state", "resolve", key, "--done")
            raise StateError(f"the proof {entry.id} was sent: the account shows it", hint=hint, key=key)
    phase: ProofPhase = "sent" if done else "dropped"
    settled = tuple(replace(each, phase=phase, at=iso(run.now())) for each in left)
    run.record(Entry(proofs=settled, decision=False))
    ids = ", ".join(str(each.id) for each in left)
    return f"{key}: recorded as {'' if done else 'not '}sent: its proof {ids}."
