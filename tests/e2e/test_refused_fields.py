"""A refusal of the API that names a field is shown where that field is written."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.harness import World

MAIL = """
    spec:
      name: Mail
      scheduled_time: 2036-03-22 10:00:00
      messages:
        - name: m
          channel: sms
          integration_id: "1"
          sms: {content: {en: Hi}}
    """


def test_a_refusal_is_shown_at_the_field_that_it_names(world: World, tmp_path: Path) -> None:
    world.write("_defaults.yaml", "spec:\n  recurrence: {cron: '*/5 9 * * 1'}\n")
    world.write("mail/one.yaml", MAIL.replace("scheduled_time: 2036-03-22 10:00:00", "labels: [a]"))
    world.write("mail/_defaults.yaml", "message: {sms: {integration_id: '7'}}\n")
    world.control.switch(cron_minute_literal=True)
    run = world.run("apply", "--auto-approve", "--format", "json")
    (change,) = run.json["changes"]
    assert "_defaults.yaml:2:" in change["error"]["summary"]
    assert change["error"]["detail"].startswith("recurrence.cron: ")
    world.control.switch(cron_minute_literal=False, integrations=["9"])
    shown = world.run("apply", "--auto-approve").out
    assert f"mail{'/'}one.yaml:7:" in shown
    # A saved plan has no manifests; those of the project are asked.
    plan = tmp_path / "plan.json"
    world.run("plan", "-o", str(plan))
    assert "mail/one.yaml:7:" in world.run("apply", str(plan)).out


def test_a_checkout_with_other_line_ends_changes_nothing(world: World) -> None:
    text = MAIL.replace("sms: {content: {en: Hi}}", "sms: {content: {en: {$file: hi.txt}}}")
    world.write("mail/one.yaml", text)
    (world.folder / "mail/hi.txt").write_bytes(b"One\nTwo\n")
    world.apply()
    for name in ("mail/hi.txt", "mail/one.yaml"):
        path = world.folder / name
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    world.assert_settled()
