"""What still works for one key while the manifest of another is wrong, and what must not."""

from __future__ import annotations

import pytest

from tests.e2e.harness import World, weekly

SMS = '{name: m, channel: sms, integration_id: "1", sms: {content: {en: "TEXT"}}}'


def sms(text: str, head: str = "", tail: str = "") -> str:
    return f"{head}spec:\n  name: {text}\n  messages: [{SMS.replace('TEXT', text)}]\n{tail}"


@pytest.fixture
def shop(world: World) -> World:
    world.write("push/a.yaml", sms("One"))
    world.write("push/b.yaml", sms("Two"))
    world.apply()
    world.write("push/a.yaml", sms("One", tail="  labels: [x]\n"))
    world.write("push/b.yaml", sms("Two", tail="  labells: [x]\n"))
    return world


def test_another_keys_error_leaves_a_target_its_plan_and_its_apply(shop: World) -> None:
    shop.run("plan", status=1)
    plan = shop.run("plan", "--target", "push/a", "--format", "json", status=0)
    assert plan.actions() == {"push/a": "update"}
    assert "1 error in other manifests, which are left out: push/b.yaml" in plan.err
    assert shop.apply("--target", "push/a").actions() == {"push/a": "update"}
    shop.run("plan", "--target", "push/b", status=1)
    for command, shown in (("explain", "One"), ("status", "push/a"), ("preview", "One")):
        assert shown in shop.run(command, "push/a", status=0).out, command
    assert "push/b" not in shop.run("status", "push/a").out
    status = shop.run("status", "push/a", "--format", "json").json
    assert [row["key"] for row in status["campaigns"]] == ["push/a"]
    shop.run("explain", "push/b", status=1)
    shop.run("status", "push/z", status=1)


@pytest.mark.parametrize(
    ("name", "text", "targets"),
    [
        ("push/b.yaml", "labells: x", ("push/*",)),
        ("other.yaml", "metadata: {key: push/b}\nspec: [", ("push/*",)),
        ("other.yaml", "metadata: {key: push/b}\nspec: [", ("push/a", "push/b")),
        ("other.yaml", "moved: {from: push/a}\nspec: [", ("push/a",)),
        ("other.yaml", sms("Three", head="moved: {from: push/a}\n"), ("push/a",)),
        ("other.yaml", sms("Three", head="metadata: {key: push/a}\n"), ("push/a",)),
        ("_defaults.yaml", "spec: {labells: [x]}\n", ("push/a",)),
        ("push/_defaults.yaml", "spec: [", ("push/a",)),
        ("campaignctl.yaml", "metadata: {nme: x}\n", ("push/a",)),
    ],
)
def test_what_a_target_may_depend_on_still_stops_it(
    shop: World, name: str, text: str, targets: tuple[str, ...]
) -> None:
    shop.write("push/b.yaml", sms("Two"))
    if name == "other.yaml" and "push/b" in text:
        (shop.folder / "push/b.yaml").unlink()
    shop.write(name, text)
    options = [word for one in targets for word in ("--target", one)]
    run = shop.run("plan", *options, "--format", "json", status=1)
    assert '"action"' not in run.out


def test_a_file_that_is_no_yaml_leaves_other_targets_their_plan(shop: World) -> None:
    shop.write("sms/_defaults.yaml", "spec: [")
    shop.write("sms/c.yaml", "spec: [")
    assert shop.run("plan", "--target", "push/a", "--format", "json", status=0).actions() == {
        "push/a": "update"
    }


def test_paths_narrow_validate_and_fmt(shop: World) -> None:
    assert "push/b.yaml" in shop.run("validate", status=1).out
    shop.run("validate", "push/a.yaml", status=0)
    assert "labells" in shop.run("validate", "push", status=1).out
    found = shop.run("validate", "push/b.yaml", "--format", "json", status=1).json["findings"]
    assert [one["code"] for one in found] == ["unknown-member"]
    shop.run("validate", "push/none.yaml", status=64)
    shop.run("validate", "..", status=64)
    shop.write("push/a.yaml", sms("One").replace("  messages", "    messages").replace("  name", "    name"))
    assert "push/a.yaml" not in shop.run("fmt", "--check", "campaignctl.yaml").out
    assert "push/a.yaml" in shop.run("fmt", "--check", "push", status=None).out
    assert "push/a.yaml" in shop.run("fmt", "push/a.yaml", status=0).out


def test_a_misspelt_key_is_answered_with_the_right_one_everywhere(world: World) -> None:
    world.write("push/welcome.yaml", sms("One", tail=f"  recurrence: {{cron: '{weekly()}'}}\n"))
    world.write("sale.yaml", sms("Sale ${matrix.c}", head="matrix: {c: [DE, FR]}\n"))
    world.apply()
    for words in (
        ("plan", "--target", "push/welcom"),
        ("plan", "--replace", "push/welcom"),
        ("status", "push/welcom"),
        ("explain", "push/welcom"),
        ("preview", "push/welcom"),
        ("state", "show", "push/welcom"),
        ("state", "rm", "push/welcom"),
        ("halt", "push/welcom", "--reason", "x"),
    ):
        assert "did you mean push/welcome?" in world.run(*words).err, words
    for words in (("plan", "--target", "sale"), ("status", "sale"), ("halt", "sale", "--reason", "x")):
        assert "'sale[*]'" in world.run(*words).err, words
    keys = [row["key"] for row in world.run("status", "sale[*]", "--format", "json").json["campaigns"]]
    assert keys == ["sale[c=DE]", "sale[c=FR]"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("pause push/a", "halt push/a --reason TEXT"),
        ("stop", "halt KEY --reason TEXT"),
        ("cancel", "halt KEY"),
        ("resume push/a", "halt --lift push/a"),
        ("list", "state list"),
        ("rollback", "plan"),
        ("refresh", "plan --refresh-only"),
        ("delete x", "state rm x"),
        ("Deploy", "apply"),
        ("help", "--help"),
        ("diff", "plan"),
    ],
)
def test_a_command_of_another_tool_leads_to_ours(world: World, typed: str, meant: str) -> None:
    run = world.run(*typed.split(), status=64)
    assert f"campaignctl {meant}" in run.err


@pytest.mark.parametrize("words", [("-h",), ("plan", "-h"), ("state", "-h"), ("state", "list", "-h")])
def test_h_is_help(world: World, words: tuple[str, ...]) -> None:
    assert "Usage: campaignctl" in world.run(*words, status=0).out
