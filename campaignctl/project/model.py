"""The settings of a project, as one environment sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, get_args

from campaignctl.errors import Source

if TYPE_CHECKING:
    pass


if TYPE_CHECKING:
    from campaignctl.schedule.windows import Window


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The account's two windows, in requests, and the share kept for settling and emergencies."""

    per_second: int = 10
    per_minute: int = 150
    reserve_per_minute: int = 15


@dataclass(frozen=True, slots=True)
class Settle:
    """How long to look for a campaign whose create had an unknown outcome."""

    waits: tuple[timedelta, ...] = (timedelta(seconds=1), timedelta(seconds=4), timedelta(seconds=15))
    horizon: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """`api` of the project file; `url` may be overridden by OCAMBA_API_URL."""

    url: str = "https://api.ocamba.com"
    timeout: timedelta = timedelta(seconds=30)
    rate_limit: RateLimit = RateLimit()
    immediate: Literal["direct", "two_step"] = "direct"
    settle: Settle = Settle()
    markers: bool = True


@dataclass(frozen=True, slots=True)
class Guardrails:
    """The limits of one apply; the figures are the documented ones, and what has none is off.

    `max_sends_per_day` counts the sends of all campaigns on one day of the project's time zone.
    `require_labels` are patterns with `*` and `?`, each of which some label has to fit.
    """

    max_destroy_percent: int = 30
    max_immediate_sends: int = 3
    min_lead_time: timedelta = timedelta(minutes=10)
    max_plan_age: timedelta = timedelta(hours=1)
    max_sends_per_day: int | None = None
    max_arming_changes: int | None = None
    require_targeting: bool = False
    require_labels: tuple[str, ...] = ()
    forbid_immediate: bool = False
    freeze: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True)
class Override:
    """A reviewed entry of `overrides`: it lifts one guardrail or rule for some keys, until an instant.

    `keys` are keys or patterns; `until` is aware, in UTC.
    """

    guardrail: str
    keys: tuple[str, ...]
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class StateSettings:
    """Where the state lives: `local` at `path`, relative to the project directory, `git` on `ref` of
    `remote`. What is not the backend's own says nothing.
    """

    backend: Literal["local", "git"] = "local"
    path: str = ".campaignctl/state.json"
    remote: str = "origin"
    ref: str = "refs/campaignctl/default"


@dataclass(frozen=True, slots=True)
class Project:
    """`campaignctl.yaml`, with the chosen environment's settings laid over it.

    `variable_sources` tells where the variables of the file were given, and not those of the command line.
    `override_sources` has of each override the place of its `until`, then those of its keys.
    `manifest_sources` are the places of the patterns of `manifests`; none for those that hold unless given.
    """

    name: str
    directory: str
    environment: str | None = None
    company_id: str | None = None
    time_zone: str = "UTC"
    api: ApiSettings = ApiSettings()
    state: StateSettings = StateSettings()
    guardrails: Guardrails = Guardrails()
    variables: Mapping[str, str] = field(default_factory=dict)
    variable_sources: Mapping[str, Source] = field(default_factory=dict)
    manifests: tuple[str, ...] = ("**/*.yaml", "**/*.yml")
    ignore: tuple[str, ...] = ()
    allow_env: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()
    override_sources: tuple[tuple[Source, ...], ...] = ()
    manifest_sources: tuple[Source, ...] = ()


Liftable = Literal[
    "forbid_immediate",
    "foreign_pause",
    "freeze",
    "max_arming_changes",
    "max_destroy_percent",
    "max_immediate_sends",
    "max_plan_age",
    "max_sends_per_day",
    "min_lead_time",
    "require_labels",
    "require_targeting",
    "resend",
    "unknown_status",
]


#: What `--override` and `overrides` may name: the guardrails, and the rules that a person may lift.
OVERRIDES: tuple[Liftable, ...] = get_args(Liftable)
