"""A saved plan that was edited is refused before anything is read or sent, even if its digest fits again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.errors import NOWHERE, PlanRefused, hint_lines
from campaignctl.plan import codec
from campaignctl.plan.codec import _digest
from campaignctl.plan.model import Plan
from campaignctl.reconciler.apply import apply_saved
from tests.reconciler.account import Account, campaign

CAMPAIGNS = "/v1/hood/campaigns"
GERMANS = {"countries": {"op": "in", "items": ["DE"]}}
OTHER = {"op": "in", "items": ["FR"]}
TIME = {"scheduled_time": "2036-06-01 10:00:00"}
EARLIER = "2036-05-01 10:00:00"

Document = dict[str, Any]
Edit = Callable[[Document], Any]


@pytest.fixture
def busy(late: Account) -> Account:
    """An account whose next plan has a change of every action, and a blocked key."""
    late.specs = {key: campaign(key.title(), **TIME) for key in ("stop", "both", "over", "back", "again")}
    late.specs |= {"edit": campaign("Edit", **TIME, targeting=GERMANS), "gone": campaign("Gone")}
    late.specs |= {"old": campaign("Old")}
    late.apply()
    late.lifecycles["back"] = Lifecycle(phase="paused")
    late.apply()
    for key in ("gone", "over", "old"):
        del late.specs[key]
    late.lifecycles = {"stop": Lifecycle(phase="paused"), "both": Lifecycle(phase="paused")}
    late.moved = {"new-name": "old"}
    late.specs |= {
        "edit": campaign("Edit", **TIME, targeting=GERMANS, description="New"),
        "both": campaign("Both", **TIME, description="New"),
        "new-name": campaign("Old"),
        "first": campaign("First", **TIME),
        "now": campaign("Now", run_immediately=True, targeting=GERMANS),
        "taken": campaign("Taken"),
        "late": campaign("Late", scheduled_time="2020-01-01 10:00:00"),
    }
    late.adopts["taken"] = late.control.create(campaign("Taken"))["id"]
    return late


def planned(account: Account) -> Plan:
    return account.plan(replace=("again",))


def test_the_plan_that_is_edited_here_has_every_action_and_is_applied_as_it_is(busy: Account) -> None:
    plan = planned(busy)
    assert {name for name, count in plan.summary.items() if count} >= {
        *("create", "update", "replace", "pause", "resume", "cancel", "adopt", "move", "forget")
    }
    assert [one.key for one in plan.blocked] == ["late"]
    assert {each.outcome for each in busy.apply_saved(plan).changes} == {"done"}


# ------------------------------------------------------------------------------------- edits of its file


def change(document: Document, key: str, action: str = "") -> Document:
    """The change of a key in the file of a plan."""
    found: Document
    (found,) = (
        each
        for each in document["changes"]
        if (each["key"], action or each["action"]) == (key, each["action"])
    )
    return found


def saved(plan: Plan, edit: Edit) -> str:
    """The file of a plan after an edit whose author made its digest and copies fit again."""
    document = json.loads(codec.dumps(plan))
    hints, lists = document.pop("hints", {}), document.pop("lists", [])
    edit(document)
    del document["digest"]
    for each in document["changes"]:
        each["request"] = each["requests"][-1] if each["requests"] else None
    actions = [each["action"] for each in document["changes"]]
    document["summary"] |= {name: actions.count(name) for name in document["summary"] if name != "none"}
    document["digest"] = _digest(document)
    return json.dumps({**document, "hints": hints, "lists": lists})


def request(path: str, body: Any = None, method: str = "POST") -> Document:
    return {"method": method, "path": f"{CAMPAIGNS}{path}", "body": body}


def body_of(document: Document, key: str, number: int = -1) -> Document:
    """The body of a request of a change."""
    body: Document = change(document, key)["requests"][number]["body"]
    return body


def of(key: str, **fields: Any) -> Edit:
    """Set fields of the change of a key."""
    return lambda document: change(document, key).update(fields)


def sending(key: str, *requests: Document) -> Edit:
    """Replace the requests of the change of a key."""
    return of(key, requests=list(requests))


def instead(key: str, operation: str, body: Any = None, method: str = "POST", **fields: Any) -> Edit:
    """Replace the requests of the change of a key by one to its own campaign, and set these fields."""

    def edit(document: Document) -> None:
        ours = change(document, key)
        ours.update(requests=[request(f"/{ours['id']}{operation}", body, method)], **fields)

    return edit


def asking(key: str, number: int = -1, **fields: Any) -> Edit:
    """Set fields of the body of a request of the change of a key."""
    return lambda document: body_of(document, key, number).update(fields)


def of_another(key: str, other: str) -> Edit:
    """Let the requests of a change go to the campaign of another key."""

    def edit(document: Document) -> None:
        ours, theirs = change(document, key), change(document, other)
        for each in ours["requests"]:
            each["path"] = each["path"].replace(ours["id"], theirs["id"])

    return edit


def with_requests_of(key: str, other: str) -> Edit:
    """Give a change the requests of another one."""
    return lambda document: change(document, key).update(requests=change(document, other)["requests"])


def twice(of_key: str, **fields: Any) -> Edit:
    """Put the change of a key in once more, with these fields set."""
    return lambda document: document["changes"].append({**change(document, of_key), **fields})


def blocked(key: str) -> Edit:
    """Add a block of a key that has a change."""

    def edit(document: Document) -> None:
        (one,) = document["blocked"]
        document["blocked"][0] = {**one, "key": key, "id": change(document, key)["id"]}

    return edit


def everyone(key: str) -> Edit:
    """Take the targeting out of spec and body, and leave what the plan shows."""

    def edit(document: Document) -> None:
        del change(document, key)["spec"]["targeting"], body_of(document, key)["targeting"]

    return edit


def hidden(key: str, name: str, value: Any) -> Edit:
    """Set a field in the body and in the spec, but not in the diff."""

    def edit(document: Document) -> None:
        body_of(document, key)[name] = change(document, key)["spec"][name] = value

    return edit


def without(key: str, action: str) -> Edit:
    """Take a change out."""

    def edit(document: Document) -> None:
        document["changes"].remove(change(document, key, action))
        ends = [each["valid_until"] for each in document["changes"] if each["valid_until"]]
        document["valid_until"] = min(ends, default=None)

    return edit


def all_of(*edits: Edit) -> Edit:
    """Several edits, one after the other."""

    def edit(document: Document) -> None:
        for each in edits:
            each(document)

    return edit


def valid(key: str, until: str | None) -> Edit:
    """Let a change, and the plan with it, be valid until another time."""

    def edit(document: Document) -> None:
        change(document, key)["valid_until"] = until
        ends = [each["valid_until"] for each in document["changes"] if each["valid_until"]]
        document["valid_until"] = min(ends, default=None)

    return edit


def lifting(name: str, *keys: str) -> Edit:
    """Let the plan show that a rule was lifted for these keys."""
    one = {"name": name, "keys": list(keys), "reason": None, "until": None}
    return lambda document: document["lifted"].append(one)


NEW_BODY = campaign("Unseen", run_immediately=True)
NEVER: Document = {"when": "never", "at": [], "last": None, "profile_time_zone": False, "local": None}
AT_ONCE = {**NEVER, "when": "immediately"}

EDITS: dict[str, tuple[Edit, str, str]] = {
    # Requests of another action, or of none.
    "a pause with a create": (sending("stop", request("", NEW_BODY)), "stop", "its pause has POST"),
    "a pause with a cancel": (
        instead("stop", "/cancel", {"reason": "x"}),
        "stop",
        "its pause has",
    ),
    "a pause with nothing": (sending("stop"), "stop", "its pause has no request"),
    "a pause with a create as well": (
        lambda document: change(document, "stop")["requests"].append(request("", NEW_BODY)),
        "stop",
        "its pause has POST .* and POST",
    ),
    "a cancel with a resume": (with_requests_of("over", "back"), "over", "its cancel has"),
    "a move with an update": (with_requests_of("new-name", "edit"), "new-name", "its move has PATCH"),
    "a forget with a cancel": (with_requests_of("gone", "over"), "gone", "its forget has POST"),
    "an adoption with a cancel": (with_requests_of("taken", "over"), "taken", "its adopt has POST"),
    "a change that does nothing with a request": (of("stop", action="none"), "stop", "its none has"),
    "an update called a pause": (of("edit", action="pause"), "edit", "its pause has PATCH"),
    "a create called a replacement": (of("first", action="replace"), "first", "its replace has no id"),
    "a replacement called a create": (of("again", action="create"), "again", "its create has POST"),
    "a winner that no one declared": (
        instead("edit", "/messages/2/set-winner", arms=True, intent="f" * 16, sends=AT_ONCE),
        "edit",
        "setting a winner",
    ),
    # Requests for another campaign.
    "a pause of another campaign": (of_another("stop", "back"), "stop", "not for"),
    "an update of another campaign": (of_another("edit", "back"), "edit", "not for"),
    "a cancel of another campaign in a replacement": (of_another("again", "edit"), "again", "not for"),
    "a resume of another campaign": (of_another("back", "stop"), "back", "not for"),
    "an adoption that marks another campaign": (of_another("taken", "edit"), "taken", "not for"),
    "a pause of one of its messages": (
        lambda document: change(document, "stop")["requests"][0].update(
            path=f"{CAMPAIGNS}/{change(document, 'stop')['id']}/messages/2/pause"
        ),
        "stop",
        "is not a request of its pause",
    ),
    # Bodies that the plan does not show.
    "a create with another text": (asking("first", name="Unseen"), "first", "the body of POST"),
    "a create at another time": (asking("first", scheduled_time=EARLIER), "first", "the body of POST"),
    "a create that sends at once": (asking("first", run_immediately=True), "first", "the body of POST"),
    "a create without its spec": (of("first", spec=None), "first", "the body of POST"),
    "a create with another spec": (of("first", spec=NEW_BODY), "first", "the body of POST"),
    "a create without its audience": (
        lambda document: body_of(document, "now").pop("targeting"),
        "now",
        "the body of POST",
    ),
    "a create without its marker": (
        lambda document: body_of(document, "first").pop("metadata"),
        "first",
        "its marker does not fit",
    ),
    "a create with the marker of another": (
        lambda document: body_of(document, "first").update(metadata=body_of(document, "now")["metadata"]),
        "first",
        "its marker does not fit",
    ),
    "a replacement with another text": (asking("again", name="Unseen"), "again", "the body of POST"),
    "an update with a field that its diff does not show": (asking("edit", score=3), "edit", "body of PATCH"),
    "an update of the spec with it": (hidden("edit", "score", 3), "edit", "the body of PATCH"),
    "an update that takes the audience out": (asking("edit", targeting=None), "edit", "the body of PATCH"),
    "an update that sends at once": (asking("edit", run_immediately=True), "edit", "the body of PATCH"),
    "an update to another value": (asking("edit", description="Unseen"), "edit", "the body of PATCH"),
    "an update without its body": (instead("edit", "", None, "PATCH"), "edit", "the body of PATCH"),
    "a diff with a field that is not sent": (
        lambda document: change(document, "edit")["diff"].append(
            {"path": "name", "before": "Old", "after": "Edit"}
        ),
        "edit",
        "the body of PATCH",
    ),
    "a diff with another value": (
        lambda document: change(document, "edit")["diff"][0].update(after="Unseen"),
        "edit",
        "its diff does not fit",
    ),
    "a create with another diff": (of("first", diff=[]), "first", "its diff does not show"),
    "a resume at another time": (asking("back", scheduled_time=EARLIER), "back", "the body of POST"),
    "a resume at once": (instead("back", "/resume", {}), "back", "the body of POST"),
    "a pause with more than a reason": (asking("stop", scheduled_time=EARLIER), "stop", "the body of POST"),
    "an adoption that changes more": (asking("taken", is_draft=False), "taken", "the body of PATCH"),
    "an adoption with the marker of another": (
        lambda document: asking("taken", metadata=body_of(document, "first")["metadata"])(document),
        "taken",
        "its marker does not fit",
    ),
    "an adoption of another campaign": (
        lambda document: change(document, "taken")["record"].update(id="1"),
        "taken",
        "does not record",
    ),
    # What the plan says of what it sends.
    "an arming create that is said to arm nothing": (of("first", arms=False), "first", "`arms`"),
    "a create that is said to send nothing": (of("now", sends=NEVER), "now", "`sends`"),
    "a create that is said to send later": (
        lambda document: change(document, "first")["sends"].update(at=["2036-09-01T10:00:00Z"]),
        "first",
        "`sends`",
    ),
    "a create for everyone that shows an audience": (everyone("now"), "now", "its name or digest"),
    "another audience": (of("edit", audience={"countries": OTHER}), "edit", "its audience"),
    "no audience": (of("now", audience="everyone"), "now", "its audience"),
    "another name": (of("first", name="Harmless"), "first", "its name"),
    "another digest": (of("first", digest="sha256:0"), "first", "its name or digest"),
    "a pause that arms": (of("stop", arms=True), "stop", "cannot send"),
    "a create without an intent": (of("first", intent=None), "first", "no intent"),
    "a move from nowhere": (of("new-name", moved_from=None), "new-name", "moved from no key"),
    "a pause that moves": (of("stop", moved_from="edit"), "stop", "moved from edit"),
    # Changes that a plan cannot have together.
    "a create twice": (twice("first"), "first", "in the plan twice"),
    "a create of a second key with the intent of the first": (
        twice("now", key="other"),
        "other",
        "its marker does not fit",
    ),
    "a pause under a second key": (twice("stop", key="other"), "other", "stop changes .* too"),
    "a cancel next to the pause of another campaign": (
        twice("over", key="stop"),
        "stop",
        "over changes .* too",
    ),
    "a create that is blocked": (blocked("first"), "first", "it is blocked"),
    "a cancel that is blocked": (blocked("over"), "over", "it is blocked"),
    "a replacement that is blocked": (blocked("again"), "again", "it is blocked"),
    "a plan that is valid for longer": (
        lambda document: document.update(valid_until="2036-12-24T10:00:00Z"),
        "",
        "`valid_until`",
    ),
    "an immediate send that is valid without an end": (valid("now", None), "now", "it is valid after"),
    "a send that is valid for longer": (valid("first", "2036-06-01T10:00:00Z"), "first", "it is valid after"),
    "a second send that is lifted without an override": (
        lifting("resend", "first"),
        "",
        "resend is lifted in it without an override",
    ),
    "a replacement that is no second send": (
        of("again", deliberate_resend=False),
        "again",
        "not shown as a deliberate second send",
    ),
    "a second send that is lifted and not shown": (
        lambda document: (document.update(overrides=["resend"]), lifting("resend", "first")(document)),
        "first",
        "not shown as a deliberate second send",
    ),
    "a create that waits for what is not canceled": (
        of("first", waits_for=["1"]),
        "first",
        "it waits until 1",
    ),
    "requests in another order": (
        lambda document: change(document, "again")["requests"].reverse(),
        "again",
        "its replace has POST",
    ),
    "a create of a recurrence that cannot be read": (
        hidden("first", "recurrence", "daily"),
        "first",
        "its name or digest",
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_plan_is_refused_before_the_first_request(busy: Account, name: str) -> None:
    edit, key, why = EDITS[name]
    text, mark = saved(planned(busy), edit), busy.mark
    with pytest.raises(PlanRefused) as refused:
        apply_saved(busy.wiring, codec.decode(text))
    assert refused.value.summary == "this plan was edited"
    assert (refused.value.key or "") == key
    assert re.search(why, refused.value.detail), refused.value.detail
    assert [line for line, command in hint_lines(refused.value.hint, NOWHERE) if command] == [
        "campaignctl plan -o FILE"
    ]
    assert busy.mark == mark, "nothing was read or sent"


# ------------------------------------------------------------------------- what only the account can tell


@pytest.fixture
def renamed(late: Account) -> Account:
    """An account whose next plan cancels a campaign, and creates one of its content once that is canceled."""
    late.specs = {"old": campaign("Same", **TIME)}
    late.apply()
    late.specs = {"new": campaign("Same", **TIME)}
    return late


REPEATING: dict[str, tuple[Edit, str]] = {
    "a create that does not wait": (of("new", waits_for=[]), "does not wait until"),
    "a create that does not wait, without the cancel": (
        all_of(of("new", waits_for=[]), without("old", "cancel")),
        "has this content and sends within 1d of it",
    ),
}


@pytest.mark.parametrize("name", REPEATING)
def test_an_edited_plan_that_would_repeat_a_recorded_campaign_writes_nothing(
    renamed: Account, name: str
) -> None:
    edit, why = REPEATING[name]
    text, mark = saved(renamed.plan(), edit), renamed.mark
    with pytest.raises(PlanRefused, match=f"^new: .*{why}"):
        apply_saved(renamed.wiring, codec.decode(text))
    assert renamed.writes(mark) == []
    assert renamed.status_of("old") == "scheduled"


def test_an_edited_plan_does_not_cancel_what_its_create_waits_for(renamed: Account) -> None:
    text, mark = saved(renamed.plan(), without("old", "cancel")), renamed.mark
    with pytest.raises(PlanRefused, match="this plan was edited"):
        apply_saved(renamed.wiring, codec.decode(text))
    assert renamed.mark == mark


def test_an_override_that_was_added_does_not_lift_what_the_plan_shows_as_an_objection(late: Account) -> None:
    limits = replace(late.project.guardrails, max_immediate_sends=0)
    late.project = replace(late.project, guardrails=limits)
    late.specs = {"quiet": campaign("Quiet")}
    late.apply()
    late.specs["now"] = campaign("Now", run_immediately=True)
    plan = late.plan()
    assert [each.guardrail for each in plan.objections] == ["max_immediate_sends"]
    text, mark = saved(plan, lambda document: document.update(overrides=["max_immediate_sends"])), late.mark
    with pytest.raises(PlanRefused) as refused:
        apply_saved(late.wiring, codec.decode(text))
    assert refused.value.detail.startswith("max_immediate_sends objects in it and is lifted")
    assert late.mark == mark


def silent(key: str) -> Edit:
    """Let the plan show that the update of a key sends nothing."""
    shown = {"sends": NEVER, "arms": False, "changes_sends": False}
    return all_of(valid(key, None), of(key, **shown))


@pytest.mark.parametrize(
    ("key", "edit"),
    [("edit", silent("edit")), ("both", without("both", "pause"))],
    ids=["said to send nothing", "without its pause"],
)
def test_an_update_that_sends_nothing_is_refused_unless_its_campaign_is_paused(
    busy: Account, key: str, edit: Edit
) -> None:
    busy.specs["edit"] |= {"scheduled_time": EARLIER}
    plan = planned(busy)
    assert all(each.arms for each in plan.changes if each.key == "edit")
    text, mark = saved(plan, edit), busy.mark
    with pytest.raises(PlanRefused, match=f"^{key}: .*sends nothing, and .* is not paused"):
        apply_saved(busy.wiring, codec.decode(text))
    assert busy.writes(mark) == []


def test_a_recorded_campaign_that_others_canceled_is_not_repeated(renamed: Account) -> None:
    renamed.control.edit(renamed.id_of("old"), status="canceled")
    plan = renamed.plan(targets=("new",))
    assert [(each.key, each.waits_for) for each in plan.changes] == [("new", ())]
    assert [each.outcome for each in renamed.apply_saved(plan).changes] == ["done"]
