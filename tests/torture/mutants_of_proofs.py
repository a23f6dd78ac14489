"""Broken builds in which a proof may reach others than its seeds, or count as something else."""

from __future__ import annotations

from tests.torture.mutants import Edit, Mutant

_PROOFING = "campaignctl/plan/proofing.py"
_SENDING = "campaignctl/reconciler/proof_sending.py"
_SENT = ("tests/reconciler/test_proof.py",)
_PURE = ("tests/plan/test_proofing.py",)

OF_PROOFS = (
    Mutant(
        "a proof is armed whatever audience a read shows",
        (
            Edit(
                _PROOFING,
                "    if people(shown) != seeds or uncertain(shown):\n",
                "    if people(shown) != seeds and False:\n",
            ),
            Edit(_PROOFING, ', EVENT: True, "targeting": seeds})', ", EVENT: True})"),
        ),
        _SENT,
        "proof | unkind API",
    ),
    Mutant(
        "a proof for more conditions than its seeds' is as asked for",
        (
            Edit(
                _PROOFING,
                "    if people(shown) != seeds or uncertain(shown):\n",
                "    if people(shown) != seeds:\n",
            ),
        ),
        _PURE,
        "",
    ),
    Mutant(
        "a proof is for the campaign's audience",
        (
            Edit(
                _PROOFING,
                '        "targeting": seeds,\n',
                '        "targeting": spec.get("targeting", seeds),\n',
            ),
        ),
        _SENT,
        "",
    ),
    Mutant(
        "a proof is not read again directly before it is armed",
        (
            Edit(
                _SENDING,
                '        self._note("arming")\n        if why := ',
                '        self._note("arming")\n        if False and (why := ',
            ),
            Edit(
                _SENDING,
                "self._why_not(self.run.api.read(self._id)):\n            raise self._not_as_asked(why)\n"
                "        check_time",
                "self._why_not(self.run.api.read(self._id))):\n            raise self._not_as_asked(why)\n"
                "        check_time",
            ),
        ),
        _SENT,
        "",
    ),
    Mutant(
        "the request that sends a proof has no audience",
        (Edit(_PROOFING, ', EVENT: True, "targeting": seeds})', ", EVENT: True})"),),
        _SENT,
        "",
    ),
    Mutant(
        "any audience may be that of a proof",
        (
            Edit(
                _PROOFING,
                "    if unsure := uncertain(spec):\n",
                "    if (unsure := uncertain(spec)) and not seeds:\n",
            ),
        ),
        _PURE,
        "",
    ),
    Mutant(
        "a proof whose outcome is unknown is sent again",
        (Edit("campaignctl/reconciler/proofing.py", 'each.phase == "arming"', 'each.phase == "never"'),),
        _SENT,
        "",
    ),
    Mutant(
        "what was not shown as sent counts as proofed",
        (
            Edit(
                "campaignctl/state/proofs.py",
                'for each in proofs if each.phase == "sent"}',
                "for each in proofs}",
            ),
        ),
        _PURE,
        "",
    ),
    Mutant(
        "an edited text of an armed campaign needs no proof",
        (Edit(_PROOFING, "(change.arms or _says_more(change))", "change.arms"),),
        _PURE,
        "",
    ),
    Mutant(
        "a halt does not stop proofs",
        (
            Edit(
                "campaignctl/reconciler/halt_targets.py",
                "    markers |= _proofs(view, lives, tags)\n",
                "",
            ),
        ),
        _SENT,
        "",
    ),
    Mutant(
        "a proof whose audience was widened is nobody's campaign",
        (
            Edit(
                _PROOFING,
                "        if live.id not in known or (shown and other_audience(known[live.id], live)):\n",
                "        if live.id not in known or (shown and False):\n",
            ),
        ),
        _SENT,
        "",
    ),
    Mutant(
        "a proof that could not be canceled is left alone",
        (Edit(_SENDING, '    return "dropped" if over else "created"\n', '    return "dropped"\n'),),
        ("tests/reconciler/test_proof_asks.py",),
        "",
    ),
)
