"""What lint says of the sample project: each warning teaches something, and its manifest explains it."""

from __future__ import annotations

from tests.cli.cli_process import ROOT, Cli


def test_each_warning_of_the_samples_is_explained_in_its_manifest() -> None:
    findings = Cli(ROOT)("-C", "campaigns", "validate", "--format", "json").document["findings"]
    warned = {(found["code"], found["file"]) for found in findings if found["severity"] != "info"}
    assert warned == {
        ("TIM004", "campaigns/email/weekly-digest.yaml"),
        ("TXT002", "campaigns/push/new-profiles.yaml"),
        ("TIM007", "campaigns/sms/april-reminder.yaml"),
    }
    for code, file in warned:
        head = (ROOT / file).read_text().split("apiVersion")[0]
        assert f"[{code}]" in head
