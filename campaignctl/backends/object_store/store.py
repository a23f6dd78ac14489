"""The one door to obstore: stores as the environment describes them, and what their failures mean.

The project file names a bucket and a prefix. Endpoint, region, account and credentials come from the
environment alone, so that a pull request cannot send them elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from campaignctl.backends.cas.place import Kind, PlaceError

if TYPE_CHECKING:
    from obstore.store import AzureStore, GCSStore, S3Store

    Store = S3Store | GCSStore | AzureStore

_ENDPOINTS = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL",),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}
_CLOUDS = {"s3": "S3", "gs": "Google Cloud Storage", "az": "Azure Blob Storage"}
_HERE = re.compile(r"http://(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?(/.*)?")
# A blip is tried again at once; everything longer is for the caller, who knows how long to be patient.
_RETRIES = 2
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
_CONNECT = 5.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket (a container at Azure) of the cloud that `scheme` names, and a prefix without slashes at its
    ends."""

    scheme: str
    name: str
    prefix: str

    @classmethod
    def at(cls, url: str) -> Bucket:
        """The bucket and prefix of a valid address."""
        parts = urlsplit(url)
        return cls(parts.scheme, parts.netloc, parts.path.strip("/"))

    @property
    def url(self) -> str:
        """Its address."""
        return "/".join(filter(None, (f"{self.scheme}://{self.name}", self.prefix)))

    def endpoint(self, environ: Mapping[str, str]) -> str:
        """The server that the environment names, or the cloud."""
        found = next(filter(None, map(environ.get, _ENDPOINTS[self.scheme])), "")
        return found or _CLOUDS[self.scheme]


def opened(bucket: Bucket, environ: Mapping[str, str], seconds: float) -> Store:
    """The store of a bucket, each of whose requests may take so long. Raises PlaceError."""
    from datetime import timedelta

    try:
        from obstore.store import AzureStore, GCSStore, S3Store
    except ImportError as error:
        raise PlaceError(
            "setup",
            "obstore is not installed, which speaks to object stores",
            hint="pip install 'campaignctl[object-store]'",
        ) from error
    _check_profile(bucket, environ)
    whole = timedelta(seconds=seconds)
    client: Any = {"timeout": whole, "connect_timeout": timedelta(seconds=min(seconds, _CONNECT))}
    backoff: Any = {
        "init_backoff": timedelta(seconds=_FIRST_PAUSE),
        "max_backoff": timedelta(seconds=_LONGEST_PAUSE),
        "base": 2,
    }
    retry: Any = {"max_retries": _RETRIES, "retry_timeout": whole, "backoff": backoff}
    if _HERE.fullmatch(bucket.endpoint(environ)):
        client["allow_http"] = True
    common: Any = {"client_options": client, "retry_config": retry}
    try:
        if bucket.scheme == "s3":
            return S3Store(bucket.name, config={"conditional_put": "etag"}, **common)
        if bucket.scheme == "gs":
            return GCSStore(bucket.name, **common)
        return AzureStore(bucket.name, **common)
    except Exception as error:
        raise trouble(bucket, error, environ) from error


def _check_profile(bucket: Bucket, environ: Mapping[str, str]) -> None:
    """Refuse a profile, which obstore does not read: it would use other credentials without a word."""
    profile = environ.get("AWS_PROFILE")
    if bucket.scheme == "s3" and profile and not environ.get("AWS_ACCESS_KEY_ID"):
        raise PlaceError(
            "setup",
            f"AWS_PROFILE is {profile}, and profile files are not read here",
            hint='eval "$(aws configure export-credentials --format env)"',
        )


# ------------------------------------------------------------------------------------------ failures


@dataclass(frozen=True, slots=True)
class _Known:
    """A text in an error of a store, and its meaning; `{}` is the bucket."""

    pattern: str
    kind: Kind
    summary: str
    hint: str


_LOGIN = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or, with a profile:"
    ' `eval "$(aws configure export-credentials --format env)"`',
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`",
    "az": "set AZURE_STORAGE_ACCOUNT_NAME, with AZURE_STORAGE_ACCOUNT_KEY or a service principal",
}
_RIGHTS = {
    "s3": "it needs s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket there",
    "gs": "it needs the role Storage Object User (roles/storage.objectUser) there",
    "az": "it needs the role Storage Blob Data Contributor there",
}
_KNOWN = (
    _Known(
        r"NoSuchBucket|ContainerNotFound|bucket does not exist",
        "setup",
        "there is no bucket {}",
        "create it, or correct `state.url` in campaignctl.yaml",
    ),
    _Known(
        r"RequestTimeTooSkewed|RequestExpired|Request has expired",
        "setup",
        "the store rejects the time of this machine",
        "set its clock (`timedatectl`), then run the command again",
    ),
    _Known(
        r"ExpiredToken|TokenRefreshRequired|token.{0,20}expired|AuthenticationFailed.*[Ee]xpire",
        "refused",
        "the credentials for {} have expired",
        "LOGIN",
    ),
    _Known(
        r"InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|AuthenticationFailed|Unauthenticated"
        r"|401 Unauthorized|invalid_grant",
        "refused",
        "the store rejects the credentials for {}",
        "LOGIN",
    ),
    _Known(
        r"169\.254\.169\.254|metadata\.google|[Mm]issing (account|credential|access|secret|region)"
        r"|Account must be specified|Container name must be",
        "setup",
        "there are no credentials for {} in the environment",
        "LOGIN",
    ),
    _Known(
        r"PermanentRedirect|301 Moved|AuthorizationHeaderMalformed|wrong region"
        r"|[Rr]eceived redirect without LOCATION",
        "setup",
        "{} is in another region",
        "set AWS_REGION to the region of the bucket",
    ),
    _Known(
        r"AccessDenied|403 Forbidden|AuthorizationPermissionMismatch|does not have storage\.",
        "refused",
        "these credentials lack a permission for {}",
        "RIGHTS",
    ),
)
_ANSWER = re.compile(r"status code: (\d{3}[A-Za-z ]*)")
_CODE = re.compile(r"<Code>\s*(\w{1,80})\s*</Code>")
_QUERY = re.compile(r"\?[^\s)'\"]*")
_LONGEST = 200


def trouble(bucket: Bucket, error: BaseException, environ: Mapping[str, str]) -> PlaceError:
    """What an error of the library means; it may have been done what was asked, if it is `away`."""
    told = f"{type(error).__name__}: {error}"
    said = shown(told)
    for known in _KNOWN:
        if re.search(known.pattern, told):
            hint = {"LOGIN": _LOGIN, "RIGHTS": _RIGHTS}.get(known.hint, {}).get(bucket.scheme, known.hint)
            summary = known.summary.format(f"{bucket.scheme}://{bucket.name}")
            return PlaceError(known.kind, summary, detail=said, hint=hint)
    where = bucket.endpoint(environ)
    return PlaceError(
        "away", f"{where} did not answer as it should", detail=said, hint="run the command again"
    )


def shown(told: str) -> str:
    """The status and the code of the store's answer; else what the library said, in one short line without
    the query of an address, which may sign it."""
    answer = [found[1].strip() for found in (_ANSWER.search(told), _CODE.search(told)) if found]
    if answer:
        return ", ".join(answer)
    line = " ".join(_QUERY.sub("", told.partition("\n\nDebug source")[0]).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
