"""The marker: a string in a campaign's metadata by which a create with an unknown outcome is found again.

`v1 <tag of project and environment> <tag of key> <intent id>`. A tag is the first 12 hex digits of a SHA-256:
metadata may be visible to others, so nothing in it is clear text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FIELD = "campaignctl"
_FORM = re.compile(r"v1 ([0-9a-f]{12}) ([0-9a-f]{12}) ([0-9a-zA-Z-]{8,64})")


def _tag(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def scope_tag(project: str, environment: str | None) -> str:
    """The tag of a project and environment."""
    return _tag(f"{project}\0{environment or ''}")


@dataclass(frozen=True, slots=True)
class Marker:
    """What created a campaign: the tags of project and key, and the intent id of the create."""

    scope: str
    key: str
    intent: str

    def __str__(self) -> str:
        return f"v1 {self.scope} {self.key} {self.intent}"


def make(project: str, environment: str | None, key: str, intent: str) -> Marker:
    """The marker of one create."""
    return Marker(scope_tag(project, environment), _tag(key), intent)


def read(campaign: Mapping[str, Any]) -> Marker | None:
    """The marker in a campaign object of the API, or None if there is no readable one."""
    metadata = campaign.get("metadata")
    value = metadata.get(FIELD) if isinstance(metadata, Mapping) else None
    found = _FORM.fullmatch(value) if isinstance(value, str) else None
    return Marker(*found.groups()) if found else None


def stamp(spec: Mapping[str, Any], marker: Marker) -> dict[str, Any]:
    """The body of a create: the author's spec with the marker in its metadata."""
    return {**spec, "metadata": {**(spec.get("metadata") or {}), FIELD: str(marker)}}
