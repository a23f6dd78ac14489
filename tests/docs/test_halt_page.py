"""What whoever is on call is told to type stops campaigns, and lets them go on."""

from __future__ import annotations

import re
from pathlib import Path

from campaignctl.sandbox import Sandbox, Switches
from campaignctl.sandbox.control import Control
from tests.docs.test_walkthroughs import page, walk
from tests.docs.walkthrough import Shell
from tests.e2e.harness import World, sms

FAR = "2036-03-22 10:00:00"


def test_stop_it_now_is_done_as_it_is_read(tmp_path: Path) -> None:
    (section,) = re.findall(r"^## Stop it, now\n(.*?)^## ", page("operations.md"), re.MULTILINE | re.DOTALL)
    with Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0)) as sandbox:
        world = World(tmp_path / "home", sandbox.url, Control(sandbox.url))
        world.write("campaignctl.yaml", "metadata: {name: shop}\n")
        for key in ("push/spring", "push/welcome", "sms/parcel"):
            world.write(f"{key}.yaml", sms(key.split("/")[1].title(), scheduled_time=FAR))
        world.apply()
        shell = Shell(world.folder, {"OCAMBA_API_URL": sandbox.url, "OCAMBA_TOKEN": "sandbox"})
        assert walk(section, shell) == 4
        assert world.campaigns()["Parcel"]["live"]["status"] == "scheduled"
        world.apply()
        world.assert_settled()
