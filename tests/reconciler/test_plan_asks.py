"""What a plan asks of the API and of the state before it decides, against those that a test scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any, cast

import pytest

from campaignctl.api.client import OcambaApi
from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.errors import AccountMismatch, CampaignctlError, StateError
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.plan.model import Options, Plan
from campaignctl.reconciler.plan import plan
from campaignctl.reconciler.ports import Backend, Clock
from campaignctl.reconciler.run import Wiring
from campaignctl.schedule.times import iso
from campaignctl.state.halts import Halts
from campaignctl.state.ledger import Released
from campaignctl.state.model import Account, State
from tests.plan.planning import NOW, SCHEDULED, intent, message, own, record, wanted
from tests.reconciler.scripted import PROJECT, URL, Script
from tests.reconciler.test_opening_asks import COMPANY, HOUR, LOST, TWICE, item, known, ours

HERE = replace(PROJECT, api=replace(PROJECT.api, url=URL))
OVER = known(campaigns={"a": record(SCHEDULED, "sent", "1")}, settings={})
OLD = wanted(SCHEDULED, "a")
NEW = wanted(own(SCHEDULED, "New"), "new")


@dataclass
class Place:
    """A state, which may be another one at the second look."""

    states: list[State | None]
    location: str = "the shelf"
    looks: int = 0

    def read(self) -> State | None:
        found = self.states[min(self.looks, len(self.states) - 1)]
        self.looks += 1
        return found

    def halts(self) -> Halts:
        return Halts()


@dataclass
class Now:
    """A stopped clock, which may be wrong."""

    at: datetime = NOW
    numbers: count[int] = field(default_factory=count)

    def now(self) -> datetime:
        return self.at

    def new_id(self) -> str:
        return f"{next(self.numbers):016x}"


def planned(
    api: OcambaApi | None,
    *states: State | None,
    declared: tuple[DesiredCampaign, ...] = (OLD,),
    at: datetime = NOW,
    elsewhere: Mapping[str, State] | None = None,
    **options: Any,
) -> Plan:
    desired = DesiredState(HERE, {one.key: one for one in declared}, "d")
    others = {name: cast(Backend, Place([each])) for name, each in (elsewhere or {}).items()}
    wiring = Wiring(
        HERE,
        cast(Backend, Place(list(states))),
        api,
        cast(Clock, Now(at)),
        lambda _event: None,
        "0.1.0",
        elsewhere=lambda _remote: others,
        parallelism=1,
    )
    return plan(wiring, desired, Options(**options))


def asked(state: State | None, *items: Any, **more: Any) -> list[str]:
    """What a plan asks the API for."""
    script = Script(list(items))
    with script.api() as api:
        planned(api, state, **more)
    return script.asked


RELEASED = (Released("x", "7", None, "d", "canceled", iso(NOW)),)


@pytest.mark.parametrize(
    ("state", "more", "reads"),
    [
        (OVER, {}, False),
        (OVER, {"refresh_only": True}, True),
        (OVER, {"declared": (OLD, NEW)}, True),
        (known(settings={}), {}, True),
        (replace(OVER, released=RELEASED), {}, True),
        (replace(OVER, pending={"b": intent(SCHEDULED)}), {}, True),
        (replace(OVER, campaigns={}), {"declared": (), "refresh_only": True}, False),
        (replace(OVER, campaigns={}), {"declared": ()}, False),
    ],
)
def test_the_account_is_read_only_if_something_may_differ(
    state: State, more: dict[str, Any], reads: bool
) -> None:
    assert bool(asked(state, item("1"), **more)) is reads
    if reads:
        with pytest.raises(CampaignctlError, match="a plan reads the account, and there is no token"):
            planned(None, state, **more)
    else:
        planned(None, state, **more)


def test_a_plan_from_the_state_alone_asks_nothing() -> None:
    state = known(settings={}, pending={"a": replace(intent(SCHEDULED), operation="update", id="1")})
    found = planned(None, state, refresh=False)
    assert [(one.key, one.status) for one in found.blocked] == [("a", "unsettled")]
    assert asked(state, item("1"), refresh=False) == []
    assert planned(None, None, refresh=False).changes[0].key == "a"
    staging = {".campaignctl/old.json": known(environment="old")}
    with pytest.raises(StateError, match="this project was applied before"):
        planned(None, None, refresh=False, elsewhere=staging)


@pytest.mark.parametrize(
    ("options", "said"), [({}, True), ({"refresh_only": True}, False), ({"targets": ("a",)}, False)]
)
def test_campaigns_of_no_state_are_noted_in_a_whole_plan_alone(options: dict[str, Any], said: bool) -> None:
    with Script([item("1"), item("9")]).api() as api:
        notes = planned(api, known(settings={}), **options).notes
    assert any("1 campaign of the account can send" in str(note) for note in notes) is said


TWICE_TRACKED = {
    **SCHEDULED,
    "messages": [message(push={"title": {"en": "Hi"}, "landing_url": "https://x.example/?utm_source=a"})],
}


@pytest.mark.parametrize(
    ("action", "recorded", "declared", "options"),
    [
        ("create", None, {}, {}),
        ("update", {}, {"spec": {**TWICE_TRACKED, "description": "new"}}, {}),
        ("replace", {}, {}, {"replace": ("a",)}),
        ("resume", {"status": "paused", "paused_by_us": True}, {}, {}),
        ("adopt", None, {"adopt": "1"}, {}),
        ("pause", {}, {"lifecycle": Lifecycle(phase="paused")}, {}),
        ("move", {}, {"key": "b", "moved_from": ("a",)}, {}),
        ("", {}, {}, {}),
    ],
)
def test_lint_is_told_of_what_recipients_get_by_a_change(
    action: str, recorded: Any, declared: dict[str, Any], options: dict[str, Any]
) -> None:
    one = wanted(**{"spec": TWICE_TRACKED, "key": "a", "manifest": "sha256:manifest", **declared})
    known_as = {} if recorded is None else {"a": record(TWICE_TRACKED, campaign_id="1", **recorded)}
    shown = item("1", (recorded or {}).get("status", "scheduled"), messages=TWICE_TRACKED["messages"])
    items = [item("7")] if action == "create" else [shown]
    with Script(items).api() as api:
        found = planned(api, known(campaigns=known_as, settings={}), declared=(one,), **options)
    assert [str(change.action) for change in found.changes] == ([action] if action else [])
    told = action in ("create", "update", "replace", "resume", "adopt")
    assert ("LNK004" in [each.code for each in found.lint]) is told


def test_without_a_state_the_account_is_read_as_an_apply_does() -> None:
    script = Script([ours("9"), item("8", messages=[])])
    with script.api() as api:
        found = planned(api, None)
    assert script.asked == ["page 1"]
    assert (found.company_id, [one.key for one in found.blocked]) == (COMPANY, ["a"])
    assert "campaignctl state recover" in found.blocked[0].hint
    with script.api() as api, pytest.raises(StateError, match="this project was applied before"):
        planned(api, None, elsewhere={".campaignctl/old.json": known(environment="old")})


def test_what_an_apply_created_meanwhile_is_not_behind() -> None:
    before = known(settings={})
    after = replace(before, pending={"new": replace(intent(SCHEDULED), intent=LOST)})
    script = Script([ours("9"), item("1")])
    with script.api() as api:
        held = planned(api, before, declared=(OLD, NEW))
        free = planned(api, before, after, declared=(OLD, NEW))
    assert [one.key for one in held.blocked] == ["new"]
    assert "campaignctl state recover" in held.blocked[0].hint
    assert free.blocked == ()
    assert [one.key for one in free.changes] == ["new"]


def test_a_second_copy_is_blocked_and_one_that_cannot_send_is_noted() -> None:
    state = known(settings={}, campaigns=TWICE)
    with Script([ours("2"), ours("1", age=2 * HOUR)]).api() as api:
        found = planned(api, state)
    assert [(one.key, one.id, one.status) for one in found.blocked] == [("a", "2", "scheduled")]
    with Script([ours("2", status="draft"), ours("1", age=2 * HOUR)]).api() as api:
        left = planned(api, state)
    assert left.blocked == ()
    assert "2 is a second copy of a, draft; it is left behind" in left.notes


def test_a_lost_create_that_is_found_is_planned_as_recorded() -> None:
    lost = intent(dict(NEW.spec), first_send="2036-12-24T10:00:00Z")
    pending = {"new": replace(lost, intent=LOST, at=iso(NOW), posts=(iso(NOW),))}
    state = known(settings={}, pending=pending)
    shown = {**NEW.spec, **ours("9"), "messages": NEW.spec["messages"]}
    with Script([shown, item("1")]).api() as api:
        assert planned(api, state, declared=(OLD, NEW)).blocked == ()
    with Script([item("1")]).api() as api:
        (left,) = planned(api, state, declared=(OLD, NEW)).blocked
    assert (left.key, left.status) == ("new", "unsettled")


def test_an_open_write_is_settled_by_one_read() -> None:
    write = replace(intent(SCHEDULED), operation="pause", id="1", at=iso(NOW - HOUR))
    state = known(settings={}, pending={"a": write})
    with Script([item("1", "paused")]).api() as api:
        assert planned(api, state).blocked == ()


def test_settings_that_no_apply_has_recorded_are_noted() -> None:
    note = "the state has no settings yet: the next apply records them, and later plans show their changes"
    assert note in planned(None, replace(OVER, settings=None)).notes
    assert note not in planned(None, OVER).notes
    assert note not in planned(None, replace(OVER, settings=None, format_version=1)).notes
    with Script([item("1")]).api() as api:
        assert note not in planned(api, replace(OVER, settings=None), refresh_only=True).notes


def test_a_wrong_clock_is_noted() -> None:
    with Script([item("1")]).api() as api:
        (note,) = planned(api, known(settings={}), at=NOW - timedelta(minutes=5)).notes
    assert note.startswith("this machine's clock says ")


def test_a_state_that_does_not_belong_here_is_refused() -> None:
    for other in (replace(OVER, environment="staging"), replace(OVER, project_id="another")):
        with pytest.raises(AccountMismatch):
            planned(None, other)
    with pytest.raises(StateError, match="record one campaign"):
        planned(None, replace(OVER, campaigns={"a": record(SCHEDULED), "b": record(SCHEDULED)}))
    script = Script([item("1")])
    with script.api() as api, pytest.raises(AccountMismatch):
        planned(api, known(account=Account("https://other.example", COMPANY)))
    assert script.asked == []


def test_without_a_refresh_an_unsettled_create_stays_unsettled() -> None:
    before = known(pending={"new": replace(intent(SCHEDULED), at=iso(NOW))}, settings={})
    found = planned(None, before, declared=(OLD, NEW), refresh=False)
    assert [(one.key, "apply settles it" in one.reason) for one in found.blocked] == [("new", True)]
