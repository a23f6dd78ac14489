"""The step `Install` of the pipelines, run by a real pip without an index, in a hostile checkout."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.ci.runner import ROOT, bare_environ
from tests.ci.test_ci_files import PLACES
from tests.hooks.installed_wheels import pack

pytestmark = pytest.mark.slow

PARTS = ("pyproject.toml", "README.md", "LICENSE", "campaignctl", "campaigns")
HOSTILE = "import pathlib\npathlib.Path({ran!r}).touch()\n"
NAMES = ("pip", "venv", "ensurepip", "sitecustomize", "usercustomize", "campaignctl", "json")


@dataclass(frozen=True)
class Source:
    """Where campaignctl can be had: wheels in a folder, and a git repository at a commit."""

    wheels: Path
    packages: dict[str, str]
    environ: dict[str, str]


def lock(wheels: Path, *names: str) -> str:
    """A lock of the wheels in a folder, by their real hashes."""
    lines = []
    for wheel in sorted(wheels.iterdir()):
        name, version = wheel.name.split("-")[:2]
        lines.append(f"{name}=={version} --hash=sha256:{digest(wheel)}\n")
    return "".join(
        line for line in lines if not names or line.startswith(tuple(f"{name}==" for name in names))
    )


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    folder = tmp_path_factory.mktemp("source")
    # Compiling what is installed takes longer than all the rest.
    pip = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_COMPILE": "0"}
    environ = bare_environ(folder, os.environ["PATH"], **pip)
    wheels, code = folder / "wheels", folder / "code"
    wheels.mkdir()
    environ["PIP_FIND_LINKS"] = str(wheels)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pack([*project["project"]["dependencies"], *project["dependency-groups"]["build"]], wheels)
    code.mkdir()
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, code / name, ignore=shutil.ignore_patterns("__pycache__", ".camp*"))
        else:
            shutil.copy(ROOT / name, code / name)
    for name in ("requirements.lock", "requirements-build.lock"):
        (code / name).write_text(lock(wheels))
    for words in (
        ("git", "init", "--quiet", "."),
        ("git", "add", "--all"),
        ("git", "-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "-m", "all"),
        (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", wheels, "."),
    ):
        subprocess.run(words, cwd=code, env=environ, check=True, capture_output=True)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=code, env=environ, check=True, capture_output=True, text=True
    )
    (wheel,) = wheels.glob("campaignctl-*.whl")
    packages = {
        "index": f"campaignctl=={wheel.name.split('-')[1]} --hash=sha256:{digest(wheel)}",
        "wheel": f"campaignctl @ file://{wheel} --hash=sha256:{digest(wheel)}",
        "git": f"git+file://{code}@{head.stdout.strip()}",
        "tampered": f"campaignctl @ file://{wheel} --hash=sha256:{'0' * 64}",
    }
    return Source(wheels, packages, environ)


def script(host: str) -> str:
    """What the jobs of a host run to install."""
    place = next(each for each in PLACES if each.host == host)
    read = YAML(typ="safe").load(next(iter(place.files().values())))
    if host == "gitlab":
        return "\n".join(read[".campaigns"]["before_script"]) + '\necho "$PATH" > "$CI_PROJECT_DIR/path"\n'
    steps = (step for job in read["jobs"].values() for step in job["steps"])
    (found,) = {step["run"] for step in steps if step.get("name") == "Install"}
    return str(found)


def hostile_checkout(folder: Path) -> Path:
    """A checkout whose files a careless pipeline would run; they leave the file `ran`."""
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.py").write_text(HOSTILE.format(ran=str(folder.parent / "ran")))
    (folder / "pip.conf").write_text("[global]\nno-index = false\nindex-url = http://127.0.0.1:9/\n")
    return folder


def install(host: str, package: str, source: Source, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run the step in a hostile checkout, then `campaignctl --version` as the next step would."""
    checkout = hostile_checkout(tmp_path / "checkout")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "python").symlink_to(sys.executable)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    environ = {
        **source.environ,
        "HOME": str(tmp_path),
        "PATH": path,
        "PYTHONPATH": ".",
        "CAMPAIGNCTL_PACKAGE": package,
        "CAMPAIGNS_FILES": "campaigns-ci",
        "CI_PROJECT_DIR": str(checkout),
        "RUNNER_TEMP": str(tmp_path / "temp"),
        "GITHUB_PATH": str(checkout / "path"),
        "CI_JOB_ID": f"{os.getpid()}-{checkout.parent.name}",
    }
    done = subprocess.run(
        ["bash", "-e", "-c", script(host)],
        cwd=checkout,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return done
    added = (checkout / "path").read_text().strip()
    return subprocess.run(
        ["campaignctl", "--version"],
        cwd=checkout,
        env={**environ, "PATH": f"{added}{os.pathsep}{path}"},
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.mark.parametrize(
    ("host", "form"), [("github", "index"), ("github", "wheel"), ("github", "git"), ("gitlab", "git")]
)
def test_a_package_is_installed_by_hash_and_no_file_of_the_checkout_runs(
    host: str, form: str, source: Source, tmp_path: Path
) -> None:
    done = install(host, source.packages[form], source, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("campaignctl")
    assert not (tmp_path / "ran").exists()


def test_a_package_with_another_hash_is_refused(source: Source, tmp_path: Path) -> None:
    done = install("github", source.packages["tampered"], source, tmp_path)
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr.upper()


def test_a_dependency_with_another_hash_is_refused(source: Source, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    shutil.copytree(source.wheels, wheels)
    (wheel,) = wheels.glob("click-*.whl")
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    done = install(
        "github",
        source.packages["wheel"],
        Source(wheels, source.packages, {**source.environ, "PIP_FIND_LINKS": str(wheels)}),
        tmp_path,
    )
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr.upper()
