"""`lint`: the rules that `validate` and `plan` apply to what recipients get."""

from __future__ import annotations

import click

from campaignctl.cli.group import format_option
from campaignctl.cli.settings import App
from campaignctl.errors import UsageError, did_you_mean


@click.command(name="lint")
@click.option("--list", "all_rules", is_flag=True, help="List every rule (the default).")
@click.option(
    "--explain",
    "code",
    metavar="CODE",
    help="Explain a rule: what is right, why, and the fix. A family such as SMS explains all of its rules.",
)
@format_option
@click.pass_obj
def command(app: App, *, all_rules: bool, code: str | None, form: str) -> int:
    """List the rules of lint, or explain one.

    The findings themselves are shown by `validate`, and by `plan` for the campaigns that it changes. The
    project file and each manifest may set severities and waivers under `lint:`.
    """
    from campaignctl.lint.registry import RULES, known_codes, named
    from campaignctl.render.lint import explained_text, rules_json, rules_text

    if all_rules and code is not None:
        raise UsageError("--list and --explain cannot be combined", hint="use one of them")
    console = app.console
    rules = tuple(RULES.values()) if code is None else named(code)
    if not rules:
        hint = did_you_mean(str(code).upper(), known_codes(), "`lint --list` shows every rule")
        raise UsageError(f"there is no rule {code!r}", hint=hint)
    if form == "json":
        console.document(rules_json(rules))
        return 0
    color = console.colored(console.out)
    console.say(rules_text(rules, color=color) if code is None else explained_text(rules, color=color))
    return 0
