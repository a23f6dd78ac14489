"""Thirty-six campaigns of one manifest and a price that changes in all of them, as a reviewer sees it."""

from __future__ import annotations

import re

from tests.e2e.harness import World

_COUNTRIES = (
    "[AT, BE, BG, CH, CY, CZ, DE, DK, EE, ES, FI, FR, GB, GR, HR, HU, IE, IT,"
    " LT, LU, LV, MT, NL, 'NO', PL, PT, RO, RS, SE, SI, SK, TR, UA, AL, BA, ME]"
)
_PRICES = "variables: {price: '%s'}\n"
_MATRIX = f"""
matrix: {{country: {_COUNTRIES}}}
spec:
  name: Spring ${{matrix.country}}
  scheduled_time: 2036-03-22 10:00:00
  targeting: {{countries: {{items: ["${{matrix.country}}"], op: in}}}}
  messages:
    - name: Main
      channel: push
      push:
        title: {{en: Spring sale}}
        body: {{en: "Everything from ${{var.price}} euros, only this weekend, in all shops and online."}}
        landing_url: https://shop.example/${{matrix.country}}
"""


def test_a_changed_price_of_36_campaigns_is_one_block_in_every_output(world: World) -> None:
    project = (world.folder / "campaignctl.yaml").read_text()
    world.write("campaignctl.yaml", project + _PRICES % "19.90")
    world.write("spring.yaml", _MATRIX)
    new = world.run("plan").out
    assert len(new.splitlines()) < 30
    assert "+ create 36 campaigns: spring[country=*] [arms]" in new
    world.apply()
    world.write("campaignctl.yaml", project + _PRICES % "24.90")

    text = world.run("plan").out
    assert len(text.splitlines()) < 30
    verdict = "Plan: 36 to update. 36 change what armed campaigns send."
    assert (text.splitlines()[0], text.splitlines()[-1]) == (verdict, verdict)
    assert "| Everything from [-19.90-]{+24.90+} euros, only this weekend" in text
    assert world.run("-q", "plan").out == f"{verdict}\n"
    summary = world.run("plan", "--summary").out
    assert len(summary.splitlines()) <= 8
    assert (
        "~ update 36 campaigns: spring[country=*]: Sat 22 Mar 2036 10:00 GMT; 36 audiences; 1 field"
        in summary
    )

    full = world.run("plan", "--full").out
    comment = world.run("plan", "--format", "markdown").out
    page = world.run("plan", "--format", "html").out
    changes = world.plan()["changes"]
    assert len(changes) == 36
    for change in changes:
        assert all(change["key"] in shown for shown in (full, comment, page))
        assert change["id"] in comment
    folded = comment.index("<details>")
    assert "Everything from <del>19.90</del> <ins>24.90</ins> euros" in comment[:folded]
    assert comment.count("<details>") == 1
    assert not re.search(r"^\|", comment, re.MULTILINE)


_MARKETS = _MATRIX.replace("Spring sale", '"Spring sale in ${matrix.country}"')


def test_texts_that_name_the_country_are_one_block_and_each_is_one_step_away(world: World) -> None:
    project = (world.folder / "campaignctl.yaml").read_text()
    world.write("campaignctl.yaml", project + _PRICES % "19.90")
    world.write("spring.yaml", _MARKETS)
    outputs = {
        name: world.run("plan", *words, status=0).out
        for name, words in (
            ("text", ()),
            ("full", ("--full",)),
            ("comment", ("--format", "markdown")),
            ("page", ("--format", "html")),
        )
    }
    assert len(outputs["text"].splitlines()) < 30
    assert '"Spring sale in \u2039' in outputs["text"]
    assert "> **Spring sale in \u2039" in outputs["comment"]
    for change in world.plan()["changes"]:
        (text,) = (each["after"] for each in change["diff"] if each["path"].endswith("title/en"))
        country = text.removeprefix("Spring sale in ")
        assert f'"{country}"' in outputs["text"]
        assert all(text in outputs[name] for name in ("full", "comment", "page")), text


def test_a_summary_is_text_for_a_screen_and_of_a_plan(world: World) -> None:
    for words in (("--full",), ("--format", "json"), ("--format", "markdown")):
        assert "--summary and " in world.run("plan", "--summary", *words, status=64).err
    assert "show PLANFILE --summary" in world.run("show", "--summary", status=64).err
