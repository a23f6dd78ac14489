"""Trouble with whose a campaign is: each scene returns the printed message."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.docs.acting import ENVIRONMENTS, FAR, blocked, far, left_alone, line, refused, said
from tests.e2e.harness import PROJECT, PROJECT_ID, STRICT, World, sms

_LATER = PROJECT + "environments: {staging: {}}\ndefault_environment: staging\n"
_OTHER_ID = PROJECT_ID.replace(PROJECT_ID[:8], "00000000")


def _state(world: World) -> Path:
    return world.folder / ".campaignctl/state.json"


def environment_declared_later(world: World) -> str:
    far(world)
    world.write("campaignctl.yaml", _LATER)
    return refused(world)


def environment_without_state(world: World) -> str:
    world.write("campaignctl.yaml", ENVIRONMENTS)
    world.environ = {"CAMPAIGNCTL_ENV": "production"}
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    world.apply()
    world.environ = {"CAMPAIGNCTL_ENV": "staging"}
    return refused(world)


def next_to_another_state(world: World) -> str:
    world.write("campaignctl.yaml", ENVIRONMENTS)
    world.environ = {"CAMPAIGNCTL_ENV": "staging"}
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    world.write(".campaignctl/production.json", "{")
    return refused(world)


def other_project(world: World) -> str:
    far(world)
    world.write("campaignctl.yaml", PROJECT.replace(PROJECT_ID, _OTHER_ID))
    return refused(world)


def other_repository(world: World) -> str:
    world.write("campaignctl.yaml", PROJECT.replace(f", id: {PROJECT_ID}", ""))
    far(world)
    shutil.rmtree(world.folder / ".campaignctl")
    world.write("campaignctl.yaml", PROJECT)
    return left_alone(world)


def two_keys(world: World) -> str:
    far(world)
    state = world.state
    state["campaigns"]["push/again"] = state["campaigns"]["push/spring"]
    _state(world).write_text(json.dumps(state))
    return refused(world)


def unproven(world: World) -> str:
    world.write("campaignctl.yaml", STRICT)
    world.write("sms/flash.yaml", sms("Flash", run_immediately=True))
    return blocked(world, "sms/flash")


def wrong_company(world: World) -> str:
    world.write("campaignctl.yaml", PROJECT + 'account: {company_id: "7000000"}\n')
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    return line(world.run("apply", "--auto-approve", status=1).out, "was created in company")


def no_markers(world: World) -> str:
    world.control.switch(metadata="dropped")
    world.write("push/spring.yaml", sms("Spring", is_draft=True))
    return said(world, "apply", "--auto-approve", containing="markers")


def not_marked(world: World) -> str:
    spec = {"scheduled_time": FAR}
    campaign = world.control.create(json.loads(sms("Spring", **spec))["spec"])["id"]
    world.write("push/spring.yaml", json.dumps({"adopt": campaign, **json.loads(sms("Spring", **spec))}))
    world.control.fault({"method": "PATCH", "times": 1}, {"kind": "status", "status": 400})
    (change,) = world.apply().json["changes"]
    return str(change["warnings"][0]).partition(":")[0]


def imported_without_manifest(world: World) -> str:
    campaign = world.control.create(json.loads(sms("Spring", scheduled_time=FAR))["spec"])["id"]
    return said(world, "import", "push/spring", campaign, containing="no manifest declares")


def taken_over_and_removed(world: World) -> str:
    spec = json.loads(sms("Spring", scheduled_time=FAR))
    campaign = world.control.create(spec["spec"])["id"]
    world.write("push/spring.yaml", json.dumps({"adopt": campaign, **spec}))
    world.apply()
    world.remove("push/spring.yaml")
    (change,) = world.plan()["changes"]
    return str(change["warnings"][0])
