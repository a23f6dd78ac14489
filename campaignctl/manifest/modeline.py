"""The first line of a file that tells an editor which schema it follows, and where the schemas lie.

The YAML language server (of VS Code, Neovim, Emacs, JetBrains and others) reads the line. The schemas lie in
the project, so that whoever has its repository has them, without the tool and without a network.
"""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Literal, get_args

Kind = Literal["Campaign", "Project", "Defaults", "Removed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: The folder of the schemas in a project. They are JSON, so no pattern takes them for manifests by default.
SCHEMA_FOLDER = "schemas"
_MARK = "# yaml-language-server: $schema="


def schema_file(kind: Kind) -> str:
    """Where the schema of a kind of document lies, relative to the project."""
    return f"{SCHEMA_FOLDER}/{kind}.json"


def modeline(path: str, kind: Kind = "Campaign") -> str:
    """The modeline of a file, with the newline that ends it. `path` is relative to the project, with `/`."""
    return f"{_MARK}{posixpath.relpath(schema_file(kind), posixpath.dirname(path) or '.')}\n"


def modeline_if_served(root: Path, path: str, kind: Kind = "Campaign") -> str:
    """The modeline of a file in the project at `root`, or nothing where the schema is not in the project.

    An editor complains about a schema that it cannot find.
    """
    return modeline(path, kind) if (root / schema_file(kind)).is_file() else ""
