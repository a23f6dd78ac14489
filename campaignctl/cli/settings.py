"""The global options and the environment, before any file is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from campaignctl import __version__
from campaignctl.errors import ProjectPlace

if TYPE_CHECKING:
    from campaignctl.cli.console import Console

TOKEN_VARIABLE = "OCAMBA_TOKEN"  # noqa: S105 - the name of the variable, not its value
URL_VARIABLE = "OCAMBA_API_URL"
CACHE_VARIABLE = "CAMPAIGNCTL_CACHE"


class ProjectInputs(TypedDict):
    """The keyword arguments of functions that read a project."""

    environment: str | None
    environ: Mapping[str, str]
    tool_version: str
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Settings:
    """The global options and the environment of the process.

    `directory` is -C or CAMPAIGNCTL_PROJECT; `typed` says that it was -C. `environment` is -e or
    CAMPAIGNCTL_ENV, `environ` the environment variables, `variables` the values of --var by name.
    """

    directory: Path | None
    environment: str | None
    environ: Mapping[str, str]
    cwd: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    typed: bool = False

    @property
    def inputs(self) -> ProjectInputs:
        """The arguments for reading a project."""
        return {
            "environment": self.environment,
            "environ": self.environ,
            "tool_version": __version__,
            "variables": self.variables,
        }

    def place(self, environment: str | None = None) -> ProjectPlace:
        """The options that a command typed here needs; `environment` is the project's, if known."""
        directory = str(self.directory) if self.directory and self.typed else None
        variables = tuple(f"{name}={value}" for name, value in self.variables.items())
        return ProjectPlace(directory, self.environment or environment, variables)

    @property
    def token(self) -> str | None:
        """The API token, or None; the API client decides whether it is valid."""
        return self.environ.get(TOKEN_VARIABLE) or None


@dataclass(frozen=True, slots=True)
class App:
    """The argument of every command."""

    settings: Settings
    console: Console
