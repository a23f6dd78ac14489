"""The requests of a place in a bucket one by one, what is said of it, and its limits where they begin."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import obstore
import pytest

from campaignctl.backends.cas.lease import LEASE
from campaignctl.backends.cas.place import Files, Note, PlaceError, Seen
from campaignctl.backends.object_store import place as object_place
from campaignctl.backends.object_store.head import KEPT, Head, Stored, following, left_over
from campaignctl.backends.object_store.place import ObjectPlace, mirror_path, object_home, states_at
from campaignctl.backends.object_store.store import Bucket, opened, shown, trouble
from campaignctl.errors import StateError
from campaignctl.review.reports import Access
from tests.backends.object_place import BY, Objects
from tests.backends.s3_server import BUCKET, environ_of
from tests.backends.scripted_server import scripted
from tests.backends.store_proxy import Fault, Proxy, store_proxy

NONE = Seen(None, {})
NOTE = Note(BY, "a version")
MIB = 1024 * 1024
_LOGIN = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or, with a profile:"
    ' `eval "$(aws configure export-credentials --format env)"`'
)
_RIGHTS = "it needs s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket there"
_UNFIT = (
    "use a store that writes on conditions, as S3, Google Cloud Storage and Azure Blob do, or"
    " another `state.backend`"
)


@pytest.fixture
def proxy(s3: str) -> Iterator[Proxy]:
    with store_proxy(s3) as proxy:
        yield proxy


@pytest.fixture
def url() -> str:
    return f"s3://{BUCKET}/{uuid4().hex}"


@pytest.fixture
def state(tmp_path: Path, url: str, proxy: Proxy) -> Objects:
    return Objects(tmp_path, url, environ_of(proxy.endpoint))


def asked(proxy: Proxy) -> list[str]:
    """The method and the last part of the path of each request since the last time; `?` for a list."""
    found = [(each.method, each.path.partition("?")) for each in proxy.requests]
    del proxy.requests[:]
    named = ((method, "?" if "list-type" in query else path) for method, (path, _, query) in found)
    return [f"{method} {_named(path)}" for method, path in named]


def _named(path: str) -> str:
    last = path.rpartition("/")[2]
    return last.partition("-")[0] if last.startswith("probe-") else last[22:] if last[:8].isdigit() else last


def put(place: ObjectPlace, before: Seen, files: Files) -> Seen:
    draft = place.draft(before, files, NOTE)
    assert place.put(before, draft)
    return draft


PROBE = ["PUT probe", "PUT probe", "PUT probe", "PUT probe", "POST campaigns"]


# ------------------------------------------------------------------------------------------------ requests


def test_a_place_asks_for_what_it_does_not_know_and_no_more(state: Objects, proxy: Proxy) -> None:
    one = state.place
    first = put(one, NONE, {"state.json": b"1", "lock.json": b"l"})
    proved = asked(proxy)
    assert [each.replace("DELETE", "POST") for each in proved[:4]] == PROBE[:4]
    assert proved[-2:] == ["PUT state.json", "PUT head"]
    assert len(proved) == 7
    second = put(one, first, {"state.json": b"1", "lock.json": b"m"})
    assert asked(proxy) == ["PUT head"]
    assert one.look().files == second.files
    assert asked(proxy) == ["GET head"]
    assert one.tip() == second.tip
    assert asked(proxy) == ["GET head"]
    third = put(one, second, {"state.json": b"3"})
    assert asked(proxy) == ["PUT state.json", "PUT head", "GET ?"]
    other = state.place
    assert other.look() == Seen(third.tip, {"state.json": b"3"})
    assert asked(proxy) == ["GET head", "GET state.json"]
    assert other.look() == Seen(third.tip, {"state.json": b"3"})
    assert asked(proxy) == ["GET head"]
    put(other, other.look(), {"state.json": b"3", "other": b"x"})
    assert asked(proxy) == ["GET head", "PUT head"]


def test_a_store_is_tried_once(state: Objects, proxy: Proxy) -> None:
    here = state.place
    assert here.access(BY) == Access(
        True, f"{proxy.endpoint} writes to {state.url} on conditions (tried)", "", "store"
    )
    tried = asked(proxy)
    assert tried[:4] == PROBE[:4]
    assert len(tried) == 5
    put(here, NONE, {"lock.json": b"l"})
    assert asked(proxy) == ["PUT head"]


def test_an_object_is_written_once_though_its_head_came_too_late(state: Objects, proxy: Proxy) -> None:
    one, other = state.place, state.place
    first = put(one, NONE, {"lock.json": b"1"})
    seen = other.look()
    draft = other.draft(seen, {"state.json": b"s"}, NOTE)
    second = put(one, first, {"lock.json": b"2"})
    asked(proxy)
    assert other.put(seen, draft) is False
    assert asked(proxy) == ["PUT state.json", "PUT head"]
    assert other.put(seen, draft) is False
    assert asked(proxy) == ["PUT head"]
    assert one.look() == Seen(second.tip, second.files)


def test_what_is_not_drafted_or_not_seen_here_is_not_put(state: Objects) -> None:
    one, other = state.place, state.place
    with pytest.raises(AssertionError, match="a put needs its draft"):
        one.put(NONE, NONE)
    first = one.draft(NONE, {"a": b"1"}, NOTE)
    assert one.put(first, one.draft(first, {"a": b"2"}, NOTE)) is False  # that one never was there
    assert one.put(NONE, first)
    assert other.put(first, other.draft(first, {"a": b"2"}, NOTE)) is False
    assert one.put(NONE, one.draft(NONE, {"a": b"3"}, NOTE)) is False
    assert one.look() == Seen(first.tip, {"a": b"1"})


def test_a_version_is_found_under_those_that_came_after_it(state: Objects) -> None:
    one, other = state.place, state.place
    seen = first = put(one, NONE, {"a": b"0"})
    assert one.holds(first, first)
    for number in range(1, 51):
        seen = put(one, seen, {"a": b"%d" % number})
    found = other.look()
    assert other.holds(found, first)
    assert other.holds(found, seen)
    assert not other.holds(found, one.draft(seen, {}, NOTE))
    assert not other.holds(NONE, first)
    put(one, seen, {})
    assert not other.holds(other.look(), first)  # fifty are remembered


# ---------------------------------------------------------------------------------------- a look that is late


class Overtaken(ObjectPlace):
    """A place whose objects are gone when it asks for them: `times` times with another head meanwhile."""

    times = 0

    def _files(self, head: Head, seconds: float) -> Files:
        if Overtaken.times:
            Overtaken.times -= 1
            other = ObjectPlace(self.bucket, self.environ)
            put(other, other.look(), {"state.json": b"%d" % Overtaken.times})
            raise FileNotFoundError("as it happens")
        return super()._files(head, seconds)


def test_a_look_begins_again_while_versions_come(state: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = state.place
    put(plain, NONE, {"state.json": b"first"})
    here = Overtaken(plain.bucket, plain.environ)
    monkeypatch.setattr(Overtaken, "times", 2)
    assert here.look().files == {"state.json": b"0"}
    monkeypatch.setattr(object_place, "_OVERTAKEN", 3)
    monkeypatch.setattr(Overtaken, "times", 2)
    assert here.look().files == {"state.json": b"0"}
    monkeypatch.setattr(Overtaken, "times", 3)
    with pytest.raises(PlaceError) as away:
        here.look()
    assert (away.value.kind, str(away.value)) == ("away", f"{state.url} changes faster than it can be read")
    assert away.value.hint == "try again"


# -------------------------------------------------------------------------------------------------- damage


def damage_of(place: ObjectPlace) -> str:
    with pytest.raises(PlaceError) as refused:
        place.look()
    assert refused.value.kind == "refused"
    assert refused.value.hint == "restore the object from a version of the bucket, or from a backup"
    summary, _, detail = str(refused.value).partition(": ")
    if "://" in summary or detail.startswith("//"):
        summary, _, detail = str(refused.value).partition(" is damaged: ")
        assert summary == f"the state in {place.bucket.url}"
    return detail


def test_what_is_damaged_is_named(state: Objects) -> None:
    here = state.place
    seen = put(here, NONE, {"state.json": b"123", "b.json": b"4"})
    store = here._store(30.0)
    good = bytes(obstore.get(store, here._path("head")).bytes())
    for body, told in (
        (b"{}\n", "head: it is not the head of a state"),
        (good.replace(b'"format": 1', b'"format": 2'), "head: a later version of campaignctl wrote it"),
        (good + b"x", "head: its content does not have the digest that it names"),
        (b"", "head: it is not the head of a state"),
    ):
        obstore.put(store, here._path("head"), body)
        assert damage_of(state.place) == told
    obstore.put(store, here._path("head"), good)
    name = f"objects/00000001-{seen.tip}-state.json"
    obstore.put(store, here._path(name), b"124")
    assert damage_of(state.place) == f"{name} does not have the digest that the head names"
    obstore.delete(store, [here._path(name)])
    assert damage_of(state.place).startswith("an object that it names is missing: ")


def test_a_head_and_objects_are_read_up_to_the_largest_size(
    state: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = state.place
    files = {"a.json": bytes(MIB), "b.json": bytes(MIB)}
    put(here, NONE, files)
    monkeypatch.setattr(object_place, "LARGEST", 2 * MIB)
    assert state.place.look().files == files
    monkeypatch.setattr(object_place, "LARGEST", 2 * MIB - 1)
    assert damage_of(state.place) == "its files are larger than 1 MiB"
    size = len(bytes(obstore.get(here._store(30.0), here._path("head")).bytes()))
    monkeypatch.setattr(object_place, "LARGEST", size)
    assert state.place.tip() is not None
    monkeypatch.setattr(object_place, "LARGEST", size - 1)
    assert damage_of(state.place) == "head is larger than 0 MiB"


# -------------------------------------------------------------------------------------------------- access


@pytest.mark.parametrize("ignored", ["If-None-Match", "If-Match"])
def test_a_store_that_ignores_a_condition_is_unfit(state: Objects, proxy: Proxy, ignored: str) -> None:
    proxy.deaf = ignored
    assert state.place.access(BY) == Access(
        False,
        f"{state.url} cannot be written: {proxy.endpoint} ignores {ignored} for {state.url}: two runs could"
        " write over each other",
        _UNFIT,
        "store",
    )
    proxy.deaf = ""
    store = state.place._store(30.0)
    assert [each for chunk in obstore.list(store, state.place.bucket.prefix) for each in chunk] == []


def test_a_store_whose_first_answer_was_lost_could_not_be_tried(state: Objects, proxy: Proxy) -> None:
    proxy.faults[:] = [Fault("PUT", "", "answer", 412, "PreconditionFailed")]
    here = state.place
    assert here.access(BY) == Access(
        False,
        f"{state.url} cannot be written: {state.url} could not be tried",
        "run the command again",
        "store",
    )
    assert not here.memory.is_proven
    assert here.access(BY).allowed


def test_a_store_that_refuses_is_not_asked_for_more(state: Objects, proxy: Proxy) -> None:
    proxy.faults[:] = [Fault("PUT", "", "answer", 403, "AccessDenied")]
    found = state.place.access(BY)
    assert not found.allowed
    assert found.found == (
        f"{state.url} cannot be written: these credentials lack a permission for s3://{BUCKET}:"
        " 403 Forbidden, AccessDenied"
    )
    assert found.fix == _RIGHTS


# --------------------------------------------------------------------------------------------------- words


def test_a_place_names_its_objects_and_how_to_put_an_earlier_one_back() -> None:
    texts = ObjectPlace(Bucket.at("s3://b/crm"), {}).texts
    assert texts.location == "s3://b/crm"
    assert texts.history == "the objects `...-state.json` in s3://b/crm/objects/"
    assert str(texts.repair) == (
        "nothing was overwritten; earlier states are `...-state.json` in s3://b/crm/objects/:"
        " download a good one, then `campaignctl state push FILE`"
    )
    assert texts.apart == "give each project a `state.url` of its own in campaignctl.yaml"


@pytest.mark.parametrize(
    ("url", "prefix", "mirror"),
    [
        ("s3://b", "", "b.json"),
        ("s3://b/crm", "crm", "b+crm.json"),
        ("az://b/crm/eu/", "crm/eu", "b+crm+eu.json"),
    ],
)
def test_a_home_has_a_stop_mark_and_an_archive_below_its_prefix(
    tmp_path: Path, url: str, prefix: str, mirror: str
) -> None:
    home = object_home(tmp_path, "acme-crm", url, {})
    places = [each for each in (home.place, home.stop, home.archive) if isinstance(each, ObjectPlace)]
    below = f"{prefix}/" if prefix else ""
    assert [each.bucket.prefix for each in places] == [prefix, f"{below}.stop", f"{below}.archive"]
    assert places[0].bucket.url == url.rstrip("/")
    assert places[0]._path("head") == f"{below}head"
    assert (home.project, home.lease) == ("acme-crm", LEASE)
    assert home.mirror == mirror_path(tmp_path, Bucket.at(url))
    assert home.mirror == tmp_path / ".campaignctl" / "object_store" / mirror


def test_the_states_at_an_address_and_directly_below_it_are_named(state: Objects) -> None:
    root = state.place
    for name in ("", "staging", "production", "shop.stop"):
        put(state.another(name).place if name else root, NONE, {"state.json": b"{}"})
    store = root._store(30.0)
    obstore.put(store, root._path("notes/readme"), b"no state")
    obstore.put(store, root._path("deep/er/head"), b"deeper")
    home = object_home(Path(), "acme-crm", state.url, state.environ)
    for beside in (home.stop, home.archive):
        assert isinstance(beside, ObjectPlace)
        put(beside, NONE, {"2025.json": b"{}"})
    states = (state.url, *(f"{state.url}/{name}" for name in ("production", "shop.stop", "staging")))
    assert states_at(state.url, state.environ) == states
    assert states_at(f"{state.url}/staging", state.environ) == states[-1:]
    assert states_at(f"{state.url}/nothing", state.environ) == ()


def test_states_that_cannot_be_listed_say_why(state: Objects, proxy: Proxy) -> None:
    assert state.place.states() == ()
    proxy.faults[:] = [Fault("GET", "", "answer", 403, "AccessDenied")]
    with pytest.raises(StateError) as refused:
        states_at(state.url, state.environ)
    assert refused.value.summary == f"the states at {state.url} cannot be listed"
    assert refused.value.detail.startswith("these credentials lack a permission")
    assert refused.value.hint == _RIGHTS


# ----------------------------------------------------------------------------------------------------- heads


@pytest.mark.parametrize(
    ("path", "size", "inline"),
    [
        ("other", (1 << 15) - 1, True),
        ("other", 1 << 15, False),
        ("lock.json", (1 << 15) - 1, True),
        ("lock.json", 1 << 15, False),
        ("about.json", 1, True),
        ("state.json", 0, False),
        ("halts.json", 1, False),
        ("journal/00001", (1 << 15) - 1, True),
        ("journal/00001", 1 << 15, False),
        ("journal/00000", 1, False),
    ],
)
def test_a_small_file_is_in_the_head_unless_it_is_a_document(path: str, size: int, inline: bool) -> None:
    files = {"journal/00001": b"last", path: bytes(size)}
    made = following(None, {}, files, "")
    assert (path in made.inline) is inline
    assert (path in made.objects) is not inline
    if not inline:
        stored = made.objects[path]
        assert stored.name == f"00000001-{made.version}-{path.replace('/', '-')}"
        assert stored == Stored.of(stored.name, files[path])
        assert stored.holds(files[path])
        assert not stored.holds(files[path] + b"x")
        assert made.named() == {stored.name}
    assert Head.decoded(made.encoded()) == made


def test_a_version_follows_another() -> None:
    first = following(None, {}, {"state.json": b"1", "other": b"x"}, "one")
    assert (first.number, first.recent, first.note, len(first.version)) == (1, (), "one", 12)
    second = following(first, {"state.json": b"1", "other": b"x"}, {"state.json": b"1", "other": b"y"}, "two")
    assert (second.number, second.recent, second.note) == (2, (first.version,), "two")
    assert second.objects == first.objects
    assert second.inline == {"other": b"y"}
    before = last = second
    for _ in range(60):
        before, last = last, following(last, {}, {}, "")
    assert last.recent == (before.version, *before.recent)[:50]
    assert len(last.recent) == 50


def test_of_each_document_the_newest_hundred_are_kept_and_no_piece_of_a_journal() -> None:
    def names(what: str, count: int, first: int = 1) -> list[str]:
        return [f"{number:08}-0123456789ab-{what}" for number in range(first, first + count)]

    state, halts, pieces = names("state.json", KEPT + 2), names("halts.json", KEPT), names("journal-00000", 3)
    head = replace(Head(200, "v", {}, {}, (), ""), objects={"x": Stored(state[-1], 1, "")})
    later = names("state.json", 1, 201) + names("journal-00000", 1, 201)
    now = names("journal-00000", 1, 200)
    odd = ["x", "1-0123456789ab-state.json", "00000001-xyz-state.json", "00000001-0123456789ab-"]
    found = left_over([*state, *halts, *pieces, *later, *now, *odd], head)
    assert sorted(found) == sorted([state[0], *pieces, *now])
    long = "123456789-0123456789ab-journal-00000"
    assert left_over([long], head) == []
    assert left_over([long], replace(head, number=123456789)) == [long]


# --------------------------------------------------------------------------------------------------- stores


@pytest.mark.parametrize(
    ("scheme", "environ", "found"),
    [
        ("s3", {}, "S3"),
        ("gs", {}, "Google Cloud Storage"),
        ("az", {}, "Azure Blob Storage"),
        ("s3", {"AWS_ENDPOINT": "c", "AWS_ENDPOINT_URL": "b", "AWS_ENDPOINT_URL_S3": "a"}, "a"),
        ("s3", {"AWS_ENDPOINT": "c", "AWS_ENDPOINT_URL": "b", "AWS_ENDPOINT_URL_S3": ""}, "b"),
        ("s3", {"AWS_ENDPOINT": "c", "GOOGLE_BASE_URL": "g"}, "c"),
        ("gs", {"AWS_ENDPOINT": "c", "GOOGLE_BASE_URL": "g"}, "g"),
        ("az", {"AZURE_ENDPOINT": "f", "AZURE_STORAGE_ENDPOINT": "e"}, "e"),
        ("az", {"AZURE_ENDPOINT": "f"}, "f"),
    ],
)
def test_the_environment_names_the_server(scheme: str, environ: dict[str, str], found: str) -> None:
    bucket = Bucket(scheme, "b", "crm")
    assert bucket.endpoint(environ) == found
    odd = trouble(bucket, OSError("odd"), environ)
    assert (odd.kind, str(odd)) == ("away", f"{found} did not answer as it should: OSError: odd")
    assert odd.hint == "run the command again"


def test_a_profile_is_refused_where_nothing_else_names_the_credentials(url: str) -> None:
    profile = {"AWS_PROFILE": "work"}
    with pytest.raises(PlaceError) as refused:
        ObjectPlace(Bucket.at(url), profile)._store(1.0)
    assert refused.value.kind == "setup"
    assert str(refused.value) == "AWS_PROFILE is work, and profile files are not read here"
    assert refused.value.hint == 'eval "$(aws configure export-credentials --format env)"'
    keys = {**profile, "AWS_ACCESS_KEY_ID": "k"}
    for address, environ in ((url, keys), (url, {"AWS_PROFILE": ""}), ("gs://b/crm", profile)):
        assert ObjectPlace(Bucket.at(address), environ)._store(1.0) is not None


def test_without_the_library_nothing_is_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(PlaceError) as refused:
        ObjectPlace(Bucket.at(url), {}).tip()
    assert (refused.value.kind, str(refused.value)) == (
        "setup",
        "obstore is not installed, which speaks to object stores",
    )


_GCS = "set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`"
_AZURE = "set AZURE_STORAGE_ACCOUNT_NAME, with AZURE_STORAGE_ACCOUNT_KEY or a service principal"


@pytest.mark.parametrize(
    ("told", "kind", "summary", "hints"),
    [
        (
            "ContainerNotFound",
            "setup",
            "there is no bucket {}",
            ("create it, or correct `state.url` in campaignctl.yaml",) * 3,
        ),
        (
            "RequestExpired",
            "setup",
            "the store rejects the time of this machine",
            ("set its clock (`timedatectl`), then run the command again",) * 3,
        ),
        ("token has expired", "refused", "the credentials for {} have expired", (_LOGIN, _GCS, _AZURE)),
        ("invalid_grant", "refused", "the store rejects the credentials for {}", (_LOGIN, _GCS, _AZURE)),
        (
            "missing account",
            "setup",
            "there are no credentials for {} in the environment",
            (_LOGIN, _GCS, _AZURE),
        ),
        (
            "301 Moved Permanently",
            "setup",
            "{} is in another region",
            ("set AWS_REGION to the region of the bucket",) * 3,
        ),
        (
            "403 Forbidden",
            "refused",
            "these credentials lack a permission for {}",
            (
                _RIGHTS,
                "it needs the role Storage Object User (roles/storage.objectUser) there",
                "it needs the role Storage Blob Data Contributor there",
            ),
        ),
    ],
)
def test_each_failure_that_is_known_says_what_to_do_in_its_cloud(
    told: str, kind: str, summary: str, hints: tuple[str, ...]
) -> None:
    for scheme, hint in zip(("s3", "gs", "az"), hints, strict=True):
        found = trouble(Bucket.at(f"{scheme}://b/crm"), OSError(told), {})
        assert (found.kind, found.hint) == (kind, hint)
        assert str(found) == f"{summary.format(f'{scheme}://b')}: OSError: {told}"


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ("x status code: 403 Forbidden: <Code> AccessDenied </Code>", "403 Forbidden, AccessDenied"),
        ("status code: 500 <Error>", "500"),
        ("<Code>SlowDown</Code>", "SlowDown"),
        ("a  b\nc\n\nDebug source: d", "a b c"),
        ("http://h/x?sig=hush: reset", "http://h/x reset"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 200 + "..."),
    ],
)
def test_a_failure_is_shown_in_one_short_line(told: str, line: str) -> None:
    assert shown(told) == line


def test_files_that_are_missing_are_fetched_all(state: Objects) -> None:
    files: dict[str, Any] = {f"{number}.json": b"%d" % number for number in range(20)}
    put(state.place, NONE, files)
    assert state.place.look().files == files


def test_a_blip_is_tried_twice_again_and_no_more(state: Objects, proxy: Proxy) -> None:
    here = state.place
    blip = Fault("GET", "/head", "answer", 503, "SlowDown")
    proxy.faults[:] = [blip] * 2
    assert here.look() == NONE
    proxy.faults[:] = [blip] * 3
    with pytest.raises(PlaceError) as away:
        here.look()
    assert away.value.kind == "away"
    assert str(away.value).startswith(f"{proxy.endpoint} did not answer as it should: 503")
    assert proxy.faults == []


def test_a_store_that_is_slow_is_away_in_time(state: Objects, proxy: Proxy) -> None:
    here = state.place
    first = put(here, NONE, {"lock.json": b"l"})
    proxy.faults[:] = [Fault("GET", "/head", "slow", seconds=1.5)] * 3
    with pytest.raises(PlaceError) as away:
        here.look(0.2)
    assert away.value.kind == "away"
    assert len(proxy.faults) == 2  # there was no time for another try
    proxy.faults[:] = [Fault("GET", "/head", "slow", seconds=0.3)]
    assert here.look(10) == Seen(first.tip, first.files)


@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
def test_each_cloud_is_asked_three_times_at_most_and_in_clear_on_this_machine(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = tmp_path / "service-account.json"
    with scripted(GET=[(503, b"busy")]) as script:
        endpoint = f"http://127.0.0.1:{script.port}"
        key = {"client_email": "", "private_key": "", "private_key_id": "", "disable_oauth": True}
        account.write_text(json.dumps({**key, "gcs_base_url": endpoint}))
        environ = {
            **environ_of(endpoint),
            "GOOGLE_BASE_URL": endpoint,
            "GOOGLE_SERVICE_ACCOUNT": str(account),
            "AZURE_STORAGE_ENDPOINT": endpoint,
            "AZURE_STORAGE_ACCOUNT_NAME": "acme",
            "AZURE_STORAGE_ACCOUNT_KEY": "a2V5",
        }
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(PlaceError) as away:
            ObjectPlace(Bucket.at(f"{scheme}://campaigns/crm"), environ).tip()
    assert (away.value.kind, script.methods) == ("away", ["GET"] * 3)
    assert str(away.value).startswith(f"{endpoint} did not answer as it should: 503")


@pytest.mark.parametrize(
    ("url", "bucket", "shorter"),
    [
        ("s3://campaigns", Bucket("s3", "campaigns", ""), "s3://campaigns"),
        ("gs://campaigns/", Bucket("gs", "campaigns", ""), "gs://campaigns"),
        ("az://campaigns/crm/eu/", Bucket("az", "campaigns", "crm/eu"), "az://campaigns/crm/eu"),
    ],
)
def test_an_address_names_a_bucket_and_a_prefix(url: str, bucket: Bucket, shorter: str) -> None:
    assert Bucket.at(url) == bucket
    assert bucket.url == shorter


@pytest.mark.parametrize(
    ("url", "environ", "is_refused"),
    [
        ("s3://campaigns", {"AWS_PROFILE": "work"}, True),
        ("s3://campaigns", {"AWS_PROFILE": "work", "AWS_ACCESS_KEY_ID": "AKIA"}, False),
        ("s3://campaigns", {"AWS_PROFILE": ""}, False),
        ("s3://campaigns", {}, False),
        ("gs://campaigns", {"AWS_PROFILE": "work"}, False),
    ],
)
def test_only_a_profile_that_would_be_passed_over_is_refused(
    monkeypatch: pytest.MonkeyPatch, url: str, environ: dict[str, str], is_refused: bool
) -> None:
    monkeypatch.setenv("GOOGLE_SKIP_SIGNATURE", "true")
    if is_refused:
        with pytest.raises(PlaceError, match="AWS_PROFILE is work") as refused:
            opened(Bucket.at(url), environ, 5)
        assert refused.value.kind == "setup"
    else:
        assert opened(Bucket.at(url), environ, 5) is not None
