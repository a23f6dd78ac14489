"""Deliberately broken builds that mistake whose a campaign, a state or an account is."""

from __future__ import annotations

from tests.torture.mutants import Edit, Mutant

_IDENTITY = "tests/reconciler/test_identity.py"
_ENVIRONMENTS = "tests/reconciler/test_environments.py"
_TAKEN_OVER = "tests/reconciler/test_taken_over.py"
_ACCOUNT = "tests/reconciler/test_proof_of_the_account.py"
_OPENING = "campaignctl/reconciler/opening.py"
_OTHERS = "campaignctl/reconciler/other_states.py"
_ADOPT = "campaignctl/reconciler/adopt.py"


def _mutant(name: str, test: str, *edits: Edit, file: str = _IDENTITY) -> Mutant:
    return Mutant(name, edits, (f"{file}::{test}",), "")


OF_IDENTITY = (
    _mutant(
        "a marker of another project counts as ours",
        "test_a_repository_with_the_same_project_name_sees_no_campaign_of_the_other",
        Edit(
            "campaignctl/campaign/marker.py",
            "        return marker.scope in (self.scope, self.scope_by_name)\n",
            "        return True\n",
        ),
    ),
    _mutant(
        "the project's name alone owns a marker for ever",
        "test_a_repository_with_the_same_project_name_sees_no_campaign_of_the_other",
        Edit(
            _OPENING,
            "    if state is None or state.project_id != project.id:\n",
            "    if True:\n",
        ),
    ),
    _mutant(
        "a marker of version 1 is not read once there is an id",
        "test_a_lost_state_is_recovered_with_markers_of_both_versions",
        Edit(
            "campaignctl/campaign/marker.py",
            "        return marker.scope in (self.scope, self.scope_by_name)\n",
            "        return marker.scope == self.scope\n",
        ),
    ),
    _mutant(
        "the state of another project is used",
        "test_the_state_of_another_project_is_refused_until_it_is_rebound",
        Edit(
            _OPENING,
            "    if state.project_id not in (None, project.id):\n",
            "    if state.project_id is True:\n",
        ),
    ),
    _mutant(
        "the state of an environment that is not declared is ignored",
        "test_a_state_file_of_no_declared_environment_stops_whatever_would_create",
        Edit(_OTHERS, "        if one.is_left(project) and one.is_alive(now):\n", "        if False:\n"),
        file=_ENVIRONMENTS,
    ),
    _mutant(
        "an absent state is always new",
        "test_an_absent_state_next_to_those_on_other_refs_is_new_only_by_init",
        Edit(_OTHERS, "    if not others and not marked:\n", "    if True:\n"),
        file=_ENVIRONMENTS,
    ),
    _mutant(
        "markers of another environment do not show that a state is lost",
        "test_markers_alone_show_that_an_absent_state_is_not_new",
        Edit(
            "campaignctl/campaign/marker.py",
            "        if self.id is not None and marker.scope[0] == self.scope[0]:\n            return True\n",
            "        if self.id is not None:\n            return False\n",
        ),
        file=_ENVIRONMENTS,
    ),
    _mutant(
        "a halt of everything leaves a renamed environment's campaigns",
        "test_halt_all_stops_the_copies_of_an_environment_that_was_renamed",
        Edit(
            _OTHERS,
            "        if project.owner.made_elsewhere(made_by, former):\n            yield live, made_by\n",
            "        if False:\n            yield live, made_by\n",
        ),
        file=_ENVIRONMENTS,
    ),
    _mutant(
        "a rebind copies the state and leaves the old one in use",
        "test_a_rebound_state_creates_nothing_again",
        Edit(
            "campaignctl/reconciler/rebind.py",
            "            session.retire(wiring.backend.location)\n",
            "            pass\n",
        ),
        file=_ENVIRONMENTS,
    ),
    _mutant(
        "an adoption without a marker",
        "test_a_lost_state_of_campaigns_that_were_taken_over_sends_nothing_again",
        Edit(_ADOPT, "    mark = next(iter(requests), None)\n", "    mark = None\n"),
        file=_TAKEN_OVER,
    ),
    _mutant(
        "a campaign counts as marked before a read shows it",
        "test_a_campaign_is_recorded_whatever_happens_to_its_marker",
        Edit(_ADOPT, "unmarked=mark is not None or record.unmarked)", "unmarked=record.unmarked)"),
        file=_TAKEN_OVER,
    ),
    _mutant(
        "a clone that is adopted keeps the marker of its original",
        "test_a_clone_of_a_recorded_campaign_gets_a_marker_of_its_own",
        Edit(
            "campaignctl/plan/records.py",
            "project.owner.made(found) and found.intent not in taken\n",
            "project.owner.made(found)\n",
        ),
        file="tests/plan/test_adoption.py",
    ),
    _mutant(
        "what was taken over is canceled when its manifest is removed",
        "test_a_campaign_that_was_taken_over_is_forgotten",
        Edit(
            "campaignctl/plan/decide.py",
            ' or (one.record.origin != "create" and not said.says_destroy)\n',
            "\n",
        ),
        file="tests/plan/test_table_undeclared.py",
    ),
    _mutant(
        "an import without a manifest",
        "test_without_a_manifest_it_is_refused_unless_it_may_be_forgotten",
        Edit(_ADOPT, "        if manifest is None and not forget:\n", "        if False:\n"),
        file="tests/e2e/test_import.py",
    ),
    _mutant(
        "two keys may record one campaign",
        "test_a_state_with_two_keys_for_one_campaign_is_refused",
        Edit(_OPENING, "setdefault(record.id, key)) != key:", "setdefault(record.id, key)) is None:"),
    ),
    _mutant(
        "a create in another company is recorded",
        "test_a_create_that_is_answered_by_another_company_is_the_last_request",
        Edit(
            "campaignctl/reconciler/created.py",
            "    if _company_id(run) in (None, live.company_id):\n",
            "    if True:\n",
        ),
        file=_ACCOUNT,
    ),
    _mutant(
        "the pinned company is not compared with the answer to a create",
        "test_a_create_that_is_answered_by_another_company_is_the_last_request",
        Edit(
            "campaignctl/reconciler/created.py",
            "    return run.state.account.company_id or run.project.company_id\n",
            "    return run.state.account.company_id\n",
        ),
        file=_ACCOUNT,
    ),
    _mutant(
        "the soonest create proves the account",
        "test_a_create_that_is_answered_by_another_company_is_the_last_request",
        Edit(
            "campaignctl/reconciler/execute.py",
            "    return quiet[0] if quiet else max(creating",
            "    return quiet[0] if quiet else min(creating",
        ),
        file=_ACCOUNT,
    ),
    _mutant(
        "what sends at once needs no proof of the account",
        "test_what_sends_at_once_needs_a_proof_of_the_account",
        Edit(
            "campaignctl/plan/planner.py",
            "    if ctx.reading.proven or any(",
            "    if True or any(",
        ),
        Edit(
            "campaignctl/reconciler/requests.py",
            "    if run.proven or not change.arms or request.operation",
            "    if True or not change.arms or request.operation",
        ),
        file=_ACCOUNT,
    ),
    _mutant(
        "an account that did not show its company counts as proven",
        "test_an_account_that_never_shows_its_company_sends_nothing_at_once",
        Edit(
            "campaignctl/reconciler/requests.py",
            "    if run.proven or not change.arms or request.operation",
            "    if True or not change.arms or request.operation",
        ),
        file=_ACCOUNT,
    ),
    _mutant(
        "a plan by a list that shows nothing believes the account",
        "test_a_plan_by_a_list_that_shows_nothing_refuses_another_account",
        Edit(
            "campaignctl/reconciler/refresh.py",
            "    if list_page and shown is None and not any(live.values()):",
            "    if False:",
        ),
        file=_ACCOUNT,
    ),
    _mutant(
        "markers that do not come back are not mentioned",
        "test_a_plan_that_creates_says_what_missing_markers_cost",
        Edit(
            "campaignctl/plan/context.py",
            "    if project.api.markers and not (state and state.account.markers is False):\n",
            "    if True:\n",
        ),
        file="tests/plan/test_creates.py",
    ),
    _mutant(
        "one late read after an adoption tells that no markers come back",
        "test_a_marker_that_no_read_shows_is_said",
        Edit(
            "campaignctl/reconciler/adopt.py",
            "        for wait in READ_WAITS:\n",
            "        for wait in READ_WAITS[:1]:\n",
        ),
        file="tests/reconciler/test_adopt_asks.py",
    ),
    _mutant(
        "a campaign without a marker that a person picks tells that none come back",
        "test_a_campaign_that_a_person_picks_does_not_tell_that_no_markers_come_back",
        Edit(
            "campaignctl/reconciler/created.py",
            "    if marked or shows:\n",
            "    if True:\n",
        ),
        file="tests/reconciler/test_execute_asks.py",
    ),
    _mutant(
        "recover cancels in an account that a read shows to be another",
        "test_in_an_account_that_only_a_read_by_id_shows_to_be_another_nothing_changes",
        Edit(
            "campaignctl/reconciler/recover.py",
            "        check_company(shown.company_id, run.session.state, run.project)\n",
            "        pass\n",
        ),
        file="tests/reconciler/test_recover_asks.py",
    ),
    _mutant(
        "a create is taken for a campaign that was there before",
        "test_a_create_is_not_taken_for_a_campaign_that_was_there_before",
        Edit(
            "campaignctl/reconciler/requests.py",
            "    live = answered(run, started, live)\n",
            "",
        ),
        file="tests/reconciler/test_execute_asks.py",
    ),
)
