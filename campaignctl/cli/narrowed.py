"""Paths of the command line that narrow a command to some files of the project."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from campaignctl.errors import Command, UsageError


def chosen_by(paths: Sequence[str], directory: Path) -> Callable[[str], bool]:
    """Return whether a file, by its name in messages, is one of the paths or in it; without paths, any is.

    Raises UsageError for a path that does not exist, or is not in the project at `directory`.
    """
    top = os.path.realpath(directory)
    wanted = []
    for path in paths:
        # A path counts from where the command is typed, else from the project.
        here = next((one for one in (Path(path), directory / path) if one.exists()), None)
        if here is None:
            raise UsageError(f"{path}: there is no such file or folder", hint="write the path of a manifest")
        real = os.path.realpath(here)
        if real != top and not real.startswith(top + os.sep):
            inside = here if here.is_dir() else here.parent
            raise UsageError(
                f"{path} is not in the project at {directory}", hint=Command("-C", str(inside), "validate")
            )
        wanted.append(real)

    def chosen(name: str) -> bool:
        real = os.path.realpath(name)
        return not wanted or any(real == one or real.startswith(one + os.sep) for one in wanted)

    return chosen
