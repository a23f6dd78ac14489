"""Each check by the place and the API that it is given: its verdict, its finding, and how to fix it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import httpx
import pytest

from campaignctl.api.client import OcambaApi
from campaignctl.errors import Interrupted, listed
from campaignctl.project.model import Project
from campaignctl.reconciler.doctor import examine
from campaignctl.reconciler.ports import Backend
from campaignctl.reconciler.run import Wiring
from campaignctl.review.reports import Access, Check, Keeping
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.model import Account, LockInfo, State
from tests.api.simulated import SimulatedTime, client
from tests.reconciler.test_health import PROJECT, Now, unheard
from tests.state.samples import sample_intent, sample_record, sample_state

FREE = Keeping(False, None, (), None, None)
URL = "https://api.ocamba.com"
NEWEST = {"id": "7", "name": "Theirs", "status": "sent", "messages": [], "company_id": "6197120"}
CALM = replace(sample_state(), pending={}, account=Account(URL, "6197120", markers=True))


@dataclass(frozen=True)
class Place:
    """A backend with this state, these surroundings, and this stop mark."""

    known: State | None = CALM
    kept: Keeping = FREE
    mark: Halts = field(default_factory=Halts)
    location: str = "the shelf"

    def read(self) -> State | None:
        return self.known

    def keeping(self) -> Keeping:
        return self.kept

    def halts(self) -> Halts:
        return self.mark


def checked(
    api: OcambaApi | None = None,
    project: Project = PROJECT,
    others: Mapping[str, Place] | None = None,
    **place: Any,
) -> dict[str, Check]:
    wiring = Wiring(project, cast(Backend, Place(**place)), api, Now(), unheard, "0.1.0")
    found = {name: cast(Backend, other) for name, other in (others or {}).items()}
    return {check.name: check for check in examine(replace(wiring, elsewhere=lambda _remote: found))}


@pytest.mark.parametrize(
    ("kept", "found", "fix"),
    [
        ({}, "no backup yet", ""),
        ({"backup": "state.json.backup"}, "with a backup", ""),
        (
            {"left_journal": True},
            "no backup yet; an interrupted run left its journal",
            "campaignctl apply",
        ),
    ],
)
def test_a_state_by_its_serial_and_what_lies_next_to_it(kept: dict[str, Any], found: str, fix: str) -> None:
    verdict: Any = "warning" if fix else "ok"
    expected = Check("state", verdict, f"the shelf: serial 1, 1 campaign, {found}", fix)
    assert checked(kept=replace(FREE, **kept))["state"] == expected


def test_a_place_without_a_state() -> None:
    none = checked(known=None)
    assert none["state"] == Check("state", "ok", "none yet in the shelf; the first apply creates it")
    assert set(none) & {"pending", "markers", "permissions"} == set()
    assert checked(known=None, kept=replace(FREE, access=Access(True, "written", way="remote")))[
        "remote"
    ] == Check("remote", "ok", "written")
    refused = Access(False, "read only", "ask for more", way="remote")
    assert checked(kept=replace(FREE, access=refused))["remote"] == (
        Check("remote", "problem", "read only", "ask for more")
    )


@pytest.mark.parametrize(
    ("exposed", "verdict", "found", "fix"),
    [
        (None, "ok", "everyone who can read the shelf can read the state", ""),
        ((), "ok", "only the owner can read the state", ""),
        (
            ("a b", "c"),
            "warning",
            "other users can read or write 2 files of the state",
            "chmod 600 'a b' c",
        ),
    ],
)
def test_who_can_read_the_state(exposed: tuple[str, ...] | None, verdict: Any, found: str, fix: str) -> None:
    assert checked(kept=replace(FREE, exposed=exposed))["permissions"] == (
        Check("permissions", verdict, found, fix)
    )


def test_who_can_read_an_encrypted_state() -> None:
    encryption = replace(PROJECT.state.encryption, method="aes_gcm")
    project = replace(PROJECT, state=replace(PROJECT.state, encryption=encryption))
    check = checked(project=project, kept=replace(FREE, exposed=None))["permissions"]
    assert check == Check("permissions", "ok", "everyone who has the key can read the state")


SENT = replace(sample_intent(), phase="started", at="2036-01-01T00:00:00Z")


def test_what_is_not_settled_is_named_with_how_far_it_came() -> None:
    pending = {
        "d": replace(SENT, operation="update", at=None),
        "c": SENT,
        "b": replace(sample_intent(), operation="replace", ended=True),
    }
    check = checked(known=replace(CALM, pending=pending))["pending"]
    assert check == Check(
        "pending",
        "warning",
        "3 writes not settled: b (replace half done), c (create sent at 2036-01-01T00:00:00Z, outcome"
        " unknown), d (update sent, outcome unknown)",
        "`campaignctl apply`; what it cannot settle: `campaignctl state resolve c --adopt ID` or"
        " `campaignctl state resolve c --retry`",
    )
    check = checked(known=replace(CALM, pending={"d": pending["d"]}))["pending"]
    assert str(check.fix).endswith(
        "`campaignctl state resolve d --done` or `campaignctl state resolve d --retry`"
    )
    assert checked(known=replace(CALM, pending={"b": pending["b"]}))["pending"].fix == "campaignctl apply"
    assert checked()["pending"] == Check("pending", "ok", "nothing is unsettled")


def test_campaigns_without_our_marker_are_counted_unless_they_are_over() -> None:
    campaigns = {
        "e": sample_record("5"),
        "d": replace(sample_record("4"), intent=None, status="canceled"),
        "c": replace(sample_record("3"), unmarked=True),
        "b": replace(sample_record("2"), intent=None),
    }
    assert checked(known=replace(CALM, campaigns=campaigns))["markers"] == Check(
        "markers",
        "warning",
        "2 campaigns without ours: b, c; if the state is lost, they are not found again",
        "to mark one that is not running: `campaignctl state rm b`, then `campaignctl import b 2`",
    )
    assert checked()["markers"] == Check("markers", "ok", "every campaign that is not over carries ours")
    off = replace(CALM, account=replace(CALM.account, markers=False))
    assert checked(known=off)["markers"].verdict == "warning"


LOCK = LockInfo("11aa", "anna", "desk", 42, "apply", "2036-01-01T00:00:00Z")


@pytest.mark.parametrize("run", ["", "https://ci/7"])
@pytest.mark.parametrize(
    ("lives", "found", "fix"),
    [
        (False, "left by {}, which has exited; the next apply takes it over", "campaignctl apply"),
        (True, "held by {}, which is running", "wait for it; if it hangs: `campaignctl state unlock 11aa`"),
        (
            None,
            "held by {}; cannot tell from this host whether it is still running",
            "wait for it; if the process has exited: `campaignctl state unlock 11aa`",
        ),
    ],
)
def test_who_holds_the_lock(run: str, lives: bool | None, found: str, fix: str) -> None:
    held = replace(FREE, lock=replace(LOCK, run=run), holder_lives=lives)
    where = "process 42, in https://ci/7" if run else "process 42"
    told = found.format(f"`apply` of anna on desk, {where}, since 2036-01-01T00:00:00Z")
    assert checked(kept=held)["lock"] == Check("lock", "warning", told, fix)
    assert checked()["lock"] == Check("lock", "ok", "free")


def test_a_lock_with_a_lease_is_taken_over_in_time() -> None:
    found = checked(kept=replace(FREE, lock=replace(LOCK, lease=60), holder_lives=None))["lock"].found
    assert found.endswith("still running; without a sign of life for 60 s it is taken over")


@pytest.mark.parametrize("number", [0, 1, 4])
def test_halts_in_force_are_counted_and_the_first_ones_named(number: int) -> None:
    halts = [
        Halt(str(each), None, f"reason {each}", "anna", "desk", "2036-01-01T00:00:00Z")
        for each in range(number)
    ]
    check = checked(known=replace(CALM, stop_mark=bool(number)), mark=Halts(tuple(halts)))["halts"]
    if not number:
        assert check == Check("halts", "ok", "nothing is halted")
        return
    named = listed([f"halted by anna, Tue 1 Jan 2036 00:00 GMT: reason {n}" for n in range(number)], 3)
    lift = "when they are over: `campaignctl halt --lift --reason TEXT`"
    count = "1 halt" if number == 1 else f"{number} halts"
    assert check == Check("halts", "warning", f"{count} in force: {named}", lift)


@contextmanager
def api(
    *items: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
    status: int = 200,
    fails: int = 9,
    interrupt_at: float | None = None,
) -> Iterator[OcambaApi]:
    """An API whose newest page holds these; the first `fails` answers have the status."""
    time, asked = SimulatedTime(start=Now().now(), interrupt_at=interrupt_at), iter(range(1000))
    took = iter((0.02, 0.05, 0.02))

    def answer(request: httpx.Request) -> httpx.Response:
        time.sleep(next(took, 0.02))
        sent = {"date": "Tue, 01 Jan 2036 00:00:00 GMT", **(headers or {})}
        if status != 200 and next(asked) < fails:
            return httpx.Response(status, json={"title": "no"}, headers=sent)
        if request.url.path.rsplit("/", 1)[-1] != "campaigns":
            return httpx.Response(404, json={}, headers=sent)
        return httpx.Response(200, json={"items": list(items), "total": len(items)}, headers=sent)

    with client(URL, time, trusted_url=URL, transport=httpx.MockTransport(answer)) as found:
        yield found


@pytest.mark.parametrize(
    ("known", "pinned", "items", "found"),
    [
        (CALM, None, [NEWEST], "company 6197120, as in the state"),
        (CALM, "6197120", [NEWEST], "company 6197120, as in the state and campaignctl.yaml"),
        (None, "6197120", [NEWEST], "company 6197120, as in campaignctl.yaml"),
        (None, None, [NEWEST], "company 6197120"),
        (None, None, [], "no campaign shows the company yet; the first create will"),
    ],
)
def test_whose_account_it_is(
    known: State | None, pinned: str | None, items: list[dict[str, Any]], found: str
) -> None:
    with api(*items) as asked:
        check = checked(asked, replace(PROJECT, company_id=pinned), known=known)["account"]
    assert check == Check("account", "ok", found)


@pytest.mark.parametrize(
    ("known", "pinned", "says"),
    [
        (replace(CALM, account=Account(URL, "700")), None, "this state to 700"),
        (CALM, "700", "the project file names 700"),
        (replace(CALM, account=Account("https://other.example", "6197120")), None, "https://other.example"),
    ],
)
def test_another_account_is_a_problem(known: State, pinned: str | None, says: str) -> None:
    with api(NEWEST) as asked:
        check = checked(asked, replace(PROJECT, company_id=pinned), known=known)["account"]
    assert (check.verdict, says in check.found) == ("problem", True)


def test_our_campaign_without_a_state_is_a_problem() -> None:
    ours = {**NEWEST, "metadata": {"campaignctl": str(PROJECT.owner.marker("a", "6f1c2d3e"))}}
    with api(ours) as asked:
        check = checked(asked, known=None)["account"]
        assert checked(asked)["account"].verdict == "ok"
    assert (check.verdict, check.fix) == ("problem", check.fix)
    assert "7" in check.found
    assert "campaignctl state recover" in check.fix


@pytest.mark.parametrize(
    ("wrong", "verdict", "found"),
    [
        (0, "ok", "agrees with the API's, to within two seconds"),
        (9, "ok", "agrees with the API's, to within two seconds"),
        (-9, "ok", "agrees with the API's, to within two seconds"),
        (11, "warning", "11 s behind the API's"),
        (60, "warning", "60 s behind the API's"),
        (-60, "warning", "60 s ahead of the API's"),
    ],
)
def test_the_clock(wrong: int, verdict: Any, found: str) -> None:
    server = f"{Now().now() + timedelta(seconds=wrong):%a, %d %b %Y %H:%M:%S} GMT"
    with api(NEWEST, headers={"date": server}) as asked:
        check = checked(asked)["clock"]
    assert (check.verdict, check.found) == (verdict, found)
    assert check.fix == ("set this machine's clock (NTP)" if verdict == "warning" else "")


def rates(limit: int, remaining: int, reset: int = 12) -> dict[str, str]:
    figures = {"limit": limit, "remaining": remaining, "reset": reset}
    return {f"x-ratelimit-{name}": str(value) for name, value in figures.items()}


@pytest.mark.parametrize(
    ("headers", "found", "warns"),
    [
        ({}, "the API sends no figures; requests are paced to 10 a second and 150 a minute", False),
        (rates(150, 16), "16 of 150 requests left for 12 s", False),
        (rates(150, 15), "15 of 150 requests left for 12 s", True),
        (rates(150, 16, reset=0), "16 of 150 requests left for 1 s", False),
        (rates(20, 11), "11 of 20 requests left for 12 s", False),
        (rates(20, 10), "10 of 20 requests left for 12 s", True),
    ],
)
def test_the_rate(headers: dict[str, str], found: str, warns: bool) -> None:
    with api(NEWEST, headers=headers) as asked:
        check = checked(asked)["rate"]
    fix = "wait 12 s; if this persists, others use the same limit: lower `api.rate_limit`"
    assert check == Check("rate", "warning" if warns else "ok", found, fix if warns else "")


def test_the_api_is_asked_three_times_for_the_first_few_campaigns() -> None:
    queries = []

    def answer(request: httpx.Request) -> httpx.Response:
        queries.append(request.url.params["page"])
        return httpx.Response(200, json={"items": [NEWEST], "total": 1})

    transport = httpx.MockTransport(answer)
    with client(URL, SimulatedTime(start=Now().now()), trusted_url=URL, transport=transport) as asked:
        checked(asked)
    assert queries == ["1,10"] * 3


def test_latency_is_the_median_of_three_reads() -> None:
    with api(NEWEST) as asked:
        checks = checked(asked)
    assert checks["token"] == Check("token", "ok", "set, and accepted")
    assert checks["api"] == Check("api", "ok", f"{URL} answers in 20 ms (median of 3 reads)")


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_all_that_is_wrong(status: int) -> None:
    with api(NEWEST, status=status) as asked:
        checks = checked(asked)
    assert checks["token"].verdict == "problem"
    assert checks["api"] == Check("api", "ok", f"{URL} answers in 20 ms (one read)")
    assert checks["account"] == Check("account", "skipped", "it could not be read")
    assert {checks[name].verdict for name in ("clock", "rate")} == {"ok"}


def test_an_api_that_fails_is_not_the_networks_fault() -> None:
    with api(NEWEST, status=500, fails=99) as asked:
        checks = checked(asked)
    assert checks["token"] == Check("token", "skipped", "set; not known whether the API accepts it")
    assert checks["api"].verdict == "problem"
    assert "check the network" not in checks["api"].fix


def test_what_cannot_be_reached_may_be_the_networks_fault() -> None:
    def unreachable(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    transport = httpx.MockTransport(unreachable)
    with client(URL, SimulatedTime(start=Now().now()), trusted_url=URL, transport=transport) as asked:
        checks = checked(asked)
    where = f"check the network, and that {URL} is right (`api.url`, OCAMBA_API_URL)"
    assert (checks["api"].verdict, checks["api"].fix) == ("problem", where)
    assert checks["clock"] == Check("clock", "skipped", "no answer had the server's time")
    assert checks["rate"] == Check("rate", "skipped", "no answer had rate limit figures")


def test_a_project_by_its_id() -> None:
    assert checked()["identity"] == Check("identity", "ok", f"project {PROJECT.id}")
    without = checked(project=replace(PROJECT, id=None), known=replace(CALM, project_id=None))["identity"]
    assert without.verdict == "warning"
    assert "another repository whose project is named shop" in without.found
    assert without.fix.startswith("add this line to `metadata` in campaignctl.yaml: id: ")


def test_an_interrupt_ends_the_checks() -> None:
    with api(interrupt_at=0.09) as asked, pytest.raises(Interrupted):
        checked(asked)


def test_two_keys_of_one_campaign_are_a_problem_of_the_state() -> None:
    twice = {"a": sample_record(), "b": sample_record()}
    check = checked(known=replace(CALM, campaigns=twice))["state"]
    assert (check.verdict, check.found) == ("problem", "a and b record one campaign, 1030978")


def test_a_stop_mark_that_was_deleted_is_a_problem() -> None:
    assert checked(known=replace(CALM, stop_mark=True))["halts"].verdict == "problem"


OTHERS = replace(PROJECT, environment_names=("production", "staging"))
LEFT = Place(replace(CALM, environment="old", project_id=PROJECT.id))


def test_a_state_of_no_declared_environment_is_a_problem() -> None:
    checks = checked(project=OTHERS, others={".campaignctl/old.json": LEFT}, known=None)
    assert checks["identity"].verdict == "problem"
    assert "belongs to no declared environment" in checks["identity"].found
    assert checks["state"] == Check("state", "skipped", "none yet in the shelf")


def test_an_absent_state_next_to_others_is_a_problem() -> None:
    staging = Place(replace(CALM, environment="staging", project_id=PROJECT.id))
    with api() as asked:
        checks = checked(asked, OTHERS, others={"refs/campaignctl/staging": staging}, known=None)
    assert checks["identity"].verdict == "ok"
    assert checks["state"].verdict == "problem"
    assert "campaignctl state init" in checks["state"].fix


def test_a_state_that_cannot_be_read_proves_no_account() -> None:
    with api(NEWEST) as asked:
        twice = {"a": sample_record(), "b": sample_record()}
        check = checked(asked, known=replace(CALM, campaigns=twice))["account"]
    assert check == Check("account", "ok", "company 6197120")
