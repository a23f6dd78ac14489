"""The webhook of a project, through the command line: after the state is saved, and never in the way."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.webhook import webhook
from tests.e2e.harness import PROJECT, TOKEN, World, sms

FAR = "2036-03-22 10:00:00"
NOTIFY = "notify: {url_env: HOOK, on: all}\n"


def test_an_apply_and_a_halt_are_posted_when_the_state_is_saved(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT.replace("timeout: 2s", "timeout: 200ms") + NOTIFY)
    world.write("spring.yaml", sms("Spring", scheduled_time=FAR))
    state, saved = world.folder / ".campaignctl/state.json", list[Any]()
    with webhook() as hook:
        world.environ["HOOK"] = hook.url
        hook.on_post = lambda: saved.append(json.loads(state.read_text()))
        world.run("apply", "--auto-approve", status=0)
        (body,) = hook.bodies
        assert (body["event"], body["result"], body["project"]) == ("apply", "done", "shop")
        assert [each["key"] for each in body["changes"]] == ["spring"]
        assert saved[0]["serial"] == body["serial"]
        assert saved[0]["campaigns"].keys() == {"spring"}
        world.run("halt", "spring", "--reason", "wrong price", status=0)
        assert (hook.bodies[-1]["event"], hook.bodies[-1]["result"]) == ("halt", "stopped")
        # A refusal has no outcome of its own: it is posted as the document says it.
        world.write("spring.yaml", sms("Spring", scheduled_time=FAR))
        world.environ["OCAMBA_API_URL"] = "http://127.0.0.1:9"
        world.run("apply", "--auto-approve", status=1)
        assert hook.bodies[-1]["result"] == "refused"
        assert hook.bodies[-1]["error"]["summary"]
    assert not any(TOKEN in raw for raw in hook.raw)


def test_an_address_that_does_not_answer_changes_no_status(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT + NOTIFY)
    world.write("spring.yaml", sms("Spring", scheduled_time=FAR))
    world.environ["HOOK"] = "http://127.0.0.1:9/secret-part"
    done = world.apply(status=0)
    assert "no notification" in done.err
    assert "secret-part" not in done.err
    assert world.state["campaigns"].keys() == {"spring"}
