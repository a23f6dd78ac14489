#!/bin/sh
# gather.sh DIR: the plans that were reviewed since the last apply, as files in DIR.
# Written by `campaignctl init --ci github`; from now on it is yours.
#
# For every commit since the last apply, GitHub says which merged pull request brought it: true for merges, squashes
# and rebases alike. Of each pull request the newest plan counts that was made for the very commit that was merged,
# by a run of this repository. What a fork made is never trusted: there, whoever wrote the change wrote the plan.
#
# Several merges at once, and applies that were skipped or died, need nothing special: whatever was merged since an
# apply that came to its end is gathered. One plan too many does no harm, as `apply --reviewed` does only what the
# manifests of this commit ask for too; one too few leaves its changes alone and says so.
#
# Writes `newer=COMMIT` to standard output when a later commit was applied already: then there is nothing to do here.
# Needs gh, and GH_TOKEN, GITHUB_REPOSITORY, BRANCH (what is applied) and WORKFLOW (the file that plans).
set -eu
into=$1
most=200 # commits looked at when nothing was applied yet
mkdir -p "$into"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { echo "$*" >&2; }

# The commit of the last apply that left nothing undone of what it had begun.
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

git fetch --quiet origin "$BRANCH" # that may have moved on since this run was asked for
from=
if [ -n "$last" ] && git cat-file -e "$last^{commit}" 2> /dev/null; then
  if [ "$last" != "$(git rev-parse HEAD)" ] && git merge-base --is-ancestor HEAD "$last"; then
    say "A newer commit was applied already: $last."
    echo "newer=$last"
    exit 0
  fi
  from=$(git merge-base "$last" HEAD || true)
fi

# The folder of the project is enough: nothing outside of it is part of a plan.
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
