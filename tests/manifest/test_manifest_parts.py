"""Keys, lifecycle, times and extra of good manifests."""

from __future__ import annotations

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from tests.manifest.checking import Check

SMS = "spec:\n  name: N\n  messages: [{name: M, channel: sms, integration_id: 1, sms: {content: {en: Hi}}}]\n"


def test_the_path_is_the_key(project: Check) -> None:
    desired = project({"push/2036/new.year.yaml": SMS, "b.yml": SMS}).sound
    assert list(desired.campaigns) == ["b", "push/2036/new.year"]


def test_metadata_key_overrides_the_path(project: Check) -> None:
    campaign = project({"a.yaml": f"metadata: {{key: x/y.z-1}}\n{SMS}"}).sound.campaigns["x/y.z-1"]
    assert (campaign.source.line, campaign.source.column) == (1, 17)


def test_every_lifecycle_field_is_read(project: Check) -> None:
    text = (
        "lifecycle:\n  prevent_destroy: true\n  on_destroy: forget\n"
        f"  ignore_changes: [score, messages/0/priority, metadata/a/b]\n{SMS}"
    )
    paths = ("score", "messages/0/priority", "metadata/a/b")
    read = project({"a.yaml": text}).sound.campaigns["a"].lifecycle
    assert read == Lifecycle(True, "forget", paths, says_destroy=True)


def test_an_absent_lifecycle_is_the_default(project: Check) -> None:
    assert project({"a.yaml": SMS}).sound.campaigns["a"].lifecycle == Lifecycle()


@pytest.mark.parametrize(
    ("text", "gmt"),
    [
        ("2036-12-24 10:00:00", "2036-12-24 10:00:00"),
        ('"2036-12-24 10:00:00"', "2036-12-24 10:00:00"),
        ("2036-12-24T10:00:00Z", "2036-12-24 10:00:00"),
        ("2036-12-24T10:00:00+01:00", "2036-12-24 09:00:00"),
        ("{at: 2036-07-24 10:00:00, tz: Europe/Belgrade}", "2036-07-24 08:00:00"),
    ],
)
def test_times_become_gmt(text: str, gmt: str, project: Check) -> None:
    desired = project({"a.yaml": f"{SMS}  scheduled_time: {text}\n"}).sound
    assert desired.campaigns["a"].spec["scheduled_time"] == gmt


def test_extra_is_merged_last_and_unchecked(project: Check) -> None:
    text = (
        SMS
        + "  utm_tracking: {enabled: 0}\nextra:\n  new: {a: 1}\n  utm_tracking: {utm_term: x}\n"
        + "  messages: [{sms: {flash: true}}]\n"
    )
    checked = project({"a.yaml": text})
    campaign = checked.sound.campaigns["a"]
    assert campaign.unchecked == ("new", "utm_tracking/utm_term", "messages/0/sms/flash")
    assert campaign.spec["new"] == {"a": 1}
    assert campaign.spec["utm_tracking"] == {"enabled": 0, "utm_term": "x"}
    assert campaign.spec["messages"][0]["sms"] == {"content": {"en": "Hi"}, "flash": True}
    assert len(checked.warnings) == 3


def test_fields_keep_the_order_of_the_manifest(project: Check) -> None:
    spec = project({"a.yaml": SMS + "  labels: [z, a]\n  description: x\n"}).sound.campaigns["a"].spec
    assert list(spec) == ["name", "messages", "labels", "description"]
    assert spec["labels"] == ["z", "a"]


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(project: Check) -> None:
    text = "\ufeff" + SMS.replace("\n", "\r\n")
    assert project({"a.yaml": text}).findings == ()
