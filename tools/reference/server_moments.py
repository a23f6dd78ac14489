"""The messages of the on-call page on a state that is on a server."""

from __future__ import annotations

from tests.docs import scenes_of_servers as servers
from tools.reference.moment import Moment

SERVERS = (
    Moment(
        servers.server_that_nobody_named,
        "the state's address is on a server that the environment does not name. Nothing was sent",
        "if you trust that server, set `CAMPAIGNCTL_HTTP_ADDRESS`, and the login "
        "(`CAMPAIGNCTL_HTTP_USERNAME`, `CAMPAIGNCTL_HTTP_PASSWORD`); else find out who changed "
        "`state.address`",
    ),
    Moment(
        servers.server_without_locks,
        "the server has no lock at this address, so two runs could apply at once. Nothing was sent",
        "set `state.lock_address` and `state.lock_method` as the server documents them. If it has no locks, "
        "keep the state elsewhere: `campaignctl state migrate --to git`",
    ),
    Moment(
        servers.server_that_keeps_nobody_out,
        "the server accepted a write from a run that does not hold its lock. Nothing was sent",
        "keep the state on another server, or `campaignctl state migrate --to git`",
    ),
    Moment(
        servers.server_that_wants_a_login,
        "no login, or a wrong or expired one",
        "set `CAMPAIGNCTL_HTTP_USERNAME` and `CAMPAIGNCTL_HTTP_PASSWORD`; `campaignctl doctor` tries them",
    ),
    Moment(
        servers.server_with_something_else,
        "another program's state is at this address, or another project's stop mark. It was left as it is",
        "set the right `state.address`",
    ),
    Moment(
        servers.server_away,
        "the server of the state does not answer. Nothing was sent",
        "retry when it is back. In an emergency, stop campaigns in the dashboard",
    ),
)
