"""What a job works with: the newest base for a plan, and for an apply the plans that were reviewed.

For every commit since the last finished apply, the host says which request merged it, whether by merge,
squash or rebase. The plan of a request is the newest one for exactly the commit that was merged, made by a
run of this repository before the request was approved. Plans of forks are never trusted: the author of the
change could have written the plan.

Concurrent merges and applies that were skipped or died need nothing special: everything merged since the last
finished apply is gathered. An apply that left something alone is no end: for the keys that it left, the plans
before it are gathered too, and for no others, as a plan that was applied once says nothing about today.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from campaignctl.backends.at_rest import IN_CLEAR, PLAN, AtRest
from campaignctl.backends.git.command import Git, without_programs
from campaignctl.cli.files import plan_of, plan_text, write_private
from campaignctl.cli.hosts.model import (
    ABOUT,
    FORMAT_VERSION,
    NOT_JSON,
    Approvals,
    Host,
    Job,
    Made,
    Request,
    Words,
)
from campaignctl.errors import CampaignctlError
from campaignctl.schedule.times import iso
from campaignctl.state.ledger import HistoryEntry, ReviewedRequest
from campaignctl.state.strict import fit

GATHERED, PLANS, NEWER, AGAINST = "gathered.json", "plans", "newer", "against"
REQUESTS = "requests.json"
_MOST = 200  # commits to look at if nothing was applied yet
_PUSHES = 20  # commits whose runs are looked for
_FETCH = 120.0
_APPLIES = ("apply", "apply of reviewed plans", "apply of a saved plan", "destroy")
_SHORT = 12
_ME = ("-c", "user.name=CI", "-c", "user.email=ci@localhost", "-c", "commit.gpgSign=false")

Say = Callable[[str], None]
Reason = Literal["used", "nothing left", "fork", "no plan", "expired", "other", "late", "unseen", "unknown"]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for one request, and a sentence about it."""

    number: int
    head: str
    reason: Reason
    text: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything that was gathered. `newer` is a later commit that was applied already; `without` are commits
    that no request brought."""

    newer: str | None = None
    requests: tuple[Found, ...] = ()
    without: tuple[str, ...] = ()

    def save(self, folder: Path) -> None:
        """Write the document for `report`."""
        document = {"format_version": FORMAT_VERSION, **asdict(self)}
        (folder / GATHERED).write_text(json.dumps(document, indent=1), "utf-8")
        if self.newer:
            (folder / NEWER).write_text(self.newer, "utf-8")


def read_gathered(folder: Path) -> Gathered | None:
    """The saved document; None without one. Raises CampaignctlError if it is damaged."""
    path = folder / GATHERED
    if not path.is_file():
        return None
    try:
        document = json.loads(path.read_text("utf-8"))
        requests = tuple(Found(**each) for each in document["requests"])
        return Gathered(document["newer"], requests, tuple(document["without"]))
    except (*NOT_JSON, KeyError) as wrong:
        raise _unreadable(path, wrong) from wrong


def _unreadable(path: Path, wrong: Exception) -> CampaignctlError:
    return CampaignctlError(
        f"{path} cannot be read: {wrong}", hint="run `campaignctl ci gather` again, or delete the file"
    )


def save_requests(plans: Path, host: Host, found: Gathered) -> None:
    """Write next to the plans whose they are, for the history of the state."""
    used = [
        {"request": f"{host.repository}{host.words.sign}{each.number}", "approved_by": each.who or None}
        for each in found.requests
        if each.reason == "used"
    ]
    (plans / REQUESTS).write_text(json.dumps(used, indent=1), "utf-8")


def save_approval(folder: Path, host: Host, environment: str) -> str:
    """Write next to the plan of a manual run who approved it. Returns a sentence about it.

    Raises CampaignctlError if the host asks no reviewer before a job of this environment.
    """
    if not host.asks_reviewers(environment):
        raise CampaignctlError(
            f"The environment {environment} has no required reviewers",
            detail="No approval was requested, so nothing was applied.",
            hint=f"add them in the settings of {host.words.host}: Environments > {environment}",
        )
    who = host.approved_by(environment)
    folder.mkdir(parents=True, exist_ok=True)
    approval = {"request": host.job.run, "approved_by": who or None}
    (folder / REQUESTS).write_text(json.dumps([approval], indent=1), "utf-8")
    return f"Approved by {who}." if who else f"{host.words.host} does not say who approved it."


def read_requests(plans: Path) -> tuple[ReviewedRequest, ...]:
    """Whose the plans in a folder are; empty if it does not say."""
    path = plans / REQUESTS
    if not path.is_file():
        return ()
    try:
        # They go into the state, which is damaged by a value of another type.
        return tuple(fit(ReviewedRequest, each) for each in json.loads(path.read_text("utf-8")))
    except NOT_JSON as wrong:
        raise _unreadable(path, wrong) from wrong


# ------------------------------------------------------------------------------------------ a plan


def prepare(host: Host, git: Git, folder: Path, now: datetime, say: Say) -> None:
    """Merge the newest base into the checkout of a request, and note what is planned, against which commit.

    A run that is repeated has the merge of its first day: its plan would cancel what was added since.

    Raises CampaignctlError if the branch cannot be merged.
    """
    job, tip = host.job, None
    named = f"the commit {job.head[:_SHORT]}" if job.number is None else host.words.named(job.number)
    if job.kind in ("request", "queue"):
        if remote := host.remote():
            git.run("remote", "set-url", "origin", remote)
        git.run("fetch", "--quiet", "origin", f"refs/heads/{job.base}", seconds=_FETCH)
        tip = _text(git, "rev-parse", "FETCH_HEAD")
        before = _text(git, "rev-parse", "HEAD")
        merging = without_programs(git)
        if merging.ask(*_ME, "merge", "--quiet", "--no-edit", "FETCH_HEAD", seconds=_FETCH).status != 0:
            merging.ask("merge", "--abort")
            raise CampaignctlError(
                f"{named} cannot be merged into {job.base} as it is now",
                detail=f"It is at {tip[:_SHORT]}; a plan on an older one would undo what was merged since.",
                hint=f"merge {job.base} into the branch, resolve the conflicts, and push",
            )
        if before != _text(git, "rev-parse", "HEAD"):
            say(f"Merged {job.base} at {tip[:_SHORT]}.")
    folder.mkdir(parents=True, exist_ok=True)
    about = {
        "format_version": FORMAT_VERSION,
        "repository": host.repository,
        "kind": job.kind,
        "number": job.number,
        "head": job.head,
        "base": job.base,
        "tip": tip,
        "run": job.run,
        "at": iso(now),
    }
    (folder / ABOUT).write_text(json.dumps(about, indent=1), "utf-8")
    # Without a request nothing is new: what is blocked was blocked before.
    (folder / AGAINST).write_text(tip or _text(git, "rev-parse", "HEAD"), "utf-8")


# ------------------------------------------------------------------------------------------ an apply


@dataclass(frozen=True, slots=True)
class Since:
    """What an apply has to look at: everything that was merged after `whole`, and for the keys `left` also
    what was merged after `rest`. None: from the beginning. `applied` are the commits of all applies, the last
    one first."""

    whole: str | None = None
    left: frozenset[str] = frozenset()
    rest: str | None = None
    applied: tuple[str, ...] = ()


def since(history: Sequence[HistoryEntry], has: Callable[[str], bool]) -> Since:
    """Where the history (oldest first) ends, among the commits that this clone has."""
    applies = [
        entry
        for entry in reversed(history)
        if entry.operation in _APPLIES and entry.commit and has(entry.commit)
    ]
    applied = tuple(dict.fromkeys(str(entry.commit) for entry in applies))
    whole: HistoryEntry | None = None
    for entry in applies:
        if entry.outcome == "started" or "*" in (entry.left or ()):
            continue
        if _is_whole(entry):
            left = frozenset(whole.left or ()) if whole else frozenset[str]()
            return Since((whole or entry).commit, left, entry.commit, applied)
        if whole is None and entry.left is not None:
            whole = entry
    if whole is None:
        return Since(applied=applied)
    return Since(whole.commit, frozenset(whole.left or ()), None, applied)


def _is_whole(entry: HistoryEntry) -> bool:
    """Whether an apply left nothing undone of what its manifests asked for."""
    undone = sum(count for outcome, count in entry.outcomes.items() if outcome != "done")
    return entry.outcome in ("done", "incomplete") and not undone and not entry.left


@dataclass(slots=True)
class Gathering:
    """One run of `gather` for an apply."""

    host: Host
    git: Git
    project: str
    folder: Path
    say: Say
    at_rest: AtRest = IN_CLEAR
    _requests: dict[int, Request] = field(default_factory=dict)
    _without: list[str] = field(default_factory=list)

    def run(self, history: Sequence[HistoryEntry]) -> Gathered:
        """Write the plans that were reviewed to the folder, and what was found about the others."""
        plans = self.folder / PLANS
        plans.mkdir(parents=True, exist_ok=True)
        for plan in plans.glob("*.json"):
            plan.unlink()  # of an earlier run, or of a commit: not reviewed
        job = self.host.job
        # It may have moved since this run was requested.
        self.git.run("fetch", "--quiet", "origin", job.base, seconds=_FETCH)
        after = since(history, lambda commit: self._succeeds("cat-file", "-e", f"{commit}^{{commit}}"))
        newest = after.applied[0] if after.applied else None
        if newest and self._is_behind(newest):
            self.say(f"A newer commit has already been applied: {newest}.")
            found = Gathered(newer=newest)
        else:
            (self.folder / AGAINST).write_text(self._before(job, after.applied), "utf-8")
            found = self._gathered(after, job, plans)
            save_requests(plans, self.host, found)
        found.save(self.folder)
        return found

    def _before(self, job: Job, applied: Sequence[str]) -> str:
        """The last commit before this push that an apply has judged: it is in the history, or its run ended.

        What is blocked there was said there. What was merged since is the matter of this run, also if it had
        a run of its own that was skipped."""
        last = next((commit for commit in applied if self._has(commit)), "")
        if not self._has(job.before) or (last and self._leads_to(job.before, last)):
            return last
        commits = f"{last}..{job.before}" if last else job.before
        listed = _text(self.git, "rev-list", "--first-parent", f"--max-count={_PUSHES}", commits).split()
        return next((commit for commit in listed if self.host.was_judged(commit, job.base)), last)

    def _gathered(self, after: Since, job: Job, plans: Path) -> Gathered:
        whole = self._brought(after.whole, "HEAD", job.base)
        found = [self._plan_of(request, plans, None) for request in whole]
        if after.left and after.whole:
            known = {request.number for request in whole}
            rest = self._brought(after.rest, after.whole, job.base)
            left = after.left
            found += [self._plan_of(one, plans, left) for one in rest if one.number not in known]
        for each in found:
            self.say(each.text)
        return Gathered(None, tuple(found), tuple(self._without))

    def _brought(self, start: str | None, end: str, base: str) -> list[Request]:
        """The requests whose merges are between two commits and touch the project."""
        commits = f"{_text(self.git, 'merge-base', start, 'HEAD')}..{end}" if start else end
        listed = ("rev-list", "--first-parent", f"--max-count={_MOST}", commits, "--", self.project)
        found: dict[int, Request] = {}
        for commit in _text(self.git, *listed).split():
            requests = self.host.merged(commit, base)
            found |= {request.number: request for request in requests}
            if not requests:
                self._without.append(commit)
        return [found[number] for number in sorted(found)]

    def _plan_of(self, request: Request, plans: Path, left: frozenset[str] | None) -> Found:
        """Write the plan of a request that counts, or of the keys that were left, and say why not."""
        words = self.host.words
        name = words.named(request.number).capitalize()

        def found(reason: Reason, text: str, who: str = "") -> Found:
            return Found(request.number, request.head, reason, f"{name} {text}", who)

        if request.fork:
            return found("fork", "comes from a fork: its plan is not trusted.")
        made = sorted(self.host.plans(request), key=lambda each: each.at, reverse=True)
        if not made:
            return found(
                "no plan", f"has no plan for {request.head}: merged before it was made, or it was deleted."
            )
        kept = [each for each in made if not each.expired]
        if not kept:
            return found("expired", f"has a plan for {request.head}, but it has expired.")
        approvals = self.host.approvals(request.number)
        counted = counting(words, kept, request, approvals, self.host.is_rerun)
        if isinstance(counted, tuple):
            return found(*counted)
        for each in counted:
            if (read := self.host.read(each)) is None:
                continue
            about, text = read
            if (why := self._is_other(about, request, text)) is not None:
                return found("other", f"has a plan of {each.run}, but {why}.")
            if left is not None and (text := _only(text, left, self.at_rest)) == "":
                return found("nothing left", f"was applied: nothing of its plan of {each.run} was left.")
            write_private(str(plans / f"{request.number}.json"), text)
            by = f", approved by {approvals.who}" if approvals.who else ""
            return found(
                "used", f"was reviewed at {request.head}: the plan of {each.run}{by}.", approvals.who
            )
        return found("expired", f"has no plan for {request.head}: its runs failed, or keep it no longer.")

    def _is_other(self, about: dict[str, Any], request: Request, text: str) -> str | None:
        """Why what was planned is not what was merged; None if it is."""
        base = self.host.job.base
        if about.get("base") != base:
            return f"it was made for the branch {about.get('base')}, not {base}: run it again"
        same = (
            about.get("repository") == self.host.repository,
            about.get("number") == request.number,
            about.get("head") == request.head,
            about.get("kind") == "request",
        )
        if not all(same):
            return f"it is of {about.get('number')} at {about.get('head')}: run it again"
        try:
            plan_of("it", text.encode(), self.at_rest)
        except CampaignctlError as error:
            return error.summary
        return None

    def _has(self, commit: str) -> bool:
        """Whether a commit is an ancestor of the one that is applied, and another one."""
        head = _text(self.git, "rev-parse", "HEAD")
        return commit not in ("", head) and self._leads_to(commit, "HEAD")

    def _is_behind(self, commit: str) -> bool:
        head = _text(self.git, "rev-parse", "HEAD")
        return commit != head and self._leads_to("HEAD", commit)

    def _leads_to(self, older: str, newer: str) -> bool:
        return self._succeeds("merge-base", "--is-ancestor", older, newer)

    def _succeeds(self, *words: str) -> bool:
        return self.git.ask(*words).status == 0


def counting(
    words: Words,
    made: Sequence[Made],
    request: Request,
    approvals: Approvals,
    is_rerun: Callable[[], bool],
) -> list[Made] | tuple[Reason, str]:
    """The plans that were seen by whoever approved, the newest first, or why none counts.

    Without an approval the merge is one. Times are compared by the second, which is all that hosts promise:
    which came first within one is not known. Where the host cannot tell, a person who runs the job again
    approves.
    """
    newest = made[0]
    of = f"its plan of {newest.run} was made at {iso(newest.at)}"
    until = approvals.at or request.merged_at
    known = _second(until) if until and approvals.known else None
    seen = [each for each in made if known and _second(each.at) < known]
    same = [each for each in made if _second(each.at) == known]
    if seen or ((same or not approvals.at) and is_rerun()):
        return seen or same or list(made)
    how = f"approved by {approvals.who}" if approvals.at else "merged"
    if same:
        why = f"was {how} at {iso(same[0].at)}, in the second in which its plan of {same[0].run} was made"
        return "unknown", f"{why}: which came first is not known. Read the plan, then run this job again."
    if approvals.at:
        return "late", f"was {how} at {iso(approvals.at)}, and {of}, which is later: {words.late}."
    if not approvals.known:
        why = f"was approved, but {words.host} does not say when; {of}"
        return "unknown", f"{why}: read it, then run this job again."
    return "unseen", f"was merged, and {of}, which is later: read it, then run this job again."


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _only(text: str, keys: Collection[str], at_rest: AtRest) -> str:
    """A plan with only what it does of some keys; empty without any.

    Its settings were applied with it: to change them again is another review. Raises CampaignctlError if it
    is damaged.
    """
    plan = plan_of(PLAN, text.encode(), at_rest)
    changes = tuple(change for change in plan.changes if change.key in keys)
    withdrawn = {key: digest for key, digest in plan.withdrawn.items() if key in keys}
    if not (changes or withdrawn):
        return ""
    return plan_text(replace(plan, changes=changes, withdrawn=withdrawn, settings_changed=()), at_rest)


def _text(git: Git, *words: str) -> str:
    return git.run(*words, seconds=_FETCH).decode("utf-8", "replace").strip()
