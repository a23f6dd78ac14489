"""How an environment overrides the project, and the rules between the fields of a project file."""

from __future__ import annotations

import difflib
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from shlex import quote
from typing import Any

from campaignctl.campaign.problem import KeyPath, Problem, error, warning
from campaignctl.project.model import (
    DEFAULT_ZONE,
    RateLimit,
    StateSettings,
    api_url,
    foreign_host,
    value_of,
)
from campaignctl.schedule.cron import CronError, parse_cron
from campaignctl.schedule.times import TimeError, begin, end, is_known
from campaignctl.yamlio.interpolate import TOKEN_VARIABLE, puts_in

_PREFIX = "refs/campaignctl"
# Without points: a name that ends with `.lock` is git's, one with `.stop` the stop mark's.
_REF = re.compile(rf"{_PREFIX}(/[a-zA-Z0-9][a-zA-Z0-9_-]*)+")
_REMOTE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._/-]*")
_BELONGS = {"path": "local", "remote": "git", "ref": "git"}
_DATES = ("from", "to")
_AGAIN = ("cron", "duration")
_AS_IN = "write `from` and `to`, or `cron` and `duration`"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Members = Mapping[str, Any]

# ------------------------------------------------------------------------------ environments


def layered(value: Members, environment: str | None) -> dict[str, Any]:
    """The fields of a project file with an environment's laid over them, except the state.

    Objects merge member by member; a list replaces, but an environment's windows are added to the project's.
    """
    layer = value["environments"][environment] if environment else {}
    members: dict[str, Any] = over(value, {name: part for name, part in layer.items() if name != "state"})
    project, own = (each.get("guardrails", {}).get("freeze", []) for each in (value, layer))
    if own:
        members["guardrails"] = {**members["guardrails"], "freeze": [*project, *own]}
    return members


def over(base: Any, layer: Any) -> Any:
    """A layer over a base, field by field."""
    if not (isinstance(base, dict) and isinstance(layer, dict)):
        return layer
    return {**base, **{name: over(base.get(name), value) for name, value in layer.items()}}


def state_settings(value: Members, environment: str | None) -> StateSettings:
    """Where the state of an environment lives: the project's backend and remote, in a place of its own."""
    members = dict(value.get("state", {}))
    if environment is not None:
        own = value["environments"][environment].get("state", {})
        members |= {"path": f".campaignctl/{environment}.json", "ref": f"{_PREFIX}/{environment}", **own}
    settings: StateSettings = value_of(StateSettings, members, "")
    return replace(settings, path=posixpath.normpath(settings.path))


def time_zone(members: Members) -> str:
    """The project's zone."""
    return str(members.get("time_zone", DEFAULT_ZONE))


# ------------------------------------------------------------------------------ rules


def state_problems(value: Members, environment: str | None) -> Iterator[Problem]:
    """What is wrong with the `state` of the project, or of one of its environments."""
    layer = value if environment is None else value["environments"][environment]
    path: KeyPath = ("state",) if environment is None else ("environments", environment, "state")
    own, backend = layer.get("state", {}), state_settings(value, environment).backend
    for name, belongs in _BELONGS.items():
        if name in own and belongs != backend:
            message = f"`{name}` needs `backend: {belongs}`; this state uses {backend}"
            yield error("state", (*path, name), message, "remove it, or change the backend")
    if "ref" in own and not _REF.fullmatch(own["ref"]):
        message = f"{own['ref']!r} is not a valid ref for a state"
        hint = f"as in {_PREFIX}/shop/production: letters, digits, `_` and `-`; never a branch"
        yield error("state", (*path, "ref"), message, hint)
    if "remote" in own and not _REMOTE.fullmatch(own["remote"]):
        message = f"{own['remote']!r} is not a valid name of a remote"
        yield error("state", (*path, "remote"), message, "use a name that `git remote` lists")


def freeze_problems(members: Members, path: KeyPath, zone: str) -> Iterator[Problem]:
    """Everything that is wrong with a window; `zone` is the project's."""
    dates = [name for name in _DATES if name in members]
    again = [name for name in _AGAIN if name in members]
    if dates and again:
        message = f"`{again[0]}` next to `{dates[0]}`: a window has one form or the other"
        yield error("freeze", (*path, again[0]), message, _AS_IN)
    elif not dates and not again:
        yield error("freeze", (*path, "from"), "this window has no time", _AS_IN)
    else:
        wanted, there = (_DATES, dates) if dates else (_AGAIN, again)
        for name in wanted:
            if name not in there:
                yield error("freeze", (*path, name), f"`{there[0]}` without `{name}`", _AS_IN)
    yield from _cron(members, (*path, "cron"))
    yield from _order(members, path, zone)


def _cron(members: Members, path: KeyPath) -> Iterator[Problem]:
    if "cron" not in members:
        return
    try:
        cron = parse_cron(members["cron"])
    except CronError as wrong:
        yield error("cron", path, str(wrong))
        return
    if cron.days is not None and cron.weekdays is not None:
        message = "day of month and weekday in one expression: some tools match either, some only both"
        yield error("cron", path, message, "write one window for each")


def _order(members: Members, path: KeyPath, zone: str) -> Iterator[Problem]:
    """What is wrong with the times of a window, each by itself and together."""
    own = members.get("tz")
    if not is_known(own or zone):
        return  # the models say so
    bounds = []
    for name, read in (("from", begin), ("to", end)):
        try:
            bounds += [read(members[name], own or zone, own)] if name in members else []
        except TimeError as wrong:
            yield error("time", (*path, name), str(wrong), wrong.hint)
            return
    if bounds != sorted(set(bounds)):
        message = f"the window ends ({members['to']}) before it begins ({members['from']})"
        yield error("freeze", (*path, "to"), message, "swap the two, or correct one")


