"""Answers of a host that are not in its documented shape are its fault, and say so."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaignctl.cli.hosts.github import GitHub
from campaignctl.cli.hosts.http import LARGEST, Reply
from campaignctl.cli.hosts.model import Made
from campaignctl.errors import CampaignctlError
from tests.ci.github_api import REPOSITORY, TOKEN, Api, served


@pytest.mark.parametrize("data", [b"<html>Blocked by the proxy</html>", b"", b"\xff", b"[1, 2"])
def test_something_else_than_json(data: bytes) -> None:
    for read in (Reply(data, {}).json, Reply(data, {}).items):
        with pytest.raises(CampaignctlError, match="with something else than JSON"):
            read()


def test_the_wrong_kind_of_document() -> None:
    with pytest.raises(CampaignctlError, match="without an object"):
        Reply(b"[]", {}).json()
    for data, member in ((b"{}", None), (b'{"jobs": {}}', "jobs"), (b"null", None)):
        with pytest.raises(CampaignctlError, match="without a list"):
            Reply(data, {}).items(member)


def test_a_member_that_an_object_lacks_at_any_depth() -> None:
    document = Reply(b'{"head": {"ref": "main"}, "runs": [{}]}', {}).json()
    for one in (document, document["head"], document["runs"][0]):
        with pytest.raises(CampaignctlError, match="the host answered without 'sha'") as caught:
            one["sha"]
        assert "run this job again" in str(caught.value.hint)
    assert document.get("sha") is None
    assert Reply(b'{"runs": [1]}', {}).items("runs") == [1]


class Large(Api):
    """An artifact of a few kilobytes that holds more than any plan."""

    def blob(self, number: int) -> bytes:
        path = self.hub / "large.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as kept:
            kept.writestr("about.json", "{}")
            with kept.open("plan.json", "w") as plan:
                for _ in range(LARGEST // 1024 // 1024 + 1):
                    plan.write(bytes(1024 * 1024))
        return path.read_bytes()


def test_an_artifact_that_unpacks_to_more_than_a_plan_is_refused(tmp_path: Path) -> None:
    api = Large(tmp_path)
    api.save({})
    made = Made(datetime(2036, 3, 22, tzinfo=UTC), "https://github.example/run/7", "700")
    with served(api) as address:
        environ = {"GITHUB_API_URL": address, "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": TOKEN}
        with pytest.raises(CampaignctlError, match="larger than 100 MiB") as raised:
            GitHub(environ).read(made)
    assert raised.value.detail == made.run
