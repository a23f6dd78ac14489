"""The changes of a plan for a comment: short lines that a phone shows, and what recipients will see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from campaignctl.content.model import EmailPreview, Preview, PushPreview, SmsPreview
from campaignctl.diff import EVERYONE, FieldChange
from campaignctl.diff.words import words_changed
from campaignctl.errors import counted, first_of
from campaignctl.plan.model import Change, Plan
from campaignctl.render.cuts import Cuts, json_text
from campaignctl.render.escape import LIMIT, code_span, fenced, html_code, prose
from campaignctl.render.fitting import Section, joined
from campaignctl.render.summary import (
    CHANGES_SENDS,
    NO_PROOF,
    REACHING,
    by_text,
    proof_lines,
    sends_lines,
    undo_text,
    valid_text,
)
from campaignctl.render.values import (
    audience_text,
    brief,
    compared,
    each_told,
    edges,
    set_outside,
    value_text,
    whole,
)
from campaignctl.review.preview import Compared
from campaignctl.review.review import Group, Review

#: The address of a manifest's line, by `Change.source`; empty where it has none.
Link = Callable[[str], str]

CHANGES = "### What changes"

_ONE_LINE = 120
_KEYS_SHOWN = 8
_SEVERAL = 6
_WORDS = 40
_VALUE = 100
_TEXT_SHOWN = 600
_DIFFERENCES_SHOWN = 1_500
_MESSAGES_SHOWN = 6
_LINE_SHOWN = 300


def changes_section(review: Review, cuts: Cuts, link: Link) -> Section:
    """Each group of changes in a few short lines, and what its recipients see."""
    groups = review.groups
    return Section(
        CHANGES,
        [joined([_told(group, review.plan, cuts, link), _seen(review, group, cuts)]) for group in groups],
        lambda shown: _not_shown([change for group in groups[shown:] for change in group.changes]),
        share=0.5,
        between="\n\n",
    )


def _told(group: Group, plan: Plan, cuts: Cuts, link: Link) -> str:
    """What a group does, to which campaigns, when, its audience, and until when it can be undone."""
    change = group.first
    mark = ", arms" if change.arms else f", {CHANGES_SENDS}" if change.changes_sends else ""
    lines = [f"**{change.action}{mark}**: {_which(group, cuts, link)}"]
    apart = _apart(group, plan, cuts, link)
    for label, tell, loud in _facts(group, plan):
        most = _WORDS if label in group.wording.words else _SEVERAL
        if told := _differing(group, tell, cuts, most, below=bool(apart)):
            lines.append(f"{label}: {_loud(told, loud)}")
    if fields := [each for each in group.common if change.id and each.path.split("/")[0] != "messages"]:
        lines.append(f"Changes: {cuts.items([_brief(each, cuts) for each in fields], _SEVERAL, str)}")
    return joined(["<br>\n".join(lines), apart])


_Fact = tuple[str, Callable[[Change], str], bool]


def _facts(group: Group, plan: Plan) -> Iterator[_Fact]:
    """What is said of each change: its label, the words, and whether they are loud."""
    change = group.first
    yield "Sends", lambda one: _sends(one, plan), change.sends_at_once
    if change.action in REACHING:
        everyone = change.audience == EVERYONE
        yield "Reaches", lambda one: audience_text(one.audience, Cuts(full=True)), everyone
    if any(one.proofs for one in group.changes):
        yield "Proof", lambda one: "; ".join(proof_lines(one, plan.time_zone)) or NO_PROOF, False
    if change.waits_for:
        yield "Waits until canceled", lambda one: ", ".join(one.waits_for), False
    yield "Can be undone", lambda one: undo_text(one.undo, plan.time_zone), change.undo == "never"
    if any(one.valid_until not in (None, plan.valid_until) for one in group.changes):
        yield "Can be applied", lambda one: valid_text(one, plan.time_zone), False
    for mark, words in group.wording.words.items():
        yield mark, _told_by(words), False


def _told_by(words: Mapping[str, str]) -> Callable[[Change], str]:
    """What tells the words of a campaign, as they are: a quote shows a space or nothing."""
    return lambda one: json_text(words[one.key])


def _apart(group: Group, plan: Plan, cuts: Cuts, link: Link) -> str:
    """The campaigns of a small group one by one, if they differ in more than their names."""
    facts = _differ(group, plan)
    own = [path for path in group.apart if path != "name"]
    if not (facts or own) or len(group.changes) > cuts.most(_KEYS_SHOWN):
        return ""
    lines = []
    for change in group.changes:
        told = [f"{label.lower()} {cuts.prose(tell(change), _LINE_SHOWN)}" for label, tell, _ in facts]
        told += [_brief(each, cuts) for each in group.own(change) if each.path in own and change.id]
        lines.append(f"- {_linked(change, link)}: {'; '.join(told)}")
    return "\n".join(lines)


def _differ(group: Group, plan: Plan) -> list[_Fact]:
    """The facts that are not the same for all campaigns of a group."""
    if len(group.changes) == 1:
        return []
    return [each for each in _facts(group, plan) if len(by_text(group, each[1])) > 1]


def _brief(change: FieldChange, cuts: Cuts) -> str:
    """A field in short; what is cut here is whole in the folded part, and not counted."""
    values = [change.before, change.after]
    shown = [code_span(json_text(value), cuts.most(_VALUE)) for value in values if value is not None]
    return f"{code_span(change.path)} {'removed, was ' if change.after is None else ''}{' → '.join(shown)}"


def _loud(markdown: str, loud: bool) -> str:
    return f"**{markdown}**" if loud else markdown


def _which(group: Group, cuts: Cuts, link: Link) -> str:
    """The campaign with its name and id; or how many, and the first of them."""
    if len(group.changes) > 1:
        # All of them are in the folded part.
        shown = first_of([_linked(change, link) for change in group.changes], cuts.most(_KEYS_SHOWN))
        return f"{counted(len(group.changes), 'campaign')}: {shown}"
    change = group.first
    known_as = (
        cuts.prose(change.name, 80) if change.name else "",
        code_span(change.id) if change.id else "",
        f"was {code_span(change.moved_from)}" if change.moved_from else "",
    )
    return ", ".join(filter(None, (_linked(change, link), *known_as)))


def _linked(change: Change, link: Link) -> str:
    key, address = code_span(change.key), link(change.source)
    return f"[{key}]({address})" if address else key


def _sends(change: Change, plan: Plan) -> str:
    # The next run of a recurrence is enough: the text before it describes the others.
    brief = replace(change, sends=replace(change.sends, at=change.sends.at[:1]))
    return "; ".join(sends_lines(brief, plan.time_zone, plan.created_at, distances=False))


def _differing(group: Group, tell: Callable[[Change], str], cuts: Cuts, most: int, *, below: bool) -> str:
    """What is true of all campaigns of a group, or the first of several truths, each with its campaigns."""
    told = by_text(group, tell)
    if below and len(told) > 1:
        return f"{len(told):,} different, see below"
    texts = [cuts.prose(text, _LINE_SHOWN) for text in told]
    if len(texts) == 1:
        return texts[0]
    counts = (f" ({counted(len(of), 'campaign')})" if len(of) > 1 else "" for of in told.values())
    said = [text + count for text, count in zip(texts, counts, strict=True)]
    return f"{len(said):,} different: {first_of(said, cuts.most(most))}"


# ------------------------------------------------------------------------------ what recipients see


def _seen(review: Review, group: Group, cuts: Cuts) -> str:
    """The texts before and after, message by message and language by language."""
    messages = review.messages_like(group)
    shown = messages[: cuts.most(_MESSAGES_SHOWN)]
    real = [each for change in group.changes for each in review.messages_of(change)]
    parts = [_message(one, [each for each in real if each.place == one.place], cuts, group) for one in shown]
    if rest := messages[len(shown) :]:
        cuts.count += 1
        parts.append(f"> _{counted(len(rest), 'more text')} not shown_")
    return joined(parts)


def _message(one: Compared, real: Sequence[Compared], cuts: Cuts, group: Group) -> str:
    """One message, of which these are the `real` ones of its campaigns. Of several campaigns only what
    changes: in the rest, one may differ from another. A link may differ even so, and is told with its
    campaign."""
    alone, links = len(group.changes) == 1, any(path.startswith("messages/") for path in group.apart)
    head = f"{one.channel}, {prose(one.lang)}, {prose(one.message)}: {one.change}"
    before, after = (dict(_texts(side)) if side else {} for side in (one.before, one.after))
    texts = {
        name: _text(before.get(name), after.get(name), one, cuts)
        for name in dict.fromkeys([*before, *after])
        if alone or before.get(name) != after.get(name)
    }
    named = {name: f"{name}: " for name in texts if name not in _UNNAMED}
    if links:
        named[_LINK] = f"{_LINK}, in {code_span(one.key)}: "
    said = [
        f"{named.get(name, '')}{_loud(_begun(text), name in _BOLD)}" for name, text in texts.items() if text
    ]
    return "<br>\n".join(f"> {line}" for line in (f"<sub>{head}</sub>", *said, *_parts(real)))


def _begun(markdown: str) -> str:
    """Markdown at the beginning of a line, where a sign or a number would begin a list or a rule."""
    return f"<wbr>{markdown}" if markdown[:1] in "-+=.:;!?()%&'\"0123456789" else markdown


def _parts(real: Sequence[Compared]) -> Iterator[str]:
    """What an SMS costs, and cost before if that was something else; of several, the least to the most."""
    said = []
    for sides in ([each.before for each in real], [each.after for each in real]):
        sms = [side.content for side in sides if side and isinstance(side.content, SmsPreview)]
        if sms:
            encodings = " or ".join(code_span(each) for each in dict.fromkeys(each.encoding for each in sms))
            most = max(each.parts_max for each in sms)
            said.append(f"{_range(min(each.parts for each in sms), most)} ({encodings})")
    if said:
        yield f"SMS parts: {' → '.join(dict.fromkeys(said))}"


def _range(least: int, most: int) -> str:
    return f"{least}" if least == most else f"{least} to {most}"


_BOLD = ("title", "subject")
_LINK = "opens"
_UNNAMED = ("title", "body", "subject", "text")


def _texts(preview: Preview) -> Iterator[tuple[str, str]]:
    """What a recipient reads, in the order of reading."""
    content = preview.content
    match content:
        case PushPreview():
            yield "title", content.title
            yield "body", content.body
            yield from ((f"button {at}", each.title) for at, each in enumerate(content.buttons, 1))
            yield _LINK, content.landing_url
        case EmailPreview():
            address = f"<{content.sender_email}>" if content.sender_email else ""
            yield "from", f"{content.sender_name} {address}".strip()
            yield "subject", content.subject
            # Else it is the beginning of the text, which follows.
            yield "preview text", content.preheader if content.preheader_from == "preheader" else ""
            yield "text", content.text
        case SmsPreview():
            yield "text", content.text


def _text(before: str | None, after: str | None, one: Compared, cuts: Cuts) -> str:
    """One text in words: what goes is struck out, what comes is underlined."""
    if one.before is None or one.after is None or before == after:
        return _short(after if one.after else before, cuts)
    pieces = words_changed(before or "", after or "")
    shown: list[str] = []
    for number, (kind, text) in enumerate(pieces):
        if sum(map(len, shown)) > cuts.most(_DIFFERENCES_SHOWN):
            shown.append(f"… {prose(f'({cuts.remark(after)})')}")
            break
        match kind:
            case "same":
                shown.append(_around(text, first=number == 0, last=number == len(pieces) - 1))
            case "old":
                shown.append(f"<del>{_short(text, cuts)}</del>" if text.strip() else "")
            case "new":
                shown.append(f"<ins>{_short(text, cuts)}</ins>" if text.strip() else "")
    return " ".join(filter(None, shown))


_CONTEXT = 60


def _around(text: str, *, first: bool, last: bool) -> str:
    """The words next to a change."""
    text = text.replace("\n", " ")
    if len(text) <= 2 * _CONTEXT:
        return prose(text, 2 * _CONTEXT)
    begin, end = edges(text, _CONTEXT)
    before = "" if first else f"{prose(begin, _CONTEXT)} "
    return f"{before}…{'' if last else f' {prose(end, _CONTEXT)}'}"


def _short(text: str | None, cuts: Cuts) -> str:
    return cuts.prose(text.replace("\n", " "), _TEXT_SHOWN, of=text) if text else ""


# --------------------------------------------------------------------------------- field by field


def fields_section(review: Review, most: int, cuts: Cuts) -> Section:
    """The fields of each group, folded; one takes at most about `most` characters."""
    groups = [group for group in review.groups if _has_details(group)]
    return Section(
        "### Field by field",
        [_details(group, review.plan, most, cuts) for group in groups],
        lambda shown: f"_{counted(len(groups) - shown, 'more change')} not shown field by field._",
        share=0,
    )


def _has_details(group: Group) -> bool:
    return bool(group.common or group.varying or group.first.unmanaged or len(group.changes) > 1)


def _details(group: Group, plan: Plan, most: int, cuts: Cuts) -> str:
    change, count = group.first, len(group.common) + len(group.varying)
    which = html_code(change.key) if len(group.changes) == 1 else counted(len(group.changes), "campaign")
    summary = f"<b>{change.action}</b> {which}" + (f": {counted(count, 'field')}" if count else "")
    parts = [
        f"Why: {cuts.prose(cuts.named(change.reason), _TEXT_SHOWN)}",
        diff_block(group.shared, most, cuts),
    ]
    if change.unmanaged:
        outside = diff_block(set_outside(change.unmanaged), most, cuts)
        parts += ["Also sent, set outside of the manifests:", outside]
    if len(group.changes) > 1:
        facts = _differ(group, plan)
        rows = [_row(group, one, facts, cuts) for one in group.changes]
        parts.append(fenced(list(_first(rows, most, cuts))))
    return folded(summary, parts)


def _row(group: Group, change: Change, facts: Sequence[_Fact], cuts: Cuts) -> str:
    """One campaign of a group with what is its own, on one safe line."""
    own = [f"{label.lower()} {cuts.text(tell(change))}" for label, tell, _ in facts]
    # Of an email, the words that differ tell more than its beginning.
    own += [brief(each, cuts) for each in group.own(change) if each.path in group.apart or _is_short(each)]
    if change.moved_from:
        own.insert(0, f"was {cuts.text(change.moved_from)}")
    named = change.name and "name" not in group.varying
    known_as = f" {cuts.value(change.name, LIMIT)}" if named else ""
    known_as += f" ({cuts.text(change.id)})" if change.id else ""
    return ": ".join(filter(None, (f"{cuts.text(change.key)}{known_as}", "; ".join(own))))


def _is_short(change: FieldChange) -> bool:
    return max(len(value_text(value, None)) for value in (change.before, change.after)) <= _LINE_SHOWN


def folded(summary: str, inside: Iterable[str]) -> str:
    """A summary in HTML, and parts in Markdown that a click shows."""
    parts = "\n\n".join(part for part in inside if part)
    return f"<details><summary>{summary}</summary>\n\n{parts}\n\n</details>"


def diff_block(changes: Iterable[FieldChange], most: int, cuts: Cuts) -> str:
    """Every field, in a block of at most about `most` characters; empty for no change.

    Lines of foreign text come after a bar, so that none passes for a field.
    """
    lines = [line for change in each_told(changes) for line in _field(change, cuts)]
    return fenced(list(_first(lines, most, cuts)), "diff") if lines else ""


def _first(lines: list[str], most: int, cuts: Cuts) -> Iterator[str]:
    for number, line in enumerate(lines):
        most -= len(line) + 1
        if most < 0:
            rest = "\n".join(lines[number:])
            yield f"@@ {counted(len(lines) - number, 'more line')}, {cuts.remark(rest)} @@"
            return
        yield line


def _field(change: FieldChange, cuts: Cuts) -> Iterator[str]:
    path = cuts.text(change.path)
    if change.before is None or change.after is None:
        symbol, value = ("+", change.after) if change.before is None else ("-", change.before)
        head, lines = whole(path, value, cuts)
        yield f"{symbol} {head}"
        yield from (f"{symbol} | {line}" for line in lines)
        return
    old, new = value_text(change.before, None), value_text(change.after, None)
    if max(len(old), len(new)) <= _ONE_LINE and not _has_lines(change):
        yield f"- {path} {old}"
        yield f"+ {path} {new}"
        return
    yield f"! {path}"
    for line in compared(change.before, change.after, cuts):
        yield f"@@ {line[2:]} @@" if line.startswith("@") else f"{line[0]} | {line[2:]}"


def _has_lines(change: FieldChange) -> bool:
    values = (change.before, change.after)
    return all(isinstance(value, str) for value in values) and any("\n" in value for value in values)


def _not_shown(changes: Sequence[Change]) -> str:
    arming = sum(change.arms for change in changes)
    sends = f", of which {arming} can send afterwards" if arming else ""
    if changing := sum(change.changes_sends for change in changes):
        sends += f"{' and' if sends else ', of which'} {changing} change what an armed campaign sends"
    return f"**{counted(len(changes), 'more change')} not shown{sends}.**"
