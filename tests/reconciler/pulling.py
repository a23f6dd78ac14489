"""A pull without a command line: a project on disk, a scripted account, a state in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from campaignctl.campaign.canonical import body_digest
from campaignctl.errors import Source
from campaignctl.manifest.changed_files import FileChange, in_the_way, shown_with, write
from campaignctl.manifest.load import Shown, check, load_shown
from campaignctl.manifest.model import DesiredState
from campaignctl.manifest.pulled import LayoutOfKeys
from campaignctl.reconciler.pull import Asked, Made, Seen, made, seen
from campaignctl.reconciler.pull_again import Again, pulled_again, read_again
from campaignctl.review.outcome import Event
from campaignctl.state.model import Account, Record, State
from tests.plan.planning import NOW, record, state
from tests.reconciler.scripted import PROJECT, URL, Item, Script, direct

COMPANY = "6197120"
FAR = "2036-12-24 10:00:00"
LOST = "0123456789abcdef"
OTHERS = {"campaignctl": f"v1 {'0' * 12} {'1' * 12} deadbeef01"}
OURS = {"campaignctl": str(PROJECT.owner.marker("a", LOST))}
PAST = "2020-01-01 10:00:00"
BODY = ("name", "scheduled_time", "messages")
HOW: dict[str, Any] = {"environment": None, "environ": {}, "tool_version": "0.1.0"}


def shown(campaign_id: str, name: str = "Sale", **fields: Any) -> Item:
    """A campaign as the API shows it, created an hour ago."""
    content = {"content": {"en": f"{name} ends soon"}}
    message = {"name": "m", "channel": "sms", "integration_id": "1996", "primary_lang": "en", "sms": content}
    made_at = f"{NOW - timedelta(hours=1):%Y-%m-%d %H:%M:%S}"
    whole = {
        "id": campaign_id,
        "name": name,
        "status": "scheduled",
        "company_id": COMPANY,
        "create_time": made_at,
        "scheduled_time": FAR,
        "labels": [],
        "metadata": {},
        "messages": [message],
        **fields,
    }
    return {key: value for key, value in whole.items() if value is not ...}


@dataclass
class Folder:
    """A project on disk, with the account that it is pulled from."""

    directory: Path
    script: Script = field(default_factory=Script)
    known: State | None = None
    project: dict[str, Any] = field(default_factory=dict)
    heard: list[Event] = field(default_factory=list)

    def write(self, path: str, text: str) -> None:
        """Write a file of the project."""
        place = self.directory / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def declare(self, path: str, name: str, head: str = "", **spec: Any) -> None:
        """Write the manifest of a campaign, after these lines."""
        body = {key: value for key, value in shown("", name).items() if key in BODY}
        self.write(path, f"{head}spec: {json.dumps({**body, **spec})}\n")

    @property
    def desired(self) -> DesiredState:
        """What the manifests declare; none has an error."""
        found, findings = check(self.directory, **HOW)
        assert not [each for each in findings if each.severity == "error"]
        assert found
        return found

    def body(self, key: str) -> Mapping[str, Any]:
        """The body that a manifest compiles to."""
        return self.desired.campaigns[key].spec

    def recorded(self, key: str, campaign_id: str, **fields: Any) -> Record:
        """A record of a campaign, as an apply of its manifest leaves it."""
        one = self.desired.campaigns[key]
        digests = {"digest": body_digest(one.spec), "source_digest": one.source_digest}
        made_of = {**digests, "lifecycle": one.lifecycle, **fields}
        return record(dict(one.spec), campaign_id=campaign_id, **made_of)

    def records(self, **ids: str) -> None:
        """Record these campaigns as applied, by key."""
        campaigns = {key: self.recorded(key, each) for key, each in ids.items()}
        self.known = replace(state(campaigns), account=Account(URL, COMPANY, markers=True))

    def seen(self, asked: Asked | None = None, **wiring: Any) -> Seen:
        """What a pull sees."""
        with direct(self.known, self.script, replace(PROJECT, **self.project), **wiring) as here:
            found = seen(here.wiring, self.desired, asked or Asked())
            self.heard = here.heard
        return found

    def made(
        self,
        asked: Asked | None = None,
        *,
        factor: bool = False,
        folder: str = "",
        layout: LayoutOfKeys = "flat",
    ) -> Made:
        """The manifests that a pull writes."""
        return made(self.seen(asked), self.desired, folder, layout, self, factor=factor)

    def again(self, asked: Asked | None = None) -> Again:
        """The changes of files that a pull makes for recorded campaigns."""
        with direct(self.known, self.script, replace(PROJECT, **self.project)) as here:
            desired = self.desired
            found = seen(here.wiring, desired, asked or Asked())
            lives = read_again(here.wiring, desired, found)
            return pulled_again(desired, found, lives, self, here.wiring.now())

    def after(self, again: Again) -> dict[str, str]:
        """The texts that are written, by path."""
        return {change.path: change.after for change in again.changes}

    # The files of the project, as a pull asks for them.

    def modeline(self, path: str) -> str:
        return f"# {path}\n"

    def in_the_way(self, change: FileChange) -> str:
        return in_the_way(self.directory, change)

    def put(self, change: FileChange) -> str:
        return write(self.directory, change)

    def shown_with(self, changes: Iterable[FileChange]) -> Shown:
        return shown_with(self.directory, changes, **HOW)

    def shown(self) -> Shown:
        return load_shown(self.directory, **HOW)

    def path_of(self, source: Source) -> str:
        return Path(source.file).resolve().relative_to(self.directory.resolve()).as_posix()

    def text(self, path: str) -> str:
        return (self.before(path) or b"").decode()

    def before(self, path: str) -> bytes | None:
        place = self.directory / path
        return place.read_bytes() if place.exists() else None


def account(*items: Item, **how: Any) -> Script:
    return Script(items, **how)


def why(folder: Folder, asked: Asked | None = None) -> dict[str, tuple[str, bool]]:
    """Why campaigns are left out, by id, and whether that is a fault."""
    return {one.id: (one.why, one.fault) for one in folder.seen(asked).left}


def fresh(folder: Folder, asked: Asked | None = None) -> list[str]:
    return [one.id for one in folder.seen(asked).fresh]


def text(folder: Folder, path: str, asked: Asked | None = None) -> str:
    """The manifest of a pull of one campaign."""
    return next(change.after for change in folder.made(asked).changes if change.path == path)
