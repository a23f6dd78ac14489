"""One content for one audience twice: each scene returns the printed message."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.docs.acting import FAR, blocked, failed, far, refused
from tests.e2e.harness import PROJECT, World, sms

_TEXT = "Hi from Spring"


def _like_spring(name: str, **spec: Any) -> str:
    """A manifest with the text of Spring."""
    return sms(name, **{"scheduled_time": FAR, **spec}).replace(f"Hi from {name}", _TEXT)


def two_of_one_plan(world: World) -> str:
    world.write("push/again.yaml", _like_spring("Again"))
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    return blocked(world, "push/spring")


def next_to_another(world: World) -> str:
    far(world)
    world.write("push/new.yaml", _like_spring("New"))
    return blocked(world, "push/new")


def _moved(world: World, text: str) -> str:
    far(world)
    world.remove("push/spring.yaml")
    world.write("push/new.yaml", text)
    return blocked(world, "push/new", "--target", "push/new")


def renamed(world: World) -> str:
    return _moved(world, _like_spring("New"))


def renamed_and_edited(world: World) -> str:
    return _moved(world, sms("Spring", scheduled_time=FAR).replace(_TEXT, "Hello from Spring"))


def not_canceled(world: World) -> str:
    far(world)
    world.remove("push/spring.yaml")
    world.write("push/new.yaml", _like_spring("New"))
    world.control.fault({"path": "/cancel$", "times": 9}, {"kind": "status", "status": 422})
    held = world.apply(status=1).json["changes"]
    return str(next(each["error"]["summary"] for each in held if each["key"] == "push/new"))


def of_others(world: World) -> str:
    world.control.create(json.loads(_like_spring("Theirs"))["spec"])
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    return blocked(world, "push/spring")


def state_of_others(world: World) -> str:
    for name in ("spring", "summer", "winter", "again"):
        world.control.create(json.loads(sms(name.title(), scheduled_time=FAR))["spec"])
        world.write(f"push/{name}.yaml", sms(name.title(), scheduled_time=FAR))
    return blocked(world, "push/spring")


def of_others_since(world: World) -> str:
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    world.run("plan", "-o", "plan.json", status=0)
    world.control.create(json.loads(_like_spring("Theirs"))["spec"])
    return refused(world, "apply", "plan.json")


def _copied(world: World) -> None:
    """A create that was posted twice, and of which the list showed nothing for two hours."""
    world.write("campaignctl.yaml", PROJECT.replace("timeout: 2s", "timeout: 1s"))
    world.write("push/draft.yaml", sms("Draft", is_draft=True))
    world.apply()
    world.control.switch(list_lag=3600)
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    world.control.fault({"method": "POST", "times": 1}, {"kind": "lost_answer"})
    failed(world)
    time.sleep(1.2)
    world.apply()
    world.control.advance(7200)


def second_copy(world: World) -> str:
    _copied(world)
    return blocked(world, "push/spring")


def second_copy_stays(world: World) -> str:
    _copied(world)
    world.control.fault({"path": "/cancel$", "times": 9}, {"kind": "status", "status": 422})
    (note,) = world.apply(status=1).json["notes"]
    return str(note)
