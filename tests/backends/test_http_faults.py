"""What servers do to a state: no locks, locks that exclude no other run, lost answers, outages, refusals."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from campaignctl.backends.cas.backend import CasBackend
from campaignctl.backends.http.place import http_home
from campaignctl.backends.lock_info import UNKNOWN
from campaignctl.errors import StateError, StateNotSaved
from campaignctl.project.http_address import http_address
from campaignctl.project.model import StateSettings
from campaignctl.state.codec import decode
from campaignctl.state.halts import Halts
from tests.backends.cas_places import utc_now
from tests.backends.http_place import HALT, LENIENT, ServerPlace, asked, halted, http_backend
from tests.backends.http_server import Client, running
from tests.backends.http_store import Fault
from tests.state.samples import decision, observation, sample_state

NOW = timedelta()


@pytest.fixture
def place(state_server: Client, tmp_path: Path) -> ServerPlace:
    return ServerPlace(state_server, tmp_path)


@pytest.fixture
def backend(place: ServerPlace) -> CasBackend:
    return place.backend()


def switch(place: ServerPlace, *faults: Fault, **switches: object) -> None:
    place.client.switch(place.project, *faults, **switches)


# ------------------------------------------------------------------------------------ servers to refuse


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_without_locks_is_refused(backend: CasBackend, place: ServerPlace, status: int) -> None:
    switch(place, no_lock=status)
    with pytest.raises(StateNotSaved) as refused:
        backend.acquire("apply", NOW)
    assert f"{place.address} has no lock" in refused.value.detail
    assert str(status) in refused.value.detail
    assert "lock_address" in refused.value.hint
    assert place.files() == {}
    access = backend.keeping().access
    assert access is not None
    assert not access.allowed
    assert "has no lock" in access.found


@pytest.mark.parametrize("status", [400, 403])
def test_a_lock_that_is_refused_for_another_reason_is_not_said_to_be_missing(
    backend: CasBackend, place: ServerPlace, status: int
) -> None:
    switch(place, no_lock=status)
    with pytest.raises(StateNotSaved) as refused:
        backend.acquire("apply", NOW)
    assert f"{place.address}/lock was answered with {status}" in refused.value.detail
    assert "has no lock" not in refused.value.detail
    assert place.files() == {}


def test_a_server_that_locks_twice_is_refused(place: ServerPlace, backend: CasBackend) -> None:
    switch(place, twice=True)
    with pytest.raises(StateNotSaved) as refused:
        backend.acquire("apply", NOW)
    assert "two runs at a time" in refused.value.detail
    assert place.files() == {}
    assert place.lock() is None


@pytest.mark.parametrize("gitlab", [True, False])
def test_a_server_that_accepts_any_write_is_refused_before_the_first(
    place: ServerPlace, gitlab: bool
) -> None:
    place = replace(place, gitlab=gitlab)
    switch(place, ids="ignored", serials=False)
    with pytest.raises(StateNotSaved) as refused:
        place.backend().acquire("apply", NOW)
    assert "keeps nobody out" in refused.value.detail
    assert place.backend().read() is None
    assert place.lock() is None


@pytest.mark.parametrize("status", ["408", "429", "502", "503", "504"])
def test_an_outage_while_the_lock_is_tried_is_not_taken_for_one_that_keeps_others_out(
    place: ServerPlace, backend: CasBackend, status: str
) -> None:
    switch(place, Fault("POST", status), ids="ignored", serials=False)
    with pytest.raises(StateNotSaved) as refused:
        backend.acquire("apply", NOW)
    assert "keeps nobody out" in refused.value.detail
    switch(place, Fault("POST", status))
    access = backend.keeping().access
    assert access is not None
    assert not access.allowed
    assert f"was answered with {status}" in access.found
    assert place.files() == {}
    assert place.lock() is None


def test_doctor_finds_a_server_that_stopped_to_keep_others_out(
    backend: CasBackend, place: ServerPlace
) -> None:
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    before = place.client.store.current(place.project, "crm")
    access = backend.keeping().access
    assert access is not None
    assert access.allowed
    switch(place, ids="ignored", serials=False)
    access = backend.keeping().access
    assert access is not None
    assert not access.allowed
    assert "keeps nobody out" in access.found
    assert place.client.store.current(place.project, "crm") == before
    assert place.lock() is None


@pytest.mark.parametrize("switches", [{"ids": "ignored"}, LENIENT, {"refused": 500}, {"refused": 423}])
def test_a_server_that_checks_the_lock_or_the_serial_will_do(
    backend: CasBackend, place: ServerPlace, switches: dict[str, object]
) -> None:
    switch(place, **switches)
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    session.append(decision("a"))
    session.release()
    assert backend.read() == sample_state().after(decision("a"))
    assert place.lock() is None


# -------------------------------------------------------------------------------------- lost answers


def lived(place: ServerPlace) -> None:
    """A whole apply, a halt and an archive: everything that was reported as saved is there, once."""
    backend = place.backend()
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    session.append(observation("a"))
    session.append(decision("b"))
    session.archive({2025: b"old"})
    session.release()
    backend.change_halts(halted)
    place.settled()
    assert backend.read() == sample_state().after(observation("a")).after(decision("b"))
    assert backend.archives() == {2025: b"old"}
    assert backend.halts() == Halts((HALT,))
    for name in ("crm", "crm-stop", "crm-archive"):
        assert place.client.store.lock(place.project, name) is None
    versions = place.client.root / place.project / "crm" / "versions"
    tips = [json.loads(path.read_bytes())["serial"] for path in versions.iterdir()]
    assert sorted(tips) == list(range(1, len(tips) + 1))


@pytest.mark.parametrize("method", ["GET", "POST", "LOCK", "UNLOCK"])
@pytest.mark.parametrize(
    "do", ["lost", *(pytest.param(each, marks=pytest.mark.slow) for each in ("cut", "half", "503", "429"))]
)
def test_a_lost_answer_changes_nothing(place: ServerPlace, method: str, do: str) -> None:
    clean = replace(place, project=f"{place.project}-clean")
    place.client.control("/_forget")
    lived(clean)
    number = sum(each.startswith(f"{method} ") for each in asked(clean))
    assert number >= 3
    for after in range(number):
        here = replace(place, project=f"{place.project}-{after}")
        switch(here, Fault(method, do, after=after), Fault(method, do, after=after + 2))
        lived(here)


def test_a_post_that_arrives_late_is_refused_by_its_serial(place: ServerPlace, backend: CasBackend) -> None:
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    switch(place, Fault("POST", "late", seconds=0.3))
    session.append(decision("a"))
    session.append(decision("b"))
    session.release()
    place.settled()
    assert backend.read() == sample_state().after(decision("a")).after(decision("b"))
    assert place.lock() is None


def test_a_slow_server_is_waited_for(place: ServerPlace, backend: CasBackend) -> None:
    switch(place, *(Fault(method, "slow", seconds=0.2) for method in ("LOCK", "GET", "POST", "UNLOCK")))
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    assert backend.read() == sample_state()


def test_a_state_that_cannot_be_saved_is_rescued_and_pushed_back(
    place: ServerPlace, backend: CasBackend
) -> None:
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    switch(place, *(Fault(method, "cut", times=99) for method in ("LOCK", "GET", "POST", "UNLOCK")))
    with pytest.raises(StateNotSaved):
        session.append(decision("a"))
    with pytest.raises(StateNotSaved) as lost:
        session.release()
    rescue = Path(lost.value.hint.split("the state is in ")[1].split(";")[0])
    switch(place)
    assert backend.read() == sample_state()
    again = place.backend().acquire("state push", NOW)
    assert again.taken_over is not None
    again.write(decode(rescue.read_bytes()))
    again.release()
    rescue.unlink()
    assert backend.read() == sample_state().after(decision("a"))


# ------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("302", "redirect"),
        ("401", "CAMPAIGNCTL_HTTP"),
        ("403", "CAMPAIGNCTL_HTTP"),
        ("400", "campaignctl.yaml"),
    ],
)
def test_a_refusal_names_the_way_out_and_is_not_repeated(
    place: ServerPlace, backend: CasBackend, fault: str, told: str
) -> None:
    place.client.control("/_forget")
    switch(place, Fault("GET", fault, times=9))
    with pytest.raises(StateError) as refused:
        backend.read()
    assert f"GET {place.address} was answered with {fault}" in refused.value.detail
    assert told in refused.value.hint
    assert asked(place) == ["GET crm"]


def test_a_state_that_is_too_large_for_the_server_is_rescued(place: ServerPlace, backend: CasBackend) -> None:
    session = backend.acquire("apply", NOW)
    switch(place, most=600)
    with pytest.raises(StateNotSaved) as refused:
        session.write(sample_state())
    assert "413" in refused.value.detail
    assert place.lock() == session.lock.id
    rescue = Path(refused.value.hint.split("the state is in ")[1].split(";")[0])
    assert decode(rescue.read_bytes()) == sample_state()
    rescue.unlink()


def test_a_refused_write_leaves_no_lock(place: ServerPlace, backend: CasBackend) -> None:
    switch(place, most=10)
    with pytest.raises(StateNotSaved, match="cannot be taken"):
        backend.acquire("apply", NOW)
    assert place.lock() is None
    with pytest.raises(StateNotSaved, match="could not be written"):
        backend.change_halts(halted)
    assert place.client.store.lock(place.project, "crm-stop") is None


def test_a_password_is_in_no_message(place: ServerPlace) -> None:
    switch(place, users={"mira": "0ther"})
    environ = {"CAMPAIGNCTL_HTTP_USERNAME": "mira", "CAMPAIGNCTL_HTTP_PASSWORD": "401 Unauthorized"}
    with pytest.raises(StateError) as refused:
        http_backend(place.directory, place.settings, environ=environ).read()
    assert "401 Unauthorized" not in f"{refused.value.detail}{refused.value.hint}"
    assert "[password]" in refused.value.detail


def test_readers_plan_and_do_not_write(place: ServerPlace) -> None:
    writer = {"CAMPAIGNCTL_HTTP_USERNAME": "mira", "CAMPAIGNCTL_HTTP_PASSWORD": "a-s3cr3t"}
    reader = {"CAMPAIGNCTL_HTTP_USERNAME": "ben", "CAMPAIGNCTL_HTTP_PASSWORD": "b-s3cr3t"}
    switch(place, users={"mira": "a-s3cr3t", "ben": "b-s3cr3t"}, readers=["ben"])
    session = http_backend(place.directory, place.settings, environ=writer).acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    reading = http_backend(place.directory, place.settings, environ=reader)
    assert reading.read() == sample_state()
    with pytest.raises(StateNotSaved, match="cannot be taken") as refused:
        reading.acquire("apply", NOW)
    assert "403" in refused.value.detail
    access = reading.keeping().access
    assert access is not None
    assert not access.allowed


OTHERS = (
    {"version": 4, "serial": 9, "lineage": "x", "terraform_version": "1.9.0", "resources": []},
    {"serial": 3, "id": "0123456789abcdef", "campaignctl": "stop", "files": {}},
)


@pytest.mark.parametrize("document", OTHERS)
def test_another_document_at_the_address_is_left_alone(
    place: ServerPlace, backend: CasBackend, document: dict[str, object]
) -> None:
    body = json.dumps(document).encode()
    place.client.store.put(place.project, "crm", body, 9)
    with pytest.raises(StateError, match="cannot be read"):
        backend.read()
    with pytest.raises(StateNotSaved):
        backend.acquire("apply", NOW)
    assert place.client.store.current(place.project, "crm") == body
    assert place.lock() is None


@pytest.mark.parametrize("document", OTHERS)
def test_nothing_is_tried_on_another_document_that_came_to_the_address(
    place: ServerPlace, document: dict[str, object]
) -> None:
    """It may come after the look that `doctor` begins with."""
    place.client.store.put(place.project, "crm", json.dumps(document).encode(), 9)
    home = http_home(place.directory, "acme-crm", http_address(place.settings), {}, now=utc_now)
    asked(place)
    access = home.place.access(UNKNOWN)
    assert not access.allowed
    assert asked(place) == ["LOCK crm", "GET crm", "UNLOCK crm"]
    assert place.lock() is None


def test_a_project_that_gitlab_does_not_show_is_no_empty_state(place: ServerPlace) -> None:
    settings = StateSettings(backend="http", address=place.client.address("hidden"))
    place.client.switch("hidden", hidden=True)
    with pytest.raises(StateError) as refused:
        http_backend(place.directory, settings).read()
    assert "404 Project Not Found" in refused.value.detail
    home = http_home(place.directory, "acme-crm", http_address(settings), {}, now=utc_now)
    access = home.place.access(UNKNOWN)
    assert not access.allowed
    assert "404 Project Not Found" in access.found
    assert "has no lock" not in access.found


@pytest.fixture
def certified(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server with TLS whose certificate is unknown: the address of a state, and the certificate."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("openssl makes the certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    made += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with running(tmp_path / "states", context) as client:
        yield f"https://localhost:{client.port}/states/7/crm", certificate


def test_a_certificate_that_nobody_knows_is_refused_until_it_is_named(
    certified: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, certificate = certified
    settings = StateSettings(backend="http", address=address)
    with pytest.raises(StateError) as refused:
        http_backend(tmp_path, settings).read()
    assert "certificate" in refused.value.detail
    assert "SSL_CERT_FILE" in refused.value.hint
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert http_backend(tmp_path, settings).read() is None
