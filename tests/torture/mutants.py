"""Deliberately broken builds: edits that make campaignctl forget one of its rules."""

from __future__ import annotations

from dataclasses import dataclass

_PERFORM = "campaignctl/reconciler/requests.py"
_SETTLE = "campaignctl/reconciler/settle.py"
_OBSERVE = "campaignctl/reconciler/refresh.py"
_REVIEWED = "campaignctl/plan/reviewed.py"
_DURABLE = "campaignctl/backends/durable.py"
_LEDGER = "campaignctl/plan/ledger.py"
_VERDICTS = "campaignctl/diff/verdicts.py"
_PLANNER = "campaignctl/plan/planner.py"
_ARMING = "campaignctl/plan/arming.py"
_AUDIENCE = "campaignctl/diff/audience.py"


@dataclass(frozen=True)
class Edit:
    """A replacement in a source file, where `old` occurs exactly once."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """A broken build: its name, its edits, and the tests that should notice it."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    torture: str = "small | "


MUTANTS = (
    Mutant(
        "a checkout that is behind creates what was canceled since",
        (
            Edit(
                "campaignctl/plan/checkout.py",
                "or last is None or ctx.only_looks",
                "or last is None or one.recorded is None or ctx.only_looks",
            ),
        ),
        ("tests/plan/test_stale_checkout.py",),
        "",
    ),
    Mutant(
        "the intent is not durable before the POST: the journal is not synced",
        (
            Edit(
                "campaignctl/backends/localsession.py",
                "        durable.write_all(self._descriptor, data)\n        durable.sync(self._descriptor)\n",
                "        durable.write_all(self._descriptor, data)\n",
            ),
        ),
        ("tests/backends/test_local_power_cuts.py",),
        "small, unmarked | power cut",
    ),
    Mutant(
        "the intent is not durable before the POST: it is written afterwards",
        (
            Edit(
                _PERFORM,
                "            mark()\n        leave()\n",
                "            pass\n        leave()\n",
            ),
            Edit(
                _PERFORM,
                "        return confirmed(run, change, created(run, change.key, started, live), live)\n",
                "        mark()\n"
                "        return confirmed(run, change, created(run, change.key, started, live), live)\n",
            ),
        ),
        ("tests/e2e/test_once.py",),
        "small | killed",
    ),
    Mutant(
        "`started` left out",
        (
            Edit(
                _PERFORM,
                "        if run.state.pending[change.key] == known:\n",
                "        if run.state.pending[change.key] is None:\n",
            ),
        ),
        ("tests/e2e/test_once.py",),
        "small | killed",
    ),
    Mutant(
        "the marker left out",
        (
            Edit(
                "campaignctl/plan/changes.py",
                "        spec = marker.stamp(spec, ctx.project.owner.marker(wanted.key, intent))\n",
                "        spec = dict(spec)\n",
            ),
        ),
        ("tests/plan", "tests/e2e/test_once.py"),
        "small | killed",
    ),
    Mutant(
        "a create is repeated after 5xx",
        (
            Edit(
                "campaignctl/api/client.py",
                "        answer = self._courier.send(call)\n",
                "        answer = self._courier.read(call)\n",
            ),
        ),
        ("tests/api",),
        "small | fault",
    ),
    Mutant(
        "settling skipped: unknown outcomes count as not done",
        (
            Edit(
                _SETTLE,
                'if intent.phase == "planned" and (not intent.ended or key in state.campaigns)',
                'if intent.phase != "never"',
            ),
        ),
        ("tests/e2e/test_once.py",),
        "small | killed",
    ),
    Mutant(
        "settling does not wait for requests on their way",
        (
            Edit(
                _SETTLE,
                "    while (left := until - run.now()) > timedelta(0):\n",
                "    while False:\n",
            ),
        ),
        ("tests/e2e/test_once.py::test_a_create_that_is_still_on_its_way_is_waited_for",),
        "small | killed, late effect",
    ),
    Mutant(
        "settling by name",
        (
            Edit(
                _OBSERVE,
                "        made_by = marker.read(full.fields) if full else None\n"
                "        if full and made_by and made_by.intent in pending:\n"
                "            found.setdefault(pending[made_by.intent], []).append(full)\n",
                "        names = {i.spec.get('name'): i.intent for i in state.pending.values()}\n"
                "        if full and names.get(full.name) in pending:\n"
                "            found.setdefault(pending[names[full.name]], []).append(full)\n",
            ),
        ),
        ("tests/e2e/test_once.py", "tests/e2e/test_awkward_api.py"),
        "",
    ),
    Mutant(
        "the lock ignored",
        (
            Edit(
                "campaignctl/backends/lockfile.py",
                "                if holder := _holder(descriptor, before):\n",
                "                if holder := None:\n",
            ),
            Edit(
                "campaignctl/backends/lockfile.py",
                "            intact = _same_file(self._path, self._descriptor)"
                " and _content(self._descriptor) == self.info\n",
                "            intact = True\n",
            ),
        ),
        ("tests/backends",),
        # Of two applies at once the second cannot make a journal where the first has one.
        "",
    ),
    Mutant(
        "renamed before it is synced",
        (
            Edit(
                _DURABLE,
                "            write_all(descriptor, data)\n            sync(descriptor)\n",
                "            write_all(descriptor, data)\n",
            ),
            Edit(
                _DURABLE,
                "        draft.replace(path)\n    except",
                "        draft.replace(path)\n        late = os.open(path, os.O_RDONLY)\n"
                "        sync(late)\n        os.close(late)\n    except",
            ),
        ),
        ("tests/backends/test_local_power_cuts.py",),
        "small | power cut",
    ),
    Mutant(
        "the serial of a saved plan unchecked",
        (Edit(_REVIEWED, "    if plan.serial != state.serial:\n", "    if plan.serial < 0:\n"),),
        ("tests/e2e/test_saved_plans.py",),
        "",
    ),
    Mutant(
        "the opening read skipped",
        (
            Edit(
                "campaignctl/reconciler/opening.py",
                "    company = company_of(scan.lives) or company_of_records(api, state)\n",
                "    return Opening(scan, None)\n"
                "    company = company_of(scan.lives) or company_of_records(api, state)\n",
            ),
        ),
        ("tests/e2e/test_recover.py",),
        "",
    ),
    Mutant(
        "the ledger looks at the key's own sends alone",
        (
            Edit(
                _LEDGER,
                "    return sent is not None and not may_resend(ctx, one)\n",
                "    return sent is not None and sent.key == one.key and not may_resend(ctx, one)\n",
            ),
        ),
        ("tests/plan", "tests/e2e/test_life.py", "tests/e2e/test_options.py"),
        "",
    ),
    Mutant(
        "any targeting counts as an audience",
        (
            Edit(
                _AUDIENCE,
                "    return _narrowing(spec) or EVERYONE\n",
                '    return spec.get("targeting") or EVERYONE\n',
            ),
        ),
        ("tests/plan/test_audience.py",),
        "",
    ),
    Mutant(
        "quiet hours may be removed without arming",
        (
            Edit(
                _ARMING,
                '            or _loosened(before.get("quiet_hours"), after.get("quiet_hours"))\n',
                "",
            ),
        ),
        ("tests/plan/test_arming.py",),
        "",
    ),
    Mutant(
        "a new text of an armed campaign is a plain update",
        (
            Edit(
                "campaignctl/plan/changes.py",
                "        changes_sends=not (one.held or arms) and changes_sends(current, spec, ctx.now),\n",
                "",
            ),
        ),
        ("tests/plan/test_arming.py",),
        "",
    ),
    Mutant(
        "runs of a recurring campaign that others started are never told",
        (
            Edit(
                "campaignctl/plan/runs.py",
                "    if (more := seen.count - record.run_counter) <= own:\n",
                "    if (more := 0) <= own:\n",
            ),
        ),
        ("tests/plan/test_started_by_others.py",),
        "",
    ),
    Mutant(
        "a freeze looks at the next three runs alone",
        (
            Edit(
                "campaignctl/plan/guardrails.py",
                "    sends = runs.of_change(change) or instants(change.sends, now)\n",
                "    sends = instants(change.sends, now)\n",
            ),
        ),
        ("tests/plan/test_team_guardrails.py",),
        "",
    ),
    Mutant(
        "a field that is removed inside metadata is not sent",
        (
            Edit(
                "campaignctl/plan/update_rules.py",
                "            fields[name] = _whole(value, fields[name])\n",
                "            pass\n",
            ),
        ),
        ("tests/plan/test_removals.py",),
        "",
    ),
    Mutant(
        "a protected campaign may be replaced",
        (
            Edit(
                "campaignctl/plan/decide.py",
                "    Row(_REPLACED, _YES, _NOT_ENDED, (_PROTECTED,), rows.protected),\n",
                "",
            ),
        ),
        ("tests/plan/test_protected.py",),
        "",
    ),
    Mutant(
        "the baseline is taken from whatever live shows",
        (
            Edit(
                "campaignctl/diff/unmanaged.py",
                " for path, value in unmanaged(spec, live).items() if not is_unasked(path)}",
                " for path, value in unmanaged(spec, live).items()}",
            ),
        ),
        ("tests/e2e/test_unseen_fields.py",),
        "small | unkind API",
    ),
    Mutant(
        "what was set outside of the manifests does not hold arming back",
        (
            Edit(
                _PLANNER,
                "    holding = tuple(each for each in one.outside if holds_arming_back(each.path))\n",
                "    holding = tuple(each for each in one.outside if not each.path)\n",
            ),
        ),
        ("tests/plan/test_unmanaged.py",),
        "mixed | edited in the dashboard | quiet hours",
    ),
    Mutant(
        "a winner is set whatever live's text is",
        (
            Edit(
                "campaignctl/plan/winners.py",
                "        if (differs := _sent_by_winner(one)) and not accepted:\n",
                "        if not (differs := _sent_by_winner(one)) and not accepted:\n",
            ),
        ),
        ("tests/plan/test_winner.py",),
        "",
    ),
    Mutant(
        "a newly set field is shown against null",
        (
            Edit(
                "campaignctl/plan/update_rules.py",
                "(*one.comparison.changes, *_met(one)))",
                "one.comparison.changes)",
            ),
        ),
        ("tests/plan/test_unmanaged.py",),
        "",
    ),
    Mutant(
        "a text that is stored differently is an echo",
        (
            Edit(
                _VERDICTS,
                "            return self.weight > Weight.OTHER\n",
                "            return self.weight > Weight.CONTENT\n",
            ),
        ),
        ("tests/e2e/test_unseen_read_back.py",),
        "small | unkind API",
    ),
    Mutant(
        "an audience that is not shown is confirmed",
        (
            Edit(
                _VERDICTS,
                '        return self.said == "not shown" and self.weight is Weight.AIM\n',
                "        return False\n",
            ),
        ),
        ("tests/e2e/test_unseen_read_back.py",),
        "small | unkind API",
    ),
    Mutant(
        "the answer to a create is not read back",
        (
            Edit(
                _PERFORM,
                "        return confirmed(run, change, created(run, change.key, started, live), live)\n",
                "        return done(change, created(run, change.key, started, live).id)\n",
            ),
        ),
        ("tests/e2e/test_unseen_read_back.py",),
        "small | unkind API",
    ),
    Mutant(
        "a write that sends at once is not read back",
        (
            Edit(
                _PERFORM,
                "        return judged(run, change, run.state.campaigns[change.key], live)\n",
                "        return done(change, record.id)\n",
            ),
        ),
        ("tests/reconciler/test_last_look.py",),
        "mixed | unkind API",
    ),
    Mutant(
        "what would send at once is not read again",
        (
            Edit(
                _PERFORM,
                "    if not run.as_planned(change, record, live):\n",
                "    if False:\n",
            ),
        ),
        ("tests/reconciler/test_last_look.py",),
        "mixed | edited in the dashboard | text",
    ),
    Mutant(
        "the digest of live leaves out what was set outside of the manifests",
        (
            Edit(
                "campaignctl/plan/subject.py",
                'digest(document | ({"outside": beyond} if beyond else {}))',
                "digest(document)",
            ),
        ),
        ("tests/plan/test_unmanaged.py",),
        "mixed | edited in the dashboard | quiet hours, after",
    ),
)
