"""Scenes with a state that is encrypted."""

from __future__ import annotations

import base64
from pathlib import Path

from tests.docs.acting import FAR, refused
from tests.e2e.harness import PROJECT, World, sms

ENCRYPTED = f"{PROJECT}state: {{encryption: {{method: aes_gcm}}}}\n"
KEY = "CAMPAIGNCTL_STATE_KEY"


def _key(number: int) -> str:
    return base64.b64encode(bytes([number]) * 32).decode()


def _applied(world: World) -> Path:
    """An encrypted state, in its file."""
    world.write("campaignctl.yaml", ENCRYPTED)
    world.environ[KEY] = _key(1)
    world.write("spring.yaml", sms("Spring", scheduled_time=FAR))
    world.apply()
    return world.folder / ".campaignctl/state.json"


def _said(world: World) -> str:
    return refused(world).replace(f"{world.folder}/", "")


def in_clear(world: World) -> str:
    world.write("spring.yaml", sms("Spring", scheduled_time=FAR))
    world.apply()
    world.write("campaignctl.yaml", ENCRYPTED)
    world.environ[KEY] = _key(1)
    return _said(world)


def not_declared(world: World) -> str:
    _applied(world)
    world.write("campaignctl.yaml", PROJECT)
    return _said(world)


def no_key(world: World) -> str:
    _applied(world)
    del world.environ[KEY]
    return _said(world)


def another_key(world: World) -> str:
    _applied(world)
    world.environ[KEY] = _key(2)
    return _said(world).rpartition(":")[0] + ": …"


def malformed_key(world: World) -> str:
    _applied(world)
    world.environ[KEY] = "secret"
    return _said(world)


def altered(world: World) -> str:
    state = _applied(world)
    text = state.read_text()
    state.write_text(text[:-40] + ("A" if text[-40] != "A" else "B") + text[-39:])
    return _said(world)


def put_back(world: World) -> str:
    state = _applied(world)
    before = state.read_bytes()
    world.run("state", "mv", "spring", "summer", status=0)
    state.write_bytes(before)
    return _said(world)


def continued(world: World) -> str:
    state = _applied(world)
    before, home = state.read_bytes(), world.folder.parent / "another-home"
    world.run("state", "mv", "spring", "summer", status=0)
    state.write_bytes(before)
    world.environ["XDG_STATE_HOME"] = str(home)
    world.run("state", "mv", "spring", "winter", status=0)
    del world.environ["XDG_STATE_HOME"]
    return _said(world)
