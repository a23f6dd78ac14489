"""The equal changes of a plan as a block of the report: what they share once, what differs in a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from campaignctl.content.model import EmailPreview, Preview, PushPreview
from campaignctl.diff import EVERYONE
from campaignctl.errors import counted
from campaignctl.plan.model import Change, Conflict
from campaignctl.render.cuts import Cuts
from campaignctl.render.escape import LIMIT, escape
from campaignctl.render.fields_html import Field, Piece, Values, safe
from campaignctl.render.preview_html import Side, draw
from campaignctl.render.summary import NO_PROOF, REACHING, proof_lines, sends_lines, undo_text
from campaignctl.render.values import audience_text, set_outside
from campaignctl.review.preview import Compared
from campaignctl.review.review import Group, Remark, Review
from campaignctl.schedule import humanize

#: Texts of a preview that are compared word by word.
_TEXTS = ("sender_name", "subject", "preheader", "title", "body", "text")
# What is said of proofs: its label, and how many different ones.
_PROOF, _PROOFS = "Proof", 6
# The length of a side in the page, roughly.
_SIDE = 2_500


@dataclass(slots=True)
class Room:
    """How much a page still draws: frames, which a browser takes some dozen of, and letters of all sides."""

    frames: int = 40
    letters: int = 1_100_000

    def takes(self, side: Preview) -> bool:
        """Whether it draws this side, which is counted then."""
        content, letters = side.content, _SIDE
        if is_email := isinstance(content, EmailPreview):
            letters += len(content.html) + len(content.text)
        if letters > self.letters or (is_email and not self.frames):
            return False
        self.letters -= letters
        self.frames -= is_email
        return True


@dataclass(frozen=True, slots=True)
class About:
    """A sentence, and the keys that it is about if it is not about all of the block."""

    text: str
    keys: tuple[str, ...] = ()
    tone: str = ""
    code: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its lines."""

    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One campaign of several, and where it differs from the others; `words` by their mark in the texts."""

    key: str
    id: str
    name: str
    facts: dict[str, Fact]
    fields: dict[str, Field]
    words: dict[str, str]
    source: str


@dataclass(frozen=True, slots=True)
class Variant:
    """One language of a message: its texts word by word, and a picture if there is room for it."""

    lang: str
    change: str
    changed: tuple[str, ...]
    texts: tuple[tuple[str, tuple[Piece, ...]], ...]
    before: Side | None
    after: Side | None
    is_drawn: bool


@dataclass(slots=True)
class Message:
    """A message that looks the same in several campaigns, drawn `like` one of them; `keys` if not in all."""

    name: str
    channel: str
    like: str
    keys: tuple[str, ...]
    variants: list[Variant] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Block:
    """A group as the page shows it."""

    group: Group
    facts: tuple[Fact, ...]
    rows: tuple[Row, ...]
    columns: tuple[str, ...]
    paths: tuple[str, ...]
    fields: tuple[Field, ...]
    unmanaged: tuple[Field, ...]
    warnings: tuple[About, ...]
    lint: tuple[About, ...]
    messages: tuple[Message, ...]

    @property
    def change(self) -> Change:
        """The change that stands for all of them."""
        return self.group.first

    @property
    def everyone(self) -> bool:
        """Whether it reaches everyone."""
        return self.change.action in REACHING and self.change.audience == EVERYONE

    @property
    def channels(self) -> set[str]:
        """The channels of the campaign."""
        messages = (self.change.spec or {}).get("messages")
        messages = messages if isinstance(messages, list | tuple) else ()
        return {str(each.get("channel")) for each in messages if isinstance(each, dict)}

    @property
    def kinds(self) -> list[str]:
        """What the filters of the page look for."""
        change = self.change
        marks = {
            "at-once": change.sends_at_once,
            "arms": change.arms,
            "sends": change.changes_sends,
            "warned": bool(self.warnings or self.unmanaged or self.lint),
        }
        return [
            f"do-{change.action}",
            *(f"is-{mark}" for mark, has in marks.items() if has),
            *(f"on-{channel}" for channel in sorted(self.channels) if channel.isalnum()),
        ]


@dataclass(slots=True)
class Blocks:
    """Makes the blocks of a review. `nonce` is that of the page."""

    review: Review
    values: Values
    room: Room
    nonce: str

    def all(self) -> list[Block]:
        """Every block, in the order of the groups: what comes first has the room."""
        about: dict[str, list[Remark]] = {}
        for remark in self.review.lint:
            for key in dict.fromkeys(place.key for place in remark.places):
                about.setdefault(key or "", []).append(remark)
        shown: set[str] = set()
        blocks = []
        for group in self.review.groups:
            # What lint says of a second change of a campaign is seen with the first.
            keys = [key for key in group.keys if key not in shown]
            shown.update(keys)
            blocks.append(self._block(group, keys, about))
        return blocks

    def _block(
        self,
        group: Group,
        keys: Sequence[str],
        about: dict[str, list[Remark]],
    ) -> Block:
        proofed = any(change.proofs for change in group.changes)
        rows = [{fact.label: fact for fact in self._facts(change, proofed)} for change in group.changes]
        labels = dict.fromkeys(label for row in rows for label in row)
        shared = [label for label in labels if len({row.get(label) for row in rows}) == 1]
        several = len(rows) > 1
        remarks = dict.fromkeys(id(one) for key in keys for one in about.get(key, ()))
        return Block(
            group,
            facts=(*(rows[0][label] for label in shared), *_different_proofs(rows)),
            rows=tuple(self._row(*row, group) for row in zip(group.changes, rows, strict=True))
            if several
            else (),
            columns=tuple(label for label in labels if label not in shared),
            paths=tuple(path for path in group.varying if path not in group.wording.fields)
            if several
            else (),
            fields=self.values.fields(group.shared if several else group.first.diff),
            unmanaged=self.values.fields(set_outside(group.first.unmanaged)),
            warnings=tuple(self._warnings(group)),
            lint=tuple(_remark(one, group) for one in self.review.lint if id(one) in remarks),
            messages=self._messages(group.changes),
        )

    def _facts(self, change: Change, proofed: bool) -> Iterator[Fact]:
        plan, cuts = self.review.plan, self.values.cuts
        zone = plan.time_zone
        if sends := sends_lines(change, zone, plan.created_at, distances=False):
            yield Fact("Sends", tuple(sends))
        if change.action in REACHING:
            yield Fact("Reaches", (_audience(change, cuts),))
        if proofed:
            yield Fact(_PROOF, tuple(proof_lines(change, zone)) or (NO_PROOF,))
        yield Fact("Can be undone", (undo_text(change.undo, zone),))
        yield Fact("Why", (escape(cuts.named(change.reason), None),))
        if change.moved_from:
            yield Fact("Was", (escape(change.moved_from),))
        if change.waits_for:
            yield Fact("Waits until canceled", tuple(map(escape, change.waits_for)))
        if change.valid_until:
            yield Fact("Valid until", (humanize.instant(change.valid_until, zone),))

    def _row(self, change: Change, facts: dict[str, Fact], group: Group) -> Row:
        fields = {one.path: self.values.field(one) for one in group.own(change, worded=False)}
        words = {mark: safe(words[change.key]) for mark, words in group.wording.words.items()}
        return Row(change.key, change.id or "", change.name, facts, fields, words, change.source)

    def _warnings(self, group: Group) -> Iterator[About]:
        cuts = self.values.cuts
        said: dict[str, list[str]] = {}
        for change in group.changes:
            for one in change.conflicts:
                said.setdefault(_conflict(one, cuts), []).append(change.key)
        for warning, keys in group.warnings.items():
            said.setdefault(escape(cuts.named(warning), None), []).extend(keys)
        for text, about in said.items():
            yield About(text, () if len(about) == len(group.changes) else tuple(about))

    def _messages(self, changes: Sequence[Change]) -> tuple[Message, ...]:
        """What looks the same is drawn once, whatever its links: those are in the fields."""
        alike: dict[Any, list[Compared]] = {}
        for change in changes:
            for one in self.review.messages_of(change):
                alike.setdefault(_look(one), []).append(one)
        messages: dict[Any, Message] = {}
        for found in alike.values():
            first, about = found[0], tuple(one.key for one in found)
            about = () if len(about) == len(changes) else about
            message = messages.setdefault(
                (first.message, first.channel, about),
                Message(first.message, first.channel, first.key if len(found) > 1 else "", about),
            )
            message.variants.append(self._variant(first))
        return tuple(messages.values())

    def _variant(self, one: Compared) -> Variant:
        sides = [Side(each) for each in (one.before, one.after) if each]
        drawn = all(self.room.takes(side.preview) for side in sides)
        for side in sides if drawn else ():
            draw(side, self.nonce)
            # The form of each device that shows the most; `preview` shows all of them.
            side.cards = {family: cards[-1:] for family, cards in side.cards.items()}
        return Variant(
            one.lang,
            one.change,
            tuple(name.replace("_", " ") for name in one.changed),
            tuple(self._texts(one, drawn)),
            sides[0] if one.before else None,
            sides[-1] if one.after else None,
            drawn,
        )

    def _texts(self, one: Compared, drawn: bool) -> Iterator[tuple[str, tuple[Piece, ...]]]:
        """The texts that change; while there is room also those of a message that is new or goes and not
        drawn, which are in the fields, too."""
        for name in _TEXTS:
            before, after = (_text(side, name) for side in (one.before, one.after))
            if before == after:
                continue
            label = name.replace("_", " ").capitalize()
            if one.before and one.after:
                yield label, self.values.words(before, after)
            elif not drawn and self.values.letters > 0:
                yield label, self.values.whole("new" if one.after else "old", before or after)


def _text(side: Preview | None, name: str) -> str:
    """A text of a message. A preheader that an inbox takes from the html is no text of its own."""
    if side is None or (name == "preheader" and getattr(side.content, "preheader_from", "") == "html"):
        return ""
    return str(getattr(side.content, name, ""))


def _audience(change: Change, cuts: Cuts) -> str:
    audience = audience_text(change.audience, cuts)
    if audience != EVERYONE:
        return audience
    aimed = bool((change.spec or {}).get("targeting"))
    return f"{EVERYONE} ({'no condition certainly narrows it' if aimed else 'there is no targeting'})"


def _different_proofs(rows: Sequence[Mapping[str, Fact]]) -> Iterator[Fact]:
    """How many campaigns have which proofs, where they differ: a reviewer looks for it first."""
    counts = Counter("; ".join(row[_PROOF].lines) for row in rows if _PROOF in row)
    if len(counts) > 1:
        most = counts.most_common(_PROOFS)
        rest = [f"and {len(counts) - _PROOFS:,} more, below"] if len(counts) > _PROOFS else []
        told = (f"{text}: {counted(count, 'campaign')}" for text, count in most)
        yield Fact(_PROOF, (*told, *rest))


def _conflict(one: Conflict, cuts: Cuts) -> str:
    applied, live, manifest = (cuts.value(value, LIMIT) for value in (one.applied, one.live, one.manifest))
    return f"Conflict: {cuts.text(one.path)} was {applied}, changed live to {live}; this plan sets {manifest}"


def _remark(one: Remark, group: Group) -> About:
    places = [place for place in one.places if place.key in group.keys]
    keys = tuple(dict.fromkeys(place.key for place in places if place.key))
    more = f" and {len(places) - 1:,} more" if len(places) > 1 else ""
    about = () if len(keys) == len(group.changes) else keys
    found = places[0]
    return About(safe(found.message), about, found.severity, found.code, f"{found.source}{more}")


def _look(one: Compared) -> Any:
    """What decides how a message looks and reads."""
    sides = tuple((side and _content(side), side and side.missing) for side in (one.before, one.after))
    return one.message, one.channel, one.lang, one.change, one.changed, sides


def _content(side: Preview) -> Any:
    content = side.content
    if not isinstance(content, PushPreview):
        return content
    buttons = tuple(replace(button, url="") for button in content.buttons)
    return replace(content, landing_url="", buttons=buttons, payload=0)
