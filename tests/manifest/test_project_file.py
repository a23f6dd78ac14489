"""The project file: its settings, its environments and its errors."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from campaignctl.errors import CampaignctlError, UsageError
from campaignctl.project.find import find_project
from campaignctl.project.model import (
    ApiSettings,
    Guardrails,
    Project,
    RateLimit,
    Settle,
    StateSettings,
    value_of,
)
from tests.manifest.checking import Check

NAMED = "metadata: {name: acme}\n"
FULL = """\
apiVersion: campaignctl/v1
kind: Project
metadata: {name: acme-crm}
required_version: ">=0.1"
manifests: ["**/*.yaml"]
ignore: ["old/**"]
account: {company_id: 6197120}
time_zone: Europe/Belgrade
api:
  url: https://api.ocamba.com/
  timeout: 1m30s
  rate_limit: {per_second: 5, per_minute: 100, reserve_per_minute: 10}
  immediate: two_step
  settle: {waits: [10ms, 1s], horizon: 2d}
  markers: off
state: {backend: local, path: x/../.state/s.json}
variables: {brand: Acme, flag: NO}
allow_env: [SEASON]
guardrails: {max_destroy_percent: 0, max_immediate_sends: 0, min_lead_time: 0s, max_plan_age: 5m}
"""


def resolved(project: Check, text: str, **kwargs: Any) -> Project:
    desired, findings = project({"campaignctl.yaml": text}, **kwargs)
    assert desired, findings
    return desired.project


def test_every_setting_is_read(project: Check, tmp_path: Path) -> None:
    found = resolved(project, FULL)
    assert (found.name, found.directory, found.environment) == ("acme-crm", str(tmp_path), None)
    assert (found.company_id, found.time_zone) == ("6197120", "Europe/Belgrade")
    assert found.api == ApiSettings(
        "https://api.ocamba.com",
        timedelta(seconds=90),
        RateLimit(5, 100, 10),
        "two_step",
        Settle((timedelta(milliseconds=10), timedelta(seconds=1)), timedelta(days=2)),
        markers=False,
    )
    assert found.state.path == ".state/s.json"
    assert found.guardrails == Guardrails(0, 0, timedelta(), timedelta(minutes=5))
    assert found.variables == {"brand": "Acme", "flag": "NO"}
    assert (found.manifests, found.ignore, found.allow_env) == (("**/*.yaml",), ("old/**",), ("SEASON",))


def test_absent_settings_have_defaults(project: Check) -> None:
    found = resolved(project, NAMED)
    assert (found.api, found.guardrails, found.state.path) == (
        ApiSettings(),
        Guardrails(),
        ".campaignctl/state.json",
    )


@pytest.mark.parametrize("section", [ApiSettings, RateLimit, Settle, StateSettings, Guardrails])
def test_descriptions_name_the_default_that_holds(section: type) -> None:
    described = TypeAdapter(section).json_schema()["properties"]
    for one in fields(section):
        said = re.search(r"(?:^|[ ,])(\[.+\]|\w+) if absent", described[one.name].get("description", ""))
        if said and said[1] not in {"limit", "ENVIRONMENT"}:
            default = said[1].strip("[]").split(", ") if said[1].startswith("[") else said[1]
            written = int(default) if isinstance(default, str) and default.isdecimal() else default
            assert value_of(one.type, written, "UTC") == one.default, one.name


ENVIRONMENTS = (
    NAMED
    + "api: {timeout: 5s, url: https://a.ocamba.com}\nvariables: {a: 1, b: 2}\n"
    + "environments:\n  staging: {variables: {b: 3}, api: {url: http://127.0.0.1:8787}}\n  production: {}\n"
)


def test_an_environment_overrides_the_project(project: Check) -> None:
    found = resolved(project, ENVIRONMENTS, environment="staging")
    assert found.environment == "staging"
    assert found.variables == {"a": "1", "b": "3"}
    assert (found.api.url, found.api.timeout) == ("http://127.0.0.1:8787", timedelta(seconds=5))
    assert found.state.path == ".campaignctl/staging.json"


def test_the_option_chooses_the_environment_then_the_variable_then_the_project(project: Check) -> None:
    default = ENVIRONMENTS + "default_environment: production\n"
    chosen = {"CAMPAIGNCTL_ENV": "staging"}
    assert resolved(project, default).environment == "production"
    assert resolved(project, default, environ=chosen).environment == "staging"
    assert resolved(project, default, environ=chosen, environment="production").environment == "production"


@pytest.mark.parametrize(
    ("text", "environment", "said"),
    [
        (ENVIRONMENTS, None, "none was selected"),
        (ENVIRONMENTS, "prod", "no environment 'prod'"),
        (NAMED, "prod", "declares none"),
    ],
)
def test_no_environment_is_silently_the_default(
    text: str, environment: str | None, said: str, project: Check
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        project({"campaignctl.yaml": text}, environment=environment)
    if text == ENVIRONMENTS:
        assert "production, staging" in caught.value.hint


def test_the_url_variable_overrides_the_file(project: Check) -> None:
    assert resolved(project, NAMED, environ={"OCAMBA_API_URL": "http://[::1]:1/"}).api.url == "http://[::1]:1"
    with pytest.raises(CampaignctlError, match="OCAMBA_API_URL cannot be used: https is required"):
        project({"campaignctl.yaml": NAMED}, environ={"OCAMBA_API_URL": "http://example.com"})


@pytest.mark.parametrize(
    ("tail", "place", "said"),
    [
        ("vars: {}\n", "2:1", "unknown field `vars`"),
        ("required_version: '>=99'\n", "2:19", "needs campaignctl >=99; this is 0.1.0"),
        ("required_version: newest\n", "2:19", "is not a valid version range"),
        ("time_zone: Europe/Belgrad\n", "2:12", "no time zone"),
        ("time_zone: ../../etc/passwd\n", "2:12", "no time zone"),
        ("api: {timeout: 30}\n", "2:16", "not a duration"),
        ("api: {timeout: 0s}\n", "2:16", "above zero"),
        ("api: {timeout: 1w}\n", "2:16", "not a duration"),
        ("api: {url: http://example.com}\n", "2:12", "https is required"),
        ("api: {url: http://localhost.example.com}\n", "2:12", "https is required"),
        ("api: {url: ftp://example.com}\n", "2:12", "not an address"),
        ("api: {url: 'https://user:pw@example.com'}\n", "2:12", "must not contain a user"),
        ("api: {url: 'https://example.com:x'}\n", "2:12", "not an address"),
        ("api: {markers: yes}\n", "2:16", "not one of: on, off"),
        ("api: {immediate: directly}\n", "2:18", "not one of: direct, two_step"),
        ("api: {rate_limit: {per_second: 0}}\n", "2:32", "below 1"),
        ("api: {rate_limit: {per_minute: 15}}\n", "2:7", "leaves none"),
        ("api: {settle: {waits: []}}\n", "2:16", "must not be empty"),
        ("api: {hidden: [callback]}\n", "2:16", "no field 'callback'"),
        ("state: {backend: s3}\n", "2:18", "not one of: local"),
        ("state: {backend: object_store}\n", "2:1", "needs `url`"),
        ("state: {backend: object_store, url: https://b.example/x}\n", "2:37", "not the address of a bucket"),
        ("state: {backend: object_store, url: s3://me@bucket/x}\n", "2:37", "not the address of a bucket"),
        ("state: {backend: object_store, url: s3://bucket:90/x}\n", "2:37", "not the address of a bucket"),
        ("state: {backend: object_store, url: s3://bucket/../x}\n", "2:37", "not the address of a bucket"),
        ("state: {backend: object_store, url: s3://Bucket/x}\n", "2:37", "not the address of a bucket"),
        ("state: {backend: object_store, url: s3://bucket/.stop}\n", "2:37", "not the address of a bucket"),
        ("state: {backend: object_store, url: 's3://bucket/x?a=b'}\n", "2:37", "not the address of a bucket"),
        ("state: {url: s3://bucket/x}\n", "2:14", "needs `backend: object_store`"),
        ("environments: {a: {state: {backend: object_store}}}\n", "2:20", "needs `url`"),
        ("guardrails: {max_destroy_percent: 101}\n", "2:35", "above 100"),
        ("guardrails: {max_immediate_sends: -1}\n", "2:35", "below 0"),
        ("guardrails: {max_destroy: 3}\n", "2:14", "unknown field"),
        ("variables: {'a.b': c}\n", "2:20", "not a valid variable name"),
        ("variables: [a]\n", "2:12", "expected an object"),
        ("allow_env: [OCAMBA_TOKEN]\n", "2:13", "must not be used in texts"),
        ("default_environment: x\n", "2:22", "no environment 'x'"),
        ("environments: {a: {}, b: {state: {path: .campaignctl/./A.json}}}\n", "2:23", "share one state"),
        ("environments: {a/b: {}}\n", "2:16", "not a valid environment name"),
        ("environments: {a: null}\n", "2:19", "null is not allowed"),
        ("environments: {a: {name: b}}\n", "2:20", "unknown field"),
        ("manifests: []\n", "2:1", "must not be empty"),
        ("manifests: [/push/*.yaml]\n", "2:13", "points outside the project"),
        ("ignore: ['../old/**']\n", "2:10", "points outside the project"),
        ("time_zone: CEST\n", "2:12", "no time zone 'CEST'"),
        ("account: {company_id: [a]}\n", "2:23", "expected a string, found a list"),
        ("account: 6197120\n", "2:10", "expected an object, found `6197120`"),
        ("allow_env: HOME\n", "2:12", "expected a list, found `HOME`"),
        ("metadata: {name: other}\n", "2:1", "appears twice"),
        ("---\nmetadata: {name: other}\n", "3:1", "exactly one object"),
        ("kind: Campaign\n", "2:7", "not one of: Project"),
        ("proofs: {team: {}}\n", "2:10", "`targeting` is missing"),
        ("proofs: {team: null}\n", "2:16", "null is not allowed"),
        ("proofs: {team: {targeting: everyone}}\n", "2:28", "expected an object, found `everyone`"),
        ("proofs: {team: {target: {}}}\n", "2:17", "unknown field `target`"),
        ("proofs: {a b: {targeting: {}}}\n", "2:10", "not a valid name of a seed list"),
        ("proofs: {a: {targeting: {countries: {items: [1], op: in}}}}\n", "2:46", "valid string"),
        ("guardrails: {max_proofs_per_day: -1}\n", "2:34", "below 0"),
        ("environments: {a: {proofs: {b c: {targeting: {}}}}}\n", "2:29", "not a valid name of a seed list"),
        ("environments: {a: {proofs: {b: {}}}}\n", "2:29", "`targeting` is missing"),
    ],
)
def test_a_bad_setting_is_refused_at_its_place(tail: str, place: str, said: str, project: Check) -> None:
    _, findings = project({"campaignctl.yaml": NAMED + tail})
    (found,) = findings
    assert said in found.message
    assert f"{found.source.line}:{found.source.column}" == place


def test_manifests_are_checked_despite_errors_in_unrelated_settings(project: Check) -> None:
    manifest = "spec: {name: N, nam: x, messages: []}\n"
    settings = NAMED + "api: {timeout: soon}\nvariables: {a: b}\n"
    checked = project({"campaignctl.yaml": settings, "a.yaml": manifest})
    assert [error.partition(" ")[0] for error in checked.errors] == ["unknown", "'soon'"]
    checked = project({"campaignctl.yaml": settings + "allow_env: x\n", "a.yaml": manifest})
    assert [error.partition(" ")[0] for error in checked.errors] == ["'soon'", "expected"]


def test_an_abbreviated_zone_is_refused(project: Check) -> None:
    for zone in ("CEST", "UTC+1", "MESZ", "PDT"):
        (found,) = project({"campaignctl.yaml": f"{NAMED}time_zone: {zone}\n"}).findings
        assert found.hint == "write an IANA name such as Europe/Belgrade"


def test_a_project_needs_a_name(project: Check) -> None:
    assert project({"campaignctl.yaml": "variables: {}\n"}).errors == ["`metadata` is missing"]
    assert project({"campaignctl.yaml": "metadata: {}\n"}).errors == ["`name` is missing"]


def test_an_empty_project_file_is_refused(project: Check) -> None:
    assert project({"campaignctl.yaml": ""}).errors == ["the file is empty"]


def test_a_project_is_searched_for_in_order(tmp_path: Path) -> None:
    here, below, other = tmp_path, tmp_path / "campaigns", tmp_path / "other"
    for place in (below, other):
        place.mkdir()
        (place / "campaignctl.yaml").write_text(NAMED)
    assert find_project(None, {}, here) == below
    assert find_project(None, {"CAMPAIGNCTL_PROJECT": "other"}, here) == other
    assert find_project("campaigns", {"CAMPAIGNCTL_PROJECT": "other"}, here) == below
    (here / "campaignctl.yaml").write_text(NAMED)
    assert find_project(None, {}, here) == here
    with pytest.raises(UsageError, match=r"no campaignctl\.yaml in"):
        find_project("nowhere", {}, here)
