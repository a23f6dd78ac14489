"""The pictures of pages are small, and can be taken again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import chromium
from tools.reference.pictures import IMAGES
from tools.reference.screenshots import LARGEST, take


def test_the_pictures_are_small_and_all_are_shown() -> None:
    pages = "".join(
        path.read_text(encoding="utf-8")
        for path in (IMAGES.parents[1] / "README.md", *IMAGES.parent.glob("*.md"))
    )
    pictures = list(IMAGES.glob("*.png"))
    assert pictures
    for picture in pictures:
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert picture.stat().st_size < LARGEST
        assert f"images/{picture.name})" in pages


@pytest.mark.slow
def test_every_picture_is_taken(tmp_path: Path) -> None:
    if chromium() is None:
        pytest.skip("no chromium on this machine")
    taken = sorted(path.name for path in take(tmp_path) if path.stat().st_size < LARGEST)
    drawn = {"growth.png"}  # by `python -m benchmarks growth`
    assert taken == sorted({path.name for path in IMAGES.glob("*.png")} - drawn)
