"""Comparison of specs: field changes, equal values, the smallest merge patch, and drift against live.

The only room that imports deepdiff.
"""

from campaignctl.diff.drift import Comparison, compare, echo_of, mistaken, overlay, refused
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
from campaignctl.diff.requested import requested

__all__ = [
    "EVENT",
    "OF_THE_API",
    "Comparison",
    "FieldChange",
    "alike",
    "compare",
    "echo_of",
    "equal",
    "field_changes",
    "is_default",
    "join",
    "leaves",
    "lookup",
    "matches",
    "meaning",
    "merge_patch",
    "mistaken",
    "overlay",
    "refused",
    "requested",
    "same",
    "split",
]
