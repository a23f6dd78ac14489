"""`.ci/run`: what our own CI installs before it checks."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.ci.runner import ROOT

_APT = """\
#!/bin/sh
echo "$*" >> "$ASKED"
case "$*" in update*|*npm*) exit 100 ;; esac
"""


def test_a_package_that_cannot_be_installed_keeps_no_other_one_from_it(tmp_path: Path) -> None:
    programs = {"apt-get": _APT, "id": "#!/bin/sh\necho 0\n", "make": "#!/bin/sh\necho made $2\n"}
    for name, text in programs.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    for name in ("bash", "dirname", "sh"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    environ = {"PATH": str(tmp_path), "CI": "true", "ASKED": str(tmp_path / "asked")}
    done = subprocess.run([ROOT / ".ci" / "run"], env=environ, capture_output=True, text=True, check=True)
    asked = [line.split()[-1] for line in (tmp_path / "asked").read_text().splitlines()]
    looked_for = {
        "openssh-server": "sbin/sshd",
        "postgresql": "lib/postgresql/*/bin/initdb",
        "pgbouncer": "sbin/pgbouncer",
    }
    missing = [name for name, place in looked_for.items() if not [*Path("/usr").glob(place)]]
    assert asked == ["-qq", "npm", *missing, "chromium"]
    assert "not installed: npm\n" in done.stderr
    assert "not installed: chromium" not in done.stderr
    assert done.stdout == "made setup\nmade check\n"
