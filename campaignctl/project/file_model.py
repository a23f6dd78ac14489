"""The form of `campaignctl.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from campaignctl.campaign.part import DayOrTime, Part
from campaignctl.project.model import Liftable
from campaignctl.project.validators import api_url, is_duration, is_long, is_zone, says_something

Duration = Annotated[str, AfterValidator(is_duration)]
LongDuration = Annotated[str, AfterValidator(is_long)]
Url = Annotated[str, AfterValidator(api_url)]
Zone = Annotated[str, AfterValidator(is_zone)]
Glob = Annotated[str, Field(min_length=1)]
Reason = Annotated[str, AfterValidator(says_something)]


class ProjectMetadata(Part):
    """What identifies the project."""

    name: str = Field(
        min_length=1,
        max_length=128,
        description="Name of the project. Campaigns carry a mark of it: a new name makes them foreign.",
    )


class Account(Part):
    """The account that the campaigns belong to."""

    company_id: str | None = Field(
        None, min_length=1, description="Pins the account; else it is learnt at the first apply."
    )


class RateLimitMembers(Part):
    """The account's two windows, in requests."""

    per_second: int | None = Field(None, ge=1, le=10_000, description="Requests a second, 10 if absent.")
    per_minute: int | None = Field(None, ge=1, le=100_000, description="Requests a minute, 150 if absent.")
    reserve_per_minute: int | None = Field(
        None, ge=0, description="Share of a minute kept for halt and settling, 15 if absent."
    )


class SettleMembers(Part):
    """How a campaign is looked for whose create had an unknown outcome."""

    waits: list[Duration] | None = Field(
        None, min_length=1, max_length=10, description="Waits before each look: [1s, 4s, 15s] if absent."
    )
    horizon: LongDuration | None = Field(
        None, description="What sends later than this may be created a second time, 24h if absent."
    )


class Api(Part):
    """How the API is talked to."""

    url: Url | None = Field(
        None,
        description="Address of the API, at ocamba.com or on this machine. OCAMBA_API_URL overrides it and "
        "may name any host.",
    )
    timeout: LongDuration | None = Field(None, description="One request in total, 30s if absent.")
    rate_limit: RateLimitMembers | None = Field(None, description="The account's windows.")
    immediate: Literal["direct", "two_step"] | None = Field(
        None, description="two_step: what sends at once is created first and armed then."
    )
    settle: SettleMembers | None = Field(None, description="How unknown outcomes are settled.")
    markers: Literal["on", "off"] | None = Field(
        None, description="off: campaigns carry no marker, and an unknown outcome is for you to resolve."
    )


class StateMembers(Part):
    """Where the state lives."""

    backend: Literal["local", "git"] | None = Field(
        None, description="local: a file on this machine. git: a ref of the repository's own remote."
    )
    path: str | None = Field(
        None,
        min_length=1,
        description="local: path of the file; .campaignctl/state.json (or ENVIRONMENT.json) if absent.",
    )
    remote: str | None = Field(None, min_length=1, description="git: name of the remote, origin if absent.")
    ref: str | None = Field(
        None, min_length=1, description="git: refs/campaignctl/NAME; refs/campaignctl/ENVIRONMENT if absent."
    )


class FreezeMembers(Part):
    """A window in which nothing is armed: `from` and `to`, or again and again `cron` and `duration`."""

    from_: DayOrTime | None = Field(
        None, alias="from", description="Its beginning: a day from its midnight in the zone on, or a time."
    )
    to: DayOrTime | None = Field(None, description="Its end: the last day that belongs to it, or a time.")
    cron: str | None = Field(
        None, description="When it begins, on the clock of the zone, as a cron expression of five fields."
    )
    duration: LongDuration | None = Field(None, description="How long it holds then, by that clock.")
    tz: Zone | None = Field(None, description="IANA time zone; that of the project if absent.")
    kind: Literal["deny", "allow"] | None = Field(
        None, description="deny (if absent), or allow: something is armed only within it. Deny wins."
    )
    scope: Literal["changes", "sends", "both"] | None = Field(
        None,
        description="What it speaks of: the moment of a change, the moments at which that sends, or both (if "
        "absent).",
    )
    reason: Reason | None = Field(None, description="Why; shown where it refuses.")


