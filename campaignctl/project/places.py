"""Where states live: the place of each environment's, names of places, and the rules for them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from campaignctl.campaign.problem import KeyPath, Problem, error
from campaignctl.errors import Command, Sentence
from campaignctl.project.http_address import moved, next_to, not_a_state
from campaignctl.project.model import STATE_FOLDER, StateSettings, value_of
from campaignctl.project.validators import api_url
from campaignctl.yamlio.interpolate import TOKEN_VARIABLE

_PREFIX = "refs/campaignctl"
#: With this begins the ref of every state.
STATE_REFS = f"{_PREFIX}/"
# Without points: a name that ends with `.lock` is git's, one with `.stop` the stop mark's.
_REF = re.compile(rf"{_PREFIX}(/[a-zA-Z0-9][a-zA-Z0-9_-]*)+")
_METHOD = re.compile(r"[A-Z]{1,20}")
_REMOTE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._/-]*")
BUCKETS = ("s3://", "gs://", "az://")
_BUCKETS = re.compile(r"(s3|gs|az)://[a-z0-9][a-z0-9._-]*[a-z0-9](/[a-zA-Z0-9][a-zA-Z0-9._=-]*)*/?")
_BUCKET_HINT = "as in s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX"
#: With this begins the name of a state in tables.
ROWS = "postgres:"
# PostgreSQL keeps names that begin with `pg_` to itself, and cuts what is longer.
_SCHEMA = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}")
_ADDRESSES = ("address", "lock_address", "unlock_address")
_BELONGS = {
    "path": "local",
    "url": "object_store",
    **dict.fromkeys(("remote", "ref"), "git"),
    **dict.fromkeys((*_ADDRESSES, "lock_method", "unlock_method"), "http"),
    **dict.fromkeys(("url_env", "schema", "name"), "postgres"),
}
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Fields = Mapping[str, Any]


def state_settings(value: Fields, environment: str | None) -> StateSettings:
    """Where the state of an environment lives: the project's backend and remote, in a place of its own."""
    fields = dict(value.get("state", {}))
    if environment is not None:
        own = value["environments"][environment].get("state", {})
        places = {"path": f"{STATE_FOLDER}/{environment}.json", "ref": f"{_PREFIX}/{environment}"}
        if "url" in fields:
            places["url"] = f"{fields['url'].rstrip('/')}/{environment}"
        fields |= {**places, **_on_http(fields, own, f"-{environment}"), "name": environment, **own}
    settings: StateSettings = value_of(StateSettings, fields, "")
    return replace(settings, path=posixpath.normpath(settings.path), url=settings.url.rstrip("/"))


def state_at(state: StateSettings, place: str) -> StateSettings:
    """Where another state of a project lives: on a ref, at an address, in a bucket, in rows, or in a file."""
    if place.startswith(STATE_REFS):
        return replace(state, backend="git", ref=place)
    if place.startswith(ROWS):
        return replace(state, backend="postgres", name=place.removeprefix(ROWS))
    if place.startswith(BUCKETS):
        return replace(state, backend="object_store", url=place.rstrip("/"))
    if place.startswith(("https://", "http://")):
        lock, unlock = (
            moved(state.address, one, place) for one in (state.lock_address, state.unlock_address)
        )
        return replace(state, backend="http", address=place, lock_address=lock, unlock_address=unlock)
    return replace(state, backend="local", path=place)


def name_of(state: StateSettings) -> str:
    """What `state_at` takes a state by."""
    names = {"git": state.ref, "http": state.address, "object_store": state.url}
    return f"{ROWS}{state.name}" if state.backend == "postgres" else names.get(state.backend, state.path)


def _on_http(fields: Fields, own: Fields, suffix: str) -> dict[str, str]:
    """The addresses of an environment: next to the project's, or its own, whose locks are its own too."""
    named = [name for name in _ADDRESSES if name in fields]
    if "address" in own:
        return dict.fromkeys(named, "")
    address = fields.get("address", "")
    return {name: next_to(address, fields[name], suffix) for name in named}


