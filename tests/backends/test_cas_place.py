"""A place that is asked again while it does not answer, and what a version of it holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Lock
from typing import Any

import pytest

from campaignctl import __version__
from campaignctl.backends.cas.backend import StopMark
from campaignctl.backends.cas.place import (
    BRISK,
    LONGEST,
    Files,
    Guarded,
    Moved,
    Note,
    Persistent,
    Place,
    PlaceError,
    Seen,
    Texts,
    jittered,
)
from campaignctl.backends.cas.snapshot import Snapshot
from campaignctl.backends.lock_info import UNKNOWN
from campaignctl.errors import StateDamaged, StateError, StateTooNew
from campaignctl.review.reports import Access
from campaignctl.state.codec import encode, encode_halts, encode_lock, fingerprint
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.journal import entry_line, first_line
from campaignctl.state.model import LockInfo
from tests.state.samples import decision, sample_state

BY = LockInfo("lock-1", "mira", "laptop", 42, "apply", "2036-01-01T00:00:00Z")
NOTE = Note(BY, "a step")
TEXTS = Texts("the shelf", None, "put a good copy there", "take another shelf")
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 4))


def away() -> PlaceError:
    return PlaceError("away", "no answer", hint="wait")


def refusal() -> PlaceError:
    return PlaceError("refused", "no room", hint="clear it")


@dataclass
class Scripted(Place):
    """A place in memory whose puts and looks do what a script says, then what was asked.

    A put that is `lost` is done and not answered, one that is `late` is neither, one that is `beaten` finds
    that another one came before.
    """

    seen: Seen = field(default_factory=lambda: Seen("v0", {"a": b"0"}))
    puts: list[str | PlaceError] = field(default_factory=list)
    looks: list[PlaceError] = field(default_factory=list)
    asked: list[tuple[str, float]] = field(default_factory=list)
    drafts: int = 0

    @property
    def texts(self) -> Texts:
        return TEXTS

    def tip(self) -> str | None:
        return self.look().tip

    def look(self, seconds: float = LONGEST) -> Seen:
        self.asked.append(("look", seconds))
        if self.looks:
            raise self.looks.pop(0)
        return self.seen

    def draft(self, before: Seen, after: Files, note: Note) -> Seen:
        self.drafts += 1
        return Seen(f"draft-{self.drafts}", dict(after))

    def put(self, before: Seen, draft: Seen, seconds: float = LONGEST) -> bool:
        self.asked.append(("put", seconds))
        told = self.puts.pop(0) if self.puts else "done"
        if isinstance(told, PlaceError):
            raise told
        if told == "busy":
            return False
        if before.tip != self.seen.tip:
            return False
        self.seen = draft
        if told == "lost":
            raise away()
        return True

    def holds(self, found: Seen, draft: Seen) -> bool:
        return found.tip == draft.tip

    def access(self, by: LockInfo) -> Access:
        return Access(True, "")


@dataclass
class Shelf:
    """A scripted place, and the pauses while it was asked again."""

    place: Scripted = field(default_factory=Scripted)
    pauses: list[timedelta] = field(default_factory=list)

    @property
    def persistent(self) -> Persistent:
        return Persistent(self.place, self.pauses.append, PAUSES)

    def put(self, brisk: bool = False) -> Seen:
        return self.persistent.put(Seen("v0", {"a": b"0"}), {"a": b"1"}, NOTE, brisk=brisk)


def fits(pauses: list[timedelta], expected: tuple[timedelta, ...]) -> bool:
    """Whether each pause is half to one and a half times the expected one."""
    return len(pauses) == len(expected) and all(
        wanted / 2 <= pause <= wanted * 1.5 for pause, wanted in zip(pauses, expected, strict=True)
    )


@pytest.mark.parametrize(
    ("puts", "asked", "pauses"),
    [
        ([], 1, ()),
        ([away()], 2, PAUSES[:1]),
        ([away(), away(), away()], 4, PAUSES),
        (["lost"], 2, PAUSES[:1]),
        ([away(), "lost"], 3, PAUSES[:2]),
        (["busy"], 2, PAUSES[:1]),
        (["busy", "busy", "busy"], 4, PAUSES),
    ],
)
def test_a_put_is_repeated_until_it_is_done(
    puts: list[str | PlaceError], asked: int, pauses: tuple[timedelta, ...]
) -> None:
    shelf = Shelf(Scripted(puts=puts))
    assert shelf.put() == shelf.place.seen == Seen("draft-1", {"a": b"1"})
    assert [seconds for what, seconds in shelf.place.asked if what == "put"] == [LONGEST] * asked
    assert fits(shelf.pauses, pauses)


@pytest.mark.parametrize("puts", [[away()] * 4, ["busy"] * 4])
def test_a_put_that_is_never_done_is_away(puts: list[str | PlaceError]) -> None:
    shelf = Shelf(Scripted(puts=puts))
    with pytest.raises(PlaceError) as refused:
        shelf.put()
    assert refused.value.kind == "away"
    assert fits(shelf.pauses, PAUSES)
    assert shelf.place.seen.tip == "v0"


def test_a_brisk_put_is_tried_once_and_briefly() -> None:
    shelf = Shelf(Scripted(puts=[away()]))
    with pytest.raises(PlaceError):
        shelf.put(brisk=True)
    assert (shelf.place.asked, shelf.pauses) == ([("put", BRISK)], [])
    assert BRISK < LONGEST
    busy = Shelf(Scripted(puts=["busy"]))
    with pytest.raises(PlaceError, match="did not accept the write"):
        busy.put(brisk=True)
    assert (busy.place.asked, busy.pauses) == ([("put", BRISK), ("look", BRISK)], [])


@pytest.mark.parametrize(
    "shelf", [Shelf(Scripted(puts=[refusal()])), Shelf(Scripted(puts=["busy"], looks=[refusal()]))]
)
def test_a_refusal_is_not_repeated(shelf: Shelf) -> None:
    with pytest.raises(PlaceError, match="no room"):
        shelf.put()
    assert shelf.pauses == []


@pytest.mark.parametrize("waits", [True, False])
def test_a_lock_of_the_places_own_is_waited_for_where_others_hold_one_for_a_put_too(waits: bool) -> None:
    shelf = Shelf(Scripted(puts=[Guarded(BY, "wait"), Guarded(BY, "wait")]))

    def put() -> Seen:
        return shelf.persistent.put(shelf.place.seen, {"a": b"1"}, NOTE, waits=waits)

    if waits:
        assert put() == shelf.place.seen == Seen("draft-1", {"a": b"1"})
        assert fits(shelf.pauses, PAUSES[:2])
        return
    with pytest.raises(Guarded) as guarded:
        put()
    assert (guarded.value.holder, shelf.pauses) == (BY, [])
    assert shelf.place.seen.tip == "v0"


@pytest.mark.parametrize(
    ("found", "is_put"),
    [
        (Seen("v0", {"a": b"0"}), True),
        (Seen("v1", {"a": b"0"}), False),
        (Seen("v1", {"a": b"2"}), False),
    ],
)
def test_a_put_that_replaces_exactly_one_version_continues_no_other(found: Seen, is_put: bool) -> None:
    shelf = Shelf(Scripted(seen=found))

    def put() -> Seen:
        return shelf.persistent.put(Seen("v0", {"a": b"0"}), {"a": b"1"}, NOTE, exactly=True)

    if is_put:
        assert put() == shelf.place.seen == Seen("draft-1", {"a": b"1"})
        return
    with pytest.raises(Moved) as moved:
        put()
    assert moved.value.seen == shelf.place.seen == found


def test_a_place_that_moved_on_says_what_it_holds() -> None:
    shelf = Shelf(Scripted(seen=Seen("v1", {"a": b"other"})))
    with pytest.raises(Moved) as moved:
        shelf.put()
    assert moved.value.seen == Seen("v1", {"a": b"other"})
    assert shelf.pauses == []


def test_the_same_files_under_another_name_are_continued_with_a_new_draft() -> None:
    shelf = Shelf(Scripted(seen=Seen("v0-shortened", {"a": b"0"})))
    assert shelf.put() == Seen("draft-2", {"a": b"1"})
    assert shelf.pauses == []


@pytest.mark.parametrize("what", ["look", "tip"])
def test_a_look_is_repeated_twice(what: str) -> None:
    for lost in range(4):
        shelf = Shelf(Scripted(looks=[away() for _ in range(lost)]))
        ask: Callable[[], object] = getattr(shelf.persistent, what)
        if lost < 3:
            assert ask() == (shelf.place.seen if what == "look" else "v0")
        else:
            with pytest.raises(PlaceError, match="no answer"):
                ask()
        assert fits(shelf.pauses, PAUSES[: min(lost, 2)])
    refusing = Shelf(Scripted(looks=[refusal()]))
    with pytest.raises(PlaceError, match="no room"):
        refusing.persistent.look()
    assert refusing.pauses == []


def test_pauses_are_out_of_step() -> None:
    found = [jittered(timedelta(seconds=10)) for _ in range(200)]
    assert all(timedelta(seconds=5) <= pause <= timedelta(seconds=15) for pause in found)
    assert min(found) < timedelta(seconds=8)
    assert max(found) > timedelta(seconds=12)


# ----------------------------------------------------------------------------------- the stop mark


HALT = Halt("h1", None, "wrong price", "mira", "laptop", "2036-01-01T00:00:00Z")


def looks(shelf: Shelf) -> int:
    """How often the place was looked at whole; its cheap `tip` asks too here."""
    return len(shelf.place.asked)


def test_the_stop_mark_is_read_again_only_once_it_has_changed() -> None:
    shelf = Shelf(Scripted(seen=Seen("m0", {"halts.json": encode_halts(Halts()).encode()})))
    mark = StopMark(shelf.persistent)
    assert (mark.halts(), looks(shelf)) == (Halts(), 2)
    assert (mark.halts(), looks(shelf)) == (Halts(), 3)
    shelf.place.seen = Seen("m1", {"halts.json": encode_halts(Halts((HALT,))).encode()})
    assert (mark.halts(), looks(shelf)) == (Halts((HALT,)), 5)
    assert mark.halts() == Halts((HALT,))


@dataclass
class Behind:
    """A lock before which something else comes first, once."""

    first: list[Callable[[], object]]
    lock: Lock = field(default_factory=Lock)

    def __enter__(self) -> None:
        if self.first:
            self.first.pop()()
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()


@pytest.mark.parametrize("fails", [False, True])
def test_a_look_that_began_after_the_call_is_as_good_as_one_of_its_own_unless_it_failed(
    monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    shelf = Shelf(Scripted(seen=Seen("m0", {"halts.json": encode_halts(Halts()).encode()})))
    mark = StopMark(shelf.persistent)
    assert mark.halts() == Halts()

    def look_of_another() -> None:
        shelf.place.seen = Seen("m1", {"halts.json": encode_halts(Halts((HALT,))).encode()})
        shelf.place.looks[:] = [refusal()] if fails else []
        with pytest.raises(PlaceError) if fails else nullcontext():
            mark.halts()
        shelf.place.asked.clear()

    monkeypatch.setattr(mark, "_looking", Behind([look_of_another]))
    assert mark.halts() == Halts((HALT,))
    assert looks(shelf) == (2 if fails else 0)


def test_there_need_not_be_a_stop_mark() -> None:
    shelf = Shelf(Scripted(seen=Seen(None, {})))
    mark = StopMark(shelf.persistent)
    assert mark.halts().halts == ()
    assert mark.change(lambda halts: halts.with_halt(HALT), BY).halts == (HALT,)
    assert mark.halts().halts == (HALT,)


def test_a_change_of_the_stop_mark_is_made_on_what_is_there_then() -> None:
    other = replace(HALT, id="h0")
    shelf = Shelf(Scripted(seen=Seen("m0", {"other": b"kept"})))
    mark = StopMark(shelf.persistent)
    raced: list[int] = []

    def change(halts: Halts) -> Halts:
        if not raced:
            raced.append(1)
            files = {"other": b"kept", "halts.json": encode_halts(Halts((other,))).encode()}
            shelf.place.seen = Seen("m1", files)
        return halts.with_halt(HALT)

    assert mark.change(change, BY).halts == (other, HALT)
    assert shelf.place.seen.files["other"] == b"kept"


# ------------------------------------------------------------------------------------- one version


STATE = sample_state()
DOCUMENT = encode(STATE).encode()
LINES = first_line(STATE, fingerprint(DOCUMENT)) + entry_line(decision("a"), 1)
EMPTY = Snapshot()


def test_a_version_is_made_of_its_files() -> None:
    one = Snapshot(b"s", (b"p0", b"p1"), b"l", b"a")
    assert one.files == {
        "state.json": b"s",
        "journal/00000": b"p0",
        "journal/00001": b"p1",
        "lock.json": b"l",
        "about.json": b"a",
    }
    shuffled = dict(sorted(one.files.items(), reverse=True))
    assert Snapshot.of(shuffled) == one
    assert Snapshot.of({**shuffled, "other": b"x"}) == replace(one, unknown={"other": b"x"})
    assert (one.journal, EMPTY.journal, EMPTY.files) == (b"p0p1", None, {})


def test_the_lock_names_its_holder() -> None:
    assert EMPTY.holder is None
    assert EMPTY.locked(BY).holder == BY
    assert EMPTY.locked(BY).lock == encode_lock(BY).encode()
    assert EMPTY.locked(BY).locked(None) == EMPTY
    assert replace(EMPTY, lock=b"?").holder == UNKNOWN


def test_a_journal_grows_in_its_last_piece() -> None:
    size = 1 << 14
    one = EMPTY.continued(b"a" * 10)
    assert one.pieces == (b"a" * 10,)
    assert one.continued(b"b" * 5).pieces == (b"a" * 10 + b"b" * 5,)
    full = one.continued(b"b" * (size - 10))
    assert [len(piece) for piece in full.pieces] == [size]
    more = full.continued(b"c")
    assert [len(piece) for piece in more.pieces] == [size, 1]
    assert more.pieces[0] == full.pieces[0]
    assert [len(piece) for piece in EMPTY.continued(b"d" * (2 * size + 3)).pieces] == [size, size, 3]


def about(one: Snapshot) -> dict[str, str | None]:
    assert one.about is not None
    found: dict[str, str | None] = json.loads(one.about)
    return found


def test_a_document_that_is_rewritten_names_the_one_before() -> None:
    first = EMPTY.rewritten(b"one", "crm")
    assert (first.document, about(first)) == (b"one", {"project": "crm", "previous": None})
    second = first.continued(b"lines").rewritten(b"two", "crm")
    assert (second.document, second.pieces) == (b"two", ())
    assert about(second)["previous"] == fingerprint(b"one")
    assert about(second.rewritten(b"two", "crm"))["previous"] == fingerprint(b"one")
    assert about(second.rewritten(b"three", "crm"))["previous"] == fingerprint(b"two")


def test_opening_folds_the_journal_in() -> None:
    version = EMPTY.rewritten(DOCUMENT, "crm").continued(LINES)
    opened, loaded = version.opened(TEXTS, "crm")
    assert not isinstance(loaded, StateError)
    assert loaded.state == STATE.after(decision("a"))
    assert (opened.pieces, opened.document) == ((), encode(loaded.state).encode())
    assert about(opened) == {"project": "crm", "previous": fingerprint(DOCUMENT)}
    again, unchanged = replace(opened, pieces=version.pieces).opened(TEXTS, "crm")
    assert not isinstance(unchanged, StateError)
    assert (again, unchanged.state) == (opened, loaded.state)


def test_opening_leaves_what_it_cannot_use() -> None:
    assert EMPTY.opened(TEXTS, "crm")[0] == EMPTY
    alone = EMPTY.continued(LINES)
    left, problem = alone.opened(TEXTS, "crm")
    assert left == alone
    assert isinstance(problem, StateDamaged)
    assert problem.hint == "put a good copy there"
    damaged = EMPTY.rewritten(b"{", "crm").continued(LINES)
    left, problem = damaged.opened(TEXTS, "crm")
    assert left == damaged
    assert isinstance(problem, StateDamaged)
    assert "state.json in the shelf is damaged" in problem.summary


@pytest.mark.parametrize("text", [None, b"?", b"[]", b"{}", b'{"project": 7}'])
def test_a_version_that_does_not_name_its_project_is_read(text: bytes | None) -> None:
    version = replace(EMPTY.rewritten(DOCUMENT, "crm"), about=text)
    assert version.folded(TEXTS, "shop").state == STATE


BESIDE = (
    {"unknown": {"README.md": b"of others"}},
    {"about": b'{"project": "crm", "previous": null, "note": "of others"}'},
)


def beside(writer: str, more: dict[str, Any]) -> Snapshot:
    """A state that a version of campaignctl wrote, and something next to it."""
    named = f'"tool_version": "{__version__}"'
    document = DOCUMENT.decode()
    assert named in document
    document = document.replace(named, f'"tool_version": "{writer}"')
    return replace(EMPTY.rewritten(document.encode(), "crm"), **more)


@pytest.mark.parametrize("more", BESIDE, ids=["a file", "a field"])
@pytest.mark.parametrize("writer", [__version__, "0.0.1", "of no version"])
def test_what_others_left_next_to_a_state_is_no_part_of_it(writer: str, more: dict[str, Any]) -> None:
    opened, loaded = beside(writer, more).opened(TEXTS, "crm")
    assert not isinstance(loaded, StateError)
    assert loaded.state is not None
    assert loaded.state.campaigns == STATE.campaigns
    assert opened.unknown == {}


@pytest.mark.parametrize("more", BESIDE, ids=["a file", "a field"])
def test_what_a_later_version_brought_next_to_its_state_is_not_opened(more: dict[str, Any]) -> None:
    with pytest.raises(StateTooNew):
        beside("99.0.0", more).opened(TEXTS, "crm")


def test_the_state_of_another_project_is_refused() -> None:
    version = EMPTY.rewritten(DOCUMENT, "crm")
    with pytest.raises(StateError, match="holds the state of the project crm, and this is shop") as refused:
        version.folded(TEXTS, "shop")
    assert "take another shelf" in refused.value.hint
    assert replace(version, document=None).folded(TEXTS, "shop").state is None
