"""The report of a plan: all of it is there, what is foreign is only text, and it stays small."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from campaignctl.diff import FieldChange
from campaignctl.errors import Command, ProjectPlace
from campaignctl.plan.model import Blocked, Change, Plan
from campaignctl.render.cuts import Cuts, json_text
from campaignctl.render.fields_html import safe
from campaignctl.render.pages import source
from campaignctl.render.review_html import report
from campaignctl.review.review import review_of, with_previews
from tests.effort import calls
from tests.render.sample_plans import (
    NOW,
    created,
    full_plan,
    hostile_plan,
    news,
    plan,
    updated,
    welcome,
)
from tests.render.test_preview_html import active, frames, texts

Shown = tuple[str, str, str, str]


def drawn(of: Plan, **options: Any) -> str:
    return report(with_previews(review_of(of), {"FIRST_NAME": "Ana"}, every=True), **options)


# ---------------------------------------------------------------------------------------- complete


def shown_fields(html: str) -> Counter[Shown]:
    """Each field change as the page shows it: key, path, text before and text after."""
    sides = [LexborHTMLParser(html), LexborHTMLParser(html)]
    for tree, tag in zip(sides, ("ins", "del"), strict=True):
        for node in tree.css(f".value {tag}, .gap summary"):
            node.decompose()
    found: Counter[Shown] = Counter()
    for groups in zip(*(tree.css(".group") for tree in sides), strict=True):
        rows = [each.css("tbody tr") for each in groups]
        keys = [_text(row, "th code") for row in rows[0]] or [_text(groups[0], "h3 > code")]
        common = [each.css(".inside > .more > .fields > .field") for each in groups]
        for before, after in zip(*common, strict=True):
            found.update((key, _text(before, ".path"), *_values(before, after)) for key in keys)
        for key, *row in zip(keys, *rows, strict=False):
            for before, after in zip(*(each.css("td.field") for each in row), strict=True):
                found[key, str(before.attributes["data-label"]), *_values(before, after)] += 1
    return found


def _first(html: str, selector: str) -> str:
    found = LexborHTMLParser(html).css_first(selector)
    return found.html or "" if found else ""


def _text(node: LexborNode, selector: str) -> str:
    found = node.css_first(selector)
    return found.text() if found else ""


def _values(before: LexborNode, after: LexborNode) -> tuple[str, str]:
    if before.css_first(".diff"):
        return _text(before, ".diff"), _text(after, ".diff")
    return _text(before, ".before"), _text(after, ".after")


def expected(change: Change, each: FieldChange) -> list[Shown]:
    """How a page may show it: a text as it is, or any value in JSON's notation."""
    values = (each.before, each.after)
    as_json = ["" if value is None else safe(json_text(value)) for value in values]
    as_text = [safe(value) if isinstance(value, str) else "" for value in values]
    if values == (None, None):
        as_json = ["null", ""]
    return [(safe(change.key), safe(each.path), *pair) for pair in (as_json, as_text)]  # type: ignore[misc] # pairs


_WORDS = st.text("ab <&\"'>\n\t\u202e\x00今é", max_size=30)
_LONG = st.text("xy z\n", min_size=170, max_size=900)
_VALUES = st.none() | st.integers() | _WORDS | _LONG | st.lists(_WORDS)
_PATHS = st.sampled_from(["name", "score", "messages/0/push/title/en", "labels", "targeting/countries/items"])
_DIFFS = st.lists(st.tuples(_PATHS, _VALUES, _VALUES), max_size=4, unique_by=lambda each: each[0])


@settings(max_examples=15)
@given(
    st.lists(_DIFFS, min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 2), _VALUES), min_size=1, max_size=9),
    st.sampled_from(["a", "<b>", "c/\u202e&"]),
)
def test_every_change_and_each_of_its_fields_is_there(
    diffs: list[list[tuple[str, Any, Any]]], choices: list[tuple[int, Any]], name: str
) -> None:
    changes = []
    for number, (choice, value) in enumerate(choices):
        fields = [FieldChange(*each) for each in diffs[choice % len(diffs)]]
        if number % 2:
            fields.append(FieldChange("deal", None, value))
        changes.append(replace(updated(f"{name}-{number}", *fields), name=name))
    shown = shown_fields(drawn(plan(*changes)))
    for change in changes:
        for each in change.diff:
            found = [one for one in expected(change, each) if shown[one]]
            assert found, (change.key, each)
            shown[found[0]] -= 1
    assert shown.total() == 0


