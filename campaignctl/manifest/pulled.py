"""Manifests for live campaigns, as a person would write them: the text of each, and its side files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from campaignctl.campaign.spec import CHANNELS, LOCALISED
from campaignctl.manifest.answer import parted, without_event
from campaignctl.manifest.document import API_VERSION, LONGEST_KEY
from campaignctl.manifest.fmt import formatted, order_of
from campaignctl.project.find import PROJECT_FILE
from campaignctl.yamlio.dump import literal, mapping
from campaignctl.yamlio.files import is_language
from campaignctl.yamlio.substitution import LANG
from campaignctl.yamlio.syntax import forbidden

LayoutOfKeys = Literal["channel", "label", "flat"]

#: Characters from which a text is in a file of its own: html is seldom read in a manifest.
_LONG = {"html": 200, "content": 700, "title": 700, "body": 700}
_SUFFIXES = {"html": "html", "content": "txt"}
#: Letters that have no other form without their mark.
_LETTERS = str.maketrans(
    {"ß": "ss", "đ": "d", "ð": "d", "ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "\u0131": "i"}
)
_LONGEST_NAME = 60
_UNNAMED = "campaign"
#: Windows opens a device under these names, whatever suffix and folder they have.
_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10)))
)
_RESERVED = _DEVICES | {PROJECT_FILE.removesuffix(".yaml")}


@dataclass(frozen=True, slots=True)
class Pulled:
    """A live campaign to be written as a manifest: its id, and the request that makes it.

    `phase` is what its manifest has to say of it, and `notes` are comments for the people who read it.
    """

    id: str
    request: Mapping[str, Any]
    phase: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def spec(self) -> dict[str, Any]:
        """What its manifest has to compile to."""
        return without_event(self.request)


@dataclass(frozen=True, slots=True)
class Draft:
    """A manifest before it is text: the fields of its document, the texts of its other files by their paths,
    and its comments. Texts are escaped as in a manifest."""

    key: str
    parts: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The folder of its file in the project."""
        return self.key.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Written:
    """The texts of a manifest's files by their paths in the project; its own, at `path`, is the last."""

    key: str
    path: str
    files: Mapping[str, str] = field(default_factory=dict)


def keys_for(
    pulled: Iterable[Pulled], folder: str, layout: LayoutOfKeys, taken: Collection[str]
) -> dict[str, str]:
    """A key for each campaign, by its id: of its name, below `folder` and what `layout` says.

    Keys that would be equal, equal to one that is `taken`, or reserved, are numbered: `welcome`, `welcome-2`.
    """
    used = {key.casefold() for key in taken}
    keys: dict[str, str] = {}
    last: dict[str, int] = {}
    for one in pulled:
        where = "/".join(filter(None, (folder, _folder_of(one.request, layout))))
        name = slug(str(one.request.get("name", ""))) or f"{_UNNAMED}-{slug(one.id)}"
        room = max(LONGEST_KEY - len(where) - len("/-9999"), 1)
        base = f"{where}/{name[:room]}" if where else name[:room]
        key, number = base, last.get(base, 1)
        while not is_free(key, used):
            number += 1
            key = f"{base}-{number}"
        last[base] = number
        used.add(key.casefold())
        keys[one.id] = key
    return keys


def is_free(key: str, used: Collection[str]) -> bool:
    """Whether a new manifest can have a key: it is not one of those in use, in small letters, and the name of
    its file is reserved neither by the project nor by Windows."""
    folded = key.casefold()
    return folded not in used and folded.rpartition("/")[2] not in _RESERVED


def slug(name: str) -> str:
    """A name as a part of a key: small letters, digits and `-`; empty if it has none of them."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS))
    words = re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode())
    return words.strip("-")[:_LONGEST_NAME].rstrip("-")


def channels_of(request: Mapping[str, Any]) -> tuple[str, ...]:
    """The channels of a request's messages, each once."""
    messages = request.get("messages")
    listed = messages if isinstance(messages, list | tuple) else ()
    named = [str(one.get("channel")) for one in listed if isinstance(one, Mapping)]
    return tuple(dict.fromkeys(named))


