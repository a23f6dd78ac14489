"""Fill in the generated blocks of the documentation, and draw its pictures."""

from __future__ import annotations

from tools.reference.ci_files import ci_files
from tools.reference.pages import PAGES, filled
from tools.reference.pictures import pictures
from tools.reference.shell_files import shell_files

if __name__ == "__main__":
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
    for path, svg in pictures().items():
        path.write_text(svg, encoding="utf-8")
    for path, text in {**ci_files(), **shell_files()}.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
