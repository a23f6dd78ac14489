"""A whole account that was made by hand, as a new user takes it over; a lost state of a thousand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from campaignctl.campaign.marker import Owner
from tests.e2e.hand_made import FAR, QUICK, body, documented, make, odd
from tests.e2e.harness import PROJECT_ID, World
from tests.e2e.test_pull import AWKWARD, assert_adoptions_alone, files, manifests

#: Without what an API changes in new texts: a write says that it did.
EVERYTHING: dict[str, Any] = {
    **AWKWARD["left out"],
    **{name: value for name, value in AWKWARD["filled in"].items() if name not in ("tracked_html", "cut")},
    **AWKWARD["respelt"],
}


def sixty(world: World) -> list[str]:
    """Sixty campaigns of all shapes: every one twice, the second under another name and with other texts."""
    ids = list(make(world).values())
    shapes = {**documented(), **odd()}
    for number, (name, one) in enumerate(list(shapes.items()) * 2):
        if len(ids) == 60:
            break
        if not one.get("run_immediately"):
            ids.append(str(world.control.create({**one, "name": f"{name} {number}"})["id"]))
    assert len(ids) == 60
    return ids


@pytest.mark.slow
@pytest.mark.parametrize("switches", [{}, EVERYTHING], ids=["as documented", "everything awkward"])
def test_an_account_of_sixty_campaigns_is_taken_over(world: World, switches: dict[str, Any]) -> None:
    world.write("campaignctl.yaml", QUICK)
    world.control.switch(**switches)
    ids = sixty(world)
    sends = world.sends()
    over = {one["id"] for one in world.control.campaigns() if one["live"]["status"] in ("sent", "canceled")}
    world.run("pull", "--all", status=0)
    assert len(manifests(world)) == 60 - len(over)
    assert_adoptions_alone(world, set(ids) - over)
    world.run("validate", "--fail-severity", "error", status=0)
    world.run("fmt", "--check", "push", "email", "sms", status=0)

    first, second = world.folder / "sms/welcome.yaml", world.folder / "email/texts.en.html"
    first.write_text(first.read_text().replace("name: Welcome\n", "name: Willkommen\n", 1))
    second.write_text(second.read_text().replace("Hello", "Good day"))
    plan = world.plan()
    assert {one["key"]: one["action"] for one in plan["changes"]} == {
        "sms/welcome": "update",
        "email/texts": "update",
    }
    done = world.apply(status=None)
    assert done.outcomes() == {"sms/welcome": "done", "email/texts": "done"}, done.out
    world.assert_settled()

    before = files(world)
    assert world.run("pull", "--all", status=0).out.splitlines()[-1].startswith("Left out"), (
        "nothing is written"
    )
    assert files(world) == before
    assert world.sends() == sends


@pytest.mark.slow
def test_a_lost_state_of_a_thousand_is_recovered_without_a_write(world: World) -> None:
    world.write("campaignctl.yaml", QUICK)
    owner = Owner("shop", PROJECT_ID)
    keys = [f"sms/c{number:04}" for number in range(1_000)]
    ids = {}
    for number, key in enumerate(keys):
        marked = {"metadata": {"campaignctl": str(owner.marker(key, f"{number:010x}"))}}
        ids[key] = str(world.control.create(body(f"C {number}", scheduled_time=FAR, **marked))["id"])
    others = [str(world.control.create(body(f"By hand {n}", scheduled_time=FAR))["id"]) for n in range(5)]
    texts = [f"metadata: {{key: {key}}}\nspec: {_spec(number)}" for number, key in enumerate(keys)]
    for start in range(0, len(texts), 100):
        world.write(f"part{start}.yaml", "\n---\n".join(texts[start : start + 100]))
    mark = world.mark()
    world.run("state", "recover", "--write", status=0)
    assert world.writes(mark) == []
    assert len(world.requests("GET", mark)) <= len(keys) + 15
    assert {key: record["id"] for key, record in world.state["campaigns"].items()} == ids
    world.assert_settled()
    shown = world.run("status", "--unmanaged", "--format", "json", status=0).json
    assert [row["id"] for row in shown["unmanaged"]] == others


def _spec(number: int) -> str:

    return json.dumps(body(f"C {number}", scheduled_time=FAR))
