"""A file with any content makes findings, never an exception."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from campaignctl.campaign.check import model_problems
from campaignctl.campaign.spec import CampaignSpec
from campaignctl.errors import Finding
from campaignctl.manifest.compile import CompileInputs, compile_file
from campaignctl.manifest.link import link
from campaignctl.project.loader import read_project_file
from campaignctl.project.model import Project
from campaignctl.yamlio.interpolate import Values
from campaignctl.yamlio.reader import read

SAMPLES = sorted((Path(__file__).parents[2] / "campaigns").rglob("*.yaml"))
TEXTS = [path.read_text() for path in SAMPLES]
PIECES = st.sampled_from(
    [
        *(
            "${",
            "${var.x}",
            "$${",
            "&a ",
            "*a",
            "!!str ",
            "<<: ",
            "? ",
            "- ",
            ": ",
            "{",
            "}",
            "[",
            "]",
            "|\n",
        ),
        *(
            "~",
            "null",
            "on",
            "1e999",
            "9" * 20,
            "\x00",
            "\x85",
            "\u2028",
            "\ufeff",
            "\ud7ff",
            "---\n",
            "...\n",
        ),
        *("{$file: a}", '"', "'", "#", "😀", "\t", "spec", "extra: {a: {}}\n", "lifecycle: []\n"),
        *("  targeting: x\n", "  messages: [[]]\n", "  recurrence: {cron: 1 2}\n"),
    ]
)


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A sample with pieces removed and inserted."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 40)))
        text = text[:start] + draw(PIECES | st.text(max_size=5)) + text[end:]
    return text.encode("utf-8", "surrogatepass")


def findings(data: bytes) -> tuple[Finding, ...]:
    desired = link(
        Project("tests", "/"), [compile_file("a.yaml", "a.yaml", data, CompileInputs(Values({}, {})))]
    )
    # Either there is something to say, or there are campaigns.
    assert desired.findings or desired.campaigns
    # What compiles, the models have nothing against: the quick look at limits let nothing through.
    for campaign in desired.campaigns.values():
        assert campaign.unchecked or not list(model_problems(CampaignSpec, campaign.spec))
    return desired.findings


@settings(max_examples=3 * settings().max_examples)
@given(mangled() | st.binary(max_size=200))
def test_a_mangled_manifest_makes_findings(data: bytes) -> None:
    for found in findings(data):
        assert found.message
        assert found.source.line >= 1
        assert found.source.column >= 1


@settings(max_examples=settings().max_examples * 3 // 2)
@given(mangled())
def test_a_mangled_project_file_makes_findings(data: bytes) -> None:
    file, found = read("campaignctl.yaml", "campaignctl.yaml", data)
    if not found:
        value, found = read_project_file(file, "0.1.0")
        assert value is not None or found


def test_a_cut_sample_makes_findings_at_every_length() -> None:
    for text in TEXTS:
        for end in range(0, len(text), 7):
            findings(text[:end].encode())
