"""Deliberately broken builds of lint: what stops what, and findings that are lost or misplaced."""

from __future__ import annotations

from tests.torture.mutants import Edit, Mutant

_INSPECT = "campaignctl/lint/inspect.py"
_SETTINGS = "campaignctl/lint/settings.py"
_POSITIONS = "campaignctl/yamlio/positions.py"
_OF_SETTINGS = "tests/lint/test_settings.py"

OF_LINT = (
    Mutant(
        "an error of lint stops every plan",
        (
            Edit(
                "campaignctl/reconciler/plan.py",
                "    return replace(plan, lint=found)",
                "    if any(one.severity == 'error' for one in found):\n"
                "        raise CampaignctlError('lint')\n"
                "    return replace(plan, lint=found)",
            ),
        ),
        ("tests/e2e/test_lint.py::test_an_error_of_lint_fails_validate_and_stops_no_plan",),
        "",
    ),
    Mutant(
        "a plan shows what lint says of campaigns that it leaves alone",
        (Edit("campaignctl/reconciler/plan.py", "now, keys, remarks=False)", "now, remarks=False)"),),
        ("tests/e2e/test_lint.py::test_an_error_of_lint_fails_validate_and_stops_no_plan",),
        "",
    ),
    Mutant(
        "a waiver that has ended accepts findings",
        (Edit(_SETTINGS, "accepted or self.now < one.waiver.until", "True"),),
        (f"{_OF_SETTINGS}::test_a_waiver_accepts_findings_of_its_code_and_keys_until_it_ends",),
        "",
    ),
    Mutant(
        "the shortest code of a severity wins",
        (Edit(_SETTINGS, "range(len(rule.code), 0, -1)", "range(1, len(rule.code) + 1)"),),
        (f"{_OF_SETTINGS}::test_the_nearest_setting_wins_and_in_one_the_longest_code",),
        "",
    ),
    Mutant(
        "a place in a text counts the characters of variables",
        (Edit(_POSITIONS, 'if values is None or "${" not in text else', "if True else"),),
        ("tests/lint/test_positions.py::test_a_place_within_a_side_file",),
        "",
    ),
    Mutant(
        "the same long text of two languages is looked at once",
        (Edit(_INSPECT, "text.lang, text.spoken, text.text)", "None, None, text.text)"),),
        ("tests/lint/test_settings.py::test_one_long_text_is_judged_in_each_language",),
        "",
    ),
)
