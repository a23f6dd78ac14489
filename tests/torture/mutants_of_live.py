"""Broken builds that misread what the account shows."""

from __future__ import annotations

from tests.torture.mutants import Edit, Mutant

OF_LIVE = (
    Mutant(
        "what is read back is matched by index",
        (
            Edit(
                "campaignctl/diff/verdicts.py",
                "    live = aligned(applied, live)\n    yield",
                "    yield",
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
                "    if _is_unmatched(applied, live, (*hidden, *accepted)):\n",
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
)
