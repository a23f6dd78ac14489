"""Requests as API pages show them in JavaScript and PHP, what stands before a command, answers of the API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from campaignctl.campaign.live import Live
from campaignctl.diff import request_of
from campaignctl.errors import CampaignctlError
from campaignctl.manifest.answer import again
from campaignctl.manifest.new import of_body, pasted
from tests.manifest.checking import Check

EXAMPLES = Path(__file__).parents[1] / "sandbox" / "examples"
BODIES: dict[str, Any] = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted(EXAMPLES.glob("[01]*.json"))
}
BODIES["awkward"] = {
    "name": 'It\'s "new" \\ 🌸 </b>',
    "n": 1.5,
    "on": True,
    "off": False,
    "list": [[1, 2], []],
}
BODIES["macros"] = {"name": "Hi ${OCMH_APP_NAME}, $5 {x}", "metadata": {"a-b": "c"}}
URL = "https://api.ocamba.com/v1/hood/campaigns"


def javascript(value: Any, quote: str = '"') -> str:
    """A value as a page writes it in JavaScript: names without quotes, commas at the end."""
    if isinstance(value, dict):
        pairs = [
            f"{name if name.isidentifier() else json.dumps(name)}: {javascript(item, quote)},"
            for name, item in value.items()
        ]
        return "{\n" + "\n".join(pairs) + "\n}"
    if isinstance(value, list):
        return "[" + ", ".join(javascript(item, quote) for item in value) + "]"
    if isinstance(value, str) and quote == "'":
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return json.dumps(value)


def php(value: Any, opening: str = "[", closing: str = "]") -> str:
    """A value as a page writes it in PHP."""
    if isinstance(value, dict):
        pairs = [f"'{name}' => {php(item, opening, closing)}" for name, item in value.items()]
        return f"{opening}\n" + ",\n".join(pairs) + f"\n{closing}"
    if isinstance(value, list):
        return f"{opening}{', '.join(php(item, opening, closing) for item in value)}{closing}"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return json.dumps(value)


JAVASCRIPT = {
    "stringified": "fetch('{url}', {{\n  method: 'POST',\n  headers: {{'Authorization': 'Bearer x'}},\n"
    "  body: JSON.stringify({body})\n}}).then(r => r.json());\n",
    "options": 'const raw = JSON.stringify({body});\n\nconst requestOptions = {{\n  method: "POST",\n'
    '  headers: h,\n  body: raw,\n  redirect: "follow"\n}};\n'
    'fetch("{url}", requestOptions)\n  .catch((e) => console.error(e));\n',
    "variable": "// create a campaign\nconst data = {body};\nconst response = await fetch(`{url}`, {{\n"
    "  method: `POST`,\n  body: JSON.stringify(data),\n}});\n",
    "axios": "const res = await axios.post('{url}', {body}, {{headers: {{Authorization: `x`}}}});\n",
}
PHP = {
    "curl": "<?php\n$ch = curl_init('{url}');\n$data = {body};\ncurl_setopt($ch, CURLOPT_POST, true);\n"
    "curl_setopt($ch, CURLOPT_POSTFIELDS, json_encode($data));\n",
    "inline": "curl_setopt_array($curl, [CURLOPT_URL => '{url}', CURLOPT_CUSTOMREQUEST => 'POST',\n"
    "  CURLOPT_POSTFIELDS => json_encode({body}),\n]);\n",
    "array": "$body = {body};\n",
    "alone": "{body}",
    "guzzle": "$client->post('{url}', [\n  'headers' => ['Authorization' => 'Bearer x'],\n"
    "  'json' => {body}\n]);\n",
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("shape", JAVASCRIPT)
@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_fetch_call_is_taken(name: str, shape: str, quote: str) -> None:
    text = JAVASCRIPT[shape].format(url=URL, body=javascript(BODIES[name], quote))
    assert pasted(text).body == BODIES[name]


@pytest.mark.parametrize("name", [name for name in BODIES if name != "awkward"])
@pytest.mark.parametrize("shape", PHP)
@pytest.mark.parametrize("brackets", ["[ ]", "array( )"])
def test_a_php_array_is_taken(name: str, shape: str, brackets: str) -> None:
    text = PHP[shape].format(url=URL, body=php(BODIES[name], *brackets.split()))
    assert pasted(text).body == BODIES[name]


def test_a_json_text_in_a_program_is_taken() -> None:
    body = BODIES["01-push-immediate"]
    assert pasted(f"fetch('{URL}', {{method: 'POST', body: '{json.dumps(body)}'}})").body == body
    assert pasted(f"curl_setopt($c, CURLOPT_POSTFIELDS, '{json.dumps(body, indent=1)}');").body == body


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("{name: 'N', /* all */ labels: ['a',],}", {"name": "N", "labels": ["a"]}),
        ('{"name": "N", // all\n "labels": []}', {"name": "N", "labels": []}),
        (r"fetch(u, {body: JSON.stringify({name: '\101\x42\u{43}\'\0'})})", {"name": "ABC'\0"}),
        (
            r"""$a = ['n' => "\101\x4\e\$5", 'm' => "\d\u0041\'"];""",
            {"n": "A\x04\x1b$5", "m": "\\d\\u0041\\'"},
        ),
        ("$a = ['n' => [0 => 'a', 1 => 'b'], 'm' => [1 => 'a']];", {"n": ["a", "b"], "m": {"1": "a"}}),
    ],
)
def test_a_value_is_what_its_language_makes_of_it(text: str, body: Any) -> None:
    assert pasted(text).body == body


@pytest.mark.parametrize(
    "change",
    [
        "data.name = 'B'",
        "data.messages[0].push['title'] = t",
        "data = {...data, a: 1}",
        "data.labels.push('a')",
        "delete data.name",
        "Object.assign(data, more)",
        "$data['scheduled_time'] = date('c')",
        "$data += $more",
    ],
)
def test_a_body_that_the_program_changes_is_refused(change: str) -> None:
    php = change.startswith("$")
    value = "$data = ['name' => 'N']" if php else "const data = {name: 'N'}"
    sent = "json_encode($data)" if php else "fetch(u, {body: JSON.stringify(data)})"
    unchanged = "if ($data['a'] == 4) {}" if php else "if (data.a === 4) { log(data => data) }"
    assert pasted(f"{value};\n{unchanged};\n{sent};").body == {"name": "N"}
    with pytest.raises(CampaignctlError, match="after its definition"):
        pasted(f"{value};\n{change};\n{sent};")


@pytest.mark.parametrize(
    "text",
    [
        f"fetch('{URL}', {{method: 'POST', body: JSON.stringify({{name: campaignName}})}})",
        f"fetch('{URL}', {{method: 'POST', body: JSON.stringify({{name: `Hi ${{user}}`}})}})",
        f"fetch('{URL}', {{method: 'POST', body: JSON.stringify({{name: 'a' + b}})}})",
        f"fetch('{URL}', {{method: 'POST', body: JSON.stringify({{name: f()}})}})",
        f"fetch('{URL}', {{method: 'POST', body: JSON.stringify({{...defaults}})}})",
        "$data = ['name' => $name];\njson_encode($data);",
        "$data = ['name' => \"Hi $name\"];\njson_encode($data);",
        "$data = ['name' => 'a' . $b];\njson_encode($data);",
        f"fetch('{URL}')",
        "Invoke-RestMethod -Uri x -Body $b",
        "$body = @{ name = 'x' } | ConvertTo-Json",
        "import requests\nrequests.post('x', json=b)",
    ],
)
def test_what_cannot_be_taken_is_told_how(text: str) -> None:
    with pytest.raises(CampaignctlError) as refused:
        pasted(text)
    assert "paste" in refused.value.hint


@pytest.mark.parametrize(
    "text",
    [
        'curl -X PUT {url} -d \'{{"name":"N"}}\'',
        'curl https://api.ocamba.com/v1/hood/segments -d \'{{"name":"N"}}\'',
        'curl --url https://api.ocamba.com/v1/hood/campaigns/103/pause -d \'{{"reason":"N"}}\'',
        'curl {url}/103 -d \'{{"name":"N"}}\'',
        "fetch('{url}', {{method: 'PATCH', body: JSON.stringify({{name: 'N'}})}})",
        "fetch('https://api.ocamba.com/v1/hood/tags', {{method: 'POST', body: JSON.stringify({{a: 1}})}})",
        "curl_setopt_array($c, [CURLOPT_CUSTOMREQUEST => 'PUT', CURLOPT_POSTFIELDS => '{{\"n\": 1}}']);",
    ],
)
def test_a_request_that_creates_no_campaign_is_refused(text: str) -> None:
    with pytest.raises(CampaignctlError) as refused:
        pasted(text.format(url=URL))
    assert "create call" in refused.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "curl {url} -d 'BODY'",
        "curl -X POST '{url}/?x=1' -H 'a: b' -d 'BODY'",
        "curl $BASE/v1/hood/campaigns -d 'BODY'",
        "# create it\n# and more\ncurl {url} -d 'BODY'",
        "export OCAMBA_TOKEN=abc\nexport URL=\"x\"\ncurl {url} -d 'BODY'",
        "TOKEN=abc curl {url} -d 'BODY'".replace("TOKEN=abc ", "TOKEN=abc; "),
        "sudo curl {url} -d 'BODY'",
        "$ curl {url} -d 'BODY'",
        "user@host:~$ sudo curl {url} -d 'BODY'",
        "```bash\n$ curl {url} -d 'BODY'\n```\n",
        "Create it:\n\n~~~sh\n# now\ncurl {url} \\\n  -d 'BODY'\n~~~\nThat is all.",
        "```json\nBODY\n```",
        "// the body\nBODY",
    ],
)
def test_what_stands_before_a_command_is_passed_over(text: str) -> None:
    body = {"name": "N", "metadata": {"a": 1}}
    assert pasted(text.format(url=URL).replace("BODY", json.dumps(body))).body == body


@pytest.mark.parametrize(
    "text",
    [
        "curl {url} -d '{{\"name\":\"It''s\"}}'",
        'curl.exe {url} `\n  -d \'{{"name":"x"}}\'',
        'curl.exe {url} -d \'{{\\"name\\":\\"x\\"}}\'',
    ],
)
def test_the_quoting_of_powershell_is_refused(text: str) -> None:
    with pytest.raises(CampaignctlError) as refused:
        pasted(text.format(url=URL))
    assert "PowerShell" in refused.value.summary
    assert "bash" in refused.value.hint


def test_the_apostrophe_of_bash_is_taken() -> None:
    assert pasted(f"curl {URL} -d '{{\"name\":\"It'\\''s\"}}'").body == {"name": "It's"}


ANSWER: dict[str, Any] = json.loads((EXAMPLES / "response-201.json").read_text("utf-8"))


@pytest.mark.parametrize("envelope", [False, True])
def test_an_answer_makes_a_manifest_without_errors(envelope: bool, project: Check) -> None:
    full = {
        **ANSWER,
        "labels": "a, b",
        "description": None,
        "metadata": {"campaignctl": "v1 a b c", "team": "crm"},
        "create_time": "2026-01-01 00:00:00",
        "creator": {"id": "1", "name": "x"},
        "brand_new": 1,
    }
    given = pasted(json.dumps({"total": 1, "items": [full]} if envelope else full))
    assert given.answer
    body, notes = made_again(given.body)
    assert body["labels"] == ["a", "b"]
    assert body["metadata"] == {"team": "crm"}
    assert body["messages"][0].keys() == {"name", "channel", "push"}
    assert "run_immediately" not in body, "it was sent at once, and the new one must not be"
    assert "id, company_id" in notes[0]
    assert "brand_new" in notes[0]
    assert "by hand" in notes[1]
    assert project({"a.yaml": of_body(body)}).errors == []


def made_again(answer: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    return again(answer, request_of(Live("1", answer, complete=True)))


def test_a_draft_of_an_answer_stays_one() -> None:
    given = pasted(json.dumps({**ANSWER, "status": "draft", "is_draft": True}))
    assert made_again(given.body)[0]["is_draft"] is True


@pytest.mark.parametrize("items", [[], [ANSWER, ANSWER]])
def test_a_list_of_answers_asks_for_one(items: list[Any]) -> None:
    with pytest.raises(CampaignctlError, match=f"has {len(items)} campaigns"):
        pasted(json.dumps({"total": len(items), "items": items}))
