"""What a plan recommends fits the status that the campaign has: a table of situations and statuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.status import Status, to_end
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Options, Plan
from campaignctl.review.outcome import halt_hint
from campaignctl.state.halts import Halt, Halts
from tests.plan.planning import (
    DRAFT,
    KEY,
    MANUAL,
    RECURRING,
    SCHEDULED,
    Spec,
    live,
    only,
    own,
    plan_of,
    record,
    state,
    wanted,
)

HALT = Halt("h", None, "wrong price", "kim", "host", "2026-11-24T11:00:00Z")
PROTECTED = {"prevent_destroy": True}
_HALT = r"\bhalt (?!--lift)"
_PAUSE = r"pauses? (it|\d)"
_CANCEL = r"\bcancel \d"
_SECOND_SEND = r"apply --replace [^ `]+(?! --override resend)(?:[ `]|$)"
#: What must not be recommended for a campaign of a status.
UNFIT = {
    Status.PAUSED: (_HALT, _PAUSE, "at once: "),
    Status.DRAFT: (_HALT, _PAUSE, _CANCEL),
    Status.MANUAL: (_HALT, _PAUSE, _CANCEL),
    Status.SENT: (_HALT, _PAUSE, _CANCEL, "decide", _SECOND_SEND),
    Status.CANCELED: (_HALT, _PAUSE, "decide", _CANCEL),
    Status.MISSING: (_HALT, _PAUSE, "decide", _CANCEL, _SECOND_SEND),
    Status.NEEDS_DECISION: (_HALT, _PAUSE, _CANCEL),
}
SPECS: dict[str, Spec] = {"one-off": SCHEDULED, "recurring": RECURRING, "manual": MANUAL, "draft": DRAFT}
#: The manifests of a situation, from what was applied.
DECLARED: dict[str, Callable[[Spec], list[DesiredCampaign]]] = {
    "as applied": lambda spec: [wanted(spec)],
    "edited": lambda spec: [wanted(own(spec, "New"), manifest="new")],
    "a draft again": lambda spec: [wanted({**spec, "is_draft": True}, manifest="new")],
    "paused": lambda spec: [wanted(own(spec, "New"), manifest="new", lifecycle=Lifecycle(phase="paused"))],
    "canceled": lambda spec: [wanted(spec, lifecycle=Lifecycle(phase="canceled"))],
    "gone": lambda _: [],
}


def said(plan: Plan) -> Iterator[str]:
    """Everything that a plan recommends."""
    yield from (one.hint for one in plan.blocked)
    yield from plan.notes
    yield from (warning for change in plan.changes for warning in change.warnings)


def plans(status: Status, spec: Spec, desired: list[DesiredCampaign], **how: object) -> Iterator[Plan]:
    """The plans for a live status: as it is, protected, halted, and to be replaced or destroyed."""
    found = None if status is Status.MISSING else live(spec, str(status))
    for options, protected, halts in product(
        (Options(), Options(replace=(KEY,)), Options(destroy=True)), (False, True), (Halts(), Halts((HALT,)))
    ):
        if options.replace and not desired:
            continue
        lifecycle = Lifecycle(prevent_destroy=protected)
        known = state({KEY: record(spec, "scheduled", lifecycle=lifecycle)})
        yield plan_of(*desired, known=known, reading=Reading(live={KEY: found}, halts=halts), options=options)


@pytest.mark.parametrize("status", UNFIT)
@pytest.mark.parametrize("situation", DECLARED)
def test_no_hint_asks_for_what_the_status_does_not_allow(status: Status, situation: str) -> None:
    for name, spec in SPECS.items():
        if (status is Status.MANUAL) is not (name == "manual"):
            continue
        for plan in plans(status, spec, DECLARED[situation](spec)):
            for hint in said(plan):
                unfit = [words for words in UNFIT[status] if re.search(words, str(hint))]
                assert not unfit, (name, hint)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.SCHEDULED, "campaignctl halt push/welcome"),
        (Status.RUNNING, "campaignctl halt push/welcome"),
        (Status.UNKNOWN, "campaignctl halt push/welcome"),
        (Status.PAUSED, "it is paused, and sends nothing by itself"),
        (Status.DRAFT, "it is draft, and sends nothing by itself"),
        (Status.MANUAL, "it is manual, and sends nothing by itself"),
        (Status.SENT, "it is sent: compare"),
        (Status.CANCELED, "it is canceled: compare"),
        (Status.MISSING, "it is missing: compare"),
        (Status.NEEDS_DECISION, "before its winner is chosen"),
    ],
)
def test_what_was_stored_in_another_way_is_halted_only_if_it_may_send(status: Status, words: str) -> None:
    change = only(plan_of(wanted(SCHEDULED)))
    assert words in halt_hint(change, status)


@pytest.mark.parametrize("status", Status)
def test_what_cannot_be_canceled_is_decided_or_ended(status: Status) -> None:
    others = {Status.NEEDS_DECISION: "decide", Status.SENT: "end"}
    assert to_end(status) == others.get(status, "cancel")


@pytest.mark.parametrize(("spec", "lifted"), [(SCHEDULED, False), (MANUAL, True)])
def test_what_was_sent_by_hand_is_made_again_as_a_second_send(spec: Spec, *, lifted: bool) -> None:
    status = "sent" if lifted else "canceled"
    plan = plan_of(wanted(spec), known=state({KEY: record(spec, status)}))
    (note,) = (note for note in plan.notes if "makes it again" in note)
    assert ("--override resend" in note) is lifted
