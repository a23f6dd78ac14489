"""Files named on the command line: `-` is a standard stream; a file is written whole or not at all."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from campaignctl.backends.durable import read_whole
from campaignctl.errors import CampaignctlError, PlanRefused, StateDamaged

if TYPE_CHECKING:
    from campaignctl.backends.at_rest import AtRest
    from campaignctl.plan.model import Plan

STANDARD = "-"
_BEGINNING = 400


def read_bytes(name: str) -> bytes:
    """Read a file, or standard input for `-`. Raises CampaignctlError naming the file."""
    try:
        if name == STANDARD:
            return read_whole(sys.stdin.buffer)
        with Path(name).open("rb") as file:
            return read_whole(file)
    except OSError as error:
        raise CampaignctlError(f"Cannot read {name}", detail=_reason(error)) from error


def read_text(name: str) -> str:
    """Read a UTF-8 file, or standard input for `-`. Raises CampaignctlError naming the file."""
    return _text(name, read_bytes(name))


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CampaignctlError(f"Cannot read {name}", detail="It is not UTF-8 text.") from error


def read_plan(name: str, at_rest: AtRest) -> Plan:
    """Read a saved plan, or one from standard input for `-`. Raises CampaignctlError, PlanRefused."""
    return plan_of(name, read_bytes(name), at_rest)


def plan_of(name: str, stored: bytes, at_rest: AtRest) -> Plan:
    """The plan in what was read from a file. Raises CampaignctlError, PlanRefused."""
    from campaignctl.backends.at_rest import PLAN
    from campaignctl.plan import codec

    try:
        data = at_rest.open(PLAN, stored, name)
    except StateDamaged as error:
        raise PlanRefused(error.summary, detail=error.detail, hint=codec.AGAIN) from error
    return codec.decode(_text(name, data), where=name)


def plan_text(plan: Plan, at_rest: AtRest, shown: Callable[[str], str] = str) -> str:
    """The text of a saved plan, of which `shown` is saved."""
    from campaignctl.backends.at_rest import PLAN
    from campaignctl.plan import codec

    return at_rest.close(PLAN, shown(codec.dumps(plan)).encode()).decode()


def check_replaceable(name: str) -> None:
    """Raise CampaignctlError if the file exists and is not a saved plan.

    An empty file, a device and a pipe may be written to.
    """
    path = Path(name)
    if name == STANDARD or not path.is_file() or not path.stat().st_size:
        return
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not document.keys() & {"manifests_digest", "encryption"}:
        raise CampaignctlError(
            f"{name} already exists and is not a saved plan",
            detail="Its content would be lost.",
            hint="choose another file, or remove this one",
        )


def check_page(name: str) -> None:
    """Raise CampaignctlError if the file exists and is not a page of `preview`.

    An empty file, a device and a pipe may be written to.
    """
    from campaignctl.render.preview_html import is_page

    path = Path(name)
    if name == STANDARD or not path.is_file() or not path.stat().st_size:
        return
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            ours = is_page(stream.read(_BEGINNING))
    except OSError:
        ours = False
    if not ours:
        raise CampaignctlError(
            f"{name} already exists and is not a page of previews",
            detail="Its content would be lost.",
            hint="choose another file, or remove this one",
        )


def write_private(name: str, text: str) -> None:
    """Write a file that only its owner may read; an existing one is replaced atomically.

    A device or a pipe is written to directly. Raises CampaignctlError.
    """
    from campaignctl.yamlio.files import replace_file

    path = Path(os.path.realpath(name))
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
        else:
            replace_file(path, text.encode("utf-8"))
    except OSError as error:
        raise CampaignctlError(f"Cannot write {name}", detail=_reason(error)) from error


def _reason(error: OSError) -> str:
    return f"{error.strerror or error}."
