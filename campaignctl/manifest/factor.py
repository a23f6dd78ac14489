"""What many manifests share, said once: variables, defaults of a folder, and matrices of markets.

A proposal: the caller compiles the result, and keeps it only if every campaign is the same as without it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from campaignctl.campaign.spec import LOCALISED
from campaignctl.manifest.defaults import DEFAULTS_FILE
from campaignctl.manifest.fmt import formatted, order_of
from campaignctl.manifest.pulled import Draft, is_free, slug
from campaignctl.yamlio.dump import mapping

#: From so many campaigns or messages on, and in this part of them, a value is shared.
_FEWEST, _PART = 3, 2 / 3
#: Fields that say what one campaign is, and when it sends.
_OWN = (
    "name",
    "messages",
    "metadata",
    "ab_test",
    "run_immediately",
    "scheduled_time",
    "recurrence",
    "is_draft",
)
_OWN_OF_MESSAGES = (
    "name",
    "channel",
    "subject",
    "preheader",
    "priority",
    *(n for names in LOCALISED.values() for n in names),
)
#: The fields that tell campaigns of several markets apart, and what their values are called.
_MARKETS = (
    (("spec", "targeting", "countries", "items"), "country"),
    (("spec", "targeting", "languages", "items"), "language"),
)
_CODE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,4})?")
#: How many fields of a matrix may differ besides the market, and how long their values may be.
_MOST_FIELDS, _LONGEST_VALUE = 4, 120

_Leaf = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Factored:
    """Drafts by the ids of their campaigns, those of a matrix under several; the text of each file of
    defaults by its path, and new variables of the project."""

    drafts: Mapping[str, Draft]
    keys: Mapping[str, str]
    defaults: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


def factored(
    drafts: Mapping[str, Draft],
    known: Mapping[str, str],
    taken: Collection[str],
    free: Callable[[str], bool],
    *,
    markets: bool = True,
) -> Factored:
    """What these drafts share, said once. `known` are the variables of the project and `taken` its keys;
    `free` tells whether a folder may get defaults. Without `markets` there is no matrix."""
    keys = {each: draft.key for each, draft in drafts.items()}
    named, variables = _with_variables(drafts, known)
    if markets:
        named, keys = _with_matrices(named, keys, taken)
    by_folder: dict[str, dict[str, Draft]] = defaultdict(dict)
    for each, draft in named.items():
        by_folder[draft.folder][each] = draft
    defaults: dict[str, str] = {}
    done: dict[str, Draft] = {}
    for folder, ones in by_folder.items():
        if not free(folder):
            done |= ones
            continue
        shared, left = _with_defaults(ones)
        done |= left
        if shared:
            path = f"{folder}/{DEFAULTS_FILE}" if folder else DEFAULTS_FILE
            defaults[path] = formatted(mapping(shared), order_of(path))
    return Factored(done, keys, defaults, variables)


# ------------------------------------------------------------------------------------------- variables


def _with_variables(
    drafts: Mapping[str, Draft], known: Mapping[str, str]
) -> tuple[dict[str, Draft], dict[str, str]]:
    """The drafts with variables for the integrations that several of them use."""
    used = Counter(
        (str(message.get("channel")), str(message["integration_id"]))
        for draft in drafts.values()
        for message in _messages(draft)
        if "integration_id" in message
    )
    names: dict[tuple[str, str], str] = {}
    new: dict[str, str] = {}
    for (channel, value), count in used.most_common():
        name = next((name for name, other in known.items() if other == value and channel in name), None)
        if name is None and count >= _FEWEST:
            name, number = f"{channel}_integration", 1
            while name in known or name in new:
                number += 1
                name = f"{channel}_integration_{number}"
            new[name] = value
        if name is not None:
            names[channel, value] = name

    def filled(message: Mapping[str, Any]) -> Mapping[str, Any]:
        name = names.get((str(message.get("channel")), str(message.get("integration_id"))))
        return {**message, "integration_id": f"${{var.{name}}}"} if name else message

    return {each: _with_messages(draft, filled) for each, draft in drafts.items()}, new


def _messages(draft: Draft) -> list[Mapping[str, Any]]:
    found = draft.parts["spec"].get("messages")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _with_messages(draft: Draft, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Draft:
    spec = draft.parts["spec"]
    if not _messages(draft):
        return draft
    messages = [change(one) if isinstance(one, Mapping) else one for one in spec["messages"]]
    return replace(draft, parts={**draft.parts, "spec": {**spec, "messages": messages}})


# -------------------------------------------------------------------------------------------- defaults


def _with_defaults(drafts: Mapping[str, Draft]) -> tuple[dict[str, Any], dict[str, Draft]]:
    """The defaults of a folder, and its drafts without what these say."""
    by_file = {draft.key: draft for draft in drafts.values()}
    specs = [{n: v for n, v in one.parts["spec"].items() if n not in _OWN} for one in by_file.values()]
    spec = _shared(specs, ())
    by_channel: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in by_file.values():
        for message in _messages(one):
            by_channel[str(message.get("channel"))].append(message)
    of_channels = {
        channel: found
        for channel, messages in by_channel.items()
        if (found := _shared(messages, _OWN_OF_MESSAGES)) and channel in LOCALISED
    }
    shared: dict[str, Any] = {}
    shared |= {"spec": spec} if spec else {}
    shared |= {"message": of_channels} if of_channels else {}

    def bare(message: Mapping[str, Any]) -> Mapping[str, Any]:
        return _without(message, of_channels.get(str(message.get("channel")), {}))

    left = {}
    for each, draft in drafts.items():
        rest = replace(draft, parts={**draft.parts, "spec": _without(draft.parts["spec"], spec)})
        left[each] = _with_messages(rest, bare)
    return shared, left


def _shared(objects: Sequence[Mapping[str, Any]], own: Collection[str]) -> dict[str, Any]:
    """What most of these objects have, and all of them in some form: nothing takes a default away again."""
    if len(objects) < _FEWEST:
        return {}
    found: dict[str, Any] = {}
    for path, values in _values(objects).items():
        if len(values) < len(objects) or {path[0], path[-1], *path[1:2]}.intersection(own):
            continue
        value, count = Counter(map(_frozen, values)).most_common(1)[0]
        if count >= max(_FEWEST, len(objects) * _PART):
            _put(found, path, next(one for one in values if _frozen(one) == value))
    return found


def _values(objects: Iterable[Mapping[str, Any]]) -> dict[_Leaf, list[Any]]:
    found: dict[_Leaf, list[Any]] = defaultdict(list)
    for one in objects:
        for path, value in _leaves(one, ()):
            found[path].append(value)
    return found


def _leaves(value: Any, path: _Leaf) -> Iterator[tuple[_Leaf, Any]]:
    if isinstance(value, Mapping) and (value or not path) and "$file" not in value:
        for name, item in value.items():
            yield from _leaves(item, (*path, name))
    else:
        yield path, value


def _frozen(value: Any) -> str:
    return repr(value)


def _put(holder: dict[str, Any], path: _Leaf, value: Any) -> None:
    for name in path[:-1]:
        holder = holder.setdefault(name, {})
    holder[path[-1]] = value


def _without(value: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """An object without the fields that are as the shared ones; nothing empty is left."""
    left: dict[str, Any] = {}
    for name, item in value.items():
        if name not in shared:
            left[name] = item
        elif isinstance(item, Mapping) and isinstance(shared[name], Mapping):
            if rest := _without(item, shared[name]):
                left[name] = rest
        elif _frozen(item) != _frozen(shared[name]):
            left[name] = item
    return left


# -------------------------------------------------------------------------------------------- matrices


def _with_matrices(
    drafts: Mapping[str, Draft], keys: Mapping[str, str], taken: Collection[str]
) -> tuple[dict[str, Draft], dict[str, str]]:
    """The drafts with one manifest for all campaigns that differ only in their market."""
    alike: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for each, draft in drafts.items():
        flat = dict(_flat(draft.parts, ()))
        if not (draft.files or len(draft.notes) != 1 or "extra" in draft.parts):
            alike[(draft.folder, tuple(flat))].append(each)
    done, named = dict(drafts), dict(keys)
    used = {key.casefold() for key in (*taken, *keys.values())}
    for ids in alike.values():
        while len(ids) >= _FEWEST:
            group = _like(drafts, ids)
            ids[:] = [each for each in ids if each not in group]
            if len(group) >= _FEWEST and (made := _matrix(drafts, group, used)):
                draft, name, codes = made
                used.add(draft.key.casefold())
                done |= dict.fromkeys(group, draft)
                named |= {
                    each: f"{draft.key}[{name}={code}]" for each, code in zip(group, codes, strict=True)
                }
    return done, named


def _flat(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every scalar of a value by its path, also in lists."""
    pairs = (
        value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else None
    )
    if pairs is None:
        yield path, value
        return
    for name, item in pairs:
        yield from _flat(item, (*path, name))


