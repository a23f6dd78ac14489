"""The messages of the on-call page on halts."""

from __future__ import annotations

from tests.docs import scenes_of_halts as halts
from tools.reference.moment import Moment

HALTS = (
    Moment(halts.halted, "a halt stops it", "ask who halted it; `campaignctl halt --lift KEY --reason TEXT`"),
    Moment(
        halts.halts_unreadable,
        "the stop mark cannot be read. Cancels and pauses continue",
        "restore the file, or remove it and `campaignctl halt KEY --reason TEXT` again",
    ),
    Moment(
        halts.mark_deleted,
        "someone deleted the stop mark; what it halted is no longer known. Nothing that can send is sent",
        "ask who deleted it. `campaignctl halt --lift --reason TEXT` goes on without it; "
        "`campaignctl halt --all --reason TEXT` halts everything again",
    ),
    Moment(
        halts.resumed_while_halted,
        "someone resumed it in the dashboard, or a request took effect after the halt",
        "`campaignctl apply` pauses it first; at once: `campaignctl halt KEY --reason TEXT`. If it may send: "
        "`campaignctl halt --lift KEY --reason TEXT`",
    ),
    Moment(
        halts.gives_way,
        "a halt is pausing campaigns and needs the requests of the account",
        "nothing: the apply goes on after it, five minutes later at most",
    ),
    Moment(
        halts.not_stopped,
        "the pause had no effect",
        "cancel it in the dashboard, then run the same `halt` again",
    ),
    Moment(
        halts.not_pausable,
        "the API refuses to pause it, and it can send",
        "run the same `halt` with `--cancel`, which is final",
    ),
    Moment(
        halts.left_alone_without_a_state,
        "without a state nothing shows whose these are",
        "if some are yours: `campaignctl halt --account --reason TEXT`. Then restore the state, or "
        "`campaignctl state recover`",
    ),
    Moment(
        halts.mistyped_and_broken,
        "the key may be mistyped; the mark is set for it as it is written",
        "run `halt` again with the right key; `campaignctl halt --all --reason TEXT` if you are not sure",
    ),
    Moment(
        halts.not_proven,
        "it could not be read, or the outcome of its create is unknown",
        "run the same `halt` again, or look in the dashboard",
    ),
    Moment(
        halts.halt_decision,
        "setting the winner would send at once",
        "do not set a winner in the dashboard",
    ),
)
