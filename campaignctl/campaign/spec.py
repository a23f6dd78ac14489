"""A campaign as the create call takes it: messages, audience, schedule (API contract, sections 2.1 to 2.9).

Without `from __future__ import annotations`: pydantic would have to compile every annotation from its text,
which costs a tenth of the time that one manifest takes.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from campaignctl.campaign import contract
from campaignctl.campaign.part import Flag, GmtTime, Json, Localised, Part, Switch

Channel = Literal["push", "email", "sms", "adex"]
CHANNELS: tuple[Channel, ...] = ("push", "email", "sms", "adex")
#: Fields of each channel's content that hold a text per language, the required one first.
LOCALISED = {"push": ("title", "body", "image"), "email": ("html",), "sms": ("content",), "adex": ()}
_EXECUTION_OPTIONS = ("run_immediately", "scheduled_time", "recurrence")


def execution_options(spec: Mapping[str, Any]) -> list[str]:
    """The execution options that are set; a campaign without any is started by hand (section 2.1, rule 1)."""
    return [name for name in _EXECUTION_OPTIONS if spec.get(name) not in (None, False)]


def languages_of(message: Mapping[str, Any], channel: str) -> list[str]:
    """Every language in which a field of the message's content is given, in order of appearance."""
    content = message.get(channel, {})
    return list(dict.fromkeys(lang for name in LOCALISED[channel] for lang in content.get(name, ())))


#: A text that recipients read.
Text = Annotated[str, Field(min_length=1)]
#: Such texts by language.
Texts = dict[str, Text]


class PushAction(Part):
    """A button of a push. Documented for templates and single messages, not for campaigns."""

    title: Texts | None = Field(None, description="Label of the button by language.")
    icon: str | None = Field(None, description="URL of the button's icon.")
    url: str | None = Field(None, description="URL that the button opens.")


class Push(Part):
    """A web or mobile push."""

    title: Texts | None = Field(None, description="Headline by language.")
    body: Texts | None = Field(None, description="Text by language.")
    image: Localised | None = Field(None, description="URL of the large picture by language; https.")
    icon: str | None = Field(None, description="URL of the icon, the same for all languages; https.")
    landing_url: str | None = Field(None, description="URL that a click opens.")
    actions: list[PushAction] | None = Field(
        None, description="Buttons, up to three. Documented for templates, not for campaigns."
    )
    badge: str | None = Field(None, description="URL of the badge. Not documented for campaigns.")
    tag: str | None = Field(
        None, description="A push replaces an earlier one with the same tag. Not documented for campaigns."
    )
    renotify: Flag | None = Field(
        None,
        description="Whether replacing a push by tag alerts the user again. Not documented for campaigns.",
    )
    require_interaction: Flag | None = Field(
        None, description="Whether the push stays until the user acts on it. Not documented for campaigns."
    )
    silent: Flag | None = Field(
        None, description="Whether it arrives without sound and vibration. Not documented for campaigns."
    )
    vibration: str | None = Field(
        None, description="Milliseconds, as in `200,100,200`. Not documented for campaigns."
    )
    ttl: int | None = Field(
        None,
        ge=0,
        description="How long an unreachable device is waited for. Not documented for campaigns.",
    )


class Email(Part):
    """An email. One subject serves all languages; only the body is given by language."""

    sender_name: Text | None = Field(None, description="Name of the sender.")
    sender_email: Text | None = Field(None, description="Email address of the sender.")
    subject: Text | None = Field(
        None, description="Subject line, the same for all languages; the oldest edition allows 78 characters."
    )
    preheader: Text | None = Field(
        None,
        description="Preview text. Documented in the oldest edition only, with up to 100 characters.",
    )
    html: Texts | None = Field(
        None, description="Body by language; the oldest edition allows 65,535 characters each."
    )


class Sms(Part):
    """An SMS. Links in the text are shortened when it is sent."""

    content: Texts | None = Field(None, description="Text by language.")


