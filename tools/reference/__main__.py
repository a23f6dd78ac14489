"""Write the generated pages of docs/."""

from __future__ import annotations

from pathlib import Path

from tools.reference.pages import PAGES

DOCS = Path(__file__).parents[2] / "docs"

if __name__ == "__main__":
    for name, made in PAGES.items():
        (DOCS / name).write_text(made(), encoding="utf-8")
