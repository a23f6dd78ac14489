"""The token: checked before it is used, and blotted out of every text that comes back."""

from __future__ import annotations

import re
from typing import Final

from campaignctl.errors import TokenRejected

HIDDEN: Final = "[token]"
SHORTEST_SECRET: Final = 8
HTML_NAMES: Final = {'"': ("quot",), "&": ("amp",), "'": ("apos",), "<": ("lt",), ">": ("gt",)}
HINT: Final = "set OCAMBA_TOKEN to an API token of this account (profile menu, API Tokens)"


class Token:
    """An API token that shows itself to nobody but the API.

    Raises `TokenRejected`, without showing the value, for one that no header can carry.
    """

    __slots__ = ("_echo", "_value")

    def __init__(self, value: str) -> None:
        if not value:
            raise TokenRejected("there is no API token", hint=HINT)
        if any(not "!" <= character <= "~" for character in value):
            raise TokenRejected(
                "the API token contains a blank, a control character or a letter outside ASCII",
                detail="nothing was sent",
                hint=f"{HINT}; look for a line end or quotes that were copied along",
            )
        self._value = value
        self._echo = re.compile(_echo_pattern(value))

    def __repr__(self) -> str:
        return "Token([token])"

    @property
    def authorization(self) -> str:
        """The value of the Authorization header."""
        return f"Bearer {self._value}"

    def redact(self, text: str) -> str:
        """The text without the token, however it was quoted, escaped or encoded. For messages."""
        return self._echo.sub(HIDDEN, text)

    def redact_data(self, text: str) -> str:
        """As `redact`, for the campaigns themselves.

        A token too short to be a secret is left in: blotting out every `7` would damage ids.
        """
        return text if len(self._value) < SHORTEST_SECRET else self.redact(text)


def _echo_pattern(value: str) -> str:
    """Matches the value plain, percent-encoded, with HTML references, or JSON-escaped any number of times."""
    first, *others = (_spellings(character) for character in value)
    return first + "".join(rf"\\*{spelling}" for spelling in others)


def _spellings(character: str) -> str:
    code = ord(character)
    names = "".join(rf"|&{name};" for name in HTML_NAMES.get(character, ()))
    coded = rf"%(?:25)*{code:02x}|\\+u00{code:02x}|&#0*{code};|&#x0*{code:x};{names}"
    return rf"(?:{re.escape(character)}|(?i:{coded}))"
