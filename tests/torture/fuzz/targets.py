"""What reads foreign bytes, each as one function: it may raise errors of ours, and print a little."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random

import httpx

from campaignctl.errors import CampaignctlError, Guesses
from campaignctl.manifest.compile import CompileInputs, compile_file
from campaignctl.manifest.load import check
from campaignctl.manifest.model import DesiredState
from campaignctl.plan import codec as plan_codec
from campaignctl.plan.model import Options, Plan
from campaignctl.reconciler import plan as planning
from campaignctl.reconciler.run import Wiring
from campaignctl.reconciler.status import status
from campaignctl.render.errors import error_text, findings_github, findings_json, findings_text
from campaignctl.render.markdown import plan_markdown
from campaignctl.render.overview import status_text
from campaignctl.render.plan import plan_text
from campaignctl.render.sarif import findings_sarif
from campaignctl.review.review import review_of, with_previews
from campaignctl.state import codec as state_codec
from campaignctl.state.journal import read_journal
from campaignctl.yamlio.findings import in_order
from campaignctl.yamlio.interpolate import Values
from tests.api.simulated import SimulatedTime, client
from tests.backends.local_place import LocalPlace
from tests.plan import planning as made_by_hand
from tests.plan.planning import KEY, MANUAL, PROJECT, SCHEDULED, own, record, wanted
from tests.reconciler.account import Clock
from tests.torture.fuzz.mutate import altered, as_json, mutated

ROOT = Path(__file__).resolve().parents[3]
#: The most characters that one form of a report on a file may have.
FLOOD = 400_000
#: Two commands may each be refused for ten minutes, of simulated time, before they give up.
MOST_REQUESTS = 4_000
_URL = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reads: `made` gives an input, `read` takes it in."""

    made: Callable[[Random], bytes]
    read: Callable[[bytes], None]


class Flood(Exception):
    """Too much output."""


def _shown(*texts: str) -> None:
    for text in texts:
        text.encode()  # what cannot be written would be a crash too
        if len(text) > FLOOD:
            raise Flood(f"{len(text):,} characters")


@cache
def _texts(*patterns: str) -> tuple[bytes, ...]:
    found = [path for pattern in patterns for path in sorted(ROOT.glob(pattern)) if path.is_file()]
    return tuple(path.read_bytes() for path in found)


@cache
def _manifests() -> tuple[bytes, ...]:
    from tools.reference.finding_examples import EXAMPLES  # it imports much of the documentation's tools

    examples = [text for each in EXAMPLES for text in (each.wrong, each.right) if len(text) < 3_000]
    quoted = [
        block.partition("```")[0].encode()
        for page in _texts("docs/**/*.md", "README.md")
        for block in page.decode().split("```yaml\n")[1:]
    ]
    inside = [
        f"spec:\n{''.join(f'  {line}' for line in text.splitlines(keepends=True))}" for text in examples
    ]
    return (
        *_texts("campaigns/**/*.yaml", "tests/**/*.yaml", "tests/sandbox/examples/*.json"),
        *quoted,
        *(text.encode() for text in (*examples, *inside)),
    )


def _read_manifest(data: bytes) -> None:
    Guesses.start()
    values = Values({"brand": "Acme", "email_integration": "1830"}, {"HOME": "/"}, ("HOME",))
    result = compile_file("a.yaml", "a.yaml", data, CompileInputs(values))
    found = in_order(result.findings)
    _shown(findings_text(found, color=True), findings_github(found), json.dumps(findings_json(found)))
    _shown(json.dumps(findings_sarif(found, tool_version="0")))


@cache
def _projects() -> tuple[bytes, ...]:
    return tuple(text for text in _manifests() if b"metadata:" in text and b"spec:" not in text)


def _read_project(data: bytes) -> None:
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        Path(folder, "campaignctl.yaml").write_bytes(data)
        Path(folder, "a.yaml").write_bytes(as_json({"spec": SCHEDULED}))
        _, found = check(Path(folder), environment=None, environ={}, tool_version="0.1.0")
    _shown(findings_text(found, color=True), findings_github(found))


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


_GOLDEN = ROOT / "tests" / "state" / "golden" / "0.1.0"


def _either(name: str) -> Callable[[Random], bytes]:
    """A document of the golden files: changed as bytes, or as a value."""

    def made(random: Random) -> bytes:
        text = (_GOLDEN / name).read_bytes()
        if random.random() < 0.2:
            return mutated(random, [text, *_texts("tests/state/golden/*/*/*")])
        return as_json(altered(random, json.loads(text)))

    return made


def _made_plan(random: Random) -> bytes:
    """A plan whose digest fits, so that it is read and not only refused."""
    document = json.loads(
        (_GOLDEN / random.choice(("plan.json", "early/plan.json", "early/plan-empty.json"))).read_bytes()
    )
    if random.random() < 0.1:
        return mutated(random, [as_json(document)])
    changed = altered(random, document)
    bare = {name: value for name, value in changed.items() if name not in ("digest", "hints", "lists")}
    return as_json({**changed, "digest": plan_codec._digest(bare)})


def _read_plan(data: bytes) -> None:
    _show_plan(plan_codec.decode(data.decode("utf-8", "replace")))


