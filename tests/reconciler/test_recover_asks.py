"""Which campaigns a recovery finds, under which key it records each, and what it asks of the account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.errors import AccountMismatch, ReadFailed, Source, StateError
from campaignctl.manifest.model import DesiredCampaign, DesiredState, Removed
from campaignctl.project.model import Project
from campaignctl.reconciler.recover import ORPHANS, recover
from campaignctl.review.reports import Found, Recovery
from campaignctl.state.archive import Archive
from campaignctl.state.halts import Halt, Halts, Stopped
from campaignctl.state.ledger import Released, Sent, Year
from campaignctl.state.model import Account, State
from campaignctl.state.years import encode_year
from tests.plan.planning import IMMEDIATE, NOW, RECURRING, SCHEDULED, Spec, intent, own, record, state, wanted
from tests.reconciler.scripted import PROJECT, URL, Direct, Item, Kept, Script, Shown, direct
from tests.state.test_archive import of

COMPANY = "6197120"
AT = "2026-11-01T00:00:00Z"
BY_NAME = replace(PROJECT, id=None)


def stray(
    campaign_id: str, key: str = "a", status: str = "scheduled", spec: Spec = SCHEDULED, **fields: Any
) -> Item:
    """A campaign of ours as a list shows it; the marker names an intent that no state knows."""
    project: Project = fields.pop("project", PROJECT)
    made_by = fields.pop("intent", f"intent-{campaign_id:0>8}")
    age = timedelta(minutes=-int(campaign_id))
    shown = {name: value for name, value in spec.items() if name != "run_immediately"}
    times = {"create_time": f"{NOW - timedelta(hours=1) - age:%Y-%m-%d %H:%M:%S}"}
    mark = {"campaignctl": str(project.owner.marker(key, made_by))}
    whole = {**shown, **times, "metadata": mark, "company_id": COMPANY, "id": campaign_id, "status": status}
    return {**whole, **fields}


def here(**fields: Any) -> State:
    known = {"account": Account(URL, COMPANY, markers=True), "project_id": PROJECT.id, "seen": ("1",)}
    return replace(state(), **{**known, **fields})


def archived(released: tuple[Released, ...] = (), sent: tuple[Sent, ...] = ()) -> Archive:
    """The archive of a state that put these away."""
    return of(encode_year(2026, Year(sent, released, ()), here()))


def recovered(
    before: State | None,
    *items: Item,
    by_id: Mapping[str, Shown | list[Shown]] | None = None,
    declared: tuple[DesiredCampaign, ...] = (wanted(SCHEDULED, "a"),),
    removed: tuple[str, ...] = (),
    mark: Halts | None = None,
    project: Project = PROJECT,
    write: bool = True,
    size: int = 100,
) -> tuple[Recovery, Direct]:
    """The recovery of a state, with the list newest first."""
    script = Script(sorted(items, key=lambda each: -int(each["id"])), by_id or {}, size=size)
    with direct(before, script, project) as one:
        one.kept.mark = mark or Halts()
        gone = {key: Removed(key, "cancel", Source("f", 1, 1)) for key in removed}
        desired = DesiredState(one.wiring.project, {each.key: each for each in declared}, "d", removed=gone)
        return recover(one.wiring, desired, write=write), one


def into(found: Recovery) -> dict[str, str | None]:
    return {one.id: one.into for one in found.found}


# -------------------------------------------------------------------------------------------- what is found


def test_without_write_nothing_is_locked_or_recorded() -> None:
    before = here()
    found, one = recovered(before, stray("9"), stray("8", "b", "sent"), write=False)
    assert found.found == (
        Found("9", "Welcome", "a", "scheduled", can_send=True, into="a"),
        Found("8", "Welcome", None, "sent", can_send=False, into=None),
    )
    assert (found.looked_at, found.written, found.doubt) == (2, False, "")
    assert (one.kept.state, one.kept.locks) == (before, [])


def test_the_whole_list_is_read_and_what_is_known_is_no_stray() -> None:
    before = here(campaigns={"x": record(SCHEDULED, campaign_id="9", intent="intent-00000009")}, seen=("9",))
    found, one = recovered(
        before, stray("9", "x"), stray("8"), stray("7", project=replace(PROJECT, id="z")), size=1
    )
    assert into(found) == {"8": "a"}
    assert one.script.asked[:3] == ["page 1", "page 2", "page 3"]


@pytest.mark.parametrize(
    ("before", "more", "key"),
    [
        (here(), {"declared": (wanted(SCHEDULED, "k"),)}, "k"),
        (here(), {"declared": (wanted(SCHEDULED, "new", moved_from=("k",)),)}, "k"),
        (here(), {"removed": ("k",)}, "k"),
        (here(campaigns={"k": record(SCHEDULED, "canceled", "7")}), {}, "k"),
        (here(pending={"k": intent(SCHEDULED, phase="planned")}), {}, "k"),
        (here(released=(Released("k", "7", None, "d", "canceled", "2026-11-01T00:00:00Z"),)), {}, "k"),
        (here(archive=archived((Released("k", "7", None, "d", "canceled", AT),))), {}, "k"),
        (here(), {}, None),
        (None, {"declared": (wanted(SCHEDULED, "k"),)}, "k"),
    ],
)
def test_every_key_that_is_known_is_told_by_its_tag(
    before: State | None, more: dict[str, Any], key: str | None
) -> None:
    found, one = recovered(before, stray("9", "k"), by_id={"7": None}, write=False, **more)
    assert [each.key for each in found.found] == [key]
    assert into(found) == {"9": key or f"{ORPHANS}/9"}
    assert one.kept.state == before


@pytest.mark.parametrize(
    ("project", "before", "marker", "says"),
    [
        (BY_NAME, here(project_id=None), BY_NAME, "campaignctl doctor` prints the line"),
        (PROJECT, here(project_id=None), BY_NAME, "campaignctl state rebind"),
        (PROJECT, None, BY_NAME, "campaignctl state init"),
        (PROJECT, here(project_id=None), PROJECT, ""),
    ],
)
def test_campaigns_that_only_name_the_project_may_be_of_another_repository(
    project: Project, before: State | None, marker: Project, says: str
) -> None:
    found, _ = recovered(
        before, stray("9", project=marker), stray("8", project=project), project=project, write=False
    )
    assert ("another repository" in found.doubt) is bool(says)
    assert says in found.doubt


# ----------------------------------------------------------------------------------------- one key for each


OLD = here(campaigns={"a": record(SCHEDULED, campaign_id="5")})


@pytest.mark.parametrize(
    ("before", "items", "by_id", "expected"),
    [
        (here(), [("9", "scheduled"), ("8", "scheduled")], {}, {"9": "a", "8": f"{ORPHANS}/8"}),
        (here(), [("9", "canceled"), ("8", "scheduled")], {}, {"9": None, "8": "a"}),
        (here(), [("9", "sent"), ("8", "draft")], {}, {"9": None, "8": "a"}),
        (here(), [("9", "canceled"), ("8", "sent")], {}, {"9": None, "8": "a"}),
        (here(), [("9", "canceled")], {}, {"9": None}),
        (OLD, [("9", "scheduled")], {"5": stray("5")}, {"9": "a"}),
        (OLD, [("9", "canceled")], {"5": stray("5")}, {"9": None}),
        (OLD, [("9", "sent")], {"5": None}, {"9": "a"}),
        (OLD, [("9", "sent")], {"5": stray("5", status="canceled")}, {"9": "a"}),
        (OLD, [("4", "scheduled")], {"5": stray("5")}, {"4": "a"}),
        (OLD, [("9", "canceled"), ("8", "scheduled")], {"5": stray("5")}, {"9": None, "8": "a"}),
    ],
)
def test_the_newest_that_is_not_over_gets_the_key(
    before: State, items: list[tuple[str, str]], by_id: dict[str, Shown], expected: dict[str, str | None]
) -> None:
    strays = [stray(campaign_id, status=status) for campaign_id, status in items]
    found, _ = recovered(before, *strays, by_id=by_id, write=False)
    assert into(found) == expected


def test_a_recorded_campaign_that_the_list_shows_is_not_read_and_counts_by_its_place() -> None:
    recorded = stray("5", intent="intent-of-old")
    for other, gets in (("4", f"{ORPHANS}/4"), ("6", "a")):
        found, one = recovered(OLD, stray(other), recorded, write=False)
        assert into(found) == {other: gets}
        assert one.script.asked == ["page 1"]


# -------------------------------------------------------------------------------------------- taking over


def test_each_is_recorded_oldest_first_like_an_answered_create() -> None:
    before = here(pending={"p": intent(SCHEDULED, phase="planned")}, missed={"a": "d"})
    found, one = recovered(before, stray("9"), stray("8", "x"), stray("7", "y", "sent"), by_id={"8": None})
    assert into(found) == {"9": "a", "8": f"{ORPHANS}/8", "7": None}
    assert (found.written, found.looked_at, one.kept.locks) == (True, 3, ["state recover", "released"])
    assert one.state.pending == {}
    assert {key: each.id for key, each in one.state.campaigns.items()} == {f"{ORPHANS}/8": "8", "a": "9"}
    assert [list(step.records) for step in one.kept.steps if step.records] == [[f"{ORPHANS}/8"], ["a"]]
    (gone,) = one.state.released
    assert (gone.key, gone.id, gone.status, gone.intent) == (f"{ORPHANS}/7", "7", "sent", "intent-00000007")
    kept = one.state.campaigns["a"]
    assert (kept.intent, kept.digest, kept.source_digest) == (
        ("intent-00000009", body_digest(SCHEDULED), "sha256:manifest")
    )
    assert {"7", "8", "9"} <= set(one.script.asked)


def test_a_final_campaign_of_a_key_is_released_under_it() -> None:
    _, one = recovered(here(), stray("9", status="canceled"))
    assert [(each.key, each.id) for each in one.state.released] == [("a", "9")]
    assert one.state.campaigns == {}


def test_nothing_unknown_writes_nothing() -> None:
    for before in (here(), None):
        found, one = recovered(before)
        assert (found.written, one.kept.state, one.kept.steps) == (False, before, [])
        assert one.kept.locks == ["state recover", "released"]


def test_a_state_is_made_where_there_was_none() -> None:
    _, one = recovered(None, stray("9"))
    assert (set(one.state.campaigns), one.state.account.company_id) == ({"a"}, COMPANY)


def test_an_open_write_may_be_one_of_them() -> None:
    before = here(pending={"p": intent(SCHEDULED)})
    with pytest.raises(StateError, match="p is not settled"):
        recovered(before, stray("9"))
    found, one = recovered(before)
    assert (found.written, one.kept.state) == (False, before)


@pytest.mark.parametrize("write", [True, False])
def test_a_state_of_another_environment_is_refused(*, write: bool) -> None:
    with pytest.raises(AccountMismatch, match="environment old"):
        recovered(here(environment="old"), stray("9"), write=write)


@pytest.mark.parametrize(
    ("old", "shown", "room"),
    [
        ("scheduled", stray("5"), True),
        ("sent", stray("5", status="sent"), False),
        ("scheduled", None, False),
        ("scheduled", stray("5", status="canceled"), False),
    ],
)
def test_a_recorded_campaign_that_is_not_over_stays_in_sight(old: str, shown: Shown, *, room: bool) -> None:
    before = here(campaigns={"a": record(SCHEDULED, old, "5")})
    _, one = recovered(before, stray("9"), by_id={"5": shown})
    held = {key: each.id for key, each in one.state.campaigns.items()}
    assert held == {"a": "9", **({f"{ORPHANS}/5": "5"} if room else {})}
    released = [(each.id, each.status) for each in one.state.released]
    status = "canceled" if isinstance(shown, dict) and shown["status"] == "canceled" else old
    assert released == ([] if room else [("5", status)])
    assert one.script.asked.count("5") == (1 if old == "sent" else 2)


def test_a_recorded_campaign_that_only_the_list_shows_stays_in_sight() -> None:
    before = here(campaigns={"a": record(SCHEDULED, "scheduled", "5")})
    _, one = recovered(before, stray("9"), stray("5"), by_id={"5": None})
    held = {key: each.id for key, each in one.state.campaigns.items()}
    assert held == {"a": "9", f"{ORPHANS}/5": "5"}
    assert one.state.released == ()


STOPPED = Stopped("a", "9", "paused", "2026-11-24T11:00:00Z")


@pytest.mark.parametrize(
    ("keys", "stopped", "status", "ours"),
    [
        (("a",), (STOPPED,), "paused", True),
        (("a",), (), "paused", False),
        (("a",), (replace(STOPPED, how="canceled"),), "paused", False),
        (("a",), (STOPPED,), "scheduled", False),
        (("b",), (STOPPED,), "paused", False),
    ],
)
def test_what_a_halt_in_force_has_paused_is_ours_to_resume(
    keys: tuple[str, ...], stopped: tuple[Stopped, ...], status: str, *, ours: bool
) -> None:
    mark = Halts((Halt("h-1", keys, "wrong price", "ana", "laptop", "2026-11-24T11:00:00Z", stopped),))
    _, one = recovered(here(), stray("9", status=status), stray("8", "x", "sent"), mark=mark)
    assert one.state.campaigns["a"].paused_by_us is ours


# ----------------------------------------------------------- what it was created from, and the ledger


FIRED = {"send_strategy": "immediate"}
PROTECTED = Lifecycle(prevent_destroy=True)


@pytest.mark.parametrize(
    ("declared", "fields", "applied", "source", "lifecycle"),
    [
        (SCHEDULED, {}, SCHEDULED, "sha256:manifest", PROTECTED),
        ({**SCHEDULED, "description": "new"}, {}, SCHEDULED, "", PROTECTED),
        (IMMEDIATE, {"spec": IMMEDIATE, "status": "sent", **FIRED}, IMMEDIATE, "sha256:manifest", PROTECTED),
        (None, {}, SCHEDULED, "", Lifecycle()),
    ],
)
def test_a_campaign_that_is_as_its_manifest_says_was_created_from_it(
    declared: Spec | None, fields: dict[str, Any], applied: Spec, source: str, lifecycle: Lifecycle
) -> None:
    manifests = (wanted(declared, "a", lifecycle=PROTECTED),) if declared else ()
    _, one = recovered(here(), stray("9", **fields), declared=manifests)
    kept = one.state.campaigns["a" if declared else f"{ORPHANS}/9"]
    assert (dict(kept.applied), kept.source_digest, kept.lifecycle) == (applied, source, lifecycle)
    assert kept.digest == body_digest(applied)


def test_a_campaign_that_was_not_started_is_not_recorded_as_started() -> None:
    _, one = recovered(
        here(), stray("9", spec=IMMEDIATE, status="manual"), declared=(wanted(IMMEDIATE, "a"),)
    )
    assert "run_immediately" not in one.state.campaigns["a"].applied
    assert one.state.sent == ()


OTHER_NAME = {**IMMEDIATE, "name": "Other"}
LABELED = {**IMMEDIATE, "name": " Welcome ", "labels": []}


@pytest.mark.parametrize(
    ("fields", "declared", "digests"),
    [
        ({"spec": IMMEDIATE, "status": "sent", **FIRED}, [IMMEDIATE], [IMMEDIATE]),
        ({"spec": IMMEDIATE, "status": "sent", **FIRED}, [IMMEDIATE, LABELED], [IMMEDIATE, LABELED]),
        (
            {"spec": IMMEDIATE, "status": "sent", **FIRED, "name": " Welcome"},
            [IMMEDIATE, LABELED],
            [IMMEDIATE, LABELED],
        ),
        ({"spec": IMMEDIATE, "status": "sent", **FIRED}, [IMMEDIATE, OTHER_NAME], [IMMEDIATE]),
        ({"spec": IMMEDIATE, "status": "sent", **FIRED}, [IMMEDIATE, own(IMMEDIATE, "x")], [IMMEDIATE]),
        (
            {"spec": IMMEDIATE, "status": "sent", **FIRED},
            [IMMEDIATE, {**SCHEDULED, "scheduled_time": None}],
            [IMMEDIATE],
        ),
        ({"status": "sent"}, [SCHEDULED], [SCHEDULED]),
        ({"status": "running"}, [SCHEDULED], [SCHEDULED]),
        ({"status": "needs_decision"}, [SCHEDULED], [SCHEDULED]),
        ({"status": "scheduled"}, [SCHEDULED], []),
        ({"status": "canceled"}, [SCHEDULED], []),
        ({"status": "running", "spec": RECURRING}, [RECURRING], []),
    ],
)
def test_what_may_have_been_sent_is_in_the_ledger_by_every_manifest_that_it_fits(
    fields: dict[str, Any], declared: list[Spec], digests: list[Spec]
) -> None:
    manifests = tuple(wanted(spec, key) for key, spec in zip("abc", declared, strict=False))
    _, one = recovered(here(), stray("9", **fields), declared=manifests)
    assert sorted(each.digest for each in one.state.sent) == sorted(map(body_digest, digests))
    assert {(each.key, each.id) for each in one.state.sent} <= {("a", "9")}


KNOWN = Sent(body_digest(SCHEDULED), "a", "1", AT)


@pytest.mark.parametrize("before", [here(sent=(KNOWN,)), here(archive=archived(sent=(KNOWN,)))])
def test_what_is_in_the_ledger_is_not_entered_again(before: State) -> None:
    _, one = recovered(before, stray("9", status="sent"))
    assert one.state.sent == before.sent
    assert all(step.sent == () for step in one.kept.steps)


# It had another key before it was marked.
FORMERLY = Released("old", "9", None, "d", "running", AT)


@pytest.mark.parametrize(
    ("before", "declared", "items", "key"),
    [
        ((), (), (stray("9", "x", "running"),), f"{ORPHANS}/9"),
        ((), (wanted(SCHEDULED, "a"),), (stray("9"), stray("8", status="sent")), "a"),
        ((), (), (stray("9", "x", "sent"),), f"{ORPHANS}/9"),
        ((FORMERLY,), (wanted(SCHEDULED, "a"),), (stray("9", status="running"),), "a"),
    ],
)
def test_an_entry_of_the_ledger_has_the_key_of_its_campaign(
    before: tuple[Released, ...], declared: tuple[DesiredCampaign, ...], items: tuple[Item, ...], key: str
) -> None:
    _, one = recovered(here(released=before), *items, declared=declared)
    assert [each.key for each in one.state.sent] == [key]


def test_the_lock_is_released_when_a_read_fails() -> None:
    script = Script([stray("9")], {"9": 403})
    kept: Kept
    with direct(here(), script) as one:
        desired = DesiredState(one.wiring.project, {"a": wanted(SCHEDULED, "a")}, "d")
        with pytest.raises(ReadFailed):
            recover(one.wiring, desired, write=True)
        kept = one.kept
    assert kept.locks == ["state recover", "released"]
    assert kept.state is not None
    assert kept.state.campaigns == {}


@pytest.mark.parametrize("before", [here(), None])
def test_in_an_account_that_only_a_read_by_id_shows_to_be_another_nothing_changes(
    before: State | None,
) -> None:
    hidden = {**stray("9"), "company_id": None}
    script, pinned = Script([hidden], {"9": stray("9", company_id="7")}), replace(PROJECT, company_id=COMPANY)
    with direct(before, script, pinned) as one:
        desired = DesiredState(one.wiring.project, {"a": wanted(SCHEDULED, "a")}, "d")
        with pytest.raises(AccountMismatch, match="this token belongs to company 7"):
            recover(one.wiring, desired, write=True)
    assert (script.asked, one.kept.state) == (["page 1", "9"], before)


# A run that others started before its time, after which it was stopped.
STARTED: dict[str, Any] = {
    "run_counter": 1,
    "scheduled_run_times": [{"time": "2026-11-24 11:30:00", "initiator": "user"}],
}


@pytest.mark.parametrize("status", ["canceled", "paused"])
def test_what_began_to_send_and_was_stopped_is_in_the_ledger(status: str) -> None:
    _, one = recovered(here(), stray("9", status=status, **STARTED))
    assert [(each.digest, each.sends) for each in one.state.sent] == [
        (body_digest(SCHEDULED), ("2026-11-24T11:30:00Z",))
    ]
    held = one.state.campaigns if status == "paused" else one.state.released
    assert len(held) == 1
