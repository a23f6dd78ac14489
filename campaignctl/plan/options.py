"""What a plan is asked for beyond the manifests."""

from __future__ import annotations

from dataclasses import dataclass

#: What `--override` may name: the guardrails, and the two rules that a person may lift once.
OVERRIDES = (
    "max_destroy_percent",
    "max_immediate_sends",
    "max_plan_age",
    "min_lead_time",
    "resend",
    "unknown_status",
)


@dataclass(frozen=True, slots=True)
class Options:
    """The selecting and refreshing options of `plan` and `apply`.

    `targets` and `replace` are keys or patterns with `*` and `?`; an exact key wins over a pattern.
    """

    targets: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    destroy: bool = False
    refresh: bool = True
    refresh_only: bool = False
    overrides: tuple[str, ...] = ()
