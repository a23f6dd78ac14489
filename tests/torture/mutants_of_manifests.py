"""Broken builds of what a manifest may say, and of what one wrong manifest stops."""

from __future__ import annotations

from tests.torture.mutants import Edit, Mutant

_LOAD = "campaignctl/manifest/load.py"
_REFUSED = "campaignctl/campaign/refused.py"
_INTERPOLATE = "campaignctl/yamlio/interpolate.py"
_ELSEWHERE = "tests/e2e/test_wrong_elsewhere.py"

OF_MANIFESTS = (
    Mutant(
        "a pattern of targets is planned although a file was not understood",
        (Edit(_LOAD, "(wild or mine or files.mentions(result.path, wanted))", "mine"),),
        (f"{_ELSEWHERE}::test_what_a_target_may_depend_on_still_stops_it",),
        "",
    ),
    Mutant(
        "a target is planned although no manifest declares it",
        (Edit(_LOAD, "    if not all(named(pattern, keys) for pattern in only):\n", "    if False:\n"),),
        (f"{_ELSEWHERE}::test_what_a_target_may_depend_on_still_stops_it",),
        "",
    ),
    Mutant(
        "an escape may leave a place that is expanded later",
        (Edit(_INTERPOLATE, "    if seams and not faults:\n", "    if False:\n"),),
        ("tests/manifest/test_mistaken_texts.py::test_an_escape_that_leaves_a_place_is_an_error",),
        "",
    ),
    Mutant(
        "a blank text is sent",
        (Edit(_REFUSED, "        if text and is_blank(text):\n", "        if False:\n"),),
        ("tests/campaign/test_refused.py::test_what_the_api_refuses_is_one_error_and_the_sandbox_agrees",),
        "",
    ),
    Mutant(
        "a window of no time is sent",
        (Edit(_REFUSED, 'parts and not any(amount.strip("0") for amount, _ in parts)', "False"),),
        ("tests/campaign/test_refused.py::test_what_the_api_refuses_is_one_error_and_the_sandbox_agrees",),
        "",
    ),
)
