"""One file compiles to a value of its own; linking finds errors between files."""

from __future__ import annotations

from collections.abc import Iterable

from campaignctl.manifest.compile import CompileInputs, compile_file
from campaignctl.manifest.link import link
from campaignctl.manifest.model import FileResult
from campaignctl.project.model import Project
from campaignctl.yamlio.interpolate import Values
from campaignctl.yamlio.substitution import FileText, Reference, Texts

PUSH = """\
matrix: {lang: [en, de]}
spec:
  name: N ${var.x}
  messages: [{channel: push, push: {title: {en: {$file: "${matrix.lang}.txt"}}, landing_url: https://a.example}}]
"""


def texts(references: Iterable[Reference]) -> Texts:
    return {reference: FileText("/".join(reference), "Hello") for reference in references}


def compiled(text: str, path: str = "push/a.yaml", x: str = "1") -> FileResult:
    return compile_file(path, path, text.encode(), CompileInputs(Values({"x": x}, {}), read_texts=texts))


def test_equal_inputs_give_an_equal_result() -> None:
    assert compiled(PUSH) == compiled(PUSH)
    assert compiled(PUSH) != compiled(PUSH, x="2")


def test_a_result_names_the_texts_that_it_depends_on() -> None:
    assert compiled(PUSH).references == {("push", "en.txt"), ("push", "de.txt")}


def test_a_finding_of_one_combination_has_its_key() -> None:
    result = compiled(PUSH.replace("N ${var.x}", "${var.y}"))
    assert [found.key for found in result.findings if found.code == "interpolation"] == [
        "push/a[lang=en]",
        "push/a[lang=de]",
    ]
    desired = link(Project("tests", "/"), [result])
    assert [found.key for found in desired.findings if found.code == "interpolation"] == ["push/a"]


def test_linking_refuses_a_key_of_two_files() -> None:
    results = [compiled("metadata: {key: a}\n" + PUSH, path) for path in ("a.yaml", "b.yaml")]
    assert all(found.severity == "warning" for result in results for found in result.findings)
    desired = link(Project("tests", "/"), results)
    errors = [(found.code, found.key) for found in desired.findings if found.severity == "error"]
    assert errors == [("duplicate-campaign", "a[lang=en]"), ("duplicate-campaign", "a[lang=de]")]


def test_linking_the_same_results_twice_gives_the_same_state() -> None:
    results = [compiled(PUSH), compiled("kind: Removed\nmetadata: {key: old}\n", "old.yaml")]
    assert link(Project("tests", "/"), results) == link(Project("tests", "/"), results)
