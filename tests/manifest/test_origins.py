"""Where every field of a compiled campaign came from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from campaignctl.errors import ManifestError, UsageError
from campaignctl.manifest.load import trace
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.manifest.origins import Origin

FILES = {
    "campaignctl.yaml": """\
metadata: {name: t}
variables:
  brand: Acme
  cdn: https://example.com
allow_env: [SEASON]
""",
    "push/_defaults.yaml": """\
spec:
  description: ${var.brand}
message:
  push: {push: {icon: '${var.cdn}/i.png'}}
""",
    "push/a.yaml": """\
matrix:
  country: [DE, FR]
  include: [{country: DE, rank: 3, at: 2036-12-24T10:00:00Z}, {country: FR, rank: 4, at: 2036-12-24 10:00:00}]
spec:
  name: ${var.brand} in ${matrix.country}, ${env.SEASON}
  scheduled_time: ${matrix.at}
  labels: []
  messages:
    - name: M
      channel: push
      priority: ${matrix.rank}
      push: {title: {$file: "{lang}.txt"}, landing_url: https://example.com}
extra: {tone: warm}
""",
    "push/de.txt": "Hallo",
    "push/en.txt": "Hello",
}
KEY = "push/a[country=DE]"


def traced(
    folder: Path, key: str = KEY, files: Mapping[str, str] = FILES, **variables: str
) -> tuple[DesiredCampaign, tuple[Origin, ...]]:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    environ = {"SEASON": "spring"}
    return trace(folder, key, environment=None, environ=environ, tool_version="0.1.0", variables=variables)


def described(folder: Path, origins: tuple[Origin, ...]) -> dict[str, list[str]]:
    """By path: each origin as `KIND NAME FILE:LINE:COLUMN`."""
    found: dict[str, list[str]] = {}
    for origin in origins:
        place = origin.source and str(origin.source).removeprefix(f"{folder}/")
        words = " ".join(word for word in (origin.kind, origin.name, place) if word)
        found.setdefault("/".join(map(str, origin.path)), []).append(words)
    return found


def test_every_field_has_its_origins(tmp_path: Path) -> None:
    campaign, origins = traced(tmp_path)
    assert campaign.spec["name"] == "Acme in DE, spring"
    assert described(tmp_path, origins) == {
        "name": [
            "variable brand campaignctl.yaml:3:10",
            "matrix country push/a.yaml:2:13",
            "environment SEASON",
            "manifest push/a.yaml:5:9",
        ],
        "scheduled_time": ["matrix at push/a.yaml:3:40", "converted time push/a.yaml:6:19"],
        "labels": ["manifest push/a.yaml:7:11"],
        "messages/0/name": ["manifest push/a.yaml:9:13"],
        "messages/0/channel": ["manifest push/a.yaml:10:16"],
        "messages/0/priority": ["matrix rank push/a.yaml:3:33", "manifest push/a.yaml:11:17"],
        "messages/0/push/title/de": ["file push/de.txt:1:1", "manifest push/a.yaml:12:21"],
        "messages/0/push/title/en": ["file push/en.txt:1:1", "manifest push/a.yaml:12:21"],
        "messages/0/push/landing_url": ["manifest push/a.yaml:12:57"],
        "messages/0/push/icon": ["variable cdn campaignctl.yaml:4:8", "defaults push/_defaults.yaml:4:23"],
        "description": ["variable brand campaignctl.yaml:3:10", "defaults push/_defaults.yaml:2:16"],
        "tone": ["manifest push/a.yaml:13:15"],
    }


def test_a_variable_of_the_command_line_has_no_place(tmp_path: Path) -> None:
    _, origins = traced(tmp_path, brand="Given")
    given = described(tmp_path, origins)["description"]
    assert given == ["command line brand", "defaults push/_defaults.yaml:2:16"]


def test_a_clock_time_in_a_zone_is_one_converted_field(tmp_path: Path) -> None:
    manifest = """\
spec:
  name: N
  scheduled_time: {at: 2036-12-24 10:00:00, tz: Europe/Belgrade}
  messages: [{name: M, channel: sms, integration_id: 1, sms: {content: {en: {$file: en.txt}}}}]
"""
    files = {"campaignctl.yaml": "metadata: {name: t}\n", "a.yaml": manifest, "en.txt": "Hi"}
    _, origins = traced(tmp_path, "a", files)
    found = described(tmp_path, origins)
    assert found["scheduled_time"] == ["converted time a.yaml:3:19"]
    assert found["messages/0/sms/content/en"] == ["file en.txt:1:1", "manifest a.yaml:4:77"]


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("push/a", "its matrix declares push/a[country=DE], push/a[country=FR]; 'push/a[*]' names them all"),
        ("push/a[country=DEE]", "did you mean push/a[country=DE]?"),
        ("nothing", "`campaignctl validate` counts the campaigns"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest(key: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        traced(tmp_path, key)
    assert refused.value.hint == hint


def test_a_campaign_with_errors_shows_them_instead(tmp_path: Path) -> None:
    files = {**FILES, "push/b.yaml": "spec: {}\n"}
    with pytest.raises(ManifestError):
        traced(tmp_path, "push/b", files=files)
    assert traced(tmp_path, files=files) == traced(tmp_path, files=FILES)


@pytest.mark.parametrize("key", ["push/plain", '"\\x70ush/plain"', "PUSH/plain"])
def test_a_key_that_another_file_declares_too_is_refused(key: str, tmp_path: Path) -> None:
    plain = "spec:\n  name: P\n  is_draft: true\n  messages: []\n"
    files = {**FILES, "push/plain.yaml": plain, "x.yaml": f"metadata: {{key: {key}}}\n{plain}"}
    with pytest.raises(ManifestError) as refused:
        traced(tmp_path, "push/plain", files)
    assert "duplicate-campaign" in {found.code for found in refused.value.findings}


def test_a_mistake_in_a_file_that_has_nothing_to_do_with_it_is_not_in_the_way(tmp_path: Path) -> None:
    campaign, _ = traced(tmp_path, files={**FILES, "push/broken.yaml": "spec: [\n"})
    assert campaign.key == KEY
    with pytest.raises(ManifestError):
        traced(tmp_path, files={**FILES, "push/broken.yaml": f"# {KEY.partition('[')[0]}\nspec: [\n"})
