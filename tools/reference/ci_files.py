"""The composite action and the GitLab template of this repository, from the files that `init --ci` writes.

They have the same steps, so that both ways are tested by the same tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from campaignctl.cli.pipelines import with_install

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "campaignctl" / "cli" / "ci"

_ACTION = """\
# One job of the pipelines, for the workflow that `init --ci github --action OWNER/REPO@SHA` writes.
# Written by `make docs`, from campaignctl/cli/ci/github/. The workflow sets the variables that it uses.
name: campaignctl
description: Plan pull requests, and apply what was reviewed
inputs:
  job:
    description: plan, comment, apply, apply-this-plan or drift
    required: true
  token:
    description: The token for Ocamba that this job needs; none for comment
    default: ""
  plan:
    description: For comment and apply-this-plan, the output `plan` of the job that planned
    default: ""
outputs:
  changes:
    description: Whether the plan has changes
    value: ${{ steps.plan.outputs.changes }}
runs:
  using: composite
  steps:
"""
_GITLAB = """\
# Written by `make docs`, from campaignctl/cli/ci/gitlab/. A file that `campaignctl init --ci gitlab --action
# OWNER/REPO@SHA` writes includes it.
spec:
  inputs:
    name:
      description: The prefix of the job names, also the name of the environment and the resource group
      default: campaigns
    project:
      description: The directory of the project
      default: campaigns
    environment:
      description: The project's environment, if it declares any
      default: ""
    package:
      description: What pip installs
    read_token:
      description: The variable with the token that plans read the account with
      default: OCAMBA_READ_TOKEN
    api:
      description: Where the API token goes, whatever a checkout says
    changes:
      description: Paths whose changes start the jobs
      type: array
      default: ["**/*"]
---

"""
_NAME = "$[[ inputs.name ]]"
# What every job begins with; a comment has no checkout.
_FIRST = ("actions/checkout", "actions/setup-python", "name: Install")


def action() -> str:
    """The text of `action.yml`."""
    jobs = {**_jobs("campaigns.yml"), **_jobs("drift.yml")}
    first = [step for step in jobs["plan"] if any(word in step for word in _FIRST)]
    jobs = {
        name: [step.replace("@readname@", "OCAMBA_READ_TOKEN") for step in all_]
        for name, all_ in jobs.items()
    }
    parts = [_ACTION, _step(first[0], "inputs.job != 'comment'"), *(_step(step, "") for step in first[1:])]
    for job, steps in jobs.items():
        own = [step for step in steps if not any(word in step for word in _FIRST)]
        parts += [f"    # {job}\n", *(_step(_own_id(step, job), f"inputs.job == '{job}'") for step in own)]
    return "".join(parts)


def _jobs(file: str) -> dict[str, list[str]]:
    """The texts of the steps of each job."""
    text = (TEMPLATES / "github" / file).read_text(encoding="utf-8").partition("\njobs:\n")[2]
    parts = re.split(r"^  ([a-z-]+):\n", text, flags=re.MULTILINE)[1:]
    return {
        name: list(_steps(with_install(body).partition("    steps:\n")[2]))
        for name, body in zip(parts[::2], parts[1::2], strict=True)
    }


def _steps(body: str) -> Iterator[str]:
    """Each step, with the comments above it."""
    above = ""
    for part in re.split(r"(?=^      (?:- |# ))", body, flags=re.MULTILINE):
        if part.startswith("      # "):
            above += part
        elif part.strip():
            yield f"{above}{part.rstrip()}\n"
            above = ""


def _own_id(step: str, job: str) -> str:
    """A step with an id that no other job's has."""
    return (
        step
        if job != "apply-this-plan"
        else step.replace("id: apply\n", "id: this\n").replace("steps.apply.", "steps.this.")
    )


def _step(step: str, condition: str) -> str:
    """A step of a job as one of the action: on a condition, with a shell, and with inputs for secrets."""
    text = re.sub(r"\$\{\{ (secrets\.\w+|@readtoken@) \}\}", "${{ inputs.token }}", step)
    text = text.replace("${{ needs.plan.outputs.plan }}", "${{ inputs.plan }}")
    lines = [line.removeprefix("  ") for line in text.splitlines()]
    run = next((index for index, line in enumerate(lines) if line.startswith("      run: ")), None)
    if run is not None:
        if "GITHUB_PATH" in text:
            # The folder is the runner's own, not the checkout's.
            lines[run] += " # zizmor: ignore[github-env]"
        lines.insert(run, "      shell: bash")
    head = next(index for index, line in enumerate(lines) if line.startswith("    - "))
    if not condition:
        return "\n".join(lines) + "\n"
    old = next((index for index, line in enumerate(lines) if line.startswith("      if: ")), None)
    if old is not None:
        asked = lines[old].removeprefix("      if: ").split(" && ")
        always = [part for part in asked if part == "always()"]
        rest = [part for part in asked if part != "always()"]
        lines[old] = f"      if: {' && '.join([*always, condition, *rest])}"
    elif lines[head].startswith("    - name: "):
        lines.insert(head + 1, f"      if: {condition}")
    else:
        lines[head] = f"      {lines[head].removeprefix('    - ')}"
        lines.insert(head, f"    - if: {condition}")
    return "\n".join(lines) + "\n"


def gitlab_template() -> str:
    """The text of `templates/campaigns.yml`."""
    text = with_install((TEMPLATES / "gitlab" / "campaigns.yml").read_text(encoding="utf-8"))
    text = text[text.index("\n.campaigns@suffix@:") + 1 :]
    text = re.sub(r"^(\.?)campaigns@suffix@(.*):$", rf'"\1{_NAME}\2":', text, flags=re.MULTILINE)
    text = re.sub(r"(: )(\.?campaigns@suffix@[\w-]*)$", r'\1"\2"', text, flags=re.MULTILINE)
    values = {
        "campaigns@suffix@": _NAME,
        "@project@": "$[[ inputs.project ]]",
        "@environment@": '\n    CAMPAIGNCTL_ENV: "$[[ inputs.environment ]]"',
        "@paths@": "\n      changes: $[[ inputs.changes ]]",
        "@package@": "$[[ inputs.package ]]",
        "@api@": "$[[ inputs.api ]]",
        "@readtoken@": "${$[[ inputs.read_token ]]:-${OCAMBA_READ_TOKEN:-}}",
        "@readname@": "$[[ inputs.read_token ]]",
    }
    for field, value in values.items():
        text = text.replace(field, value)
    return _GITLAB + text


def ci_files() -> dict[Path, str]:
    """The generated files by path."""
    return {ROOT / "action.yml": action(), ROOT / "templates" / "campaigns.yml": gitlab_template()}
