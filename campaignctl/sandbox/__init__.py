"""A strict implementation of the Ocamba Hood campaign API, to run and test against.

An independent witness: written from the API contract alone, it imports nothing of the project that it tests.
`Sandbox` serves it, `Control` drives it, `Switches` lists where it can behave differently.
"""

from campaignctl.sandbox.control import Control, ControlError
from campaignctl.sandbox.server import Sandbox
from campaignctl.sandbox.switches import BadSwitch, Switches

__all__ = ["BadSwitch", "Control", "ControlError", "Sandbox", "Switches"]
