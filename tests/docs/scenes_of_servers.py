"""Trouble with a state on a server: each scene returns the printed message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.backends.http_server import Client, running
from tests.docs.acting import FAR, said
from tests.e2e.harness import PROJECT, World, sms


@contextmanager
def _on_a_server(world: World, **switches: Any) -> Iterator[Client]:
    """Keep the state on a new server, which behaves like this."""
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    with running(world.folder.parent / "server") as server:
        server.switch("7", **switches)
        address = server.address("7", gitlab=False)
        world.write("campaignctl.yaml", f"{PROJECT}state: {{backend: http, address: {address}}}\n")
        yield server


def server_that_nobody_named(world: World) -> str:
    address = "https://states.example.com/crm"
    world.write("campaignctl.yaml", f"{PROJECT}state: {{backend: http, address: {address}}}\n")
    return said(world, "plan", containing="nothing is sent to").partition(": a checkout")[0]


def server_without_locks(world: World) -> str:
    with _on_a_server(world, no_lock=405):
        return said(world, "apply", "--auto-approve", containing="has no lock").partition(": ")[0]


def server_that_keeps_nobody_out(world: World) -> str:
    with _on_a_server(world, ids="ignored", serials=False):
        return said(world, "apply", "--auto-approve", containing="keeps nobody out").partition(": ")[0]


def server_that_wants_a_login(world: World) -> str:
    with _on_a_server(world, users={"mira": "s3cr3t"}):
        return said(world, "plan", containing="was answered with 401").partition(": ")[0]


def server_with_something_else(world: World) -> str:
    with _on_a_server(world) as server:
        server.store.put("7", "crm", b'{"version": 4, "serial": 3, "resources": []}', 3)
        return said(world, "plan", containing="holds something else").partition(": ")[0]


def server_away(world: World) -> str:
    with _on_a_server(world):
        pass
    return said(world, "plan")
