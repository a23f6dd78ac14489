"""The two streams: documents and text on standard output; progress, logs and questions on standard error."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TextIO

from campaignctl.errors import CampaignctlError

if TYPE_CHECKING:
    from campaignctl.render.table import Screen

ColorChoice = Literal["auto", "always", "never"]
LogFormat = Literal["text", "json"]
Verbosity = Literal["quiet", "normal", "verbose"]
Level = Literal["debug", "info", "warning", "error"]

_SHOWN: Mapping[Verbosity, tuple[Level, ...]] = {
    "quiet": ("error",),
    "normal": ("error", "warning", "info"),
    "verbose": ("error", "warning", "info", "debug"),
}
# The runners of GitHub and Azure take commands from a log: `##[name]` and `##vso[name]` anywhere in a line,
# `::name` at its start. A number of JSON means the same in JSON, and is no command in text.
_COMMAND = re.compile(r"##(?=\[|vso\[)", re.IGNORECASE)
_COMMAND_LINE = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)
_HIDDEN_TOKEN = "[token]"  # noqa: S105 - its placeholder
_SHORTEST_SECRET = 8
# A text is not made for fewer columns.
_NARROWEST = 60


@dataclass(slots=True)
class Console:
    """Standard output and standard error of one run.

    `now` dates the lines of the log. `secret` is the token: it is replaced wherever it would be written.
    Every method may be called from several threads.
    """

    out: TextIO
    err: TextIO
    environ: Mapping[str, str]
    now: Callable[[], datetime]
    color: ColorChoice = "auto"
    verbosity: Verbosity = "normal"
    log_format: LogFormat = "text"
    secret: str | None = None
    documented: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _above: Callable[[str], None] | None = None

    def divert(self, above: Callable[[str], None] | None) -> None:
        """Hand text for standard error to `above`, which prints it above the bar; None ends that."""
        self._above = above

    def say(self, text: str) -> None:
        """Write text for people to standard output, ending in one newline."""
        self._write(self.out, text.rstrip("\n") + "\n")

    def document(self, value: Any) -> None:
        """Write the one JSON document of this run to standard output; there is never a second.

        A list has each item on a line of its own: it may have thousands, and indenting them takes seconds.
        The members of an object may also come one by one; it is then written in pieces.
        """
        if self.documented:
            raise ValueError("a run writes one document")
        self.documented = True
        # In ASCII: the same value, and safe on a terminal.
        if isinstance(value, list):
            self.say("[" + ",".join(f"\n{json.dumps(item)}" for item in value) + "\n]")
        else:
            from campaignctl.campaign.json_text import object_of

            members = value if isinstance(value, Iterator) else value.items()
            for piece in object_of(members, 2):
                self._write(self.out, piece)
            self._write(self.out, "\n")

    def raw(self, text: str) -> None:
        """Write JSON, or commands for a runner, to standard output."""
        self.documented = True
        self._write(self.out, text, raw=True)

    @property
    def hides(self) -> bool:
        """Whether there is a token that may not be shown."""
        return self.secret is not None and len(self.secret) >= _SHORTEST_SECRET

    def redacted(self, text: str) -> str:
        """Text without the token."""
        return text.replace(self.secret, _HIDDEN_TOKEN) if self.secret and self.hides else text

    def tell(self, text: str) -> None:
        """Write text to standard error whatever the verbosity and log format, for example a question."""
        self._write(self.err, text)

    def log(self, level: Level, text: str, **fields: Any) -> None:
        """Write one line to standard error if `level` is shown; with --log-format json as an object.

        `fields` are only in the object, except those that are None.
        """
        if level not in _SHOWN[self.verbosity]:
            return
        if self.log_format == "text":
            self._write(self.err, text + "\n")
            return
        stamp = self.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"time": stamp, "level": level, "text": text}
        line.update({name: value for name, value in fields.items() if value is not None})
        self._write(self.err, json.dumps(line) + "\n")

    def colored(self, stream: TextIO) -> bool:
        """Whether `stream` gets colour: only a terminal, unless --color says otherwise."""
        if self.color != "auto":
            return self.color == "always"
        return not self.environ.get("NO_COLOR") and self.environ.get("TERM") != "dumb" and stream.isatty()

    @property
    def width(self) -> int:
        """The width for text, in columns."""
        return max(_NARROWEST, min(self.columns, 160))

    @property
    def columns(self) -> int:
        """The columns of the terminal, or 100."""
        import shutil

        return shutil.get_terminal_size((100, 24)).columns

    @property
    def screen(self) -> Screen | None:
        """The size of the terminal that standard output is, if it is one."""
        if not self.out.isatty():
            return None
        import shutil

        from campaignctl.render.table import Screen

        size = shutil.get_terminal_size((80, 24))
        return Screen(max(size.columns, _NARROWEST), size.lines)

    @property
    def live(self) -> bool:
        """Whether progress may redraw itself: on a capable terminal, as text."""
        capable = self.environ.get("TERM") != "dumb" and self.err.isatty()
        return capable and self.verbosity == "normal" and self.log_format == "text"

    @property
    def interactive(self) -> bool:
        """Whether a question can be asked and answered."""
        return sys.stdin is not None and sys.stdin.isatty() and self.err.isatty()

    def _write(self, stream: TextIO, text: str, *, raw: bool = False) -> None:
        text = _COMMAND.sub(r"#\\u0023", self.redacted(text))
        if not raw:
            text = _COMMAND_LINE.sub(r"\1\\u003a", text)
        above = self._above
        if above is not None and stream is self.err:
            above(text)
            return
        try:
            with self._lock:
                stream.write(text)
                stream.flush()
        except OSError as error:
            if stream is self.err:
                return  # a closed log must not stop a running apply
            if isinstance(error, BrokenPipeError):
                raise
            raise CampaignctlError("Cannot write the output", detail=f"{error.strerror or error}.") from error
