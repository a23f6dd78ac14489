"""Two specs, field by field; what counts as the same; the smallest merge patch; drift against live.

The only door to deepdiff.
"""

from campaignctl.diff.drift import Comparison, compare, echo_of, mistaken, overlay, refused
from campaignctl.diff.fields import (
    DEFAULTS,
    EVENT,
    OF_THE_API,
    FieldChange,
    alike,
    equal,
    field_changes,
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
    "DEFAULTS",
    "EVENT",
    "OF_THE_API",
    "Comparison",
    "FieldChange",
    "alike",
    "compare",
    "echo_of",
    "equal",
    "field_changes",
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
