"""Lists: pages, sort, search, projection and filters."""

import pytest

from campaignctl.sandbox import Control
from tests.sandbox.sandbox_account import CAMPAIGNS, FUTURE, Account, push


def names(account: Account, query: str = "") -> list[str]:
    return [item["name"] for item in account.list(query)["items"]]


@pytest.fixture
def three(account: Account) -> Account:
    for name, fields in (
        ("b", {"description": "Spring"}),
        ("a", {"scheduled_time": FUTURE}),
        ("c", {"is_draft": True}),
    ):
        account.create(push(name, **fields))
        account.control.advance(10)
    return account


def test_a_page_has_the_ten_newest(account: Account) -> None:
    for number in range(12):
        account.create(push(f"n{number:02}"))
    assert names(account) == [f"n{number:02}" for number in range(11, 1, -1)]
    assert names(account, "page=2") == ["n01", "n00"]
    assert names(account, "page=2,5") == ["n06", "n05", "n04", "n03", "n02"]
    assert account.list("page=9")["items"] == []
    assert account.list("page=1,1")["total"] == 12


@pytest.mark.parametrize("query", ["page=0", "page=1,0", "page=x", "sort=id", "q=a&q_fields=id", "view=tiny"])
def test_an_invalid_query_is_refused(three: Account, query: str) -> None:
    assert three.call("GET", f"{CAMPAIGNS}?{query}").status == 400


def test_page_size_is_capped_refused_or_fixed(three: Account, control: Control) -> None:
    control.switch(page_cap=2)
    assert len(names(three, "page=1,50")) == 2
    control.switch(page_over_cap="refused")
    assert three.call("GET", f"{CAMPAIGNS}?page=1,50").status == 400
    control.switch(page_size_fixed=1)
    assert len(names(three, "page=1,50")) == 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sort=name", ["a", "b", "c"]),
        ("sort=-name", ["c", "b", "a"]),
        ("sort=create_time", ["b", "a", "c"]),
        ("sort=next_run_time,-name", ["c", "b", "a"]),
        ("q=B", ["b"]),
        ("q=spring", []),
        ("q=spring&q_fields=name,description", ["b"]),
        ("status=draft", ["c"]),
        ("status=in:draft,scheduled", ["c", "a"]),
        ("status=nin:draft,scheduled", ["b"]),
        ("status=neq:draft", ["a", "b"]),
        ("is_draft=1", ["c"]),
        ("is_draft=eq:false", ["a", "b"]),
        ("scheduled_time=is:", ["a"]),
        ("scheduled_time=isn:", ["c", "b"]),
        ("name=gt:a&name=lte:c", ["c", "b"]),
        ("name=r:a,c", ["b"]),
        ("name=rf:a,c", ["c", "a", "b"]),
        ("name=rl:a,c", ["a", "b"]),
        ("name=rr:a,c", ["c", "b"]),
        ("created_at=gte:2036-01-01%2000:00:10", ["c", "a"]),
        ("metadata=x", ["c", "a", "b"]),
    ],
)
def test_sort_search_and_filters_select_campaigns(three: Account, query: str, expected: list[str]) -> None:
    assert names(three, query) == expected


def test_search_filters_and_views_may_be_ignored(three: Account, control: Control) -> None:
    control.switch(q_ignored=True, filters_ignored=True, view_ignored=True)
    assert len(names(three, "q=a&status=draft&fields=id")) == 3
    control.switch(filters_ignored=False, unknown_filters="refused")
    assert three.call("GET", f"{CAMPAIGNS}?metadata=x").status == 400


def test_fields_and_views_select_fields(three: Account, control: Control) -> None:
    assert three.list("fields=id,name")["items"][0].keys() == {"id", "name"}
    assert "messages" in three.list()["items"][0]
    control.switch(default_view="lean")
    assert "messages" not in three.list()["items"][0]
    assert "messages" not in three.list("view=default")["items"][0]
    assert "messages" in three.list("view=full")["items"][0]


def test_a_new_campaign_is_listed_after_the_lag(account: Account, control: Control) -> None:
    control.switch(list_lag=30)
    campaign_id = account.create(push())
    assert account.list()["total"] == 0
    assert account.read(campaign_id)["id"] == campaign_id
    control.advance(30)
    assert account.list()["total"] == 1
