"""Who a campaign is for (API contract, section 2.6)."""

from pydantic import ConfigDict, Field

from campaignctl.campaign.part import Json, Part


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
