"""Stores campaigns, settings (tokens among them) and the request log: in memory, written through to SQLite.

A request is answered after its changes are committed. One thread at a time.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from campaignctl.sandbox import clock, model
from campaignctl.sandbox.lifecycle import settle
from campaignctl.sandbox.model import Campaign, JsonObject
from campaignctl.sandbox.switches import Switches

# Exclusive: two sandboxes with the same file would hand out the same ids.
# Normal: committed changes survive the process, however it ends.
_TABLES = """
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS campaigns (id INTEGER PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS requests (n INTEGER PRIMARY KEY, value TEXT NOT NULL);
"""
_FIRST_CAMPAIGN = 1030978
_FIRST_MESSAGE = 8146


class Storage:
    """The sandbox's storage; with a file it survives the process, however it ends."""

    def __init__(self, path: Path | None = None) -> None:
        """Open or create the file; sqlite3.Error if that fails or another sandbox has it open."""
        self._database = sqlite3.connect(path or ":memory:", timeout=1, check_same_thread=False)
        try:
            self._database.executescript(_TABLES)
        except sqlite3.Error:
            self._database.close()
            raise
        self._campaigns: dict[str, Campaign] = {}
        self._settings: dict[str, Any] = {}
        self._requests: list[JsonObject] = []
        self._next_due: str | None = None
        self._load()

    def close(self) -> None:
        """Commit and close the file."""
        self._database.commit()
        self._database.close()

    def commit(self) -> None:
        """Commit every change since the last commit."""
        self._database.commit()

    def clear(self) -> None:
        """Delete everything."""
        for table in ("campaigns", "settings", "requests"):
            self._database.execute(f"DELETE FROM {table}")  # noqa: S608 - the names are on the line above
        self._load()

    def campaigns(self) -> Iterator[Campaign]:
        """Yield all campaigns, oldest first."""
        return iter(tuple(self._campaigns.values()))

    def find(self, campaign_id: str) -> Campaign | None:
        """Return a campaign by id, or None."""
        return self._campaigns.get(campaign_id)

    def put(self, campaign: Campaign) -> None:
        """Store a campaign, new or changed."""
        self._campaigns[campaign.id] = campaign
        row = (int(campaign.id), json.dumps(model.to_json(campaign)))
        self._database.execute("INSERT OR REPLACE INTO campaigns VALUES (?, ?)", row)
        if campaign.due is not None and (self._next_due is None or campaign.due < self._next_due):
            self._next_due = campaign.due

    def snapshot(self) -> Mapping[str, Campaign]:
        """Return all campaigns by id, for `restore`."""
        return dict(self._campaigns)

    def restore(self, before: Mapping[str, Campaign]) -> None:
        """Undo every change of campaigns since a snapshot; ids that were given out are not used again."""
        for campaign in self.campaigns():
            if campaign.id not in before:
                del self._campaigns[campaign.id]
                self._database.execute("DELETE FROM campaigns WHERE id = ?", (int(campaign.id),))
            elif before[campaign.id] is not campaign:
                self.put(before[campaign.id])

    def settle(self, now: str, switches: Switches) -> None:
        """Make all transitions that are due by now."""
        if self._next_due is None or self._next_due > now:
            return
        for campaign in self.campaigns():
            settled = settle(campaign, now, switches)
            if settled is not campaign:
                time = max(campaign.update_time, _last_transition(campaign, settled))
                changed = replace(settled, update_time=time)
                self.put(changed.following(campaign, clock.epoch(time), switches.list_lag))
        self._next_due = min((c.due for c in self._campaigns.values() if c.due is not None), default=None)

    def new_campaign_id(self) -> str:
        """Return an unused campaign id."""
        return self._count("last_campaign", _FIRST_CAMPAIGN)

    def new_message_ids(self, number: int) -> tuple[str, ...]:
        """Return unused message ids."""
        return tuple(self._count("last_message", _FIRST_MESSAGE) for _ in range(number))

    def setting(self, name: str, default: Any = None) -> Any:
        """Return the JSON value stored under a name."""
        return self._settings.get(name, default)

    def set(self, name: str, value: Any) -> None:
        """Store a JSON value under a name."""
        self._settings[name] = value
        self._database.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value)))

    def log(self, entry: JsonObject) -> int:
        """Append a request to the log; return its number `n`, which counts from 1 and is never reused."""
        entry = {"n": int(self._count("last_request", 1)), **entry}
        self._requests.append(entry)
        self._database.execute("INSERT INTO requests VALUES (?, ?)", (entry["n"], json.dumps(entry)))
        return int(entry["n"])

    def amend(self, number: int, changes: JsonObject) -> None:
        """Change fields of a request in the log, if it is still there."""
        for place, entry in enumerate(self._requests):
            if entry["n"] == number:
                self._requests[place] = {**entry, **changes}
                row = (json.dumps(self._requests[place]), number)
                self._database.execute("UPDATE requests SET value = ? WHERE n = ?", row)

    def requests(self, after: int = 0) -> list[JsonObject]:
        """Return the requests after number `after`, oldest first."""
        return [entry for entry in self._requests if entry["n"] > after]

    def clear_requests(self) -> None:
        """Empty the log; the numbers go on."""
        self._requests.clear()
        self._database.execute("DELETE FROM requests")

    def _count(self, name: str, first: int) -> str:
        number = self._settings.get(name, first - 1) + 1
        self.set(name, number)
        return str(number)

    def _load(self) -> None:
        rows = [
            json.loads(value)
            for (value,) in self._database.execute("SELECT value FROM campaigns ORDER BY id")
        ]
        self._campaigns = {row["id"]: model.from_json(row) for row in rows}
        self._settings = {
            name: json.loads(value)
            for name, value in self._database.execute("SELECT name, value FROM settings")
        }
        self._requests = [
            json.loads(value) for (value,) in self._database.execute("SELECT value FROM requests ORDER BY n")
        ]
        self._next_due = min((c.due for c in self._campaigns.values() if c.due is not None), default=None)


def _last_transition(before: Campaign, after: Campaign) -> str:
    """Return the stamp of the last transition between two values of a campaign."""
    new_sends = after.sends[len(before.sends) :]
    moments = [before.due or "", *(send.time for send in new_sends)]
    return max(moments)
