"""The same content in the account, from campaigns that the state does not know."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from campaignctl.campaign.marker import Owner
from campaignctl.diff import content
from campaignctl.manifest.model import DesiredState
from campaignctl.plan.context import PlanContext, Reading
from campaignctl.plan.model import Options, Plan
from campaignctl.plan.twin_rules import twin_of_others
from campaignctl.project.model import Override
from campaignctl.state.ledger import Released, Year
from campaignctl.state.model import Foreign, State
from campaignctl.state.years import encode_year, with_archive
from tests.plan.planning import NOW, PROJECT, SCHEDULED, Spec, live, only, own, plan_of, record, state, wanted

AT = "2026-11-20T00:00:00Z"
NEAR = ("2036-12-24T20:00:00Z",)
FAR = ("2036-12-30T20:00:00Z",)
AWAY = "2036-06-01 10:00:00"


def seen(status: str = "scheduled", sends: tuple[str, ...] = NEAR, spec: Spec = SCHEDULED) -> State:
    """A state that remembers a campaign of the account from an earlier read."""
    return state(foreign={"77": Foreign(status, AT, content(spec), sends)})


def of(known: State, reading: Reading | None = None, **options: object) -> Plan:
    """The plan that creates that content."""
    return plan_of(wanted(SCHEDULED, "new"), known=known, reading=reading, options=Options(**options))  # type: ignore[arg-type]


def test_one_that_an_earlier_read_saw_blocks_and_may_be_adopted() -> None:
    (blocked,) = of(seen()).blocked
    assert (blocked.id, blocked.status) == ("77", "scheduled")
    assert blocked.reason == "77, unknown to this state, has this content and sends within 1d of it"
    assert blocked.hint.startswith('if it is the same campaign, write `adopt: "77"` in new; to send both: ')
    assert only(of(seen(), overrides=("resend",))).deliberate_resend


@pytest.mark.parametrize(("count", "reasons"), [(3, 3), (4, 1), (40, 1)])
def test_a_lost_state_is_said_once_and_not_for_each_key(count: int, reasons: int) -> None:
    specs = {f"push/{n}": {**own(SCHEDULED, f"text {n}"), "name": f"Offer {n}"} for n in range(count)}
    theirs = {
        str(n): Foreign("scheduled", AT, content(spec), NEAR) for n, spec in enumerate(specs.values(), 70)
    }
    plan = plan_of(*(wanted(spec, key) for key, spec in specs.items()), known=state(foreign=theirs))
    assert len({(one.reason, one.hint) for one in plan.blocked}) == reasons
    assert sorted(str(one.id) for one in plan.blocked) == sorted(theirs)


@pytest.mark.parametrize(("status", "goes"), [("scheduled", True), ("sent", False)])
def test_one_that_was_sent_is_not_told_to_be_canceled(status: str, goes: bool) -> None:
    known = replace(seen(status), campaigns={"far": record({**SCHEDULED, "scheduled_time": AWAY})})
    (blocked,) = plan_of(wanted(SCHEDULED, "far"), known=known).blocked
    assert ("cancel that one" in blocked.hint) is goes
    assert blocked.hint.startswith("to send both: ") is not goes


@pytest.mark.parametrize(
    ("known", "blocks", "repeats"),
    [
        (seen(sends=FAR), False, True),
        (seen("sent", FAR), False, True),
        (seen("sent"), True, False),
        (seen(sends=()), True, False),
        (seen(spec=own(SCHEDULED, "other")), False, False),
        (state(foreign={"77": Foreign("scheduled", AT, None, NEAR)}), False, False),
        (state(), False, False),
    ],
)
def test_it_counts_by_content_and_time(known: State, blocks: bool, repeats: bool) -> None:
    plan = of(known)
    assert bool(plan.blocked) is blocks
    said = [warning for change in plan.changes for warning in change.warnings]
    again = "repeats 77, unknown to this state: the same content to the same audience"
    assert said == ([again] if repeats else [])


@pytest.mark.parametrize(
    ("shown", "blocks"),
    [(live(SCHEDULED, "scheduled", "77"), True), (live(SCHEDULED, "canceled", "77"), False), (None, False)],
)
def test_what_a_read_shows_now_counts_more_than_an_earlier_one(shown: object, blocks: bool) -> None:
    reading = Reading(foreign={"77": shown})  # type: ignore[dict-item]
    assert bool(of(seen(), reading).blocked) is blocks


@pytest.mark.parametrize(
    ("sends", "blocks"),
    [
        (("2026-11-24T11:00:00Z",), True),
        (("2026-11-24T12:00:00Z",), True),
        (("2026-11-24T13:00:00Z",), False),
        ((), False),
    ],
)
def test_one_that_is_missing_may_have_been_sent_when_it_was_due(sends: tuple[str, ...], blocks: bool) -> None:
    tonight = {**SCHEDULED, "scheduled_time": "2026-11-24 20:00:00"}
    specs = {f"new{n}": own({**tonight, "name": f"Offer {n}"}, f"text {n}") for n in range(4)}
    theirs = {
        str(n): Foreign("scheduled", AT, content(spec), sends) for n, spec in enumerate(specs.values(), 70)
    }
    plan = plan_of(
        *(wanted(spec, key) for key, spec in specs.items()),
        known=state(foreign=theirs),
        reading=Reading(foreign=dict.fromkeys(theirs)),
    )
    assert [str(one.id) for one in plan.blocked] == (list(theirs) if blocks else [])
    for one in plan.blocked:
        missing = "has this content, is missing and may have been sent within 1d of it"
        assert one.reason == f"{one.id}, unknown to this state, {missing}"
        lifts = f"`campaignctl apply --target {one.key} --override resend`"
        assert one.hint == f"if it was not sent, or to send it a second time: {lifts}"


def test_one_that_is_there_is_not_taken_for_sent_when_it_was_due() -> None:
    tonight = {**SCHEDULED, "scheduled_time": "2026-11-24 20:00:00"}
    known = seen(sends=("2026-11-24T11:00:00Z",), spec=tonight)
    for shown, blocks in ((None, True), (live(tonight, "canceled", "77", was_launched=False), False)):
        plan = plan_of(wanted(tonight, "new"), known=known, reading=Reading(foreign={"77": shown}))
        assert bool(plan.blocked) is blocks


def test_its_update_is_blocked_and_adopts_nothing() -> None:
    known = replace(seen(), campaigns={"new": record({**SCHEDULED, "is_draft": True}, "draft", "5")})
    (blocked,) = of(known).blocked
    assert blocked.hint.startswith("cancel that one in the dashboard; to send both: ")


@pytest.mark.parametrize("count", [3, 4])
def test_updates_next_to_many_others_keep_their_own_reasons(count: int) -> None:
    specs = {f"k{n}": own(SCHEDULED, f"text {n}") for n in range(count)}
    drafts = {key: record({**spec, "is_draft": True}, "draft", f"5{key}") for key, spec in specs.items()}
    theirs = {f"7{key}": live(spec, "scheduled", f"7{key}") for key, spec in specs.items()}
    shown = {key: live(dict(one.applied), "draft", one.id) for key, one in drafts.items()}
    plan = plan_of(
        *(wanted(spec, key) for key, spec in specs.items()),
        known=state(drafts),
        reading=Reading(live=shown, foreign=theirs),
    )
    assert len(plan.blocked) == count
    assert all(one.reason.startswith(f"{one.id}, unknown to this state,") for one in plan.blocked)


def test_an_archived_campaign_that_shows_no_marker_keeps_its_key() -> None:
    gone = Released("old", "77", "i", "d", "sent", AT, content(SCHEDULED), (AT,), archived="sha256:m")
    known = state()
    document = encode_year(2026, Year(released=(gone,)), known)
    known = with_archive(replace(known, archives=(2026,)), lambda: {2026: document}, "there")
    again = {**SCHEDULED, "scheduled_time": "2026-11-20 00:00:00"}
    plan = of(known, Reading(foreign={"77": live(again, "sent", "77")}))
    assert [str(one) for one in only(plan).warnings] == [
        "repeats old (77): the same content to the same audience"
    ]


# --------------------------------------------------------------------- of another environment, on purpose

STAGING = Owner("acme-crm", environment="staging").marker("new", "intent-9")


def against(name: str | None, keys: tuple[str, ...] = ("*",), days: int = 1) -> Plan:
    """The plan next to a campaign of `staging`, with a second send lifted next to this environment."""
    lift = Override("resend", keys, NOW + timedelta(days=days), "both are wanted", name)
    project = replace(PROJECT, environment="production", overrides=(lift,))
    theirs = live({**SCHEDULED, "metadata": {"campaignctl": str(STAGING)}}, "scheduled", "77")
    return plan_of(
        wanted(SCHEDULED, "new"),
        known=replace(state(), environment="production"),
        reading=Reading(foreign={"77": theirs}),
        project=project,
    )


def test_a_second_send_is_lifted_next_to_one_environment() -> None:
    plan = against("staging")
    assert only(plan).deliberate_resend
    assert [(one.name, one.keys) for one in plan.lifted] == [("resend", ("new",))]
    assert only(against(None)).deliberate_resend


@pytest.mark.parametrize(
    ("name", "keys", "days"), [("testing", ("*",), 1), ("staging", ("old",), 1), ("staging", ("*",), -1)]
)
def test_and_next_to_no_other(name: str, keys: tuple[str, ...], days: int) -> None:
    plan = against(name, keys, days)
    assert [one.id for one in plan.blocked] == ["77"]
    assert plan.lifted == ()


# ----------------------------------------------------------------- of a saved plan, since it was made


def twin(reading: Reading, known: State | None = None) -> str | None:
    """Why the create of a saved plan may not be made now."""
    change = only(plan_of(wanted(SCHEDULED, "new")))
    desired = DesiredState(PROJECT, {}, "sha256:p")
    return twin_of_others(PlanContext(desired, known, reading, Options(), NOW), change)


def test_a_saved_plan_does_not_repeat_what_was_created_since() -> None:
    theirs = {"77": live(SCHEDULED, "scheduled", "77")}
    assert twin(Reading(foreign=theirs)) == ("77, unknown to this state, has this content and sends near it")
    assert twin(Reading(), seen()) is not None
    assert twin(Reading(), seen(sends=FAR)) is None
    assert twin(Reading(foreign={"77": live(own(SCHEDULED, "x"), "scheduled", "77")})) is None
    assert twin(Reading()) is None


def test_the_campaign_of_a_change_is_not_its_own_twin() -> None:
    known = state({"new": record({**SCHEDULED, "is_draft": True}, "draft", "77")})
    change = only(plan_of(wanted(SCHEDULED, "new"), known=known))
    reading = Reading(foreign={"77": live(SCHEDULED, "scheduled", "77")})
    ctx = PlanContext(DesiredState(PROJECT, {}, "sha256:p"), None, reading, Options(), NOW)
    assert twin_of_others(ctx, change) is None
    assert twin_of_others(ctx, replace(change, id="5")) is not None
