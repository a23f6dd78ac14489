"""The canonical form of files: fields in the order of the models, indented by two spaces, comments kept.

The order is that of the API contract's tables (section 2); fields that no model knows come last, in their
own order.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, zip_longest
from pathlib import Path

from campaignctl.errors import CampaignctlError, Finding, Source
from campaignctl.manifest.defaults import DEFAULTS_FILE
from campaignctl.manifest.defaults_document import DefaultsDocument
from campaignctl.manifest.discover import discover
from campaignctl.manifest.document import Document
from campaignctl.project.file import Environment, ProjectFile
from campaignctl.project.find import PROJECT_FILE
from campaignctl.project.loader import load_base
from campaignctl.yamlio import schema_types as shapes
from campaignctl.yamlio.comments import Aside, Block, BlockEntry, Commented, commented
from campaignctl.yamlio.files import content, named_file, replace_file, shown
from campaignctl.yamlio.findings import in_order, of_run
from campaignctl.yamlio.layout import STEP, Layout, LayoutError, Verbatim, layouts
from campaignctl.yamlio.nodes import MappingNode, Node, ScalarNode, SequenceNode, SourceFile
from campaignctl.yamlio.reader import read
from campaignctl.yamlio.schema_types import Object, Shape, bare, shape_of

#: The fields of a project file: identity first, then the account, then what its manifests share.
PROJECT_ORDER = (
    *("apiVersion", "kind", "metadata", "required_version", "manifests", "ignore", "allow_env", "account"),
    *("time_zone", "api", "state", "variables", "guardrails", "overrides"),
    *("default_environment", "environments"),
)


def order_of(path: str) -> Object:
    """The shape that gives the order of fields in a file of a project; `path` is relative to it."""
    if path == PROJECT_FILE:
        return _project_order()
    name = path.rpartition("/")[2]
    return shape_of(DefaultsDocument if name == DEFAULTS_FILE else Document)


@cache
def _project_order() -> Object:
    project, environment = shape_of(ProjectFile), shape_of(Environment)
    inner = {name: environment.known[name] for name in PROJECT_ORDER if name in environment.known}
    known = {name: project.known[name] for name in PROJECT_ORDER}
    return replace(project, known={**known, "environments": shapes.Table(replace(environment, known=inner))})


def ordered(block: Block, shape: Shape | None) -> Block:
    """A block with its fields, at every level, in the order of a shape."""
    shape = bare(shape)
    if isinstance(shape, shapes.TextOrObject):
        shape = shape.inner
    entries = [
        replace(entry, value=ordered(entry.value, _inner(shape, entry)))
        if isinstance(entry.value, Block)
        else entry
        for entry in block.entries
    ]
    if isinstance(shape, Object):
        ranks = {name: rank for rank, name in enumerate(shape.known)}
        moved = sorted(entries, key=lambda entry: ranks.get(entry.key.name if entry.key else "", len(ranks)))
        if _same_names(entries, moved):
            entries = moved
    return replace(block, entries=tuple(entries))


def _inner(shape: Shape | None, entry: BlockEntry) -> Shape | None:
    """The shape of an entry's value."""
    match shape:
        case Object() if entry.key:
            return shape.known.get(entry.key.name, shape.rest)
        case shapes.Table() if entry.key:
            return shape.value
        case shapes.Items() if not entry.key:
            return shape.item
    return None


def _same_names(before: Sequence[BlockEntry], after: Sequence[BlockEntry]) -> bool:
    """Whether every alias still comes after the anchor that it refers to."""
    places = {id(entry): place for place, entry in enumerate(after)}
    named = [entry for entry in before if entry.names.set or entry.names.used]
    for first, second in combinations(named, 2):
        one, other = first.names, second.names
        tied = {*one.set} & {*other.used, *other.set} or {*other.set} & one.used
        if tied and places[id(first)] > places[id(second)]:
            return False
    return True


_OPEN, _CLOSE = "---", "..."


