"""Each guardrail on changes that are made for it: what counts, what it says, how long a change is valid."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.manifest.model import DesiredState
from campaignctl.plan import guardrails
from campaignctl.plan.context import PlanContext, Reading
from campaignctl.plan.lifts import Lifts
from campaignctl.plan.model import Action, Change, Objection, Options
from campaignctl.project.model import Guardrails, Override
from campaignctl.schedule.humanize import distance
from campaignctl.schedule.sends import Sends
from campaignctl.schedule.windows import Window
from campaignctl.state.ledger import Overridden
from campaignctl.state.model import State
from tests.plan.planning import DRAFT, MANUAL, NOW, PROJECT, RECURRING, SCHEDULED, record, state
from tests.work import calls

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SOON = Sends("scheduled", (NOW + 5 * MINUTE,), NOW + 5 * MINUTE)
CREATE = Change("k", Action.CREATE, None, "K", "new", sends=SOON, arms=True, spec=SCHEDULED)
NOBODY = {"countries": {"items": ["DE"], "op": "in"}}


def context(known: State | None = None, overrides: tuple[str, ...] = (), **limits: Any) -> PlanContext:
    project = replace(PROJECT, guardrails=Guardrails(**limits))
    return PlanContext(DesiredState(project, {}, "d"), known, Reading(), Options(overrides=overrides), NOW)


def at(*moments: timedelta, **more: Any) -> Change:
    """A change whose sends are these times from now."""
    times = tuple(NOW + one for one in moments)
    return replace(CREATE, sends=Sends("scheduled", times, times[-1]), **more)


def objection(found: Objection | None) -> Objection:
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("actions", "status", "counts"),
    [
        ([Action.CANCEL] * 3, "scheduled", True),
        ([Action.FORGET] * 3, "scheduled", True),
        ([Action.FORGET] * 3, "draft", False),
        ([Action.CANCEL] * 3, "draft", True),
        ([Action.UPDATE] * 3, "scheduled", False),
        ([Action.PAUSE] * 3, "scheduled", False),
        ([Action.CANCEL] * 2, "scheduled", False),
        ([Action.CANCEL] * 3 + [Action.UPDATE], "scheduled", True),
        ([Action.CANCEL] * 2 + [Action.UPDATE], "scheduled", False),
    ],
)
def test_what_counts_as_destroyed(actions: list[Action], status: str, *, counts: bool) -> None:
    spec = DRAFT if status == "draft" else SCHEDULED
    known = state({f"k{one}": record(spec, status, str(one)) for one in range(3)})
    changes = tuple(
        replace(CREATE, key=f"k{one}", id=str(one), action=action) for one, action in enumerate(actions)
    )
    found = guardrails.destroys(changes, context(known))
    assert (found is not None) is counts
    assert not guardrails.destroys(tuple(replace(one, id="9") for one in changes), context(known))
    assert not guardrails.destroys(changes, context())
    assert not guardrails.destroys(changes, context(None, max_destroy_percent=0))


def test_the_share_is_of_the_campaigns_that_are_not_final() -> None:
    known = {f"k{one}": record(SCHEDULED, "scheduled", str(one)) for one in range(10)}
    changes = tuple(replace(CREATE, key=f"k{one}", id=str(one), action=Action.CANCEL) for one in range(4))
    assert not guardrails.destroys(changes, context(state(known), max_destroy_percent=40))
    found = objection(guardrails.destroys(changes, context(state(known), max_destroy_percent=39)))
    assert (found.found, found.limit) == ("4 of 10 campaigns that are not final (40 %)", "39 %")


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        (CREATE, True),
        (replace(CREATE, audience=NOBODY), False),
        (replace(CREATE, arms=False), False),
        (replace(CREATE, arms=False, sends=Sends("manual")), True),
        (replace(CREATE, arms=False, sends=Sends("manual"), action=Action.REPLACE), True),
        (replace(CREATE, arms=False, sends=Sends("manual"), action=Action.UPDATE), False),
        (replace(CREATE, action=Action.UPDATE), True),
    ],
)
def test_what_needs_an_audience(change: Change, *, counts: bool) -> None:
    found = guardrails.targeting((change,), context(require_targeting=True))
    assert (found is not None) is counts
    if found:
        assert (found.found, found.limit) == ("1 campaign for everyone", "a `targeting` in each")
    assert guardrails.targeting((change,), context()) is None


AT_ONCE = replace(CREATE, sends=Sends("immediately"))


def test_limits_are_said_in_their_own_words() -> None:
    two = (AT_ONCE, replace(AT_ONCE, key="l"))
    assert (
        objection(guardrails.immediate_sends(two, context(max_immediate_sends=1))).limit == "1 in one apply"
    )
    assert (
        objection(guardrails.forbidden_immediate(two, context(forbid_immediate=True))).limit == "none at all"
    )
    found = objection(guardrails.arming_changes(two, context(max_arming_changes=1)))
    assert (found.found, found.limit, found.keys) == ("2 campaigns armed", "1 in one apply", ("k", "l"))


def test_the_soonest_of_the_late_ones_is_named() -> None:
    changes = (at(5 * MINUTE), replace(at(2 * MINUTE), key="l"), replace(at(HOUR), key="m"))
    found = objection(guardrails.lead_times(changes, context()))
    assert found.keys == ("k", "l")
    assert found.found == "the first send is possible at 2026-11-24T12:02:00Z, 2m from now"


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(hours=2), distance(NOW + 2 * HOUR, NOW).removeprefix("in ") + " from now"),
        (timedelta(hours=-2), distance(NOW - 2 * HOUR, NOW)),
        (timedelta(hours=-3), distance(NOW - 3 * HOUR, NOW)),
        (timedelta(minutes=119), "119m from now"),
        (timedelta(minutes=-119), "119m ago"),
    ],
)
def test_a_distance_of_hours_is_rounded(ahead: timedelta, words: str) -> None:
    found = objection(guardrails.lead_times((at(ahead),), context(min_lead_time=DAY)))
    assert found.found.endswith(f", {words}")


@pytest.mark.parametrize(
    ("arms", "action", "given", "unmet"),
    [
        (True, Action.UPDATE, [], "no label fits a, b-*"),
        (False, Action.CREATE, [], "no label fits a, b-*"),
        (False, Action.REPLACE, [], "no label fits a, b-*"),
        (False, Action.UPDATE, [], None),
        (True, Action.CREATE, ["a", "x"], "no label fits b-*"),
        (True, Action.CREATE, ["a", "b-1"], None),
        (True, Action.CREATE, None, "no label fits a, b-*"),
    ],
)
def test_what_needs_labels(arms: bool, action: Action, given: list[str] | None, unmet: str | None) -> None:
    change = replace(CREATE, arms=arms, action=action, spec={**SCHEDULED, "labels": given})
    found = guardrails.labels((change,), context(require_labels=("a", "b-*")))
    assert (found.found if found else None) == unmet
    if found:
        assert (found.limit, found.keys) == ("a label that fits each of a, b-*", ("k",))


NIGHT = Window(start=NOW - HOUR, end=NOW + HOUR)
OPEN = Window("allow", start=NOW + DAY, end=NOW + 2 * DAY, reason="holidays")


@pytest.mark.parametrize(
    ("window", "limit"),
    [
        (NIGHT, f"nothing in the window {NIGHT.words}"),
        (replace(NIGHT, reason="holidays"), f"nothing in the window {NIGHT.words} (holidays)"),
        (OPEN, f"only in the window {OPEN.words} (holidays)"),
    ],
)
def test_a_freeze_says_what_it_allows_and_why(window: Window, limit: str) -> None:
    found = objection(guardrails.freeze((at(3 * DAY),), context(freeze=(window,))))
    assert (found.limit, found.found, found.keys) == (limit, "it is armed at 2026-11-24T12:00:00Z", ("k",))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (at(5 * MINUTE), "it is armed at 2026-11-24T12:00:00Z"),
        (at(5 * MINUTE, arms=False), None),
        (at(5 * MINUTE, arms=False, changes_sends=True), None),
    ],
)
def test_only_what_moves_sends_is_frozen(change: Change, words: str | None) -> None:
    found = guardrails.frozen(change, Guardrails(freeze=(NIGHT,)), NOW)
    assert (guardrails.frozen_words(found) if found else None) == words
    assert guardrails.frozen(change, Guardrails(), NOW) is None


def test_what_would_have_objected_is_said_as_lifted() -> None:
    ctx = context(overrides=("max_plan_age", "min_lead_time"))
    found = guardrails.lifted((AT_ONCE, replace(at(MINUTE), key="l")), ctx)
    assert set(found) == {Overridden("max_plan_age", ("k",)), Overridden("min_lead_time", ("l",))}
    assert guardrails.lifted((at(DAY),), ctx) == ()


def test_what_the_project_lifts_for_some_keys_is_said_for_those() -> None:
    ctx = context()
    lasting = Override("min_lead_time", ("l*",), NOW + DAY, "agreed")
    ctx = replace(ctx, desired=replace(ctx.desired, project=replace(ctx.project, overrides=(lasting,))))
    changes = tuple(replace(at(MINUTE), key=key) for key in ("k", "l", "l2"))
    said = Overridden("min_lead_time", ("l", "l2"), "agreed", "2026-11-25T12:00:00Z")
    assert guardrails.lifted(changes, ctx) == (said,)


def test_what_nobody_lifted_is_not_checked_a_second_time() -> None:
    changes = tuple(replace(at(MINUTE), key=f"k{number}") for number in range(50))
    limits: dict[str, Any] = {"max_sends_per_day": 1, "require_labels": ("a",), "freeze": (NIGHT,)}
    nothing, one = context(**limits), context(overrides=("min_lead_time",), **limits)
    checked = calls(lambda: guardrails.objections(changes, nothing))
    assert calls(lambda: guardrails.lifted(changes, nothing)) < checked / 5
    assert calls(lambda: guardrails.lifted(changes, one)) < checked / 2


# ----------------------------------------------------------------------------------- until when it is valid


def until(change: Change, *lifted: str, before: Any = None, **limits: Any) -> timedelta | None:
    """Until when a change is valid, from now."""
    found = guardrails.valid_until(change, before, Guardrails(**limits), NOW, Lifts(frozenset(lifted)))
    return found - NOW if found else None


RUNS = Sends("recurring", (NOW + 21 * HOUR,), None)


@pytest.mark.parametrize(
    ("change", "lifted", "expected"),
    [
        (AT_ONCE, (), HOUR),
        (AT_ONCE, ("max_plan_age",), None),
        (AT_ONCE, ("min_lead_time",), HOUR),
        (at(DAY), (), DAY - 10 * MINUTE),
        (at(DAY), ("min_lead_time",), DAY),
        (at(-HOUR, DAY), ("min_lead_time",), DAY),
        (at(timedelta(), DAY), ("min_lead_time",), DAY),
        (at(HOUR, DAY), ("min_lead_time",), HOUR),
        (at(DAY, arms=False), (), None),
        (at(DAY, action=Action.UPDATE), (), DAY - 10 * MINUTE),
        (replace(CREATE, sends=RUNS), (), 21 * HOUR - 10 * MINUTE),
        (replace(CREATE, sends=RUNS, action=Action.REPLACE), (), 21 * HOUR - 10 * MINUTE),
        (replace(CREATE, sends=RUNS, action=Action.RESUME), (), 21 * HOUR - 10 * MINUTE),
        (replace(CREATE, sends=RUNS, action=Action.UPDATE), (), None),
        (replace(CREATE, sends=Sends("manual")), (), None),
    ],
)
def test_a_change_is_valid_until_its_first_send_less_the_lead_time(
    change: Change, lifted: tuple[str, ...], expected: timedelta | None
) -> None:
    assert until(change, *lifted) == expected


LATER = {**MANUAL, "recurrence": {"cron": "0 10 * * *"}}
SHIFT = replace(
    CREATE, action=Action.UPDATE, sends=Sends("recurring", (NOW + 22 * HOUR,)), spec=LATER, arms=False
)


@pytest.mark.parametrize(
    ("change", "before", "lifted", "expected"),
    [
        (SHIFT, RECURRING, (), 21 * HOUR),
        (SHIFT, RECURRING, ("resend",), None),
        (SHIFT, None, (), None),
        (SHIFT, SCHEDULED, (), None),
        (replace(SHIFT, spec=None), RECURRING, (), None),
        (replace(SHIFT, arms=True, sends=Sends("immediately")), RECURRING, (), HOUR),
    ],
)
def test_a_change_of_runs_is_valid_until_the_next_run_of_what_is_live(
    change: Change, before: Any, lifted: tuple[str, ...], expected: timedelta | None
) -> None:
    assert until(change, *lifted, before=before) == expected


def test_the_earliest_end_counts() -> None:
    change = replace(SHIFT, arms=True, action=Action.CREATE)
    assert until(change, before=RECURRING) == 21 * HOUR
    assert until(change, before=RECURRING, min_lead_time=2 * HOUR) == 20 * HOUR


# ----------------------------------------------------------------------------------------------- overrides


def override(*keys: str, **more: Any) -> Override:
    return Override(**{"guardrail": "resend", "keys": keys, "until": NOW + DAY, "reason": "why", **more})


@pytest.mark.parametrize(
    ("standing", "against", "lifts"),
    [
        (override("k"), None, True),
        (override("x", "k"), None, True),
        (override("x", "y"), None, False),
        (override("k*"), "staging", True),
        (override("k", guardrail="freeze"), None, False),
        (override("k", against="staging"), "staging", True),
        (override("k", against="staging"), "production", False),
        (override("k", against="staging"), None, False),
        (override("k", until=NOW), None, False),
        (override("k", until=NOW + timedelta(seconds=1)), None, True),
    ],
)
def test_an_override_of_the_project_lifts_a_rule_for_its_keys(
    standing: Override, against: str | None, *, lifts: bool
) -> None:
    found = Lifts.at(NOW, (), (override("other"), standing))
    assert (found.override("resend", "k", against) == standing) is lifts
    assert found.lifts("resend", "k") is (lifts and standing.against is None)
    assert Lifts.at(NOW, ("resend",), ()).lifts("resend", "k")


NOW_SENT = replace(CREATE, sends=Sends("immediately"))


@pytest.mark.parametrize(
    ("change", "seconds", "lifted", "ends"),
    [
        (CREATE, 0, (), False),
        (CREATE, 1, (), True),
        (CREATE, 1, ("resend",), False),
        (CREATE, 1, ("min_lead_time",), False),
        (CREATE, 1, ("max_plan_age",), True),
        (NOW_SENT, 0, (), False),
        (NOW_SENT, 1, (), True),
        (NOW_SENT, 1, ("max_plan_age",), False),
        (NOW_SENT, 1, ("resend",), True),
        (NOW_SENT, 1, ("min_lead_time",), True),
    ],
)
def test_a_change_ends_at_its_time_unless_what_ends_it_is_lifted(
    change: Change, seconds: int, lifted: tuple[str, ...], *, ends: bool
) -> None:
    lifts = Lifts(frozenset(lifted))
    assert guardrails.expired(change, NOW - timedelta(seconds=seconds), NOW, lifts) is ends
    assert not guardrails.expired(change, None, NOW, lifts)


@pytest.mark.parametrize("lifted", [(), ("min_lead_time",)])
def test_a_recurrence_that_has_no_run_is_valid_without_an_end(lifted: tuple[str, ...]) -> None:
    change = replace(CREATE, sends=Sends("recurring"))
    assert guardrails.valid_until(change, None, Guardrails(), NOW, Lifts(frozenset(lifted))) is None
