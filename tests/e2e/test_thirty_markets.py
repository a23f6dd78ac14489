"""Thirty markets in three languages, from one manifest."""

from __future__ import annotations

from tests.e2e.harness import World

MARKETS = [f"{first}{second}" for first in "ABC" for second in "ABCDEFGHIJ"]

DEFAULTS = """
    spec:
      labels: [welcome, "${matrix.market}"]
      targeting: {countries: {items: ["${matrix.market}"], op: in}}
    message:
      push: {push: {icon: https://example.com/icon.png}}
      email:
        integration_id: "1830"
        email: {sender_name: Acme, sender_email: crm@example.com}
    """
MANIFEST = """
    matrix:
      market: [%s]
      include:
        - {offer: "10%%"}
        - {market: AA, offer: "20%%"}
    spec:
      name: Welcome ${matrix.market}
      scheduled_time: 2036-12-24 10:00:00
      messages:
        - name: Push
          channel: push
          push:
            title: {$file: "texts/title.{lang}.txt"}
            landing_url: https://example.com/${matrix.market}
        - name: Mail
          channel: email
          email: {subject: "Hello", html: {$file: "texts/mail.{lang}.html"}}
    """


def written(world: World) -> World:
    world.write("crm/_defaults.yaml", DEFAULTS)
    world.write("crm/welcome.yaml", MANIFEST % ", ".join(MARKETS))
    for language in ("de", "en", "fr"):
        world.write(f"crm/texts/title.{language}.txt", f"{language}: ${{matrix.offer}}")
        world.write(f"crm/texts/mail.{language}.html", f"<p>{language} ${{matrix.market}}</p>")
    return world


def test_one_manifest_makes_thirty_campaigns_that_plan_and_apply(world: World) -> None:
    written(world)
    keys = {f"crm/welcome[market={market}]" for market in MARKETS}
    assert {change["key"]: change["action"] for change in world.plan()["changes"]} == dict.fromkeys(
        keys, "create"
    )
    assert world.apply().outcomes() == dict.fromkeys(keys, "done")
    world.assert_settled()
    live = world.campaigns()["Welcome AB"]["live"]
    push, mail = live["messages"]
    assert push["push"]["title"] == {"de": "de: 10%", "en": "en: 10%", "fr": "fr: 10%"}
    assert push["push"]["icon"] == "https://example.com/icon.png"
    assert mail["email"]["html"]["fr"] == "<p>fr AB</p>"
    assert world.campaigns()["Welcome AA"]["live"]["messages"][0]["push"]["title"]["de"] == "de: 20%"


def test_one_market_is_targeted_by_its_key_or_by_a_pattern(world: World) -> None:
    written(world)
    assert world.apply("--target", "crm/welcome[market=CA]").outcomes() == {"crm/welcome[market=CA]": "done"}
    actions = world.plan("--target", "crm/welcome[market=A?]")["changes"]
    assert len(actions) == 10
    assert all(change["key"].startswith("crm/welcome[market=A") for change in actions)
