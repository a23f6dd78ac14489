"""Remotes as they come: shallow clones, smart HTTP, ssh, and what git does on the user's side meanwhile."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from campaignctl.backends.cas.place import Note, PlaceError, Seen
from campaignctl.backends.git.place import git_home, state_refs
from campaignctl.backends.git.store import open_store
from campaignctl.backends.lock_info import UNKNOWN
from campaignctl.errors import StateError, StateNotSaved
from campaignctl.state.halts import Halt, Halts
from tests.backends.cas_places import utc_now
from tests.backends.git_place import REF, GitPlace, git, git_backend
from tests.backends.real_ssh import Ssh, real_ssh
from tests.backends.smart_http import smart_http
from tests.golden import Golden
from tests.state.samples import decision, sample_state

NOW = timedelta()
ONE = Halt("h1", None, "wrong price", "mira", "laptop", "2036-01-01T00:00:00Z")
TWO = Halt("h2", ("sms/*",), "wrong price", "jo", "desk", "2036-01-01T00:00:01Z")


@pytest.fixture
def place(tmp_path: Path) -> GitPlace:
    return GitPlace(tmp_path).made()


# How a remote is reached: its address, and the command for ssh where that is not the usual one.
Way = tuple[str, str]


@contextmanager
def near(place: GitPlace) -> Iterator[Way]:
    yield place.address, "ssh"


@contextmanager
def over_http(place: GitPlace, login: str | None = None) -> Iterator[Way]:
    git(place.remote, "config", "http.receivepack", "true")
    with smart_http(place.root, login) as server:
        yield f"http://{login or 'mira:'}@127.0.0.1:{server.server_port}/remote.git", "ssh"


@contextmanager
def over_ssh(place: GitPlace) -> Iterator[Way]:
    ssh = real_ssh(place.root / "ssh")
    yield ssh.address(place.remote), ssh.command


@contextmanager
def over_a_line_like_ssh(place: GitPlace) -> Iterator[Way]:
    """The protocol as over ssh, also where there is none: a script that runs the far side here."""
    script = place.root / "line"
    script.write_text(
        '#!/bin/sh\nwhile [ "$1" != git@remote.example ]; do shift; done\nshift\nexec sh -c "$*"\n'
    )
    script.chmod(0o755)
    yield f"ssh://git@remote.example{place.remote}", str(script)


@pytest.mark.parametrize(
    "reached",
    [near, over_http, partial(over_http, login="mira:s3cret"), over_ssh, over_a_line_like_ssh],
)
def test_a_shallow_clone_and_another_one_share_the_state(place: GitPlace, reached: object) -> None:
    assert callable(reached)
    git(place.project, "-c", "user.name=Mira", "commit", "--quiet", "--allow-empty", "-m", "one")
    git(place.project, "push", "--quiet", place.address, "HEAD:refs/heads/main")
    clones = [place.root / "ci", place.root / "laptop"]
    with reached(place) as (address, ssh):
        for clone in clones:
            git(place.root, "clone", "--quiet", "--depth=1", "--branch=main", place.address, str(clone))
            git(clone, "remote", "set-url", "origin", address)
            git(clone, "config", "core.sshCommand", ssh)
        session = git_backend(clones[0]).acquire("apply", NOW)
        session.write(sample_state())
        session.append(decision("a"))
        session.release()
        other = git_backend(clones[1]).acquire("apply", NOW)
        assert other.state == sample_state().after(decision("a"))
        other.append(decision("b"))
        other.release()
        assert git_backend(clones[0]).read() == sample_state().after(decision("a")).after(decision("b"))


@pytest.mark.parametrize("name", [b"Jos\xe9", b"<>", "José".encode()])
def test_whatever_name_git_has_for_a_user_the_state_is_saved(place: GitPlace, name: bytes) -> None:
    subprocess.run(["git", "config", "user.name", name], cwd=place.project, check=True)
    place.backend().acquire("apply", NOW).release()
    assert place.backend().holder() is None


@pytest.mark.parametrize(
    ("name", "email", "committer"),
    [
        ("Ana", "ana@example.com", "Ana <ana@example.com>"),
        ("Ana", None, "Ana <HOLDER@HOST>"),
        (None, "ana@example.com", "HOLDER <ana@example.com>"),
        (None, None, "HOLDER <HOLDER@HOST>"),
        (" <A\tna> ", "ana @\x7f", "A na <ana @>"),
    ],
)
def test_a_version_is_committed_by_the_user_of_git_or_else_by_the_holder(
    place: GitPlace, monkeypatch: pytest.MonkeyPatch, name: str | None, email: str | None, committer: str
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for key, value in (("user.name", name), ("user.email", email)):
        if value is not None:
            git(place.project, "config", key, value)
    session = place.backend().acquire("apply", NOW)
    expected = committer.replace("HOLDER", session.lock.holder).replace("HOST", session.lock.host)
    session.release()
    assert git(place.remote, "log", "-1", "--format=%cn <%ce>", REF).decode().strip() == expected
    made, since = git(place.remote, "log", "-1", "--format=%ct", REF), session.lock.since
    assert abs(int(made) - datetime.fromisoformat(since).timestamp()) < 60


def test_a_place_that_accepts_pushes_is_named_by_its_address(place: GitPlace) -> None:
    access = place.backend().keeping().access
    assert access is not None
    assert (access.allowed, access.fix) == (True, "")
    assert access.found.startswith(f"origin ({place.address}) accepts pushes to refs/")


def test_an_unknown_login_is_reported_and_never_shown(place: GitPlace) -> None:
    with over_http(place, "mira:s3cret") as (address, _):
        git(place.project, "remote", "set-url", "origin", address.replace("s3cret", "wr0ng"))
        with pytest.raises(StateError) as refused:
            place.backend().read()
        with pytest.raises(StateNotSaved):
            place.backend().acquire("apply", NOW)
    assert "rejects this login" in refused.value.detail
    assert "wr0ng" not in refused.value.detail + refused.value.hint


def reached_by_ssh(place: GitPlace) -> Ssh:
    ssh = real_ssh(place.root / "ssh")
    git(place.project, "remote", "set-url", "origin", ssh.address(place.remote))
    git(place.project, "config", "core.sshCommand", ssh.command)
    place.backend().acquire("apply", NOW).release()
    return ssh


def what_a_read_says(place: GitPlace) -> StateError:
    with pytest.raises(StateError) as refused:
        place.backend().read()
    return refused.value


def test_an_unknown_ssh_host_is_refused_without_a_question(place: GitPlace) -> None:
    reached_by_ssh(place).forget_the_host()
    refused = what_a_read_says(place)
    assert "host key of the remote is not known here" in refused.detail
    assert "known_hosts" in refused.hint


def test_a_rejected_ssh_key_is_reported_at_once(place: GitPlace) -> None:
    reached_by_ssh(place).reject_every_key()
    refused = what_a_read_says(place)
    assert "rejects this login" in refused.detail
    assert "Permission denied (publickey)" in refused.detail


def test_an_ssh_host_without_an_answer_is_away_and_the_state_comes_back(place: GitPlace) -> None:
    ssh = reached_by_ssh(place)
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    ssh.end()
    with pytest.raises(StateNotSaved) as away:
        session.append(decision("a"))
    assert "run the command again" in away.value.hint
    with pytest.raises(StateNotSaved) as rescued:
        session.release()
    assert "campaignctl state push" in rescued.value.hint


def test_a_project_outside_a_repository_gets_a_hint(tmp_path: Path, golden: Golden) -> None:
    with pytest.raises(StateError) as refused:
        git_backend(tmp_path).read()
    golden("no repository", refused.value.detail.partition(":")[0])
    assert "backend: local" in refused.value.hint


def test_a_missing_remote_is_named_with_the_existing_ones(place: GitPlace) -> None:
    git(place.project, "remote", "rename", "origin", "upstream")
    with pytest.raises(StateError) as refused:
        place.backend().read()
    assert "no remote origin: it has: upstream" in refused.value.detail
    assert "git remote add origin" in refused.value.hint


@pytest.mark.parametrize("version", ["1.99.1", "2.9.0", "2.30.9", "2.31.0", "3.0.0", "unknown"])
def test_a_git_that_does_not_answer_because_it_is_too_old_is_named(
    place: GitPlace, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    script = place.root / "bin" / "git"
    script.parent.mkdir()
    is_asked = f'case "$*" in *" version") echo "git version {version}"; exit;; esac'
    script.write_text(f"#!/bin/sh\n{is_asked}\necho 'error: unknown option' >&2; exit 129\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin")
    refused = what_a_read_says(place)
    if version in ("1.99.1", "2.9.0", "2.30.9"):
        assert refused.detail == f"this git is too old: git version {version}"
        assert refused.hint == "install git 2.31 or newer"
    else:
        assert refused.detail == "git rev-parse failed: error: unknown option"


#: What a repository may say of its remote, and programs that it may name.
CARRIED = (
    *("core.sshCommand", "core.gitProxy", "core.askPass", "user.name", "user.email", "ssh.variant"),
    *("url.here:.insteadOf", "credential.helper", "credential.https://a.example.username", "http.proxy"),
    *("http.https://a.example.sslVerify", "protocol.version", "transfer.fsckObjects"),
    *("remote.origin.pushurl", "remote.origin.proxy", "remote.origin.proxyAuthMethod"),
    *("remote.origin.uploadpack", "remote.origin.vcs", "remote.origin.serverOption", "remote.a.b.url"),
)
LEFT = (
    *("core.sshCommands", "core.attributesFile", "core.alternateRefsCommand", "core.pager"),
    *("remote.origin.fetch", "remote.origin.push", "remote.origin.mirror", "remote.origin.tagOpt"),
    *("remote.origin.promisor", "remote.origin.prune", "remote.pushDefault", "remote.origin.urls"),
    *("user.signingKey", "user.names", "commit.gpgSign", "push.pushOption", "fetch.prune", "alias.http"),
    *("filter.url.clean", "merge.mine.driver", "my.http.proxy"),
)


@pytest.mark.parametrize("key", [*CARRIED, *LEFT])
def test_of_the_users_repository_only_how_to_reach_a_remote_counts(place: GitPlace, key: str) -> None:
    git(place.project, "config", key, "1")
    found = open_store(place.project, "origin", place).git.ask("config", "--get", key)
    assert found.out == (b"1\n" if key in CARRIED else b"")


def test_a_remote_that_the_user_mirrors_gets_the_state_alone(place: GitPlace) -> None:
    git(place.project, "-c", "user.name=Mira", "commit", "--quiet", "--allow-empty", "-m", "one")
    git(place.project, "config", "remote.origin.mirror", "true")
    place.backend().acquire("apply", NOW).release()
    assert git(place.remote, "for-each-ref", "--format=%(refname)").decode().split() == [REF]


def test_the_users_repository_is_left_as_it_is(place: GitPlace) -> None:
    hook = place.project.parent / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    before = listing(place.project.parent / ".git")
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    assert place.backend().read() == sample_state()
    assert listing(place.project.parent / ".git") == before
    assert git(place.project, "status", "--porcelain", "--untracked-files=no") == b""


def listing(directory: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_git_is_not_given_the_token(place: GitPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCAMBA_TOKEN", "t0ken-of-the-account")
    place.hook("pre-receive", 'env > "$GIT_DIR/seen"')
    place.backend().acquire("apply", NOW).release()
    seen = (place.remote / "seen").read_text()
    assert "GIT_TERMINAL_PROMPT=0" in seen
    assert "t0ken-of-the-account" not in seen


def test_the_history_names_operation_holder_and_lock(place: GitPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.append(decision("a"))
    session.release()
    subjects = git(place.remote, "log", "--format=%s", "--reverse", REF).decode().splitlines()
    assert subjects == [
        "apply: took the lock",
        "apply: the state, serial 1",
        "apply: 1 step",
        "apply: the state, serial 2",
    ]
    _, _, message = git(place.remote, "cat-file", "commit", REF).decode().partition("\n\n")
    by = session.lock
    told = f"Holder: {by.holder} on {by.host}\nProcess: {by.process}\nLock: {by.id}\n"
    assert message == f"apply: the state, serial 2\n\n{told}"
    place.backend().change_halts(lambda halts: halts.with_halt(ONE))
    _, _, message = git(place.remote, "cat-file", "commit", f"{REF}.stop").decode().partition("\n\n")
    assert message == f"halt: the stop mark\n\nHolder: {by.holder} on {by.host}\nProcess: {by.process}\n"


def test_the_states_at_a_remote_are_listed_without_what_lies_next_to_them(place: GitPlace) -> None:
    for ref in (REF, f"{REF}.stop", f"{REF}.archive", "refs/campaignctl/staging", "refs/heads/main"):
        place.put({"state.json": b"{}"}, ref)
    listed = partial(state_refs, place.project, "origin", now=utc_now)
    assert listed() == (REF, "refs/campaignctl/staging")
    slow(place)
    with pytest.raises(StateError, match="the states of origin cannot be listed") as refused:
        listed(seconds=0.3)
    assert "git ls-remote did not end within" in refused.value.detail
    assert refused.value.hint == "check the network"


def slow(place: GitPlace) -> None:
    """Let the remote take longer than a test does."""
    for name in ("uploadpack", "receivepack"):
        git(place.project, "config", f"remote.origin.{name}", f"sleep 20; git-{name}")


def test_a_look_and_a_push_take_no_longer_than_they_may(place: GitPlace) -> None:
    slow(place)
    there = git_home(place.project, "acme-crm", "origin", REF, now=utc_now).place
    began = time.monotonic()
    with pytest.raises(PlaceError, match="git fetch did not end within"):
        there.look(0.3)
    draft = there.draft(Seen(None, {}), {"a": b"1"}, Note(UNKNOWN, "x"))
    with pytest.raises(PlaceError, match="git push did not end within") as late:
        there.put(Seen(None, {}), draft, 0.3)
    assert late.value.kind == "away"
    assert time.monotonic() - began < 10


def test_the_mirror_shows_the_last_state_to_people(place: GitPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    mirror = place.project / ".campaignctl" / "git" / "production.json"
    assert mirror.read_bytes() == place.document()
    assert mirror.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in mirror.parent.iterdir()] == ["production.json"]


def test_the_stop_mark_needs_no_lock_and_loses_no_change(place: GitPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    mine, yours = place.backend(), place.backend()
    assert mine.halts() == Halts()
    overtaken = iter([True, False])

    def change(halts: Halts) -> Halts:
        if next(overtaken):
            yours.change_halts(lambda found: found.with_halt(TWO))
        return halts.with_halt(ONE)

    mine.change_halts(change)
    assert set(mine.halts().halts) == set(yours.halts().halts) == {ONE, TWO}
    session.check()
    session.release()
    assert place.backend().read() is None


def test_doctor_reports_whether_pushes_are_accepted(place: GitPlace) -> None:
    access = place.backend().keeping().access
    assert access is not None
    assert access.allowed
    assert place.document() is None
    assert git(place.remote, "for-each-ref") == b""
