"""Rules about who is reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from campaignctl.campaign import contract
from campaignctl.campaign.codes import doubtful_country, doubtful_language
from campaignctl.lint.rule import Basis, Fault, rule
from campaignctl.lint.subject import Campaign
from campaignctl.manifest.model import likeness

_CONTRACT = Basis("fact", "API contract, section 2.6")
_ISO = Basis("fact", "ISO 3166-1 and ISO 639-1; the API does not say which codes it knows")
_KNOWN = frozenset({"countries", "languages", "profile_age", "custom_properties"})


def _choices(campaign: Campaign) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    targeting = campaign.targeting
    for name in ("countries", "languages"):
        if name in targeting:
            yield ("targeting", name), targeting[name]
    for name, choice in (targeting.get("custom_properties") or {}).items():
        yield ("targeting", "custom_properties", name), choice


@rule(
    "AUD001",
    "warning",
    "A choice of the audience has at least one value.",
    on="campaign",
    basis=_CONTRACT,
    fix="Name values, or remove the choice.",
    formerly=("empty",),
)
def no_items(campaign: Campaign) -> Iterator[Fault]:
    """A choice with an empty list."""
    for path, choice in _choices(campaign):
        if choice.get("items") == []:
            yield Fault((*path, "items"), "no values: the API does not document who this reaches")


@rule(
    "AUD002",
    "warning",
    "Countries and languages of the audience are codes in use.",
    on="campaign",
    basis=_ISO,
    fix="Write the code of ISO 3166-1 (DE) or ISO 639-1 (de).",
    formerly=("audience-code",),
)
def codes(campaign: Campaign) -> Iterator[Fault]:
    """A code that does not exist, so that it reaches no one."""
    for name, doubtful in (("countries", doubtful_country), ("languages", doubtful_language)):
        choice = campaign.targeting.get(name) or {}
        for index, item in enumerate(choice.get("items") or ()):
            if doubt := doubtful(item):
                yield Fault(("targeting", name, "items", index), *doubt)


@rule(
    "AUD003",
    "warning",
    "An operator of the audience is `in`.",
    on="campaign",
    basis=_CONTRACT,
    fix="Write `op: in`.",
    formerly=("operator",),
)
def operator(campaign: Campaign) -> Iterator[Fault]:
    """An operator that is not documented."""
    for path, choice in _choices(campaign):
        if choice.get("op", "in") != "in":
            said = f"operator {choice['op']!r} is not documented for campaigns; only `in` is"
            yield Fault((*path, "op"), said)


@rule(
    "AUD004",
    "warning",
    "An audience has at most 270 countries.",
    on="campaign",
    basis=Basis("sibling", "API page of segments (API contract, section 2.6)"),
    fix="Name fewer, or leave `countries` out for everyone.",
    formerly=("many-items",),
)
def many_countries(campaign: Campaign) -> Iterator[Fault]:
    """More countries than a segment takes."""
    if len((campaign.targeting.get("countries") or {}).get("items") or ()) > contract.COUNTRIES:
        yield Fault(("targeting", "countries"), f"more than {contract.COUNTRIES} countries")


@rule(
    "AUD006",
    "warning",
    "An audience has only fields that the API documents for campaigns.",
    on="campaign",
    basis=_CONTRACT,
    fix="Check in the dashboard that the campaign reaches the people you meant, or remove the field.",
    formerly=("unconfirmed",),
)
def undocumented(campaign: Campaign) -> Iterator[Fault]:
    """A field that may be ignored, so that more people are reached."""
    for name in campaign.targeting:
        if name not in _KNOWN:
            yield Fault(
                ("targeting", name),
                f"`{name}` is not documented for a campaign's audience; it is sent unchecked",
                "if the API ignores it, the campaign reaches more people than intended",
            )


@rule(
    "AUD005",
    "warning",
    "A content goes to an audience once in a project.",
    on="project",
    basis=Basis("fact", "the manifests of the project"),
    fix="Remove one of the campaigns, or change its texts or its audience.",
)
def same_twice(campaigns: Sequence[Campaign]) -> Iterator[tuple[Campaign, Fault]]:
    """Two campaigns with equal messages and an equal audience."""
    alike: dict[str, list[Campaign]] = {}
    for campaign in campaigns:
        others = alike.setdefault(campaign.declared.likeness or likeness(campaign.body), [])
        other = next((one for one in others if _sent(one) == _sent(campaign)), None)
        if other is None:
            others.append(campaign)
        else:
            said = f"the same content goes to the same audience as in {other.key}"
            yield campaign, Fault(("messages",), said, "remove one, or change texts or audience")


def _sent(campaign: Campaign) -> Sequence[Any]:
    """What recipients get, and who they are: equal for two campaigns that differ only in name and time."""
    return [(message.channel, message.content) for message in campaign.messages], campaign.targeting
