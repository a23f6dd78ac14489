"""Deliberately broken builds whose previews show what no recipient sees."""

from __future__ import annotations

from tests.torture.mutants import Edit, Mutant

_SMS = "campaignctl/content/sms.py"
_TESTS_OF_SMS = "tests/content/test_sms.py"


OF_PREVIEWS = (
    Mutant(
        "a part of an SMS ends within an escape pair",
        (Edit(_SMS, "        if units > room:\n", "        if room < 1:\n"),),
        (f"{_TESTS_OF_SMS}::test_an_escape_pair_is_not_split",),
        "",
    ),
    Mutant(
        "the value of a macro never makes an SMS dearer",
        (Edit(_SMS, "isinstance(piece, _Macro) and not piece.extent.ascii", "False"),),
        (f"{_TESTS_OF_SMS}::test_a_macro_has_a_range",),
        "",
    ),
    Mutant(
        "a link in an SMS counts its own length",
        (
            Edit(
                _SMS,
                "_fillers(_SHORT if self.certain else min(len(self.shown), _SHORT))",
                "_fillers(len(self.shown))",
            ),
        ),
        (f"{_TESTS_OF_SMS}::test_a_link_counts_as_a_short_one",),
        "",
    ),
    Mutant(
        "a language without a text of its own is shown as empty",
        (Edit("campaignctl/content/previews.py", "self.lang not in value and", "False and"),),
        ("tests/content/test_previews.py",),
        "",
    ),
    Mutant(
        "a title is cut by characters, whatever their width",
        (
            Edit(
                "campaignctl/content/text.py",
                "        used += width(each)\n        if used > limit:\n            return Line",
                "        used += 1\n        if used > limit:\n            return Line",
            ),
        ),
        ("tests/content/test_text.py",),
        "",
    ),
    Mutant(
        "a campaign with an error of its own is previewed",
        (
            Edit(
                "campaignctl/manifest/load.py", "if own or one.campaign is None:", "if one.campaign is None:"
            ),
        ),
        ("tests/cli/test_preview.py::test_other_errors_leave_the_rest",),
        "",
    ),
)
