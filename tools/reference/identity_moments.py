"""The messages of the on-call page on whose a campaign is."""

from __future__ import annotations

from tests.docs import scenes_of_identity as identity
from tools.reference.moment import Moment

IDENTITY = (
    Moment(
        identity.environment_declared_later,
        "environments were declared or renamed; the state of before is still there, and everything would be "
        "created again",
        "`campaignctl -e ENV state rebind --from .campaignctl/state.json` if ENV is its new name",
    ),
    Moment(
        identity.environment_without_state,
        "the environment is new or renamed, or its state was lost",
        "new: `campaignctl -e ENV state init`. Renamed: `campaignctl -e ENV state rebind --from PLACE`. "
        "Lost: `campaignctl -e ENV state recover`",
    ),
    Moment(
        identity.next_to_another_state,
        "the state is absent, and it is not known whose the state next to it is: it cannot be read, or has "
        "no project id",
        "new: `campaignctl -e ENV state init`. Lost: `campaignctl -e ENV state recover`",
    ),
    Moment(
        identity.other_project,
        "`metadata.id` was changed, or the state was copied from another project",
        "put the id back. If the state is meant for this project: `campaignctl state rebind`",
    ),
    Moment(
        identity.other_repository,
        "the project got its id after these campaigns were created, or another repository's project has the "
        "same name",
        "`campaignctl state recover` shows them. If they are this project's: `campaignctl state recover "
        "--write`. If not: `campaignctl state init`, or `campaignctl state rebind` where there is a state",
    ),
    Moment(
        identity.two_keys,
        "the state was edited by hand; the two would undo each other's changes",
        "`campaignctl state rm KEY` for the one that should not be managed",
    ),
    Moment(
        identity.unproven,
        "the account is empty, so that nothing shows whether the token is the right one",
        "apply a draft first, whose answer shows the company. If the token is certainly right: `campaignctl "
        "apply --override unproven_account`",
    ),
    Moment(
        identity.wrong_company,
        "the token belongs to another company; nothing else was sent, and that campaign was canceled",
        "set the right `OCAMBA_TOKEN`, then `campaignctl apply`",
    ),
    Moment(
        identity.no_markers,
        "the API drops metadata, by which campaigns are found again",
        "keep the state safe. `campaignctl state resolve` settles a create without an answer",
    ),
    Moment(
        identity.not_marked,
        "the campaign is recorded; the API refused to change its metadata",
        "`campaignctl state rm KEY`, then `campaignctl import KEY ID`, once it can be edited",
    ),
    Moment(
        identity.imported_without_manifest,
        "a record without a manifest is forgotten by the next apply",
        "write its manifest first, or `adopt: ID` in it",
    ),
    Moment(
        identity.taken_over_and_removed,
        "a campaign that was adopted or imported is not canceled when its manifest is removed",
        "to cancel it: a `kind: Removed` document with `lifecycle: {on_destroy: cancel}`",
    ),
)
