"""Where the state of an environment lives, and what the members that say so ask of each other."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from campaignctl.campaign.problem import KeyPath, Problem, error
from campaignctl.project.model import (
    ApiSettings,
    Guardrails,
    Override,
    Project,
    RateLimit,
    Settle,
    StateSettings,
)
from campaignctl.project.validators import api_url, duration
from campaignctl.schedule import times

if TYPE_CHECKING:
    from campaignctl.schedule.windows import Window

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
    path: KeyPath = ("state",) if environment is None else ("environments", environment, "state")
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


#: What an environment may say otherwise.
LAYERS = ("variables", "account", "time_zone", "api", "state", "guardrails", "overrides")


def layered(value: Mapping[str, Any], environment: str | None) -> dict[str, Any]:
    """The members of a project file with an environment's laid over them; the state is its own."""
    layer = value["environments"][environment] if environment else {}
    members = dict(value)
    for name in LAYERS:
        if name in layer:
            members[name] = _over(value.get(name), layer[name])
    if windows := _windows(value, layer):
        members["guardrails"]["freeze"] = windows
    members["state"] = state_settings(value, environment)
    return members


def _windows(value: Mapping[str, Any], layer: Mapping[str, Any]) -> list[Any]:
    """The freeze of an environment that has windows of its own: the project's hold there too."""
    project, own = (each.get("guardrails", {}).get("freeze", []) for each in (value, layer))
    return [*project, *own] if own else []


def project(members: Mapping[str, Any], directory: str, environment: str | None) -> Project:
    """The project that layered members describe; what they leave out has its default."""
    optional: dict[str, Any] = {
        name: tuple(members[name]) for name in ("manifests", "ignore", "allow_env") if name in members
    }
    zone = time_zone(members)
    return Project(
        name=members["metadata"]["name"],
        directory=directory,
        environment=environment,
        company_id=members.get("account", {}).get("company_id"),
        api=_api(members.get("api", {})),
        state=members["state"],
        time_zone=zone,
        guardrails=_guardrails(members.get("guardrails", {}), zone),
        overrides=tuple(override(one, zone) for one in members.get("overrides", ())),
        variables=members.get("variables", {}),
        **optional,
    )


def time_zone(members: Mapping[str, Any]) -> str:
    """The project's zone."""
    return str(members.get("time_zone", "UTC"))


def window(members: Mapping[str, Any], zone: str) -> Window:
    """A window of `freeze`; `zone` is the project's. Raises TimeError."""
    from campaignctl.schedule.windows import Window  # most projects have none, and every run would pay

    own = members.get("tz")
    start, end = members.get("from"), members.get("to")
    return Window(
        members.get("kind", "deny"),
        members.get("scope", "both"),
        own or zone,
        start=None if start is None else times.begin(start, own or zone, own),
        end=None if end is None else times.end(end, own or zone, own),
        cron=members.get("cron"),
        length=duration(members.get("duration", "0s")),
        reason=members.get("reason", ""),
    )


def override(members: Mapping[str, Any], zone: str) -> Override:
    """An entry of `overrides`; `zone` is the project's. Raises TimeError."""
    until = times.end(members["until"], zone)
    return Override(members["guardrail"], tuple(members["keys"]), until, members["reason"])


def _guardrails(members: Mapping[str, Any], zone: str) -> Guardrails:
    values = _timed(members, "min_lead_time", "max_plan_age")
    if "require_labels" in values:
        values["require_labels"] = tuple(values["require_labels"])
    if "freeze" in values:
        values["freeze"] = tuple(window(one, zone) for one in values["freeze"])
    return Guardrails(**values)


def _api(members: Mapping[str, Any]) -> ApiSettings:
    values = _timed(members, "timeout")
    if "url" in values:
        values["url"] = api_url(values["url"])
    if "rate_limit" in values:
        values["rate_limit"] = RateLimit(**values["rate_limit"])
    if "settle" in values:
        settle = _timed(values["settle"], "horizon")
        if "waits" in settle:
            settle["waits"] = tuple(duration(wait) for wait in settle["waits"])
        values["settle"] = Settle(**settle)
    if "markers" in values:
        values["markers"] = values["markers"] == "on"
    return ApiSettings(**values)


def _timed(members: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The members with those that are durations as such."""
    return {name: duration(value) if name in names else value for name, value in members.items()}


def _over(base: Any, layer: Any) -> Any:
    """A layer over a base, member by member."""
    if not (isinstance(base, dict) and isinstance(layer, dict)):
        return layer
    return {**base, **{name: _over(base.get(name), value) for name, value in layer.items()}}
