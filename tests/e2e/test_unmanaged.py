"""What is live and in no state of ours: `status --unmanaged`, and one line of a plan."""

from __future__ import annotations

import json

from tests.e2e.harness import PROJECT, World, sms
from tests.golden import Golden

FAR = "2036-03-22 10:00:00"


def made(world: World, name: str, **spec: object) -> str:
    return str(world.control.create(json.loads(sms(name, **spec))["spec"])["id"])


def test_it_is_listed_with_its_next_send_and_a_plan_says_so(world: World, golden: Golden) -> None:
    world.write("ours.yaml", sms("Ours", scheduled_time=FAR))
    world.apply()
    assert world.plan()["notes"] == []
    later = made(world, "Later", scheduled_time="2036-04-01 10:00:00")
    draft = made(world, "Draft", is_draft=True)
    next_one = made(world, "Next", scheduled_time=FAR)
    over = made(world, "Over", scheduled_time=FAR)
    world.control.cancel(over)
    taken = made(world, "Taken", scheduled_time=FAR)
    world.write("taken.yaml", json.dumps({"adopt": taken, **json.loads(sms("Taken", scheduled_time=FAR))}))
    made(
        world,
        "Of a tool",
        scheduled_time=FAR,
        metadata={"campaignctl": f"v1 {'0' * 12} {'1' * 12} deadbeef01"},
    )
    golden(
        "listed", world.run("status", "--unmanaged", status=0).out, later=later, draft=draft, next=next_one
    )
    golden("quiet", world.run("-q", "status", "--unmanaged", status=0).out)
    shown = world.run("status", "--unmanaged", "--format", "json", status=0).json
    assert [(row["id"], row["can_send"]) for row in shown["unmanaged"]] == [
        (next_one, True),
        (later, True),
        (draft, False),
    ]
    assert shown["elsewhere"] == 1
    (note,) = world.plan()["notes"]
    golden("note", note)
    assert note in " ".join(world.run("plan", status=0).out.split())
    assert world.plan("--target", "ours")["notes"] == []
    world.run("status", "ours", "--unmanaged", status=64)


def test_two_projects_in_one_account_leave_each_other_alone(world: World) -> None:
    theirs = World(world.folder.parent / "theirs", world.url, world.control)
    theirs.write(
        "campaignctl.yaml", PROJECT.replace("name: shop", "name: crm").replace("5f0c2f1e", "6a1d3c2f")
    )
    by_hand = [made(world, f"By hand {number}", scheduled_time=FAR) for number in range(3)]
    tool = made(world, "Of a tool", scheduled_time=FAR, metadata={"tool": "other"})
    world.control.edit(tool, {"messages/0/sms/content/en": "Something else"})
    world.run("pull", "--id", by_hand[0], "--id", by_hand[1], status=0)
    theirs.run("pull", "--id", by_hand[2], status=0)
    for each in (world, theirs):
        each.apply()
        each.assert_settled()
    for each in (world, theirs):
        said = each.run("pull", "--all", "--diff", status=0).err
        assert "has the marker of another project" in said
        shown = each.run("status", "--unmanaged", "--format", "json", status=0).json
        assert [row["id"] for row in shown["unmanaged"]] == [tool]
        (note,) = each.plan()["notes"]
        assert note.startswith("1 campaign of the account can send")
    mark = world.mark()
    for path in world.folder.rglob("sms/*.yaml"):
        path.unlink()
    world.apply("--override", "max_destroy_percent")
    assert world.writes(mark) == [], "what was adopted is forgotten"
    theirs.assert_settled()
