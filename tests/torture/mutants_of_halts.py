"""Broken builds in which a halt does not hold."""

from __future__ import annotations

from tests.torture.mutants import Edit, Mutant

_HALT = "campaignctl/reconciler/halt.py"
_HALTED = "campaignctl/plan/halted.py"
_STOP_MARK = "campaignctl/reconciler/stop_mark.py"
_SUBJECT = "campaignctl/plan/subject.py"
_PLANNED = ("tests/plan/test_halted.py",)
_APPLIED = ("tests/reconciler/test_held.py",)
_HALTING = ("tests/reconciler/test_halting.py",)

OF_HALTS = (
    Mutant(
        "halted and able to send is no drift",
        (
            Edit(
                _HALTED,
                "    return records.goes(one.status, one.record.applied, one.now)\n",
                "    return False\n",
            ),
        ),
        _PLANNED,
        "",
    ),
    Mutant(
        "the pause of what is halted waits for an approval",
        (Edit("campaignctl/reconciler/pause_again.py", "    if not halts.in_force:\n", "    if halts:\n"),),
        _APPLIED,
        "",
    ),
    Mutant(
        "what was created after the halt is not paused before the plan",
        (
            Edit(
                "campaignctl/reconciler/apply.py",
                "    pause_again(run, desired, known={*stopped",
                "    frozenset({*stopped",
            ),
        ),
        _APPLIED,
        "",
    ),
    Mutant(
        "the pause of what is halted needs a review",
        (
            Edit(
                "campaignctl/plan/reviewed.py",
                "            if not change.halts and (reason := why_not(change)):\n",
                "            if reason := why_not(change):\n",
            ),
        ),
        _PLANNED,
        "",
    ),
    Mutant(
        "a plan does not look for content that is halted",
        (Edit(_SUBJECT, "self.content if creates and self.halts.holds_content", "self.content if False"),),
        _PLANNED,
        "",
    ),
    Mutant(
        "an apply does not look for content that is halted",
        (Edit(_STOP_MARK, "change.lifecycle.accept_stored) if creates else", "()) if False else"),),
        _APPLIED,
        "",
    ),
    Mutant(
        "a key that takes over a halted one is created",
        (Edit(_SUBJECT, "            keys += wanted.moved_from\n", "            pass\n"),),
        _PLANNED,
        "",
    ),
    Mutant(
        "a key that takes over one that was halted meanwhile is created",
        (
            Edit(
                _STOP_MARK,
                "keys += change.formerly if record is None else ()",
                "keys += ()",
            ),
        ),
        _APPLIED,
        "",
    ),
    Mutant(
        "a create is posted again without a last look at the halts",
        (
            Edit(
                "campaignctl/reconciler/requests.py",
                "    if change.may_send:\n        run.watch.not_halted(change)\n",
                "    known = run.state.pending.get(change.key) if run.session.state else None\n"
                "    if change.may_send and (known is None or not known.posts[1:]):\n"
                "        run.watch.not_halted(change)\n",
            ),
        ),
        _APPLIED,
        "",
    ),
    Mutant(
        "the account is not proven before the first pause",
        (Edit(_HALT, "                self._prove_account(due[0])\n", ""),),
        _HALTING,
        "",
    ),
    Mutant(
        "a halt does not look again when requests have arrived",
        (
            Edit(
                _HALT,
                "            self._await_others()\n            self._look_and_stop()\n",
                "            self._await_others()\n",
            ),
        ),
        _HALTING,
        "",
    ),
    Mutant(
        "the pause of a halt has the time of this machine",
        (
            Edit(
                _HALT,
                "self.wiring.now() + _SECOND",
                "self.wiring.clock.now()",
            ),
        ),
        _HALTING,
        "",
    ),
    Mutant(
        "what cannot be paused is canceled unasked",
        (Edit(_HALT, "        if not self.order.cancel:\n", "        if False:\n"),),
        _HALTING,
        "",
    ),
    Mutant(
        "a read from before a pause proves it",
        (Edit(_HALT, "replace(self.campaigns[due.id], live=None)", "self.campaigns[due.id]"),),
        _HALTING,
        "",
    ),
    Mutant(
        "an apply does not give way to a halt",
        (
            Edit(
                _STOP_MARK,
                "                return True\n    return False\n",
                "                pass\n    return False\n",
            ),
        ),
        _APPLIED,
        "",
    ),
    Mutant(
        "a stop mark that was deleted is none",
        (Edit(_STOP_MARK, "state.stop_mark and not halts.halts", "False"),),
        _APPLIED,
        "",
    ),
    Mutant(
        "a lift finds only the key that was halted",
        (
            Edit(
                "campaignctl/reconciler/lift.py",
                "        older = list(_halted_as(halts, key, state))\n",
                "        older: list[str] = []\n",
            ),
        ),
        _HALTING,
        "",
    ),
    Mutant(
        "a declared pause makes the pause of others ours",
        (
            Edit(
                _SUBJECT,
                "        if self.record.paused_by_us:\n            return True\n",
                "        if self.record.paused_by_us or self.declared_paused:\n            return True\n",
            ),
        ),
        ("tests/plan/test_table_phase.py",),
        "",
    ),
    Mutant(
        "the edit of a campaign that others paused says that it sends",
        (
            Edit(
                "campaignctl/plan/decide.py",
                "    Row(_ACTIVE, _YES, (Status.PAUSED,), (), _held),\n",
                "",
            ),
        ),
        ("tests/plan/test_table_phase.py",),
        "",
    ),
    Mutant(
        "a lift of one letter ends the halt of a pattern",
        (
            Edit(
                "campaignctl/campaign/keys.py",
                'fits(pattern, other) and ("?" not in pattern or "*" not in other)',
                "fits(pattern, other)",
            ),
        ),
        ("tests/state/test_halts.py",),
        "",
    ),
    Mutant(
        "after a look at the halts that failed, the one before it is believed",
        (
            Edit(
                "campaignctl/backends/cas/backend.py",
                "before, self._seen = self._seen, None",
                "before = self._seen",
            ),
        ),
        ("tests/backends/test_cas_place.py",),
        "",
    ),
    Mutant(
        "a halt without a state misses what has texts that the API rewrote",
        (
            Edit(
                "campaignctl/reconciler/halt_targets.py",
                "contents.get((accepted, content(live.fields, accepted)))",
                "contents.get((accepted, content(live.fields)))",
            ),
        ),
        ("tests/reconciler/test_halt_unrecorded.py",),
        "",
    ),
    Mutant(
        "what others paused and resumed during a halt is paused again and not recorded",
        (
            Edit(
                "campaignctl/reconciler/halt.py",
                "            ours = self.ours.pop(due.id)\n",
                "            ours = self.ours[due.id]\n",
            ),
        ),
        ("tests/reconciler/test_halt_requests.py",),
        "",
    ),
    Mutant(
        "what is sending is halted after what sends next week",
        (
            Edit(
                "campaignctl/reconciler/halt_targets.py",
                "        first = _NOW if status is Status.RUNNING else self.first\n",
                "        first = self.first\n",
            ),
            Edit("campaignctl/reconciler/halt_targets.py", "if now - time < _SENDING", "if time >= now"),
        ),
        ("tests/reconciler/test_halt_requests.py", "tests/reconciler/test_halt_values.py"),
        "",
    ),
    Mutant(
        "a campaign that cannot be read ends a halt",
        (
            Edit(
                _HALT,
                "            self.troubles[campaign_id] = _told(error)\n            return None\n",
                "            raise\n",
            ),
        ),
        ("tests/reconciler/test_halt_requests.py",),
        "",
    ),
    Mutant(
        "a campaign that cannot be read keeps halted ones from being paused at an apply",
        (
            Edit(
                "campaignctl/reconciler/pause_again.py",
                "        unread = error\n",
                "        raise\n",
            ),
        ),
        ("tests/reconciler/test_pause_again.py",),
        "",
    ),
)
