"""Commands of other tools that people type, and the one of ours that they mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from campaignctl.errors import Command

_HALT = (Command("halt", "KEY", "--reason", "TEXT"), "`halt` stops what has not been sent.")
_LIFT = (
    Command("halt", "--lift", "KEY", "--reason", "TEXT"),
    "Once its halt is lifted, the next apply resumes a campaign.",
)
_BACK = (
    Command("plan"),
    "What was sent cannot be taken back. Revert the commit: a plan shows what that changes.",
)
_LIVE = (Command("plan", "--refresh-only"), "It shows what was changed in the account, and changes nothing.")
_END = (
    Command("state", "rm", "KEY"),
    "Delete the manifest and apply: that ends a campaign. This only forgets it.",
)

#: By what they mean: names in Terraform, kubectl, git and other tools; the command of ours and what it does.
_TABLE: tuple[tuple[str, tuple[Command, str]], ...] = (
    ("pause stop cancel suspend kill abort drain cordon", _HALT),
    ("resume unpause unhalt lift start continue uncordon", _LIFT),
    ("rollback revert undo reset restore undeploy", _BACK),
    ("refresh sync drift fetch", _LIVE),
    ("delete remove rm uninstall untrack", _END),
    ("list ls get", (Command("state", "list"), "It lists the recorded keys; `status` shows how they stand.")),
    (
        "dry-run dryrun preflight whatif compare changes",
        (Command("plan"), "It shows what an apply would change."),
    ),
    (
        "deploy push run send launch up release commit",
        (Command("apply"), "It shows a plan, asks, and carries it out."),
    ),
    ("describe inspect cat view", (Command("explain", "KEY"), "It shows a compiled campaign.")),
    (
        "test-send testsend send-test seed",
        (Command("proof", "KEY"), "It sends a campaign to seeds before anybody else gets it."),
    ),
    ("check test verify", (Command("validate"), "It checks the manifests.")),
    ("format tidy prettier", (Command("fmt"), "It rewrites files in the canonical form.")),
    ("create add generate scaffold", (Command("new", "KEY", "--from", "push"), "It creates a manifest.")),
    ("log logs history", (Command("state", "history"), "It lists past applies.")),
    ("unlock force-unlock", (Command("state", "unlock", "LOCK_ID"), "It breaks the lock that has this id.")),
    ("mv move rename", (Command("state", "mv", "OLD", "NEW"), "It renames a record.")),
    (
        "taint replace recreate",
        (Command("plan", "--replace", "KEY"), "It plans the campaign once more, as a new one."),
    ),
    ("adopt track", (Command("import", "KEY", "ID"), "It records a live campaign.")),
    ("output", (Command("show", "--format", "json"), "It prints the state.")),
    ("pull", (Command("state", "pull"), "It writes the state to standard output.")),
    (
        "workspace env environment switch checkout",
        (Command("plan", "--help"), "-e ENV before a command chooses it."),
    ),
    ("config login auth", (Command("doctor"), "It checks token, account and state.")),
    ("version", (Command("--version"), "It is an option.")),
    ("help", (Command("--help"), "It is an option.")),
)


def meanings() -> Mapping[str, tuple[Command, str]]:
    """The command of ours, and what it does, by the name of another tool's."""
    return dict(_pairs())


def _pairs() -> Iterator[tuple[str, tuple[Command, str]]]:
    for names, meant in _TABLE:
        yield from ((name, meant) for name in names.split())
