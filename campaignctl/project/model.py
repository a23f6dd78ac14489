"""The settings of a project: each with its default, its form in the file, and its value."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

from pydantic import ConfigDict, Field

from campaignctl.campaign.marker import Owner
from campaignctl.campaign.part import DayOrTime, Json
from campaignctl.errors import Source
from campaignctl.project.freeze import Duration, Freeze, LongDuration, Reason, window
from campaignctl.project.liftable import Liftable
from campaignctl.project.validators import api_url, long_duration
from campaignctl.schedule import times
from campaignctl.yamlio.schema_types import Listed, Written

if TYPE_CHECKING:
    from campaignctl.schedule.windows import Window
else:
    Window = Any  # imported on first use: most projects have no window, and every run would pay for it

DEFAULT_ZONE = "UTC"
STATE_FOLDER = ".campaignctl"
Glob = Annotated[str, Field(min_length=1)]
#: How long lists of patterns and windows may be: each campaign is compared with all of them.
MOST_RULES = 100
LONGEST_VERSION = 200


# ------------------------------------------------------------------------------------------ settings


def _said(description: str, **limits: Any) -> Any:
    """The description of a setting in the schema, and its limits."""
    return Field(description=description, **limits)


class Setting:
    """Settings that form one closed object in the project file."""

    __slots__ = ()
    __pydantic_config__ = ConfigDict(extra="forbid", defer_build=True)


@dataclass(frozen=True, slots=True)
class RateLimit(Setting):
    """The account's two windows, in requests."""

    per_second: Annotated[int, _said("Requests a second, 10 if absent.", ge=1, le=10_000)] = 10
    per_minute: Annotated[int, _said("Requests a minute, 150 if absent.", ge=1, le=100_000)] = 150
    reserve_per_minute: Annotated[
        int, _said("Share of a minute kept for halt and settling, 15 if absent.", ge=0)
    ] = 15


@dataclass(frozen=True, slots=True)
class Settle(Setting):
    """How a campaign is searched for after a create with an unknown outcome."""

    waits: Annotated[
        tuple[Duration, ...],
        Listed(),
        _said("Waits before each look: [1s, 4s, 15s] if absent.", min_length=1, max_length=10),
    ] = (timedelta(seconds=1), timedelta(seconds=4), timedelta(seconds=15))
    horizon: Annotated[
        LongDuration,
        _said("A lost create is posted again only if its first send is later than this, 24h if absent."),
    ] = timedelta(hours=24)
    repost_after: Annotated[
        LongDuration,
        _said("How long after the last attempt a lost create that can send is posted again, 1h if absent."),
    ] = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ApiSettings(Setting):
    """How the API is called."""

    url: Annotated[
        str,
        Written(str, api_url),
        _said(
            "Address of the API, at ocamba.com or on this machine. OCAMBA_API_URL overrides it and may name "
            "any host."
        ),
    ] = "https://api.ocamba.com"
    timeout: Annotated[LongDuration, _said("One request in total, 30s if absent.")] = timedelta(seconds=30)
    rate_limit: Annotated[RateLimit, _said("The account's windows.")] = RateLimit()
    immediate: Annotated[
        Literal["direct", "two_step"],
        _said("two_step: a campaign that sends at once is created first and armed afterwards."),
    ] = "direct"
    settle: Annotated[Settle, _said("How unknown outcomes are settled.")] = Settle()
    markers: Annotated[
        bool,
        Written(Literal["on", "off"], "on".__eq__),
        _said("off: campaigns carry no marker, and you resolve unknown outcomes by hand."),
    ] = True
    hidden: Annotated[
        tuple[Glob, ...],
        _said(
            "Paths of fields that this account never shows, as in `callbacks`; no read confirms them.",
            max_length=MOST_RULES,
        ),
    ] = ()


