"""`pull` again: what changed live is written where the author has it; what both edited is a conflict."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.hand_made import email
from tests.e2e.harness import World, sms
from tests.golden import Golden

FAR = "2036-03-22 10:00:00"
LETTER = """\
# yaml-language-server: $schema=schemas/Campaign.json
apiVersion: campaignctl/v1
kind: Campaign
spec:
    # What the team calls it
    name:   'Letter'   # short

    labels: [b,   a]
    messages:
      - name: Letter
        channel: email
        integration_id: ${var.mail}
        email: {sender_name: Acme, sender_email: crm@example.com, subject: "Read: this"}   # on one line
    scheduled_time: {at: 2036-03-22 10:00:00, tz: Europe/Belgrade}   # local
"""


def files(world: World) -> list[Path]:
    return sorted(path for path in world.folder.rglob("*.*") if path.is_file() and path.suffix != ".json")


@pytest.fixture
def letter(world: World) -> tuple[World, str]:
    """An author's own layout: quotes, comments, variables, defaults, a text in a file, CRLF elsewhere."""
    project = (world.folder / "campaignctl.yaml").read_text()
    world.write("campaignctl.yaml", f'{project}variables: {{mail: "1830"}}\n')
    (world.folder / "letter.yaml").write_text(LETTER)
    (world.folder / "letter.yaml").write_text(
        LETTER.replace('Read: this"}', 'Read: this", html: {$file: "p.{lang}.html"}}')
    )
    (world.folder / "p.en.html").write_text("<b>${var.mail}</b>\n<p>$${x}</p>\n")
    world.write("_defaults.yaml", "spec: {description: shared}\n")
    world.write("other.yaml", sms("Other", scheduled_time=FAR))
    world.apply()
    world.assert_settled()
    return world, world.state["campaigns"]["letter"]["id"]


def test_nothing_changes_while_nothing_changed(letter: tuple[World, str]) -> None:
    world, _ = letter
    before = {path: path.read_bytes() for path in files(world)}
    assert world.run("pull", "--all", status=0).out.strip() == "Nothing to write."
    assert {path: path.read_bytes() for path in files(world)} == before


def test_each_change_is_written_at_its_place(letter: tuple[World, str], golden: Golden) -> None:
    world, campaign = letter
    before = (world.folder / "letter.yaml").read_text()
    world.control.edit(
        campaign,
        {
            "name": "Letter: new",
            "description": "theirs",
            "labels": ["a", "c"],
            "deal_id": "77",
            "scheduled_time": "2036-03-23 10:00:00",
            "messages/0/email/subject": "Read, or not",
            "messages/0/email/html/en": "<b>1830</b>\n<p>${y}</p>\n",
            "messages/0/email/html/de": "<p>Neu</p>",
            "targeting": {"countries": {"items": ["NO"], "op": "in"}},
        },
    )
    patch = world.run("pull", "--all", "--diff", status=0).out
    assert (world.folder / "letter.yaml").read_text() == before
    golden("patch", patch)
    said = world.run("pull", "--all", status=0).out
    golden("said", said)
    after = (world.folder / "letter.yaml").read_text()
    golden("after", after)
    assert (world.folder / "p.en.html").read_text() == "<b>${var.mail}</b>\n<p>$${y}</p>\n"
    assert (world.folder / "p.de.html").read_text() == "<p>Neu</p>"
    plan = world.plan()
    assert (plan["changes"], plan["blocked"], plan["drift"]) == ([], [], [])
    mark = world.mark()
    world.apply()
    assert world.writes(mark) == []
    world.assert_settled()
    assert world.run("pull", "--id", campaign, status=0).out.strip() == "Nothing to write."
    (world.folder / "letter.yaml").write_text(before)
    (world.folder / "p.en.html").write_text("<b>${var.mail}</b>\n<p>$${x}</p>\n")
    (world.folder / "p.de.html").unlink()
    subprocess.run(["git", "apply"], cwd=world.folder, input=patch.encode(), check=True)
    assert (world.folder / "letter.yaml").read_text() == after


