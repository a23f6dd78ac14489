"""All that one sandbox is: its memory, clock, switches, limits and faults, and the lock around them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from threading import Event, RLock
from typing import Any

from campaignctl.sandbox.clock import Clock
from campaignctl.sandbox.faults import Rule
from campaignctl.sandbox.limits import Limits
from campaignctl.sandbox.model import Campaign
from campaignctl.sandbox.store import Store
from campaignctl.sandbox.switches import Switches

DEFAULT_COMPANY = "6197120"


class World:
    """One account provider. Take `turn()` around everything that reads or changes it."""

    def __init__(self, data: Path | None, switches: Switches) -> None:
        """Open the memory; switches that it kept go before the ones given here."""
        self._lock = RLock()
        self._given = switches
        self.store = Store(data)
        self.closing = Event()
        self.limits = Limits()
        self.clock = Clock()
        self.switches = switches
        self.rules: tuple[Rule, ...] = ()
        self._recall()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Give one thread the world, with all that is due done; what it changed is lasting afterwards."""
        with self._lock:
            self.settle()
            yield
            self.store.commit()

    def close(self) -> None:
        """Wake who waits, and close the memory; a second time does nothing."""
        if self.closing.is_set():
            return
        self.closing.set()
        with self._lock:
            self.store.close()

    def now(self) -> str:
        """Return the sandbox's present moment as a stamp."""
        return self.clock.now()

    def settle(self) -> None:
        """Let everything happen that is due by now."""
        self.store.settle(self.now(), self.switches)

    def set_clock(self, clock: Clock) -> None:
        """Use another clock, and let everything happen that is due by it."""
        self.clock = clock
        self.store.set("clock", asdict(clock))
        self.settle()

    def set_switches(self, values: Mapping[str, Any]) -> None:
        """Set some switches otherwise; BadSwitch for unknown ones."""
        self.switches = self.switches.changed(values)
        self.store.set("switches", self.switches.as_json())

    def set_rules(self, rules: tuple[Rule, ...]) -> None:
        """Use other fault rules."""
        self.rules = rules
        self.store.set("faults", [rule.as_json() for rule in rules])

    def add_token(self, token: str, company: str) -> None:
        """Declare a token; from the first one on, undeclared tokens are refused."""
        self.store.set("tokens", {**self.store.setting("tokens", {}), token: company})

    def company_of(self, token: str) -> str | None:
        """Return the company that a token belongs to, or None for a token that is not valid."""
        tokens = self.store.setting("tokens", {})
        found: str | None = tokens.get(token) if tokens else DEFAULT_COMPANY
        return found if token else None

    def reset(self) -> None:
        """Make everything as it was at the first start."""
        self.store.clear()
        self._recall()

    def blank(self, company: str, messages: int) -> Campaign:
        """Return a new campaign without a definition, with ids for so many messages."""
        now = self.now()
        return Campaign(
            id=self.store.new_campaign_id(),
            company_id=company,
            body={},
            message_ids=self.store.new_message_ids(messages),
            status="",
            create_time=now,
            update_time=now,
            visible_from=self.clock.epoch() + self.switches.list_lag,
        )

    def keep(self, campaign: Campaign) -> Campaign:
        """Keep a changed campaign, its update time now."""
        campaign = replace(campaign, update_time=self.now())
        self.store.put(campaign)
        return campaign

    def _recall(self) -> None:
        self.limits = Limits()
        self.clock = Clock(**self.store.setting("clock", {}))
        self.switches = self._given.changed(self.store.setting("switches", {}))
        self.rules = tuple(Rule(**rule) for rule in self.store.setting("faults", []))
