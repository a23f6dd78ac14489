"""From the members of a project file to the values that the rooms work with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from campaignctl.manifest.desired import (
    ApiSettings,
    Guardrails,
    Override,
    Project,
    RateLimit,
    Settle,
)
from campaignctl.manifest.state_place import state_settings
from campaignctl.manifest.texts import api_url, duration
from campaignctl.schedule import times

if TYPE_CHECKING:
    from campaignctl.schedule.windows import Window

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
