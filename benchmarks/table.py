"""One table: what campaignctl costs next to PyYAML, octoDNS, `git status`, bare Python and click.

`make bench` prints it. Figures are ratios of processor time to PyYAML's CSafeLoader on the same manifests
in the same run, so that machines can be compared. `--keep` adds them to `history.json`, with the commit;
`--check` ends with 1 if one is more than 1.3 times the best kept.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.timing import Used, process, turns
from benchmarks.validate import COUNT, OFF, write

ROUNDS = 3
WORSE = 1.3
HISTORY = Path(__file__).with_name("history.json")
#: Where `make bench` installs octoDNS: apart, as it needs other packages than ours.
OCTODNS = Path(".venv-bench/bin")
#: What is kept and checked: the other figures are of other people's programs.
_OURS = ("validate", "plan", "fmt", "--version")
PARSED = "PyYAML CSafeLoader"
LOADER = """
import sys, pathlib, yaml
for path in sorted(pathlib.Path(sys.argv[1]).glob("c*.yaml")):
    yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
"""
_RECORD = """
import sys, pathlib
from benchmarks.plan import applied, desired_state
from campaignctl.state import codec
folder = pathlib.Path(sys.argv[1])
state = applied(desired_state(folder)).backend.read()
(folder / ".campaignctl" / "state.json").write_text(codec.encode(state))
"""
_SIDE_FILE = "<p>Paragraph {number}: we have something for you this spring, and it is not far away.</p>\n"
_OCTODNS = """\
providers:
  config: {class: octodns.provider.yaml.YamlProvider, directory: %(folder)s/zones, default_ttl: 300}
  copy: {class: octodns.provider.yaml.YamlProvider, directory: %(folder)s/copy, default_ttl: 300}
