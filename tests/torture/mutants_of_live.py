"""Broken builds that misread what the account shows, or when it sends."""

from __future__ import annotations

from tests.torture.mutants import Edit, Mutant

OF_LIVE = (
    Mutant(
        "a list page accuses",
        (
            Edit(
                "campaignctl/reconciler/readback.py",
                "    if live is None or live.complete:",
                "    if live is None or True:",
            ),
            Edit(
                "campaignctl/diff/verdicts.py",
                "            if live.complete and not _left_out(path, value) and",
                "            if not _left_out(path, value) and",
            ),
        ),
        ("tests/reconciler/test_read_back.py",),
        "",
    ),
    Mutant(
        "an audience that every campaign has is the server's doing",
        (
            Edit(
                "campaignctl/plan/context.py",
                "            if weight(one.path) is not Weight.AIM and not is_unasked(one.path)\n",
                "",
            ),
        ),
        ("tests/plan/test_unmanaged.py",),
        "mixed | edited in the dashboard",
    ),
    Mutant(
        "what is read back is matched by index",
        (
            Edit(
                "campaignctl/diff/verdicts.py",
                "    shown, live = live, aligned(applied, live)\n    yield",
                "    shown = live\n    yield",
            ),
        ),
        ("tests/diff/test_messages_by_name.py",),
        "",
    ),
    Mutant(
        "messages that cannot be matched are confirmed",
        (
            Edit(
                "campaignctl/diff/verdicts.py",
                "    if _is_unmatched(applied, shown, (*hidden, *accepted)):\n",
                "    if False:\n",
            ),
        ),
        ("tests/diff/test_messages_by_name.py",),
        "",
    ),
    Mutant(
        "what no manifest sets is matched by index",
        (
            Edit(
                "campaignctl/diff/unmanaged.py",
                "requested(aligned(spec, live)).items()",
                "requested(live).items()",
            ),
        ),
        ("tests/diff/test_messages_by_name.py", "tests/plan/test_unmanaged.py"),
        "",
    ),
    Mutant(
        "a start by others since the plan is not noticed",
        (
            Edit(
                "campaignctl/plan/runs.py",
                "        if (more := seen.count - before.count) > len(own):\n",
                "        if (more := seen.count - before.count) < 0:\n",
            ),
        ),
        ("tests/plan/test_started_by_others.py",),
        "",
    ),
    Mutant(
        "a reviewed change is applied whatever was edited since",
        (
            Edit(
                "campaignctl/plan/reviewed.py",
                "if seen.live_digest in (None, change.live_digest)\n",
                "if seen.live_digest or True\n",
            ),
        ),
        ("tests/plan/test_started_by_others.py",),
        "",
    ),
    Mutant(
        "what is left of a reviewed change may change more than it showed",
        (
            Edit(
                "campaignctl/plan/reviewed.py",
                " and all(shown.get(path, ...) == value for path, value in left.items())",
                "",
            ),
        ),
        ("tests/plan/test_reviewed_before_an_apply.py",),
        "",
    ),
    Mutant(
        "what is left of a reviewed change overwrites an edit in the account",
        (
            Edit(
                "campaignctl/plan/reviewed.py",
                "    if seen.unmanaged or not as_planned(",
                "    if seen.unmanaged or one.live is None and not as_planned(",
            ),
        ),
        ("tests/plan/test_reviewed_before_an_apply.py",),
        "",
    ),
    Mutant(
        "a removal before the create cancels whatever was created",
        (
            Edit(
                "campaignctl/plan/reviewed.py",
                "    return record.digest in (plan.withdrawn.get(change.key) for plan in reviewed)\n",
                "    return any(change.key in plan.withdrawn for plan in reviewed)\n",
            ),
        ),
        ("tests/plan/test_reviewed_before_an_apply.py",),
        "",
    ),
    Mutant(
        "the review of a cancel lets a campaign be forgotten that can still send",
        (
            Edit(
                "campaignctl/plan/reviewed.py",
                "        return over and seen.action is Action.CANCEL",
                "        return seen.action is Action.CANCEL",
            ),
        ),
        ("tests/plan/test_reviewed_before_an_apply.py",),
        "",
    ),
    Mutant(
        "a run that is under way in the zones has no lead time",
        (
            Edit(
                "campaignctl/plan/runs.py",
                "    if runs is None or change.action is Action.RESUME:\n",
                "    if runs is None or change.action:\n",
            ),
        ),
        ("tests/plan/test_guardrails.py",),
        "",
    ),
    Mutant(
        "a saved plan expires by this machine's clock",
        (
            Edit(
                "campaignctl/reconciler/apply.py",
                "        reviewed.check_in_time(plan, project, state, run.now(), run.lives)\n",
                "        reviewed.check_in_time(plan, project, state, wiring.clock.now(), run.lives)\n",
            ),
        ),
        ("tests/reconciler/test_wrong_clock.py",),
        "",
    ),
    Mutant(
        "a stop mark keeps this machine's time",
        (
            Edit(
                "campaignctl/reconciler/halt.py",
                "        self.corrected, said = True, self.wiring.clock_notes()\n",
                "        self.corrected, said = True, ()\n",
            ),
        ),
        ("tests/reconciler/test_wrong_clock.py",),
        "",
    ),
)
