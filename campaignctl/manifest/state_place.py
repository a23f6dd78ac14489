"""Where the state of an environment lives, and what the members that say so ask of each other."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from campaignctl.campaign.problem import Path, Problem, error
from campaignctl.manifest.desired import StateSettings

_FOLDER = ".campaignctl"
_PREFIX = "refs/campaignctl"
# Without points: a name that ends with `.lock` is git's, one with `.stop` the stop mark's.
_REF = re.compile(rf"{_PREFIX}(/[a-zA-Z0-9][a-zA-Z0-9_-]*)+")
_REMOTE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._/-]*")
_BELONGS = {"path": "local", "remote": "git", "ref": "git"}


def state_settings(value: Mapping[str, Any], environment: str | None) -> StateSettings:
    """Where the state of an environment lives: the project's backend and remote, in a place of its own."""
    base = value.get("state", {})
    own = base if environment is None else value["environments"][environment].get("state", {})
    default = StateSettings()
    path = default.path if environment is None else f"{_FOLDER}/{environment}.json"
    return StateSettings(
        backend=own.get("backend", base.get("backend", default.backend)),
        path=posixpath.normpath(str(own.get("path", path))),
        remote=own.get("remote", base.get("remote", default.remote)),
        ref=own.get("ref", f"{_PREFIX}/{environment or 'default'}"),
    )


def shown_place(settings: StateSettings) -> str:
    """The place in words; two environments must not have the same."""
    return settings.path if settings.backend == "local" else f"{settings.ref} of {settings.remote}"


def state_problems(value: Mapping[str, Any], environment: str | None) -> Iterator[Problem]:
    """What is wrong with the `state` of the project, or of one of its environments."""
    layer = value if environment is None else value["environments"][environment]
    path: Path = ("state",) if environment is None else ("environments", environment, "state")
    own, backend = layer.get("state", {}), state_settings(value, environment).backend
    for name, belongs in _BELONGS.items():
        if name in own and belongs != backend:
            message = f"`{name}` is for a state with `backend: {belongs}`, and this one has {backend}"
            yield error("state", (*path, name), message, "take it out, or name the other backend")
    if "ref" in own and not _REF.fullmatch(own["ref"]):
        message = f"{own['ref']!r} is no ref for a state"
        hint = f"as in {_PREFIX}/shop/production: letters, digits, `_` and `-`; a branch is for people"
        yield error("state", (*path, "ref"), message, hint)
    if "remote" in own and not _REMOTE.fullmatch(own["remote"]):
        message = f"{own['remote']!r} is no name of a remote"
        yield error("state", (*path, "remote"), message, "its name, as `git remote` shows it")
