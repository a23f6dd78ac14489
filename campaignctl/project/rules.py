"""How an environment overrides the project, and the rules between the fields of a project file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from shlex import quote
from typing import Any

from campaignctl.campaign.contract import MACRO
from campaignctl.campaign.problem import KeyPath, Problem, error, warning
from campaignctl.errors import Sentence, Shell, did_you_mean
from campaignctl.project.http_address import ARCHIVE, STOP
from campaignctl.project.model import (
    DEFAULT_ZONE,
    LONGEST_VERSION,
    RateLimit,
)
from campaignctl.project.places import Fields, state_problems, state_settings
from campaignctl.project.settings import place_of
from campaignctl.project.validators import api_url, foreign_host
from campaignctl.schedule.times import TimeError, begin, end, is_known
from campaignctl.yamlio.interpolate import TOKEN_VARIABLE, insertion_error

_DATES = ("from", "to")
_AGAIN = ("cron", "duration")
_AS_IN = "write `from` and `to`, or `cron` and `duration`"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


# ------------------------------------------------------------------------------ environments


def layered(value: Fields, environment: str | None) -> dict[str, Any]:
    """The fields of a project file with an environment's laid over them, except the state.

    Objects merge field by field; a list replaces, but an environment's windows are added to the project's. So
    does a seed list: half of one and half of another would be people whom nobody named.
    """
    layer = value["environments"][environment] if environment else {}
    fields: dict[str, Any] = over(value, {name: part for name, part in layer.items() if name != "state"})
    project, own = (each.get("guardrails", {}).get("freeze", []) for each in (value, layer))
    if own:
        fields["guardrails"] = {**fields["guardrails"], "freeze": [*project, *own]}
    if "proofs" in layer:
        fields["proofs"] = {**value.get("proofs", {}), **layer["proofs"]}
    return fields


def over(base: Any, layer: Any) -> Any:
    """A layer over a base, field by field."""
    if not (isinstance(base, dict) and isinstance(layer, dict)):
        return layer
    return {**base, **{name: over(base.get(name), value) for name, value in layer.items()}}


def time_zone(fields: Fields) -> str:
    """The project's zone."""
    return str(fields.get("time_zone", DEFAULT_ZONE))


# ------------------------------------------------------------------------------ rules


def freeze_problems(fields: Fields, path: KeyPath, zone: str) -> Iterator[Problem]:
    """Problems with a window; `zone` is the project's."""
    dates = [name for name in _DATES if name in fields]
    again = [name for name in _AGAIN if name in fields]
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
    yield from _cron(fields, (*path, "cron"))
    yield from _order(fields, path, zone)


def _cron(fields: Fields, path: KeyPath) -> Iterator[Problem]:
    if "cron" not in fields:
        return
    from campaignctl.schedule.cron import CronError, parse_cron

    try:
        cron = parse_cron(fields["cron"])
    except CronError as wrong:
        yield error("cron", path, str(wrong))
        return
    if cron.days is not None and cron.weekdays is not None:
        message = "day of month and weekday in one expression: some tools match either, some only both"
        yield error("cron", path, message, "write one window for each")


def _order(fields: Fields, path: KeyPath, zone: str) -> Iterator[Problem]:
    """Problems with the times of a window, each by itself and together."""
    own = fields.get("tz")
    if not is_known(own or zone):
        return  # the models report it
    bounds = []
    for name, read in (("from", begin), ("to", end)):
        try:
            bounds += [read(fields[name], own or zone, own)] if name in fields else []
        except TimeError as wrong:
            yield error("time", (*path, name), str(wrong), wrong.hint)
            return
    if bounds != sorted(set(bounds)):
        message = f"the window ends ({fields['to']}) before it begins ({fields['from']})"
        yield error("freeze", (*path, "to"), message, "swap the two, or correct one")


def problems(value: Fields, tool_version: str) -> Iterator[Problem]:
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
    yield from sample_problems(value.get("preview", {}).get("samples", {}), ("preview", "samples"))
    yield from _environments(value)


def sample_problems(samples: Mapping[str, str], path: KeyPath) -> Iterator[Problem]:
    """Sample values whose name no macro can have: they would show nowhere, without a word."""
    for name in samples:
        if not MACRO.fullmatch(f"${{{name}}}"):
            bare = re.sub("[^A-Z0-9_]", "", name.upper())
            hint = f"did you mean {bare}?" if bare else "as in FIRST_NAME: Ana"
            message = f"{name[:40]!r} is no name of a macro: capitals, digits and `_`"
            yield error("name", (*path, name), message, hint)


def _seeds(name: str, targeting: Fields, path: KeyPath) -> Iterator[Problem]:
    """Problems with a seed list: `proof` says whether its conditions narrow."""
    from campaignctl.campaign.check import model_problems  # only a project that has one needs the models
    from campaignctl.campaign.spec import Targeting

    if not _NAME.fullmatch(name):
        message = f"{name!r} is not a valid name of a seed list: letters, digits, `_` and `-`"
        yield error("name", path, message)
    for problem in model_problems(Targeting, targeting):
        yield replace(problem, path=(*path, "targeting", *problem.path))


