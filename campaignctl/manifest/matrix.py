"""`matrix` of a manifest: its combinations, by the rules of GitHub Actions, and the suffix of each key.

The rules: every value of a name is combined with every value of the others; `exclude` removes each
combination that has all values of an entry; then each entry of `include` adds its members to every
combination whose original values it does not change, and where there is none becomes one of its own
(docs.github.com, "Running variations of jobs in a workflow"). Values are compared by their own text.
"""

from __future__ import annotations

import difflib
import itertools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from campaignctl.errors import Finding
from campaignctl.yamlio.interpolate import puts_in
from campaignctl.yamlio.nodes import MappingNode, Node, ScalarNode, SequenceNode, SourceFile
from campaignctl.yamlio.substitution import NULLS

#: How many campaigns one manifest may make.
MOST_COMBINATIONS = 1_000
#: How many values they may have together: a thousand campaigns of a thousand values.
MOST_VALUES = 1_000_000

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_IN_KEY = re.compile(r"[A-Za-z0-9._-]+")
_LISTS = ("include", "exclude")
_AS_IN = "as in `matrix: {country: [DE, FR]}`"

Members = Mapping[str, ScalarNode]


@dataclass(frozen=True, slots=True)
class Combination:
    """One combination: its members by name, and those of them that make its key, in their order.

    `place` is what to show for it.
    """

    members: Members
    identity: tuple[str, ...]
    place: Node

    @property
    def suffix(self) -> str:
        """What stands behind the key of the manifest: `[country=DE,lang=de]`."""
        return f"[{','.join(f'{name}={self.members[name].text}' for name in self.identity)}]"

    @property
    def values(self) -> dict[str, str]:
        """The text of each member."""
        return {name: node.text for name, node in self.members.items()}


