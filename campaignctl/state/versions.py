"""Documents of later versions: what tells them from damage, and what to do then.

Every document of a state names the campaignctl that wrote it. What this version cannot read in a later
one's is no damage, and is never dropped: it may be what keeps a campaign from being sent twice.
"""

from __future__ import annotations

from shlex import quote
from typing import Any, TypeVar

from campaignctl import __version__
from campaignctl.errors import Sentence, Shell, StateDamaged, StateTooNew
from campaignctl.state.strict import UnknownField, read

_T = TypeVar("_T")


def is_later(writer: Any) -> bool:
    """Whether this names a later version than this one."""
    if writer == __version__:
        return False
    from packaging.version import InvalidVersion, Version  # only documents that do not fit need it

    try:
        return isinstance(writer, str) and Version(writer) > Version(__version__)
    except InvalidVersion:
        return False


def upgrade(writer: Any, before: str = "upgrade, then run this again: ") -> Sentence:
    """The hint to install the version that wrote a document, or a newer one."""
    wanted = f"campaignctl>={writer}" if is_later(writer) else "campaignctl"
    return Sentence(before, Shell(f"pip install --upgrade {quote(wanted)}"))


def too_new(where: str, writer: Any, why: str) -> StateTooNew:
    """The error for a document at `where` (a place, for messages) that a later version wrote."""
    named = f"campaignctl {writer}" if isinstance(writer, str) and writer else "a newer campaignctl"
    return StateTooNew(
        f"{where} was written by {named}",
        detail=f"{why}; this is campaignctl {__version__}, and it changed nothing there",
        hint=upgrade(writer),
    )


def read_of(writer: Any, kind: type[_T], value: Any, where: str, *steps: str) -> _T:
    """As `strict.read`, for a document that this version wrote; None if it does not say.

    Raises:
        StateDamaged: it is not of this type.
        StateTooNew: it is not, and a later version wrote it; or it has an unknown field and no writer.
    """
    try:
        return read(kind, value, where, *steps)
    except StateDamaged as error:
        unknown = isinstance(error.__cause__, UnknownField)
        if is_later(writer) or (unknown and not writer):
            raise too_new(where, writer, str(error.__cause__)) from error
        raise
