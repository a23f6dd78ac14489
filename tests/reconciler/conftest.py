from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campaignctl.sandbox import Control, Sandbox, Switches
from tests.api.simulated import TOKEN, SimulatedTime, client
from tests.backends.local_place import LocalPlace
from tests.plan.planning import PROJECT
from tests.reconciler.account import Account, Clock
from tests.reconciler.pulling import Folder
from tests.reconciler.repositories import Repository
from tests.reconciler.scripted import PROJECT as PULLED
from tests.reconciler.wire import Wire


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    # The sandbox answers with the real date.
    time = SimulatedTime(start=datetime.now(UTC).replace(microsecond=0))
    with Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0)) as sandbox:
        control = Control(sandbox.url)
        control.token(TOKEN, "6197120")
        settings = replace(PROJECT.api, url=sandbox.url, timeout=timedelta(seconds=5))
        with client(sandbox.url, time) as api:
            yield Account(api, control, LocalPlace(tmp_path), Clock(time), replace(PROJECT, api=settings))


@pytest.fixture
def late(tmp_path: Path) -> Iterator[Account]:
    """An account whose server lives in simulated time too, and may be late."""
    time, switches = SimulatedTime(), Switches(rate_per_second=0, rate_per_minute=0, date_header="sandbox")
    with Sandbox(switches=switches) as sandbox:
        control, place = Control(sandbox.url), LocalPlace(tmp_path)
        control.token(TOKEN, "6197120")
        control.freeze()
        wire = Wire(time, control, lambda: place.backend().read())
        settings = replace(PROJECT.api, url=sandbox.url, timeout=timedelta(seconds=30))
        with client(sandbox.url, time, timeout=30, transport=wire) as api:
            project = replace(PROJECT, api=settings)
            yield Account(api, control, place, Clock(time), project, on_wire=wire)


@pytest.fixture
def repository(account: Account, tmp_path: Path) -> Repository:
    """A checkout of its own with the same account and, unless it is said otherwise, the same project."""

    def made(folder: str, **project: Any) -> Account:
        (tmp_path / folder).mkdir()
        place = LocalPlace(tmp_path / folder)
        ours = replace(account.project, **project)
        return replace(account, place=place, project=ours, specs={}, adopts={}, lifecycles={}, events=[])

    return made


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A project without manifests, into which campaigns are pulled."""
    made = Folder(tmp_path)
    made.write("campaignctl.yaml", f"metadata: {{name: acme, id: {PULLED.id}}}\n")
    return made
