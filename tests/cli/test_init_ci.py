"""`init --ci`: pipelines for a new or an existing project, and nothing overwritten."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.cli_process import Cli
from tests.golden import Golden

FILES = {
    "github": {
        ".github/workflows/campaigns.yml",
        ".github/workflows/campaigns-drift.yml",
    },
    "gitlab": {".gitlab-ci.yml"},
}
COMMIT = "git+https://git.example/campaignctl@" + "0" * 40
PACKAGE = ("--package", COMMIT)
PROJECT = "metadata: {name: shop}\n"
ENVIRONMENTS = f"{PROJECT}environments: {{staging: {{}}, production: {{}}}}\n"


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def there(folder: Path) -> set[str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in files if ".git" not in path.parts}


@pytest.fixture
def repository(cli: Cli) -> Cli:
    git(cli.cwd, "init", "--quiet", "--initial-branch=trunk")
    return cli


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_a_new_project_gets_pipelines_and_a_state_that_they_share(repository: Cli, host: str) -> None:
    done = repository("init", "--ci", host, *PACKAGE)
    assert done.status == 0, done.err
    assert there(repository.cwd) >= FILES[host] | {"campaignctl.yaml", "push/welcome.yaml"}
    assert "backend: git" in (repository.cwd / "campaignctl.yaml").read_text()
    assert repository("validate").status == 0


def test_the_files_are_at_the_root_of_the_repository(repository: Cli) -> None:
    done = repository("init", "crm/campaigns", "--ci", "github", *PACKAGE)
    assert done.status == 0, done.err
    assert there(repository.cwd) >= FILES["github"] | {"crm/campaigns/campaignctl.yaml"}
    text = (repository.cwd / ".github/workflows/campaigns.yml").read_text()
    assert 'CAMPAIGNCTL_PROJECT: "crm/campaigns"' in text
    assert 'branches: ["trunk"]' in text
    assert '"crm/campaigns/**"' in text


def test_an_existing_project_gets_only_the_pipelines(repository: Cli) -> None:
    (repository.cwd / "campaignctl.yaml").write_text(PROJECT)
    done = repository("init", "--ci", "github", *PACKAGE)
    assert done.status == 0, done.err
    assert there(repository.cwd) == FILES["github"] | {"campaignctl.yaml"}
    assert (repository.cwd / "campaignctl.yaml").read_text() == PROJECT
    for line in ("    campaignctl state migrate --to git\n", "git remote add origin URL"):
        assert line in done.out


def test_a_project_with_a_shared_state_gets_no_hint_about_it(repository: Cli) -> None:
    (repository.cwd / "campaignctl.yaml").write_text(f"{PROJECT}state: {{backend: git}}\n")
    git(repository.cwd, "remote", "add", "origin", "https://git.example/shop.git")
    done = repository("init", "--ci", "github", *PACKAGE)
    assert "state migrate" not in done.out
    assert "git remote add" not in done.out


@pytest.mark.parametrize(("host", "jobs"), [("github", 4), ("gitlab", 0)])
def test_jobs_get_the_library_and_the_address_of_a_database(repository: Cli, host: str, jobs: int) -> None:
    project = f"{PROJECT}state: {{backend: postgres, url_env: SHOP_DB}}\n"
    (repository.cwd / "campaignctl.yaml").write_text(project, encoding="utf-8")
    done = repository("init", "--ci", host, *PACKAGE)
    assert "SHOP_DB is a secret of the jobs" in done.out
    text = "".join((repository.cwd / path).read_text() for path in FILES[host])
    assert "share/campaignctl/requirements-extras.lock" in text
    assert "share/campaignctl/requirements.lock" not in text
    assert text.count("SHOP_DB: ${{ secrets.SHOP_DB }}") == jobs


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_a_file_in_the_way_is_kept_and_nothing_is_written(repository: Cli, host: str) -> None:
    (repository.cwd / "campaignctl.yaml").write_text(PROJECT)
    # GitLab's own file may be for other jobs: ours is included in it.
    in_the_way = {"github": [max(FILES[host])], "gitlab": [".gitlab-ci.yml", ".gitlab/campaigns.yml"]}[host]
    for name in in_the_way:
        (repository.cwd / name).parent.mkdir(parents=True, exist_ok=True)
        (repository.cwd / name).write_text("mine\n")
    done = repository("init", "--ci", host, *PACKAGE)
    assert (done.status, done.out) == (1, "")
    assert in_the_way[-1].rpartition("/")[2] in done.err
    assert there(repository.cwd) == {"campaignctl.yaml", *in_the_way}
    assert {(repository.cwd / name).read_text() for name in in_the_way} == {"mine\n"}


def test_environments_have_pipelines_of_their_own(repository: Cli) -> None:
    (repository.cwd / "campaignctl.yaml").write_text(ENVIRONMENTS)
    for environment in ("staging", "production"):
        done = repository("-e", environment, "init", "--ci", "github", *PACKAGE)
        assert done.status == 0, done.err
    text = (repository.cwd / ".github/workflows/campaigns-staging.yml").read_text()
    assert 'CAMPAIGNCTL_ENV: "staging"' in text
    assert "environment: campaigns-staging" in text


def test_a_second_environment_of_gitlab_is_included_in_the_file_of_the_first(repository: Cli) -> None:
    (repository.cwd / "campaignctl.yaml").write_text(ENVIRONMENTS)
    assert "include" not in repository("-e", "staging", "init", "--ci", "gitlab", *PACKAGE).out
    first = (repository.cwd / ".gitlab-ci.yml").read_text()
    done = repository("-e", "production", "init", "--ci", "gitlab", *PACKAGE)
    assert done.status == 0, done.err
    assert '- local: "/.gitlab/campaigns-production.yml"' in done.out
    assert (repository.cwd / ".gitlab-ci.yml").read_text() == first
    text = (repository.cwd / ".gitlab/campaigns-production.yml").read_text()
    assert "campaigns-production:plan:" in text
    assert "resource_group: campaigns-production" in text


def test_existing_gitlab_jobs_stay_and_ours_are_included(repository: Cli) -> None:
    (repository.cwd / "campaignctl.yaml").write_text(PROJECT)
    (repository.cwd / ".gitlab-ci.yml").write_text("build: {script: [make]}\n")
    done = repository("init", "--ci", "gitlab", *PACKAGE)
    assert done.status == 0, done.err
    assert there(repository.cwd) == {
        "campaignctl.yaml",
        ".gitlab-ci.yml",
        ".gitlab/campaigns.yml",
    }
    assert '- local: "/.gitlab/campaigns.yml"' in done.out
    (repository.cwd / ".gitlab-ci.yml").write_text('include: [{local: "/.gitlab/campaigns.yml"}]\n')
    again = repository("init", "--ci", "gitlab", *PACKAGE)
    assert (again.status, "include" in again.out) == (0, False)


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_two_projects_of_a_repository_have_pipelines_of_their_own(repository: Cli, host: str) -> None:
    for name in ("crm", "shop"):
        (repository.cwd / name).mkdir()
        (repository.cwd / name / "campaignctl.yaml").write_text(PROJECT)
        done = repository("-C", name, "init", "--ci", host, *PACKAGE)
        assert done.status == 0, done.err
    first, second = {
        "github": (".github/workflows/campaigns.yml", ".github/workflows/campaigns-shop.yml"),
        "gitlab": (".gitlab-ci.yml", ".gitlab/campaigns-shop.yml"),
    }[host]
    assert 'CAMPAIGNCTL_PROJECT: "crm"' in (repository.cwd / first).read_text()
    assert 'CAMPAIGNCTL_PROJECT: "shop"' in (repository.cwd / second).read_text()
    before = there(repository.cwd)
    texts = {name: (repository.cwd / name).read_text() for name in before}
    for name in ("crm", "shop"):
        done = repository("-C", name, "init", "--ci", host, *PACKAGE)
        assert done.status == 0
        own = " --ref refs/campaignctl/shop" if name == "shop" else ""
        assert f"    campaignctl -C {name} state migrate --to git{own}\n" in done.out
    assert {name: (repository.cwd / name).read_text() for name in there(repository.cwd)} == texts


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_a_second_new_project_has_a_state_and_checks_of_its_own(repository: Cli, host: str) -> None:
    repository("init", "crm", "--ci", host, *PACKAGE)
    done = repository("init", "shop", "--ci", host, *PACKAGE)
    assert done.status == 0, done.err
    assert "    campaignctl state init\n" in done.out
    first, second = ((repository.cwd / name / "campaignctl.yaml").read_text() for name in ("crm", "shop"))
    assert "ref:" not in first
    assert "  backend: git\n" in second
    assert "  ref: refs/campaignctl/shop\n" in second
    for name in ("crm", "shop"):
        assert repository("-C", name, "validate").status == 0
    if host == "github":
        # Two checks of one name could not both be required.
        folder = repository.cwd / ".github/workflows"
        assert "    name: Plan\n" in (folder / "campaigns.yml").read_text()
        assert "    name: Plan (shop)\n" in (folder / "campaigns-shop.yml").read_text()


def test_an_action_needs_a_host_and_a_commit(repository: Cli) -> None:
    (repository.cwd / "campaignctl.yaml").write_text(PROJECT)
    assert repository("init", "--action", "acme/campaignctl@main").status == 64
    assert repository("init", "--ci", "github", *PACKAGE, "--action", "acme/campaignctl@main").status == 64
    both = ("--action", f"acme/campaignctl@{'0a' * 20}", "--vendor")
    assert repository("init", "--ci", "github", *PACKAGE, *both).status == 64
    assert there(repository.cwd) == {"campaignctl.yaml"}


@pytest.mark.parametrize("host", ["github", "gitlab"])
@pytest.mark.parametrize(
    ("notify", "name"), [("", "CAMPAIGNS_WEBHOOK"), ("notify: {url_env: CHAT_URL}\n", "CHAT_URL")]
)
def test_pipelines_pass_the_variable_of_notify(repository: Cli, host: str, notify: str, name: str) -> None:
    (repository.cwd / "campaignctl.yaml").write_text(f"{PROJECT}{notify}")
    assert repository("init", "--ci", host, *PACKAGE).status == 0
    file = {"github": ".github/workflows/campaigns.yml", "gitlab": ".gitlab-ci.yml"}[host]
    line = {"github": f"      {name}: ${{{{ secrets.{name} }}}}\n", "gitlab": f"#     {name}  optional"}[host]
    assert line in (repository.cwd / file).read_text()


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_a_second_run_changes_nothing_and_says_so(repository: Cli, host: str, golden: Golden) -> None:
    (repository.cwd / "campaignctl.yaml").write_text(PROJECT)
    repository("init", "--ci", host, *PACKAGE)
    before = there(repository.cwd)
    again = repository("init", "--ci", host, *PACKAGE)
    assert (again.status, again.err) == (0, "")
    golden("all there", again.out.partition("\n\n")[0])
    assert there(repository.cwd) == before


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_edited_pipelines_are_kept(repository: Cli, host: str) -> None:
    (repository.cwd / "campaignctl.yaml").write_text(PROJECT)
    repository("init", "--ci", host, *PACKAGE)
    path = repository.cwd / sorted(FILES[host])[-1 if host == "github" else 0]
    edited = f"{path.read_text()}# mine\n"
    path.write_text(edited)
    done = repository("init", "--ci", host, *PACKAGE)
    assert done.status == 1
    assert "move it away" in done.err
    assert path.read_text() == edited


def test_with_environments_one_must_be_named(repository: Cli) -> None:
    (repository.cwd / "campaignctl.yaml").write_text(ENVIRONMENTS)
    done = repository("init", "--ci", "github", *PACKAGE)
    assert done.status == 64
    assert "staging" in done.err
    assert there(repository.cwd) == {"campaignctl.yaml"}


def test_without_a_repository_nothing_is_written(cli: Cli) -> None:
    done = cli("init", "--ci", "github", *PACKAGE)
    assert done.status == 1
    assert "git init" in done.err
    assert there(cli.cwd) == set()


def test_another_host_is_wrong_usage(cli: Cli) -> None:
    assert cli("init", "--ci", "bitbucket").status == 64


def test_pipelines_say_where_campaignctl_comes_from(repository: Cli) -> None:
    done = repository("init", "--ci", "github")
    assert done.status == 64
    assert "--package" in done.err
    assert there(repository.cwd) == set()
    assert repository("init", "--ci", "github", "--package", "campaignctl==0.1.0").status == 64
    assert repository("init", *PACKAGE).status == 64
    assert there(repository.cwd) == set()


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_pipelines_install_the_package_that_was_named(repository: Cli, host: str) -> None:
    assert repository("init", "--ci", host, *PACKAGE).status == 0
    files = [repository.cwd / name for name in FILES[host] if name.endswith(".yml")]
    for file in files:
        text = file.read_text()
        assert f'CAMPAIGNCTL_PACKAGE: "{COMMIT}"' in text
        assert "campaignctl==" not in text


@pytest.mark.parametrize(
    ("api", "variable", "where"),
    [
        ("", "", "https://api.ocamba.com"),
        ("api: {url: https://eu.ocamba.com/v2}\n", "", "https://eu.ocamba.com/v2"),
        (
            "api: {url: https://eu.ocamba.com}\n",
            "https://gateway.example:8443",
            "https://gateway.example:8443",
        ),
    ],
)
@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_pipelines_say_where_the_token_goes(
    repository: Cli, host: str, api: str, variable: str, where: str
) -> None:
    (repository.cwd / "campaignctl.yaml").write_text(f"metadata: {{name: shop}}\n{api}")
    done = repository.with_env(OCAMBA_API_URL=variable)("init", "--ci", host, *PACKAGE)
    assert done.status == 0, done.err
    assert f"send the token to {where}." in done.out
    texts = [
        path.read_text()
        for path in (*repository.cwd.rglob("*campaigns*.yml"), *repository.cwd.rglob(".gitlab-ci.yml"))
    ]
    assert texts
    assert all(f'OCAMBA_API_URL: "{where}"' in text for text in texts)


STATE = "https://gitlab.example.com/api/v4/projects/7/terraform/state/crm"


@pytest.mark.parametrize("existing", [False, True])
def test_pipelines_of_gitlab_keep_the_state_on_gitlab(repository: Cli, existing: bool) -> None:
    if existing:
        settings = f"{PROJECT}state: {{backend: http, address: {STATE}}}\n"
        (repository.cwd / "campaignctl.yaml").write_text(settings)
    done = repository("init", "--ci", "gitlab", *PACKAGE, *(() if existing else ("--state", STATE)))
    assert done.status == 0, done.err
    assert STATE in (repository.cwd / "campaignctl.yaml").read_text()
    head, _, jobs = (repository.cwd / ".gitlab-ci.yml").read_text().partition("\n.campaigns:")
    assert STATE in head
    assert "Maintainer for who merges" in head
    assert "CAMPAIGNS_PUSH_TOKEN" not in head
    assert "CAMPAIGNCTL_HTTP_ADDRESS" not in jobs
    assert "state migrate" not in done.out
    assert "git remote add" not in done.out
    assert repository("validate").status == 0


def test_jobs_name_the_server_of_a_state_that_is_not_on_gitlab(repository: Cli) -> None:
    done = repository("init", "--ci", "gitlab", *PACKAGE, "--state", "https://states.example.com/crm")
    assert done.status == 0, done.err
    text = (repository.cwd / ".gitlab-ci.yml").read_text()
    assert '\n    CAMPAIGNCTL_HTTP_ADDRESS: "https://states.example.com/crm"\n' in text
    assert "CAMPAIGNCTL_HTTP_PASSWORD" in text.partition("\n.campaigns:")[0]


def test_pipelines_of_github_say_how_they_reach_a_server(repository: Cli) -> None:
    done = repository("init", "--ci", "github", *PACKAGE, "--state", "https://states.example.com/crm")
    assert done.status == 0, done.err
    assert "CAMPAIGNCTL_HTTP_ADDRESS: https://states.example.com/crm" in done.out
    assert "secrets.CAMPAIGNCTL_HTTP_PASSWORD" in done.out


def test_a_place_is_for_a_new_project_and_a_shared_one(repository: Cli) -> None:
    assert "--ci" in repository("init", "--ci", "gitlab", *PACKAGE, "--state", "local").err
    (repository.cwd / "campaignctl.yaml").write_text(PROJECT)
    done = repository("init", "--ci", "gitlab", *PACKAGE, "--state", "git")
    assert done.status == 64
    assert "new project" in done.err


ENCRYPTED = "state: {backend: git, encryption: {method: aes_gcm}}\n"
IN_A_BUCKET = "state: {backend: object_store, url: s3://acme/crm}\n"


@pytest.mark.parametrize(
    ("state", "secrets"), [(ENCRYPTED, ["CAMPAIGNCTL_STATE_KEY"]), (IN_A_BUCKET, [])], ids=["key", "bucket"]
)
def test_jobs_install_what_the_state_needs_and_get_its_secrets(
    repository: Cli, state: str, secrets: list[str]
) -> None:
    (repository.cwd / "campaignctl.yaml").write_text(PROJECT + state)
    done = repository("init", "--ci", "github", *PACKAGE)
    assert done.status == 0, done.err
    text = (repository.cwd / ".github/workflows/campaigns.yml").read_text()
    assert "/requirements-extras.lock" in text
    assert "/requirements.lock" not in text
    assert all(f"{name}: ${{{{ secrets.{name} }}}}" in text and name in done.out for name in secrets)
    assert ("s3://acme/crm" in done.out) is (state == IN_A_BUCKET)


def test_the_action_is_refused_where_it_would_not_install_what_the_state_needs(repository: Cli) -> None:
    (repository.cwd / "campaignctl.yaml").write_text(PROJECT + IN_A_BUCKET)
    done = repository("init", "--ci", "github", "--action", f"acme/campaignctl@{'a' * 40}", *PACKAGE)
    assert done.status == 64
    assert "--vendor" in done.err
    assert not (repository.cwd / ".github").exists()
