"""What a proof is made of, what a read of it must show, and which plans need one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.diff import EVERYONE, audience
from campaignctl.plan import codec, proofing
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Options, Plan, Proofed
from campaignctl.project.model import Guardrails, Override, Project, Seeds
from campaignctl.state.model import State
from campaignctl.state.proofs import KEPT, Proof, with_proofs
from tests.plan.planning import KEY, NOW, PROJECT, Spec, live, plan_of, record, state, wanted

SEEDS = {"custom_properties": {"seed": {"items": ["team"], "op": "in"}}}
FAR = "2036-12-24 10:00:00"
PUSH = {
    "name": "A",
    "channel": "push",
    "primary_lang": "en",
    "priority": 3,
    "push": {
        "title": {"en": "Hello", "de": "Hallo"},
        "body": {"en": "There"},
        "landing_url": "https://example.com",
        "actions": [{"title": {"en": "Open"}, "url": "https://example.com/a"}],
    },
}
SMS = {"name": "S", "channel": "sms", "integration_id": "1830", "sms": {"content": {"de": "Hallo"}}}
SPEC: Spec = {
    "name": "Welcome",
    "messages": [PUSH, SMS],
    "scheduled_time": FAR,
    "targeting": {"countries": {"items": ["DE"], "op": "in"}},
    "quiet_hours": {"from": 22},
    "callbacks": {"push": {"on_click": ["https://example.com/c"]}},
    "utm_tracking": {"enabled": 0},
    "labels": ["spring"],
    "deal_id": "7",
}
NEEDED = replace(PROJECT, guardrails=Guardrails(require_proof=True), proofs={"team": Seeds(SEEDS)})


def proof_of(piece: proofing.Piece, **fields: Any) -> Proof:
    base = {"phase": "sent", "at": "2026-11-24T11:00:00Z", "id": "900", **fields}
    return Proof(KEY, piece.message, piece.lang, piece.digest, "team", "", "ana", f"i-{piece.digest}", **base)


def known(*langs: str, spec: Spec = SPEC, **fields: Any) -> State:
    found = [piece for piece in proofing.pieces(spec) if piece.lang in langs]
    return state(proofs=tuple(proof_of(piece, **fields) for piece in found))


def test_each_message_is_a_piece_in_each_of_its_languages() -> None:
    found = {(piece.message, piece.lang): piece.body for piece in proofing.pieces(SPEC)}
    assert list(found) == [("A", "en"), ("A", "de"), ("S", "de")]
    # What German recipients read: the primary language where there is no German text.
    german = found["A", "de"]
    assert german["push"]["title"] == {"de": "Hallo"}
    assert german["push"]["body"] == {"de": "There"}
    assert german["push"]["actions"] == [{"title": {"de": "Open"}, "url": "https://example.com/a"}]
    assert german["primary_lang"] == "de"
    assert "priority" not in german
    inside = {**PUSH, "push": {**PUSH["push"], "extra": {"de": "a"}}}  # type: ignore[dict-item]
    for piece in proofing.pieces({**SPEC, "messages": [inside]}):
        assert piece.body["push"]["extra"] == {"de": "a"}, "what is no text by language is sent as it is"
    assert found["S", "de"]["integration_id"] == "1830"


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Other"},
        {"scheduled_time": "2036-12-25 10:00:00"},
        {"targeting": None},
        {"messages": [{**PUSH, "name": "B"}, SMS]},
    ],
)
def test_what_no_recipient_sees_leaves_a_proof_as_it_is(change: Spec) -> None:
    before, after = proofing.pieces(SPEC), proofing.pieces({**SPEC, **change})
    assert [piece.digest for piece in before] == [piece.digest for piece in after]


@pytest.mark.parametrize(
    "change",
    [
        {"messages": [{**PUSH, "push": {**PUSH["push"], "title": {"en": "Hello", "de": "Moin"}}}, SMS]},  # type: ignore[dict-item]
        {"messages": [{**PUSH, "push": {**PUSH["push"], "landing_url": "https://example.com/b"}}, SMS]},  # type: ignore[dict-item]
        {"messages": [{**PUSH, "integration_id": "9"}, SMS]},
        {"utm_tracking": {"enabled": 1}},
    ],
)
def test_what_recipients_get_needs_another_proof(change: Spec) -> None:
    before, after = proofing.pieces(SPEC), proofing.pieces({**SPEC, **change})
    assert before[1].digest != after[1].digest


@pytest.mark.parametrize(
    "shown",
    [
        "Hello",
        [None],
        ["Hello"],
        [{**PUSH, "channel": "viber"}],
        [{**PUSH, "channel": None}],
        [{**PUSH, "channel": ["push"]}],
        [{**PUSH, "push": "Hello"}],
        [{name: PUSH[name] for name in PUSH if name != "push"}],
        [{**PUSH, "push": {"title": "Hello"}}],
        [{**PUSH, "push": {"title": None}}],
        [{**PUSH, "push": {"actions": ["Open"]}}],
        [{**PUSH, "push": {"actions": {"title": "Open"}}}],
    ],
)
def test_a_message_of_live_that_no_manifest_can_have_is_proofed_by_nothing(shown: Any) -> None:
    """It stays where `ignore_changes` says so, and an arming change would send it."""
    (piece,) = proofing.pieces({**SPEC, "messages": shown})
    assert (piece.message, piece.lang, piece.body) == ("messages/0", "en", {})
    ignoring = Lifecycle(ignore_changes=("messages",))
    draft = record({**SPEC, "is_draft": True}, "draft", lifecycle=ignoring)
    plan = plan_of(
        wanted(SPEC, lifecycle=ignoring),
        known=replace(known("en", "de"), campaigns={KEY: draft}),
        reading=Reading(live={KEY: live({**SPEC, "is_draft": True, "messages": shown}, "draft")}),
        project=NEEDED,
    )
    (block,) = plan.blocked
    assert "no seeds have seen its present content" in block.reason


def test_an_edited_language_leaves_the_proof_of_the_others() -> None:
    edited = {**PUSH, "push": {**PUSH["push"], "title": {"en": "Hello", "de": "Moin"}}}  # type: ignore[dict-item]
    before, after = proofing.pieces(SPEC), proofing.pieces({**SPEC, "messages": [edited, SMS]})
    assert [one.digest == two.digest for one, two in zip(before, after, strict=True)] == [True, False, True]


def test_a_proof_has_the_seeds_for_an_audience_and_nothing_that_sends() -> None:
    body = proofing.body_of(SPEC, proofing.pieces(SPEC)[0], SEEDS)
    assert body.keys() == {"name", "labels", "messages", "utm_tracking", "targeting", "is_draft"}
    assert body["targeting"] == SEEDS
    assert body["name"] == "[proof] en Welcome"
    assert body["labels"] == ["proof"]
    assert body["is_draft"] is True
    assert len(proofing.body_of({**SPEC, "name": "x" * 100}, proofing.pieces(SPEC)[0], SEEDS)["name"]) == 100


def test_every_field_that_a_proof_lacks_has_a_reason() -> None:
    told = dict(proofing.left_out({**SPEC, "unheard_of": 1}))
    assert told.keys() == {
        *("scheduled_time", "targeting", "quiet_hours", "callbacks", "labels", "deal_id", "unheard_of"),
        "messages/0/priority",
    }
    assert all(told.values())


@pytest.mark.parametrize(
    "seeds",
    [
        {},
        {"segments": {"items": ["1"], "op": "in"}},
        {"custom_properties": {"seed": {"items": [], "op": "in"}}},
        {"custom_properties": {"seed": {"items": ["*"], "op": "in"}}},
        {"custom_properties": {"seed": {"items": ["team"], "op": "nin"}}},
        {
            "custom_properties": {
                "seed": {"items": ["team"], "op": "in"},
                "also": {"items": ["x"], "op": "not"},
            }
        },
        {**SEEDS, "unknown": True},
        {"profile_age": {"from": 0}},
    ],
)
def test_an_audience_that_may_not_narrow_is_too_wide(seeds: Spec) -> None:
    assert proofing.too_wide(seeds)


def test_seeds_are_narrow() -> None:
    assert not proofing.too_wide(SEEDS)
    assert audience({"targeting": SEEDS}) != EVERYONE


# ------------------------------------------------------------------------------------- what a read shows

BODY = proofing.body_of(SPEC, proofing.pieces(SPEC)[0], SEEDS)
DIGEST = proofing.seeds_digest(SEEDS)


def shown(**fields: Any) -> Live:
    base = {**BODY, "id": "900", "status": "draft", "score": 0, "send_in_profile_time_zone": False}
    members = {name: value for name, value in {**base, **fields}.items() if value is not None}
    return Live("900", members, complete=True)


def objections(live: Live, hidden: tuple[str, ...] = (), accepted: tuple[str, ...] = ()) -> list[str]:
    return proofing.not_as_asked(BODY, DIGEST, live, hidden, accepted)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"status": "manual", "is_draft": False},
        {"name": "cut"},
        {"labels": "proof"},
        {"description": "added by the server"},
        {"targeting": {"custom_properties": {"seed": {"op": "in", "items": ["Team"]}}}},
        {"metadata": None},
    ],
)
def test_a_draft_for_the_seeds_with_this_content_is_as_asked(fields: Spec) -> None:
    assert objections(shown(**fields)) == []


MESSAGE = BODY["messages"][0]
WRONG: list[Spec] = [
    {"targeting": None},
    {"targeting": {}},
    {"targeting": {"custom_properties": {}}},
    {"targeting": {"custom_properties": {"seed": {"items": ["team", "all"], "op": "in"}}}},
    {"targeting": {"custom_properties": {"seed": {"items": ["team"], "op": "nin"}}}},
    {"targeting": {"custom_properties": {"seeds": {"items": ["team"], "op": "in"}}}},
    {"targeting": {**SEEDS, "countries": {"items": ["DE"], "op": "in"}}},
    {"targeting": {**SEEDS, "unknown": {"any": 1}}},
    {"targeting": "everyone"},
    {"status": "scheduled", "is_draft": False},
    {"status": "running", "is_draft": False},
    {"status": "sent", "is_draft": False},
    {"effective_status": "scheduled"},
    {"next_run_time": "2036-01-01 10:00:00"},
    {"scheduled_time": FAR},
    {"recurrence": {"cron": "0 9 * * *"}},
    {"run_immediately": True},
    {"send_in_profile_time_zone": True},
    {"quiet_hours": {"from": 22}},
    {"ab_test": {"test_split": 30}},
    {"messages": None},
    {"messages": [MESSAGE, {**MESSAGE, "name": "B"}]},
    {"messages": [{**MESSAGE, "channel": "sms"}]},
    {"messages": [{**MESSAGE, "push": {**MESSAGE["push"], "title": {"en": "Hell"}}}]},
    {"messages": [{**MESSAGE, "push": {**MESSAGE["push"], "title": {"en": "Hello", "de": "Hallo"}}}]},
]


@pytest.mark.parametrize("fields", WRONG, ids=str)
def test_whatever_decides_whom_when_or_what_is_not_armed_if_it_differs(fields: Spec) -> None:
    assert objections(shown(**fields))


def test_nothing_hides_the_audience_of_a_proof() -> None:
    assert objections(shown(targeting=None), hidden=("targeting", "targeting/*", "*"))
    assert objections(shown(targeting={}), accepted=("targeting", "*"))


def test_a_hidden_sender_and_an_accepted_text_are_as_asked() -> None:
    body = proofing.body_of(SPEC, proofing.pieces(SPEC)[2], SEEDS)
    message = {name: value for name, value in body["messages"][0].items() if name != "integration_id"}
    live = Live("900", {**body, "id": "900", "status": "draft", "messages": [message]}, complete=True)
    assert proofing.not_as_asked(body, DIGEST, live, (), ())
    assert not proofing.not_as_asked(body, DIGEST, live, ("messages/*/integration_id",), ())


# ------------------------------------------------------------------------------------- in a plan


def planned(spec: Spec = SPEC, of: State | None = None, project: Project = NEEDED, **more: Any) -> Plan:
    return plan_of(wanted(spec), known=of or state(), project=project, **more)


def test_nothing_is_armed_that_no_seeds_have_seen() -> None:
    plan = planned()
    assert plan.changes == ()
    (blocked,) = plan.blocked
    assert str(blocked.hint) == f"campaignctl proof {KEY}"
    assert "in en, de" in blocked.reason


def test_the_command_names_the_languages_that_lack_a_proof() -> None:
    (blocked,) = planned(of=known("en")).blocked
    assert str(blocked.hint) == f"campaignctl proof {KEY} --lang de"
    several = replace(NEEDED, proofs={"team": Seeds(SEEDS), "agency": Seeds(SEEDS)})
    (blocked,) = planned(of=known("de"), project=several).blocked
    assert str(blocked.hint) == f"campaignctl proof {KEY} --lang en --to team"
    (blocked,) = planned(project=replace(NEEDED, proofs={})).blocked
    assert "add a seed list" in blocked.hint


def test_a_campaign_whose_every_language_was_proofed_is_armed() -> None:
    (change,) = planned(of=known("en", "de")).changes
    assert change.arms
    assert change.proofs[0] == Proofed("A", "en", "900", "ana", "2026-11-24T11:00:00Z", "team")
    assert [(one.message, one.lang) for one in change.proofs] == [("A", "en"), ("A", "de"), ("S", "de")]


@pytest.mark.parametrize("phase", ["started", "created", "arming", "dropped"])
def test_a_proof_that_is_not_shown_as_sent_proves_nothing(phase: str) -> None:
    assert planned(of=known("en", "de", phase=phase)).blocked


def test_the_proof_of_another_text_proves_nothing() -> None:
    other = {**SPEC, "messages": [{**PUSH, "push": {"title": {"en": "Old"}}}, SMS]}
    (blocked,) = planned(of=known("en", "de", spec=other)).blocked
    assert "in en, de" in blocked.reason


def test_an_edited_text_of_an_armed_campaign_needs_a_proof() -> None:
    old = {**SPEC, "messages": [{**PUSH, "push": {"title": {"en": "Old", "de": "Alt"}}}, SMS]}
    applied = replace(known("en", "de", spec=old), campaigns={KEY: record(old)})
    assert planned(of=applied).blocked
    both = replace(applied, proofs=(*applied.proofs, *known("en", "de").proofs))
    (change,) = planned(of=both).changes
    assert change.changes_sends
    assert all(one.id for one in change.proofs)


def test_what_says_the_same_as_before_needs_no_proof() -> None:
    applied = state({KEY: record(SPEC)})
    later = {**SPEC, "scheduled_time": "2036-12-25 10:00:00"}
    assert not planned(later, of=applied).blocked
    assert not planned({**SPEC, "is_draft": True}).blocked


def test_a_lifted_guardrail_is_on_record_with_the_plan() -> None:
    plan = planned(options=Options(overrides=("require_proof",)))
    assert [one.name for one in plan.lifted] == ["require_proof"]
    (change,) = plan.changes
    assert [one.id for one in change.proofs] == [None, None, None]
    standing = Override("require_proof", ("push/*",), NOW.replace(year=2027), "a hurry")
    assert not planned(project=replace(NEEDED, overrides=(standing,))).blocked


def test_proofs_are_shown_without_the_guardrail_if_there_are_some() -> None:
    free = replace(NEEDED, guardrails=Guardrails())
    assert planned(project=free).changes[0].proofs == ()
    (change,) = planned(of=known("en"), project=free).changes
    assert [one.id for one in change.proofs] == ["900", None, None]


def test_a_saved_plan_keeps_its_proofs() -> None:
    plan = planned(of=known("en", "de"))
    assert codec.decode(codec.dumps(plan)).changes[0].proofs == plan.changes[0].proofs


def test_a_proof_voids_no_reviewed_plan_and_old_ones_are_dropped() -> None:
    piece = proofing.pieces(SPEC)[0]
    before = tuple(replace(proof_of(piece), intent=str(number)) for number in range(KEPT))
    open_one = replace(before[0], phase="arming")
    after = with_proofs((open_one, *before[1:]), [replace(proof_of(piece), intent="new")])
    assert (after[0], after[-1].intent) == (open_one, "new")
    assert len(with_proofs(after, [replace(proof_of(piece), intent="newer")])) == KEPT + 1


@pytest.mark.parametrize(
    ("live", "stays"),
    [
        (shown(), False),
        (shown(targeting={}), True),
        (replace(shown(), complete=False), False),
        (replace(shown(targeting={}), complete=False), True),
        (replace(shown(targeting={}, messages=None), complete=False), False),
        (replace(shown(), id="901"), True),
    ],
)
def test_a_proof_is_left_out_unless_a_read_shows_another_audience(live: Live, *, stays: bool) -> None:
    own = replace(proof_of(proofing.pieces(SPEC)[0]), seeds=DIGEST)
    assert list(proofing.without(state(proofs=(own,)), [live])) == [live][: int(stays)]
