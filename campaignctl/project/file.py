"""The project file as it is written: its fields, and those of an environment."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from campaignctl.campaign.part import Part
from campaignctl.project.freeze import Zone
from campaignctl.project.model import (
    LONGEST_VERSION,
    MOST_RULES,
    ApiSettings,
    Glob,
    Guardrails,
    LintSettings,
    Notify,
    Override,
    PreviewSettings,
    Seeds,
    StateSettings,
)
from campaignctl.project.validators import is_id

ProjectId = Annotated[str, AfterValidator(is_id)]
#: How long lists of patterns of files may be: each file is compared with all of them.
_MOST_PATTERNS = 1_000


class ProjectMetadata(Part):
    """What identifies the project."""

    name: str = Field(
        min_length=1,
        max_length=128,
        description="Name of the project. Without an id, campaigns are marked with it; a new name then makes"
        " them foreign.",
    )
    id: ProjectId | None = Field(
        None,
        description="Random id that names the project in the marker of each campaign. `init` writes it; never"
        " change it.",
    )


class AccountPin(Part):
    """The account that the campaigns belong to."""

    company_id: str | None = Field(
        None, min_length=1, description="Pins the account; else it is learnt at the first apply."
    )


class Environment(Part):
    """The settings in which an environment differs from the project."""

    variables: dict[str, str] | None = Field(
        None, description="Values for ${var.NAME}. An environment adds its own or replaces single ones."
    )
    account: AccountPin | None = Field(None, description="The account that the campaigns belong to.")
    time_zone: Zone | None = Field(None, description="IANA time zone for showing times.")
    api: ApiSettings | None = Field(None, description="API settings. An environment replaces single ones.")
    state: StateSettings | None = Field(
        None,
        description="Where the state is kept. Each environment has a place of its own.",
    )
    guardrails: Guardrails | None = Field(
        None, description="Limits of one apply. An environment replaces single ones."
    )
    overrides: list[Override] | None = Field(
        None,
        max_length=MOST_RULES,
        description="Reviewed exceptions to guardrails. An environment's list replaces the project's.",
    )
    notify: Notify | None = Field(None, description="Where outcomes are posted, as JSON, after an apply.")
    proofs: dict[str, Seeds] | None = Field(
        None,
        description="Seed lists by name: whom `proof` reaches, and nobody else. An environment adds its own"
        " or replaces whole ones.",
    )


class ProjectFile(Environment):
    """The project file: its directory is the project."""

    apiVersion: Literal["campaignctl/v1"] | None = Field(  # noqa: N815 - the field's name
        None, description="campaignctl/v1; may be left out."
    )
    kind: Literal["Project"] | None = Field(None, description="Project; may be left out.")
    metadata: ProjectMetadata = Field(description="What identifies the project.")
    required_version: str | None = Field(
        None,
        max_length=LONGEST_VERSION,
        description="Versions of campaignctl that may be used, as in `>=0.1`.",
    )
    manifests: list[Glob] | None = Field(
        None,
        min_length=1,
        max_length=_MOST_PATTERNS,
        description='Which files are manifests: ["**/*.yaml", "**/*.yml"] if absent.',
    )
    ignore: list[Glob] | None = Field(None, max_length=_MOST_PATTERNS, description="Which of them are not.")
    allow_env: list[str] | None = Field(
        None, description="Environment variables that manifests may use as ${env.NAME}."
    )
    default_environment: str | None = Field(None, description="The environment if none is selected.")
    preview: PreviewSettings | None = Field(None, description="What previews show.")
    lint: LintSettings | None = Field(
        None, description="Severity and waivers of the lint rules; a manifest may have the same."
    )
    environments: dict[str, Environment] | None = Field(
        None, description="Environments by name, each with the settings that differ."
    )
