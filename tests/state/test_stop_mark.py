"""Which campaigns a halt stops, and which halts a lift touches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaignctl.state.halts import Halt, Halts, Held, Lift, Stopped

AT = "2036-03-01T10:00:00Z"
ALL = Halt("h1", None, "wrong price", "kim", "host", AT)
ENTRY = Stopped("push/a", "103", "paused", "2036-03-01T10:00:01Z")


def halt(*keys: str, name: str = "h1") -> Halt:
    """A halt of these keys or patterns."""
    return Halt(name, keys, "wrong price", "kim", "host", AT)


def lift(*keys: str) -> Lift:
    """A lift of these keys or patterns; of everything without any."""
    return Lift(keys or None, "fixed", "mira", "2036-03-01T11:00:00Z")


def lifted(one: Halt, *keys: str) -> Halt:
    """The halt after a lift of these keys or patterns."""
    return Halts((one,)).with_lift(lift(*keys)).halts[0]


@pytest.mark.parametrize(
    ("one", "names", "leaves"),
    [
        (ALL, "push/a", None),
        (halt("push/a"), "push/a", "push/b"),
        (halt("push/*"), "push/b", "sms/a"),
        (halt("sms/a", "push/a"), "push/a", "email/a"),
        (lifted(ALL, "push/a"), "push/b", "push/a"),
        (lifted(ALL, "push/*"), "sms/a", "push/a"),
        (lifted(halt("push/*"), "push/a"), "push/b", "push/a"),
        (lifted(lifted(ALL, "push/a"), "push/b"), "push/c", "push/a"),
        (lifted(lifted(ALL, "push/a"), "push/b"), "push/c", "push/b"),
    ],
)
def test_a_halt_names_its_keys_without_those_that_were_lifted(
    one: Halt, names: str, leaves: str | None
) -> None:
    assert one.names(names)
    assert leaves is None or not one.names(leaves)
    assert Halts((one,)).on(names) == one
    assert leaves is None or Halts((one,)).on(leaves) is None


@pytest.mark.parametrize(
    ("one", "is_in_force"),
    [
        (ALL, True),
        (halt("push/a", "push/b"), True),
        (lifted(ALL), False),
        (lifted(ALL, "push/a"), True),
        (lifted(ALL, "*"), False),
        (lifted(ALL, "sms/a", "*"), False),
        (lifted(halt("push/a", "push/b"), "push/a"), True),
        (lifted(halt("push/a", "push/b"), "push/b"), True),
        (lifted(halt("push/a", "push/b"), "push/a", "push/b"), False),
        (lifted(halt("push/a"), "push/*"), False),
    ],
)
def test_a_halt_is_in_force_until_all_of_it_is_lifted(one: Halt, is_in_force: bool) -> None:
    other = halt("email/a", name="h2")
    assert one.in_force is is_in_force
    assert Halts((one, other)).in_force == ((one, other) if is_in_force else (other,))


@pytest.mark.parametrize(
    ("one", "keys", "is_touched"),
    [
        (ALL, (), True),
        (lifted(ALL), (), False),
        (lifted(ALL), ("push/a",), False),
        (ALL, ("push/a",), True),
        (halt("push/a"), ("push/a",), True),
        (halt("push/a"), ("push/b",), False),
        (halt("push/a"), ("push/b", "push/a"), True),
        (halt("push/a"), ("push/*",), True),
        (halt("push/a"), ("sms/*",), False),
        (halt("push/*"), ("push/*",), True),
        (lifted(halt("push/a", "push/b"), "push/a"), ("push/b",), True),
    ],
)
def test_a_lift_touches_the_halts_that_still_stop_what_it_names(
    one: Halt, keys: tuple[str, ...], is_touched: bool
) -> None:
    other = halt("email/a", name="h2")
    halts, end = Halts((one, other)), lift(*keys)
    assert one.touched_by(end) is is_touched
    assert (one in halts.touched_by(end)) is is_touched
    after = halts.with_lift(end)
    assert after.halts[0] == (replace(one, lifted=(*one.lifted, end)) if is_touched else one)
    assert after.halts[1].lifted == (() if keys else (end,))


def test_a_campaign_is_stopped_by_any_of_its_keys_or_by_its_id() -> None:
    one = halt("push/a", name="h1")
    halts = Halts((halt("sms/a", name="h0"), replace(one, stopped=(ENTRY,))))
    assert halts.stopping(["push/a"]) == (halts.halts[1], "push/a")
    assert halts.stopping(["new/key", "push/a"]) == (halts.halts[1], "push/a")
    assert halts.stopping(["new/key"], "103") == (halts.halts[1], "push/a")
    assert halts.stopping(["new/key"], "104") is None
    assert halts.stopping(["new/key"]) is None
    assert halts.with_lift(lift("push/a")).stopping(["new/key"], "103") is None


def test_a_halt_is_added_or_replaced_by_its_id() -> None:
    first, second = halt("push/a", name="h1"), halt("sms/a", name="h2")
    halts = Halts((first, second))
    assert halts.with_halt(halt("x", name="h3")).halts == (first, second, halt("x", name="h3"))
    changed = replace(first, stopped=(ENTRY,))
    assert halts.with_halt(changed).halts == (changed, second)


def test_only_what_a_halt_paused_is_its_own_pause() -> None:
    cut = replace(ENTRY, how="canceled", id="104")
    halts = Halts((halt("sms/a"), replace(halt("push/a", name="h2"), stopped=(ENTRY, cut))))
    assert halts.paused("103")
    assert not halts.paused("104")
    assert not halts.paused("105")
    assert halts.with_lift(lift()).paused("103")
    assert halts.paused("103", since=ENTRY.at)
    assert not halts.paused("103", since="2036-03-01T10:00:02Z")


def test_a_summary_says_who_ordered_it_and_why() -> None:
    assert ALL.summary == "halted by kim, Sat 1 Mar 2036 10:00 GMT: wrong price"
    assert replace(ALL, who="").summary == "halted, Sat 1 Mar 2036 10:00 GMT: wrong price"
    assert replace(ALL, at="at noon").when == "at noon"


FIRST, SECOND = halt("sms/a", name="h1"), halt("push/a", name="h2")
BOTH = Halts((FIRST, SECOND))
HELD = Held("push/a", "103", "sha256:c")


def test_what_a_run_adds_belongs_to_its_own_halt() -> None:
    assert BOTH.with_stopped(SECOND, (ENTRY,)).halts == (FIRST, replace(SECOND, stopped=(ENTRY,)))
    stopped = Halts((FIRST, replace(SECOND, stopped=(ENTRY, ENTRY))))
    assert stopped.without_stopped(SECOND, ENTRY).halts == (FIRST, replace(SECOND, stopped=(ENTRY,)))
    assert BOTH.without_stopped(SECOND, ENTRY).halts == BOTH.halts
    assert BOTH.carried_out(SECOND, [HELD]).halts == (FIRST, replace(SECOND, held=(HELD,)))


def test_a_halt_whose_mark_was_deleted_is_set_again() -> None:
    assert Halts((FIRST,)).with_stopped(SECOND, (ENTRY,)).halts == (FIRST, replace(SECOND, stopped=(ENTRY,)))
    assert Halts().carried_out(SECOND, [HELD]).halts == (replace(SECOND, held=(HELD,)),)


def test_a_halt_that_is_carried_out_holds_each_campaign_once() -> None:
    under_way = Halts((FIRST, replace(SECOND, under_way="2036-01-01T00:00:00Z", held=(HELD,))))
    other = replace(HELD, id="104")
    after = under_way.carried_out(SECOND, [HELD, other, other]).halts[1]
    assert (after.held, after.under_way) == ((HELD, other), None)


@pytest.mark.parametrize(
    ("keys", "campaign_id", "content", "lifted_by"),
    [
        (["push/a"], None, "", "push/a"),
        (["new"], "103", "", "push/a"),
        (["new"], None, "sha256:c", "push/a"),
        (["new"], "104", "sha256:d", None),
        (["new"], "", "", None),
        (["new", "push/a"], "103", "sha256:c", "push/a"),
        ([], "103", "", "push/a"),
    ],
)
def test_a_halt_holds_a_campaign_by_key_id_and_content(
    keys: list[str], campaign_id: str | None, content: str, lifted_by: str | None
) -> None:
    halts = Halts((FIRST, replace(SECOND, held=(HELD, Held("push/a", "", "")))))
    found = halts.stopping(keys, campaign_id, content)
    assert found == ((halts.halts[1], lifted_by) if lifted_by else None)
    lifts = halts.with_lift(lift("push/a"))
    assert lifts.stopping(keys, campaign_id, content) is None


def test_every_halt_that_holds_a_campaign_is_found() -> None:
    halts = Halts((replace(FIRST, keys=None), replace(SECOND, held=(HELD,))))
    found = [(one.id, key) for one, key in halts.all_stopping(["new"], "103", "sha256:c")]
    assert found == [("h1", "new"), ("h2", "push/a"), ("h2", "push/a")]


def test_contents_count_while_a_halt_in_force_holds_one() -> None:
    held = Halts((replace(SECOND, held=(HELD,)),))
    assert held.holds_content
    assert not Halts((replace(SECOND, held=(replace(HELD, content=""),)),)).holds_content
    assert not held.with_lift(lift("push/a")).holds_content
    assert not BOTH.holds_content


def test_halts_keep_their_format() -> None:
    old = Halts((FIRST,), format_version=1)
    assert old.with_halt(SECOND).format_version == 1
    assert old.with_lift(lift()).format_version == 1
    assert old.with_stopped(FIRST, (ENTRY,)).format_version == 1
