"""Pipelines for GitHub Actions or GitLab CI that plan pull requests and apply reviewed plans.

The templates are whole files, in `ci/github/` and `ci/gitlab/`; only `@name@` in them is filled in. With an
action, the steps of their jobs are left to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Literal

from campaignctl.cli.package_spec import requirement, running
from campaignctl.cli.repository import branch_of, has_remote, root_of
from campaignctl.cli.settings import URL_VARIABLE, App
from campaignctl.cli.state_key import KEY_VARIABLE
from campaignctl.errors import CampaignctlError, Command, ProjectPlace, Sentence, UsageError
from campaignctl.project.http_address import is_gitlab
from campaignctl.project.model import StateSettings
from campaignctl.project.places import STATE_REFS

if TYPE_CHECKING:
    from campaignctl.project.model import Project

Host = Literal["github", "gitlab"]
HOSTS: tuple[Host, ...] = ("github", "gitlab")
#: The file that GitLab reads first; it includes the others.
GITLAB_FILE = ".gitlab-ci.yml"

_TEMPLATES = Path(__file__).parent / "ci"
# Safe in double quotes of YAML, in path patterns and in a shell, where quotes, `\`, `$`, `*`, `?`, `+`, `[`,
# `{`, `!` and the like have a meaning.
_PLAIN = re.compile(r"[\w./ @=,-]+")
_VARIABLE = re.compile(r"(?!OCAMBA_|CAMPAIGNCTL_|GITHUB_|CI_|PATH$)[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_FIELD = re.compile(r"@([a-z]+)@")
_INSTALL = re.compile(r"^( *)@install@\n", re.MULTILINE)
_ADDRESS = re.compile(r"([\w.-]+(?:/[\w.-]+)+)@([0-9a-f]{40})")
_JOB = re.compile(r"^  ([a-z-]+):\n(.*?)^    steps:\n.*?(?=^\n  [a-z-]+:\n|\Z)", re.MULTILINE | re.DOTALL)
# What each job gets from its workflow.
_GIVEN = {
    "plan": "token: ${{ @readtoken@ }}",
    "comment": "plan: ${{ needs.plan.outputs.plan }}",
    "apply": "token: ${{ secrets.OCAMBA_TOKEN }}",
    "apply-this-plan": """plan: ${{ needs.plan.outputs.plan }}
          token: ${{ secrets.OCAMBA_TOKEN }}""",
    "drift": "token: ${{ @readtoken@ }}",
}
_INCLUDE = """\
include:
  - project: {address}
    ref: {commit}
    file: /templates/campaigns.yml
    inputs:
      name: campaigns@suffix@
      project: "@project@"
      package: "@package@"
      api: "@api@"
"""


# What the head of GitLab's file says of a state on git.
_ON_GIT = re.compile(
    r"^#   CI/CD > Job token permissions:.*?(?=^#   Environments:)", re.MULTILINE | re.DOTALL
)
_ON_GITLAB = """\
#   Members: the state is one of GitLab's own, at
#     @server@
#     Jobs use their job token: Developer for who plans, Maintainer for who merges. For the state of another
#     project, allow this one there, in CI/CD > Job token permissions.
"""
_ON_SERVER = """\
#   CI/CD > Variables, for the state on its server: CAMPAIGNCTL_HTTP_USERNAME and CAMPAIGNCTL_HTTP_PASSWORD
#     (masked). Plans only read there.
"""
_SERVER = """
    # Where the state and its password go, whatever a checkout says.
    CAMPAIGNCTL_HTTP_ADDRESS: "@server@"
    # What the jobs install"""


_API = "https://api.ocamba.com"
#: The variable with the address for outcomes, unless `notify` of the project names another one.
WEBHOOK = "CAMPAIGNS_WEBHOOK"
_ON_ORIGIN = StateSettings(backend="git")
_SECRETS = {KEY_VARIABLE: "the key of the state"}
_DATABASE = "the address of the state's database"
# Where GitHub's jobs get a token, they get the secrets of the state too.
_TOKEN_LINE = re.compile(r"^( +)OCAMBA_TOKEN: .*\n", re.MULTILINE)
_READ_TOKEN = "OCAMBA_READ_TOKEN"  # noqa: S105 - the name of the secret, not its value


