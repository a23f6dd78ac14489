"""Make `tests/lint/mails.zip`: real html mails of published templates, as a mail tool would send them.

`python -m tools.mails FOLDER`, where FOLDER has a clone of each repository of `ORIGINS` as OWNER+NAME. What
authors replace before they send is replaced: places of the template, `#` for a link, and filler text.
"""

from __future__ import annotations

import fnmatch
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TARGET = Path(__file__).parents[1] / "tests/lint/mails.zip"
_EPOCH = (2026, 11, 30, 0, 0, 0)


@dataclass(frozen=True)
class Origin:
    """A repository of templates at a commit, its licence and holder, and the mails in it."""

    repository: str
    commit: str
    licence: str
    files: tuple[str, ...]


ORIGINS = (
    Origin(
        "ActiveCampaign/postmark-templates",
        "fa73527acb4eb59cf673a54572d213e908f1515c",
        "MIT, copyright 2015 Wildbit",
        ("templates-inlined/*/*/content.html",),
    ),
    Origin(
        "emailmonday/Cerberus",
        "fa6de2ebb2e0bcd0614c53bd11f930d5bc8173fd",
        "MIT, copyright 2017 Ted Goas",
        ("cerberus-*.html",),
    ),
    Origin(
        "konsav/email-templates",
        "f0a29dae21533af2c4737ffcb01863fc8c038046",
        "MIT, copyright 2016 Konstantin Savchenko",
        ("*.html",),
    ),
    Origin(
        "leemunroe/responsive-html-email-template",
        "60b5b6ddf9600e4b7d7e1ef60e5a3a8f1e56e186",
        "MIT, copyright 2013 Lee Munroe",
        ("email*.html",),
    ),
    Origin(
        "mailgun/transactional-email-templates",
        "e05e59e8c1e0fa7ffbacc7a165a609fd37c590b5",
        "MIT, copyright 2014 Mailgun",
        ("templates/*.html",),
    ),
    Origin(
        "sendwithus/templates",
        "f555e49038ed9ac05a39bf7048a73616f69680ac",
        "Apache-2.0, copyright Sendwithus",
        (
            "templates/airmail/*.html",
            "templates/goldstar/*.html",
            "templates/meow/*.html",
            "templates/narrative/*.html",
            "templates/neopolitan/*.html",
            "templates/oxygen/*.html",
            "templates/skyline/*.html",
            "templates/sunday/*.html",
        ),
    ),
)
_NO_LINK = re.compile(r"""(href\s*=\s*["'])#(?=["'])""")
_FILLER = re.compile("lorem ipsum", re.IGNORECASE)
_ADDRESS = re.compile(r"""((?:href|src)\s*=\s*["'])\s*\{\{[^{}]*\}\}+""")
_TAG = re.compile(r"\{%.*?%\}|\{\{[{#/^!&>]?\s*(?:end|if|each|else)?[^{}]*\}\}\}?", re.DOTALL)


def filled(text: str) -> str:
    """A template with sample values in its places, links and texts, and without its commands."""
    text = _FILLER.sub("Some text", _NO_LINK.sub(r"\1https://example.com/sample", text))
    text = _ADDRESS.sub(r"\1https://example.com/sample", text)
    return _TAG.sub(lambda place: "" if place[0].startswith(("{%", "{{#", "{{/", "{{^")) else "Sample", text)


def _git(clone: Path, *words: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own words
        ["git", "-C", str(clone), *words],  # noqa: S607 - whichever git there is
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    return done.stdout


def mails(folder: Path) -> Iterator[tuple[str, str]]:
    """The name and the text of each mail."""
    for origin in ORIGINS:
        clone = folder / origin.repository.replace("/", "+")
        clone = clone / "repo" if (clone / "repo").is_dir() else clone
        names = _git(clone, "ls-tree", "-r", "--name-only", origin.commit).splitlines()
        for name in names:
            if any(_fits(name, pattern) for pattern in origin.files):
                yield f"{origin.repository}/{name}", filled(_git(clone, "show", f"{origin.commit}:{name}"))


def _fits(name: str, pattern: str) -> bool:
    return name.count("/") == pattern.count("/") and fnmatch.fnmatchcase(name, pattern)


def main() -> int:
    """Write the archive."""
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and the folder
        sys.stderr.write(f"{__doc__}\n")
        return 64
    lines = [f"{one.repository} at {one.commit}: {one.licence}" for one in ORIGINS]
    files = [("ORIGINS.txt", "\n".join(lines) + "\n"), *mails(Path(sys.argv[1]))]
    with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in files:
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text.encode(), zipfile.ZIP_DEFLATED, 9)
    sys.stdout.write(f"{len(files) - 1} mails, {TARGET.stat().st_size:,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
