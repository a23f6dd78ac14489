"""A state in PostgreSQL: shared by machines, migrated there and back, halted past a lock, rescued."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backends.postgres_place import VARIABLE
from tests.backends.postgres_server import NEEDED, Server, binaries, shared_server, start
from tests.e2e.harness import PROJECT, Process, World, sms, until

pytestmark = pytest.mark.skipif(binaries() is None, reason=NEEDED)
FAR = "2036-03-22 10:00:00"
IN_POSTGRES = "state: {backend: postgres}\n"


@pytest.fixture
def server() -> Server:
    return shared_server()


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    name = server.new_database()
    yield name
    server.drop(name)


@pytest.fixture
def shared(world: World, server: Server, database: str) -> World:
    """A project with one campaign and its state in an empty database."""
    world.environ[VARIABLE] = server.address(database)
    world.write("campaignctl.yaml", PROJECT + IN_POSTGRES)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    return world


def elsewhere(world: World, folder: Path) -> World:
    """Another machine with the same files."""
    other = World(folder, world.url, world.control, world.environ)
    for path in world.folder.glob("*.yaml"):
        other.write(path.name, path.read_text(encoding="utf-8"))
    return other


def nothing_to_do(world: World) -> bool:
    plan = world.plan()
    return not plan["changes"] and not plan["blocked"]


def test_two_machines_share_the_state(shared: World, tmp_path: Path) -> None:
    shared.apply()
    assert "campaignctl.default of CAMPAIGNCTL_POSTGRES_URL" in shared.run("plan", status=0).out
    other = elsewhere(shared, tmp_path / "other")
    assert nothing_to_do(other)
    other.write("near.yaml", sms("Near", is_draft=True))
    other.apply()
    assert shared.run("state", "list", status=0).out == "far\nnear\n"
    assert shared.run("state", "history", status=0).out.count("apply: done") == 2
    assert len(shared.campaigns()) == 2
    checks = shared.run("doctor").out
    assert "accepts writes; a lock ends with its process" in checks
    assert "problem" not in checks


def test_a_state_moves_to_postgres_and_back(shared: World) -> None:
    shared.write("campaignctl.yaml", PROJECT)
    shared.apply()
    serial = shared.state["serial"]
    moved = shared.run("state", "migrate", "--to", "postgres", "--schema", "crm", "--name", "eu", status=0)
    assert moved.out.endswith("state:\n  backend: postgres\n  schema: crm\n  name: eu\n")
    shared.write("campaignctl.yaml", PROJECT + "state: {backend: postgres, schema: crm, name: eu}\n")
    assert nothing_to_do(shared)
    assert shared.run("state", "pull", status=0).json["serial"] == serial
    shared.run("state", "migrate", "--to", "local", status=0)
    assert "was migrated from" in shared.run("plan", status=1).err
    shared.write("campaignctl.yaml", PROJECT)
    shared.assert_settled()
    assert shared.state["serial"] == serial


def test_environments_have_rows_of_their_own(shared: World, server: Server, database: str) -> None:
    shared.write("campaignctl.yaml", PROJECT + IN_POSTGRES + "environments: {staging: {}, production: {}}\n")
    shared.run("-e", "staging", "apply", "--auto-approve", status=0)
    refused = shared.run("-e", "production", "plan")
    assert "postgres:staging" in refused.out + refused.err
    names = server.run("select name from campaignctl.states", database=database)
    assert names == [("staging",)]
    shared.write("campaignctl.yaml", PROJECT + IN_POSTGRES + "environments: {renamed: {}}\n")
    rebound = ("-e", "renamed", "state", "rebind", "--from", "postgres:staging", "--auto-approve")
    shared.run(*rebound, status=0)
    assert shared.run("-e", "renamed", "state", "list", status=0).out == "far\n"


def test_the_lock_of_a_killed_apply_is_free_and_a_halt_passes_a_held_one(
    shared: World, server: Server, tmp_path: Path
) -> None:
    other = elsewhere(shared, tmp_path / "other")
    shared.apply()
    shared.control.fault({"method": "POST"}, {"kind": "delay", "seconds": 1})
    shared.write("near.yaml", sms("Near", scheduled_time=FAR))
    applying = shared.start("apply", "--auto-approve")
    try:
        give_up = time.monotonic() + 30
        while "held" not in (said := other.run("state", "unlock", "none").err):
            assert time.monotonic() < give_up, said
        applying.send_signal(signal.SIGSTOP)
        assert "the state is locked" in other.run("state", "mv", "far", "else").err
        shared.control.clear_faults()
        other.run("halt", "far", "--reason", "wrong price", status=0)
        assert shared.campaigns()["Far"]["status"] == "paused"
        assert "far" in other.run("plan").out
    finally:
        applying.send_signal(signal.SIGKILL)
        applying.communicate()
    other.run("halt", "--lift", "far", "--reason", "corrected", status=0)
    other.run("state", "mv", "far", "else", status=0)


def test_a_database_that_is_away_starts_nothing(shared: World) -> None:
    shared.environ[VARIABLE] = "postgresql://shop:hunter2-hunter2@127.0.0.1:1/shop"
    for words in (("plan",), ("apply", "--auto-approve"), ("status",)):
        refused = shared.run(*words, status=1)
        assert "cannot be reached (CAMPAIGNCTL_POSTGRES_URL)" in refused.err
        assert "hunter2" not in refused.out + refused.err
    assert not shared.campaigns()


@pytest.mark.slow
def test_a_database_that_goes_away_in_an_apply_leaves_a_rescue_file(
    shared: World, server: Server, database: str
) -> None:
    shared.apply()
    server.run(
        "create function public.fail() returns trigger language plpgsql as"
        " $$ begin raise exception 'gone' using errcode = '57P01'; end $$",
        database=database,
    )
    [(number,)] = server.run("select number from campaignctl.states", database=database)
    # Its lock, its first document and an intent are put; the result of that create is not.
    server.run(
        "create trigger fails before update on campaignctl.states for each row"
        f" when (new.number > {number + 3}) execute function public.fail()",
        database=database,
    )
    for number in range(3):
        shared.write(f"more{number}.yaml", sms(f"More {number}", scheduled_time=FAR))
    ended = shared.run("apply", "--auto-approve", "--parallelism", "1", status=1)
    found = re.search(r"the state is in (\S+);", ended.out)
    assert found, ended.out + ended.err
    made = len(shared.campaigns())
    assert made == 2
    server.run("drop trigger fails on campaignctl.states", database=database)
    shared.run("state", "push", found[1], status=0)
    Path(found[1]).unlink()
    shared.apply()
    assert len(shared.campaigns()) == 4
    assert nothing_to_do(shared)


@pytest.mark.slow
def test_an_apply_goes_on_with_the_standby_that_was_promoted_meanwhile(world: World) -> None:
    first = start()
    second = first.standby()
    try:
        world.environ[VARIABLE] = f"host=127.0.0.1,127.0.0.1 port={first.port},{second.port} user=postgres"
        world.write("campaignctl.yaml", PROJECT + IN_POSTGRES)
        applying = _applying(world)
        (written,) = first.run("select pg_current_wal_lsn()")[0]
        until(lambda: second.run("select pg_last_wal_replay_lsn() >= %s", written)[0][0])
        first.stop(signal.SIGQUIT)
        assert second.run("select pg_promote()") == [(True,)]
        _goes_on(applying, world)
        holders = second.run("select count(*) from campaignctl.holders")
        assert holders == [(0,)]
    finally:
        second.end()
        first.end()


@pytest.mark.slow
def test_an_apply_waits_for_a_server_that_is_read_only_for_a_while(
    shared: World, server: Server, database: str
) -> None:
    shared.remove("far.yaml")
    applying = _applying(shared)
    for change, seconds in (("set default_transaction_read_only = on", 2.0), ("reset all", 0.0)):
        server.run(f"alter database {{name}} {change}", name=database)
        # What a session may do is decided as it begins.
        server.run("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", database)
        time.sleep(seconds)
    _goes_on(applying, shared)


def _applying(world: World) -> Process:
    """An apply of three creates, while the answer to the second is under way."""
    for name in ("one", "two", "three"):
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    world.control.fault(
        {"method": "POST", "skip": 1, "times": 1}, {"kind": "delay", "seconds": 1.5, "when": "after"}
    )
    applying = world.start("apply", "--auto-approve", "--parallelism", "1")
    until(lambda: len(world.campaigns()) == 2)
    return applying


def _goes_on(applying: Process, world: World) -> None:
    """It ends well, and nothing was sent twice."""
    out, err = applying.communicate(timeout=120)
    assert applying.returncode == 0, out + err
    assert sorted(world.campaigns()) == ["one", "three", "two"]
    assert [method for method, *_ in world.writes()] == ["POST"] * 3
    assert nothing_to_do(world)


def test_the_address_of_the_database_gets_into_no_text(shared: World) -> None:
    for address in (
        "postgresql://shop:hunter2-hunter2@127.0.0.1:1/shop",
        "host=127.0.0.1 port=1 password=hunter2-hunter2",
        "postgresql://127.0.0.1:1/shop?user=shop&password=hunter2-hunter2",
    ):
        shared.environ[VARIABLE] = address
        shared.write("campaignctl.yaml", PROJECT + IN_POSTGRES + f"allow_env: [{VARIABLE}]\n")
        shared.write("far.yaml", sms("Far ${env.CAMPAIGNCTL_POSTGRES_URL}", scheduled_time=FAR))
        refused = shared.run("validate", status=1)
        assert "contains a login" in refused.err + refused.out
        assert "hunter2" not in refused.out + refused.err


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("{backend: postgres, schema: pg_catalog}", "not a valid name of a schema"),
        ("{backend: postgres, schema: 'a\"; drop'}", "not a valid name of a schema"),
        ("{backend: postgres, name: shop.stop}", "not a valid name of a state"),
        ("{backend: postgres, url_env: 'postgresql://shop:hunter2@db/shop'}", "environment variable"),
        ("{backend: postgres, url_env: OCAMBA_TOKEN}", "is no address of a database"),
        ("{backend: git, schema: shop}", "`schema` needs `backend: postgres`"),
        ("{backend: postgres, ref: refs/campaignctl/x}", "`ref` needs `backend: git`"),
    ],
)
def test_settings_that_fit_no_database_are_refused(shared: World, state: str, words: str) -> None:
    shared.write("campaignctl.yaml", PROJECT + f"state: {state}\n")
    refused = shared.run("plan", status=1)
    assert words in refused.out + refused.err
    assert "hunter2" not in refused.out + refused.err.replace("url_env: 'postgresql://shop:hunter2@db", "")