def _differing(drafts: Sequence[Draft]) -> list[tuple[str | int, ...]]:
    flats = [dict(_flat(draft.parts, ())) for draft in drafts]
    return [
        path for path in flats[0] if path != ("adopt",) and len({_frozen(flat[path]) for flat in flats}) > 1
    ]


def _like(drafts: Mapping[str, Draft], ids: Sequence[str]) -> list[str]:
    """The first of these drafts, and the others that differ from it in a few fields."""
    first = drafts[ids[0]]
    return [ids[0]] + [each for each in ids[1:] if len(_differing([first, drafts[each]])) <= _MOST_FIELDS + 1]


def _matrix(
    drafts: Mapping[str, Draft], group: Sequence[str], used: Collection[str]
) -> tuple[Draft, str, list[str]] | None:
    """One manifest for a group, the name of its market, and the code of each campaign; None if the campaigns
    do not differ in a market, or in too much else."""
    ones = [drafts[each] for each in group]
    flats = [dict(_flat(one.parts, ())) for one in ones]
    differing = _differing(ones)
    market = next(((path, name) for path, name in _MARKETS if (*path, 0) in differing), None)
    if market is None or len(differing) > _MOST_FIELDS + 1:
        return None
    place = (*market[0], 0)
    codes = [str(flat[place]) for flat in flats]
    if len(set(map(str.casefold, codes))) < len(codes) or not all(map(_CODE.fullmatch, codes)):
        return None
    including: list[dict[str, str]] = [
        {market[1]: code, "id": each} for code, each in zip(codes, group, strict=True)
    ]
    values: dict[tuple[str | int, ...], str] = {("adopt",): "${matrix.id}"}
    for path in differing:
        texts = [flat[path] for flat in flats]
        if not all(
            isinstance(text, str) and len(text) <= _LONGEST_VALUE and "${" not in text for text in texts
        ):
            return None
        forms = {
            text.replace(code, f"${{matrix.{market[1]}}}") for text, code in zip(texts, codes, strict=True)
        }
        if len(forms) == 1:
            values[path] = forms.pop()
            continue
        name = _free_name(str(next(part for part in reversed(path) if isinstance(part, str))), including[0])
        for entry, text in zip(including, texts, strict=True):
            entry[name] = text
        values[path] = f"${{matrix.{name}}}"
    key = _key_of(ones, codes, used)
    matrix = {market[1]: codes, "include": including}
    parts = _replaced(ones[0].parts, values, ())
    parts = {"adopt": parts["adopt"], "matrix": matrix, **parts}
    return (
        Draft(key, parts, {}, (f"{len(group)} campaigns of the account, one for each {market[1]}",)),
        market[1],
        codes,
    )


def _free_name(name: str, entry: Mapping[str, str]) -> str:
    bare, number = re.sub(r"[^A-Za-z0-9_-]", "_", name), 1
    bare = bare if bare[:1].isalpha() else f"value_{bare}"
    name = bare
    while name in entry or name in ("include", "exclude"):
        number += 1
        name = f"{bare}_{number}"
    return name


def _key_of(ones: Sequence[Draft], codes: Sequence[str], used: Collection[str]) -> str:
    """The key of a matrix: of the first name without its code."""
    folder, name = ones[0].folder, str(ones[0].parts["spec"].get("name", ""))
    bare = slug(re.sub(rf"\b{re.escape(codes[0])}\b", " ", name)) or slug(name) or "markets"
    base = f"{folder}/{bare}" if folder else bare
    key, number = base, 1
    while not is_free(key, used):
        number += 1
        key = f"{base}-{number}"
    return key


def _replaced(value: Any, values: Mapping[tuple[str | int, ...], str], path: tuple[str | int, ...]) -> Any:
    if path in values:
        return values[path]
    if isinstance(value, Mapping):
        return {name: _replaced(item, values, (*path, name)) for name, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, values, (*path, index)) for index, item in enumerate(value)]
    return value
