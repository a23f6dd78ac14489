"""`init`: a new project that validates and plans as it stands, and cannot send."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Container, Iterable, Iterator
from pathlib import Path

import click

from campaignctl import __version__
from campaignctl.cli.ci.adding import HOSTS, Added, Host, pipelines_for
from campaignctl.cli.group import NearestChoice
from campaignctl.cli.settings import App
from campaignctl.errors import CampaignctlError, Command, Sentence

_PROJECT = """\
apiVersion: campaignctl/v1
kind: Project
metadata:
  name: {name}

# Times are written, sent and compared in GMT. This zone is only for showing them beside it.
time_zone: UTC

api:
  # OCAMBA_API_URL overrides it, for a sandbox say. The token is read from OCAMBA_TOKEN only.
  url: https://api.ocamba.com

state:
{state}

# Values that several manifests share; a manifest says ${{var.brand}}.
variables:
  brand: Acme

# An apply that would go beyond one of these figures is refused, until somebody lifts it: --override NAME.
guardrails:
  max_destroy_percent: 30   # of the recorded campaigns that may still send, how many one apply may take away
  max_immediate_sends: 3    # campaigns that one apply sets off at once
  min_lead_time: 10m        # between a request and the first send that it makes possible
  max_plan_age: 1h          # of a saved plan that sends at once
"""

_LOCAL_STATE = """\
  backend: local
  path: .campaignctl/state.json"""

# Laptops and pipelines share it, and a pipeline keeps nothing of its own.
_SHARED_STATE = """\
  # On refs/campaignctl/* of the remote `origin`, where every checkout finds it. Whoever reads the repository
  # can read it: ids, and the texts that were applied.
  backend: git"""

_MANIFEST = """\
# Its key is its place in the project, push/welcome. Moving the file gives the campaign a new key.
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
  # A draft sends nothing. Taking this line away arms it, and there is no way back: nothing returns to draft.
  is_draft: true
  # Without `targeting` it goes to everyone, and the plan says so.
  targeting:
    countries:
      items: [DE, FR]
      op: in
"""

_GITIGNORE = """\
# The state of the project, its lock and its journal: a record of one account, never part of a repository
.campaignctl/
"""
_IGNORED = ".campaignctl"


@click.command(name="init")
@click.argument("directory", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--ci",
    "host",
    type=NearestChoice(HOSTS),
    help="Pipelines too, and a state that they share with every checkout. Alone in a project that exists.",
)
@click.pass_obj
def command(app: App, *, directory: Path, host: Host | None) -> int:
    """Make a new project in DIR (default: the current directory), ready to plan.

    It has a project file, one example (a draft that cannot send), and the schemas by which an editor
    completes and checks them. Nothing that exists is overwritten.

    With --ci the repository gets pipelines as well: a pull request shows its plan, and its merge applies
    what was reviewed. In a project that exists they are all that is added.
    """
    from campaignctl.project.loader import refuse_repository

    target = (app.settings.directory or app.settings.cwd) / directory
    pipelines = pipelines_for(app, target, host) if host else None
    added = pipelines.paths if pipelines else {}
    if pipelines and pipelines.project:
        files = added
    else:
        refuse_repository(target)
        _refuse_to_nest(target)
        _refuse_to_mix(app, target)
        files = {**_project_files(target, shared=pipelines is not None), **added}
    _refuse_to_overwrite(app, target, files, added)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    app.console.say(_next_steps(app, target, list(files), pipelines))
    return 0


def _project_files(target: Path, *, shared: bool) -> dict[Path, str]:
    """The files of a new project; `shared` keeps its state in the repository's remote."""
    from campaignctl.manifest.schema import KINDS, modeline, schema_file, schema_text

    project, example = "campaignctl.yaml", "push/welcome.yaml"
    state = _SHARED_STATE if shared else _LOCAL_STATE
    texts = {
        project: modeline(project, "Project") + _PROJECT.format(name=_project_name(target), state=state),
        example: modeline(example) + _MANIFEST,
        **{schema_file(kind): schema_text(kind) for kind in KINDS},
    }
    if not (target / ".gitignore").exists():
        texts[".gitignore"] = _GITIGNORE
    return {target / path: text for path, text in texts.items()}


