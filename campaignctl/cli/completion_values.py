"""Completions from a project: keys, environments, files. Offline, and empty if the project is broken.

Each is a `shell_complete` of click: it takes context, parameter and the text so far.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from campaignctl.cli.settings import Settings
from campaignctl.errors import CampaignctlError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from campaignctl.project.model import Project
    from campaignctl.state.model import State
    from campaignctl.yamlio.nodes import Node, SourceFile

# A file without one of these has one campaign, the key of which is its path: it need not be read as YAML.
_NOT_ITS_PATH = re.compile(rb"^(?:---|[ \t]*[\"']?(?:metadata|matrix|kind)|[ \t]*\{)", re.MULTILINE)
# Nor one whose key stands in a plain line of its `metadata`, as most do.
_KEY_LINE = re.compile(
    rb"^metadata:[ ]*\r?\n(?P<indent>[ ]+)(?:[\w.-]+:(?:[ ][\w ./-]*)?\r?\n(?P=indent))*?"
    rb"key:[ ]+(?P<key>[a-zA-Z][a-zA-Z0-9._/-]*)[ ]*\r?$(?!\n(?P=indent)[ ])",
    re.MULTILINE,
)
_MORE_THAN_ONE = re.compile(rb"^(?:---|[\"']|matrix|kind:(?![ ]+Campaign[ ]*\r?$)|[ \t]*\{)", re.MULTILINE)


def keys(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Keys of the manifests and of the state."""
    project = _project(_settings(ctx))
    state = _state(project)
    recorded = state.campaigns if state else ()
    return _items({*_declared(project), *recorded}, incomplete)


def recorded_keys(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Keys of the records in the state."""
    state = _state(_project(_settings(ctx)))
    return _items(state.campaigns if state else (), incomplete)


def pending_keys(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Keys of the writes whose outcome is unknown."""
    state = _state(_project(_settings(ctx)))
    return _items(state.pending if state else (), incomplete)


def environments(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Names of the environments that the project file declares."""
    from campaignctl.cli.wiring import project_directory
    from campaignctl.project.loader import PROJECT_FILE
    from campaignctl.yamlio.nodes import MappingNode

    file = _read(project_directory(_settings(ctx)), PROJECT_FILE)
    for root in file.documents:
        declared = root.get("environments") if isinstance(root, MappingNode) else None
        if isinstance(declared, MappingNode):
            return _items((name.text for name, _ in declared.pairs), incomplete)
    return []


def files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Files, by the shell's own completion."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def _items(values: Iterable[str], incomplete: str) -> list[CompletionItem[str]]:
    from click.shell_completion import CompletionItem

    # A line break or a control character would damage the line being typed.
    return [
        CompletionItem(value)
        for value in sorted(values)
        if value.startswith(incomplete) and value.isprintable()
    ]


def _settings(ctx: click.Context) -> Settings:
    """The global options of the line so far."""
    given = ctx.find_root().params
    return Settings(given["directory"], given["environment"], os.environ, Path.cwd())


def _project(settings: Settings) -> Project:
    """The project; if its file is broken, at least its directory."""
    from campaignctl.cli.wiring import project_directory
    from campaignctl.project.loader import load_project
    from campaignctl.project.model import Project

    directory = project_directory(settings)
    try:
        return load_project(directory, **settings.inputs)
    except CampaignctlError:
        return Project(name="", directory=str(directory))


def _state(project: Project) -> State | None:
    from campaignctl.backends.at_rest import STATE
    from campaignctl.cli.backends import at_rest_of, backend_of, mirrored
    from campaignctl.cli.clock import SystemClock
    from campaignctl.manifest.cache import Cache
    from campaignctl.reconciler.recall import Recall

    with Cache(os.environ, Path(project.directory)) as memory:
        recall, at_rest = Recall(memory, project), at_rest_of(project, commands=False)
        try:
            # A remote is too slow for TAB.
            if (mirror := mirrored(project, SystemClock())) is not None:
                return recall.decode(at_rest.open(STATE, mirror.read_bytes(), ""), where="the state")
            return backend_of(project, SystemClock(), recall, at_rest).read()
        except (CampaignctlError, OSError):
            return None


def _declared(project: Project) -> Iterator[str]:
    from campaignctl.manifest.discover import discover

    root = Path(project.directory)
    for path in discover(project, root, "").manifests:
        yield from _keys_of(root, path)


def _keys_of(root: Path, path: str) -> Iterator[str]:
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
