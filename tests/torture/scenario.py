"""The plans that are tortured: what is applied before, what is changed then, and what must come of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

Kind = Literal["recorded", "left", "gone"]

TIMEOUT = 1.0
PROJECT = """\
apiVersion: campaignctl/v1
kind: Project
metadata: {name: torture}
api:
  timeout: TIMEOUT
  rate_limit: {per_second: 10000, per_minute: 100000, reserve_per_minute: 100}
  settle: {waits: [50ms, 50ms], horizon: 24h}
  immediate: IMMEDIATE
guardrails: {max_destroy_percent: 100, max_immediate_sends: 20, min_lead_time: 1m}
"""


@dataclass(frozen=True)
class Due:
    """What must come of a key.

    `kind`: `recorded` (live once, and recorded), `left` (live once, recorded no more) or `gone` (canceled,
    recorded no more). `sends`: how often its name goes out, over all campaigns. `copies`: how many
    campaigns of the name are there that are not canceled. `by_hand`: an unknown create of it may need a
    person, because it could have sent.
    """

    kind: Kind = "recorded"
    sends: int = 0
    copies: int = 1
    by_hand: bool = False


@dataclass(frozen=True)
class Scenario:
    """Manifests by file name, before and after; None takes one away. `replace` is given to `--replace`."""

    name: str
    before: Mapping[str, Mapping[str, Any]]
    after: Mapping[str, Mapping[str, Any] | None]
    due: Mapping[str, Due]
    replace: tuple[str, ...] = ()
    two_step: bool = False

    def write_before(self, folder: Path) -> None:
        """The project as it is applied first."""
        folder.mkdir(parents=True)
        text = PROJECT.replace("IMMEDIATE", "two_step" if self.two_step else "direct")
        text = text.replace("TIMEOUT", f"{TIMEOUT * 1000:.0f}ms")
        (folder / "campaignctl.yaml").write_text(text, encoding="utf-8")
        for key, spec in self.before.items():
            _write(folder, key, spec)

    def write_after(self, folder: Path) -> None:
        """The project as it is applied under torture."""
        for key, spec in self.after.items():
            if spec is None:
                (folder / f"{key}.yaml").unlink()
            else:
                _write(folder, key, spec)


@dataclass(frozen=True)
class Times:
    """The moments that manifests name, relative to the present."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def soon(self) -> str:
        """Within the settling horizon."""
        return _stamp(self.now + timedelta(hours=5))

    @property
    def far(self) -> str:
        """Beyond it."""
        return _stamp(self.now + timedelta(days=90))

    @property
    def weekly(self) -> str:
        """A cron whose first run is beyond it as well."""
        return f"0 10 * * {(self.now + timedelta(days=3)).isoweekday() % 7}"


def small(times: Times) -> Scenario:
    """The plan whose every boundary is hit in CI: one of each kind of risk."""
    before = {
        "edited": spec("edited", scheduled_time=times.far),
        "ended": spec("ended", scheduled_time=times.far),
    }
    after = {
        "edited": spec("edited", scheduled_time=times.far, description="edited"),
        "ended": None,
        "far": spec("far", scheduled_time=times.far),
        "now": spec("now", run_immediately=True),
    }
    due = {"edited": Due(), "ended": Due("gone"), "far": Due(), "now": Due(sends=1, by_hand=True)}
    return Scenario("small", before, after, due)


def first(times: Times) -> Scenario:
    """The first apply of a project: no state yet, and an account of which nothing is known."""
    after = {
        "draft": spec("draft", is_draft=True),
        "far": spec("far", scheduled_time=times.far),
        "now": spec("now", run_immediately=True),
    }
    due = {"draft": Due(), "far": Due(), "now": Due(sends=1, by_hand=True)}
    return Scenario("first", {}, after, due)


def mixed(times: Times, *, two_step: bool = False) -> Scenario:
    """Every action there is, and every kind of create."""
    before = {
        "edited": spec("edited", scheduled_time=times.far),
        "edited-draft": spec("edited-draft", is_draft=True),
        "armed-soon": spec("armed-soon", is_draft=True),
        "armed-now": spec("armed-now", is_draft=True),
        "ended": spec("ended", scheduled_time=times.soon),
        "forgotten": spec("forgotten", is_draft=True),
        "replaced": spec("replaced", scheduled_time=times.far),
        "again": spec("again", run_immediately=True),
        "kept": spec("kept", scheduled_time=times.far),
    }
    after: dict[str, Mapping[str, Any] | None] = {
        "edited": spec("edited", scheduled_time=times.far, description="edited"),
        "edited-draft": spec("edited-draft", is_draft=True, description="edited"),
        "armed-soon": spec("armed-soon", is_draft=False, scheduled_time=times.soon),
        "armed-now": spec("armed-now", is_draft=False, run_immediately=True),
        "ended": None,
        "forgotten": None,
        "now-a": spec("now-a", run_immediately=True),
        "now-b": spec("now-b", run_immediately=True),
        "soon": spec("soon", scheduled_time=times.soon),
        "far": spec("far", scheduled_time=times.far),
        "weekly": spec("weekly", recurrence={"cron": times.weekly}),
        "draft": spec("draft", is_draft=True),
        "by-hand": spec("by-hand"),
    }
    # The POST of a two-step create cannot send, so that it may be repeated.
    once = Due(sends=1, by_hand=not two_step)
    due = {
        **dict.fromkeys(("edited", "edited-draft", "armed-soon", "replaced", "kept"), Due()),
        **dict.fromkeys(("armed-now", "now-a", "now-b"), once),
        **dict.fromkeys(("far", "weekly", "draft", "by-hand"), Due()),
        "soon": Due(by_hand=True),
        "ended": Due("gone"),
        "forgotten": Due("left"),
        "again": Due(sends=2, copies=2, by_hand=not two_step),
    }
    return Scenario("two-step" if two_step else "mixed", before, after, due, ("replaced", "again"), two_step)


def spec(name: str, **members: Any) -> Mapping[str, Any]:
    """A small campaign with a body of its own."""
    sms = {"content": {"en": f"Hi from {name}"}}
    message = {"name": "m", "channel": "sms", "integration_id": "1996", "sms": sms}
    return {"name": name, "messages": [message], **members}


def _write(folder: Path, key: str, body: Mapping[str, Any]) -> None:
    # JSON is YAML.
    (folder / f"{key}.yaml").write_text(json.dumps({"spec": body}), encoding="utf-8")


def _stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")
