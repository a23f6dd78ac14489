"""`plan --format html` and `show PLANFILE --format html` (issue 15, item 5)."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.harness import World
from tests.render.test_preview_html import active, texts


def manifest(text: str, country: str) -> str:
    push = {
        "title": {"en": text},
        "body": {"en": "Hi ${FIRST_NAME}"},
        "landing_url": "https://shop.example/a",
    }
    spec = {
        "name": country,
        "scheduled_time": "2036-03-22 10:00:00",
        "targeting": {"countries": {"items": [country], "op": "in"}},
        "messages": [{"name": "Main", "channel": "push", "push": push}],
    }
    return json.dumps({"spec": spec})


def test_a_plan_is_a_page_to_review_and_to_keep(world: World) -> None:
    project = (world.folder / "campaignctl.yaml").read_text()
    world.write("campaignctl.yaml", f"{project}preview: {{samples: {{FIRST_NAME: Ana}}}}\n")
    for country in ("DE", "FR", "IT"):
        world.write(f"spring/{country.lower()}.yaml", manifest("Spring sale", country))
    world.apply()
    for country in ("DE", "FR", "IT"):
        world.write(f"spring/{country.lower()}.yaml", manifest("Spring sale: <b>all", country))
    made = world.run("plan", "-o", "p.json", "--format", "html", status=0)
    page = made.out
    assert "Saved the plan to p.json" in made.err
    assert texts(page, ".verdict b") == ["Can be applied.", "Can be applied."]
    assert texts(page, ".group h3") == ["update 3 campaigns spring/*"]
    assert texts(page, "tbody th code") == ["spring/de", "spring/fr", "spring/it"]
    assert texts(page, ".texts ins")[0].startswith(": <b>")
    assert "Hi Ana" in texts(page, ".card .body")
    assert [each for each in active(page) if not each.startswith("<script>(() =>")] == []

    world.environ["OCAMBA_TOKEN"] = ""
    kept = world.run("show", "p.json", "--format", "html", status=0).out
    assert texts(kept, ".group h3") == texts(page, ".group h3")
    assert "Hi ${FIRST_NAME}" in texts(kept, ".card .body")


def test_a_page_is_written_to_standard_output_and_clashes_are_refused(world: World) -> None:
    world.write("a.yaml", manifest("Spring sale", "DE"))
    clash = world.run("plan", "-o", "-", "--format", "html", status=64)
    assert (clash.out, "both write to standard output" in clash.err) == ("", True)
    meant = world.run("plan", "-o", "report.html", "--format", "html", status=64)
    assert (meant.out, "-o saves the plan" in meant.err, Path("report.html").exists()) == ("", True, False)
    state = world.run("show", "--format", "html", status=64)
    assert "The state cannot be shown as a page, only a saved plan" in state.err
    assert "campaignctl show PLANFILE --format html" in state.err


def test_a_pipeline_keeps_the_page_next_to_the_plan(world: World) -> None:
    world.write("a.yaml", manifest("Spring sale", "DE"))
    world.environ |= {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/crm", "GITHUB_RUN_ID": "5"}
    kept = world.folder / "kept"
    kept.mkdir()
    world.run("ci", "report", "kept", "--status", "1")
    assert not (kept / "plan.html").exists()
    world.run("plan", "-o", "kept/plan.json", status=0)
    world.run("ci", "report", "kept", "--status", "2", status=0)
    assert texts((kept / "plan.html").read_text(), ".group h3") == ["create a DE"]
    (kept / "plan.html").unlink()
    world.write("campaignctl.yaml", "kind: Nothing\n")
    failed = world.run("ci", "report", "kept", "--status", "2", status=0)
    assert "There is no page of the plan" in failed.err
    assert not (kept / "plan.html").exists()
