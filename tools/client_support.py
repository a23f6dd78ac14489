"""Write `campaignctl/lint/clients.py`: what mail clients do not support, from the data of caniemail.

`python -m tools.client_support FILE`, where FILE is `data/caniemail.json` of the npm package `caniemail`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "campaignctl/lint/clients.py"
_SLUGS = (
    "css-position",
    "css-display-flex",
    "css-display-grid",
    "css-background-image",
    "css-at-media-prefers-color-scheme",
    "image-webp",
    "image-svg",
    "html-svg",
    "html-video",
)
_CLIENTS = (
    ("Gmail", "gmail", "desktop-webmail"),
    ("Gmail on Android", "gmail", "android"),
    ("Outlook on Windows", "outlook", "windows"),
    ("Apple Mail on iPhone", "apple-mail", "ios"),
    ("Yahoo Mail", "yahoo", "desktop-webmail"),
)
_HEAD = '''\
"""What mail clients do not support. Made by `python -m tools.client_support` from the data of caniemail.com.

caniemail, data of {date}: MIT License, copyright Avi Goldman and Andrew Powell.
"""

from __future__ import annotations

#: By feature: the clients that do not support it, and when they were tested.
UNSUPPORTED: dict[str, tuple[tuple[str, ...], str]] = {{
'''


def _fails(stats: dict[str, Any], family: str, platform: str) -> bool:
    versions = list(stats.get(family, {}).get(platform, {}).values())
    return bool(versions) and str(versions[-1]).startswith("n")


def main() -> int:
    """Write the module."""
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and the file
        sys.stderr.write(f"{__doc__}\n")
        return 64
    data = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    lines = []
    for feature in data["data"]:
        if feature["slug"] in _SLUGS:
            clients = tuple(name for name, *where in _CLIENTS if _fails(feature["stats"], *where))
            if clients:
                lines.append(f'    "{feature["slug"]}": ({clients!r}, "{feature["last_test_date"]}"),')
    head = _HEAD.format(date=data["last_update_date"][:10])
    TARGET.write_text("\n".join([head.rstrip("\n"), *sorted(lines), "}\n"]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
