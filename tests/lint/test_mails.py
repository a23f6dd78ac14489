"""Lint of real mails: no fault, few alarms, and the tags of a parser that is not ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from campaignctl.content.previews import previews
from campaignctl.errors import Source
from campaignctl.lint.inspect import inspect
from campaignctl.lint.markup import Markup
from campaignctl.lint.registry import RULES
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.project.model import Project
from campaignctl.render.preview_html import page
from tests.lint.checking import NOW
from tests.lint.mails import ARCHIVE, mails
from tests.work import growth


def campaign(key: str, html: str) -> DesiredCampaign:
    email = {"sender_name": "Shop", "sender_email": "a@b.example", "subject": "Hi", "html": {"en": html}}
    message = {"name": "M", "channel": "email", "integration_id": "1", "email": email}
    body = {"name": key, "labels": ["a"], "messages": [message]}
    return DesiredCampaign(key, body, Source(f"{key}.yaml", 1, 1), "")


def test_the_mails_are_many_and_say_where_they_come_from() -> None:
    assert len(mails()) >= 100
    assert ARCHIVE.stat().st_size < 500_000
    origins = ARCHIVE.with_suffix(".md").read_text(encoding="utf-8")
    folders = Counter(name.partition("/")[0] for name in mails())
    assert all(f"| `{folder}` | {count} |" in origins for folder, count in folders.items())
    assert all("{{" not in text and "{%" not in text for text in mails().values())


def test_each_mail_has_a_preview() -> None:
    shown = [
        one for name, text in mails().items() for one in previews(name, campaign(name, text).spec, samples={})
    ]
    assert [one.key for one in shown] == list(mails())
    drawn = page(shown)
    assert (drawn.count("<iframe"), drawn.count("srcdoc="), drawn.count("data-packed=")) == (
        2 * len(shown),
        2 * 100,
        len(shown) - 100,
    )


def test_a_rule_that_cries_at_more_than_a_fifth_of_real_mails_is_a_remark() -> None:
    campaigns = {name: campaign(name, text) for name, text in mails().items()}
    found = inspect(DesiredState(Project("shop", ""), campaigns, ""), NOW)
    alarms = Counter(code for code, _ in {(one.code, one.key) for one in found})
    often = {code for code, count in alarms.items() if count * 5 > len(campaigns)}
    assert {RULES[code].severity for code in often} == {"info"}
    assert often == {"EML008", "EML010", "EML012", "EML014"}


def _read(markup: Markup) -> Iterator[tuple[str, str]]:
    for tag, attributes in markup.named("a", "img"):
        yield tag.name, attributes["href" if tag.name == "a" else "src"].value if attributes else ""


@pytest.mark.parametrize("name", sorted(mails())[::5])
def test_links_and_images_are_those_of_a_parser(name: str) -> None:
    text = mails()[name]
    parsed = LexborHTMLParser(text).css("a, img")
    wanted = Counter((node.tag, node.attributes.get("href" if node.tag == "a" else "src")) for node in parsed)
    assert Counter(_read(Markup(text))) == wanted
    markup = Markup(text)
    assert all(text[tag.start] == "<" and text[tag.end - 1] == ">" for tag in markup.tags)
    assert len(markup.text) == len(markup.outside_of_code) == len(text)


@given(st.text("<>/!-=\"' aApst\n", max_size=60))
def test_any_text_is_tokenized_in_its_places(text: str) -> None:
    markup = Markup(text)
    assert len(markup.text) == len(text)
    for tag in markup.tags:
        assert text[tag.start] == "<"
        for one in markup.attributes(tag).values():
            assert tag.start < one.offset <= tag.end


@pytest.mark.parametrize("piece", ["<a ", '<a b="', "<!--", "<style>", "<a b='>", "<", "a=", "<a b=\"c' "])
def test_hostile_markup_takes_linear_time(piece: str) -> None:
    def look(count: int) -> None:
        markup = Markup(piece * count)
        for tag, _ in markup.named("a"):
            markup.attributes(tag)

    assert growth(look, 4_000) < 4
