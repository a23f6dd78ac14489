"""Plans on standard output or standard error, in the format that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaignctl.cli.settings import App

if TYPE_CHECKING:
    from campaignctl.cli.options import PlanForm
    from campaignctl.plan.model import Plan


def show_plan_as(app: App, plan: Plan, form: PlanForm) -> None:
    """Show a plan in the form that was asked for, on standard output."""
    if form.name == "json":
        from campaignctl.plan import codec

        app.console.document(codec.encode(plan))
    elif form.name == "markdown":
        from campaignctl.render.markdown import plan_markdown

        app.console.say(plan_markdown(plan, limit=form.limit))
    else:
        show_plan(app, plan)


def show_plan(app: App, plan: Plan, *, aside: bool = False) -> None:
    """Show a plan as text; `aside`, on standard error, if standard output gets a document."""
    from campaignctl.render.plan import plan_text

    console = app.console
    text = plan_text(
        plan,
        color=console.colored(console.err if aside else console.out),
        now=console.now(),
        width=console.width,
        place=app.settings.place(plan.environment),
    )
    if aside:
        console.tell(text)
    else:
        console.say(text)
