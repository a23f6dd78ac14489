"""Arbitrary states, steps and JSON values for property tests."""

from __future__ import annotations

from typing import get_args

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from campaignctl.campaign.lifecycle import Lifecycle, OnDestroy
from campaignctl.state.ledger import Released, Sent
from campaignctl.state.model import (
    Account,
    Dropped,
    Entry,
    Foreign,
    Intent,
    IntentOperation,
    IntentPhase,
    Origin,
    Record,
    State,
    Watermark,
)

# A busy machine is slow, which is no error in the code.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.text(max_size=8) | st.sampled_from(["\ud800", "\udfff x", "a\nb", "\u2028", "\x00\x7f", '",}'])
keys = st.sampled_from(["push/welcome", "push/a[country=DE]", "sms/flash"]) | texts
maybe_text = st.none() | texts
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
specs = st.dictionaries(texts, json_values, max_size=3)

lifecycles = st.builds(
    Lifecycle,
    prevent_destroy=st.booleans(),
    on_destroy=st.sampled_from(get_args(OnDestroy)),
    ignore_changes=st.lists(texts, max_size=2).map(tuple),
)
accounts = st.builds(Account, url=texts, company_id=maybe_text, markers=st.none() | st.booleans())
records = st.builds(
    Record,
    id=texts,
    status=texts,
    applied=specs,
    digest=texts,
    intent=maybe_text,
    created_at=texts,
    updated_at=texts,
    source_digest=texts,
    echo=specs,
    lifecycle=lifecycles,
    send_strategy=maybe_text,
    next_run_time=maybe_text,
    reposted=st.booleans(),
    baseline=st.none() | specs,
    unconfirmed=st.lists(texts, max_size=2).map(tuple),
    origin=st.sampled_from(get_args(Origin)),
    unmarked=st.booleans(),
    began=maybe_text,
    posts=st.lists(texts, max_size=2).map(tuple),
)
intents = st.builds(
    Intent,
    operation=st.sampled_from(get_args(IntentOperation)),
    intent=texts,
    phase=st.sampled_from(get_args(IntentPhase)),
    spec=specs,
    digest=texts,
    watermark=st.builds(Watermark, ids=st.lists(texts, max_size=2).map(tuple), server_time=maybe_text),
    first_send=maybe_text,
    at=maybe_text,
    id=maybe_text,
    patch=st.none() | specs,
    source_digest=texts,
    lifecycle=lifecycles,
    posts=st.lists(texts, max_size=2).map(tuple),
    ended=st.booleans(),
)
times = st.lists(texts, max_size=2).map(tuple)
sent = st.lists(
    st.builds(Sent, digest=texts, key=keys, id=maybe_text, at=texts, content=texts, sends=times), max_size=2
).map(tuple)
foreign = st.builds(Foreign, status=texts, at=texts, content=maybe_text, sends=times)
dropped = st.lists(st.builds(Dropped, key=keys, intent=texts, digest=texts, posts=times), max_size=2).map(
    tuple
)
released = st.lists(
    st.builds(Released, key=keys, id=texts, intent=maybe_text, digest=texts, status=texts, at=texts),
    max_size=2,
).map(tuple)
seen = st.lists(texts, max_size=3).map(tuple)

states = st.builds(
    State,
    lineage=texts,
    serial=st.integers(min_value=0),
    environment=maybe_text,
    account=accounts,
    tool_version=texts,
    seen=seen,
    campaigns=st.dictionaries(keys, records, max_size=2),
    pending=st.dictionaries(keys, intents, max_size=2),
    sent=sent,
    released=released,
    missed=st.dictionaries(keys, texts, max_size=2),
    foreign=st.dictionaries(texts, foreign, max_size=2),
    dropped=dropped,
    settings=st.none() | specs,
    project_id=maybe_text,
    stop_mark=st.booleans(),
)
entries = st.builds(
    Entry,
    records=st.dictionaries(keys, st.none() | records, max_size=2),
    intents=st.dictionaries(keys, st.none() | intents, max_size=2),
    missed=st.dictionaries(keys, maybe_text, max_size=2),
    sent=sent,
    released=released,
    account=st.none() | accounts,
    seen=st.none() | seen,
    decision=st.booleans(),
    foreign=st.dictionaries(texts, st.none() | foreign, max_size=2),
    dropped=dropped,
    settings=st.none() | specs,
    project_id=maybe_text,
    stop_mark=st.none() | st.booleans(),
)
