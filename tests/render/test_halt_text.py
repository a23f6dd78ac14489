"""The result of a halt: what is not stopped, what to do, and a count of the rest."""

from __future__ import annotations

from dataclasses import replace

from campaignctl.errors import Command, ProjectPlace, Sentence
from campaignctl.render.halt import halt_text, halt_verdict, lift_text, lift_verdict
from campaignctl.review.halt import HINTS, HaltOutcome, HaltRow, HaltWord, LiftOutcome
from campaignctl.state.halts import Halt
from tests.golden import Golden

HALT = Halt("h", ("push/*",), "wrong price", "kim", "host", "2026-11-24T12:00:00Z")


def rows(count: int, word: HaltWord, status: str, detail: str = "") -> tuple[HaltRow, ...]:
    return tuple(
        HaltRow(
            f"push/{word}-{n}",
            str(100 + n),
            "",
            word,
            status,
            detail.format(100 + n),
            HINTS[word],
            read=word != "unproven",
        )
        for n in range(count)
    )


STOPPED = rows(36, "stopped", "paused")
GOING = rows(2, "going", "scheduled", "the API answered 500 to the pause of {}")


def text(outcome: HaltOutcome, *, every: bool = False) -> str:
    return halt_text(outcome, color=False, every=every)


def test_what_is_not_stopped_comes_first_and_the_verdict_last(golden: Golden) -> None:
    cancel = Sentence("it cannot be paused; to cancel it: ", Command("halt", "push/*", "--cancel"))
    outcome = HaltOutcome(
        HALT,
        True,
        (
            *GOING,
            HaltRow("sms/a", "7", "A", "going", "running", "Bad request", cancel),
            *rows(1, "undecided", "needs_decision"),
            *STOPPED,
            *rows(1, "over", "sent"),
            *rows(2, "idle", "draft"),
        ),
        notes=(Sentence("the state is damaged: ", Command("state", "pull")),),
        left=(HaltRow(None, "9", "Theirs", "going", "scheduled"),),
    )
    golden("not everything", halt_text(outcome, color=False, place=ProjectPlace("crm", "live")))
    golden("one", text(HaltOutcome(HALT, True, STOPPED[:1])))


def test_what_is_stopped_is_counted_and_listed_on_request() -> None:
    outcome = HaltOutcome(HALT, True, STOPPED)
    assert text(outcome).splitlines()[0].endswith("push/stopped-2 and 33 more")
    assert len(text(outcome).splitlines()) == 6
    assert text(outcome).endswith("\nStopped: 36 paused.\n")
    for row in STOPPED:
        assert f"{row.key} ({row.id}): paused; the API says paused\n" in text(outcome, every=True)


def test_two_campaigns_of_one_key_are_told_by_their_ids() -> None:
    one, other = rows(2, "idle", "draft")
    told = text(HaltOutcome(HALT, True, (one, replace(other, key=one.key), *STOPPED[:1])))
    assert "2 draft or manual: push/idle-0 (100), push/idle-0 (101)\n" in told
    assert "1 paused: push/stopped-0\n" in told


def test_hundreds_that_are_not_stopped_for_one_cause_are_told_once() -> None:
    many = HaltOutcome(HALT, True, (*rows(300, "unproven", "scheduled", "no answer for {}"), *STOPPED))
    said = text(many).splitlines()
    assert said[:2] == [
        "300 campaigns: NOT PROVEN; not read; recorded as scheduled",
        "    push/unproven-0 (100)",
    ]
    assert "    and 280 more; the same command with -v names each" in said
    assert "    no answer for ID" in said
    assert len(said) < 36
    assert all(f"    {row.key} ({row.id})\n" in text(many, every=True) for row in many.rows[:300])


def test_other_causes_are_not_merged() -> None:
    outcome = HaltOutcome(HALT, True, (*GOING, *rows(1, "going", "running", "another cause")))
    assert text(outcome).startswith("2 campaigns: CAN STILL SEND; the API says scheduled\n")
    assert "\n\npush/going-0 (100): CAN STILL SEND; the API says running\n    another cause\n" in text(
        outcome
    )


def test_the_verdict_is_one_line() -> None:
    for outcome in (HaltOutcome(HALT, True, STOPPED), HaltOutcome(HALT, False, (*GOING, *STOPPED))):
        assert halt_verdict(outcome, color=False).count("\n") == 0
        assert text(outcome).splitlines()[-1] == halt_verdict(outcome, color=False)
    lifted = LiftOutcome(None, (HALT,), ())
    assert lift_verdict(lifted) == "1 halt lifted, 0 in force."
    assert "Lifted: push/*, halted by kim" in lift_text(lifted)
