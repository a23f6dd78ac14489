"""Where pipelines go in a repository, and what remains to be done by a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from campaignctl import __version__
from campaignctl.cli.ci.files import GITLAB_FILE, Host, Pipelines
from campaignctl.cli.repository import branch_of, has_remote, root_of
from campaignctl.cli.settings import App
from campaignctl.errors import CampaignctlError

if TYPE_CHECKING:
    from campaignctl.manifest.desired import Project

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
    from campaignctl.manifest.load import load_project
    from campaignctl.manifest.project import PROJECT_FILE

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
