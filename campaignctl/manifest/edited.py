"""New values in a manifest and its texts, each written where the manifest has the old one."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from campaignctl.manifest.compile_campaign import key_of_path
from campaignctl.manifest.document import Document
from campaignctl.yamlio.dump import literal
from campaignctl.yamlio.edits import ABSENT, EditError, Path, edited
from campaignctl.yamlio.files import is_language
from campaignctl.yamlio.nodes import MappingNode, Node, ScalarNode, SequenceNode, SourceFile, is_file
from campaignctl.yamlio.reader import read
from campaignctl.yamlio.schema_types import Items, Object, Shape, Table, bare, shape_of
from campaignctl.yamlio.substitution import LANG

#: The path of the phase, which is not in the body.
PHASE = "lifecycle/phase"


def changes_for(
    key: str,
    path: str,
    values: Mapping[str, Any],
    before: Mapping[str, Any],
    text_of: Callable[[str], str],
) -> dict[str, str]:
    """The new texts, by path in the project, of the manifest of a key and of the files that it names.

    `values` are the new values by their paths in the body, or `PHASE`; `ABSENT` for a field to be removed.
    `before` has what they are now. `text_of` reads a file, empty if there is none. Raises EditError for a
    value that a person has to write.
    """
    if "[" in key:
        raise EditError("it is one of a matrix")
    text = text_of(path)
    file, findings = read(path, path, text.encode())
    if findings:
        raise EditError("the file has errors")
    number = _document_of(file, key)
    found: dict[str, str] = {}
    edits: dict[Path, Any] = {}
    for name, value in values.items():
        if name == PHASE:
            edits[tuple(PHASE.split("/"))] = value
            continue
        where = _place(file.documents[number], name.split("/"))
        beside = _beside(where)
        if beside is None:
            edits[where.path] = value if value is ABSENT else literal(value)
        else:
            side = posixpath.normpath(posixpath.join(file.folder, beside))
            found[side] = _file_text(value, text_of(side), before.get(name))
    windows = text.partition("\n")[0].endswith("\r")
    order = {holder: _names(holder) for path in edits for holder in _holders(path)}
    after = edited(text.replace("\r\n", "\n"), edits, order, number)
    if edits:
        found[path] = after.replace("\n", "\r\n") if windows else after
    return found


def _holders(path: Path) -> list[Path]:
    return [path[:length] for length in range(len(path))]


def _document_of(file: SourceFile, key: str) -> int:
    """The number of the document that declares a key. Raises EditError."""
    if len(file.documents) == 1:
        return 0
    for number, root in enumerate(file.documents):
        metadata = root.get("metadata") if isinstance(root, MappingNode) else None
        named = metadata.get("key") if isinstance(metadata, MappingNode) else None
        own = named.text if isinstance(named, ScalarNode) else key_of_path(file.path)
        if own == key:
            return number
    raise EditError("its document was not found")


class _Place:
    """A place in a manifest: the path to it, and the node of `{$file: PATH}` above it with the rest below."""

    def __init__(self, path: Path, file: MappingNode | None = None, rest: Sequence[str] = ()) -> None:
        self.path = path
        self.file = file
        self.rest = tuple(rest)


def _place(root: Node, parts: Sequence[str]) -> _Place:
    names = [part.replace("~1", "/").replace("~0", "~") for part in parts]
    node: Node | None = root.get("spec") if isinstance(root, MappingNode) else None
    path: list[str | int] = ["spec"]
    for index, name in enumerate(names):
        if isinstance(node, MappingNode) and is_file(node):
            return _Place(tuple(path), node, names[index:])
        inside: Node | None = None
        if isinstance(node, SequenceNode):
            if not name.isdecimal():
                raise EditError("a message is missing")
            path.append(int(name))
            inside = node.items[int(name)] if int(name) < len(node.items) else None
        else:
            path.append(name)
            inside = node.get(name) if isinstance(node, MappingNode) else None
        node = inside
    return (
        _Place(tuple(path), node) if isinstance(node, MappingNode) and is_file(node) else _Place(tuple(path))
    )


def _beside(where: _Place) -> str | None:
    """The path of the file that has the text of a place; None if the manifest has it itself."""
    if where.file is None:
        return None
    named = where.file.get("$file")
    text = named.text if isinstance(named, ScalarNode) else ""
    if "${" in text:
        raise EditError("the name of its file has variables")
    match where.rest:
        case ():
            if LANG in text:
                raise EditError("the texts of several languages changed at once")
            return text
        case (lang,) if LANG in text and is_language(lang):
            return text.replace(LANG, lang)
    raise EditError("its text is a file")


def _file_text(value: Any, template: str, before: Any) -> str:
    """The new text of a file. Lines that are the same keep the variables that they are written with."""
    if not isinstance(value, str):
        raise EditError("a file of a text would be removed")
    written = template.split("\n")
    compiled = before.split("\n") if isinstance(before, str) else []
    after = value.split("\n")
    if len(written) != len(compiled):
        return str(literal(value))
    lines: list[str] = []
    for kind, start, end, first, last in SequenceMatcher(None, compiled, after, False).get_opcodes():
        lines += written[start:end] if kind == "equal" else map(literal, after[first:last])
    return "\n".join(lines)


def _names(path: Path) -> Sequence[str]:
    """The fields of the object at a path of a manifest, in the order of the models."""
    shape: Shape | None = shape_of(Document)
    for part in path:
        shape = bare(shape)
        match shape:
            case Object():
                shape = shape.known.get(str(part), shape.rest)
            case Table():
                shape = shape.value
            case Items():
                shape = shape.item
            case _:
                return ()
    shape = bare(shape)
    return tuple(shape.known) if isinstance(shape, Object) else ()
