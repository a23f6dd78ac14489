"""Specs for property tests, with real field names, so that every rule of equality is used."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# A busy machine is slow, which is no error in the code.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.text(max_size=4)
times = st.sampled_from(["2036-12-24 10:00:00", "2036-12-24 11:00:00", "2037-01-01 00:00:00"])
names = (
    st.sampled_from(["a", "b", "en", "x/y", "t~", "0", "__private", "campaign", "some_id", "enabled"]) | texts
)
scalars = st.booleans() | st.integers(-3, 99) | texts
# RFC 7386 cannot set a field to null, and manifests have none.
values: Any = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(names, values, max_size=3)
utm = st.fixed_dictionaries({}, optional={"enabled": st.sampled_from([0, 1]), "utm_source": texts})
channels = st.sampled_from(["push", "email", "sms"])
messages = st.lists(
    st.fixed_dictionaries(
        {"channel": channels},
        optional={
            "name": texts,
            "integration_id": st.sampled_from(["1", "1830"]),
            "priority": st.integers(0, 5),
            "push": objects,
        },
    ),
    min_size=1,
    max_size=3,
)
specs = st.fixed_dictionaries(
    {"name": texts, "messages": messages},
    optional={
        "labels": st.lists(st.sampled_from(["a", "b", "c"]), max_size=3),
        "metadata": objects,
        "scheduled_time": times,
        "is_draft": st.booleans(),
        "run_immediately": st.booleans(),
        "send_in_profile_time_zone": st.booleans(),
        "quiet_hours": objects,
        "targeting": st.dictionaries(names, objects, max_size=2),
        "utm_tracking": utm,
        "score": st.integers(0, 9),
    },
)
