"""Messages about a state that is encrypted."""

from __future__ import annotations

from tests.docs import scenes_of_encryption as encryption
from tools.reference.moment import Moment

ENCRYPTION = (
    Moment(
        encryption.in_clear,
        "encryption was turned on in the project file, and the state is still in clear; or someone put one "
        "in clear in its place",
        "if you are turning it on: `campaignctl state encrypt`. Else find out who wrote it, and put the "
        "encrypted one back",
    ),
    Moment(
        encryption.not_declared,
        "`encryption` was removed from `campaignctl.yaml`; that decrypts nothing, and nothing was written",
        "write it there again. If the state is meant to be in clear: `campaignctl state decrypt`",
    ),
    Moment(
        encryption.no_key,
        "this shell or job does not have the key of the state. No request was sent",
        "set `CAMPAIGNCTL_STATE_KEY`, `CAMPAIGNCTL_STATE_KEY_FILE` or `CAMPAIGNCTL_STATE_KEY_COMMAND`",
    ),
    Moment(
        encryption.another_key,
        "this is another key, or the key of the state was changed. Nothing was overwritten",
        "set the key that the message names. While a key is being changed: the new one as "
        "`CAMPAIGNCTL_STATE_KEY`, the old one as `CAMPAIGNCTL_STATE_KEY_FALLBACK`",
    ),
    Moment(
        encryption.malformed_key,
        "the variable holds something else than a key, or a part of it",
        "set it to the whole key. A new one: `openssl rand -base64 32`",
    ),
    Moment(
        encryption.altered,
        "the file was changed by something else than campaignctl, or cut. Nothing was overwritten",
        "find out who can write it. `campaignctl state push .campaignctl/state.json.backup`, then "
        "`campaignctl apply`",
    ),
    Moment(
        encryption.put_back,
        "someone has put back an older state: it does not know what was created and sent since. No request "
        "was sent",
        "find out who did it, and put the newest one back. To go on with the old one: `campaignctl state "
        "recover`, then `campaignctl state recover --write`",
    ),
    Moment(
        encryption.continued,
        "an older state was put back, and another machine went on from there",
        "put the newest one back. To go on with this one: `campaignctl state recover`, then `campaignctl "
        "state recover --write`",
    ),
)