def test_what_was_edited_here_too_is_a_conflict(letter: tuple[World, str], golden: Golden) -> None:
    world, campaign = letter
    path = world.folder / "letter.yaml"
    path.write_text(path.read_text().replace("'Letter' ", "'Ours' ").replace("[b,   a]", "[ours]"))
    before = path.read_text()
    world.control.edit(campaign, name="Theirs", deal_id="77")
    other = world.state["campaigns"]["other"]["id"]
    world.control.edit(other, name="Other: new")
    golden("conflict", world.run("pull", "--all", status=1).out, campaign=campaign)
    assert path.read_text() == before
    assert "Other: new" in (world.folder / "other.yaml").read_text()
    path.write_text(
        before.replace("'Ours' ", "'Theirs' ").replace("    labels", "    deal_id: '77'\n    labels")
    )
    assert "conflict" not in world.run("pull", "--all", status=0).out, "both say the same"


@pytest.mark.parametrize("shown", [[], "", None])
def test_after_all_labels_were_taken_off_the_plan_is_empty(
    letter: tuple[World, str], shown: str | list[str] | None
) -> None:
    world, campaign = letter
    world.control.edit(campaign, {"labels": shown})
    world.run("pull", "--all", status=0)
    assert "labels" not in (world.folder / "letter.yaml").read_text()
    plan = world.plan()
    assert (plan["changes"], plan["blocked"], plan["drift"]) == ([], [], [])
    mark = world.mark()
    world.apply()
    assert world.writes(mark) == []
    assert world.run("pull", "--all", status=0).out.strip() == "Nothing to write."


def test_a_pause_in_the_dashboard_becomes_the_phase(world: World) -> None:
    (world.folder / "a.yaml").write_text(
        f"# mine\nspec: {json.loads(sms('A', scheduled_time=FAR))['spec']}\n"
    )
    world.apply()
    campaign = world.state["campaigns"]["a"]["id"]
    before = (world.folder / "a.yaml").read_text()
    world.control.pause(campaign)
    world.run("pull", "--all", status=0)
    assert (world.folder / "a.yaml").read_text() == before.replace(
        "spec:", "lifecycle:\n  phase: paused\nspec:"
    )
    plan = world.plan()
    assert (plan["changes"], plan["blocked"], plan["drift"]) == ([], [], [])
    mark = world.mark()
    world.apply()
    assert world.writes(mark) == []
    assert world.run("pull", "--all", status=0).out.strip() == "Nothing to write."


def test_what_has_no_place_of_its_own_is_named(world: World) -> None:
    world.write("p.html", "<p>x</p>")
    page = {"$file": "p.html"}
    for name in ("one", "two"):
        made = email(name, {}, scheduled_time=FAR)
        made["messages"][0]["email"]["html"] = {"en": page}
        world.write(f"{name}.yaml", json.dumps({"spec": made}))
    matrix: dict[str, Any] = json.loads(sms("M ${matrix.n}", scheduled_time=FAR))
    world.write("m.yaml", json.dumps({"matrix": {"n": ["1", "2"]}, **matrix}))
    world.apply()
    ids = {key: record["id"] for key, record in world.state["campaigns"].items()}
    world.control.edit(ids["one"], {"messages/0/email/html/en": "<p>y</p>"})
    world.control.edit(ids["m[n=1]"], name="Other")
    more = world.control.campaign(ids["two"])["live"]["messages"]
    world.control.edit(ids["two"], messages=[*more, {**more[0], "name": "second"}])
    before = {path: path.read_bytes() for path in files(world)}
    said = world.run("pull", "--all", status=1).out
    for key in ("one", "two", "m[n=1]"):
        assert f"{ids[key]} {key}" in said
    assert {path: path.read_bytes() for path in files(world)} == before
