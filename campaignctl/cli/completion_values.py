"""Completions from a project: keys, environments, files. Offline, and empty if the project is broken.

Each is a `shell_complete` of click: it takes context, parameter and the text so far.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from campaignctl.cli.settings import Settings

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def keys(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Keys of the manifests and of the state."""
    from campaignctl.cli.completion_keys import known

    with known(_settings(ctx)) as project:
        return _items({*project.declared(), *project.recorded()}, incomplete)


def recorded_keys(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Keys of the records in the state."""
    from campaignctl.cli.completion_keys import known

    with known(_settings(ctx)) as project:
        return _items(project.recorded(), incomplete)


def pending_keys(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Keys of the writes whose outcome is unknown."""
    from campaignctl.cli.completion_keys import known

    with known(_settings(ctx)) as project:
        return _items(project.pending(), incomplete)


def environments(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Names of the environments that the project file declares."""
    from campaignctl.cli.wiring import project_directory
    from campaignctl.project.find import PROJECT_FILE
    from campaignctl.yamlio.nodes import MappingNode
    from campaignctl.yamlio.reader import read

    path = project_directory(_settings(ctx)) / PROJECT_FILE
    file, _ = read(PROJECT_FILE, PROJECT_FILE, path.read_bytes())
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
