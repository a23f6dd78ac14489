"""A stored state with its journal folded in, wherever both are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from campaignctl.state.codec import decode, fingerprint
from campaignctl.state.journal import Journal, continues, fold, outrun, read_journal
from campaignctl.state.model import State
from campaignctl.state.strict import damaged


@dataclass(frozen=True, slots=True)
class Loaded:
    """A state with its journal folded in.

    `base` is the fingerprint of the document alone, None where there is none. `steps` says how many
    steps came from the journal, `journal` whether there is one, be it empty or folded in already.
    """

    state: State | None
    base: str | None = None
    steps: int = 0
    journal: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """A document and a journal of one moment, and the places of both for messages.

    `previous` gives the fingerprint of the document before this one: a journal that continues that one is
    folded in already.
    """

    document: bytes | None
    journal: bytes | None
    previous: Callable[[], str | None]
    where: str
    journal_where: str

    def folded(self) -> Loaded:
        """The state.

        Raises:
            StateDamaged: it, or its journal, is not what was written.
            StateTooNew: a newer campaignctl wrote it.
            StateMoved: it was taken to another place.
        """
        state = decode(self.document, where=self.where) if self.document is not None else None
        journal = read_journal(self.journal, where=self.journal_where) if self.journal is not None else None
        base = fingerprint(self.document) if self.document is not None else None
        exists = self.journal is not None
        if journal is None:
            return Loaded(state, base, journal=exists)
        if state is None:
            raise damaged(
                self.journal_where, f"the state that it continues is not there; it belongs in {self.where}"
            )
        if journal.base == base and continues(journal, state):
            return Loaded(fold(state, journal), base, len(journal.entries), journal=True)
        if self._is_folded_in(journal, state):
            return Loaded(state, base, journal=True)
        raise damaged(self.journal_where, f"it continues another state than the one in {self.where}")

    def _is_folded_in(self, journal: Journal, state: State) -> bool:
        return outrun(journal, state) or journal.base == self.previous()
