"""What mail clients do not support. Made by `python -m tools.client_support` from the data of caniemail.com.

caniemail, data of 2026-05-13: MIT License, copyright Avi Goldman and Andrew Powell.
"""

from __future__ import annotations

#: By feature: the clients that do not support it, and when they were tested.
UNSUPPORTED: dict[str, tuple[tuple[str, ...], str]] = {
    "css-at-media-prefers-color-scheme": (
        ("Gmail", "Gmail on Android", "Outlook on Windows", "Yahoo Mail"),
        "2023-03-08",
    ),
    "css-background-image": (("Outlook on Windows",), "2023-07-24"),
    "css-display-flex": (("Outlook on Windows",), "2021-11-02"),
    "css-display-grid": (("Outlook on Windows",), "2019-02-28"),
    "css-position": (("Gmail", "Gmail on Android", "Outlook on Windows"), "2021-05-16"),
    "html-svg": (("Gmail", "Gmail on Android", "Outlook on Windows", "Yahoo Mail"), "2020-02-06"),
    "html-video": (("Gmail", "Gmail on Android", "Outlook on Windows", "Yahoo Mail"), "2019-09-16"),
    "image-svg": (("Gmail",), "2023-01-15"),
    "image-webp": (("Outlook on Windows",), "2021-02-06"),
}
