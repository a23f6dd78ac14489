"""The request log of a sandbox in words: every read, and every write with its body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.e2e.harness import World

# One request: its operation, the campaign or list, and the body of a write.
Line = tuple[str, str, Any]

# The newest page of the list, of any status; a page of campaigns that are not final.
NEWEST: Line = ("GET", "newest", None)
ALIVE: Line = ("GET", "alive", None)
# The placeholder of a marker, the intent id of which differs in each run.
MARK = "v1 (project) (key) (intent)"
_MARK = re.compile(r"v2( [0-9a-f]{12}){3} [0-9a-zA-Z-]{8,64}")


def read(key: str) -> Line:
    """A read by id."""
    return ("GET", key, None)


def patch(key: str, **fields: Any) -> Line:
    """An update with exactly these fields."""
    return ("PATCH", key, fields)


def stop(key: str, operation: str, why: str) -> Line:
    """A pause or cancel, with its reason for the dashboard."""
    return ("POST", f"{key}/{operation}", {"reason": f"campaignctl: {why} (by kim)"})


def resume(key: str, time: str) -> Line:
    """A resume at exactly this time."""
    return ("POST", f"{key}/resume", {"scheduled_time": time})


def create(spec: Mapping[str, Any]) -> Line:
    """A create with this body and our marker."""
    return ("POST", "campaigns", {**spec, "metadata": {"campaignctl": MARK}})


def ids_of(world: World) -> dict[str, str]:
    """The ids of campaigns and messages by their names."""
    found = {}
    for each in world.control.campaigns():
        found[each["live"]["name"].lower()] = each["id"]
        found.update({message["name"]: message["id"] for message in each["live"]["messages"]})
    return found


def log(world: World, after: int, ids: Mapping[str, str]) -> list[Line]:
    """Every request since, in order; `ids` are the campaigns' and messages', by their names here."""
    names = {campaign_id: name for name, campaign_id in ids.items()}
    return [_line(entry, names) for entry in world.requests(after=after)]


def _line(entry: Mapping[str, Any], names: Mapping[str, str]) -> Line:
    path = str(entry["path"]).removeprefix("/v1/hood/")
    if entry["method"] == "GET" and path == "campaigns":
        assert entry["query"]["sort"] == "-create_time"
        return ("GET", "alive" if "status" in entry["query"] else "newest", None)
    words = [names.get(word, word) for word in path.split("/")]
    target = "/".join(words[1:] or words)
    return (entry["method"], target, _body(entry["body"]))


def _body(body: Any) -> Any:
    if not isinstance(body, dict) or "metadata" not in body:
        return body
    metadata = dict(body["metadata"])
    if "campaignctl" in metadata:
        assert _MARK.fullmatch(metadata["campaignctl"]), metadata
        metadata["campaignctl"] = MARK
    return {**body, "metadata": metadata}
