"""The form of a manifest: what stands around `spec`."""

import re
from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import ConfigDict, Field

from campaignctl.campaign.part import Json, Part
from campaignctl.campaign.spec import CampaignSpec

API_VERSION = "campaignctl/v1"
LONGEST_KEY = 128
KEY = re.compile(rf"(?=.{{1,{LONGEST_KEY}}}\Z)[a-zA-Z0-9][a-zA-Z0-9._-]*(/[a-zA-Z0-9][a-zA-Z0-9._-]*)*")
_LATER = "this version of campaignctl does not know it"


class Metadata(Part):
    """What identifies a campaign in the project."""

    key: str | None = Field(
        None,
        max_length=LONGEST_KEY,
        pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._-]*(/[a-zA-Z0-9][a-zA-Z0-9._-]*)*$",
        description="Stable address of the campaign in the project; without it the path of the file. "
        "Letters, digits, `.`, `_` and `-`, in parts joined by `/`, at most 128 characters.",
    )


class LifecycleMembers(Part):
    """How the tool deals with a campaign, beside its content."""

    REFUSED: ClassVar[Mapping[str, str]] = {"phase": _LATER}

    prevent_destroy: bool | None = Field(None, description="true: a plan that takes it away is blocked.")
    ignore_changes: list[str] | None = Field(
        None, description="Paths as in `messages/0/priority` where live may differ without being drift."
    )
    on_destroy: Literal["cancel", "forget"] | None = Field(
        None, description="What happens when the manifest is gone: cancel (the default) or forget."
    )


class MatrixMembers(Part):
    """Values by name: one campaign for each combination of them, as in a matrix of GitHub Actions."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, list[str]] = Field(init=False)

    include: list[dict[str, str]] | None = Field(
        None,
        description="Members added to the combinations whose values they do not change, else combinations "
        "of their own.",
    )
    exclude: list[dict[str, str]] | None = Field(
        None, description="Combinations left out: all that have these values."
    )


class Document(Part):
    """A manifest: one YAML document that declares a campaign, or with a matrix several."""

    REFUSED: ClassVar[Mapping[str, str]] = dict.fromkeys(("adopt", "moved"), _LATER)

    apiVersion: Literal["campaignctl/v1"] | None = Field(  # noqa: N815 - the member's name
        None, description="campaignctl/v1; may be left out."
    )
    kind: Literal["Campaign"] | None = Field(None, description="Campaign; may be left out.")
    metadata: Metadata | None = Field(None, description="What identifies the campaign.")
    lifecycle: LifecycleMembers | None = Field(None, description="How the tool deals with it.")
    matrix: MatrixMembers | None = Field(
        None,
        description="Values by name, filled in as ${matrix.NAME}: one campaign for each combination, with "
        "the key KEY[NAME=VALUE].",
    )
    spec: CampaignSpec = Field(description="The body of the create call, member for member.")
    extra: dict[str, Json] | None = Field(
        None,
        description="Members of the body that this version does not know, merged last and not checked. "
        "They cannot replace known ones.",
    )
