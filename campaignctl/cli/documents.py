"""The JSON documents of the command line itself: errors, and an apply that was refused."""

from __future__ import annotations

from typing import Any

from campaignctl.errors import CampaignctlError, Interrupted, ManifestError

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
        from campaignctl.render.errors import findings_json

        members["findings"] = findings_json(error.findings)["findings"]
    return members


def refusal_document(error: CampaignctlError, command: str | None) -> dict[str, Any]:
    """Return the document of a command that ended with an error and has no other document to show.

    An apply answers with an outcome document in which nothing was done.
    """
    document: dict[str, Any] = {"format_version": FORMAT_VERSION}
    if command in _APPLYING:
        result = "interrupted" if isinstance(error, Interrupted) else "refused"
        lineage, serial = error.standing or (None, 0)
        document |= {"lineage": lineage, "serial": serial, "result": result, "changes": []}
        document |= {"blocked": [], "objections": [], "next": []}
    return document | {"error": error_members(error)}
