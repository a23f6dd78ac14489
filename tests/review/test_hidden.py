"""A secret is taken out of the whole plan before any of it is drawn."""

from __future__ import annotations

from dataclasses import replace

from campaignctl.errors import Command, Names, Sentence
from campaignctl.plan.model import Action, Blocked
from campaignctl.review.hidden import without_secret
from tests.render.sample_plans import full_plan, plan, updated

_SECRET = "code-s3cr3t-12345"


def _hide(text: str) -> str:
    return text.replace(_SECRET, "[token]")


def test_every_text_is_changed_and_nothing_else() -> None:
    spec = {"name": [_SECRET, 1, None], _SECRET: {"a": (True, _SECRET)}}
    hint = Sentence("see ", Command("show", _SECRET), " of ", Names((_SECRET, "b")))
    blocked = Blocked("k", None, "sent", f"it is {_SECRET}", hint)
    made = without_secret(
        plan(replace(updated("k"), spec=spec), blocked=(blocked,), settings={_SECRET: _SECRET}), _hide
    )
    assert _SECRET not in repr(made)
    assert made.changes[0].spec == {"name": ["[token]", 1, None], "[token]": {"a": (True, "[token]")}}
    assert made.changes[0].action is Action.UPDATE
    (found,) = made.blocked
    assert isinstance(found.hint, Sentence)
    assert found.hint.parts == ("see ", Command("show", "[token]"), " of ", Names(("[token]", "b")))


def test_a_plan_without_the_secret_is_left_as_it_is() -> None:
    assert without_secret(found := full_plan(), _hide) is found
    assert without_secret(found, str.upper) != found
