"""The body of a request that somebody pastes: a curl command, or the JSON alone.

Of a command nothing is kept but its body: neither its headers nor its address, least of all a token.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from campaignctl.errors import CampaignctlError
from campaignctl.manifest.shellwords import Word, shell_words

_DATA = frozenset({"-d", "--data", "--data-ascii", "--data-binary", "--data-raw", "--json"})
_HEADER = frozenset({"-H", "--header"})
_METHOD = frozenset({"-X", "--request"})
#: Options that carry credentials.
_SECRET = frozenset({"-u", "--user", "-b", "--cookie", "--oauth2-bearer", "-E", "--cert", "--key", "--pass"})
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})
_OTHERS_WITH_VALUE = frozenset(
    (
        *("-A", "--user-agent", "-e", "--referer", "-o", "--output", "-m", "--max-time", "--connect-timeout"),
        *("--url", "--retry", "--retry-delay", "-x", "--proxy", "--cacert", "-w", "--write-out", "--resolve"),
        *("-D", "--dump-header", "-c", "--cookie-jar", "--max-redirs", "--trace", "--trace-ascii"),
    )
)
_WITH_VALUE = _DATA | _HEADER | _METHOD | _SECRET | _OTHERS_WITH_VALUE
_WITHOUT_VALUE = frozenset(
    (
        *("-s", "--silent", "-S", "--show-error", "-L", "--location", "-k", "--insecure", "-i", "--include"),
        *("-v", "--verbose", "-f", "--fail", "--fail-with-body", "-g", "--globoff", "-#", "--progress-bar"),
        *("-N", "--no-buffer", "--compressed", "-0", "--http1.0", "--http1.1", "--http2", "--http3", "-4"),
        *("-6", "--ipv4", "--ipv6", "--no-progress-meter", "--post301", "--post302", "--tlsv1.2"),
    )
)
_APOSTROPHE = "; an apostrophe in single quotes ends them"
_PROMPT = re.compile(r"\s*(?:[$%>#]\s+)?")
_DROPPED = "The credentials of the pasted command were dropped: the token is read from OCAMBA_TOKEN only."


@dataclass(frozen=True, slots=True)
class Pasted:
    """A body as JSON has it, and what to say about where it came from."""

    body: dict[str, Any]
    notes: tuple[str, ...] = ()


def pasted(text: str) -> Pasted:
    """The body in a pasted text. Raises CampaignctlError, which never repeats what a header said."""
    text = _PROMPT.sub("", text.removeprefix("\ufeff"), count=1).strip()
    if text.startswith(("{", "[")):
        return Pasted(_body(text))
    if not re.match(r"(?:\S*/)?curl(?:\.exe)?\s", text):
        raise CampaignctlError(
            "This is neither a curl command nor a JSON body",
            hint="paste what begins with `curl`, or with `{`",
        )
    if re.search(r"\^\s*$", text, re.MULTILINE):
        raise CampaignctlError(
            "The command is written for the Windows command prompt", hint="copy it as cURL (bash)"
        )
    return _of_command(shell_words(text)[1:])


def _of_command(words: tuple[Word, ...]) -> Pasted:
    data: list[Word] = []
    secret = False
    for option, value in _options(iter(words)):
        if option in _DATA:
            _check_data(option, value)
            data.append(value)
        elif option in _METHOD and value.text.upper() != "POST":
            raise CampaignctlError(
                f"{option} {value.text[:10]!r}: only a POST creates a campaign", hint="paste a create call"
            )
        elif option in _HEADER:
            secret = secret or value.text.partition(":")[0].strip().lower() in _SECRET_HEADERS
        else:
            secret = secret or option in _SECRET
    if len(data) != 1:
        problem = "has no body" if not data else f"has {len(data)} bodies"
        raise CampaignctlError(
            f"The pasted command {problem}", hint="it stands after -d, --data, --data-raw or --json, once"
        )
    return Pasted(_body(data[0].text, _APOSTROPHE), (_DROPPED,) if secret else ())


def _options(words: Iterator[Word]) -> Iterator[tuple[str, Word]]:
    """The options of a command, each with its value; one without a value has an empty one."""
    for word in words:
        text = word.text
        if text == "curl":
            raise CampaignctlError("There are two commands", hint="paste one")
        if not text.startswith("-") or text == "-":
            continue
        if text.startswith("--"):
            yield from _option(text, None, words)
            continue
        rest = text[1:]
        while rest:
            name, rest = f"-{rest[0]}", rest[1:]
            if name in _WITH_VALUE:
                yield from _option(name, Word(rest, word.filled) if rest else None, words)
                break
            yield from _option(name, None, words)


def _option(name: str, glued: Word | None, words: Iterator[Word]) -> Iterator[tuple[str, Word]]:
    if name in _WITHOUT_VALUE:
        yield name, Word("")
        return
    if name not in _WITH_VALUE:
        shown = re.sub(r"[^A-Za-z0-9-].*", "", name)[:40]
        raise CampaignctlError(
            f"The pasted command has the option {shown}, which is not known here",
            hint="paste the JSON body alone, from its `{` to its `}`",
        )
    value = glued or next(words, None)
    if value is None:
        raise CampaignctlError(f"Nothing follows {name} in the pasted command", hint="paste all of it")
    yield name, value


def _check_data(option: str, value: Word) -> None:
    """Refuse a body that is not there itself."""
    if value.text == "@-" and option != "--data-raw":
        raise CampaignctlError(
            f"The command reads its body from elsewhere: {option} @-",
            hint="paste the JSON body alone, from its `{` to its `}`",
        )
    if value.text.startswith("@") and option != "--data-raw":
        raise CampaignctlError(
            f"The body is in another file: {option} {value.text[:60]}",
            hint=f"give that file itself: campaignctl new KEY --from curl < {value.text[1:60] or 'FILE'}",
        )
    if value.filled:
        raise CampaignctlError(
            "The shell would have put a value into the body: it has `$` or a backquote in double quotes",
            hint="put the body in single quotes and the value itself into it",
        )


def _body(text: str, hint: str = "") -> dict[str, Any]:
    try:
        body = json.loads(text, object_pairs_hook=_once, parse_float=_float, parse_constant=_no_constant)
    except json.JSONDecodeError as wrong:
        raise CampaignctlError(
            f"The body is not JSON: {wrong.msg} (its line {wrong.lineno}, column {wrong.colno})",
            hint=f"paste it whole, from its `{{` to its `}}`{hint}",
        ) from None
    except RecursionError:
        raise CampaignctlError("The body is nested too deeply") from None
    if not isinstance(body, dict):
        raise CampaignctlError("The body is not an object", hint="a campaign begins with `{`")
    return body


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise CampaignctlError(f"The body has {twice[:60]!r} twice in one object", hint="keep one of them")
    return members


def _float(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_constant(f"the number {text[:40]}")


def _no_constant(name: str) -> NoReturn:
    raise CampaignctlError(f"The body has {name}, which is not JSON")
