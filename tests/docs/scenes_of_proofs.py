"""Trouble with proofs: each scene returns the printed message."""

from __future__ import annotations

from tests.docs.acting import FAR, blocked, refused
from tests.e2e.harness import PROJECT, World, sms

_SEEDS = "proofs: {team: {targeting: {custom_properties: {seed: {items: [team], op: in}}}}}\n"


def _spring(world: World, more: str = "", seeds: str = _SEEDS) -> None:
    world.write("campaignctl.yaml", PROJECT + seeds + more)
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))


def _failed(world: World) -> str:
    done = world.run("proof", "push/spring", "--format", "json", status=1).json
    return str(done["proofs"][0]["error"]["summary"])


def needed(world: World) -> str:
    _spring(world, "guardrails: {require_proof: true}\n")
    return blocked(world, "push/spring")


def not_as_asked(world: World) -> str:
    _spring(world)
    world.control.switch(create_ignores=["targeting"])
    return _failed(world).partition(":")[0]


def unknown(world: World) -> str:
    _spring(world)
    world.control.fault({"method": "PATCH"}, {"kind": "not_done"})
    return _failed(world)


def still_unknown(world: World) -> str:
    unknown(world)
    return refused(world, "proof", "push/spring")


def too_wide(world: World) -> str:
    _spring(world, seeds="proofs: {team: {targeting: {countries: {items: [], op: in}}}}\n")
    return refused(world, "proof", "push/spring")


def too_many(world: World) -> str:
    _spring(world, "guardrails: {max_proofs_per_day: 0}\n")
    return refused(world, "proof", "push/spring")
