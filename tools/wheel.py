"""`make wheel`: the wheel of the commit, built twice from fresh copies and compared byte for byte."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def build(folder: Path, commit: str = "HEAD") -> Path:
    """The wheel of a commit, built in a folder that does not exist yet; its date is that of the commit.

    Raises CalledProcessError if git or the build fails.
    """
    _run("git", "clone", "--quiet", "--no-checkout", str(ROOT), str(folder))
    _run("git", "-C", str(folder), "checkout", "--quiet", "--detach", commit)
    date = _run("git", "-C", str(folder), "log", "-1", "--format=%ct")
    environ = {**os.environ, "SOURCE_DATE_EPOCH": date}
    _run(sys.executable, "-P", "-m", "hatchling", "build", "-t", "wheel", cwd=folder, environ=environ)
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


def _run(*words: str, cwd: Path = ROOT, environ: dict[str, str] | None = None) -> str:
    done = subprocess.run(  # noqa: S603, git and our own interpreter
        words, cwd=cwd, env=environ, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()


def main(into: Path) -> int:
    """Write the wheel to a folder; 1 if the second build differs."""
    commit = _run("git", "rev-parse", "HEAD")
    with tempfile.TemporaryDirectory(prefix="wheel-") as temporary:
        # Two folders of other names, and other permissions of new files.
        built = []
        for name, mask in (("one", 0o022), ("another-one", 0o077)):
            before = os.umask(mask)
            built.append(build(Path(temporary) / name, commit))
            os.umask(before)
        first, second = (each.read_bytes() for each in built)
        if first != second:
            sys.stderr.write("Two builds of one commit differ, so the wheel was not written.\n")
            return 1
        into.mkdir(exist_ok=True)
        shutil.copyfile(built[0], into / built[0].name)
    digest = hashlib.sha256(first).hexdigest()
    sys.stdout.write(f"{into / built[0].name}: two builds of {commit[:12]} are equal, sha256 {digest}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
