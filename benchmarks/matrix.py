"""`validate` of 3,000 campaigns from 100 manifests with defaults and a matrix, against 3,000 plain manifests.

Each side is a whole process, its start included; the two take turns. Peak memory is that of the process.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MANIFESTS = 100
MARKETS = 30
ROUNDS = 3
BOUND = 1.0

_DEFAULTS = """\
lifecycle: {prevent_destroy: false, on_destroy: cancel}
spec:
  description: A campaign that greets everybody who came last week.
  labels: [welcome, spring]
  utm_tracking: {enabled: 1, utm_campaign: spring}
message:
  push:
    priority: 3
    push:
      icon: https://example.com/icon.png
      image: {en: https://example.com/images/welcome.jpeg}
"""
_BODY = """\
spec:
  name: Welcome number {number} in {market}
  scheduled_time: 2036-03-22 10:00:00
  messages:
    - name: First
      channel: push
      primary_lang: en
      push:
        title:
          en: Hello {market} from campaign {number}
          de: Hallo {market} von Kampagne {number}
          fr: Bonjour {market} de la campagne {number}
        body:
          en: This is a message from the platform, served to you by its application.
          de: Dies ist eine Nachricht der Plattform, zugestellt von der Anwendung.
          fr: Ceci est un message de la plateforme, servi par l'application.
        landing_url: https://example.com/{market}/landing/{number}
  targeting:
    countries: {items: ["{market}"], op: in}
    profile_age: {from: 0, to: 10}
"""
#: The fields that come from the defaults, for a manifest without them.
_WITHOUT_DEFAULTS = """\
  description: A campaign that greets everybody who came last week.
  labels: [welcome, spring]
  utm_tracking: {enabled: 1, utm_campaign: spring}
lifecycle: {prevent_destroy: false, on_destroy: cancel}
"""
_MESSAGE = """\
      priority: 3
"""
_CONTENT = """\
        icon: https://example.com/icon.png
        image: {en: https://example.com/images/welcome.jpeg}
"""


def main() -> int:
    """Measure, print, and return 1 if the matrix takes longer than plain manifests."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        _write_matrices(Path(one))
        _write_plain(Path(other))
        seconds: dict[str, list[float]] = {one: [], other: []}
        peaks = dict.fromkeys(seconds, 0.0)
        for counted in range(ROUNDS + 1):
            for folder, times in seconds.items():
                taken, peaks[folder] = _validate(folder)
                if counted:
                    times.append(taken)
        medians = {folder: statistics.median(taken) for folder, taken in seconds.items()}
    ratio = medians[one] / medians[other]
    print(f"{MANIFESTS * MARKETS:,} campaigns, median of {ROUNDS}:")
    for name, folder in (("matrix", one), ("plain", other)):
        print(f"  {name:6} {medians[folder]:6.2f} s, {peaks[folder]:5.0f} MiB at most")
    print(f"  ratio  {ratio:6.2f}    (bound {BOUND})")
    return int(ratio > BOUND)


def _validate(folder: str) -> tuple[float, float]:
    """Seconds and peak memory in MiB of one `validate`."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "campaignctl", "-C", folder, "validate"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    # In KiB; on macOS in bytes (getrusage(2)).
    unit = 1 if sys.platform == "darwin" else 1024
    return time.perf_counter() - start, usage.ru_maxrss * unit / (1 << 20)


def _markets() -> list[str]:
    return [f"{first}{second}" for first in "ABC" for second in "ABCDEFGHIJ"]


def _project(folder: Path) -> None:
    (folder / "campaignctl.yaml").write_text("metadata: {name: benchmark}\n")


def _write_matrices(folder: Path) -> None:
    _project(folder)
    (folder / "_defaults.yaml").write_text(_DEFAULTS)
    matrix = f"matrix: {{market: [{', '.join(_markets())}]}}\n"
    for number in range(MANIFESTS):
        body = _BODY.replace("{number}", str(number)).replace("{market}", "${matrix.market}")
        (folder / f"c{number:03}.yaml").write_text(matrix + body)


def _write_plain(folder: Path) -> None:
    _project(folder)
    whole = _BODY.replace("      push:\n", f"{_MESSAGE}      push:\n").replace(
        "  targeting:\n", f"{_CONTENT}  targeting:\n"
    )
    for number in range(MANIFESTS):
        for market in _markets():
            body = (whole + _WITHOUT_DEFAULTS).replace("{number}", str(number)).replace("{market}", market)
            (folder / f"c{number:03}-{market}.yaml").write_text(body)


if __name__ == "__main__":
    sys.exit(main())
