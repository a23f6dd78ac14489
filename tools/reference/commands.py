"""Commands and options, from the command line itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from campaignctl.cli.main import root

_WIDTH = 1000
#: The heading of the options that stand before the command.
_GLOBAL = "Global options"


def command_table() -> str:
    """Every command with its line in `campaignctl --help`."""
    rows = [f"| `{name}` | {_cell(words)} |" for name, words in _listed(root)]
    return "\n".join(("| command | |", "|---|---|", *rows, ""))


def command_reference() -> str:
    """Every command with its usage, its help and its options."""
    seen: dict[tuple[str, str], str] = {}
    pieces = [f"### {_GLOBAL}\n", *_options(root, _GLOBAL, seen)]
    for names, command in walk(root, ()):
        title = " ".join(names)
        usage = " ".join(command.collect_usage_pieces(context(command))[1:])
        pieces.append(f"### {title}\n")
        pieces.append(f"`campaignctl {' '.join(filter(None, (title, usage)))}`\n")
        pieces.append(f"{_words(command)}\n")
        pieces += _options(command, title, seen)
    return "\n".join(pieces)


def walk(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The commands of a group and of the groups in it, each with its names."""
    for name in group.list_commands(context(group)):
        command = group.get_command(context(group), name)
        if isinstance(command, click.Group):
            yield from walk(command, (*path, name))
        elif command:
            yield (*path, name), command


def _listed(group: click.Group) -> list[tuple[str, str]]:
    help_text = group.get_help(context(group))
    return re.findall(r"^  (\S+)  +(.+)$", help_text.partition("Commands:\n")[2], re.MULTILINE)


def _words(command: click.Command) -> str:
    text = inspect.cleandoc(command.help or "").replace("\b\n", "")
    paragraphs = (" ".join(part.split()) for part in text.split("\n\n"))
    return "\n\n".join(paragraphs)


def _options(command: click.Command, title: str, seen: dict[tuple[str, str], str]) -> Iterator[str]:
    """The options: a table of new ones, and a line for those that an earlier command has."""
    own, shared = [], dict[str, list[str]]()
    options = (each for each in command.params if isinstance(each, click.Option))
    for declared, words in filter(None, (each.get_help_record(context(command)) for each in options)):
        first = seen.setdefault((declared, words), title)
        if first == title:
            own.append(f"| `{_cell(declared)}` | {_cell(' '.join(words.split()))} |")
        else:
            shared.setdefault(first, []).append(f"`{declared.partition(' ')[0].rstrip(',')}`")
    if own:
        yield "\n".join(("| option | |", "|---|---|", *own, ""))
    for first, names in shared.items():
        yield f"As for [{first}](#{first.replace(' ', '-')}): {', '.join(names)}.\n"


def context(command: click.Command) -> click.Context:
    """What click asks for its help texts, which wraps no line."""
    return click.Context(command, info_name="campaignctl", max_content_width=_WIDTH, terminal_width=_WIDTH)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
