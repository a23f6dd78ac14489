"""Who we are on a server that keeps states: the environment alone says it, and to which servers.

A checkout names the address of its state, and CI plans it before anyone has read it. So nothing is asked of a
server that the environment does not name, and no password of the environment goes elsewhere.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from campaignctl.backends.cas.place import PlaceError
from campaignctl.errors import Sentence, Shell
from campaignctl.project.validators import is_loopback

#: Ours, and those of Terraform's HTTP backend.
_PREFIXES = ("CAMPAIGNCTL_HTTP", "TF_HTTP")
_GITLAB, _JOB_TOKEN = "CI_API_V4_URL", "CI_JOB_TOKEN"
_JOB_USER = "gitlab-ci-token"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Login:
    """A user name and a password, and the name of the variable that the password came from."""

    username: str
    password: str = field(repr=False)
    variable: str

    @property
    def secrets(self) -> tuple[str, str]:
        """The password, as it is and as a request has it."""
        return self.password, b64encode(f"{self.username}:{self.password}".encode()).decode()


def login_at(address: str, environ: Mapping[str, str]) -> Login | None:
    """Who we are at an address; None if the environment names its server and no password.

    Raises PlaceError: the environment does not name this server.
    """
    on_gitlab = _is_below(address, environ.get(_GITLAB, ""))
    named = on_gitlab or is_loopback(urlsplit(address).hostname or "")
    servers = {_server(environ.get(f"{each}_ADDRESS", "")) for each in _PREFIXES} - {None}
    if not (named or _server(address) in servers):
        server = _shown(address)
        raise PlaceError(
            "setup",
            f"nothing is sent to {server}, as the environment does not name it",
            detail="a checkout alone does not decide where a state and a password go",
            hint=Sentence("if you trust that server: ", Shell(f"export CAMPAIGNCTL_HTTP_ADDRESS={server}")),
        )
    for prefix in _PREFIXES:
        if password := environ.get(f"{prefix}_PASSWORD"):
            return Login(environ.get(f"{prefix}_USERNAME", ""), password, f"{prefix}_PASSWORD")
    if on_gitlab and (token := environ.get(_JOB_TOKEN)):
        return Login(_JOB_USER, token, _JOB_TOKEN)
    return None


def _server(address: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port of an address; None for what is none."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return (parts.scheme, host, port or _PORTS.get(parts.scheme)) if host else None


def _shown(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _is_below(address: str, folder: str) -> bool:
    if _server(address) is None or _server(address) != _server(folder):
        return False
    return urlsplit(address).path.startswith(urlsplit(folder).path.rstrip("/") + "/")
