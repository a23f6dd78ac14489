"""A strict stand-in for the Ocamba Hood campaign API, independent of the rest of campaignctl.

It is written from the API contract alone and imports nothing else of the project, so that it can bear witness
against it. `Sandbox` serves it, `Control` steers it, `Switches` lists what can be set otherwise.
"""

from campaignctl.sandbox.control import Control, ControlError
from campaignctl.sandbox.server import Sandbox
from campaignctl.sandbox.switches import BadSwitch, Switches

__all__ = ["BadSwitch", "Control", "ControlError", "Sandbox", "Switches"]
