"""Results of compilation, kept from run to run in the user's cache directory.

An entry belongs to the bytes of a file, of the defaults and side files that it uses, the variables that it
names, the environment of the run, and this version of the tool: whatever is missing, damaged or about
something else is compiled. Entries are JSON with a digest, never code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache, partial
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from campaignctl.errors import Finding
from campaignctl.manifest.compile import CompileInputs
from campaignctl.manifest.model import DesiredCampaign, FileResult, Later
from campaignctl.manifest.store import LARGEST, NO_ENTRY, Entry, Store
from campaignctl.yamlio.interpolate import Values

#: Makes a campaign once more whose body cannot be decoded.
Again = Callable[[DesiredCampaign], DesiredCampaign]
#: The name of a file in findings, its path in the project, its bytes, and the inputs of its compilation.
Asked = tuple[str, str, bytes, CompileInputs]


class Cache(Store):
    """The results of one run, and those of earlier runs."""

    def __init__(self, environ: Mapping[str, str], project: Path, largest: int = LARGEST) -> None:
        super().__init__(environ, project, largest)
        self._bases: dict[int, tuple[CompileInputs, Any]] = {}

    def entries(self, asked: Sequence[Asked]) -> list[Entry]:
        """The entry of each file, which may be empty."""
        if self._database is None:
            return [NO_ENTRY] * len(asked)  # its key would cost a digest for each file
        return self._found([self._key(*one) for one in asked])

    def find(self, entry: Entry, inputs: CompileInputs, again: Again) -> FileResult | None:
        """The result in an entry, if the texts and values that it depends on are the same."""
        if not entry.sound:
            return None
        try:
            made, variables, files = _unpacked(entry.body, again)
        except (ValueError, TypeError, RecursionError):
            return None
        if any(_value(inputs.values, *name) != value for *name, value in variables):
            return None
        now = inputs.digest_texts([(folder, path) for folder, path, _ in files]) if files else {}
        if any(now[folder, path] != digest for folder, path, digest in files):
            return None
        self._use(entry)
        return made

    def keep(self, entry: Entry, result: FileResult, inputs: CompileInputs) -> None:
        """Write a result at the end of the run; not one with errors, which is compiled until it has none."""
        if self.usable and (body := packed(result, inputs)):
            self.put(entry, body)

    def put(self, entry: Entry, body: bytes) -> None:
        """Write what `packed` has made at the end of the run."""
        self._put(entry.key, body)

    def _key(self, name: str, path: str, data: bytes, inputs: CompileInputs) -> bytes:
        known = self._bases.get(id(inputs))
        if known is None:
            known = self._bases[id(inputs)] = inputs, self._made_with(inputs)
        made = known[1].copy()
        about = f"{name}\0{path}".encode("utf-8", "surrogatepass")
        made.update(b"%d\0%b%b" % (len(about), about, data))
        key: bytes = made.digest()
        return key

    def _made_with(self, inputs: CompileInputs) -> Any:
        """A digest, to be continued, of what all files share that are compiled with these inputs."""
        parts = [inputs.environment, *inputs.environments, inputs.defaults.complete]
        # No text may contain it, which is checked where a file is compiled.
        parts.append(hashlib.sha256(inputs.values.token.encode("utf-8", "surrogateescape")).hexdigest())
        parts += [part for file in inputs.defaults.files for part in (file.name, file.text)]
        about = json.dumps(parts).encode()
        return hashlib.sha256(b"%b\0%d\0%b" % (self._base, len(about), about))


def _value(values: Values, space: str, name: str) -> list[str | None]:
    """What a text gets for `${SPACE.NAME}`, and all that a finding about it may say."""
    if space == "var":
        return [values.variables.get(name), repr(values.sources.get(name))]
    allowed = str(name in values.allowed)
    return [values.environ.get(name), allowed, repr(values.withheld.get(name))]


def _plain(found: Finding) -> bool:
    return found.severity != "error" and type(found.hint) is str and type(found.message) is str


# ------------------------------------------------------------------------------ entries


def packed(result: FileResult, inputs: CompileInputs) -> bytes | None:
    """A result and what it depends on, to be kept; None for one with errors, or that JSON cannot hold."""
    if not all(map(_plain, result.findings)):
        return None
    files = [(*one, digest) for one, digest in sorted(inputs.digest_texts(result.references).items())]
    variables = [(*name, _value(inputs.values, *name)) for name in sorted(result.variables)]
    try:
        head = json.dumps((variables, files, result), default=_encoded, allow_nan=False)
        specs = [one.campaign.spec for one in result.campaigns if one.campaign]
        return f"{head}\n{json.dumps(specs, allow_nan=False)}".encode()
    except (ValueError, TypeError):  # it is compiled each time
        return None


def unpacked(body: bytes, again: Again) -> FileResult:
    """The result that `packed` was given."""
    return _unpacked(body, again)[0]


def _unpacked(body: bytes, again: Again) -> tuple[FileResult, Any, Any]:
    head, _, specs = body.partition(b"\n")
    variables, files, result = json.loads(head.decode())
    made: FileResult = _reader(FileResult)(result)
    _Bodies(made, specs, again)
    return made, variables, files


def _encoded(value: Any) -> Any:
    """What JSON has no form for: a value of ours as the list of its fields, a set as a list."""
    if isinstance(value, frozenset):
        return sorted(value)
    return [getattr(value, name) for name in _kept(value.__class__)]


@cache
def _kept(kind: Any) -> tuple[str, ...]:
    """The fields that are kept in the first part of an entry: without the bodies of campaigns, which follow.
    Where the parts of a campaign are written is found again when it is asked."""
    apart = "spec" if kind is DesiredCampaign else ""
    return tuple(one.name for one in fields(kind) if one.compare and one.name != apart)


class _Bodies:
    """The bodies of the campaigns of a file, which are decoded when the first of them is asked for."""

    __slots__ = ("_again", "_campaigns", "_found", "_specs")

    def __init__(self, made: FileResult, specs: bytes, again: Again) -> None:
        self._specs, self._again = specs, again
        self._found: list[Any] | None = None
        self._campaigns = [one.campaign for one in made.campaigns if one.campaign]
        for index, each in enumerate(self._campaigns):
            object.__setattr__(each, "spec", Later(partial(self._of, index)))

    def _of(self, index: int) -> Mapping[str, Any]:
        if self._found is None:
            try:
                self._found = list(json.loads(self._specs))
            except (ValueError, TypeError, RecursionError):
                self._found = []
        found = self._found[index] if len(self._found) == len(self._campaigns) else None
        return found if isinstance(found, dict) else self._again(self._campaigns[index]).spec


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """What makes a value of a type from JSON that `_encoded` has made."""
    inner = get_args(kind)
    if isinstance(kind, UnionType):
        (some,) = (_reader(one) for one in inner if one is not NoneType)
        return some if some is _same else lambda value: None if value is None else some(value)
    if get_origin(kind) in {tuple, frozenset}:
        make, item = get_origin(kind), _reader(inner[0])
        return make if item is _same else lambda value: make(map(item, value))
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        readers = [(at, _reader(hints[name])) for at, name in enumerate(_kept(kind))]
        inward = [(at, reader) for at, reader in readers if reader is not _same]

        names = _kept(kind) if kind is DesiredCampaign else ()

        def made(values: list[Any]) -> Any:
            for at, reader in inward:
                values[at] = reader(values[at])
            if not names:
                return kind(*values)
            # As its __init__ would do, in a third of the time.
            one = object.__new__(DesiredCampaign)
            one.__dict__.update(zip(names, values, strict=True))
            return one

        return made
    return _same


def _same(value: Any) -> Any:
    return value
