"""What earlier plans noted about records, so that what they left alone is left alone without a look at it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from campaignctl.diff import sketch
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.state.model import Record


@dataclass
class Noted:
    """Notes on the records of a state, which are found by the digest of a record as it is written.

    `digests` has that digest by key. `alone` tells of a record what its manifest declared, and under which
    key, in a plan from the state alone that left it alone (no change, block, drift, note or observation) with
    these settings of the project, no halt and no override; `since` is the latest time of such a plan.
    `sketches` are those of what was applied. `more`: something was noted that was not known before.
    """

    digests: Mapping[str, str]
    since: datetime
    alone: dict[str, str] = field(default_factory=dict)
    sketches: dict[str, str] = field(default_factory=dict)
    more: bool = False

    def leaves(self, wanted: DesiredCampaign, now: datetime) -> bool:
        """Whether a recorded campaign was left alone with this manifest, at this time or before."""
        known = self.alone.get(self.digests.get(wanted.key, ""))
        return known is not None and now >= self.since and known == _declared(wanted)

    def left(self, wanted: DesiredCampaign, now: datetime) -> None:
        """Note that a recorded campaign was left alone with this manifest."""
        if record := self.digests.get(wanted.key):
            self.alone[record] = _declared(wanted)
            self.since, self.more = max(self.since, now), True

    def sketch(self, records: Mapping[str, Record], key: str) -> str:
        """The sketch of what was applied under a key."""
        digest = self.digests.get(key)
        if digest is None:
            return sketch(records[key].applied)
        found = self.sketches.get(digest)
        if found is None:
            found = self.sketches[digest] = sketch(records[key].applied)
            self.more = True
        return found


def _declared(wanted: DesiredCampaign) -> str:
    parts = (wanted.key, wanted.digest, wanted.source_digest)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
