"""How `preview` writes what it shows: as text, as JSON, or as a page, perhaps to a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from campaignctl.cli.files import STANDARD, write_private
from campaignctl.cli.settings import App

if TYPE_CHECKING:
    from campaignctl.content.model import Preview
    from campaignctl.errors import Finding
    from campaignctl.render.preview import Look
    from campaignctl.review.preview import Compared


@dataclass(frozen=True, slots=True)
class Show:
    """Writes previews in the form that was asked for, a page perhaps to a file."""

    app: App
    form: str
    output: str | None = None

    def previews(self, found: Sequence[Preview], title: str, findings: Sequence[Finding] = ()) -> None:
        """Write previews; a page also says what is wrong with others."""
        console = self.app.console
        if self.form == "html":
            from campaignctl.render.errors import findings_text

            problems = findings_text(findings, color=False) if findings else ""
            self._page(found, title=title, problems=problems)
        elif self.form == "json":
            from campaignctl.render.preview import preview_json

            console.document([preview_json(preview) for preview in found])
        elif found:
            from campaignctl.render.preview import previews_text

            console.say(previews_text(found, look=self._look, color=console.colored(console.out)))
        else:
            console.say("There are no campaigns.")

    def changes(self, found: Sequence[Compared], planfile: str) -> None:
        """Write what a plan changes; text only if it changes something."""
        console = self.app.console
        if self.form == "html":
            self._page(found, title=Path(planfile).name, plan=True, options=("--plan", planfile))
        elif self.form == "json":
            from campaignctl.render.preview import compared_json

            console.document([compared_json(one) for one in found])
        elif found:
            from campaignctl.render.preview import compared_text

            console.say(compared_text(found, look=self._look, color=console.colored(console.out)))

    def _page(self, found: Sequence[Preview] | Sequence[Compared], **more: Any) -> None:
        from campaignctl.render.preview_html import page

        text = self.app.console.redacted(page(found, **more))
        if self.output is None or self.output == STANDARD:
            self.app.console.raw(text)
            return
        write_private(self.output, text)
        self.app.console.log("info", f"The page is in {self.output}")

    @property
    def _look(self) -> Look:
        from campaignctl.render.preview import Look

        encoding = getattr(self.app.console.out, "encoding", None) or "utf-8"
        return Look(self.app.console.columns, boxes=encoding.lower().replace("-", "") == "utf8")
