"""The messages of the on-call page, each with its meaning and what to do."""

from __future__ import annotations

import multiprocessing
import re
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from campaignctl.sandbox import Sandbox, Switches
from campaignctl.sandbox.control import Control
from tests.docs.acting import Scene
from tests.e2e.harness import PROJECT, World
from tools.reference.campaign_moments import CAMPAIGNS
from tools.reference.content_moments import CONTENT
from tools.reference.encryption_moments import ENCRYPTION
from tools.reference.halt_moments import HALTS
from tools.reference.identity_moments import IDENTITY
from tools.reference.moment import Moment
from tools.reference.pipeline_moments import PIPELINES
from tools.reference.proof_moments import PROOFS
from tools.reference.run_moments import RUNS
from tools.reference.server_moments import SERVERS
from tools.reference.trust_moments import TRUST

#: Parts that vary between runs, or name the campaigns of a scene.
_VOLATILE = (
    (r"http://127\.0\.0\.1:\d+/states/7/crm", "ADDRESS"),
    (r"[^ ]*/crm/(?=\.)", ""),
    (r"[^ ]*/crm(?: or .*)?$", "…"),
    (r"^\[Errno \d+\] (.*?): .*", r"\1"),
    (r"^Note: ", ""),
    (r"wrong price", "…"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID"),
    (r"not a JSON document.*", "…"),
    (r"\b(?:push|sms)/(?:spring|summer|winter|flash|new|again|draft)\b", "KEY"),
    (r" \(KEY\.yaml:\d+:\d+\)", ""),
    (r"\b10309\d\d\b|\b9999999\b", "ID"),
    (r"commit \w{12}, applied .*", "commit …"),
    (r"\b[0-9a-f]{40}\b", "COMMIT"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ?", "TIME"),
    (r"process \d+ on \S+,", "process … on …,"),
    (r"\w{3} \d+ \w{3} \d{4} \d\d:\d\d(?::\d\d)? GMT", "TIME"),
    (r"by \w+(,| at) TIME", r"by …\1 TIME"),
    (r"\d+m from now", "… from now"),
)


MOMENTS = (
    *CAMPAIGNS,
    *CONTENT,
    *ENCRYPTION,
    *HALTS,
    *IDENTITY,
    *PIPELINES,
    *PROOFS,
    *RUNS,
    *SERVERS,
    *TRUST,
)


def messages() -> str:
    """The table, sorted by the message as it is printed."""
    with ProcessPoolExecutor(4, multiprocessing.get_context("spawn")) as pool:
        rows = pool.map(row, MOMENTS)
    return "\n".join(("| message | meaning | do |", "|---|---|---|", *sorted(rows, key=order), ""))


def row(moment: Moment) -> str:
    """The row of one moment, as brought about now."""
    return f"| `{printed(moment.scene)}` | {moment.means} | {moment.do} |"


def order(line: str) -> str:
    """The sort key of a row: its text from the first letter on."""
    return re.sub(r"^[^a-zA-Z]*", "", line).lower()


def printed(scene: Scene) -> str:
    """The message that a scene prints, with placeholders for varying parts."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0)) as sandbox,
    ):
        world = World(Path(folder) / "crm", sandbox.url, Control(sandbox.url))
        world.write("campaignctl.yaml", PROJECT)
        said = scene(world)
    for pattern, shown in _VOLATILE:
        said = re.sub(pattern, shown, said)
    return said.strip().replace("|", "\\|").replace("`", "")


def rows(page: str) -> list[str]:
    """The rows of the table in a page."""
    table = page.partition("<!-- generated: messages -->")[2].partition("<!-- end -->")[0]
    return re.findall(r"^\| `.*\|$", table, re.MULTILINE)
