"""`init`: a new project that validates and plans as it is, and cannot send."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import click

from campaignctl import __version__
from campaignctl.cli.group import NearestChoice
from campaignctl.cli.pipelines import HOSTS, Added, Host, pipelines_for
from campaignctl.cli.settings import App
from campaignctl.errors import CampaignctlError, Command, Sentence, UsageError, listed
from campaignctl.project.model import StateSettings
from campaignctl.project.places import state_at, state_problems

if TYPE_CHECKING:
    from campaignctl.project.model import Project

_PROJECT = """\
apiVersion: campaignctl/v1
kind: Project
metadata:
  name: {name}
  # Names this project in the marker of each campaign, as another one may have the same name. Never change it.
  id: {id}

# Times are written, sent and compared in GMT. They are also shown in this zone.
time_zone: UTC

api:
  # OCAMBA_API_URL overrides it, for example for a sandbox. The token is read from OCAMBA_TOKEN only.
  url: https://api.ocamba.com

state:
{state}

# Values that several manifests share; a manifest says ${{var.brand}}.
variables:
  brand: Acme

# An apply that would exceed one of these limits is refused, unless you lift the limit: --override NAME.
guardrails:
  max_destroy_percent: 30   # of the recorded campaigns that may still send, how many one apply may cancel
  max_immediate_sends: 3    # campaigns that one apply may send at once
  min_lead_time: 10m        # between a request and the first send that it allows
  max_plan_age: 1h          # of a saved plan that sends at once
"""

_LOCAL_STATE = """\
  backend: local
  path: .campaignctl/state.json"""

# Laptops and pipelines share it; a pipeline keeps no state of its own.
_SHARED_STATE = """\
  # On refs/campaignctl/* of the remote `origin`, where every checkout finds it. Everyone who can read the
  # repository can read it: ids, and the texts that were applied.
  backend: git"""
_OWN_REF = """
  # The default, refs/campaignctl/default, is the state of another project in this repository.
  ref: {ref}"""

# The environment says who we are: a checkout alone does not decide where a state and a password go.
_SERVER_STATE = """\
  # By the protocol of Terraform's HTTP backend. The environment has the login, and names the server:
  # CAMPAIGNCTL_HTTP_USERNAME, CAMPAIGNCTL_HTTP_PASSWORD, CAMPAIGNCTL_HTTP_ADDRESS. A job of GitLab needs none
  # of them for a state on its GitLab.
  backend: http
  address: {address}"""

_BUCKET_STATE = """\
  # In a bucket. The environment has the credentials, and says where the store is. It needs
  # campaignctl[object-store].
  backend: object_store
  url: {url}"""

_DATABASE_STATE = """\
  # In tables of PostgreSQL, at the address in CAMPAIGNCTL_POSTGRES_URL. It needs campaignctl[postgres].
  backend: postgres"""

_NAMED: Mapping[str, StateSettings] = {
    "local": StateSettings(),
    "git": StateSettings(backend="git"),
    "postgres": StateSettings(backend="postgres"),
}

_MANIFEST = """\
# Its key is its path in the project, push/welcome. Moving the file gives the campaign a new key.
apiVersion: campaignctl/v1
kind: Campaign
spec:
  name: Welcome to ${var.brand}
  messages:
    - name: Welcome
      channel: push
      push:
        title:
          en: Welcome to ${var.brand}
        body:
          en: Good to have you with us.
        landing_url: https://example.com
  # A draft sends nothing. Removing this line arms it; a campaign cannot return to draft.
  is_draft: true
  # Without `targeting` it goes to everyone, and the plan says so.
  targeting:
    countries:
      items: [DE, FR]
      op: in
