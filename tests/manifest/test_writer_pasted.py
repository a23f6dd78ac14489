"""Pasted commands: every way of quoting, nothing kept but the body, and errors that repeat no secret."""

from __future__ import annotations

import json
import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaignctl.errors import CampaignctlError
from campaignctl.manifest.new import pasted

BODY = '{"name": "It\'s \\u00e9", "n": 1}'
VALUE = json.loads(BODY)
URL = "https://api.ocamba.com/v1/hood/campaigns"
SECRET = "s3cret-of-mine"


@pytest.mark.parametrize(
    "command",
    [
        BODY,
        f"  \ufeff{BODY}\n".lstrip(),
        f"curl {URL} -d {shlex.quote(BODY)}",
        f"$ curl -X POST '{URL}' \\\n  -H 'Content-Type: a/json' \\\n  --data-raw {shlex.quote(BODY)}\n",
        f"curl --location --request POST {URL} \\\r\n --data {shlex.quote(BODY)}",
        f"curl -sSL -XPOST {URL} -d{shlex.quote(BODY)}",
        f"curl {URL} --json {json.dumps(BODY)}",
        f'curl {URL} --data-binary $\'{{"name": "It\\\'s \\u00e9", "n": 1}}\' --compressed',
        f'curl {URL} --data-binary $\'{{"name": "It\\x27s \\xc3\\xa9", "n": \\61}}\'',
        f"curl {URL} # here\n -d {shlex.quote(BODY)} | jq .",
    ],
)
def test_the_body_is_found(command: str) -> None:
    assert pasted(command).body == VALUE


@settings(deadline=None)
@given(st.dictionaries(st.text(), st.text()))
def test_any_body_in_quotes_is_found(body: dict[str, str]) -> None:
    assert pasted(f"curl {URL} -d {shlex.quote(json.dumps(body))}").body == body
    assert pasted(f"curl {URL} -d {shlex.quote(json.dumps(body, ensure_ascii=False))}").body == body


@pytest.mark.parametrize(
    "option",
    [
        f"-H 'Authorization: Bearer {SECRET}'",
        f"-H'authorization:{SECRET}'",
        f"--header 'X-API-Key: {SECRET}'",
        f"-u user:{SECRET}",
        f"-b session={SECRET}",
        f"--oauth2-bearer {SECRET}",
    ],
)
def test_credentials_are_dropped_with_a_note(option: str) -> None:
    found = pasted(f"curl {URL} {option} -d {shlex.quote(BODY)}")
    assert found.body == VALUE
    assert len(found.notes) == 1
    assert "dropped" in found.notes[0]
    assert SECRET not in str(found)


def test_without_credentials_there_is_no_note() -> None:
    assert pasted(f"curl {URL} -H 'Accept: */*' -d {shlex.quote(BODY)}").notes == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("wget x", "neither a curl command nor a JSON body"),
        ("", "neither a curl command nor a JSON body"),
        (f"curl {URL}", "has no body"),
        (f"curl {URL} -d '{{}}' -d '{{}}'", "has 2 bodies"),
        (f"curl {URL} -d @body.json", "another file: -d @body.json"),
        (f"curl {URL} --json @-", "from elsewhere: --json @-"),
        (f'curl {URL} -d "{{\\"a\\": \\"$NAME\\"}}"', "would expand"),
        (f"curl {URL} -d `cat x`", "would expand"),
        (f"curl -X PATCH {URL}/1 -d '{{}}'", "only a POST"),
        (f"curl {URL} -F a=b", "option -F"),
        (f"curl {URL} --data-urlencode a", "option --data-urlencode"),
        (f"curl {URL} -d", "Nothing follows -d"),
        (f"curl {URL} -d '{{", "quote opened in line 1"),
        (f'curl {URL} \\\n -d "{{', "quote opened in line 2"),
        (f"curl {URL} -d $'{{", "quote opened"),
        (f'curl "{URL}" ^\n -d "{{}}"', "Windows"),
        (f'curl "{URL}" --data-raw ^"{{^\\^"a^\\^": 1}}^"', "Windows"),
        (f"curl {URL} -d '{{}}'\ncurl {URL}", "two commands"),
        (f"curl {URL} -d '{{\"a\": \"l'ami d'Ocamba\"}}'", "not JSON"),
        ('{"a": 1,,}', "not JSON"),
        ('{"a": "C:\\dir"}', "not JSON"),
        ('{"a": "one\ntwo", b: 1}', "not JSON"),
        ("{a: 1, 'a': 2}", "not JSON"),
        ("{a: 1}; {b: 2}", "not JSON"),
        ('{"a": 1\n "b": 2}', "its line 2, column 2"),
        ('{"a": 1, "a": 2}', "'a' twice"),
        ('{"a": NaN}', "NaN"),
        ('{"a": 1e999}', "1e999"),
        ("{a: 1e999}", "not JSON"),
        ('{"a": ' + "9" * 5_000 + "}", "too many digits"),
        (
            "fetch('" + URL + "', {method: 'POST', body: JSON.stringify({a: " + "9" * 5_000 + "})})",
            "too many",
        ),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
        ("[1]", "not an object"),
    ],
)
def test_an_unusable_text_is_refused_with_a_reason(text: str, said: str) -> None:
    with pytest.raises(CampaignctlError) as raised:
        pasted(text)
    assert said in raised.value.summary


@pytest.mark.parametrize(
    "broken",
    [
        "-d '{\"a\": 1,}'",
        "-d @file",
        "--unknown-option",
        f"--unknown={SECRET}",
        f"-Z{SECRET}",
        f"-H 'X: {SECRET}",
        "-d",
        "",
    ],
)
def test_no_error_repeats_a_secret(broken: str) -> None:
    with pytest.raises(CampaignctlError) as raised:
        pasted(f"curl {URL} -H 'Authorization: Bearer {SECRET}' {broken}")
    error = raised.value
    assert SECRET not in f"{error.summary} {error.detail} {error.hint}"
