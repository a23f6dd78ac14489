"""A pull of recorded campaigns: what changed live goes where the manifests have it, or to a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignctl.reconciler.pull import Asked
from campaignctl.reconciler.pull_again import Again
from campaignctl.review.reports import ConflictField
from tests.reconciler.pulling import FAR, PAST, Folder, shown
from tests.reconciler.scripted import Script


def pulled(folder: Folder, *, asked: Asked | None = None, head: str = "", **live: Any) -> Again:
    """A pull of `sale`, applied as declared, that the account shows with these fields."""
    folder.declare("sale.yaml", "Sale", head=head)
    folder.records(sale="9")
    folder.script = Script([shown("9", **live)])
    return folder.again(asked)


def left(found: Again) -> list[tuple[str, str, bool]]:
    return [(one.name, one.why, one.fault) for one in found.left]


def test_nothing_changes_while_nothing_changed(folder: Folder) -> None:
    assert pulled(folder) == Again()
    assert folder.script.asked.count("9") == 0, "the list showed it whole"


def test_a_field_is_written_where_the_manifest_has_it(folder: Folder) -> None:
    found = pulled(folder, labels=["new"], deal_id="7")
    text = folder.text("sale.yaml")
    ((change),) = found.changes
    assert (change.path, change.before) == ("sale.yaml", text.encode())
    assert "new" in change.after
    assert "deal_id" in change.after
    ((one),) = found.updated
    assert (one.key, one.id, one.files, set(one.paths)) == (
        "sale",
        "9",
        ("sale.yaml",),
        {"labels", "deal_id"},
    )
    assert (found.conflicts, found.left) == ((), ())


def test_a_field_that_was_removed_is_removed(folder: Folder) -> None:
    folder.declare("sale.yaml", "Sale", description="ours")
    folder.records(sale="9")
    folder.script = Script([shown("9", description=None)])
    found = folder.again()
    assert "description" not in folder.after(found)["sale.yaml"]
    assert [one.paths for one in found.updated] == [("description",)]


def test_the_new_value_may_be_declared_already(folder: Folder) -> None:
    folder.declare("sale.yaml", "Old")
    folder.records(sale="9")
    folder.declare("sale.yaml", "New")
    folder.script = Script([shown("9", "New", messages=folder.desired.campaigns["sale"].spec["messages"])])
    found = folder.again()
    assert (found.changes, found.conflicts) == ((), ())


@pytest.mark.parametrize(
    ("status", "declared", "by_us", "phase"),
    [
        ("paused", "active", False, "paused"),
        ("paused", "active", True, None),
        ("paused", "paused", False, None),
        ("scheduled", "paused", True, "active"),
        ("running", "paused", True, "active"),
        ("scheduled", "paused", False, None),
        ("draft", "paused", True, None),
        ("scheduled", "active", False, None),
    ],
)
def test_a_pause_or_the_end_of_one_becomes_the_phase(
    folder: Folder, status: str, declared: str, by_us: bool, phase: str | None
) -> None:
    head = f"lifecycle: {{phase: {declared}}}\n" if declared != "active" else ""
    folder.declare("sale.yaml", "Sale", head=head)
    folder.records(sale="9")
    assert folder.known
    kept = replace(folder.known.campaigns["sale"], paused_by_us=by_us, status=status)
    folder.known = replace(folder.known, campaigns={"sale": kept})
    folder.script = Script([shown("9", status=status, is_draft=status == "draft")])
    found = folder.again()
    texts = folder.after(found)
    assert [one for one in found.updated if "lifecycle/phase" in one.paths] == list(found.updated)[
        : phase is not None
    ]
    if phase:
        assert f"phase: {phase}" in texts["sale.yaml"]
    else:
        assert not any("phase: active" in text for text in texts.values())


def test_a_phase_that_was_edited_here_is_a_conflict(folder: Folder) -> None:
    folder.declare("sale.yaml", "Sale")
    folder.records(sale="9")
    folder.declare("sale.yaml", "Sale", head="lifecycle: {phase: canceled}\n")
    assert folder.known
    record = folder.known.campaigns["sale"]
    same = replace(record, source_digest=folder.desired.campaigns["sale"].source_digest)
    folder.known = replace(folder.known, campaigns={"sale": same})
    folder.script = Script([shown("9", status="paused")])
    assert folder.again().conflicts == ()
    folder.declare("sale.yaml", "Sale", head="lifecycle: {phase: active, prevent_destroy: true}\n")
    assert folder.again().conflicts == (), "the phase is what it was"


def test_a_phase_of_others_is_a_conflict_with_an_edit_here(folder: Folder) -> None:
    folder.declare("sale.yaml", "Sale")
    folder.records(sale="9")
    folder.declare("sale.yaml", "Sale", deal_id="7")
    folder.script = Script([shown("9", status="paused")])
    found = folder.again()
    ((one),) = found.conflicts
    assert one.fields == (
        ConflictField("lifecycle/phase", "active", "active", "paused"),
        ConflictField("deal_id", None, "7", None),
    )
    assert (found.changes, found.left) == ((), ())


def test_what_both_edited_is_a_conflict_with_all_three_values(folder: Folder) -> None:
    folder.declare("sale.yaml", "Sale", labels=["old"])
    folder.declare("other.yaml", "Other")
    folder.records(sale="9", other="8")
    folder.declare("sale.yaml", "Ours", labels=["ours"])
    text = folder.text("sale.yaml")
    theirs = shown("9", "Theirs", labels=["old"], deal_id="7")
    folder.script = Script([theirs, shown("8", "Other", deal_id="8")])
    found = folder.again()
    ((one),) = found.conflicts
    assert (one.key, one.id, one.file.endswith("sale.yaml")) == ("sale", "9", True)
    fields = {each.path: each for each in one.fields}
    assert fields["name"] == ConflictField("name", "Sale", "Ours", "Theirs")
    assert fields["deal_id"] == ConflictField("deal_id", None, None, "7")
    assert fields["labels"] == ConflictField("labels", ["old"], ["ours"], ["old"])
    assert list(folder.after(found)) == ["other.yaml"]
    assert folder.text("sale.yaml") == text


def test_a_text_in_a_file_is_written_there(folder: Folder) -> None:
    message = {"name": "m", "channel": "sms", "integration_id": "1996", "primary_lang": "en"}
    folder.write("sale.en.txt", "Sale ends soon")
    parted = [{**message, "sms": {"content": {"$file": "sale.{lang}.txt"}}}]
    folder.declare("sale.yaml", "Sale", messages=parted)
    folder.records(sale="9")
    theirs = [{**message, "sms": {"content": {"en": "Ends", "de": "Endet"}}}]
    folder.script = Script([shown("9", messages=theirs)])
    found = folder.again()
    assert folder.after(found) == {"sale.en.txt": "Ends", "sale.de.txt": "Endet"}
    assert {change.path: change.before for change in found.changes} == {
        "sale.en.txt": b"Sale ends soon",
        "sale.de.txt": None,
    }


def test_two_manifests_of_one_file_are_both_written(folder: Folder) -> None:
    for name in ("one", "two"):
        folder.declare(f"{name}.yaml", name, head=f"metadata: {{key: {name}}}\n")
    folder.write("both.yaml", f"{folder.text('one.yaml')}---\n{folder.text('two.yaml')}")
    for name in ("one", "two"):
        (folder.directory / f"{name}.yaml").unlink()
    folder.records(one="9", two="8")
    folder.script = Script([shown("9", "one", deal_id="7"), shown("8", "two", deal_id="8")])
    found = folder.again()
    assert [change.path for change in found.changes] == ["both.yaml"]
    after = folder.after(found)["both.yaml"]
    assert ("'7'" in after or '"7"' in after, "'8'" in after or '"8"' in after) == (True, True)
    assert [one.key for one in found.updated] == ["one", "two"]


def test_manifests_of_one_file_are_written_although_another_campaign_cannot_be(folder: Folder) -> None:
    names = ("one", "bad", "two")
    for name in names:
        folder.declare(f"{name}.yaml", name, head=f"metadata: {{key: {name}}}\n")
    folder.write("all.yaml", "---\n".join(folder.text(f"{name}.yaml") for name in names))
    for name in names:
        (folder.directory / f"{name}.yaml").unlink()
    folder.records(one="9", bad="8", two="7")
    changed = {"9": "5", "8": "none", "7": "6"}
    folder.script = Script(
        [shown(each, name, deal_id=changed[each]) for each, name in zip("987", names, strict=True)]
    )
    found = folder.again()
    assert [one.key for one in found.updated] == ["one", "two"]
    assert left(found) == [
        ("bad", "deal_id changed, which has to be edited by hand: 'none' is not an id", True)
    ]
    for change in found.changes:
        assert folder.put(change) == ""
    assert [folder.body(name).get("deal_id") for name in names] == ["5", None, "6"]


def test_one_of_a_matrix_is_edited_by_hand(folder: Folder) -> None:
    folder.declare("m.yaml", "Sale ${matrix.n}", head="matrix: {n: ['1']}\n")
    folder.declare("sale.yaml", "Sale")
    folder.records(**{"m[n=1]": "9", "sale": "8"})
    spec = folder.desired.campaigns["m[n=1]"].spec
    folder.script = Script(
        [shown("9", "Other", messages=spec["messages"], deal_id="7"), shown("8", deal_id="7")]
    )
    found = folder.again()
    assert left(found) == [
        ("m[n=1]", "name, deal_id changed, which has to be edited by hand: it is one of a matrix", True)
    ]
    assert found.left[0].id == "9"
    assert [one.key for one in found.updated] == ["sale"]


def test_a_file_that_others_use_is_edited_by_hand_and_the_rest_is_written(folder: Folder) -> None:
    message = {"name": "m", "channel": "sms", "integration_id": "1996", "primary_lang": "en"}
    folder.write("both.txt", "Soon")
    for name in ("a", "b"):
        parted = [{**message, "sms": {"content": {"en": {"$file": "both.txt"}}}}]
        folder.declare(f"{name}.yaml", name, messages=parted)
    folder.declare("sale.yaml", "Sale")
    folder.records(a="9", b="8", sale="7")
    changed = [{**message, "sms": {"content": {"en": "Now"}}}]
    same = [{**message, "sms": {"content": {"en": "Soon"}}}]
    folder.script = Script(
        [shown("9", "a", messages=changed), shown("8", "b", messages=same), shown("7", deal_id="7")]
    )
    found = folder.again()
    why = "messages/0/sms/content/en changed, which has to be edited by hand: "
    assert left(found) == [("a", f"{why}its defaults, matrix or other manifests would change", True)]
    assert list(folder.after(found)) == ["sale.yaml"]
    folder.script = Script([shown("9", "a", messages=changed), shown("8", "b", messages=changed), shown("7")])
    assert folder.after(folder.again()) == {"both.txt": "Now"}, "both changed alike"


def test_a_value_that_defaults_would_undo_is_edited_by_hand(folder: Folder) -> None:
    folder.write("_defaults.yaml", "spec: {description: shared}\n")
    found = pulled(folder, description=None)
    assert [one.name for one in found.left] == ["sale"]
    assert (found.changes, found.updated) == ((), ())


@pytest.mark.parametrize(
    ("live", "read"),
    [
        ({"status": "canceled"}, False),
        ({"status": "sent", "scheduled_time": PAST}, False),
        ({"name": "Other"}, True),
    ],
)
def test_what_is_over_is_left_alone(folder: Folder, live: dict[str, Any], read: bool) -> None:
    assert bool(pulled(folder, **live).changes) is read
    assert bool(pulled(folder, asked=Asked(("9",)), **live).changes) is read


def test_what_a_list_shows_in_short_is_read_by_id(folder: Folder) -> None:
    folder.declare("sale.yaml", "Sale")
    folder.records(sale="9")
    short = shown("9", "Other", messages=..., metadata=...)
    folder.script = Script([short], by_id={"9": shown("9", "Other", deal_id="7")})
    found = folder.again()
    assert folder.script.asked.count("9") == 1
    assert {path for one in found.updated for path in one.paths} >= {"deal_id"}


@pytest.mark.parametrize("gone", [True, False])
def test_a_recorded_campaign_without_a_manifest_is_not_read(folder: Folder, gone: bool) -> None:
    folder.declare("sale.yaml", "Sale")
    folder.records(sale="9")
    if gone:
        (folder.directory / "sale.yaml").unlink()
    folder.script = Script([shown("9", "Other", messages=...)], by_id={"9": None})
    assert folder.again() == Again()
    assert ("9" in folder.script.asked) is not gone


def test_a_campaign_whose_file_cannot_be_written_is_named_and_the_others_are_written(folder: Folder) -> None:
    folder.declare("sale.yaml", "Sale")
    folder.declare("other.yaml", "Other")
    folder.records(sale="9", other="8")
    folder.script = Script([shown("9", deal_id="7"), shown("8", "Other", deal_id="7")])
    found = folder.again()
    folder.write("sale.yaml", "# edited meanwhile\n")
    after = found.written(folder)
    assert [one.key for one in after.updated] == ["other"]
    ((one),) = after.left
    assert (one.id, one.name, one.fault, "sale.yaml" in one.why) == ("9", "sale", True, True)
    assert folder.text("sale.yaml") == "# edited meanwhile\n"
    assert "deal_id" in folder.text("other.yaml")


def test_only_chosen_campaigns_are_pulled_again(folder: Folder) -> None:
    folder.declare("sale.yaml", "Sale")
    folder.declare("other.yaml", "Other")
    folder.records(sale="9", other="8")
    folder.script = Script([shown("9", deal_id="7"), shown("8", "Other", deal_id="7", scheduled_time=FAR)])
    assert list(folder.after(folder.again(Asked(("8",))))) == ["other.yaml"]
    assert list(folder.after(folder.again())) == ["other.yaml", "sale.yaml"]


def test_an_edit_that_changes_another_field_too_is_left_to_a_person(folder: Folder) -> None:
    """A text with a name, which a second field takes."""
    folder.declare("sale.yaml", "Sale", description="Sale")
    text = folder.text("sale.yaml")
    folder.write(
        "sale.yaml",
        text.replace('"description": "Sale"', '"description": *n').replace(
            '"name": "Sale"', '"name": &n "Sale"', 1
        ),
    )
    folder.records(sale="9")
    folder.script = Script(
        [shown("9", "Other", description="Sale", messages=folder.body("sale")["messages"])]
    )
    found = folder.again()
    assert (found.changes, [one.name for one in found.left]) == ((), ["sale"])


def test_a_file_that_two_languages_use_is_edited_by_hand(folder: Folder) -> None:
    def messages(en: Any, de: Any) -> list[Any]:
        base = {"name": "m", "channel": "sms", "integration_id": "1996", "primary_lang": "en"}
        return [{**base, "sms": {"content": {"en": en, "de": de}}}]

    folder.write("both.txt", "Soon")
    folder.declare("sale.yaml", "Sale", messages=messages({"$file": "both.txt"}, {"$file": "both.txt"}))
    folder.records(sale="9")
    folder.script = Script([shown("9", messages=messages("Now", "Soon"))])
    found = folder.again()
    assert (found.changes, [one.name for one in found.left]) == ((), ["sale"])
    folder.script = Script([shown("9", messages=messages("Now", "Now"))])
    assert folder.after(folder.again()) == {"both.txt": "Now"}, "both changed alike"


@pytest.mark.parametrize(
    ("live", "why"),
    [
        (
            {"labels": ["a,b"]},
            "a label must not contain a comma: some answers of the API join labels with one",
        ),
        ({"deal_id": "none"}, "'none' is not an id"),
        ({"description": "Hi\x07"}, "the control character U+0007 is not allowed in a text"),
        ({"description": {"$file": "no.txt"}}, "no.txt: there is no such file"),
    ],
)
def test_what_no_manifest_can_declare_is_edited_by_hand_and_the_error_says_why(
    folder: Folder, live: dict[str, Any], why: str
) -> None:
    found = pulled(folder, **live)
    (name,) = live
    assert (found.changes, left(found)) == (
        (),
        [("sale", f"{name} changed, which has to be edited by hand: {why}", True)],
    )
