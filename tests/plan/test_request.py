"""A request makes its own path, and is read unchanged from a saved plan."""

from __future__ import annotations

import pytest

from campaignctl.plan.model import Request

PATHS = {
    "/v1/hood/campaigns": Request("create", body={"name": "Welcome"}),
    "/v1/hood/campaigns/7": Request("update", "7", {"name": "New"}),
    "/v1/hood/campaigns/{id}": Request("update", body={"run_immediately": True}),
    "/v1/hood/campaigns/7/pause": Request("pause", "7", {"reason": "why"}),
    "/v1/hood/campaigns/7/resume": Request("resume", "7", {"scheduled_time": "2036-12-24 10:00:00"}),
    "/v1/hood/campaigns/7/cancel": Request("cancel", "7", {"reason": "why"}),
    "/v1/hood/campaigns/7/messages/82/set-winner": Request("set-winner", "7", message="82"),
    "/v1/hood/campaigns/a%2Fb%3F/cancel": Request("cancel", "a/b?"),
}


@pytest.mark.parametrize("path", PATHS)
def test_a_request_is_read_unchanged(path: str) -> None:
    request = PATHS[path]
    assert request.path == path
    assert request.method == ("PATCH" if request.operation == "update" else "POST")
    assert Request.read(request.method, path, request.body) == request


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/v1/hood/campaigns/7"),
        ("PATCH", "/v1/hood/campaigns"),
        ("POST", "/v1/hood/campaigns/7"),
        ("PATCH", "/v1/hood/campaigns/7/pause"),
        ("POST", "/v1/hood/campaigns/7/delete"),
        ("POST", "/v1/hood/campaigns/7/create"),
        ("POST", "/v1/hood/campaigns/7/set-winner/"),
        ("POST", "/v1/hood/campaigns/../tokens/7/cancel"),
        ("POST", "/v1/hood/contacts"),
        ("POST", "https://elsewhere.example/v1/hood/campaigns"),
    ],
)
def test_a_request_that_no_plan_makes_is_refused(method: str, path: str) -> None:
    with pytest.raises(ValueError, match="not a request of this version"):
        Request.read(method, path, None)
