"""`proof` and `guardrails.require_proof`, through the command line (issue 17, item 1)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.request import urlopen

import pytest

from tests.backends.git_place import git
from tests.cli.webhook import webhook
from tests.e2e.harness import PROJECT, TOKEN, World, kill, sms, until

FAR = "2036-03-22 10:00:00"
TARGETING = {"custom_properties": {"seed": {"items": ["team"], "op": "in"}}}
SEEDS = f"proofs: {{team: {{targeting: {json.dumps(TARGETING)}}}}}\n"
NEEDED = f"{PROJECT}{SEEDS}guardrails: {{require_proof: true}}\n"
MANY = {"countries": {"items": ["DE"], "op": "in"}}


def spring(text: str, **fields: Any) -> str:
    """A campaign for a whole country, in two languages."""
    content = {"en": text, "de": f"{text} (de)"}
    message = {
        "name": "m",
        "channel": "sms",
        "integration_id": "1996",
        "primary_lang": "en",
        "sms": {"content": content},
    }
    return sms("Spring", messages=[message], scheduled_time=FAR, targeting=MANY, **fields)


def beyond(world: World) -> list[Any]:
    """What the account sent to anyone but the seeds."""
    return [send["body"] for send in world.control.sends() if send["body"].get("targeting") != TARGETING]


def texts(world: World) -> list[str]:
    return [
        text
        for send in world.control.sends()
        for text in send["body"]["messages"][0]["sms"]["content"].values()
    ]


def test_a_campaign_is_seen_corrected_seen_again_approved_and_armed(world: World) -> None:
    world.write("campaignctl.yaml", NEEDED)
    world.write("spring.yaml", spring("Srping sale"))
    blocked = world.plan(status=1)["blocked"][0]
    assert (blocked["key"], blocked["hint"]) == ("spring", "campaignctl proof spring")

    shown = world.run("proof", "spring", status=0)
    assert "Done: 2 sent." in shown.out
    assert texts(world) == ["Srping sale", "Srping sale (de)"]
    newest = world.control.sends()[-1]["campaign_id"]
    with urlopen(f"{world.url}/?campaign={newest}") as page:
        assert "[proof] de Spring" in page.read().decode()

    # Seeds have found a mistake: its correction is not what they have seen.
    world.write("spring.yaml", spring("Spring sale"))
    refused = world.run("apply", "--auto-approve", status=1)
    assert "campaignctl proof spring" in refused.out
    assert world.state["campaigns"] == {}
    world.run("proof", "spring", "--lang", "en", status=0)
    assert world.plan(status=1)["blocked"][0]["hint"] == "campaignctl proof spring --lang de"
    world.run("proof", "spring", "--lang", "de", status=0)

    world.run("plan", "-o", "plan.json", status=0)
    plan = world.run("show", "plan.json", status=0).out
    assert "en, de: proofed by " in plan
    told = world.plan()["changes"][0]["proofs"]
    assert [(one["lang"], one["to"], bool(one["id"])) for one in told] == [
        ("en", "team", True),
        ("de", "team", True),
    ]
    comment = world.run("plan", "--format", "markdown", status=0).out
    assert "Proof: en, de: proofed by " in comment
    page_ = world.run("plan", "--format", "html", status=0).out
    assert "proofed by" in page_
    world.run("apply", "plan.json", status=0)
    live = world.control.campaign(world.state["campaigns"]["spring"]["id"])["live"]
    assert (live["name"], live["status"]) == ("Spring", "scheduled")
    assert beyond(world) == []

    # An edited text of an armed campaign needs a proof too; another time does not.
    world.write("spring.yaml", spring("Spring sale, one day more"))
    assert world.plan(status=1)["blocked"][0]["status"] == "scheduled"
    world.write("spring.yaml", spring("Spring sale", description="for the team"))
    world.apply()
    world.assert_settled()
    assert beyond(world) == []


@pytest.mark.parametrize("metadata", ["kept", "dropped"])
def test_no_list_takes_a_proof_for_a_campaign(world: World, metadata: str) -> None:
    """Those that were sent, one that is sent just now, and one that stayed a draft."""
    world.control.switch(metadata=metadata)
    world.write("campaignctl.yaml", PROJECT + SEEDS)
    world.write("spring.yaml", spring("Spring sale"))
    world.run("proof", "spring", status=0)
    world.control.fault({"method": "PATCH"}, {"kind": "status", "status": 400})
    failed = world.run("proof", "spring", "--lang", "en", status=1)
    assert "is draft, and sends nothing" in failed.out
    world.control.switch(running_seconds=3_600)
    world.run("proof", "spring", "--lang", "de", status=0)
    before = sorted(world.folder.rglob("*.yaml"))
    assert world.run("status", "--unmanaged", "--format", "json", status=0).json["unmanaged"] == []
    assert "knows every campaign" in world.run("state", "recover", status=0).out
    world.run("pull", "--all", status=0)
    assert sorted(world.folder.rglob("*.yaml")) == before
    assert "proof" not in world.run("calendar", status=0).out
    left = world.run("import", "spring", world.control.sends()[0]["campaign_id"], status=1)
    assert "is a proof of spring" in left.err
    plan = world.plan()
    assert [change["action"] for change in plan["changes"]] == ["create"]
    assert not any("unmanaged" in note for note in plan["notes"])
    world.apply()
    world.assert_settled()
    assert world.run("status", "--format", "json", status=0).json["notes"] == []
    world.run("halt", "--all", "--reason", "stop", status=0)
    statuses = [one["live"]["status"] for one in world.control.campaigns()]
    assert sorted(statuses) == ["draft", "paused", "paused", "sent", "sent"]


def test_a_loosened_guardrail_is_shown_as_other_settings_are(world: World) -> None:
    world.write("campaignctl.yaml", NEEDED)
    world.write("other.yaml", sms("Other", is_draft=True))
    world.apply()
    wider = NEEDED.replace('["team"]', '["team", "agency"]').replace(
        "require_proof: true", "max_proofs_per_day: 99"
    )
    world.write("campaignctl.yaml", wider)
    changed = {one["path"]: one["loosens"] for one in world.plan()["settings_changed"]}
    assert changed == {
        "proofs": True,
        "guardrails.require_proof": True,
        "guardrails.max_proofs_per_day": True,
    }
    note = world.run("proof", "other", "--dry-run", status=0).out
    assert "the seed list team was changed since the last apply" in note


def test_an_environment_has_seeds_of_its_own(world: World) -> None:
    """Also in the settings that its state keeps: another list is shown as loosened there alone."""
    qa = {"languages": {"items": ["de"], "op": "in"}}

    def declare(items: str) -> None:
        own = f"{{team: {{targeting: {json.dumps({'languages': {'items': [items], 'op': 'in'}})}}}}}"
        text = f"{PROJECT}{SEEDS}environments: {{staging: {{proofs: {own}}}, production: {{}}}}\n"
        world.write("campaignctl.yaml", text)

    declare("de")
    world.write("spring.yaml", spring("Spring sale"))
    for environment, seeds in (("staging", qa), ("production", TARGETING)):
        after = len(world.control.sends())
        world.run("-e", environment, "state", "init", status=None)
        world.run("-e", environment, "proof", "spring", "--lang", "en", status=0)
        assert [send["body"]["targeting"] for send in world.control.sends()[after:]] == [seeds]
        world.run("-e", environment, "apply", "--auto-approve", "--override", "resend", status=0)
    declare("fr")
    plans = [world.run("-e", one, "plan", "--format", "json").json for one in ("staging", "production")]
    assert [[one["path"] for one in plan["settings_changed"]] for plan in plans] == [["proofs"], []]
    note = world.run("-e", "staging", "proof", "spring", "--dry-run", status=0).out
    assert "the seed list team was changed since the last apply" in note


def test_without_a_seed_list_the_lines_to_add_are_shown(world: World) -> None:
    """As they are pasted into the project file."""
    world.write("spring.yaml", spring("Spring sale"))
    refused = world.run("proof", "spring", "--dry-run", status=64)
    assert max(map(len, refused.err.splitlines())) < 100
    block = refused.err.partition("campaignctl.yaml:\n")[2]
    world.write("campaignctl.yaml", PROJECT + dedent(block))
    assert "2 would be sent" in world.run("proof", "spring", "--dry-run", status=0).out


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        ("{}", "may reach everyone"),
        ('{"countries": {"items": "DE", "op": "in"}}', "countries"),
    ],
)
def test_a_seed_list_that_may_not_narrow_sends_nothing(world: World, seeds: str, said: str) -> None:
    world.write("campaignctl.yaml", f"{PROJECT}proofs: {{team: {{targeting: {seeds}}}}}\n")
    world.write("spring.yaml", spring("Spring sale"))
    for words in (("proof", "spring"), ("proof", "spring", "--dry-run")):
        refused = world.run(*words, status=1)
        assert said in refused.err
    assert world.writes() == []


def test_a_run_that_is_killed_is_found_and_not_repeated(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT + SEEDS)
    world.write("spring.yaml", spring("Spring sale"))
    world.control.fault({"method": "PATCH"}, {"kind": "delay", "seconds": 30, "when": "after"})
    running = world.start("proof", "spring", "--lang", "en")
    until(world.control.sends)
    kill(running)
    world.run("proof", "spring", "--lang", "en", status=0)
    assert texts(world) == ["Spring sale"]
    assert [one["phase"] for one in world.state["proofs"]] == ["sent"]


def test_the_outcome_of_a_proof_is_posted(world: World) -> None:
    world.write("campaignctl.yaml", f"{PROJECT}{SEEDS}notify: {{url_env: HOOK, on: all}}\n")
    world.write("spring.yaml", spring("Spring sale"))
    with webhook() as hook:
        world.environ["HOOK"] = hook.url
        world.run("proof", "spring", "--dry-run", status=0)
        assert hook.bodies == []
        world.run("proof", "spring", status=0)
        (body,) = hook.bodies
        assert (body["event"], body["key"], body["to"], body["result"]) == ("proof", "spring", "team", "done")
        assert body["text"] == "campaignctl proof of shop: done: 2 done (spring to team)"
        world.control.switch(create_ignores=["targeting"])
        world.run("proof", "spring", status=1)
        assert hook.bodies[-1]["result"] == "incomplete"
        assert "1 failed" in hook.bodies[-1]["text"]
        # A refusal has no report: it is posted as it is told.
        world.write(
            "campaignctl.yaml",
            f"{PROJECT}{SEEDS}notify: {{url_env: HOOK}}\nguardrails: {{max_proofs_per_day: 0}}\n",
        )
        world.run("proof", "spring", status=1)
        assert hook.bodies[-1]["event"] == "proof"
        assert hook.bodies[-1]["error"]["summary"].startswith("2 proofs")
    assert not any(TOKEN in raw for raw in hook.raw)
    assert beyond(world) == []


def test_proofs_are_known_to_everybody_who_shares_the_state(world: World, tmp_path: Path) -> None:
    """On git: what one laptop has proofed, another arms; and one that died is settled by the other."""
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    shared = f"{NEEDED}state: {{backend: git}}\n"
    both = [world, World(tmp_path / "other", world.url, world.control)]
    for each in both:
        each.write("campaignctl.yaml", shared)
        git(each.folder, "init", "--quiet")
        git(each.folder, "remote", "add", "origin", f"file://{tmp_path}/remote.git")
        each.write("spring.yaml", spring("Spring sale"))
    _, other = both
    world.control.fault({"method": "PATCH"}, {"kind": "delay", "seconds": 30, "when": "after"})
    running = world.start("proof", "spring", "--lang", "en")
    until(world.control.sends)
    kill(running)
    # Its lock is left: another clone cannot tell whether its process is dead.
    order = ("proof", "spring", "--lang", "en", "--lang", "de")
    locked = other.run(*order, "--lock-timeout", "0s", status=1)
    lock = re.search(r"state unlock (\S+)", locked.err)
    assert lock, locked.err
    other.run("state", "unlock", lock[1], status=0)
    other.run(*order, status=0)
    assert sorted(texts(world)) == ["Spring sale", "Spring sale (de)"]
    assert beyond(world) == []
    shown = {one["lang"]: one["to"] for one in world.plan()["changes"][0]["proofs"]}
    assert shown == {"en": "team", "de": "team"}
    world.apply()
    assert other.plan()["changes"] == []
    # The other corrects a text: what it shows has not been seen.
    other.write("spring.yaml", spring("Spring Sale"))
    assert other.plan(status=1)["blocked"][0]["hint"] == "campaignctl proof spring"
