"""`proof`: send a campaign's messages to a seed list before anybody else gets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from campaignctl.cli.boundary import refusal_document
from campaignctl.cli.completion_values import keys
from campaignctl.cli.group import format_option
from campaignctl.cli.notify import notify
from campaignctl.cli.options import lock_timeout_option
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import need_token, read_desired, wired
from campaignctl.errors import CampaignctlError, UsageError

if TYPE_CHECKING:
    from datetime import timedelta

    from campaignctl.project.model import Project
    from campaignctl.review.proofing import ProofReport

_STATUS = {"planned": 0, "done": 0, "incomplete": 1, "interrupted": 130}


@click.command(name="proof")
@click.argument("key", shell_complete=keys)
@click.option("--lang", "langs", multiple=True, metavar="LANG", help="Only this language. Repeatable.")
@click.option(
    "--to", metavar="NAME", help="The seed list, one of `proofs` in campaignctl.yaml; default: the only one."
)
@click.option("--dry-run", is_flag=True, help="Show what would be sent; ask no account and send nothing.")
@lock_timeout_option
@format_option
@click.pass_obj
def command(
    app: App,
    /,
    key: str,
    langs: tuple[str, ...],
    to: str | None,
    dry_run: bool,
    lock_timeout: timedelta,
    form: str,
) -> int:
    """Send a campaign's messages to seeds, people of your own who look at them first.

    Each message is sent once in each language, at once, as a campaign of its own whose name begins with
    [proof]. It reaches the seed list and nobody else: it is created so that it cannot send, read back, and
    armed only if the account shows exactly that audience and content. It never counts as the campaign itself.

    Exits with status 0 only if every proof is shown as sent.
    """
    from campaignctl.reconciler import proofing

    desired = read_desired(app, (key,))
    order = proofing.Order(key, langs, to)
    if dry_run:
        with wired(app, desired.project, token=None, writes=False) as run:
            return _ended(app, desired.project, proofing.dry_run(run.wiring, desired, order), form)
    token = need_token(app.settings, "A proof is sent through the API, which requires a token.")
    with wired(app, desired.project, token=token, lock_timeout=lock_timeout) as run:
        try:
            report = proofing.proof(run.wiring, desired, order)
        except CampaignctlError as error:
            if not isinstance(error, UsageError):
                document = refusal_document(error, "proof", app.settings.place(desired.project.environment))
                notify(app, desired.project, "proof", {"result": "refused", **document}, failed=True)
            raise
    return _ended(app, desired.project, report, form)


def _ended(app: App, project: Project, report: ProofReport, form: str) -> int:
    from campaignctl.render.proofing import proof_json, proof_text, proof_verdict

    console, place = app.console, app.settings.place(project.environment)
    document, color = proof_json(report, place), console.colored(console.out)
    if form == "json":
        console.document(document)
    elif console.verbosity == "quiet":
        console.say(proof_verdict(report, color=color))
    else:
        console.say(proof_text(report, color=color, place=place))
    status = _STATUS[report.result]
    if report.result != "planned":
        notify(app, project, "proof", document, failed=status != 0)
    return status
