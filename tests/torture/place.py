"""Where a trial happens: a project with an account, in its own directory."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from campaignctl.backends.local import LocalBackend
from campaignctl.sandbox.control import Control
from campaignctl.state.model import State
from tests.torture.processes import Account, Child, Command, Ended
from tests.torture.remote import Remote, remote_of
from tests.torture.scenario import APPLY, Manifests, Scenario, with_ids, write_manifests
from tests.torture.tap import Call, Stop, read_calls

_TAIL = 1500
TOKEN = "t0rture-t0ken"


@dataclass
class Place:
    """A project and its account, both running."""

    root: Path
    control: Control
    environ: Mapping[str, str]
    commands: int = 0
    remote: Remote | None = None

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def state_directory(self) -> Path:
        here = self.project / ".campaignctl"
        return here if self.remote is None else here / self.remote.kind

    @property
    def state_file(self) -> Path:
        """The file of the state, which is named after the environment."""
        settings = yaml.safe_load((self.project / "campaignctl.yaml").read_text(encoding="utf-8"))
        return self.state_directory / f"{settings.get('default_environment', 'state')}.json"

    def start(self, *words: str, stop: Stop | None = None, calls: Path | None = None) -> Child:
        """Start the command line."""
        self.commands += 1
        environ = {**self.environ, "CAMPAIGNCTL_PROJECT": str(self.project)}
        command = Command(words, environ, self.state_directory, stop, calls)
        return command.start(self.root / f"output-{self.commands}")

    def run(self, *words: str, stop: Stop | None = None, calls: Path | None = None) -> Ended:
        """Run the command line to its end."""
        ended = self.start(*words, stop=stop, calls=calls).wait()
        if "Traceback" in ended.text or "Unexpected" in ended.text:
            raise AssertionError(ended.text[-_TAIL:])
        return ended

    def apply(self, *words: str) -> Ended:
        """Apply without a question, one change at a time. The harness breaks the lock of a dead runner, as a
        person would."""
        line = (*APPLY, "--parallelism", "1", *words)
        if self.remote is None:
            return self.run(*line)
        self.remote.fresh_checkout()
        ended = self.run(*line, "--lock-timeout", "1s")
        for lock in self.remote.unlocking(ended.text):
            self.run("state", "unlock", lock)
            ended = self.run(*line, "--lock-timeout", "1s")
        return ended

    def ids(self) -> dict[str, str]:
        """The ids of the account's campaigns, by name."""
        return {campaign["live"]["name"]: campaign["id"] for campaign in self.control.campaigns()}

    def write(self, manifests: Manifests) -> None:
        """Write manifests, by key."""
        write_manifests(self.project, manifests, self.ids())

    def age(self) -> None:
        """Let all that is final in the state be of months ago: no trial waits for that long."""
        text = self.run("state", "pull").text
        document = json.loads(text[text.index("{") :])
        then = (datetime.now(UTC) - timedelta(days=90)).strftime("%Y-%m-%dT%H:%M:%SZ")
        for record in document["campaigns"].values():
            if record["status"] in ("sent", "canceled"):
                began = {"began": then} if record["status"] == "sent" else {}
                record |= {"created_at": then, "updated_at": then, **began}
        for entry in document["sent"]:
            entry |= {"at": then, "sends": [then]}
        file = self.root / "aged.json"
        file.write_text(json.dumps(document | {"serial": document["serial"] + 1}), encoding="utf-8")
        if (ended := self.run("state", "push", str(file))).status != 0:
            raise AssertionError(ended.text)

    def lose_state(self) -> None:
        """Delete the state with everything next to it."""
        shutil.rmtree(self.state_directory, ignore_errors=True)

    def plan(self) -> dict[str, Any]:
        """The plan of the remaining changes."""
        ended = self.run("-q", "plan", "--format", "json")
        document = json.JSONDecoder().raw_decode(ended.text[ended.text.index("{") :])[0]
        if not isinstance(document, dict) or "changes" not in document:
            raise AssertionError(ended.text)
        return document

    def state(self) -> State | None:
        """The stored state, if there is one."""
        if self.remote is not None:
            return self.remote.state()
        return LocalBackend(
            self.state_file,
            now=lambda: datetime.now(UTC),
            new_id=lambda: "reader",
            wait=lambda _: None,
            interrupted=lambda: False,
        ).read()

    def recorded_ids(self) -> dict[str, str]:
        """The id of every recorded campaign, by key."""
        state = self.state()
        return {key: record.id for key, record in state.campaigns.items()} if state else {}

    def released_ids(self) -> set[str]:
        """The ids of campaigns that are no longer recorded."""
        state = self.state()
        return {entry.id for entry in state.released} if state else set()

    def lock_id(self) -> str | None:
        """The id of the lock, if it is held."""
        if self.remote is not None:
            return self.remote.lock_id()
        lock = self.state_file.with_name(f"{self.state_file.name}.lock")
        text = lock.read_text(encoding="utf-8") if lock.exists() else ""
        return str(json.loads(text)["id"]) if text else None


