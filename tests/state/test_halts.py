"""The stop mark: what two runs of a halt record, what it holds, and its formats."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from campaignctl.errors import StateDamaged, StateTooNew
from campaignctl.state.codec import decode_halts, encode_halts
from campaignctl.state.halts import Halt, Halts, Held, Lift, Stopped

HALT = Halt("h1", None, "wrong price", "kim", "host", "2036-03-01T10:00:00Z")
ENTRY = Stopped("push/a", "103", "paused", "2036-03-01T10:00:01Z")


def test_a_run_removes_its_own_entry_and_not_that_of_a_parallel_run() -> None:
    both = Halts((HALT,)).with_stopped(HALT, (ENTRY,)).with_stopped(HALT, (ENTRY,))
    one = both.without_stopped(HALT, ENTRY)
    assert one.halts[0].stopped == (ENTRY,)
    assert one.paused("103")
    assert not one.without_stopped(HALT, ENTRY).paused("103")


HELD = Held("push/a", "103", "sha256:a")
WHOLE = replace(HALT, stopped=(ENTRY,), held=(HELD,), account=True, under_way=HALT.at)


def test_a_mark_is_read_as_it_was_written() -> None:
    halts = Halts((WHOLE, HALT))
    assert decode_halts(encode_halts(halts)) == halts
    assert json.loads(encode_halts(halts))["format_version"] == 2


def test_a_mark_of_format_1_keeps_its_format_and_nothing_that_came_later() -> None:
    old = decode_halts(encode_halts(Halts((HALT,), format_version=1)))
    again = encode_halts(old.with_halt(WHOLE))
    assert decode_halts(again).halts == (replace(HALT, stopped=(ENTRY,)),)
    assert json.loads(again)["format_version"] == 1


def test_a_newer_format_and_an_unknown_field_are_refused() -> None:
    document = json.loads(encode_halts(Halts((WHOLE,))))
    with pytest.raises(StateTooNew):
        decode_halts(json.dumps({**document, "format_version": 3}))
    document["halts"][0]["new"] = True
    with pytest.raises(StateDamaged):
        decode_halts(json.dumps(document))
    for writer in ("9.9", ""):
        with pytest.raises(StateTooNew):
            decode_halts(json.dumps({**document, "tool_version": writer}))


@pytest.mark.parametrize(
    ("keys", "campaign_id", "content", "by"),
    [
        (("push/a",), None, "", "push/a"),
        (("new", "push/a"), None, "", "push/a"),
        (("new",), "103", "", "push/a"),
        (("new",), None, "sha256:a", "push/a"),
        (("new",), "104", "sha256:b", None),
        (("new",), None, "", None),
    ],
)
def test_a_halt_holds_a_campaign_by_key_id_and_content(
    keys: tuple[str, ...], campaign_id: str | None, content: str, by: str | None
) -> None:
    halt = replace(HALT, keys=("push/*",), held=(HELD,))
    found = Halts((halt,)).stopping(keys, campaign_id, content)
    assert found == ((halt, by) if by else None)
    lifted = replace(halt, lifted=(Lift(("push/a",), "", "", HALT.at),))
    assert Halts((lifted,)).stopping(keys, campaign_id, content) is None


def test_every_halt_that_stops_a_campaign_is_found() -> None:
    one, two = replace(HALT, keys=("new",)), replace(HALT, id="h2", keys=("push/*",), held=(HELD,))
    assert list(Halts((one, two)).all_stopping(["new"], "103")) == [(one, "new"), (two, "push/a")]


def test_a_halt_that_is_carried_out_keeps_what_it_held_before() -> None:
    other = Held("push/b", "104", "")
    (halt,) = Halts((WHOLE,)).carried_out(WHOLE, [other, HELD]).halts
    assert (halt.held, halt.under_way) == ((HELD, other), None)


@pytest.mark.parametrize(
    ("keys", "first", "in_force", "then", "touched"),
    [
        (("push/*",), ("push/?",), True, ("push/ab",), True),
        (("push/*",), ("push/?",), True, ("p*",), True),
        (("push/*",), ("push/?",), True, ("push/a",), False),
        (("push/*",), ("push/?",), True, ("sms/*",), False),
        (("push/*",), ("push/*",), False, ("push/ab",), False),
        (("push/*",), ("p*",), False, ("push/*",), False),
        (("push/?",), ("push/?",), False, ("push/a",), False),
        (("push/?",), ("push/??",), True, ("push/a",), True),
        (("push/?*",), ("push/?*",), False, ("push/a",), False),
        (("push/a", "push/b"), ("push/?",), False, ("push/b",), False),
        (("push/a", "push/b"), ("push/a",), True, ("push/*",), True),
        (("push/a", "push/b"), None, False, ("push/*",), False),
        (("push/a",), ("*",), False, None, False),
        (None, ("push/?",), True, None, True),
    ],
)
def test_a_halt_is_in_force_until_lifts_cover_all_that_it_names(
    keys: tuple[str, ...] | None,
    first: tuple[str, ...] | None,
    in_force: bool,
    then: tuple[str, ...] | None,
    touched: bool,
) -> None:
    halt = replace(HALT, keys=keys, lifted=(Lift(first, "", "", HALT.at),))
    assert (halt.in_force, halt.touched_by(Lift(then, "", "", HALT.at))) == (in_force, touched)
