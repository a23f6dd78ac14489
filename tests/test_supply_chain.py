"""What campaignctl is built from: audited, listed, and the same bytes for everyone."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tools.audit import Verdict, locked, verdict
from tools.wheel import build

ROOT = Path(__file__).parents[1]
LOCKS = sorted(ROOT.glob("requirements*.lock"))
LOCK = "click==8.2 \\\n    --hash=sha256:00\n    # via x\ncolorama==1 ; sys_platform == 'none' \\\n"


def looked_up(name: str, version: str, *found: str) -> dict[str, Any]:
    vulns = [{"id": each, "fix_versions": ["9"], "aliases": []} for each in found]
    return {"name": name, "version": version, "vulns": vulns}


def test_a_lock_is_read_as_this_machine_would_install_it() -> None:
    assert locked(LOCK) == {"click": "8.2"}


@pytest.mark.parametrize(
    ("dependencies", "expected"),
    [
        ([looked_up("click", "8.2")], Verdict()),
        ([looked_up("Click", "8.2", "X-1")], Verdict(("Click 8.2: X-1, fixed in 9",))),
        ([], Verdict((), ("click 8.2",))),
        # The words of pip-audit 2.10, which ends with 0 here.
        ([{"name": "click", "skip_reason": "Dependency not found on PyPI"}], Verdict((), ("click 8.2",))),
        ([looked_up("click", "8.1")], Verdict((), ("click 8.2",))),
    ],
)
def test_what_was_not_looked_up_is_not_green(dependencies: list[dict[str, Any]], expected: Verdict) -> None:
    found = verdict(locked(LOCK), {"dependencies": dependencies})
    assert found == expected
    assert found.status == (1 if expected.vulnerable else 2 if expected.missing else 0)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_has_a_hash_for_every_package_and_names_no_host(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    packages = re.split(r"\n(?=\S)", text)
    assert all("--hash=sha256:" in each for each in packages if "==" in each)


def named() -> list[str]:
    """The locks that `make audit` audits."""
    (line,) = re.findall(r"^LOCKS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return str(line).split()


def test_every_lock_is_audited() -> None:
    assert sorted(named()) == [lock.name for lock in LOCKS]


# ------------------------------------------------------------------------------------------- slow


class _Osv(BaseHTTPRequestHandler):
    """Answers as the documented query of OSV; `found` names a package with a vulnerability."""

    found = ""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = asked["package"]["name"]
        vulnerability = {
            "id": "OSV-2036-1",
            "summary": "It leaks",
            "aliases": [],
            "published": "2036-01-01T00:00:00Z",
            "affected": [
                {
                    "package": {"name": name, "ecosystem": "PyPI"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}],
                }
            ],
        }
        body = json.dumps({"vulns": [vulnerability]} if name == self.found else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def osv(found: str = "") -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Osv", (_Osv,), {"found": found}))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.xdist_group("audit")
def test_an_audit_tells_no_finding_a_finding_and_no_service_apart() -> None:
    with osv() as service:
        done = make("audit", f"SERVICE={service}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{name}: no known vulnerability" for name in named()]
    with osv("click") as service:
        done = make("audit", f"SERVICE={service}")
    assert "Error 1" in done.stderr
    assert (
        f"requirements.lock: click {locked((ROOT / 'requirements.lock').read_text())['click']}: OSV-2036-1"
        in (done.stdout)
    )
    done = make("audit", "SERVICE=http://127.0.0.1:9/v1/query")
    assert "Error 2" in done.stderr
    assert [line.partition(":")[2].startswith(" NOT AUDITED") for line in done.stdout.splitlines()] == [
        True
    ] * 4


@pytest.mark.slow
@pytest.mark.xdist_group("audit")
def test_the_sbom_lists_the_packages_of_the_lock_with_their_hashes() -> None:
    done = make("sbom")
    assert done.returncode == 0, done.stderr
    first = (ROOT / "dist/campaignctl.cdx.json").read_bytes()
    sbom = json.loads(first)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (sbom["bomFormat"], sbom["metadata"]["component"]["name"]) == ("CycloneDX", project["name"])
    listed = {each["name"]: each for each in sbom["components"]}
    assert {name: each["version"] for name, each in listed.items()}.items() >= locked(
        (ROOT / "requirements.lock").read_text()
    ).items()
    for each in listed.values():
        (reference,) = each["externalReferences"]
        assert all(digest["alg"] == "SHA-256" for digest in reference["hashes"])
    make("sbom")
    assert (ROOT / "dist/campaignctl.cdx.json").read_bytes() == first


@pytest.mark.slow
def test_two_builds_of_a_commit_are_equal_byte_for_byte(tmp_path: Path) -> None:
    first = build(tmp_path / "one")
    second = build(tmp_path / "elsewhere" / "another")
    assert first.read_bytes() == second.read_bytes()