@dataclass(frozen=True)
class Stage:
    """A scenario set up once: the project and the account before the torture.

    `words` is the tortured command.
    """

    scenario: Scenario
    root: Path
    words: tuple[str, ...] = APPLY

    @classmethod
    def built(cls, scenario: Scenario, root: Path) -> Stage:
        """Apply the first layers of the scenario, and write the manifests of the last."""
        project = root / "project"
        scenario.write_project(project)
        with running(root) as place:
            for layer in scenario.layers:
                write_manifests(project, layer, {})
                if (ended := place.apply()).status != 0:
                    raise AssertionError(f"{scenario.name}: an apply before it ended with {ended}")
            if scenario.dashboard:
                scenario.dashboard(place.control)
            if scenario.long_ago:
                place.age()
            ids = place.ids()
        scenario.write_settings(project, last=True)
        write_manifests(project, scenario.last, ids)
        return cls(scenario, root, tuple(with_ids(word, ids) for word in scenario.words))

    @property
    def plain(self) -> tuple[str, ...]:
        """The command without the options that each run would repeat."""
        return APPLY if self.words[0] == "apply" else self.words

    def line(self, parallelism: int) -> tuple[str, ...]:
        """The command with this parallelism, if it takes one."""
        several = self.words[0] in ("apply", "halt")
        return (*self.words, "--parallelism", str(parallelism)) if several else self.words

    def crossed(self) -> list[Call]:
        """The boundaries that an undisturbed command crosses."""
        with self.place() as place:
            record = place.root / "calls"
            ended = place.run(*self.line(1), calls=record)
            if ended.status != 0 and not self.scenario.adopting:
                raise AssertionError(f"{self.scenario.name}: the clean run ended with {ended}")
            return read_calls(record)

    @contextmanager
    def place(self) -> Iterator[Place]:
        """A running copy, deleted afterwards."""
        with tempfile.TemporaryDirectory(dir=self.root.parent, prefix="trial-") as name:
            root = Path(name)
            shutil.copytree(self.root, root, dirs_exist_ok=True)
            with running(root) as place:
                yield place


@contextmanager
def running(root: Path) -> Iterator[Place]:
    """The project and account in a directory, running; temporary files of killed runs are deleted with it."""
    account = Account(root / "account.db", root / "account.log")
    try:
        with (
            tempfile.TemporaryDirectory(dir=root.parent, prefix="temporary-") as temporary,
            remote_of(root) as remote,
        ):
            environ = {**_environ(account.url, temporary), **(remote.environ if remote else {})}
            yield Place(root, Control(account.url), environ, remote=remote)
    finally:
        account.close()


def wait_until(moment: float) -> None:
    """Wait until a moment of the monotonic clock, in seconds."""
    time.sleep(max(0.0, moment - time.monotonic()))


def _environ(url: str, temporary: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    own = {"TMPDIR": temporary, "OCAMBA_TOKEN": TOKEN, "OCAMBA_API_URL": url, "CAMPAIGNCTL_CACHE": "off"}
    return {**kept, **own}
