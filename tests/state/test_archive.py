"""What left a state is found by what a plan asks for, and read only then."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from campaignctl.errors import StateDamaged, StateTooNew
from campaignctl.state.archive import Archive
from campaignctl.state.codec import decode, encode
from campaignctl.state.ledger import HistoryEntry, Released, Sent, Year
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


def kept(year: Year) -> Archive:
    """The archive of a state with one year."""
    state = replace(sample_state(), archives=(2026,))
    return with_archive(state, lambda: {2026: encode_year(2026, year, state)}, "there").archive


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
    assert found.ids == {"7", "8"}
    assert found.intents == frozenset({"i7", "i8"})


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
