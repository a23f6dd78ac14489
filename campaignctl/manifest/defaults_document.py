"""The model of `_defaults.yaml`: shared settings of the manifests below it."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from campaignctl.campaign.part import Json, Part
from campaignctl.campaign.spec import Adex, CampaignSpec, Channel, Email, Push, Sms
from campaignctl.manifest.document import ONE_CAMPAIGN, LifecycleDefaults
from campaignctl.project.model import LintSettings


def _refused(channel: Channel, content: type[Part]) -> dict[str, str]:
    """Fields refused in a channel's defaults: `channel` itself, and content written one level too high."""
    deeper = {
        name: f"it is content, one level deeper: `{channel}: {{{channel}: {{{name}: ...}}}}`"
        for name in content.model_fields
    }
    return {**deeper, "channel": f"`{channel}` above it already says it"}


class MessageDefaults(Part):
    """A part of a message, merged under every message of its channel."""

    name: str | None = Field(None, description="Name of the message.")
    integration_id: str | None = Field(None, min_length=1, description="Integration that sends it.")
    primary_lang: str | None = Field(
        None, description="Language for recipients whose own is missing: one of the languages of the content."
    )
    priority: int | None = Field(None, description="Priority; its effect is not documented.")
    template_id: str | None = Field(None, description="Template; not documented for requests.")


class PushDefaults(MessageDefaults):
    """A part of every push message."""

    REFUSED: ClassVar[Mapping[str, str]] = _refused("push", Push)
    push: Push | None = Field(None, description="A part of the content.")


class EmailDefaults(MessageDefaults):
    """A part of every email."""

    REFUSED: ClassVar[Mapping[str, str]] = _refused("email", Email)
    email: Email | None = Field(None, description="A part of the content.")


class SmsDefaults(MessageDefaults):
    """A part of every SMS."""

    REFUSED: ClassVar[Mapping[str, str]] = _refused("sms", Sms)
    sms: Sms | None = Field(None, description="A part of the content.")


class AdexDefaults(MessageDefaults):
    """A part of every AdEx message."""

    REFUSED: ClassVar[Mapping[str, str]] = _refused("adex", Adex)
    adex: Adex | None = Field(None, description="A part of the content.")


class ChannelDefaults(Part):
    """Parts of every message, by channel."""

    push: PushDefaults | None = Field(None, description="Merged under every push message.")
    email: EmailDefaults | None = Field(None, description="Merged under every email.")
    sms: SmsDefaults | None = Field(None, description="Merged under every SMS.")
    adex: AdexDefaults | None = Field(None, description="Merged under every AdEx message.")


class DefaultsDocument(Part):
    """A partial campaign, merged under every manifest of its folder and the folders below.

    No field is required. Objects merge; any other value is replaced by the one nearer to the manifest.
    """

    REFUSED: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("environments", "metadata", "matrix", "adopt", "moved"), ONE_CAMPAIGN
    )

    apiVersion: Literal["campaignctl/v1"] | None = Field(  # noqa: N815 - the field's name
        None, description="campaignctl/v1; may be left out."
    )
    kind: Literal["Campaign"] | None = Field(None, description="Campaign; may be left out.")
    lifecycle: LifecycleDefaults | None = Field(None, description="How the tool manages the campaigns.")
    lint: LintSettings | None = Field(None, description="Severity and waivers of the lint rules.")
    spec: CampaignSpec | None = Field(
        None, description="A part of the body of the create call; none of its fields is required."
    )
    extra: dict[str, Json] | None = Field(
        None, description="Fields of the body that this version does not know; not checked."
    )
    message: ChannelDefaults | None = Field(None, description="A part of every message of a channel.")