@dataclass(frozen=True, slots=True)
class Pipelines:
    """The pipelines of one project, as a target for the templates.

    `folder` is the project's directory relative to the root of its repository, with `/`; `.` is the root.
    `branch` is the one that is applied, which GitHub needs by name. `package` is the requirement that the
    jobs install, with its hash. `environment` is the project's, None if it declares none. `label` tells the
    project from another one of the repository. `action` is the address of a repository and a commit that has
    the steps, `OWNER/REPO@SHA`; without it they are written out. `api` is where the token goes, whatever a
    checkout says. `webhook` is the variable with the address for outcomes. `state` is where the state lives.
    """

    host: Host
    folder: str
    branch: str
    package: str
    environment: str | None = None
    label: str = ""
    action: str | None = None
    api: str = _API
    webhook: str = WEBHOOK
    state: StateSettings = _ON_ORIGIN

    @property
    def secrets(self) -> tuple[str, ...]:
        """The variables that jobs which plan or apply need for the state."""
        database = (self.state.url_env,) if self.state.backend == "postgres" else ()
        return (*database, *((KEY_VARIABLE,) if self.state.encrypted else ()))

    @property
    def _needs_extras(self) -> bool:
        return self.state.encrypted or self.state.backend in ("object_store", "postgres")

    def files(self, *, included: bool = False) -> dict[str, str]:
        """The texts by their paths relative to the root of the repository.

        `included`: the file that GitLab reads first exists already, and must include ours.

        Raises CampaignctlError for a name that cannot be used in such files.
        """
        for what, name in (("directory", self.folder), ("branch", self.branch)):
            _refuse_strange(what, name)
        _refuse_strange("address of the API", re.sub(r"[:~%\[\]]", "", self.api))
        if not _VARIABLE.fullmatch(self.webhook):
            raise CampaignctlError(
                f"notify.url_env: {self.webhook!r} cannot be passed to the jobs",
                detail="It is no name of a variable, or one that the pipelines use themselves.",
                hint=f"give the variable another name in campaignctl.yaml, such as {WEBHOOK}",
            )
        fields, suffix = self._fields(), self._suffix
        if self.host == "github":
            templates = {
                f".github/workflows/campaigns{suffix}.yml": "github/campaigns.yml",
                f".github/workflows/campaigns{suffix}-drift.yml": "github/drift.yml",
            }
        else:
            first = f".gitlab/campaigns{suffix}.yml" if included else GITLAB_FILE
            templates = {first: "gitlab/campaigns.yml"}
        texts = {path: (_TEMPLATES / name).read_text(encoding="utf-8") for path, name in templates.items()}
        if self.state.backend == "http" and self.host == "gitlab":
            texts = {path: self._on_server(text) for path, text in texts.items()}
        if self.action is not None:
            self._refuse_extras()
            texts = {path: self._shortened(text, self.action) for path, text in texts.items()}
        filled = {
            path: _FIELD.sub(lambda field: fields[field[1]], with_install(text))
            for path, text in texts.items()
        }
        return {path: self._with_secrets(text) for path, text in filled.items()}

    def _with_secrets(self, text: str) -> str:
        """A file whose jobs install what the state needs, and on GitHub get its secrets."""
        if self._needs_extras:
            text = text.replace("/requirements.lock", "/requirements-extras.lock")
        lines = "".join(rf"\g<1>{name}: ${{{{ secrets.{name} }}}}\n" for name in self.secrets)
        return _TOKEN_LINE.sub(rf"\g<0>{lines}", text) if self.host == "github" else text

    def _refuse_extras(self) -> None:
        if self._needs_extras:
            raise UsageError(
                "--action installs no library of a state in a bucket, in a database or with encryption",
                hint=Sentence("write the pipelines out: ", Command("init", "--ci", self.host, "--vendor")),
            )

    def _shortened(self, text: str, action: str) -> str:
        """A template whose jobs use the action, or that includes GitLab's template."""
        found = _ADDRESS.fullmatch(action)
        if found is None:
            raise UsageError(
                f"--action needs OWNER/REPO@SHA, not {action!r}",
                detail="A tag or a branch can be moved to other code, which would then run with your token.",
                hint="name the repository of campaignctl and a full commit of 40 characters",
            )
        if self.host == "gitlab":
            head = text[: text.index("\n.campaigns@suffix@:") + 1]
            more = f'      environment: "{self.environment}"\n' if self.environment else ""
            more += f'      read_token: "{self._read_name}"\n' if self.environment else ""
            more += f"      changes: {self._changes()}\n" if self.folder != "." else ""
            return head + _INCLUDE.format(address=found[1], commit=found[2]) + more

        def job(known: re.Match[str]) -> str:
            step = f"      - uses: {action}\n        with:\n          job: {known[1]}\n"
            step += f"          {_GIVEN[known[1]]}\n"
            if known[1] == "plan":
                step = step.replace("- uses", "- id: plan\n        uses")
            return f"  {known[1]}:\n{known[2]}    steps:\n{step}"

        head, start, jobs = text.partition("\njobs:\n")
        return f"{head}{start}{_JOB.sub(job, jobs)}"

    def _on_server(self, text: str) -> str:
        """A file of GitLab for a state that is not on git."""
        _refuse_strange("address of the state", re.sub(r"[:~%\[\]]", "", self.state.address))
        if is_gitlab(self.state.address):
            return _ON_GIT.sub(_ON_GITLAB, text)
        return _ON_GIT.sub(_ON_SERVER, text).replace("\n    # What the jobs install", _SERVER)

    def has_jobs(self, text: str) -> bool:
        """Whether a file of GitLab has these jobs, or includes them from the action's repository."""
        name = f"campaigns{self._suffix}"
        return not {f"{name}:plan:", f"      name: {name}"}.isdisjoint(text.splitlines())

    @property
    def ref(self) -> str | None:
        """Where the state is kept, if the default is that of another project in the repository."""
        return f"{STATE_REFS}{self._suffix[1:]}" if self.label else None

    @property
    def _suffix(self) -> str:
        return "".join(f"-{name}" for name in (self.label, self.environment) if name)

    @property
    def _read_name(self) -> str:
        """The secret with the token that plans read with: each environment may have an account of its own."""
        own = re.sub(r"\W", "_", self.environment or "").replace("-", "_").upper()
        return f"{_READ_TOKEN}_{own}" if own else _READ_TOKEN

    def _read_token(self) -> str:
        """How a job gets that token, or the one that all environments share."""
        name = self._read_name
        if self.host == "gitlab":
            return f"${{{name}:-}}" if name == _READ_TOKEN else f"${{{name}:-${{{_READ_TOKEN}:-}}}}"
        return " || ".join(f"secrets.{each}" for each in dict.fromkeys((name, _READ_TOKEN)))

    def _fields(self) -> Mapping[str, str]:
        workflow = f"campaigns{self._suffix}.yml"
        return {
            "project": self.folder,
            "branch": self.branch,
            "package": self.package,
            "api": self.api,
            "readname": self._read_name,
            "webhook": self.webhook,
            "readtoken": self._read_token(),
            "suffix": self._suffix,
            "title": f" ({self._suffix[1:]})" if self._suffix else "",
            "environment": self._line(f'CAMPAIGNCTL_ENV: "{self.environment}"') if self.environment else "",
            "paths": self._paths(workflow),
            "server": self.state.address,
        }

    def _line(self, text: str) -> str:
        return f"\n{'  ' if self.host == 'github' else '    '}{text}"

    def _paths(self, workflow: str) -> str:
        """A path filter for a project that is not the whole repository."""
        if self.folder == ".":
            return ""
        if self.host == "gitlab":
            return f"\n      changes: {self._changes()}"
        return f'\n    paths: ["{self.folder}/**", ".github/workflows/{workflow}"]'

    def _changes(self) -> str:
        return f'["{self.folder}/**/*", ".gitlab-ci.yml", ".gitlab/campaigns*"]'


