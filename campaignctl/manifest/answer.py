"""Answers of the API as manifests: what a manifest can say of the request that makes the same campaign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from campaignctl.campaign.spec import CampaignSpec
from campaignctl.errors import CampaignctlError, counted, listed
from campaignctl.yamlio.schema_types import Items, Object, Shape, Table, bare, shape_of

#: Fields that only answers have.
_SIGNS = frozenset({"id", "company_id", "creator_id", "status_code", "effective_status", "create_time"})
#: Fields that only an answer with an error has, next to a message.
_ERROR = frozenset({"code", "title", "trace_id"})
_EVENT = "run_immediately"
_FEW = 40


def is_answer(body: Mapping[str, Any]) -> bool:
    """Whether a JSON object is an answer of the API: one campaign, a list of them, or an error."""
    return isinstance(body.get("items"), list) or len(_SIGNS.intersection(body)) > 1 or body.keys() >= _ERROR


def only_campaign(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The campaign of an answer. Raises CampaignctlError for an error, and for a list that does not have
    exactly one."""
    if answer.keys() >= _ERROR:
        raise CampaignctlError(
            "The pasted answer is an error, not a campaign",
            hint="paste the body of the request, or an answer with a campaign",
        )
    items = answer.get("items")
    if not isinstance(items, list):
        return dict(answer)
    if len(items) != 1 or not isinstance(items[0], dict):
        raise CampaignctlError(
            f"The pasted answer has {counted(len(items), 'campaign')}",
            hint="paste one of them, from its `{` to its `}`",
        )
    return dict(items[0])


def without_event(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request of a live campaign without the event that sent it, so that no manifest can send it again.

    A draft keeps it: there it has not happened yet.
    """
    waits = request.get("is_draft")
    return {name: value for name, value in request.items() if name != _EVENT or waits}


def again(answer: Mapping[str, Any], request: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body of a new campaign like that of an answer, and notes about what was left out.

    `request` is the request that makes the campaign of the answer.
    """
    body, _ = parted(without_event(request))
    dropped = list(dict.fromkeys(_missing(answer, body, "")))
    notes = [f"Left out, as the API fills it in: {listed(dropped, _FEW)}."] if dropped else []
    if not any(body.get(name) for name in ("scheduled_time", "recurrence", "is_draft")):
        notes.append("It has no time: the new campaign is started by hand.")
    return body, tuple(notes)


def _missing(shown: Any, kept: Any, path: str) -> Iterator[str]:
    """The paths of an answer that a body does not have; those in a list without their index."""
    if isinstance(shown, Mapping) and isinstance(kept, Mapping):
        for name, value in shown.items():
            if name in kept:
                yield from _missing(value, kept[name], f"{path}{name}/")
            elif value is not None:
                yield f"{path}{name}"
    elif isinstance(shown, list) and isinstance(kept, list):
        for one, other in zip(shown, kept, strict=False):
            yield from _missing(one, other, path)


def parted(request: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A request as `spec` and `extra` of a manifest: what the models know, and what they do not."""
    known, unknown = _parted(request, shape_of(CampaignSpec))
    return known or {}, unknown or {}


def _parted(value: Any, shape: Shape | None) -> tuple[Any, Any]:
    """A value without what its shape does not know, and that alone: None if there is nothing."""
    shape = bare(shape)
    if isinstance(shape, Object | Table) and isinstance(value, Mapping):
        known, unknown = {}, {}
        for name, item in value.items():
            inner = shape.value if isinstance(shape, Table) else shape.known.get(name, shape.rest)
            if inner is None:
                unknown[name] = item
                continue
            known[name], more = _parted(item, inner)
            unknown |= {} if more is None else {name: more}
        return known, unknown or None
    if isinstance(shape, Items) and isinstance(value, list):
        pairs = [_parted(item, shape.item) for item in value]
        found = [more is not None for _, more in pairs]
        # Items are merged one by one, so those in front of one with something unknown have an empty place.
        length = len(found) - found[::-1].index(True) if any(found) else 0
        return [item for item, _ in pairs], [more or {} for _, more in pairs[:length]] or None
    return value, None
