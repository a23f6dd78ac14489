"""What earlier plans kept about a state: where its records are in its document, and their notes on them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from campaignctl.errors import StateError
from campaignctl.plan.noted import Noted
from campaignctl.project.model import Project
from campaignctl.reconciler.ports import Memory
from campaignctl.schedule.times import iso, parse_iso
from campaignctl.state.codec import decode, fingerprint
from campaignctl.state.kept import Places, Records, digests_of, places_of, with_places
from campaignctl.state.model import Record, State


class Recall:
    """For one run that only plans. What is not in the memory, or is not understood, is made again.

    The notes belong to the settings of the project, the places to the bytes of a document: nothing else
    finds them.
    """

    def __init__(self, memory: Memory, project: Project) -> None:
        self._memory = memory
        self._project = json.dumps(asdict(project), sort_keys=True, default=str)
        self._document = b""
        self._records: Mapping[str, Record] | None = None
        self._noted: Noted | None = None

    def decode(self, text: bytes, *, where: str) -> State:
        """What `codec.decode` makes of a document. Raises StateError."""
        self._document = text
        state = self._known(text, where) or decode(text, where=where)
        self._records = state.campaigns
        return state

    def _known(self, text: bytes, where: str) -> State | None:
        found = self._recalled(f"places {fingerprint(text)}")
        try:
            return with_places(text, Places(tuple(found[0]), dict(found[1])), where) if found else None
        except (ValueError, TypeError, LookupError, StateError):
            return None

    def noted(self, state: State | None, now: datetime) -> Noted | None:
        """The notes on the records of a state, if they are those of the document that was decoded last."""
        if state is None or state.campaigns is not self._records or not state.campaigns:
            return None
        if isinstance(self._records, Records):
            digests = self._records.digests
        else:
            text = self._document.decode()
            places = places_of(text)
            if places is None or places.records.keys() != self._records.keys():
                return None
            self._keep(f"places {fingerprint(self._document)}", places)
            digests = digests_of(text, places)
        since, alone, sketches = self._notes(now)
        known = set(digests.values())
        self._noted = Noted(
            digests,
            since,
            {one: what for one, what in alone.items() if one in known},
            {one: what for one, what in sketches.items() if one in known},
        )
        return self._noted

    def _notes(self, now: datetime) -> tuple[datetime, dict[str, str], dict[str, str]]:
        found = self._recalled(f"notes {self._project}")
        try:
            return (parse_iso(found[0]), dict(found[1]), dict(found[2])) if found else (now, {}, {})
        except (ValueError, TypeError, LookupError):
            return now, {}, {}

    def keep(self) -> None:
        """Keep what was noted."""
        if (noted := self._noted) and noted.more:
            self._keep(f"notes {self._project}", (iso(noted.since), noted.alone, noted.sketches))

    def _recalled(self, name: str) -> Any:
        try:
            return json.loads(self._memory.recall(name.encode("utf-8", "surrogatepass")) or b"null")
        except ValueError:
            return None

    def _keep(self, name: str, value: Any) -> None:
        body = json.dumps(value).encode()
        self._memory.remember(name.encode("utf-8", "surrogatepass"), body)
