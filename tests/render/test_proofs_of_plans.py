"""What plans say of proofs: short, also where many campaigns were proofed one after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from campaignctl.plan.model import Plan, Proofed
from campaignctl.render.markdown import plan_markdown
from campaignctl.render.plan import plan_text
from campaignctl.render.review_html import report
from campaignctl.schedule.times import iso
from tests.render.sample_plans import NOW, created, plan, reviewed

DAY = datetime(2036, 3, 1, 9, tzinfo=UTC)
PEOPLE = ("ana", "ben")


def proof(at: int, lang: str, who: str = "ana", message: str = "m") -> Proofed:
    """A proof that was sent so many minutes later than the first."""
    return Proofed(message, lang, f"10{at}", who, iso(DAY + timedelta(minutes=at)), "team")


def shown(proofs: Sequence[tuple[Proofed, ...]]) -> Plan:
    """A plan that creates as many campaigns, with these proofs."""
    spec = {
        "scheduled_time": "2036-03-22 10:00:00",
        "targeting": {"countries": {"items": ["DE"], "op": "in"}},
    }
    made = (created(f"sms/{n:02}", {**spec, "name": f"N {n}"}) for n in range(len(proofs)))
    return plan(*(replace(one, proofs=each) for one, each in zip(made, proofs, strict=True)))


def text(of: Plan) -> str:
    return plan_text(reviewed(of), color=False, now=NOW, width=100)


def forms(of: Plan) -> dict[str, str]:
    """The plan in every form for people; of the page, its words alone."""
    page = report(reviewed(of))
    words = re.sub(r"<[^>]+>", " ", page.partition("<main")[2])
    return {"text": text(of), "markdown": plan_markdown(reviewed(of)), "page": words}


def test_languages_that_were_proofed_together_are_told_together() -> None:
    told = shown([(proof(0, "en"), proof(1, "de"), Proofed("m", "fr"), proof(2, "it", "ben"))])
    lines = [line.strip() for line in text(told).splitlines()]
    at = lines.index("proof:   en, de: proofed by ana on Sat 1 Mar 2036, to team")
    assert lines[at + 1 : at + 3] == ["fr: none", "it: proofed by ben on Sat 1 Mar 2036, to team"]


def test_of_several_messages_each_is_named() -> None:
    told = shown([(proof(0, "en", message="one"), proof(1, "en", message="two"))])
    assert "en of one, en of two: proofed by ana on Sat 1 Mar 2036, to team" in text(told)


@pytest.mark.parametrize("form", ["text", "markdown", "page"])
def test_thirty_six_campaigns_of_one_day_are_told_once(form: str) -> None:
    told = forms(shown([(proof(n, "en"), proof(n, "de")) for n in range(36)]))[form]
    assert told.count("en, de: proofed by ana on Sat 1 Mar 2036, to team") == 1


@pytest.mark.parametrize("form", ["text", "markdown", "page"])
def test_where_they_differ_they_are_counted(form: str) -> None:
    several = [(proof(n, "en", PEOPLE[n % 2]),) if n % 3 else () for n in range(36)]
    told = forms(shown(several))[form]
    flat = re.sub(r"[ (:)]+", " ", told)
    for line in (
        "en proofed by ana on Sat 1 Mar 2036, to team 12 campaigns",
        "en proofed by ben on Sat 1 Mar 2036, to team 12 campaigns",
        "none 12 campaigns",
    ):
        assert line in flat
    if form == "text":
        assert max(map(len, told.splitlines())) < 140


@pytest.mark.parametrize("form", ["text", "markdown", "page"])
def test_nothing_is_told_where_nothing_is_known(form: str) -> None:
    assert "proof" not in forms(shown([()] * 36))[form].lower()
