"""The tortured plans: together they have every action, and every kind of create."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from campaignctl.sandbox.control import Control
from tests.torture.scenario import APPLY, Due, Manifests, Proofed, Scenario, Times, body, campaign


def small(times: Times, *, unmarked: bool = False) -> Scenario:
    """The plan whose every boundary is hit in CI: one of each kind of risk. `unmarked`: campaigns carry no
    marker, so that a person looks for what was created without an answer.
    """
    before = {
        "edited": campaign("edited", scheduled_time=times.far),
        "ended": campaign("ended", scheduled_time=times.far),
    }
    last = {
        "edited": campaign("edited", scheduled_time=times.far, description="edited"),
        "ended": None,
        "far": campaign("far", scheduled_time=times.far),
        "now": campaign("now", run_immediately=True),
    }
    due = {"edited": Due(), "ended": Due("gone"), "far": Due(), "now": Due(sends=1, by_hand=True)}
    name = "small, unmarked" if unmarked else "small"
    return Scenario(name, (before,), last, due, unmarked=unmarked)


def first(times: Times) -> Scenario:
    """The first apply of a project: no state, and an unknown account."""
    last = {
        "draft": campaign("draft", is_draft=True),
        "far": campaign("far", scheduled_time=times.far),
        "now": campaign("now", run_immediately=True),
    }
    due = {"draft": Due(), "far": Due(), "now": Due(sends=1, by_hand=True)}
    return Scenario("first", (), last, due)


def mixed(times: Times, *, two_step: bool = False) -> Scenario:
    """Every kind of create; updates, arming, cancel, forget, replacements, a deliberate second send."""
    before = {
        "edited": campaign("edited", scheduled_time=times.far),
        "edited-draft": campaign("edited-draft", is_draft=True),
        "armed-soon": campaign("armed-soon", is_draft=True),
        "armed-now": campaign("armed-now", is_draft=True),
        "ended": campaign("ended", scheduled_time=times.soon),
        "forgotten": campaign("forgotten", is_draft=True),
        "replaced": campaign("replaced", scheduled_time=times.far),
        "again": campaign("again", run_immediately=True),
        "kept": campaign("kept", scheduled_time=times.far),
    }
    last: Manifests = {
        "edited": campaign("edited", scheduled_time=times.far, description="edited"),
        "edited-draft": campaign("edited-draft", is_draft=True, description="edited"),
        "armed-soon": campaign("armed-soon", is_draft=False, scheduled_time=times.soon),
        "armed-now": campaign("armed-now", is_draft=False, run_immediately=True),
        "ended": None,
        "forgotten": None,
        "now-a": campaign("now-a", run_immediately=True),
        "now-b": campaign("now-b", run_immediately=True),
        "soon": campaign("soon", scheduled_time=times.soon),
        "far": campaign("far", scheduled_time=times.far),
        "weekly": campaign("weekly", recurrence={"cron": times.weekly}),
        "draft": campaign("draft", is_draft=True),
        "by-hand": campaign("by-hand"),
    }
    # The POST of a two-step create cannot send, so that it may be repeated.
    once = Due(sends=1, by_hand=not two_step)
    due = {
        **dict.fromkeys(("edited", "edited-draft", "armed-soon", "replaced", "kept"), Due()),
        **dict.fromkeys(("armed-now", "now-a", "now-b"), once),
        **dict.fromkeys(("far", "weekly", "draft", "by-hand"), Due()),
        "soon": Due(by_hand=True),
        "ended": Due("gone"),
        "forgotten": Due("left"),
        "again": Due(sends=2, copies=2, by_hand=not two_step),
    }
    name = "two-step" if two_step else "mixed"
    return Scenario(name, (before,), last, due, ("replaced", "again"), two_step)


def life(times: Times) -> Scenario:
    """What happens to a campaign between its create and its end: phases, keys, adoption, a winner."""
    first = {
        "paused": campaign("paused", scheduled_time=times.soon),
        "resumed": campaign("resumed", scheduled_time=times.far),
        "resumed-weekly": campaign("resumed-weekly", recurrence={"cron": times.weekly}),
        "canceled": campaign("canceled", scheduled_time=times.far),
        "old-key": campaign("moved", scheduled_time=times.far),
        "removed": campaign("removed", scheduled_time=times.far),
        "let-go": campaign("let-go", scheduled_time=times.far),
        "winner": _test("winner", times),
    }
    second: Manifests = {
        "resumed": _phase(first["resumed"], "paused"),
        "resumed-weekly": _phase(first["resumed-weekly"], "paused"),
    }
    last: Manifests = {
        "paused": _phase(campaign("paused", scheduled_time=times.soon, description="edited"), "paused"),
        "resumed": first["resumed"],
        "resumed-weekly": first["resumed-weekly"],
        "canceled": _phase(first["canceled"], "canceled"),
        "old-key": None,
        "moved": {**campaign("moved", scheduled_time=times.far), "moved": {"from": "old-key"}},
        "removed": _removed("removed", "cancel"),
        "let-go": _removed("let-go", "forget"),
        "adopted": {**campaign("adopted", scheduled_time=times.far, description="ours"), "adopt": "@adopted"},
        "winner": {**first["winner"], "lifecycle": {"winner": "two"}},
        "far": campaign("far", scheduled_time=times.far),
    }
    due = {
        "paused": Due(status="paused"),
        "resumed": Due(status="scheduled"),
        "resumed-weekly": Due(status="scheduled"),
        "canceled": Due(status="canceled", copies=0),
        "moved": Due(),
        "removed": Due("gone"),
        "let-go": Due("left"),
        "adopted": Due(),
        "winner": Due(sends=1, by_hand=True),
        "far": Due(),
    }
    return Scenario("life", (first, second), last, due, dashboard=_dashboard_of_life)


def _dashboard_of_life(control: Control) -> None:
    """A campaign was created in the dashboard, and an A/B test waits for a decision."""
    (kept,) = (c["live"] for c in control.campaigns() if c["live"]["name"] == "moved")
    control.create(body("adopted", scheduled_time=kept["scheduled_time"]))
    (tested,) = (c["id"] for c in control.campaigns() if c["live"]["name"] == "winner")
    control.edit(tested, status="needs_decision")


def halted(times: Times) -> Scenario:
    """Everything is halted while a change is pending that would send at once, and a rename; then lifted."""
    before = {
        "soon": campaign("soon", scheduled_time=times.soon),
        "far": campaign("far", scheduled_time=times.far),
        "weekly": campaign("weekly", recurrence={"cron": times.weekly}),
        "draft": campaign("draft", is_draft=True),
        "old-name": campaign("renamed", scheduled_time=times.far),
    }
    last: Manifests = {
        "now": campaign("now", run_immediately=True),
        "old-name": None,
        "new-name": campaign("renamed", scheduled_time=times.far),
    }
    due = {
        **dict.fromkeys(("soon", "far", "weekly"), Due(status="scheduled")),
        "draft": Due(),
        "now": Due(sends=1, by_hand=True),
        "new-name": Due(name="renamed", status="scheduled"),
    }
    command = ("halt", "--all", "--reason", "torture")
    return Scenario("halted", (before,), last, due, command=command)


def imported(times: Times) -> Scenario:
    """A campaign of the dashboard is imported into the state by its id."""
    before = {"kept": campaign("kept", scheduled_time=times.far)}
    last = {"imported": campaign("imported", scheduled_time=times.far, description="ours")}
    due = {"kept": Due(), "imported": Due()}
    return Scenario(
        "import",
        (before,),
        last,
        due,
        dashboard=_dashboard_of_imported,
        command=("import", "imported", "@imported"),
    )


def _dashboard_of_imported(control: Control) -> None:
    (kept,) = (c["live"] for c in control.campaigns() if c["live"]["name"] == "kept")
    control.create(body("imported", scheduled_time=kept["scheduled_time"]))


def lost(times: Times, *, by_import: bool = False) -> Scenario:
    """A campaign of the dashboard is adopted or imported, and after that the state is lost."""
    before = {
        "kept": campaign("kept", scheduled_time=times.far),
        "sent": campaign("sent", run_immediately=True),
    }
    theirs = campaign("imported", scheduled_time=times.far, description="ours")
    last = {"imported": theirs if by_import else {**theirs, "adopt": "@imported"}}
    if not by_import:
        last["far"] = campaign("far", scheduled_time=times.far)
    due = {"sent": Due(sends=1), **dict.fromkeys(("kept", *last), Due())}
    return Scenario(
        "import, then lost" if by_import else "adopt, then lost",
        (before,),
        last,
        due,
        dashboard=_dashboard_of_imported,
        command=("import", "imported", "@imported") if by_import else APPLY,
        loses_state=True,
        adopting=True,
    )


def environments(times: Times, before: str | None, after: str | None) -> Scenario:
    """An environment is declared, renamed or no longer declared, and the state is moved to its new place."""
    first = {
        "edited": campaign("edited", scheduled_time=times.far),
        "weekly": campaign("weekly", recurrence={"cron": times.weekly}),
        "sent": campaign("sent", run_immediately=True),
    }
    last = {
        "edited": campaign("edited", scheduled_time=times.far, description="edited"),
        "far": campaign("far", scheduled_time=times.far),
    }
    due = {**dict.fromkeys(("edited", "weekly", "far"), Due()), "sent": Due(sends=1)}
    place = f".campaignctl/{before or 'state'}.json"
    return Scenario(
        f"environment {before} to {after}",
        (first,),
        last,
        due,
        command=("state", "rebind", "--from", place, "--auto-approve"),
        environments=(before, after),
    )


def renamed(times: Times, *, moved: bool) -> Scenario:
    """Campaigns of every lifecycle under other keys, with and without `moved`."""
    texts: Mapping[str, Mapping[str, Any]] = {
        "draft": {"is_draft": True},
        "soon": {"scheduled_time": times.soon},
        "scheduled": {"scheduled_time": times.far},
        "recurring": {"recurrence": {"cron": times.weekly}},
        "paused": {"scheduled_time": times.far},
        "sent": {"run_immediately": True},
    }
    first = {f"old-{name}": campaign(name, **fields) for name, fields in texts.items()}
    second = {"old-paused": _phase(first["old-paused"], "paused")}
    last: dict[str, Mapping[str, Any] | None] = dict.fromkeys(first)
    for name, fields in texts.items():
        document = campaign(name, **fields)
        document = _phase(document, "paused") if name == "paused" else document
        last[f"new-{name}"] = {**document, "moved": {"from": f"old-{name}"}} if moved else document
    due = {
        "new-draft": Due(name="draft", copies=1 if moved else 2),
        "new-soon": Due(name="soon", status="scheduled", by_hand=True),
        "new-scheduled": Due(name="scheduled", status="scheduled"),
        "new-recurring": Due(name="recurring", status="scheduled"),
        "new-paused": Due("recorded" if moved else "gone", name="paused", status="paused"),
        "new-sent": Due(name="sent", sends=1),
    }
    name = f"renamed {'with' if moved else 'without'} moved"
    return Scenario(name, (first, second), last, due, adopting=not moved)


def proofed(times: Times) -> Scenario:
    """A campaign is sent to seeds, and then applied, which needs that."""
    last = {"shown": campaign("shown", scheduled_time=times.far)}
    return Proofed("proof", (), last, {"shown": Due()}, command=("proof", "shown"))


def archived(times: Times, *, applied_first: bool = False) -> Scenario:
    """What was sent and canceled months ago is archived, and then the same content is sent again."""
    first = {
        "sent": campaign("sent", run_immediately=True),
        "ended": campaign("ended", scheduled_time=times.far),
        "kept": campaign("kept", scheduled_time=times.far),
    }
    second: Manifests = {"ended": _phase(first["ended"], "canceled")}
    due = {"sent": Due("left", sends=1), "ended": Due("gone"), "kept": Due()}
    return Scenario(
        "archive, then applied" if applied_first else "archive",
        (first, second),
        {},
        due,
        command=("archive",),
        long_ago=True,
        applied_first=applied_first,
        repeats={"sent": first["sent"], "december": first["sent"]},
    )


def _phase(document: Mapping[str, Any], phase: str) -> Mapping[str, Any]:
    return {**document, "lifecycle": {"phase": phase}}


def _removed(key: str, on_destroy: str) -> Mapping[str, Any]:
    return {"kind": "Removed", "metadata": {"key": key}, "lifecycle": {"on_destroy": on_destroy}}


def _test(name: str, times: Times) -> Mapping[str, Any]:
    """An A/B test of two messages, whose winner is declared by hand."""
    spec = body(name, scheduled_time=times.far)
    message = spec["messages"][0]
    spec["messages"] = [{**message, "name": "one"}, {**message, "name": "two"}]
    spec["ab_test"] = {
        "test_split": 30,
        "winning_metric": "click_rate",
        "evaluation_window": "1D",
        "winner_delivery_mode": "manual",
    }
    return {"spec": spec}


#: Every plan except `small`.
OTHERS: tuple[Callable[[Times], Scenario], ...] = (
    partial(small, unmarked=True),
    first,
    mixed,
    partial(mixed, two_step=True),
    life,
    halted,
    imported,
    lost,
    partial(lost, by_import=True),
    partial(environments, before=None, after="production"),
    partial(environments, before="production", after="live"),
    partial(environments, before="production", after=None),
    partial(renamed, moved=True),
    partial(renamed, moved=False),
    proofed,
    archived,
    partial(archived, applied_first=True),
)
