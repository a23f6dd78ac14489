"""Deliberately broken builds that send one content to one audience twice."""

from __future__ import annotations

from tests.torture.mutants import Edit, Mutant

_TWINS = "tests/plan/test_twins.py"
_RENAMES = "tests/plan/test_renames.py"
_FOREIGN = "tests/reconciler/test_foreign.py"
_COPIES = "tests/reconciler/test_copies.py"
_RULES = "campaignctl/plan/twin_rules.py"


OF_CONTENT = (
    Mutant(
        "twins of one plan are both created",
        (Edit(_RULES, "[]).append(one)\n", '[]).append(replace(one, content=""))\n'),),
        (f"{_TWINS}::test_the_second_create_of_one_content_near_the_first_is_blocked",),
        "",
    ),
    Mutant(
        "only two sends at the same instant collide",
        (
            Edit(
                "campaignctl/schedule/collisions.py",
                "_apart(mine, theirs) <= window",
                "not _apart(mine, theirs)",
            ),
        ),
        ("tests/schedule/test_collisions.py::test_sends_that_are_a_day_apart_or_less_are_near",),
        "",
    ),
    Mutant(
        "the past runs of a recurrence collide too",
        (
            Edit(
                "campaignctl/schedule/collisions.py",
                "max(_shifted(start, -window), recurring.since)",
                "_shifted(start, -window)",
            ),
        ),
        ("tests/schedule/test_collisions.py::test_near_is_symmetric_and_equals_a_search_over_all_sends",),
        "",
    ),
    Mutant(
        "a renamed campaign is created before its old one is canceled",
        (
            Edit(
                "campaignctl/reconciler/requests.py",
                "status.get(each) != Status.CANCELED]",
                "status.get(each) is None]",
            ),
        ),
        (
            "tests/e2e/test_same_content.py::test_renamed_manifest_is_not_created_while_its_cancel_is_not_shown",
        ),
        "",
    ),
    Mutant(
        "the create of a rename waits for nothing",
        (Edit(_RULES, "waits_for=waits)", "waits_for=())"),),
        (f"{_RENAMES}::test_the_create_of_a_rename_waits_for_the_cancel",),
        "",
    ),
    Mutant(
        "what no manifest asks for any more blocks its content at its own time alone",
        (
            Edit(
                _RULES,
                "if other.goes and not other.cancels and not other.declared:",
                "if other.goes and other.planned:",
            ),
        ),
        (f"{_RENAMES}::test_no_rename_is_created_while_the_old_one_stays_able_to_send",),
        "",
    ),
    Mutant(
        "a rename with an edit is no rename",
        (
            Edit(
                "campaignctl/plan/moves.py", "_LIKE, _LIKE_NAMED = 4 / 5, 1 / 2", "_LIKE, _LIKE_NAMED = 2, 2"
            ),
        ),
        (f"{_RENAMES}::test_no_edited_rename_is_created_either",),
        "",
    ),
    Mutant(
        "the ledger knows bodies alone",
        (
            Edit(
                "campaignctl/plan/ledger.py",
                "or (one.at_once and one.content == shown)",
                "or one.content is None",
            ),
        ),
        (f"{_TWINS}::test_a_sent_immediate_moved_to_a_new_key_with_another_label_is_blocked",),
        "",
    ),
    Mutant(
        "campaigns of others are not compared",
        (Edit(_RULES, "        yield from _of_others(ctx)\n", ""),),
        (f"{_FOREIGN}::test_a_campaign_of_others_with_this_content_stops_a_create",),
        "",
    ),
    Mutant(
        "a campaign of others blocks as it was when it was seen",
        (
            Edit(
                "campaignctl/reconciler/foreign.py",
                "for each in (*hits, *short[:_MOST])",
                "for each in short[:_MOST]",
            ),
        ),
        (f"{_FOREIGN}::test_one_that_is_older_than_the_mark_is_known_from_the_state",),
        "",
    ),
    Mutant(
        "campaigns of others are forgotten once they are older than the mark",
        (
            Edit(
                "campaignctl/reconciler/begin.py",
                "        foreign=foreign.noted(reading.foreign, reading.clones, state, now),\n",
                "",
            ),
            Edit(
                "campaignctl/reconciler/run.py",
                "foreign=foreign.noted(run.opening.lives, (), state, now)",
                "foreign={}",
            ),
        ),
        (f"{_FOREIGN}::test_one_that_is_older_than_the_mark_is_known_from_the_state",),
        "",
    ),
    Mutant(
        "an override against an environment lifts everything",
        (Edit("campaignctl/plan/lifts.py", "                and each.against in (None, against)\n", ""),),
        (f"{_FOREIGN}::test_an_override_against_an_environment_lifts_its_campaigns_alone",),
        "",
    ),
    Mutant(
        "a create that was given up leaves no trace",
        (
            Edit(
                "campaignctl/reconciler/state_ops.py",
                "dropped=given_up if intent.creates else ()",
                "dropped=()",
            ),
        ),
        (f"{_COPIES}::test_the_campaign_of_a_create_that_was_given_up_is_a_copy_of_the_next_one",),
        "",
    ),
    Mutant(
        "a later clone is canceled as a second copy",
        (
            Edit(
                "campaignctl/reconciler/copies.py",
                "made is None or one.since <= parse_iso(made) <= one.until",
                "made is None or one.since <= parse_iso(made)",
            ),
        ),
        (f"{_COPIES}::test_a_clone_that_was_made_later_is_no_copy",),
        "",
    ),
    Mutant(
        "what was sent is not looked for a second time",
        (
            Edit(
                "campaignctl/reconciler/copies.py",
                "    if record.reposted:\n",
                "    if record.reposted and record.began is None and not records.final(record, now):\n",
            ),
        ),
        (f"{_COPIES}::test_a_copy_is_canceled_whatever_became_of_the_other_meanwhile",),
        "",
    ),
    Mutant(
        "the copy of a campaign that was removed goes out",
        (Edit("campaignctl/state/model.py", "yield Dropped(key, ", "yield from () and (key, "),),
        (f"{_COPIES}::test_a_copy_is_canceled_whatever_became_of_the_other_meanwhile",),
        "",
    ),
    Mutant(
        "a plan does not look for second copies",
        (Edit("campaignctl/reconciler/plan.py", "        copies=copies_of(second),\n", ""),),
        (f"{_COPIES}::test_a_copy_that_the_list_shows_late_is_shown_and_canceled",),
        "",
    ),
    Mutant(
        "only one of two campaigns is named to keep",
        (Edit("campaignctl/plan/ledger.py", "Sentence(first, *or_else)", "Sentence(first)"),),
        ("tests/e2e/test_same_content.py::test_two_campaigns_of_an_open_create_are_left_to_a_person",),
        "",
    ),
)
