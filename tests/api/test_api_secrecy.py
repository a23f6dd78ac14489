"""The token shows up nowhere but in the Authorization header of requests to the API itself."""

from __future__ import annotations

import html
import json
import logging
import re
import traceback
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.api.client import OcambaApi
from campaignctl.api.secret import HIDDEN, Token, _echo
from campaignctl.errors import ApiError, TokenRejected
from campaignctl.plan.model import Request
from tests.api.raw_server import RawServer, raw, whole
from tests.api.simulated import TOKEN, client
from tests.effort import grows_in_proportion

CALLS: list[Callable[[OcambaApi], object]] = [
    lambda api: api.send(Request("create", body={})),
    lambda api: api.list_page(1),
]
TRICKY = "tok-/<&+=%{}:;u@0123456789"


def spellings(token: str) -> Iterator[str]:
    yield token
    yield quote(token, safe="")
    yield quote(token, safe="").lower()
    yield quote(quote(token, safe=""), safe="")
    yield json.dumps(token)[1:-1]
    yield json.dumps(json.dumps(token)[1:-1])[1:-1]
    yield "".join(f"\\\\u{ord(character):04X}" for character in token)
    yield token.replace("/", "\\/")
    yield "".join(f"\\u{ord(character):04x}" for character in token)
    yield html.escape(token)
    yield "".join(f"&#{ord(character)};" for character in token)


@pytest.mark.parametrize("token", [TOKEN, TRICKY])
def test_an_echo_is_redacted_in_every_spelling(token: str) -> None:
    for spelling in spellings(token):
        assert Token(token).redact(f"<{spelling}>") == "<[token]>", spelling


@pytest.mark.parametrize("token", [TOKEN, TRICKY, "a" * 9, "u00" * 3])
@given(data=st.data())
def test_a_text_without_an_encoding_is_redacted_as_any_other(token: str, data: st.DataObject) -> None:
    pieces = st.sampled_from([*spellings(token), token[:5], token[5:], token[0], "u00", *"\\%&#; "])
    text = "".join(data.draw(st.lists(pieces, max_size=9)))
    for one in (text, re.sub(r"[\\%&]", "", text)):
        assert Token(token).redact(one) == _echo(token).sub(HIDDEN, one)


@pytest.mark.parametrize(
    "piece", ["\\", "%25", "0", "&#0", "\\\\\\\\u0030\\\\u0031\\", "\\u00", "0123456789abcdef+/=%"]
)
def test_no_text_takes_long_to_search(piece: str) -> None:
    def search(size: int) -> None:
        hostile = piece * (size // len(piece))
        assert Token("01" * 19 + "2").redact(hostile) == hostile

    assert grows_in_proportion(search, 200_000)


def test_a_token_does_not_show_itself() -> None:
    assert TOKEN not in repr(Token(TOKEN))
    assert TOKEN not in str(vars(client("http://127.0.0.1:9")))
    assert repr(client("http://127.0.0.1:9")) == "OcambaApi('http://127.0.0.1:9')"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "sec ret",
        "secret\n",
        "se\tcret",
        "se\x00cret",
        "sécret",
        "“secret”",
        '"secret"',
        "'secret'",
        "sec\\ret",
        "\x7f",
    ],
)
def test_a_token_that_no_header_can_carry_is_refused_unseen(token: str) -> None:
    with pytest.raises(TokenRejected) as caught:
        client("http://127.0.0.1:9", token=token)
    shown = "".join(traceback.format_exception(caught.value)) + caught.value.hint + caught.value.detail
    assert not token or token not in shown
    assert "OCAMBA_TOKEN" in caught.value.hint


@pytest.mark.parametrize("status", [400, 401, 409, 500, 307])
def test_an_error_that_echoes_the_token_does_not_show_it(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    events: list[str] = []
    for spelling in spellings(TOKEN):
        problem = dict.fromkeys(("title", "message", "trace_id"), f"you sent Bearer {spelling}")
        answer = whole(status, json.dumps(problem), Location=f"http://x/{spelling}")
        with RawServer([answer]) as server, client(server.url, on_event=events.append) as api:
            for call in CALLS:
                with pytest.raises(ApiError) as caught:
                    call(api)
                error = caught.value
                texts = [error.summary, error.detail, error.hint, error.trace_id or "", repr(error)]
                texts += ["".join(traceback.format_exception(error)), caplog.text, *events]
                for text in texts:
                    assert not any(form in text for form in spellings(TOKEN))
            assert server.requests[0].header("authorization") == f"Bearer {TOKEN}"


def test_a_token_cut_by_the_length_limit_leaves_no_rest() -> None:
    answer = whole(400, json.dumps({"message": "x" * 290 + TOKEN}))
    with RawServer([answer]) as server, client(server.url) as api, pytest.raises(ApiError) as caught:
        api.send(Request("create", body={}))
    assert TOKEN[:6] not in caught.value.detail
    assert len(caught.value.detail) <= 300


def test_a_campaign_that_echoes_the_token_does_not_carry_it_into_the_state() -> None:
    campaign = {"id": "7", "description": f"Bearer {TOKEN}", "metadata": {TOKEN: [TOKEN]}}
    with RawServer([whole(201, json.dumps(campaign))]) as server, client(server.url) as api:
        live = api.send(Request("create", body={}))
    assert live.fields["description"] == "Bearer [token]"
    assert TOKEN not in str(live)


def test_a_token_too_short_to_be_secret_does_not_damage_ids() -> None:
    with RawServer([whole(201, '{"id": "1030978"}')]) as server, client(server.url, token="1030") as api:
        assert api.send(Request("create", body={})).id == "1030978"


def test_a_token_too_short_to_be_secret_is_hidden_where_it_stands_alone_and_words_stay_words() -> None:
    token = Token("t")
    assert (
        token.redact('Bearer t, "t", integration of t') == 'Bearer [token], "[token]", integration of [token]'
    )


def test_an_answer_that_is_not_http_is_not_shown_raw() -> None:
    answer = raw(f"\x1b[31m{TOKEN}\r\n\r\n".encode())
    with RawServer([answer]) as server, client(server.url) as api, pytest.raises(ApiError) as caught:
        api.send(Request("create", body={}))
    assert TOKEN not in caught.value.detail
    assert "\x1b" not in caught.value.detail


def test_foreign_text_is_escaped_and_on_one_line() -> None:
    answer = whole(400, json.dumps({"title": "a\x1b[2J\nb.", "message": "c\u202ed\u0000", "trace_id": ["x"]}))
    with RawServer([answer]) as server, client(server.url) as api, pytest.raises(ApiError) as caught:
        api.send(Request("create", body={}))
    assert caught.value.summary == "POST /v1/hood/campaigns: 400 a\\x1b[2J\\nb"
    assert caught.value.detail == "c\\u202ed\\x00"
    assert caught.value.trace_id is None