class Adex(Part):
    """An AdEx request, as the oldest edition and templates have it. Not confirmed for campaigns."""

    zone_id: int | str | None = Field(None, description="Push zone.")
    account_id: list[str] | None = Field(None, description="AdEx accounts.")
    campaign_id: list[str] | None = Field(None, description="AdEx campaigns, not Hood campaigns.")
    group_id: list[str] | None = Field(None, description="AdEx groups.")
    default_campaign_id: int | None = Field(None, description="Fallback AdEx campaign.")
    number_of_messages: int | None = Field(
        None, description="Number of messages to request, 1 to 10; default 1."
    )
    repeat_on_click: Flag | None = Field(None, description="Whether a click requests the next message.")


class Message(Part):
    """One message of a campaign. Its content is in the field named like `channel`, and in no other."""

    name: str | None = Field(None, description="Name of the message; every documented example has one.")
    channel: Channel = Field(description="Channel of the message: push, email, sms or adex.")
    integration_id: str | None = Field(
        None,
        min_length=1,
        description="Integration that sends it; required for sms and email. Every workspace has its own.",
    )
    primary_lang: str | None = Field(
        None,
        description="Language for recipients whose own is missing: one of the languages of the content.",
    )
    priority: int | None = Field(None, description="Priority; its effect is not documented.")
    template_id: Text | None = Field(None, description="Template; not documented for requests.")
    push: Push | None = Field(None, description="Content when `channel` is push.")
    email: Email | None = Field(None, description="Content when `channel` is email.")
    sms: Sms | None = Field(None, description="Content when `channel` is sms.")
    adex: Adex | None = Field(None, description="Content when `channel` is adex.")


class Choice(Part):
    """A set of values, and how a profile must relate to it."""

    items: list[str] = Field(description="The values.")
    op: Text = Field(description="How a profile must relate to them; `in` is the only documented operator.")


class Span(Part):
    """A range of whole numbers; whether its ends are included is not documented."""

    from_: int | None = Field(None, alias="from", ge=0, description="Lower end, 0 or more.")
    to: int | None = Field(None, ge=0, description="Upper end, 0 or more.")


class Targeting(Part):
    """The audience. Without it the campaign goes to everyone.

    Four fields are documented; all others are passed through unchanged.
    """

    model_config = ConfigDict(extra="allow")

    __pydantic_extra__: dict[str, Json] = Field(init=False)

    countries: Choice | None = Field(None, description="Countries, two capital letters each: DE, FR, NO.")
    languages: Choice | None = Field(None, description="Languages, two lower-case letters each: de, fr, no.")
    profile_age: Span | None = Field(
        None, description="Age of the profile; the unit is not documented (probably days)."
    )
    custom_properties: dict[str, Choice] | None = Field(
        None, description="Values of profile properties, by property name."
    )


#: Callback URLs by channel and event (section 2.9).
Callbacks = dict[str, dict[str, list[str]]]


class AbTest(Part):
    """How an A/B test between messages of one channel is decided (section 2.5)."""

    name: str | None = Field(None, description="Name of the test.")
    test_split: int | None = Field(
        None,
        description="Percentage of the audience in the test, 1 to 100, split evenly between the variants.",
    )
    winning_metric: Text | None = Field(
        None, description="Metric that decides: click_rate, or open_rate for email."
    )
    evaluation_window: str | None = Field(
        None,
        pattern=r"^[0-9]{1,6}[DHM]( [0-9]{1,6}[DHM]){0,2}$",
        description="How long the test runs, in days, hours and minutes: `1D`, `5D 20H 30M`.",
    )
    winner_delivery_mode: Literal["automatic", "manual"] | None = Field(
        None, description="Whether the winner goes to the rest automatically or is chosen by hand."
    )


class RecurrencePattern(Part):
    """A clock time on some days of the week in some months.

    The clock time is required: without it, it would be unknown when the campaign sends.
    """

    hour: int = Field(ge=0, le=23, description="Hour, 0 to 23, in GMT.")
    minute: int = Field(ge=0, le=59, description="Minute, 0 to 59.")
    weekdays: list[Annotated[int, Field(ge=0, le=7)]] | None = Field(
        None, description="Days of the week; which day is 1 is not documented."
    )
    months: list[Annotated[int, Field(ge=1, le=12)]] | None = Field(None, description="Months, 1 to 12.")


