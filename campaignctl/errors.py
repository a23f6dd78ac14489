"""Every error of campaignctl, written for the person who must act; and commands as values.

CampaignctlError              exit status 1
├── UsageError                64: the command line itself is wrong
├── Interrupted               130: SIGINT or SIGTERM; all results are in the state
├── ManifestError             manifests or project file, with every finding of the run
├── StateError                the state cannot be used as it is
│   ├── StateDamaged          unreadable; nothing was overwritten
│   ├── StateTooNew           written by a newer tool
│   ├── StateSealed           encrypted, and not to be opened here; or in clear where it must not be
│   ├── StateMoved            migrated to another place
│   └── StateNotSaved         a write failed; says where the state was rescued to
├── LockError
│   ├── LockHeld              another run holds it
│   └── LockLost              ours was broken; nothing more may be sent
├── PlanRefused               a saved plan is stale or damaged, or a guardrail objects
├── Halted                    a stop mark names this campaign; its request was not sent
├── AccountMismatch           token, environment and state belong to different accounts
└── ApiError                  the account's API
    ├── Refused               the answer proves that nothing happened
    │   └── TokenRejected     401
    ├── OutcomeUnknown        the write may or may not have happened
    └── ReadFailed            a read got no usable answer
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from shlex import quote
from typing import ClassVar, Literal, Self, get_args

Severity = Literal["error", "warning", "info"]
#: Severities, the worst first.
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A place in a file: 1-based line and column, and the line itself for showing."""

    file: str
    line: int
    column: int
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One error, warning or remark (info) about a manifest or project file.

    `code` is the stable name of the rule: in words (`unknown-member`), or one of lint (`SMS002`); `message`
    says what is wrong and `hint` what to write instead. Neither contains the location, which is in `source`.
    `count` is above 1 for the rest of many findings, which is not shown.
    """

    severity: Severity
    code: str
    message: str
    source: Source
    hint: str = ""
    key: str | None = None
    count: int = 1


def at_least(findings: Iterable[Finding], severity: Severity) -> bool:
    """Whether one of the findings has this severity or a worse one."""
    return any(SEVERITIES.index(found.severity) <= SEVERITIES.index(severity) for found in findings)


def number(findings: Iterable[Finding], severity: Severity) -> int:
    """How many findings have a severity, with those that are not shown."""
    return sum(found.count for found in findings if found.severity == severity)


@dataclass(frozen=True, slots=True)
class ProjectPlace:
    """What a command needs to act on the same project: `-C DIR`, `-e ENV`, and `--var NAME=VALUE` each."""

    directory: str | None = None
    environment: str | None = None
    variables: tuple[str, ...] = ()

    @property
    def options(self) -> tuple[str, ...]:
        """The options, in front of the command's name."""
        directory = ("-C", self.directory) if self.directory is not None else ()
        environment = ("-e", self.environment) if self.environment else ()
        return (*directory, *environment, *(word for one in self.variables for word in ("--var", one)))


NOWHERE = ProjectPlace()
#: Commands that need no project.
_WITHOUT_PROJECT = frozenset({"demo", "init", "sandbox", "schema"})


@dataclass(frozen=True, slots=True, init=False)
class Command:
    """A command of campaignctl as its words: `Command("state", "rm", key)`.

    The options of a place are added, and the words quoted, when it is printed.
    """

    words: tuple[str, ...]

    def __init__(self, *words: str) -> None:
        object.__setattr__(self, "words", words)

    def at(self, place: ProjectPlace) -> str:
        """The line to paste into a shell."""
        bare = self.words[0] in _WITHOUT_PROJECT or self.words[-1] == "--help"
        options = () if bare else place.options
        return " ".join(("campaignctl", *map(quote, (*options, *self.words))))

    def __str__(self) -> str:
        return self.at(NOWHERE)


@dataclass(frozen=True, slots=True, init=False)
class Shell(Command):
    """Another line for a shell: `Shell("git fetch origin")`."""

    def at(self, _place: ProjectPlace) -> str:
        """The line, which is the same everywhere."""
        return self.words[0]


@dataclass(frozen=True, slots=True, init=False)
class Lines(Shell):
    """Lines for a file, as the last part of a sentence: `Lines("proofs:", "  team: ...")`."""

    def at(self, _place: ProjectPlace) -> str:
        """All of them."""
        return "\n".join(self.words)


