"""Broken builds that lose count: of intents, the ledger, the queue, the lock, and of what was limited."""

from __future__ import annotations

from tests.torture.mutants import Edit, Mutant

_GUARDRAILS = "campaignctl/plan/guardrails.py"
_SESSION = "campaignctl/backends/cas/session.py"

OF_BOOKKEEPING = (
    Mutant(
        "the intent of a refused create stays",
        (
            Edit(
                "campaignctl/reconciler/requests.py",
                "        run.record(Entry(intents={change.key: back}))\n",
                "        pass\n",
            ),
        ),
        ("tests/reconciler/test_creates.py",),
        "",
    ),
    Mutant(
        "the lead time is asked at the request only where it is lifted",
        (
            Edit(
                _GUARDRAILS,
                "    if not lifts.lifts(lead, change.key) and too_late(change, limits, now):\n",
                "    if lifts.lifts(lead, change.key) and too_late(change, limits, now):\n",
            ),
        ),
        ("tests/plan/test_team_guardrails.py",),
        "",
    ),
    Mutant(
        "the lead time is counted backwards",
        (
            Edit(
                _GUARDRAILS,
                "first - now < limits.min_lead_time\n",
                "now - first < limits.min_lead_time\n",
            ),
        ),
        ("tests/plan/test_team_guardrails.py",),
        "",
    ),
    Mutant(
        "any numbers are a range, and never wider",
        (
            Edit(
                "campaignctl/diff/audience.py",
                'name in ("from", "to") and isinstance(end, int | float)',
                "isinstance(end, int | float)",
            ),
        ),
        ("tests/plan/test_arming.py",),
        "",
    ),
    Mutant(
        "a window with an end alone never began",
        (
            Edit(
                "campaignctl/schedule/windows.py",
                "(self.start is None or self.start <= instant)",
                "(self.start is not None and self.start <= instant)",
            ),
        ),
        ("tests/schedule/test_windows.py",),
        "",
    ),
    Mutant(
        "an adopted campaign that was sent is not in the ledger",
        (
            Edit(
                "campaignctl/reconciler/adopt.py",
                "    sent = used_up(run.state, {key: record}, run.now())\n",
                "    sent = ()\n",
            ),
        ),
        ("tests/reconciler/test_adopt.py",),
        "",
    ),
    Mutant(
        "an echo counts for a field that was changed since",
        (
            Edit(
                "campaignctl/plan/update_rules.py",
                "        and same(path, now[0], was[0])\n",
                "",
            ),
        ),
        ("tests/plan/test_live_has.py",),
        "",
    ),
    Mutant(
        "steps that waited for a failed put are put again",
        (
            Edit(
                _SESSION,
                "            with self._mutex:\n                self._queue = []\n                if",
                "            with self._mutex:\n                if",
            ),
        ),
        ("tests/backends/test_cas_faults.py",),
        "",
    ),
    Mutant(
        "a proof of the lock from the future counts",
        (
            Edit(
                _SESSION,
                "timedelta() <= since < self._held.trust",
                "since < self._held.trust",
            ),
        ),
        ("tests/backends/test_cas_faults.py",),
        "",
    ),
    Mutant(
        "recover forgets what began to send before it was stopped",
        (Edit("campaignctl/reconciler/recover.py", " or runs.is_begun(record)", ""),),
        ("tests/reconciler/test_recover.py", "tests/reconciler/test_recover_asks.py"),
        "",
    ),
    Mutant(
        "what a released campaign sent since does not count",
        (
            Edit(
                "campaignctl/plan/twins.py",
                "    return replace(_having(found, had), due=",
                "    return replace(found, due=",
            ),
        ),
        ("tests/plan/test_twins.py",),
        "",
    ),
    Mutant(
        "a released recurrence with runs left is over once it was sent",
        (
            Edit(
                "campaignctl/plan/ledger.py",
                "    if status is not Status.SENT:\n        return status.can_send\n    live = ctx",
                "    return status.can_send\n    live = ctx",
            ),
        ),
        ("tests/plan/test_twins.py",),
        "",
    ),
    Mutant(
        "a lost draft with a wrong date waits for that date",
        (Edit("campaignctl/plan/ledger.py", "        return min(posted, now)\n", "        return posted\n"),),
        ("tests/plan/test_ledger_again.py",),
        "",
    ),
    Mutant(
        "what is missing and was due did not send",
        (
            Edit(
                "campaignctl/plan/records.py",
                "runs.may_have_begun(record, now) if status == Status.MISSING else record.began",
                "record.began",
            ),
        ),
        ("tests/plan/test_records.py",),
        "",
    ),
    Mutant(
        "a campaign that is missing sent nothing to the people it was due for",
        (Edit("campaignctl/plan/runs.py", "    due = iso(found) if found else None\n", "    due = None\n"),),
        ("tests/plan/test_records.py", "tests/plan/test_twins.py"),
        "",
    ),
    Mutant(
        "a second copy of what is archived is not looked for",
        (
            Edit(
                "campaignctl/reconciler/archive.py",
                "    without = state.after(Entry(records=dict.fromkeys(gone)))\n",
                "    kept = {key: one for key, one in state.campaigns.items() if key not in gone}\n"
                "    without = replace(state, serial=state.serial + 1, campaigns=kept)\n",
            ),
        ),
        ("tests/reconciler/test_archive.py",),
        "",
    ),
    Mutant(
        "a state is pushed over one with a higher serial",
        (
            Edit(
                "campaignctl/reconciler/state_ops.py",
                "    if new.serial < current.serial:\n",
                "    if False:\n",
            ),
        ),
        ("tests/reconciler/test_state_ops.py",),
        "",
    ),
    Mutant(
        "a state that goes back in time takes its old serial",
        (
            Edit(
                "campaignctl/reconciler/state_ops.py",
                "        serial = max(state.serial, newest, here) + 1\n",
                "        serial = max(state.serial, newest) + 1\n",
            ),
        ),
        ("tests/reconciler/test_state_ops.py",),
        "",
    ),
    Mutant(
        "a state is pushed to a place whose state was moved",
        (
            Edit(
                "campaignctl/reconciler/state_ops.py",
                "            if not force:\n                raise\n            here",
                "            here",
            ),
        ),
        ("tests/reconciler/test_state_ops.py",),
        "",
    ),
    Mutant(
        "a guardrail that the project lifts is not said as lifted",
        (
            Edit(
                _GUARDRAILS,
                "names = {*lifts.once, *(override.guardrail for override in lifts.standing)}",
                "names = {*lifts.once}",
            ),
        ),
        ("tests/plan/test_guardrails_by_values.py",),
        "",
    ),
)