"""

_GITIGNORE = """\
# The state of the project, its lock and its journal: they belong to one account, not to the repository
.campaignctl/
"""
_IGNORED = ".campaignctl"


@click.command(name="init")
@click.argument("directory", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--ci",
    "host",
    type=NearestChoice(HOSTS),
    help="Add pipelines, with a state that they share with every checkout.",
)
@click.option(
    "--package",
    metavar="SPEC",
    help="What the pipelines install: NAME==VERSION --hash=sha256:..., the https address of a wheel with "
    "#sha256=..., or git+https://...@COMMIT. Default: where this campaignctl was installed from.",
)
@click.option(
    "--action",
    metavar="OWNER/REPO@SHA",
    help="Write short pipelines that use this repository of campaignctl at this commit.",
)
@click.option(
    "--state",
    "place",
    metavar="PLACE",
    help="Where the state of a new project lives: local, git, postgres, the address of a server such as "
    "GitLab, https://..., or of a bucket, s3://... Default: local; with --ci git.",
)
@click.option("--vendor", is_flag=True, help="Write the whole pipelines out (the default without --action).")
@click.pass_obj
def command(
    app: App,
    *,
    directory: Path,
    host: Host | None,
    package: str | None,
    action: str | None,
    place: str | None,
    vendor: bool,
) -> int:
    """Create a project in DIR (default: the current directory), ready to plan.

    It has a project file, one example (a draft that cannot send), and the schemas with which an editor
    completes and checks them. No file is overwritten.

    With --ci it also gets pipelines: a pull request shows its plan, and its merge applies what was reviewed.
    In an existing project only the pipelines are added.
    """
    from campaignctl.project.find import refuse_repository

    if action is not None and (vendor or host is None):
        raise UsageError(
            "--action and --vendor cannot be combined" if vendor else "--action needs --ci",
            hint=Command("init", "--ci", host or "github", "--action", action),
        )
    target = (app.settings.directory or app.settings.cwd) / directory
    if package and not host:
        raise UsageError("--package says what pipelines install: it needs --ci github or --ci gitlab")
    chosen = _chosen(place or ("git" if host else "local"), host)
    pipelines = pipelines_for(app, target, host, package, action, chosen) if host else None
    added = pipelines.paths if pipelines else {}
    state = _written(chosen, pipelines)
    if pipelines and pipelines.project:
        _refuse_another_state(place, pipelines.project)
        files = added
    else:
        refuse_repository(target)
        _refuse_to_nest(target)
        _refuse_to_mix(app, target)
        files = {**_project_files(target, state), **added}
    _refuse_to_overwrite(app, target, files, added)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    app.console.say(_next_steps(app, target, list(files), pipelines))
    return 0


def _chosen(place: str, host: Host | None) -> StateSettings:
    """Where the state of a new project will be. Raises UsageError."""
    if place == "local" and host:
        raise UsageError(
            "--state local cannot be used with --ci: pipelines keep no files",
            hint="leave it out: the state is kept on git then",
        )
    if place in _NAMED:
        return _NAMED[place]
    if place.startswith(("postgres://", "postgresql://")):  # not quoted: it may have a password
        raise UsageError(
            "--state takes no address of a database: campaignctl.yaml would keep it",
            hint=Sentence(
                "put it into CAMPAIGNCTL_POSTGRES_URL, then ", Command("init", "--state", "postgres")
            ),
        )
    settings = state_at(StateSettings(), place)
    if settings.backend not in ("http", "object_store"):
        raise UsageError(
            f"--state: {place!r} is no place for a state",
            hint="write local, git, postgres, https://... or s3://...",
        )
    name = "address" if settings.backend == "http" else "url"
    for problem in state_problems({"state": {"backend": settings.backend, name: place}}, None):
        raise UsageError(f"--state: {problem.message}", hint=problem.hint)
    return settings


def _written(state: StateSettings, pipelines: Added | None) -> str:
    """The lines of a project file for a state."""
    if state.backend == "git":
        own = pipelines.pipelines.ref if pipelines else None
        return _SHARED_STATE + (_OWN_REF.format(ref=own) if own else "")
    texts = {"http": _SERVER_STATE, "object_store": _BUCKET_STATE, "postgres": _DATABASE_STATE}
    return texts.get(state.backend, _LOCAL_STATE).format(address=state.address, url=state.url)


def _refuse_another_state(place: str | None, project: Project) -> None:
    """Refuse to name the place of a state that exists already."""
    if place is not None:
        raise UsageError(
            f"--state is for a new project; the state of this one is on {project.state.backend}",
            hint=Sentence("leave it out; to move the state: ", Command("state", "migrate", "--help")),
        )


def _project_files(target: Path, state: str) -> dict[Path, str]:
    """The files of a new project; `state` is the text about its state."""
    from campaignctl.lint.registry import NAMES
    from campaignctl.manifest.schema import KINDS, modeline, schema_file, schema_text

    project, example = "campaignctl.yaml", "push/welcome.yaml"
    texts = {
        project: modeline(project, "Project")
        + _PROJECT.format(name=_project_name(target), id=uuid4(), state=state),
        example: modeline(example) + _MANIFEST,
        **{schema_file(kind): schema_text(kind, NAMES) for kind in KINDS},
    }
    if not (target / ".gitignore").exists():
        texts[".gitignore"] = _GITIGNORE
    return {target / path: text for path, text in texts.items()}


def _refuse_to_overwrite(app: App, target: Path, paths: Iterable[Path], added: Container[Path]) -> None:
    """Refuse before anything is written, so that no half project is left; `added` are the pipelines."""
    for path in paths:
        if os.path.lexists(path):
            raise CampaignctlError(
                f"{_shown(app, target, path)} already exists; nothing was changed",
                hint="move it away, try again, then copy back the parts that you need"
                if path in added
                else _elsewhere(app),
            )
        if blocking := next((each for each in path.parents if each.exists() and not each.is_dir()), None):
            raise CampaignctlError(
                f"{_shown(app, target, blocking)} is not a folder; nothing was changed",
                hint=Sentence("move it away, or ", _elsewhere(app)),
            )


def _shown(app: App, target: Path, path: Path) -> str:
    """A path relative to the project or, if it is outside, to the current directory."""
    if path.is_relative_to(target):
        return path.relative_to(target).as_posix()
    return os.path.relpath(path, app.settings.cwd)


def _elsewhere(app: App) -> Sentence:
    """Where a new project can be created: a directory that does not exist yet."""
    names = ("campaigns", "crm", "my-campaigns")
    free = next((name for name in names if not (app.settings.cwd / name).exists()), "DIR")
    return Sentence("create the project in a new directory: ", Command("init", free))


def _refuse_to_nest(target: Path) -> None:
    """Refuse a directory inside a project, whose commands would all fail from then on."""
    from campaignctl.manifest.load import hides
    from campaignctl.project.find import project_around

    around = project_around(target)
    if around is None:
        return
    folder = target.resolve().relative_to(around).as_posix()
    if not hides(around, folder, tool_version=__version__):
        raise CampaignctlError(
            f"{folder} is inside the project {around}; nothing was changed",
            detail="The manifests of a project inside another would belong to both.",
            hint=f'choose a directory outside of it, or first add "{folder}/**" to its `ignore`',
        )


def _refuse_to_mix(app: App, target: Path) -> None:
    """Refuse a directory whose YAML files would be read as manifests, or overwritten."""
    if (target / "campaignctl.yaml").exists():
        raise CampaignctlError(
            "This is already a project; nothing was changed",
            detail=f"{target.resolve() / 'campaignctl.yaml'} is its project file.",
            hint=Sentence("add a manifest with ", Command("new", "KEY"), "; or ", _elsewhere(app)),
        )
    found = sorted(
        path.relative_to(target).as_posix()
        for pattern in ("*.yaml", "*.yml")
        for path in target.rglob(pattern)
        if not any(part.startswith((".", "_")) for part in path.relative_to(target).parts)
    )
    if not found:
        return
    raise CampaignctlError(
        "There are YAML files here; nothing was changed",
        detail=f"{listed(found, 1)} in {target}: a new project would read them as manifests.",
        hint=_elsewhere(app),
    )


def _project_name(target: Path) -> str:
    """A project name from the directory's: letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", target.resolve().name.lower()).strip("-") or "campaigns"


def _next_steps(app: App, target: Path, made: list[Path], pipelines: Added | None) -> str:
    lines = [f"Created {_shown(app, target, path)}" for path in made] or ["Every file already exists."]
    if pipelines is None or pipelines.project is None:
        lines += _for_a_project(app, target, made)
    if pipelines:
        lines += ["", "For the pipelines:", *pipelines.next_steps()]
    return "\n".join(lines)


def _for_a_project(app: App, target: Path, made: list[Path]) -> Iterator[str]:
    ignore = target / ".gitignore"
    if ignore not in made and _IGNORED not in ignore.read_text(encoding="utf-8", errors="replace"):
        yield f"Add {_IGNORED}/ to .gitignore: the state belongs to one account, not to the repository."
    yield from ("", "Next:")
    here, cwd = target.resolve(), app.settings.cwd.resolve()
    if here != cwd:
        yield f"  cd {shlex.quote(str(here.relative_to(cwd) if here.is_relative_to(cwd) else here))}"
    yield "  campaignctl new push/spring      a manifest of your own"
    yield "  campaignctl validate             check the manifests"
    yield "  campaignctl plan --no-refresh    what an apply would do; needs no token"
    yield "  campaignctl sandbox              a local Ocamba to apply it to, in another terminal"
