"""`preview` of one campaign, and of 1,000 as text and as JSON: whole processes, their start included."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.timing import alternate
from benchmarks.validate import write

ROUNDS = 5
#: Seconds for one campaign, and how many times as long as `validate` 1,000 may take.
BOUND_ONE, BOUND_MANY = 0.6, 4.0

_SMS = """\
spec:
  name: Flash
  messages:
    - {name: First, channel: sms, integration_id: 1996, sms: {content: {en: "It\u2019s here: https://shop.example"}}}
"""


def main() -> int:
    """Measure, print, and return 1 if a bound is exceeded."""
    with tempfile.TemporaryDirectory() as single, tempfile.TemporaryDirectory() as many:
        Path(single, "campaignctl.yaml").write_text("metadata: {name: benchmark}\n")
        Path(single, "flash.yaml").write_text(_SMS)
        write(Path(many))
        tool = [sys.executable, "-m", "campaignctl", "-C"]
        seconds = alternate(
            {
                "one": [*tool, single, "preview", "flash"],
                "validate of 1,000": [*tool, many, "validate"],
                "one of 1,000": [*tool, many, "preview", "push/welcome-7"],
                "1,000 as text": [*tool, many, "preview"],
                "1,000 as JSON": [*tool, many, "preview", "--format", "json"],
            },
            ROUNDS,
        )
    for name, value in seconds.items():
        print(f"  {name:18} {value * 1000:7.0f} ms")
    ratio = seconds["1,000 as text"] / seconds["validate of 1,000"]
    print(f"  one within {BOUND_ONE} s; 1,000 {ratio:.2f} times validate (bound {BOUND_MANY})")
    return int(seconds["one"] > BOUND_ONE or ratio > BOUND_MANY)


if __name__ == "__main__":
    sys.exit(main())