def state_problems(value: Fields, environment: str | None) -> Iterator[Problem]:
    """Problems with the `state` of the project, or of one of its environments."""
    layer = value if environment is None else value["environments"][environment]
    path: KeyPath = ("state",) if environment is None else ("environments", environment, "state")
    own, settings = layer.get("state", {}), state_settings(value, environment)
    backend = settings.backend
    for name, belongs in _BELONGS.items():
        if name in own and belongs != backend:
            message = f"`{name}` needs `backend: {belongs}`; this state uses {backend}"
            yield error("state", (*path, name), message, "remove it, or change the backend")
    if "path" in own and (reason := _not_a_place(own["path"])):
        which = () if environment is None else ("-e", environment)
        move = Command(*which, "state", "rebind", "--from", own["path"])
        first = f"set it to {STATE_FOLDER}/state.json, say; then move the state that is there: "
        yield error("state", (*path, "path"), f"{own['path']!r} {reason}", Sentence(first, move))
    if "ref" in own and not _REF.fullmatch(own["ref"]):
        message = f"{own['ref']!r} is not a valid ref for a state"
        hint = f"as in {_PREFIX}/shop/production: letters, digits, `_` and `-`; never a branch"
        yield error("state", (*path, "ref"), message, hint)
    if "url" in own and not _BUCKETS.fullmatch(own["url"]):
        yield error("state", (*path, "url"), f"{own['url']!r} is not the address of a bucket", _BUCKET_HINT)
    elif backend == "object_store" and not settings.url and (environment or not value.get("environments")):
        yield error("state", path, "`backend: object_store` needs `url`", _BUCKET_HINT)
    if "remote" in own and not _REMOTE.fullmatch(own["remote"]):
        message = f"{own['remote']!r} is not a valid name of a remote"
        yield error("state", (*path, "remote"), message, "use a name that `git remote` lists")
    yield from _database_problems(own, path)
    if backend == "http" and (environment is not None or not value.get("environments")):
        yield from _http_problems(state_settings(value, environment), own, path)


def _database_problems(own: Fields, path: KeyPath) -> Iterator[Problem]:
    """Problems with a state in a database, as far as the names go."""
    if "schema" in own and not _SCHEMA.fullmatch(own["schema"]):
        message = f"{own['schema'][:70]!r} is not a valid name of a schema"
        hint = "at most 63 small letters, digits and `_`; no digit first, and not `pg_`"
        yield error("state", (*path, "schema"), message, hint)
    if "name" in own and not _NAME.fullmatch(own["name"]):
        message = f"{own['name'][:70]!r} is not a valid name of a state"
        yield error("state", (*path, "name"), message, "use letters, digits, `_` and `-`")
    if own.get("url_env") == TOKEN_VARIABLE:
        message = f"{TOKEN_VARIABLE} is no address of a database"
        yield error("state", (*path, "url_env"), message, "use a variable of its own")
    if "url_env" in own and not _VARIABLE.fullmatch(own["url_env"]):
        # A whole address may have been written here, with its password.
        message = "`url_env` is the name of an environment variable, not an address"
        hint = "write `url_env: CAMPAIGNCTL_POSTGRES_URL`, and put the address into that variable"
        yield error("state", (*path, "url_env"), message, hint)


def _http_problems(state: StateSettings, own: Fields, path: KeyPath) -> Iterator[Problem]:
    """Problems with the addresses of a state; `own` are the fields that are written at `path`."""
    if not state.address:
        hint = "as in https://gitlab.example.com/api/v4/projects/7/terraform/state/crm"
        yield error("state", path, "`backend: http` needs an `address`", hint)
        return
    for name in _ADDRESSES:
        text = getattr(state, name)
        at = (*path, name) if name in own else path
        try:
            api_url(text or state.address, "the state and a password are")
        except ValueError as wrong:
            yield error("state", at, f"`{name}`: {wrong}")
            return
        if name == "address" and (reason := not_a_state(text)):
            yield error("state", at, f"{text!r} {reason}")
        if text and urlsplit(text)[:2] != urlsplit(state.address)[:2]:
            hint = "one password goes to both"
            yield error("state", at, f"`{name}` must be on the server of `address`", hint)
    for name in ("lock_method", "unlock_method"):
        if name in own and not _METHOD.fullmatch(own[name]):
            yield error("state", (*path, name), f"{own[name]!r} is no method of HTTP", "as in LOCK or POST")


def _not_a_place(path: str) -> str:
    """Why a state must not be kept in the file of this path, or an empty string."""
    parts = posixpath.normpath(path).casefold().split("/")
    if path.startswith("/") or parts[0] in ("..", "."):
        return "is not a file inside the project"
    return "is inside git's own folder" if ".git" in parts else ""
