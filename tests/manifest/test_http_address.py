"""The addresses of a state on a server: which are valid, and where its neighbours are."""

from __future__ import annotations

import pytest

from campaignctl.project.http_address import HttpAddress, http_address
from campaignctl.project.model import Project, StateSettings
from campaignctl.project.places import state_at
from tests.manifest.checking import Check

NAMED = "metadata: {name: acme}\n"
GITLAB = "https://gitlab.example.com/api/v4/projects/7/terraform/state/crm"
PLAIN = "https://states.example.com/crm"


def project_of(check: Check, text: str, environment: str | None = None) -> Project:
    desired, findings = check({"campaignctl.yaml": NAMED + text}, environment=environment)
    assert desired, findings
    return desired.project


def addresses(check: Check, text: str, environment: str | None = None) -> HttpAddress:
    return http_address(project_of(check, text, environment).state)


def test_gitlabs_lock_is_found_by_its_address(project: Check) -> None:
    found = addresses(project, f"state: {{backend: http, address: {GITLAB}}}\n")
    assert found == HttpAddress(GITLAB, f"{GITLAB}/lock", f"{GITLAB}/lock", "POST", "DELETE")
    assert found.on_gitlab
    stop = found.next_to("-stop")
    assert stop == HttpAddress(
        f"{GITLAB}-stop", f"{GITLAB}-stop/lock", f"{GITLAB}-stop/lock", "POST", "DELETE"
    )


def test_another_server_is_locked_by_methods_of_the_address(project: Check) -> None:
    found = addresses(project, f"state: {{backend: http, address: {PLAIN}}}\n")
    assert found == HttpAddress(PLAIN, PLAIN, PLAIN, "LOCK", "UNLOCK")
    assert found.next_to("-stop").lock == f"{PLAIN}-stop"


@pytest.mark.parametrize(
    ("lock", "beside"),
    [
        (f"{PLAIN}/lock", f"{PLAIN}-stop/lock"),
        ("https://states.example.com/locks/crm", "https://states.example.com/locks/crm-stop"),
        (f"{PLAIN}s", f"{PLAIN}s-stop"),
    ],
)
def test_a_stop_mark_has_a_lock_of_its_own(project: Check, lock: str, beside: str) -> None:
    text = f"state: {{backend: http, address: {PLAIN}, lock_address: {lock}, lock_method: PUT}}\n"
    found = addresses(project, text)
    assert (found.lock, found.unlock, found.lock_method) == (lock, lock, "PUT")
    assert found.next_to("-stop").lock == found.next_to("-stop").unlock == beside


def test_an_environment_has_a_place_next_to_the_projects(project: Check) -> None:
    text = f"""\
state: {{backend: http, address: {PLAIN}, lock_address: {PLAIN}/lock, unlock_method: DELETE}}
environments:
  staging: {{}}
  own: {{state: {{address: {GITLAB}}}}}
  here: {{state: {{backend: local}}}}
"""
    found = addresses(project, text, "staging")
    assert (found.state, found.lock) == (f"{PLAIN}-staging", f"{PLAIN}-staging/lock")
    assert found.unlock_method == "DELETE"
    assert addresses(project, text, "own").lock == f"{GITLAB}/lock"
    assert project_of(project, text, "here").state.backend == "local"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("{backend: http}", "`backend: http` needs an `address`"),
        ("{address: https://h/crm}", "`address` needs `backend: http`"),
        ("{backend: git, lock_method: LOCK}", "`lock_method` needs `backend: http`"),
        ("{backend: http, path: x.json, address: https://h/crm}", "`path` needs `backend: local`"),
        ("{backend: http, address: http://example.com/crm}", "https is required"),
        ("{backend: http, address: ftp://example.com/crm}", "is not an address"),
        ("{backend: http, address: 'https://u:p@h/crm'}", "must not contain a user"),
        ("{backend: http, address: 'https://h/crm?name=a'}", "must not contain a user, query"),
        ("{backend: http, address: https://h}", "names no state"),
        ("{backend: http, address: https://h/crm/}", "names no state"),
        ("{backend: http, address: https://h/a/../crm}", "must not contain `.` or `..`"),
        ("{backend: http, address: https://h/a/%2e%2E/crm}", "must not contain `.` or `..`"),
        (
            "{backend: http, address: https://h/crm, lock_address: https://i/crm}",
            "on the server of `address`",
        ),
        ("{backend: http, address: https://h/crm, unlock_address: https://h:1/crm}", "on the server of"),
        ("{backend: http, address: https://h/crm, lock_method: lock it}", "is no method of HTTP"),
    ],
)
def test_a_place_that_cannot_be_used_is_refused(project: Check, state: str, said: str) -> None:
    (found,) = project({"campaignctl.yaml": f"{NAMED}state: {state}\n"}).findings
    assert said in found.message
    assert found.source.line == 2


@pytest.mark.parametrize(
    "environments",
    [
        f"{{a: {{state: {{address: {PLAIN}}}}}, b: {{state: {{address: {PLAIN}}}}}}}",
        f"{{a: {{state: {{address: {PLAIN}}}}}, b: {{state: {{address: {PLAIN}, lock_method: PUT}}}}}}",
        "{a: {}, a-stop: {}}",
        "{a-archive: {}, a: {}}",
    ],
)
def test_two_environments_share_neither_a_state_nor_what_lies_next_to_it(
    project: Check, environments: str
) -> None:
    text = f"{NAMED}state: {{backend: http, address: {PLAIN}}}\nenvironments: {environments}\n"
    found = project({"campaignctl.yaml": text}).findings
    assert any("share one state" in each.message and "state.address" in each.hint for each in found)


def test_another_state_of_the_project_is_found_by_its_address() -> None:
    here = StateSettings(backend="http", address=PLAIN, lock_address=f"{PLAIN}/lock")
    there = http_address(state_at(here, "https://states.example.com/old"))
    assert (there.state, there.lock) == (
        "https://states.example.com/old",
        "https://states.example.com/old/lock",
    )
    assert state_at(here, "refs/campaignctl/x").backend == "git"
    assert state_at(here, ".campaignctl/x.json").backend == "local"
