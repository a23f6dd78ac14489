"""Options that several commands share, and their values."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import click

from campaignctl.cli.completion_values import keys
from campaignctl.cli.group import Decorator, NearestChoice, format_choice
from campaignctl.errors import UsageError
from campaignctl.plan.model import Options
from campaignctl.project.liftable import OVERRIDES
from campaignctl.render.fitting import GITHUB_LIMIT, LEAST_LIMIT

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

#: The parameters that `selecting` packs into one value, with their options.
SELECTING = {
    "targets": "--target",
    "replace": "--replace",
    "destroy": "--destroy",
    "refresh": "--refresh/--no-refresh",
    "refresh_only": "--refresh-only",
    "overrides": "--override",
    "against": "--against",
}
_UNITS = {"s": 1, "m": 60, "h": 3600}
_MAXIMUM = timedelta(hours=24)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def duration(_ctx: click.Context, _param: click.Parameter, value: str) -> timedelta:
    """Read a duration such as `30s`, `5m` or `1h`, at most 24h."""
    match = re.fullmatch(r"(\d{1,6})([smh])", value)
    length = timedelta(seconds=int(match[1]) * _UNITS[match[2]]) if match else None
    if length is None or length > _MAXIMUM:
        raise click.BadParameter(f"{value!r} is not a duration of at most 24h, such as 30s, 5m or 1h.")
    return length


@dataclass(frozen=True, slots=True)
class PlanForm:
    """The format of a plan; `limit` is the maximum length of a Markdown comment, in characters.

    With `full` no text is cut; with `summary` it is one screen.
    """

    name: str
    limit: int = GITHUB_LIMIT
    full: bool = False
    summary: bool = False


def plan_format(function: Decorated) -> Decorated:
    """Add --full, --summary, --format and --markdown-limit, packed into one `form`."""

    @functools.wraps(function)
    def packed(
        *args: Any, form: str, full: bool, summary: bool, markdown_limit: int | None, **params: Any
    ) -> Any:
        if summary and (full or form != "text"):
            other = "--full" if full else f"--format {form}"
            raise UsageError(f"--summary and {other} cannot be combined", hint="use one of them")
        if markdown_limit is not None and form != "markdown":
            raise UsageError("--markdown-limit needs --format markdown", hint="add --format markdown")
        return function(*args, form=PlanForm(form, markdown_limit or GITHUB_LIMIT, full, summary), **params)

    forms = format_choice(
        "text",
        "json",
        "markdown",
        "html",
        help="Text for people, one JSON document, Markdown for a pull request comment, or a page to keep.",
    )
    return _FULL(_SUMMARY(forms(_MARKDOWN_LIMIT(packed))))  # type: ignore[no-any-return]  # as with `selecting`


lock_timeout_option = click.option(
    "--lock-timeout",
    callback=duration,
    default="30s",
    metavar="TIME",
    show_default=True,
    help="How long to wait for the lock, if another run holds it.",
)
parallelism_option = click.option(
    "--parallelism",
    type=click.IntRange(1, 100),
    default=8,
    show_default=True,
    help="The maximum number of concurrent requests.",
)
_FULL = click.option(
    "--full", is_flag=True, help="Cut no text: show every value in full. A Markdown comment keeps its limit."
)
_SUMMARY = click.option(
    "--summary", is_flag=True, help="One screen: the verdict, and a line for what changes alike."
)
_MARKDOWN_LIMIT = click.option(
    "--markdown-limit",
    type=click.IntRange(min=LEAST_LIMIT),
    metavar="CHARACTERS",
    help=f"The maximum length of the comment; default: {GITHUB_LIMIT}, GitHub's limit. GitLab's is 1000000.",
)
auto_approve_option = click.option(
    "--auto-approve",
    is_flag=True,
    help="Do not ask. Without a terminal, use this or a saved plan.",
)

_TARGET = click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="KEY",
    shell_complete=keys,
    help="Only this campaign; * and ? are wildcards. Repeatable.",
)
_REPLACE = click.option(
    "--replace",
    multiple=True,
    metavar="KEY",
    shell_complete=keys,
    help="Cancel this campaign and create it again. Repeatable.",
)
_DESTROY = click.option("--destroy", is_flag=True, help="Plan to cancel every recorded campaign.")
_REFRESH = click.option(
    "--refresh/--no-refresh",
    default=True,
    show_default=True,
    help="Read the live campaigns first, which needs OCAMBA_TOKEN; or trust the state.",
)
_REFRESH_ONLY = click.option(
    "--refresh-only",
    is_flag=True,
    help="Only show how live campaigns differ from what was applied; an apply accepts that into the state.",
)
_OVERRIDE = click.option(
    "--override",
    "overrides",
    multiple=True,
    type=NearestChoice(OVERRIDES),
    metavar="GUARDRAIL",
    help=f"Lift this guardrail or rule once. One of: {', '.join(OVERRIDES)}. Repeatable.",
)


_AGAINST = click.option(
    "--against",
    metavar="REF",
    help="A commit, as in origin/main: campaigns that it blocks too do not count for the exit status.",
)


def selecting(function: Decorated) -> Decorated:
    """Add the options of `plan` that select changes, packed into one `options`."""
    added = (_TARGET, _REPLACE, _DESTROY, _REFRESH, _REFRESH_ONLY, _OVERRIDE, _AGAINST)
    return _with_options(function, added)


def selecting_to_destroy(function: Decorated) -> Decorated:
    """Add the selecting options that apply to a destroy; `options.destroy` is set."""
    return _with_options(function, (_TARGET, _REFRESH, _OVERRIDE), destroy=True)


def given(ctx: click.Context) -> tuple[str, ...]:
    """Return the selecting options that are on the command line."""
    source = click.core.ParameterSource.COMMANDLINE
    options = SELECTING | {"refresh": "--refresh" if ctx.params["refresh"] else "--no-refresh"}
    return tuple(option for name, option in options.items() if ctx.get_parameter_source(name) is source)


def spelled(options: Options) -> tuple[str, ...]:
    """The words of a command line with the same `options`."""
    flags = {
        "--destroy": options.destroy,
        "--no-refresh": not options.refresh,
        "--refresh-only": options.refresh_only,
    }
    lists = {
        "--target": options.targets,
        "--replace": options.replace,
        "--override": options.overrides,
        "--against": (options.against,) if options.against else (),
    }
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
    """Raise UsageError for options that contradict each other."""
    clashes = (
        (
            options.refresh_only and not options.refresh,
            "--refresh-only reads the account, --no-refresh does not",
        ),
        (options.refresh_only and options.destroy, "--refresh-only changes nothing, --destroy does"),
        (options.refresh_only and options.replace, "--refresh-only changes nothing, --replace does"),
        (options.destroy and options.replace, "--destroy cancels what --replace would create again"),
    )
    for clash, reason in clashes:
        if clash:
            raise UsageError("These options cannot be combined", detail=f"{reason}.", hint="use one of them")
    return options


def time_given(text: str | None) -> datetime | None:
    """The beginning of a day, or a time. Raises UsageError."""
    from campaignctl.schedule.times import TimeError, parse_gmt

    if text is None:
        return None
    try:
        return parse_gmt(f"{text} 00:00:00" if _DAY.fullmatch(text) else text)
    except TimeError:
        hint = "write it as in 2026-11-01, or 2026-11-01 08:30:00; it is GMT"
        raise UsageError(f"{text[:40]!r} is not a day or a time", hint=hint) from None
