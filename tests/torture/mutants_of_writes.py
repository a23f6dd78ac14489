"""Broken builds that forget a write, or believe too soon that it did not happen."""

from __future__ import annotations

from tests.torture.mutants import Edit, Mutant

_PROOF = "campaignctl/plan/proof.py"
_REQUESTS = "campaignctl/reconciler/requests.py"
_INTENTS = "campaignctl/reconciler/intents.py"
_SETTLE = "campaignctl/reconciler/settle.py"
_READ_BACK = "campaignctl/reconciler/readback.py"
_AT_ONCE = ("tests/reconciler/test_sends_at_once.py",)
_HALVES = ("tests/reconciler/test_replacements.py",)
_WINNERS = ("tests/plan/test_winner.py", "tests/plan/test_proof.py", "tests/reconciler/test_winners.py")
_UNSAVED = ("tests/reconciler/test_unsaved.py",)
_ORDINARY = ("tests/reconciler/test_ordinary_writes.py",)


def _one(name: str, file: str, old: str, new: str, tests: tuple[str, ...]) -> Mutant:
    return Mutant(name, (Edit(file, old, new),), tests, "")


OF_WRITES = (
    _one(
        "a read that shows a draft settles a send at once",
        _PROOF,
        "        elif sends_at_once(intent, now):\n",
        "        elif sends_at_once(intent, now) and status_of(live or Live('', {}, False)) not in _IDLE:\n",
        _AT_ONCE,
    ),
    _one(
        "a read that shows no winner settles it",
        _PROOF,
        "        elif sends_at_once(intent, now):\n",
        "        elif sends_at_once(intent, now) and intent.operation != 'winner':\n",
        _AT_ONCE,
    ),
    _one(
        "what sends at once, or a winner, is not on record",
        _REQUESTS,
        "        if known is None or run.now() - parse_iso(str(known.at)) > _PROMPT:\n",
        "        if known is not None:\n",
        _AT_ONCE,
    ),
    _one(
        "what was set off already is set off again",
        _REQUESTS,
        "    if live and proof.shows(intent, record, live, run.project, run.now()):\n",
        "    if False:\n",
        _AT_ONCE,
    ),
    _one(
        "a person's retry is believed although the account shows the write",
        "campaignctl/reconciler/state_ops.py",
        "    if record and live and proof.shows(intent, record, live, run.project, run.now()):\n",
        "    if False:\n",
        _AT_ONCE,
    ),
    _one(
        "what a person calls done is not in the ledger",
        _PROOF,
        '    fired = intent.operation == "update" and intent.at_once\n',
        "    fired = False\n",
        _AT_ONCE,
    ),
    _one(
        "a run of its own schedule is taken for a start",
        _PROOF,
        "return any(since <= at <= now + _MOMENT and not runs.runs_at(record.applied, at) for at in times)",
        "return any(since <= at <= now + _MOMENT for at in times)",
        ("tests/plan/test_proof.py",),
    ),
    _one(
        "an ordinary write is not on record",
        _INTENTS,
        "        self.record(Entry(intents=lot))\n",
        "",
        _ORDINARY,
    ),
    _one(
        "the next write does not wait for what may be under way",
        _SETTLE,
        "    await_age(run, writes.values())\n",
        "",
        _ORDINARY,
    ),
    _one(
        "settling decides by what the opening read saw",
        _SETTLE,
        "    run.settled.update({live.id: live for live in lives.values() if live})\n",
        "",
        _ORDINARY,
    ),
    _one(
        "a lost answer is not waited for in the run that lost it",
        _READ_BACK,
        "    for wait in (timedelta(0), *run.project.api.settle.waits, None):\n",
        "    for wait in (timedelta(0), *run.project.api.settle.waits):\n",
        _ORDINARY,
    ),
    _one(
        "what did not happen stays on record",
        _READ_BACK,
        "        run.record(Entry(intents=dict.fromkeys(over)))\n",
        "        pass\n",
        _ORDINARY,
    ),
    _one(
        "what never left stays on record",
        _INTENTS,
        "            self.record(Entry(intents=dict.fromkeys(left_over)))\n",
        "            pass\n",
        _ORDINARY,
    ),
    _one(
        "a write that waited is not recorded again",
        _INTENTS,
        "            if key not in self._until or self.now() > self._until[key]:\n",
        "            if key not in self._until:\n",
        _ORDINARY,
    ),
    _one(
        "a resume that is due is planned again",
        _PROOF,
        "        return first is not None and parse_iso(first) <= now\n",
        "        return False\n",
        _ORDINARY,
    ),
    _one(
        "each write is a step of its own",
        _INTENTS,
        "_TOGETHER = 50\n",
        "_TOGETHER = 1\n",
        _ORDINARY,
    ),
    _one(
        "an edit does not wait for our marker",
        "campaignctl/reconciler/adopt.py",
        "            await_age(run, [run.state.pending[key]])\n",
        "            pass\n",
        _ORDINARY,
    ),
    _one(
        "the cancel of a replacement is not on record",
        _REQUESTS,
        '        run.record(Entry(intents={key: replace(planned, phase="started", at=iso(run.now()))}))\n',
        "",
        _HALVES,
    ),
    _one(
        "the cancel of a replacement is not waited for",
        _REQUESTS,
        "    for wait in (*READ_WAITS, None):\n",
        "    for wait in READ_WAITS:\n",
        _HALVES,
    ),
    _one(
        "a replacement is done although its campaign was not canceled",
        "campaignctl/reconciler/execute.py",
        "    if change.action is Action.REPLACE and record.id == change.id:\n",
        "    if False:\n",
        _HALVES,
    ),
    _one(
        "what is left of a replacement is dropped",
        _SETTLE,
        'if intent.phase == "planned" and (not intent.ended or key in state.campaigns)',
        'if intent.phase == "planned"',
        _HALVES,
    ),
    _one(
        "what is left of a replacement is dropped with a refused create",
        _REQUESTS,
        "    back = known if lost or known.ended else None\n",
        "    back = lost\n",
        _HALVES,
    ),
    _one(
        "what is left of a replacement stays without a manifest",
        _SETTLE,
        "if intent.half_done and key not in declared}",
        "if False}",
        _HALVES,
    ),
    _one(
        "a campaign that began meanwhile is replaced",
        _REQUESTS,
        '    if record.applied.get("recurrence") or lifts.lifts("resend", change.key):\n',
        "    if True:\n",
        _HALVES,
    ),
    _one(
        "what began to send before it was canceled is created again",
        "campaignctl/plan/ledger.py",
        "    return bool(sent) and not may_resend(ctx, one)\n",
        "    return False\n",
        _HALVES,
    ),
    _one(
        "a review of another replacement covers the rest",
        "campaignctl/plan/reviewed.py",
        "            if half and change.action is Action.REPLACE and change.id == half.id:\n",
        "            if half and change.action is Action.REPLACE:\n",
        _HALVES,
    ),
    _one(
        "the next command does not ask for the replacement again",
        _REQUESTS,
        "    return change.action is Action.REPLACE\n",
        "    return False\n",
        _HALVES,
    ),
    _one(
        "a create that could not be recorded has failed",
        _REQUESTS,
        '        return _unrecorded(run, done(change, live.id), f"{live.id} was created", error)\n',
        "        raise\n",
        _UNSAVED,
    ),
    _one(
        "an update that could not be recorded is unknown",
        _READ_BACK,
        '        if told[key].outcome == "done":\n',
        "        if False:\n",
        _UNSAVED,
    ),
    _one(
        "the command that saves the state does not come first",
        "campaignctl/reconciler/apply.py",
        "        next=tuple(dict.fromkeys([*saving, *outcome.next])),\n",
        "        next=tuple(dict.fromkeys([*outcome.next, *saving])),\n",
        _UNSAVED,
    ),
    _one(
        "the winner of an older run is set again",
        "campaignctl/plan/winners.py",
        "    run, named = waiting(one), declared.winner_run or 1\n",
        "    run, named = waiting(one), waiting(one)\n",
        _WINNERS,
    ),
    _one(
        "a run is decided once for all",
        "campaignctl/plan/winners.py",
        "        known = None\n",
        "        pass\n",
        _WINNERS,
    ),
    _one(
        "a winner from before a replacement is set",
        "campaignctl/plan/winners.py",
        "    if declared.named == one.record.named_before:\n",
        "    if False:\n",
        _WINNERS,
    ),
    _one(
        "what a replacement's manifest named before is not kept",
        "campaignctl/plan/records.py",
        '        named_before=intent.lifecycle.named if intent.operation == "replace" else (),\n',
        "",
        _WINNERS,
    ),
    _one(
        "a run that ended is decided all the same",
        _PROOF,
        "    if run is not None and live.run is not None and live.run > run:\n",
        "    if False:\n",
        _WINNERS,
    ),
    _one(
        "the winner of the run before proves that of this one",
        _PROOF,
        "    return live.winner is not None and (run in (None, 1) or live.winner != record.winner)\n",
        "    return live.winner is not None\n",
        _WINNERS,
    ),
    _one(
        "an answered update is not read back once the state is lost",
        "campaignctl/reconciler/execute.py",
        "    if not judged:\n        return {}\n    try:\n        return {result.key",
        "    if not judged or run.broken_off:\n        return {}\n    try:\n        return {result.key",
        _UNSAVED,
    ),
    _one(
        "a request that was refused goes behind all others",
        "campaignctl/api/exchange.py",
        "before=call.before, ticket=ticket) as slot",
        "before=call.before) as slot",
        ("tests/api/test_api_pacing.py",),
    ),
    _one(
        "a list that lags is not read back by id",
        _READ_BACK,
        "        return run.api.read(live.id)\n    if change.action in",
        "        return live\n    if change.action in",
        ("tests/reconciler/test_readback.py",),
    ),
    _one(
        "a lost update is proven by a list item",
        _READ_BACK,
        "    lost = one.lost and change.action is not Action.CANCEL\n",
        "    lost = one.lost and change.action not in (Action.CANCEL, Action.UPDATE)\n",
        ("tests/reconciler/test_readback.py",),
    ),
)
