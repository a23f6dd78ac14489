"""The table of results: what was tried, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.torture.trials import Report

_HEAD = (
    *("plan", "what happens", "trials", "landed"),
    *("duplicates", "unseen", "halted", "losses", "stuck", "persons", "seconds"),
)


@dataclass
class Table:
    """Reports, summed up by plan and kind of trial."""

    reports: list[Report] = field(default_factory=list)

    @property
    def bad(self) -> list[Report]:
        return [report for report in self.reports if report.verdict.bad]

    def text(self, boundaries: int, seconds: float) -> str:
        """The whole table."""
        groups = dict.fromkeys((report.trial.scenario, report.trial.group) for report in self.reports)
        rows = [
            _row(*group, [r for r in self.reports if (r.trial.scenario, r.trial.group) == group])
            for group in sorted(groups)
        ]
        total = _row("", "all", self.reports)
        lines = [_HEAD, *rows, total]
        widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
        text = "\n".join(
            "  ".join(
                cell.ljust(width) if column < 2 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        )
        return f"{text}\n{boundaries} boundaries, {len(self.reports)} trials, {seconds:.0f} s"


def complaint(report: Report) -> str:
    """The findings of a trial, with its name."""
    trial = report.trial
    found = "\n".join(f"    {line}" for line in report.verdict.bad)
    return f"{trial.scenario} | {trial.group} | {trial.label}\n{found}"


def _row(scenario: str, group: str, reports: Sequence[Report]) -> tuple[str, ...]:
    counted = (
        len(reports),
        sum(report.landed for report in reports),
        sum(bool(report.verdict.duplicates) for report in reports),
        sum(bool(report.verdict.unseen) for report in reports),
        sum(bool(report.verdict.halted) for report in reports),
        sum(bool(report.verdict.losses) for report in reports),
        sum(bool(report.verdict.stuck) for report in reports),
        sum(report.verdict.persons for report in reports),
        round(sum(report.seconds for report in reports)),
    )
    return (scenario, group, *map(str, counted))
