"""Deliberately broken builds whose work or output has no bound, or that a signal does not end."""

from __future__ import annotations

from tests.torture.mutants import Edit, Mutant

_READING = "tests/manifest/test_bounded_reading.py"
_SIGNALS = "tests/e2e/test_ends_on_signals.py"


OF_WORK = (
    Mutant(
        "a folder is read again under a link",
        (
            Edit(
                "campaignctl/manifest/discover.py",
                "            if real in self._read:\n",
                "            if False:\n",
            ),
        ),
        ("tests/manifest/test_discovery.py::test_a_folder_is_read_under_its_own_path_and_not_under_a_link",),
        "",
    ),
    Mutant(
        "every finding of a file is shown",
        (Edit("campaignctl/yamlio/findings.py", "MOST_IN_FILE = 100\n", "MOST_IN_FILE = 100_000\n"),),
        (f"{_READING}::test_the_rest_of_the_findings_is_counted_in_every_form",),
        "",
    ),
    Mutant(
        "aliases may add any number of characters",
        (
            Edit(
                "campaignctl/yamlio/reader.py",
                "        self._aliased_length += length + _NODE * count\n",
                "        self._aliased_length += _NODE * count\n",
            ),
        ),
        (f"{_READING}::test_aliases_are_limited_in_characters",),
        "",
    ),
    Mutant(
        "a long list of names is searched for each name",
        (Edit("campaignctl/yamlio/nodes.py", "_FEW = 16\n", "_FEW = 16_000\n"),),
        (f"{_READING}::test_a_name_among_many_is_not_searched_for_each_time",),
        "",
    ),
    Mutant(
        "a read waits for its answer after an interrupt",
        (
            Edit(
                "campaignctl/api/transport.py",
                "        self.patience = PATIENCE if writes else 0.0\n",
                "        self.patience = 30.0\n",
            ),
        ),
        (f"{_SIGNALS}::test_a_write_to_a_server_that_hangs_stays_open_and_the_lock_is_free",),
        "",
    ),
    Mutant(
        "a server that asks for an absurd wait is waited for",
        (Edit("campaignctl/api/exchange.py", "asked is None or asked <= LONGEST_PAUSE", "True"),),
        ("tests/api/test_api_proof.py",),
        "",
    ),
    Mutant(
        "a state of any size is read",
        (Edit("campaignctl/backends/durable.py", "    if size > LARGEST:\n", "    if False:\n"),),
        ("tests/backends/test_local_files.py",),
        "",
    ),
    Mutant(
        "a git that hangs is not ended",
        (
            Edit(
                "campaignctl/cli/clock.py",
                "        git.end_children(reads_only=SystemClock.writing > 0)\n",
                "        pass\n",
            ),
        ),
        (f"{_SIGNALS}::test_a_git_that_hangs_is_ended_too",),
        "",
    ),
)
