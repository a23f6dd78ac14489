"""A scenario: what is applied first, what is changed then, and the expected result."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from campaignctl.sandbox.control import Control

Kind = Literal["recorded", "left", "gone"]
Manifests = Mapping[str, Mapping[str, Any] | None]

TIMEOUT = 1.0
APPLY = ("apply", "--auto-approve")
AUDIENCE = {"items": ["DE"], "op": "in"}
PROJECT = """\
apiVersion: campaignctl/v1
kind: Project
metadata: {name: torture, id: 8d7f7a0e-52f3-4b0e-9a55-2f6f0c1f9d11}
api:
  timeout: TIMEOUT
  rate_limit: {per_second: 10000, per_minute: 100000, reserve_per_minute: 100}
  settle: {waits: [50ms, 50ms], horizon: 24h, repost_after: 1s}
  immediate: IMMEDIATE
guardrails: {max_destroy_percent: 100, max_immediate_sends: 20, min_lead_time: 1m}
"""


@dataclass(frozen=True)
class Due:
    """The expected result of a key.

    `kind`: `recorded` (live and recorded), `left` (live, no longer recorded) or `gone` (canceled, no longer
    recorded). `sends`: how often campaigns of this name send. `copies`: how many campaigns of this name are
    not canceled. `status`: that of the recorded campaign, if it matters. `by_hand`: an unknown write may need
    a person, because it could have sent. `name`: the campaign's name, if it is not the key.
    """

    kind: Kind = "recorded"
    sends: int = 0
    copies: int = 1
    status: str | None = None
    by_hand: bool = False
    name: str | None = None


def replacing(keys: Sequence[str]) -> tuple[str, ...]:
    """The options that create these again, as a second send where they were sent."""
    lifted = ("--override", "resend") if keys else ()
    return (*(word for key in keys for word in ("--replace", key)), *lifted)


@dataclass(frozen=True)
class Scenario:
    """A project in layers: all are written and applied one after the other, and the last one is tortured.

    Manifests are documents by key; None removes one. `@NAME` in an adoption and in `command` is the id of the
    campaign of that name. `dashboard` is done by others before the last layer; `command` is tortured, with
    `replace` for `--replace`. `two_step` is `api.immediate`. `environments` are the one that is declared
    before the last layer and the one in it. `loses_state`: the state is lost after the tortured command.
    `adopting`: a manifest that is blocked by a campaign with its content adopts that. `long_ago`: what is
    final before the last layer was sent months ago. `applied_first`: an apply runs before the command is
    repeated. `repeats` are written at the very end, and none of them may be created. `unmarked`: campaigns
    carry no marker.
    """

    name: str
    layers: Sequence[Manifests]
    last: Manifests
    due: Mapping[str, Due]
    replace: tuple[str, ...] = ()
    two_step: bool = False
    dashboard: Callable[[Control], None] | None = None
    command: tuple[str, ...] = APPLY
    environments: tuple[str | None, str | None] = (None, None)
    loses_state: bool = False
    adopting: bool = False
    long_ago: bool = False
    applied_first: bool = False
    unmarked: bool = False
    repeats: Manifests = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        """The command, with the options of its author."""
        return (*self.command, *replacing(self.replace))

    def write_project(self, folder: Path) -> None:
        """The project without manifests."""
        folder.mkdir(parents=True)
        self.write_settings(folder, last=False)

    def write_settings(self, folder: Path, *, last: bool) -> None:
        """The project file, as it is before the last layer or in it."""
        text = PROJECT.replace("IMMEDIATE", "two_step" if self.two_step else "direct")
        text = text.replace("TIMEOUT", f"{TIMEOUT * 1000:.0f}ms")
        if self.unmarked:
            text = text.replace("api:\n", "api:\n  markers: off\n")
        if environment := self.environments[last]:
            text += f"environments: {{{environment}: {{}}}}\ndefault_environment: {environment}\n"
        (folder / "campaignctl.yaml").write_text(text + self.more_settings, encoding="utf-8")

    @property
    def more_settings(self) -> str:
        """What a kind of scenario adds to the project file."""
        return ""


SEEDS = {"custom_properties": {"seed": {"items": ["team"], "op": "in"}}}


@dataclass(frozen=True)
class Proofed(Scenario):
    """A scenario whose project has a seed list, and needs a proof of all that is armed."""

    @property
    def more_settings(self) -> str:
        """The seed list. The guardrail is one more setting of those that the file has."""
        return f"proofs: {{team: {{targeting: {json.dumps(SEEDS)}}}}}\n"

    def write_settings(self, folder: Path, *, last: bool) -> None:
        """The project file, with the guardrail."""
        super().write_settings(folder, last=last)
        file = folder / "campaignctl.yaml"
        text = file.read_text(encoding="utf-8").replace("guardrails: {", "guardrails: {require_proof: true, ")
        file.write_text(text, encoding="utf-8")


def write_manifests(folder: Path, manifests: Manifests, ids: Mapping[str, str]) -> None:
    """Write a layer; `ids` are the ids of campaigns by name."""
    for key, document in manifests.items():
        path = folder / f"{key}.yaml"
        if document is None:
            path.unlink()
            continue
        adopt = {"adopt": with_ids(str(document["adopt"]), ids)} if "adopt" in document else {}
        # JSON is YAML.
        path.write_text(json.dumps({**document, **adopt}), encoding="utf-8")


def with_ids(word: str, ids: Mapping[str, str]) -> str:
    """The id of the campaign that `@NAME` names; any other word unchanged."""
    return ids[word[1:]] if word.startswith("@") else word


@dataclass(frozen=True)
class Times:
    """The times in manifests, relative to now."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def soon(self) -> str:
        """Within the settling horizon."""
        return _stamp(self.now + timedelta(hours=5))

    @property
    def far(self) -> str:
        """Beyond the settling horizon."""
        return _stamp(self.now + timedelta(days=90))

    @property
    def weekly(self) -> str:
        """A cron expression whose first run is beyond the settling horizon."""
        return f"0 10 * * {(self.now + timedelta(days=3)).isoweekday() % 7}"


def campaign(name: str, **fields: Any) -> Mapping[str, Any]:
    """The manifest of a small campaign with a unique body."""
    return {"spec": body(name, **fields)}


def body(name: str, **fields: Any) -> dict[str, Any]:
    """The body of its create call."""
    sms = {"content": {"en": f"Hi from {name}"}}
    message = {"name": "m", "channel": "sms", "integration_id": "1996", "sms": sms}
    return {"name": name, "messages": [message], "targeting": {"countries": AUDIENCE}, **fields}


def _stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")
