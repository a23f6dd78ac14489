"""Click groups that import a command only when it runs, and suggest the nearest word for an unknown one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import click

from campaignctl.errors import Command, UsageError, nearest

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


@dataclass(frozen=True, slots=True)
class Lazy:
    """A command that is not imported yet: `module:attribute`, and its line in the group's help."""

    target: str
    help: str

    def load(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self.target.partition(":")
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.target} is not a command")
        return command


class LazyGroup(click.Group):
    """A group over a table of lazy commands, in the table's order.

    Neither its help nor an unknown command imports any of them.
    """

    def __init__(self, *args: Any, table: Mapping[str, Lazy], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it so
        """Return the commands in the table's order."""
        return list(self._table)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click calls it so
        cmd_name: str,
    ) -> click.Command | None:
        """Import the command of exactly this name."""
        lazy = self._table.get(cmd_name)
        return lazy.load() if lazy else None

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click calls it so
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the table; click's own way would import every command for its first line."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in self._table.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Complete names from the table; click's own way would import every command."""
        from click.shell_completion import CompletionItem

        named = [
            CompletionItem(name, help=lazy.help)
            for name, lazy in self._table.items()
            if name.startswith(incomplete)
        ]
        return [*named, *super(click.Group, self).shell_complete(ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or suggest the nearest one."""
        name = args[0]
        if name in self._table or name.startswith("-"):
            return super().resolve_command(ctx, args)
        if ctx.parent is None:
            from campaignctl.cli.meant import meanings  # only a command that does not exist needs it

            if meant := meanings().get(name.lower()):
                words = [next(iter(args[1:]), word) if word == "KEY" else word for word in meant[0].words]
                raise UsageError(f"No such command {name!r}", detail=meant[1], hint=Command(*words))
        raise click.UsageError(f"No such command {name!r}.{did_you_mean(name, self._table)}", ctx)


class NearestChoice(click.Choice[str]):
    """A choice that suggests the nearest value for an unknown one."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """List the values and suggest the nearest one."""
        message = super().get_invalid_choice_message(value=value, ctx=ctx)
        return message + did_you_mean(str(value), map(str, self.choices))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the known word nearest to `word`, in a sentence after a space; empty if none is near."""
    near = nearest(word, known, 0.5)
    return f" Did you mean {near!r}?" if near else ""


_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])
Decorator = Callable[[_Decorated], _Decorated]


def format_choice(*forms: str, help: str) -> Decorator[Any]:  # noqa: A002 - the name that click gives it
    """Return the option --format with these forms; the first is the default."""
    return click.option(
        "--format", "form", type=NearestChoice(forms), default=forms[0], show_default=True, help=help
    )


format_option = format_choice("text", "json", help="Text for people, or one JSON document.")
