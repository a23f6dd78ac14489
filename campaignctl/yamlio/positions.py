"""Where the values of one campaign were written: in its manifest, defaults, or side files."""

from __future__ import annotations

from collections.abc import Callable

from campaignctl.campaign.problem import KeyPath
from campaignctl.errors import CampaignctlError, Source
from campaignctl.yamlio.interpolate import filled_path, origin
from campaignctl.yamlio.nodes import MappingNode, Node, ScalarNode, SequenceNode, is_file, locate
from campaignctl.yamlio.substitution import FileText, Filling, LanguageTexts

#: The line of a place is kept up to this length: html may be one line of 1 MB.
_LONGEST_LINE = 2_000
#: How many lines below its first one a text in a manifest is searched for a place.
_FARTHEST = 500
_SNIPPET = 24
#: Parts of a path below `{$file: PATH}`: at most the language.
_DEEPEST = 2


#: Finds the nodes of a campaign and the texts of its document; None if its file has it no longer.
Written = Callable[[], "tuple[Node, Filling] | None"]


def changed_meanwhile(place: Source) -> CampaignctlError:
    """The error for a file that no longer has what was read from it."""
    return CampaignctlError(f"{place.file} was changed while it was read", hint="run the command again")


class Positions:
    """The positions of one campaign. Asked only for findings, so nothing is computed before.

    `place` is that of the campaign. Every method raises CampaignctlError if it is not written there any more.
    """

    __slots__ = ("_found", "_place", "_written")

    def __init__(self, written: Written, place: Source) -> None:
        self._written = written
        self._place = place
        self._found: tuple[Node, Filling] | None = None

    @property
    def _parts(self) -> tuple[Node, Filling]:
        self._found = self._found or self._written()
        if self._found is None:
            raise changed_meanwhile(self._place)
        return self._found

    @property
    def _root(self) -> Node:
        return self._parts[0]

    @property
    def _filling(self) -> Filling:
        return self._parts[1]

    def at(self, path: KeyPath) -> Source:
        """The place of a value, else of the last part of its path that is written.

        A text of a side file is at the beginning of that file.
        """
        node, rest = _value(self._root, path)
        if isinstance(node, MappingNode) and is_file(node) and len(rest) < _DEEPEST:
            return self.within(path, 0)
        return self._filling.at(locate(self._root, path))

    def _nearest(self, path: KeyPath) -> Source:
        return self._filling.at(locate(self._root, path))

    def written(self, path: KeyPath) -> bool:
        """Whether there is a value at a path."""
        return _value(self._root, path)[0] is not None

    def within(self, path: KeyPath, offset: int) -> Source:
        """The place of a character of the text at `path`, counted in the text as it is sent."""
        node, rest = _value(self._root, path)
        if isinstance(node, MappingNode) and is_file(node):
            found = self._file(node)
            if isinstance(found, LanguageTexts):
                found = found.texts.get(str(rest[0])) if rest else None
            if isinstance(found, FileText) and not found.error:
                return _in_text(found.name, found.text, self._origin(found.text, offset))
        if isinstance(node, ScalarNode) and (place := self._in_scalar(node, offset)):
            return place
        return self._nearest(path)

    def _file(self, node: MappingNode) -> FileText | LanguageTexts | None:
        key, named = node.pairs[0]
        values = self._filling.values
        if not isinstance(named, ScalarNode) or values is None:
            return None
        name = filled_path(named.text, values.matrix or {})
        return None if name is None else self._filling.texts.get((self._filling.file.of(key).folder, name))

    def _origin(self, text: str, offset: int) -> int:
        values = self._filling.values
        return offset if values is None or "${" not in text else origin(text, values, offset)

    def _in_scalar(self, node: ScalarNode, offset: int) -> Source | None:
        """A place in a text of a manifest, if its line can be told."""
        start = self._filling.at(node)
        file = self._filling.file.of(node)
        line, column = node.mark.line, node.mark.column
        if (start.file, start.line) != (file.name, line + 1):
            return None  # the text is a variable's, and its place is that of the variable
        at = self._origin(node.text, offset)
        begin = node.text.rfind("\n", 0, at) + 1
        end = node.text.find("\n", at)
        whole = node.text[begin : end if end >= 0 else len(node.text)]
        sought = ((whole, at - begin), (node.text[at : at + _SNIPPET].split("\n")[0], 0))
        likely = line + 1 + node.text.count("\n", 0, at)
        for text, inside in sought:
            for number in (line, likely, *range(line + 1, line + _FARTHEST)):
                if number < len(file.lines) and text.strip():
                    found = file.lines[number].find(text, column if number == line else 0)
                    if found >= 0:
                        return file.source(number, found + inside)
        return None


def _value(root: Node, path: KeyPath) -> tuple[Node | None, KeyPath]:
    """The value at a path, or the `{$file: PATH}` on the way there and the rest of the path."""
    node: Node | None = root
    for index, part in enumerate(path):
        if isinstance(node, MappingNode):
            if is_file(node):
                return node, path[index:]
            node = node.get(str(part))
        elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
        else:
            return None, path[index:]
    return node, ()


def _in_text(name: str, text: str, offset: int) -> Source:
    """The place of a character of a side file, whose lines end with a line feed."""
    begin = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    end = len(text) if end < 0 else end
    line = text[begin:end].rstrip("\r") if end - begin <= _LONGEST_LINE else ""
    return Source(name, text.count("\n", 0, offset) + 1, offset - begin + 1, line)
