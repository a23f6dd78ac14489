"""An ephemeral runner for the workflows: each step is run by the bash that GitHub would use.

A job gets a fresh clone, its own folder for temporary files and nothing of the machine's environment. `run:`
steps are executed as they are. The four actions have stand-ins: a checkout is a clone, an artifact a folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.ci.expressions import Expressions

# On a machine that others use too.
SECONDS = 600
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Machine:
    """Where the jobs run: the folder for their files, the remote, and the environment."""

    folder: Path
    remote: Path
    environ: Mapping[str, str]
    artifacts: Path


@dataclass
class Ran:
    """A job that has ended: `result` in GitHub's words, log, outputs and exit statuses."""

    result: str = "success"
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    steps: dict[str, str] = field(default_factory=dict)


# A step that may be stopped from outside: called with the process, it returns when that ends.
Watch = Callable[[str, "subprocess.Popen[str]"], None]


def run_workflow(
    text: str,
    machine: Machine,
    context: Mapping[str, Any],
    secrets: Mapping[str, str],
    watch: Watch | None = None,
) -> dict[str, Ran]:
    """Run the jobs of a workflow for an event; skipped ones have the result `skipped`."""
    workflow = YAML(typ="safe").load(text)
    done: dict[str, Ran] = {}
    for name, job in workflow["jobs"].items():
        needed = [job["needs"]] if "needs" in job else []
        needs = {other: {"result": done[other].result, "outputs": done[other].outputs} for other in needed}
        fine = all(each["result"] == "success" for each in needs.values())
        env = {**workflow.get("env", {}), **job.get("env", {})}
        values = {"github": context, "needs": needs, "secrets": secrets, "env": env}
        here = _Job(
            machine, machine.folder / f"{context['run_id']}-{context['run_attempt']}" / name, values, watch
        )
        done[name] = here.run(job) if _holds(job.get("if"), here.expressions(), fine) else Ran("skipped")
    return done


def _holds(condition: str | None, expressions: Expressions, fine: bool) -> bool:
    """Whether a condition is met; without a status function it includes success."""
    if condition is None:
        return fine
    return bool(expressions.value(condition)) and (fine or "always()" in condition)


