"""From which commit on `ci gather` asks for merged requests, as the history of applies tells."""

from __future__ import annotations

from typing import Any

from campaignctl.cli.hosts.gather import Since, since
from campaignctl.state.ledger import HistoryEntry


def entry(commit: str, *left: str, operation: str = "apply of reviewed plans", **more: Any) -> HistoryEntry:
    known = {"outcome": "incomplete" if left else "done", "outcomes": {"done": 1}, "left": left, **more}
    return HistoryEntry(
        commit,
        "2026-11-26T12:00:00Z",
        operation,
        "mira",
        "ci",
        commit,
        "1",
        "sha256:1",
        {"create": 1},
        **known,
    )


def at(*history: HistoryEntry, gone: str = "") -> Since:
    return since(history, lambda commit: commit != gone)


def test_a_finished_apply_is_the_end() -> None:
    assert at(entry("a"), entry("b")) == Since(whole="b", rest="b", applied=("b", "a"))


def test_without_a_history_everything_is_looked_at() -> None:
    assert at() == Since()


def test_what_an_apply_left_alone_is_looked_for_before_it() -> None:
    found = at(entry("a"), entry("b", "push/spring", outcomes={"done": 1, "blocked": 1}))
    assert found == Since(whole="b", left=frozenset({"push/spring"}), rest="a", applied=("b", "a"))


def test_what_a_later_apply_did_is_not_looked_for() -> None:
    found = at(entry("a"), entry("b", "one", "two"), entry("c", "two"))
    assert found == Since(whole="c", left=frozenset({"two"}), rest="a", applied=("c", "b", "a"))


def test_an_apply_that_died_is_no_end() -> None:
    died = entry("b", outcome="started", outcomes={}, left=None)
    assert at(entry("a"), died) == Since(whole="a", rest="a", applied=("b", "a"))


def test_an_apply_of_selected_campaigns_is_no_end() -> None:
    assert at(entry("a"), entry("b", "*", operation="apply")) == Since(
        whole="a", rest="a", applied=("b", "a")
    )


def test_a_pause_of_what_is_halted_is_no_apply() -> None:
    assert at(entry("a"), entry("b", operation="pause of what is halted")).applied == ("a",)


def test_a_commit_that_this_clone_lacks_is_no_end() -> None:
    assert at(entry("a"), entry("laptop"), gone="laptop") == Since(whole="a", rest="a", applied=("a",))


def test_an_entry_of_an_older_version_ends_by_its_outcomes() -> None:
    blocked = entry("b", left=None, outcome="incomplete", outcomes={"done": 1, "blocked": 1})
    assert at(entry("a", left=None), blocked) == Since(whole="a", rest="a", applied=("b", "a"))
