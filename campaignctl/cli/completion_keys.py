"""The keys of a project, for completion: of its manifests and of its state, also if it is broken.

They decide nothing. So a file that has the size and the times that it had is not read again: what TAB found
is kept in the user's cache directory.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from campaignctl.cli.clock import SystemClock
from campaignctl.cli.settings import Settings
from campaignctl.errors import CampaignctlError
from campaignctl.manifest.store import Store
from campaignctl.project.find import PROJECT_FILE

if TYPE_CHECKING:
    from campaignctl.project.model import Project
    from campaignctl.state.model import State
    from campaignctl.yamlio.nodes import Node, SourceFile

# Variables that may decide which project file, environment, state or key is meant.
_OURS = ("CAMPAIGNCTL_", "OCAMBA_")
# Nanoseconds: what has just been written may be written again at the same time of a coarse clock.
_SETTLED = 2_000_000_000
# A file without one of these has one campaign, the key of which is its path: it need not be read as YAML.
_NOT_ITS_PATH = re.compile(rb"^(?:---|[ \t]*[\"']?(?:metadata|matrix|kind)|[ \t]*\{)", re.MULTILINE)
# Nor one whose key stands in a plain line of its `metadata`, as most do.
_KEY_LINE = re.compile(
    rb"^metadata:[ ]*\r?\n(?P<indent>[ ]+)(?:[\w.-]+:(?:[ ][\w ./-]*)?\r?\n(?P=indent))*?"
    rb"key:[ ]+(?P<key>[a-zA-Z][a-zA-Z0-9._/-]*)[ ]*\r?$(?!\n(?P=indent)[ ])",
    re.MULTILINE,
)
_MORE_THAN_ONE = re.compile(rb"^(?:---|[\"']|matrix|kind:(?![ ]+Campaign[ ]*\r?$)|[ \t]*\{)", re.MULTILINE)


# Shows that a file or folder has not changed: its size, times and number, or zeros if there is none. Empty,
# and then like no other, if it has just been written.
_Sign = Sequence[int]


@contextmanager
def known(settings: Settings) -> Iterator[Known]:
    """The keys of the project. Raises CampaignctlError if there is none."""
    from campaignctl.cli.wiring import project_directory

    root = project_directory(settings).resolve()
    with Store(settings.environ, root) as store:
        found = Known(settings, root, store)
        yield found
        found.keep()


class Known:
    """The keys of one project: those that were found before, and those of what has changed since."""

    def __init__(self, settings: Settings, root: Path, store: Store) -> None:
        self._settings, self._root, self._store = settings, root, store
        ours = sorted(pair for pair in settings.environ.items() if pair[0].startswith(_OURS))
        about = repr((str(root), settings.environment, ours)).encode("utf-8", "surrogatepass")
        self._name = b"keys " + hashlib.sha256(about).digest()
        self._settled = int(SystemClock().now().timestamp() * 1e9) - _SETTLED
        #: The signs of the project file and of the folders that were searched, the sign and keys of each
        #: manifest, the signs of the project file and of the files of the state, and the recorded keys.
        self._before: dict[str, Any] = {"folders": {}, "manifests": {}, "state": {}, "recorded": []}
        self._before |= json.loads(store.recall(self._name) or b"{}")
        self._now = dict(self._before)

    def keep(self) -> None:
        """Keep what was found, for the next time."""
        if self._now != self._before:
            self._store.remember(self._name, json.dumps(self._now).encode())

    def declared(self) -> Iterable[str]:
        """The keys of the manifests."""
        before = self._before["manifests"]
        paths = [*before] if self._as_before("folders") else self._discovered()
        found = self._now["manifests"] = {path: self._of(path, *before.get(path, ((), ()))) for path in paths}
        return (key for _, keys in found.values() for key in keys)

    def recorded(self) -> Iterable[str]:
        """The keys of the records of the state."""
        if not self._as_before("state"):
            # What is encrypted where it is stored is not kept in clear here.
            signs = {} if self._project.state.encrypted else self._signs(self._state_files())
            state = self._state()
            self._now |= {"state": signs, "recorded": [*state.campaigns] if state else []}
        return list(self._now["recorded"])

    def pending(self) -> Iterable[str]:
        """The keys of the writes whose outcome is unknown."""
        state = self._state()
        return state.pending if state else ()

    def _as_before(self, part: str) -> bool:
        signs = self._before[part]
        return bool(signs) and all(sign and self._sign(path) == sign for path, sign in signs.items())

    def _signs(self, paths: Iterable[Path | str]) -> dict[str, _Sign]:
        return {str(path): self._sign(path) for path in (self._root / PROJECT_FILE, *paths)}

    def _sign(self, path: Path | str) -> _Sign:
        try:
            found = os.stat(path)  # noqa: PTH116 - of ten thousand files, a Path for each takes a while
        except OSError:
            return [0, 0, 0, 0]
        times = found.st_mtime_ns, found.st_ctime_ns
        return [found.st_size, *times, found.st_ino] if times[0] < self._settled else []

    def _of(self, path: str, sign: _Sign, keys: Sequence[str]) -> tuple[_Sign, Sequence[str]]:
        now = self._sign(f"{self._root}/{path}")
        return now, keys if now and now == sign else [*keys_of(self._root, path)]

    def _discovered(self) -> Sequence[str]:
        """The paths of the manifests, found once more."""
        from campaignctl.manifest.discover import discover

        found = discover(self._project, self._root, "")
        self._now["folders"] = self._signs(found.folders)
        return found.manifests

    @cached_property
    def _project(self) -> Project:
        """The project; if its file is broken, at least its directory."""
        from campaignctl.project.loader import load_project
        from campaignctl.project.model import Project

        try:
            return load_project(self._root, **self._settings.inputs)
        except CampaignctlError:
            return Project(name="", directory=str(self._root))

    def _state_files(self) -> Iterable[Path]:
        """The files that a change of the state changes."""
        from campaignctl.backends.statefiles import StateFiles
        from campaignctl.cli.backends import mirrored

        if mirror := mirrored(self._project, SystemClock()):
            return (mirror,)
        files = StateFiles(self._root / self._project.state.path)
        return files.path, files.sibling("journal")

    def _state(self) -> State | None:
        from campaignctl.backends.at_rest import STATE
        from campaignctl.cli.backends import at_rest_of, backend_of, mirrored
        from campaignctl.reconciler.recall import Recall

        recall = Recall(self._store, self._project)
        at_rest = at_rest_of(self._project, commands=False)
        try:
            # A remote is too slow for TAB.
            if (mirror := mirrored(self._project, SystemClock())) is not None:
                return recall.decode(at_rest.open(STATE, mirror.read_bytes(), ""), where="the state")
            return backend_of(self._project, SystemClock(), recall, at_rest).read()
        except (CampaignctlError, OSError):
            return None


def keys_of(root: Path, path: str) -> Iterator[str]:
    """The keys of one file; none if it cannot be read."""
    from campaignctl.yamlio.files import content

    default = path.rpartition(".")[0]
    data = content(f"{root}/{path}")
    if isinstance(data, str):
        return
    if not _NOT_ITS_PATH.search(data):
        yield default
        return
    if (found := _KEY_LINE.search(data)) and not _MORE_THAN_ONE.search(data):
        yield found["key"].decode()
        return
    file = _read(root, path)
    for document in file.documents:
        yield from _keys_of_document(document, file, default)


def _keys_of_document(document: Node, file: SourceFile, default: str) -> Iterator[str]:
    from campaignctl.yamlio.nodes import MappingNode, ScalarNode

    if not isinstance(document, MappingNode):
        return
    kind = document.get("kind")
    if isinstance(kind, ScalarNode) and kind.text != "Campaign":
        return
    metadata = document.get("metadata")
    named = metadata.get("key") if isinstance(metadata, MappingNode) else None
    key = named.text if isinstance(named, ScalarNode) else default
    matrix = document.get("matrix")
    if matrix is None:
        yield key
        return
    from campaignctl.manifest.matrix import expand

    for combination in expand(matrix, file).combinations:
        yield key + combination.suffix


def _read(root: Path, path: str) -> SourceFile:
    from campaignctl.yamlio.reader import read

    file, _ = read(path, path, (root / path).read_bytes())
    return file