def _refuse_to_overwrite(app: App, target: Path, paths: Iterable[Path], added: Container[Path]) -> None:
    """Refuse before anything is written, so that no half of a project is left; `added` are the pipelines."""
    for path in paths:
        if os.path.lexists(path):
            raise CampaignctlError(
                f"{_shown(app, target, path)} is there already, and nothing was changed",
                hint="move it out of the way, try again, and put back what you need of it"
                if path in added
                else _elsewhere(app),
            )
        if blocking := next((each for each in path.parents if each.exists() and not each.is_dir()), None):
            raise CampaignctlError(
                f"{_shown(app, target, blocking)} is no folder, and nothing was changed",
                hint=Sentence("move it out of the way; or ", _elsewhere(app)),
            )


def _shown(app: App, target: Path, path: Path) -> str:
    """A path as seen from the project, or where it lies outside, from the current directory."""
    if path.is_relative_to(target):
        return path.relative_to(target).as_posix()
    return os.path.relpath(path, app.settings.cwd)


def _elsewhere(app: App) -> Sentence:
    """Where a new project has room: a directory that is not there yet."""
    names = ("campaigns", "crm", "my-campaigns")
    free = next((name for name in names if not (app.settings.cwd / name).exists()), "DIR")
    return Sentence("give it a directory of its own: ", Command("init", free))


def _refuse_to_nest(target: Path) -> None:
    """Refuse a place inside of a project: its commands would refuse everything from then on."""
    from campaignctl.manifest.load import hides
    from campaignctl.project.loader import project_around

    around = project_around(target)
    if around is None:
        return
    folder = target.resolve().relative_to(around).as_posix()
    if not hides(around, folder, tool_version=__version__):
        raise CampaignctlError(
            f"{folder} lies in the project {around}, and nothing was changed",
            detail="The manifests of a project inside of another would belong to both.",
            hint=f'choose a place outside of it, or first add "{folder}/**" to its `ignore`',
        )


def _refuse_to_mix(app: App, target: Path) -> None:
    """Refuse a directory whose own YAML files would be taken for manifests, or overwritten."""
    if (target / "campaignctl.yaml").exists():
        raise CampaignctlError(
            "This is a project already, and nothing was changed",
            detail=f"{target.resolve() / 'campaignctl.yaml'} is its project file.",
            hint=Sentence(
                "", Command("new", "KEY"), " makes a manifest in it; for a second project ", _elsewhere(app)
            ),
        )
    found = sorted(
        path.relative_to(target).as_posix()
        for pattern in ("*.yaml", "*.yml")
        for path in target.rglob(pattern)
        if not any(part.startswith((".", "_")) for part in path.relative_to(target).parts)
    )
    if not found:
        return
    others = f" and {len(found) - 1} more" if len(found) > 1 else ""
    raise CampaignctlError(
        "There are YAML files already, and nothing was changed",
        detail=f"{found[0]}{others} in {target}: a new project would take such files for its manifests.",
        hint=_elsewhere(app),
    )


def _project_name(target: Path) -> str:
    """Make a name from the directory's: letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", target.resolve().name.lower()).strip("-") or "campaigns"


def _next_steps(app: App, target: Path, made: list[Path], pipelines: Added | None) -> str:
    lines = [f"Made {_shown(app, target, path)}" for path in made] or ["Every file is there already."]
    if pipelines is None or pipelines.project is None:
        lines += _for_a_project(app, target, made)
    if pipelines:
        lines += ["", "For the pipelines:", *pipelines.next_steps()]
    return "\n".join(lines)


def _for_a_project(app: App, target: Path, made: list[Path]) -> Iterator[str]:
    ignore = target / ".gitignore"
    if ignore not in made and _IGNORED not in ignore.read_text(encoding="utf-8", errors="replace"):
        yield f"Add {_IGNORED}/ to .gitignore: the state is a record of one account."
    yield from ("", "Next:")
    here, cwd = target.resolve(), app.settings.cwd.resolve()
    if here != cwd:
        yield f"  cd {shlex.quote(str(here.relative_to(cwd) if here.is_relative_to(cwd) else here))}"
    yield "  campaignctl new push/spring      a manifest of your own"
    yield "  campaignctl validate             the manifests are in order"
    yield "  campaignctl plan --no-refresh    what an apply would do; needs no token yet"
    yield "  campaignctl sandbox              a local Ocamba to apply it to, in another terminal"
