"""A stand-in for `gh`: it answers from a folder (GH_HUB), in the shapes of GitHub's documentation.

It knows the few calls that our pipelines make, and refuses every other one. The filters are run by jq.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jq

HUB = Path(os.environ["GH_HUB"])
BOT = {"login": "github-actions[bot]", "type": "Bot"}


def data() -> dict[str, Any]:
    return dict(json.loads((HUB / "hub.json").read_text()))


def api(words: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("path")
    parser.add_argument("--method", default="GET")
    parser.add_argument("--paginate", action="store_true")
    parser.add_argument("--silent", action="store_true")
    parser.add_argument("--jq", default=".")
    parser.add_argument("--field", default="")
    asked = parser.parse_args(words)
    url = urlsplit(asked.path)
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    answer = respond(asked.method, url.path, query, _field(asked.field))
    if not asked.silent:
        for found in jq.compile(asked.jq).input_value(answer):
            sys.stdout.write((found if isinstance(found, str) else json.dumps(found)) + "\n")
    return 0


def _field(text: str) -> dict[str, str]:
    name, _, value = text.partition("=")
    return {name: Path(value[1:]).read_text() if value.startswith("@") else value}


def respond(method: str, path: str, query: dict[str, str], body: dict[str, str]) -> Any:
    asked = f"{method} {path.removeprefix('repos/' + os.environ['GITHUB_REPOSITORY'])}"
    for pattern, answer in ROUTES.items():
        if found := re.fullmatch(pattern, asked):
            return answer(data(), query, body, *found.groups())
    sys.exit(f"gh: Not Found (HTTP 404): {asked}")


def download(words: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("run")
    parser.add_argument("--repo", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--dir", required=True)
    asked = parser.parse_args(words)
    artifact = HUB / "artifacts" / asked.run / asked.name
    if asked.repo != os.environ["GITHUB_REPOSITORY"] or not artifact.is_dir():
        sys.exit("no artifact matches any of the names or patterns provided")
    shutil.copytree(artifact, asked.dir, dirs_exist_ok=True)
    return 0


def _pulls(hub: dict[str, Any], query: Any, body: Any, commit: str) -> Any:
    return [hub["pulls"][number] for number in hub["brought"].get(commit, [])]


def _runs(hub: dict[str, Any], query: dict[str, str], body: Any, workflow: str) -> Any:
    runs = [
        run
        for run in hub["runs"]
        if run["path"] == f".github/workflows/{workflow}"
        and all(run[name] == query[name] for name in ("event", "head_sha"))
    ]
    return {"total_count": len(runs), "workflow_runs": runs}


def _environment(hub: dict[str, Any], query: Any, body: Any, name: str) -> Any:
    return hub["environments"][name]


def _comments(hub: dict[str, Any], query: Any, body: dict[str, str], number: str) -> Any:
    return hub["comments"].get(number, [])


def _comment(hub: dict[str, Any], query: Any, body: dict[str, str], number: str) -> Any:
    made = {"id": hub["next"], "user": BOT, "body": body["body"]}
    hub["next"] += 1
    hub["comments"].setdefault(number, []).append(made)
    return _saved(hub, made)


def _edit(hub: dict[str, Any], query: Any, body: dict[str, str], number: str) -> Any:
    (found,) = (each for all_ in hub["comments"].values() for each in all_ if str(each["id"]) == number)
    found["body"] = body["body"]
    return _saved(hub, found)


def _saved(hub: dict[str, Any], answer: Any) -> Any:
    (HUB / "hub.json").write_text(json.dumps(hub))
    return answer


ROUTES = {
    r"GET /commits/(\w+)/pulls": _pulls,
    r"GET /actions/workflows/([\w.-]+)/runs": _runs,
    r"GET /environments/([\w-]+)": _environment,
    r"GET /issues/(\d+)/comments": _comments,
    r"POST /issues/(\d+)/comments": _comment,
    r"PATCH /issues/comments/(\d+)": _edit,
}


def main(words: list[str]) -> int:
    if not os.environ.get("GH_TOKEN"):
        sys.exit("gh: To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN environment variable.")
    if words[:1] == ["api"]:
        return api(words[1:])
    if words[:2] == ["run", "download"]:
        return download(words[2:])
    sys.exit(f"this stand-in does not know: gh {' '.join(words)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
