"""The messages of the on-call page on what a checkout asks for and does not decide."""

from __future__ import annotations

from tests.docs import scenes_of_trust as trust
from tools.reference.moment import Moment

TRUST = (
    Moment(
        trust.state_of_another_project,
        "the state is absent, and another state is in the same repository: the project is new, or its "
        "`metadata.id` and the place of its state were changed together",
        "a new project: `campaignctl state init`. Otherwise find out who changed `campaignctl.yaml`, and "
        "undo it",
    ),
    Moment(
        trust.state_outside,
        "`state.path` leads out of the project, or into git's own folder",
        "set a path inside the project. To move the state that is there: `campaignctl state rebind --from "
        "PLACE`",
    ),
    Moment(
        trust.state_behind_a_link,
        "a link in the checkout would have state files read and written elsewhere",
        "remove the link. If this project's state is there: `campaignctl state rebind --from PLACE`",
    ),
    Moment(
        trust.link_outside,
        "a manifest, defaults or a folder is a link to something outside the project, which was not read",
        "copy the file into the project, or list the link under `ignore`",
    ),
    Moment(
        trust.name_of_a_secret,
        "a manifest uses an environment variable whose name looks like a secret",
        "find out who added it. If it is no secret: `export CAMPAIGNCTL_ALLOW_ENV=NAME`",
    ),
    Moment(
        trust.token_in_a_file,
        "the token was pasted into a file of the project",
        "remove it, and revoke the token in Ocamba: it is in the history of the repository",
    ),
)
