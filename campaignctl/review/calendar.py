"""The calendar: every send of a project in the next days, what holds it back, and what is not known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Literal

from campaignctl.diff import EVERYONE
from campaignctl.project.model import Collisions
from campaignctl.schedule.agenda import Slot
from campaignctl.schedule.sends import Runs, Sends
from campaignctl.schedule.windows import Kind, Scope

#: How many sends, collisions and freezes a calendar lists; the others are counted.
MOST, MOST_COLLISIONS, MOST_FREEZES = 10_000, 500, 500
#: How many campaigns that are near others are looked at.
MOST_COLLIDING = 2_000

#: Whose times they are. `applied`: the manifest's, and the account (or the state) has them. `planned`: the
#: manifest's, which an apply brings. `outdated`: those of the account, which an apply changes or ends.
#: `undeclared`: of a recorded campaign without a manifest. `unmanaged`: of a campaign that no state knows.
Standing = Literal["applied", "planned", "outdated", "undeclared", "unmanaged"]
Held = Literal["", "halted", "paused", "skipped"]
#: Why a campaign has no time: it sends as soon as it is applied, is started by hand, is a draft, waits for a
#: decision between the messages of its A/B test, or its time cannot be read.
Undated = Literal["at once", "by hand", "draft", "decision", "unknown"]
#: What the API leaves open about a campaign's sends (API contract, sections 2.4, 2.5, 2.7).
Open = Literal["recurrence", "weekdays", "days", "profile_zone", "quiet_hours", "ab_test"]


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign that may send, and when.

    `key` is None if it is unmanaged, `id` if it does not exist yet. `status` is live's if it was `read`, else
    the recorded one, or "not created". `people` is a digest of its `audience`, empty for everyone. `halt`
    says in words which halt names it; `held` is empty if it can send all the same. `recurrence` is in words.
    `skipped` are runs that the dashboard skips. `next` is its next send, perhaps after the calendar's end.
    `made_by` is what its marker says, if it is unmanaged.
    """

    key: str | None
    id: str | None
    name: str
    status: str
    standing: Standing
    sends: Sends
    runs: Runs | None = None
    read: bool = False
    audience: str | Mapping[str, Any] = EVERYONE
    people: str = ""
    held: Held = ""
    halt: str = ""
    undated: Undated | None = None
    recurrence: str = ""
    channels: tuple[str, ...] = ()
    open: tuple[Open, ...] = ()
    skipped: tuple[datetime, ...] = ()
    next: datetime | None = None
    made_by: Literal["", "this project", "another project or environment"] = ""

    @property
    def label(self) -> str:
        """How it is called: its key, else its id. It is foreign text."""
        return self.key or self.id or self.name

    @property
    def goes(self) -> bool:
        """Whether it sends by itself, once everything is applied."""
        return not self.held and self.standing != "outdated" and self.undated is None


@dataclass(frozen=True, slots=True)
class Entry:
    """One send, or all runs of a day that has many; `frozen`: it lies in a freeze."""

    campaign: Campaign
    slot: Slot
    held: Held = ""
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """A day in the project's zone: the sends that go, those that are held or outdated, and what marks it."""

    date: date
    sends: int = 0
    held: int = 0
    collisions: int = 0
    frozen: bool = False
    clock_change: bool = False


@dataclass(frozen=True, slots=True)
class Collision:
    """Sends to the same people on a day: nearer to each other than allowed (`near`), or too many (`many`).

    `count` is the number of campaigns, or of sends; `labels` are the campaigns. `at` is the first of them,
    `until` the end of the last: a collision may go on for days.
    """

    kind: Literal["near", "many"]
    date: date
    audience: str | Mapping[str, Any]
    labels: tuple[str, ...]
    count: int
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Freeze:
    """A stretch of a freeze within the calendar: nothing goes in it (`deny`), or only in it (`allow`)."""

    start: datetime
    end: datetime
    kind: Kind
    scope: Scope
    reason: str


@dataclass(frozen=True, slots=True)
class ClockChange:
    """A change of the clocks in the project's zone, and how far they are ahead of GMT, in minutes."""

    at: datetime
    before: int
    after: int


@dataclass(frozen=True)
class Calendar:
    """Every send of a project in the next days.

    `entries` are the first `MOST` sends in order, `unlisted` is the number of the others; `days` counts all.
    `unlisted_collisions` and `unlisted_freezes` are as well those beyond the listed ones, and campaigns near
    others beyond `MOST_COLLIDING`. `notes` say what is
    not known. `account_read` is false if nothing is known of live campaigns.

    No slots, because `cached_property` needs `__dict__`.
    """

    project: str
    environment: str | None
    now: datetime
    zone: str
    limits: Collisions
    days: tuple[Day, ...]
    campaigns: tuple[Campaign, ...]
    entries: tuple[Entry, ...]
    unlisted: int = 0
    collisions: tuple[Collision, ...] = ()
    unlisted_collisions: int = 0
    freezes: tuple[Freeze, ...] = ()
    unlisted_freezes: int = 0
    clock_changes: tuple[ClockChange, ...] = ()
    notes: tuple[str, ...] = ()
    account_read: bool = False

    @cached_property
    def sends(self) -> int:
        """How many sends go."""
        return sum(day.sends for day in self.days)

    @cached_property
    def nothing_applied(self) -> bool:
        """Whether there are campaigns, and all of them are only in manifests."""
        return bool(self.campaigns) and all(one.standing == "planned" for one in self.campaigns)

    @cached_property
    def held(self) -> tuple[Campaign, ...]:
        """The campaigns that are halted or paused, and those that a halt names and that go all the same."""
        return tuple(one for one in self.campaigns if one.held or one.halt)

    @cached_property
    def undated(self) -> tuple[Campaign, ...]:
        """The campaigns without a time."""
        return tuple(one for one in self.campaigns if one.undated is not None)

    @cached_property
    def unmanaged(self) -> tuple[Campaign, ...]:
        """The campaigns of the account that no state knows."""
        return tuple(one for one in self.campaigns if one.standing == "unmanaged")

    @cached_property
    def open(self) -> Mapping[Open, int]:
        """What the API leaves open, and for how many campaigns with sends in these days."""
        shown = {id(entry.campaign): entry.campaign for entry in self.entries}
        return Counter(each for one in shown.values() for each in one.open)
