"""Plain asserts of the shared suite are explained like those of a test module."""

import pytest

pytest.register_assert_rewrite("tests.backends.conformance", "tests.backends.crash_conformance")
