"""A plan as a person reviews it: what is equal stands together, and what sends soonest comes first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from campaignctl.diff import EVERYONE, FieldChange, messages_before
from campaignctl.diff.words import common_length
from campaignctl.errors import SEVERITIES, Finding
from campaignctl.plan.model import Action, Change, Plan
from campaignctl.review import wording
from campaignctl.review.wording import Wording, near, wording_of

if TYPE_CHECKING:
    from campaignctl.review.calendar import Calendar
    from campaignctl.review.preview import Compared

# More differences than this make a group harder to read than its campaigns one by one.
_MOST_VARYING = 4
# Texts are compared with those of so many groups before them: of one manifest, they are next to each other.
_COMPARED = 2
_SHORT = 200
_LINKS = ("https://", "http://")
_NEVER = datetime.max.replace(tzinfo=UTC)

#: The changes of one campaign, in their order.
_Steps = list[Change]


@dataclass(frozen=True, slots=True)
class Group:
    """Changes that do the same to several campaigns, by key; most groups have one.

    They share the action, the reason, what they send, and every text that recipients see, but for a few words
    at most. `common` are the fields that change in the same way in all of them, `varying` the paths of those
    that do not: names, times, audiences, links, and the texts of `wording`. Each change has all of these
    paths.
    """

    changes: tuple[Change, ...]
    common: tuple[FieldChange, ...]
    varying: tuple[str, ...] = ()
    wording: Wording = field(default_factory=Wording)

    @property
    def first(self) -> Change:
        """The change with the first key, which stands for what all of them share."""
        return self.changes[0]

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the campaigns."""
        return tuple(change.key for change in self.changes)

    @property
    def pattern(self) -> str:
        """How the keys begin, as a pattern; empty if they have no beginning in common."""
        first, last = self.keys[0], self.keys[-1]
        begin = first[: common_length(first, last)]
        return f"{begin}*{']' * ('[' in begin)}" if begin else ""

    @property
    def shared(self) -> tuple[FieldChange, ...]:
        """The common fields, and the texts that differ in a few words with marks in place of those."""
        shown = {each.path: each for each in self.common} | dict(self.wording.fields)
        return tuple(shown[each.path] for each in self.first.diff if each.path in shown)

    @property
    def apart(self) -> tuple[str, ...]:
        """The paths that differ in more than a few words."""
        return tuple(path for path in self.varying if path not in self.wording.fields)

    def own(self, change: Change, *, worded: bool = True) -> Iterator[FieldChange]:
        """The fields of one of its changes that differ among them; not `worded`: in more than a few words."""
        paths = self.varying if worded else self.apart
        return (each for each in change.diff if each.path in paths)

    @property
    def example(self) -> Change:
        """The first change, with marks in place of the words in which the texts differ."""
        change, fields = self.first, self.wording.fields
        if not fields or change.spec is None:
            return change
        swapped = [
            FieldChange(each.path, fields[each.path].after, each.after)
            for each in change.diff
            if each.path in fields and each.after is not None
        ]
        spec = {**change.spec, "messages": messages_before(change.spec, swapped)}
        return replace(change, diff=tuple(fields.get(each.path, each) for each in change.diff), spec=spec)

    @property
    def warnings(self) -> dict[str, tuple[str, ...]]:
        """Each warning with the keys it is about."""
        about: dict[str, list[str]] = {}
        for change in self.changes:
            for warning in change.warnings:
                about.setdefault(warning, []).append(change.key)
        return {warning: tuple(keys) for warning, keys in about.items()}


@dataclass(frozen=True, slots=True)
class Remark:
    """One sentence of lint, and every campaign of the plan that it is about; at least one."""

    places: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The finding that stands for all of them."""
        return self.places[0]


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that is reviewed. `groups` have each change of the plan once, and `messages` by key and
    action what recipients see before and after the first change of each, which stands for the others, or
    after every change; `examples` what they see of a group with marks in place of the words that differ.
    `calendar` is the week in which the changed campaigns first send, if they do by
    themselves."""

    plan: Plan
    groups: tuple[Group, ...]
    lint: tuple[Remark, ...] = ()
    messages: Mapping[tuple[str, Action], tuple[Compared, ...]] = field(default_factory=dict)
    examples: Mapping[tuple[str, Action], tuple[Compared, ...]] = field(default_factory=dict)
    calendar: Calendar | None = None

    def messages_of(self, change: Change) -> tuple[Compared, ...]:
        """What recipients of one campaign see before and after a change of it."""
        return self.messages.get((change.key, change.action), ())

    def messages_like(self, group: Group) -> tuple[Compared, ...]:
        """What recipients of each campaign of a group see, whatever the words in which its texts differ."""
        first = group.first
        return self.examples.get((first.key, first.action), self.messages_of(first))


