"""The report of a pull as text: what was left out is said once for each reason."""

from __future__ import annotations

from campaignctl.errors import Command, ProjectPlace
from campaignctl.render.pull import pull_text
from campaignctl.review.reports import LeftOut, PullReport


def test_campaigns_left_out_for_one_reason_are_counted_with_the_first_commands() -> None:
    left = tuple(LeftOut(str(n), "Sale", "forgotten", hint=Command("pull", "--id", str(n))) for n in range(8))
    said = pull_text(PullReport((), left, written=True), ProjectPlace())
    assert said.splitlines() == [
        "Left out, forgotten: 8 campaigns",
        *(f"  campaignctl pull --id {n}" for n in range(5)),
        "  and 3 more",
        "Left out 8 campaigns.",
    ]