def with_install(text: str) -> str:
    """A template with the script that installs, at the indentation of its place."""
    script = (_TEMPLATES / "install.sh").read_text(encoding="utf-8")
    return _INSTALL.sub(lambda place: indent(script, place[1]), text)


def _refuse_strange(what: str, name: str) -> None:
    if not _PLAIN.fullmatch(name) or name.startswith("-"):
        raise CampaignctlError(
            f"The {what} {name!r} cannot be used in pipeline files",
            detail="Some of its characters have a special meaning there.",
            hint="give it a plain name: letters, digits, `.`, `_`, `-` and `/`",
        )


_ORIGIN = "origin"


@dataclass(frozen=True, slots=True)
class Added:
    """The pipeline files by path, for a repository at `root`, except those that exist.

    `project` is the existing project, None for a new one. `first` is the file to read first; `to_include`
    says that GitLab's own file exists and must include it.
    """

    pipelines: Pipelines
    root: Path
    paths: Mapping[Path, str]
    project: Project | None
    first: str
    to_include: bool
    place: ProjectPlace

    def next_steps(self) -> Iterator[str]:
        """The remaining steps, as lines of text."""
        if self.to_include:
            yield f"  Add to {GITLAB_FILE}, which must have the stages `test` and `deploy`:"
            yield "    include:"
            yield f'      - local: "/{self.first}"'
        yield f"  The head of {self.first} lists what to set up once; see also docs/ci.md."
        made = self.pipelines
        yield f"  They apply the branch `{made.branch}`, and send the token to {made.api}."
        for name in made.secrets:
            yield f"  {name} is a secret of the jobs that plan and apply: {_SECRETS.get(name, _DATABASE)}."
        if made.state.backend == "http":
            yield from self._on_server()
        elif made.state.backend == "object_store":
            yield f"  The jobs that plan and apply need credentials for {made.state.url}: see docs/state.md."
        elif made.state.backend != "postgres":
            if not has_remote(self.root, _ORIGIN):
                yield f"  git remote add {_ORIGIN} URL    the state is kept there"
            yield from self._state()

    def _on_server(self) -> Iterator[str]:
        """What is left to do so that pipelines reach the state on its server."""
        made = self.pipelines
        if made.host == "github":
            yield "  Add to `env` of the jobs that plan and apply, as the state is on a server:"
            yield f"    CAMPAIGNCTL_HTTP_ADDRESS: {made.state.address}"
            for name in ("USERNAME", "PASSWORD"):
                yield f"    CAMPAIGNCTL_HTTP_{name}: ${{{{ secrets.CAMPAIGNCTL_HTTP_{name} }}}}"

    def _state(self) -> Iterator[str]:
        """What is left to do so that pipelines and checkouts share one state."""
        made = self.pipelines
        if self.project is not None and self.project.state.backend == "local":
            own = ("--ref", made.ref) if made.ref else ()
            yield "  So that pipelines and checkouts share one state, run this once, where the state is now:"
            yield f"    {Command('state', 'migrate', '--to', 'git', *own).at(self.place)}"
            yield "  and write the lines that it prints in campaignctl.yaml."
        elif self.project is None and made.ref:
            yield "  Once, as the remote has the state of another project:"
            yield f"    {Command('state', 'init').at(self.place)}"


