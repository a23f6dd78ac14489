"""ssh as it is: the client of this machine and a server of it, joined by pipes instead of a port."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

HOST = "remote.example"
# Where a server that root starts wants an empty directory, which its service would make.
_RUN = Path("/run/sshd")


@dataclass(frozen=True)
class Ssh:
    """What git needs to reach this machine by ssh; whoever runs the tests logs in, with a key."""

    folder: Path

    @property
    def command(self) -> str:
        """For `core.sshCommand`."""
        return f"ssh -F '{self.folder / 'client'}'"

    def address(self, repository: Path) -> str:
        return f"ssh://{HOST}{repository}"

    def forget_the_host(self) -> None:
        """Make its key unknown."""
        (self.folder / "known_hosts").write_text("")

    def reject_every_key(self) -> None:
        """No key opens it."""
        (self.folder / "authorized_keys").write_text("")

    def end(self) -> None:
        """Nothing answers any more."""
        client = self.folder / "client"
        client.write_text(client.read_text().replace("ProxyCommand ", "ProxyCommand false "))


def real_ssh(folder: Path) -> Ssh:
    """Keys, a server and a client of their own; the user's configuration does not count."""
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin{os.pathsep}/usr/local/sbin")
    if sshd is None or shutil.which("ssh") is None:
        pytest.skip("there is no ssh here, or no server of it (Debian: openssh-server)")
    if os.geteuid() == 0:
        with suppress(OSError):
            _RUN.mkdir(mode=0o755, exist_ok=True)
    folder.mkdir()
    for key in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)],
            check=True,
            stdin=subprocess.DEVNULL,
        )
    shutil.copy(folder / "user.pub", folder / "authorized_keys")
    (folder / "known_hosts").write_text(f"{HOST} {(folder / 'host.pub').read_text()}")
    (folder / "server").write_text(
        f"""\
HostKey {folder / "host"}
AuthorizedKeysFile {folder / "authorized_keys"}
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile none
"""
    )
    (folder / "client").write_text(
        f"""\
Host {HOST}
  User {getpass.getuser()}
  ProxyCommand '{sshd}' -i -f '{folder / "server"}'
  IdentityFile {folder / "user"}
  IdentitiesOnly yes
  UserKnownHostsFile {folder / "known_hosts"}
  GlobalKnownHostsFile {os.devnull}
"""
    )
    return Ssh(folder)
