"""Codes of countries and languages, and what was probably meant by one that is not in use.

The API does not say which codes it knows (API contract, section 2.6).
"""

from __future__ import annotations

from collections.abc import Mapping


def _codes(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


#: ISO 3166-1 alpha-2, and XK, the common code for Kosovo.
COUNTRIES = _codes(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
    BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH
    ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT
    HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
    LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI
    NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
    SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
    UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
    """
)
#: ISO 639-1, and older codes that are still in use: bh, in, iw, ji, mo, sh.
LANGUAGES = _codes(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de
    dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id
    ie ig ii ik in io is it iu iw ja ji jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln
    lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi
    pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti
    tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """
)
#: Common mistakes, and the code that was probably meant.
MEANT_COUNTRY: Mapping[str, str] = {"UK": "GB", "EL": "GR", "EN": "GB"}
MEANT_LANGUAGE: Mapping[str, str] = {
    "al": "sq",
    "at": "de",
    "by": "be",
    "cn": "zh",
    "cz": "cs",
    "dk": "da",
    "gb": "en",
    "gr": "el",
    "il": "he",
    "ir": "fa",
    "jp": "ja",
    "kz": "kk",
    "md": "ro",
    "pk": "ur",
    "rs": "sr",
    "ua": "uk",
    "us": "en",
    "vn": "vi",
}


def doubtful_country(code: str) -> tuple[str, str] | None:
    """What is wrong with a country code, and what to write instead; None for a known code."""
    return _doubt(code, code.upper(), COUNTRIES, MEANT_COUNTRY, "country", "two capital letters")


def doubtful_language(code: str) -> tuple[str, str] | None:
    """What is wrong with a language code, and what to write instead; None for a known code."""
    return _doubt(code, code.lower(), LANGUAGES, MEANT_LANGUAGE, "language", "two lower-case letters")


def _doubt(
    code: str, spelt: str, known: frozenset[str], meant: Mapping[str, str], what: str, form: str
) -> tuple[str, str] | None:
    if code in known:
        return None
    likely = meant.get(spelt) or (spelt if spelt in known else None)
    hint = f"did you mean {likely}?" if likely else ""
    if len(code) == 2 and code.isascii() and code.isalpha() and code == spelt:  # noqa: PLR2004 - their form
        return f"unknown {what} code {code!r}", hint
    if not likely and (spelt[:2] in known and spelt[2:3] in {"-", "_"}):
        hint = f"did you mean {spelt[:2]}?"
    return f"{code[:40]!r} is not a {what} code of {form}", hint