def problems(value: Members, tool_version: str) -> Iterator[Problem]:
    """Everything that breaks a rule between fields of the right types."""
    if "required_version" in value:
        yield from _version(value["required_version"], tool_version)
    yield from _layer(value, (), time_zone(value))
    yield from _rate(value, None, ("api", "rate_limit"))
    yield from state_problems(value, None)
    for index, name in enumerate(value.get("allow_env", ())):
        if name == TOKEN_VARIABLE:
            yield error("allow-env", ("allow_env", index), f"{name} must not be used in texts", "remove it")
        elif not _VARIABLE.fullmatch(name):
            yield error("allow-env", ("allow_env", index), f"{name!r} is not a valid variable name")
    for name in ("manifests", "ignore"):
        for index, pattern in enumerate(value.get(name, ())):
            if pattern.startswith("/") or ".." in pattern.split("/"):
                hint = "paths are relative to the project, as in `push/**/*.yaml`"
                yield error("pattern", (name, index), f"{pattern!r} points outside the project", hint)
    yield from _environments(value)


def hosts(value: Members) -> Iterator[Problem]:
    """Every address that the token would go to because a file, and so anybody's pull request, names it."""
    named = ((("environments", name), layer) for name, layer in value.get("environments", {}).items())
    for path, layer in (((), value), *named):
        url = layer.get("api", {}).get("url")
        try:
            host = None if url is None else foreign_host(api_url(url))
        except ValueError:  # the model says what is wrong with it
            continue
        if host is not None:
            # Letters that only look like Ocamba's are told from them.
            host, url = (text.encode("ascii", "backslashreplace").decode() for text in (host, url))
            yield error(
                "api-host",
                (*path, "api", "url"),
                f"the API token is not sent to {host}; a host outside ocamba.com needs OCAMBA_API_URL",
                f"export OCAMBA_API_URL={quote(url)}",
            )


def _version(text: str, tool_version: str) -> Iterator[Problem]:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    path = ("required_version",)
    try:
        wanted = SpecifierSet(text)
    except InvalidSpecifier:
        yield error(
            "required-version", path, f"{text!r} is not a valid version range", "as in `>=0.1` or `>=0.1,<1`"
        )
        return
    if not wanted.contains(tool_version, prereleases=True):
        yield error(
            "required-version",
            path,
            f"the project needs campaignctl {text}; this is {tool_version}",
            f"install it: pip install 'campaignctl{text}'",
        )


def _layer(layer: Members, path: KeyPath, zone: str) -> Iterator[Problem]:
    """What is wrong in the fields that environments may also have."""
    for name, text in layer.get("variables", {}).items():
        if not _NAME.fullmatch(name):
            message = f"{name!r} is not a valid variable name: letters, digits, `_` and `-`"
            yield error("name", (*path, "variables", name), message)
        elif reason := puts_in(text):
            yield error(
                "interpolation", (*path, "variables", name), f"the value of `{name}` contains `${{`", reason
            )
    for index, window in enumerate(layer.get("guardrails", {}).get("freeze", ())):
        yield from freeze_problems(window, (*path, "guardrails", "freeze", index), zone)
    for index, one in enumerate(layer.get("overrides", ())):
        # That there has to be an end, and that the zone is one, the models say.
        if "until" in one and is_known(zone):
            try:
                end(one["until"], zone)
            except TimeError as wrong:
                yield error("time", (*path, "overrides", index, "until"), str(wrong), wrong.hint)


def _rate(value: Members, environment: str | None, path: KeyPath) -> Iterator[Problem]:
    limit = RateLimit(**layered(value, environment).get("api", {}).get("rate_limit", {}))
    if limit.reserve_per_minute >= limit.per_minute:
        yield error(
            "rate-limit",
            path,
            f"a reserve of {limit.reserve_per_minute} leaves none of {limit.per_minute} requests per minute",
        )
    documented = RateLimit()
    if limit.per_second > documented.per_second or limit.per_minute > documented.per_minute:
        yield warning(
            "rate-limit",
            path,
            f"the API allows {documented.per_second} requests a second, {documented.per_minute} a minute",
        )


def _environments(value: Members) -> Iterator[Problem]:
    environments = value.get("environments", {})
    default = value.get("default_environment")
    if default is not None and default not in environments:
        near = difflib.get_close_matches(default, environments, 1)
        hint = f"did you mean {near[0]}?" if near else "declared: " + (", ".join(environments) or "none")
        yield error("environment", ("default_environment",), f"there is no environment {default!r}", hint)
    places: dict[str, str] = {}
    for name, layer in environments.items():
        path = ("environments", name)
        if not _NAME.fullmatch(name):
            yield error(
                "name", path, f"{name!r} is not a valid environment name: letters, digits, `_` and `-`"
            )
        yield from _layer(layer, path, time_zone(layered(value, name)))
        if "rate_limit" in layer.get("api", {}):
            yield from _rate(value, name, (*path, "api", "rate_limit"))
        # Names of files differ in more than case, or on some systems they are one.
        state = state_settings(value, name)
        shown = state.path if state.backend == "local" else f"{state.ref} of {state.remote}"
        other = places.setdefault(shown.casefold(), name)
        if other != name:
            message = f"{name} and {other} share one state: {shown}"
            yield error("state", path, message, "give one of them a `state.path` or `state.ref` of its own")
        yield from state_problems(value, name)