def hosts(value: Fields) -> Iterator[Problem]:
    """An error for each foreign address that the file, and so any pull request, would send the token to."""
    named = ((("environments", name), layer) for name, layer in value.get("environments", {}).items())
    for path, layer in (((), value), *named):
        url = layer.get("api", {}).get("url")
        try:
            host = None if url is None else foreign_host(api_url(url))
        except ValueError:  # the model reports it
            continue
        if host is not None:
            # Letters that only look like Ocamba's are shown as escapes.
            host, url = (text.encode("ascii", "backslashreplace").decode() for text in (host, url))
            yield error(
                "api-host",
                (*path, "api", "url"),
                f"the API token is not sent to {host}; a host outside ocamba.com needs OCAMBA_API_URL",
                Sentence(Shell(f"export OCAMBA_API_URL={quote(url)}")),
            )


def _version(text: str, tool_version: str) -> Iterator[Problem]:
    from packaging.specifiers import SpecifierSet

    path = ("required_version",)
    if len(text) > LONGEST_VERSION:
        return  # the models report it
    try:
        fits = SpecifierSet(text).contains(tool_version, prereleases=True)
    except ValueError:  # also for a number of thousands of digits
        yield error(
            "required-version",
            path,
            f"{text[:40]!r} is not a valid version range",
            "as in `>=0.1` or `>=0.1,<1`",
        )
        return
    if not fits:
        yield error(
            "required-version",
            path,
            f"the project needs campaignctl {text}; this is {tool_version}",
            f"install it: pip install 'campaignctl{text}'",
        )


def _layer(layer: Fields, path: KeyPath, zone: str) -> Iterator[Problem]:
    """Problems with the fields that environments may also have."""
    for name, text in layer.get("variables", {}).items():
        if not _NAME.fullmatch(name):
            message = f"{name!r} is not a valid variable name: letters, digits, `_` and `-`"
            yield error("name", (*path, "variables", name), message)
        elif reason := insertion_error(text):
            yield error(
                "interpolation", (*path, "variables", name), f"the value of `{name}` contains `${{`", reason
            )
    for index, one in enumerate(layer.get("lint", {}).get("waivers", ())):
        yield from _end(one, (*path, "lint", "waivers", index), zone)
    for index, hidden in enumerate(layer.get("api", {}).get("hidden", ())):
        yield from _hidden(hidden, (*path, "api", "hidden", index))
    for index, window in enumerate(layer.get("guardrails", {}).get("freeze", ())):
        yield from freeze_problems(window, (*path, "guardrails", "freeze", index), zone)
    for index, one in enumerate(layer.get("overrides", ())):
        yield from _end(one, (*path, "overrides", index), zone)
    for name, seeds in layer.get("proofs", {}).items():
        yield from _seeds(name, seeds.get("targeting", {}), (*path, "proofs", name))


def _end(one: Fields, path: KeyPath, zone: str) -> Iterator[Problem]:
    """A problem with the end of an override or a waiver."""
    # The models report a missing end and an unknown zone.
    if "until" in one and is_known(zone):
        try:
            end(one["until"], zone)
        except TimeError as wrong:
            yield error("time", (*path, "until"), str(wrong), wrong.hint)


def _hidden(hidden: str, path: KeyPath) -> Iterator[Problem]:
    """A path that begins with no field of a campaign would hide nothing, without a word."""
    from campaignctl.campaign.spec import CampaignSpec  # only a project that hides something needs it

    name = hidden.split("/", maxsplit=1)[0]
    if name not in CampaignSpec.model_fields:
        hint = did_you_mean(name, CampaignSpec.model_fields, "write a path such as callbacks/push/on_click")
        yield error("path", path, f"{hidden!r} does not exist: a campaign has no field {name!r}", hint)


def _rate(value: Fields, environment: str | None, path: KeyPath) -> Iterator[Problem]:
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


def _environments(value: Fields) -> Iterator[Problem]:
    environments = value.get("environments", {})
    default = value.get("default_environment")
    if default is not None and default not in environments:
        hint = did_you_mean(default, environments, "declared: " + (", ".join(environments) or "none"))
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
        # On some systems, file names that differ only in case are the same file.
        state = state_settings(value, name)
        shown = state.address if state.backend == "http" else place_of(state)
        # On a server, stop marks and archives have names of the same kind.
        ends = ("", STOP, ARCHIVE) if state.backend == "http" else ("",)
        others = [places.setdefault(f"{shown}{end}".casefold(), name) for end in ends]
        if other := next((each for each in others if each != name), None):
            message = f"{name} and {other} share one state: {shown}"
            own = "`state.address`" if state.backend == "http" else "`state.path` or `state.ref`"
            yield error("state", path, message, f"give one of them a {own} of its own")
        yield from state_problems(value, name)
