"""What the failures of a store mean, by the words of its library; and which store an address names."""

from __future__ import annotations

import pytest

from campaignctl.backends.cas.place import PlaceError
from campaignctl.backends.object_store.store import Bucket, opened, shown, trouble

S3 = Bucket.at("s3://campaigns/crm")
EXPIRED, REJECTED = (
    "the credentials for s3://campaigns have expired",
    "the store rejects the credentials for s3",
)
NONE = "there are no credentials for s3://campaigns in the environment"
REGION, LACKING = (
    "s3://campaigns is in another region",
    "these credentials lack a permission for s3://campaigns",
)
LOGIN, RIGHTS = "set AWS_ACCESS_KEY_ID", "it needs s3:GetObject"
CLOCK = "the store rejects the time of this machine"


@pytest.mark.parametrize(
    ("told", "kind", "summary", "hint"),
    [
        ("NoSuchBucket", "setup", "there is no bucket s3://campaigns", "create it"),
        ("ContainerNotFound", "setup", "there is no bucket s3://campaigns", "create it"),
        ("The specified bucket does not exist", "setup", "there is no bucket s3://campaigns", "create it"),
        ("RequestTimeTooSkewed", "setup", CLOCK, "set its clock"),
        ("RequestExpired", "setup", CLOCK, "set its clock"),
        ("Request has expired", "setup", CLOCK, "set its clock"),
        ("ExpiredToken", "refused", EXPIRED, LOGIN),
        ("TokenRefreshRequired", "refused", EXPIRED, LOGIN),
        ("the token is expired", "refused", EXPIRED, LOGIN),
        ("AuthenticationFailed: Signature Expired", "refused", EXPIRED, LOGIN),
        ("InvalidAccessKeyId", "refused", REJECTED, LOGIN),
        ("SignatureDoesNotMatch", "refused", REJECTED, LOGIN),
        ("InvalidToken", "refused", REJECTED, LOGIN),
        ("AuthenticationFailed", "refused", REJECTED, LOGIN),
        ("Unauthenticated", "refused", REJECTED, LOGIN),
        ("401 Unauthorized", "refused", REJECTED, LOGIN),
        ("invalid_grant", "refused", REJECTED, LOGIN),
        ("http://169.254.169.254/latest", "setup", NONE, LOGIN),
        ("http://metadata.google.internal", "setup", NONE, LOGIN),
        ("Missing account", "setup", NONE, LOGIN),
        ("missing credential", "setup", NONE, LOGIN),
        ("Account must be specified", "setup", NONE, LOGIN),
        ("Container name must be specified", "setup", NONE, LOGIN),
        ("PermanentRedirect", "setup", REGION, "set AWS_REGION"),
        ("301 Moved", "setup", REGION, "set AWS_REGION"),
        ("AuthorizationHeaderMalformed", "setup", REGION, "set AWS_REGION"),
        ("wrong region", "setup", REGION, "set AWS_REGION"),
        ("Received redirect without LOCATION", "setup", REGION, "set AWS_REGION"),
        ("AccessDenied", "refused", LACKING, RIGHTS),
        ("403 Forbidden", "refused", LACKING, RIGHTS),
        ("AuthorizationPermissionMismatch", "refused", LACKING, RIGHTS),
        ("ci does not have storage.objects.get access", "refused", LACKING, RIGHTS),
        ("connection reset", "away", "S3 did not answer as it should", "run the command again"),
    ],
)
def test_a_failure_of_a_store_says_what_it_is(told: str, kind: str, summary: str, hint: str) -> None:
    found = trouble(S3, OSError(told), {})
    assert found.kind == kind
    assert str(found).startswith(summary)
    assert str(found).endswith(f": OSError: {told}")
    assert found.hint.startswith(hint)


@pytest.mark.parametrize(
    ("scheme", "cloud", "variables", "login", "rights"),
    [
        ("s3", "S3", ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"), LOGIN, RIGHTS),
        (
            "gs",
            "Google Cloud Storage",
            ("GOOGLE_BASE_URL",),
            "set GOOGLE_APP",
            "it needs the role Storage Obj",
        ),
        (
            "az",
            "Azure Blob Storage",
            ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
            "set AZURE_STORAGE_ACCOUNT_NAME",
            "it needs the role Storage Blob Data Contributor",
        ),
    ],
)
def test_each_cloud_has_its_own_words_and_variables(
    scheme: str, cloud: str, variables: tuple[str, ...], login: str, rights: str
) -> None:
    bucket = Bucket.at(f"{scheme}://campaigns")
    assert trouble(bucket, OSError("Unauthenticated"), {}).hint.startswith(login)
    assert trouble(bucket, OSError("AccessDenied"), {}).hint.startswith(rights)
    assert bucket.endpoint({}) == cloud
    environ: dict[str, str] = {}
    for number, variable in enumerate(reversed(variables)):
        environ[variable] = f"http://server-{number}"
        assert bucket.endpoint(environ) == f"http://server-{number}"
        assert bucket.endpoint({**environ, variable: ""}) != f"http://server-{number}"
    assert str(trouble(bucket, OSError("reset"), environ)).startswith(f"{bucket.endpoint(environ)} did not")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("a status code: 403 Forbidden: <Error><Code> AccessDenied </Code>", "403 Forbidden, AccessDenied"),
        ("status code: 503 Slow", "503 Slow"),
        ("<Code>Busy</Code>", "Busy"),
        ("one\n two\n\nDebug source: hidden", "one two"),
        ("at https://h/a?sig=hush', then", "at https://h/a', then"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 200 + "..."),
    ],
)
def test_what_a_store_says_is_one_short_line(told: str, said: str) -> None:
    assert shown(told) == said


@pytest.mark.parametrize(
    ("url", "bucket", "shorter"),
    [
        ("s3://campaigns", Bucket("s3", "campaigns", ""), "s3://campaigns"),
        ("gs://campaigns/", Bucket("gs", "campaigns", ""), "gs://campaigns"),
        ("az://campaigns/crm/eu/", Bucket("az", "campaigns", "crm/eu"), "az://campaigns/crm/eu"),
    ],
)
def test_an_address_names_a_bucket_and_a_prefix(url: str, bucket: Bucket, shorter: str) -> None:
    assert Bucket.at(url) == bucket
    assert bucket.url == shorter


@pytest.mark.parametrize(
    ("url", "environ", "is_refused"),
    [
        ("s3://campaigns", {"AWS_PROFILE": "work"}, True),
        ("s3://campaigns", {"AWS_PROFILE": "work", "AWS_ACCESS_KEY_ID": "AKIA"}, False),
        ("s3://campaigns", {"AWS_PROFILE": ""}, False),
        ("s3://campaigns", {}, False),
        ("gs://campaigns", {"AWS_PROFILE": "work"}, False),
    ],
)
def test_only_a_profile_that_would_be_passed_over_is_refused(
    monkeypatch: pytest.MonkeyPatch, url: str, environ: dict[str, str], is_refused: bool
) -> None:
    monkeypatch.setenv("GOOGLE_SKIP_SIGNATURE", "true")
    if is_refused:
        with pytest.raises(PlaceError, match="AWS_PROFILE is work") as refused:
            opened(Bucket.at(url), environ, 5)
        assert refused.value.kind == "setup"
    else:
        assert opened(Bucket.at(url), environ, 5) is not None
