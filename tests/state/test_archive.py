"""What left a state is found by what a plan asks for, and read only then."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl import __version__
from campaignctl.errors import StateDamaged, StateTooNew
from campaignctl.state.archive import Archive, Document, index_of
from campaignctl.state.codec import decode, encode
from campaignctl.state.ledger import HistoryEntry, Released, Sent, Year
from campaignctl.state.strict import to_json
from campaignctl.state.years import decode_year, encode_year, with_archive
from tests.state.samples import sample_state

AT = "2026-01-10T09:00:00Z"
SENT = Sent("sha256:body", "sms/old", "7", AT, "sha256:content", (AT,), at_once=True)
OLD = Released(
    "sms/old", "7", "i7", "sha256:body", "sent", AT, "sha256:content", (AT,), archived="sha256:src"
)
GONE = Released("sms/gone", "8", "i8", "sha256:other", "canceled", AT)
APPLY = HistoryEntry("h", AT, "apply", "me", "here", None, "0.1.0", "sha256:p", {"create": 1})
YEAR = Year((SENT,), (OLD, GONE), (APPLY,))


def test_a_year_is_read_as_it_was_written() -> None:
    assert decode_year(encode_year(2026, YEAR, sample_state()), "there") == YEAR


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (b"{", StateDamaged),
        (b"[]", StateDamaged),
        (json.dumps({"format_version": 9, "tool_version": "9.0"}).encode(), StateTooNew),
        (encode_year(2026, YEAR, sample_state()).replace(b'"digest"', b'"digets"', 1), StateDamaged),
    ],
)
def test_another_document_is_refused(document: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        decode_year(document, "there")


def test_what_is_written_again_after_an_interrupt_is_there_once() -> None:
    later = replace(OLD, at="2026-02-01T00:00:00Z")
    both = YEAR.joined(Year((SENT,), (later,), (APPLY,)))
    assert both == Year((SENT,), (later, GONE), (APPLY,))


def of(document: bytes) -> Archive:
    """The archive of a state with this document of a year."""
    state = replace(sample_state(), archives=(2026,))
    return with_archive(state, lambda: {2026: document}, "there").archive


def written(year: Year, **index: str) -> bytes:
    """The document of a year, with other fields in its index."""
    raw = json.loads(encode_year(2026, year, sample_state()))
    return json.dumps(raw | {"index": raw["index"] | index}).encode()


def kept(year: Year) -> Archive:
    """The archive of a state with one year."""
    return of(encode_year(2026, year, sample_state()))


def test_it_is_searched_by_body_content_and_key() -> None:
    found = kept(YEAR)
    assert found.sent_as("sha256:body", None) == SENT
    assert found.sent_as("sha256:new", "sha256:content") == SENT
    assert found.sent_as("sha256:new", "sha256:new") is None
    assert found.releases("sms/new", "sha256:body") == [OLD]
    assert found.releases("sms/old", "sha256:body") == [OLD]
    assert found.releases("sms/gone", "sha256:new") == [GONE]
    assert found.of_key("sms/old") == OLD
    assert found.of_key("sms/gone") is None
    assert list(found.alike("sha256:content")) == [OLD, SENT]
    assert [found.has_id(one) for one in ("7", "8", "9", "i7")] == [True, True, False, False]
    assert [found.has_intent(one) for one in ("i7", "i8", "7")] == [True, True, False]


def test_what_the_index_does_not_have_is_answered_without_a_look_at_the_entries() -> None:
    def never() -> Any:
        raise AssertionError("the entries were read")

    found = Archive(lambda: (Document(2026, "there", never, never, index_of(YEAR)),))
    assert found.sent_as("sha256:new", "sha256:shown") is None
    assert (found.of_key("sms/new"), found.releases("sms/new", "sha256:new")) == (None, [])
    assert (found.alike("sha256:new"), found.has_id("9"), found.has_intent("i9")) == ([], False, False)
    with pytest.raises(AssertionError):
        found.sent_as("sha256:body", None)


WITHOUT = json.dumps(
    {name: part for name, part in json.loads(written(YEAR)).items() if name != "index"}
).encode()
STALE = written(YEAR, **json.loads(written(Year()))["index"])


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(WITHOUT, id="of an older version"),
        pytest.param(STALE, id="with the index of another document"),
        pytest.param(written(YEAR, parts=""), id="with an empty index"),
        pytest.param(written(YEAR, parts="?"), id="with a damaged index"),
        pytest.param(
            encode_year(2026, Year(), sample_state()).replace(
                b'"sent": []', b'"sent": ' + to_json([SENT]).encode()
            ),
            id="with an entry that someone added",
        ),
    ],
)
def test_without_an_index_of_its_own_the_whole_document_is_read(document: bytes) -> None:
    assert of(document).sent_as("sha256:body", None) == SENT
    assert of(document).sent_as("sha256:new", None) is None


@pytest.mark.parametrize("cut", [1, 2, 200, 900])
def test_a_document_that_is_cut_off_is_refused_whatever_is_asked(cut: int) -> None:
    """Also where the whole index is there."""
    document = encode_year(2026, YEAR, sample_state())[:-cut]
    if cut > 1:  # without the line end alone it is whole
        with pytest.raises(StateDamaged):
            of(document).sent_as("sha256:new", None)
    assert document not in (b"", encode_year(2026, YEAR, sample_state()))


@pytest.mark.parametrize("place", [("released", 0), ()])
def test_a_field_of_a_later_version_is_no_damage_and_is_not_passed_over(place: tuple[Any, ...]) -> None:
    """Whatever is asked: what it protects is unknown."""
    raw = part = json.loads(encode_year(2026, YEAR, sample_state())) | {"tool_version": "9.9"}
    for step in place:
        part = part[step]
    part["colour"] = "red"
    found = of(json.dumps(raw).encode())
    with pytest.raises(StateTooNew, match=r"campaignctl 9\.9"):
        found.sent_as("sha256:new", None)


@pytest.mark.parametrize("part", ["sent", "released"])
@pytest.mark.parametrize("value", [None, 7, {}, [7], [None], ["sms/old"]])
def test_what_is_no_list_of_entries_is_damage_and_not_passed_over(part: str, value: object) -> None:
    found = of(json.dumps(json.loads(WITHOUT) | {part: value}).encode())
    with pytest.raises(StateDamaged, match="there"):
        found.sent_as("sha256:new", "sha256:shown")


@pytest.mark.parametrize(
    ("now", "later"),
    [
        ('"format_version": 1', '"format_version": 9'),
        (f'"tool_version": "{__version__}"', '"tool_version": "9.9",\n "colour": "red"'),
    ],
)
def test_the_index_of_a_later_version_answers_nothing(now: str, later: str) -> None:
    """It may have parts that this version does not look at, whatever it says of the others."""
    document = encode_year(2026, YEAR, sample_state())
    found = of(document.replace(now.encode(), later.encode(), 1))
    with pytest.raises(StateTooNew):
        found.sent_as("sha256:new", None)


@given(st.lists(st.tuples(st.text(), st.text(), st.booleans())), st.lists(st.text(), max_size=3))
def test_an_index_changes_no_answer(entries: list[tuple[str, str, bool]], others: list[str]) -> None:
    year = Year(
        tuple(Sent(one, two, one, AT, two, at_once=once) for one, two, once in entries),
        tuple(
            Released(one, two, one, two, "sent", AT, one, archived=two if once else None)
            for one, two, once in entries
        ),
    )
    raw = json.loads(encode_year(2026, year, sample_state()))
    quick, slow = kept(year), of(json.dumps(raw | {"index": None}).encode())
    for value in (*others, *(each for one, two, _ in entries for each in (one, two))):
        assert quick.sent_as(value, value) == slow.sent_as(value, value)
        assert quick.releases(value, value) == slow.releases(value, value)
        assert quick.alike(value) == slow.alike(value)
        assert quick.of_key(value) == slow.of_key(value)
        assert quick.has_id(value) == slow.has_id(value)
        assert quick.has_intent(value) == slow.has_intent(value)


def test_what_was_sent_later_at_a_time_is_no_send_at_once() -> None:
    timed = replace(SENT, at_once=False)
    assert kept(Year((timed,))).sent_as("sha256:new", "sha256:content") is None


def test_a_state_names_its_years_and_has_no_archive_in_its_document() -> None:
    read: list[int] = []

    def documents() -> dict[int, bytes]:
        read.append(1)
        return {2026: encode_year(2026, YEAR, sample_state())}

    state = with_archive(replace(sample_state(), archives=(2026,)), documents, "there")
    assert decode(encode(state)) == state
    assert json.loads(encode(state))["archives"] == [2026]
    assert "archives" not in json.loads(encode(sample_state()))
    assert "archive" not in json.loads(encode(state))
    assert read == []
    assert replace(state, serial=9).archive.sent == (SENT,)
    assert (state.archive.released, read) == ((OLD, GONE), [1])
    assert sample_state().archive.released == ()
