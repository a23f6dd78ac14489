"""Any defaults and matrix make findings or campaigns, and never an exception."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from campaignctl.campaign.check import model_problems
from campaignctl.campaign.spec import CampaignSpec
from campaignctl.manifest.compile import CompileInputs, compile_file
from campaignctl.manifest.defaults import NO_DEFAULTS
from campaignctl.manifest.link import link
from campaignctl.project.model import Project
from campaignctl.yamlio.interpolate import Values
from campaignctl.yamlio.reader import read

DEFAULTS = """\
lifecycle: {on_destroy: forget}
spec:
  labels: [a, "${matrix.country}"]
  targeting: {countries: {items: ["${matrix.country}"], op: in}}
  metadata: &m {a: [1, x]}
extra: {tone: *m}
message:
  sms: {integration_id: 7, priority: "${matrix.rank}", sms: {content: {de: "${matrix.country}"}}}
  push: {push: {icon: https://example.com/i.png}}
"""
MANIFEST = """\
matrix:
  country: [DE, FR]
  lang: [de, en]
  include: [{country: DE, rank: 3}, {country: FR, rank: 4}, {country: IT, lang: it, rank: 1}]
  exclude: [{country: FR, lang: de}]
spec:
  name: N ${matrix.country} ${var.x} ${matrix.lang}
  score: ${matrix.rank}
  scheduled_time: {at: 2036-12-24 10:00:00, tz: Europe/Belgrade}
  messages:
    - &a {name: M, channel: sms, sms: {content: {en: Hi}}}
    - {name: P, channel: push, push: {title: {$file: "{lang}.txt"}}}
"""
PIECES = st.sampled_from(
    [
        *("matrix", "include:", "exclude:", "message:", "country", "push", "null"),
        *("${matrix.country}", "${matrix.", "{lang}", "$file", "*a", "*m"),
        *("[", "]", "{", "}", ": ", ", ", "\n", "  ", "- ", "'", '"', "---\n", "\x85", "🙂"),
    ]
)


@st.composite
def mangled(draw: st.DrawFn, text: str) -> bytes:
    """A text with pieces cut out and put in."""
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 40)))
        text = text[:start] + draw(PIECES | st.text(max_size=5)) + text[end:]
    return text.encode("utf-8", "surrogatepass")


@given(mangled(DEFAULTS), mangled(MANIFEST))
def test_mangled_layers_make_findings_or_campaigns(outer: bytes, inner: bytes) -> None:
    above, found_above = read("_defaults.yaml", "_defaults.yaml", outer)
    values = Values({"x": "y"}, {})
    defaults, findings = NO_DEFAULTS.within(above, values)
    result = compile_file("a.yaml", "a.yaml", inner, CompileInputs(values, defaults))
    assert len(result.references) < 1_000
    desired = link(Project("tests", "/"), [result], findings)
    assert [*found_above, *desired.findings] or desired.campaigns
    for finding in desired.findings:
        assert finding.message
        assert finding.source.file in {"_defaults.yaml", "a.yaml"}
        assert finding.source.line >= 1
        assert finding.source.column >= 1
    for campaign in desired.campaigns.values():
        assert campaign.unchecked or not list(model_problems(CampaignSpec, campaign.spec))
