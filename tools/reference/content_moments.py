"""The messages of the on-call page on one content that would be sent twice."""

from __future__ import annotations

from tests.docs import scenes_of_content as content
from tools.reference.moment import Moment

CONTENT = (
    Moment(
        content.two_of_one_plan,
        "two new campaigns send the same to the same people within `guardrails.twin_window`; only the first "
        "is created. Often a `matrix` value that the body does not use",
        "give one of them another text, audience or time. Both on purpose: `campaignctl apply --target KEY "
        "--override resend`",
    ),
    Moment(
        content.next_to_another,
        "recipients would get one text twice",
        "give one of them another text, audience or time. On purpose: `campaignctl apply --target KEY "
        "--override resend`; for good: an entry of `overrides`",
    ),
    Moment(
        content.renamed,
        "the manifest was moved or renamed, and the campaign of the old one is not canceled by this plan",
        "`moved: {from: OLD}` in the new manifest keeps the campaign. Another one on purpose: `campaignctl "
        "apply --target KEY --override resend`",
    ),
    Moment(
        content.renamed_and_edited,
        "the new manifest is much like one that was removed, whose campaign can still send",
        "renamed: `moved: {from: OLD}`. Not renamed: `campaignctl apply --target KEY --override resend`",
    ),
    Moment(
        content.not_canceled,
        "the old campaign was to be canceled first, and no read shows it. The new one was not created",
        "`campaignctl apply`; if the cancel is refused again, cancel it in the dashboard",
    ),
    Moment(
        content.of_others,
        "made in the dashboard or by another project, or the state was lost: the account has this campaign",
        'the same campaign: `adopt: "ID"` in the manifest. Another one on purpose: `campaignctl apply '
        "--target KEY --override resend`. Of another environment: `overrides` with `against: ENV`",
    ),
    Moment(
        content.state_of_others,
        "the state was lost and `metadata` was changed, or another project has these campaigns",
        "the state is somewhere: `campaignctl state push FILE`. The old `metadata` is known: put it back,"
        " then `campaignctl state recover`. Else `adopt: ID` in each manifest",
    ),
    Moment(
        content.of_others_since,
        "someone created the same campaign after the plan was made. Nothing was sent",
        "`campaignctl plan -o FILE` shows it",
    ),
    Moment(
        content.second_copy,
        "a create without an answer was posted again, and both turned up; recipients would get it twice",
        "`campaignctl apply` cancels it",
    ),
    Moment(
        content.second_copy_stays,
        "the API refused to cancel the second copy",
        "cancel that ID in the dashboard, before it sends",
    ),
)
