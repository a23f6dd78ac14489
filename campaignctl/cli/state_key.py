"""The keys of encrypted states, from the environment alone: no checkout names a key, or what gets it."""

from __future__ import annotations

import binascii
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from campaignctl.backends.at_rest import KEY_BYTES, Key, Keys
from campaignctl.backends.durable import read_whole
from campaignctl.backends.git.command import surroundings
from campaignctl.errors import CampaignctlError, Sentence, Shell

KEY_VARIABLE = "CAMPAIGNCTL_STATE_KEY"
_FALLBACK = f"{KEY_VARIABLE}_FALLBACK"
_FILE, _COMMAND = "_FILE", "_COMMAND"
# A key service may ask a person.
_SECONDS = 120.0
_SHOWN = 300
_MAKE = Sentence(
    "make one with ", Shell("openssl rand -base64 32"), " and keep it where the team's secrets are"
)


def state_keys(environ: Mapping[str, str], project: Path, *, commands: bool = True) -> Keys:
    """The keys of a project's states; without `commands`, no program is run.

    Raises CampaignctlError if one is named twice, cannot be had, or is no key.
    """
    get = partial(_key, environ, project, commands)
    return Keys(get(KEY_VARIABLE), get(_FALLBACK))


def _key(environ: Mapping[str, str], project: Path, commands: bool, variable: str) -> Key | None:
    ways = [name for name in (variable, variable + _FILE, variable + _COMMAND) if environ.get(name)]
    if len(ways) > 1:
        raise CampaignctlError(
            f"{' and '.join(ways)} are set; one key comes from one place", hint="unset one"
        )
    if not ways or (not commands and ways[0].endswith(_COMMAND)):
        return None
    (name,) = ways
    value = environ[name]
    if name.endswith(_FILE):
        text = _of_file(name, value, project)
    elif name.endswith(_COMMAND):
        text = _of_command(name, value, project, environ)
    else:
        text = value.encode("utf-8", "surrogateescape")
    try:
        secret = binascii.a2b_base64(text.strip(), strict_mode=True)
    except binascii.Error:
        secret = b""
    if len(secret) != KEY_BYTES:
        gives = "is" if name == variable else "gives"
        raise CampaignctlError(f"{name} {gives} no key: that is {KEY_BYTES} bytes in base64", hint=_MAKE)
    return Key(secret, name)


def _of_file(name: str, value: str, project: Path) -> bytes:
    path = Path(value)
    _refuse_inside(name, path, project)
    try:
        with path.open("rb") as file:
            return read_whole(file)
    except OSError as error:
        raise CampaignctlError(f"{name}: {value} cannot be read", detail=str(error.strerror)) from error


def _of_command(name: str, value: str, project: Path, environ: Mapping[str, str]) -> bytes:
    """What a command prints. It is started without a shell, and without the token and the keys."""
    calm = surroundings(environ)
    try:
        words = shlex.split(value)
    except ValueError as error:
        raise CampaignctlError(f"{name} is no command: {error}") from error
    # A path that is not absolute would be looked up in the checkout.
    program = shutil.which(words[0], path=calm["PATH"]) if words else None
    if program is None or not Path(program).is_absolute():
        hint = "name a program that is in PATH, or by its whole path"
        raise CampaignctlError(f"{name}: there is no program {words[0] if words else ''}", hint=hint)
    _refuse_inside(name, Path(program), project)
    try:
        done = subprocess.run(  # noqa: S603 - the environment of the run names it, never a checkout
            [program, *words[1:]],
            env=calm,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CampaignctlError(f"{name}: {words[0]} gave no key", detail=str(error)) from error
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace").strip()[-_SHOWN:]
        raise CampaignctlError(f"{name}: {words[0]} ended with status {done.returncode}", detail=told)
    return done.stdout


def _refuse_inside(name: str, path: Path, project: Path) -> None:
    if not path.is_absolute() or path.resolve().is_relative_to(project.resolve()):
        raise CampaignctlError(
            f"{name}: {path} is not an absolute path outside of the project",
            detail="a checkout decides neither the key of its state nor which program gets it",
            hint="name a file that no commit can change",
        )
