"""SMS: encoding, units and parts, against published vectors, every edge, and a second implementation."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterable, Iterator

import pytest
import smsutil

from campaignctl.content import sms
from campaignctl.content.facts import GSM_BASIC, GSM_EXTENDED
from campaignctl.content.model import Encoding, SmsPreview
from tests.editor.npm_packages import npm_packages

NO_SAMPLES: dict[str, str] = {}
_FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


def preview(text: str, **samples: str) -> SmsPreview:
    return sms.preview(text, samples)


def test_gsm_alphabet_has_its_128_septets() -> None:
    # 128 without the escape to the extension table, which has ten.
    assert (len(GSM_BASIC), len(GSM_EXTENDED)) == (127, 10)
    assert not GSM_BASIC & GSM_EXTENDED


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("a" * 459, "GSM-7", 459, 3),
        ("a" * 460, "GSM-7", 460, 4),
        ("Ç" * 160, "GSM-7", 160, 1),
        ("ç", "UCS-2", 1, 1),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 80 + "a", "GSM-7", 161, 2),
        ("ж" * 70, "UCS-2", 70, 1),
        ("ж" * 71, "UCS-2", 71, 2),
        ("ж" * 134, "UCS-2", 134, 2),
        ("ж" * 135, "UCS-2", 135, 3),
        ("\U0001f600" * 35, "UCS-2", 70, 1),
        ("\U0001f600" * 36, "UCS-2", 72, 2),
        (_FAMILY, "UCS-2", 8, 1),
        ("`", "UCS-2", 1, 1),
        ("line\nline\r\f", "GSM-7", 12, 1),
        ("\t", "UCS-2", 1, 1),
    ],
)
def test_published_vectors_and_edges(text: str, encoding: str, units: int, parts: int) -> None:
    shown = preview(text)
    assert (shown.encoding, shown.units, shown.parts) == (encoding, units, parts)
    assert (shown.encoding_max, shown.units_max, shown.parts_max) == (encoding, units, parts)
    assert "".join(shown.bubbles) == text


@pytest.mark.parametrize("ahead", [151, 152, 153, 304, 305, 306])
def test_an_escape_pair_is_not_split(ahead: int) -> None:
    parts = sms.split("a" * ahead + "€" + "a" * 160)
    assert all(sum(sms.units_of(each, "GSM-7") for each in part) <= 153 for part in parts)
    # One septet stays free where the pair does not fit.
    assert len(parts[0]) == (152 if ahead in (151, 152) else 153)


@pytest.mark.parametrize("ahead", [65, 66, 67, 132, 133, 134])
def test_a_surrogate_pair_is_not_split(ahead: int) -> None:
    parts = sms.split("ж" * ahead + "\U0001f600" + "ж" * 70)
    assert all(sum(sms.units_of(each, "UCS-2") for each in part) <= 67 for part in parts)
    assert "".join(parts).count("\U0001f600") == 1


@pytest.mark.parametrize(
    ("character", "instead"),
    [
        ("\u2019", "'"),
        ("\u201c", '"'),
        ("\u2014", "-"),
        ("\u2026", "..."),
        ("\u00a0", " "),
        ("\u200b", ""),
        ("e\u0301", "é"),
        ("ş", "s"),
        ("ł", "l"),
        ("ﬁ", "fi"),
        ("\U0001f600", None),
        (_FAMILY, None),
        ("ж", None),
    ],
)
def test_names_what_costs_the_encoding(character: str, instead: str | None) -> None:
    [costly] = preview(f"Sale {character} today {character}").costly
    assert (costly.character, costly.count, costly.instead) == (character, 2, instead)
    assert costly.name.isupper()


def test_counts_the_parts_without_what_costs() -> None:
    shown = preview("\u201c" + "a" * 150 + "\u201d")
    assert (shown.parts, shown.parts_plain) == (3, 1)
    assert preview("\u201cshort\u201d").parts_plain is None  # one part either way
    assert preview("\u201c" + "a" * 150 + "ж").parts_plain is None  # stays UCS-2
    assert preview("a" * 161).parts_plain is None


def test_a_link_counts_as_a_short_one() -> None:
    address = "https://shop.example.com/winter/sale?utm_source=sms&utm_medium=sms"
    shown = preview(f"Now: {address}.")
    assert (shown.units, shown.units_max, shown.links) == (5 + 23 + 1, 5 + len(address) + 1 + 0, 1)
    assert shown.bubbles == ("Now: https://shop.example.c….",)
    assert shown.text == f"Now: {address}."


def test_a_short_link_counts_23_characters() -> None:
    shown = preview("Now: https://a.co")
    assert (shown.units, shown.units_max, shown.bubbles) == (28, 28, ("Now: https://a.co",))


def test_an_address_without_scheme_may_be_a_link() -> None:
    shown = preview("Now: acme.com!")
    assert (shown.units, shown.units_max, shown.links) == (14, 5 + 23 + 1, 1)


@pytest.mark.parametrize("text", ["3.50 off", "Ends.Now", "a@b.com", "e.g. this", "50%.Sale"])
def test_what_is_no_link(text: str) -> None:
    assert preview(text).links == 0


def test_letters_of_a_shortened_link_cost_no_encoding() -> None:
    shown = preview("Now: https://shop.example.com/\u2014/winter/sale/long")
    assert (shown.encoding, shown.encoding_max, shown.costly) == ("GSM-7", "UCS-2", ())


def test_a_macro_has_a_range() -> None:
    shown = preview("a" * 150 + "${FIRST_NAME}", FIRST_NAME="Ana")
    assert (shown.units, shown.units_max) == (150, 180)
    # One name with a letter outside of GSM-7 is enough.
    assert (shown.encoding, shown.encoding_max, shown.parts, shown.parts_max) == ("GSM-7", "UCS-2", 1, 3)
    assert shown.bubbles == ("a" * 150 + "Ana",)


def test_a_macro_of_known_length_has_none() -> None:
    shown = preview("in ${OCMH_PROFILE_COUNTRY_CODE}")
    assert (shown.units, shown.units_max, shown.encoding_max) == (5, 5, "GSM-7")


def test_a_macro_without_a_sample_stays() -> None:
    shown = preview("Hi ${FIRST_NAME}")
    assert (shown.text, shown.bubbles) == ("Hi ${FIRST_NAME}", ("Hi ${FIRST_NAME}",))


def test_a_macro_within_a_link_is_part_of_it() -> None:
    shown = preview("https://a.example/${OCMH_CLICK_ID}/x", OCMH_CLICK_ID="1")
    assert (shown.links, shown.units) == (1, 23)


# ------------------------------------------------------------------------- a second implementation

_RANGES = (
    (0x20, 0x7E),
    (0xA1, 0x17F),
    (0x370, 0x3FF),
    (0x400, 0x4FF),
    (0x590, 0x6FF),
    (0x900, 0xDFF),
    (0xE00, 0xFFF),
    (0x1100, 0x13FF),
    (0x1780, 0x18AF),
    (0x2000, 0x206F),
    (0x20A0, 0x27BF),
    (0x3040, 0x30FF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0xFE00, 0xFE0F),
    (0x10000, 0x103FF),
    (0x1F300, 0x1FAFF),
    (0x20000, 0x2A6DF),
)
_GSM = sorted(GSM_BASIC | GSM_EXTENDED)


def random_texts(count: int, seed: int) -> Iterator[str]:
    """Texts of all scripts, half of them within GSM-7, of lengths around every edge."""
    chance = random.Random(seed)
    for _ in range(count):
        length = chance.choice((chance.randint(1, 30), chance.randint(60, 170), chance.randint(130, 700)))
        if chance.random() < 0.5:
            yield "".join(chance.choices(_GSM, k=length))
        else:
            mixed = chance.sample(_RANGES, chance.randint(1, 3))
            yield "".join(
                chr(chance.randint(*chance.choice(mixed))) if chance.random() < 0.9 else chance.choice(_GSM)
                for _ in range(length)
            )


def agrees(texts: int, seed: int) -> None:
    """Compare texts with smsutil."""
    for text in random_texts(texts, seed):
        theirs = smsutil.split(text)
        assert sms.split(text) == tuple(part.content for part in theirs.parts), text
        ours = sms.encoding_of(text)
        assert ours == ("GSM-7" if theirs.encoding == "gsm0338" else "UCS-2"), text
        octets = theirs.total_bytes if ours == "GSM-7" else theirs.total_bytes // 2
        assert sum(sms.units_of(each, ours) for each in text) == octets, text


def test_agrees_with_a_second_implementation() -> None:
    agrees(300, seed=14)


@pytest.mark.slow
def test_agrees_with_a_second_implementation_on_10_000_texts() -> None:
    agrees(10_000, seed=2026)


# -------------------------------------------------------------------------- a third, of a sender

_NODE = """
const { SegmentedMessage } = require("sms-segments-calculator");
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(texts.map((text) => {
  const found = new SegmentedMessage(text);
  return [found.encodingName, found.messageSize, found.segments.length, found.graphemes];
})));
"""


def packed(pieces: Iterable[str], encoding: Encoding) -> int:
    """How many parts texts take that none of them may be divided between."""
    sizes = [sum(sms.units_of(each, encoding) for each in piece) for piece in pieces]
    alone, most = (160, 153) if encoding == "GSM-7" else (70, 67)
    if sum(sizes) <= alone:
        return 1
    parts, free = 0, 0
    for size in sizes:
        if size > free:
            parts, free = parts + 1, most
        free -= size
    return parts


def agrees_with_a_sender(count: int, seed: int) -> None:
    """Compare texts with a calculator that a sender publishes, in one process of node.

    It differs in one thing, on purpose: it keeps grapheme clusters whole, where the standard keeps code
    points whole, so that a part of combining characters may be shorter.
    """
    texts = list(random_texts(count, seed))
    done = subprocess.run(
        ["node", "-e", _NODE],
        input=json.dumps(texts),
        cwd=npm_packages().parent,
        capture_output=True,
        text=True,
        check=True,
    )
    for text, (encoding, bits, parts, graphemes) in zip(texts, json.loads(done.stdout), strict=True):
        ours = sms.encoding_of(text)
        assert ours == encoding, text
        assert sum(sms.units_of(each, ours) for each in text) * (7 if ours == "GSM-7" else 16) == bits, text
        assert packed(graphemes, ours) == parts, text
        assert packed(text, ours) == len(sms.split(text)), text


def test_agrees_with_the_calculator_of_a_sender() -> None:
    agrees_with_a_sender(100, seed=14)


@pytest.mark.slow
def test_agrees_with_the_calculator_of_a_sender_on_10_000_texts() -> None:
    agrees_with_a_sender(10_000, seed=2026)