def labels_of(request: Mapping[str, Any]) -> tuple[str, ...]:
    """The labels of a request or an answer; none if they are no list."""
    labels = request.get("labels")
    return tuple(map(str, labels)) if isinstance(labels, list | tuple) else ()


def _folder_of(request: Mapping[str, Any], layout: LayoutOfKeys) -> str:
    match layout:
        case "channel":
            channels = channels_of(request)
            return channels[0] if len(channels) == 1 and channels[0] in CHANNELS else "mixed"
        case "label":
            label = next(filter(None, map(slug, labels_of(request))), "unlabelled")
            return f"{label}-2" if label in _DEVICES else label
        case "flat":
            return ""


def drafted(pulled: Pulled, key: str) -> Draft:
    """The manifest of a campaign, its long texts in files."""
    known, unknown = parted(pulled.spec)
    files: dict[str, str] = {}
    spec = _with_files(literal(known), key, files)
    parts: dict[str, Any] = {"adopt": pulled.id}
    parts |= {"lifecycle": {"phase": pulled.phase}} if pulled.phase else {}
    parts |= {"spec": spec} | ({"extra": literal(unknown)} if unknown else {})
    return Draft(key, parts, files, pulled.notes)


def written(draft: Draft, modeline: str = "") -> Written:
    """The files of a draft; its manifest begins with the modeline.

    Raises LayoutError for a body that cannot be written as YAML.
    """
    notes = "".join(f"# {note}\n" for note in draft.notes)
    text = f"apiVersion: {API_VERSION}\nkind: Campaign\n{notes}{mapping(draft.parts)}"
    path = f"{draft.key}.yaml"
    return Written(draft.key, path, {**draft.files, path: modeline + formatted(text, order_of(""))})


def _with_files(spec: dict[str, Any], key: str, files: dict[str, str]) -> dict[str, Any]:
    """A spec with `{$file: PATH}` in place of its long texts, which are added to `files`."""
    messages = spec.get("messages")
    if not isinstance(messages, list):
        return spec
    stem = key.rpartition("/")[2]
    names: list[str] = []
    for message in messages:
        name = slug(str(message.get("name", ""))) if isinstance(message, dict) else ""
        names.append(f".{name}" if len(messages) > 1 and name else "")
    # A bare number is that of a message without a name.
    several = {name for name in names if names.count(name) > 1 or name[1:].isdecimal()}
    folder = key[: len(key) - len(stem)]
    kept = []
    for number, (message, name) in enumerate(zip(messages, names, strict=True), 1):
        part = f"{name}.{number}" if len(messages) > 1 and (name in several or not name) else name
        kept.append(_with_texts(message, f"{stem}{part}", folder, files))
    return {**spec, "messages": kept}


def _with_texts(message: Any, stem: str, folder: str, files: dict[str, str]) -> Any:
    """A message with its long texts in files: one for each language."""
    channel = str(message.get("channel")) if isinstance(message, dict) else ""
    content = message.get(channel) if channel in LOCALISED else None
    if not isinstance(content, dict):
        return message
    moved: dict[str, Any] = {}
    for name in LOCALISED[channel]:
        texts = content.get(name)
        if name in _LONG and isinstance(texts, dict) and _is_long(texts, _LONG[name]):
            kind = _SUFFIXES.get(name, f"{name}.txt")
            form = f"{stem}.{LANG}.{kind}"
            files |= {f"{folder}{form.replace(LANG, lang)}": text for lang, text in texts.items()}
            moved[name] = {"$file": form}
    return {**message, channel: {**content, **moved}} if moved else message


def _is_long(texts: Mapping[str, Any], limit: int) -> bool:
    """Whether texts by language are long, or have what YAML forbids, and can all be files as they are."""
    fits = all(
        isinstance(text, str) and is_language(lang) and not text.startswith("\ufeff")
        for lang, text in texts.items()
    )
    return fits and any(len(text) > limit or forbidden().search(text) for text in texts.values())