def review_of(plan: Plan) -> Review:
    """The review of a plan in its own words: without what recipients see, and without a calendar."""
    return Review(plan, groups_of(plan.changes), _remarks(plan.lint))


def with_previews(review: Review, samples: Mapping[str, str], *, every: bool = False) -> Review:
    """The review with what recipients see, by `samples` of macros, and with the calendar of its week.

    `every`: of each change, and not of the first of each group alone, from which another may differ in what
    does not change. Raises `TimeError` if the plan's zone does not exist.
    """
    # What plans and applies do without: previews alone take longer to import than a short plan to print.
    from campaignctl.review.preview import compared
    from campaignctl.review.week import calendar_of

    plan = review.plan
    shown = plan.changes if every else [change for group in review.groups for change in _to_show(group)]
    seen: dict[tuple[str, Action], tuple[Compared, ...]] = {}
    for change in shown:
        of = change.key, change.action
        seen[of] = (*seen.get(of, ()), *compared(change, samples=samples))
    examples = {
        (group.first.key, group.first.action): compared(group.example, samples=samples)
        for group in review.groups
        if group.wording.fields and not every
    }
    return replace(review, messages=seen, examples=examples, calendar=calendar_of(plan))


def _to_show(group: Group) -> Sequence[Change]:
    """The changes of a group whose messages are looked at: how many parts an SMS has depends on each word."""
    has_sms = any("/sms/" in path for path in group.wording.fields)
    return group.changes if has_sms else group.changes[:1]


def groups_of(changes: Iterable[Change]) -> tuple[Group, ...]:
    """Every change in exactly one group. What sends soonest, to most people, comes first; several changes of
    one campaign stay in their order."""
    campaigns: dict[str, list[Change]] = {}
    for change in changes:
        campaigns.setdefault(change.key, []).append(change)
    alike: dict[tuple[_Known, ...], _Run] = {}
    for _, steps in sorted(campaigns.items()):
        looked = [_Looked.at(step) for step in steps]
        alike.setdefault(tuple(one.shared for one in looked), _Run(looked)).campaigns.append(steps)
    ordered = sorted(_joined(list(alike.values())), key=lambda groups: min(map(_urgency, groups)))
    return tuple(group for groups in ordered for group in groups)


#: What changes have in common, piece by piece: equal for those that are alike.
_Known = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Looked:
    """A change as it is compared: what all changes of a group have in common, the same whatever its texts
    say, and those texts for recipients in which words may differ."""

    shared: _Known
    but_texts: _Known
    texts: list[FieldChange]

    @classmethod
    def at(cls, change: Change) -> _Looked:
        """A look at a change, which reads each of its fields once."""
        does = _text(
            [
                _does(change),
                [[each.path, each.applied, each.live, each.manifest] for each in change.conflicts],
                [[each.path, each.baseline, each.value] for each in change.unmanaged],
            ]
        )
        shared, but_texts = [does], [does]
        texts: list[FieldChange] = []
        for each in change.diff:
            differs = _may_differ(each)
            piece = each.path if differs else _text(_field(each))
            shared.append(piece)
            if not differs and each.path.startswith("messages/") and wording.may_differ(each):
                texts.append(each)
                piece = f"{each.path} {each.before is None} {each.after is None}"
            but_texts.append(piece)
        return cls(tuple(shared), tuple(but_texts), texts)


@dataclass(frozen=True, slots=True)
class _Run:
    """Campaigns that do the same, with equal texts; `looked` are the steps of the first."""

    looked: list[_Looked]
    campaigns: list[_Steps] = field(default_factory=list)

    def near(self, other: _Run) -> bool:
        """Whether the texts of another one differ in a few short words only."""
        return all(near(one.texts, their.texts) for one, their in zip(self.looked, other.looked, strict=True))


def _joined(runs: Iterable[_Run]) -> Iterator[list[Group]]:
    """The groups of campaigns that do the same, step by step; as one where texts differ in a few words."""
    alike: dict[tuple[_Known, ...], list[list[_Run]]] = {}
    for run in runs:
        known = alike.setdefault(tuple(one.but_texts for one in run.looked), [])
        for cluster in known[: -_COMPARED - 1 : -1]:
            if cluster[0].near(run):
                cluster.append(run)
                break
        else:
            known.append([run])
    for together in (cluster for known in alike.values() for cluster in known):
        campaigns = sorted((each for run in together for each in run.campaigns), key=lambda one: one[0].key)
        steps = zip(together[0].looked, *campaigns, strict=True)
        groups = [_group(changes, [each.path for each in looked.texts]) for looked, *changes in steps]
        if all(group and len(group.varying) <= _MOST_VARYING + len(group.wording.fields) for group in groups):
            yield [group for group in groups if group]
        else:
            for run in together:
                yield [group for step in zip(*run.campaigns, strict=True) for group in _groups(step)]


