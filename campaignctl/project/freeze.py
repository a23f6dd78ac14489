"""Windows in which nothing is armed, and the forms of times and reasons in a project file."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from campaignctl.campaign.part import DayOrTime, Part
from campaignctl.project.validators import duration, is_zone, long_duration, says_something
from campaignctl.schedule import times
from campaignctl.yamlio.schema_types import Written

if TYPE_CHECKING:
    from campaignctl.schedule.windows import Window
else:
    Window = Any  # imported on first use: most projects have no window, and every run would pay for it

Duration = Annotated[timedelta, Written(str, duration)]
LongDuration = Annotated[timedelta, Written(str, long_duration)]
Zone = Annotated[str, AfterValidator(is_zone)]
Reason = Annotated[str, AfterValidator(says_something)]


class Freeze(Part):
    """A window in which nothing is armed: `from` and `to`, or repeatedly `cron` and `duration`."""

    from_: DayOrTime | None = Field(
        None, alias="from", description="Its start: a day, from midnight in the zone, or a time."
    )
    to: DayOrTime | None = Field(None, description="Its end: the last day that it includes, or a time.")
    cron: str | None = Field(
        None, description="When it starts, in the time of the zone, as a cron expression of five fields."
    )
    duration: LongDuration | None = Field(None, description="How long it lasts, by that clock.")
    tz: Zone | None = Field(None, description="IANA time zone; that of the project if absent.")
    kind: Literal["deny", "allow"] | None = Field(
        None, description="deny (if absent), or allow: changes are armed only within it. Deny wins."
    )
    scope: Literal["changes", "sends", "both"] | None = Field(
        None,
        description="What it applies to: the time of a change, the times of its sends, or both (if absent).",
    )
    reason: Reason | None = Field(None, description="Why; shown when it blocks.")


def window(freeze: Mapping[str, Any], zone: str) -> "Window":
    """The window of a `freeze`; `zone` is the project's. Raises TimeError."""
    from campaignctl.schedule.windows import Window

    own, start, end = (freeze.get(name) for name in ("tz", "from", "to"))
    return Window(
        tz=own or zone,
        start=None if start is None else times.begin(start, own or zone, own),
        end=None if end is None else times.end(end, own or zone, own),
        length=duration(freeze.get("duration", "0s")),
        **{name: freeze[name] for name in ("kind", "scope", "cron", "reason") if name in freeze},
    )
