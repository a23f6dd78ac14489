"""From files that were read to the desired state: defaults, variables, checks, and every finding at once.

Pure: files and their texts are handed in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from campaignctl.campaign.check import cross_checks, model_problems
from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.problem import Problem, error
from campaignctl.campaign.spec import CampaignSpec
from campaignctl.errors import Finding, Source
from campaignctl.manifest import nodes
from campaignctl.manifest.build import BAD, Builder, FileText
from campaignctl.manifest.desired import DesiredCampaign, DesiredState, Project
from campaignctl.manifest.document import KEY, Document
from campaignctl.manifest.extra import merged, unknown_members
from campaignctl.manifest.findings import findings_of, in_order
from campaignctl.manifest.interpolate import Values
from campaignctl.manifest.paths import misnamed
from campaignctl.manifest.shape import Leaf, shape_of
from campaignctl.schedule.cron import check_cron

_SPEC = shape_of(CampaignSpec)
_DOCUMENT = shape_of(Document)
#: A document whose body is left for later: only in the body are texts filled in.
_AROUND = replace(_DOCUMENT, known={**_DOCUMENT.known, "spec": Leaf.NODE, "extra": Leaf.NODE})


class Compiler:
    """Compiles the manifests of one project, file by file.

    `environ` are the environment variables; only those that the project allows are looked at.
    """

    def __init__(self, project: Project, environ: Mapping[str, str]) -> None:
        self._project = project
        allowed = {name: environ[name] for name in project.allow_env if name in environ}
        self._values = Values(project.variables, allowed, project.allow_env)
        self._campaigns: dict[str, DesiredCampaign] = {}
        self._places: dict[str, tuple[str, Source]] = {}
        self._findings: list[Finding] = []

    def add(self, file: nodes.SourceFile, texts: Mapping[str, FileText]) -> None:
        """Compile every document of a file. `texts` are the files it names, by the path that stands there."""
        several = len(file.documents) > 1
        for root in file.documents:
            if not isinstance(root, nodes.Mapping):
                self._findings.append(_no_mapping(file, root))
                continue
            document = _Document(file, root, self._values, texts)
            campaign = document.compile(None if several else key_of_path(file.path))
            key = document.key
            findings = [*document.findings, *self._taken(key, document.place)]
            self._findings += [replace(found, key=key) for found in findings]
            if campaign is not None:
                self._campaigns[campaign.key] = campaign

    def finish(self) -> DesiredState:
        """The desired state of everything that was added, and every finding; usable only without errors."""
        campaigns = {key: self._campaigns[key] for key in sorted(self._campaigns)}
        digest = _digest(self._project, campaigns)
        return DesiredState(self._project, campaigns, digest, in_order(self._findings))

    def _taken(self, key: str | None, place: Source) -> Iterator[Finding]:
        """Refuse a key that is there already, or differs from one only in case."""
        if key is None:
            return
        other = self._places.setdefault(key.casefold(), (key, place))
        if other[1] == place:
            return
        same = other[0] == key
        message = (
            f"the key {key} is also at {other[1]}"
            if same
            else (f"the key {key} and {other[0]} at {other[1]} differ only in case")
        )
        yield Finding("error", "duplicate-campaign", message, place, "set another `metadata.key`")


def key_of_path(path: str) -> str:
    """The key of a manifest that sets none: its path in the project without suffix."""
    folder, slash, name = path.rpartition("/")
    stem, dot, _ = name.rpartition(".")
    return f"{folder}{slash}{stem if dot else name}"


def _no_mapping(file: nodes.SourceFile, root: nodes.Node) -> Finding:
    if isinstance(root, nodes.Scalar) and root.plain and not root.text:
        return Finding(
            "error", "empty", "the document is empty", file.at(root), "a manifest has at least `spec:`"
        )
    return Finding("error", "type", "a manifest is an object", file.at(root), "it has at least `spec:`")


class _Document:
    """One document on its way to a campaign."""

    def __init__(
        self, file: nodes.SourceFile, root: nodes.Mapping, values: Values, texts: Mapping[str, FileText]
    ) -> None:
        self._file = file
        self._root = root
        self._builder = Builder(file, None, texts)
        self._values = values
        self.key: str | None = None
        self.findings: list[Finding] = self._builder.findings
        self.place = file.at(root)

    def compile(self, default_key: str | None) -> DesiredCampaign | None:
        """The campaign, or None with at least one error among the findings."""
        if self._is_bare_body():
            return None
        value = self._builder.build(self._root, _AROUND)
        self._refuse_removed(value)
        spec_node, extra_node = value.get("spec"), value.get("extra")
        self._builder.values = self._values
        for name, node, shape in (("spec", spec_node, _SPEC), ("extra", extra_node, Leaf.JSON)):
            if node is not None:
                value[name] = self._builder.build(node, shape)
                if value[name] is BAD:
                    del value[name]
        self.key = self._key(value, default_key)
        problems = list(self._checks(value))
        if not self._builder.sound:
            problems += model_problems(Document, value)
        self.findings += findings_of(problems, self._root, self._builder)
        if self.key is None or any(found.severity == "error" for found in self.findings):
            return None
        return DesiredCampaign(
            self.key,
            merged(value["spec"], value.get("extra", {})),
            self.place,
            self._source_digest(spec_node, extra_node),
            _lifecycle(value.get("lifecycle", {})),
            tuple(self._unchecked(value)),
        )

    def _is_bare_body(self) -> bool:
        """Whether somebody pasted a body and forgot `spec:`."""
        if self._root.key("spec") or not self._root.key("messages"):
            return False
        hint = "write `spec:` above it and indent it"
        finding = Finding("error", "missing-member", "a body without `spec:`", self.place, hint)
        self.findings.append(finding)
        return True

    def _refuse_removed(self, value: dict[str, Any]) -> None:
        if value.get("kind") == "Removed":
            del value["kind"]
            source = self._file.at(nodes.locate(self._root, ("kind",)))
            message = "this version of campaignctl does not know the kind Removed"
            self.findings.append(Finding("error", "kind", message, source))

    def _key(self, value: Mapping[str, Any], default: str | None) -> str | None:
        """The key, if it can be told and is one."""
        metadata = value.get("metadata", {})
        key = metadata.get("key", default)
        if key is None:
            self._note("key", "several documents in one file: each needs `metadata.key`", "")
            return None
        wrong = not KEY.fullmatch(key)
        if "key" in metadata:
            self.place = self._file.at(nodes.locate(self._root, ("metadata", "key")))
        elif wrong:
            message = f"the path {key!r} makes no key: letters, digits, `.`, `_` and `-`, at most 128"
            self._note("key", message, "set `metadata.key`, or rename the file")
        return None if wrong else str(key)

    def _note(self, code: str, message: str, hint: str) -> None:
        self.findings.append(Finding("error", code, message, self._file.at(self._root), hint))

    def _checks(self, value: Mapping[str, Any]) -> Iterator[Problem]:
        """What the models cannot see."""
        spec = value.get("spec")
        if spec is None:
            return
        for problem in cross_checks(spec):
            yield replace(problem, path=("spec", *problem.path))
        yield from self._times(spec)
        for _, problem in unknown_members(value.get("extra", {}), spec, _SPEC):
            yield problem
        for index, path in enumerate(value.get("lifecycle", {}).get("ignore_changes", ())):
            wrong = misnamed(path, _SPEC, value.get("extra", {}))
            if wrong:
                place = ("lifecycle", "ignore_changes", index)
                yield error("path", place, wrong, "a path as in messages/0/priority")

    def _times(self, spec: Mapping[str, Any]) -> Iterator[Problem]:
        if self._builder.zoned and spec.get("send_in_profile_time_zone") is True:
            yield error(
                "time",
                ("spec", "scheduled_time"),
                "an offset or zone beside `send_in_profile_time_zone`: it is everybody's own clock time",
                "write it as `YYYY-MM-DD HH:MM:SS`",
            )
        cron = spec.get("recurrence", {}).get("cron")
        if cron is not None and len(cron.split(" ")) == 5:  # noqa: PLR2004 - else the rule of five fields speaks
            wrong = check_cron(cron)
            if wrong:
                yield error("cron", ("spec", "recurrence", "cron"), wrong)

    def _unchecked(self, value: Mapping[str, Any]) -> Iterator[str]:
        for path, _ in unknown_members(value.get("extra", {}), value["spec"], _SPEC):
            yield "/".join(map(str, path))

    def _source_digest(self, *parts: nodes.Node | None) -> str:
        texts: list[str] = []
        for part in parts:
            nodes.fingerprint(part, texts)
        texts += self._builder.unfilled
        return "sha256:" + hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def _lifecycle(members: Mapping[str, Any]) -> Lifecycle:
    values = dict(members)
    if "ignore_changes" in values:
        values["ignore_changes"] = tuple(values["ignore_changes"])
    return Lifecycle(**values)


def _digest(project: Project, campaigns: Mapping[str, DesiredCampaign]) -> str:
    content: list[Any] = [project.name, project.environment]
    content += [(key, one.spec, asdict(one.lifecycle)) for key, one in campaigns.items()]
    return "sha256:" + hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
