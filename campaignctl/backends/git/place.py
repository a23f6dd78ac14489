"""A ref of a remote as a place: its files, and a push that succeeds only if the ref has not moved."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shlex import quote

from campaignctl.backends.cas.place import LONGEST, Files, Home, Note, Place, Seen, Texts
from campaignctl.backends.durable import LARGEST
from campaignctl.backends.git.command import GitTrouble, rejected, shown, trouble
from campaignctl.backends.git.store import Store, open_store
from campaignctl.errors import Command, Sentence, StateError
from campaignctl.review.reports import Access
from campaignctl.state.model import LockInfo

_PREFIX = "refs/campaignctl/"
# The names of the refs of a stop mark and an archive end so; no name of an environment has a point in it.
_STOP, _ARCHIVE = ".stop", ".archive"
_RECENT = 200
_NO_SUCH_REF = "couldn't find remote ref"
# The ref is not where we saw it: seen by us (a lease), or by the remote when it took its own lock.
_MOVED = re.compile(
    r"stale info|fetch first|non-fast-forward|needs force|cannot lock ref|failed to (update|lock)"
    r"|reference already exists|incorrect old value|but expected",
    re.IGNORECASE,
)
# Another push holds the lock of the ref for a moment; one that died there, for good.
_LOCKED = re.compile(r"Unable to create '([^']+\.lock)': File exists")
# `refs/campaignctl/shop` and `refs/campaignctl/shop/staging` exclude each other.
_NO_ROOM = "exists; cannot create"
_REGULAR = "100"
_NO_FILE = b"\0\n"
_UNFIT = re.compile(r"[<>\x00-\x1f\x7f]+")


class Remote:
    """A remote of the repository that a project lies in. Opened at its first use; safe for threads."""

    def __init__(self, project: Path, name: str) -> None:
        self.name = name
        self._project = project
        self._opening = threading.Lock()
        self._opened: Store | None = None

    @property
    def store(self) -> Store:
        """The store that speaks to it. Raises GitTrouble."""
        with self._opening:
            if self._opened is None:
                self._opened = open_store(self._project, self.name, self)
            return self._opened


@dataclass(frozen=True, slots=True)
class GitPlace(Place):
    """A ref at a remote, whose versions are commits."""

    remote: Remote
    ref: str
    now: Callable[[], datetime]

    @property
    def texts(self) -> Texts:
        """How messages speak of it."""
        location = f"{self.ref} of {self.remote.name}"
        return Texts(
            location=location,
            history=f"the history of {location}",
            repair=Sentence(
                f"nothing was overwritten; `git fetch {quote(self.remote.name)} {quote(self.ref)}`, then"
                " `git log --oneline FETCH_HEAD -- state.json` names its versions; put a good one back with"
                " `git show COMMIT:state.json > good.json` and ",
                Command("state", "push", "good.json"),
            ),
            apart="give each project of a repository a `state.ref` of its own in campaignctl.yaml",
        )

    def tip(self) -> str | None:
        """The commit that the ref leads to."""
        return self.refs().get(self.ref)

    def refs(self, seconds: float = LONGEST) -> dict[str, str]:
        """The refs that the pattern in `ref` fits, each with the commit that it leads to."""
        words = ("ls-remote", "--quiet", self.remote.name, self.ref)
        listed = self.remote.store.git.run(*words, seconds=seconds).decode()
        pairs = (line.split("\t", 1) for line in listed.splitlines())
        return {ref: tip for tip, ref in pairs}

    def look(self, seconds: float = LONGEST) -> Seen:
        """The commit that the ref leads to, and its files."""
        tip = self._fetch(seconds)
        return Seen(tip, self._files(tip) if tip else {})

    def draft(self, before: Seen, after: Files, note: Note) -> Seen:
        """A commit that exists only here: the files of the one before, with the changes."""
        old = before.files
        value, by = self.remote.store.value, note.by
        name, email = value("user.name") or by.holder, value("user.email") or f"{by.holder}@{by.host}"
        # A configuration may be in Latin-1, and an account may have any name.
        texts = (text.encode(errors="replace").decode() for text in (name, email))
        name, email = (_UNFIT.sub(" ", text).strip() for text in texts)
        ours = f"refs/made/{threading.get_ident()}"
        committer = f"{name} <{email}> {int(self.now().timestamp())} +0000"
        parts = [
            f"commit {ours}\nmark :1\ncommitter {committer}\n".encode(),
            _data(_message(note).encode(errors="replace")),
        ]
        parts += [f"from {before.tip}\n".encode()] if before.tip else []
        for path in sorted(old.keys() | after.keys()):
            if path not in after:
                parts += [b"D %s\n" % _quoted(path)]
            elif old.get(path) != after[path]:
                parts += [f"M 100644 inline {path}\n".encode(), _data(after[path])]
        parts += [f"get-mark :1\nreset {ours}\ndone\n".encode()]
        made = self._run("fast-import", "--quiet", "--force", "--done", given=b"".join(parts))
        return Seen(made.decode().strip(), after)

    def put(self, before: Seen, draft: Seen, seconds: float = LONGEST) -> bool:
        """Push a commit; False when the ref leads elsewhere, perhaps to this very commit already."""
        return self._push(f"{draft.tip}", before.tip, seconds=seconds)

    def holds(self, found: Seen, draft: Seen) -> bool:
        """Whether a commit is the last one of the ref, or among the last."""
        if found.tip == draft.tip or found.tip is None:
            return found.tip == draft.tip
        self._run(*self._fetching(_RECENT))
        answer = self.remote.store.git.ask("merge-base", "--is-ancestor", f"{draft.tip}", self._seen_ref)
        return answer.status == 0

    def access(self, by: LockInfo) -> Access:
        """Whether a push to the ref would be accepted, by a dry run."""
        try:
            tip = self._fetch(LONGEST)
            commit = tip or self.draft(Seen(None, {}), {"dry-run": b""}, Note(by, "dry run")).tip
            self._push(f"{commit}", tip, dry=True)
            address = shown(self.remote.store.value(f"remote.{self.remote.name}.url") or "")
        except GitTrouble as error:
            return Access(False, f"{self.remote.name} refuses pushes: {error}", error.hint)
        found = f"{self.remote.name} ({address}) accepts pushes to {self.ref} (dry run)"
        return Access(True, found)

    @property
    def _seen_ref(self) -> str:
        return f"refs/seen/{self.ref}"

    def _fetching(self, depth: int) -> tuple[str, ...]:
        words = ("fetch", "--quiet", "--no-tags", f"--depth={depth}")
        return (*words, self.remote.name, f"+{self.ref}:{self._seen_ref}")

    def _fetch(self, seconds: float) -> str | None:
        """Fetch the commit that the ref leads to; None if there is no such ref."""
        answer = self.remote.store.git.ask(*self._fetching(1), seconds=seconds)
        if answer.status == 0:
            return self._run("rev-parse", "--verify", self._seen_ref).decode().strip()
        if _NO_SUCH_REF in answer.told:
            return None
        raise trouble("fetch", answer.told)

    def _files(self, commit: str) -> dict[str, bytes]:
        """The files of a fetched commit, by path; for a link, such as a submodule, what no file has."""
        listed = self._run("ls-tree", "-r", "-l", "-z", commit).decode("utf-8", "surrogateescape")
        entries = [entry.split("\t", 1) for entry in listed.split("\0") if entry]
        sizes = (head.split()[-1] for head, _ in entries)
        if sum(int(size) for size in sizes if size != "-") > LARGEST:
            raise GitTrouble(
                "refused",
                f"the files in {commit[:12]} of {self.ref} are larger than {LARGEST // 1024 // 1024} MiB",
                hint=f"that is no state of campaignctl: put an earlier commit back, `git push --force"
                f" {self.remote.name} COMMIT:{self.ref}`",
            )
        names = {path: head.split(" ")[2] for head, path in entries if head.startswith(_REGULAR)}
        content = self._run(
            "cat-file", "--batch", given="".join(f"{name}\n" for name in names.values()).encode()
        )
        files, at = dict.fromkeys((path for _, path in entries), _NO_FILE), 0
        for path in names:
            head, _, _ = content[at:].partition(b"\n")
            start = at + len(head) + 1
            length = int(head.rsplit(b" ", 1)[1])
            files[path] = content[start : start + length]
            at = start + length + 1
        return files

    def _push(
        self, commit: str, expected: str | None, *, dry: bool = False, seconds: float = LONGEST
    ) -> bool:
        """Let the ref lead to a commit if it leads to `expected` (None: if there is no such ref)."""
        lease = f"--force-with-lease={self.ref}:{expected or ''}"
        words = ("push", "--porcelain", "--no-verify", *(["--dry-run"] if dry else []), lease)
        answer = self.remote.store.git.ask(*words, self.remote.name, f"{commit}:{self.ref}", seconds=seconds)
        if answer.status == 0:
            return True
        for line in answer.out.decode("utf-8", "replace").splitlines():
            if not line.startswith("!\t"):
                continue
            reason = line.rpartition("\t")[2]
            if locked := _LOCKED.search(answer.told):
                raise _locked(self.ref, locked[1].replace("/./", "/"))
            if _MOVED.search(reason) and _NO_ROOM not in answer.told:
                return False
            raise rejected(self.ref, reason, answer.told)
        raise trouble("push", answer.told)

    def _run(self, *words: str, given: bytes = b"") -> bytes:
        return self.remote.store.git.run(*words, given=given)


def _locked(ref: str, file: str) -> GitTrouble:
    """The error for a ref whose lock another push holds, or held when it died."""
    return GitTrouble(
        "away",
        f"the remote keeps {ref} locked for another push",
        detail=file,
        hint=f"if this stays so, that push died: delete the file there (`rm {quote(file)}`), then run the"
        " command again",
    )


def state_refs(
    directory: Path, remote: str, *, now: Callable[[], datetime], seconds: float = LONGEST
) -> tuple[str, ...]:
    """The refs of all states at a remote of the project's repository. Raises StateError."""
    place = GitPlace(Remote(directory, remote), f"{_PREFIX}*", now)
    try:
        return tuple(ref for ref in place.refs(seconds) if not ref.endswith((_STOP, _ARCHIVE)))
    except GitTrouble as error:
        raise StateError(
            f"the states of {remote} cannot be listed", detail=str(error), hint=error.hint
        ) from error


