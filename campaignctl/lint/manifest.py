"""Rules about a manifest as a whole, and about the settings of lint."""

from __future__ import annotations

from collections.abc import Iterator

from campaignctl.campaign import contract
from campaignctl.lint.rule import Basis, Fault, rule
from campaignctl.lint.subject import Campaign, Message

_EXAMPLES = Basis("fact", "API contract: every documented example has it")
_UNCONFIRMED = Basis("sibling", "answers, older editions and pages of sibling resources (API contract)")


@rule(
    "YML001",
    "info",
    "A campaign has labels.",
    on="campaign",
    basis=Basis("hint", "with labels a dashboard of thousands of campaigns can be searched"),
    fix="Add `labels`, best once in `_defaults.yaml`.",
)
def no_labels(campaign: Campaign) -> Iterator[Fault]:
    """A campaign without one label."""
    if not campaign.body.get("labels"):
        yield Fault(("labels",), "no labels")


@rule(
    "YML002",
    "warning",
    "A label occurs once.",
    on="campaign",
    basis=Basis("fact", "API contract, section 9: labels are a set"),
    fix="Remove one.",
    formerly=("label",),
)
def label_twice(campaign: Campaign) -> Iterator[Fault]:
    """A label that is there before."""
    labels = campaign.body.get("labels") or ()
    for index, label in enumerate(labels):
        if label in labels[:index]:
            yield Fault(("labels", index), f"duplicate label {label!r}", "labels are a set; remove one")


@rule(
    "YML003",
    "warning",
    "A body has only fields that requests are documented to take.",
    on="campaign",
    basis=_UNCONFIRMED,
    fix="Send one such campaign to yourself before you rely on the field, or remove it.",
    formerly=("unconfirmed",),
)
def unconfirmed(campaign: Campaign) -> Iterator[Fault]:
    """Fields that are known from answers or from sibling resources."""
    for name in ("score", "max_runs"):
        if name in campaign.body:
            said = f"`{name}` is known from answers only: the API may ignore or refuse it in a request"
            yield Fault((name,), said)
    for channel, events in (campaign.body.get("callbacks") or {}).items():
        for event in events:
            if channel != "push" or event not in contract.CALLBACK_EVENTS:
                yield Fault(
                    ("callbacks", channel, event),
                    f"event {event!r} of {channel!r} is not documented",
                    "documented events: on_click and on_wokenup of push",
                )
    for message in campaign.messages:
        if message.channel == "adex" and message.content:
            said = "channel adex is documented only for templates and in the oldest edition"
            yield Fault(message.inner, said)


@rule(
    "YML004",
    "warning",
    "A message has a name.",
    on="message",
    basis=_EXAMPLES,
    fix="Add `name`: previews, winners and reports use it.",
    formerly=("expected",),
)
def no_name(message: Message) -> Iterator[Fault]:
    """A message without a name."""
    if "name" not in message.body:
        yield Fault((*message.path, "name"), "`name` is missing; every documented message has it")


@rule(
    "YML005",
    "warning",
    "An A/B test says how it is decided.",
    on="campaign",
    basis=_EXAMPLES,
    fix="Add the missing fields, or correct the metric.",
    formerly=("expected", "metric"),
)
def incomplete_test(campaign: Campaign) -> Iterator[Fault]:
    """A test with fields missing, or with a metric that is not documented."""
    test = campaign.body.get("ab_test")
    if test is None:
        return
    for name in ("test_split", "winning_metric", "evaluation_window", "winner_delivery_mode"):
        if name not in test:
            yield Fault(("ab_test", name), f"`{name}` is missing; every documented test has it")
    metric = test.get("winning_metric", "click_rate")
    if metric not in contract.WINNING_METRICS:
        hint = f"use {' or '.join(contract.WINNING_METRICS)}"
        yield Fault(("ab_test", "winning_metric"), f"{metric!r} is not a documented metric", hint)


@rule(
    "YML006",
    "warning",
    "Name and description are short in bytes too.",
    on="campaign",
    basis=Basis("sibling", "API pages of deals and push tasks: limits are counted in UTF-8 bytes"),
    fix="Shorten the text.",
    formerly=("long-text",),
)
def long_name(campaign: Campaign) -> Iterator[Fault]:
    """A name or description that is longer in bytes than the API may take."""
    for name, limit in (("name", contract.NAME), ("description", contract.DESCRIPTION)):
        text = campaign.body.get(name) or ""
        # A character has at most four bytes.
        if len(text) * 4 > limit and (size := len(text.encode("utf-8", "surrogatepass"))) > limit:
            yield Fault(
                (name,),
                f"{size:,} bytes in UTF-8; the API may allow only {limit:,}",
                "this limit is documented for a sibling resource, or in characters",
            )


@rule(
    "YML007",
    "warning",
    "An AdEx request asks for 1 to 10 messages.",
    on="campaign",
    basis=Basis("sibling", "the oldest edition of the API's pages (API contract, section 2.3)"),
    fix="Write a number from 1 to 10.",
    formerly=("range",),
)
def adex_messages(campaign: Campaign) -> Iterator[Fault]:
    """A number out of that range."""
    for message in campaign.messages:
        if message.channel == "adex":
            if message.content.get("number_of_messages", 1) not in contract.ADEX_MESSAGES:
                yield Fault((*message.inner, "number_of_messages"), "not from 1 to 10")
            if message.content and not message.content.get("zone_id"):
                said = "`zone_id` is missing or empty; every documented adex message has it"
                yield Fault((*message.inner, "zone_id"), said)
