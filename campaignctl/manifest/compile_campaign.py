"""Compiles one campaign of a manifest: its body, `extra`, lifecycle, key and digest, and their checks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from campaignctl.campaign.canonical import brief
from campaignctl.campaign.check import cross_checks, model_problems
from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.problem import KeyPath, Problem, error, warning
from campaignctl.campaign.spec import CampaignSpec
from campaignctl.errors import Finding, nearest
from campaignctl.manifest.document import KEY, LONGEST_KEY, Document, LifecycleMembers
from campaignctl.manifest.matrix import Combination
from campaignctl.manifest.model import Claim, DesiredCampaign, likeness
from campaignctl.manifest.moves import moved_from, winner_problems
from campaignctl.yamlio import nodes
from campaignctl.yamlio.findings import findings_of
from campaignctl.yamlio.interpolate import REVOKE, TOKEN_VARIABLE, WITH_TOKEN, Values, holds_token, whole
from campaignctl.yamlio.positions import Positions
from campaignctl.yamlio.schema_types import Items, Leaf, Object, Shape, Table, bare, shape_of
from campaignctl.yamlio.substitution import BAD
from campaignctl.yamlio.values import Builder

# The fields of `lifecycle` that hold paths into a body.
_PATHS = ("ignore_changes", "accept_stored")


def misnamed(path: str, shape: Shape, extra: Mapping[str, Any]) -> str:
    """Why a path does not exist in a body of that shape; empty if it does. `extra` adds fields."""
    parts = path.split("/")
    if parts[0] in extra:
        return ""
    for part in parts:
        if shape is Leaf.JSON:
            return ""
        inner = _step(shape, part)
        if inner is None:
            return f"{path!r} does not exist: {_reason(shape, part)}"
        shape = inner
    return ""


def _step(shape: Shape, part: str) -> Shape | None:
    """The shape of a field or an item, None if there is none of that name."""
    if isinstance(shape, Object):
        return bare(shape.known.get(part, shape.rest))
    if isinstance(shape, Table):
        return bare(shape.value) if part else None
    if isinstance(shape, Items):
        return bare(shape.item) if part.isdecimal() or part == "*" else None
    return None


def _reason(shape: Shape, part: str) -> str:
    if isinstance(shape, Object):
        near = nearest(part, shape.known)
        return f"there is no `{part}`" + (f", but `{near}`" if near else "")
    if isinstance(shape, Items):
        return f"`{part}` is not a list index"
    return f"nothing there has a field `{part}`"


def unknown_fields(
    extra: Mapping[str, Any], spec: Mapping[str, Any], shape: Shape, path: KeyPath = ("extra",)
) -> Iterator[tuple[KeyPath, Problem]]:
    """Every field of `extra`, at each level, with its path in the body and the problem to report."""
    for name, value in extra.items():
        here = (*path, name)
        if isinstance(shape, Object) and name in shape.refused:
            yield here[1:], error("refused-member", here, f"`{name}` is not allowed: {shape.refused[name]}")
        elif not isinstance(shape, Object) or name in shape.known or shape.rest is not None:
            inner = bare(shape.known.get(name)) if isinstance(shape, Object) else None
            yield from _known(value, spec.get(name), inner, here)
        else:
            message = f"`{'/'.join(map(str, here[1:]))}` is unknown and is sent unchecked"
            yield here[1:], warning("unchecked", here, message)


def _known(value: Any, given: Any, shape: Shape | None, path: KeyPath) -> Iterator[tuple[KeyPath, Problem]]:
    """A known field: only unknown fields inside it may be added."""
    if isinstance(shape, Object) and isinstance(value, dict) and isinstance(given, dict):
        yield from unknown_fields(value, given, shape, path)
    elif (
        isinstance(shape, Items)
        and isinstance(value, list)
        and isinstance(given, list)
        and len(value) <= len(given)
        and all(isinstance(item, dict) for item in (*value, *given))
    ):
        for index, (item, there) in enumerate(zip(value, given, strict=False)):
            yield from _known(item, there, shape.item, (*path, index))
    else:
        yield (
            path[1:],
            error(
                "extra-known",
                path,
                f"`{path[-1]}` is a known field: `extra` cannot set it",
                "write it in `spec`; `extra` takes only fields that this version does not know",
            ),
        )


def merged(spec: Any, extra: Any) -> Any:
    """A body with `extra` merged in; lists item by item."""
    if isinstance(spec, dict) and isinstance(extra, dict):
        both = {name: merged(spec[name], extra[name]) for name in extra if name in spec}
        return {**spec, **extra, **both}
    if isinstance(spec, list) and isinstance(extra, list):
        return [merged(a, b) for a, b in zip(spec, extra, strict=False)] + spec[len(extra) :]
    return extra


_SPEC = shape_of(CampaignSpec)
_DOCUMENT = shape_of(Document)
_LIFECYCLE = shape_of(LifecycleMembers)
#: A document whose expanded parts are left as nodes, to be built later.
_AROUND = replace(
    _DOCUMENT,
    known={
        **_DOCUMENT.known,
        **dict.fromkeys(("spec", "extra", "matrix", "adopt", "moved"), Leaf.NODE),
        "lifecycle": replace(_LIFECYCLE, known={**_LIFECYCLE.known, "phase": Leaf.NODE, "winner": Leaf.NODE}),
    },
)
#: The parts of a document that form the body.
_BODY = (("spec", _SPEC), ("extra", Table(Leaf.JSON)))
#: Fields outside the body that are expanded too.
_ORIGIN = tuple((name, _DOCUMENT.known[name]) for name in ("adopt", "moved"))
_MANAGED = tuple((name, _LIFECYCLE.known[name]) for name in ("phase", "winner"))
#: Codes about missing fields, which unreadable defaults may have set.
_MISSING = frozenset({"missing-member", "integration-missing", "channel-content"})


class Compilation:
    """One campaign on its way from its manifest.

    `builder` has no values yet: texts outside the body are not expanded; those of the body are, with
    `values`. `root` is the manifest with defaults and matrix merged in, `own` the manifest as written,
    `combination` its values in the matrix. If not `complete`, some defaults could not be read, and missing
    fields are not reported. Unless `cut`, YAML takes no text of its files for a comment or an anchor.
    """

    def __init__(
        self,
        builder: Builder,
        root: nodes.MappingNode,
        own: nodes.MappingNode,
        values: Values,
        *,
        combination: Combination | None = None,
        complete: bool = True,
        cut: bool = True,
    ) -> None:
        self._file = builder.file
        self._cut = cut
        self.values = values
        self._own = own
        self.combination = combination
        self._complete = complete
        self.root = root
        self.builder = builder
        self.key: str | None = None
        self.findings: list[Finding] = builder.findings
        self.place = builder.file.at(own)
        self.moves: tuple[Claim, ...] = ()
        self.adoption: Claim | None = None
        #: What could be read of a campaign that has errors.
        self.rest: DesiredCampaign | None = None

    def compile(self) -> DesiredCampaign | None:
        """The campaign, or None with at least one error among the findings."""
        campaign = None if self._is_bare_body() else self._compiled()
        if self._complete:
            return campaign
        self.findings = [found for found in self.findings if found.code not in _MISSING]
        self.rest = None
        return None

    def _compiled(self) -> DesiredCampaign | None:
        value = self.builder.build(self.root, _AROUND)
        value.pop("matrix", None)
        lifecycle = value.get("lifecycle", {})
        for fields, parts in ((value, _ORIGIN), (lifecycle, _MANAGED)):
            self._refuse_files(fields, parts)
        self.builder.values = self.values
        value |= {"spec": self._with_draft(value["spec"])} if "spec" in value else {}
        self._fill(value, (*_BODY, *_ORIGIN))
        self._fill(lifecycle, _MANAGED)
        self.key = self._key(value)
        problems = [*self._checks(value), *self._claim(value)]
        if not self.builder.sound:
            problems += model_problems(Document, value)
        self.findings += [*findings_of(problems, self.root, self.builder), *self._token(value)]
        if self.key is None:
            return None
        if any(found.severity == "error" for found in self.findings):
            self.rest = self._rest(self.key, value)
            return None
        extra = unknown_fields(value.get("extra", {}), value["spec"], _SPEC)
        spec = merged(value["spec"], value.get("extra", {}))
        lifecycle = _lifecycle(value.get("lifecycle", {}))
        moved_from = tuple(move.name for move in self.moves)
        return DesiredCampaign(
            self.key,
            spec,
            self.place,
            self._source_digest(),
            lifecycle,
            tuple("/".join(map(str, path)) for path, _ in extra),
            value.get("adopt"),
            moved_from,
            self._zone(),
            value.get("lint", {}),
            _digest(
                brief(spec) if self.builder.unfilled else spec, lifecycle, value.get("adopt"), moved_from
            ),
            likeness(spec),
            Positions(lambda: (self.root, self.builder), self.place),
        )

    def _rest(self, key: str, value: Mapping[str, Any]) -> DesiredCampaign:
        """What could be read of a campaign that has errors; settings of lint only if all are right."""
        lint = value.get("lint", {})
        wrong = any(problem.path[:1] == ("lint",) for problem in model_problems(Document, value))
        return DesiredCampaign(
            key,
            value.get("spec", {}),
            self.place,
            "",
            lint={} if wrong else lint,
            positions=Positions(lambda: (self.root, self.builder), self.place),
            whole=False,
        )

    def _zone(self) -> str:
        """The zone of `scheduled_time`, if the manifest names one."""
        spec = self.root.get("spec")
        time = spec.get("scheduled_time") if isinstance(spec, nodes.MappingNode) else None
        return self.builder.zones.get(id(time), "")

    def _claim(self, value: Mapping[str, Any]) -> tuple[Problem, ...]:
        """Record the moves and the adoption of the campaign; the problems of its moves."""
        if self.key is None:
            return ()
        suffix = self.combination.suffix if self.combination else ""
        moved, problems = moved_from(value, self.root, self.key, suffix)
        self.moves = tuple(Claim(name, self.key, self.builder.at(node)) for name, node in moved.items())
        if "adopt" in value:
            place = self.builder.at(nodes.locate(self.root, ("adopt",)))
            self.adoption = Claim(value["adopt"], self.key, place)
        return problems

    def _refuse_files(self, value: dict[str, Any], parts: Iterable[tuple[str, Shape]]) -> None:
        """Refuse and drop fields that are files: only texts of the body may be."""
        for name, shape in parts:
            if name in value:
                before = len(self.findings)
                self.builder.build(value[name], shape)
                if len(self.findings) > before:
                    del value[name]

    def _with_draft(self, spec: nodes.Node) -> nodes.Node:
        """The body with the value itself in place of an `is_draft` that is just `${var.NAME}`."""
        draft = spec.get("is_draft") if isinstance(spec, nodes.MappingNode) else None
        space, name = (isinstance(draft, nodes.ScalarNode) and whole(draft.text)) or ("", "")
        if space != "var" or name not in self.values.variables or draft is None:
            return spec
        given = nodes.ScalarNode(self.values.variables[name], True, draft.mark)
        return nodes.replaced(spec, lambda scalar: given if scalar is draft else scalar)

    def _fill(self, value: dict[str, Any], parts: Iterable[tuple[str, Shape]]) -> None:
        """Build the fields of an object that were left as nodes."""
        for name, shape in parts:
            if name in value:
                value[name] = self.builder.build(value[name], shape)
                if value[name] is BAD:
                    del value[name]

    def _is_bare_body(self) -> bool:
        """Whether this is a pasted body without `spec:`."""
        if self._own.key("spec") or not self._own.key("messages"):
            return False
        hint = "write `spec:` above it and indent it"
        finding = Finding("error", "missing-member", "a body without `spec:`", self.place, hint)
        self.findings.append(finding)
        return True

    def _key(self, value: Mapping[str, Any]) -> str | None:
        """The key, or None if it is missing or invalid."""
        metadata = value.get("metadata", {})
        key = metadata.get("key")
        if key is None and len(self._file.documents) == 1:
            key = key_of_path(self._file.path)
        if key is None:
            self._note("key", "in a file with several documents, each needs `metadata.key`", "")
            return None
        wrong = not KEY.fullmatch(key)
        if "key" in metadata:
            self.place = self._file.at(nodes.locate(self.root, ("metadata", "key")))
        elif wrong:
            message = f"the path {key!r} is not a valid key: letters, digits, `.`, `_` and `-`, at most 128"
            self._note("key", message, "set `metadata.key`, or rename the file")
        return None if wrong else self._with_suffix(str(key))

    def _with_suffix(self, key: str) -> str | None:
        """The key of this combination."""
        if self.combination is None:
            return key
        key += self.combination.suffix
        if len(key) <= LONGEST_KEY:
            return key
        message = f"the key {key} has {len(key)} characters; the limit is {LONGEST_KEY}"
        source = self._file.at(self.combination.place)
        hint = "shorten `metadata.key` or the values"
        self.findings.append(Finding("error", "key", message, source, hint))
        return None

    def _note(self, code: str, message: str, hint: str) -> None:
        self.findings.append(Finding("error", code, message, self._file.at(self.root), hint))

    def _checks(self, value: Mapping[str, Any]) -> Iterator[Problem]:
        """Problems that the models cannot see."""
        spec = value.get("spec")
        if spec is None:
            return
        for problem in cross_checks(spec):
            yield replace(problem, path=("spec", *problem.path))
        yield from self._times(spec)
        if self._cut:
            yield from _cut_texts(self.root, self._file)
        yield from winner_problems(value, self.root)
        for _, problem in unknown_fields(value.get("extra", {}), spec, _SPEC):
            yield problem
        for name in _PATHS:
            for index, path in enumerate(value.get("lifecycle", {}).get(name, ())):
                if wrong := misnamed(path, _SPEC, value.get("extra", {})):
                    place = ("lifecycle", name, index)
                    yield error("path", place, wrong, "write a path such as messages/0/priority")

    def _token(self, value: Mapping[str, Any]) -> Iterator[Finding]:
        """The first text with the API token, which its file has in parts: values or escapes put it together.

        Its line is not shown, as that may be more of the token than anyone should see.
        """
        environ = {TOKEN_VARIABLE: self.values.token}
        if self.values.token and holds_token(repr((value, self.key)), environ):
            path = next((path for path, text in _texts(value, ()) if holds_token(text, environ)), ())
            source = replace(self.builder.at(nodes.locate(self.root, path)), text="")
            yield Finding("error", "interpolation", WITH_TOKEN, source, REVOKE)

    def _times(self, spec: Mapping[str, Any]) -> Iterator[Problem]:
        if self.builder.zoned and spec.get("send_in_profile_time_zone") is True:
            yield error(
                "time",
                ("spec", "scheduled_time"),
                "no offset or zone with `send_in_profile_time_zone`: it is each recipient's own clock time",
                "write it as `YYYY-MM-DD HH:MM:SS`",
            )
        cron = spec.get("recurrence", {}).get("cron")
        if cron is not None and "?" not in cron and len(cron.split(" ")) == 5:  # noqa: PLR2004 - else a rule of `check` speaks
            from campaignctl.schedule.cron import check_cron

            wrong = check_cron(cron)
            if wrong:
                yield error("cron", ("spec", "recurrence", "cron"), wrong)

    def _source_digest(self) -> str:
        """The digest of the manifest itself as written, for this combination."""
        texts: list[str] = []
        for name, _ in _BODY:
            nodes.fingerprint(self._own.get(name), texts)
        texts += [text for _, text in sorted(self.builder.unfilled, key=lambda file: file[0])]
        if self.combination:
            for name, value in sorted(self.combination.values.items()):
                texts += ["\1=", name, value]
        return "sha256:" + hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


#: Fields of the body that people read, as steps into it; `*` stands for any one.
_READ = (
    ("name",),
    ("description",),
    *(("messages", "*", "push", name, "*") for name in ("title", "body")),
    ("messages", "*", "push", "actions", "*", "title", "*"),
    *(("messages", "*", "email", name) for name in ("sender_name", "subject", "preheader")),
    ("messages", "*", "email", "html", "*"),
    ("messages", "*", "sms", "content", "*"),
)


def _texts(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Every text in a JSON value, names of fields among them, with its path."""
    if isinstance(value, str):
        yield path, value
    inside = (
        value.items() if isinstance(value, Mapping) else enumerate(value if isinstance(value, list) else ())
    )
    for name, each in inside:
        yield (*path, name), str(name)
        yield from _texts(each, (*path, name))


