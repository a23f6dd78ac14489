"""What `--override` and `overrides` may lift; apart from the models, which `--help` must not load."""

from typing import Literal, get_args

Liftable = Literal[
    "collisions",
    "forbid_immediate",
    "foreign_pause",
    "freeze",
    "max_arming_changes",
    "max_destroy_percent",
    "max_immediate_sends",
    "max_plan_age",
    "max_proofs_per_day",
    "max_sends_per_day",
    "min_lead_time",
    "require_labels",
    "require_proof",
    "require_targeting",
    "resend",
    "stale_checkout",
    "unknown_status",
    "unmanaged",
    "unproven_account",
]
#: What `--override` and `overrides` may name: the guardrails, and the rules that a person may lift.
OVERRIDES: tuple[Liftable, ...] = get_args(Liftable)