def formatted(text: str, shape: Shape) -> str:
    """The canonical form of every document of a text; `shape` gives the order of fields.

    Every line ends with a newline, whatever it ended with before; a byte order mark is dropped. Raises
    LayoutError for text that this second parser cannot read.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(_lines(text, shape)) + "\n"


def _lines(text: str, shape: Shape) -> Iterator[str]:
    found = layouts(text)
    start, apart = 0, True
    for layout, after in zip(found, [*found[1:], None], strict=True):
        if layout.opened is not None:
            if apart:
                yield from _between(text[start : layout.opened])
            start = layout.opened + len(_OPEN)
        # A document ends at its `...`, the next one's `---`, or the end of the text.
        ends = (layout.closed, after.opened if after else None, len(text))
        stop = next(end for end in ends if end is not None)
        yield from _Writing(text, shape).document(layout, commented(text, layout, start, stop))
        apart, start = layout.closed is not None, stop
        if apart:
            yield _CLOSE
            start = stop + len(_CLOSE)
    if apart:
        yield from _between(text[start:])


def _between(text: str) -> Iterator[str]:
    """The lines between documents: directives and comments."""
    yield from (line.strip() for line in text.split("\n") if line.strip())


class _Writing:
    """The writing of one document of a text."""

    def __init__(self, text: str, shape: Shape) -> None:
        self._text = text
        self._shape = shape

    def document(self, layout: Layout, content: Commented) -> Iterator[str]:
        root = content.root
        if isinstance(root, Verbatim):
            yield from _opened(layout, content, "")
            yield from content.head
            if root.start < root.end:  # an empty document has no line
                yield from self._raw(root, 0, 0)
        else:
            root = ordered(root, self._shape)
            lead, lines = self._block(root, 0)
            yield from _opened(layout, content, root.anchor)
            yield from _head(content.head, lead)
            yield from lines
        yield from _below(root, _without_blanks_below(content.tail))

    def _block(self, block: Block, indent: int) -> tuple[list[str], list[str]]:
        """The comments above the first entry, not indented, and all lines below them."""
        above: list[str] = []
        lines: list[str] = []
        for number, entry in enumerate(block.entries):
            lead, body = self._entry(entry, indent)
            if number == 0:
                above = _without_blanks_above(lead)
            else:
                lines += _indented(_below(block.entries[number - 1].value, lead), indent)
            lines += body
        return above, lines + _indented(_below(block.entries[-1].value, block.tail), indent)

    def _entry(self, entry: BlockEntry, indent: int) -> tuple[list[str], list[str]]:
        """The comments above an entry, not indented, and its lines."""
        if entry.key is not None:
            return list(entry.lead), self._member(entry, entry.key, indent)
        if isinstance(entry.value, Verbatim):
            lines = _after(
                f"{' ' * indent}-", self._raw(entry.value, indent, indent + STEP - entry.value.column)
            )
            return list(entry.lead), _with_comment(lines, entry.aside)
        return self._item(entry, entry.value, indent)

    def _member(self, entry: BlockEntry, key: Verbatim, indent: int) -> list[str]:
        name = f"{' ' * indent}{self._text[key.start : key.end]}:"
        value = entry.value
        if isinstance(value, Block):
            anchor = f" &{value.anchor}" if value.anchor else ""
            above, lines = self._block(value, indent + STEP)
            opened = _with_comment([f"{name}{anchor}"], entry.aside)
            return [*opened, *_indented(above, indent + STEP), *lines]
        between = self._text[key.end : value.start].partition(":")[2]
        if "\n" in between and not value.block and value.start < value.end:
            text = between.lstrip(" ") + self._text[value.start : value.end]
            return _with_comment(_after(name, _shifted(text, indent - key.column, indent)), entry.aside)
        lines = self._raw(value, indent, indent - key.column)
        return _with_comment(_after(name, lines), entry.aside)

    def _item(self, entry: BlockEntry, block: Block, indent: int) -> tuple[list[str], list[str]]:
        """An item that is a block: it starts on the line of its dash, below the comments between them."""
        above, lines = self._block(block, indent + STEP)
        margin = " " * indent
        if block.anchor:
            opening = f"{margin}- &{block.anchor}"
            return list(entry.lead), [opening, *_indented(above, indent + STEP), *lines]
        return [*entry.lead, *above], [f"{margin}- {lines[0][indent + STEP :]}", *lines[1:]]

    def _raw(self, leaf: Verbatim, indent: int, shift: int) -> list[str]:
        """The lines of a leaf in a collection at `indent`: all but the first one moved by `shift`."""
        if leaf.block:
            return leaf.block.written(indent)
        return _shifted(self._text[leaf.start : leaf.end], shift, indent)


def _after(opening: str, lines: list[str]) -> list[str]:
    """Lines with a key or a dash in front of the first one."""
    return [f"{opening} {lines[0]}" if lines[0] else opening, *lines[1:]]


def _opened(layout: Layout, content: Commented, anchor: str) -> list[str]:
    parts = [_OPEN] if layout.opened is not None else []
    parts += [f"&{anchor}"] if anchor else []
    lines = [" ".join(parts)] if parts else []
    if content.aside and not lines:
        return list(content.aside.texts)
    return _with_comment(lines, content.aside)


def _head(head: tuple[str, ...], lead: list[str]) -> list[str]:
    """The lines above a document's entries: its own comments, and those of its new first entry."""
    own = _without_blanks_above(head)
    return [*own, "", *lead] if own and own[-1] and lead else [*own, *lead]


