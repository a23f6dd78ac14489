"""The models of a manifest around `spec`, and of Removed documents."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from campaignctl.campaign.part import ByItself, Json, Part, Several
from campaignctl.campaign.spec import CampaignSpec
from campaignctl.project.model import LintSettings

API_VERSION = "campaignctl/v1"
LONGEST_KEY = 128
_PART = "[a-zA-Z0-9][a-zA-Z0-9._-]*"
_BASE = f"{_PART}(/{_PART})*"
_VALUE = "[A-Za-z][A-Za-z0-9_-]*=[A-Za-z0-9._-]+"
_CAMPAIGN = rf"{_BASE}(\[{_VALUE}(,{_VALUE})*\])?"
KEY = re.compile(rf"(?=.{{1,{LONGEST_KEY}}}\Z){_BASE}")
#: Why defaults do not take a field.
ONE_CAMPAIGN = "it concerns one campaign only; write it in the manifest"
_IN_MATRIX = "the key of a matrix with its values, as in `push/welcome[country=DE]`"
_NO_CAMPAIGN = "a Removed document declares no campaign"
_GONE = "the campaign is removed; only `on_destroy` still applies"

CAMPAIGN_KEY = re.compile(rf"(?=.{{1,{LONGEST_KEY}}}\Z){_CAMPAIGN}")
#: The key of a campaign, also of one of a matrix.
CampaignKey = Annotated[
    str,
    Field(max_length=LONGEST_KEY, pattern=rf"^{_CAMPAIGN}$"),
]


class Metadata(Part):
    """What identifies a campaign in the project."""

    key: str | None = Field(
        None,
        max_length=LONGEST_KEY,
        pattern=rf"^{_BASE}$",
        description="Stable address of the campaign in the project; without it the path of the file. "
        "Letters, digits, `.`, `_` and `-`, in parts joined by `/`, at most 128 characters.",
    )


class LifecycleDefaults(Part):
    """How the tool manages campaigns, apart from their content."""

    REFUSED: ClassVar[Mapping[str, str]] = {"winner": ONE_CAMPAIGN}

    phase: Literal["active", "paused", "canceled"] | None = Field(
        None,
        description="Desired phase of the campaign: active (the default), paused, or canceled, which is "
        "final. Only an active one is created.",
    )
    prevent_destroy: bool | None = Field(
        None, description="true: a plan that would cancel, replace or forget it is blocked."
    )
    ignore_changes: list[str] | None = Field(
        None,
        description="Paths as in `messages/0/priority` where live may differ without being drift;"
        " messages are matched by name.",
    )
    accept_stored: list[str] | None = Field(
        None,
        description="Paths as in `messages/*/email/html` of texts that the API may store in its own way, as "
        "with tracking added; the text without tags must stay equal.",
    )
    on_destroy: Literal["cancel", "forget"] | None = Field(
        None, description="What happens once the manifest is removed: cancel (the default) or forget."
    )


class WinnerMembers(Part):
    """The winner of one run of an A/B test."""

    message: str = Field(min_length=1, description="Name of the message that wins: it goes to everyone else.")
    run: int | None = Field(
        None, ge=1, description="The run whose test it decides, counted from 1 (the default)."
    )


class LifecycleMembers(LifecycleDefaults):
    """How the tool manages a campaign, apart from its content."""

    REFUSED: ClassVar[Mapping[str, str]] = {}

    winner: Annotated[WinnerMembers, ByItself("message")] | None = Field(
        None,
        description="Name of the message that wins the A/B test, once that is decided: it goes to "
        "everyone else. Of a recurring campaign with its run, as in {message: First, run: 2}.",
    )


class Moved(Part):
    """Keys under which the campaign may still be recorded."""

    from_: Annotated[list[CampaignKey], Several()] = Field(
        alias="from",
        min_length=1,
        description="The key that the campaign had, or several, the latest first. With a matrix it means "
        "that key with the same values, unless it names values itself: `old[market=${matrix.country}]`.",
    )


class MatrixMembers(Part):
    """Values by name: one campaign for each combination of them, as in a matrix of GitHub Actions."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, list[str]] = Field(init=False)

    include: list[dict[str, str]] | None = Field(
        None,
        description="Fields added to the combinations whose values they do not change; else combinations "
        "of their own.",
    )
    exclude: list[dict[str, str]] | None = Field(
        None, description="Combinations left out: all that have these values."
    )


class Document(Part):
    """A manifest: one YAML document that declares a campaign, or with a matrix several."""

    apiVersion: Literal["campaignctl/v1"] | None = Field(  # noqa: N815 - the field's name
        None, description="campaignctl/v1; may be left out."
    )
    kind: Literal["Campaign", "Removed"] | None = Field(None, description="Campaign; may be left out.")
    metadata: Metadata | None = Field(None, description="What identifies the campaign.")
    environments: list[str] | None = Field(
        None,
        min_length=1,
        description="The environments of the project that it is for; all of them if absent. In the others it"
        " is not declared.",
    )
    moved: Moved | None = Field(
        None,
        description="Where the campaign is recorded if not under its key. Nothing is sent.",
    )
    adopt: str | None = Field(
        None,
        pattern="^[0-9]{1,20}$",
        description="Id of a live campaign to take over instead of creating one. Once done it may stay.",
    )
    lifecycle: LifecycleMembers | None = Field(None, description="How the tool manages it.")
    matrix: MatrixMembers | None = Field(
        None,
        description="Values by name, for ${matrix.NAME}: one campaign for each combination, with "
        "the key KEY[NAME=VALUE].",
    )
    lint: LintSettings | None = Field(
        None, description="Severity and waivers of the lint rules for this manifest; see `lint --list`."
    )
    spec: CampaignSpec = Field(description="The body of the create call, field for field.")
    extra: dict[str, Json] | None = Field(
        None,
        description="Fields of the body that this version does not know, merged last and not checked. "
        "They cannot replace known ones.",
    )


class RemovedMetadata(Part):
    """Which campaign is no longer declared."""

    key: CampaignKey = Field(description=f"Its key; of a campaign of a matrix {_IN_MATRIX}.")


class RemovedLifecycle(Part):
    """What happens to a campaign that is no longer declared."""

    REFUSED: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("phase", "winner", "prevent_destroy", "ignore_changes", "accept_stored"), _GONE
    )

    on_destroy: Literal["cancel", "forget"] | None = Field(
        None, description="cancel (the default), or forget: the live campaign is left as it is."
    )


class RemovedDocument(Part):
    """A campaign that is no longer declared, and what happens to it."""

    REFUSED: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("moved", "adopt", "matrix", "lint", "spec", "extra"), _NO_CAMPAIGN
    )

    apiVersion: Literal["campaignctl/v1"] | None = Field(  # noqa: N815 - the field's name
        None, description="campaignctl/v1; may be left out."
    )
    kind: Literal["Removed"] = Field(description="Removed.")
    metadata: RemovedMetadata = Field(description="Which campaign it is.")
    lifecycle: RemovedLifecycle | None = Field(None, description="What happens to it.")
