"""`pull`: an account made by hand becomes manifests, and the plan right after shows adoptions alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaignctl.sandbox import Sandbox, Switches
from campaignctl.sandbox.control import Control
from campaignctl.sandbox.switches import Spelling
from tests.e2e.hand_made import QUICK, email, make
from tests.e2e.harness import PROJECT, World, sms
from tests.golden import Golden
from tests.manifest.pulled_bodies import bodies

EXAMPLES = Path(__file__).parents[1] / "sandbox" / "examples"
FAR = "2036-03-22 10:00:00"
Spec = dict[str, Any]


def body(name: str, **spec: Any) -> Spec:
    made: Spec = json.loads(sms(name, **spec))["spec"]
    return made


def by_hand(world: World, name: str = "Theirs", **spec: Any) -> str:
    return str(world.control.create(body(name, **{"scheduled_time": FAR, **spec}))["id"])


def manifests(world: World) -> list[str]:
    found = (path.relative_to(world.folder).as_posix() for path in world.folder.rglob("*.yaml"))
    return sorted(path for path in found if path != "campaignctl.yaml")


def files(world: World) -> dict[str, bytes]:
    return {
        path.relative_to(world.folder).as_posix(): path.read_bytes()
        for path in sorted(world.folder.rglob("*"))
        if path.is_file() and ".campaignctl" not in path.parts
    }


def assert_adoptions_alone(world: World, ids: Iterable[str]) -> None:
    """The plan adopts each campaign and does nothing else; the apply sends markers, and the next is empty."""
    plan = world.plan()
    assert sorted((one["id"], one["action"]) for one in plan["changes"]) == sorted((i, "adopt") for i in ids)
    for one in plan["changes"]:
        assert (one["diff"], one["warnings"], one.get("unmanaged", [])) == ([], [], []), one
    assert (plan["blocked"], plan["drift"], plan["objections"]) == ([], [], [])
    mark = world.mark()
    world.apply()
    for method, _, request in world.writes(mark):
        assert (method, list(request)) == ("PATCH", ["metadata"])
    world.assert_settled()
    assert world.plan("--refresh-only", "--detailed-exitcode")["drift"] == []


def test_a_campaign_becomes_a_manifest_that_a_person_would_write(world: World, golden: Golden) -> None:
    html = "<html>\n<body>\n" + "<p>Fresh ${OCMH_APP_NAME}, and ${price} of it</p>\n" * 8 + "</body></html>"
    texts = {"en": html, "de": html.replace("Fresh", "Frisch")}
    letter = email("Spring sale: Düsseldorf", texts, scheduled_time=FAR, labels=["spring", "de"])
    campaign = str(world.control.create(letter)["id"])
    said = world.run("pull", "--all", status=0).out
    golden("said", said, campaign=campaign)
    golden(
        "manifest",
        (world.folder / "email/spring-sale-dusseldorf.yaml").read_text(),
        campaign=campaign,
        url=world.url,
    )
    assert set(files(world)) == {
        "campaignctl.yaml",
        "email/spring-sale-dusseldorf.yaml",
        "email/spring-sale-dusseldorf.de.html",
        "email/spring-sale-dusseldorf.en.html",
    }
    assert world.state_or_none is None
    assert_adoptions_alone(world, [campaign])


#: What answers spell differently or add, all at once; and what they or their lists leave out.
AWKWARD: dict[str, dict[str, Any]] = {
    "as documented": {},
    "respelt": {
        "spelling": list(get_args(Spelling)),
        "labels": "comma",
        "ids": "numbers",
        "total": "string",
        "by_id": "bare",
        "run_immediately_echoed": True,
        "names_trimmed": True,
        "draft_status": "new",
        "manual_status": "idle",
        "scheduled_strategy": "later",
        "recurring_strategy": "often",
        "respell": {"1D": "1D 0H 0M", "No": "NO"},
    },
    "filled in": {
        "unasked": {"quiet_hours": {"from": "1"}, "deal_id": "9", "send_if_profile_time_passed": True},
        "metadata": "stringified",
        "tracked_html": "query",
        "cut": {"description": 3},
    },
    "left out": {
        "never_echoed": ["description", "labels", "callbacks"],
        "never_listed": ["messages", "scheduled_time", "metadata", "quiet_hours"],
        "default_view": "lean",
        "view_ignored": True,
        "filters_ignored": True,
        "page_size_fixed": 10,
        "create_time": "absent",
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("switches", AWKWARD.values(), ids=AWKWARD)
def test_the_plan_after_a_pull_shows_adoptions_alone(world: World, switches: dict[str, Any]) -> None:
    world.write("campaignctl.yaml", QUICK)
    world.control.switch(**switches)
    made = make(world)
    over = {one["id"] for one in world.control.campaigns() if one["live"]["status"] in ("sent", "canceled")}
    done = world.run("pull", "--all", status=0)
    left = set(made.values()) - over
    assert len(manifests(world)) == len(left), done.out
    assert_adoptions_alone(world, left)


def test_what_is_known_final_or_of_others_is_left_out(world: World, golden: Golden) -> None:
    world.write("sms/ours.yaml", sms("Ours", scheduled_time=FAR))
    world.apply()
    ours = world.state["campaigns"]["sms/ours"]["id"]
    taken = by_hand(world, "Taken")
    world.write(
        "sms/taken.yaml", json.dumps({"adopt": taken, **json.loads(sms("Taken", scheduled_time=FAR))})
    )
    over = by_hand(world, "Over")
    world.control.cancel(over)
    other = by_hand(world, "Other", metadata={"campaignctl": f"v1 {'0' * 12} {'1' * 12} deadbeef01"})
    fresh = by_hand(world, "Ours")
    before = files(world)
    done = world.run("pull", "--all", status=0)
    golden("left out", done.out, ours=ours, taken=taken, over=over, other=other, fresh=fresh)
    assert set(files(world)) - set(before) == {"sms/ours-2.yaml"}
    assert "Other" not in world.run("pull", "--all", status=0).out, "only counted"
    refused = world.run("pull", "--id", other, "--id", over, status=1)
    assert "has the marker of another project" in refused.out
    assert "phase: canceled" in (world.folder / "sms/over.yaml").read_text()
    assert world.run("pull", "--id", "424242", status=1).out.startswith("Left out, not in this account")


def test_options_choose(world: World) -> None:
    world.control.set_clock("2030-01-01 00:00:00")
    old = by_hand(world, "Old", labels=["a", "b"])
    world.control.advance(86_400)
    draft = by_hand(world, "Draft", labels=["b"], is_draft=True)
    by_hand(world, "New")
    over = by_hand(world, "Over")
    world.control.cancel(over)
    for words, keys in (
        (["--status", "draft"], ["b/draft"]),
        (["--status", "canceled"], ["unlabelled/over"]),
        (["--label", "b"], ["a/old", "b/draft"]),
        (["--since", "2030-01-02"], ["b/draft", "unlabelled/new"]),
        (["--label", "b", "--since", "2030-01-02 00:00:00"], ["b/draft"]),
    ):
        done = world.run("pull", "--all", "--layout", "label", "--diff", *words, status=0)
        patched = [line.removeprefix("+++ b/") for line in done.out.splitlines() if line.startswith("+++")]
        assert sorted(patched) == sorted(f"{key}.yaml" for key in keys), words
    assert set(files(world)) == {"campaignctl.yaml"}, "a patch writes nothing"
    (world.folder / "loop").symlink_to("loop")
    assert "loop is not a folder" in world.run("pull", "--id", old, "--out", "loop", status=1).out
    (world.folder / "loop").unlink()
    world.run("pull", "--id", old, "--id", draft, "--layout", "flat", "--out", "crm/old", status=0)
    assert manifests(world) == ["crm/old/draft.yaml", "crm/old/old.yaml"]
    assert_adoptions_alone(world, [old, draft])


@pytest.mark.parametrize(
    "words",
    [[], ["--all", "--id", "1"], ["--id", "1", "--label", "a"], ["--all", "--since", "monday"]]
    + [["--all", "--out", out] for out in ("..", "_hidden", "a b")],
)
def test_options_that_make_no_sense_are_refused(world: World, words: list[str]) -> None:
    world.run("pull", *words, status=64)
    assert world.requests() == []


def test_no_file_is_overwritten(world: World) -> None:
    html = {"en": "<p>long</p>" * 40}
    first = str(world.control.create(email("First", html, scheduled_time=FAR))["id"])
    second = str(world.control.create(email("Second", html, scheduled_time=FAR))["id"])
    world.write("email/first.en.html", "mine")
    before = files(world)
    refused = world.run("pull", "--all", status=1)
    assert "email/first.en.html exists already, with other content" in refused.out
    assert set(files(world)) - set(before) == {"email/second.yaml", "email/second.en.html"}
    assert files(world)["email/first.en.html"] == b"mine"
    assert_adoptions_alone(world, [second])
    (world.folder / "email/first.en.html").write_text(html["en"])
    world.run("pull", "--id", first, status=0)
    assert_adoptions_alone(world, [first])


def test_what_is_in_the_place_of_a_file_or_folder_leaves_out_one_campaign(world: World) -> None:
    first, second = by_hand(world, "First"), by_hand(world, "Second")
    page = email("Page", {"en": "<p>long</p>" * 40}, scheduled_time=FAR)
    letter = str(world.control.create(page)["id"])
    pushed = str(world.control.create({**page, "name": "Other", "labels": ["odd"]})["id"])
    (world.folder / "sms/first.yaml").mkdir(parents=True)
    (world.folder / "email/page.en.html").mkdir(parents=True)
    refused = world.run("pull", "--all", status=1).out
    assert f"sms/first.yaml is a folder: 1 campaign: {first} First" in refused
    assert f"email/page.en.html is a folder: 1 campaign: {letter} Page" in refused
    assert set(files(world)) == {
        "campaignctl.yaml",
        "sms/second.yaml",
        "email/other.yaml",
        "email/other.en.html",
    }
    (world.folder / "odd").write_text("a file")
    refused = world.run(
        "pull", "--id", letter, "--id", first, "--layout", "label", "--out", "odd", status=1
    ).out
    assert "odd is not a folder: 2 campaigns" in refused
    assert_adoptions_alone(world, [second, pushed])


@pytest.mark.parametrize("words", [["--layout", "flat"], ["--layout", "channel"], ["--factor"]])
def test_names_that_the_project_reserves_are_numbered(world: World, words: list[str]) -> None:
    project = (world.folder / "campaignctl.yaml").read_text()
    ids = [
        by_hand(world, name) for name in ("Campaignctl", "campaignctl!", ".git", "Git", "CON", "_defaults")
    ]
    ids += [str(world.control.create(market(code, "Campaignctl"))["id"]) for code in ("DE", "FR", "NO")]
    world.run("pull", "--all", *words, status=0)
    assert (world.folder / "campaignctl.yaml").read_text().startswith(project.rstrip())
    written = {Path(path).name for path in manifests(world)}
    assert written >= {"campaignctl-2.yaml", "campaignctl-3.yaml", "git.yaml", "git-2.yaml", "con-2.yaml"}
    assert ("campaignctl-4.yaml" in written) is (words == ["--factor"]), "a matrix has a name too"
    assert_adoptions_alone(world, ids)


def test_the_name_of_the_state_is_numbered(world: World) -> None:
    world.write("campaignctl.yaml", f"{PROJECT}state: {{path: state.yaml}}\n")
    by_hand(world, "State")
    world.run("pull", "--all", "--layout", "flat", status=0)
    assert manifests(world) == ["state-2.yaml"]


@pytest.mark.parametrize("up", ["", "../project/"])
def test_a_folder_may_be_a_link_and_a_patch_writes_nothing_through_it(world: World, up: str) -> None:
    world.write("campaignctl.yaml", f'{PROJECT}ignore: ["real/**"]\n')
    world.write("real/old.yaml", sms("Old", scheduled_time=FAR))
    (world.folder / "sms").symlink_to(f"{up}real" if up else world.folder / "real")
    world.apply()
    fresh = by_hand(world, "New")
    before = files(world)
    world.control.edit(world.state["campaigns"]["sms/old"]["id"], name="Old: new")
    patch = world.run("pull", "--all", "--diff", status=0).out
    assert "+++ b/sms/new.yaml" in patch
    assert "+++ b/sms/old.yaml" in patch
    assert files(world) == before
    world.run("pull", "--all", status=0)
    assert set(files(world)) - set(before) == {"real/new.yaml"}
    assert_adoptions_alone(world, [fresh])


def test_a_campaign_that_no_manifest_can_declare_is_named(world: World) -> None:
    world.write("_defaults.yaml", "spec: {description: shared}\n")
    changed = by_hand(world, "Changed")
    equal = by_hand(world, "Equal", description="shared")
    world.control.switch(never_echoed=["recurrence", "messages/*/sms/content/en"])
    hidden = str(world.control.create(body("Hidden", recurrence={"cron": "0 10 * * *"}))["id"])
    refused = world.run("pull", "--all", status=1).out
    assert f"{hidden} Hidden" in refused
    assert manifests(world) == ["_defaults.yaml"]
    world.control.switch(never_echoed=["recurrence"])
    refused = world.run("pull", "--all", status=1).out
    assert f"the defaults of sms/changed.yaml would change it: description: 1 campaign: {changed}" in refused
    assert "the API does not show when it sends" in refused
    assert manifests(world) == ["_defaults.yaml", "sms/equal.yaml"]
    assert_adoptions_alone(world, [equal])


def test_what_was_sent_at_once_is_not_sent_again(world: World) -> None:
    world.control.switch(running_seconds=3600)
    campaign = str(world.control.create(body("Now", run_immediately=True))["id"])
    draft = str(world.control.create(body("Later", run_immediately=True, is_draft=True))["id"])
    refused = world.run("pull", "--all", status=1).out
    assert f"a draft sends nothing, but `run_immediately` sends at once: 1 campaign: {draft} Later" in refused
    assert "run_immediately:" not in (world.folder / "sms/now.yaml").read_text()
    assert_adoptions_alone(world, [campaign])
    assert world.sends() == ["Now"]


@pytest.mark.slow
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(st.lists(bodies(), min_size=8, max_size=8), st.sampled_from(list(AWKWARD.values())))
def test_any_account_is_taken_over_without_a_change(made: list[Spec], switches: dict[str, Any]) -> None:
    with (
        Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0)) as sandbox,
        TemporaryDirectory() as folder,
    ):
        world = World(Path(folder), sandbox.url, Control(sandbox.url))
        world.write("campaignctl.yaml", QUICK)
        world.control.switch(**switches)
        ids = [str(world.control.create(one)["id"]) for one in made]
        world.run("pull", "--all", status=0)
        assert_adoptions_alone(world, ids)


def market(code: str, name: str = "Sale", **more: Any) -> Spec:
    made = body(f"{name} {code}", scheduled_time=FAR, description="spring", labels=["spring"], **more)
    made["messages"][0]["sms"]["content"]["en"] = f"Sale in {code} ends soon"
    return {**made, "targeting": {"countries": {"items": [code], "op": "in"}}}


def test_what_many_share_is_said_once(world: World, golden: Golden) -> None:
    project = (world.folder / "campaignctl.yaml").read_text()
    ids = [str(world.control.create(market(code))["id"]) for code in ("DE", "FR", "NO")]
    other = market("SE")
    other["messages"][0]["sms"]["content"]["en"] = "Something else by far"
    other |= {"name": "Other", "labels": ["x"], "send_in_profile_time_zone": True}
    pages = [email(name, {"en": f"<p>{name}</p>"}, is_draft=True) for name in ("One", "Two", "Three")]
    for number, page in enumerate(pages):
        page["messages"][0]["email"]["sender_name"] = "Acme" if number else "Acme CRM"
    ids += [str(world.control.create(one)["id"]) for one in (other, *pages)]
    world.run("pull", "--all", "--factor", "--diff", status=0)
    assert manifests(world) == []
    named = {f"id{number}": each for number, each in enumerate(ids)}
    golden("factored", world.run("pull", "--all", "--factor", status=0).out, **named)
    shown = "".join(f"--- {path}\n{(world.folder / path).read_text()}" for path in manifests(world))
    golden("files", shown, url=world.url, **named)
    variables = 'variables:\n  sms_integration: "1996"\n  email_integration: "1830"\n'
    assert (world.folder / "campaignctl.yaml").read_text() == f"{project.rstrip()}\n{variables}"
    assert_adoptions_alone(world, ids)
    world.run("fmt", "--check", "email", "sms", status=0)


@pytest.mark.slow
def test_an_account_in_which_things_are_shared_is_the_same_factored_or_not(world: World) -> None:
    world.write("campaignctl.yaml", QUICK)
    ids = [str(world.control.create(market(code))["id"]) for code in ("DE", "FR", "NO", "SE", "DK")]
    ids += list(make(world).values())
    over = {one["id"] for one in world.control.campaigns() if one["live"]["status"] in ("sent", "canceled")}
    world.run("pull", "--all", "--factor", status=0)
    assert "sms/_defaults.yaml" in manifests(world)
    assert_adoptions_alone(world, set(ids) - over)
