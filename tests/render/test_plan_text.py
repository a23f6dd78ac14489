"""The text of a plan, as a person reads it."""

from __future__ import annotations

import time
from datetime import timedelta
from textwrap import dedent

from campaignctl.diff import FieldChange
from campaignctl.plan.model import Action, Blocked, Change, Conflict, Drift, Objection, Plan
from campaignctl.render.plan import plan_text
from campaignctl.schedule.sends import Sends
from campaignctl.state.model import Overridden
from tests.render.sample_plans import NOW, created, plan, updated


def _text(shown: Plan, *, width: int = 100) -> str:
    return plan_text(shown, color=False, now=NOW, width=width)


def _expected(text: str) -> str:
    return dedent(text).lstrip("\n")


def test_a_create_shows_every_field_and_what_follows_from_it() -> None:
    spec = {
        "name": "Welcome",
        "scheduled_time": "2036-03-22 10:00:00",
        "targeting": {"countries": {"items": ["DE", "FR"], "op": "in"}},
        "messages": [{"channel": "push", "push": {"title": {"en": "Hi", "de": "Hallo"}}}],
    }
    change = created("push/welcome", spec, warnings=("sent unchecked, from `extra`: score",))
    shown = plan(change, environment="production", company_id="6197120", url="https://api.ocamba.com")
    assert _text(shown) == _expected(
        """
        Plan for acme-crm (production), company 6197120 at https://api.ocamba.com
        Symbols: + create

           + create push/welcome "Welcome" [arms]
              why:     not created yet
              sends:   Sat 22 Mar 2036 10:00 GMT (11:00 Europe/Belgrade), in 9 years
              reaches: countries DE, FR
              undo:    until Sat 22 Mar 2036 10:00 GMT (11:00 Europe/Belgrade)
              warning: sent unchecked, from `extra`: score
              + name                      "Welcome"
              + scheduled_time            "2036-03-22 10:00:00"
              + targeting/countries/items ["DE", "FR"]
              + targeting/countries/op    "in"
              + messages/0/channel        "push"
              + messages/0/push/title/en  "Hi"
              + messages/0/push/title/de  "Hallo"

        Plan: 1 to create. 1 can send afterwards.
        """
    )


def test_what_sends_at_once_and_to_everyone_says_so() -> None:
    text = _text(plan(created("sms/flash", {"name": "Flash", "run_immediately": True})))
    assert '  !+ create sms/flash "Flash" [arms]\n' in text
    assert "sends:   AT ONCE, as soon as this is applied\n" in text
    assert "reaches: everyone (there is no targeting)\n" in text
    assert "undo:    never\n" in text
    assert text.endswith("Plan: 1 to create. 1 can send afterwards, 1 AT ONCE.\n")


def test_a_recurrence_is_said_in_words_with_its_next_runs() -> None:
    text = _text(plan(created("push/midday", {"name": "Midday", "recurrence": {"cron": "30 12 * * 1-5"}})))
    assert (
        "sends:   at 12:30 GMT (13:30 in winter, 14:30 in summer Europe/Belgrade), on Monday to Friday\n"
        "               next  Tue 24 Nov 2026 12:30 GMT (13:30 Europe/Belgrade) at the earliest, "
        "in 30 minutes\n"
        "               then  Wed 25 Nov 2026 12:30 GMT (13:30 Europe/Belgrade)\n"
    ) in text


def test_in_profile_zones_the_first_and_the_last_send_are_shown() -> None:
    spec = {"name": "Eve", "scheduled_time": "2036-12-24 10:00:00", "send_in_profile_time_zone": True}
    text = _text(plan(created("email/eve", spec)))
    assert "sends:   at 2036-12-24 10:00:00 in each recipient's own zone\n" in text
    assert "first Tue 23 Dec 2036 20:00 GMT (21:00 Europe/Belgrade), in 10 years\n" in text
    assert "last  Wed 24 Dec 2036 22:00 GMT (23:00 Europe/Belgrade)\n" in text


def test_a_draft_never_sends() -> None:
    text = _text(plan(created("sms/draft", {"name": "Draft", "is_draft": True})))
    assert "sends:   never, while it is a draft\n" in text
    assert "[arms]" not in text


