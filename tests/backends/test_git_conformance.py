"""The git backend does what every backend must do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backends.actors import Place
from tests.backends.conformance import LockConformance, NewActor, StoreConformance
from tests.backends.crash_conformance import CrashConformance
from tests.backends.crashes import LIFE, SHORT, Step
from tests.backends.git_place import GitPlace


class _Git:
    @pytest.fixture
    def place(self, tmp_path: Path) -> GitPlace:
        return GitPlace(tmp_path)


class TestGitStore(_Git, StoreConformance):
    APPLIES = 5

    @pytest.mark.slow
    def test_a_reader_that_is_overtaken_at_any_point_sees_one_state(self, place: Place) -> None:
        super().test_a_reader_that_is_overtaken_at_any_point_sees_one_state(place)


class TestGitLock(_Git, LockConformance):
    pass


class TestGitCrash(_Git, CrashConformance):
    STRIDE = 151  # git writes no half of an object: this is for what else may have written it

    @pytest.mark.slow
    @pytest.mark.parametrize("life", [SHORT, LIFE], ids=["short", "whole"])
    def test_a_kill_before_any_call_leaves_what_was_reported_as_saved(
        self, actor: NewActor, place: Place, life: tuple[Step, ...]
    ) -> None:
        super().test_a_kill_before_any_call_leaves_what_was_reported_as_saved(actor, place, life)
