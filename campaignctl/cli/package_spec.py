"""What pipelines install: campaignctl from an index, a wheel or a git commit, always by a hash."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, distribution
from urllib.parse import urlsplit

from campaignctl.errors import UsageError

# Safe in double quotes of YAML and of a shell.
_VERSIONED = re.compile(r"[A-Za-z0-9][\w.-]*==[\w.!+-]+(?: --hash=sha256:[0-9a-f]{64})+")
_WHEEL = re.compile(
    r"(https://[\w./~%+:-]+/([\w.]+)-[\w.!+]+(?:-[\w.]+)+\.whl)(?:#| --hash=)sha256[=:]([0-9a-f]{64})"
)
_COMMIT = re.compile(r"git\+https://[\w./~%+:-]+@(?:[0-9a-f]{64}|[0-9a-f]{40})")
_FORMS = (
    "A commit: git+https://HOST/campaignctl@COMMIT. "
    "A wheel: https://HOST/campaignctl-1.2.3-py3-none-any.whl#sha256=HASH. "
    "An index: campaignctl==1.2.3 --hash=sha256:HASH."
)


def requirement(spec: str) -> str:
    """The requirement that pipelines install, for the value of `--package`.

    Accepted are `NAME==VERSION --hash=sha256:...` of an index, the `https` address of a wheel with
    `#sha256=...` (or ` --hash=sha256:...`), and `git+https://...@` a full commit.

    Raises UsageError for anything else: a version without a hash, a branch or tag, an address with
    credentials.
    """
    spec = " ".join(spec.split())
    if _VERSIONED.fullmatch(spec) or _COMMIT.fullmatch(spec):
        return spec
    if wheel := _WHEEL.fullmatch(spec):
        return f"{wheel[2].replace('_', '-')} @ {wheel[1]} --hash=sha256:{wheel[3]}"
    raise UsageError(_reason(spec), detail=_FORMS)


def _reason(spec: str) -> str:
    if "@" in urlsplit(spec.removeprefix("git+").partition(" ")[0]).netloc:
        return "--package has credentials in its address, which would be committed with the pipelines"
    if spec.startswith("git+"):
        return "--package needs a full commit over https: a branch or tag can move"
    if spec.startswith("http"):
        return "--package needs the https address of a wheel and its SHA-256"
    return "--package needs a version and its SHA-256: another package may take the same name"


def running() -> str:
    """The requirement of the campaignctl that is running.

    Raises UsageError if its installation does not say where it came from: from an index, or from a folder.
    """
    try:
        recorded = distribution("campaignctl").read_text("direct_url.json")
    except PackageNotFoundError:
        recorded = None
    found = recorded_spec(recorded)
    if found is None:
        raise UsageError(
            "Where do the pipelines get campaignctl from? Nothing was changed",
            detail=f"This campaignctl was not installed from a wheel's address or a git commit. {_FORMS}",
            hint='add one of them: --package "git+https://HOST/campaignctl@COMMIT"',
        )
    return found


def recorded_spec(direct_url: str | None) -> str | None:
    """The requirement in a `direct_url.json` (PEP 610).

    None if it is neither a wheel with a hash nor a git commit, or not at an address that others can reach.
    """
    said = json.loads(direct_url or "{}")
    commit = said.get("vcs_info", {}).get("commit_id")
    digest = said.get("archive_info", {}).get("hashes", {}).get("sha256")
    try:
        return requirement(
            f"git+{said.get('url')}@{commit}" if commit else f"{said.get('url')}#sha256={digest}"
        )
    except UsageError:
        return None
