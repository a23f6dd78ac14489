"""A state in a bucket: shared by laptops and CI, moved there and back, and a store that goes away."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import pytest

from campaignctl.backends.cas.place import Note
from campaignctl.backends.object_store.place import ObjectPlace
from campaignctl.backends.object_store.store import Bucket
from tests.backends.object_place import BY
from tests.backends.s3_server import BUCKET, environ_of, shared_server
from tests.backends.store_proxy import Fault, Proxy, store_proxy
from tests.e2e.harness import PROJECT, World, sms

FAR = "2036-03-22 10:00:00"


@pytest.fixture
def url() -> str:
    return f"s3://{BUCKET}/{uuid4().hex}"


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with store_proxy(shared_server()) as proxy:
        yield proxy


@pytest.fixture
def shop(world: World, url: str, proxy: Proxy) -> World:
    """A project with one campaign, and its state in a bucket."""
    world.environ.update(environ_of(proxy.endpoint))
    world.write("campaignctl.yaml", on_objects(url))
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    return world


def on_objects(url: str) -> str:
    return f"{PROJECT}state: {{backend: object_store, url: {url}}}\n"


def nothing_to_do(world: World) -> bool:
    plan = world.plan()
    return not plan["changes"] and not plan["blocked"]


def test_two_checkouts_share_the_state(shop: World, tmp_path: Path) -> None:
    shop.apply()
    other = World(tmp_path / "other", shop.url, shop.control, shop.environ)
    for path in shop.folder.glob("*.yaml"):
        other.write(path.name, path.read_text(encoding="utf-8"))
    assert nothing_to_do(other)
    other.write("near.yaml", sms("Near", is_draft=True))
    other.apply()
    assert shop.run("state", "list", status=0).out == "far\nnear\n"
    assert shop.run("state", "history", "--format", "json", status=0).json["history"]
    assert len(shop.campaigns()) == 2


def test_a_state_moves_to_a_bucket_and_back(shop: World, url: str) -> None:
    shop.write("campaignctl.yaml", PROJECT)
    shop.apply()
    moved = shop.run("state", "migrate", "--to", "object_store", "--url", url, status=0)
    assert moved.out.endswith(f"state:\n  backend: object_store\n  url: {url}\n")
    assert "was migrated" in shop.run("plan", status=1).err
    shop.write("campaignctl.yaml", on_objects(url))
    assert nothing_to_do(shop)
    shop.run("state", "migrate", "--to", "local", status=0)
    assert "was migrated" in shop.run("plan", status=1).err
    shop.write("campaignctl.yaml", PROJECT)
    shop.assert_settled()


def test_the_state_of_a_renamed_environment_is_found_in_the_bucket_and_moved(shop: World, url: str) -> None:
    shop.write("campaignctl.yaml", on_objects(url) + "environments: {live: {}}\n")
    shop.run("-e", "live", "state", "init", status=0)
    shop.run("-e", "live", "apply", "--auto-approve", status=0)
    shop.write("campaignctl.yaml", on_objects(url) + "environments: {production: {}}\n")
    refused = shop.run("-e", "production", "apply", "--auto-approve", status=1)
    told = refused.out + refused.err
    assert f"state rebind --from {url}/live" in told
    moved = ("state", "rebind", "--from", f"{url}/live", "--auto-approve")
    shop.run("-e", "production", *moved, status=0)
    assert shop.run("-e", "production", "plan", "--format", "json", status=0).json["changes"] == []
    assert len(shop.campaigns()) == 1


def test_a_store_that_is_away_stops_an_apply_before_its_first_request(shop: World, proxy: Proxy) -> None:
    shop.apply()
    shop.write("near.yaml", sms("Near", scheduled_time=FAR))
    proxy.faults[:] = [Fault("PUT", "/head", "answer", 403, "ExpiredToken")]
    refused = shop.run("apply", "--auto-approve", status=1)
    assert "have expired" in refused.err
    assert "aws configure export-credentials" in refused.err
    assert len(shop.campaigns()) == 1


def test_a_store_that_goes_away_during_an_apply_leaves_a_file_that_brings_the_state_back(
    shop: World, proxy: Proxy
) -> None:
    shop.write("near.yaml", sms("Near", scheduled_time=FAR))
    started = len(proxy.requests)
    shop.apply()
    writes = sum(each.method == "PUT" and each.path.endswith("/head") for each in proxy.requests[started:])
    shop.write("third.yaml", sms("Third", scheduled_time=FAR))
    shop.write("fourth.yaml", sms("Fourth", scheduled_time=FAR))
    refusal = Fault("PUT", "/head", "answer", 403, "AccessDenied")
    proxy.faults[:] = [Fault("PUT", "/head", "pass")] * (writes - 2) + [refusal] * 20
    done = shop.run("apply", "--auto-approve", "--parallelism", "1", status=1)
    created = len(shop.campaigns())
    proxy.faults.clear()
    found = re.search(r"campaignctl state push ([^\s`]+)", done.err + done.out)
    assert found, done.err
    unlock = re.search(r"state unlock (\w+)", shop.run("apply", "--auto-approve", "--lock-timeout", "0s").err)
    if unlock:
        shop.run("state", "unlock", unlock[1], status=0)
    shop.run("state", "push", found[1], status=0)
    Path(found[1]).unlink()
    shop.apply()
    assert nothing_to_do(shop)
    assert len(shop.campaigns()) == 4 >= created


def test_doctor_names_a_store_that_ignores_conditions(shop: World, proxy: Proxy) -> None:
    proxy.deaf = "If-Match"
    checks = shop.run("doctor", "--format", "json").json["checks"]
    (store,) = (each for each in checks if each["name"] == "store")
    assert store["verdict"] == "problem"
    assert f"{proxy.endpoint} ignores If-Match" in store["found"]
    assert "ignores If-Match" in shop.run("apply", "--auto-approve", status=1).err
    assert not shop.campaigns()


def test_without_credentials_nothing_is_sent_and_the_variables_are_named(shop: World, url: str) -> None:
    del shop.environ["AWS_ACCESS_KEY_ID"]
    shop.environ["AWS_PROFILE"] = "work"
    refused = shop.run("apply", "--auto-approve", status=1)
    assert "AWS_PROFILE is work" in refused.err
    assert 'eval "$(aws configure export-credentials --format env)"' in refused.err


def test_the_lock_of_a_run_on_another_machine_says_when_it_runs_out(shop: World, url: str) -> None:
    shop.apply()
    lock = (
        '{"id": "l-1", "holder": "ana", "host": "desk", "process": 7, "operation": "apply",'
        ' "since": "2036-01-01T00:00:00Z", "run": "", "lease": 60}'
    )
    _held(url, shop.environ, lock)
    checks = shop.run("doctor", "--format", "json").json["checks"]
    (found,) = (each["found"] for each in checks if each["name"] == "lock")
    assert "ana on desk" in found
    assert "without a sign of life for 60 s it is taken over" in found
    shop.write("near.yaml", sms("Near", scheduled_time=FAR))
    refused = shop.run("apply", "--auto-approve", "--lock-timeout", "1s", status=1).err
    assert "Waiting for the lock of" in refused
    assert "UTC at the latest: held by ana on desk, process 7" in refused
    assert "--lock-timeout above 60s" in refused
    shop.run("halt", "--all", "--reason", "wrong price", status=0)
    shop.run("halt", "--lift", "--reason", "right price", status=0)
    assert "l-1" in shop.run("state", "unlock", "l-1", status=0).out
    shop.apply()


def _held(url: str, environ: Mapping[str, str], lock: str) -> None:
    with patch.dict(os.environ, environ):
        place = ObjectPlace(Bucket.at(url), environ)
        seen = place.look()
        draft = place.draft(seen, {**seen.files, "lock.json": lock.encode()}, Note(BY, "by a test"))
        assert place.put(seen, draft)
