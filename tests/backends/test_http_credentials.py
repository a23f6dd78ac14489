"""Who we are on a server, and which servers get to know it: the environment says both."""

from __future__ import annotations

import pytest

from campaignctl.backends.cas.place import PlaceError
from campaignctl.backends.http.credentials import Login, login_at
from campaignctl.backends.http.server import Server

CI = {"CI_API_V4_URL": "https://gitlab.example.com/api/v4", "CI_JOB_TOKEN": "j0b"}
OURS = {"CAMPAIGNCTL_HTTP_USERNAME": "mira", "CAMPAIGNCTL_HTTP_PASSWORD": "s3cr3t"}
THEIRS = {"TF_HTTP_USERNAME": "tf", "TF_HTTP_PASSWORD": "tf-s3cr3t"}
STATE = "https://gitlab.example.com/api/v4/projects/7/terraform/state/crm"
AT = {"CAMPAIGNCTL_HTTP_ADDRESS": "https://gitlab.example.com"}


@pytest.mark.parametrize(
    ("environ", "name", "password"),
    [
        (CI, "gitlab-ci-token", "j0b"),
        ({**CI, **OURS}, "mira", "s3cr3t"),
        ({**CI, **THEIRS}, "tf", "tf-s3cr3t"),
        ({**AT, **OURS, **THEIRS}, "mira", "s3cr3t"),
        ({**AT, "CAMPAIGNCTL_HTTP_PASSWORD": "only"}, "", "only"),
        ({"CAMPAIGNCTL_HTTP_ADDRESS": "https://gitlab.example.com:443/any", **OURS}, "mira", "s3cr3t"),
        ({"TF_HTTP_ADDRESS": STATE, **THEIRS}, "tf", "tf-s3cr3t"),
    ],
)
def test_a_login_goes_to_a_server_that_the_environment_names(
    environ: dict[str, str], name: str, password: str
) -> None:
    login = login_at(STATE, environ)
    assert login is not None
    assert (login.username, login.password) == (name, password)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        OURS,
        THEIRS,
        {"CI_JOB_TOKEN": "j0b"},
        {**CI, "CI_API_V4_URL": "https://gitlab.com/api/v4"},
        {**CI, "CI_API_V4_URL": "https://gitlab.example.com:8443/api/v4"},
        {**CI, "CI_API_V4_URL": "http://gitlab.example.com/api/v4"},
        {**CI, "CI_API_V4_URL": "https://gitlab.example.com/api/v4/projects/77"},
        {**CI, "CI_API_V4_URL": "https://gitlab.example.com/api/v"},
        {**OURS, "CAMPAIGNCTL_HTTP_ADDRESS": "https://gitlab.example.com.evil.example"},
        {**OURS, "CAMPAIGNCTL_HTTP_ADDRESS": "https://other.example.com"},
        {**OURS, "CAMPAIGNCTL_HTTP_ADDRESS": "http://gitlab.example.com"},
        {**OURS, "CAMPAIGNCTL_HTTP_ADDRESS": "https://gitlab.example.com:99999"},
        {**OURS, "CAMPAIGNCTL_HTTP_ADDRESS": "gitlab.example.com"},
    ],
)
def test_another_server_gets_nothing_and_the_error_names_the_variable(environ: dict[str, str]) -> None:
    with pytest.raises(PlaceError) as refused:
        login_at(STATE, environ)
    assert refused.value.kind == "setup"
    assert "export CAMPAIGNCTL_HTTP_ADDRESS=https://gitlab.example.com" in refused.value.hint
    for secret in ("s3cr3t", "j0b"):
        assert secret not in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize("address", ["https://gitlab.example.com:99999/crm", "https:///crm"])
def test_what_is_no_address_of_a_server_gets_nothing_where_the_environment_names_none(address: str) -> None:
    """Libraries may connect all the same, to a port that is left of such a number."""
    for environ in ({}, OURS, {**OURS, "CI_JOB_TOKEN": "j0b"}, {**OURS, "CI_API_V4_URL": "https://[/api"}):
        with pytest.raises(PlaceError, match="as the environment does not name it"):
            login_at(address, environ)


def test_a_job_token_stays_below_its_gitlab() -> None:
    beside = "https://gitlab.example.com/pages/terraform"
    with pytest.raises(PlaceError):
        login_at(beside, CI)
    assert login_at(beside, {**CI, **AT}) is None


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:80"])
def test_this_machine_needs_no_name_and_gets_no_job_token(host: str) -> None:
    assert login_at(f"http://{host}/crm", {}) is None
    assert login_at(f"http://{host}/crm", CI) is None
    assert login_at(f"http://{host}/crm", OURS) == Login("mira", "s3cr3t", "CAMPAIGNCTL_HTTP_PASSWORD")


def test_a_password_is_in_no_text_of_a_login() -> None:
    assert "s3cr3t" not in repr(login_at("http://localhost/crm", OURS))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSL_CERT_FILE", "/nowhere/certificates.pem"),
        ("ALL_PROXY", "socks5://127.0.0.1:9"),
        ("ALL_PROXY", "gopher://127.0.0.1:9"),
        ("ALL_PROXY", "http://[::1"),
    ],
)
def test_an_environment_that_no_connection_can_be_made_with_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(PlaceError) as refused:
        Server(STATE, AT).ask("GET", STATE, 1)
    assert refused.value.kind == "setup"
    assert name in refused.value.hint


@pytest.mark.parametrize(
    ("address", "named", "is_named"),
    [
        ("http://h.example/crm", "http://h.example:80", True),
        ("http://h.example:80/crm", "http://h.example", True),
        ("https://h.example/crm", "https://h.example:443", True),
        ("https://h.example:80/crm", "https://h.example", False),
        ("http://h.example:81/crm", "http://h.example", False),
        ("http://h.example:443/crm", "https://h.example", False),
        ("https://H.example/crm", "https://h.EXAMPLE/x", True),
    ],
)
def test_a_port_that_is_left_out_is_that_of_the_scheme(address: str, named: str, is_named: bool) -> None:
    environ = {"TF_HTTP_ADDRESS": named, "TF_HTTP_PASSWORD": "p"}
    if is_named:
        assert login_at(address, environ) == Login("", "p", "TF_HTTP_PASSWORD")
    else:
        with pytest.raises(PlaceError):
            login_at(address, environ)


@pytest.mark.parametrize("folder", ["https://h.example/api/v4", "https://h.example/api/v4/"])
def test_a_job_token_goes_below_the_folder_of_its_gitlab_alone(folder: str) -> None:
    environ = {"CI_API_V4_URL": folder, "CI_JOB_TOKEN": "j0b"}
    login = login_at("https://h.example/api/v4/projects", environ)
    assert login == Login("gitlab-ci-token", "j0b", "CI_JOB_TOKEN")
    assert login.secrets == ("j0b", "Z2l0bGFiLWNpLXRva2VuOmowYg==")
    assert login_at("https://h.example/api/v4/projects", {**environ, "CI_JOB_TOKEN": ""}) is None
    for beside in ("https://h.example/api/v4", "https://h.example/api/v44/projects"):
        with pytest.raises(PlaceError):
            login_at(beside, environ)
