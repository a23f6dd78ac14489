"""The canonical order of lifecycle, moves, guardrails and overrides."""

from __future__ import annotations

from campaignctl.manifest.fmt import formatted, order_of

CAMPAIGN = """\
spec: {name: N}
lifecycle:
  winner: First  # decided on Monday
  on_destroy: forget
  phase: paused
adopt: "103"
moved:
  from: [old, older]
metadata: {key: a}
---
lifecycle: {on_destroy: forget}
metadata: {key: old}
kind: Removed
"""
IN_ORDER = """\
metadata: {key: a}
moved:
  from: [old, older]
adopt: "103"
lifecycle:
  phase: paused
  on_destroy: forget
  winner: First  # decided on Monday
spec: {name: N}
---
kind: Removed
metadata: {key: old}
lifecycle: {on_destroy: forget}
"""
PROJECT = """\
environments:
  live:
    overrides: []
    guardrails:
      forbid_immediate: true
      max_destroy_percent: 10
overrides:
  - reason: flash week
    until: 2036-12-01
    keys: [a]
    guardrail: resend
guardrails:
  freeze:
    - reason: holidays
      to: 2036-12-26
      from: 2036-12-24
metadata: {name: shop}
"""
PROJECT_IN_ORDER = """\
metadata: {name: shop}
guardrails:
  freeze:
    - from: 2036-12-24
      to: 2036-12-26
      reason: holidays
overrides:
  - guardrail: resend
    keys: [a]
    until: 2036-12-01
    reason: flash week
environments:
  live:
    guardrails:
      max_destroy_percent: 10
      forbid_immediate: true
    overrides: []
"""


def test_moved_and_adopt_come_first_then_lifecycle() -> None:
    assert formatted(CAMPAIGN, order_of("a.yaml")) == IN_ORDER


def test_a_project_file_has_guardrails_before_overrides() -> None:
    assert formatted(PROJECT, order_of("campaignctl.yaml")) == PROJECT_IN_ORDER


def test_a_winner_of_a_run_is_in_order() -> None:
    written = "lifecycle:\n  winner:\n    run: 2\n    message: First\nspec: {name: N}\n"
    ordered = "lifecycle:\n  winner:\n    message: First\n    run: 2\nspec: {name: N}\n"
    assert formatted(written, order_of("a.yaml")) == ordered
