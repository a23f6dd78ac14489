"""The result of checking a project, and the fixture's type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from campaignctl.errors import Finding
from campaignctl.manifest.model import DesiredState


class Checked(NamedTuple):
    """The result of checking a project."""

    desired: DesiredState | None
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> DesiredState:
        """The desired state, which must not be None."""
        assert self.desired is not None, self.findings
        return self.desired

    @property
    def errors(self) -> list[str]:
        return [found.message for found in self.findings if found.severity == "error"]

    @property
    def warnings(self) -> list[str]:
        return [found.message for found in self.findings if found.severity == "warning"]

    @property
    def places(self) -> list[str]:
        """Where the errors are, as LINE:COLUMN."""
        errors = (found.source for found in self.findings if found.severity == "error")
        return [f"{source.line}:{source.column}" for source in errors]


class Check(Protocol):
    """Writes files and checks them as a project."""

    def __call__(
        self,
        files: Mapping[str, str | bytes],
        *,
        environment: str | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Checked: ...
