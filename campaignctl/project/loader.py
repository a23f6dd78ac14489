"""From `campaignctl.yaml` to the project: found, checked, and as one environment sees it."""

from __future__ import annotations

import difflib
import os
import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from campaignctl.campaign.check import model_problems
from campaignctl.campaign.problem import KeyPath
from campaignctl.errors import CampaignctlError, Finding, Source, UsageError
from campaignctl.project import rules, settings
from campaignctl.project.file_model import ProjectFile
from campaignctl.project.model import Project
from campaignctl.project.validators import api_url
from campaignctl.yamlio.findings import findings_of, in_order
from campaignctl.yamlio.nodes import MappingNode, Node, SequenceNode, SourceFile, locate
from campaignctl.yamlio.schema_types import shape_of
from campaignctl.yamlio.substitution import BAD
from campaignctl.yamlio.values import Builder

PROJECT_FILE = "campaignctl.yaml"
DIRECTORY_VARIABLE = "CAMPAIGNCTL_PROJECT"
ENVIRONMENT_VARIABLE = "CAMPAIGNCTL_ENV"
URL_VARIABLE = "OCAMBA_API_URL"
#: What no manifest rests on: with an error there, the manifests are checked all the same.
_BESIDE_MANIFESTS = frozenset({"account", "api", "guardrails", "overrides", "state", "time_zone"})


def find_project(directory: Path | str | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """The project's directory: `directory` (-C), else CAMPAIGNCTL_PROJECT, else `cwd`, else its campaigns.

    Raises UsageError saying where was looked, and CampaignctlError for one that git could take for a
    repository.
    """
    named = directory or environ.get(DIRECTORY_VARIABLE)
    places = [cwd / named] if named else [cwd, cwd / "campaigns"]
    for place in places:
        if (place / PROJECT_FILE).is_file():
            refuse_repository(place)
            return place
    shown = " or ".join(str(place) for place in places)
    raise UsageError(f"no {PROJECT_FILE} in {shown}", hint=_instead(places, None if named else cwd))


def refuse_repository(directory: Path) -> None:
    """Raise CampaignctlError for a directory that git could take for a repository without a `.git`.

    Files like these can be committed, with a configuration that names programs.
    """
    there = {name for name in ("HEAD", "commondir", "objects", "refs") if os.path.lexists(directory / name)}
    if {"HEAD", "commondir"} <= there or {"HEAD", "objects", "refs"} <= there:
        raise CampaignctlError(
            f"the project folder looks like a bare git repository: {directory}",
            detail=f"It contains {', '.join(sorted(there))}. Such a folder can make git run programs.",
            hint="check where these files come from; then delete them, or move the project to another folder",
        )


def _instead(places: Iterable[Path], inside: Path | None) -> str:
    """What to do where no project is; `inside` is the directory that may lie in one."""
    for place in places:
        if (other := place / "campaignctl.yml").is_file():
            return f"rename {other} to {PROJECT_FILE}"
    if inside and (around := project_around(inside)):
        return f"this is a folder of the project in {around}: campaignctl -C {shlex.quote(str(around))} ..."
    return "`campaignctl init` makes a project, -C DIR names one"


def project_around(directory: Path) -> Path | None:
    """The nearest directory above this one that is a project."""
    above = directory.resolve().parents
    return next((place for place in above if (place / PROJECT_FILE).is_file()), None)


def read_project_file(
    file: SourceFile, tool_version: str, *, url_counts: bool = True
) -> tuple[dict[str, Any] | None, tuple[Finding, ...]]:
    """The members of a project file, and what is wrong with it; None when it cannot be used.

    `url_counts` says that the token would go to its `api.url`.
    """
    if len(file.documents) != 1 or not isinstance(file.documents[0], MappingNode):
        place = file.at(file.documents[-1] if file.documents else None)
        message = "a project file is one object" if file.documents else "the file cannot be read"
        return None, (Finding("error", "type", message, place, "it has at least `metadata: {name: ...}`"),)
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


def without_errors(file: SourceFile, findings: Iterable[Finding]) -> SourceFile | None:
    """A project file without its members that have errors; None where manifests rest on one of them."""
    root = file.documents[0] if file.documents else None
    if not isinstance(root, MappingNode):
        return None
    faulty = {_member_at(root, found.source) for found in findings if found.severity == "error"}
    if not faulty <= _BESIDE_MANIFESTS:
        return None
    rest = SourceFile(file.name, file.path, file.text)
    rest.documents = (MappingNode([pair for pair in root.pairs if pair[0].text not in faulty], root.mark),)
    return rest


def _member_at(root: MappingNode, source: Source) -> str:
    """The member of a project file that a place belongs to."""
    place = (source.line - 1, source.column - 1)
    before = [key for key, _ in root.pairs if (key.mark.line, key.mark.column) <= place]
    return before[-1].text if before else ""


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
            "this project has environments, and none is chosen",
            hint=f"choose one with -e, {ENVIRONMENT_VARIABLE} or `default_environment`: {listed}",
        )
    if not declared:
        raise UsageError(
            f"the environment {name!r} is asked for, and the project declares none",
            hint=f"leave -e and {ENVIRONMENT_VARIABLE} out, or add `environments` to {PROJECT_FILE}",
        )
    if name not in declared:
        raise UsageError(f"there is no environment {name!r}", hint=f"declared are: {listed}")
    return str(name)


