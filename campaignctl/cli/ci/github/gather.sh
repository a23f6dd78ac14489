#!/bin/sh
# gather.sh DIR: the plans that were reviewed since the last apply, as files in DIR.
# Written by `campaignctl init --ci github`; from now on it is yours.
#
# For every commit since the last apply, GitHub says which pull request merged it, whether by merge, squash or
# rebase. The plan of a pull request is the newest one for exactly the commit that was merged, by a run of this
# repository. Plans from forks are never trusted: the author of the change could have written the plan.
#
# Concurrent merges and applies that were skipped or died need nothing special: everything merged since the last
# finished apply is gathered. An extra plan does no harm, as `apply --reviewed` makes only changes that the
# manifests of this commit also ask for; a missing one leaves its changes alone, and the apply says so.
#
# Writes `newer=COMMIT` to standard output if a later commit has already been applied: then there is nothing to do.
# Needs gh, and GH_TOKEN, GITHUB_REPOSITORY, BRANCH (what is applied) and WORKFLOW (the file that plans).
set -eu
into=$1
most=200 # commits to look at if nothing was applied yet
mkdir -p "$into"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { echo "$*" >&2; }

# The commit of the last apply that finished everything it began.
campaignctl state history --format json > "$work/history.json"
last=$(python3 - "$work/history.json" << 'PYTHON'
import json, sys

for entry in json.load(open(sys.argv[1]))["history"]:  # the newest first
    undone = sum(entry["outcomes"].values()) - entry["outcomes"].get("done", 0)
    if entry["commit"] and entry["outcome"] in ("done", "incomplete") and not undone:
        print(entry["commit"])
        break
PYTHON
)

git fetch --quiet origin "$BRANCH" # it may have moved since this run was requested
from=
if [ -n "$last" ] && git cat-file -e "$last^{commit}" 2> /dev/null; then
  if [ "$last" != "$(git rev-parse HEAD)" ] && git merge-base --is-ancestor HEAD "$last"; then
    say "A newer commit has already been applied: $last."
    echo "newer=$last"
    exit 0
  fi
  from=$(git merge-base "$last" HEAD || true)
fi

# The folder of the project is enough: nothing outside it is part of a plan.
git rev-list --first-parent --max-count="$most" "${from:+$from..}HEAD" -- "$CAMPAIGNCTL_PROJECT" > "$work/commits"

merged='.[] | select(.merged_at != null and .base.ref == env.BRANCH and .base.repo.full_name == env.GITHUB_REPOSITORY)
  | "\(.number) \(.head.sha) \(.head.repo.full_name == env.GITHUB_REPOSITORY)"'
while read -r commit; do
  gh api "repos/$GITHUB_REPOSITORY/commits/$commit/pulls" --jq "$merged"
done < "$work/commits" > "$work/pulls"

ours='[.workflow_runs[] | select(.event == "pull_request" and .head_repository.full_name == env.GITHUB_REPOSITORY)]
  | sort_by(.run_started_at) | reverse | .[].id'
sort -u "$work/pulls" > "$work/merged"
while read -r number head trusted; do
  if [ "$trusted" != true ]; then
    say "Pull request $number comes from a fork: its plan is not trusted."
    continue
  fi
  gh api "repos/$GITHUB_REPOSITORY/actions/workflows/$WORKFLOW/runs?event=pull_request&head_sha=$head&per_page=100" \
    --jq "$ours" > "$work/runs"
  plan=
  while [ -z "$plan" ] && read -r run; do
    rm -rf "$work/plan"
    if gh run download "$run" --repo "$GITHUB_REPOSITORY" --name campaigns-plan --dir "$work/plan" >&2 < /dev/null &&
      [ -s "$work/plan/plan.json" ]; then
      plan=$into/$number.json
      mv "$work/plan/plan.json" "$plan"
      say "Pull request $number was reviewed at $head: the plan of run $run."
    fi
  done < "$work/runs"
  [ -n "$plan" ] || say "Pull request $number has no plan for $head: merged before it was made, or it expired."
done < "$work/merged"
