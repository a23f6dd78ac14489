"""What `{$file: PATH}` names, once it was read: one text, or one for each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Where a path with this in it names one file for each language.
LANG = "{lang}"
#: A folder of the project and a path from there, as it stands in `$file`.
Reference = tuple[str, str]


@dataclass(frozen=True, slots=True)
class FileText:
    """What a path names: its name to show and its text, or why it cannot be used."""

    name: str
    text: str = ""
    error: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class LanguageTexts:
    """What a path with `{lang}` names: a file for each language, or why there are none.

    `strays` are the names of files that have something else where the language should be, each with it.
    """

    texts: Mapping[str, FileText] = field(default_factory=dict)
    strays: tuple[tuple[str, str], ...] = ()
    error: str = ""
    hint: str = ""


Texts = Mapping[Reference, FileText | LanguageTexts]
