"""The step `Install` of the pipelines, run by a real pip without an index."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.ci.github_host import GitHub
from tests.ci.gitlab_host import GitLab
from tests.ci.team import ROOT, Team

pytestmark = pytest.mark.slow


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """The folder of a python with campaignctl's dependencies, but without campaignctl."""
    needed = tmp_path / "needed"
    needed.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.startswith(("campaignctl", "_campaignctl", "_editable", "__pycache__")):
            (needed / path.name).symlink_to(path)
    machine = tmp_path / "machine"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(machine)], check=True)
    (packages,) = (machine / "lib").glob("python*/site-packages")
    (packages / "needed.pth").write_text(f"{needed}\n")
    return machine / "bin"


def installed(team: Team, python: Path, script: str) -> str:
    """The output of `campaignctl --version` after the step was run in a job's environment."""
    environ = {
        **team.environ,
        "PATH": f"{python}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": "",
        "CAMPAIGNCTL_PACKAGE": str(ROOT),
        "CAMPAIGNS_FILES": "campaigns-ci",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads this one the other way round
    }
    done = subprocess.run(
        ["bash", "-e", "-c", script], cwd=team.work, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    program = python / "campaignctl"
    return subprocess.run(
        [str(program), "--version"], cwd=team.work, env=environ, capture_output=True, text=True, check=True
    ).stdout


def test_the_github_step_installs_a_working_program(github: GitHub, python: Path) -> None:
    workflow = YAML(typ="safe").load(github.work / ".github/workflows/campaigns.yml")
    (script,) = {
        step["run"]
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if step.get("name") == "Install"
    }
    assert installed(github, python, script).startswith("campaignctl")


def test_the_gitlab_script_installs_a_working_program(gitlab: GitLab, python: Path) -> None:
    jobs = YAML(typ="safe").load(gitlab.work / ".gitlab-ci.yml")
    script = "\n".join(jobs[".campaigns"]["before_script"])
    assert installed(gitlab, python, script).startswith("campaignctl")