zones:
"""


def main(arguments: tuple[str, ...] = ()) -> int:
    """Print the table; return 1 if a ratio is too far above the best kept, and that was asked for."""
    with tempfile.TemporaryDirectory() as directory:
        sides, skipped = _sides(Path(directory))
        used = turns(sides, ROUNDS)
    parsed = used[PARSED].seconds
    ratios = {name: round(one.seconds / parsed, 3) for name, one in used.items()}
    best = _best()
    print(f"{COUNT:,} manifests, processor time, the least of {ROUNDS} rounds in turns")
    print(f"  {'':34} {'ratio':>7} {'seconds':>9} {'peak':>8}   best kept")
    for name, one in used.items():
        kept = f"{best[name]:9.2f}" if name in best else ""
        print(f"  {name:34} {ratios[name]:7.2f} {one.seconds:7.2f} s {one.megabytes:5.0f} MB   {kept}")
    for name, why in skipped.items():
        print(f"  {name:34} skipped: {why}")
    worse = [name for name in ratios if ratios[name] > WORSE * best.get(name, ratios[name])]
    for name in worse:
        print(f"{name}: {ratios[name]:.2f} is more than {WORSE} times the best kept, {best[name]:.2f}")
    if "--keep" in arguments:
        _keep({name: ratio for name, ratio in ratios.items() if name.startswith(_OURS)})
    return int(bool(worse) and "--check" in arguments)


def _sides(folder: Path) -> tuple[dict[str, Callable[[], Used]], dict[str, str]]:
    """What is measured, and what is not with the reason."""
    project, recorded, changed, side = (folder / name for name in ("new", "same", "changed", "side"))
    for each in (project, recorded, changed, side):
        each.mkdir()
        write(each, OFF if each is side else "")
    for each in (recorded, changed):
        record(each)
    for path in changed.glob("c[0-9]*.yaml"):
        path.write_text(path.read_text().replace("Hello from", "Greetings from").replace("[pro, ", "[free, "))
    _with_side_files(side)
    _commit(project)
    python = [sys.executable]
    sides: dict[str, Callable[[], Used]] = {
        PARSED: partial(process, [*python, "-c", LOADER, str(project)], _ENVIRON),
        "validate": _ours(project, "validate"),
        "validate, 3 files of 38 KB each": _ours(side, "validate"),
        "plan, nothing to do, cold": _ours(recorded, "plan", "--no-refresh"),
        "plan, all changed": _ours(changed, "plan", "--no-refresh"),
        "plan, all created": _ours(project, "plan", "--no-refresh"),
        "plan, all created, JSON": _ours(project, "plan", "--no-refresh", "--format", "json"),
        "fmt --check": _ours(project, "fmt", "--check"),
        "--version": _ours(project, "--version"),
        "git status": partial(process, ["git", "-C", str(project), "status", "--short"], _ENVIRON),
        "bare Python": partial(process, [*python, "-c", "pass"], _ENVIRON),
        "import click": partial(process, [*python, "-c", "import click"], _ENVIRON),
    }
    if not (OCTODNS / "octodns-validate").exists():
        return sides, {"octoDNS": "not installed; `make bench` installs it where packages can be fetched"}
    lines = sum(path.read_text().count("\n") for path in project.glob("c[0-9]*.yaml"))
    config = _zones(folder / "dns", lines)
    of_octodns = str(OCTODNS / "octodns-validate"), str(OCTODNS / "octodns-sync")
    sides["octoDNS validate, as many lines"] = partial(
        process, [of_octodns[0], f"--config-file={config}"], _ENVIRON
    )
    sides["octoDNS plan, all created"] = partial(
        process, [of_octodns[1], f"--config-file={config}"], _ENVIRON
    )
    return sides, {}


_ENVIRON: Mapping[str, str] = {**os.environ, "CAMPAIGNCTL_CACHE": "off"}


def _ours(project: Path, *words: str) -> Callable[[], Used]:
    """A run of campaignctl; it may end with 1 because of findings, which is what it was asked for."""
    command = [sys.executable, "-m", "campaignctl", "-C", str(project), *words]
    return partial(process, command, _ENVIRON, (0, 1))


def record(folder: Path) -> None:
    """Write the state after all of a project was applied; by a process of its own, as one is as large as
    the one that started it."""
    (folder / ".campaignctl").mkdir()
    subprocess.run([sys.executable, "-c", _RECORD, str(folder)], check=True)


def _with_side_files(folder: Path) -> None:
    """The project with three languages of html in files of their own, of 38 KB each."""
    (folder / "html").mkdir()
    for path in sorted(folder.glob("c[0-9]*.yaml")):
        before, _, rest = path.read_text().partition("        html:\n")
        rest = rest[rest.index("  targeting:") :]
        named = "".join(
            f"          {each}: {{$file: html/{path.stem}.{each}.html}}\n" for each in ("en", "de", "fr")
        )
        path.write_text(f"{before}        html:\n{named}{rest}")
        for each in ("en", "de", "fr"):
            text = "".join(_SIDE_FILE.format(number=f"{path.stem} {each} {number}") for number in range(410))
            (folder / "html" / f"{path.stem}.{each}.html").write_text(f"<html><body>\n{text}</body></html>\n")


def _commit(folder: Path) -> None:
    run = partial(subprocess.run, check=True, capture_output=True)
    run(["git", "-C", str(folder), "init", "-q"])
    run(["git", "-C", str(folder), "add", "."])
    name = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@example.com")
    run(["git", "-C", str(folder), *name, "commit", "-q", "-m", "all"])


def _zones(folder: Path, lines: int) -> Path:
    """A project of octoDNS with as many lines of YAML, in zones of 100 records of three lines."""
    (folder / "zones").mkdir(parents=True)
    (folder / "copy").mkdir()
    names = [f"zone{number:04}.example." for number in range(lines // 300)]
    for name in names:
        records = (f"r{number:03}:\n  type: A\n  value: 192.0.2.{number}\n" for number in range(100))
        (folder / "zones" / f"{name}yaml").write_text("".join(records))
    config = folder / "config.yaml"
    zones = (f"  {name}: {{sources: [config], targets: [copy]}}\n" for name in names)
    config.write_text(_OCTODNS % {"folder": folder} + "".join(zones))
    return config


def _history() -> list[dict[str, object]]:
    return list(json.loads(HISTORY.read_text())) if HISTORY.exists() else []


def _best() -> dict[str, float]:
    """The best ratio kept of each side."""
    best: dict[str, float] = {}
    for entry in _history():
        ratios = entry["ratios"]
        for name, ratio in ratios.items() if isinstance(ratios, dict) else ():
            best[name] = min(ratio, best.get(name, ratio))
    return best


def _keep(ratios: Mapping[str, float]) -> None:
    shown = ["git", "rev-parse", "--short=12", "HEAD"]
    commit = subprocess.run(shown, check=True, capture_output=True, text=True).stdout.strip()
    entry = {"commit": commit, "date": f"{datetime.now(UTC):%Y-%m-%d}", "ratios": dict(ratios)}
    HISTORY.write_text(json.dumps([*_history(), entry], indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:])))
