"""What every operation works with, put together by the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from campaignctl.reconciler.outcome import OnEvent
from campaignctl.reconciler.ports import Backend, CampaignApi, Clock


@dataclass(frozen=True, slots=True)
class Wiring:
    """The adapters and settings of one run. `api` is None when nothing may be read or sent.

    `who` and `host` say for the history, the lock and the reasons of cancels who runs this, and where.
    `lacks` says whether the checkout certainly does not have a commit.
    """

    backend: Backend
    api: CampaignApi | None
    clock: Clock
    on_event: OnEvent
    tool_version: str
    commit: str | None = None
    lacks: Callable[[str], bool] = lambda _commit: False
    parallelism: int = 8
    lock_timeout: timedelta = timedelta(seconds=30)
    who: str = ""
    host: str = ""
