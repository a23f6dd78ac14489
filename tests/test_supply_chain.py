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
from typing import Any

import pytest

import campaignctl
from tests.serving import serving
from tools.audit import Verdict, locked, verdict
from tools.reference.shell_files import shell_files
from tools.release import SUMS, ReleaseError, agreed, documented, notes

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


# ---------------------------------------------------------------------------------------- release


@pytest.mark.parametrize("path", shell_files(), ids=lambda path: path.name)
def test_man_page_and_completions_are_those_of_the_command_line(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == shell_files()[path], "run `make docs`"


def test_a_release_has_the_notes_of_its_version_alone() -> None:
    changelog = "# Changelog\n\n## 0.2.0\n\n- New.\n\n## 0.1.0\n\n- Old.\n"
    assert notes(changelog, "0.2.0") == "- New."
    for version in ("0.3.0", "0.2"):
        with pytest.raises(ReleaseError, match=rf"says nothing of {version}"):
            notes(changelog, version)
    assert notes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), campaignctl.__version__)


@pytest.mark.parametrize("tags", [[], ["v0.2.0"], ["reviewed"], ["v0.2.0", "v1.0.0"]])
def test_a_release_without_another_tag_is_one(tags: list[str]) -> None:
    agreed("0.2.0", tags)


def test_a_commit_that_is_tagged_as_another_version_is_none() -> None:
    with pytest.raises(ReleaseError, match=r"has the tag v0\.3\.0, and .* says 0\.2\.0"):
        agreed("0.2.0", ["v0.3.0"])


def test_a_release_needs_the_documents_of_its_version() -> None:
    documented(ROOT, campaignctl.__version__)
    with pytest.raises(ReleaseError, match=r"tests/state/golden/9\.9 is missing"):
        documented(ROOT, "9.9")


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
    handler = type("Osv", (_Osv,), {"found": found})
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"


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
    unknown = [line.partition(":")[2].startswith(" NOT AUDITED") for line in done.stdout.splitlines()]
    assert unknown == [True] * len(named())


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
@pytest.mark.xdist_group("audit")
def test_a_release_is_built_twice_tried_and_listed_with_checksums(tmp_path: Path) -> None:
    done = make("release")
    assert done.returncode == 0, done.stderr
    names = {line.split()[1] for line in (ROOT / "dist" / SUMS).read_text().splitlines()}
    version = campaignctl.__version__
    assert names == {
        "NOTES.md",
        f"campaignctl-{version}-py3-none-any.whl",
        f"campaignctl-{version}.tar.gz",
        "campaignctl.cdx.json",
        "requirements.lock",
    }
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", SUMS], cwd=ROOT / "dist", check=True)
