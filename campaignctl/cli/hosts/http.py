"""Requests to a host's API: with time limits, repeated once or twice, errors in the host's own words."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Any

from campaignctl.errors import CampaignctlError

_SECONDS = 60
_WAITS = (0.5, 3.0)
_AGAIN = frozenset({429, 500, 502, 503, 504})
LARGEST = 100 * 1024 * 1024


class _Object(dict[str, Any]):
    """An object of an answer; a field that it lacks is the host's fault and not ours."""

    def __missing__(self, name: str) -> Any:
        raise _strange(f"without {name!r}")


def _strange(how: str) -> CampaignctlError:
    return CampaignctlError(
        f"the host answered {how}",
        hint="run this job again; behind a proxy, check what answers in the host's place",
    )


def too_large(what: str) -> CampaignctlError:
    """The error for an answer or an artifact that no plan needs."""
    return CampaignctlError(
        f"what the host keeps is larger than {LARGEST // 1024 // 1024} MiB",
        detail=what,
        hint="look at the artifacts of that run; a new run of the plan makes new ones",
    )


def _whole(answer: HTTPResponse, what: str) -> bytes:
    data = answer.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise too_large(what)
    if answer.length:  # a read of so many bytes does not mind if there are fewer
        raise IncompleteRead(data, answer.length)
    return data


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its body, and the address or number of the next page, if there is one."""

    data: bytes
    headers: Mapping[str, str]

    def json(self) -> dict[str, Any]:
        """The object of the body. Raises CampaignctlError if it is none."""
        found = self._document()
        if not isinstance(found, dict):
            raise _strange("without an object")
        return found

    def items(self, member: str | None = None) -> list[Any]:
        """The list of the body, or of a field of it. Raises CampaignctlError if it is none."""
        found = self.json()[member] if member else self._document()
        if not isinstance(found, list):
            raise _strange("without a list")
        return found

    def _document(self) -> Any:
        try:
            return json.loads(self.data, object_hook=_Object)
        except (ValueError, RecursionError) as error:
            raise _strange("with something else than JSON") from error


@dataclass(frozen=True, slots=True)
class Api:
    """An API below an address. `explain` gives the hint for a status, what was needed, and headers.

    `locked` is the error of every request if the job has no token.
    """

    host: str
    address: str
    headers: Mapping[str, str]
    explain: Callable[[int, str, Mapping[str, str]], str]
    locked: CampaignctlError | None = None

    def ask(
        self, path: str, *, need: str, method: str = "GET", body: Any = None, missing: bool = False
    ) -> Reply | None:
        """Answer a request; None for 404 if it may be `missing`. `need` is the permission that it takes.

        A request that changes nothing when it is repeated is repeated after a dropped connection.

        Raises CampaignctlError.
        """
        if self.locked is not None:
            raise self.locked
        url = path if path.startswith(("http://", "https://")) else f"{self.address}/{path}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method)  # noqa: S310 - http or https
        if data is not None:
            request.add_header("Content-Type", "application/json")
        for name, value in self.headers.items():
            # An artifact is on another host, which must not see the token.
            request.add_unredirected_header(name, value)
        waits = list(_WAITS) if method != "POST" else []
        while True:
            try:
                with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - as above
                    return Reply(_whole(answer, f"{method} {url}"), dict(answer.headers.items()))
            except urllib.error.HTTPError as error:
                if missing and error.code == HTTPStatus.NOT_FOUND:
                    return None
                if error.code not in _AGAIN or not waits:
                    raise self._refused(error, method, url, need) from error
            except (OSError, HTTPException) as error:
                if not waits:
                    raise CampaignctlError(
                        f"{self.host} cannot be reached: {getattr(error, 'reason', error)}",
                        detail=f"{method} {url}",
                        hint="run this job again",
                    ) from error
            time.sleep(waits.pop(0))

    def pages(self, path: str, *, need: str, member: str | None = None) -> Iterator[Any]:
        """Every object of a list, page by page; `member` holds the list in a document."""
        page: str | None = f"{path}{'&' if '?' in path else '?'}per_page=100"
        while page is not None:
            reply = self.ask(page, need=need)
            yield from reply.items(member) if reply else ()
            page = self._next(page, reply.headers if reply else {})

    def _next(self, page: str, headers: Mapping[str, str]) -> str | None:
        if number := headers.get("X-Next-Page"):
            return f"{page.partition('&page=')[0]}&page={number}"
        for link in (headers.get("Link") or "").split(","):
            address, _, rel = link.partition(";")
            if 'rel="next"' in rel:
                return address.strip().strip("<>")
        return None

    def _refused(self, error: urllib.error.HTTPError, method: str, url: str, need: str) -> CampaignctlError:
        try:
            said = json.loads(error.read(LARGEST))["message"]
        except (OSError, HTTPException, ValueError, KeyError, TypeError, RecursionError):
            said = error.reason
        return CampaignctlError(
            f"{self.host} answered {error.code}: {said}",
            detail=f"{method} {url}",
            hint=self.explain(error.code, need, dict(error.headers.items())),
        )