def _shifted(text: str, shift: int, indent: int) -> list[str]:
    """The lines of a multi-line text, each moved by `shift`, but indented at least as YAML requires."""
    first, *others = text.split("\n")
    lines = [first]
    for line in others:
        text = line.lstrip(" \t")
        least = indent if text.startswith(("]", "}")) else indent + STEP
        lines.append(" " * max(least, len(line) - len(text) + shift) + text if text else "")
    return lines


def _with_comment(lines: list[str], aside: Aside | None) -> list[str]:
    """Lines with a comment at the end of the last one."""
    if aside is None or not lines:
        return lines
    column = len(lines[-1]) + aside.pad
    first, *others = aside.texts
    return [
        *lines[:-1],
        f"{lines[-1]}{' ' * aside.pad}{first}",
        *(" " * column + text for text in others),
    ]


def _indented(texts: Iterable[str], indent: int) -> list[str]:
    return [f"{' ' * indent}{text}" if text else "" for text in texts]


def _below(value: Block | Verbatim, texts: Iterable[str]) -> list[str]:
    """The lines below a value, without blank lines that would become part of its text."""
    return _without_blanks_above(texts) if _keeps_blanks(value) else list(texts)


def _keeps_blanks(value: Block | Verbatim) -> bool:
    """Whether a value ends in a text that includes the blank lines below it, as one after `|+` does."""
    while isinstance(value, Block):
        if value.tail:
            return False
        value = value.entries[-1].value
    return value.block is not None and value.block.chomping == "+"


def _without_blanks_above(texts: Iterable[str]) -> list[str]:
    lines = list(texts)
    while lines and not lines[0]:
        lines.pop(0)
    return lines


