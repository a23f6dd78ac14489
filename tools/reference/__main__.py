"""Fill in the generated blocks of the documentation."""

from __future__ import annotations

from tools.reference.pages import PAGES, filled

if __name__ == "__main__":
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
