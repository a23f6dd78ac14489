"""Answers of a host that are not in its documented shape are its fault, and say so."""

from __future__ import annotations

import pytest

from campaignctl.cli.hosts.http import Reply
from campaignctl.errors import CampaignctlError


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
