"""Other states of a project: those of its other environments, and those that a renamed one has left.

An absent state is only new if nothing shows that the project was applied before; otherwise everything would
be created a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath

from campaignctl.campaign import marker
from campaignctl.campaign.live import Live
from campaignctl.campaign.marker import Marker
from campaignctl.campaign.status import status_of
from campaignctl.errors import Command, Sentence, StateError, StateMoved, counted, listed
from campaignctl.plan import records
from campaignctl.project.model import Project
from campaignctl.reconciler.opening import matters, tags_of
from campaignctl.reconciler.ports import Elsewhere
from campaignctl.state.model import State

_NAMED = 5
_INIT = Command("state", "init")


@dataclass(frozen=True, slots=True)
class OtherState:
    """A state in another place than this environment's: a path in the project, or a ref.

    `state` is None if it cannot be read. `project` is the id of its project if that is another one.
    """

    place: str
    state: State | None
    project: str | None = None

    def is_left(self, project: Project) -> bool:
        """Whether it is of this project, and no declared environment has it."""
        declared = project.environment_names or (None,)
        return self.state is not None and not self.project and self.state.environment not in declared

    def is_of(self, project: Project) -> bool:
        """Whether it is known to be of this project: by its id, and by nothing else."""
        return self.state is not None and project.id is not None and self.state.project_id == project.id

    def is_alive(self, now: datetime) -> bool:
        """Whether one of its campaigns or writes is not over, as far as recorded."""
        if self.state is None:
            return True
        going = any(not records.final(record, now) for record in self.state.campaigns.values())
        return going or bool(self.state.pending)

    @property
    def words(self) -> str:
        """Where it is, of which environment, and how large."""
        if self.state is None:
            return f"{self.place} (it cannot be read)"
        whose = f"environment {self.state.environment}" if self.state.environment else "no environment"
        whose += f" of project {self.project}" if self.project else ""
        return f"{self.place} ({whose}, {counted(len(self.state.campaigns), 'campaign')})"

    @property
    def rebind(self) -> Command:
        """The command that makes it the state of this environment."""
        return Command("state", "rebind", "--from", self.place)


def other_states(
    project: Project, elsewhere: Elsewhere, *, remote: bool, declared: bool = True, foreign: bool = False
) -> tuple[OtherState, ...]:
    """The other states of this project in files and, with `remote`, on refs; not those that were moved.

    `declared` is false to leave out the files of declared environments, `foreign` true to add states of other
    projects. Raises StateError if the remote cannot be read.
    """
    found = []
    for place, backend in sorted(elsewhere(remote).items()):
        if not declared and PurePosixPath(place).stem in project.environment_names:
            continue
        try:
            state = backend.read()
        except StateMoved:
            continue
        except StateError:
            found.append(OtherState(place, None))
            continue
        if state is None:
            continue
        other = state.project_id if project.id is not None and state.project_id != project.id else None
        if other is None or foreign:
            found.append(OtherState(place, state, other))
    return tuple(found)


def check_left(project: Project, elsewhere: Elsewhere, now: datetime) -> None:
    """Raise StateError for a state file of an environment that is not declared, next to declared ones: its
    campaigns would be created again. One whose campaigns are all over does no harm."""
    if not project.environment_names:
        return
    for one in other_states(project, elsewhere, remote=False, declared=False):
        if one.is_left(project) and one.is_alive(now):
            raise StateError(
                f"{one.words} belongs to no declared environment",
                detail=f"campaignctl.yaml declares {', '.join(project.environment_names)}",
                hint=Sentence(
                    f"declare its environment again, or move {one.place} away;"
                    f" if {project.environment} is its new name: ",
                    one.rebind,
                ),
            )


def check_new(project: Project, elsewhere: Elsewhere, lives: Iterable[Live], keys: Iterable[str]) -> None:
    """Raise StateError if the state is absent although other states, or campaigns that were read (`lives`),
    show that the project was applied before. `keys` are those of the manifests.

    A state of another project counts: an id that was changed makes a project another one. Whose a state
    without an id is, or one that cannot be read, is not known.
    """
    others = other_states(project, elsewhere, remote=True, foreign=True)
    marked = tuple(_marked(lives, project, keys, others))
    if not others and not marked:
        return
    name = project.environment or "the project without environments"
    known = marked or any(one.is_of(project) for one in others)
    foreign = not known and all(one.project for one in others)
    found = [one.words for one in others]
    found += [f"{campaign} with a marker of another environment" for campaign in marked]
    old = next((one for one in others if one.is_left(project)), None)
    if old is not None:
        hint = Sentence(old.rebind, f" if {name} is its new name; if it is new: ", _INIT)
    elif foreign:
        hint = Sentence(
            _INIT, " if this project is new; if its `metadata.id` has changed: write the old one back"
        )
    else:
        lost = Command("state", "recover")
        hint = Sentence(_INIT, f" if {name} is new; if its state was lost: ", lost)
    next_to = "one of another project" if foreign else "another one"
    raise StateError(
        f"there is no state of {name}, and this project was applied before"
        if known
        else f"there is no state of {name} here, but {next_to}",
        detail=listed(found, _NAMED),
        hint=hint,
    )


def of_no_environment(
    lives: Iterable[Live], project: Project, elsewhere: Elsewhere
) -> Iterator[tuple[Live, Marker]]:
    """Campaigns of this project in an environment that is no longer declared, each with its marker."""
    declared = [replace(project.owner, environment=name) for name in project.environment_names or (None,)]
    others = other_states(project, elsewhere, remote=False, declared=False)
    left = [one.state for one in others if one.is_left(project)]
    former = {state.environment for state in left if state}
    for live in lives:
        made_by = marker.read(live.fields)
        if made_by is None or any(owner.made(made_by) for owner in declared):
            continue
        if project.owner.made_elsewhere(made_by, former):
            yield live, made_by


def _marked(
    lives: Iterable[Live], project: Project, keys: Iterable[str], others: Iterable[OtherState]
) -> Iterator[str]:
    """Campaigns, not canceled, of this project in another environment, each with its key if declared."""
    environments = {*project.environment_names, *(one.state.environment for one in others if one.state)}
    tags = tags_of(keys)
    for live in lives:
        made_by = marker.read(live.fields)
        if made_by and project.owner.made_elsewhere(made_by, environments) and matters(status_of(live)):
            key = tags.get(made_by.key)
            yield f"{live.id} ({key})" if key else live.id
