"""A comment keeps to its limit, is cut between changes, and says how much is left out."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from campaignctl.diff import FieldChange
from campaignctl.plan.model import Change, Plan
from campaignctl.render.fitting import GITHUB_LIMIT, LEAST_LIMIT
from campaignctl.render.markdown import mark_of, plan_markdown
from tests.render.gfm import page_of
from tests.render.sample_plans import created, hostile_plan, news, plan, reviewed, updated

_FAR = "2036-03-22 10:00:00"


def _text(number: int) -> FieldChange:
    """A change that is equal to no other."""
    return FieldChange("messages/0/name", f"{number}", f"{number} ")


def _many(count: int, arming: int = 0) -> Plan:
    quiet = [updated(f"email/{number:04}", _text(number)) for number in range(count - arming)]
    sending = [
        created(
            f"push/{number:04}", {"name": "Offer", "scheduled_time": _FAR, "messages": [f"Offer {number}"]}
        )
        for number in range(arming)
    ]
    return plan(*quiet, *sending)


def _told(text: str) -> int:
    return len(re.findall(r"^\*\*(?:create|update)", text, re.MULTILINE))


def test_thirty_changes_are_all_shown() -> None:
    text = plan_markdown(reviewed(_many(30, 10)))
    assert (_told(text), text.count("<details>")) == (30, 30)
    assert "cut" not in text


def test_five_hundred_changes_are_cut_and_counted() -> None:
    text = plan_markdown(reviewed(_many(500, 450)))
    shown = _told(text)
    assert 100 < shown < 500
    assert len(text) <= GITHUB_LIMIT
    bold = [re.findall(r"\d+", line.split(" (")[0]) for line in text.splitlines() if line.startswith("**")]
    assert [str(500 - shown), "500"] in bold, "of how many there is no room"
    assert [str(500 - shown), str(450 - shown)] in bold, "how many of those can send"
    assert text.endswith(mark_of(_many(500)) + "\n")


def test_changes_come_before_fields() -> None:
    text = plan_markdown(reviewed(_many(500, 450)))
    assert text.count("<details>") == 0
    (left_out,) = [line for line in text.splitlines() if line.startswith("_")]
    assert "500" in left_out


def test_the_larger_limit_of_another_host_shows_all() -> None:
    text = plan_markdown(reviewed(_many(500, 450)), limit=1_000_000)
    assert (_told(text), text.count("<details>")) == (500, 500)
    assert "cut" not in text


def test_no_more_is_left_out_than_necessary() -> None:
    text = plan_markdown(reviewed(_many(500, 500)))
    longest = max(len(line) for line in text.splitlines() if line.startswith("**create"))
    assert GITHUB_LIMIT - len(text) < longest + 800


def test_one_huge_change_leaves_room_for_the_others() -> None:
    huge = ["\n".join(f"{number}" * 900 for _ in range(1_000)) for number in range(5)]
    changes = [updated(f"email/{at}", FieldChange("html", None, text)) for at, text in enumerate(huge)]
    text = plan_markdown(reviewed(plan(*changes)))
    assert text.count("<details>") == 5
    assert re.search(
        r"^@@ \d+ more lines, cut: \d+ lines, [\d,]+ characters, sha256 [0-9a-f]{12} @@$", text, re.MULTILINE
    )
    assert len(text) <= GITHUB_LIMIT


def test_a_cut_comment_is_whole_markdown() -> None:
    text = plan_markdown(reviewed(_many(500, 450)))
    assert page_of(text).tags.count("strong") > 100
    assert text.count("<details>") == text.count("</details>")


@settings(max_examples=settings().max_examples * 2 // 5)
@given(
    st.lists(st.text(max_size=40), min_size=1, max_size=4),
    st.integers(0, 400),
    st.integers(LEAST_LIMIT, 40_000),
    st.booleans(),
)
def test_no_comment_is_longer_than_its_limit(names: list[str], count: int, limit: int, wide: bool) -> None:
    hostile = [hostile_plan(name * (50 if wide else 1)) for name in names]
    changes: list[Change] = [change for each in hostile for change in each.changes]
    shown = plan(
        *changes,
        *_many(count, count // 2).changes,
        project=names[0] * 100,
        environment=names[-1] * 100,
        url=names[0] * 100,
        company_id=names[0] * 100,
        commit=names[0] * 100,
        overrides=("max_plan_age",),
        objections=tuple(one for each in hostile for one in each.objections) * (count // 10),
        blocked=tuple(one for each in hostile for one in each.blocked) * (count // 10),
        drift=tuple(one for each in hostile for one in each.drift) * (count // 10),
        notes=tuple(one for each in hostile for one in each.notes) * (count // 10),
    )
    assert len(plan_markdown(reviewed(shown), limit=limit)) <= limit


def test_a_text_with_many_differences_is_cut_and_its_change_is_shown() -> None:
    html = "".join(f"<p>one {number} two</p>\n" for number in range(3_000))
    after = html.replace("one", "new", 150)
    change = replace(
        updated("email/big", FieldChange("messages/0/email/html/en", html, after)), spec=news(after)
    )
    text = plan_markdown(reviewed(plan(change)))
    assert "**update**: `email/big`" in text
    assert "<ins>new</ins>" in text
    assert "some details do not fit" in text
    assert len(text) < 10_000