@dataclass(frozen=True, slots=True)
class Encryption(Setting):
    """How the state is stored, and saved plans. The key comes from the environment alone."""

    method: Annotated[
        Literal["off", "aes_gcm"],
        _said("aes_gcm: encrypted with the key in CAMPAIGNCTL_STATE_KEY. off, if absent: in clear."),
    ] = "off"


@dataclass(frozen=True, slots=True)
class StateSettings(Setting):
    """Where the state lives."""

    backend: Annotated[
        Literal["local", "git", "http", "object_store", "postgres"],
        _said(
            "local: a file on this machine. git: a ref of the repository's own remote. http: a server with "
            "the protocol of Terraform's HTTP backend, such as GitLab. object_store: a bucket of S3 or a "
            "compatible store, Google Cloud Storage or Azure. postgres: tables of PostgreSQL."
        ),
    ] = "local"
    path: Annotated[
        str,
        _said(
            "local: path of the file; .campaignctl/state.json (or ENVIRONMENT.json) if absent.", min_length=1
        ),
    ] = f"{STATE_FOLDER}/state.json"
    remote: Annotated[str, _said("git: name of the remote, origin if absent.", min_length=1)] = "origin"
    ref: Annotated[
        str, _said("git: refs/campaignctl/NAME; refs/campaignctl/ENVIRONMENT if absent.", min_length=1)
    ] = "refs/campaignctl/default"
    address: Annotated[str, _said("http: its address; an environment's ends with -ENVIRONMENT.")] = ""
    lock_address: Annotated[
        str, _said("http: where it is locked; default: its address (GitLab: with /lock).")
    ] = ""
    unlock_address: Annotated[str, _said("http: where it is unlocked; default: lock_address.")] = ""
    lock_method: Annotated[str, _said("http: default: LOCK (GitLab: POST).")] = ""
    unlock_method: Annotated[str, _said("http: default: UNLOCK (GitLab: DELETE).")] = ""
    url: Annotated[
        str,
        _said(
            "object_store: bucket and prefix, as in s3://BUCKET/PREFIX (gs:// for Google Cloud, az:// for "
            "Azure); the project's followed by /ENVIRONMENT if absent. Endpoint, region, account and "
            "credentials come from the environment.",
            min_length=1,
        ),
    ] = ""
    url_env: Annotated[
        str,
        _said(
            "postgres: environment variable with the address of the database, CAMPAIGNCTL_POSTGRES_URL if"
            " absent.",
            min_length=1,
        ),
    ] = "CAMPAIGNCTL_POSTGRES_URL"
    schema: Annotated[str, _said("postgres: schema of the tables, campaignctl if absent.", min_length=1)] = (
        "campaignctl"
    )
    name: Annotated[
        str, _said("postgres: name of the rows; ENVIRONMENT, or default, if absent.", min_length=1)
    ] = "default"
    encryption: Annotated[Encryption, _said("Whether the state and saved plans are encrypted.")] = (
        Encryption()
    )

    @property
    def encrypted(self) -> bool:
        """Whether it, and what is saved of it, is encrypted."""
        return self.encryption.method != "off"


@dataclass(frozen=True, slots=True)
class Collisions(Setting):
    """How often the same people may be reached by sends of different campaigns; None: no limit."""

    within: Annotated[
        timedelta | None,
        Written(str, long_duration),
        _said("Campaigns that reach the same people send no nearer than this; no limit if absent."),
    ] = None
    max_per_day: Annotated[
        int | None,
        _said("Sends to the same people per day in the project's zone; no limit if absent.", ge=0),
    ] = None


