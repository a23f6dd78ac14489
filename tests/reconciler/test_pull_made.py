"""What a pull writes: each manifest makes its campaign, no file is replaced, shared fields are said once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from campaignctl.errors import CampaignctlError
from campaignctl.manifest.pulled import LayoutOfKeys
from campaignctl.reconciler.pull import Asked, Made, left_out
from campaignctl.state.model import Account
from tests.plan.planning import SCHEDULED, record, state
from tests.reconciler.pulling import (
    COMPANY,
    Folder,
    account,
    shown,
    text,
)
from tests.reconciler.scripted import URL


def test_a_manifest_adopts_its_campaign_and_says_where_it_is(folder: Folder) -> None:
    folder.script = account(shown("9", "Sale: now"))
    assert text(folder, "sale-now.yaml") == (
        "# sale-now.yaml\napiVersion: campaignctl/v1\nkind: Campaign\n"
        f"# 9 in the account: {URL}/v1/hood/campaigns/9\n"
        'adopt: "9"\nspec:\n  name: "Sale: now"\n  messages:\n    - name: m\n      channel: sms\n'
        '      integration_id: "1996"\n      sms:\n        content:\n          en: "Sale: now ends soon"\n'
        "  scheduled_time: 2036-12-24 10:00:00\n"
    )


@pytest.mark.parametrize(
    ("item", "phase"),
    [({"status": "paused"}, "paused"), ({"status": "canceled"}, "canceled"), ({"status": "draft"}, None)],
)
def test_a_phase_is_written(folder: Folder, item: dict[str, Any], phase: str | None) -> None:
    folder.script = account(shown("9", **item))
    assert (f"phase: {phase}\n" in text(folder, "sale.yaml", Asked(("9",)))) is (phase is not None)


@pytest.mark.parametrize("draft", [False, True])
def test_what_was_sent_at_once_is_not_sent_again(folder: Folder, draft: bool) -> None:
    event: dict[str, Any] = {
        "scheduled_time": ...,
        "run_immediately": True,
        "is_draft": draft,
        "status": "running",
    }
    folder.script = account(shown("9", **event))
    ((one),) = folder.seen().fresh
    assert any("It was sent at once" in note for note in one.notes) is not draft
    if not draft:
        assert "\nrun_immediately" not in text(folder, "sale.yaml")


@pytest.mark.parametrize("taken", ["recorded", "declared", "removed", "matrix"])
def test_a_key_that_is_taken_is_numbered(folder: Folder, taken: str) -> None:
    match taken:
        case "recorded":
            known = {"sale": record(SCHEDULED, "canceled", campaign_id="5")}
            folder.known = replace(state(known), account=Account(URL, COMPANY, markers=True))
        case "declared":
            folder.declare("sale.yaml", "A")
        case "removed":
            folder.write("gone.yaml", "kind: Removed\nmetadata: {key: sale}\n")
        case _:
            folder.declare("sale.yaml", "A ${matrix.n}", head="matrix: {n: [1, 2]}\n")
    folder.script = account(shown("9"))
    assert [one.key for one in folder.made().files.values()] == ["sale-2"]


def test_another_file_is_never_replaced(folder: Folder) -> None:
    folder.write("one.en.txt", "mine")
    long = {"content": {"en": "x" * 800}}
    message = {"name": "m", "channel": "sms", "integration_id": "1996", "primary_lang": "en", "sms": long}
    folder.script = account(shown("9", "One", messages=[message]), shown("8", "Two", messages=[message]))
    found = folder.made()
    assert [(one.id, one.name, one.why, one.fault) for one in found.left] == [
        ("9", "One", "one.en.txt exists already, with other content", True)
    ]
    assert [change.path for change in found.changes] == ["two.en.txt", "two.yaml"]
    folder.write("one.en.txt", "x" * 800)
    assert folder.made().left == ()


def test_if_nothing_can_be_written_nothing_is(folder: Folder) -> None:
    folder.write("sale.yaml", "not ours")
    (folder.directory / "sale.yaml").rename(folder.directory / "sale.en.txt")
    long = {"content": {"en": "x" * 800}}
    message = {"name": "m", "channel": "sms", "integration_id": "1996", "primary_lang": "en", "sms": long}
    folder.script = account(shown("9", messages=[message]))
    found = folder.made(factor=True)
    assert (found.changes, [one.id for one in found.left]) == ([], ["9"])


def test_defaults_that_would_change_it_keep_it_from_being_written(folder: Folder) -> None:
    same: dict[str, Any] = {
        "description": "shared",
        "deal_id": "7",
        "labels": ["x"],
        "send_in_profile_time_zone": True,
    }
    folder.write("_defaults.yaml", f"spec: {json.dumps(same)}\n")
    folder.script = account(shown("9"), shown("8", "Equal", **same))
    found = folder.made()
    assert [(one.id, one.why, one.fault) for one in found.left] == [
        ("9", "the defaults of sale.yaml would change it: description, deal_id, labels and 1 more", True)
    ]
    assert list(found.files) == ["8"]


def test_what_no_manifest_can_declare_is_named_with_the_error(folder: Folder) -> None:
    both: dict[str, Any] = {"run_immediately": True, "is_draft": True, "scheduled_time": ...}
    folder.script = account(shown("9", **both), shown("8", "Fine"))
    found = folder.made(Asked(("9", "8")))
    assert [one.id for one in found.left] == ["9"]
    assert found.left[0].why.startswith("no manifest can declare it: a draft sends nothing")
    assert list(found.files) == ["8"]


@pytest.mark.parametrize(
    ("live", "why"),
    [
        ({"metadata": {"a": {"$file": "note.txt"}}}, "metadata/a would be read as something else"),
        ({"description": {"$file": "no.txt"}}, "no.txt: there is no such file"),
        ({"description": "x" * 1_100_000}, "1,048,577 bytes; the limit is 1 MiB"),
    ],
)
def test_the_reason_is_the_real_one(folder: Folder, live: dict[str, Any], why: str) -> None:
    folder.write("note.txt", "a note")
    folder.write("_defaults.yaml", "spec: {description: shared}\n")
    folder.script = account(shown("9", **live))
    assert [one.why for one in folder.made().left] == [f"no manifest can declare it: {why}"]


def test_a_text_that_is_too_long_is_named_by_its_path_in_the_project(folder: Folder) -> None:
    message = {
        "name": "m",
        "channel": "sms",
        "integration_id": "1",
        "sms": {"content": {"en": "x" * 1_100_000}},
    }
    folder.script = account(shown("9", messages=[message]))
    (left,) = folder.made(layout="channel").left
    assert left.why.startswith("no manifest can declare it: sms/sale.en.txt has 1,048,577 bytes")


@pytest.mark.parametrize(
    "odd",
    [
        {"labels": 7},
        {"messages": 7},
        {"messages": [{"name": ["m"], "channel": ["sms"], "sms": {"content": {"en": "x" * 800}}}]},
        {"recurrence": "daily", "scheduled_time": ...},
        {"targeting": [1]},
        {"ab_test": 1},
        {"metadata": [1]},
    ],
)
@pytest.mark.parametrize("layout", ["channel", "label"])
def test_a_campaign_of_no_known_form_is_named_and_the_others_are_written(
    folder: Folder, odd: dict[str, Any], layout: LayoutOfKeys
) -> None:
    folder.script = account(shown("9", "Odd", **odd), shown("8", "Fine"))
    found = folder.made(layout=layout)
    assert [(one.id, one.why.partition(":")[0]) for one in found.left] == [
        ("9", "no manifest can declare it")
    ]
    assert list(found.files) == ["8"]


def test_a_folder_that_the_project_leaves_out_is_named(folder: Folder) -> None:
    folder.write("campaignctl.yaml", "metadata: {name: acme}\nignore: [old/**]\n")
    folder.script = account(shown("9"))
    found = folder.made(folder="old")
    assert [one.why for one in found.left] == [
        "`manifests` and `ignore` of the project file exclude old/sale.yaml"
    ]


def test_files_that_would_change_other_manifests_stop_the_pull(folder: Folder) -> None:
    """A text that a manifest takes if it is there."""
    found = folder.seen()
    folder.declare("other.yaml", "Other")
    before = folder.desired
    folder.declare("other.yaml", "Changed")
    with pytest.raises(CampaignctlError, match="would change other"):
        left_out(found.fresh, {}, folder.shown(), before)
    (folder.directory / "other.yaml").unlink()
    with pytest.raises(CampaignctlError, match="would change other"):
        left_out(found.fresh, {}, folder.shown(), before)


def shared(code: str, **more: Any) -> dict[str, Any]:
    words = {"description": "spring", "labels": ["spring"], **more}
    return {**words, "targeting": {"countries": {"items": [code], "op": "in"}}}


def test_what_many_share_is_said_once_only_if_that_makes_the_same(folder: Folder) -> None:
    codes = ("DE", "FR", "NO")
    folder.script = account(
        *(shown(str(n), f"Sale {code}", **shared(code)) for n, code in enumerate(codes, 7))
    )
    plain, factored = folder.made(folder="sms"), folder.made(folder="sms", factor=True)
    assert plain.shared == ()
    assert factored.files.keys() == plain.files.keys() == {"7", "8", "9"}
    assert {one.key for one in factored.files.values()} == {f"sms/sale[country={code}]" for code in codes}
    ((project),) = factored.shared
    assert (project.path, project.before) == ("campaignctl.yaml", folder.before("campaignctl.yaml"))
    assert "sms_integration" in project.after
    assert [change.path for change in factored.changes] == ["campaignctl.yaml", "sms/sale.yaml"]


def test_a_proposal_whose_file_is_in_the_way_is_not_taken(folder: Folder) -> None:
    folder.write("campaignctl.yaml", "metadata: {name: acme}\nignore: [sms/sale.yaml]\n")
    folder.write("sms/sale.yaml", "not ours")
    codes = ("DE", "FR", "NO")
    folder.script = account(
        *(shown(str(n), f"Sale {code}", **shared(code)) for n, code in enumerate(codes, 7))
    )
    found = folder.made(folder="sms", factor=True)
    keys = {one.key for one in found.files.values()}
    assert keys == {"sms/sale-de", "sms/sale-fr", "sms/sale-no"}


def alike(folder: Folder, into: str = "sms") -> list[str]:
    """The paths of a pull of three campaigns that are different and share fields."""
    return [change.path for change in made_alike(folder, into).changes]


def made_alike(folder: Folder, into: str = "sms") -> Made:
    names = ("Summer", "Letter", "Thanks")
    same: dict[str, Any] = {"description": "spring", "labels": ["spring"]}
    folder.script = account(*(shown(str(n), name, **same) for n, name in enumerate(names, 7)))
    found = folder.made(folder=into, factor=True)
    assert found.files.keys() == {"7", "8", "9"}
    return found


def test_no_manifest_is_written_without_a_file_that_it_shares(folder: Folder) -> None:
    made = made_alike(folder)
    folder.write("sms/_defaults.yaml", "spec: {labels: [theirs]}\n")
    with pytest.raises(CampaignctlError, match="Cannot write what the new manifests share") as refused:
        made.written(folder.seen(), folder)
    assert "sms/_defaults.yaml" in refused.value.detail
    assert refused.value.detail.endswith(".")
    assert [path.name for path in (folder.directory / "sms").iterdir()] == ["_defaults.yaml"]


@pytest.mark.parametrize("taken", [False, True])
def test_defaults_of_the_project_itself_are_proposed_unless_it_has_some(folder: Folder, taken: bool) -> None:
    if taken:
        folder.write("_defaults.yaml", "{}\n")
    assert ("_defaults.yaml" in alike(folder, "")) is not taken


def test_defaults_are_proposed_for_a_folder_of_their_own(folder: Folder) -> None:
    folder.declare("push/other.yaml", "Other")
    assert "sms/_defaults.yaml" in alike(folder)


@pytest.mark.parametrize("there", ["sms/_defaults.yaml", "sms/other.yaml", "sms/deeper/other.yaml"])
def test_no_defaults_are_proposed_where_another_manifest_has_them(folder: Folder, there: str) -> None:
    if "other" in there:
        folder.declare(there, "Other")
    else:
        folder.write(there, "spec: {labels: [spring]}\n")
    assert "sms/_defaults.yaml" not in alike(folder)