def git_home(directory: Path, project: str, remote: str, ref: str, *, now: Callable[[], datetime]) -> Home:
    """The home of a state on a ref, at a remote of the project's repository."""
    place = GitPlace(Remote(directory, remote), ref, now)
    stop, archive = (GitPlace(place.remote, ref + end, now) for end in (_STOP, _ARCHIVE))
    return Home(project, place, stop, archive, mirror_path(directory, ref))


def mirror_path(directory: Path, ref: str) -> Path:
    """Where a ref is mirrored to, below the directory of the project."""
    return directory / ".campaignctl" / "git" / f"{ref.removeprefix(_PREFIX)}.json"


def _message(note: Note) -> str:
    """The message of a commit: operation, holder and lock."""
    by = note.by
    operation, holder, host, lock = (
        " ".join(text.split()) for text in (by.operation, by.holder, by.host, by.id)
    )
    lines = [f"{operation}: {note.subject}", "", f"Holder: {holder} on {host}", f"Process: {by.process}"]
    return "\n".join([*lines, *([f"Lock: {lock}"] if note.under_lock else []), ""])


def _quoted(path: str) -> bytes:
    """A path of any bytes as git's fast-import takes it: others than we may have written to the ref."""
    octal = "".join(f"\\{byte:03o}" for byte in path.encode("utf-8", "surrogateescape"))
    return f'"{octal}"'.encode()


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)
