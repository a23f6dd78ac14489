"""What a message says on each channel: push, email, SMS and AdEx (API contract, sections 2.2 and 2.3)."""

from typing import Annotated, Literal

from pydantic import Field

from campaignctl.campaign import limits
from campaignctl.campaign.part import Flag, Localised, Part

Channel = Literal["push", "email", "sms", "adex"]
CHANNELS: tuple[Channel, ...] = ("push", "email", "sms", "adex")


class PushAction(Part):
    """A button of a push. Documented for templates and single messages, not for campaigns."""

    title: Localised | None = Field(None, description="Label of the button by language.")
    icon: str | None = Field(None, description="Address of the button's icon.")
    url: str | None = Field(None, description="Address that the button opens.")


class Push(Part):
    """A web or mobile push."""

    title: Localised | None = Field(None, description="Headline by language.")
    body: Localised | None = Field(None, description="Text by language.")
    image: Localised | None = Field(None, description="Address of the large picture by language; https.")
    icon: str | None = Field(None, description="Address of the icon, one for all languages; https.")
    landing_url: str | None = Field(None, description="Address that a click opens.")
    actions: list[PushAction] | None = Field(
        None, description="Buttons, up to three. Documented for templates, not for campaigns."
    )
    badge: str | None = Field(None, description="Address of the badge. Not documented for campaigns.")
    tag: str | None = Field(
        None, description="A push replaces an earlier one of its tag. Not documented for campaigns."
    )
    renotify: Flag | None = Field(
        None, description="Whether replacing one by tag alerts again. Not documented for campaigns."
    )
    require_interaction: Flag | None = Field(
        None, description="Whether the push stays until it is acted upon. Not documented for campaigns."
    )
    silent: Flag | None = Field(
        None, description="Whether it makes neither sound nor vibration. Not documented for campaigns."
    )
    vibration: str | None = Field(
        None, description="Milliseconds, as in `200,100,200`. Not documented for campaigns."
    )
    ttl: int | None = Field(
        None, ge=0, description="How long a device out of reach is waited for. Not documented for campaigns."
    )


HtmlText = Annotated[str, Field(min_length=1, max_length=limits.HTML)]


class Email(Part):
    """An email. The subject is one for all languages; only the body is told by language."""

    sender_name: str | None = Field(None, description="Name of the sender.")
    sender_email: str | None = Field(None, description="Address of the sender.")
    subject: str | None = Field(
        None,
        min_length=1,
        max_length=limits.SUBJECT,
        description="Subject line, 1 to 78 characters, one for all languages.",
    )
    preheader: str | None = Field(
        None,
        min_length=1,
        max_length=limits.PREHEADER,
        description="Line beside the subject, 1 to 100 characters. Documented in the oldest edition only.",
    )
    html: dict[str, HtmlText] | None = Field(
        None, description="Body by language, 1 to 65,535 characters each."
    )


class Sms(Part):
    """An SMS. Links in the text are shortened when it is sent."""

    content: Localised | None = Field(None, description="Text by language.")


class Adex(Part):
    """An AdEx request, as the oldest edition and templates have it. Not confirmed for campaigns."""

    zone_id: int | str | None = Field(None, description="Push zone.")
    account_id: list[str] | None = Field(None, description="AdEx accounts.")
    campaign_id: list[str] | None = Field(None, description="AdEx campaigns, not campaigns of Hood.")
    group_id: list[str] | None = Field(None, description="AdEx groups.")
    default_campaign_id: int | None = Field(None, description="AdEx campaign to fall back to.")
    number_of_messages: int | None = Field(None, description="Messages to ask for, 1 to 10; 1 when absent.")
    repeat_on_click: Flag | None = Field(None, description="Whether a click asks for the next message.")


class Message(Part):
    """One message of a campaign. The member named like `channel` holds its content, and no other does."""

    name: str | None = Field(None, description="Name of the message; every documented example has one.")
    channel: Channel = Field(description="Where the message goes: push, email, sms or adex.")
    integration_id: str | None = Field(
        None,
        min_length=1,
        description="Integration that sends it. Needed for sms and email; its own in every workspace.",
    )
    primary_lang: str | None = Field(
        None,
        description="Language for recipients whose own is not given: one of the languages of the content.",
    )
    priority: int | None = Field(None, description="Priority; the documentation does not say what it does.")
    template_id: str | None = Field(
        None, description="Template; whether a request may name one is not documented."
    )
    push: Push | None = Field(None, description="Content when `channel` is push.")
    email: Email | None = Field(None, description="Content when `channel` is email.")
    sms: Sms | None = Field(None, description="Content when `channel` is sms.")
    adex: Adex | None = Field(None, description="Content when `channel` is adex.")