def pipelines_for(
    app: App, target: Path, host: Host, package: str | None, action: str | None, state: StateSettings
) -> Added:
    """The pipelines for the project in a directory, or for the one that will be created there.

    `package` says what they install; None is the campaignctl that is running. `state` is where that of a new
    project will be.

    Raises CampaignctlError without a git repository or for a name that cannot be used, ManifestError for a
    project that cannot be read, UsageError if it has environments and none is chosen, or for a package
    without a hash.
    """
    from campaignctl.project.find import PROJECT_FILE
    from campaignctl.project.loader import load_project

    settings, root = app.settings, _repository(target)
    project = None
    if (target / PROJECT_FILE).is_file():
        project = load_project(target, **settings.inputs)
    folder = target.resolve().relative_to(root).as_posix()
    installed = requirement(package) if package else running()
    environment, own = (project.environment, project.api.url) if project else (None, None)
    api = own or settings.environ.get(URL_VARIABLE) or _API
    webhook = (project and project.notify.url_env) or WEBHOOK
    pipelines = Pipelines(
        host,
        folder,
        branch_of(root),
        installed,
        environment,
        action=action,
        api=api,
        webhook=webhook,
        state=project.state if project else state,
    )
    if _is_taken(root, pipelines):
        pipelines = replace(pipelines, label=re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-") or "root")
    # GitLab's own file may be for other jobs, or for another environment.
    present = _text(root / GITLAB_FILE) if host == "gitlab" else None
    included = present is not None and not pipelines.has_jobs(present)
    texts = pipelines.files(included=included)
    first = next(iter(texts))
    paths = {root / path: text for path, text in texts.items() if _text(root / path) != text}
    return Added(
        pipelines, root, paths, project, first, included and first not in (present or ""), settings.place()
    )


def _repository(target: Path) -> Path:
    """The root of the repository that a directory lies in, or will. Raises CampaignctlError without one."""
    existing = next(each for each in (target, *target.absolute().parents) if each.is_dir())
    root = root_of(existing, {})
    if root is None:
        raise CampaignctlError(
            f"{target} is not in a git repository",
            detail="Pipelines need one. Nothing was changed.",
            hint="run `git init`, then try again",
        )
    return root


_PROJECT = re.compile(r"""^[^\S\n]*(?:CAMPAIGNCTL_PROJECT|project): "(.*)"$""", re.MULTILINE)


def _is_taken(root: Path, pipelines: Pipelines) -> bool:
    """Whether the names of these pipelines are those of another project in the repository."""
    known = (_text(root / path) for path in (*pipelines.files(), *pipelines.files(included=True)))
    projects = {found[1] for text in known if text for found in _PROJECT.finditer(text)}
    return bool(projects) and pipelines.folder not in projects


def _text(path: Path) -> str | None:
    return path.read_text("utf-8", "replace") if path.is_file() else None