@dataclass(frozen=True, slots=True)
class Guardrails(Setting):
    """The limits of one apply."""

    max_destroy_percent: Annotated[
        int, _said("Percentage of live campaigns that may be destroyed, 30 if absent.", ge=0, le=100)
    ] = 30
    max_immediate_sends: Annotated[int, _said("Campaigns that may send at once, 3 if absent.", ge=0)] = 3
    min_lead_time: Annotated[
        Duration, _said("Least time between a request and the first send that it allows, 10m if absent.")
    ] = timedelta(minutes=10)
    max_plan_age: Annotated[
        LongDuration, _said("Maximum age of a saved plan that sends at once, 1h if absent.")
    ] = timedelta(hours=1)
    twin_window: Annotated[
        Duration,
        _said("Two campaigns with one content and audience send no nearer than this, 24h if absent."),
    ] = timedelta(hours=24)
    max_sends_per_day: Annotated[
        int | None,
        _said("Sends of all campaigns per day in the project's zone; no limit if absent.", ge=0),
    ] = None
    max_arming_changes: Annotated[
        int | None,
        _said("Changes that let a campaign send that could not before; no limit if absent.", ge=0),
    ] = None
    require_targeting: Annotated[
        bool,
        _said("true: a campaign for everyone is not armed: one without `targeting` that certainly narrows."),
    ] = False
    require_labels: Annotated[
        tuple[Glob, ...],
        _said(
            "Labels that a campaign needs before it is armed, all of them; `*` and `?` are wildcards.",
            max_length=MOST_RULES,
        ),
    ] = ()
    require_proof: Annotated[
        bool,
        _said("true: nothing is armed before `proof` has sent its present content to seeds, per language."),
    ] = False
    max_proofs_per_day: Annotated[
        int,
        _said("Messages that `proof` may send per day in the project's zone, 50 if absent.", ge=0, le=10_000),
    ] = 50
    forbid_immediate: Annotated[bool, _said("true: nothing may send at once.")] = False
    freeze: Annotated[
        tuple[Annotated[Window, Written(Freeze, window, zoned=True)], ...],
        _said(
            "Windows in which nothing is armed or sent, or outside which nothing is. An environment's are "
            "added to the project's; an empty list there removes the project's.",
            max_length=MOST_RULES,
        ),
    ] = ()
    collisions: Annotated[
        Collisions,
        _said(
            "Limits on sends to the same people: those of equal `targeting`, and of campaigns for everyone. "
            "No limit if absent."
        ),
    ] = Collisions()


@dataclass(frozen=True, slots=True)
class Notify(Setting):
    """Where the outcome of an apply, halt or proof is posted; an empty `url_env`: nowhere."""

    url_env: Annotated[
        str, _said("Environment variable with the address; https only (http on this machine).", min_length=1)
    ]
    on: Annotated[
        Literal["failures", "all"],
        _said(
            "failures (if absent): what was not done as planned, and halts. all: every apply, halt and proof."
        ),
    ] = "failures"


@dataclass(frozen=True, slots=True)
class PreviewSettings(Setting):
    """What previews show; it changes nothing that is sent."""

    samples: Annotated[
        dict[str, str] | None,
        _said("Sample values of macros by name, as in {FIRST_NAME: Ana}: `preview` shows them."),
    ] = None


@dataclass(frozen=True, slots=True)
class Seeds(Setting):
    """Who gets a proof: people of your own who look at it first."""

    targeting: Annotated[
        dict[str, Json],
        _said(
            "Who they are, as in a campaign. Each condition has to narrow for certain, as in"
            " {custom_properties: {seed: {items: [team], op: in}}}."
        ),
    ]


@dataclass(frozen=True, slots=True)
class Override(Setting):
    """A guardrail or rule that is lifted for some campaigns, for a time, with a reason."""

    guardrail: Annotated[str, Written(Liftable, str), _said("The rule that is lifted.")]
    keys: Annotated[
        tuple[Glob, ...],
        Listed(),
        _said("For which campaigns: keys; `*` and `?` are wildcards.", min_length=1, max_length=MOST_RULES),
    ]
    #: Aware, in UTC.
    until: Annotated[
        datetime,
        Written(DayOrTime, times.end, zoned=True),
        _said("The last day on which it applies, in the project's zone, or a time."),
    ]
    reason: Annotated[Reason, _said("Why; kept in the history.")]
    against: Annotated[
        str | None,
        _said("resend: only next to the campaigns of this other environment of the project."),
    ] = None


