"""The generated pages, each with the function that makes its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tools.reference.errors_page import errors_page
from tools.reference.manifest_page import manifest_page

PAGES: Mapping[str, Callable[[], str]] = {
    "errors.md": errors_page,
    "manifest-reference.md": manifest_page,
}
