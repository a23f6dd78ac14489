"""From `campaignctl.yaml` to the project: checked, and as one environment sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from campaignctl.campaign.check import model_problems
from campaignctl.campaign.problem import KeyPath
from campaignctl.errors import (
    CampaignctlError,
    Finding,
    Guesses,
    ManifestError,
    Source,
    UsageError,
    did_you_mean,
)
from campaignctl.project import rules
from campaignctl.project.file import ProjectFile
from campaignctl.project.find import PROJECT_FILE
from campaignctl.project.model import STATE_FOLDER, Override, Project, value_of
from campaignctl.project.places import state_settings
from campaignctl.project.validators import api_url
from campaignctl.yamlio.files import NOTHING_SET, content, kept_out, shown, token_line
from campaignctl.yamlio.findings import findings_of, in_order
from campaignctl.yamlio.interpolate import REVOKE, WITH_TOKEN, holds_token
from campaignctl.yamlio.nodes import MappingNode, Node, SequenceNode, SourceFile, locate
from campaignctl.yamlio.reader import read
from campaignctl.yamlio.schema_types import Leaf, Table, shape_of
from campaignctl.yamlio.substitution import BAD
from campaignctl.yamlio.values import Builder

ENVIRONMENT_VARIABLE = "CAMPAIGNCTL_ENV"
URL_VARIABLE = "OCAMBA_API_URL"
#: Sections that manifests do not use: with an error there, the manifests are still checked.
_APART_FROM_MANIFESTS = frozenset(
    {"account", "api", "guardrails", "lint", "notify", "overrides", "proofs", "state", "time_zone"}
)

# ------------------------------------------------------------------------------ loading


def load_project(
    directory: Path,
    *,
    environment: str | None,
    environ: Mapping[str, str],
    tool_version: str,
    variables: Mapping[str, str] | None = None,
) -> Project:
    """The project in a directory, as one run sees it.

    `variables` (--var) override those of the project and the environment. Raises ManifestError for a file
    that cannot be used, UsageError for an environment that cannot be chosen or a variable that is not
    declared, and CampaignctlError for an OCAMBA_API_URL that cannot be used.
    """
    project, findings = check_project(directory, environment, environ, tool_version, variables, whole=True)
    if project is None:
        raise ManifestError(findings)
    return project


def load_base(directory: Path, tool_version: str) -> Project:
    """The project without an environment: its files are the same in all. Raises ManifestError."""
    file, value, findings = _read(directory, tool_version, url_counts=False)
    if file is None or value is None:
        raise ManifestError(findings)
    return _project(file, value, directory, None)


def check_project(
    directory: Path,
    environment: str | None,
    environ: Mapping[str, str],
    tool_version: str,
    variables: Mapping[str, str] | None,
    *,
    whole: bool = False,
) -> tuple[Project | None, tuple[Finding, ...]]:
    """The project, or None if it cannot be used, and the findings about its file. Raises as `load_project`.

    Unless it must be `whole`, sections that manifests do not use may have errors.
    """
    Guesses.start()
    url = environ.get(URL_VARIABLE)
    file, value, findings = _read(directory, tool_version, environ, url_counts=not url)
    usable = value is not None
    if file and not usable and not whole and (rest := _without_errors(file, findings)):
        value, _ = read_project_file(rest, tool_version, url_counts=False)
    if file is None or value is None:
        return None, findings
    try:
        chosen = choose_environment(value, environment, environ)
        for name, text in (variables or {}).items():
            if holds_token(text, environ):
                raise UsageError(f"--var {name} {WITH_TOKEN}", hint="texts are shown and sent: use another")
        given = _given(value, variables or {}, url)
    except CampaignctlError:
        if usable:
            raise
        return None, findings
    return _project(file, value, directory, chosen, given), findings


def _read(
    directory: Path, tool_version: str, environ: Mapping[str, str] = NOTHING_SET, *, url_counts: bool
) -> tuple[SourceFile | None, dict[str, Any] | None, tuple[Finding, ...]]:
    """The project file, its fields if it is valid, and its findings."""
    name = shown(directory) + PROJECT_FILE
    reason = kept_out(directory, PROJECT_FILE, (STATE_FOLDER,))
    data = f"this link {reason}" if reason else content(directory / PROJECT_FILE)
    if isinstance(data, str):
        return None, None, (Finding("error", "project", data, Source(name, 1, 1)),)
    line = token_line(data, environ)
    file, findings = read(name, PROJECT_FILE, data)
    if not line and findings:
        return None, None, in_order(findings)
    value, found = read_project_file(file, tool_version, url_counts=url_counts)
    # Escapes may put together what the bytes of the file do not show.
    if line or holds_token(repr(value), environ):
        return None, None, (Finding("error", "project", WITH_TOKEN, Source(name, line or 1, 1), REVOKE),)
    return file, value, found


def read_project_file(
    file: SourceFile, tool_version: str, *, url_counts: bool = True
) -> tuple[dict[str, Any] | None, tuple[Finding, ...]]:
    """The fields of a project file, or None if it is not valid, and its findings.

    `url_counts` says that the token would go to its `api.url`.
    """
    if len(file.documents) != 1 or not isinstance(file.documents[0], MappingNode):
        place = file.at(file.documents[-1] if file.documents else None)
        message = "a project file holds exactly one object" if file.documents else "the file cannot be read"
        return None, (Finding("error", "type", message, place, "it needs at least `metadata: {name: ...}`"),)
    root = file.documents[0]
    builder = Builder(file, None)
    value = builder.build(root, shape_of(ProjectFile))
    if value is BAD:
        return None, tuple(builder.findings)
    problems = list(rules.problems(value, tool_version))
    if url_counts:
        problems += rules.hosts(value)
    if not builder.sound:
        problems += model_problems(ProjectFile, value)
    findings = in_order([*builder.findings, *findings_of(problems, root, builder)])
    usable = all(found.severity != "error" for found in findings)
    return (value if usable else None), findings


def read_samples(name: str, data: bytes) -> dict[str, str]:
    """The sample values of macros in a YAML or JSON file that maps names to texts. Raises ManifestError."""
    file, findings = read(name, name, data)
    if findings:
        raise ManifestError(in_order(findings))
    samples: dict[str, str] = {}
    found: list[Finding] = []
    for root in file.documents:
        builder = Builder(file, None)
        value = builder.build(root, Table(Leaf.TEXT))
        samples |= {} if value is BAD else value
        problems = () if value is BAD else rules.sample_problems(value, ())
        found += [*builder.findings, *findings_of(problems, root, builder)]
    if found:
        raise ManifestError(in_order(found))
    return samples


def _without_errors(file: SourceFile, findings: Iterable[Finding]) -> SourceFile | None:
    """A project file without its sections that have errors; None if manifests use one of them."""
    root = file.documents[0] if file.documents else None
    if not isinstance(root, MappingNode):
        return None

    def field_at(source: Source) -> str:
        place = (source.line - 1, source.column - 1)
        before = [key for key, _ in root.pairs if (key.mark.line, key.mark.column) <= place]
        return before[-1].text if before else ""

    faulty = {field_at(found.source) for found in findings if found.severity == "error"}
    if not faulty <= _APART_FROM_MANIFESTS:
        return None
    rest = SourceFile(file.name, file.path, file.text)
    rest.documents = (MappingNode([pair for pair in root.pairs if pair[0].text not in faulty], root.mark),)
    return rest


# ------------------------------------------------------------------------------ one run's view


def choose_environment(value: Mapping[str, Any], asked: str | None, environ: Mapping[str, str]) -> str | None:
    """The environment of this run: `asked` (-e), else CAMPAIGNCTL_ENV, else the project's default.

    Raises UsageError when none or an undeclared one is chosen: there is no silent default.
    """
    declared = sorted(value.get("environments", {}))
    name = asked or environ.get(ENVIRONMENT_VARIABLE) or value.get("default_environment")
    if name is None and not declared:
        return None
    listed = ", ".join(declared)
    if name is None:
        raise UsageError(
            "this project has environments, and none was selected",
            hint=f"select one with -e, {ENVIRONMENT_VARIABLE} or `default_environment`: {listed}",
        )
    if not declared:
        raise UsageError(
            f"environment {name!r} was requested, but the project declares none",
            hint=f"drop -e and {ENVIRONMENT_VARIABLE}, or add `environments` to {PROJECT_FILE}",
        )
    if name not in declared:
        raise UsageError(f"there is no environment {name!r}", hint=f"declared: {listed}")
    return str(name)


def _given(value: Mapping[str, Any], variables: Mapping[str, str], url: str | None) -> dict[str, Any]:
    """The settings of the command line and of OCAMBA_API_URL. Refuses undeclared variables."""
    layers = [value, *value.get("environments", {}).values()]
    declared = sorted({name for layer in layers for name in layer.get("variables", {})})
    for name in variables:
        if name not in declared:
            known = f"declared: {', '.join(declared)}" if declared else "it declares none"
            hint = did_you_mean(name, declared, f"add it to `variables` of {PROJECT_FILE}; {known}")
            raise UsageError(f"--var {name}: the project declares no variable {name!r}", hint=hint)
    try:
        return {"variables": dict(variables), "api": {"url": api_url(url)} if url else {}}
    except ValueError as wrong:
        raise CampaignctlError(f"{URL_VARIABLE} cannot be used: {wrong}") from None


def _project(
    file: SourceFile,
    value: Mapping[str, Any],
    directory: Path,
    environment: str | None,
    given: Mapping[str, Any] | None = None,
) -> Project:
    """The project that the fields of a file describe, with `given` laid over them and its positions."""
    merged = rules.over(rules.layered(value, environment), given or {})
    zone = rules.time_zone(merged)
    types = {one.name: one.type for one in fields(Project)}
    settings = {name: value_of(types[name], part, zone) for name, part in merged.items() if name in types}
    settings["state"] = state_settings(value, environment)
    layer = value["environments"][environment] if environment else {}
    patterns = _at(file, ("manifests",))
    environments = (None, *value.get("environments", ()))
    return Project(
        name=merged["metadata"]["name"],
        directory=str(directory.resolve()),
        id=merged["metadata"].get("id"),
        environment=environment,
        environment_names=tuple(value.get("environments", ())),
        private=(STATE_FOLDER, *(state_settings(value, each).path for each in environments)),
        company_id=merged.get("account", {}).get("company_id"),
        variable_sources=_variable_sources(file, settings.get("variables", ()), environment, given or {}),
        override_sources=_override_sources(
            file,
            settings.get("overrides", ()),
            ("environments", environment or "", "overrides") if "overrides" in layer else ("overrides",),
        ),
        lint_sources=_lint_sources(file),
        manifest_sources=tuple(map(file.at, patterns.items)) if isinstance(patterns, SequenceNode) else (),
        **settings,
    )


def _variable_sources(
    file: SourceFile, names: Iterable[str], environment: str | None, given: Mapping[str, Any]
) -> dict[str, Source]:
    """Where the file defines each variable, except those `given` on the command line."""
    layers: list[KeyPath] = [("variables",)]
    if environment is not None:
        layers.append(("environments", environment, "variables"))
    found = ((name, _at(file, (*layer, name))) for layer in layers for name in names)
    return {
        name: file.at(node)
        for name, node in found
        if node is not None and name not in given.get("variables", ())
    }


def _override_sources(
    file: SourceFile, overrides: Iterable[Override], path: KeyPath
) -> tuple[tuple[Source, ...], ...]:
    """For each override the place of its `until`, then those of its keys; their list is at `path`."""
    paths: list[list[KeyPath]] = [
        [("until",), *(("keys", place) for place in range(len(one.keys)))] for one in overrides
    ]
    return tuple(
        tuple(file.at(locate(file.documents[0], (*path, index, *inner))) for inner in one)
        for index, one in enumerate(paths)
    )


def _lint_sources(file: SourceFile) -> dict[str, Source]:
    """Where the file sets each severity and each waiver."""
    severity, waivers = (_at(file, ("lint", name)) for name in ("severity", "waivers"))
    levels = severity.pairs if isinstance(severity, MappingNode) else ()
    items = waivers.items if isinstance(waivers, SequenceNode) else ()
    return {
        **{f"severity/{key.text}": file.at(key) for key, _ in levels},
        **{f"waivers/{index}": file.at(item) for index, item in enumerate(items)},
    }


def _at(file: SourceFile, path: KeyPath) -> Node | None:
    node: Node | None = file.documents[0]
    for name in path:
        node = node.get(str(name)) if isinstance(node, MappingNode) else None
    return node