LintLevel = Literal["error", "warning", "info", "off"]


@dataclass(frozen=True, slots=True)
class Waiver(Setting):
    """Findings of a lint rule that are accepted for some campaigns, for a time, with a reason."""

    code: Annotated[
        str, _said("Code of a rule, as in PSH003, or the beginning of codes, as in PSH.", min_length=1)
    ]
    #: Aware, in UTC.
    until: Annotated[
        datetime,
        Written(DayOrTime, times.end, zoned=True),
        _said("The last day on which it applies, in the project's zone, or a time."),
    ]
    reason: Annotated[Reason, _said("Why the findings are accepted.")]
    keys: Annotated[
        tuple[Glob, ...],
        Listed(),
        _said("For which campaigns: keys; `*` and `?` are wildcards.", min_length=1, max_length=MOST_RULES),
    ] = ("*",)


@dataclass(frozen=True, slots=True)
class LintSettings(Setting):
    """What lint reports."""

    severity: Annotated[
        dict[str, LintLevel],
        _said(
            "Severity by code (PSH003) or the beginning of codes (PSH): error, warning, info or off. The "
            "longer one wins, and a manifest's over the project's. Errors fail `validate`; none stops a "
            "plan."
        ),
    ] = field(default_factory=dict)
    waivers: Annotated[
        tuple[Waiver, ...],
        Listed(),
        _said("Findings that are accepted for a time.", max_length=MOST_RULES),
    ] = ()


@dataclass(frozen=True, slots=True)
class Project:
    """`campaignctl.yaml`, with the chosen environment's settings laid over it.

    `id` is its random id, None in projects of the version before. `environment_names` are all declared ones.
    `variable_sources` tells where the file defines its variables; those of the command line are not in it.
    `override_sources` has for each override the place of its `until`, then those of its keys.
    `manifest_sources` are the places of the patterns of `manifests`; none for the default ones. `private` are
    the folder of states, and the paths of the states of all environments: no manifest may read them.
    `lint_sources` are the places of the settings of lint, by `severity/CODE` and `waivers/INDEX`.
    `proofs` are the seed lists by name.
    """

    name: str
    directory: str
    environment: str | None = None
    company_id: str | None = None
    time_zone: str = DEFAULT_ZONE
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
    id: str | None = None
    environment_names: tuple[str, ...] = ()
    private: tuple[str, ...] = (STATE_FOLDER,)
    lint: LintSettings = field(default_factory=LintSettings)
    lint_sources: Mapping[str, Source] = field(default_factory=dict)
    required_version: str | None = None
    default_environment: str | None = None
    notify: Notify = Notify("")
    preview: PreviewSettings = PreviewSettings()
    proofs: Mapping[str, Seeds] = field(default_factory=dict)

    @property
    def owner(self) -> Owner:
        """What the markers of its campaigns say."""
        return Owner(self.name, self.id, self.environment)


def value_of(kind: Any, value: Any, zone: str) -> Any:
    """A valid value of the project file as a setting of that type; `zone` is the project's."""
    if is_dataclass(kind) and isinstance(kind, type):
        named = {one.name: one.type for one in fields(kind)}
        return kind(**{name: value_of(named[name], part, zone) for name, part in value.items()})
    if get_origin(kind) is tuple:
        return tuple(value_of(get_args(kind)[0], item, zone) for item in value)
    if get_origin(kind) is Mapping:
        return {name: value_of(get_args(kind)[1], item, zone) for name, item in value.items()}
    if get_origin(kind) is not Annotated:
        return value
    inner, *marks = get_args(kind)
    for mark in marks:
        if isinstance(mark, Written):
            return mark.read(value, zone) if mark.zoned else mark.read(value)
    return value_of(inner, value, zone)
