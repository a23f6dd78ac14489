"""`init`: a project that works unchanged, created without touching existing files."""

from __future__ import annotations

import os
import stat

import pytest

from tests.cli.cli_process import Cli
from tests.golden import Golden


def test_a_fresh_project_validates_and_plans(project: Cli) -> None:
    validated = project("validate")
    assert (validated.status, validated.err) == (0, "")
    planned = project("plan", "--no-refresh")
    assert planned.status == 0, planned.err
    assert "push/welcome" in planned.out


def test_the_example_cannot_send(project: Cli) -> None:
    plan = project("plan", "--no-refresh", "--format", "json").document
    assert [(change["key"], change["arms"]) for change in plan["changes"]] == [("push/welcome", False)]
    assert plan["changes"][0]["sends"]["when"] == "never"


def test_the_state_is_kept_out_of_git(project: Cli) -> None:
    assert ".campaignctl/" in (project.cwd / ".gitignore").read_text().splitlines()


def test_the_next_steps_are_printed(cli: Cli) -> None:
    done = cli("init", "my shop")
    assert done.status == 0
    for line in (
        "Created campaignctl.yaml",
        "Created push/welcome.yaml",
        "cd 'my shop'",
        "campaignctl plan --no-refresh",
    ):
        assert line in done.out


def test_the_current_directory_is_the_default(cli: Cli) -> None:
    assert "cd " not in cli("init").out
    assert (cli.cwd / "campaignctl.yaml").is_file()


@pytest.mark.parametrize(
    "existing", ["campaignctl.yaml", "push/welcome.yaml", "compose.yml", "deep/down/a.yaml"]
)
def test_a_directory_with_yaml_files_is_left_alone(cli: Cli, existing: str) -> None:
    path = cli.cwd / existing
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine\n")
    done = cli("init")
    assert (done.status, done.out) == (1, "")
    assert existing in done.err
    assert [each for each in cli.cwd.rglob("*") if each.is_file()] == [path]
    assert path.read_text() == "mine\n"


def test_an_existing_gitignore_is_kept_and_its_missing_line_named(cli: Cli, golden: Golden) -> None:
    (cli.cwd / ".gitignore").write_text("mine\n")
    done = cli("init")
    assert done.status == 0
    golden("gitignore", done.out)
    assert (cli.cwd / ".gitignore").read_text() == "mine\n"


def test_a_file_in_the_way_is_wrong_usage(cli: Cli) -> None:
    (cli.cwd / "shop").write_text("")
    assert cli("init", "shop").status == 64


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_directory_is_named(cli: Cli) -> None:
    cli.cwd.chmod(stat.S_IRUSR | stat.S_IXUSR)
    done = cli("init", "shop")
    cli.cwd.chmod(stat.S_IRWXU)
    assert done.status == 1
    assert "shop" in done.err


def test_a_name_is_made_for_any_directory(cli: Cli) -> None:
    assert cli("init", "Été 2036: #1").status == 0
    made = Cli(cli.cwd / "Été 2036: #1")
    assert made("validate").status == 0


def test_a_second_init_names_the_existing_project(project: Cli, golden: Golden) -> None:
    done = project("init")
    assert (done.status, done.out) == (1, "")
    golden("project is there", done.err, folder=project.cwd)


def test_a_project_inside_another_is_refused_unless_ignored_there(project: Cli, golden: Golden) -> None:
    done = project("init", "markets/de")
    assert (done.status, done.out) == (1, "")
    golden("inside of another", done.err, folder=project.cwd)
    assert not (project.cwd / "markets").exists()
    with (project.cwd / "campaignctl.yaml").open("a") as file:
        file.write('ignore: ["markets/de/**"]\n')
    assert project("init", "markets/de").status == 0
    assert project("validate").out.startswith("1 campaign, no findings")


@pytest.mark.parametrize("name", ["push", "schemas"])
def test_a_file_in_place_of_a_folder_leaves_no_partial_project(cli: Cli, name: str) -> None:
    (cli.cwd / name).write_text("mine\n")
    done = cli("init")
    assert (done.status, done.out) == (1, "")
    assert f"{name} is not a folder; nothing was changed" in done.err
    assert [path.name for path in cli.cwd.iterdir()] == [name]


def test_a_dangling_link_is_not_overwritten(cli: Cli) -> None:
    (cli.cwd / ".gitignore").symlink_to("nowhere")
    done = cli("init")
    assert (done.status, done.out) == (1, "")
    assert ".gitignore already exists; nothing was changed" in done.err
    assert [path.name for path in cli.cwd.iterdir()] == [".gitignore"]


@pytest.mark.parametrize(
    ("place", "lines"),
    [
        ("local", ["backend: local"]),
        ("git", ["backend: git"]),
        ("https://h.example/s/crm", ["backend: http", "address: https://h.example/s/crm"]),
        ("s3://acme/crm", ["backend: object_store", "url: s3://acme/crm"]),
        ("gs://acme/crm", ["backend: object_store", "url: gs://acme/crm"]),
        ("postgres", ["backend: postgres"]),
    ],
)
def test_a_new_project_says_where_its_state_lives(cli: Cli, place: str, lines: list[str]) -> None:
    assert cli("init", "--state", place).status == 0
    text = (cli.cwd / "campaignctl.yaml").read_text()
    assert all(f"\n  {line}\n" in text for line in lines)
    assert cli("validate").status == 0


@pytest.mark.parametrize(
    "place", ["s4://bucket", "s3://", "https://h.example", "http://h.example/crm", "remote"]
)
def test_a_place_that_no_state_can_have_is_wrong_usage(cli: Cli, place: str) -> None:
    done = cli("init", "--state", place)
    assert done.status == 64
    assert "--state" in done.err
    assert not list(cli.cwd.iterdir())


def test_the_address_of_a_database_is_not_written_and_not_shown(cli: Cli) -> None:
    done = cli("init", "--state", "postgresql://mira:hunter2@db.example.com/crm")
    assert done.status == 64
    assert "CAMPAIGNCTL_POSTGRES_URL" in done.err
    assert "hunter2" not in done.err
    assert not list(cli.cwd.iterdir())
