"""What manifests say of the life of a campaign, as the desired state has it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaignctl.manifest.load import check as checked
from campaignctl.schedule.windows import Window
from tests.manifest.checking import Check
from tests.manifest.test_bad_life import IN_MARKETS, MARKETS, REMOVED, TEST
from tests.manifest.test_bad_manifests import PUSH

NAMED = "metadata: {name: tests}\ntime_zone: Europe/Belgrade\n"


def test_lifecycle_has_a_phase_and_a_winner(project: Check) -> None:
    text = "lifecycle: {phase: paused, winner: Second}\n" + TEST
    lifecycle = project({"a.yaml": text}).sound.campaigns["a"].lifecycle
    assert (lifecycle.phase, lifecycle.winner) == ("paused", "Second")


@pytest.mark.parametrize(
    ("winner", "run"),
    [("Second", None), ("{message: Second}", None), ("{message: Second, run: 3}", 3)],
)
def test_a_winner_may_name_the_run_that_it_decides(project: Check, winner: str, run: int | None) -> None:
    text = f"lifecycle: {{winner: {winner}}}\n" + TEST + "  recurrence: {cron: 0 9 * * 1}\n"
    lifecycle = project({"a.yaml": text}).sound.campaigns["a"].lifecycle
    assert (lifecycle.winner, lifecycle.winner_run) == ("Second", run)


def test_a_winner_of_a_run_is_expanded_too(project: Check) -> None:
    test = TEST.replace("name: Second", "name: 'Second ${matrix.country}'")
    text = MARKETS + "lifecycle: {winner: {message: 'Second ${matrix.country}'}}\n" + test
    campaigns = project({"a.yaml": text}).sound.campaigns
    assert campaigns["a[country=FR]"].lifecycle.winner == "Second FR"


def test_a_winner_is_expanded_like_the_names_of_messages(project: Check) -> None:
    test = TEST.replace("name: Second", "name: 'Second ${matrix.country}'")
    text = MARKETS + "lifecycle: {winner: 'Second ${matrix.country}'}\n" + test
    campaigns = project({"a.yaml": text}).sound.campaigns
    assert campaigns["a[country=FR]"].lifecycle.winner == "Second FR"


def test_defaults_set_a_phase_for_their_folder(project: Check) -> None:
    files = {
        "push/_defaults.yaml": "lifecycle: {phase: paused}\n",
        "push/a.yaml": PUSH,
        "push/b.yaml": "lifecycle: {phase: active}\n" + PUSH,
    }
    campaigns = project(files).sound.campaigns
    assert [one.lifecycle.phase for one in campaigns.values()] == ["paused", "active"]


@pytest.mark.parametrize(
    ("moved", "keys"),
    [
        ("{from: old}", ("old",)),
        ("{from: [old, older]}", ("old", "older")),
        ("{from: 'old[country=DE]'}", ("old[country=DE]",)),
    ],
)
def test_a_campaign_names_its_former_keys(moved: str, keys: tuple[str, ...], project: Check) -> None:
    assert project({"a.yaml": f"moved: {moved}\n{PUSH}"}).sound.campaigns["a"].moved_from == keys


@pytest.mark.parametrize(
    ("moved", "french"),
    [
        ("old", ("old[country=FR]",)),
        ("'old[market=${matrix.country}]'", ("old[market=FR]",)),
        ("'old-${matrix.country}'", ("old-FR",)),
    ],
)
def test_a_matrix_moves_each_of_its_campaigns(moved: str, french: tuple[str, ...], project: Check) -> None:
    campaigns = project({"a.yaml": f"{MARKETS}moved: {{from: {moved}}}\n{IN_MARKETS}"}).sound.campaigns
    assert campaigns["a[country=FR]"].moved_from == french


def test_one_campaign_of_a_matrix_may_be_older_than_the_matrix(project: Check) -> None:
    matrix = "matrix: {country: [DE, FR], include: [{country: DE, was: a, id: '103'}]}\n"
    text = matrix + "moved: {from: '${matrix.was}'}\nadopt: ${matrix.id}\n" + IN_MARKETS
    german, french = project({"a.yaml": text}).sound.campaigns.values()
    assert (german.moved_from, german.adopt) == (("a",), "103")
    assert (french.moved_from, french.adopt) == ((), None)


def test_a_name_of_the_matrix_that_only_an_adoption_uses_is_used(project: Check) -> None:
    matrix = "matrix: {country: [DE, FR], include: [{country: DE, id: '103'}]}\n"
    assert project({"a.yaml": matrix + "adopt: ${matrix.id}\n" + IN_MARKETS}).findings == ()


def test_campaigns_move_in_chains_and_swap_keys(project: Check) -> None:
    files = {
        "a.yaml": "moved: {from: b}\n" + PUSH,
        "b.yaml": "moved: {from: a}\n" + PUSH,
        "c.yaml": "moved: {from: d}\n" + PUSH,
        "d.yaml": "moved: {from: e}\n" + PUSH,
    }
    moved = {key: one.moved_from for key, one in project(files).sound.campaigns.items()}
    assert moved == {"a": ("b",), "b": ("a",), "c": ("d",), "d": ("e",)}


def test_a_key_may_change_its_case(project: Check) -> None:
    assert project({"a.yaml": "moved: {from: A}\n" + PUSH}).sound.campaigns["a"].moved_from == ("A",)


@pytest.mark.parametrize("spelt", ["103", "'103'", "${var.id}"])
def test_an_adopted_id_is_a_string(spelt: str, project: Check) -> None:
    files = {"campaignctl.yaml": NAMED + "variables: {id: '103'}\n", "a.yaml": f"adopt: {spelt}\n{PUSH}"}
    assert project(files).sound.campaigns["a"].adopt == "103"


def test_moves_and_adoptions_leave_the_source_digest_alone(project: Check) -> None:
    plain = project({"a.yaml": PUSH}).sound.campaigns["a"]
    moved = project({"a.yaml": "moved: {from: b}\nadopt: 103\nlifecycle: {phase: paused}\n" + PUSH})
    assert moved.sound.campaigns["a"].source_digest == plain.source_digest


def test_the_desired_digest_covers_moves_and_adoptions(project: Check) -> None:
    heads = ("", "moved: {from: b}\n", "moved: {from: c}\n", "adopt: 103\n", "lifecycle: {phase: paused}\n")
    digests = {project({"a.yaml": head + PUSH}).sound.digest for head in heads}
    ways = ("cancel", "forget")
    texts = [f"{REMOVED}metadata: {{key: x}}\nlifecycle: {{on_destroy: {way}}}\n" for way in ways]
    digests |= {project({"a.yaml": PUSH, "b.yaml": text}).sound.digest for text in texts}
    assert len(digests) == len(heads) + len(ways)


def test_a_removed_document_declares_no_campaign(project: Check) -> None:
    text = f"metadata: {{key: a}}\n{PUSH}---\n{REMOVED}metadata: {{key: 'old[country=DE]'}}\n"
    desired = project({"a.yaml": text}).sound
    assert list(desired.campaigns) == ["a"]
    removed = desired.removed["old[country=DE]"]
    assert (removed.on_destroy, removed.source.line, removed.source.column) == ("cancel", 10, 17)


@pytest.mark.parametrize(("own", "found"), [("", "forget"), ("lifecycle: {on_destroy: cancel}\n", "cancel")])
def test_a_removed_document_follows_the_defaults_of_its_folder(own: str, found: str, project: Check) -> None:
    files = {
        "push/_defaults.yaml": "lifecycle: {on_destroy: forget}\n",
        "push/a.yaml": REMOVED + "metadata: {key: push/old}\n" + own,
    }
    assert project(files).sound.removed["push/old"].on_destroy == found
    assert project(files).sound.removed["push/old"].says_destroy


@pytest.mark.parametrize(
    ("defaults", "own", "says"),
    [
        ("", "", False),
        ("", "lifecycle: {on_destroy: cancel}\n", True),
        ("lifecycle: {on_destroy: cancel}\n", "", True),
        ("lifecycle: {prevent_destroy: false}\n", "lifecycle: {phase: paused}\n", False),
    ],
)
def test_an_on_destroy_that_is_written_out_is_told_from_the_default(
    defaults: str, own: str, says: bool, project: Check
) -> None:
    files = {"push/a.yaml": own + PUSH, "old.yaml": f"{REMOVED}metadata: {{key: old}}\n"}
    files |= {"push/_defaults.yaml": defaults} if defaults else {}
    desired = project(files).sound
    assert desired.campaigns["push/a"].lifecycle.on_destroy == "cancel"
    assert desired.campaigns["push/a"].lifecycle.says_destroy is says
    assert (desired.removed["old"].on_destroy, desired.removed["old"].says_destroy) == ("cancel", False)


GUARDED = NAMED + (
    "guardrails:\n"
    "  max_sends_per_day: 10\n"
    "  require_labels: [team-*]\n"
    "  freeze:\n"
    "  - {from: 2036-12-24, to: 2036-12-26, reason: holidays}\n"
    "  - {from: 2036-07-01 10:00:00, to: 2036-07-02T10:00:00+02:00}\n"
    "  - {from: 2036-07-01 10:00:00, to: 2036-07-02, tz: America/New_York, kind: allow}\n"
    "  - {cron: 0 22 * * *, duration: 10h, scope: sends}\n"
    "environments: {live: {guardrails: {max_sends_per_day: 5}}, test: {guardrails: {freeze: []}}}\n"
)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_freeze_covers_whole_days_of_its_zone_or_exact_times(project: Check) -> None:
    freeze = project({"campaignctl.yaml": GUARDED}, environment="live").sound.project.guardrails.freeze
    holidays, summer, abroad, nights = freeze
    assert (holidays.start, holidays.end) == (_utc("2036-12-23T23:00"), _utc("2036-12-26T23:00"))
    assert (summer.start, summer.end) == (_utc("2036-07-01T10:00"), _utc("2036-07-02T08:00"))
    assert (abroad.start, abroad.end) == (_utc("2036-07-01T14:00"), _utc("2036-07-03T04:00"))
    assert nights == Window(scope="sends", tz="Europe/Belgrade", cron="0 22 * * *", length=nights.length)
    assert nights.length.total_seconds() == 36_000


def test_the_guardrails_of_an_environment_override_the_projects(project: Check) -> None:
    live = project({"campaignctl.yaml": GUARDED}, environment="live").sound.project.guardrails
    test = project({"campaignctl.yaml": GUARDED}, environment="test").sound.project.guardrails
    assert (live.max_sends_per_day, live.require_labels, len(live.freeze)) == (5, ("team-*",), 4)
    assert (test.max_sends_per_day, test.freeze) == (10, ())


def test_an_environment_adds_freezes_to_the_projects(project: Check) -> None:
    own = "production: {guardrails: {freeze: [{from: 2036-05-01, to: 2036-05-01}]}}, test:"
    text = GUARDED.replace("test:", own)
    freeze = project({"campaignctl.yaml": text}, environment="production").sound.project.guardrails.freeze
    assert [window.start for window in freeze][:1] == [_utc("2036-12-23T23:00")]
    assert (len(freeze), freeze[-1].start) == (5, _utc("2036-04-30T22:00"))


SEEDED = NAMED + (
    "proofs:\n"
    "  team: {targeting: {countries: {items: [DE], op: in}}}\n"
    "  agency: {targeting: {countries: {items: [FR], op: in}}}\n"
    "environments:\n"
    "  live: {}\n"
    "  test: {proofs: {team: {targeting: {languages: {items: [de], op: in}}},"
    " qa: {targeting: {cities: {items: [Berlin], op: in}}}}}\n"
)


def test_an_environment_adds_seed_lists_and_replaces_whole_ones(project: Check) -> None:
    def conditions(environment: str) -> dict[str, list[str]]:
        proofs = project({"campaignctl.yaml": SEEDED}, environment=environment).sound.project.proofs
        return {name: list(seeds.targeting) for name, seeds in proofs.items()}

    assert conditions("live") == {"team": ["countries"], "agency": ["countries"]}
    assert conditions("test") == {"team": ["languages"], "agency": ["countries"], "qa": ["cities"]}


LIFTED = NAMED + (
    "overrides:\n"
    "- {guardrail: max_immediate_sends, keys: [a, 'b*'], until: 2036-12-01, reason: flash week}\n"
    "- {guardrail: max_destroy_percent, keys: ['old/*'], until: 2036-12-01 10:00:00, reason: clear out}\n"
    "environments: {live: {}, test: {overrides: []}}\n"
)


def test_an_override_applies_through_its_last_day_in_the_projects_zone(project: Check) -> None:
    flash, clear = project({"campaignctl.yaml": LIFTED}, environment="live").sound.project.overrides
    assert (flash.guardrail, flash.keys, flash.reason) == ("max_immediate_sends", ("a", "b*"), "flash week")
    assert flash.until == _utc("2036-12-01T23:00")
    assert clear.until == _utc("2036-12-01T10:00")


def test_the_overrides_of_an_environment_replace_the_projects(project: Check) -> None:
    assert project({"campaignctl.yaml": LIFTED}, environment="test").sound.project.overrides == ()


def test_an_override_that_matches_no_key_is_a_warning(project: Check) -> None:
    (found,) = project({"campaignctl.yaml": LIFTED, "a.yaml": PUSH}, environment="live").findings
    assert found.severity == "warning"
    assert (found.source.line, found.source.column) == (4, 46)
    assert "names b*, but no manifest has such a key" in found.message


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (_utc("2036-12-01T09:00"), []),
        (_utc("2036-12-01T12:00"), ["max_destroy_percent ended at 2036-12-01T10:00:00Z"]),
        (_utc("2037-01-01T00:00"), ["max_immediate_sends ended at", "max_destroy_percent ended at"]),
    ],
)
def test_an_expired_override_is_a_warning(now: datetime, said: list[str], tmp_path: Path) -> None:
    (tmp_path / "campaignctl.yaml").write_text(LIFTED)
    (tmp_path / "a.yaml").write_text(PUSH)
    (tmp_path / "b.yaml").write_text(PUSH)
    desired, findings = checked(tmp_path, environment="live", environ={}, tool_version="0.1.0", now=now)
    assert desired is not None
    assert len(findings) == len(said)
    assert all(text in found.message for text, found in zip(said, findings, strict=True))