def _show_plan(plan: Plan) -> None:
    review = with_previews(review_of(plan), {})
    text = plan_text(review, color=True, now=SimulatedTime().now())
    _shown(text, plan_markdown(review, limit=60_000))
    json.dumps(plan_codec.encode(plan)).encode()  # it cuts nothing


def _read_state(data: bytes) -> None:
    state = state_codec.decode(data)
    written = state_codec.encode(state)
    assert state_codec.encode(state_codec.decode(written)) == written
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        place = LocalPlace(Path(folder))
        place.path.parent.mkdir(parents=True)
        place.path.write_bytes(data)
        project = replace(PROJECT, environment=state.environment)
        desired = DesiredState(project, {KEY: wanted(MANUAL)}, "sha256:project")
        wiring = Wiring(project, place.backend(), None, Clock(SimulatedTime()), lambda _event: None, "0.1.0")
        _show_plan(planning.plan(wiring, desired, Options(refresh=False)))


def _read_beside(data: bytes) -> None:
    for read in (read_journal, state_codec.decode_lock, state_codec.decode_halts):
        try:
            read(data)
        except CampaignctlError as error:
            _shown(error_text(error, color=False))


def _made_answer(random: Random) -> bytes:
    """A status and headers on the first line, then a body."""
    campaign = json.loads((ROOT / "tests/sandbox/examples/response-201.json").read_bytes())
    campaign |= {"id": "1030978", "company_id": "6197120"}
    body = altered(random, {"items": [campaign, {**campaign, "id": "7"}], "total": 2, "page": 1})
    content = as_json(body) if random.random() < 0.8 else mutated(random, [as_json(body)])
    names = ("date", "retry-after", "x-ratelimit-remaining", "x-ratelimit-reset", "content-encoding", "x")
    values = ("", "-1", "0", "1", "9" * 30, "1e999", "Tue, 01 Jan 2036 00:00:00 GMT", "Tue, 99", "gzip", "é")
    headers = {random.choice(names): random.choice(values) for _ in range(random.randrange(4))}
    status = random.choice((200, 200, 200, 200, 200, 400, 401, 404, 429, 500, 302, 204))
    return as_json({"status": status, "headers": headers}) + b"\n" + content


def _read_answer(data: bytes) -> None:
    head, _, body = data.partition(b"\n")
    given = json.loads(head)
    count = 0

    def answer(_request: httpx.Request) -> httpx.Response:
        nonlocal count
        count += 1
        if count > MOST_REQUESTS:
            raise Flood(f"more than {MOST_REQUESTS:,} requests")
        headers = [(name.encode(), value.encode()) for name, value in given["headers"].items()]
        return httpx.Response(given["status"], headers=headers, stream=httpx.ByteStream(body))

    time = SimulatedTime()
    spec = own(SCHEDULED, "Hello")
    with (
        tempfile.TemporaryDirectory(dir=_memory()) as folder,
        client(_URL, time, transport=httpx.MockTransport(answer), timeout=30) as api,
    ):
        place = LocalPlace(Path(folder))
        place.path.parent.mkdir(parents=True)
        state = made_by_hand.state({KEY: record(spec)})
        state = replace(state, account=replace(state.account, url=_URL, company_id="6197120"))
        place.path.write_text(state_codec.encode(state))
        project = replace(PROJECT, api=replace(PROJECT.api, url=_URL, timeout=timedelta(seconds=30)))
        desired = DesiredState(
            project, {KEY: wanted(spec), "push/new": wanted(MANUAL, "push/new")}, "sha256:p"
        )
        wiring = Wiring(
            project, place.backend(), api, Clock(time), lambda _event: None, "0.1.0", parallelism=1
        )
        for work in _asked(wiring, desired):
            try:
                work()
            except CampaignctlError as error:
                _shown(error_text(error, color=False))


def _asked(wiring: Wiring, desired: DesiredState) -> Iterator[Callable[[], None]]:
    yield lambda: _show_plan(planning.plan(wiring, desired, Options()))
    yield lambda: _shown(status_text(status(wiring, desired), color=True, zone="UTC"))


TARGETS: dict[str, Target] = {
    "manifest": Target(lambda random: mutated(random, _manifests()), _read_manifest),
    "project": Target(lambda random: mutated(random, _projects()), _read_project),
    "state": Target(_either("format-2/state.json"), _read_state),
    "beside": Target(
        lambda random: mutated(
            random, _texts("tests/state/golden/*/*/*journal", "tests/state/golden/*/*/*lock*")
        ),
        _read_beside,
    ),
    "plan": Target(_made_plan, _read_plan),
    "answer": Target(_made_answer, _read_answer),
}


def read(name: str, data: bytes) -> None:
    """Let a target read an input. Raises whatever is not an error of ours, and Flood."""
    try:
        TARGETS[name].read(data)
    except CampaignctlError as error:
        # "This is a bug in campaignctl" is said at the boundary, of everything else.
        _shown(error_text(error, color=True))


def made(name: str, seed: int, number: int) -> bytes:
    """The input of that number, always the same one."""
    return TARGETS[name].made(Random(f"{seed}/{name}/{number}"))


def names() -> tuple[str, ...]:
    """The targets."""
    return tuple(TARGETS)
