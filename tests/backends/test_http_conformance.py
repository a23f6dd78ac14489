"""The http backend does what every backend must do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backends.actors import Place
from tests.backends.conformance import LockConformance, NewActor, StoreConformance
from tests.backends.crash_conformance import CrashConformance
from tests.backends.crashes import LIFE, Step
from tests.backends.http_place import ServerPlace
from tests.backends.http_server import Client


class _Http:
    @pytest.fixture
    def place(self, state_server: Client, tmp_path: Path) -> ServerPlace:
        return ServerPlace(state_server, tmp_path)


class TestHttpStore(_Http, StoreConformance):
    APPLIES = 5


class TestHttpLock(_Http, LockConformance):
    pass


class TestHttpCrash(_Http, CrashConformance):
    STRIDE = 151  # a version arrives whole: this is for what else may have written it

    @pytest.mark.slow
    @pytest.mark.parametrize("life", [LIFE], ids=["whole"])
    def test_a_kill_before_any_call_leaves_what_was_reported_as_saved(
        self, actor: NewActor, place: Place, life: tuple[Step, ...]
    ) -> None:
        super().test_a_kill_before_any_call_leaves_what_was_reported_as_saved(actor, place, life)
