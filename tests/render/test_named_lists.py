"""Lists of names in the sentences of a plan: a page that cuts them says how many there are."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from campaignctl.errors import Command, Names, ProjectPlace, Sentence, first_of, listed, of_all
from campaignctl.plan import codec
from campaignctl.plan.model import Action, Plan
from campaignctl.render.cuts import Cuts
from campaignctl.render.markdown import plan_markdown
from campaignctl.render.outcome import outcome_text
from campaignctl.render.overview import status_text
from campaignctl.render.plan import plan_text
from campaignctl.review.outcome import ChangeResult, Outcome
from campaignctl.review.reports import StatusReport, StatusRow
from campaignctl.review.review import review_of
from tests.plan.planning import NOW, SCHEDULED, only, plan_of, wanted

KEYS = tuple(f"push/{number}" for number in range(8))
IDS = tuple(str(number) for number in range(70, 78))
NOTE = Sentence(Names(KEYS), ": sent by hand; ", Command("status"), " shows them")
WHOLE = Command("show", "plan.json", "--full")
DIGEST = sha256("\n".join(KEYS).encode()).hexdigest()[:12]
CUT = f"push/0, push/1, push/2, push/3, push/4 and 3 more (cut: 8 in all, sha256 {DIGEST})"


def made() -> Plan:
    plan = plan_of(wanted(SCHEDULED))
    warned = replace(
        only(plan), warnings=(Sentence("repeats ", Names(IDS, 3)),), reason=Sentence("once ", Names(KEYS))
    )
    return replace(plan, notes=(NOTE, "one more"), changes=(warned,))


def text(plan: Plan, *, full: bool = False) -> str:
    return plan_text(review_of(plan), color=False, now=NOW, width=200, cuts=Cuts(WHOLE, full))


@pytest.mark.parametrize("saved", [False, True])
def test_a_page_cuts_them_and_names_the_command_that_does_not(*, saved: bool) -> None:
    plan = codec.decode(codec.dumps(made())) if saved else made()
    shown = text(plan)
    assert f"Note: {CUT}: sent by hand; `campaignctl status` shows them" in shown
    assert f"why:     once {CUT}" in shown
    assert "repeats 70, 71, 72 and 5 more (cut: 8 in all, sha256 " in shown
    assert 'Not shown in full: 3 places, marked "cut". To see everything:' in shown
    assert f"  {WHOLE}\n" in shown
    comment = plan_markdown(review_of(plan), cuts=Cuts(WHOLE))
    assert comment.count("cut: 8 in all") == 3
    assert str(WHOLE) in comment


@pytest.mark.parametrize("saved", [False, True])
def test_in_full_every_name_is_there(*, saved: bool) -> None:
    plan = codec.decode(codec.dumps(made())) if saved else made()
    shown = text(plan, full=True)
    assert f"Note: {', '.join(KEYS)}: sent by hand" in shown
    assert f"repeats {', '.join(IDS)}\n" in shown
    assert "cut" not in shown
    assert ", ".join(KEYS) in plan_markdown(review_of(plan), cuts=Cuts(WHOLE, full=True)).replace("\\", "")


def test_a_document_and_a_sentence_have_them_all() -> None:
    document = codec.encode(made())
    assert document["notes"][0].startswith(", ".join(KEYS))
    assert "lists" not in document
    assert str(NOTE).startswith(", ".join(KEYS))


def test_a_short_list_is_not_kept_apart_and_a_plan_of_the_version_before_is_read() -> None:
    short = replace(made(), notes=(Sentence(Names(KEYS[:5]), ": quiet"),), changes=())
    assert '"lists"' not in codec.dumps(short)
    old = codec.dumps(replace(made(), notes=(str(NOTE),), changes=()))
    assert '"lists"' not in old
    assert codec.decode(old).notes == (str(NOTE),)


def test_fields_that_no_read_shows_are_cut_in_an_outcome_and_in_a_status() -> None:
    """The document of the status has them all."""
    paths = tuple(f"messages/0/push/title/{language}" for language in ("de", "en", "fr", "it", "sr", "tr"))
    result = ChangeResult("push/a", Action.CREATE, "101", "done", unconfirmed=paths)
    row = StatusRow("push/a", "101", "A", "scheduled", read=True, unconfirmed=paths)
    place = ProjectPlace("crm")
    for shown in (
        outcome_text(Outcome("done", (result,)), color=False, place=place),
        status_text(StatusReport((row,), NOW), color=False, place=place),
    ):
        assert "title/sr and 1 more (cut: 6 in all, sha256 " in shown
        assert 'Not shown in full: 1 place, marked "cut". To see everything:' in shown
        assert "  campaignctl -C crm status --full\n" in shown


def test_a_list_that_is_cut_outside_of_a_plan_tells_number_and_digest_too() -> None:
    assert listed(KEYS, 5) == CUT
    assert listed(KEYS, 8) == ", ".join(KEYS)
    assert listed(tuple(reversed(KEYS)), 5).endswith(f" more ({of_all(tuple(reversed(KEYS)))})")
    assert of_all(KEYS) != of_all(tuple(reversed(KEYS)))
    assert first_of(KEYS, 5) == CUT.partition(" (")[0]
