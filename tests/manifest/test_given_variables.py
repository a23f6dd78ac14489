"""Variables of the command line override those of the project and its environments."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaignctl.errors import ManifestError, UsageError
from campaignctl.manifest.load import load
from campaignctl.manifest.model import DesiredState

PROJECT = """\
metadata: {name: tests}
variables: {brand: Acme, place: Here}
environments:
  staging: {variables: {brand: Test, only: there}}
  production: {}
"""
MANIFEST = """\
spec:
  name: ${var.brand} ${var.place}
  messages: [{name: M, channel: sms, integration_id: 1, sms: {content: {en: Hi}}}]
"""


def loaded(folder: Path, environment: str, **variables: str) -> DesiredState:
    (folder / "campaignctl.yaml").write_text(PROJECT)
    (folder / "a.yaml").write_text(MANIFEST)
    return load(folder, environment=environment, environ={}, tool_version="0.1.0", variables=variables)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_given_variables_win(environment: str, tmp_path: Path) -> None:
    desired = loaded(tmp_path, environment, brand="Given", only="used nowhere")
    assert desired.campaigns["a"].spec["name"] == "Given Here"


def test_without_given_variables_the_environment_wins(tmp_path: Path) -> None:
    assert loaded(tmp_path, "staging").campaigns["a"].spec["name"] == "Test Here"


def test_sources_are_those_of_the_winning_layer(tmp_path: Path) -> None:
    sources = loaded(tmp_path, "staging", place="There").project.variable_sources
    places = {name: (source.line, source.column) for name, source in sources.items()}
    assert places == {"brand": (4, 32), "only": (4, 44)}


def test_a_variable_that_is_not_declared_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        loaded(tmp_path, "staging", brnad="x")
    assert refused.value.hint == "did you mean brand?"


def test_a_given_value_is_not_expanded(tmp_path: Path) -> None:
    with pytest.raises(ManifestError):
        loaded(tmp_path, "staging", brand="${var.place}")
