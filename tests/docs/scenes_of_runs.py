"""Trouble with runs, locks and states: each scene returns the printed message."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time

from tests.backends.git_place import git
from tests.backends.s3_server import environ_of, shared_server
from tests.docs.acting import (
    AUTHOR,
    ENVIRONMENTS,
    FAR,
    REF,
    blocked,
    drift,
    failed,
    far,
    flash,
    killed,
    left_alone,
    line,
    on_git,
    refused,
    said,
    under_way,
)
from tests.docs.scenes_of_campaigns import decision
from tests.e2e.harness import PROJECT, World, sms, until


def interrupted(world: World, times: int = 1) -> str:
    for name in "abc":
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    world.control.fault({"method": "POST", "times": 3}, {"kind": "delay", "seconds": 0.8, "when": "after"})
    process = world.start("apply", "--auto-approve", "--parallelism", "1")
    until(world.control.campaigns)
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    _, err = process.communicate(timeout=60)
    return next(line for line in err.splitlines() if line.startswith("Stopping" if times == 1 else "Exited"))


def interrupted_twice(world: World) -> str:
    return interrupted(world, times=2)


def not_notified(world: World) -> str:
    world.write("campaignctl.yaml", f"{PROJECT}notify: {{url_env: HOOK, on: all}}\n")
    world.environ["HOOK"] = "http://127.0.0.1:9"
    return said(world, "apply", "--auto-approve", containing="no notification")


# The lock


def locked(world: World) -> str:
    far(world)
    lock = {"id": "l0ck1d", "holder": "eve", "host": "elsewhere", "process": 7, "operation": "apply"}
    path = world.folder / ".campaignctl/state.json.lock"
    path.write_text(json.dumps({**lock, "since": "2026-01-01T00:00:00Z"}))
    return refused(world, "apply", "--auto-approve", "--lock-timeout", "0s")


def taken_over(world: World) -> str:
    killed(world)
    return said(world, "apply", "--auto-approve", containing="took the lock")


def lock_broken(world: World) -> str:
    far(world)
    world.write("push/summer.yaml", sms("Summer", scheduled_time=FAR))
    world.write("push/winter.yaml", sms("Winter", scheduled_time=FAR))
    world.control.fault({"method": "POST", "times": 1}, {"kind": "delay", "seconds": 1.5, "when": "after"})
    process = world.start("apply", "--auto-approve", "--parallelism", "1")
    until(lambda: len(world.control.campaigns()) == 2)
    lock = json.loads((world.folder / ".campaignctl/state.json.lock").read_text())
    world.run("state", "unlock", lock["id"], status=0)
    out, err = process.communicate(timeout=60)
    return next(line for line in (out + err).splitlines() if "no longer" in line)


# Unknown outcomes


def unsettled(world: World) -> str:
    flash(world)
    return blocked(world, "sms/flash")


def answer_lost(world: World) -> str:
    return flash(world)


def create_unknown(world: World) -> str:
    flash(world)
    return left_alone(world)


def waits_for_it(world: World) -> str:
    flash(world)
    world.write("push/new.yaml", sms("New", scheduled_time=FAR))
    return blocked(world, "push/new")


def update_unknown(world: World) -> str:
    far(world)
    world.write("push/spring.yaml", sms("Spring", run_immediately=True))
    world.control.fault({"method": "PATCH", "times": 1}, {"kind": "drop"})
    failed(world)
    return left_alone(world)


def winner_unknown(world: World) -> str:
    decision(world)
    manifest = json.loads((world.folder / "push/spring.yaml").read_text(encoding="utf-8"))
    world.write("push/spring.yaml", json.dumps({**manifest, "lifecycle": {"winner": "n"}}))
    world.control.fault({"path": "/set-winner$", "times": 1}, {"kind": "drop"})
    failed(world)
    return left_alone(world)


def sending_already(world: World) -> str:
    world.write("push/spring.yaml", sms("Spring", is_draft=True))
    world.apply()
    campaign_id = world.campaigns()["Spring"]["id"]
    world.write("push/spring.yaml", sms("Spring", run_immediately=True))
    delay = {"kind": "delay", "seconds": 0.7}
    world.control.fault({"method": "GET", "path": f"/{campaign_id}", "times": 1}, delay)
    process = world.start("apply", "--auto-approve")
    until(lambda: world.control.faults()[0]["used"])
    world.control.start(campaign_id)
    return line(process.communicate(timeout=60)[0], "nothing was sent").rpartition(": ")[2]


def not_replaced(world: World) -> str:
    far(world)
    world.control.fault({"path": "/cancel$", "times": 1}, {"kind": "status", "status": 500})
    return failed(world, "--replace", "push/spring")


def replaced_while_it_sends(world: World) -> str:
    campaign_id = far(world)
    world.control.switch(running_seconds=600)
    delay = {"kind": "delay", "seconds": 0.7}
    world.control.fault({"path": "/cancel$", "times": 1}, delay)
    process = world.start("apply", "--auto-approve", "--replace", "push/spring")
    until(lambda: world.control.faults()[0]["used"])
    world.control.start(campaign_id)
    process.communicate(timeout=60)
    return left_alone(world)


def two_copies(world: World) -> str:
    killed(world)
    world.control.clone(world.campaigns()["Summer"]["id"], name="Summer again")
    return left_alone(world)


def copied(world: World) -> str:
    world.control.clone(far(world), name="Spring again")
    return drift(world)


# The state


def behind(world: World) -> str:
    far(world)
    shutil.rmtree(world.folder / ".campaignctl")
    return left_alone(world)


def no_room(world: World) -> str:
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    (world.folder / ".campaignctl").write_text("in the way")
    return refused(world)


def created_unsaved(world: World) -> str:
    far(world)
    world.write("push/summer.yaml", sms("Summer", scheduled_time=FAR))
    path = world.folder / ".campaignctl/state.json"
    other = json.dumps({**world.state, "serial": 0})
    world.environ = {"TMPDIR": str(world.folder)}
    world.control.fault({"method": "POST", "times": 1}, {"kind": "delay", "seconds": 0.7, "when": "after"})
    process = world.start("apply", "--auto-approve", "--format", "json")
    until(lambda: len(world.control.campaigns()) == 2)
    path.write_text(other)
    (change,) = json.loads(process.communicate(timeout=60)[0])["changes"]
    return str(change["error"]["summary"]).partition(": ")[0]


def state_replaced(world: World) -> str:
    far(world)
    path = world.folder / ".campaignctl/state.json"
    other = json.dumps(world.state)
    world.environ = {"TMPDIR": str(world.folder)}
    return line(under_way(world, lambda: path.write_text(other)), "another state")


def state_lost(world: World) -> str:
    for name in ("summer", "winter", "new", "again"):
        world.write(f"push/{name}.yaml", sms(name.title(), scheduled_time=FAR))
    no_large_files = ("sh", "-c", 'ulimit -f 4; exec "$@"', "sh")
    command = (*no_large_files, *world.command("apply", "--auto-approve", "--format", "json"))
    done = subprocess.run(command, env=world.env(), capture_output=True, check=False)
    return str(json.loads(done.stdout)["error"]["summary"])


def damaged(world: World) -> str:
    far(world)
    (world.folder / ".campaignctl/state.json").write_text("{")
    return refused(world)


def other_environment(world: World) -> str:
    world.write("campaignctl.yaml", ENVIRONMENTS)
    world.environ = {"CAMPAIGNCTL_ENV": "staging"}
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    world.apply()
    shutil.copy(world.folder / ".campaignctl/staging.json", world.folder / ".campaignctl/production.json")
    world.environ = {"CAMPAIGNCTL_ENV": "production"}
    return refused(world)


def moved_away(world: World) -> str:
    on_git(world)
    world.write("campaignctl.yaml", PROJECT)
    far(world)
    world.run("state", "migrate", "--to", "git", status=0)
    return refused(world)


def damaged_on_git(world: World) -> str:
    on_git(world)
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    world.apply()
    git(world.folder, "fetch", "--quiet", "origin", REF)
    world.write("bad", "{")
    blob = git(world.folder, "hash-object", "-w", "bad").decode().strip()
    git(world.folder, "update-index", "--add", "--cacheinfo", f"100644,{blob},state.json")
    tree = git(world.folder, "write-tree").decode().strip()
    commit = git(world.folder, *AUTHOR, "commit-tree", "-p", "FETCH_HEAD", "-m", "by hand", tree)
    git(world.folder, "push", "--quiet", "origin", f"{commit.decode().strip()}:{REF}")
    return refused(world)


def remote_away(world: World) -> str:
    remote = on_git(world)
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    world.apply()
    shutil.move(remote, f"{remote}.away")
    return refused(world)


def database_away(world: World) -> str:
    world.write("campaignctl.yaml", PROJECT + "state: {backend: postgres}\n")
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    return refused(world)


def bucket_missing(world: World) -> str:
    world.environ.update(environ_of(shared_server()))
    state = "state: {backend: object_store, url: s3://acme-campaigns/crm}\n"
    world.write("campaignctl.yaml", PROJECT + state)
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    return refused(world)


def shared_ref(world: World) -> str:
    on_git(world)
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    world.apply()
    world.write(
        "campaignctl.yaml", (PROJECT + "state: {backend: git}\n").replace("name: shop", "name: outlet")
    )
    return refused(world)


def older_pushed(world: World) -> str:
    far(world)
    (world.folder / "old.json").write_text(json.dumps(world.state))
    far(world, "summer")
    return said(world, "state", "push", "old.json")


def newer_version(world: World) -> str:
    far(world)
    state = world.folder / ".campaignctl" / "state.json"
    state.write_text(state.read_text().replace('"format_version": 2', '"format_version": 9', 1))
    return refused(world)


def newer_commit(world: World) -> str:
    return said(two_checkouts(world), "plan", containing="this checkout")


def checkout_behind(world: World) -> str:
    older = two_checkouts(world)
    git(world.folder, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    git(older.folder, "fetch", "--quiet", "origin")
    return said(older, "plan", containing="this checkout")


def checkout_damaged(world: World) -> str:
    git(world.folder, "init", "--quiet")
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    git(world.folder, "add", "--all")
    git(world.folder, *AUTHOR, "commit", "--quiet", "-m", "one")
    world.apply()
    (world.folder / "push" / "spring.yaml").unlink()
    (world.folder / ".git" / "HEAD").write_text("garbage\n")
    return said(world, "plan", containing="this checkout")


def two_checkouts(world: World) -> World:
    """A checkout whose remote lacks the commit that another one has applied."""
    on_git(world)
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    git(world.folder, "add", "--all")
    git(world.folder, *AUTHOR, "commit", "--quiet", "-m", "one")
    git(world.folder, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    older = World(world.folder.parent / "older" / "crm", world.url, world.control)
    git(
        world.folder,
        "clone",
        "--quiet",
        "--branch=main",
        f"file://{world.folder.parent}/remote.git",
        str(older.folder),
    )
    world.write("push/summer.yaml", sms("Summer", scheduled_time=FAR))
    git(world.folder, "add", "--all")
    git(world.folder, *AUTHOR, "commit", "--quiet", "-m", "two")
    world.apply()
    return older


def _one_wrong(world: World, *words: str) -> str:
    """What is said of the errors of another manifest."""
    world.write("push/spring.yaml", sms("Spring", is_draft=True))
    world.write("push/summer.yaml", sms("Summer", tail="  labells: [x]\n"))
    return said(world, *words, containing="in other manifests")


def errors_elsewhere(world: World) -> str:
    return _one_wrong(world, "plan", "--target", "push/spring")


def preview_of_another(world: World) -> str:
    return _one_wrong(world, "preview", "push/sp*")