def test_equal_changes_are_one_block_that_names_them_all() -> None:
    html = drawn(plan(*(created(f"push/{number:03}", welcome(f"C{number}")) for number in range(36))))
    assert texts(html, ".group h3 b") == ["36 campaigns"]
    assert texts(html, "tbody th code") == [f"push/{number:03}" for number in range(36)]
    assert texts(html, "thead th") == [
        *("Campaign", "Reaches", "name"),
        *("targeting/countries/items", "messages/0/push/landing_url"),
    ]
    assert len(texts(html, ".card .title")) == 3
    assert texts(html, ".message > .soft")[0] == "Links as in push/000"


def test_campaigns_that_look_different_are_drawn_apart() -> None:
    specs = [welcome("DE"), welcome("FR")]
    specs[1]["messages"][0]["push"]["body"] = {"en": "Another body"}
    field = FieldChange("messages/0/push/title/en", "Old", "Spring sale")
    changes = [replace(updated(key, field), spec=spec) for key, spec in zip("ab", specs, strict=True)]
    html = drawn(plan(*changes))
    assert texts(html, ".group h3 b") == ["2 campaigns"]
    assert texts(html, ".message > p:nth-of-type(1)") == ["In a", "In b"]


# ------------------------------------------------------------------------------------------- parts


def test_each_part_of_a_review_is_there_with_the_verdict_first_and_last() -> None:
    html = drawn(full_plan(), calendar="<p>A <b>month</b></p>")
    verdicts = texts(html, ".verdict")
    assert len(verdicts) == 2
    assert verdicts[0] == verdicts[1]
    assert verdicts[0].startswith("Nothing of it is applied. Plan: 4 to create")
    assert texts(html, "h2") == [
        *("Objections: nothing in this plan is applied", "Settings changed since the last apply"),
        *("Changes, soonest first", "Blocked: skipped, all other changes go ahead"),
        *("Lint: about other campaigns; stops nothing", "Calendar"),
        *("Drift: changed outside of the manifests", "Lifted: would have objected"),
        *("Withdrawn: no longer declared, and not created",),
        *("Blocked before this change, as of 0123456789ab", "Notes"),
    ]
    assert texts(html, "#calendar b") == ["month"]
    head = dict(zip(texts(html, ".head dt"), texts(html, ".head dd"), strict=True))
    assert head["Commit"] == "5f0c9a1d2e3b4c5d6e7f8091a2b3c4d5e6f70819"
    assert head["Valid until"] == "Tue 24 Nov 2026 13:00 GMT (14:00 Europe/Belgrade)"
    assert texts(html, ".top > .note") == [
        "Made from the state alone: the account was not read.",
        "No campaign has shown yet which company the account belongs to.",
    ]
    assert texts(html, ".filters label:not([for=find])") == [
        *("All 6", "At once 1", "Can send 4", "Changes what it sends 1", "With warnings 2"),
        *("Create 4", "Update 1", "Cancel 1", "All 6", "Push 3", "Email 1", "SMS 1"),
    ]
    assert texts(html, ".tiles li")[:3] == ["1 objection", "1 at once", "4 can send afterwards"]


def test_what_a_change_does_is_told_before_its_fields() -> None:
    html = drawn(full_plan())
    block, update = (_first(html, selector) for selector in ("#g1", ".do-update"))
    assert texts(block, "h3") == ["create sms/flash Flash"]
    assert texts(block, ".facts dd")[:3] == [
        *("AT ONCE, as soon as this is applied", "everyone (there is no targeting)", "never"),
    ]
    assert texts(block, ".abouts li") == ["sends at once", "error it has 2 parts SMS002 sms.yaml:7:12"]
    assert texts(update, ".warning") == ["Conflict: score was 3, changed live to 5; this plan sets null"]
    assert texts(update, ".note .path") == ["quiet_hours"]
    assert texts(update, ".texts dt") == ["Subject", "Text"]
    assert texts(update, ".texts del") == ["near", "20", "Sunday"]
    assert texts(update, ".texts ins") == ["here", "25", "Saturday"]
    assert len(frames(update)) == 2


