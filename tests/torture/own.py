"""Torture of your own project: its manifests, applied to a local Ocamba.

The expected result comes from an undisturbed run, so that the trials prove that whatever happens, the result
is the same.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from tests.torture.place import Place, Stage, running
from tests.torture.scenario import PROJECT, TIMEOUT, Due, Kind, Scenario

_STATE = {"backend": "local", "path": ".campaignctl/state.json"}
_HORIZON = timedelta(hours=24)
_NOT_COPIED = shutil.ignore_patterns(".git", ".campaignctl", ".venv", "node_modules")


class CannotTorture(Exception):
    """The project does not apply to an empty account; the text says why."""


def stage_of(project: Path, earlier: Path | None, environment: str | None, root: Path) -> Stage:
    """A stage for the apply of a whole project, or of its changes since an earlier checkout.

    Nothing outside of `root` is written, and only a local account is used. Raises CannotTorture.
    """
    copy = root / "project"
    _copied(earlier or project, copy, environment)
    stage = Stage(Scenario(project.resolve().name, (), {}, {}), root)
    if earlier:
        with running(root) as place:
            _applied(place)
        _copied(project, copy, environment)
    with stage.place() as place:
        soon = _may_send_soon(place.plan())
        _applied(place)
        due = _due(place, soon)
    return replace(stage, scenario=replace(stage.scenario, due=due))


def _copied(project: Path, copy: Path, environment: str | None) -> None:
    """A copy of the project, with short API timeouts, the local account and its state in a file."""
    for path in copy.iterdir() if copy.is_dir() else ():
        if path.name != ".campaignctl":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(project, copy, ignore=_NOT_COPIED, dirs_exist_ok=True)
    file = copy / "campaignctl.yaml"
    settings = settings_of(project)
    quick = yaml.safe_load(PROJECT.replace("TIMEOUT", f"{TIMEOUT * 1000:.0f}ms"))["api"]
    kept = {
        name: value for name, value in settings.get("api", {}).items() if name in ("immediate", "markers")
    }
    settings = {**settings, "api": {**quick, "immediate": "direct", **kept}, "state": _STATE}
    settings.pop("account", None)
    environments = settings.pop("environments", None) or {}
    if environments or environment:
        chosen = environment or settings.get("default_environment") or next(iter(environments))
        if chosen not in environments:
            raise CannotTorture(
                f"{project} has no environment {chosen}; it has {', '.join(environments) or 'none'}"
            )
        own = {name: value for name, value in (environments[chosen] or {}).items() if name != "state"}
        settings |= {"environments": {chosen: {**own, "state": _STATE}}, "default_environment": chosen}
    file.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


def settings_of(project: Path) -> dict[str, Any]:
    """What the project file in a folder says. Raises CannotTorture if there is none, or it is no object."""
    file = project / "campaignctl.yaml"
    if not file.is_file():
        raise CannotTorture(f"{file.parent} has no {file.name}")
    try:
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CannotTorture(f"{file}: {error}") from error
    if not isinstance(settings, dict):
        raise CannotTorture(f"{file} is no project; campaignctl validate says more")
    return settings


def _applied(place: Place) -> None:
    ended = place.apply()
    if ended.status != 0:
        raise CannotTorture(f"without any fault, its apply ends with {ended.status}:\n{ended.text}")


def _may_send_soon(plan: Mapping[str, Any]) -> set[str]:
    """The keys whose unknown writes may need a person."""
    until = (datetime.now(UTC) + _HORIZON).strftime("%Y-%m-%d %H:%M:%S")
    soon = set()
    for change in plan["changes"]:
        sends = change["sends"]
        if sends["when"] == "immediately" or any(at.replace("T", " ") < until for at in sends["at"][:1]):
            soon.add(change["key"])
    return soon


def _due(place: Place, soon: set[str]) -> dict[str, Due]:
    """The result of an undisturbed run for each key."""
    state = place.state()
    if state is None:
        raise CannotTorture("its apply has nothing to do")
    account = {campaign["id"]: campaign for campaign in place.control.campaigns()}
    copies = Counter(c["live"]["name"] for c in account.values() if c["live"]["status"] != "canceled")
    sends = Counter(c["live"]["name"] for c in account.values() for _ in c["sends"])
    ids = {entry.key: entry.id for entry in state.released if entry.id in account}
    ids |= {key: record.id for key, record in state.campaigns.items()}

    def of(key: str) -> Due:
        live = account[ids[key]]["live"]
        left: Kind = "gone" if live["status"] == "canceled" else "left"
        return Due(
            "recorded" if key in state.campaigns else left,
            sends[live["name"]],
            copies[live["name"]],
            live["status"],
            by_hand=key in soon,
            name=live["name"],
        )

    return {key: of(key) for key in ids}
