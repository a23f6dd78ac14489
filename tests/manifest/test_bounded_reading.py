"""Reading and reporting are linear in the input, however hostile: work is counted, and output bounded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from campaignctl.errors import Finding, Guesses, nearest, number
from campaignctl.manifest.compile import CompileInputs, compile_file
from campaignctl.manifest.matrix import MOST_CAMPAIGNS, expand
from campaignctl.project.loader import read_project_file
from campaignctl.render.errors import findings_github, findings_json, findings_text
from campaignctl.render.sarif import findings_sarif
from campaignctl.yamlio.findings import MOST_IN_FILE, MOST_IN_RUN, in_order, of_run
from campaignctl.yamlio.interpolate import Room, Values, fill
from campaignctl.yamlio.nodes import MappingNode, ScalarNode, SourceFile
from campaignctl.yamlio.reader import LONGEST_ALIASED, MOST_DOCUMENTS, read
from campaignctl.yamlio.syntax import LineColumn
from tests.manifest.checking import Check
from tests.work import growth

SMS = "spec:\n  name: N\n  messages: [{name: M, channel: sms, integration_id: 1, sms: {content: {en: Hi}}}]\n"


def findings(text: str, values: Values | None = None) -> tuple[Finding, ...]:
    result = compile_file("a.yaml", "a.yaml", text.encode(), CompileInputs(values or Values({}, {})))
    return in_order(result.findings)


HOSTILE: dict[str, Callable[[int], str]] = {
    "equal names": lambda size: SMS + "extra:\n" + "  k: 1\n" * size,
    "unknown fields": lambda size: SMS + "".join(f"  u{n}: 1\n" for n in range(size)),
    "near fields": lambda size: SMS + "".join(f"  scheduled_tim{n}: 1\n" for n in range(size)),
    "unchecked fields": lambda size: SMS + "extra:\n" + "".join(f"  u{n}: 1\n" for n in range(size)),
    "bad values": lambda size: SMS + f"  labels: [{'{}, ' * size}]\n",
    "bad audiences": lambda size: SMS + "  targeting: {" + "".join(f"k{n}: 1, " for n in range(size)) + "}\n",
    "bad languages": lambda size: SMS.replace(
        "{en: Hi}", "{" + "".join(f"x{n}: a, " for n in range(size)) + "}"
    ),
    "bad times": lambda size: SMS + "extra: {a: [" + "1.10, " * size + "]}\n",
    "unclosed places": lambda size: SMS.replace("name: N", f"name: N{'${' * size}"),
    "unknown places": lambda size: SMS.replace("name: N", f"name: N{'${x}' * size}"),
    "unknown macros": lambda size: SMS.replace(
        "name: N", "name: " + "".join(f"${{A{n}}}" for n in range(size))
    ),
    "tags": lambda size: SMS + f"  labels: [{'!x y, ' * size}]\n",
    "merge keys": lambda size: "a: &a {x: 1}\nb:\n" + "  <<: *a\n" * size,
    "anchors": lambda size: SMS + "extra: {a: [" + "".join(f"&a{n} x, " for n in range(size)) + "]}\n",
    "empty documents": lambda size: "---\n" * size,
    "excluded": lambda size: (
        SMS + "matrix:\n  d: [1]\n  exclude:\n" + "".join(f"  - {{e{n}: 1}}\n" for n in range(size))
    ),
    "dimensions": lambda size: SMS + "matrix:\n" + "".join(f"  d{n}: [1, 2]\n" for n in range(size)),
    "moves": lambda size: SMS + "moved: {from: [" + "".join(f"k{n}, " for n in range(size)) + "]}\n",
    "winners": lambda size: SMS + f"lifecycle: {{ignore_changes: [{'messagez/0, ' * size}]}}\n",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_work_is_linear_and_findings_are_few(kind: str) -> None:
    hostile = HOSTILE[kind]
    Guesses.start()
    assert growth(lambda size: findings(hostile(size)), 150) < 2.6
    assert len(findings(hostile(600))) <= MOST_IN_FILE + 2


def test_many_variables_and_many_typos_are_not_compared_with_each_other() -> None:
    values = Values({f"v{n}": "x" for n in range(2_000)}, {})
    text = SMS.replace("name: N", "name: " + "".join(f"${{var.w{n}}}" for n in range(2_000)))
    Guesses.start()
    assert len(findings(text, values)) == MOST_IN_FILE + 1
    assert Guesses.left <= 0
    assert nearest("vx1", ["v1"]) is None
    Guesses.start()
    assert nearest("vx1", ["v1"]) == "v1"
    assert nearest("v" * 1_000, ["v" * 999]) is None


def test_the_project_file_is_read_in_linear_time() -> None:
    def project(size: int) -> object:
        text = "metadata: {name: t}\n" + "".join(f"u{n}: 1\n" for n in range(size))
        return read_project_file(read("campaignctl.yaml", "campaignctl.yaml", text.encode())[0], "0.1.0")

    assert growth(project, 400) < 2.6


@pytest.mark.parametrize(
    "line",
    [
        f"required_version: '>={'1' * 100_000}'",
        f"required_version: '{'>=1,' * 10_000}'",
        f"guardrails: {{freeze: [{{cron: '* * * * *', duration: {'999999d' * 10_000}}}]}}",
        f"guardrails: {{min_lead_time: {'999999d' * 10_000}}}",
        f"guardrails: {{freeze: [{'{from: 2036-01-01, to: 2036-01-02}, ' * 101}]}}",
        f"guardrails: {{require_labels: [{'a, ' * 101}]}}",
        f"ignore: [{'a, ' * 1_001}]",
        f"overrides: [{'{guardrail: resend, keys: [a], until: 2099-01-01, reason: x}, ' * 101}]",
    ],
    ids=lambda line: line[:40],
)
def test_settings_are_limited(line: str, project: Check) -> None:
    (message,) = project({"campaignctl.yaml": f"metadata: {{name: t}}\n{line}\n", "a.yaml": SMS}).errors
    assert len(message) < 200


def test_the_rest_of_the_findings_is_counted_in_every_form() -> None:
    found = findings(HOSTILE["unknown fields"](4_000))
    assert len(found) == MOST_IN_FILE + 1
    assert found[-1].message == "3,900 more errors in this file"
    assert number(found, "error") == 4_000
    assert in_order([*found, *found]) == found
    assert findings_text(found, color=False).endswith("\n4,000 errors.\n")
    assert len(findings_text(found, color=False)) < 60_000
    assert findings_json(found)["errors"] == 4_000
    assert findings_json(found)["findings"][-1]["message"] == found[-1].message
    assert (
        findings_github(found)
        .splitlines()[-1]
        .endswith("3,900 more errors in this file%0Ahint: correct the others first")
    )
    results = findings_sarif(found, tool_version="0.1.0")["runs"][0]["results"]
    assert results[-1]["message"]["text"].startswith(found[-1].message)
    assert len(results) == len(found)


def test_an_error_is_shown_whatever_number_of_warnings_precedes_it() -> None:
    text = HOSTILE["unchecked fields"](500) + "adopt: x\n"
    assert [found.code for found in findings(text) if found.severity == "error"] == ["form"]


def test_of_a_run_a_thousand_findings_are_shown(project: Check) -> None:
    text = HOSTILE["unknown fields"](95)
    checked = project({f"a{number}.yaml": text for number in range(20)})
    assert len(checked.findings) == MOST_IN_RUN + 1
    assert checked.findings[-1].message == "900 more errors in 10 files"
    assert number(checked.findings, "error") == 20 * 95
    assert of_run(checked.findings[:5]) == checked.findings[:5]


def test_a_long_name_does_not_make_a_long_message() -> None:
    (found,) = findings(f"{SMS}  ? {'x' * 200_000}\n  : 1\n")
    assert found.code == "unknown-member"
    assert len(found.message) + len(found.hint) < 2_000


def test_a_file_has_a_limited_number_of_documents() -> None:
    head = "--- {kind: Removed, metadata: {key: a}}\n"
    file, found = read("a.yaml", "a.yaml", (head * MOST_DOCUMENTS).encode())
    assert (len(file.documents), found) == (MOST_DOCUMENTS, ())
    file, (one,) = read("a.yaml", "a.yaml", (head * (MOST_DOCUMENTS + 1)).encode())
    assert (file.documents, one.code, one.source.line) == ((), "documents", MOST_DOCUMENTS + 1)


def test_aliases_are_limited_in_characters() -> None:
    def aliased(characters: int, times: int) -> tuple[Finding, ...]:
        text = f"a: &a {'x' * characters}\nb: [{'*a, ' * times}]\n"
        return read("a.yaml", "a.yaml", text.encode())[1]

    half = LONGEST_ALIASED // 8
    assert aliased(half, 7) == ()
    assert [found.code for found in aliased(half, 8)] == ["alias-bomb"]
    document = "--- {a: &a [" + "x, " * 90 + "], b: [" + "*a, " * 100 + "]}\n"
    assert read("a.yaml", "a.yaml", document.encode())[1] == ()
    assert [found.code for found in read("a.yaml", "a.yaml", (document * 30).encode())[1]] == ["alias-bomb"]


def test_a_matrix_is_counted_before_it_is_expanded() -> None:
    text = SMS + "matrix:\n" + "".join(f"  d{n}: [{', '.join(map(str, range(10)))}]\n" for n in range(50))
    (found,) = findings(text)
    assert found.message == "over 1,000,000,000 combinations; the limit is 1,000"


def test_a_file_makes_a_limited_number_of_campaigns() -> None:
    file, _ = read("a.yaml", "a.yaml", b"d: [1, 2, 3]")
    (node,) = file.documents
    matrix = expand(node, file)
    matrix.limit(node, 1, MOST_CAMPAIGNS - 3, file)
    assert matrix.usable
    matrix.limit(node, 1, MOST_CAMPAIGNS - 2, file)
    assert [found.message for found in matrix.findings] == ["more than 10,000 campaigns in one file"]


def test_places_take_room_so_that_a_thousand_campaigns_do_not_fill_a_million() -> None:
    filled = fill("${matrix.d}" * 1_000, Values({}, {}, matrix={"d": "x"}))
    assert filled.room >= 1_000 * Room.PLACE
    full = fill("${matrix.d}" * 1_000, Values({}, {}, matrix={"d": "x"}), most=20_000)
    assert [fault.message for fault in full.faults] == [
        fill("${matrix.d}", Values({}, {}), -1).faults[0].message
    ]


def test_a_place_in_a_text_is_found_in_logarithmic_time() -> None:
    file = SourceFile("a.txt", "a.txt", "ab\n" * 5_000)
    assert str(file.at_offset(0)) == "a.txt:1:1"
    assert str(file.at_offset(4)) == "a.txt:2:2"
    assert str(file.at_offset(15_000)) == "a.txt:5001:1"
    assert growth(lambda size: [file.at_offset(offset) for offset in range(size)], 2_000) < 2.2


def test_defaults_have_a_limited_number_of_values(project: Check) -> None:
    fields = ", ".join(f"k{n}: x" for n in range(6_000))
    defaults = f"spec: {{metadata: {{{fields}}}}}\n"
    assert project({"_defaults.yaml": defaults, "a.yaml": SMS}).errors == []
    checked = project({"b/_defaults.yaml": defaults.replace("k", "j"), "b/a.yaml": SMS})
    assert checked.errors == ["with those of the folders above, the defaults have over 10,000 values"]


def test_a_name_among_many_is_not_searched_for_each_time() -> None:
    looks = 0

    class Looked(ScalarNode):
        @property
        def text(self) -> str:
            nonlocal looks
            looks += 1
            return self._own

        @text.setter
        def text(self, own: str) -> None:
            self._own = own

    mark = LineColumn(0, 0)
    node = MappingNode(
        [(Looked(f"n{n}", True, mark), ScalarNode("", True, mark)) for n in range(1_000)], mark
    )
    assert all(node.get(f"n{n}") is node.pairs[n][1] for n in range(1_000))
    assert node.get("n") is None
    assert looks <= 2_000
