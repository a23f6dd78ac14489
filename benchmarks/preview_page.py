"""`preview --format html` of 1,000 campaigns; a whole process, its start included.

The campaigns are pushes, emails and SMS in turns, in three languages; each email has
a body of 26 KB of its own.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.timing import alternate

COUNT = 1_000
ROUNDS = 3
SECONDS, MEGABYTES = 20.0, 30.0

_LANGS = ("en", "de", "fr")
_LONG = "Everything for the garden until Sunday night, and today with free delivery to your door."
_PUSH = """\
spec:
  name: Push {number}
  messages:
    - name: Push
      channel: push
      push:
        title:
          en: Spring is here {number}
          de: Der Frühling ist da {number}
          fr: Le printemps est là {number}
        body: {{en: "{long}", de: "{long}", fr: "{long}"}}
        image: {{en: "https://cdn.example.com/{number}.jpg"}}
        icon: https://cdn.example.com/icon.png
        landing_url: https://shop.example.com/{number}
        actions: [{{title: {{en: See, de: Ansehen, fr: Voir}}, url: "https://shop.example.com/see"}}]
"""
_SMS = """\
spec:
  name: SMS {number}
  messages:
    - name: SMS
      channel: sms
      integration_id: 1
      sms:
        content: {{en: "Hi ${{FIRST_NAME}} é… {number}: {long}", de: "Hallo {number}: {long}", fr: "{long}"}}
"""
_EMAIL = """\
spec:
  name: Email {number}
  messages:
    - name: Email
      channel: email
      integration_id: 1
      email:
        sender_name: Acme
        sender_email: news@shop.example.com
        subject: "Spring number {number}: {long}"
        html: {{en: {{$file: {number}.html}}, de: {{$file: {number}.html}}, fr: {{$file: {number}.html}}}}
"""
_ROW = """\
<tr><td style="padding:12px 32px;font-family:Arial,sans-serif;font-size:16px;color:#44505f">
<img src="https://cdn.example.com/{number}/{row}.jpg?w=1072" alt="Product {row}" width="536" height="268"
 style="display:block;width:100%;height:auto;background:url(https://cdn.example.com/{row}.png)">
<p style="margin:12px 0 0">{long}</p><a href="https://shop.example.com/{number}/{row}?utm_source=email"
 style="display:inline-block;padding:12px 24px;background:#1d4ed8;color:#ffffff">Buy</a></td></tr>
"""
_ROWS = 44


def main() -> int:
    """Measure, print, and return 1 if a bound is exceeded."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        page = Path(folder, "page.html")
        command = [sys.executable, "-m", "campaignctl", "-C", folder, "preview"]
        seconds = alternate(
            {
                "1,000 campaigns as a page": [*command, "--format", "html", "-o", str(page)],
                "nothing but reading them": [*command, "c0000", "--format", "json"],
            },
            ROUNDS,
        )
        megabytes = page.stat().st_size / 1e6
    for name, value in seconds.items():
        print(f"  {name:28} {value:6.2f} s")
    print(f"  {'the page':28} {megabytes:6.2f} MB   (bounds {SECONDS:.0f} s, {MEGABYTES:.0f} MB)")
    return int(seconds["1,000 campaigns as a page"] > SECONDS or megabytes > MEGABYTES)


def write(folder: Path, count: int = COUNT) -> None:
    """A project of that many campaigns."""
    (folder / "campaignctl.yaml").write_text("metadata: {name: benchmark}\n")
    for number in range(count):
        text = (_PUSH, _EMAIL, _SMS)[number % 3]
        (folder / f"c{number:04}.yaml").write_text(text.format(number=number, long=_LONG))
        if text is _EMAIL:
            rows = "".join(_ROW.format(number=number, row=row, long=_LONG) for row in range(_ROWS))
            html = f'<html lang="en"><body style="margin:0"><table role="presentation">{rows}</table>'
            (folder / f"{number}.html").write_text(f"{html}</body></html>")


if __name__ == "__main__":
    sys.exit(main())
