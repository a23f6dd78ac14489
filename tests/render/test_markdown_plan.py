"""The comment of a pull request, as GitHub's own parser shows it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.diff import FieldChange
from campaignctl.plan.model import Action, Blocked, Change, Conflict, Drift, Objection, Plan
from campaignctl.project.settings import SettingChange
from campaignctl.render.markdown import plan_markdown
from campaignctl.review.review import review_of
from campaignctl.schedule.sends import Sends
from campaignctl.state.ledger import Overridden
from tests.golden import Golden
from tests.render.gfm import Page, html_of, page_of
from tests.render.sample_plans import BLOCKED, NOW, SETTINGS, created, plan, reviewed, updated, welcome

_FAR = "2036-03-22 10:00:00"
_GMT = "Sat 22 Mar 2036 10:00 GMT"
_AT = f"{_GMT} (11:00 Europe/Belgrade)"
_TARGETED = {"countries": {"items": ["DE", "FR"], "op": "in"}}


def _far(key: str, **fields: Any) -> Change:
    return created(key, {"name": "Welcome", "scheduled_time": _FAR, **fields})


def _told(shown: Plan) -> list[str]:
    """What is told of each group of changes, as Markdown."""
    text = plan_markdown(reviewed(shown)).split("### What changes\n\n", 1)[1].split("\n###", 1)[0]
    return [each for each in text.split("\n\n") if each.startswith("**")]


def _page(shown: Plan, **options: Any) -> Page:
    return page_of(plan_markdown(reviewed(shown), **options))


def test_the_summary_comes_first(golden: Golden) -> None:
    golden("create", plan_markdown(reviewed(plan(_far("push/a"), environment="production"))))


def test_a_change_says_who_gets_it_when_and_until_when_it_can_be_undone(golden: Golden) -> None:
    (told,) = _told(plan(_far("push/a", targeting=_TARGETED)))
    golden("a create", told)


def test_equal_changes_are_told_once_with_their_number_and_the_first_of_them(golden: Golden) -> None:
    price = FieldChange("messages/0/push/body/en", "From 19.90", "From 24.90")
    changes = [replace(updated(f"push/{number:02}", price), id=str(number)) for number in range(36)]
    text = plan_markdown(reviewed(plan(*changes)))
    golden("36 equal updates", text)
    assert all(f'push/{number:02} "Digest" ({number})' in text for number in range(36)), (
        "each is in the folded part"
    )


def test_what_differs_in_a_small_group_stands_below_it(golden: Golden) -> None:
    changes = [
        _far(f"push/{code.lower()}", targeting={"countries": {"items": [code], "op": "in"}})
        for code in ("DE", "FR")
    ]
    moved = [
        replace(
            updated(f"push/{day}", FieldChange("scheduled_time", f"2036-03-{day} 10:00:00", _FAR)), id=day
        )
        for day in ("20", "21")
    ]
    text = plan_markdown(reviewed(plan(*changes, *moved)))
    golden("two groups of two", text)
    assert "- `push/de`: reaches countries DE\n- `push/fr`: reaches countries FR\n" in text
    assert '- `push/20`: `scheduled_time` `"2036-03-20 10:00:00"` → `"2036-03-22 10:00:00"`\n' in text


def test_recipients_texts_are_shown_before_and_after_in_every_language(golden: Golden) -> None:
    def spec(title: str) -> dict[str, Any]:
        push = {"title": {"en": title, "de": "Hallo"}, "body": {"en": "From 19.90 euros", "de": "Ab 19.90"}}
        return {"name": "Spring", "messages": [{"name": "Main", "channel": "push", "push": push}]}

    after = spec("Spring sale, only today")
    edited = replace(
        updated("push/a", FieldChange("messages/0/push/title/en", "Spring sale", "Spring sale, only today")),
        spec=after,
    )
    golden("texts of an update", "\n\n".join(_seen(plan(edited))))
    new = created("push/new", after)
    golden("texts of a create", "\n\n".join(_seen(plan(new))))
    sms = {"name": "S", "messages": [{"name": "Main", "channel": "sms", "sms": {"content": {"en": "Hi"}}}]}
    golden("text of an SMS", "\n\n".join(_seen(plan(created("sms/a", sms)))))


def _seen(shown: Plan) -> list[str]:
    text = plan_markdown(reviewed(shown))
    return [each for each in text.split("\n\n") if each.startswith("> ")]


def test_a_manifest_is_linked_where_the_host_shows_it() -> None:
    review = review_of(plan(replace(_far("push/a"), source="campaigns/push/a.yaml:3:1")))
    text = plan_markdown(review, link=lambda source: f"https://host.example/{source}")
    assert "[`push/a`](https://host.example/campaigns/push/a.yaml:3:1)" in text


def test_what_sends_and_everyone_are_bold() -> None:
    shown = plan(updated("email/digest"), _far("push/a"), created("push/d", {"name": "D", "is_draft": True}))
    arming, *others = _told(shown)
    assert arming.startswith("**create, arms**: `push/a`, Welcome<br>\n")
    assert "Reaches: **everyone**" in arming
    assert [told.splitlines()[0] for told in others] == [
        "**create**: `push/d`, D<br>",
        "**update**: `email/digest`, Digest, `1030978`<br>",
    ]


def test_immediate_sends_come_first(golden: Golden) -> None:
    first, _ = _told(plan(_far("push/a"), created("push/now", {"name": "Now", "run_immediately": True})))
    assert "`push/now`" in first
    golden("what sends at once", first)


def test_a_change_that_cannot_send_has_no_send_line(golden: Golden) -> None:
    change = Change("push/gone", Action.CANCEL, "103", "Gone", "no longer declared", undo="never")
    (told,) = _told(plan(change))
    assert "Sends" not in told
    golden("a cancel", told)


def test_a_move_names_the_old_key(golden: Golden) -> None:
    change = Change("push/new", Action.MOVE, "103", "N", "moved", moved_from="push/old")
    golden("a move", _told(plan(change))[0])


def test_two_changes_of_one_key_are_told_apart() -> None:
    pause = Change("push/a", Action.PAUSE, "103", "A", "declared paused")
    assert [told[:20] for told in _told(plan(pause, updated("push/a")))] == [
        "**pause**: `push/a`,",
        "**update**: `push/a`",
    ]


def test_no_relative_times_as_a_comment_is_read_later(golden: Golden) -> None:
    recurring = created("push/r", {"name": "R", "recurrence": {"cron": "0 9 * * 1"}})
    text = plan_markdown(reviewed(plan(_far("push/a"), recurring)))
    assert " in 9 years" not in text
    assert " in 5 days" not in text
    golden("scheduled and recurring", text)


def test_a_plan_without_a_refresh_says_so_in_its_first_line(golden: Golden) -> None:
    unread = plan_markdown(reviewed(plan(_far("push/a"), refreshed=False)))
    golden("not read", unread)
    assert unread.splitlines()[0] not in plan_markdown(reviewed(plan(_far("push/a"))))


def test_the_last_line_is_an_invisible_mark() -> None:
    text = plan_markdown(reviewed(plan(_far("push/a"), environment="production")))
    assert text.endswith("\n\n<!-- campaignctl plan: project=acme-crm environment=production -->\n")
    hostile = plan_markdown(reviewed(plan(project="a --> <b> b", environment="x-\n->")))
    assert hostile.endswith(
        "\n\n<!-- campaignctl plan: project=a%20--%3E%20%3Cb%3E%20b environment=x-%0A-%3E -->\n"
    )
    assert len(page_of(hostile).comments) == 1


def test_changed_settings_stand_above_the_changes_and_what_loosens_is_bold(golden: Golden) -> None:
    text = plan_markdown(reviewed(plan(_far("push/a"), settings_changed=SETTINGS)))
    golden("settings changed", text)
    assert text.index("### Settings changed") < text.index("### What changes")
    assert "4 settings changed, 2 loosen" in text.splitlines()[2]
    assert html_of(text).count("<strong><code>") == 2


def test_what_was_blocked_before_stands_apart(golden: Golden) -> None:
    text = plan_markdown(reviewed(plan(blocked=BLOCKED, against="c0ffee" * 7)))
    golden("blocked before", text)
    first, before = text.split("### Blocked before this change")
    assert ("push/new" in first, "push/new" in before) == (True, False)
    assert ("push/old" in first, "push/old" in before) == (False, True)


def test_settings_that_do_not_fit_are_counted_and_what_loosens_is_shown_first() -> None:
    loose = SettingChange("allow_env", None, "BRAND", loosens=True)
    changes = (loose, *(SettingChange("ignore", "x" * 250, None, loosens=False) for _ in range(900)))
    text = plan_markdown(reviewed(plan(_far("push/a"), settings_changed=changes)))
    assert "**`allow_env` loosens**" in text
    assert re.search(r"\*\*Not shown: \d{3} settings changed\.\*\*", text)


def test_an_objection_shows_the_value_and_how_to_lift_it(golden: Golden) -> None:
    objection = Objection("max_immediate_sends", "4 send at once", "3 in one apply", ("push/a", "push/b"))
    shown = plan(_far("push/a"), objections=(objection,))
    page = _page(shown)
    assert page.rows == []
    assert page.code.count("campaignctl plan --override max_immediate_sends -o plan.json") == 1
    assert "overrides" in page.code
    golden("objection", plan_markdown(reviewed(shown)))


def test_a_blocked_campaign_shows_the_reason_and_how_to_lift_it(golden: Golden) -> None:
    blocked = Blocked("push/a", "103", "sent", "already sent", "a new key, or `--replace push/a`")
    golden("blocked", plan_markdown(reviewed(plan(blocked=(blocked,)))))


def test_drift_shows_its_time_and_whether_it_is_corrected(golden: Golden) -> None:
    drift = Drift("push/a", "103", (FieldChange("name", "A", "B"),), True, "2036-03-22T10:00:00Z")
    text = plan_markdown(reviewed(plan(drift=(drift,))))
    golden("drift", text)
    html = html_of(text)
    assert f"<code>{_AT}</code>" in html
    assert "- name &quot;A&quot;\n+ name &quot;B&quot;\n" in html


def test_conflicts_warnings_overrides_and_notes_are_shown(golden: Golden) -> None:
    conflict = Conflict("name", "A", "Their", "Our")
    shown = plan(
        Change("push/a", Action.UPDATE, "1", "A", "changed", conflicts=(conflict,), warnings=("mind this",)),
        Change("push/b", Action.UPDATE, "1", "B", "changed", warnings=("mind this",)),
        lifted=(
            Overridden("freeze", ("push/a",), "agreed with sales", "2036-03-22T10:00:00Z"),
            Overridden("resend", ("push/b",)),
        ),
        notes=("3 sent campaigns stay as they are",),
    )
    golden("conflicts, warnings, overrides, notes", plan_markdown(reviewed(shown)))


def test_fields_are_folded_and_in_the_colours_of_a_diff() -> None:
    long = "\n".join(f"line {number}" for number in range(20))
    diff = (
        FieldChange("score", 1, 2),
        FieldChange("labels", None, ["a"]),
        FieldChange("html", long, long.replace("line 9", "<b>9</b>")),
        FieldChange("text", None, "one\ntwo"),
    )
    html = html_of(plan_markdown(reviewed(plan(updated("email/digest", *diff)))))
    assert "<details><summary><b>update</b> <code>email/digest</code>: 4 fields</summary>" in html
    block = html.split('<pre lang="diff"><code>')[1].split("</code>")[0]
    assert block.splitlines() == [
        "- score 1",
        "+ score 2",
        "+ labels [&quot;a&quot;]",
        "! html",
        "@@ line 8 @@",
        "  | line 7",
        "  | line 8",
        "- | line 9",
        "+ | &lt;b&gt;9&lt;/b&gt;",
        "  | line 10",
        "  | line 11",
        "+ text (2 lines, 7 characters, sha256 21066d108d53)",
        "+ | one",
        "+ | two",
    ]


def test_a_plan_with_nothing_to_do_is_short(golden: Golden) -> None:
    text = plan_markdown(reviewed(plan(unchanged=3)))
    assert "<details>" not in text
    golden("empty", text)


def test_a_limit_too_small_for_the_fixed_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="10000"):
        plan_markdown(reviewed(plan()), limit=9_999)


def test_an_action_that_sends_again_names_its_audience() -> None:
    resume = Change("push/a", Action.RESUME, "1", "A", "active", arms=True, sends=Sends("recurring"))
    assert "Reaches: **everyone**" in _told(plan(resume))[0]


def test_a_reviewer_answers_every_question_from_what_is_not_folded() -> None:
    push = {
        "title": {"en": "Spring sale"},
        "body": {"en": "From 24.90 euros"},
        "landing_url": "https://a.example",
    }
    spec = {
        "name": "Spring",
        "scheduled_time": _FAR,
        "targeting": _TARGETED,
        "messages": [{"name": "Main", "channel": "push", "push": push}],
    }
    price = FieldChange("messages/0/push/body/en", "From 19.90 euros", "From 24.90 euros")
    changes = (
        replace(
            created("push/spring", spec), action=Action.UPDATE, id="7", diff=(price,), changes_sends=True
        ),
        created("sms/flash", {"name": "Flash", "run_immediately": True, "messages": []}),
    )
    text = plan_markdown(reviewed(plan(*changes)))
    shown = re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL)
    flash, spring = (part for part in re.split(r"\n(?=\*\*(?:create|update))", shown)[1:])
    assert "From <del>19.90</del> <ins>24.90</ins> euros" in spring, "what will they see"
    assert f"Sends: {_AT}" in spring, "when"
    assert "Reaches: countries DE, FR" in spring, "who"
    assert f"Can be undone: until {_AT}" in spring, "can it be undone"
    assert "Sends: **AT ONCE, as soon as this is applied**" in flash
    assert "Reaches: **everyone**" in flash
    assert "Can be undone: **never**" in flash


def test_no_line_of_a_comment_is_a_table_or_wider_than_its_words() -> None:
    text = plan_markdown(
        reviewed(plan(_far("push/" + "long-" * 20), settings_changed=SETTINGS, blocked=BLOCKED))
    )
    assert page_of(text).rows == []
    assert not re.search(
        r"[^\s<>]{60}", re.sub(r"<details>.*?</details>|<!--.*?-->", "", text, flags=re.DOTALL)
    )


def test_a_link_that_differs_within_a_group_is_told_with_its_campaign() -> None:
    def text(*countries: str) -> str:
        changes = [created(f"push/{code.lower()}", welcome(code)) for code in countries]
        return plan_markdown(reviewed(plan(*changes)))

    assert "> opens, in `push/at`: `https://shop.example/AT`" in text("DE", "AT")
    assert "> opens: `https://shop.example/AT`" in text("AT")


def test_a_change_says_what_has_to_be_canceled_before() -> None:
    moves = [replace(updated(f"push/{key}"), waits_for=(f"old/{key}",)) for key in "ab"]
    assert "Waits until canceled: old/a<br>" in plan_markdown(reviewed(plan(moves[0])))
    both = plan_markdown(reviewed(plan(*moves)))
    assert "- `push/b`: waits until canceled old/b" in both


def test_each_campaign_of_a_group_has_its_name_in_the_folded_part() -> None:
    moves = [replace(updated(f"push/{key}"), name=f"Name {key}", moved_from=f"old/{key}") for key in "ab"]
    text = plan_markdown(reviewed(plan(*moves)))
    assert 'push/a "Name a" (1030978): was old/a\npush/b "Name b" (1030978): was old/b\n' in text


def test_an_expired_plan_says_so_and_a_valid_one_until_when() -> None:
    review = reviewed(plan(_far("push/a"), valid_until=NOW + timedelta(hours=1)))
    valid, expired = (plan_markdown(review, now=NOW + timedelta(hours=hours)) for hours in (0, 2))
    until = "alid until Tue 24 Nov 2026 13:00 GMT"
    assert f"**V{until}" in valid
    assert "xpired" not in valid
    assert "**Expired: this plan cannot be applied.**" in expired
    assert f"**It was v{until}" in expired
    assert plan_markdown(review) == valid


def test_a_change_that_ends_before_the_plan_says_until_when_it_can_be_applied() -> None:
    ends = (NOW + timedelta(hours=1), NOW + timedelta(hours=2))
    changes = [replace(_far(f"push/{at}"), valid_until=end) for at, end in enumerate((*ends, None))]
    text = plan_markdown(reviewed(plan(*changes, valid_until=ends[0])))
    assert "can be applied until Tue 24 Nov 2026 14:00 GMT" in text
    assert "can be applied at any time" in text
    assert "Can be applied" not in plan_markdown(reviewed(plan(changes[0], valid_until=ends[0])))


def test_messages_that_all_go_are_shown_as_they_were() -> None:
    spec = welcome("DE")
    diff = (FieldChange("messages", spec["messages"], []),)
    gone = replace(updated("push/a", *diff), spec={**spec, "messages": []})
    text = plan_markdown(reviewed(plan(gone)))
    assert ": removed</sub>" in text
    assert "- messages/0/channel" in text
    assert "Changes:" not in text


def test_a_value_that_is_whole_in_the_folded_part_is_not_counted_as_cut() -> None:
    long = FieldChange("metadata/note", "x" * 140, "y" * 140)
    text = plan_markdown(reviewed(plan(updated("push/a", long))))
    assert "y" * 140 in text
    assert "is cut" not in text
    assert "(cut:" not in text