class Recurrence(Part):
    """When a recurring campaign sends: either a pattern or a cron expression (section 2.4)."""

    pattern: RecurrencePattern | None = Field(None, description="A clock time, weekdays and months.")
    cron: str | None = Field(
        None,
        description="Five fields separated by single spaces: minute, hour, day of the month, month, weekday.",
    )


class UtmTracking(Part):
    """Parameters added to links for web analytics; the API fills in missing ones (section 2.8)."""

    enabled: Flag | None = Field(None, description="1 or 0; default 1.")
    utm_source: str | None = Field(None, description="utm_source; a macro by default.")
    utm_medium: str | None = Field(None, description="utm_medium; a macro by default.")
    utm_campaign: str | None = Field(None, description="utm_campaign; the campaign's name by default.")


#: Fields that a request must not have, and what to do instead (sections 2.1, 3 and 9).
NOT_TAKEN: Mapping[str, str] = {
    "status": "write `is_draft: true` for a draft; the API sets every other status",
    "end_time": "the current API has no end time",
    **dict.fromkeys(
        (
            "id",
            "company_id",
            "creator_id",
            "creator",
            "send_strategy",
            "status_code",
            "effective_status",
            "next_run_time",
            "scheduled_run_times",
            "run_counter",
            "was_launched",
            "create_time",
            "update_time",
            "archived",
            "financial_performance",
        ),
        "the API fills it in; remove it",
    ),
}


class CampaignSpec(Part):
    """A campaign as the create call takes it.

    The rules across fields are in `campaignctl.campaign.check`, the one gate for a whole body.
    """

    REFUSED: ClassVar[Mapping[str, str]] = NOT_TAKEN

    name: str = Field(
        min_length=1, max_length=contract.NAME, description="Name of the campaign, 1 to 100 characters."
    )
    description: str | None = Field(None, description="Purpose of the campaign.")
    labels: list[str] | None = Field(None, description="Labels, a set; none may contain a comma.")
    metadata: dict[str, Json] | None = Field(
        None, description="Your own values; `campaignctl` is reserved for the tool's marker."
    )
    messages: list[Message] = Field(
        min_length=1,
        description="The messages: up to four of one channel; two of the same channel need an `ab_test`.",
    )
    ab_test: AbTest | None = Field(
        None, description="How an A/B test between messages of one channel is decided."
    )
    run_immediately: Annotated[Flag, Switch()] | None = Field(
        None, description="true or 1: the apply that creates the campaign sends it. This cannot be undone."
    )
    scheduled_time: GmtTime | None = Field(None, description="Send time of a one-off campaign.")
    recurrence: Recurrence | None = Field(None, description="When it sends, for a recurring campaign.")
    is_draft: bool | None = Field(
        None, description="true: stored as a draft, which sends nothing. A campaign cannot return to draft."
    )
    send_in_profile_time_zone: bool | None = Field(
        None, description="true: send at that clock time in each recipient's time zone."
    )
    send_if_profile_time_passed: bool | None = Field(
        None, description="Whether to send to zones where that clock time has already passed."
    )
    quiet_hours: dict[str, Json] | None = Field(
        None, description="When recipients are not contacted; its fields are not documented."
    )
    targeting: Targeting | None = Field(None, description="The audience; everyone by default.")
    utm_tracking: UtmTracking | None = Field(None, description="Parameters added to links.")
    callbacks: Callbacks | None = Field(
        None, description="URLs called on events, by channel and event: on_click, on_wokenup."
    )
    deal_id: str | None = Field(None, description="Deal that the campaign belongs to.")
    score: int | None = Field(None, description="Score; seen in answers, not confirmed for requests.")
    max_runs: int | None = Field(
        None, description="Number of runs; seen in answers, not confirmed for requests."
    )
