"""A running sandbox without rate limits for every test."""

from collections.abc import Iterator

import pytest

from campaignctl.sandbox import Control, Sandbox, Switches
from tests.sandbox.sandbox_account import Account

START = "2036-01-01 00:00:00"


@pytest.fixture
def account() -> Iterator[Account]:
    """A fresh account; its clock is stopped at the start of 2036."""
    with Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0)) as sandbox:
        fresh = Account(sandbox.url)
        fresh.control.freeze()
        fresh.control.set_clock(START)
        yield fresh


@pytest.fixture
def control(account: Account) -> Control:
    """The control API of the same account."""
    return account.control
