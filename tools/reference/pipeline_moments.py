"""The messages of the on-call page that jobs of pipelines write."""

from __future__ import annotations

from tests.docs import scenes_of_pipelines as pipelines
from tools.reference.moment import Moment

_ANOTHER_WAY = "or show the changes in another request, or Run workflow (GitLab: Run pipeline)"

PIPELINES = (
    Moment(
        pipelines.no_token,
        "GitLab gives a job no token that reads merge requests, so no plan counts as reviewed",
        "make a project access token (role Reporter, scope `api`) and the masked variable `CAMPAIGNS_TOKEN`",
    ),
    Moment(
        pipelines.token_refused,
        "the project access token has expired or was revoked; nothing was applied",
        "make a new one, put it into `CAMPAIGNS_TOKEN`, and retry the job",
    ),
    Moment(
        pipelines.no_plan,
        "the request was merged before its plan was made, or the plan failed",
        f"run its plan, then run this job again; {_ANOTHER_WAY}",
    ),
    Moment(
        pipelines.late,
        "the plan was not approved: the commit was new, or its plan was run again after the approval",
        f"GitHub: approve again, then run this job again; {_ANOTHER_WAY}",
    ),
    Moment(
        pipelines.same_second,
        "the host tells times by the second: the plan may be from before the approval, or from after it",
        f"read the plan, then run this job again; {_ANOTHER_WAY}",
    ),
    Moment(
        pipelines.after_the_merge,
        "the request was merged without an approval, before its plan was made",
        f"read the plan, then run this job again; {_ANOTHER_WAY}",
    ),
    Moment(
        pipelines.fork,
        "the author of a fork could have written the plan",
        "show the changes in a request of this repository, or Run workflow (GitLab: Run pipeline)",
    ),
    Moment(
        pipelines.not_mergeable,
        "the branch conflicts with what was merged since; a plan without that would undo it",
        "merge the base into the branch, resolve the conflicts, and push",
    ),
    Moment(
        pipelines.alarm_of_a_block,
        "the drift alarm: an apply leaves the campaign alone until someone decides",
        "the summary and the issue of the alarm name the command for each campaign",
    ),
    Moment(
        pipelines.alarm_without_an_issue,
        "the drift alarm rings, but its issue cannot be opened or updated",
        "GitHub: `issues: write` for the job, and Issues turned on; GitLab: a new `CAMPAIGNS_TOKEN`",
    ),
)