@dataclass(frozen=True, slots=True)
class Names:
    """Names in a sentence: all of them as text, of which a page may show the first `most` alone."""

    names: tuple[str, ...]
    most: int = 5

    @classmethod
    def of(cls, names: Iterable[str]) -> Self:
        """These names."""
        return cls(tuple(names))

    def __str__(self) -> str:
        return ", ".join(self.names)


class Sentence(str):
    """Text for people that may name commands; as a `str`, it has them without the options of a place.

    A command that is the whole sentence is printed bare, the others between backticks. Plain text is a
    sentence too.
    """

    __slots__ = ("parts",)
    parts: tuple[str | Command | Names, ...]

    def __new__(cls, *parts: str | Command | Names) -> Self:
        """Join these parts."""
        known = tuple(piece for part in parts for piece in (part.parts if isinstance(part, cls) else (part,)))
        made = super().__new__(cls, _joined(known, NOWHERE))
        made.parts = known
        return made

    def at(self, place: ProjectPlace) -> str:
        """The text with every command as it must be typed there."""
        return _joined(self.parts, place)


def at(text: str, place: ProjectPlace) -> str:
    """Text with its commands as they must be typed at a place."""
    return text.at(place) if isinstance(text, Sentence) else text


def commands_of(text: str) -> tuple[Command, ...]:
    """The commands to run, the most urgent first; none if the text does not begin with one."""
    if not isinstance(text, Sentence) or not text.parts or not isinstance(text.parts[0], Command):
        return ()
    return tuple(part for part in text.parts if isinstance(part, Command))


def hint_lines(text: str, place: ProjectPlace) -> list[tuple[str, bool]]:
    """A hint as it is printed at a place, line by line, each with whether it is a command to paste.

    A command that the hint begins or ends with is alone on its line, and so are lines for a file.
    """
    *parts, last = Sentence(text).parts
    first = [parts.pop(0)] if parts and isinstance(parts[0], Command) else []
    final = [last] if isinstance(last, Command) else []
    between = _joined(("", *parts, *(() if final else (last,))), place).lstrip(" ,;").rstrip()
    lines = [*first, *([between] if between else []), *final]
    if isinstance(last, Lines):
        return [*((str(line), False) for line in lines[:-1]), *((line, True) for line in last.words)]
    return [(line.at(place), True) if isinstance(line, Command) else (str(line), False) for line in lines]


def _joined(parts: tuple[str | Command | Names, ...], place: ProjectPlace) -> str:
    shown = [part.at(place) if isinstance(part, Command) else str(part) for part in parts]
    if len(parts) == 1:
        return shown[0]
    return "".join(
        f"\n{text}" if isinstance(part, Lines) else f"`{text}`" if isinstance(part, Command) else text
        for part, text in zip(parts, shown, strict=True)
    )


def counted(number: int, what: str) -> str:
    """A number of things: `1 line`, `1,200 lines`."""
    return f"{number:,} {plural(number, what)}"


def plural(number: int, what: str) -> str:
    """The noun for a number of things: `line`, `lines`."""
    return what if number == 1 else f"{what}s"


def listed(names: Sequence[str], most: int) -> str:
    """The first names of a list; if it is cut, how many more there are, and number and digest of all."""
    return first_of(names, most) + (f" ({of_all(names)})" if len(names) > most else "")


def first_of(names: Sequence[str], most: int) -> str:
    """The first names of a list to choose from, and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest:,} more" if rest > 0 else "")


#: How many hexadecimal digits of a SHA-256 are told.
DIGITS = 12


def of_all(names: Iterable[str]) -> str:
    """Number and digest of a list that is cut: two lists with the same beginning can be told apart."""
    from hashlib import sha256  # only what is cut needs it

    names = list(names)
    digest = sha256("\n".join(names).encode(errors="surrogatepass")).hexdigest()
    return f"cut: {len(names):,} in all, sha256 {digest[:DIGITS]}"


class Guesses:
    """How many more words a run may compare: thousands of unknown names must not take minutes."""

    MOST: ClassVar[int] = 200_000
    LONGEST_WORD: ClassVar[int] = 100
    left: ClassVar[int] = MOST

    @classmethod
    def start(cls) -> None:
        """Begin a run."""
        cls.left = cls.MOST


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word that is most like `word`; None if none is like it, or after many guesses in a run."""
    if len(word) > Guesses.LONGEST_WORD or Guesses.left <= 0:
        return None
    from difflib import get_close_matches  # only errors need it

    words = [each for each in islice(known, Guesses.left) if len(each) <= Guesses.LONGEST_WORD]
    Guesses.left -= len(words)
    return next(iter(get_close_matches(word, words, 1, cutoff)), None)


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "", cutoff: float = 0.6) -> str:
    """A hint with the known word nearest to `word`, or `otherwise` if none is like it."""
    near = nearest(word, known, cutoff)
    return f"did you mean {near}?" if near else otherwise


