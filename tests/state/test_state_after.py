"""A step changes what it names, and nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from campaignctl.state.ledger import HistoryEntry, Released, Sent
from campaignctl.state.model import HISTORY_LENGTH, Account, Dropped, Entry, Foreign, Record, State
from campaignctl.state.proofs import Proof
from tests.state.samples import sample_record, sample_state

AT = "2036-01-01T00:00:00Z"
SENT = Sent("sha256:b", "push/b", "9", AT)
RELEASED = Released("push/c", "8", None, "sha256:c", "canceled", AT)
DROPPED = Dropped("push/d", "intent-d", "sha256:d", (AT,))
PROOF = Proof("push/a", "m", "en", "sha256:p", "team", "sha256:s", "mira", "intent-p", "created", AT, "6")
INTENT = next(iter(sample_state().pending.values()))


def apply(number: int, **ended: Any) -> HistoryEntry:
    """One apply of the history."""
    return HistoryEntry(f"a{number}", AT, "apply", "mira", "host", None, "0.1.0", "sha256:p", {}, **ended)


BEFORE = replace(
    sample_state(),
    foreign={"7": Foreign("scheduled", AT)},
    settings={"a": 1},
    project_id="id-1",
    stop_mark=True,
    sent=(SENT,),
    released=(RELEASED,),
    dropped=(DROPPED,),
    history=(apply(1),),
    missed={"push/late": "sha256:l"},
    proofs=(PROOF,),
)


@pytest.mark.parametrize(
    ("step", "changed"),
    [
        ({}, {}),
        (
            {"records": {"push/new": sample_record()}},
            {"campaigns": {**BEFORE.campaigns, "push/new": sample_record()}},
        ),
        ({"records": dict.fromkeys(BEFORE.campaigns)}, {"campaigns": {}}),
        ({"records": {"unknown": None}}, {}),
        ({"intents": {"push/new": INTENT}}, {"pending": {**BEFORE.pending, "push/new": INTENT}}),
        ({"intents": dict.fromkeys(BEFORE.pending)}, {"pending": {}}),
        ({"missed": {"push/late": None, "push/x": "d"}}, {"missed": {"push/x": "d"}}),
        ({"sent": (SENT,)}, {"sent": (SENT, SENT)}),
        ({"released": (RELEASED,)}, {"released": (RELEASED, RELEASED)}),
        ({"dropped": (replace(DROPPED, scanned=True),)}, {"dropped": (replace(DROPPED, scanned=True),)}),
        (
            {"dropped": (replace(DROPPED, intent="other"),)},
            {"dropped": (DROPPED, replace(DROPPED, intent="other"))},
        ),
        ({"account": Account("u", "1", True)}, {"account": Account("u", "1", True)}),
        ({"seen": ("3",)}, {"seen": ("3",)}),
        ({"seen": ()}, {"seen": ()}),
        ({"foreign": {"7": None, "8": Foreign("sent", AT)}}, {"foreign": {"8": Foreign("sent", AT)}}),
        ({"settings": {}}, {"settings": {}}),
        ({"project_id": "id-2"}, {"project_id": "id-2"}),
        ({"stop_mark": False}, {"stop_mark": False}),
        ({"proofs": (replace(PROOF, phase="sent"),)}, {"proofs": (replace(PROOF, phase="sent"),)}),
        ({"proofs": (replace(PROOF, intent="p2"),)}, {"proofs": (PROOF, replace(PROOF, intent="p2"))}),
        ({"history": (apply(2),)}, {"history": (apply(1), apply(2))}),
        ({"history": (apply(1, outcome="done"),)}, {"history": (apply(1, outcome="done"),)}),
    ],
    ids=lambda value: next(iter(value), "nothing"),
)
@pytest.mark.parametrize("decision", [True, False])
def test_a_step_changes_what_it_names(step: dict[str, Any], changed: dict[str, Any], decision: bool) -> None:
    after = BEFORE.after(Entry(**step, decision=decision))
    assert after == replace(BEFORE, serial=BEFORE.serial + decision, **changed)


TWICE = replace(sample_record(), intent="intent-t", digest="sha256:t", posts=(AT, AT), reposted=True)
TRACE = Dropped("push/t", "intent-t", "sha256:t", (AT, AT))


@pytest.mark.parametrize(
    ("known", "step", "traces"),
    [
        (TWICE, {"push/t": None}, (TRACE,)),
        (TWICE, {"push/t": replace(TWICE, intent="intent-u", reposted=False)}, (TRACE,)),
        (TWICE, {"push/t": None, "push/moved": TWICE}, ()),
        (TWICE, {"push/t": replace(TWICE, status="sent")}, ()),
        (TWICE, {"push/other": None}, ()),
        (replace(TWICE, reposted=False), {"push/t": None}, ()),
        (replace(TWICE, posts=()), {"push/t": None}, ()),
        (replace(TWICE, intent=None), {"push/t": None}, ()),
    ],
)
def test_what_leaves_while_a_copy_may_turn_up_leaves_a_trace(
    known: Record, step: dict[str, Record | None], traces: tuple[Dropped, ...]
) -> None:
    before = replace(BEFORE, campaigns={"push/t": known}, dropped=())
    assert before.after(Entry(records=step)).dropped == traces


def test_every_field_of_a_step_is_covered() -> None:
    """A field that a step has and a state does not take would be lost without a word."""
    taken = {"records": "campaigns", "intents": "pending"}
    names = {taken.get(each.name, each.name) for each in fields(Entry)} - {"decision"}
    assert names <= {each.name for each in fields(State)}


def test_the_history_keeps_the_last_applies() -> None:
    full = replace(BEFORE, history=tuple(map(apply, range(HISTORY_LENGTH))))
    after = full.after(Entry(history=(apply(HISTORY_LENGTH),)))
    assert HISTORY_LENGTH == 500
    assert after.history == tuple(map(apply, range(1, HISTORY_LENGTH + 1)))


def test_an_intent_that_sends_at_once_says_so() -> None:
    assert replace(INTENT, first_send="immediately").at_once
    assert not replace(INTENT, first_send=AT).at_once
    assert not replace(INTENT, first_send=None).at_once
