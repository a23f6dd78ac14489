"""Lint in commands: `validate` fails with its errors, no plan stops for them, and a plan shows its own."""

from __future__ import annotations

from tests.e2e.harness import PROJECT, World, sms

FAR = "2036-03-22 10:00:00"
_STRICT = PROJECT + "lint: {severity: {SMS003: error}}\n"


def test_an_error_of_lint_fails_validate_and_stops_no_plan(world: World) -> None:
    world.write("campaignctl.yaml", _STRICT)
    shortened = sms("sale", scheduled_time=FAR).replace("Hi from", "Hi https://bit.ly/abc from")
    assert "bit.ly" in shortened
    path = world.write("sale.yaml", shortened)
    world.write("calm.yaml", sms("calm", scheduled_time=FAR))
    shown = world.run("validate", "--format", "json", status=1).json
    (found,) = [one for one in shown["findings"] if one["code"] == "SMS003"]
    line = next(number for number, text in enumerate(shortened.splitlines(), 1) if "bit.ly" in text)
    assert (found["severity"], found["line"], found["key"]) == ("error", line, "sale")
    assert shown["campaigns"] == 2
    notes = [one for one in shown["findings"] if one["severity"] == "info"]
    assert len(notes) == shown["infos"] > 0
    assert f"{shown['infos']} info; -v shows" in world.run("validate", status=1).out

    document = world.plan()
    assert [(one["code"], one["key"], one["severity"]) for one in document["lint"]] == [
        ("SMS003", "sale", "error")
    ]
    assert {one["key"] for one in document["changes"]} == {"sale", "calm"}
    text = world.run("plan", status=0).out
    assert "error SMS003: " in text
    assert "Lint: 1 error; stops nothing\n" in text
    assert "`SMS003`" in world.run("plan", "--format", "markdown", status=0).out

    saved = world.folder.parent / "plan.json"
    world.run("plan", "-o", str(saved), status=0)
    world.run("apply", str(saved), status=0)
    assert len(world.campaigns()) == 2
    # Nothing changes any more: there is nothing to say.
    assert world.plan()["lint"] == []
    # Another campaign changes: what is wrong with this one is not its concern.
    world.write("calm.yaml", sms("calm", scheduled_time=FAR).replace("Hi from", "Hello from"))
    document = world.plan()
    assert ([one["key"] for one in document["changes"]], document["lint"]) == (["calm"], [])
    path.write_text(shortened.replace("bit.ly/abc", "shop.example/abc"), encoding="utf-8")
    assert world.plan()["lint"] == []
    world.run("validate", status=0)
    world.run("validate", "--fail-severity", "info", status=1)


def test_rules_are_listed_and_explained(world: World) -> None:
    listed = world.run("lint", "--list", "--format", "json", status=0).json["rules"]
    assert {"code", "severity", "rule", "certainty", "source", "fix", "formerly"} == set(listed[0])
    assert world.run("lint", "--list", status=0).out.count("\n") == len(listed) + 1
    assert "Source (fact" in world.run("lint", "--explain", "sms003", status=0).out
    assert "SMS004" in world.run("lint", "--explain", "long-text", status=0).out
    typo = world.run("lint", "--explain", "SMS03", status=64)
    assert "did you mean SMS003?" in typo.err


def test_settings_of_lint_are_settings_of_the_plan(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    world.apply()
    waiver = "{code: SMS001, keys: ['*'], until: 2036-01-01, reason: long on purpose}"
    world.write("campaignctl.yaml", PROJECT + f"lint: {{severity: {{SMS: off}}, waivers: [{waiver}]}}\n")
    changed = {one["path"]: one["loosens"] for one in world.plan()["settings_changed"]}
    assert changed == {"lint.severity": True, "lint.waivers": True}
    world.apply()
    assert world.plan()["settings_changed"] == []
