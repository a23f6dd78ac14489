"""The JSON documents of the command line that are no plan, outcome or state: errors and refusals."""

from __future__ import annotations

from typing import Any

from campaignctl.errors import CampaignctlError, Finding, Interrupted, ManifestError

FORMAT_VERSION = 1
_APPLYING = ("apply", "destroy")


def error_members(error: CampaignctlError) -> dict[str, Any]:
    """Return an error as a JSON object; `findings` is only there for errors in the manifests."""
    members: dict[str, Any] = {
        "summary": error.summary,
        "detail": error.detail,
        "hint": error.hint,
        "key": error.key,
        "source": str(error.source) if error.source else None,
        "trace_id": error.trace_id,
    }
    if isinstance(error, ManifestError):
        members["findings"] = [finding_members(finding) for finding in error.findings]
    return members


def finding_members(finding: Finding) -> dict[str, Any]:
    """Return a finding as a JSON object; line and column count from 1."""
    return {
        "severity": finding.severity,
        "code": finding.code,
        "message": finding.message,
        "hint": finding.hint,
        "key": finding.key,
        "file": finding.source.file,
        "line": finding.source.line,
        "column": finding.source.column,
    }


def refusal_document(error: CampaignctlError, command: str | None) -> dict[str, Any]:
    """Return the document of a command that ended with an error and has no other document to show.

    An apply answers with an outcome document in which nothing was done (issued before any change).
    """
    document: dict[str, Any] = {"format_version": FORMAT_VERSION}
    if command in _APPLYING:
        result = "interrupted" if isinstance(error, Interrupted) else "refused"
        document |= {"lineage": None, "serial": 0, "result": result, "changes": [], "next": []}
    return document | {"error": error_members(error)}