def _cut_texts(root: nodes.MappingNode, file: nodes.SourceFile) -> Iterator[Problem]:
    """A problem for each text of which YAML took a part: a comment like `#Sale` behind it, or an anchor."""
    for form in _READ:
        for path, node in nodes.matching(root, ("spec", *form)):
            mark, own = node.mark, file.of(node)
            if not isinstance(node, nodes.ScalarNode) or not (own.hashed or own.anchored):
                continue
            if (mark.line, mark.column) in own.anchored:
                message = "YAML takes the `&` and the word behind it out of this text"
                yield error("alias", path, message, "a text that starts with `&` needs quotes")
            if (mark.line, mark.column) in own.hashed:
                line = own.lines[mark.line]
                rest = line[line.find(" #", mark.column) :].strip()[:40]
                hint = "put the text in quotes; before a comment, write a space after its `#`"
                yield warning("comment", path, f"YAML takes `{rest}` for a comment, not for text", hint)


def key_of_path(path: str) -> str:
    """The key of a manifest that sets none: its path in the project without suffix."""
    folder, slash, name = path.rpartition("/")
    stem, dot, _ = name.rpartition(".")
    return f"{folder}{slash}{stem if dot else name}"


def _digest(*declared: Any) -> str:
    text = json.dumps(declared, sort_keys=True, default=_fields)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _lifecycle(value: Mapping[str, Any]) -> Lifecycle:
    values = dict(value)
    for name in _PATHS:
        if name in values:
            values[name] = tuple(values[name])
    if winner := values.pop("winner", None):
        values |= {"winner": winner["message"], "winner_run": winner.get("run")}
    return Lifecycle(**values, says_destroy="on_destroy" in values)
