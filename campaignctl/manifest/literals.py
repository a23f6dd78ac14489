"""Values written in JavaScript or PHP: the body in a `fetch` call or a PHP array, as API pages show it.

Nothing is run: what is not a plain value is refused.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from campaignctl.errors import CampaignctlError
from campaignctl.manifest.shell_words import ALONE

Language = Literal["JavaScript", "PHP"]

_BLANK = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_BLANK_PHP = re.compile(r"(?:\s+|//[^\n]*|#[^\n]*|/\*.*?\*/)+", re.DOTALL)
_STRING = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`""", re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.])", re.ASCII)
_NAME = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_WORDS = {"true": True, "false": False, "null": None}
_INSERTED = re.compile(r"\$[A-Za-z_{]|\{\$")
#: What a backslash begins: a code point in hexadecimal digits, or in octal ones; a line that goes on; a sign.
_ESCAPES: Mapping[Language, re.Pattern[str]] = {
    "JavaScript": re.compile(
        r"\\(?:(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))|([0-7]{1,3})|(\r?\n)|(.))",
        re.DOTALL,
    ),
    "PHP": re.compile(
        r"\\(?:(?:u\{([0-9a-fA-F]{1,6})\}|()x([0-9a-fA-F]{1,2}))|([0-7]{1,3})|(\Z)|(.))", re.DOTALL
    ),
}
_SIGNS: Mapping[Language, Mapping[str, str]] = {
    "JavaScript": {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"},
    "PHP": {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "e": "\x1b", **{x: x for x in '\\$"'}},
}
#: A backslash before a letter that it does not go with: JavaScript drops it, and it was hardly meant so.
_NO_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*+\\(?:[ac-eg-mo-qswyzA-Z]|[ux](?![0-9a-fA-F{]))")
_LARGEST = 0x10FFFF
_DEEPEST = 100
_CALLS = frozenset({"JSON", "json_encode", "array"})

_BEGINS = ("{", "[", "array", "'", '"', "`")
#: An array with names, as PHP writes one.
_ARRAY = re.compile(r"(?:\[|array\s*\()\s*['\"]\w+['\"]\s*=>", re.IGNORECASE)

#: Where the body begins: what is made JSON, or handed over as the body.
_MADE_JSON = re.compile(r"(?:JSON\.stringify|json_encode)\s*\(\s*")
_BODY = re.compile(r"""(?:['"]?(?:body|data|json)['"]?|CURLOPT_POSTFIELDS)\s*(?::|=>|,)\s*""")
_RAW = re.compile(r"""(?:const|let|var)?\s*\$?(?:raw|body|data|payload|postData|requestBody)\s*=\s*""")
_POSTED = re.compile(r"""(?:->|\.)post\s*\(\s*['"`][^'"`\n]*['"`]\s*,\s*""")
#: The variable that a value is kept in.
_KEPT = re.compile(r"([A-Za-z_$][\w$]*)\s*=\s*(?:JSON\.stringify\s*\(\s*|json_encode\s*\(\s*)?\Z", re.ASCII)
_LONGEST_NAME = 80
#: Where a variable gets another value, or a part of it does.
_CHANGED = (
    r"(?<![\w$.>])(?:Object\.assign\s*\(\s*{name}\b|delete\s+{name}\b|{name}"
    r"(?:\s*(?:\.|\?\.|->)\s*(?:(?:push|unshift|splice|pop|shift)\s*\(|\w+)|\s*\[[^\[\]\n]{{0,80}}\])*"
    r"(?:(?<=\()|\s*(?:[-+*/.|&]|\?\?|\|\|)?=(?![=>])))"
)
_METHOD = re.compile(
    r"""(?:['"]?(?:method|type)['"]?\s*:|CURLOPT_CUSTOMREQUEST\s*(?:=>|,)|['"]?method['"]?\s*=>)\s*['"](\w+)['"]"""
)
_CALLED = re.compile(r"""(?:->|\.|axios\.)(get|put|patch|delete)\s*\(\s*['"]https?:""", re.IGNORECASE)
_URL = re.compile(r"""['"`](https?://[^'"`\s]+)['"`]""")
_OF_JAVASCRIPT = re.compile(r"\bfetch\s*\(|JSON\.stringify|\baxios\b|XMLHttpRequest|\$\.ajax")
_OF_PHP = re.compile(
    r"<\?php|\bcurl_(?:init|setopt)|json_encode\s*\(|=>|^[^\S\n]*\$\w+\s*=\s*(?:\[|array)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Program:
    """The request of a program: its body, and what it says of method and URL (empty if it does not)."""

    body: Any
    method: str
    url: str


def language_of(text: str) -> Language | None:
    """The language of a pasted program that sends a request; None if it is in neither."""
    if _OF_JAVASCRIPT.search(text):
        return "JavaScript"
    return "PHP" if _OF_PHP.search(text) else None


def program(text: str, language: Language) -> Program:
    """The request of a program. Raises CampaignctlError if its body is not one plain value."""
    body, start, end = _body(text, language)
    around = f"{text[:start]} {text[end:]}"
    method = _METHOD.search(around) or _CALLED.search(around)
    url = _URL.search(around)
    return Program(body, method[1].upper() if method else "", url[1] if url else "")


def _body(text: str, language: Language) -> tuple[Any, int, int]:
    """The body, where it begins and where it ends: the first value that is handed over or kept as one.

    A later one may be a part of it: a push has a body too.
    """
    patterns = (_MADE_JSON, _BODY, _RAW, _POSTED, *((_ARRAY,) if language == "PHP" else ()))
    for found in sorted(
        (one for each in patterns for one in each.finditer(text)), key=lambda one: one.start()
    ):
        at = found.start() if found.re is _ARRAY else _defined(text, found.end(), language)
        if at is None or not text[at : at + 5].lower().startswith(_BEGINS):
            continue
        reader = _Reader(text, language, at)
        value = _unwrapped(reader.value())
        kept = _KEPT.search(text, max(at - _LONGEST_NAME, 0), at)
        if kept and re.compile(_CHANGED.format(name=re.escape(kept[1]))).search(text, reader.at):
            message = f"The pasted {language} changes {kept[1]} after its definition"
            raise CampaignctlError(message, hint=ALONE)
        if isinstance(value, dict) and value:
            return value, at, reader.at
    raise CampaignctlError(f"No body was found in the {language}", hint=ALONE)


def _unwrapped(value: Any) -> Any:
    """The body in the options of a request, or in a text of JSON."""
    if isinstance(value, dict) and "messages" not in value:
        inner = next((value[name] for name in ("json", "body", "data") if name in value), value)
        value = value if inner is value else _unwrapped(inner)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_constant=_no_constant)
    except ValueError:
        return None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _defined(text: str, at: int, language: Language) -> int | None:
    """Where a value begins: here, or where the variable that is named here is defined."""
    name = _NAME.match(text, at)
    if name is None or name[0] in _CALLS or (language == "PHP" and name[0][0] != "$"):
        return at
    made = re.search(
        rf"(?<![\w$]){re.escape(name[0])}\s*=\s*(?:JSON\.stringify\s*\(|json_encode\s*\()?\s*", text
    )
    return made.end() if made else None


def written(text: str) -> Any:
    """A text that is one value of JavaScript and nothing else, as JSON with comments is one.

    Raises CampaignctlError for any other text.
    """
    reader = _Reader(text, "JavaScript", 0)
    value = reader.value()
    if text[reader.at :].strip(" \t\r\n;"):
        raise CampaignctlError("There is more than one value", hint=ALONE)
    return value


class _Reader:
    """Reads one value of a program."""

    def __init__(self, text: str, language: Language, at: int) -> None:
        self._text = text
        self.at = at
        self._language = language
        self._blank = _BLANK_PHP if language == "PHP" else _BLANK
        self._pair = "=>" if language == "PHP" else ":"

    def value(self, depth: int = 0) -> Any:
        """The value here. Raises CampaignctlError for what is not a plain value."""
        if depth > _DEEPEST:
            raise self._no("is nested too deeply")
        self._skip()
        if self._take("{"):
            return self._items("}", depth, named=True)
        if self._take("["):
            return self._items("]", depth, named=self._language == "PHP")
        if self._language == "PHP" and (
            found := re.compile(r"array\s*\(", re.IGNORECASE).match(self._text, self.at)
        ):
            self.at = found.end()
            return self._items(")", depth, named=True)
        if found := _STRING.match(self._text, self.at):
            self.at = found.end()
            return self._string(found[0])
        if found := _NUMBER.match(self._text, self.at):
            number = self._number(found[0])
            self.at = found.end()
            return number
        name = _NAME.match(self._text, self.at)
        if name and name[0].lower() in _WORDS:
            self.at = name.end()
            return _WORDS[name[0].lower()]
        raise self._no("is not a plain value")

    def _number(self, text: str) -> float:
        try:
            number: float = json.loads(text)
        except ValueError:
            raise self._no("has a number with too many digits") from None
        if not math.isfinite(number):
            raise self._no("has a number that is not finite")
        return number

    def _items(self, end: str, depth: int, *, named: bool) -> Any:
        pairs: list[tuple[Any, Any]] = []
        items: list[Any] = []
        while not self._ends(end):
            value = self._name() if named and self._language == "JavaScript" else self.value(depth + 1)
            self._skip()
            if named and self._take(self._pair):
                pairs.append((value, self.value(depth + 1)))
            elif named and self._language == "JavaScript":
                raise self._no("is not a plain value")
            else:
                items.append(value)
            self._skip()
            if not self._take(","):
                if not self._ends(end):
                    raise self._no("is not a plain value")
                break
        if pairs and items:
            raise self._no("mixes values with and without a name")
        if pairs and self._pair == "=>" and [name for name, _ in pairs] == list(range(len(pairs))):
            return [value for _, value in pairs]
        found = {str(name): value for name, value in pairs}
        if len(found) < len(pairs):
            raise self._no("has a name twice in one object")
        return found if pairs or end == "}" else items

    def _ends(self, end: str) -> bool:
        self._skip()
        return self._take(end)

    def _name(self) -> str:
        if found := _STRING.match(self._text, self.at):
            self.at = found.end()
            return self._string(found[0])
        name = _NAME.match(self._text, self.at)
        if name is None:
            raise self._no("is not a plain value")
        self.at = name.end()
        return name[0]

    def _string(self, quoted: str) -> str:
        sign, inner = quoted[0], quoted[1:-1]
        expands = sign == ("`" if self._language == "JavaScript" else '"')
        unescaped = re.sub(r"\\.", "", inner, flags=re.DOTALL)
        if expands and _INSERTED.search(unescaped):
            raise self._no("inserts a value into a text", len(quoted))
        if self._language == "JavaScript" and (
            (sign != "`" and "\n" in unescaped) or _NO_ESCAPE.search(inner)
        ):
            raise self._no("has a line break or an unknown escape in a text", len(quoted))
        self._skip()
        if self._text.startswith((".", "+"), self.at):
            raise self._no("puts a text together")
        if self._language == "PHP" and sign == "'":
            return re.sub(r"\\([\\'])", r"\1", inner)
        text = _ESCAPES[self._language].sub(self._character, inner)
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _take(self, sign: str) -> bool:
        if not self._text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True

    def _skip(self) -> None:
        if found := self._blank.match(self._text, self.at):
            self.at = found.end()

    def _no(self, why: str, back: int = 0) -> CampaignctlError:
        line = self._text.count("\n", 0, self.at - back) + 1
        return CampaignctlError(f"Line {line} of the pasted {self._language} {why}", hint=ALONE)

    def _character(self, escape: re.Match[str]) -> str:
        if code := escape[1] or escape[2] or escape[3]:
            return chr(min(int(code, 16), _LARGEST))
        if escape[4]:
            return chr(int(escape[4], 8) % 0x100)
        if escape[5] is not None:
            return ""
        # A backslash that begins nothing is one in PHP; JavaScript leaves it out.
        plain = escape[0] if self._language == "PHP" else escape[6]
        return _SIGNS[self._language].get(escape[6], plain)
