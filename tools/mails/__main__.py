"""Make `tests/lint/mails.zip` again: `python -m tools.mails` (needs node and npm).

`render.mjs` renders the templates that packages of npm ship, and contents of ours, with the tools of
`package-lock.json`. What authors replace before they send is replaced: `#` for a link, and filler text.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / "tests/lint/mails.zip"
#: Next to the archive: what is in it, and from where.
README = TARGET.with_suffix(".md")
_EPOCH = (2026, 12, 1, 0, 0, 0)
#: The packages that wrote the templates or made the html, by the folder of the mails.
_PACKAGES = {
    "foundation-emails": ("foundation-emails", "inky", "juice"),
    "mailgen": ("mailgen",),
    "create-email": ("create-email", "@react-email/components", "@react-email/render"),
    "react-email": ("@react-email/components", "@react-email/render"),
    "mjml": ("mjml",),
}
_TEMPLATES = {
    "foundation-emails": "its templates and the pages of its tests, as tables, styles inlined",
    "mailgen": "its four themes with six contents of ours",
    "create-email": "the templates of a new project, rendered",
    "react-email": "contents of ours in its components",
    "mjml": "contents of ours in its components, with three heads",
}
_NO_LINK = re.compile(r"""(href\s*=\s*["'])#(?=["'])""")
_NO_ADDRESS = re.compile(r"""(href\s*=\s*["'])(?=["'])""")
_FILLER = re.compile("lorem ipsum", re.IGNORECASE)


def filled(text: str) -> str:
    """A mail with addresses and words where its template has placeholders."""
    text = _NO_ADDRESS.sub(r"\1#", _FILLER.sub("Some text", text))
    return _NO_LINK.sub(r"\1https://example.com/sample", text)


def _run(*words: str) -> str:
    done = subprocess.run(words, cwd=HERE, check=True, capture_output=True, text=True, encoding="utf-8")  # noqa: S603 - our own words
    return done.stdout


def _manifest(package: str) -> Mapping[str, str]:
    found: dict[str, str] = json.loads((HERE / "node_modules" / package / "package.json").read_text("utf-8"))
    return found


def _readme(mails: Mapping[str, str]) -> str:
    counts = Counter(name.partition("/")[0] for name in mails)
    rows = [
        f"| `{folder}` | {counts[folder]} | {_TEMPLATES[folder]} | {', '.join(map(_named, packages))} |"
        for folder, packages in _PACKAGES.items()
    ]
    return "\n".join(
        [
            f"# {len(mails)} real html mails",
            "",
            "Rendered once by mail tools, and kept in [`mails.zip`](mails.zip) with the packages' licences.",
            "`python -m tools.mails` makes them again.",
            "",
            "| folder | mails | what they are | packages of npm |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _named(package: str) -> str:
    found = _manifest(package)
    return f"{package} {found['version']} ({found['license']})"


def _licences() -> Iterator[tuple[str, str]]:
    for package in sorted({one for packages in _PACKAGES.values() for one in packages}):
        folder = HERE / "node_modules" / package
        text = next(
            (one for one in sorted(folder.iterdir()) if one.stem.lower() in {"license", "licence"}), None
        )
        yield (
            f"licences/{package.replace('/', '+')}.txt",
            text.read_text("utf-8") if text else f"{_named(package)}, as its package.json says.\n",
        )


def main() -> int:
    """Render the mails, and write the archive and what is in it."""
    _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps")
    rendered: dict[str, str] = json.loads(_run("node", "render.mjs"))
    mails = {name: filled(text) for name, text in sorted(rendered.items())}
    with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in (*_licences(), *mails.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text.encode(), zipfile.ZIP_DEFLATED, 9)
    README.write_text(_readme(mails), encoding="utf-8")
    sys.stdout.write(f"{len(mails)} mails, {TARGET.stat().st_size:,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
