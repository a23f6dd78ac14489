"""Keeps campaigns, tokens, settings and the request log: in memory for speed, in SQLite to survive.

Every change is written through before the request that made it is answered. One thread at a time.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from campaignctl.sandbox import model
from campaignctl.sandbox.lifecycle import settle
from campaignctl.sandbox.model import Campaign, JsonObject
from campaignctl.sandbox.switches import Switches

# Exclusive: two sandboxes with one file would give the same ids.
# Normal: what was committed outlives the process, however it ends.
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


class Store:
    """The sandbox's memory; with a file, the file's content is there again after any kind of end."""

    def __init__(self, path: Path | None = None) -> None:
        """Open or make the file; sqlite3.Error when that fails or another sandbox has it open."""
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
        """Write what is open and let go of the file."""
        self._database.commit()
        self._database.close()

    def commit(self) -> None:
        """Make everything since the last commit lasting."""
        self._database.commit()

    def clear(self) -> None:
        """Forget everything."""
        for table in ("campaigns", "settings", "requests"):
            self._database.execute(f"DELETE FROM {table}")  # noqa: S608 - the names stand on the line above
        self._load()

    def campaigns(self) -> Iterator[Campaign]:
        """Yield all campaigns, oldest first."""
        return iter(tuple(self._campaigns.values()))

    def find(self, campaign_id: str) -> Campaign | None:
        """Return a campaign by id, or None."""
        return self._campaigns.get(campaign_id)

    def put(self, campaign: Campaign) -> None:
        """Keep a new campaign, or the new value of one."""
        self._campaigns[campaign.id] = campaign
        row = (int(campaign.id), json.dumps(model.to_json(campaign)))
        self._database.execute("INSERT OR REPLACE INTO campaigns VALUES (?, ?)", row)
        if campaign.due is not None and (self._next_due is None or campaign.due < self._next_due):
            self._next_due = campaign.due

    def settle(self, now: str, switches: Switches) -> None:
        """Let everything happen that is due by now."""
        if self._next_due is None or self._next_due > now:
            return
        for campaign in self.campaigns():
            settled = settle(campaign, now, switches)
            if settled is not campaign:
                self.put(
                    replace(settled, update_time=max(campaign.update_time, _last_moment(campaign, settled)))
                )
        self._next_due = min((c.due for c in self._campaigns.values() if c.due is not None), default=None)

    def new_campaign_id(self) -> str:
        """Return an id that no campaign has had."""
        return self._count("last_campaign", _FIRST_CAMPAIGN)

    def new_message_ids(self, number: int) -> tuple[str, ...]:
        """Return ids that no message has had."""
        return tuple(self._count("last_message", _FIRST_MESSAGE) for _ in range(number))

    def setting(self, name: str, default: Any = None) -> Any:
        """Return a JSON value kept under a name."""
        return self._settings.get(name, default)

    def set(self, name: str, value: Any) -> None:
        """Keep a JSON value under a name."""
        self._settings[name] = value
        self._database.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value)))

    def log(self, entry: JsonObject) -> None:
        """Append a request to the log; its number `n` is given here, from 1 and never twice."""
        entry = {"n": int(self._count("last_request", 1)), **entry}
        self._requests.append(entry)
        self._database.execute("INSERT INTO requests VALUES (?, ?)", (entry["n"], json.dumps(entry)))

    def requests(self, after: int = 0) -> list[JsonObject]:
        """Return the log, oldest first, without the requests up to number `after`."""
        return [entry for entry in self._requests if entry["n"] > after]

    def clear_requests(self) -> None:
        """Empty the log; numbering goes on."""
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


def _last_moment(before: Campaign, after: Campaign) -> str:
    """Return when the last thing happened between two values of a campaign."""
    new_sends = after.sends[len(before.sends) :]
    moments = [before.due or "", *(send.time for send in new_sends)]
    return max(moments)
