"""Deliberately broken builds that take settings unseen, or say that a block was there before."""

from __future__ import annotations

from tests.torture.mutants import Edit, Mutant

_SETTINGS = "campaignctl/project/settings.py"
_REVIEWED = "campaignctl/plan/reviewed.py"
_AGAINST = "campaignctl/plan/against.py"


def _mutant(name: str, test: str, *edits: Edit) -> Mutant:
    return Mutant(name, edits, (test,), "")


OF_SETTINGS = (
    _mutant(
        "a setting that no reviewed plan shows is taken",
        "tests/reconciler/test_settings.py",
        Edit(
            _REVIEWED,
            "    if unseen := _unseen(state, recorded(project), reviewed):\n",
            "    if unseen := []:\n",
        ),
    ),
    _mutant(
        "a setting counts as reviewed whatever its value",
        "tests/plan/test_settings_changed.py",
        Edit(
            _SETTINGS,
            "        return self.path, before, _known(self.after)\n",
            "        return self.path, before\n",
        ),
    ),
    _mutant(
        "a saved plan is applied with other settings",
        "tests/plan/test_settings_changed.py",
        Edit(
            _REVIEWED, "    if other := changed(plan.settings, recorded(project)):\n", "    if other := ():\n"
        ),
    ),
    _mutant(
        "settings are recorded without a yes",
        "tests/reconciler/test_settings.py",
        Edit(
            "campaignctl/reconciler/apply.py",
            "        if plan.objections or (plan.decides and not approved):\n",
            "        if plan.objections or (plan.changes and not approved):\n",
        ),
    ),
    _mutant(
        "a change that is not known to be stricter does not loosen",
        "tests/manifest/test_settings.py",
        Edit(
            _SETTINGS,
            "    loosens: Callable[[Any, Any], bool] = _always\n",
            "    loosens: Callable[[Any, Any], bool] = _switched_off\n",
        ),
    ),
    _mutant(
        "a change of settings is no decision",
        "tests/reconciler/test_settings.py",
        Edit(
            "campaignctl/reconciler/begin.py",
            "        decision=bool(plan.settings_changed),\n",
            "        decision=False,\n",
        ),
    ),
    _mutant(
        "a campaign that this change touches was blocked before",
        "tests/plan/test_against.py",
        Edit(
            _AGAINST,
            "            and ctx.desired.declares_same(against.desired, one.key),\n",
            "            and True,\n",
        ),
    ),
    _mutant(
        "a key was blocked before, for whatever reason",
        "tests/plan/test_against.py",
        Edit(
            _AGAINST,
            "            before=(one.key, one.id, one.status, one.reason) in known\n",
            "            before=one.key in {each.key for each in then.blocked}\n",
        ),
    ),
)
