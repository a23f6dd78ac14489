"""`make release`: what a version consists of, built from a commit and tried before it is published.

Wheel and sdist are built twice from fresh copies and are equal byte for byte; the sdist makes the same wheel
again. An environment that has nothing but the wheel and its packages runs the demo. With them: the packages
by hash (a lock and an SBOM), the notes, and a checksum of each file.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = "requirements.lock"
#: The documents of each version, a folder for each.
DOCUMENTS = "tests/state/golden"
SUMS = "SHA256SUMS"
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


class ReleaseError(Exception):
    """Why there is no release."""


def build(folder: Path, commit: str = "HEAD") -> list[Path]:
    """Wheel and sdist of a commit, built in a folder that does not exist yet; their date is the commit's.

    Raises CalledProcessError if git or a build fails.
    """
    _run("git", "clone", "--quiet", "--no-checkout", str(ROOT), str(folder))
    _run("git", "-C", str(folder), "checkout", "--quiet", "--detach", commit)
    environ = {"SOURCE_DATE_EPOCH": _run("git", "-C", str(folder), "log", "-1", "--format=%ct")}
    return _built(folder, environ, "sdist", "wheel")


def wheel_of(sdist: Path, folder: Path, environ: Mapping[str, str]) -> Path:
    """The wheel that an sdist makes, as for who installs from source."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    (wheel,) = _built(source, environ, "wheel")
    return wheel


def _built(source: Path, environ: Mapping[str, str], *targets: str) -> list[Path]:
    for target in targets:
        _run(sys.executable, "-P", "-m", "hatchling", "build", "-t", target, cwd=source, environ=environ)
    return sorted((source / "dist").iterdir())


def notes(changelog: str, version: str) -> str:
    """What the changelog says of a version. Raises ReleaseError if it says nothing."""
    pieces = _HEADING.split(changelog)
    said = dict(zip(pieces[1::2], pieces[2::2], strict=True)).get(version, "").strip()
    if not said:
        raise ReleaseError(f'CHANGELOG.md says nothing of {version}. Add a section "## {version}".')
    return said


def documented(source: Path, version: str) -> None:
    """Raises ReleaseError if no document of a version is kept, by which later versions are tested."""
    if not (source / DOCUMENTS / version / "plan.json").is_file():
        raise ReleaseError(
            f"{DOCUMENTS}/{version} is missing: the documents that later versions must still read.\n"
            "Write them with `.venv/bin/python -m tests.state.documents`, and commit them."
        )


def agreed(version: str, tags: list[str]) -> None:
    """Raises ReleaseError if the commit is tagged as another version than the code says."""
    named = [tag for tag in tags if tag.startswith("v")]
    if named and f"v{version}" not in named:
        raise ReleaseError(
            f"The commit has the tag {', '.join(named)}, and campaignctl/__init__.py says {version}.\n"
            "Move the tag, or commit the version and tag that."
        )


def tried(wheel: Path, lock: Path, folder: Path) -> None:
    """Install the wheel as a user would, with every package by its hash, and run the demo.

    Raises CalledProcessError if a command fails, ReleaseError if a file of the package is missing.
    """
    venv.create(folder, with_pip=True)
    pip = (str(folder / "bin" / "pip"), "--disable-pip-version-check", "-qq")
    _run(*pip, "install", "--require-hashes", "--no-deps", "-r", str(lock))
    _run(*pip, "install", "--no-index", str(wheel))  # so it needs nothing that the lock lacks
    _run(*pip, "check")
    installed = {str(path.relative_to(folder / "share")) for path in (folder / "share").rglob("*")}
    missing = {
        "bash-completion/completions/campaignctl",
        f"campaignctl/{LOCK}",
        "fish/vendor_completions.d/campaignctl.fish",
        "man/man1/campaignctl.1",
        "zsh/site-functions/_campaignctl",
    } - installed
    if missing:
        raise ReleaseError(f"The wheel does not install {', '.join(sorted(missing))}.")
    if (folder / "share" / "campaignctl" / LOCK).read_bytes() != lock.read_bytes():
        raise ReleaseError(f"The wheel has another {LOCK} than the commit.")
    bare = {"PATH": f"{folder / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin", "HOME": str(folder)}
    said = _run(str(folder / "bin" / "campaignctl"), "--version", cwd=folder, only=bare)
    if wheel.name.split("-")[1] not in said.split():
        raise ReleaseError(f"The installed wheel is another version: {said}")
    _run(str(folder / "bin" / "campaignctl"), "demo", cwd=folder, only=bare)


def checksums(files: list[Path]) -> str:
    """The lines that `sha256sum --check` reads."""
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(files)
    )


def _run(
    *words: str,
    cwd: Path = ROOT,
    environ: Mapping[str, str] | None = None,
    only: Mapping[str, str] | None = None,
) -> str:
    done = subprocess.run(  # noqa: S603, git, pip and our own interpreter
        words,
        cwd=cwd,
        env={**os.environ, **(environ or {})} if only is None else dict(only),
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.stdout.strip()


def _release(into: Path, temporary: Path) -> None:
    commit = _run("git", "rev-parse", "HEAD")
    # Two folders of other names, and other permissions of new files.
    pairs = []
    for name, mask in (("one", 0o022), ("another-one", 0o077)):
        before = os.umask(mask)
        pairs.append(build(temporary / name, commit))
        os.umask(before)
    wheel, sdist = first = pairs[0]
    if [each.read_bytes() for each in first] != [each.read_bytes() for each in pairs[1]]:
        raise ReleaseError("Two builds of one commit differ.")
    source = temporary / "one"
    environ = {"SOURCE_DATE_EPOCH": _run("git", "log", "-1", "--format=%ct", commit)}
    if wheel_of(sdist, temporary / "source", environ).read_bytes() != wheel.read_bytes():
        raise ReleaseError("The sdist makes another wheel than the commit.")
    version = wheel.name.split("-")[1]
    agreed(version, _run("git", "tag", "--points-at", commit).split())
    documented(source, version)
    said = notes((source / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    tried(wheel, source / LOCK, temporary / "environment")
    into.mkdir(exist_ok=True)
    for path in (*first, source / LOCK):
        shutil.copyfile(path, into / path.name)
    (into / "NOTES.md").write_text(f"{said}\n", encoding="utf-8")
    names = [sdist.name, wheel.name, LOCK, "NOTES.md", "campaignctl.cdx.json"]
    files = [into / name for name in names if (into / name).exists()]
    (into / SUMS).write_text(checksums(files), encoding="utf-8")
    sys.stdout.write(
        f"{into}: campaignctl {version} of {commit[:12]}, installed and tried\n{checksums(files)}"
    )


def main(into: Path) -> int:
    """Write the files of a release to a folder, and none if one of them is wrong; then 1."""
    with tempfile.TemporaryDirectory(prefix="release-") as temporary:
        try:
            _release(into, Path(temporary))
        except ReleaseError as error:
            sys.stderr.write(f"No release: {error}\n")
            return 1
        except subprocess.CalledProcessError as error:
            sys.stderr.write(
                f"No release: {' '.join(error.cmd)} ended with {error.returncode}\n{error.stdout}\n"
            )
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
