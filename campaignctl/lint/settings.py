"""Severity and waivers: what the project file and a manifest make of the rules."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from campaignctl.campaign.keys import fits
from campaignctl.errors import Severity, Source, did_you_mean
from campaignctl.lint.rule import FAMILIES, Basis, Rule, rule
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.project.model import LintLevel, LintSettings, Project, Waiver, value_of
from campaignctl.schedule.times import TimeError, iso

_SETTINGS = Basis("fact", "the settings of the project and its manifests")


def level(rule: Rule, *layers: Mapping[str, LintLevel]) -> LintLevel:
    """The severity of a rule by settings, the nearest first: in one, the longest beginning of its code."""
    for layer in layers:
        for length in range(len(rule.code), 0, -1):
            if (found := layer.get(rule.code[:length])) is not None:
                return found
    return rule.severity


@dataclass(slots=True)
class Placed:
    """A waiver with its place, and whether it has matched a finding."""

    waiver: Waiver
    place: Source
    used: bool = False

    def accepts(self, code: str, key: str | None) -> bool:
        """Whether it is about a finding of this code for this key."""
        waiver = self.waiver
        return code.startswith(waiver.code) and any(fits(one, key or "") for one in waiver.keys)


@dataclass(slots=True)
class InForce:
    """The settings for one run: those of the project, and for each campaign its own over them.

    `complete`: every rule could look at every campaign.
    """

    project: LintSettings
    now: datetime
    zone: str
    codes: Collection[str] = ()
    severities: dict[Source, str] = field(default_factory=dict)
    of_project: tuple[Placed, ...] = ()
    waivers: list[Placed] = field(default_factory=list)
    complete: bool = True
    _of_key: dict[str, list[Placed]] = field(default_factory=dict)
    _own: dict[int, LintSettings] = field(default_factory=dict)

    @classmethod
    def of(cls, project: Project, now: datetime, codes: Collection[str]) -> InForce:
        """The settings of a project; `codes` are those of all rules."""
        places = project.lint_sources
        placed = [
            Placed(one, places.get(f"waivers/{index}", Source("", 1, 1)))
            for index, one in enumerate(project.lint.waivers)
        ]
        levels = {places.get(f"severity/{code}", Source("", 1, 1)): code for code in project.lint.severity}
        return cls(project.lint, now, project.time_zone, codes, levels, tuple(placed), placed)

    def add(self, declared: DesiredCampaign) -> None:
        """Take over what the `lint` of a manifest says."""
        if not declared.lint or declared.positions is None:
            return
        for code in self._of(declared).severity:
            self.severities[declared.positions.at(("lint", "severity", code))] = code
        for index, one in enumerate(self._of(declared).waivers):
            place = declared.positions.at(("lint", "waivers", index))
            placed = Placed(one, place)
            self.waivers.append(placed)
            self._of_key.setdefault(declared.key, []).append(placed)

    def severity(self, rule: Rule, declared: DesiredCampaign | None) -> Severity | None:
        """The severity of a rule for a campaign; None if it is off."""
        layers = [self._of(declared).severity] if declared is not None and declared.lint else []
        found = level(rule, *layers, self.project.severity)
        return None if found == "off" else found

    def waived(self, code: str, key: str | None) -> bool:
        """Whether a waiver in force accepts a finding; every one that is about it counts as used."""
        accepted = False
        for one in (*self.of_project, *self._of_key.get(key or "", ())):
            if one.accepts(code, key):
                one.used = True
                accepted = accepted or self.now < one.waiver.until
        return accepted

    def _of(self, declared: DesiredCampaign) -> LintSettings:
        # Campaigns of a matrix share the settings of their manifest only in value.
        mark = id(declared)
        if mark not in self._own:
            self._own[mark] = _settings(declared.lint, self.zone)
        return self._own[mark]


_NONE = LintSettings()


def _settings(given: Mapping[str, Any], zone: str) -> LintSettings:
    if not given:
        return _NONE
    try:
        found: LintSettings = value_of(LintSettings, given, zone)
    except TimeError:  # an end that the zone's clock skips or doubles: read in UTC, at most hours away
        found = value_of(LintSettings, given, "UTC")
    return found


@rule(
    "YML008",
    "error",
    "A setting of lint names a rule, or the beginning of codes.",
    on="settings",
    basis=_SETTINGS,
    fix="Write a code that `lint --list` shows.",
)
def unknown_code(run: InForce) -> Iterator[tuple[Source, str, str]]:
    """A code that no rule has."""
    named = [*run.severities.items(), *((one.place, one.waiver.code) for one in run.waivers)]
    for place, code in named:
        if not code or not any(one.startswith(code) for one in run.codes):
            hint = did_you_mean(code.upper(), (*FAMILIES, *run.codes), "`lint --list` shows all of them")
            yield place, f"there is no rule {code!r}", hint


@rule(
    "YML009",
    "warning",
    "A waiver is in force.",
    on="settings",
    basis=_SETTINGS,
    fix="Remove it, or extend it with a review.",
)
def lapsed(run: InForce) -> Iterator[tuple[Source, str, str]]:
    """A waiver that has ended."""
    for one in run.waivers:
        if one.waiver.until <= run.now:
            said = f"the waiver of {one.waiver.code} ended at {iso(one.waiver.until)}"
            yield one.place, said, "remove it, or extend it with a review"


@rule(
    "YML010",
    "warning",
    "A waiver accepts something.",
    on="settings",
    basis=_SETTINGS,
    fix="Remove it, or correct its code and keys.",
)
def unused(run: InForce) -> Iterator[tuple[Source, str, str]]:
    """A waiver that no finding needs."""
    for one in run.waivers if run.complete else ():
        if not one.used and one.waiver.until > run.now:
            yield one.place, f"the waiver of {one.waiver.code} matches no finding", "remove it, or correct it"
