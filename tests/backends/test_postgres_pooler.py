"""A state in PostgreSQL behind pgbouncer, which hands its sessions to one client after another."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from campaignctl.backends.cas.place import PlaceError
from campaignctl.backends.postgres.connection import Database
from campaignctl.errors import LockHeld
from tests.backends.actors import Actor
from tests.backends.conformance import NOW, LockConformance, StoreConformance
from tests.backends.postgres_place import VARIABLE, PostgresState, postgres_backend
from tests.backends.postgres_server import NEEDED, as_server, binaries, die_with_us, free_port, shared_server
from tests.state.samples import decision, sample_state

_PROGRAM = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
pytestmark = [
    pytest.mark.skipif(binaries() is None, reason=NEEDED),
    pytest.mark.skipif(_PROGRAM is None, reason="needs pgbouncer: apt-get install pgbouncer"),
]
_SETTINGS = """
[databases]
* = host=127.0.0.1 port={server} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 200
"""


# In transaction mode, more processes than sessions; in session mode each has one.
@pytest.fixture(scope="module", params=[("transaction", 4), ("session", 60)], ids=lambda each: each[0])
def pooler(request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of a pgbouncer before our server."""
    (mode, size), server, port = request.param, shared_server(), free_port()
    file = server.folder / f"{mode}.ini"  # the user who runs both can read it there
    file.write_text(_SETTINGS.format(server=server.port, port=port, mode=mode, size=size))
    with subprocess.Popen(
        [str(_PROGRAM), "-q", str(file)],
        stderr=subprocess.DEVNULL,
        cwd="/",
        preexec_fn=partial(die_with_us, signal.SIGKILL),  # noqa: PLW1509 - it only asks the kernel
        **as_server(),
    ) as process:
        give_up = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < give_up
                time.sleep(0.02)
        yield port
        process.kill()


@pytest.fixture
def place(tmp_path: Path, pooler: int) -> PostgresState:
    return PostgresState(tmp_path / "here", shared_server().address(port=pooler))


@pytest.mark.slow
class TestPooledStore(StoreConformance):
    pass


@pytest.mark.slow
class TestPooledLock(LockConformance):
    pass


@pytest.mark.parametrize("made", [False, True], ids=["no tables yet", "tables"])
def test_a_place_behind_a_pooler_says_that_locks_of_dead_processes_stay(
    place: PostgresState, made: bool
) -> None:
    if made:
        place.backend().acquire("apply", NOW).release()
    access = place.backend().keeping().access
    assert access is not None
    assert access.allowed
    assert access.found.endswith("stays until `state unlock`")
    direct = PostgresState(place.root, shared_server().address()).backend().keeping().access
    assert direct is not None
    assert direct.found.endswith("a lock ends with its process")


def test_a_session_behind_a_pooler_shows_of_no_holder_that_it_lives(
    place: PostgresState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of one that began in a session of its own: others must not take it for dead."""
    monkeypatch.setenv(VARIABLE, shared_server().address())
    ours, other = Database(VARIABLE, place.schema), Database(VARIABLE, place.schema)
    assert ours.claim("lock-1")
    assert other.lives("lock-1") is True
    monkeypatch.setenv(VARIABLE, place.address)
    ours._kept[0].close()
    assert ours.ask("select 1") == [(1,)]
    assert not ours.direct
    assert other.lives("lock-1") is None
    assert ours.claim("lock-2") is False
    assert other.lives("lock-2") is None
    assert other.direct


@pytest.mark.slow
def test_only_a_person_breaks_the_lock_of_a_process_that_died_on_another_machine(
    place: PostgresState, tmp_path: Path
) -> None:
    there = postgres_backend(tmp_path / "there", place.address, schema=place.schema)
    holder = Actor(place)
    lock = holder.ask("acquire")
    holder.write(sample_state())
    holder.kill()
    with pytest.raises(LockHeld):
        there.acquire("apply", NOW)
    keeping = there.keeping()
    assert keeping.holder_lives is None
    assert keeping.access is not None
    assert keeping.access.allowed
    assert "pooler" in keeping.access.found
    there.unlock(lock.id)
    there.acquire("apply", NOW).release()


@pytest.mark.slow
def test_a_process_that_died_on_this_machine_holds_nothing(place: PostgresState) -> None:
    holder = Actor(place)
    holder.ask("acquire")
    holder.write(sample_state())
    holder.kill()
    session = place.backend().acquire("apply", NOW)
    session.append(decision("a"))
    session.release()
    assert place.backend().read() == sample_state().after(decision("a"))


@pytest.mark.slow
def test_a_holder_whose_lock_has_a_session_is_seen_through_a_pooler(
    place: PostgresState, tmp_path: Path
) -> None:
    """A laptop connects directly, a pipeline through the pooler."""
    direct = PostgresState(place.root, shared_server().address())
    there = postgres_backend(tmp_path / "there", place.address, schema=place.schema)
    holder = Actor(direct)
    lock = holder.ask("acquire")
    with pytest.raises(LockHeld):
        there.acquire("apply", NOW)
    holder.kill()
    time.sleep(0.2)
    session = there.acquire("apply", NOW)
    assert session.taken_over == lock
    session.release()


@pytest.mark.slow
def test_no_server_behind_the_pooler_is_away(place: PostgresState) -> None:
    broken = PostgresState(place.root, place.address.replace("/postgres", "/nothing")).place
    with pytest.raises(PlaceError) as error:
        broken.look(5)
    assert error.value.kind in ("away", "refused")
