"""`validate` of 1,000 manifests of 60 lines without lint, against PyYAML's CSafeLoader on the same files.

What lint costs is measured apart (`benchmarks.lint`). Each side is a whole process, its start included; the
two take turns.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.timing import alternate

COUNT = 1_000
ROUNDS = 5
BOUND = 3.0

#: Every family of lint is off.
OFF = "lint: {severity: {PSH: off, SMS: off, EML: off, LNK: off, TXT: off, TIM: off, AUD: off, YML: off}}\n"

_SAFE_LOADER = """
import sys, pathlib, yaml
for path in sorted(pathlib.Path(sys.argv[1]).glob("c*.yaml")):
    yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
"""
_MANIFEST = """\
apiVersion: campaignctl/v1
kind: Campaign
metadata:
  key: push/welcome-{number}
lifecycle:
  prevent_destroy: false
  on_destroy: cancel
spec:
  name: Welcome number {number}
  description: A campaign that greets everybody who came last week.
  labels: [welcome, spring, "2036"]
  scheduled_time: 2036-03-22 10:00:00
  messages:
    - name: First
      channel: push
      primary_lang: en
      priority: 3
      push:
        title:
          en: Hello from campaign {number}
          de: Hallo von Kampagne {number}
          fr: Bonjour de la campagne {number}
        body:
          en: This is a message from the platform, served to you by its application.
          de: Dies ist eine Nachricht der Plattform, zugestellt von der Anwendung.
          fr: Ceci est un message de la plateforme, servi par l'application.
        image:
          en: https://example.com/images/welcome.jpeg?w=40&h=40
        icon: https://example.com/icon.png
        landing_url: https://example.com/landing/{number}
    - name: Second
      channel: email
      integration_id: "1830"
      primary_lang: en
      email:
        sender_name: Ocamba
        sender_email: crm@example.com
        subject: Welcome {number}
        html:
          en: |
            <html><body>Hello, and welcome.</body></html>
          de: <html><body>Hallo</body></html>
  targeting:
    countries:
      items: [FR, DE, CH, "NO"]
      op: in
    profile_age:
      from: 0
      to: 10
    custom_properties:
      plan:
        items: [pro, enterprise]
        op: in
  utm_tracking:
    enabled: 1
    utm_campaign: spring
  callbacks:
    push:
      on_click:
        - https://example.com/on-click
"""


def main() -> int:
    """Measure, print the ratio, and return 1 if it exceeds the bound."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), OFF)
        sides = {
            "CSafeLoader": [sys.executable, "-c", _SAFE_LOADER, folder],
            "validate": [sys.executable, "-m", "campaignctl", "-C", folder, "validate"],
        }
        medians = alternate(sides, ROUNDS)
    ratio = medians["validate"] / medians["CSafeLoader"]
    lines = _MANIFEST.count("\n")
    print(f"{COUNT:,} manifests of {lines} lines, median of {ROUNDS}:")
    for name, seconds in medians.items():
        print(f"  {name:12} {seconds * 1000:7.0f} ms")
    print(f"  ratio        {ratio:7.2f}    (bound {BOUND})")
    return int(ratio > BOUND)


def write(folder: Path, settings: str = "", count: int = COUNT) -> None:
    """A project of that many manifests, with these lines in its project file."""
    (folder / "campaignctl.yaml").write_text(f"metadata: {{name: benchmark}}\n{settings}")
    for number in range(count):
        (folder / f"c{number:04}.yaml").write_text(_MANIFEST.replace("{number}", str(number)))


if __name__ == "__main__":
    sys.exit(main())
