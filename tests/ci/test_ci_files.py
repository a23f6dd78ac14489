"""The files of `init --ci`: valid for their hosts, and without security findings."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from campaignctl.cli.pipelines import Pipelines
from campaignctl.errors import CampaignctlError, UsageError
from tests.ci.expressions import Expressions
from tests.ci.team import PACKAGE
from tools.reference.ci_files import ci_files

PLACES = [
    Pipelines("github", ".", "main", PACKAGE),
    Pipelines("github", "campaigns", "trunk", PACKAGE),
    Pipelines("github", "crm/Été 2036", "release/1.x", PACKAGE, "production"),
    Pipelines("gitlab", ".", "main", PACKAGE),
    Pipelines("gitlab", "crm/campaigns", "main", PACKAGE, "production"),
]
SCHEMAS = {"github": "vendor.github-workflows", "gitlab": "vendor.gitlab-ci"}
WRITES = {
    "apply": {"contents", "pull-requests"},
    "apply-this-plan": {"contents"},
    "comment": {"pull-requests", "checks"},
    "drift": {"issues"},
}


TEXTS = Pipelines("github", "campaigns", "main", PACKAGE, "production").files()
PATHS = [path for path in TEXTS if path.endswith(".yml")]


@cache
def workflow_at(path: str) -> dict[str, Any]:
    return dict(YAML(typ="safe").load(TEXTS[path]))


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("host", SCHEMAS)
def test_the_files_match_the_published_schemas(host: str, tmp_path: Path) -> None:
    texts = [text for place in PLACES if place.host == host for text in place.files().values()]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.yml").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", SCHEMAS[host]]
        + [f"{number}.yml" for number in range(len(texts))],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_included_gitlab_file_equals_the_main_one() -> None:
    pipelines = Pipelines("gitlab", "campaigns", "main", PACKAGE, "production")
    alone, included = pipelines.files(), pipelines.files(included=True)
    assert included[".gitlab/campaigns-production.yml"] == alone[".gitlab-ci.yml"]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.host} {place.folder}")
def test_every_placeholder_of_a_template_is_filled_in(place: Pipelines) -> None:
    for path, text in place.files().items():
        assert not re.search(r"@[a-z]+@", text), path


def test_no_script_is_written_next_to_the_workflows() -> None:
    for place in PLACES:
        assert all(path.endswith(".yml") for path in place.files()), place


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.host} {place.folder}")
def test_what_is_installed_is_pinned_and_python_is_isolated_from_the_checkout(place: Pipelines) -> None:
    for path, text in place.files().items():
        if not path.endswith(".yml"):
            continue
        assert not re.search(r"python[\d.]* -m", text), path
        installs = re.findall(r"^.*\$pip .*$", text, re.MULTILINE)
        assert installs, path
        for line in installs:
            assert "--require-hashes" in line or line.endswith("--no-build-isolation ./source"), line


@pytest.mark.parametrize("path", PATHS)
def test_actions_are_pinned_to_a_commit_that_a_comment_names(path: str) -> None:
    used = re.findall(r"uses: (.*)", TEXTS[path])
    assert len(used) == sum("uses" in step for step in steps(workflow_at(path)))
    for each in used:
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each), each


@pytest.mark.parametrize("path", PATHS)
def test_text_from_outside_never_becomes_part_of_a_script(path: str) -> None:
    for step in steps(workflow_at(path)):
        assert "${{" not in step.get("run", ""), step["name"]


@pytest.mark.parametrize("path", PATHS)
def test_a_job_has_no_more_permissions_than_it_needs(path: str) -> None:
    workflow = workflow_at(path)
    assert workflow["permissions"] == {}
    assert "pull_request_target" not in str(workflow)
    for name, job in workflow["jobs"].items():
        writes = {what for what, may in job["permissions"].items() if may == "write"}
        assert writes == WRITES.get(name, set()), name


def test_an_auditor_finds_nothing_in_the_action() -> None:
    action = next(path for path in ci_files() if path.name == "action.yml")
    zizmor = Path(sys.executable).with_name("zizmor")
    words = [str(zizmor), "--offline", "--no-progress", "--quiet", str(action)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_token_that_sends_is_only_in_the_environment() -> None:
    for workflow in map(workflow_at, PATHS):
        for name, job in workflow["jobs"].items():
            assert ("secrets.OCAMBA_TOKEN" in str(job)) == ("environment" in job), name


@pytest.mark.parametrize("name", ["CAMPAIGNS_WEBHOOK", "CHAT"])
def test_the_address_for_outcomes_reaches_the_applies_alone(name: str) -> None:
    for action in (None, f"acme/campaignctl@{'0a' * 20}"):
        place = replace(PLACES[0], webhook=name, action=action)
        for text in place.files().values():
            for job, content in YAML(typ="safe").load(text)["jobs"].items():
                given = {name: f"${{{{ secrets.{name} }}}}"} if job.startswith("apply") else None
                assert content.get("env") == given, job
    (text,) = replace(PLACES[3], webhook=name).files().values()
    assert f"#     {name}  optional, protected: the address" in text


@pytest.mark.parametrize(
    "name", ["OCAMBA_TOKEN", "CAMPAIGNCTL_PROJECT", "PATH", "a b", "A }} B", "1A", "A\n"]
)
def test_no_other_variable_is_passed_as_the_address_for_outcomes(name: str) -> None:
    for place in PLACES:
        with pytest.raises(CampaignctlError, match="cannot be passed to the jobs"):
            replace(place, webhook=name).files()


def test_applies_wait_for_each_other_and_none_is_dropped() -> None:
    jobs = workflow_at(".github/workflows/campaigns-production.yml")["jobs"]
    waiting = {"group": "campaigns-production-apply", "cancel-in-progress": False, "queue": "max"}
    assert [jobs[name]["concurrency"] for name in ("apply", "apply-this-plan")] == [waiting, waiting]


@pytest.mark.parametrize(
    "name", ["a'b", 'a"b', "a$b", "a*", "a`b", "a\nb", "a${{ b }}", "-rf", "a:b", "a\\b"]
)
def test_a_directory_with_shell_characters_is_refused(name: str) -> None:
    with pytest.raises(CampaignctlError, match="cannot be used in pipeline files"):
        Pipelines("github", name, "main", PACKAGE).files()


# ------------------------------------------------------------------------------- short files


@pytest.mark.parametrize("path", ci_files(), ids=lambda path: path.name)
def test_the_action_and_the_template_have_the_steps_of_the_whole_files(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == ci_files()[path], "run `make docs`"


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.host} {place.folder}")
def test_a_short_file_has_the_jobs_and_permissions_of_the_whole_one(place: Pipelines) -> None:
    short = replace(place, action=f"acme/campaignctl@{'0a' * 20}").files()
    assert short.keys() == place.files().keys()
    if place.host == "gitlab":
        return
    for path, text in place.files().items():
        whole, mine = YAML(typ="safe").load(text), YAML(typ="safe").load(short[path])
        for workflow in (whole, mine):
            for job in workflow["jobs"].values():
                job.pop("steps")
        assert mine == whole


@pytest.mark.parametrize("action", ["acme/campaignctl", "acme/campaignctl@v1", "acme@0a", "a b/c@v"])
def test_an_action_without_a_full_commit_is_refused(action: str) -> None:
    with pytest.raises(UsageError, match="OWNER/REPO@SHA"):
        replace(PLACES[0], action=action).files()


@pytest.mark.parametrize(
    ("secrets", "expected"),
    [
        ({"OCAMBA_READ_TOKEN_EU_STAGING": "own", "OCAMBA_READ_TOKEN": "shared"}, "own"),
        ({"OCAMBA_READ_TOKEN": "shared"}, "shared"),
        ({}, ""),
    ],
)
def test_an_environment_reads_its_own_account(secrets: dict[str, str], expected: str) -> None:
    github = Pipelines("github", ".", "main", PACKAGE, "eu-staging")
    for text in github.files().values():
        (used,) = set(re.findall(r"\$\{\{ ([^}]*READ_TOKEN[^}]*) \}\}", text))
        assert (Expressions({"secrets": secrets}, {}).value(used) or "") == expected
    gitlab = Pipelines("gitlab", ".", "main", PACKAGE, "eu-staging")
    for text in gitlab.files().values():
        (line,) = set(re.findall(r'export OCAMBA_TOKEN=".*"', text))
        script = f'{line}; printf %s "$OCAMBA_TOKEN"'
        done = subprocess.run(["sh", "-c", script], env=secrets, capture_output=True, text=True, check=True)
        assert done.stdout == expected
