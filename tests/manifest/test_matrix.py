"""A matrix makes a campaign for each job of the same matrix in GitHub Actions; its keys and its errors.

The expected lists of the first test are those of docs.github.com, "Running variations of jobs in a workflow".
"""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.errors import Finding
from campaignctl.manifest.matrix import expand
from campaignctl.yamlio.nodes import MappingNode
from campaignctl.yamlio.reader import read
from tests.manifest.checking import Check

MESSAGES = "  messages: [{name: M, channel: sms, integration_id: 1, sms: {content: {en: Hi}}}]\n"


def manifest(matrix: str, spec: str = "") -> str:
    """A good manifest with a matrix and fields added to its spec."""
    name = "" if "name:" in spec else "  name: N\n"
    return f"matrix:\n{matrix}spec:\n{name}{spec}{MESSAGES}"


def combinations(matrix: str) -> list[dict[str, str]]:
    file, found = read("a.yaml", "a.yaml", matrix.encode())
    assert not found
    assert isinstance(file.documents[0], MappingNode)
    expanded = expand(file.documents[0], file)
    assert expanded.usable, expanded.findings
    return [one.values for one in expanded.combinations]


def pairs(*texts: str) -> list[dict[str, str]]:
    """Each `a=1 b=2` as a combination."""
    return [dict(pair.split("=") for pair in text.split()) for text in texts]


