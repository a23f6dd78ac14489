"""Comparison of specs: field changes, equal values, the smallest merge patch, and drift against live.

The only room that imports deepdiff.
"""

from campaignctl.diff.audience import EVERYONE, audience, uncertain, widened
from campaignctl.diff.content import content
from campaignctl.diff.drift import (
    Comparison,
    aligned,
    compare,
    in_order_of,
    matched,
    overlay,
    path_in,
    refused,
    with_ignored,
)
from campaignctl.diff.fields import (
    EVENT,
    OF_THE_API,
    FieldChange,
    alike,
    equal,
    field_changes,
    is_default,
    join,
    leaves,
    lookup,
    matches,
    meaning,
    merge_patch,
    same,
    split,
)
from campaignctl.diff.meanings import form, means
from campaignctl.diff.requested import requested
from campaignctl.diff.unmanaged import (
    baseline_of,
    following,
    holds_arming_back,
    is_quiet,
    is_unasked,
    kept,
    set_outside,
    unmanaged,
)
from campaignctl.diff.verdicts import FieldVerdict, Weight, echo_of, unconfirmed, verdicts, weight, wrong

__all__ = [
    "EVENT",
    "EVERYONE",
    "OF_THE_API",
    "Comparison",
    "FieldChange",
    "FieldVerdict",
    "Weight",
    "aligned",
    "alike",
    "audience",
    "baseline_of",
    "compare",
    "content",
    "echo_of",
    "equal",
    "field_changes",
    "following",
    "form",
    "holds_arming_back",
    "in_order_of",
    "is_default",
    "is_quiet",
    "is_unasked",
    "join",
    "kept",
    "leaves",
    "lookup",
    "matched",
    "matches",
    "meaning",
    "means",
    "merge_patch",
    "overlay",
    "path_in",
    "refused",
    "requested",
    "same",
    "set_outside",
    "split",
    "uncertain",
    "unconfirmed",
    "unmanaged",
    "verdicts",
    "weight",
    "widened",
    "with_ignored",
    "wrong",
]