def resolve(
    value: Mapping[str, Any],
    directory: str,
    environment: str | None,
    environ: Mapping[str, str],
    variables: Mapping[str, str] | None = None,
) -> Project:
    """The project as one run sees it. `value` has passed `read_project_file`.

    `variables` (--var) stand above those of the project and the environment. Raises UsageError as
    `choose_environment` does and for a variable that the project does not have, and CampaignctlError for an
    OCAMBA_API_URL that cannot be used.
    """
    chosen = choose_environment(value, environment, environ)
    members = settings.layered(value, chosen)
    if variables:
        _check_declared(variables, value)
        members["variables"] = {**members.get("variables", {}), **variables}
    if environ.get(URL_VARIABLE):
        try:
            members.setdefault("api", {})["url"] = api_url(environ[URL_VARIABLE])
        except ValueError as wrong:
            raise CampaignctlError(f"{URL_VARIABLE} cannot be used: {wrong}") from None
    return settings.project(members, directory, chosen)


def with_sources(file: SourceFile, project: Project, given: Collection[str]) -> Project:
    """A project with the places of its file; `given` are the variables of the command line."""
    own = ("environments", project.environment or "", "overrides")
    path: tuple[str, ...] = own if _at(file.documents[0], own) else ("overrides",)
    return replace(
        project,
        variable_sources=_variable_sources(file, project, given),
        override_sources=override_sources(file, project, path),
        manifest_sources=_pattern_sources(file),
    )


def _pattern_sources(file: SourceFile) -> tuple[Source, ...]:
    patterns = _at(file.documents[0], ["manifests"])
    return tuple(map(file.at, patterns.items)) if isinstance(patterns, SequenceNode) else ()


def _variable_sources(file: SourceFile, project: Project, given: Collection[str]) -> dict[str, Source]:
    """Where the project file gives each variable its value; `given` are those of the command line."""
    root = file.documents[0]
    layers: list[tuple[str, ...]] = [("variables",)]
    if project.environment is not None:
        layers.append(("environments", project.environment, "variables"))
    found = ((name, _at(root, [*layer, name])) for layer in layers for name in project.variables)
    return {name: file.at(node) for name, node in found if node is not None and name not in given}


def _at(node: Node | None, path: Iterable[str]) -> Node | None:
    for name in path:
        node = node.get(name) if isinstance(node, MappingNode) else None
    return node


def _check_declared(variables: Iterable[str], value: Mapping[str, Any]) -> None:
    """Refuse a variable that neither the project nor one of its environments has."""
    layers = [value, *value.get("environments", {}).values()]
    declared = sorted({name for layer in layers for name in layer.get("variables", {})})
    for name in variables:
        if name not in declared:
            near = difflib.get_close_matches(name, declared, 1)
            known = f"declared are: {', '.join(declared)}" if declared else "it declares none"
            hint = f"did you mean {near[0]}?" if near else f"add it to `variables` of {PROJECT_FILE}; {known}"
            raise UsageError(f"--var {name}: the project declares no variable {name!r}", hint=hint)


def override_sources(file: SourceFile, project: Project, path: KeyPath) -> tuple[tuple[Source, ...], ...]:
    """The places of the overrides of a project, as it has them; their list is at `path` of its file."""
    root = file.documents[0]
    found = []
    for index, one in enumerate(project.overrides):
        paths: list[KeyPath] = [("until",), *(("keys", place) for place in range(len(one.keys)))]
        found.append(tuple(file.at(locate(root, (*path, index, *member))) for member in paths))
    return tuple(found)
