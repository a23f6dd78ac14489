"""Broken builds in which two runs write one shared state, or a stranger changes an encrypted one unseen."""

from __future__ import annotations

from tests.torture.mutants import Edit, Mutant

_HTTP = "campaignctl/backends/http/place.py"
_OBJECTS = "campaignctl/backends/object_store/place.py"
_SESSION = "campaignctl/backends/cas/session.py"
_LEASE = "campaignctl/backends/cas/lease.py"
_AT_REST = "campaignctl/backends/at_rest.py"
_HTTP_FAULTS = "tests/backends/test_http_faults.py"
_ENCRYPTION = "tests/e2e/test_encryption.py"
_IGNORED = "test_a_store_that_ignores_conditions_is_refused_by_name_before_anything_is_written"
_UNFIT = (f"tests/backends/test_object_faults.py::{_IGNORED}",)
_CAS_FAULTS = "tests/backends/test_cas_faults.py"
_LEASES = ("tests/backends/test_cas_leases.py",)
_STORED = ("tests/backends/test_sealed_conformance.py::TestWhatAPlaceHolds",)

OF_PLACES = (
    Mutant(
        "the head of a bucket is replaced on no condition",
        (
            Edit(
                _OBJECTS,
                '            return self._put(_HEAD, data, before or "create", seconds)\n',
                '            return self._put(_HEAD, data, "overwrite", seconds)\n',
            ),
        ),
        ("tests/backends/test_object_conformance.py::TestObjectLock",),
        "",
    ),
    Mutant(
        "a row is replaced whatever its version",
        (
            Edit(
                "campaignctl/backends/postgres/tables.py",
                "    where name = %(name)s and tip = %(before)s returning number\n",
                "    where name = %(name)s and %(before)s is not null returning number\n",
            ),
        ),
        ("tests/backends/test_postgres_conformance.py::TestPostgresLock",),
        "",
    ),
    Mutant(
        "a store that ignores If-Match passes the probe",
        (Edit(_OBJECTS, '                raise self._unfit("If-Match")\n', "                pass\n"),),
        _UNFIT,
        "",
    ),
    Mutant(
        "a store that ignores If-None-Match passes the probe",
        (Edit(_OBJECTS, '                raise self._unfit("If-None-Match")\n', "                pass\n"),),
        _UNFIT,
        "",
    ),
    Mutant(
        "a POST does not name its lock",
        (Edit(_HTTP, "seconds, draft.body, ID=by.id)", "seconds, draft.body)"),),
        ("tests/backends/test_http_conformance.py::TestHttpStore",),
        "",
    ),
    Mutant(
        "a server without a lock will do",
        (
            Edit(
                _HTTP,
                "            if answer.status in _NO_METHOD and not _NO_PROJECT.search(answer.told):\n"
                "                raise PlaceError(",
                "            if answer.status in _NO_METHOD and not _NO_PROJECT.search(answer.told):\n"
                "                return None\n"
                "                raise PlaceError(",
            ),
        ),
        (f"{_HTTP_FAULTS}::test_a_server_without_locks_is_refused",),
        "",
    ),
    Mutant(
        "a server that accepts any write will do",
        (
            Edit(
                _HTTP,
                '            raise self._useless("it accepts what is written without its lock")\n',
                "            return\n",
            ),
        ),
        (f"{_HTTP_FAULTS}::test_a_server_that_accepts_any_write_is_refused_before_the_first",),
        "",
    ),
    Mutant(
        "a server that gives its lock to two runs will do",
        (
            Edit(
                _HTTP,
                '            raise self._useless("it gives its lock to two runs at a time")\n',
                "            return\n",
            ),
        ),
        (f"{_HTTP_FAULTS}::test_a_server_that_locks_twice_is_refused",),
        "",
    ),
    Mutant(
        "the server's lock is not given back",
        (
            Edit(
                _HTTP,
                "        if not (arrived and keeps):\n            self._unlock(by, seconds)\n",
                "",
            ),
        ),
        ("tests/backends/test_http_locks.py",),
        "",
    ),
    Mutant(
        "a journal that is folded in leaves out its last steps",
        (
            Edit(
                _SESSION,
                "        after = self._folded(state) if folds else",
                "        after = self._folded(self._written) if folds else",
            ),
        ),
        ("tests/backends/test_http_locks.py",),
        "",
    ),
    Mutant(
        "a shared lock is not given back",
        (
            Edit(
                _SESSION,
                "        free = self._snapshot.locked(None)\n",
                "        free = self._snapshot\n",
            ),
        ),
        ("tests/backends/test_cas_conformance.py::TestSharedLock::test_a_free_lock_has_no_holder",),
        "",
    ),
    Mutant(
        "a holder whose lock was broken goes on over its successor",
        (
            Edit(
                "campaignctl/backends/cas/place.py",
                "            if found.files != before.files or (exactly and found.tip != before.tip):\n",
                "            if exactly and found.tip != before.tip:\n",
            ),
        ),
        ("tests/backends/test_cas_conformance.py::TestSharedLock",),
        "",
    ),
    Mutant(
        "a lease is not renewed",
        (Edit(_LEASE, "    return not timedelta() <= age < lease / _RENEWED_AFTER\n", "    return False\n"),),
        _LEASES,
        "",
    ),
    Mutant(
        "a holder believes in a lease that has run out",
        (
            Edit(
                _LEASE,
                "    return not lease or timedelta() <= age < lease / _TRUSTED_FOR\n",
                "    return True\n",
            ),
        ),
        _LEASES,
        "",
    ),
    Mutant(
        "a lock that its holder renews runs out",
        (
            Edit(
                "campaignctl/backends/cas/backend.py",
                "            elif watched is None or watched.tip != seen.tip:\n",
                "            elif watched is None:\n",
            ),
        ),
        _LEASES,
        "",
    ),
    Mutant(
        "a session that the server ended still proves the lock",
        (
            Edit(
                _SESSION,
                "        return fresh and self._held.life.stands()\n",
                "        return fresh\n",
            ),
        ),
        ("tests/backends/test_postgres_faults.py",),
        "",
    ),
    Mutant(
        "an older encrypted state that is put back is accepted",
        (
            Edit(
                "campaignctl/reconciler/newest.py",
                "state.serial > serial:\n            return\n",
                "True:\n            return\n",
            ),
        ),
        ("tests/e2e/test_encryption.py::test_an_older_state_put_back_is_noticed_and_accepted_on_purpose",),
        "",
    ),
    Mutant(
        "a document passes for another file",
        (Edit(_AT_REST, '        if about.get("file") != name:\n', "        if False:\n"),),
        ("tests/backends/test_at_rest.py", *_STORED),
        "",
    ),
    Mutant(
        "a line of a journal passes for another one",
        (
            Edit(
                _AT_REST,
                '    return b"journal %b %b" % (before[0], before[1])\n',
                '    return b"journal"\n',
            ),
        ),
        ("tests/backends/test_at_rest.py",),
        "",
    ),
    Mutant(
        "a tampered piece of a journal is left out",
        (
            Edit(
                "campaignctl/backends/cas/sealed.py",
                "                    problem = problem or error\n",
                '                    if path.startswith("journal/"):\n'
                "                        del files[path]\n"
                "                    else:\n"
                "                        problem = problem or error\n",
            ),
        ),
        _STORED,
        "",
    ),
    Mutant(
        "a fallback key writes",
        (
            Edit(
                _AT_REST,
                "        if (current := self._keys().current) is None:\n",
                "        if (current := self._keys().fallback or self._keys().current) is None:\n",
            ),
        ),
        ("tests/backends/test_at_rest.py", *_STORED),
        "",
    ),
    Mutant(
        "a state in clear is read where it has to be encrypted",
        (
            Edit(
                _AT_REST,
                '        if encrypted is self.encrypts or self._accepts == "all":\n',
                '        if not encrypted or encrypted is self.encrypts or self._accepts == "all":\n',
            ),
        ),
        ("tests/backends/test_at_rest.py", *_STORED),
        "",
    ),
    Mutant(
        "a state that was rescued is in clear",
        (
            Edit(
                "campaignctl/backends/session.py",
                "self._saved_elsewhere(self._at_rest.close(STATE, data))",
                "self._saved_elsewhere(data)",
            ),
        ),
        ("tests/backends/test_lock_info.py",),
        "",
    ),
    Mutant(
        "an interrupted put reports the steps of others as saved",
        (
            Edit(
                _SESSION,
                "except (PlaceError, LockLost, Interrupted) as error:\n            with self._mutex:\n",
                "except (PlaceError, LockLost) as error:\n            with self._mutex:\n",
            ),
        ),
        (_CAS_FAULTS,),
        "",
    ),
    Mutant(
        "a put of ours that arrived late is taken for that of others",
        (Edit(_SESSION, "                self._unsure = after.files\n", ""),),
        (_CAS_FAULTS,),
        "",
    ),
    Mutant(
        "a look at the archive begins the session of the lock again",
        (
            Edit(
                "campaignctl/backends/postgres/place.py",
                "PostgresPlace(for_archive, ",
                "PostgresPlace(database, ",
            ),
        ),
        ("tests/backends/test_postgres_faults.py",),
        "",
    ),
)
