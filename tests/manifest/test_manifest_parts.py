"""Keys, lifecycle, times and extra of good manifests."""

from __future__ import annotations

import pytest

from campaignctl.campaign.lifecycle import Lifecycle

SMS = "spec:\n  name: N\n  messages: [{name: M, channel: sms, integration_id: 1, sms: {content: {en: Hi}}}]\n"


def test_the_path_is_the_key(project):
    desired = project({"push/2036/new.year.yaml": SMS, "b.yml": SMS}).desired
    assert list(desired.campaigns) == ["b", "push/2036/new.year"]


def test_a_key_of_its_own(project):
    campaign = project({"a.yaml": f"metadata: {{key: x/y.z-1}}\n{SMS}"}).desired.campaigns["x/y.z-1"]
    assert (campaign.source.line, campaign.source.column) == (1, 17)


def test_lifecycle(project):
    text = f"lifecycle: {{prevent_destroy: true, on_destroy: forget, ignore_changes: [score, messages/0/priority, metadata/a/b]}}\n{SMS}"
    paths = ("score", "messages/0/priority", "metadata/a/b")
    assert project({"a.yaml": text}).desired.campaigns["a"].lifecycle == Lifecycle(True, "forget", paths)


def test_no_lifecycle_is_the_default(project):
    assert project({"a.yaml": SMS}).desired.campaigns["a"].lifecycle == Lifecycle()


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
def test_times_become_gmt(text, gmt, project):
    desired = project({"a.yaml": f"{SMS}  scheduled_time: {text}\n"}).desired
    assert desired.campaigns["a"].spec["scheduled_time"] == gmt


def test_extra_is_merged_last_and_unchecked(project):
    text = (
        SMS
        + "  utm_tracking: {enabled: 0}\nextra: {new: {a: 1}, utm_tracking: {utm_term: x}, messages: [{sms: {flash: true}}]}\n"
    )
    checked = project({"a.yaml": text})
    campaign = checked.desired.campaigns["a"]
    assert campaign.unchecked == ("new", "utm_tracking/utm_term", "messages/0/sms/flash")
    assert campaign.spec["new"] == {"a": 1}
    assert campaign.spec["utm_tracking"] == {"enabled": 0, "utm_term": "x"}
    assert campaign.spec["messages"][0]["sms"] == {"content": {"en": "Hi"}, "flash": True}
    assert len(checked.warnings) == 3


def test_the_order_of_members_is_the_author_s(project):
    spec = project({"a.yaml": SMS + "  labels: [z, a]\n  description: x\n"}).desired.campaigns["a"].spec
    assert list(spec) == ["name", "messages", "labels", "description"]
    assert spec["labels"] == ["z", "a"]


def test_a_mark_and_windows_lines_do_no_harm(project):
    text = "\ufeff" + SMS.replace("\n", "\r\n")
    assert project({"a.yaml": text}).findings == ()