def outline_of(groups: Sequence[Group]) -> tuple[Group, ...]:
    """The groups, those as one that do the same to the same fields, whatever the texts say: for lines that
    show no text. Each stands where the first of it stood."""
    alike: dict[str, list[Change]] = {}
    for group in groups:
        does = _text([_does(group.first), sorted(each.path for each in group.first.diff)])
        alike.setdefault(does, []).extend(group.changes)
    return tuple(_plain_group(sorted(found, key=lambda one: one.key)) for found in alike.values())


def _groups(changes: Sequence[Change]) -> list[Group]:
    """One group if few fields differ, else one for each set of fields that are equal in all."""
    group = _plain_group(changes)
    if len(group.varying) <= _MOST_VARYING:
        return [group]
    alike: dict[str, list[Change]] = {}
    for change in changes:
        alike.setdefault(_text(_fields(change.diff)), []).append(change)
    return [_plain_group(found) for found in alike.values()]


def _group(changes: Sequence[Change], may_differ: Iterable[str]) -> Group | None:
    """The group of changes of which these texts may differ in a few words; None if they differ in more."""
    group = _plain_group(changes)
    texts = [path for path in may_differ if path in group.varying]
    if not texts:
        return group
    by_path = [{each.path: each for each in change.diff} for change in changes]
    found = wording_of(group.keys, [[fields[path] for fields in by_path] for path in texts])
    return replace(group, wording=found) if found else None


def _plain_group(changes: Sequence[Change]) -> Group:
    first, *others = changes
    fields = [{each.path: each for each in change.diff} for change in others]
    common = tuple(each for each in first.diff if all(_same(each, other[each.path]) for other in fields))
    equal = {each.path for each in common}
    varying = tuple(each.path for each in first.diff if each.path not in equal)
    return Group(tuple(changes), common, varying)


def _same(one: FieldChange, other: FieldChange) -> bool:
    """Whether two changes of a field are the same."""
    if isinstance(one.after, str) and one.before is None:
        return other.before is None and other.after == one.after
    return _text([one.before, one.after]) == _text([other.before, other.after])


def _does(change: Change) -> list[Any]:
    """What a change does, without its fields."""
    sends = change.sends
    return [
        [change.action, change.arms, change.changes_sends, change.sends_at_once, change.halts],
        [change.deliberate_resend, change.lifecycle.phase, bool(change.waits_for), bool(change.id)],
        [sends.when, sends.profile_zone, change.zone, change.audience == EVERYONE],
        # A move says where from, which is told for each.
        [change.undo.split(" ")[0], None if change.action is Action.MOVE else str(change.reason)],
        [request.operation for request in change.requests],
    ]


# In JSON 1 is neither true nor 1.0.
_text = json.JSONEncoder(ensure_ascii=False, sort_keys=True, default=str).encode


def _fields(changes: Iterable[FieldChange]) -> list[list[Any]]:
    return [_field(each) for each in changes]


def _field(change: FieldChange) -> list[Any]:
    return [change.path, change.before, change.after]


def _may_differ(change: FieldChange) -> bool:
    """Whether a field may differ within a group: each text that recipients see has to be read by itself."""
    seen = change.path.startswith("messages/") or change.path == "messages"
    for value in (change.before, change.after):
        if isinstance(value, str):
            if len(value) > _SHORT or (seen and not value.startswith(_LINKS)):
                return False
        elif value is not None and (seen or len(_text(value)) > _SHORT):
            return False
    return True


_LOUD = (Action.CREATE, Action.REPLACE, Action.UPDATE, Action.RESUME)


def _urgency(group: Group) -> tuple[Any, ...]:
    change = group.first
    first = min(each.sends.first or _NEVER for each in group.changes)
    sends = change.arms or change.changes_sends
    return (
        not change.sends_at_once,
        not sends,
        first if sends else _NEVER,
        change.audience != EVERYONE,
        -len(group.changes),
        _LOUD.index(change.action) if change.action in _LOUD else len(_LOUD),
        change.action,
        change.key,
    )


def _remarks(findings: Iterable[Finding]) -> tuple[Remark, ...]:
    """Each sentence of lint once, errors first, with its places."""
    about: dict[tuple[str, str, str], list[Finding]] = {}
    for one in findings:
        about.setdefault((one.severity, one.code, one.message), []).append(one)
    told = sorted(about.values(), key=lambda found: SEVERITIES.index(found[0].severity))
    return tuple(Remark(tuple(found)) for found in told)