def test_commands_are_those_of_the_place() -> None:
    blocked = Blocked("k", "1", "running", "runs", Command("apply", "--target", "k").__str__())
    html = drawn(plan(blocked=(blocked,), time_zone="UTC"), place=ProjectPlace(environment="staging"))
    assert texts(html, ".held p")[-1] == "campaignctl apply --target k"
    assert texts(html, ".verdict")[0].startswith("1 campaign blocked, and nothing to apply.")


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (plan(), "Nothing to apply. No changes. The account agrees with the manifests."),
        (plan(created("a", welcome("DE"))), "Can be applied. Plan: 1 to create. 1 can send."),
        (
            plan(created("a", welcome("DE")), blocked=(Blocked("k", "1", "running", "runs", "wait"),)),
            "1 campaign blocked; all other changes go ahead. Plan: 1 to create; 1 blocked. 1 can send.",
        ),
    ],
)
def test_the_verdict_says_whether_it_can_be_applied(of: Plan, said: str) -> None:
    assert [text.replace(" afterwards", "") for text in texts(drawn(of), ".verdict")] == [said, said]


def test_a_change_of_white_space_is_seen() -> None:
    html = drawn(plan(updated("k", FieldChange("name", "a b", "a  b"))))
    assert len(LexborHTMLParser(html).css("ins.blank")) == 1


def test_a_long_equal_stretch_is_folded_and_still_there() -> None:
    old, new = (" ".join(["word"] * 300 + [last]) for last in ("before", "after"))
    html = drawn(plan(updated("k", FieldChange("name", old, new))))
    assert texts(html, ".gap summary")[0].endswith("equal characters")
    assert shown_fields(html) == {("k", "name", old, new): 1}


# ------------------------------------------------------------------------------------------- safety


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "]]>-->\x00\u202e"]
)
def test_foreign_text_is_only_text(name: str) -> None:
    html = drawn(hostile_plan(name))
    ours = ("<script>(() =>", '<input type="search"', '<button type="button"')
    assert [each for each in active(html) if not each.startswith(ours)] == []
    assert "\x00" not in html
    assert "\u202e" not in html


def test_the_policy_names_the_one_script_and_nothing_else() -> None:
    html = drawn(full_plan())
    scripts = LexborHTMLParser(html).css("script")
    assert [each.text() for each in scripts] == [source("review.js")]
    digest = b64encode(sha256(source("review.js").encode()).digest()).decode()
    assert f"default-src &#39;none&#39;; script-src &#39;sha256-{digest}&#39;; style-src" in html
    assert "unsafe-eval" not in html
    assert not re.search(r"fetch|XMLHttp|import\(|innerHTML|eval|http", source("review.js"))


def test_a_page_is_the_same_for_the_same_plan() -> None:
    assert drawn(full_plan()) == drawn(full_plan())
    assert drawn(full_plan()) != drawn(full_plan(unchanged=13))


# --------------------------------------------------------------------------------------------- size


def test_five_hundred_changes_take_few_megabytes() -> None:
    html = drawn(_pushes_and_letters(350, 150), cuts=(cuts := Cuts(Command("show", "plan.json", "--full"))))
    assert len(html.encode()) < 3_000_000
    assert len(texts(html, ".group")) == 500
    assert cuts.count > 0
    assert texts(html, ".top .command") == ["campaignctl show plan.json --full"]


def test_a_change_takes_few_steps() -> None:
    of = _pushes_and_letters(70, 30)
    assert calls(lambda: drawn(of, cuts=Cuts())) < 100 * 20_000


def _pushes_and_letters(pushes: int, letters: int) -> Plan:
    return plan(
        *(created(f"push/{number:03}", _of(number)) for number in range(pushes)),
        *_letters(letters, words=600),
    )


