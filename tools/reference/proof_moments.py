"""The messages of the on-call page on proofs."""

from __future__ import annotations

from tests.docs import scenes_of_proofs as proofs
from tools.reference.moment import Moment

_RESOLVE = (
    "ask seeds, some minutes later. If they got it: `campaignctl state resolve KEY --done`. If not:"
    " `campaignctl state resolve KEY --retry`"
)

PROOFS = (
    Moment(
        proofs.needed,
        "`require_proof` is set, and nobody has been sent this text; only this campaign waits",
        "`campaignctl proof KEY`, and look at it. In a hurry: `--override require_proof`",
    ),
    Moment(
        proofs.not_as_asked,
        "the account stored another audience or text than the proof's, or does not show them. Nobody got it",
        "look at the campaign with this ID in the dashboard. An account that does not keep or show"
        " `targeting` can send no proofs",
    ),
    Moment(
        proofs.unknown,
        "the request that sends a proof had an answer or none, and no read shows that it took effect. At most"
        " the seeds get it",
        _RESOLVE,
    ),
    Moment(proofs.still_unknown, "the same, of an earlier run: the proof is not repeated before", _RESOLVE),
    Moment(
        proofs.too_wide,
        "a condition of the seed list may not narrow, so that a proof could reach others",
        "give each condition in `proofs` the form `{items: [...], op: in}`, with values",
    ),
    Moment(
        proofs.too_many,
        "`max_proofs_per_day` is used up, or the campaign has more messages and languages than are left",
        "send fewer: `campaignctl proof KEY --lang LANG`; or raise it",
    ),
)
