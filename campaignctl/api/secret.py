"""The token: checked before use, and redacted from every text that comes back."""

from __future__ import annotations

import re
from typing import Final

from campaignctl.errors import TokenRejected

HIDDEN: Final = "[token]"
SHORTEST_SECRET: Final = 8
PLAIN: Final = re.compile(r"[!#-&(-\[\]-~]+")
"""Printable ASCII without quotes and backslash: no token has them, but quotes get copied along."""

HTML_NAMES: Final = {"&": ("amp",), "<": ("lt",), ">": ("gt",)}
HINT: Final = "set OCAMBA_TOKEN to an API token of this account (profile menu, API Tokens)"


class Token:
    """An API token that only the API gets to see.

    Raises `TokenRejected`, without showing the value, for one that no header can carry.
    """

    __slots__ = ("_echo", "_value")

    def __init__(self, value: str) -> None:
        if not value:
            raise TokenRejected("there is no API token", hint=HINT)
        if not PLAIN.fullmatch(value):
            raise TokenRejected(
                "the API token contains a space, a quote, a backslash or a non-ASCII character",
                detail="nothing was sent",
                hint=f"{HINT}; check for a line break or quotes copied along with it",
            )
        self._value = value
        self._echo: re.Pattern[str] | None = None

    def __repr__(self) -> str:
        return "Token([token])"

    @property
    def authorization(self) -> str:
        """The value of the Authorization header."""
        return f"Bearer {self._value}"

    def redact(self, text: str) -> str:
        """The text without the token, however it was quoted, escaped or encoded. For messages."""
        # Every other spelling than the plain one has one of these signs. Each text of an answer comes here.
        spelt = "\\" in text or "%" in text or "&" in text or "u00" in text
        if len(self._value) >= SHORTEST_SECRET and not spelt:
            return text.replace(self._value, HIDDEN)
        if self._echo is None:  # slow to build, and few texts need it
            self._echo = _echo(self._value)
        return self._echo.sub(HIDDEN, text)

    def redact_data(self, text: str) -> str:
        """As `redact`, for the campaigns themselves.

        A token too short to be a secret is left in: redacting every `7` would damage ids.
        """
        return text if len(self._value) < SHORTEST_SECRET else self.redact(text)


def _echo(value: str) -> re.Pattern[str]:
    """Matches the value plain, percent-encoded, with HTML references, or JSON-escaped up to three times.

    Repetitions are bounded and never given back, so that no text, however hostile, takes more than linear
    time.
    """
    echo = r"\\{0,7}+".join(_spellings(character) for character in value)
    # A token too short to be a secret would be found in any word.
    return re.compile(echo if len(value) >= SHORTEST_SECRET else rf"(?<!\w){echo}(?!\w)")


def _spellings(character: str) -> str:
    code = ord(character)
    digits = "".join(f"[{digit}{digit.upper()}]" for digit in f"{code:02x}")
    names = "".join(rf"|&{name};" for name in HTML_NAMES.get(character, ()))
    references = rf"&#0{{0,6}}{code};|&#[xX]0{{0,6}}{digits};{names}"
    return rf"(?:{re.escape(character)}|%(?:25){{0,3}}{digits}|{references}|\\{{0,8}}+u00{digits})"