@pytest.mark.slow
def test_hundreds_of_long_emails_are_less_than_three_megabytes() -> None:
    changes = [
        created(f"email/{number:03}", news(f"<p>{'word ' * 2_000}{number}</p>" * 2, f"S{number} a{number}"))
        for number in range(150)
    ]
    html = drawn(plan(*changes))
    assert 1_500_000 < len(html.encode()) < 3_000_000


def _of(number: int) -> dict[str, Any]:
    spec = welcome(f"C{number}")
    texts = {lang: " ".join(f"{lang}{number * each}" for each in (3, 5, 7)) for lang in ("en", "de")}
    spec["messages"][0]["push"]["title"] = texts
    return spec


def _letters(count: int, words: int = 3_000) -> Sequence[Change]:
    """Changes of long emails, each with other words."""
    changes = []
    for number in range(count):
        text = f"<p>{' '.join(f'word{at}' for at in range(number * words, (number + 1) * words))}</p>"
        html = FieldChange("messages/0/email/html/en", f"{text} x", f"{text} y")
        change = updated(f"email/{number:03}", html, FieldChange("score", number, number + 1))
        changes.append(replace(change, spec=news(f"{text} y")))
    return changes


def test_what_is_cut_is_said_with_length_and_digest_and_full_cuts_nothing() -> None:
    changes = _letters(2)
    cut = drawn(plan(*changes), letters=50_000)
    value = changes[-1].diff[0].after
    remark = f"(cut: {len(value):,} characters, sha256 {sha256(value.encode()).hexdigest()[:12]})"
    assert texts(cut, ".group:last-of-type .remark")[-1] == remark
    whole = drawn(plan(*changes), cuts=Cuts(full=True))
    assert texts(whole, ".remark, .top .command") == []
    assert shown_fields(whole).total() == 4


# ------------------------------------------------------------------------------------- links and ends


def test_an_expired_plan_cannot_be_applied() -> None:
    late = drawn(full_plan(objections=(), blocked=()), now=NOW + timedelta(hours=2))
    assert texts(late, ".verdict b") == ["Expired: this plan cannot be applied. Make a new one."] * 2
    assert "Was valid until" in texts(late, ".head dt")
    assert texts(drawn(full_plan(objections=(), blocked=())), ".verdict b") == ["Can be applied."] * 2


def test_manifests_are_linked_where_a_host_shows_them() -> None:
    alone, *several = (
        replace(created(f"push/{country}", welcome(country)), source=f"{country}.yaml:1:1")
        for country in ("DE", "FR", "IT")
    )
    for changes, linked in (((alone,), ["DE"]), (several, ["FR", "IT"])):
        tree = LexborHTMLParser(drawn(plan(*changes), link=lambda source: f'https://host.example/"{source}'))
        found = [node.attributes["href"] for node in tree.css(".group a")]
        assert found == [f'https://host.example/"{country}.yaml:1:1' for country in linked]
    assert not LexborHTMLParser(drawn(plan(alone))).css(".group a")
    assert texts(drawn(plan(alone)), ".inside > .soft") == ["Declared in DE.yaml:1:1"]


def test_the_words_in_which_texts_differ_are_told_and_each_text_is_there() -> None:
    places = ("Austria", "<i>Peru", "Chad \u202e")
    specs = {place: welcome("AT") for place in places}
    for place, spec in specs.items():
        spec["messages"][0]["push"]["title"] = {"en": f"Spring sale in {place}"}
    changes = [created(f"push/{number}", spec) for number, spec in enumerate(specs.values())]
    html = drawn(plan(*changes))
    assert len(texts(html, ".group")) == 1
    (told,) = texts(html, ".inside > .note")
    assert all(f'"{word}' in told for word in ("Austria", "<i>Peru", "Chad"))
    assert "\u202e" not in told
    assert "Spring sale in \u20391\u203a" in html
    assert all(f"Spring sale in {place}" in html for place in ("Austria", "&lt;i&gt;Peru", "Chad"))
