"""The findings of lint for the campaigns that the manifests declare."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice

from campaignctl.campaign.problem import KeyPath
from campaignctl.errors import Finding, Severity, Source
from campaignctl.lint.registry import RULES
from campaignctl.lint.rule import SCOPES, Fault, Rule
from campaignctl.lint.settings import InForce
from campaignctl.lint.subject import Campaign, Message, Text
from campaignctl.manifest.model import DesiredState
from campaignctl.yamlio.findings import MOST_IN_FILE, Collected, in_order

_BY_SCOPE: Mapping[str, list[Rule]] = {
    scope: [one for one in RULES.values() if one.scope == scope] for scope in SCOPES
}
_NOWHERE = Source("", 1, 1)
#: Longer texts are looked at once, however many campaigns have them.
_LONG = 2_000


def inspect(
    desired: DesiredState, now: datetime, keys: Collection[str] | None = None, *, remarks: bool = True
) -> tuple[Finding, ...]:
    """The findings for the campaigns of these keys, or for all of them and the settings of lint.

    Without `remarks`, those of severity `info` are left out: their places need not be looked for then.
    Each is at its place in a manifest or a side file. Of a campaign that is not whole, only what could be
    read is looked at: each message and text by itself. `now` is aware, in UTC.
    """
    run = InForce.of(desired.project, now, RULES)
    run.complete = all(found.severity != "error" for found in desired.findings)
    samples = desired.project.preview.samples or {}
    campaigns = [Campaign(one, now, samples) for one in desired.campaigns.values()]
    for campaign in campaigns:
        if campaign.declared.lint:
            run.add(campaign.declared)
    return in_order(_Inspection(run, remarks=remarks).findings(campaigns, keys))


class _Inspection:
    """One run of the rules."""

    def __init__(self, run: InForce, *, remarks: bool) -> None:
        self._run = run
        self._remarks = remarks
        self._seen: dict[tuple[str | None, ...], tuple[Fault, ...]] = {}
        self._levels = {code: run.severity(one, None) for code, one in RULES.items()}
        #: Rules that are off for the whole project are not run.
        self._on: Mapping[str, list[Rule]] = {
            scope: [one for one in rules if self._levels[one.code]] for scope, rules in _BY_SCOPE.items()
        }

    def findings(self, campaigns: list[Campaign], keys: Collection[str] | None) -> Iterable[Finding]:
        found = Collected()
        for campaign in campaigns:
            if keys is None or campaign.key in keys:
                found.add(self._placed(campaign, self._faults(campaign)), campaign.key)
        whole = [campaign for campaign in campaigns if campaign.declared.whole]
        for one in self._rules("project", whole):
            for campaign, fault in one.check(whole):
                if keys is None or campaign.key in keys:
                    found.add(self._placed(campaign, ((one, fault),)), campaign.key)
        return (*found.findings, *(self._about_settings() if keys is None else ()))

    def _rules(self, scope: str, campaigns: Iterable[Campaign]) -> list[Rule]:
        """The rules of a scope, also those that only a manifest switches on."""
        own = any(campaign.declared.lint for campaign in campaigns)
        return (_BY_SCOPE if own else self._on)[scope]

    def _faults(self, campaign: Campaign) -> Iterator[tuple[Rule, Fault]]:
        only, whole = (campaign,), campaign.declared.whole
        for one in self._rules("campaign", only) if whole else ():
            for fault in _first(one, campaign):
                yield one, fault
        # What is missing may be what could not be read.
        of_message = self._rules("message", only) if whole else ()
        for message in campaign.messages:
            of_channel = self._rules(message.channel, only) if message.channel in _BY_SCOPE else ()
            for one in (*of_message, *of_channel):
                for fault in _first(one, message):
                    yield one, fault
            yield from self._in_texts(message)

    def _in_texts(self, message: Message) -> Iterator[tuple[Rule, Fault]]:
        of_text, of_html = (self._rules(scope, (message.campaign,)) for scope in ("text", "html"))
        for text in message.texts:
            check = self._once if len(text.text) >= _LONG else _first
            for one in (*of_text, *of_html) if text.kind == "html" else of_text:
                for fault in check(one, text):
                    yield one, fault

    def _once(self, one: Rule, text: Text) -> Iterable[Fault]:
        mark = (one.code, text.kind, text.lang, text.spoken, text.text)
        if mark not in self._seen:
            self._seen[mark] = tuple(_first(one, text))
        return (replace(fault, path=text.path) for fault in self._seen[mark])

    def _placed(self, campaign: Campaign, faults: Iterable[tuple[Rule, Fault]]) -> Iterator[Finding]:
        """The findings for faults that are neither off nor waived."""
        for one, fault in faults:
            declared = campaign.declared
            severity = self._run.severity(one, declared) if declared.lint else self._levels[one.code]
            told = severity if self._remarks or severity != "info" else None
            if told and not self._run.waived(one.code, campaign.key):
                place = _place(campaign, ("spec", *fault.path), fault.offset)
                yield Finding(told, one.code, fault.message, place, fault.hint)

    def _about_settings(self) -> Iterator[Finding]:
        # A waiver may accept such findings too: the rule about waivers comes last.
        for one in _BY_SCOPE["settings"]:
            severity: Severity | None = self._levels[one.code]
            for place, message, hint in one.check(self._run) if severity else ():
                if severity and not self._run.waived(one.code, None):
                    yield Finding(severity, one.code, message, place, hint)


def _first(one: Rule, of: Campaign | Message | Text) -> Iterator[Fault]:
    """As many faults of a rule in one place as a file shows: each has to be searched in its text."""
    return islice(one.check(of), MOST_IN_FILE)


def _place(campaign: Campaign, path: KeyPath, offset: int | None) -> Source:
    positions = campaign.declared.positions
    if positions is None:
        return campaign.declared.source
    if campaign.declared.unchecked and not positions.written(path[:2]):
        path = ("extra", *path[1:])
    return positions.at(path) if offset is None else positions.within(path, offset)
