"""What is typed or pasted into a terminal, or comes from another program, up to its end."""

from __future__ import annotations

import os
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager

from campaignctl.cli.console import Console
from campaignctl.errors import CampaignctlError, UsageError

_LARGEST = 1 << 20
_PIECE = 1 << 16
_END = b"\x04"


def read_pasted(console: Console, wanted: str) -> str:
    """The text on standard input; on a terminal after a question, up to an empty line or Ctrl-D.

    Raises CampaignctlError for a text that is too large or not UTF-8, UsageError where there is none.
    """
    if console.interactive:
        console.tell(f"Paste {wanted}, then press Enter on an empty line (or Ctrl-D):\n")
        data = _from_terminal(sys.stdin.fileno())
    else:
        data = sys.stdin.buffer.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise CampaignctlError("What was pasted is too large", detail="At most 1 MiB is read.")
    try:
        text = data.decode()
    except UnicodeDecodeError as wrong:
        raise CampaignctlError("What was pasted is not UTF-8 text") from wrong
    if not text.strip():
        raise UsageError("Nothing was pasted", hint=f"give {wanted} on standard input")
    return text


def _from_terminal(descriptor: int) -> bytes:
    data = b""
    with _whole_lines(descriptor):
        while len(data) <= _LARGEST:
            piece = os.read(descriptor, _PIECE)
            data += piece.partition(_END)[0]
            if not piece or _END in piece or data.endswith(b"\n\n"):
                break
    return data


@contextmanager
def _whole_lines(descriptor: int) -> Iterator[None]:
    """Read what is typed as it comes: a terminal that edits lines cuts those of more than 4,095 bytes."""
    before = termios.tcgetattr(descriptor)
    during = termios.tcgetattr(descriptor)
    during[3] &= ~termios.ICANON
    during[6][termios.VMIN], during[6][termios.VTIME] = 1, 0
    termios.tcsetattr(descriptor, termios.TCSANOW, during)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