def _without_blanks_below(texts: Iterable[str]) -> list[str]:
    lines = list(texts)
    while lines and not lines[-1]:
        lines.pop()
    return lines


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A file that is not in its canonical form: its name in messages, its content and formatted content."""

    path: Path
    name: str
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class Rewrites:
    """The rewrites that bring a project into canonical form; a file with findings is not rewritten."""

    rewrites: tuple[Rewrite, ...]
    findings: tuple[Finding, ...]
    files: int


def rewrites(
    directory: Path, tool_version: str, chosen: Callable[[str], bool] = lambda _name: True
) -> Rewrites:
    """Format the project file, the defaults and the manifests of a project, without writing anything.

    Only files that are `chosen` by their name in messages are formatted.
    Raises ManifestError for an unusable project file: it says which files are manifests.
    """
    prefix = shown(directory)
    project = load_base(directory, tool_version)
    discovered = discover(project, directory, prefix)
    found: list[Rewrite] = []
    findings = [one for one in discovered.findings if chosen(one.source.file)]
    paths = [PROJECT_FILE, *discovered.defaults, *discovered.manifests]
    paths = [path for path in paths if chosen(named_file(prefix, path))]
    for path in paths:
        outcome = _rewrite(directory, path, named_file(prefix, path))
        if isinstance(outcome, Rewrite):
            found.append(outcome)
        else:
            findings += outcome
    return Rewrites(tuple(found), of_run(in_order(findings)), len(paths))


def write(rewrite: Rewrite) -> None:
    """Give a file its canonical form, in one step and with its mode. Raises CampaignctlError."""
    path = Path(os.path.realpath(rewrite.path))
    try:
        if path.read_bytes() != rewrite.before:
            raise CampaignctlError(f"{rewrite.name} has changed in the meantime", hint="run it again")
        replace_file(path, rewrite.after, stat.S_IMODE(path.stat().st_mode))
    except OSError as wrong:
        raise CampaignctlError(
            f"Cannot write {rewrite.name}", detail=f"{wrong.strerror or wrong}."
        ) from wrong


def canonical(name: str, path: str, data: bytes) -> bytes | tuple[Finding, ...]:
    """The canonical form of a file, or the findings that prevent it.

    `name` is what findings call the file, `path` its path in the project. The result is read again and must
    mean the same as the file. It keeps the line ends of the file, but no byte order mark.
    """
    file, findings = read(name, path, data)
    if findings:
        return findings
    try:
        text = formatted(file.text, order_of(path))
    except LayoutError as wrong:
        plain = SourceFile(name, path, file.text.replace("\r\n", "\n").replace("\r", "\n"))
        source = plain.at_offset(wrong.offset)
        hint = "write it differently, as in the documentation"
        return (Finding("error", "format", f"fmt cannot read this: {wrong.problem}", source, hint),)
    if text == file.text:
        return data.removeprefix(b"\xef\xbb\xbf")
    again, findings = read(name, path, text.encode())
    if findings or not all(_equal(*pair) for pair in zip_longest(file.documents, again.documents)):
        message = "the formatted file would not mean the same"
        hint = "the file was not changed; please report it, so that fmt can be fixed"
        return (Finding("error", "format", message, file.source(), hint),)
    windows = file.text.partition("\n")[0].endswith("\r")
    return (text.replace("\n", "\r\n") if windows else text).encode()


def _rewrite(directory: Path, path: str, name: str) -> Rewrite | tuple[Finding, ...]:
    """The rewrite of a file, or its findings: none if it is in canonical form already."""
    place = directory / path
    data = content(place)
    if isinstance(data, str):
        return (Finding("error", "file", data, Source(name, 1, 1)),)
    after = canonical(name, path, data)
    if not isinstance(after, bytes):
        return after
    if after == data:
        return ()
    return Rewrite(place, name, data, after)


def _equal(one: Node | None, other: Node | None) -> bool:
    """Whether two trees are equal, apart from the order of fields."""
    if isinstance(one, ScalarNode) and isinstance(other, ScalarNode):
        return (one.text, one.plain) == (other.text, other.plain)
    if isinstance(one, SequenceNode) and isinstance(other, SequenceNode):
        pairs = zip_longest(one.items, other.items)
        return all(_equal(*pair) for pair in pairs)
    if isinstance(one, MappingNode) and isinstance(other, MappingNode):
        both = zip_longest(*(sorted(node.pairs, key=lambda pair: pair[0].text) for node in (one, other)))
        return all(a and b and _equal(a[0], b[0]) and _equal(a[1], b[1]) for a, b in both)
    return False
