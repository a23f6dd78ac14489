"""Codes of countries and languages, and the warnings about unknown ones."""

from __future__ import annotations

import pytest

from campaignctl.campaign.codes import COUNTRIES, LANGUAGES, doubtful_country, doubtful_language


def test_the_code_lists_are_complete() -> None:
    assert (len(COUNTRIES), len(LANGUAGES)) == (250, 189)


@pytest.mark.parametrize("code", ["DE", "GB", "NO", "XK"])
def test_a_known_country_code_has_no_warning(code: str) -> None:
    assert doubtful_country(code) is None


@pytest.mark.parametrize(
    ("code", "said", "hint"),
    [
        ("UK", "unknown country code 'UK'", "did you mean GB?"),
        ("XX", "unknown country code 'XX'", ""),
        ("de", "'de' is not a country code of two capital letters", "did you mean DE?"),
        ("DEU", "'DEU' is not a country code of two capital letters", ""),
    ],
)
def test_an_unknown_country_code_is_a_warning(code: str, said: str, hint: str) -> None:
    assert doubtful_country(code) == (said, hint)


@pytest.mark.parametrize(
    ("code", "said", "hint"),
    [
        ("cz", "unknown language code 'cz'", "did you mean cs?"),
        ("DE", "'DE' is not a language code of two lower-case letters", "did you mean de?"),
        ("de-AT", "'de-AT' is not a language code of two lower-case letters", "did you mean de?"),
        ("english", "'english' is not a language code of two lower-case letters", ""),
    ],
)
def test_an_unknown_language_code_is_a_warning(code: str, said: str, hint: str) -> None:
    assert doubtful_language(code) == (said, hint)
