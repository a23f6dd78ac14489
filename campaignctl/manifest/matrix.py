"""`matrix` of a manifest: its combinations, by the rules of GitHub Actions, and the suffix of each key.

The rules: every value of a name is combined with every value of the others; `exclude` removes each
combination that has all values of an entry; then each entry of `include` adds its fields to every
combination whose original values it does not change, and if there is none becomes one of its own
(docs.github.com, "Running variations of jobs in a workflow"). Values are compared as written.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from campaignctl.errors import Finding, did_you_mean, first_of
from campaignctl.yamlio.interpolate import insertion_error
from campaignctl.yamlio.nodes import MappingNode, Node, ScalarNode, SequenceNode, SourceFile
from campaignctl.yamlio.substitution import NULLS

#: How many campaigns one manifest may make.
MOST_COMBINATIONS = 1_000
#: How many campaigns the manifests of one file may make.
MOST_CAMPAIGNS = 10_000
#: How many values the campaigns of a manifest may have together: a thousand of a thousand values.
MOST_VALUES = 1_000_000

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_IN_KEY = re.compile(r"[A-Za-z0-9._-]+")
_COUNTED = 1_000_000_000
_NAMES_SHOWN = 20
_LISTS = ("include", "exclude")
_AS_IN = "as in `matrix: {country: [DE, FR]}`"

Fields = Mapping[str, ScalarNode]


@dataclass(frozen=True, slots=True)
class Combination:
    """One combination: its fields by name, and in `identity` the names that form its key, in order.

    `place` is the node that findings point to.
    """

    fields: Fields
    identity: tuple[str, ...]
    place: Node

    @property
    def suffix(self) -> str:
        """The end of the campaign's key, after that of the manifest: `[country=DE,lang=de]`."""
        return f"[{','.join(f'{name}={self.fields[name].text}' for name in self.identity)}]"

    @property
    def values(self) -> dict[str, str]:
        """The text of each field."""
        return {name: node.text for name, node in self.fields.items()}


@dataclass(slots=True)
class Matrix:
    """The combinations of a manifest in order, the names in its matrix, and the findings about it."""

    combinations: list[Combination] = field(default_factory=list)
    names: dict[str, ScalarNode] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Whether it has no errors."""
        return all(finding.severity != "error" for finding in self.findings)

    def limit(self, node: Node | None, values: int, made: int, file: SourceFile) -> None:
        """Refuse a matrix that multiplies the values of the manifest, `values`, to too many.

        Also one that makes too many campaigns, if the manifests above it in the file made `made`.
        """
        campaigns = len(self.combinations)
        message = ""
        if values * campaigns > MOST_VALUES:
            message = f"{campaigns:,} campaigns with {values:,} values each: more than {MOST_VALUES:,}"
        elif made + campaigns > MOST_CAMPAIGNS:
            message = f"more than {MOST_CAMPAIGNS:,} campaigns in one file"
        if message:
            self.findings.append(Finding("error", "matrix", message, file.at(node), "make it smaller"))


def expand(node: Node, file: SourceFile) -> Matrix:
    """The matrix that a node describes."""
    reading = _MatrixReader(file)
    reading.read(node)
    if reading.matrix.usable:
        reading.combine(node)
    return reading.matrix


class _MatrixReader:
    """Reads one matrix: first its values, then their combinations."""

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self._dimensions: dict[str, list[ScalarNode]] = {}
        self._entries: dict[str, list[tuple[Fields, Node]]] = {"include": [], "exclude": []}
        self.matrix = Matrix()

    # ------------------------------------------------------------------------------ values

    def read(self, node: Node) -> None:
        """Read names and values, and refuse invalid ones."""
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
            count = min(self._count(), _COUNTED)
            message = (
                f"{'over ' * (count == _COUNTED)}{count:,} combinations; the limit is {MOST_COMBINATIONS:,}"
            )
            self._refuse(node, message, "split it into several manifests")

    def _count(self) -> int:
        """How many combinations there are, as far as it matters."""
        product = 1 if self._dimensions else 0
        for values in self._dimensions.values():
            product = min(product * len(values), _COUNTED)
        return product + len(self._entries["include"])

    def _read_dimension(self, key: ScalarNode, node: Node) -> Iterator[ScalarNode]:
        if not isinstance(node, SequenceNode) or not node.items:
            hint = did_you_mean(key.text, _LISTS, f"as in `{key.text}: [DE, FR]`")
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

    def _read_entries(self, name: str, node: Node) -> Iterator[tuple[Fields, Node]]:
        if not isinstance(node, SequenceNode):
            self._refuse(node, f"`{name}` must be a list of objects", f"as in `{name}: [{{country: DE}}]`")
            return
        for item in node.items:
            if not (isinstance(item, MappingNode) and item.pairs):
                self._refuse(item, f"an entry of `{name}` must be an object", "as in `{country: DE}`")
                continue
            fields = dict(self._read_fields(item, adds=name == "include"))
            if len(fields) == len(item.pairs):
                yield fields, item

    def _read_fields(self, entry: MappingNode, *, adds: bool) -> Iterator[tuple[str, ScalarNode]]:
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
            hint = did_you_mean(name, _LISTS, "use `include` for fields that go with a value")
            self._refuse(node, "a matrix value must be a string, a number, true or false", hint)
            return False
        if node.plain and node.text in NULLS:
            self._refuse(node, "null is not allowed", 'leave it out, or write ""', "null")
            return False
        if reason := insertion_error(node.text):
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
        for fields, _ in self._entries["exclude"]:
            for name, value in fields.items():
                if name not in self._dimensions:
                    known = first_of(tuple(self._dimensions), _NAMES_SHOWN) or "none"
                    hint = did_you_mean(name, self._dimensions, f"names with values: {known}")
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
                if all(one.fields[name].text == entry[name].text for name in shared)
            ]
            for index in matching:
                one = combinations[index]
                added = {name: value for name, value in entry.items() if name not in shared}
                combinations[index] = replace(one, fields={**one.fields, **added})
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
            kept = [
                one
                for one in combinations
                if any(one.fields[name].text != value.text for name, value in entry.items())
            ]
            if len(kept) == len(combinations):
                message = "this entry of `exclude` matches no combination"
                source = self._file.at(place)
                self.matrix.findings.append(Finding("warning", "matrix", message, source, "check its values"))
            combinations = kept
        return combinations

    def _of_its_own(self, entry: Fields, shared: list[str], place: Node) -> Combination:
        """A combination of its own from `include`. Its key has its names from the matrix, or else its first.

        So fields added later do not change the key.
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
