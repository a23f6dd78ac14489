"""What the command line and the environment say before any file is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from campaignctl.errors import Place, at

if TYPE_CHECKING:
    from campaignctl.cli.console import Console

TOKEN_VARIABLE = "OCAMBA_TOKEN"  # noqa: S105 - the name of the variable, not its value
URL_VARIABLE = "OCAMBA_API_URL"


@dataclass(frozen=True, slots=True)
class Settings:
    """The global options, and the surroundings of the process.

    `directory` is -C or CAMPAIGNCTL_PROJECT, and `typed` says that it was -C. `environment` is -e or
    CAMPAIGNCTL_ENV; `environ` are the environment variables; `variables` are the values of --var by name.
    """

    directory: Path | None
    environment: str | None
    environ: Mapping[str, str]
    cwd: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    typed: bool = False

    def place(self, environment: str | None = None) -> Place:
        """What a command that is typed from here needs; `environment` is the project's, as far as known."""
        there = str(self.directory) if self.directory and self.typed else None
        given = tuple(f"{name}={value}" for name, value in self.variables.items())
        return Place(there, self.environment or environment, given)

    def complete(self, text: str, environment: str | None = None) -> str:
        """The text with every command of ours in it as it has to be typed from here."""
        return at(text, self.place(environment))

    @property
    def token(self) -> str | None:
        """The API token, or None if there is none; the API client judges whether it can be one."""
        return self.environ.get(TOKEN_VARIABLE) or None


@dataclass(frozen=True, slots=True)
class App:
    """What every command is given."""

    settings: Settings
    console: Console
