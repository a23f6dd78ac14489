"""A review as one self-contained page that asks for nothing: no picture, no font, no script of anyone.

The page is complete without its one script, which searches and unfolds; a policy names the script by its
digest, so that no other runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from campaignctl.diff import FieldChange
from campaignctl.errors import NOWHERE, ProjectPlace, at, counted, hint_lines, plural
from campaignctl.plan.model import Blocked, Drift, Plan
from campaignctl.render.cuts import Cuts, cut_text
from campaignctl.render.escape import escape
from campaignctl.render.fields_html import Field, Values
from campaignctl.render.group_html import Block, Blocks, Room
from campaignctl.render.mail_html import policy
from campaignctl.render.pages import CHANNELS, digest, printable, script, template
from campaignctl.render.status import next_run_text
from campaignctl.render.summary import blocked_alike, drift_alike, fate_text, lift_command, summary_text
from campaignctl.render.values import set_outside
from campaignctl.review.review import Remark, Review
from campaignctl.schedule import humanize

# With what else a page has, this is less than 3 MB, for up to 500 groups: each takes room of its own.
_LETTERS = 900_000
_PER_GROUP = 900
_LEAST = 40_000
# So many messages of a group are seen at once; those that differ from them in a few words are folded.
_MESSAGES = 2


@dataclass(frozen=True, slots=True)
class Tile:
    """A number of the summary, and the part of the page that it is about."""

    count: int
    label: str
    target: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """Campaigns that are blocked for one reason, or one that drifted."""

    keys: tuple[str, ...]
    about: str
    reason: str
    fields: tuple[Field, ...]
    hint: tuple[tuple[str, bool], ...] = ()


def report(
    review: Review,
    *,
    place: ProjectPlace = NOWHERE,
    cuts: Cuts | None = None,
    calendar: str = "",
    link: Callable[[str], str] = lambda _: "",
    now: datetime | None = None,
    letters: int = _LETTERS,
) -> str:
    """The page of a review, with commands as typed at `place`. `calendar` is safe HTML for its own part,
    `link` leads to manifests, and at `now`, the time of the plan if it is not given, it may have expired.

    Values are whole until they have this many `letters` together, fewer with many groups; afterwards `cuts`
    has the number of those that are cut.

    Raises `TimeError` if the plan's zone does not exist.
    """
    plan, cuts = review.plan, cuts or Cuts()
    now = now or plan.created_at
    nonce = sha256(repr((plan, calendar)).encode(errors="replace")).hexdigest()[:32]
    values, room = _room(review, cuts, letters)
    parts = _Parts(plan, values, place)
    blocks = Blocks(review, values, room, nonce).all()
    drawn = template("review.html").render(
        plan=plan,
        head=tuple(_head(plan, now)),
        unread=tuple(_unread(plan)),
        verdict=_verdict(plan, now),
        link=link,
        summary=summary_text(plan),
        tiles=tuple(_tiles(plan, blocks)),
        settings=tuple(parts.settings()),
        objections=plan.objections,
        lift=lambda guardrail: lift_command(plan, guardrail).at(place),
        blocks=blocks,
        most=_MESSAGES,
        filters=tuple(_filters(blocks)),
        lint=tuple(_elsewhere(review)),
        **parts.all(),
        notes=tuple(escape(at(cuts.named(note), place), None) for note in plan.notes),
        calendar=_safe(calendar),
        cut=(cut_text(cuts), cuts.command.at(place)) if cuts.count else None,
        nonce=nonce,
        widths=("Phone",),
        options=(),
        script=script("review.js"),
        policy=policy(nonce, f"script-src {digest('review.js')};"),
    )
    return printable(drawn)


def _room(review: Review, cuts: Cuts, letters: int) -> tuple[Values, Room]:
    """How much of values, and of pictures, a page shows: each group takes some of both."""
    taken, room = _PER_GROUP * len(review.groups), Room()
    room.letters = max(room.letters - taken, _LEAST)
    return Values(cuts, max(letters - taken, _LEAST)), room


def _safe(html: str) -> Any:
    from markupsafe import Markup

    return Markup(html)  # noqa: S704 - a part of the page that its maker has escaped


def _head(plan: Plan, now: datetime) -> Iterator[tuple[str, str]]:
    """What the plan was made from and for."""
    company = f"company {escape(plan.company_id)}" if plan.company_id else "company not known yet"
    yield "Account", f"{company}{f' at {escape(plan.url)}' if plan.url else ''}"
    if plan.state:
        yield "State", escape(plan.state)
    yield "Made", humanize.instant(plan.created_at, plan.time_zone)
    if plan.valid_until is not None and plan.changes:
        yield (
            "Was valid until" if plan.expired(now) else "Valid until",
            humanize.instant(plan.valid_until, plan.time_zone),
        )
    if plan.commit:
        yield "Commit", escape(plan.commit)
    if plan.against:
        yield "Compared with", escape(plan.against)
    yield "Made by", f"campaignctl {escape(plan.tool_version)}"


def _unread(plan: Plan) -> Iterator[str]:
    """What the plan does not know or leaves out."""
    if not plan.refreshed:
        yield "Made from the state alone: the account was not read."
    if not plan.company_id:
        yield "No campaign has shown yet which company the account belongs to."
    if plan.targets:
        yield f"Planned only for: {', '.join(map(escape, plan.targets))}"
    if plan.overrides:
        yield f"Lifted for this plan: {', '.join(map(escape, plan.overrides))}"


def _verdict(plan: Plan, now: datetime) -> tuple[str, str]:
    """A tone, and whether it can be applied."""
    if plan.expired(now):
        return "bad", "Expired: this plan cannot be applied. Make a new one."
    blocked = sum(not one.before for one in plan.blocked)
    if plan.objections:
        return "bad", "Nothing of it is applied."
    if blocked and plan.decides:
        return "note", f"{counted(blocked, 'campaign')} blocked; all other changes go ahead."
    if blocked:
        return "note", f"{counted(blocked, 'campaign')} blocked, and nothing to apply."
    return ("good", "Can be applied.") if plan.decides else ("good", "Nothing to apply.")


def _tiles(plan: Plan, blocks: Sequence[Block]) -> Iterator[Tile]:
    """What matters, in numbers: only what there is."""
    changes = plan.changes
    conflicts = sum(bool(change.conflicts) for change in changes)
    loosen = sum(one.loosens for one in plan.settings_changed)
    everyone = sum(len(one.group.changes) for one in blocks if one.everyone)
    drifted, blocked = len({one.key for one in plan.drift}), sum(not one.before for one in plan.blocked)
    told = [
        _tile(len(plan.objections), "objection", "objections", "bad"),
        Tile(sum(change.sends_at_once for change in changes), "at once", "changes", "bad"),
        Tile(sum(change.arms for change in changes), "can send afterwards", "changes"),
        Tile(sum(change.changes_sends for change in changes), "armed and changed", "changes"),
        Tile(everyone, "to everyone", "changes", "note"),
        _tile(len(changes), "change", "changes"),
        _tile(len(plan.settings_changed), "setting", "settings", "note" if loosen else ""),
        Tile(blocked, "blocked", "blocked", "note"),
        _tile(conflicts, "conflict", "changes", "note"),
        Tile(drifted, "drifted", "drift", "note"),
        _tile(len(plan.lint), "finding", "changes" if changes else "lint"),
        Tile(plan.unchanged, "unchanged"),
    ]
    return (tile for tile in told if tile.count)


def _tile(count: int, noun: str, target: str, tone: str = "") -> Tile:
    return Tile(count, plural(count, noun), target, tone)


#: The filters of the changes, by the class of their blocks.
_KINDS = {
    "is-at-once": "At once",
    "is-arms": "Can send",
    "is-sends": "Changes what it sends",
    "is-warned": "With warnings",
}


def _filters(blocks: Sequence[Block]) -> Iterator[tuple[str, list[tuple[str, str, int]]]]:
    """Legends, and for each the class, the label and the number of changes of a choice."""
    counts: dict[str, int] = {}
    for block in blocks:
        for kind in block.kinds:
            counts[kind] = counts.get(kind, 0) + len(block.group.changes)
    actions = {kind: kind.removeprefix("do-").capitalize() for kind in counts if kind.startswith("do-")}
    channels = {f"on-{name}": label for name, label in CHANNELS.items()}
    every = sum(len(block.group.changes) for block in blocks)
    for legend, labels in (("Show", _KINDS | actions), ("Channel", channels)):
        found = [
            (kind, label, counts[kind]) for kind, label in labels.items() if 0 < counts.get(kind, 0) < every
        ]
        if found:
            yield legend, found


def _elsewhere(review: Review) -> Iterator[Remark]:
    """What lint says of no campaign that changes."""
    keys = {change.key for change in review.plan.changes}
    return (one for one in review.lint if not any(place.key in keys for place in one.places))


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts after the changes."""

    plan: Plan
    values: Values
    place: ProjectPlace

    def all(self) -> dict[str, tuple[Held, ...]]:
        """What is left alone, and what was lifted."""
        blocked = self.plan.blocked
        return {
            "blocked": tuple(self.blocked(one for one in blocked if not one.before)),
            "before": tuple(self.blocked(one for one in blocked if one.before)),
            "drift": tuple(map(self.drift, drift_alike(self.plan))),
            "lifted": tuple(self.lifted()),
        }

    def settings(self) -> Iterator[tuple[bool, Field]]:
        """Whether each change of a setting loosens, and the change."""
        for one in self.plan.settings_changed:
            yield one.loosens, self.values.field(FieldChange(one.path, one.before, one.after))

    def blocked(self, found: Iterable[Blocked]) -> Iterator[Held]:
        """Those that one reason blocks and one command lifts together."""
        for alike in blocked_alike(found):
            one = alike[0]
            campaign_id = f"{one.id}, " if one.id and len(alike) == 1 else ""
            yield Held(
                tuple(each.key for each in alike),
                f"{campaign_id}{one.status}",
                one.reason,
                self.values.fields((*one.diff, *set_outside(one.unmanaged))),
                tuple(hint_lines(one.hint, self.place)) if one.hint else (),
            )

    def drift(self, alike: Sequence[Drift]) -> Held:
        """Campaigns that were changed outside of the manifests in the same way."""
        one, keys = alike[0], tuple(each.key for each in alike)
        when = f", last changed {next_run_text(one.at, self.plan.time_zone)}" if one.at else ""
        what = "set outside of the manifests" if one.unmanaged else one.reason or "applied, then live"
        fields = self.values.fields((*one.diff, *set_outside(one.unmanaged)))
        about = one.id if len(alike) == 1 else counted(len(alike), "campaign")
        return Held(keys, about, f"{what}{when}; {fate_text(self.plan, one)}", fields)

    def lifted(self) -> Iterator[Held]:
        """Guardrails and rules that would have objected."""
        for one in self.plan.lifted:
            zone = self.plan.time_zone
            until = f"until {next_run_text(one.until, zone)}" if one.until else "once, on the command line"
            yield Held(one.keys, one.name, f"{until}{f': {one.reason}' if one.reason else ''}", ())