class _Job:
    def __init__(
        self, machine: Machine, folder: Path, values: Mapping[str, Any], watch: Watch | None
    ) -> None:
        self._machine = machine
        self._watch = watch
        self._temp, self._workspace = folder / "temp", folder / "workspace"
        for each in (self._temp, self._workspace, folder / "files"):
            each.mkdir(parents=True)
        self._files = {name: folder / "files" / name for name in ("output", "path", "summary")}
        self._values = {**values, "runner": {"temp": str(self._temp)}, "steps": {}}
        self._ran = Ran()
        # Filled at once: the steps of an action see the environment, and no secrets.
        filled = {name: self.expressions().filled(text) for name, text in values["env"].items()}
        self._values["env"] = filled

    def expressions(self) -> Expressions:
        return Expressions(self._values, {"always": lambda: True})

    def run(self, job: Mapping[str, Any]) -> Ran:
        self._steps(job["steps"])
        self._ran.outputs = {
            name: self.expressions().filled(text) for name, text in job.get("outputs", {}).items()
        }
        if self._files["summary"].exists():
            self._ran.summary = self._files["summary"].read_text()
        return self._ran

    def _steps(self, steps: Sequence[Mapping[str, Any]]) -> None:
        for number, step in enumerate(steps):
            here = self._values["steps"].setdefault(step.get("id", ""), {"outcome": "skipped", "outputs": {}})
            if not _holds(step.get("if"), self.expressions(), self._ran.result == "success"):
                continue
            fine = self._run_action(step) if "uses" in step else self._run_script(step)
            here["outcome"] = "success" if fine else "failure"
            name = step.get("name", str(number))
            self._ran.steps[name] = "success" if fine else "failure"
            if not fine and not step.get("continue-on-error"):
                self._ran.result = "failure"

    def _run_script(self, step: Mapping[str, Any]) -> bool:
        script = self._temp.parent / "files" / "script.sh"
        script.write_text(self.expressions().filled(step["run"]))
        output = self._files["output"]
        output.write_text("")
        given = {name: self.expressions().filled(str(text)) for name, text in step.get("env", {}).items()}
        if self._watch:
            given["REAL_PROCESS"] = "1"
        process = subprocess.Popen(
            ["bash", "-e", str(script)],
            cwd=self._workspace,
            env={**self._environ(), **given},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        if self._watch:
            self._watch(step["name"], process)
        said, _ = process.communicate(timeout=SECONDS)
        self._ran.log += said
        outputs = dict(line.split("=", 1) for line in output.read_text().splitlines())
        self._values["steps"][step.get("id", "")]["outputs"] = outputs
        return process.returncode == 0

    def _environ(self) -> dict[str, str]:
        github = self._values["github"]
        added = self._files["path"].read_text().split() if self._files["path"].exists() else []
        return {
            **self._machine.environ,
            "PATH": os.pathsep.join([*reversed(added), self._machine.environ["PATH"]]),
            "GITHUB_PATH": str(self._files["path"]),
            **self._values["env"],
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": github["actor"],
            "GITHUB_API_URL": github["api_url"],
            "GITHUB_EVENT_NAME": github["event_name"],
            "GITHUB_EVENT_PATH": str(self._event()),
            "GITHUB_REF_NAME": github["ref_name"],
            "GITHUB_RUN_ATTEMPT": str(github["run_attempt"]),
            "GITHUB_SHA": github["sha"],
            "GITHUB_WORKFLOW_REF": github["workflow_ref"],
            "GITHUB_REPOSITORY": github["repository"],
            "GITHUB_RUN_ID": str(github["run_id"]),
            "GITHUB_SERVER_URL": github["server_url"],
            "GITHUB_WORKSPACE": str(self._workspace),
            "GITHUB_OUTPUT": str(self._files["output"]),
            "GITHUB_STEP_SUMMARY": str(self._files["summary"]),
            "RUNNER_TEMP": str(self._temp),
        }

    def _event(self) -> Path:
        path = self._temp.parent / "files" / "event.json"
        path.write_text(json.dumps(self._values["github"]["event"]))
        return path

    def _run_action(self, step: Mapping[str, Any]) -> bool:
        name = step["uses"].partition("@")[0]
        given = {key: self.expressions().filled(str(text)) for key, text in step.get("with", {}).items()}
        actions = {
            "actions/checkout": self._checkout,
            "actions/setup-python": lambda given: True,
            "actions/upload-artifact": self._upload,
            "actions/download-artifact": self._download,
        }
        return actions[name](given) if name in actions else self._composite(given)

    def _composite(self, inputs: Mapping[str, str]) -> bool:
        """The steps of this repository's own action, which see its inputs and only their own ids."""
        action = YAML(typ="safe").load(ROOT / "action.yml")
        outer, self._values = self._values, {**self._values, "inputs": inputs, "steps": {}}
        self._values.pop("secrets")
        self._values.pop("needs")
        before, self._ran.result = self._ran.result, "success"
        self._steps(action["runs"]["steps"])
        outputs = {name: self.expressions().filled(each["value"]) for name, each in action["outputs"].items()}
        fine, self._ran.result, self._values = self._ran.result == "success", before, outer
        self._values["steps"].setdefault("plan", {})["outputs"] = outputs
        return fine

    def _checkout(self, given: Mapping[str, str]) -> bool:
        whole = given.get("fetch-depth") == "0"
        everything = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
        sha = self._values["github"]["sha"]
        for words in (
            ("init", "--quiet", "."),
            ("remote", "add", "origin", f"file://{self._machine.remote}"),
            ("fetch", "--quiet", "origin", *everything)
            if whole
            else ("fetch", "--quiet", "--depth=1", "origin", sha),
            # The merge of a pull request is on no branch.
            ("fetch", "--quiet", "origin", sha) if whole else ("status", "--short"),
            ("checkout", "--quiet", "--detach", sha),
        ):
            subprocess.run(
                ["git", *words],
                cwd=self._workspace,
                env=dict(self._machine.environ),
                check=True,
                capture_output=True,
            )
        return True

    def _artifact(self, name: str) -> Path:
        return self._machine.artifacts / str(self._values["github"]["run_id"]) / name

    def _upload(self, given: Mapping[str, str]) -> bool:
        found = [file for pattern in given["path"].split() for file in _files(pattern)]
        for file in found:
            target = self._artifact(given["name"]) / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
        return bool(found) or given.get("if-no-files-found") == "ignore"

    def _download(self, given: Mapping[str, str]) -> bool:
        artifact = self._artifact(given["name"])
        if given["name"] and artifact.is_dir():
            shutil.copytree(artifact, given["path"], dirs_exist_ok=True)
        return bool(given["name"]) and artifact.is_dir()


def _files(pattern: str) -> Iterator[Path]:
    """The files of a path to upload: those in a folder, or those that match a pattern."""
    path = Path(pattern)
    if path.is_dir():
        yield from (file for file in path.rglob("*") if file.is_file())
    else:
        yield from path.parent.glob(path.name)


def processes_on_the_runner(root: int) -> list[int]:
    """A process and its descendants, the highest id first, without what runs at the remote: a runner that
    dies does not take the host's processes with it."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found = [root]
    for each in found:
        found += (child for child in children.get(each, []) if not _is_of_the_remote(child))
    return sorted(found, reverse=True)


def _is_of_the_remote(process: int) -> bool:
    with suppress(OSError):
        return b"git-receive-pack" in Path(f"/proc/{process}/cmdline").read_bytes()
    return False


def bare_environ(home: Path, path: str, **more: str) -> dict[str, str]:
    """An environment that has only the PATH of this machine."""
    return {
        "PATH": path,
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
        **more,
    }