DOCUMENTED = {
    "one name": ("version: [10, 12, 14]", pairs("version=10", "version=12", "version=14")),
    "two names": (
        "os: [ubuntu-latest, windows-latest]\nversion: [10, 12, 14]",
        pairs(
            "os=ubuntu-latest version=10",
            "os=ubuntu-latest version=12",
            "os=ubuntu-latest version=14",
            "os=windows-latest version=10",
            "os=windows-latest version=12",
            "os=windows-latest version=14",
        ),
    ),
    "include": (
        (
            "fruit: [apple, pear]\n"
            "animal: [cat, dog]\n"
            "include:\n"
            "  - color: green\n"
            "  - {color: pink, animal: cat}\n"
            "  - {fruit: apple, shape: circle}\n"
            "  - fruit: banana\n"
            "  - {fruit: banana, animal: cat}\n"
        ),
        pairs(
            "fruit=apple animal=cat color=pink shape=circle",
            "fruit=apple animal=dog color=green shape=circle",
            "fruit=pear animal=cat color=pink",
            "fruit=pear animal=dog color=green",
            "fruit=banana",
            "fruit=banana animal=cat",
        ),
    ),
    "include expands a combination": (
        (
            "os: [windows-latest, ubuntu-latest]\n"
            "node: [14, 16]\n"
            "include: [{os: windows-latest, node: 16, npm: 6}]"
        ),
        pairs(
            "os=windows-latest node=14",
            "os=windows-latest node=16 npm=6",
            "os=ubuntu-latest node=14",
            "os=ubuntu-latest node=16",
        ),
    ),
    "include adds a combination": (
        (
            "os: [macos-latest, windows-latest, ubuntu-latest]\n"
            "version: [12, 14, 16]\n"
            "include: [{os: windows-latest, version: 17}]"
        ),
        pairs(
            "os=macos-latest version=12",
            "os=macos-latest version=14",
            "os=macos-latest version=16",
            "os=windows-latest version=12",
            "os=windows-latest version=14",
            "os=windows-latest version=16",
            "os=ubuntu-latest version=12",
            "os=ubuntu-latest version=14",
            "os=ubuntu-latest version=16",
            "os=windows-latest version=17",
        ),
    ),
    "only include": (
        "include:\n  - {site: production, datacenter: site-a}\n  - {site: staging, datacenter: site-b}\n",
        pairs("site=production datacenter=site-a", "site=staging datacenter=site-b"),
    ),
    "exclude": (
        (
            "os: [macos-latest, windows-latest]\n"
            "version: [12, 14, 16]\n"
            "environment: [staging, production]\n"
            "exclude:\n"
            "  - {os: macos-latest, version: 12, environment: production}\n"
            "  - {os: windows-latest, version: 16}\n"
        ),
        pairs(
            "os=macos-latest version=12 environment=staging",
            "os=macos-latest version=14 environment=staging",
            "os=macos-latest version=14 environment=production",
            "os=macos-latest version=16 environment=staging",
            "os=macos-latest version=16 environment=production",
            "os=windows-latest version=12 environment=staging",
            "os=windows-latest version=12 environment=production",
            "os=windows-latest version=14 environment=staging",
            "os=windows-latest version=14 environment=production",
        ),
    ),
    "include brings back what exclude took": (
        "country: [DE, FR]\nexclude: [{country: FR}]\ninclude: [{country: FR, sender: x}, {tone: warm}]",
        pairs("country=DE tone=warm", "country=FR sender=x"),
    ),
    "exclude of everything but include": (
        "country: [DE]\nexclude: [{country: DE}]\ninclude: [{tone: warm}]",
        pairs("tone=warm"),
    ),
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_combinations_are_those_that_github_documents(name: str) -> None:
    matrix, expected = DOCUMENTED[name]
    assert combinations(matrix) == expected


@pytest.mark.parametrize(
    ("matrix", "keys"),
    [
        ("  country: [DE, FR]\n", ["a[country=DE]", "a[country=FR]"]),
        ("  country: [DE]\n  lang: [de, en]\n", ["a[country=DE,lang=de]", "a[country=DE,lang=en]"]),
        (
            "  country: [DE]\n  include: [{country: DE, sender: Acme GmbH}, {country: IT, x: '1 2'}]\n",
            ["a[country=DE]", "a[country=IT]"],
        ),
        ("  include: [{country: IT, sender: Acme Italia}]\n", ["a[country=IT]"]),
        ("  size: [1.10, NO, 0123]\n", ["a[size=0123]", "a[size=1.10]", "a[size=NO]"]),
    ],
)
def test_the_key_has_the_names_with_values_in_their_order(
    matrix: str, keys: list[str], project: Check
) -> None:
    assert list(project({"a.yaml": manifest(matrix)}).sound.campaigns) == keys


def test_an_explicit_key_gets_the_combination_too(project: Check) -> None:
    text = "metadata: {key: push/all}\n" + manifest("  country: [DE]\n")
    assert list(project({"a.yaml": text}).sound.campaigns) == ["push/all[country=DE]"]


def test_values_expand_in_texts_and_replace_whole_scalars(project: Check) -> None:
    more = "score: 7, opaque: 3, text: '3', at: 2036-12-24 10:00:00"
    matrix = f"  country: [DE]\n  include: [{{country: DE, {more}}}]\n"
    spec = (
        "  name: In ${matrix.country}, ${matrix.country}\n"
        "  score: ${matrix.score}\n"
        "  scheduled_time: ${matrix.at}\n"
        "  metadata: {a: '${matrix.opaque}', b: '${matrix.text}', c: '$${x}'}\n"
    )
    made = project({"a.yaml": manifest(matrix, spec)}).sound.campaigns["a[country=DE]"].spec
    assert made["name"] == "In DE, DE"
    assert made["score"] == 7
    assert made["scheduled_time"] == "2036-12-24 10:00:00"
    assert made["metadata"] == {"a": 3, "b": "3", "c": "${x}"}


BAD: dict[str, tuple[str, str, str]] = {
    "a text": (" DE\n", "1:9", "a matrix must be an object"),
    "nothing in it": (" {}\n", "1:9", "a matrix must be an object"),
    "a value alone": (" {country: DE}\n", "1:19", "`country` must be a list of values"),
    "no values": (" {country: []}\n", "1:19", "`country` must be a list of values"),
    "a list as a value": (" {country: [[DE]]}\n", "1:20", "a matrix value must be a string"),
    "null": (" {country: [~]}\n", "1:20", "null is not allowed"),
    "a blank in a key": (" {country: ['D E']}\n", "1:20", "'D E' cannot be part of a key"),
    "an empty value in a key": (" {country: ['']}\n", "1:20", "'' cannot be part of a key"),
    "a comma in a key": (" {country: ['D,E']}\n", "1:20", "'D,E' cannot be part of a key"),
    "a variable as a value": (" {country: ['${var.a}']}\n", "1:20", "`${` in a value of a matrix"),
    "no name": (" {'a b': [DE]}\n", "1:10", "'a b' is not a valid name in a matrix"),
    "a value twice": (" {country: [DE, FR, DE]}\n", "1:28", "`DE` appears twice, also at "),
    "values that differ in case": (" {country: [DE, de]}\n", "1:24", "`de` and `DE` differ only in case"),
    "a name twice": (" {country: [DE], country: [FR]}\n", "1:25", "`country` appears twice"),
    "include of a text": (" {country: [DE], include: x}\n", "1:34", "`include` must be a list of objects"),
    "an empty entry": (
        " {country: [DE], include: [{}]}\n",
        "1:35",
        "an entry of `include` must be an object",
    ),
    "a misspelt include": (" {country: [DE], includ: [{country: DE}]}\n", "1:34", "a matrix value must be"),
    "exclude of no name": (" {country: [DE], exclude: [{contry: DE}]}\n", "1:44", "`exclude` names `contry`"),
    "exclude of all": (" {country: [DE], exclude: [{country: DE}]}\n", "1:9", "leaves no combination"),
    "one combination twice": (
        " {country: [DE], include: [{country: IT}, {country: IT, x: y}]}\n",
        "1:50",
        "the combination [country=IT] is also at ",
    ),
    "too many": (
        f" {{a: {list(range(40))}, b: {list(range(40))}}}\n",
        "1:9",
        "1,600 combinations; the limit is",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_matrix_error_is_reported_at_its_place(name: str, project: Check) -> None:
    matrix, place, message = BAD[name]
    checked = project({"a.yaml": f"matrix:{matrix}spec:\n  name: N\n{MESSAGES}"})
    assert len(checked.errors) == 1, checked.errors
    assert message in checked.errors[0]
    assert checked.places == [place]


@pytest.mark.parametrize(
    ("spec", "place", "message", "key"),
    [
        ("  name: ${matrix.countri}\n", "5:9", "has no `countri`", "a"),
        ("  name: ${matrx.country}\n", "5:9", "is neither a variable nor a macro", "a"),
        ("  score: ${matrix.country}\n", "2:13", "expected a whole number, found `DE`", "a[country=DE]"),
        ("  name: ${matrix.long}\n", "3:33", "101 characters; at most 100", "a[country=DE]"),
    ],
)
def test_an_error_points_at_its_cause(spec: str, place: str, message: str, key: str, project: Check) -> None:
    matrix = f"  country: [DE, 7]\n  include: [{{country: DE, long: {'x' * 101}}}, {{country: 7, long: y}}]\n"
    found = _errors(project, manifest(matrix, spec))
    assert [(message in one.message, f"{one.source.line}:{one.source.column}", one.key) for one in found] == [
        (True, place, key)
    ]


def _errors(project: Check, text: str) -> list[Finding]:
    return [one for one in project({"a.yaml": text}).findings if one.severity == "error"]


def test_a_mistake_shared_by_all_campaigns_is_reported_once(project: Check) -> None:
    spec = "  nam: x\n  description: ${matrix.country}\n"
    found = _errors(project, manifest("  country: [DE, FR, IT]\n", spec))
    assert [(one.message, one.key) for one in found] == [("unknown field `nam`", "a")]


def test_an_unusable_matrix_does_not_hide_other_errors(project: Check) -> None:
    spec = "  nam: x\n  description: ${matrix.country} ${vars.x}\n  score: ${matrix.score}\n"
    checked = project({"a.yaml": manifest("  country: DE\n", spec)})
    assert [message.split(" ")[0] for message in checked.errors] == ["`country`", "unknown", "`${vars.x}`"]


def test_an_unused_name_is_a_warning(project: Check) -> None:
    checked = project({"a.yaml": manifest("  country: [DE]\n  lang: [de]\n", "  name: ${matrix.country}\n")})
    assert checked.warnings == ["`${matrix.lang}` is not used in this manifest"]


def test_an_exclude_that_matches_nothing_is_a_warning(project: Check) -> None:
    matrix = "  country: [DE]\n  exclude: [{country: DR}]\n"
    checked = project({"a.yaml": manifest(matrix, "  name: ${matrix.country}\n")})
    assert checked.warnings == ["this entry of `exclude` matches no combination"]


def test_an_overlong_key_is_refused(project: Check) -> None:
    text = f"metadata: {{key: {'k' * 116}}}\n" + manifest(
        "  country: [DE, FRA]\n", "  name: ${matrix.country}\n"
    )
    checked = project({"a.yaml": text})
    assert "has 129 characters; the limit is 128" in checked.errors[0]
    assert checked.places == ["3:17"]


def test_two_manifests_must_not_declare_the_same_key(project: Check) -> None:
    text = "metadata: {key: k}\n" + manifest("  country: [DE]\n", "  name: ${matrix.country}\n")
    (error,) = project({"a.yaml": text, "b.yaml": text}).errors
    assert error.startswith("the key k[country=DE] is also at ")


def _digests(project: Check, matrix: str, spec: str = "  name: ${matrix.country}\n") -> dict[str, str]:
    campaigns = project({"a.yaml": manifest(matrix, spec)}).sound.campaigns
    return {key: one.source_digest for key, one in campaigns.items()}


def test_an_added_value_keeps_the_digests_of_the_others(project: Check) -> None:
    few, more = (_digests(project, f"  country: [{names}]\n") for names in ("DE, FR", "DE, IT, FR"))
    assert {key: more[key] for key in few} == few


def test_a_changed_value_is_a_change_of_the_manifest(project: Check) -> None:
    matrix = "  country: [DE, FR]\n  include: [{country: DE, tone: %s}, {country: FR, tone: x}]\n"
    spec: Any = "  name: ${matrix.country} ${matrix.tone}\n"
    before, after = (_digests(project, matrix % tone, spec) for tone in ("warm", "cool"))
    assert before["a[country=DE]"] != after["a[country=DE]"]
    assert before["a[country=FR]"] == after["a[country=FR]"]


def test_a_matrix_over_a_huge_manifest_is_refused(project: Check) -> None:
    names = ", ".join(f"m{number}" for number in range(500))
    text = manifest(f"  market: [{names}]\n", f"  metadata: {{a: [{'x, ' * 3_000}x]}}\n")
    (error,) = project({"a.yaml": text}).errors
    assert error == "500 campaigns with 3,006 values each: more than 1,000,000"


@pytest.mark.parametrize(
    "fields",
    [
        "  metadata: {a: [" + "'${var.long}', " * 30 + "]}\n",
        "  description: " + "${var.long}" * 50_000 + "\n",
    ],
    ids=["in many texts", "in one text"],
)
def test_expansion_is_bounded(fields: str, project: Check) -> None:
    head = f"metadata: {{name: t}}\nvariables: {{long: {'x' * 500_000}}}\n"
    checked = project({"campaignctl.yaml": head, "a.yaml": f"spec:\n  name: N\n{fields}{MESSAGES}"})
    assert {message.partition(" in a ")[0] for message in checked.errors} == {
        "variables expand to more than 8 MiB"
    }
