"""A year with it: 2,000 campaigns that send once, 40 that recur, and what is over archived each quarter."""

from __future__ import annotations

from collections.abc import Iterator
from cProfile import Profile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from pstats import Stats
from typing import Any

import pytest

from campaignctl.plan.model import Options, Plan
from campaignctl.reconciler.archive import Manifests, Order, archive
from campaignctl.reconciler.plan import plan
from campaignctl.review.archiving import ArchiveReport
from campaignctl.sandbox import Control, Sandbox, Switches
from campaignctl.state.codec import encode
from tests.api.simulated import TOKEN, SimulatedTime, client
from tests.backends.local_place import LocalPlace
from tests.plan.planning import PROJECT
from tests.reconciler.account import Account, Clock
from tests.reconciler.wire import Wire

QUARTERS, ONCE, WEEKLY = 4, 500, 40
QUARTER = timedelta(days=91)
NEW_YEAR = datetime(2036, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.slow


@pytest.fixture
def year(tmp_path: Path) -> Iterator[Account]:
    """An account whose server lives in simulated time, from the first of January."""
    time = SimulatedTime(start=NEW_YEAR)
    switches = Switches(rate_per_second=0, rate_per_minute=0, date_header="sandbox")
    with Sandbox(switches=switches) as sandbox:
        control = Control(sandbox.url)
        control.token(TOKEN, "6197120")
        control.freeze()
        wire = Wire(time, control)
        settings = replace(PROJECT.api, url=sandbox.url)
        with client(sandbox.url, time, transport=wire) as api:
            yield Account(
                api, control, LocalPlace(tmp_path), Clock(time), replace(PROJECT, api=settings), on_wire=wire
            )


def body(name: str, **fields: Any) -> dict[str, Any]:
    sms = {"content": {"en": f"News of {name}. Reply STOP to end."}}
    message = {"name": "m", "channel": "sms", "integration_id": "1996", "sms": sms}
    return {
        "name": name,
        "messages": [message],
        "targeting": {"countries": {"items": ["DE"], "op": "in"}},
        **fields,
    }


def once(quarter: int, number: int) -> dict[str, Any]:
    """A campaign that sends once, on one of the days of a quarter."""
    day = NEW_YEAR + quarter * QUARTER + timedelta(days=1 + number % 85, hours=10)
    return body(f"q{quarter}-{number}", scheduled_time=f"{day:%Y-%m-%d %H:%M:%S}")


JANUARY = body("q0-now", run_immediately=True)


def until(year: Account, moment: datetime) -> None:
    """Let time pass, for the account too."""
    year.clock.time.sleep((moment - year.clock.now()).total_seconds())
    year.wire.arrive()


def planned(year: Account) -> tuple[Plan, int]:
    """The plan, and how many calls it took: time would depend on all that this process has in memory."""
    with Profile() as profile:
        found = plan(year.wiring, year.desired, Options(refresh=False))
    return found, int(vars(Stats(profile))["prim_calls"])


def put_away(year: Account) -> ArchiveReport:
    return archive(year.wiring, Order(), lambda: Manifests(year.desired), lambda _: True)


def size(year: Account) -> int:
    return len(encode(year.state))


def test_a_state_stays_as_small_and_a_plan_as_cheap_as_in_the_first_quarter(year: Account) -> None:
    year.specs = {
        f"weekly/{n}": body(f"weekly-{n}", recurrence={"cron": f"{n} 9 * * {n % 7}"}) for n in range(WEEKLY)
    }
    sizes, calls, sent = [], [], 0
    for quarter in range(QUARTERS):
        new = {f"q{quarter}/{n}": once(quarter, n) for n in range(1, ONCE)}
        new[f"q{quarter}/now"] = body(f"q{quarter}-now", run_immediately=True)
        year.specs |= new
        outcomes = year.outcomes()
        assert set(outcomes.values()) == {"done"}
        assert len(outcomes) == ONCE + (WEEKLY if quarter == 0 else 0)
        calls.append(planned(year)[1])
        until(year, NEW_YEAR + (quarter + 1) * QUARTER)
        assert year.apply().result == "done"
        report = put_away(year)
        assert len(report.campaigns) == ONCE
        for key in new:
            del year.specs[key]
        left, _ = planned(year)
        assert (left.changes, left.blocked) == ((), ())
        sizes.append(size(year))
        sent += report.sent
    assert max(sizes) < 1.2 * sizes[0]
    assert max(calls) < 1.2 * calls[0]
    assert list(year.state.campaigns) == sorted(f"weekly/{n}" for n in range(WEEKLY))
    # What was seen as sent within a month stays in the state until the next time: of the last quarter all but
    # the one that was sent at its beginning.
    assert sent == (QUARTERS - 1) * ONCE + 1

    # In December January's news is sent again: under the old keys, and under new ones.
    since = f"{year.clock.now():%Y-%m-%d %H:%M:%S}"
    later = f"{year.clock.now() + timedelta(hours=1):%Y-%m-%d %H:%M:%S}"
    year.specs |= {"q0/1": once(0, 1), "q0/2": {**once(0, 2), "scheduled_time": later}}
    year.specs["december/now"] = body("December", run_immediately=True) | {"messages": JANUARY["messages"]}
    year.specs["december/same"] = once(0, 3)
    year.specs["december/later"] = {**once(0, 4), "scheduled_time": later}
    asked, _ = planned(year)
    assert {one.key: one.status for one in asked.blocked} == {
        "december/now": "sent",
        "december/same": "missed",
    }
    # At another time the same text may go out again; the plan says that it does.
    (change,) = asked.changes
    assert change.key == "december/later"
    assert any("q0/4" in warning for warning in change.warnings)
    del year.specs["december/later"]
    assert year.apply().changes == ()
    until(year, year.clock.now() + timedelta(days=1))
    sent_since = [send["body"]["name"] for send in year.control.sends() if send["time"] > since]
    assert sent_since
    assert all(name.startswith("weekly") for name in sent_since)
