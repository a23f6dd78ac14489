"""Scripts: in which script a language is written, and letters of another one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

#: Letters of each script, as parts of a class of a regular expression (Unicode 16, Scripts.txt; the blocks in
#: everyday use).
_LETTERS: Mapping[str, str] = {
    "Latin": "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02b8\ua7c0-\ua7ff\u1e00-\u1eff",
    "Cyrillic": "\u0400-\u0481\u048a-\u052f\u1c80-\u1c88\ua640-\ua66e",
    "Greek": "\u0370-\u0373\u0376-\u037d\u037f\u0386\u0388-\u03e1\u03f0-\u03ff\u1f00-\u1ffc",
    "Arabic": "\u0620-\u066f\u0671-\u06d3\u06fa-\u06fc\u0750-\u077f\u08a0-\u08c9\ufb50-\ufdfb\ufe70-\ufefc",
    "Hebrew": "\u05d0-\u05f2\u05d9\u05b4-\ufb4f",
    "Armenian": "\u0531-\u0556\u0559-\u0588",
    "Georgian": "\u10a0-\u10fa\u10fc-\u10ff\u1c90-\u1cbf",
    "Devanagari": "\u0904-\u0939\u0915\u093c-\u0961\u0972-\u097f",
    "Bengali": "\u0985-\u09b9\u09a1\u09bc-\u09e1",
    "Tamil": "\u0b85-\u0bb9",
    "Telugu": "\u0c05-\u0c39",
    "Gujarati": "\u0a85-\u0ab9",
    "Kannada": "\u0c85-\u0cb9",
    "Malayalam": "\u0d05-\u0d3a",
    "Gurmukhi": "\u0a05-\u0a39",
    "Sinhala": "\u0d85-\u0dc6",
    "Thai": "\u0e01-\u0e30\u0e40-\u0e46",
    "Lao": "\u0e81-\u0eb0\u0ec0-\u0ec6",
    "Khmer": "\u1780-\u17b3",
    "Burmese": "\u1000-\u102a",
    "Ethiopic": "\u1200-\u135a",
    "Han": "\u3400-\u4dbf\u4e00-\u9fff\u8c48-\ufaff",
    "Kana": "\u3041-\u3096\u30a1-\u30fa",
    "Hangul": "\uac00-\ud7a3\u1100-\u11ff",
}
#: The scripts of languages that are written in another one than Latin, or also in another one.
_OF: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk", "mn", "kk", "ky", "tg", "tt", "ce", "cv"), ("Cyrillic",)),
    "sr": ("Cyrillic", "Latin"),
    "bs": ("Cyrillic", "Latin"),
    "uz": ("Cyrillic", "Latin"),
    "az": ("Cyrillic", "Latin"),
    "el": ("Greek",),
    **dict.fromkeys(("ar", "fa", "ur", "ps", "ug", "sd"), ("Arabic",)),
    **dict.fromkeys(("he", "iw", "yi"), ("Hebrew",)),
    "hy": ("Armenian",),
    "ka": ("Georgian",),
    **dict.fromkeys(("hi", "mr", "ne", "sa"), ("Devanagari",)),
    **dict.fromkeys(("bn", "as"), ("Bengali",)),
    "ta": ("Tamil",),
    "te": ("Telugu",),
    "gu": ("Gujarati",),
    "kn": ("Kannada",),
    "ml": ("Malayalam",),
    "pa": ("Gurmukhi", "Arabic"),
    "si": ("Sinhala",),
    "th": ("Thai",),
    "lo": ("Lao",),
    "km": ("Khmer",),
    "my": ("Burmese",),
    **dict.fromkeys(("am", "ti"), ("Ethiopic",)),
    "zh": ("Han",),
    "ja": ("Han", "Kana"),
    "ko": ("Hangul", "Han"),
    **dict.fromkeys(("ku", "ms", "ha", "ks", "kw"), ("Latin", "Arabic", "Cyrillic")),
}
#: Languages that are written in Latin script only.
_LATIN = frozenset(
    """
    en de fr es it pt nl sv da nb nn no fi is et lv lt pl cs sk sl hr hu ro tr sq mt ga cy eu ca gl af sw id
    vi tl lb fo
    """.split()  # noqa: SIM905 - a list of forty words
)
_PLACES = re.compile(r"\$\{[^}$]*\}|https?://\S+")
_SCRIPTS = {name: re.compile(f"[{letters}]") for name, letters in _LETTERS.items()}
#: A word that mixes Latin with a script of look-alikes.
_MIXED = re.compile(
    f"[{_LETTERS['Latin']}][{_LETTERS['Cyrillic']}{_LETTERS['Greek']}]"
    f"|[{_LETTERS['Cyrillic']}{_LETTERS['Greek']}][{_LETTERS['Latin']}]"
)
#: Fewer letters may be a name or a brand.
_LEAST = 8


def foreign_letters(text: str, lang: str) -> Iterator[tuple[int, str]]:
    """The first place at which a text is not in the script of its language, and what is wrong there."""
    scripts = ("Latin",) if lang in _LATIN else _OF.get(lang)
    if scripts is None or (scripts == ("Latin",) and text.isascii()):
        return
    plain = _PLACES.sub(lambda place: " " * len(place[0]), text)
    if not plain.isascii() and (mixed := _MIXED.search(plain)):
        pair = mixed[0]
        yield mixed.start(), f"the letters {pair[0]!r} and {pair[1]!r} of one word are of two scripts"
        return
    if any(_SCRIPTS[script].search(plain) for script in scripts):
        return
    letters = [(found, name) for name, form in _SCRIPTS.items() if (found := form.search(plain))]
    if letters and sum(map(str.isalpha, plain)) >= _LEAST:
        found, name = min(letters, key=lambda each: each[0].start())
        written = " or ".join(scripts)
        yield found.start(), f"the text for {lang} is written in {name}, and no letter of it is {written}"
