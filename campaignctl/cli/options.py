"""The options that several commands share, and the values that they become."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import click

from campaignctl.cli.completion_values import keys
from campaignctl.cli.group import Decorator, NearestChoice, format_choice
from campaignctl.errors import UsageError
from campaignctl.plan.model import Options
from campaignctl.project.liftable import OVERRIDES
from campaignctl.render.fitting import GITHUB_LIMIT, LEAST_LIMIT

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

#: The parameters that `selecting` packs into one value, and how each is spelled.
SELECTING = {
    "targets": "--target",
    "replace": "--replace",
    "destroy": "--destroy",
    "refresh": "--refresh/--no-refresh",
    "refresh_only": "--refresh-only",
    "overrides": "--override",
}
_UNITS = {"s": 1, "m": 60, "h": 3600}
_LONGEST = timedelta(hours=24)


def duration(_ctx: click.Context, _param: click.Parameter, value: str) -> timedelta:
    """Read a length of time as `30s`, `5m` or `1h`, up to a day."""
    match = re.fullmatch(r"(\d{1,6})([smh])", value)
    length = timedelta(seconds=int(match[1]) * _UNITS[match[2]]) if match else None
    if length is None or length > _LONGEST:
        raise click.BadParameter(f"{value!r} is not a length of time up to 24h, such as 30s, 5m or 1h.")
    return length


@dataclass(frozen=True, slots=True)
class Showing:
    """The form in which a plan is shown; `limit` bounds a comment in Markdown, in characters."""

    form: str
    limit: int = GITHUB_LIMIT


def plan_format(function: Decorated) -> Decorated:
    """Add --format and --markdown-limit, packed into one `showing`."""

    @functools.wraps(function)
    def packed(*args: Any, form: str, markdown_limit: int | None, **params: Any) -> Any:
        if markdown_limit is not None and form != "markdown":
            raise UsageError("--markdown-limit goes with --format markdown", hint="add it, or leave it out")
        return function(*args, showing=Showing(form, markdown_limit or GITHUB_LIMIT), **params)

    forms = format_choice(
        "text",
        "json",
        "markdown",
        help="For people; one JSON document; or the comment of a pull request, on standard output.",
    )
    return forms(_MARKDOWN_LIMIT(packed))  # type: ignore[no-any-return]  # as with `selecting`


lock_timeout_option = click.option(
    "--lock-timeout",
    callback=duration,
    default="30s",
    metavar="TIME",
    show_default=True,
    help="How long to wait for somebody else's apply.",
)
parallelism_option = click.option(
    "--parallelism",
    type=click.IntRange(1, 100),
    default=8,
    show_default=True,
    help="How many requests may be under way at once.",
)
_MARKDOWN_LIMIT = click.option(
    "--markdown-limit",
    type=click.IntRange(min=LEAST_LIMIT),
    metavar="CHARACTERS",
    help=f"The longest comment: {GITHUB_LIMIT} unless given, which is GitHub's limit; GitLab takes 1000000.",
)
auto_approve_option = click.option(
    "--auto-approve",
    is_flag=True,
    help="Do not ask. Without a terminal it takes this, or a saved plan.",
)

_TARGET = click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="KEY",
    shell_complete=keys,
    help="Only this campaign; * and ? are wild. May be repeated.",
)
_REPLACE = click.option(
    "--replace",
    multiple=True,
    metavar="KEY",
    shell_complete=keys,
    help="Create this campaign again, cancelling the present one. May be repeated.",
)
_DESTROY = click.option("--destroy", is_flag=True, help="Plan to take away every recorded campaign.")
_REFRESH = click.option(
    "--refresh/--no-refresh",
    default=True,
    show_default=True,
    help="Read the live campaigns first, or trust the state. Reading needs OCAMBA_TOKEN.",
)
_REFRESH_ONLY = click.option(
    "--refresh-only",
    is_flag=True,
    help="Only show how the live campaigns differ from what was applied; an apply puts that on record.",
)
_OVERRIDE = click.option(
    "--override",
    "overrides",
    multiple=True,
    type=NearestChoice(OVERRIDES),
    metavar="GUARDRAIL",
    help=f"Lift one guardrail or rule, this once: {', '.join(OVERRIDES)}. May be repeated.",
)


def selecting(function: Decorated) -> Decorated:
    """Add the options of `plan` that select or refresh, packed into one `options`."""
    return _with_options(function, (_TARGET, _REPLACE, _DESTROY, _REFRESH, _REFRESH_ONLY, _OVERRIDE))


def selecting_to_destroy(function: Decorated) -> Decorated:
    """Add the options that select or refresh and make sense with a destroy; `options.destroy` is set."""
    return _with_options(function, (_TARGET, _REFRESH, _OVERRIDE), destroy=True)


def given(ctx: click.Context) -> tuple[str, ...]:
    """Name the selecting options that stand on the command line."""
    source = click.core.ParameterSource.COMMANDLINE
    return tuple(option for name, option in SELECTING.items() if ctx.get_parameter_source(name) is source)


def spelled(options: Options) -> tuple[str, ...]:
    """The words of a command line that select and refresh as `options` do."""
    flags = {
        "--destroy": options.destroy,
        "--no-refresh": not options.refresh,
        "--refresh-only": options.refresh_only,
    }
    lists = {"--target": options.targets, "--replace": options.replace, "--override": options.overrides}
    return (
        *(flag for flag, is_set in flags.items() if is_set),
        *(word for option, values in lists.items() for value in values for word in (option, value)),
    )


def _with_options(function: Decorated, added: tuple[Decorator[Any], ...], **fixed: Any) -> Decorated:
    @functools.wraps(function)
    def packed(*args: Any, **params: Any) -> Any:
        chosen = {name: params.pop(name) for name in SELECTING if name in params}
        return function(*args, options=_consistent(Options(**chosen, **fixed)), **params)

    for option in reversed(added):
        packed = option(packed)
    return packed  # type: ignore[return-value]  # `wraps` keeps the callable, which a TypeVar cannot say


def _consistent(options: Options) -> Options:
    """Refuse options that contradict each other. Raises UsageError."""
    clashes = (
        (options.refresh_only and not options.refresh, "--refresh-only reads, --no-refresh does not"),
        (options.refresh_only and options.destroy, "--refresh-only changes nothing, --destroy does"),
        (options.refresh_only and options.replace, "--refresh-only changes nothing, --replace does"),
        (options.destroy and options.replace, "--destroy takes away what --replace would create again"),
    )
    for clash, reason in clashes:
        if clash:
            raise UsageError(
                "These options do not go together", detail=f"{reason}.", hint="leave one of them out"
            )
    return options