def test_an_update_shows_old_and_new() -> None:
    body = [f"<p>{number}</p>" for number in range(1, 31)]
    edited = [*body[:11], "<p>twelve</p>", *body[12:]]
    change = updated(
        "email/digest",
        FieldChange("messages/0/email/subject", "Old", "New"),
        FieldChange("messages/0/email/html/en", "\n".join(body), "\n".join(edited)),
        FieldChange("labels", ["a"], None),
        FieldChange("messages/0/sms/content/en", "a" * 60, "a" * 59 + "b"),
    )
    assert _text(plan(change)) == _expected(
        f"""
        Plan for acme-crm
        Symbols: ~ update

           ~ update email/digest "Digest" (1030978)
              why:     changed in the manifest
              sends:   only when somebody starts it by hand
              reaches: everyone (there is no targeting)
              undo:    at any time
              ~ messages/0/email/subject  "Old" -> "New"
              ~ messages/0/email/html/en
                  | @ line 10
                  |   <p>10</p>
                  |   <p>11</p>
                  | - <p>12</p>
                  | + <p>twelve</p>
                  |   <p>13</p>
                  |   <p>14</p>
              - labels                    ["a"]
              ~ messages/0/sms/content/en
                  | - "{"a" * 60}"
                  | + "{"a" * 59}b"

        Plan: 1 to update.
        """
    )


def test_a_difference_deep_in_a_long_line_is_shown() -> None:
    old, new = "x" * 50_000 + "old" + "y" * 50_000, "x" * 50_000 + "new" + "y" * 50_000
    for change in (FieldChange("html", old, new), FieldChange("html", f"a\n{old}\nb", f"a\n{new}\nb")):
        text = _text(plan(updated("email/digest", change)))
        assert "xold" in text
        assert "xnew" in text
        assert len(text) < 1_500


def test_a_long_text_that_is_new_is_shown_as_lines() -> None:
    text = _text(plan(created("email/long", {"name": "Long", "html": "\n".join(map(str, range(50)))})))
    assert "+ html (50 lines, 139 characters)\n          | 0\n          | 1\n" in text
    assert "| ... 10 more lines; --format json shows everything\n" in text


def test_cancel_forget_and_move_need_no_sends() -> None:
    changes = (
        Change("a", Action.CANCEL, "1", "A", "not declared any more", undo="never"),
        Change("b", Action.FORGET, "2", "B", "not declared any more", warnings=("2 is left behind",)),
        Change("c", Action.MOVE, "3", "C", "was old/c"),
    )
    text = _text(plan(*changes))
    assert "sends:" not in text
    assert "reaches:" not in text
    assert "Symbols: x cancel, > move, ? forget\n" in text
    assert text.endswith("Plan: 1 to cancel, 1 to move, 1 to forget.\n")


def test_what_is_left_alone_says_why_and_how_to_lift_it() -> None:
    shown = plan(
        blocked=(Blocked("push/late", "7", "sent", "already sent", "campaignctl apply --replace push/late"),),
        objections=(
            Objection("max_immediate_sends", "9 at once", "3 in one apply", tuple(f"k{n}" for n in range(9))),
        ),
        drift=(Drift("push/x", "8", (FieldChange("name", "ours", "theirs"),), corrected=True),),
        notes=("2 campaigns missed their time and were never created",),
        overrides=("max_plan_age",),
        refreshed=False,
    )
    assert _text(shown) == _expected(
        """
        Plan for acme-crm
        Made from the state alone: the account was not read.
        Lifted for this plan: max_plan_age

        Drift: changed outside of the manifests
          push/x (8): applied -> live; this plan puts it back
              ~ name "ours" -> "theirs"

        Blocked: left alone, everything else goes on
          push/late (7, sent): already sent
              to lift: campaignctl apply --replace push/late

        Objections: nothing of this plan is applied
          max_immediate_sends: 9 at once; the limit is 3 in one apply
              by: k0, k1, k2, k3, k4, k5, k6, k7 and 1 more
              to lift it once: --override max_immediate_sends
              longer: {guardrail: max_immediate_sends, keys: [...], until: ..., reason: ...} in `overrides`

        Note: 2 campaigns missed their time and were never created
        No changes that can be made: 1 blocked.
        """
    )


