"""Start-up: `validate` of one manifest, and `--help`, against the bare import of the libraries."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.timing import alternate

ROUNDS = 11
BOUND = 2.5

_PROJECT = "metadata: {name: benchmark}\n"
_MANIFEST = """\
spec:
  name: Welcome
  scheduled_time: 2036-03-22 10:00:00
  messages:
    - {name: First, channel: sms, integration_id: 1996, sms: {content: {en: Welcome}}}
"""


def main() -> int:
    """Measure, print the ratio, and return 1 if it exceeds the bound."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "campaignctl.yaml").write_text(_PROJECT)
        Path(folder, "welcome.yaml").write_text(_MANIFEST)
        seconds = alternate(
            {
                "bare python": [python, "-c", "pass"],
                "import click, yaml, pydantic": [python, "-c", "import click, yaml, pydantic"],
                "campaignctl --version": [python, "-m", "campaignctl", "--version"],
                "campaignctl --help": [python, "-m", "campaignctl", "--help"],
                "validate of one manifest": [python, "-m", "campaignctl", "-C", folder, "validate"],
            },
            ROUNDS,
        )
    base = seconds["import click, yaml, pydantic"]
    for name, value in seconds.items():
        print(f"  {name:30} {value * 1000:6.0f} ms   {value / base:5.2f}")
    ratio = seconds["validate of one manifest"] / base
    print(f"  ratio {ratio:.2f} (bound {BOUND})")
    return int(ratio > BOUND)


if __name__ == "__main__":
    sys.exit(main())
