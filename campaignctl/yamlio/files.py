"""Reads the files of a project and those named with `{$file: PATH}`, never too large or outside of it; and
replaces one."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from unicodedata import normalize

from campaignctl.errors import nearest
from campaignctl.yamlio.interpolate import REVOKE, TOKEN_VARIABLE, WITH_TOKEN, holds_token
from campaignctl.yamlio.reader import LARGEST
from campaignctl.yamlio.substitution import LANG, FileText, LanguageTexts, Reference

#: A language code of the API (API contract, section 0).
#: With a script or region as in zh-Hant or pt-BR, which a check of the campaign doubts.
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?")
NOTHING_SET: Mapping[str, str] = MappingProxyType({})


def is_language(text: str) -> bool:
    """Whether a text can stand for a language in the name of a file."""
    return _LANGUAGE.fullmatch(text) is not None


class TextFiles:
    """The texts of `{$file: PATH}`, each read once. `shown` is the prefix of their names in messages.

    `private` and `environ` are those of `kept_out` and `token_line`.
    """

    def __init__(
        self, root: Path, shown: str, private: tuple[str, ...] = (), environ: Mapping[str, str] = NOTHING_SET
    ) -> None:
        self._real = root.resolve()
        self._shown = shown
        self._private = private
        self._environ = environ
        self._known: dict[str, FileText | LanguageTexts] = {}
        self._digests: dict[str, str] = {}
        self._names: dict[str, list[str]] = {}

    def read(self, references: Iterable[Reference]) -> dict[Reference, FileText | LanguageTexts]:
        """The texts of these references."""
        return {(folder, path): self._named(folder, path) for folder, path in references}

    def digests(self, references: Iterable[Reference]) -> dict[Reference, str]:
        """The digests of these texts. What was not read is not kept: of a large project, that is most."""
        return {(folder, path): self._digest(folder, path) for folder, path in references}

    def _named(self, folder: str, path: str) -> FileText | LanguageTexts:
        relative = _joined(folder, path)
        if relative not in self._known:
            self._known[relative] = self._found(relative, path)
            # It may have changed since its digest was asked for.
            self._digests.pop(relative, None)
        return self._known[relative]

    def _digest(self, folder: str, path: str) -> str:
        relative = _joined(folder, path)
        if relative not in self._digests:
            self._digests[relative] = _digest_of(self._known.get(relative) or self._found(relative, path))
        return self._digests[relative]

    def _found(self, relative: str, path: str) -> FileText | LanguageTexts:
        return self._languages(relative) if LANG in path else self._read(relative)

    def _languages(self, relative: str) -> LanguageTexts:
        """The file for each language: every name that fits in place of `{lang}`."""
        before, part, rest = _split(relative)
        before = before and self._as_stored(before)
        reason = self._outside(before or ".")
        if reason:
            return LanguageTexts(error=reason.error, hint=reason.hint)
        names = (normalize("NFC", name) for name in _names(self._real / before))
        matches = map(_form(normalize("NFC", part)).fullmatch, names)
        found = sorted(match["lang"] for match in matches if match)
        form = posixpath.join(*filter(None, (before, part, rest)))
        paths = {lang: form.replace(LANG, lang) for lang in found}
        there = {lang: path for lang, path in paths.items() if not rest or (self._real / path).exists()}
        texts = {lang: self._read(path) for lang, path in there.items() if is_language(lang)}
        strays = tuple(
            (self._name(path), named_file("", lang)) for lang, path in there.items() if lang not in texts
        )
        if texts:
            return LanguageTexts(texts, strays)
        hint = f"write a file for each language, as in {posixpath.basename(relative).replace(LANG, 'en')}"
        return LanguageTexts(strays=strays, error=f"there is no file {self._name(relative)}", hint=hint)

    def _outside(self, relative: str) -> FileText | None:
        """Why a path must not be followed, or None."""
        name = self._name(relative)
        if "\0" in relative:
            return FileText(name, error="not a file path")
        if reason := kept_out_below(str(self._real), relative, self._private):
            return FileText(name, error=f"the path {reason}", hint="copy the text into a file of the project")
        return None

    def _read(self, relative: str) -> FileText:
        name = self._name(relative)
        if relative in {"", "."}:
            return FileText(name, error="not a file path")
        if reason := self._outside(relative):
            return reason
        if not os.path.lexists(self._real / relative):
            relative = self._as_stored(relative)
            if reason := self._outside(relative):
                return reason
        data = content(self._real / relative)
        if isinstance(data, str):
            return FileText(name, error=f"{name}: {data}", hint=self._nearest(relative))
        if len(data) > LARGEST:
            return FileText(name, error=f"{name} has {len(data):,} bytes; the limit is 1 MiB")
        if line := token_line(data, self._environ):
            return FileText(name, error=f"{name} {WITH_TOKEN} (line {line})", hint=REVOKE)
        return _decoded(name, data)

    def _as_stored(self, relative: str) -> str:
        """The path of a file whose name is stored in another Unicode form, as macOS does; else the same."""
        folder, name = posixpath.split(relative)
        if folder and not os.path.lexists(self._real / folder):
            folder = self._as_stored(folder)
        if folder not in self._names:
            self._names[folder] = _names(self._real / folder)
        wanted = normalize("NFC", name)
        stored = next((one for one in self._names[folder] if normalize("NFC", one) == wanted), name)
        return posixpath.join(folder, stored)

    def _nearest(self, relative: str) -> str:
        """The file that was probably meant by a path at which there is none."""
        folder, name = posixpath.split(relative)
        if folder not in self._names:
            self._names[folder] = _names(self._real / folder)
        near = nearest(name, self._names[folder])
        if near and near != name and (self._real / folder / near).is_file():
            return f"did you mean {named_file('', near)}?"
        return "the path is relative to the file that names it"

    def _name(self, relative: str) -> str:
        return named_file(self._shown, relative)


def _split(path: str) -> tuple[str, str, str]:
    """A path with `{lang}` as the folder before, the first part with it, and what follows."""
    parts = path.split("/")
    at = next(index for index, part in enumerate(parts) if LANG in part)
    return "/".join(parts[:at]), parts[at], "/".join(parts[at + 1 :])


def _form(part: str) -> re.Pattern[str]:
    """The pattern of a name, with the same language wherever it has `{lang}`."""
    start, *more = map(re.escape, part.split(LANG))
    first, *others = more
    return re.compile(f"{start}(?P<lang>.+){'(?P=lang)'.join([first, *others])}", re.DOTALL)


def _names(folder: Path) -> list[str]:
    """The names in a folder, except hidden ones; none if it cannot be read."""
    try:
        return [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError:
        return []


def _joined(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))


def _digest_of(found: FileText | LanguageTexts) -> str:
    """The digest of all that the result of a compilation may take from it."""
    made = hashlib.sha256()
    texts = found.texts if isinstance(found, LanguageTexts) else {"": found}
    for part in (repr(getattr(found, "strays", ())), repr(found.hint)):
        made.update(part.encode("utf-8", "surrogatepass"))
    for lang, text in texts.items():
        for part in (lang, text.name, text.text, text.error):
            made.update(b"%d\0" % len(part) + part.encode("utf-8", "surrogatepass"))
    return made.hexdigest()


def named_file(prefix: str, path: str) -> str:
    """A path as people see it: a name that is not UTF-8 must not break the output that shows it."""
    return (prefix + path).encode("utf-8", "backslashreplace").decode()


def _decoded(name: str, data: bytes) -> FileText:
    """The text of a file byte for byte, but without a byte order mark: editors on Windows begin files with
    one, it is no part of the text, and recipients must not get it."""
    try:
        text = data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        return FileText(name, error=f"{name} is not UTF-8 (line {line})", hint="save it as UTF-8")
    return FileText(name, text)


def token_line(data: bytes, environ: Mapping[str, str]) -> int:
    """The line of a file in which the API token stands, from 1; 0 if it does not contain it."""
    at = data.find(environ.get(TOKEN_VARIABLE, "").encode("utf-8", "surrogateescape"))
    found = at >= 0 and holds_token(data.decode("utf-8", "surrogateescape"), environ)
    return data.count(b"\n", 0, at) + 1 if found else 0


def kept_out(root: Path, relative: str, private: tuple[str, ...]) -> str:
    """Why the file or folder at a path of the project must not be read, or an empty string.

    A link may lead anywhere on this machine, and git's own files may hold a login. `private` are the paths of
    states and of their folder; what lies below them, or next to them under a longer name, is private too.
    """
    return kept_out_below(os.path.realpath(root), relative, private)


def kept_out_below(top: str, relative: str, private: tuple[str, ...]) -> str:
    """The same for a project whose own path has no links."""
    real, below = os.path.realpath(posixpath.join(top, relative)), posixpath.join(top, "")
    if relative.startswith("/") or not (real == top or real.startswith(below)):
        return "leads outside the project"
    inner = real.removeprefix(below).casefold()
    if ".git" in inner.split("/"):
        return "leads to git's own files"
    owned = (path.casefold() for path in private)
    if any(inner == path or inner.startswith((f"{path}/", f"{path}.")) for path in owned):
        return "leads to a file of the state"
    return ""


def content(path: Path | str) -> bytes | str:
    """The content of a file, at most one byte over the limit, or why it cannot be read."""
    try:
        found = os.stat(path)  # noqa: PTH116 - of ten thousand files, a Path for each takes a while
        # Anything but a file (a pipe, a device) could be read without end.
        if not stat.S_ISREG(found.st_mode):
            return "not a file"
        opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.read(opened, min(found.st_size, LARGEST) + 1)
            # It has grown since.
            more = len(data) > found.st_size
            return data + os.read(opened, LARGEST + 1 - len(data)) if more else data
        finally:
            os.close(opened)
    except (FileNotFoundError, NotADirectoryError):
        return "there is no such file"
    except (OSError, ValueError) as wrong:
        return f"cannot be read: {getattr(wrong, 'strerror', None) or wrong}"


def shown(directory: Path) -> str:
    """The prefix of the project's paths in messages: relative unless the project is further up."""
    absolute = str(directory.absolute())
    relative = os.path.relpath(absolute)
    if relative == ".":
        return ""
    return (absolute if relative.startswith("..") else relative) + os.sep


def create_file(path: Path, data: bytes) -> None:
    """Create a file as a whole, durably. Raises FileExistsError if there is one, and OSError."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(descriptor, 0o666 & ~_umask())
            os.fsync(descriptor)
        # A link never replaces a file, a rename does.
        path.hardlink_to(temporary)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def replace_file(path: Path, data: bytes, mode: int | None = None) -> None:
    """Replace a file as a whole, durably: only its owner may read it, or as `mode` says. Raises OSError."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            if mode is not None:
                os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
