"""Broken builds of what pipelines decide: which merges and which plans an apply takes into account."""

from __future__ import annotations

from tests.torture.mutants import Edit, Mutant

_GATHER = "campaignctl/cli/hosts/gather.py"
_COMMENT = "campaignctl/cli/hosts/comment.py"
_ALARM = "campaignctl/cli/hosts/alarm.py"
_HISTORY = "campaignctl/reconciler/history.py"


def _mutant(name: str, file: str, old: str, new: str, *tests: str) -> Mutant:
    return Mutant(name, (Edit(file, old, new),), tests, "")


OF_PIPELINES = (
    _mutant(
        "a plan that was made after the approval counts",
        _GATHER,
        "if known and _second(each.at) < known]",
        "if known]",
        "tests/cli/test_gather_counting.py",
    ),
    _mutant(
        "a plan that was made in the second of the approval counts",
        _GATHER,
        "_second(each.at) < known]",
        "_second(each.at) <= known]",
        "tests/cli/test_gather_counting.py",
    ),
    _mutant(
        "what came with a skipped run was said before",
        _GATHER,
        " if self.host.was_judged(commit, job.base)), last)",
        " if commit), last)",
        "tests/cli/test_gather_before.py",
    ),
    _mutant(
        "every run of the alarm opens an issue",
        _ALARM,
        "write_issue(number, title",
        "write_issue(None, title",
        "tests/cli/test_ci_alarm.py",
    ),
    _mutant(
        "what was blocked before a pull request fails a check",
        "campaignctl/cli/hosts/github.py",
        '"neutral" if count else',
        '"failure" if count else',
        "tests/cli/test_ci_comment.py",
    ),
    _mutant(
        "an old plan's run is planned on the base of its first day",
        _GATHER,
        '"merge", "--quiet", "--no-edit", "FETCH_HEAD"',
        '"status"',
        "tests/cli/test_gather_prepare.py",
    ),
    _mutant(
        "an apply that left something alone is the end of what is gathered",
        _GATHER,
        "and not undone and not entry.left",
        "",
        "tests/cli/test_gather_since.py",
    ),
    _mutant(
        "an older plan replaces the comment of a newer one",
        _COMMENT,
        'if any(known[1] == job.head and (known[2] or "") > mark.at for _, known in ours):',
        "if False:",
        "tests/cli/test_ci_comment.py",
    ),
    _mutant(
        "a plan of an older commit is shown to who reviews a newer one",
        _COMMENT,
        "if (head := host.head_of(job.number)) != job.head:",
        "if not (head := host.head_of(job.number)):",
        "tests/cli/test_ci_comment.py",
    ),
    _mutant(
        "what was blocked counts as done",
        _HISTORY,
        "{one.key for one in plan.blocked if not _recorded(plan, one)}",
        "set[str]()",
        "tests/e2e/test_history.py",
    ),
    _mutant(
        "what was not selected counts as done",
        _HISTORY,
        "*(() if plan.targets == () else _NOT_SELECTED)",
        "",
        "tests/e2e/test_history.py",
    ),
    _mutant(
        "a saved plan of another project with the same name is applied",
        "campaignctl/plan/reviewed.py",
        "if plan.project_id is not None and plan.project_id != project.id:",
        "if False:",
        "tests/e2e/test_saved_plans.py",
    ),
    _mutant(
        "a package without a hash is installed",
        "campaignctl/cli/package_spec.py",
        "(?: --hash=sha256:[0-9a-f]{64})+",
        "(?: --hash=sha256:[0-9a-f]{64})*",
        "tests/cli/test_package_spec.py",
    ),
    _mutant(
        "a notification follows redirects",
        "campaignctl/cli/notify.py",
        "build_opener(NoRedirect())",
        "build_opener()",
        "tests/cli/test_notify.py",
    ),
    _mutant(
        "a notification contains the token",
        "campaignctl/cli/notify.py",
        "app.console.redacted(json.dumps(body))",
        "json.dumps(body)",
        "tests/cli/test_notify.py",
    ),
    _mutant(
        "an interrupted run waits for a slow notification",
        "campaignctl/cli/notify.py",
        "_SECONDS_IF_INTERRUPTED if",
        "SECONDS if",
        "tests/cli/test_notify.py",
    ),
    _mutant(
        "a manifest is declared in every environment",
        "campaignctl/manifest/compile.py",
        "            if not chosen:\n",
        "            if False:\n",
        "tests/manifest/test_environments.py",
    ),
    _mutant(
        "what only the second environment has is no difference",
        "campaignctl/review/between.py",
        "sorted(one.keys() | other.keys())",
        "sorted(one.keys())",
        "tests/e2e/test_between.py",
    ),
)
