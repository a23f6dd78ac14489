"""What the renderers take from rooms beside theirs: the shape alone, as siblings do not import each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from campaignctl.diff import FieldChange
from campaignctl.errors import Command
from campaignctl.plan.model import Action, Blocked, Objection


class FailureShape(Protocol):
    """Why a change is not done."""

    @property
    def summary(self) -> str:
        """One line."""

    @property
    def detail(self) -> str:
        """What explains it, or nothing."""

    @property
    def hint(self) -> str:
        """What to do next, or nothing."""

    @property
    def trace_id(self) -> str | None:
        """The API's id of the request."""


class ResultShape(Protocol):
    """One change after an apply."""

    @property
    def key(self) -> str:
        """The campaign's key."""

    @property
    def action(self) -> Action:
        """What was to be done."""

    @property
    def id(self) -> str | None:
        """The campaign's id, if it has one."""

    @property
    def outcome(self) -> str:
        """done, failed, not_started or unknown."""

    @property
    def error(self) -> FailureShape | None:
        """Why it is not done."""

    @property
    def name(self) -> str:
        """The campaign's name."""


class OutcomeShape(Protocol):
    """A whole apply."""

    @property
    def result(self) -> str:
        """done, incomplete, refused or interrupted."""

    @property
    def changes(self) -> Sequence[ResultShape]:
        """In the order of the plan."""

    @property
    def lineage(self) -> str | None:
        """The state's lineage, if there is a state."""

    @property
    def serial(self) -> int:
        """The state's serial afterwards."""

    @property
    def next(self) -> Sequence[Command]:
        """Complete commands, the first to be run first."""

    @property
    def notes(self) -> Sequence[str]:
        """Quiet lines for people."""

    @property
    def blocked(self) -> Sequence[Blocked]:
        """The keys that were left alone."""

    @property
    def objections(self) -> Sequence[Objection]:
        """The guardrails that stopped the whole apply."""


class StatusShape(Protocol):
    """The live status of one recorded campaign."""

    @property
    def key(self) -> str:
        """The campaign's key."""

    @property
    def id(self) -> str | None:
        """The campaign's id, if it has one."""

    @property
    def name(self) -> str:
        """The campaign's name."""

    @property
    def status(self) -> str:
        """The live status."""

    @property
    def read(self) -> bool:
        """Whether it was read, and not only remembered."""

    @property
    def next_run(self) -> str | None:
        """`YYYY-MM-DDTHH:MM:SSZ`."""

    @property
    def drift(self) -> Sequence[FieldChange]:
        """Applied against live."""

    @property
    def pending(self) -> str | None:
        """The phase of an unsettled intent."""

    @property
    def declared(self) -> bool:
        """Whether a manifest declares it."""

    @property
    def phase(self) -> str:
        """What its manifest says that it shall be doing."""

    @property
    def halt(self) -> StopShape | None:
        """The halt that stops it."""

    @property
    def paused_by(self) -> str | None:
        """Whose pause it is: that of the manifest, of a halt, or of somebody else."""

    @property
    def decide(self) -> Sequence[str]:
        """The names of the messages between which its A/B test waits for a decision."""

    @property
    def changed_at(self) -> str | None:
        """When live was last changed, `YYYY-MM-DDTHH:MM:SSZ`."""


class StopShape(Protocol):
    """The halt that stops a campaign."""

    @property
    def key(self) -> str:
        """The key by which it is lifted."""

    @property
    def who(self) -> str:
        """Who ordered it."""

    @property
    def at(self) -> str:
        """When, `YYYY-MM-DDTHH:MM:SSZ`."""

    @property
    def reason(self) -> str:
        """Why."""


class FoundShape(Protocol):
    """A campaign of ours that the state does not know."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def key(self) -> str | None:
        """Its key, if anything still names that."""

    @property
    def status(self) -> str:
        """Its status as the API spells it."""

    @property
    def can_send(self) -> bool:
        """Whether it may still send by itself."""

    @property
    def into(self) -> str | None:
        """The key under which it is recorded, if it is."""


class RecoveryShape(Protocol):
    """What a recovery found."""

    @property
    def found(self) -> Sequence[FoundShape]:
        """Newest first."""

    @property
    def looked_at(self) -> int:
        """How many campaigns of the account were seen."""

    @property
    def written(self) -> bool:
        """Whether they were taken over."""


class BelongingShape(Protocol):
    """The account and environment of a state."""

    @property
    def url(self) -> str:
        """The API's base URL."""

    @property
    def company_id(self) -> str | None:
        """The company, if it is known."""

    @property
    def environment(self) -> str | None:
        """The environment, if it has a name."""


class RebindingShape(Protocol):
    """A state that shall belong somewhere else."""

    @property
    def before(self) -> BelongingShape:
        """Where it belongs."""

    @property
    def after(self) -> BelongingShape:
        """Where it would."""

    @property
    def campaigns(self) -> int:
        """How many it records."""

    @property
    def looked_for(self) -> int:
        """How many of them were looked for."""

    @property
    def found(self) -> int:
        """How many of these are in the account."""
