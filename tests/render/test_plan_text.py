"""The text of a plan, as a person reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.diff import FieldChange
from campaignctl.errors import Command, Sentence
from campaignctl.plan.model import Action, Blocked, Change, Conflict, Drift, Objection, Plan
from campaignctl.render.cuts import Cuts, json_text
from campaignctl.render.escape import escape
from campaignctl.render.plan import plan_summary, plan_text
from campaignctl.review.review import review_of
from campaignctl.schedule.sends import Sends
from campaignctl.state.ledger import Overridden
from tests.effort import calls
from tests.golden import Golden
from tests.render.sample_plans import BLOCKED, NOW, SETTINGS, created, plan, updated


def _text(shown: Plan, *, width: int = 100) -> str:
    return plan_text(review_of(shown), color=False, now=NOW, width=width)


def test_a_create_shows_every_field_and_its_consequences(golden: Golden) -> None:
    spec = {
        "name": "Welcome",
        "scheduled_time": "2036-03-22 10:00:00",
        "targeting": {"countries": {"items": ["DE", "FR"], "op": "in"}},
        "messages": [{"channel": "push", "push": {"title": {"en": "Hi", "de": "Hallo"}}}],
    }
    change = created("push/welcome", spec, warnings=("sent unchecked, from `extra`: score",))
    shown = plan(change, environment="production", company_id="6197120", url="https://api.ocamba.com")
    golden("create", _text(shown))


def test_an_immediate_send_to_everyone_says_so(golden: Golden) -> None:
    text = _text(plan(created("sms/flash", {"name": "Flash", "run_immediately": True})))
    assert '  !+ create sms/flash "Flash" [arms]\n' in text
    golden("at once, everyone", text)


def test_a_recurrence_is_shown_in_words_with_its_next_runs(golden: Golden) -> None:
    recurring = created("push/midday", {"name": "Midday", "recurrence": {"cron": "30 12 * * 1-5"}})
    golden("recurring", _text(plan(recurring)))


def test_in_profile_zones_the_first_and_the_last_send_are_shown(golden: Golden) -> None:
    spec = {"name": "Eve", "scheduled_time": "2036-12-24 10:00:00", "send_in_profile_time_zone": True}
    golden("profile zones", _text(plan(created("email/eve", spec))))


def test_a_draft_never_sends(golden: Golden) -> None:
    text = _text(plan(created("sms/draft", {"name": "Draft", "is_draft": True})))
    assert "[arms]" not in text
    golden("draft", text)


def test_an_update_shows_old_and_new(golden: Golden) -> None:
    body = [f"<p>{number}</p>" for number in range(1, 31)]
    edited = [*body[:11], "<p>twelve</p>", *body[12:]]
    change = updated(
        "email/digest",
        FieldChange("messages/0/email/subject", "Old", "New"),
        FieldChange("messages/0/email/html/en", "\n".join(body), "\n".join(edited)),
        FieldChange("labels", ["a"], None),
        FieldChange("messages/0/sms/content/en", "a" * 60, "a" * 59 + "b"),
    )
    golden("update", _text(plan(change)))


def test_a_difference_deep_in_a_long_line_is_shown() -> None:
    old, new = "x" * 50_000 + "old" + "y" * 50_000, "x" * 50_000 + "new" + "y" * 50_000
    for change in (FieldChange("html", old, new), FieldChange("html", f"a\n{old}\nb", f"a\n{new}\nb")):
        text = _text(plan(updated("email/digest", change)))
        assert "xold" in text
        assert "xnew" in text
        assert len(text) < 1_500


def test_a_long_text_that_is_new_is_shown_as_lines(golden: Golden) -> None:
    long = created("email/long", {"name": "Long", "html": "\n".join(map(str, range(50)))})
    golden("long text", _text(plan(long)))


def test_cancel_forget_and_move_need_no_sends(golden: Golden) -> None:
    changes = (
        Change("a", Action.CANCEL, "1", "A", "not declared any more", undo="never"),
        Change("b", Action.FORGET, "2", "B", "not declared any more", warnings=("2 is left behind",)),
        Change("c", Action.MOVE, "3", "C", "was old/c"),
    )
    text = _text(plan(*changes))
    assert "sends:" not in text
    assert "reaches:" not in text
    golden("cancel, forget, move", text)


def test_a_blocked_change_says_why_and_how_to_lift_it(golden: Golden) -> None:
    shown = plan(
        blocked=(
            Blocked(
                "push/late", "7", "sent", "already sent", Sentence(Command("apply", "--replace", "push/late"))
            ),
        ),
        objections=(
            Objection("max_immediate_sends", "9 at once", "3 in one apply", tuple(f"k{n}" for n in range(9))),
        ),
        drift=(Drift("push/x", "8", (FieldChange("name", "ours", "theirs"),), corrected=True),),
        notes=("2 campaigns never created: the scheduled time was missed",),
        overrides=("max_plan_age",),
        refreshed=False,
    )
    golden("left alone", _text(shown))


def test_an_empty_plan_says_that_the_account_agrees(golden: Golden) -> None:
    golden("empty", _text(plan()))
    golden("empty, not read", _text(plan(refreshed=False)))
    drift = Drift("push/x", "8", (FieldChange("name", "ours", "theirs"),))
    golden("empty, drift", _text(plan(drift=(drift,))))


def test_changed_settings_stand_above_the_changes_and_what_loosens_is_marked(golden: Golden) -> None:
    shown = plan(created("push/a", {"name": "A"}), settings_changed=SETTINGS)
    golden("settings changed", _text(shown))
    golden("only settings changed", _text(plan(settings_changed=SETTINGS[1:])))
    colored = plan_text(review_of(shown), color=True, now=NOW)
    assert "\x1b[1;33m  ~ guardrails.max_immediate_sends [loosens]:\x1b[0m 3 -> 9999" in colored
    assert "\x1b[1;33m  ~ guardrails.min_lead_time" not in colored


def test_what_was_blocked_before_stands_apart(golden: Golden) -> None:
    golden("blocked before", _text(plan(blocked=BLOCKED, against="c0ffee" * 7)))
    golden("all blocked before", _text(plan(blocked=BLOCKED[1:], against="c0ffee" * 7)))


def test_a_plan_that_does_not_know_the_company_says_so() -> None:
    assert "company not known yet at https://api.ocamba.com" in _text(plan(company_id=None))


def test_a_plan_shows_its_expiry(golden: Golden) -> None:
    flash = created("sms/flash", {"name": "F", "run_immediately": True})
    golden("valid until", _text(plan(flash, valid_until=NOW + timedelta(hours=1))))


def test_color_only_on_request() -> None:
    shown = plan(created("sms/flash", {"name": "F", "run_immediately": True}), unchanged=3)
    colored = plan_text(review_of(shown), color=True, now=NOW)
    assert "\x1b[1;31m" in colored
    assert "\x1b" not in _text(shown)


def test_a_plan_of_a_thousand_changes_is_drawn_with_few_steps_a_change() -> None:
    html = "\n".join(f"<p>{number}</p>" for number in range(60))
    spec = {"name": "N", "scheduled_time": "2036-03-22 10:00:00", "html": html, "labels": ["a", "b"]}
    create = created("push/n", spec)
    update = updated("push/u", FieldChange("html", html, html.replace("<p>30", "<p>thirty")))
    shown = plan(*(replace(each, key=f"{each.key}{at}") for at in range(500) for each in (create, update)))
    texts = []
    made = calls(
        lambda: texts.append(plan_text(review_of(shown), color=False, now=NOW, cuts=Cuts(full=True)))
    )
    assert made < 800_000
    text = texts[0]
    assert text.count("push/n") == text.count("push/u") == 501, "each, and once for all"


def test_after_thirty_different_changes_each_takes_a_line_and_after_a_hundred_more_they_are_counted() -> None:
    changes = [
        updated(f"push/{number:03}", FieldChange("messages/0/name", None, f"{number}"))
        for number in range(200)
    ]
    cuts = Cuts()
    lines = plan_text(review_of(plan(*changes)), color=False, now=NOW, cuts=cuts).splitlines()
    assert sum(line.startswith("   ~ update push/0") for line in lines) == 100
    assert lines.count('      + messages/0/name "29"') == 1
    assert "   ~ update push/030: only when started manually; everyone; 1 field" in lines
    assert "... 170 more changes (cut: sha256 a756d731f762), in short:" in lines
    assert "      ... and 70 more changes" in lines
    assert cuts.count == 1
    full = plan_text(review_of(plan(*changes)), color=False, now=NOW, cuts=Cuts(full=True))
    assert all(f'+ messages/0/name "{number}"' in full for number in range(200))


def test_a_huge_difference_is_cut_and_says_so(golden: Golden) -> None:
    old, new = ("\n".join(f"{word} {number}" for number in range(300)) for word in ("old", "new"))
    cut = _text(plan(updated("email/digest", FieldChange("html", old, new))))
    golden("end of a cut difference", "\n".join(cut.splitlines()[-6:]))
    huge = updated("email/digest", FieldChange("html", "x\n" * 5_000, "y\n" * 6_000))
    golden("counted difference", _text(plan(huge)))


def test_a_past_immediate_send_is_not_shown_as_a_send(golden: Golden) -> None:
    change = Change(
        "push/a", Action.UPDATE, "1", "A", "changed", sends=Sends("never"), spec={"run_immediately": True}
    )
    golden("sent at once before", _text(plan(change)))


def test_a_recurrence_without_further_runs_says_so(golden: Golden) -> None:
    spec = {"recurrence": {"cron": "0 9 * * *"}}
    change = Change("push/a", Action.UPDATE, "1", "A", "changed", sends=Sends("recurring"), spec=spec)
    golden("no run to come", _text(plan(change)))


def test_a_move_names_the_old_key(golden: Golden) -> None:
    change = Change("push/new", Action.MOVE, "103", "N", "moved", moved_from="push/old")
    golden("move", _text(plan(change)))


def test_a_conflict_shows_applied_live_and_new_values(golden: Golden) -> None:
    conflict = Conflict("name", "A", None, "Our")
    change = Change("push/a", Action.UPDATE, "1", "A", "changed", conflicts=(conflict,), warnings=("mind",))
    golden("conflict", _text(plan(change)))


def test_drift_shows_its_time(golden: Golden) -> None:
    drift = Drift("push/a", "103", (FieldChange("name", "A", "B"),), True, "2036-03-22T10:00:00Z")
    golden("drift", _text(plan(drift=(drift,))))


def test_a_lifted_guardrail_is_shown_with_its_reason(golden: Golden) -> None:
    lifted = (
        Overridden("freeze", ("push/a",), "agreed with sales", "2036-03-22T10:00:00Z"),
        Overridden("resend", ("push/b",)),
    )
    golden("lifted", _text(plan(lifted=lifted)))


def test_a_changed_word_is_marked_within_its_text() -> None:
    text = (
        "Everything from 19.90 euros, only this weekend, in all shops and online, for all members and friends"
    )
    change = updated("push/a", FieldChange("messages/0/push/body/en", text, text.replace("19.90", "24.90")))
    assert "          | Everything from [-19.90-]{+24.90+} euros, only" in _text(plan(change))
    colored = plan_text(review_of(plan(change)), color=True, now=NOW)
    assert "\x1b[31m[-19.90-]\x1b[0m\x1b[32m{+24.90+}\x1b[0m" in colored


def test_a_text_with_such_marks_of_its_own_is_shown_before_and_after() -> None:
    text = (
        "Everything from 19.90 euros, {+really+}, only this weekend, in all shops and online, for all members"
    )
    change = updated("push/a", FieldChange("messages/0/push/body/en", text, text.replace("19.90", "24.90")))
    lines = [line.strip() for line in _text(plan(change)).splitlines() if "euros" in line]
    assert [line[:5] for line in lines] == ['| - "', '| + "']


_COUNTRIES = ("AT", "DE", "FR", "IT", "ES", "PT", "NL", "BE", "CH", "PL")


def _country(code: str, day: int = 22) -> Change:
    spec = {
        "name": f"Spring {code}",
        "scheduled_time": f"2036-03-{day} 10:00:00",
        "targeting": {"countries": {"items": [code], "op": "in"}},
        "messages": [{"name": "Main", "channel": "push", "push": {"title": {"en": "Sale"}}}],
    }
    return created(f"push/spring-{code.lower()}", spec)


def test_equal_changes_are_one_block(golden: Golden) -> None:
    shown = plan(*map(_country, _COUNTRIES))
    golden("ten equal creates", _text(shown))
    full = plan_text(review_of(shown), color=False, now=NOW, cuts=Cuts(full=True))
    golden("ten equal creates in full", full)
    golden("two equal creates", _text(plan(*map(_country, _COUNTRIES[:2]))))
    golden("ten equal creates at two times", _text(plan(*(_country(c, 22 + (c < "DF")) for c in _COUNTRIES))))


def test_what_is_canceled_reaches_no_audience() -> None:
    gone = [replace(_country(country), action=Action.CANCEL, diff=()) for country in _COUNTRIES[:2]]
    text = _text(plan(*gone))
    assert "x cancel 2 campaigns" in text
    assert "reaches" not in text


def test_a_summary_is_one_screen(golden: Golden) -> None:
    changes = [
        updated(f"push/{number:03}", FieldChange("messages/0/name", None, f"{number}"))
        for number in range(20)
    ]
    shown = plan(
        *map(_country, _COUNTRIES),
        *changes,
        blocked=BLOCKED,
        settings_changed=SETTINGS,
        drift=(Drift("push/x", "8", (FieldChange("name", "ours", "theirs"),)),),
        objections=(Objection("max_immediate_sends", "9 at once", "3 in one apply", ("k",)),),
        lifted=(Overridden("freeze", ("push/a",)),),
    )
    text = plan_summary(review_of(shown), color=False, now=NOW, whole=Command("plan", "--full"))
    assert len(text.splitlines()) <= 24
    golden("summary", text)


_TEXTS = st.sampled_from(
    ["name", "score", "messages/0/push/title/en", "messages/0/push/landing_url", "labels"]
)
_SOME = st.sampled_from(
    [None, 0, 1, True, "a", "a b c", "https://a.example", "x" * 300, ["DE"], "one\ntwo", "é\x1b"]
)


@given(st.lists(st.dictionaries(_TEXTS, st.tuples(_SOME, _SOME), max_size=5), min_size=1, max_size=12))
def test_every_change_and_every_field_is_in_the_full_text(diffs: list[dict[str, tuple[Any, Any]]]) -> None:
    changes = [
        updated(f"push/{number}", *(FieldChange(path, *values) for path, values in diff.items()))
        for number, diff in enumerate(diffs)
    ]
    shown = plan(*changes)
    text = plan_text(review_of(shown), color=False, now=NOW, cuts=Cuts(full=True))
    for group in review_of(shown).groups:
        for change in group.changes:
            assert change.key in text
            for field in change.diff:
                assert field.path in text
                for value in (field.before, field.after):
                    lines = value.split("\n") if isinstance(value, str) else [json_text(value)]
                    assert value is None or all(escape(line, None) in text for line in lines)


def test_a_condition_that_the_audience_of_another_campaign_leaves_out_is_shown() -> None:
    conditions = ("in", "odd")
    changes = [
        created(
            f"push/{operator}",
            {
                "name": "N",
                "targeting": {"os": {"items": ["ios"], "op": "in"}, "isps": {"items": ["a"], "op": operator}},
            },
        )
        for operator in conditions
    ]
    odd = replace(changes[1], audience={"os": {"items": ["ios"], "op": "in"}})
    text = _text(plan(changes[0], odd))
    assert 'push/odd "N": reaches os ios; targeting/isps/op "odd"' in text
    assert '+ targeting/isps/items ["a"]' in text


def test_a_change_says_what_has_to_be_canceled_before() -> None:
    moves = [replace(updated(f"push/{key}"), waits_for=(f"old/{key}",)) for key in "ab"]
    assert "      waits:   until this is canceled: old/a\n" in _text(plan(moves[0]))
    both = _text(plan(*moves))
    assert '      push/b "Digest" (1030978): waits until this is canceled: old/b\n' in both
    ten = [replace(updated(f"push/{key}"), waits_for=(f"old/{key}",)) for key in range(10)]
    assert "      waits:   10 cancels: until this is canceled: old/0, " in _text(plan(*ten))


@pytest.mark.parametrize("late", [timedelta(minutes=-1), timedelta(0), timedelta(minutes=5)])
def test_an_expired_plan_says_first_and_last_that_it_cannot_be_applied(late: timedelta) -> None:
    spec = {"name": "N", "scheduled_time": "2036-03-22 10:00:00"}
    end = datetime(2036, 3, 22, 10, 0, tzinfo=UTC)
    review = review_of(plan(created("push/a", spec), valid_until=end))
    text = plan_text(review, color=False, now=end + late)
    short = plan_summary(review, color=False, now=end + late, whole=Command("plan", "--full"))
    expired = late > timedelta(0)
    first = "Expired: this plan cannot be applied."
    assert [first in text, first in short] == [expired, expired]
    last = f"Expired: it was valid until {_END}, 5 minutes ago. Plan again:\n  campaignctl plan -o FILE\n"
    assert (last in text) == expired
    assert (f"Valid until {_END}, in " in text) == (not expired)
    assert (f"sends:   {_END}, which is past\n" in text) == expired
    assert "ago" not in text.replace(last, "")


_END = "Sat 22 Mar 2036 10:00 GMT (11:00 Europe/Belgrade)"