def test_an_empty_plan_says_what_agrees() -> None:
    assert _text(plan()).endswith("No changes. The account agrees with the manifests.\n")
    assert _text(plan(refreshed=False)).endswith("the account was not read.\n")
    drift = Drift("push/x", "8", (FieldChange("name", "ours", "theirs"),))
    assert _text(plan(drift=(drift,))).endswith("No changes. 1 campaign differs live.\n")


def test_a_plan_says_until_when_it_is_valid() -> None:
    shown = plan(
        created("sms/flash", {"name": "F", "run_immediately": True}), valid_until=NOW + timedelta(hours=1)
    )
    assert "Valid until Tue 24 Nov 2026 13:00 GMT (14:00 Europe/Belgrade), in 60 minutes.\n" in _text(shown)


def test_color_only_where_it_was_asked_for() -> None:
    shown = plan(created("sms/flash", {"name": "F", "run_immediately": True}), unchanged=3)
    colored = plan_text(shown, color=True, now=NOW)
    assert "\x1b[1;31m" in colored
    assert "\x1b" not in _text(shown)


def test_a_plan_of_a_thousand_changes_is_written_fast() -> None:
    html = "\n".join(f"<p>{number}</p>" for number in range(60))
    spec = {"name": "N", "scheduled_time": "2036-03-22 10:00:00", "html": html, "labels": ["a", "b"]}
    create = created("push/n", spec)
    update = updated("push/u", FieldChange("html", html, html.replace("<p>30", "<p>thirty")))
    shown = plan(*[create, update] * 500)
    begin = time.process_time()
    text = _text(shown)
    assert time.process_time() - begin < 1
    assert text.count("why:") == 1000


def test_a_difference_without_end_is_cut_with_a_word_about_it() -> None:
    old, new = ("\n".join(f"{word} {number}" for number in range(300)) for word in ("old", "new"))
    text = _text(plan(updated("email/digest", FieldChange("html", old, new))))
    assert "| @ ... the rest of the difference: --format json shows everything\n" in text
    huge = _text(plan(updated("email/digest", FieldChange("html", "x\n" * 5_000, "y\n" * 6_000))))
    assert "| @ 5,001 lines -> 6,001 lines; --format json shows them\n" in huge


def test_what_was_sent_at_once_does_not_send_again() -> None:
    change = Change(
        "push/a", Action.UPDATE, "1", "A", "changed", sends=Sends("never"), spec={"run_immediately": True}
    )
    assert "sends:   not again by itself\n" in _text(plan(change))


def test_a_recurrence_without_runs_to_come_says_so() -> None:
    spec = {"recurrence": {"cron": "0 9 * * *"}}
    change = Change("push/a", Action.UPDATE, "1", "A", "changed", sends=Sends("recurring"), spec=spec)
    assert "               no run to come\n" in _text(plan(change))


def test_a_move_names_the_old_key() -> None:
    change = Change("push/new", Action.MOVE, "103", "N", "moved", moved_from="push/old")
    assert "      was:     push/old\n" in _text(plan(change))


def test_a_conflict_says_what_was_what_is_and_what_will_be() -> None:
    conflict = Conflict("name", "A", None, "Our")
    change = Change("push/a", Action.UPDATE, "1", "A", "changed", conflicts=(conflict,), warnings=("mind",))
    shown = _text(plan(change))
    assert '      warning: conflict: name was "A", somebody made it null, this makes it "Our"\n' in shown
    assert "               mind\n" in shown


def test_drift_says_when() -> None:
    drift = Drift("push/a", "103", (FieldChange("name", "A", "B"),), True, "2036-03-22T10:00:00Z")
    assert (
        "push/a (103): applied -> live, last changed Sat 22 Mar 2036 10:00 GMT (11:00 Europe/Belgrade); this"
        in _text(plan(drift=(drift,)))
    )


def test_what_was_lifted_is_said_with_its_reason() -> None:
    lifted = (
        Overridden("freeze", ("push/a",), "agreed with sales", "2036-03-22T10:00:00Z"),
        Overridden("resend", ("push/b",)),
    )
    assert _expected(
        """
        Lifted: would have objected
          freeze for push/a, until Sat 22 Mar 2036 10:00 GMT (11:00 Europe/Belgrade): agreed with sales
          resend for push/b, once, on the command line
        """
    ) in _text(plan(lifted=lifted))
