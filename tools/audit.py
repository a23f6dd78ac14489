"""`make audit`: no package of the locks has a known vulnerability, and every one of them was looked up.

pip-audit ends with 0 also if it could not look a package up, and with 1 both for a finding and for a service
that is away. Here the statuses are 0 (all looked up, nothing found), 1 (a vulnerability) and 2 (not audited).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_OPTIONS = (
    *("--require-hashes", "--disable-pip", "--vulnerability-service", "osv"),
    *("--format", "json", "--progress-spinner", "off"),
)
_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an audit of one lock found: vulnerabilities as lines of text, packages that were not looked up."""

    vulnerable: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def status(self) -> int:
        """The exit status: a vulnerability counts more than a gap."""
        return 1 if self.vulnerable else 2 if self.missing else 0


def locked(text: str) -> dict[str, str]:
    """The versions of a lock that this machine would install, by name."""
    lines = (line.partition("\\")[0].strip() for line in text.splitlines() if line[:1].isalnum())
    wanted = (Requirement(line) for line in lines)
    return {
        canonicalize_name(each.name): str(each.specifier).removeprefix("==")
        for each in wanted
        if each.marker is None or each.marker.evaluate()
    }


def verdict(packages: dict[str, str], document: dict[str, Any]) -> Verdict:
    """Judge pip-audit's JSON for the packages of a lock.

    A package counts as looked up only with a list of vulnerabilities of exactly the locked version.
    """
    looked_up: dict[str, Any] = {
        canonicalize_name(each["name"]): each for each in document["dependencies"] if "vulns" in each
    }
    missing = (
        f"{name} {version}"
        for name, version in packages.items()
        if name not in looked_up or looked_up[name]["version"] != version
    )
    return Verdict(tuple(_findings(looked_up.values())), tuple(missing))


def _findings(packages: Any) -> Iterator[str]:
    for each in packages:
        for found in each["vulns"]:
            fixed = ", ".join(found.get("fix_versions", ())) or "no version"
            yield f"{each['name']} {each['version']}: {found['id']}, fixed in {fixed}"


def audit(lock: Path, service: str | None) -> Verdict:
    """Look the packages of a lock up; `service` is another address of an OSV service."""
    packages = locked(lock.read_text(encoding="utf-8"))
    command = [sys.executable, "-I", "-m", "pip_audit", "--requirement", str(lock), *_OPTIONS]
    done = subprocess.run(  # noqa: S603, our own interpreter
        [*command, *(("--osv-url", service) if service else ())],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    try:
        document = json.loads(done.stdout)
    except ValueError:
        sys.stderr.write(f"{(done.stderr.strip() or 'pip-audit said nothing').splitlines()[-1]}\n")
        document = {"dependencies": []}
    return verdict(packages, document)


def main(words: Sequence[str]) -> int:
    """Audit the locks of the command line, and say for each how it went."""
    parser = argparse.ArgumentParser(prog="python -m tools.audit")
    parser.add_argument("--service")
    parser.add_argument("locks", nargs="+", type=Path)
    asked = parser.parse_args(words)
    status = 0
    for lock in asked.locks:
        found = audit(lock, asked.service)
        for line in found.vulnerable:
            sys.stdout.write(f"{lock}: {line}\n")
        if found.missing:
            some = ", ".join(found.missing[:3])
            sys.stdout.write(
                f"{lock}: NOT AUDITED: {len(found.missing)} packages could not be looked up ({some}, ...). "
                "Can the service for vulnerabilities be reached? Run it again.\n"
            )
        elif not found.vulnerable:
            sys.stdout.write(f"{lock}: no known vulnerability\n")
        status = min(filter(None, (status, found.status)), default=0)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