class GuardrailMembers(Part):
    """The limits of one apply."""

    max_destroy_percent: int | None = Field(
        None, ge=0, le=100, description="Percent of the live campaigns that may be taken away, 30 if absent."
    )
    max_immediate_sends: int | None = Field(
        None, ge=0, description="Campaigns that are set off at once, 3 if absent."
    )
    min_lead_time: Duration | None = Field(
        None, description="Between a request and the first send that it makes possible, 10m if absent."
    )
    max_plan_age: LongDuration | None = Field(
        None, description="Of a saved plan that sends at once, 1h if absent."
    )
    max_sends_per_day: int | None = Field(
        None, ge=0, description="Sends of all campaigns on one day of the project's zone; no limit if absent."
    )
    max_arming_changes: int | None = Field(
        None, ge=0, description="Changes after which a campaign can send that could not; no limit if absent."
    )
    require_targeting: bool | None = Field(
        None, description="true: what has no `targeting`, and so is for everyone, is not armed."
    )
    require_labels: list[Glob] | None = Field(
        None,
        description="Labels without which nothing is armed: each has to be there; `*` and `?` are wild.",
    )
    forbid_immediate: bool | None = Field(None, description="true: nothing is set off at once.")
    freeze: list[FreezeMembers] | None = Field(
        None,
        description="Windows in which nothing is armed, or in which alone something is. Those of an "
        "environment are added to the project's; an empty list there takes the project's away.",
    )


class OverrideMembers(Part):
    """A guardrail or rule that is lifted for some campaigns, for a time, with a reason."""

    guardrail: Liftable = Field(description="What is lifted.")
    keys: list[Glob] = Field(
        min_length=1, description="For which campaigns: keys, in which `*` and `?` are wild."
    )
    until: DayOrTime = Field(
        description="Until when: the last day on which it holds, in the project's zone, or a time."
    )
    reason: Reason = Field(description="Why; it is kept in the history.")


class EnvironmentMembers(Part):
    """What an environment says otherwise than the project."""

    variables: dict[str, str] | None = Field(
        None,
        description="Values for ${var.NAME}. An environment adds its own or replaces single ones.",
    )
    account: Account | None = Field(None, description="The account that the campaigns belong to.")
    time_zone: Zone | None = Field(None, description="IANA time zone for showing times.")
    api: Api | None = Field(None, description="API settings. An environment replaces single ones.")
    state: StateMembers | None = Field(
        None,
        description="Where the state is kept. Each environment has a place of its own.",
    )
    guardrails: GuardrailMembers | None = Field(
        None, description="Limits of one apply. An environment replaces single ones."
    )
    overrides: list[OverrideMembers] | None = Field(
        None, description="Reviewed exceptions to guardrails. An environment's list replaces the project's."
    )


class ProjectFile(EnvironmentMembers):
    """The project file: its directory is the project."""

    apiVersion: Literal["campaignctl/v1"] | None = Field(  # noqa: N815 - the member's name
        None, description="campaignctl/v1; may be left out."
    )
    kind: Literal["Project"] | None = Field(None, description="Project; may be left out.")
    metadata: ProjectMetadata = Field(description="What identifies the project.")
    required_version: str | None = Field(
        None, description="Versions of campaignctl that may be used, as in `>=0.1`."
    )
    manifests: list[Glob] | None = Field(
        None, min_length=1, description='Which files are manifests: ["**/*.yaml", "**/*.yml"] if absent.'
    )
    ignore: list[Glob] | None = Field(None, description="Which of them are not.")
    allow_env: list[str] | None = Field(
        None, description="Environment variables that manifests may use as ${env.NAME}."
    )
    default_environment: str | None = Field(None, description="The environment when none is asked for.")
    environments: dict[str, EnvironmentMembers] | None = Field(
        None, description="Environments by name, each with what it says otherwise."
    )
