"""The files of a project on disk, and what they compile to."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from campaignctl.errors import Finding, Source
from campaignctl.manifest.cache import Asked, Cache, packed, unpacked
from campaignctl.manifest.compile import CompileInputs, compilations, compile_file, named_by, texts_in
from campaignctl.manifest.compile_campaign import key_of_path
from campaignctl.manifest.defaults import NO_DEFAULTS, Defaults
from campaignctl.manifest.discover import discover
from campaignctl.manifest.model import DesiredCampaign, FileResult
from campaignctl.manifest.store import Entry
from campaignctl.project.model import Project
from campaignctl.yamlio.files import TextFiles, content, named_file, shown, token_line
from campaignctl.yamlio.interpolate import REVOKE, TOKEN_VARIABLE, WITH_TOKEN, Values, permitted
from campaignctl.yamlio.positions import Positions, changed_meanwhile
from campaignctl.yamlio.reader import read

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from campaignctl.manifest.compile_campaign import Compilation
    from campaignctl.manifest.origins import Origin
    from campaignctl.yamlio.nodes import Node
    from campaignctl.yamlio.substitution import Filling, Reference

#: How many files are looked up in the cache by one question, and are in memory meanwhile.
_AT_ONCE = 200
#: From how many files to compile on, all processors do it: to begin that takes as long as some hundred files.
MANY = 2_000
#: One process takes over what the others compile, in an eighth of their time.
_PROCESSES = 8


class ProjectFiles:
    """The files of a project on disk, and what they compile to."""

    def __init__(self, project: Project, directory: Path, environ: Mapping[str, str]) -> None:
        self.project = project
        self._root = directory
        self._shown = shown(directory)
        self._environ = environ
        self._texts = TextFiles(directory, self._shown, project.private, environ)
        given, withheld = permitted(project.allow_env, environ)
        self._environments = (project.environment, project.environment_names)
        self._values = Values(
            project.variables,
            given,
            project.allow_env,
            sources=project.variable_sources,
            withheld=withheld,
            token=environ.get(TOKEN_VARIABLE, ""),
        )
        discovered = discover(project, directory, self._shown)
        self._manifests = discovered.manifests
        #: About the files themselves: finding and reading them.
        self.findings = list(discovered.findings)
        self.defaults_findings: list[Finding] = []
        self._defaults: dict[str, Defaults] = {}
        for path in sorted(discovered.defaults, key=lambda path: path.count("/")):
            self._add_defaults(path)
        self._of_folder: dict[str, CompileInputs] = {}
        #: The file whose positions were asked for last.
        self._asked: tuple[str, Mapping[str, Compilation]] = ("", {})

    def results(self, keys: Collection[str] = (), *, keep_nodes: bool = True) -> list[FileResult]:
        """The result of each manifest that can be read; with `keys`, of each that may declare one of them.

        Without `keep_nodes` a file is compiled once more when a position in it is asked for: the nodes are
        most of the memory of a large project.
        """
        paths = [path for path in self._manifests if not keys or self._may_declare(path, keys)]
        processes = _processes() if len(paths) >= MANY and not keep_nodes else 1
        results: list[FileResult | None] = []
        later: list[tuple[int, Asked, Entry]] = []
        with Cache(self._environ, self._root) as cache:
            for first in range(0, len(paths), _AT_ONCE):
                some = paths[first : first + _AT_ONCE]
                contents = [(path, data) for path in some if (data := self._content(path)) is not None]
                asked = [(self.name(path), path, data, self._inputs(path)) for path, data in contents]
                for one, entry in zip(asked, cache.entries(asked), strict=True):
                    result = cache.find(entry, one[3], partial(self._again, one[1]))
                    if result is None and processes > 1:
                        later.append((len(results), one, entry))
                    elif result is None:
                        result = self._compiled(one, entry, cache, keep_nodes=keep_nodes)
                    else:
                        self._take(result)
                    results.append(result)
            bodies = _compiled_by(processes, [one for _, one, _ in later]) if len(later) >= MANY else {}
            for number, (at, one, entry) in enumerate(later):
                if body := bodies.pop(number, None):
                    results[at] = result = unpacked(body, partial(self._again, one[1]))
                    cache.put(entry, body)
                    self._take(result)
                else:
                    results[at] = self._compiled(one, entry, cache, keep_nodes=keep_nodes)
        return [result for result in results if result is not None]

    def _compiled(self, asked: Asked, entry: Entry, cache: Cache, *, keep_nodes: bool) -> FileResult:
        result = compile_file(*asked)
        cache.keep(entry, result, asked[3])
        if not keep_nodes:
            self._take(result)
        return result

    def _take(self, result: FileResult) -> None:
        """Let the campaigns of a result find their positions, without the nodes of their file."""
        for one in result.campaigns:
            if one.campaign is not None:
                positions = Positions(partial(self._written, result.path, one.key), one.place)
                # It was just made: a copy of each campaign is a part of a warm plan that shows.
                object.__setattr__(one.campaign, "positions", positions)

    def _again(self, path: str, campaign: DesiredCampaign) -> DesiredCampaign:
        """A campaign whose entry in the cache turned out to be damaged. Raises CampaignctlError."""
        made = compile_file(self.name(path), path, self._content(path) or b"", self._inputs(path))
        found = next((one.campaign for one in made.campaigns if one.key == campaign.key), None)
        if found is None or found.digest != campaign.digest:
            raise changed_meanwhile(campaign.source)
        return found

    def _written(self, path: str, key: str) -> tuple[Node, Filling] | None:
        if self._asked[0] != path:
            self._asked = path, {one.key: one for one in self._compilations(path) if one.key}
        found = self._asked[1].get(key)
        return (found.root, found.builder) if found else None

    def _compilations(self, path: str) -> Iterator[Compilation]:
        return compilations(self.name(path), path, self._content(path) or b"", self._inputs(path))

    def origins(self, path: str, key: str) -> tuple[Origin, ...]:
        """Where every field of a campaign of the file came from."""
        from campaignctl.manifest.origins import origins_of

        found = next((one for one in self._compilations(path) if one.key == key), None)
        return origins_of(found) if found else ()

    def named_alone(self, paths: Collection[str]) -> dict[str, tuple[str, ...]]:
        """The texts of some manifests, by manifest: without those that anything else of the project names."""
        results = self.results()
        others = {name for one in results if one.path not in paths for name in self._texts_of(one.references)}
        found: dict[str, tuple[str, ...]] = {}
        for path in paths:
            file, _ = read(self.name(path), path, self._content(path) or b"")
            names = set(self._texts_of(named_by(file, NO_DEFAULTS))) - others
            found[path] = tuple(sorted(names))
            others |= names
        return found

    def _texts_of(self, references: Iterable[Reference]) -> Iterator[str]:
        """The paths of the files that these references lead to."""
        for found in self._texts.read(references).values():
            for text in texts_in(found):
                if not text.error:
                    yield text.name.removeprefix(self._shown).replace(os.sep, "/")

    def path_of(self, source: Source) -> str:
        """The path in the project of the file that a place is in."""
        return source.file.removeprefix(self._shown).replace(os.sep, "/")

    def name(self, path: str) -> str:
        """What findings call the file at a path of the project."""
        return named_file(self._shown, path)

    def mentions(self, path: str, keys: Iterable[str]) -> bool:
        """Whether a file that was not understood names one of these keys, and so may be about it."""
        data = content(self._root / path)
        return isinstance(data, str) or any(key.partition("[")[0].encode() in data for key in keys)

    def _may_declare(self, path: str, keys: Collection[str]) -> bool:
        """Whether a file may declare one of these keys, or one that differs only in case: by its own name, or
        because it contains the key, perhaps in escapes."""
        bases = {key.partition("[")[0].lower() for key in keys}
        if key_of_path(path).lower() in bases:
            return True
        data = content(self._root / path)
        text = data.lower() if isinstance(data, bytes) else b""
        return b"\\" in text or any(base.encode() in text for base in bases)

    def _add_defaults(self, path: str) -> None:
        folder, slash, _ = path.rpartition("/")
        around = self._in_force(folder.rpartition("/")[0]) if slash else NO_DEFAULTS
        data = self._content(path)
        if data is None:
            self._defaults[folder] = replace(around, complete=False)
            return
        file, syntax = read(named_file(self._shown, path), path, data)
        self._defaults[folder], findings = around.within(file, self._values)
        self.findings += syntax
        self.defaults_findings += findings

    def _inputs(self, path: str) -> CompileInputs:
        folder = path.rpartition("/")[0]
        if folder not in self._of_folder:
            defaults = self._in_force(folder)
            self._of_folder[folder] = CompileInputs(
                self._values, defaults, self._texts.read, self._texts.digests, *self._environments
            )
        return self._of_folder[folder]

    def _in_force(self, folder: str) -> Defaults:
        """The defaults for a folder: its own, else those of the nearest folder around it."""
        if not self._defaults:
            return NO_DEFAULTS
        while folder not in self._defaults and folder:
            folder = folder.rpartition("/")[0]
        return self._defaults.get(folder, NO_DEFAULTS)

    def _content(self, path: str) -> bytes | None:
        line, data = 0, content(f"{self._root}/{path}")
        if isinstance(data, bytes) and not (line := token_line(data, self._environ)):
            return data
        name = named_file(self._shown, path)
        reason, hint = (WITH_TOKEN, REVOKE) if isinstance(data, bytes) else (data, "")
        self.findings.append(Finding("error", "file", reason, Source(name, line or 1, 1), hint))
        return None


# ------------------------------------------------------------------------------ several processors


def _processes() -> int:
    """How many processes may compile: as many as this one may use processors, where a fork is safe."""
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return 1
    return min(len(os.sched_getaffinity(0)), _PROCESSES)


def _compiled_by(processes: int, asked: Sequence[Asked]) -> dict[int, bytes]:
    """What files compile to, each in the form of the cache, by its number.

    A file with errors is not in it, nor what a process that died had still to do: this process compiles that
    itself, so that every error comes in one way.
    """
    from multiprocessing.connection import Pipe, wait

    found: dict[int, bytes] = {}
    waiting: dict[Connection, Iterator[int]] = {}
    children = []
    try:
        for first in range(processes):
            numbers = range(first, len(asked), processes)
            results, to = Pipe(duplex=False)
            with to:
                try:
                    child = os.fork()
                except OSError:  # no more processes are allowed
                    break
                waiting[results] = iter(numbers)
                if child == 0:
                    for each in waiting:  # who writes to a pipe ends with the one that reads it
                        each.close()
                    _compile([asked[at] for at in numbers], to)
            children.append(child)
        while waiting:
            ready = wait([*waiting])
            for results in [one for one in waiting if one in ready]:
                try:
                    body = results.recv_bytes()
                except (EOFError, OSError):  # ended, perhaps in the middle of a file
                    del waiting[results]
                else:
                    found[next(waiting[results])] = body
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return {number: body for number, body in found.items() if body}


def _compile(asked: Sequence[Asked], to: Connection) -> NoReturn:
    """The work of one process. It ends without a word: the one that waits says what there is to say."""
    try:
        signal.set_wakeup_fd(-1)
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        for one in asked:
            to.send_bytes(packed(compile_file(*one), one[3]) or b"")
    finally:
        os._exit(0)
