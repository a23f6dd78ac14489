"""`validate` for machines: paths from the root of the repository, exit statuses, and clean output."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.cli_process import Cli

WRONG = "spec:\n  name: Hi\n  titel: x\n  is_draft: true\n  messages: []\n"
DOUBTFUL = (
    "spec:\n  name: Hi\n  is_draft: true\n  messages:\n    - channel: sms\n      integration_id: '1'\n"
    "      sms: {content: {en: Hi}}\n"
)


@pytest.fixture
def repository(cli: Cli) -> Cli:
    """A repository with a project in `crm/campaigns` that has one wrong file."""
    subprocess.run(["git", "init", "-q", cli.cwd], check=True)
    folder = cli.cwd / "crm" / "campaigns"
    assert cli("init", str(folder)).status == 0
    (folder / "push" / "wrong, 50%.yaml").write_text(WRONG, encoding="utf-8")
    return Cli(folder)


def test_annotations_name_files_from_the_top_level_of_git(repository: Cli) -> None:
    done = repository("validate", "--format", "github")
    assert done.status == 1
    assert "::error file=crm/campaigns/push/wrong%2C 50%25.yaml,line=3,col=3," in done.out
    assert all(line.startswith(("::error ", "::warning ")) for line in done.out.splitlines())


def test_annotations_are_the_same_from_another_directory(repository: Cli) -> None:
    elsewhere = Cli(repository.cwd / "push")
    options = ("-C", str(repository.cwd), "validate", "--format", "github")
    assert elsewhere(*options).out == repository("validate", "--format", "github").out


def test_the_workspace_of_a_workflow_precedes_git(repository: Cli) -> None:
    inside = repository.with_env(GITHUB_WORKSPACE=str(repository.cwd.parent))
    assert "file=campaigns/push/wrong%2C" in inside("validate", "--format", "github").out
    outside = repository.with_env(GITHUB_WORKSPACE="/nowhere")
    assert "file=crm/campaigns/push/wrong%2C" in outside("validate", "--format", "github").out


def test_without_a_repository_paths_are_as_in_the_text(project: Cli) -> None:
    (project.cwd / "push" / "wrong.yaml").write_text(WRONG, encoding="utf-8")
    without = project.with_env(GIT_CEILING_DIRECTORIES=str(project.cwd.parent), GITHUB_WORKSPACE="")
    assert "file=push/wrong.yaml,line=3" in without("validate", "--format", "github").out


@pytest.mark.parametrize("form", ["github", "sarif"])
def test_a_link_that_leads_to_itself_is_a_finding_in_every_form(repository: Cli, form: str) -> None:
    (repository.cwd / "loop.yaml").symlink_to("loop.yaml")
    done = repository("validate", "--format", form)
    assert done.status == 1
    assert "crm/campaigns/loop.yaml" in done.out
    assert "Too many levels of symbolic links" in done.out


def test_a_sarif_log_is_one_document_with_paths_from_the_root(repository: Cli) -> None:
    done = repository("validate", "--format", "sarif")
    assert done.status == 1
    results = done.document["runs"][0]["results"]
    places = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results]
    assert set(places) == {"crm/campaigns/push/wrong%2C%2050%25.yaml"}
    assert "unknown-member" in {result["ruleId"] for result in results}


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_every_format_ends_with_the_same_status(project: Cli, form: str) -> None:
    def status(*options: str) -> int:
        return project("validate", "--format", form, *options).status

    assert (status(), status("--fail-severity", "warning")) == (0, 0)
    (project.cwd / "push" / "doubtful.yaml").write_text(DOUBTFUL, encoding="utf-8")
    assert (status(), status("--fail-severity", "warning")) == (0, 1)
    (project.cwd / "push" / "wrong.yaml").write_text(WRONG, encoding="utf-8")
    assert (status(), status("--fail-severity", "warning")) == (1, 1)


def test_without_findings_only_the_log_has_a_line(project: Cli) -> None:
    done = project("validate", "--format", "github")
    assert (done.status, done.out) == (0, "")
    assert "no findings" in done.err
    assert project("validate", "--format", "sarif").document["runs"][0]["results"] == []


@pytest.mark.parametrize("form", ["github", "sarif"])
def test_without_a_project_there_is_no_output(cli: Cli, form: str, tmp_path: Path) -> None:
    done = cli("validate", "--format", form)
    assert (done.status, done.out) == (64, "")
    assert "campaignctl.yaml" in done.err
