"""The requests of a place on a server one by one: what they are, when there are more, and what is said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaignctl import __version__
from campaignctl.backends.cas.liveness import ELSEWHERE
from campaignctl.backends.cas.place import Guarded, Note, PlaceError, Seen
from campaignctl.backends.cas.snapshot import Snapshot
from campaignctl.backends.http.document import Content, encode
from campaignctl.backends.http.place import HttpPlace, http_home, mirror_path
from campaignctl.backends.http.server import Server
from campaignctl.errors import Sentence
from campaignctl.project.http_address import HttpAddress, http_address
from campaignctl.project.model import StateSettings
from campaignctl.review.reports import Access
from campaignctl.state.codec import encode_lock
from campaignctl.state.model import LockInfo
from tests.backends.http_place import ServerPlace, asked
from tests.backends.http_server import Client
from tests.backends.http_store import Fault
from tests.backends.scripted_server import Script, scripted

BEGAN = datetime(2036, 1, 1, tzinfo=UTC)
BY = LockInfo("lock-1", "mira", "laptop", 42, "apply", "2036-01-01T00:00:00Z", "https://ci.example/7")
NOTE = Note(BY, "a step")
NONE = Seen(None, {})
GITLAB = "https://gitlab.example.com/api/v4/projects/7/terraform/state/crm"
AWAY = (404, b"")


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.passed = timedelta()

    def __call__(self) -> datetime:
        return BEGAN + self.passed


def at(address: str) -> HttpAddress:
    return http_address(StateSettings(backend="http", address=address))


def place_at(address: str, content: Content = "state", clock: Clock | None = None) -> HttpPlace:
    return HttpPlace(Server(address, {}), at(address), content, clock or Clock())


def first_put(script: Script, content: Content = "state") -> bool:
    here = place_at(script.url, content)
    return here.put(NONE, here.draft(NONE, {}, NOTE))


def version(content: Content = "state", before: str | None = None) -> bytes:
    return encode(content, before, {}, NOTE)[1]


@pytest.fixture
def server(state_server: Client, tmp_path: Path) -> ServerPlace:
    found = ServerPlace(state_server, tmp_path)
    asked(found)
    return found


LOCKED = Snapshot().locked(BY).files


# ------------------------------------------------------------------------------------------------ looks


@pytest.mark.parametrize(("status", "body"), [(204, b""), (404, b"gone"), (404, b"Not Found"), (200, b"")])
def test_a_server_without_a_version_has_none(status: int, body: bytes) -> None:
    with scripted(GET=[(status, body)]) as script:
        here = place_at(script.url)
        assert here.look() == NONE
        assert here.tip() is None


@pytest.mark.parametrize("status", [205, 400, 401, 403, 405, 410, 500])
def test_any_other_answer_is_no_look_at_a_version(status: int) -> None:
    with (
        scripted(GET=[(status, b"so it is")]) as script,
        pytest.raises(PlaceError, match="it is no document" if status < 300 else "so it is"),
    ):
        place_at(script.url).look()


@pytest.mark.parametrize("told", [b"404 Project Not Found", b"project not found"])
def test_a_project_that_is_not_shown_is_no_empty_place(told: bytes) -> None:
    with scripted(GET=[(404, told)], LOCK=[(404, told)]) as script:
        here = place_at(script.url)
        for look in (here.look, lambda: here.put(NONE, here.draft(NONE, {}, NOTE))):
            with pytest.raises(PlaceError, match=r"(?i)project not found$") as refused:
                look()
            assert refused.value.hint == "check `address` and `lock_address` in campaignctl.yaml"


# ------------------------------------------------------------------------------------------------ puts


def test_only_a_draft_is_put() -> None:
    with scripted() as script, pytest.raises(TypeError, match="only a draft"):
        place_at(script.url).put(NONE, NONE)
    assert script.asked == []


def test_a_first_put_of_a_state_tries_its_lock_and_that_of_a_stop_mark_does_not(server: ServerPlace) -> None:
    home = http_home(server.directory, "acme-crm", at(server.address), {}, now=Clock())
    assert home.stop is not None
    before = NONE
    for _ in range(2):
        draft = home.stop.draft(before, {"halts.json": b"{}"}, NOTE)
        assert home.stop.put(before, draft)
        assert asked(server) == ["LOCK crm-stop", "GET crm-stop", "POST crm-stop", "UNLOCK crm-stop"]
        before = draft
    assert home.place.put(NONE, first := home.place.draft(NONE, LOCKED, NOTE))
    assert asked(server) == ["LOCK crm", "GET crm", "LOCK crm", "POST crm", "POST crm"]
    assert home.place.put(first, home.place.draft(first, {}, NOTE))
    assert asked(server) == ["POST crm", "UNLOCK crm"]
    assert home.place.look().files == {}
    assert home.archive is not None
    assert home.archive.texts.location == f"{server.address}-archive"
    assert home.stop.texts.location == f"{server.address}-stop"


@pytest.mark.parametrize(
    ("passed", "looks"),
    [
        (timedelta(), False),
        (timedelta(seconds=3), False),
        (timedelta(seconds=3, microseconds=1), True),
        (-timedelta(microseconds=1), True),
    ],
)
def test_for_three_seconds_a_put_needs_no_look_before_it(
    server: ServerPlace, passed: timedelta, looks: bool
) -> None:
    """By the wall clock, which runs on while a machine sleeps, and may be set back."""
    clock = Clock()
    here = place_at(server.address, clock=clock)
    first = here.draft(NONE, LOCKED, NOTE)
    assert here.put(NONE, first)
    clock.passed = timedelta(hours=1)
    second = here.draft(first, {**LOCKED, "a": b"1"}, NOTE)
    assert here.put(first, second)
    asked(server)
    clock.passed += passed
    assert here.put(second, here.draft(second, LOCKED, NOTE))
    assert asked(server) == ["GET crm"] * looks + ["POST crm"]


@pytest.mark.parametrize("status", [409, 423, 412, 422])
def test_a_refused_put_over_which_another_came_was_not_the_first(status: int) -> None:
    with scripted(GET=[AWAY, (200, version("stop"))], POST=[(status, b"")]) as script:
        assert first_put(script, "stop") is False
    assert script.methods == ["LOCK", "GET", "POST", "GET", "UNLOCK"]


@pytest.mark.parametrize(
    ("status", "kind", "asks"),
    [
        (409, "away", ["LOCK", "GET", "POST", "GET"]),
        (423, "away", ["LOCK", "GET", "POST", "GET"]),
        (412, "refused", ["LOCK", "GET", "POST", "GET", "UNLOCK"]),
        (422, "refused", ["LOCK", "GET", "POST", "GET", "UNLOCK"]),
        (410, "refused", ["LOCK", "GET", "POST", "UNLOCK"]),
        (424, "refused", ["LOCK", "GET", "POST", "UNLOCK"]),
        (413, "refused", ["LOCK", "GET", "POST", "UNLOCK"]),
        (500, "away", ["LOCK", "GET", "POST"]),
    ],
)
def test_a_put_that_is_refused_is_away_where_the_next_try_may_do_better(
    status: int, kind: str, asks: list[str]
) -> None:
    """What may still be under way keeps the lock; the next try asks for it again."""
    with scripted(GET=[AWAY], POST=[(status, b"so it is")]) as script:
        here = place_at(script.url, "stop")
        for _ in range(2):
            with pytest.raises(PlaceError) as refused:
                here.put(NONE, here.draft(NONE, {}, NOTE))
            assert refused.value.kind == kind
            assert str(refused.value).endswith(f" was answered with {status}: so it is")
    assert script.methods == asks * 2


def test_the_refusal_of_a_put_is_told_though_its_lock_cannot_be_given_back() -> None:
    with (
        scripted(GET=[AWAY], POST=[(400, b"first")], UNLOCK=[(400, b"second")]) as script,
        pytest.raises(PlaceError, match="answered with 400: first"),
    ):
        first_put(script, "stop")


def test_a_holder_whose_put_is_refused_stays_one(server: ServerPlace) -> None:
    here = place_at(server.address)
    first = here.draft(NONE, LOCKED, NOTE)
    assert here.put(NONE, first)
    asked(server)
    server.client.switch(server.project, Fault("POST", "400"))
    for refused in (True, False):
        draft = here.draft(first, {**LOCKED, "a": b"1"}, NOTE)
        if refused:
            with pytest.raises(PlaceError, match="answered with 400"):
                here.put(first, draft)
        else:
            replace_lock(server)
            with pytest.raises(Guarded):  # it asks for the lock again
                here.put(first, draft)
    assert "UNLOCK crm" not in asked(server)


def replace_lock(server: ServerPlace) -> None:
    info = {"ID": "another", "user": "ben"}
    server.client.store.set_lock(server.project, "crm", info)


def test_a_lock_that_another_holds_is_no_refusal_where_another_version_came(server: ServerPlace) -> None:
    here = place_at(server.address)
    first = here.draft(NONE, {}, NOTE)
    assert here.put(NONE, first)
    replace_lock(server)
    with pytest.raises(Guarded):
        here.put(first, here.draft(first, LOCKED, NOTE))
    server.put({"a": b"1"})
    assert here.put(first, here.draft(first, LOCKED, NOTE)) is False


# ------------------------------------------------------------------------------------------------ locks


def test_a_lock_says_all_that_gitlab_wants_and_is_given_back_by_its_id_twice() -> None:
    """Without an id GitLab breaks any lock, and a proxy may drop the body."""
    with scripted(GET=[AWAY]) as script:
        assert first_put(script, "stop")
    lock, _, post, unlock = script.asked
    info = {
        "ID": "lock-1",
        "Operation": "campaignctl apply",
        "Info": encode_lock(BY),
        "Who": "mira@laptop",
        "Version": __version__,
        "Created": "2036-01-01T00:00:00Z",
        "Path": "https://ci.example/7",
    }
    assert (json.loads(lock.body), lock.path) == (info, "/crm")
    assert post.path == "/crm?ID=lock-1"
    assert (json.loads(unlock.body), unlock.path) == (info, "/crm?ID=lock-1")


@pytest.mark.parametrize(
    ("status", "fails"), [(200, False), (409, False), (423, False), (404, True), (500, True)]
)
def test_a_lock_that_is_not_there_any_more_is_given_back(status: int, fails: bool) -> None:
    with scripted(GET=[AWAY], UNLOCK=[(status, b"")]) as script:
        here = place_at(script.url, "stop")
        draft = here.draft(NONE, {}, NOTE)
        if fails:
            with pytest.raises(PlaceError, match=f"UNLOCK .* was answered with {status}"):
                here.put(NONE, draft)
        else:
            assert here.put(NONE, draft)


def test_a_lock_that_a_lost_answer_gave_us_is_ours() -> None:
    with scripted(GET=[AWAY], LOCK=[(423, json.dumps({"ID": BY.id}).encode())]) as script:
        assert first_put(script, "stop")
    assert script.methods == ["LOCK", "GET", "POST", "UNLOCK"]


def held_by(lock_id: str) -> tuple[int, bytes]:
    return 423, json.dumps({"ID": lock_id, "Who": "ben"}).encode()


def test_a_lock_for_one_put_is_broken_after_ten_seconds_and_a_new_one_counts_anew() -> None:
    clock = Clock()
    with scripted(GET=[AWAY], LOCK=[held_by("a")]) as script:
        here = place_at(script.url, "stop", clock)

        def put() -> bool:
            return here.put(NONE, here.draft(NONE, {}, NOTE))

        for seconds, lock in ((0, "a"), (10, "a"), (11, "b"), (21, "b")):
            clock.passed = timedelta(seconds=seconds)
            script.answers["LOCK"] = [held_by(lock)]
            with pytest.raises(Guarded) as held:
                put()
            assert (held.value.holder.id, str(held.value.hint)) == (
                lock,
                f"once that run has ended: `campaignctl state unlock {lock}`",
            )
        assert "UNLOCK" not in script.methods
        clock.passed = timedelta(seconds=21, microseconds=1)
        script.answers["LOCK"] = [held_by("b"), held_by("c")]
        with pytest.raises(Guarded) as held:  # another was faster
            put()
        assert held.value.holder.id == "c"
        script.answers["LOCK"] = [held_by("c")]
        for _ in range(2):
            with pytest.raises(Guarded):
                put()
            clock.passed += timedelta(seconds=10)
        clock.passed += timedelta(seconds=1)
        script.answers["LOCK"] = [held_by("c"), (200, b"")]
        del script.asked[:]
        assert put()
    assert script.methods == ["LOCK", "UNLOCK", "LOCK", "GET", "POST", "UNLOCK"]
    assert [each.path for each in script.asked if each.method == "UNLOCK"] == ["/crm?ID=c", "/crm?ID=lock-1"]


def test_a_lock_of_a_state_is_broken_only_for_the_holder_that_is_replaced() -> None:
    dead, clock = replace(BY, id="dead"), Clock()
    before = Seen("1-0123456789abcdef", Snapshot().locked(dead).files)
    body = json.dumps({"serial": 1, "id": "0123456789abcdef", "campaignctl": "state", "files": {}}).encode()
    with scripted(GET=[(200, body)], LOCK=[held_by("other")]) as script:
        here = place_at(script.url, clock=clock)
        for _ in range(2):
            clock.passed += timedelta(minutes=1)
            with pytest.raises(Guarded):
                here.put(before, here.draft(before, LOCKED, NOTE))
        assert "UNLOCK" not in script.methods
        script.answers["LOCK"] = [held_by("dead"), (200, b"")]
        assert here.put(before, here.draft(before, LOCKED, NOTE))
    assert script.methods[-5:] == ["LOCK", "UNLOCK", "LOCK", "GET", "POST"]


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_without_a_lock_is_told_from_one_that_refuses_it(status: int) -> None:
    with (
        scripted(LOCK=[(status, b"no such thing")], GET=[AWAY]) as script,
        pytest.raises(PlaceError) as refused,
    ):
        first_put(script)
    assert refused.value.kind == "refused"
    assert str(refused.value) == (
        f"{script.url} has no lock: LOCK {script.url} was answered with {status}: no such thing"
    )
    assert refused.value.hint == (
        "a state needs one: name it as `lock_address` and `lock_method` in campaignctl.yaml,"
        " or keep the state elsewhere"
    )


@pytest.mark.parametrize("status", [406, 502, 410])
def test_another_refusal_of_a_lock_is_told_as_it_is(status: int) -> None:
    with (
        scripted(LOCK=[(status, b"so it is")]) as script,
        pytest.raises(PlaceError, match=f"^LOCK .* was answered with {status}: so it is$"),
    ):
        first_put(script)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"ID": "x", "Info": encode_lock(BY)}, ("x", "another run", "an unknown time")),
        ({"ID": "x", "Who": " ben \n at  home", "Created": " now\t"}, ("x", "ben at home", "now")),
        ({"ID": "x", "Who": "w" * 81, "Created": "c" * 81}, ("x", "w" * 80, "c" * 80)),
        ({"ID": 7, "Who": None}, ("7", "None", "an unknown time")),
        ({"Who": "ben"}, ("", "ben", "an unknown time")),
        (["ID"], ("", "another run", "an unknown time")),
    ],
)
def test_the_holder_of_a_lock_is_who_the_server_says(told: object, found: tuple[str, str, str]) -> None:
    with (
        scripted(LOCK=[(409, json.dumps(told).encode())], GET=[AWAY]) as script,
        pytest.raises(Guarded) as held,
    ):
        first_put(script)
    lock_id, who, since = found
    assert held.value.holder == LockInfo(lock_id, who, ELSEWHERE, 0, "another command", since)
    assert held.value.kind == "locked"
    unlocks = f"once that run has ended: `campaignctl state unlock {lock_id}`"
    assert str(held.value.hint) == (unlocks if lock_id else f"unlock {script.url} on the server")


def test_the_holder_of_a_lock_of_ours_is_known_as_a_whole() -> None:
    theirs = replace(BY, id="theirs")
    told = json.dumps({"ID": "theirs", "Info": encode_lock(theirs), "Who": "x"}).encode()
    with scripted(LOCK=[(423, told)], GET=[AWAY]) as script, pytest.raises(Guarded) as held:
        first_put(script)
    assert held.value.holder == theirs


# ------------------------------------------------------------------------------------- locks by hand


def test_a_lock_is_broken_by_exactly_its_id(server: ServerPlace) -> None:
    here = place_at(server.address)
    assert here.free("another") is None
    assert asked(server) == ["LOCK crm", "UNLOCK crm"]
    replace_lock(server)
    for lock_id, left in (("wrong", "another"), ("another", None)):
        found = here.free(lock_id)
        assert found is not None
        assert found.id == "another"
        assert server.lock() == left
    assert asked(server) == ["LOCK crm", "LOCK crm", "UNLOCK crm"]


def test_a_lock_is_tried_as_that_of_an_unlock() -> None:
    with scripted() as script:
        assert place_at(script.url).free("x") is None
    lock, unlock = (json.loads(each.body) for each in script.asked)
    assert lock == unlock
    assert (lock["Operation"], lock["Who"], lock["Path"]) == ("campaignctl state unlock", "@", "")
    assert json.loads(lock["Info"])["process"] == 0


# ------------------------------------------------------------------------------------------------ access


def test_access_is_tried_and_leaves_nothing(server: ServerPlace) -> None:
    here = place_at(server.address)
    good = Access(True, f"{server.address} can be locked, and its lock keeps others out", "", "server")
    assert here.access(BY) == good
    assert asked(server) == ["LOCK crm", "GET crm", "LOCK crm", "POST crm", "UNLOCK crm"]
    first = here.draft(NONE, LOCKED, NOTE)
    assert here.put(NONE, first)
    asked(server)
    holding = f"{server.address} can be locked; another run holds it now, so writing was not tried"
    assert here.access(replace(BY, id="mine")) == Access(True, holding, "", "server")
    assert asked(server) == ["LOCK crm", "GET crm"]
    replace_lock(server)
    found = here.access(replace(BY, id="mine"))
    assert not found.allowed
    assert found.found == (
        f"{server.address} is locked by a run that the state does not know: held by ben on {ELSEWHERE}"
        " for `another command` since 2036-01-01T00:00:00.000Z (lock another)"
    )
    assert str(found.fix) == "once that run has ended: `campaignctl state unlock another`"
    assert found.way == "server"
    server.client.store.set_lock(server.project, "crm", {"ID": BY.id})
    assert here.put(first, here.draft(first, {}, NOTE))
    before = server.client.store.current(server.project, "crm")
    asked(server)
    assert here.access(BY) == good
    assert asked(server) == ["LOCK crm", "GET crm", "LOCK crm", "POST crm", "UNLOCK crm"]
    assert server.client.store.current(server.project, "crm") == before
    assert server.lock() is None


_FOUND = "the lock of {} keeps nobody out: {}"
_LOCKED_ONCE = [(200, b""), (423, b"")]


def access_with(
    *, get: tuple[int, bytes] = AWAY, lock: list[tuple[int, bytes]], post: list[tuple[int, bytes]]
) -> tuple[Script, Access]:
    with scripted(GET=[get], LOCK=lock, POST=post) as script:
        return script, place_at(script.url).access(BY)


@pytest.mark.parametrize("there", [False, True])
def test_a_server_that_accepts_a_write_without_its_lock_is_no_place(there: bool) -> None:
    """Before the first version it may refuse the second only, by its serial."""
    present = version()
    script, found = access_with(
        get=(200, present) if there else AWAY, lock=list(_LOCKED_ONCE), post=[(200, b"")]
    )
    assert not found.allowed
    keeps_nobody = _FOUND.format(script.url, "it accepts what is written without its lock")
    assert found.found == f"{script.url} cannot be written: {keeps_nobody}"
    assert found.fix == "keep the state elsewhere: two runs could send the same campaigns"
    assert found.way == "server"
    assert script.methods == ["LOCK", "GET", "LOCK", *(["POST"] if there else ["POST", "POST"]), "UNLOCK"]
    posted = next(each for each in script.asked if each.method == "POST")
    document = json.loads(posted.body)
    if there:
        assert posted.body == present
    else:
        assert (document["serial"], document["files"]) == (1, {})
        assert document["note"] == "apply: a version without files, by mira on laptop"
    assert posted.path not in ("/crm?ID=lock-1", "/crm")


def test_a_server_that_gives_its_lock_twice_is_no_place() -> None:
    script, found = access_with(lock=[(200, b"")], post=[(409, b"")])
    keeps_nobody = _FOUND.format(script.url, "it gives its lock to two runs at a time")
    assert found.found == f"{script.url} cannot be written: {keeps_nobody}"
    assert script.methods == ["LOCK", "GET", "LOCK", "UNLOCK", "UNLOCK"]
    other, ours = (json.loads(each.body)["ID"] for each in script.asked if each.method == "UNLOCK")
    assert other != ours == BY.id


@pytest.mark.parametrize("status", [502, 503, 504, 408, 429])
def test_an_answer_that_is_not_the_servers_own_proves_no_lock(status: int) -> None:
    script, found = access_with(lock=list(_LOCKED_ONCE), post=[(status, b"")])
    assert not found.allowed
    assert found.found.endswith(f" was answered with {status}")
    assert found.fix == "run the command again"
    assert script.methods[-1] == "UNLOCK"


@pytest.mark.parametrize("status", [400, 401, 403, 409, 412, 422, 423, 500, 501, 505])
def test_any_refusal_of_a_write_without_the_lock_proves_it(status: int) -> None:
    assert access_with(lock=list(_LOCKED_ONCE), post=[(status, b"")])[1].allowed


def test_a_version_that_holds_something_else_is_not_posted_again() -> None:
    script, found = access_with(get=(200, version("stop")), lock=list(_LOCKED_ONCE), post=[(409, b"")])
    assert found.found == (
        f"{script.url} cannot be written: {script.url} holds something else:"
        " it is the stop of a project; it was left as it is"
    )
    assert found.fix == "give the state another `address`, or put an earlier version back on the server"
    assert script.methods == ["LOCK", "GET", "UNLOCK"]


# ------------------------------------------------------------------------------------------------- words


def test_a_place_speaks_of_gitlabs_versions_only_there() -> None:
    elsewhere, there = place_at("https://h.example/crm").texts, place_at(GITLAB).texts
    assert (elsewhere.location, elsewhere.history) == ("https://h.example/crm", None)
    assert str(elsewhere.repair) == (
        "nothing was overwritten; put an earlier version of it back on the server, or"
        " `campaignctl state push good.json`"
    )
    assert (there.location, there.history) == (GITLAB, f"GitLab's versions of {GITLAB}")
    assert str(there.repair) == (
        "nothing was overwritten; on GitLab:"
        f" `curl --user USER:TOKEN {GITLAB}/versions/SERIAL > version.json`"
        """, then `jq -r '.files["state.json"].gzip' version.json | base64 -d | gunzip > good.json`,"""
        " and `campaignctl state push good.json`"
    )
    for each in (elsewhere, there):
        assert isinstance(each.repair, Sentence)
        assert each.apart == "give each project a `state.address` of its own in campaignctl.yaml"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://h.example/a/crm", "crm-"),
        ("https://h.example/crm%20x?y", "crm_20x_y-"),
        ("https://h.example/caf\xe9.v-1_2", "caf_.v-1_2-"),
    ],
)
def test_a_state_is_mirrored_under_its_name_and_its_address(address: str, name: str) -> None:
    path = mirror_path(Path("/project"), at(address))
    assert path.parent == Path("/project/.campaignctl/http")
    assert path.name.startswith(name)
    assert len(path.name) == len(name) + 8 + len(".json")
    assert path != mirror_path(Path("/project"), at(address.replace("h.example", "other.example")))


def test_a_home_names_the_state_and_what_lies_next_to_it(tmp_path: Path) -> None:
    home = http_home(tmp_path, "acme-crm", at(GITLAB), {}, now=Clock())
    assert home.project == "acme-crm"
    assert home.whole
    assert home.mirror == mirror_path(tmp_path, at(GITLAB))
