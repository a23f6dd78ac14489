"""Which live campaigns a pull writes, which it leaves out, and why; each manifest makes its campaign."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.errors import AccountMismatch, CampaignctlError, Command, StateError, UsageError
from campaignctl.reconciler.pull import Asked
from campaignctl.schedule.times import iso
from campaignctl.state.ledger import Released
from campaignctl.state.model import Account
from campaignctl.state.proofs import Proof
from tests.plan.planning import NOW, SCHEDULED, record, state
from tests.reconciler.pulling import (
    COMPANY,
    FAR,
    LOST,
    OTHERS,
    OURS,
    PAST,
    Folder,
    account,
    fresh,
    shown,
    why,
)
from tests.reconciler.scripted import URL


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("schedled", "did you mean scheduled?"),
        ("laterr", "did you mean later?"),
        ("x", "known are canceled, draft, later"),
    ],
)
def test_a_status_that_no_campaign_can_have_is_refused_with_the_nearest(
    folder: Folder, word: str, hint: str
) -> None:
    folder.script = account(shown("8", effective_status="later"))
    with pytest.raises(UsageError, match=f"has the status '{word}'") as refused:
        folder.seen(Asked(statuses=("scheduled", word)))
    assert str(refused.value.hint).startswith(hint)


# ----------------------------------------------------------------------------------- what is read


def test_the_list_is_written_oldest_first_and_what_it_shows_in_short_is_read_by_id(folder: Folder) -> None:
    short = shown("9", "Short", messages=..., metadata=...)
    folder.script = account(shown("10"), short, shown("8"), by_id={"9": shown("9", "Whole")})
    found = folder.seen()
    assert [one.id for one in found.fresh] == ["8", "9", "10"]
    assert found.fresh[1].request["name"] == "Whole"
    assert folder.script.asked[0] == "page 1"
    assert "9" in folder.script.asked
    assert (found.left, found.recorded, found.state) == ((), {}, None)


def test_a_campaign_that_was_deleted_meanwhile_is_named(folder: Folder) -> None:
    short = shown("9", "Short", messages=..., metadata=...)
    folder.script = account(short, shown("8"), by_id={"9": None})
    assert fresh(folder) == ["8"]
    assert why(folder) == {"9": ("deleted meanwhile", True)}


def test_ids_are_read_each_once_and_no_list_is(folder: Folder) -> None:
    folder.script = account(shown("9"), shown("8"), shown("7"))
    found = folder.seen(Asked(("9", "8", "9", "5")))
    assert [one.id for one in found.fresh] == ["8", "9"]
    assert folder.script.asked == ["9", "8", "5"]
    assert [(one.id, one.why, one.fault) for one in found.left] == [("5", "not in this account", True)]


@pytest.mark.parametrize(("count", "said"), [(99, False), (100, True)])
def test_many_reads_say_how_long_they_take(folder: Folder, count: int, said: bool) -> None:
    short = [shown(str(each), metadata=..., messages=...) for each in range(count)]
    folder.script = account(*short, by_id={str(each): shown(str(each)) for each in range(count)})
    assert len(fresh(folder)) == count
    begun = [each for each in folder.heard if f"Reading {count} campaigns by id" in each.text]
    assert [(each.remaining or timedelta(0)) > timedelta(0) for each in begun] == [True] * said


@pytest.mark.parametrize(
    ("changed", "project", "error"),
    [
        ({"environment": "staging"}, {}, AccountMismatch),
        ({"project_id": "other"}, {}, AccountMismatch),
        ({"account": Account("https://other.example", COMPANY, markers=True)}, {}, AccountMismatch),
        ({"account": Account(URL, "1", markers=True)}, {}, AccountMismatch),
        ({}, {"company_id": "1"}, AccountMismatch),
        ({"campaigns": {key: record(SCHEDULED, campaign_id="7") for key in "ab"}}, {}, StateError),
    ],
)
def test_what_a_plan_refuses_a_pull_refuses(
    folder: Folder, changed: dict[str, Any], project: dict[str, Any], error: type[CampaignctlError]
) -> None:
    folder.known = replace(state(), **{"account": Account(URL, COMPANY, markers=True), **changed})
    folder.script, folder.project = account(shown("9")), project
    with pytest.raises(error):
        folder.seen()


def test_the_company_of_an_account_that_does_not_show_it_is_that_of_recorded_campaigns(
    folder: Folder,
) -> None:
    known = {"a": record(SCHEDULED, campaign_id="7")}
    folder.known = replace(state(known), account=Account(URL, COMPANY, markers=True))
    folder.script = account(shown("9", company_id=...), by_id={"7": shown("7", company_id="1")})
    with pytest.raises(AccountMismatch):
        folder.seen()
    folder.script = account(by_id={"7": shown("7", company_id="1")})
    assert folder.seen().fresh == (), "an empty account proves nothing"


# ------------------------------------------------------------------------------ what is left out


def test_a_campaign_that_a_manifest_adopts_or_the_state_records_is_not_written(folder: Folder) -> None:
    folder.declare("a.yaml", "A", head='adopt: "9"\n')
    folder.known = replace(
        state({"b": record(SCHEDULED, campaign_id="8")}), account=Account(URL, COMPANY, markers=True)
    )
    folder.script = account(shown("9"), shown("8"), shown("7"))
    found = folder.seen()
    assert [one.id for one in found.fresh] == ["7"]
    ((out),) = found.left
    assert (out.id, out.why, out.fault) == ("9", "adopted by a manifest already", False)
    assert str(out.hint) == "campaignctl plan"
    ((named),) = folder.seen(Asked(("9",))).left
    assert named.why.split("/")[-1] == "a.yaml already"
    assert {key: live.id for key, live in found.recorded.items()} == {"b": "8"}
    assert folder.seen(Asked(("8",))).recorded.keys() == {"b"}
    folder.script = account(shown("8", status="canceled"))
    assert (folder.seen().left, folder.seen().fresh) == ((), ())
    assert folder.seen(Asked(("7",))).recorded == {}


@pytest.mark.parametrize(
    ("asked", "item", "chosen"),
    [
        (Asked(statuses=("draft",)), {"status": "draft"}, True),
        (Asked(statuses=("draft",)), {"status": "scheduled"}, False),
        (Asked(statuses=("later",)), {"status": "scheduled", "effective_status": "later"}, True),
        (Asked(statuses=("paused", "manual")), {"status": "scheduled"}, False),
        (Asked(statuses=("new",)), {"status": "new"}, True),
        (Asked(statuses=("sent",)), {"status": "sent", "scheduled_time": PAST}, True),
        (Asked(labels=("a", "c")), {"labels": ["a", "b"]}, True),
        (Asked(labels=("c",)), {"labels": ["a", "b"]}, False),
        (Asked(labels=("c",)), {"labels": None}, False),
        (Asked(labels=("7",)), {"labels": [7]}, True),
        (Asked(), {"labels": 7}, True),
        (Asked(labels=("c",)), {"labels": ...}, False),
        (Asked(since=NOW - timedelta(hours=1)), {}, True),
        (Asked(since=NOW - timedelta(minutes=59)), {}, False),
        (Asked(since=NOW), {"create_time": "soon"}, True),
        (Asked(since=NOW), {"create_time": ...}, True),
        (Asked(statuses=("draft",), labels=("a",)), {"status": "draft"}, False),
    ],
)
def test_options_choose(folder: Folder, asked: Asked, item: dict[str, Any], chosen: bool) -> None:
    folder.script = account(shown("9", **item))
    assert fresh(folder, asked) == (["9"] if chosen else [])
    assert why(folder, asked) == ({} if chosen else {"9": ("not chosen by the options", False)})


def test_a_list_that_shows_no_labels_does_not_decide(folder: Folder) -> None:
    lean: dict[str, Any] = {"labels": ..., "messages": ..., "metadata": ...}
    folder.script = account(
        shown("9", **lean), shown("8", **lean), by_id={"9": shown("9", labels=["a"]), "8": shown("8")}
    )
    assert fresh(folder, Asked(labels=("a",))) == ["9"]
    assert why(folder, Asked(labels=("a",))) == {"8": ("not chosen by the options", False)}


def test_options_choose_recorded_campaigns_too(folder: Folder) -> None:
    folder.known = replace(
        state({"b": record(SCHEDULED, campaign_id="8")}), account=Account(URL, COMPANY, markers=True)
    )
    folder.script = account(shown("8", labels=["a"]))
    assert folder.seen(Asked(labels=("a",))).recorded.keys() == {"b"}
    assert folder.seen(Asked(labels=("b",))).recorded == {}


@pytest.mark.parametrize(
    ("item", "over"),
    [
        ({"status": "canceled"}, True),
        ({"status": "sent", "scheduled_time": PAST}, True),
        ({"status": "sent", "scheduled_time": ..., "recurrence": {"cron": "0 10 * * *"}}, False),
        ({"status": "paused"}, False),
    ],
)
def test_what_is_over_is_left_out_unless_it_is_asked_for(
    folder: Folder, item: dict[str, Any], over: bool
) -> None:
    folder.script = account(shown("9", **item))
    assert why(folder) == ({"9": ("sent or canceled", False)} if over else {})
    hints = [str(one.hint) for one in folder.seen().left]
    assert hints == ["campaignctl pull --all --status sent --status canceled"] * over
    assert fresh(folder, Asked(("9",))) == ["9"]
    assert fresh(folder, Asked(statuses=(str(item["status"]),))) == ["9"]


@pytest.mark.parametrize("named", [False, True])
def test_a_recorded_proof_is_never_written_even_without_its_marker(folder: Folder, named: bool) -> None:
    proof = Proof("push/a", "m", "en", "sha256:p", "team", "sha256:s", "ana", "i-1", "sent", iso(NOW), "9")
    folder.known = replace(state(proofs=(proof,)), account=Account(URL, COMPANY, markers=True))
    folder.script = account(shown("9"), shown("8"))
    asked = Asked(("9", "8")) if named else Asked()
    found = folder.seen(asked)
    assert [one.id for one in found.fresh] == ["8"]
    (out,) = found.left
    assert (out.id, out.why, out.fault) == ("9", "a proof of push/a, which reaches seeds alone", named)
    assert out.hint == (Command("proof", "push/a") if named else None)


def released(folder: Folder, intent: str | None = LOST) -> None:
    release = Released("a", "9", intent, "sha256:x", "canceled", "2026-11-01T00:00:00Z")
    folder.known = replace(state(), account=Account(URL, COMPANY, markers=True), released=(release,))


@pytest.mark.parametrize("intent", [LOST, None])
def test_what_was_forgotten_is_written_only_if_it_is_named(folder: Folder, intent: str | None) -> None:
    released(folder, intent)
    folder.script = account(shown("9", metadata=OURS), shown("8"))
    assert why(folder) == {"9": ("forgotten by this project", False)}
    assert [str(one.hint) for one in folder.seen().left] == ["campaignctl pull --id 9"]
    assert fresh(folder) == ["8"]
    assert fresh(folder, Asked(("9",))) == ["9"]


def test_what_this_project_made_and_lost_is_for_recover(folder: Folder) -> None:
    folder.script = account(shown("9", metadata=OURS))
    assert why(folder) == {"9": ("made by this project, and lost", True)}
    assert [str(one.hint) for one in folder.seen().left] == ["campaignctl state recover"]
    assert fresh(folder) == []
    assert fresh(folder, Asked(("9",))) == []


@pytest.mark.parametrize("named", [False, True])
def test_what_others_made_is_a_fault_only_if_it_was_named(folder: Folder, named: bool) -> None:
    folder.script = account(shown("9", metadata=OTHERS))
    asked = Asked(("9",)) if named else None
    reason = "has the marker of another project or environment, which manages it"
    assert why(folder, asked) == {"9": (reason, named)}


def test_a_campaign_of_another_company_is_left_out(folder: Folder) -> None:
    folder.script = account(shown("8"), shown("9", company_id="1"))
    assert why(folder) == {"9": (f"belongs to company 1, this state to {COMPANY}", False)}


@pytest.mark.parametrize(
    ("item", "hidden"),
    [
        ({"scheduled_time": ..., "next_run_time": FAR}, True),
        ({"scheduled_time": ...}, False),
        ({"next_run_time": FAR}, False),
        ({"scheduled_time": ..., "next_run_time": FAR, "recurrence": {"cron": "0 10 * * *"}}, False),
        ({"scheduled_time": ..., "next_run_time": FAR, "is_draft": True}, False),
        ({"scheduled_time": ..., "next_run_time": FAR, "run_immediately": True}, False),
        ({"scheduled_time": ..., "next_run_time": FAR, "status": "canceled"}, False),
    ],
)
def test_a_campaign_whose_time_the_api_hides_is_not_written(
    folder: Folder, item: dict[str, Any], hidden: bool
) -> None:
    folder.script = account(shown("9", **item))
    asked = Asked(("9",))
    assert why(folder, asked) == ({"9": ("the API does not show when it sends", True)} if hidden else {})
