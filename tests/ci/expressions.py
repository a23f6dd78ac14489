"""The expressions of GitHub Actions, as far as our workflows use them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(r"\s*(?:(\|\||&&|==|!=|[!()])|'((?:[^']|'')*)'|([A-Za-z_][\w.-]*))")
_EMBEDDED = re.compile(r"\$\{\{(.*?)\}\}")


class Expressions:
    """Values by their first name (`github`, `needs`, ...), and functions without arguments."""

    def __init__(self, values: Mapping[str, Any], functions: Mapping[str, Callable[[], bool]]) -> None:
        self._values = values
        self._functions = functions

    def filled(self, text: str) -> str:
        """A text with every `${{ }}` evaluated."""
        return _EMBEDDED.sub(lambda found: _text(self.value(found[1])), text)

    def value(self, expression: str) -> Any:
        """The value of an expression, without `${{ }}`."""
        tokens = _tokens(expression)
        value = self._or(tokens)
        assert not tokens, f"{expression}: not understood from {tokens}"
        return value

    def _or(self, tokens: list[str]) -> Any:
        value = self._and(tokens)
        while tokens[:1] == ["||"]:
            tokens.pop(0)
            other = self._and(tokens)
            value = value or other
        return value

    def _and(self, tokens: list[str]) -> Any:
        value = self._comparison(tokens)
        while tokens[:1] == ["&&"]:
            tokens.pop(0)
            other = self._comparison(tokens)
            value = value and other
        return value

    def _comparison(self, tokens: list[str]) -> Any:
        value = self._primary(tokens)
        if tokens[:1] in (["=="], ["!="]):
            same = tokens.pop(0) == "=="
            return (_text(value) == _text(self._primary(tokens))) is same
        return value

    def _primary(self, tokens: list[str]) -> Any:
        token = tokens.pop(0)
        if token == "!":
            return not self._primary(tokens)
        if token == "(":
            value = self._or(tokens)
            assert tokens.pop(0) == ")"
            return value
        if token.startswith("'"):
            return token[1:]
        if tokens[:1] == ["("]:
            assert tokens[1] == ")"
            del tokens[:2]
            return self._functions[token]()
        return self._looked_up(token)

    def _looked_up(self, path: str) -> Any:
        value: Any = self._values
        for name in path.split("."):
            # A missing value is null, as on GitHub; a missing first name is our mistake.
            value = value[name] if value is self._values else (value or {}).get(name)
        return value


def _tokens(expression: str) -> list[str]:
    tokens, place = [], 0
    while expression[place:].strip():
        found = _TOKEN.match(expression, place)
        assert found, f"{expression}: not understood at {expression[place:]!r}"
        sign, text, name = found.groups()
        tokens.append(sign or name or "'" + text.replace("''", "'"))
        place = found.end()
    return tokens


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