@dataclass(slots=True)
class Matrix:
    """The combinations of a manifest, in their order, the names in it, and what is wrong with it."""

    combinations: list[Combination] = field(default_factory=list)
    names: dict[str, ScalarNode] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Whether nothing is wrong with it."""
        return all(finding.severity != "error" for finding in self.findings)

    def limit(self, node: Node | None, values: int, file: SourceFile) -> None:
        """Refuse a matrix that makes too much of a manifest with so many values."""
        total = values * len(self.combinations)
        if total > MOST_VALUES:
            message = f"{len(self.combinations):,} campaigns with {values:,} values each: more than"
            finding = Finding(
                "error", "matrix", f"{message} {MOST_VALUES:,}", file.at(node), "make it smaller"
            )
            self.findings.append(finding)


def expand(node: Node, file: SourceFile) -> Matrix:
    """The matrix that a node describes."""
    reading = _MatrixReader(file)
    reading.read(node)
    if reading.matrix.usable:
        reading.combine(node)
    return reading.matrix


class _MatrixReader:
    """The reading of one matrix: first its values, then their combinations."""

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self._dimensions: dict[str, list[ScalarNode]] = {}
        self._entries: dict[str, list[tuple[Members, Node]]] = {"include": [], "exclude": []}
        self.matrix = Matrix()

    # ------------------------------------------------------------------------------ values

    def read(self, node: Node) -> None:
        """Read names and values, and refuse what cannot be one."""
        if not (isinstance(node, MappingNode) and node.pairs):
            self._refuse(node, "a matrix must be an object of values by name", _AS_IN)
            return
        seen: set[str] = set()
        for key, child in node.pairs:
            if key.text in seen:
                self._refuse(key, f"`{key.text}` appears twice", "keep one", "duplicate-key")
            elif key.text in _LISTS:
                self._entries[key.text] = list(self._read_entries(key.text, child))
            elif self._may_be_name(key):
                self.matrix.names[key.text] = key
                self._dimensions[key.text] = list(self._read_dimension(key, child))
            seen.add(key.text)
        self._check_excluded()
        if self._count() > MOST_COMBINATIONS or len(self._entries["exclude"]) > MOST_COMBINATIONS:
            message = f"{self._count():,} combinations; the limit is {MOST_COMBINATIONS:,}"
            self._refuse(node, message, "split it into several manifests")

    def _count(self) -> int:
        product = math.prod(map(len, self._dimensions.values())) if self._dimensions else 0
        return product + len(self._entries["include"])

    def _read_dimension(self, key: ScalarNode, node: Node) -> Iterator[ScalarNode]:
        if not isinstance(node, SequenceNode) or not node.items:
            near = difflib.get_close_matches(key.text, _LISTS, 1)
            hint = f"did you mean {near[0]}?" if near else f"as in `{key.text}: [DE, FR]`"
            self._refuse(node, f"`{key.text}` must be a list of values", hint)
            return
        first: dict[str, ScalarNode] = {}
        for item in node.items:
            if not self._is_value(item, key.text) or not isinstance(item, ScalarNode):
                continue
            other = first.setdefault(item.text.casefold(), item)
            if other is not item:
                alike = (
                    "appears twice" if other.text == item.text else f"and `{other.text}` differ only in case"
                )
                place = self._file.at(other)
                self._refuse(
                    item, f"`{item.text}` {alike}, also at {place}", "keep one", "duplicate-campaign"
                )
            elif self._may_be_in_key(item):
                yield item

    def _read_entries(self, name: str, node: Node) -> Iterator[tuple[Members, Node]]:
        if not isinstance(node, SequenceNode):
            self._refuse(node, f"`{name}` must be a list of objects", f"as in `{name}: [{{country: DE}}]`")
            return
        for item in node.items:
            if not (isinstance(item, MappingNode) and item.pairs):
                self._refuse(item, f"an entry of `{name}` must be an object", "as in `{country: DE}`")
                continue
            members = dict(self._read_members(item, adds=name == "include"))
            if len(members) == len(item.pairs):
                yield members, item

    def _read_members(self, entry: MappingNode, *, adds: bool) -> Iterator[tuple[str, ScalarNode]]:
        seen: set[str] = set()
        for key, child in entry.pairs:
            if key.text in seen:
                self._refuse(key, f"`{key.text}` appears twice", "keep one", "duplicate-key")
            elif (not adds or self._may_be_name(key)) and self._is_value(child, key.text):
                seen.add(key.text)
                if adds:
                    self.matrix.names.setdefault(key.text, key)
                if isinstance(child, ScalarNode):
                    yield key.text, child

    def _may_be_name(self, key: ScalarNode) -> bool:
        if _NAME.fullmatch(key.text) and key.text not in _LISTS:
            return True
        hint = "a letter, then letters, digits, `_` and `-`"
        self._refuse(key, f"{key.text[:40]!r} is not a valid name in a matrix", hint, "name")
        return False

    def _is_value(self, node: Node, name: str) -> bool:
        if not isinstance(node, ScalarNode):
            near = difflib.get_close_matches(name, _LISTS, 1)
            hint = f"did you mean {near[0]}?" if near else "use `include` for fields that go with a value"
            self._refuse(node, "a matrix value must be a string, a number, true or false", hint)
            return False
        if node.plain and node.text in NULLS:
            self._refuse(node, "null is not allowed", 'leave it out, or write ""', "null")
            return False
        if reason := puts_in(node.text):
            self._refuse(node, "`${` in a value of a matrix", reason, "interpolation")
            return False
        return True

    def _may_be_in_key(self, node: ScalarNode) -> bool:
        if _IN_KEY.fullmatch(node.text):
            return True
        message = f"{node.text[:40]!r} cannot be part of a key: letters, digits, `.`, `_` and `-`"
        self._refuse(node, message, "use a short name here, and add its meaning with `include`", "key")
        return False

    def _check_excluded(self) -> None:
        for members, _ in self._entries["exclude"]:
            for name, value in members.items():
                if name not in self._dimensions:
                    near = difflib.get_close_matches(name, self._dimensions, 1)
                    known = ", ".join(self._dimensions) or "none"
                    hint = f"did you mean {near[0]}?" if near else f"names with values: {known}"
                    self._refuse(value, f"`exclude` names `{name}`, which has no values", hint)

    def _refuse(self, node: Node, message: str, hint: str, code: str = "matrix") -> None:
        self.matrix.findings.append(Finding("error", code, message, self._file.at(node), hint))

    # ------------------------------------------------------------------------------ combinations

    def combine(self, node: Node) -> None:
        """Combine the values that were read."""
        combinations = self._excluded(list(self._product()))
        originals = tuple(combinations)
        for entry, place in self._entries["include"]:
            shared = [name for name in self._dimensions if name in entry]
            matching = [
                index
                for index, one in enumerate(originals)
                if all(one.members[name].text == entry[name].text for name in shared)
            ]
            for index in matching:
                one = combinations[index]
                added = {name: value for name, value in entry.items() if name not in shared}
                combinations[index] = replace(one, members={**one.members, **added})
            if not matching:
                combinations.append(self._of_its_own(entry, shared, place))
        if not combinations:
            self._refuse(node, "`exclude` leaves no combination", "exclude fewer, or delete the manifest")
        self.matrix.combinations = list(self._distinct(combinations))

    def _product(self) -> Iterator[Combination]:
        names = tuple(self._dimensions)
        for values in itertools.product(*self._dimensions.values()) if names else ():
            yield Combination(dict(zip(names, values, strict=True)), names, values[-1])

    def _excluded(self, combinations: list[Combination]) -> list[Combination]:
        for entry, place in self._entries["exclude"]:
            kept = [one for one in combinations if not _has(one, entry)]
            if len(kept) == len(combinations):
                message = "this entry of `exclude` matches no combination"
                source = self._file.at(place)
                self.matrix.findings.append(Finding("warning", "matrix", message, source, "check its values"))
            combinations = kept
        return combinations

    def _of_its_own(self, entry: Members, shared: list[str], place: Node) -> Combination:
        """A combination that only `include` names: its key has the names with values, else its first member.

        So that members added later do not change the key.
        """
        identity = tuple(shared) or (next(iter(entry)),)
        for name in identity:
            self._may_be_in_key(entry[name])
        return Combination(entry, identity, place)

    def _distinct(self, combinations: list[Combination]) -> Iterator[Combination]:
        first: dict[str, Combination] = {}
        for one in combinations:
            other = first.setdefault(one.suffix.casefold(), one)
            if other is one:
                yield one
                continue
            same = other.suffix == one.suffix
            which = f"{one.suffix} is" if same else f"{one.suffix} and {other.suffix} differ only in case:"
            message = f"the combination {which} also at {self._file.at(other.place)}"
            hint = "give the values that differ a name of their own in the matrix"
            self._refuse(one.place, message, hint, "duplicate-campaign")


def _has(one: Combination, entry: Members) -> bool:
    return all(one.members[name].text == value.text for name, value in entry.items())
