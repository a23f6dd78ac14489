"""A pasted answer of the API: the body of a create call that makes the same campaign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from campaignctl.campaign.marker import FIELD
from campaignctl.campaign.spec import CampaignSpec
from campaignctl.errors import CampaignctlError, counted, listed
from campaignctl.yamlio.schema_types import ItemOrItems, Items, Leaf, Object, Shape, Table, bare, shape_of

#: Fields that only answers have.
_SIGNS = frozenset({"id", "company_id", "creator_id", "status_code", "effective_status", "create_time"})
#: Known fields that answers show and that a request is not documented to take.
_SHOWN_ONLY = frozenset({"score", "max_runs"})
_FEW = 40


def is_answer(body: Mapping[str, Any]) -> bool:
    """Whether a JSON object is an answer of the API: one campaign, or a list of them."""
    return isinstance(body.get("items"), list) or len(_SIGNS.intersection(body)) > 1


def request_of(answer: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body of a create call, and notes about what was left out.

    Raises CampaignctlError for a list that does not have exactly one campaign.
    """
    items = answer.get("items")
    if isinstance(items, list):
        if len(items) != 1 or not isinstance(items[0], dict):
            raise CampaignctlError(
                f"The pasted answer has {counted(len(items), 'campaign')}",
                hint="paste one of them, from its `{` to its `}`",
            )
        answer = items[0]
    dropped: list[str] = []
    body = _kept(_spelled(answer), shape_of(CampaignSpec), "", dropped)
    notes = [f"Left out, as the API fills it in: {listed(dropped, _FEW)}."] if dropped else []
    if not any(body.get(name) for name in ("scheduled_time", "recurrence", "is_draft")):
        notes.append("It has no time: the new campaign is started by hand.")
    return body, tuple(notes)


def _spelled(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer with its labels as a list, and a draft as requests have it."""
    body = dict(answer)
    labels = body.get("labels")
    if isinstance(labels, str):
        body["labels"] = [label.strip() for label in labels.split(",") if label.strip()]
    if body.get("status") == "draft":
        body["is_draft"] = True
    metadata = body.get("metadata")
    if isinstance(metadata, dict) and FIELD in metadata:
        rest = {name: value for name, value in metadata.items() if name != FIELD}
        body["metadata"] = rest or None
    return body


def _kept(value: Any, shape: Shape | None, path: str, dropped: list[str]) -> Any:
    """The part of a value that a request may have; `dropped` gets the paths of the rest."""
    shape = bare(shape)
    if isinstance(shape, Object) and isinstance(value, dict):
        return dict(_fields(value, shape, path, dropped))
    if isinstance(shape, Table) and isinstance(value, dict):
        return {
            name: _kept(item, shape.value, path, dropped) for name, item in value.items() if item is not None
        }
    if isinstance(shape, Items | ItemOrItems) and isinstance(value, list):
        return [_kept(item, shape.item, path, dropped) for item in value]
    if shape is Leaf.TEXT and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _fields(
    value: Mapping[str, Any], shape: Object, path: str, dropped: list[str]
) -> Iterator[tuple[str, Any]]:
    for name, item in value.items():
        inner = shape.known.get(name, shape.rest)
        no_integration = name == "integration_id" and item in ("0", 0)
        if inner is None or name in shape.refused or (not path and name in _SHOWN_ONLY) or no_integration:
            if f"{path}{name}" not in dropped:
                dropped.append(f"{path}{name}")
        elif item is not None:
            yield name, _kept(item, inner, f"{path}{name}/", dropped)
