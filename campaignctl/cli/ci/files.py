"""The files by which GitHub Actions or GitLab CI plan pull requests and apply what was reviewed.

The templates lie beside this module in `github/` and `gitlab/`. They are whole files that a person can read;
`@name@` in them is filled in, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from campaignctl import __version__
from campaignctl.errors import CampaignctlError

Host = Literal["github", "gitlab"]
HOSTS: tuple[Host, ...] = ("github", "gitlab")
GITLAB_FILE = ".gitlab-ci.yml"
"""With which GitLab begins; what else it is to read is included there."""

_TEMPLATES = Path(__file__).parent
# Stands in YAML between double quotes, in patterns of paths, and in the words of a shell. What means
# something there has no place in it: quotes, `\`, `$`, `*`, `?`, `+`, `[`, `{`, `!` and the like.
_PLAIN = re.compile(r"[\w./ @=,-]+")
_FIELD = re.compile(r"@([a-z]+)@")


@dataclass(frozen=True, slots=True)
class Pipelines:
    """What the files are made for.

    `folder` is the project's directory relative to the root of its repository, with `/`, and `.` for the
    root itself. `branch` is the one that is applied, which GitHub wants by name. `environment` is the
    project's, None where it declares none.
    """

    host: Host
    folder: str
    branch: str
    environment: str | None = None

    def files(self, *, included: bool = False) -> dict[str, str]:
        """The texts by their paths relative to the root of the repository.

        `included`: GitLab begins with one file, which is there already, and is to include ours.

        Raises CampaignctlError where a name cannot stand in such files.
        """
        for what, name in (("directory", self.folder), ("branch", self.branch)):
            _refuse_strange(what, name)
        fields = self._fields()
        places = _github(fields["suffix"]) if self.host == "github" else _gitlab(fields["suffix"], included)
        return {path: _filled(template, fields) for path, template in places.items()}

    @property
    def plan_job(self) -> str:
        """What GitLab calls the job that plans."""
        return f"campaigns{self._suffix}:plan"

    @property
    def _suffix(self) -> str:
        return f"-{self.environment}" if self.environment else ""

    def _fields(self) -> Mapping[str, str]:
        workflow = f"campaigns{self._suffix}.yml"
        return {
            "project": self.folder,
            "branch": self.branch,
            "version": __version__,
            "suffix": self._suffix,
            "title": f" ({self.environment})" if self.environment else "",
            "workflow": workflow,
            "environment": self._line(f'CAMPAIGNCTL_ENV: "{self.environment}"') if self.environment else "",
            "paths": self._paths(workflow),
        }

    def _line(self, text: str) -> str:
        return f"\n{'  ' if self.host == 'github' else '    '}{text}"

    def _paths(self, workflow: str) -> str:
        """A filter for a project that shares its repository with other things."""
        if self.folder == ".":
            return ""
        if self.host == "gitlab":
            patterns = (f"{self.folder}/**/*", ".gitlab-ci.yml", ".gitlab/campaigns*")
            return '\n      changes: ["' + '", "'.join(patterns) + '"]'
        patterns = (f"{self.folder}/**", f".github/workflows/{workflow}", ".github/campaigns/**")
        return '\n    paths: ["' + '", "'.join(patterns) + '"]'


def _github(suffix: str) -> dict[str, str]:
    return {
        f".github/workflows/campaigns{suffix}.yml": "github/campaigns.yml",
        f".github/workflows/campaigns{suffix}-drift.yml": "github/drift.yml",
        ".github/campaigns/gather.sh": "github/gather.sh",
    }


def _gitlab(suffix: str, included: bool) -> dict[str, str]:
    first = f".gitlab/campaigns{suffix}.yml" if included else GITLAB_FILE
    return {first: "gitlab/campaigns.yml", ".gitlab/campaigns.py": "gitlab/campaigns.py"}


def _filled(template: str, fields: Mapping[str, str]) -> str:
    text = (_TEMPLATES / template).read_text(encoding="utf-8")
    return _FIELD.sub(lambda field: fields[field[1]], text)


def _refuse_strange(what: str, name: str) -> None:
    if not _PLAIN.fullmatch(name) or name.startswith("-"):
        raise CampaignctlError(
            f"The {what} {name!r} cannot be named in files of a CI",
            detail="They would need its quotes, stars or other signs for something else.",
            hint="give it a plain name: letters, digits, `.`, `_`, `-` and `/`",
        )
