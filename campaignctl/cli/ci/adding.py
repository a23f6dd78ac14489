"""The files by which GitHub Actions or GitLab CI plan pull requests and apply what was reviewed.

The templates lie beside this module in `github/` and `gitlab/`. They are whole files that a person can read;
`@name@` in them is filled in, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from campaignctl import __version__
from campaignctl.cli.repository import branch_of, has_remote, root_of
from campaignctl.cli.settings import App
from campaignctl.errors import CampaignctlError

if TYPE_CHECKING:
    from campaignctl.project.model import Project

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


_ORIGIN = "origin"


@dataclass(frozen=True, slots=True)
class Added:
    """The files of pipelines by their paths, for a repository at `root`, without those that are there.

    `project` is the project that was there already, None for a new one. `first` is the file to read first,
    and `to_include` says that GitLab's own file is there already and has to name it.
    """

    pipelines: Pipelines
    root: Path
    paths: Mapping[Path, str]
    project: Project | None
    first: str
    to_include: bool

    def next_steps(self) -> Iterator[str]:
        """What a person has to do, as lines of text."""
        if self.to_include:
            yield f"  Add to {GITLAB_FILE}, whose stages must have `test` and `deploy`:"
            yield "    include:"
            yield f'      - local: "/{self.first}"'
        yield f"  The head of {self.first} lists what to set up once; docs/ci.md says more."
        yield f"  They apply the branch `{self.pipelines.branch}`."
        if not has_remote(self.root, _ORIGIN):
            yield f"  git remote add {_ORIGIN} URL    the state lives there, and plans look for it"
        if self.project is not None and self.project.state.backend != "git":
            yield "  In campaignctl.yaml, so that pipelines and checkouts share one state:"
            yield "    state:"
            yield "      backend: git"
            yield "  and once, from where the state is now: campaignctl state migrate --to git"


def pipelines_for(app: App, target: Path, host: Host) -> Added:
    """The pipelines for the project in a directory, or for the one that is about to be made there.

    Raises CampaignctlError where there is no git repository or a name cannot be used, ManifestError for a
    project that cannot be read, UsageError where it has environments and none is chosen.
    """
    from campaignctl.project.loader import PROJECT_FILE, load_project

    settings = app.settings
    place = _existing(target)
    root = root_of(place, {})
    if root is None:
        raise CampaignctlError(
            f"{target} lies in no git repository, and pipelines belong to one",
            detail="Nothing was changed.",
            hint="git init, then again",
        )
    project = None
    if (target / PROJECT_FILE).is_file():
        project = load_project(
            target,
            environment=settings.environment,
            environ=settings.environ,
            tool_version=__version__,
            variables=settings.variables,
        )
    folder = target.resolve().relative_to(root).as_posix()
    pipelines = Pipelines(host, folder, branch_of(root), project.environment if project else None)
    present = _gitlab_file(root) if host == "gitlab" else None
    included = present is not None and f"{pipelines.plan_job}:" not in present.splitlines()
    texts = pipelines.files(included=included)
    first = next(iter(texts))
    paths = _without_what_is_there({root / path: text for path, text in texts.items()})
    return Added(pipelines, root, paths, project, first, included and first not in (present or ""))


def _gitlab_file(root: Path) -> str | None:
    """GitLab's own file, if there is one; it may be there for other jobs, or for another environment."""
    file = root / GITLAB_FILE
    return file.read_text("utf-8", "replace") if file.is_file() else None


def _existing(path: Path) -> Path:
    """The path, or the nearest directory above it that exists."""
    return next(each for each in (path, *path.absolute().parents) if each.is_dir())


def _without_what_is_there(paths: Mapping[Path, str]) -> dict[Path, str]:
    """Leave out files that are there with the same text: pipelines of two environments share one."""
    return {
        path: text
        for path, text in paths.items()
        if not (path.is_file() and path.read_text("utf-8", "replace") == text)
    }
