"""Who a campaign is for (API contract, section 2.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from campaignctl.campaign import limits
from campaignctl.campaign.content import Message
from campaignctl.campaign.part import Flag, GmtTime, Json, Part


class Choice(Part):
    """A set of values and how a profile has to relate to it."""

    items: list[str] = Field(description="The values.")
    op: str = Field(description="How a profile relates to them; `in` is the only documented operator.")


class Span(Part):
    """A range of whole numbers; the documentation does not say whether its ends belong to it."""

    from_: int | None = Field(None, alias="from", description="Lower end.")
    to: int | None = Field(None, description="Upper end.")


class Targeting(Part):
    """The audience. Without it the campaign goes to everyone.

    Four keys are documented; every other one is passed through as it is.
    """

    model_config = ConfigDict(extra="allow")

    __pydantic_extra__: dict[str, Json] = Field(init=False)

    countries: Choice | None = Field(None, description="Countries, two capitals each: DE, FR, NO.")
    languages: Choice | None = Field(None, description="Languages, two small letters each: de, fr, no.")
    profile_age: Span | None = Field(
        None, description="Age of the profile; the unit is not documented, presumably days."
    )
    custom_properties: dict[str, Choice] | None = Field(
        None, description="Values of profile properties by the name of the property."
    )


#: Callback addresses by channel and event (section 2.9).
Callbacks = dict[str, dict[str, list[str]]]


class AbTest(Part):
    """How a test between messages of one channel is decided (section 2.5)."""

    name: str | None = Field(None, description="Name of the test.")
    test_split: int | None = Field(
        None, description="Percent of the audience that sees the test, shared evenly by the variants."
    )
    winning_metric: str | None = Field(None, description="What decides: click_rate, or open_rate for email.")
    evaluation_window: str | None = Field(
        None,
        pattern=r"^[0-9]{1,6}[DHM]( [0-9]{1,6}[DHM]){0,2}$",
        description="How long the test runs, in days, hours and minutes: `1D`, `5D 20H 30M`.",
    )
    winner_delivery_mode: Literal["automatic", "manual"] | None = Field(
        None, description="Whether the better message goes to the rest by itself or is chosen by hand."
    )


class RecurrencePattern(Part):
    """A clock time on some days of the week in some months.

    The clock time has to be there: without it nobody could say when the campaign sends.
    """

    hour: int = Field(ge=0, le=23, description="Hour, 0 to 23, in GMT.")
    minute: int = Field(ge=0, le=59, description="Minute, 0 to 59.")
    weekdays: list[Annotated[int, Field(ge=0, le=7)]] | None = Field(
        None, description="Days of the week; which day is 1 is not documented."
    )
    months: list[Annotated[int, Field(ge=1, le=12)]] | None = Field(None, description="Months, 1 to 12.")


class Recurrence(Part):
    """When a recurring campaign sends: either a pattern or a cron line (section 2.4)."""

    pattern: RecurrencePattern | None = Field(None, description="A clock time, weekdays and months.")
    cron: str | None = Field(
        None,
        description="Five fields and one blank between them: minute, hour, day of the month, month, weekday.",
    )


class UtmTracking(Part):
    """What is added to links for web statistics; the API fills in what is absent (section 2.8)."""

    enabled: Flag | None = Field(None, description="1 or 0; 1 when absent.")
    utm_source: str | None = Field(None, description="utm_source; a macro when absent.")
    utm_medium: str | None = Field(None, description="utm_medium; a macro when absent.")
    utm_campaign: str | None = Field(None, description="utm_campaign; the campaign's name when absent.")


#: Members that a request must not carry, and what to do instead (sections 2.1, 3 and 9).
NOT_TAKEN: Mapping[str, str] = {
    "status": "write `is_draft: true` for a draft; every other status is the API's own",
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
        "the API fills it in; leave it out",
    ),
}


class CampaignSpec(Part):
    """A campaign, as the create call takes it.

    The rules between members are in `campaignctl.campaign.check`, the one gate for a whole body.
    """

    REFUSED: ClassVar[Mapping[str, str]] = NOT_TAKEN

    name: str = Field(
        min_length=1, max_length=limits.NAME, description="Name of the campaign, 1 to 100 characters."
    )
    description: str | None = Field(None, description="What it is for.")
    labels: list[str] | None = Field(None, description="Labels, a set; none may contain a comma.")
    metadata: dict[str, Json] | None = Field(
        None, description="Values of your own; `campaignctl` is taken for the tool's marker."
    )
    messages: list[Message] = Field(
        min_length=1,
        description="What is sent: up to four messages of one channel, and with two of one an `ab_test`.",
    )
    ab_test: AbTest | None = Field(None, description="How a test between messages of one channel is decided.")
    run_immediately: bool | None = Field(
        None, description="true: the apply that creates the campaign sends it. There is no undo."
    )
    scheduled_time: GmtTime | None = Field(None, description="When it sends, once.")
    recurrence: Recurrence | None = Field(None, description="When it sends, again and again.")
    is_draft: bool | None = Field(
        None, description="true: stored as a draft, which sends nothing. Nothing returns to draft."
    )
    send_in_profile_time_zone: bool | None = Field(
        None, description="true: at the given clock time in the zone of each recipient."
    )
    send_if_profile_time_passed: bool | None = Field(
        None, description="Whether to send where that clock time has already passed."
    )
    quiet_hours: dict[str, Json] | None = Field(
        None, description="When recipients are left alone; its members are not documented."
    )
    targeting: Targeting | None = Field(None, description="Who it is for; everyone when absent.")
    utm_tracking: UtmTracking | None = Field(None, description="What is added to links.")
    callbacks: Callbacks | None = Field(
        None, description="Addresses told about events, by channel and event: on_click, on_wokenup."
    )
    deal_id: str | None = Field(None, description="Deal that the campaign belongs to.")
    score: int | None = Field(None, description="Score; seen in answers, not confirmed for requests.")
    max_runs: int | None = Field(
        None, description="Number of runs; seen in answers, not confirmed for requests."
    )
