"""`new`: valid manifests from templates and from pasted requests."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from campaignctl.manifest.load import check
from tests.cli.cli_process import ROOT, Cli
from tests.golden import Golden

DOCUMENTED = sorted((ROOT / "tests/campaigns/documented").glob("*.json"))
SECRET = "s3cret-of-mine"


def compiled(project: Cli, key: str) -> object:
    desired, findings = check(project.cwd, environment=None, environ={}, tool_version="0.1.0")
    assert desired is not None, findings
    return desired.campaigns[key].spec


def curl(body: str) -> str:
    return (
        "curl --location 'https://api.ocamba.com/v1/hood/campaigns' \\\n"
        f"  --header 'Authorization: Bearer {SECRET}' \\\n  --data-raw {shlex.quote(body)}\n"
    )


@pytest.mark.parametrize("channel", ["push", "email", "sms"])
def test_a_template_is_a_valid_draft(project: Cli, channel: str) -> None:
    done = project("new", f"spring/{channel}-flash.sale", "--from", channel)
    assert (done.status, done.err) == (0, "")
    assert f"Created spring/{channel}-flash.sale.yaml" in done.out
    text = (project.cwd / f"spring/{channel}-flash.sale.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=../schemas/Campaign.json\n")
    assert project("validate").status == 0
    # A warning names the value that it cannot know.
    left = set(re.findall(r"\[([\w-]+)\]$", project("validate").out, re.MULTILINE))
    assert left == (set() if channel == "push" else {"integration-missing"})
    assert f"spring/{channel}-flash.sale.yaml" not in project("fmt", "--check").out
    plan = project("plan", "--no-refresh", "--format", "json").document
    change = next(change for change in plan["changes"] if change["key"].startswith("spring/"))
    assert (change["name"], change["sends"]["when"]) == (f"{channel.capitalize()} flash sale", "never")


def test_a_template_uses_the_integration_of_the_project(project: Cli) -> None:
    path = project.cwd / "campaignctl.yaml"
    path.write_text(path.read_text().replace("variables:\n", 'variables:\n  sms_integration: "1996"\n'))
    assert project("new", "flash", "--from", "sms").status == 0
    assert "integration_id: ${var.sms_integration}" in (project.cwd / "flash.yaml").read_text()


@pytest.mark.parametrize("path", DOCUMENTED, ids=lambda path: path.stem)
def test_a_documented_body_becomes_its_manifest(cli: Cli, path: Path) -> None:
    (cli.cwd / "campaignctl.yaml").write_text("metadata: {name: shop}\n")
    body = path.read_text()
    pasted = cli("new", "from-json", "--from", "curl", stdin=body)
    assert pasted.status == 0, pasted.out + pasted.err
    assert cli("validate").status == 0
    assert compiled(cli, "from-json") == json.loads(body)
    assert cli("fmt", "--check").status == 0
    again = cli("new", "from-curl", "--from", "curl", stdin=curl(body))
    assert again.status == 0, again.out + again.err
    assert (cli.cwd / "from-curl.yaml").read_bytes() == (cli.cwd / "from-json.yaml").read_bytes()


def test_no_credential_is_kept(project: Cli, golden: Golden) -> None:
    done = project("new", "x", "--from", "curl", stdin=curl('{"name": "x", "messages": []}'))
    golden("no credential", done.out)
    assert SECRET not in done.out + done.err
    assert all(SECRET not in path.read_text() for path in project.cwd.rglob("*") if path.is_file())


def test_a_pasted_immediate_send_is_a_warning(project: Cli, golden: Golden) -> None:
    body = DOCUMENTED[0].read_text()
    assert json.loads(body)["run_immediately"] is True
    done = project("new", "x", "--from", "curl", stdin=body)
    golden("sends at once", done.out)


def test_findings_of_the_new_manifest_are_shown(project: Cli) -> None:
    body = '{"name": "x", "id": "1", "mesages": [], "description": "${vars.brand} ${OCMH_APP_NAME} $${X}"}'
    done = project("new", "x", "--from", "curl", stdin=body)
    assert done.status == 1
    assert "did you mean messages?" in done.out
    assert "`id` is not allowed" in done.out
    assert "interpolation" not in done.out
    assert "description: $${vars.brand} ${OCMH_APP_NAME} $$${X}" in (project.cwd / "x.yaml").read_text()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["x"], 64, "--from is missing"),
        (["x", "--from", "pusch"], 64, "Did you mean 'push'?"),
        (["x", "--from", "adex"], 64, "adex"),
        (["--from", "push"], 64, "KEY"),
        (["a b", "--from", "push"], 64, "'a b' is not a valid key"),
        (["../x", "--from", "push"], 64, "is not a valid key"),
        (["_x", "--from", "push"], 64, "is not a valid key"),
        (["push/x.yaml", "--from", "push"], 64, "without its suffix: push/x"),
        (["sub/campaignctl", "--from", "push"], 64, "would be a project file"),
        (["push/welcome", "--from", "push"], 1, "push/welcome.yaml already exists"),
        (["Push/Welcome", "--from", "push"], 1, "The key push/welcome is in use"),
        (["taken", "--from", "push"], 1, "The key taken is in use"),
        (["gone", "--from", "push"], 1, "The key gone is in use"),
        (["x", "--from", "curl"], 64, "Nothing was pasted"),
    ],
)
def test_a_refusal_changes_nothing(project: Cli, words: list[str], status: int, said: str) -> None:
    (project.cwd / "other.yml").write_text(
        "metadata: {key: taken}\n"
        "spec: {name: x, is_draft: true, messages: [{channel: push, push: {title: {en: x}}}]}\n"
        "---\nkind: Removed\nmetadata: {key: gone}\n"
    )
    before = sorted(project.cwd.rglob("*"))
    done = project("new", *words)
    assert (done.status, done.out) == (status, "")
    assert said in done.err
    assert sorted(project.cwd.rglob("*")) == before


def test_an_answer_of_the_api_becomes_a_manifest_or_leaves_nothing(project: Cli) -> None:
    answer = json.loads((ROOT / "tests/sandbox/examples/response-201.json").read_text())
    done = project("new", "again", "--from", "curl", stdin=json.dumps({"total": 1, "items": [answer]}))
    assert done.status == 0, done.out
    assert "Left out, as the API fills it in: id, company_id" in done.out
    assert project("validate", "again.yaml").status == 0
    answer["name"] = ""
    done = project("new", "broken", "--from", "curl", stdin=json.dumps(answer))
    assert (done.status, (project.cwd / "broken.yaml").exists()) == (1, False)
    assert "must not be empty" in done.out
    assert "was not created" in done.out


@pytest.mark.parametrize("more", [{}, {"message": "The request is not valid."}])
def test_a_pasted_error_of_the_api_is_no_manifest(project: Cli, more: dict[str, str]) -> None:
    answer = {"code": 400, "title": "Bad request.", "trace_id": "99a84211", **more}
    done = project("new", "broken", "--from", "curl", stdin=json.dumps(answer))
    assert (done.status, (project.cwd / "broken.yaml").exists()) == (1, False)
    assert "The pasted answer is an error, not a campaign" in done.err


def test_the_next_command_names_the_environment(project: Cli) -> None:
    with (project.cwd / "campaignctl.yaml").open("a") as file:
        file.write("environments: {staging: {}}\n")
    done = project("-e", "staging", "new", "push/x", "--from", "push")
    assert "campaignctl -e staging plan --target push/x" in done.out


@pytest.mark.parametrize("loop", [True, False])
def test_what_is_in_the_way_of_a_folder_is_named(project: Cli, loop: bool) -> None:
    place = project.cwd / "spring"
    if loop:
        place.symlink_to("spring")
    else:
        place.write_text("mine", encoding="utf-8")
    done = project("new", "spring/sale", "--from", "push")
    assert done.status == 1
    assert done.err.rstrip().endswith("spring: File exists")


def test_an_existing_file_is_kept(project: Cli) -> None:
    path = project.cwd / "mine.yml"
    path.write_text("# mine\n")
    assert project("new", "mine", "--from", "push").status == 1
    assert path.read_text() == "# mine\n"
    assert not path.with_suffix(".yaml").exists()


def test_a_link_does_not_lead_out_of_the_project(
    project: Cli, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (project.cwd / "out").symlink_to(outside)
    done = project("new", "out/x", "--from", "push")
    assert done.status == 1
    assert list(outside.iterdir()) == []


def test_errors_elsewhere_do_not_stop_it(project: Cli, golden: Golden) -> None:
    (project.cwd / "broken.yaml").write_text("spec: [\n")
    done = project("new", "x", "--from", "push")
    assert done.status == 0
    golden("errors elsewhere", done.out)


def test_a_manifest_that_the_project_excludes_is_a_warning(project: Cli, golden: Golden) -> None:
    path = project.cwd / "campaignctl.yaml"
    path.write_text(path.read_text() + 'ignore: ["old/**"]\n')
    golden("not read", project("new", "old/x", "--from", "push").out)


def test_on_a_terminal_it_asks(project: Cli) -> None:
    done = project.on_terminal("new", "spring", typed="sms\nSpring is here\n")
    assert done.status == 0, done.out
    assert "Created spring.yaml" in done.out
    assert "name: Spring is here" in (project.cwd / "spring.yaml").read_text()


def test_on_a_terminal_a_request_is_pasted_up_to_an_empty_line(project: Cli) -> None:
    body = json.dumps({"name": "x", "is_draft": True, "messages": [{"channel": "push", "push": {}}]})
    done = project.on_terminal("new", "x", "--from", "curl", typed=f"{curl(body)}\n")
    assert "Paste a curl command or a JSON body" in done.out
    assert compiled(project, "x") == json.loads(body)