class CampaignctlError(Exception):
    """Something that campaignctl refused or failed to do.

    `summary` is one line without a full stop, `detail` may explain, `hint` says what to do next. `standing`
    is the lineage and serial of the state when an apply was refused, if known. `environment` is that of the
    run, so that the commands of the hint act on the same one.
    """

    exit_code = 1
    standing: tuple[str, int] | None = None

    def __init__(
        self,
        summary: str,
        *,
        detail: str = "",
        hint: str | Command = "",
        key: str | None = None,
        source: Source | None = None,
        trace_id: str | None = None,
    ) -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.hint = Sentence(hint)
        self.environment: str | None = None
        self.key = key
        self.source = source
        self.trace_id = trace_id

    @property
    def told(self) -> Sentence:
        """Summary, detail and hint as one note."""
        said = ". ".join(part.rstrip(".") for part in (self.summary, self.detail) if part)
        return Sentence(said, ". ", self.hint) if self.hint else Sentence(said)


class UsageError(CampaignctlError):
    """The command line names something unknown, or options that contradict each other."""

    exit_code = 64


class Interrupted(CampaignctlError):
    """The user or the system asked the run to stop; its results are in the state."""

    exit_code = 130


class ManifestError(CampaignctlError):
    """Manifests or the project file have errors; has every finding of the run."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(f"{counted(number(findings, 'error'), 'error')} in the manifests")
        self.findings = findings


class StateError(CampaignctlError):
    """The state cannot be used as it is."""


class StateDamaged(StateError):
    """The state or its journal cannot be read; nothing was overwritten."""


class StateTooNew(StateError):
    """A newer campaignctl wrote this state."""


class StateSealed(StateError):
    """A document is encrypted and this run has no key for it, or the project file says otherwise. It may be
    whole: nothing overwrites it."""


class StateMoved(StateError):
    """The state was migrated to another place; `lineage` and `serial` are those that it had then."""

    def __init__(self, summary: str, *, hint: str | Command, lineage: str, serial: int) -> None:
        super().__init__(summary, hint=hint)
        self.lineage = lineage
        self.serial = serial


class StateNotSaved(StateError):
    """A durable write of the state failed."""


class LockError(CampaignctlError):
    """The lock of the state cannot be taken or kept."""


class LockHeld(LockError):
    """Another run holds the lock, and the time to wait for it is over."""


class LockLost(LockError):
    """Our lock was broken or taken over: no more requests or state writes are allowed."""


class PlanRefused(CampaignctlError):
    """A saved plan cannot be applied exactly, so it is not applied at all."""


class Halted(CampaignctlError):
    """A stop mark names this campaign, or cannot be read: its request was not sent. Others go on."""


class AccountMismatch(CampaignctlError):
    """Token, environment and state belong to different accounts."""


_FORBIDDEN = 403


class ApiError(CampaignctlError):
    """The API did not carry out the request; `status` is the HTTP status if there was one."""

    def __init__(
        self,
        summary: str,
        *,
        detail: str = "",
        hint: str | Command = "",
        key: str | None = None,
        source: Source | None = None,
        trace_id: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(summary, detail=detail, hint=hint, key=key, source=source, trace_id=trace_id)
        self.status = status

    @property
    def forbidden(self) -> bool:
        """Whether the token may not do this one thing, such as read this campaign (403)."""
        return self.status == _FORBIDDEN


class Refused(ApiError):
    """The answer proves that nothing happened: 400, 401, 403, 404, 422, 429, or never connected."""


class TokenRejected(Refused):
    """401: the token is missing, unknown or expired, so that every other request is refused too.

    One that may not do this one thing (403) is a plain `Refused`, of a read `ReadFailed`.
    """


class OutcomeUnknown(ApiError):
    """A write was sent and may or may not have taken effect. It is never answered by a second write."""


class ReadFailed(ApiError):
    """A read got no usable answer, even when repeated. It proves nothing about the campaign."""
