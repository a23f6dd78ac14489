"""New manifests: from a template, or from a pasted curl command or body.

Nothing of a pasted command is run or expanded; a word that a shell would expand is marked.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from string import Template
from typing import Any, Literal, NoReturn

from campaignctl.errors import CampaignctlError
from campaignctl.manifest.answer import is_answer, only_campaign
from campaignctl.manifest.document import API_VERSION
from campaignctl.manifest.fmt import formatted, order_of
from campaignctl.manifest.literals import language_of, program, written
from campaignctl.manifest.shell_words import ALONE, Word, shell_words
from campaignctl.yamlio.dump import literal, mapping, scalar
from campaignctl.yamlio.layout import LayoutError

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
#: The address: by itself, or as an option.
_TARGET = frozenset({"", "--url"})
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
_DROPPED = "The credentials of the pasted command were dropped: the token is read from OCAMBA_TOKEN only."
_FENCE = re.compile(r"^[ \t]*(```|~~~)[^\n]*\n(.*?)^[ \t]*\1[ \t]*$", re.DOTALL | re.MULTILINE)
#: What people copy in front of a command: comments, settings of the shell, a prompt.
_BEFORE = re.compile(
    r"\s*(?:(?:#|//)[^\n]*(?:\n|\Z)"
    r"|(?:export\s+)?[A-Za-z_]\w*=(?:'[^'\n]*'|\"[^\"\n]*\"|[^\s'\"]*)[ \t]*(?:;|&&|\n)"
    r"|set\s+[-+][^\n]*\n|(?:\S{0,80}[$%>]|PS[^\n>]*>)[ \t]+|(?:sudo|time|command)[ \t]+|[$%>][ \t]*(?=curl))"
)
_CURL = re.compile(r"(?:\S*/)?curl(?:\.exe)?\s")
_POWERSHELL = re.compile(
    r"\b(?:Invoke-(?:RestMethod|WebRequest)|ConvertTo-Json)\b|^[^\S\n]*\$\w+\s*=\s*@\{",
    re.IGNORECASE | re.MULTILINE,
)
#: The quotes of a body as other shells want them: `{\\"name\\"` and `{""name""`.
_OTHER_QUOTES = re.compile(r'\s*\{\s*(?:\\"|""\w)')
_ADDRESS = re.compile(r"(?:[a-z]+://|[\w$.{}-]+/)[^\s'\"]*", re.ASCII)
#: The path to which a campaign is posted.
_CREATES = re.compile(r"(?:[a-z]+://)?[^?#]*/campaigns/?(?:[?#].*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Pasted:
    """A body as parsed JSON, and notes for the user about the pasted text. `answer`: it is a campaign as the
    API shows it, of which a request is still to be made."""

    body: dict[str, Any]
    notes: tuple[str, ...] = ()
    answer: bool = False


def pasted(text: str) -> Pasted:
    """The body in a pasted text. Raises CampaignctlError, which never repeats the value of a header."""
    text = text.removeprefix("\ufeff")
    fenced = _FENCE.search(text)
    text = fenced[2] if fenced else text
    while (found := _BEFORE.match(text)) and found.end():
        text = text[found.end() :]
    text = text.strip()
    if text.startswith(("{", "[")):
        return _of_json(text)
    if _POWERSHELL.search(text):
        raise CampaignctlError("This is written for PowerShell", hint=f"copy it as cURL (bash), or {ALONE}")
    if not _CURL.match(text):
        return _of_program(text)
    if re.search(r"\^\s*$|\s--?[\w-]+\s+\^\"", text, re.MULTILINE):
        raise CampaignctlError(
            "The command is written for the Windows command prompt", hint="copy it as cURL (bash)"
        )
    if re.search(r"[ \t]`[ \t]*\r?\n", text):
        raise CampaignctlError("The command is written for PowerShell", hint="copy it as cURL (bash)")
    return _of_command(shell_words(text)[1:])


def _of_json(text: str) -> Pasted:
    """A request, or the campaign of an answer of the API."""
    try:
        body = _body(text)
    except CampaignctlError as wrong:
        # An array of PHP begins as a list of JSON does.
        if text.startswith("[") and language_of(text) == "PHP":
            return _of_program(text)
        body = _commented(text, wrong)
    return Pasted(only_campaign(body), answer=True) if is_answer(body) else Pasted(body)


def _commented(text: str, wrong: CampaignctlError) -> dict[str, Any]:
    """An object of JavaScript: JSON with comments, names without quotes, or a comma at the end."""
    try:
        body = written(text)
    except CampaignctlError:
        body = None
    if not isinstance(body, dict):
        raise wrong
    return body


def _of_program(text: str) -> Pasted:
    """The body in a program of JavaScript or PHP."""
    language = language_of(text)
    if language is None:
        raise CampaignctlError(
            "This is neither a curl command nor a JSON body",
            hint="paste a command that starts with `curl`, a `fetch` call, a PHP array, or a body that starts"
            " with `{`",
        )
    found = program(text, language)
    _check_target(found.method or "POST", found.url)
    if not isinstance(found.body, dict):
        raise CampaignctlError("The body is not an object", hint=ALONE)
    secret = re.search("authorization|bearer", text, re.IGNORECASE)
    return Pasted(found.body, (_DROPPED,) if secret else ())


def _check_target(method: str, url: str) -> None:
    """Refuse a request that creates no campaign."""
    if method.upper() != "POST":
        raise CampaignctlError(
            f"{method[:10]!r} is the method: only a POST creates a campaign", hint="paste a create call"
        )
    if url and not _CREATES.fullmatch(url):
        path = re.sub(r"^[a-z]+://[^/]*", "", url).partition("?")[0][:60] or "/"
        raise CampaignctlError(
            f"This is a request to {path}: campaigns are created by a POST to /v1/hood/campaigns",
            hint="paste a create call",
        )


def _of_command(words: tuple[Word, ...]) -> Pasted:
    data: list[Word] = []
    secret = False
    for option, value in _options(iter(words)):
        if option in _TARGET:
            _check_target("POST", value.text if _ADDRESS.fullmatch(value.text) else "")
        elif option in _DATA:
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
            f"The pasted command {problem}", hint="give one body with -d, --data, --data-raw or --json"
        )
    text = data[0].text
    if _OTHER_QUOTES.match(text):
        hint = f"copy it as cURL (bash), or {ALONE}"
        raise CampaignctlError("The quotes of the body are written for PowerShell or Windows", hint=hint)
    return Pasted(_body(text, _APOSTROPHE), (_DROPPED,) if secret else ())


def _options(words: Iterator[Word]) -> Iterator[tuple[str, Word]]:
    """The options of a command, each with its value; one without a value has an empty one."""
    for word in words:
        text = word.text
        if text == "curl":
            raise CampaignctlError("There are two commands", hint="paste only one")
        if not text.startswith("-") or text == "-":
            yield "", word
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
            f"The pasted command has the option {shown}, which is not supported",
            hint="paste the JSON body alone, from its `{` to its `}`",
        )
    value = glued or next(words, None)
    if value is None:
        raise CampaignctlError(
            f"Nothing follows {name} in the pasted command", hint="paste the whole command"
        )
    yield name, value


def _check_data(option: str, value: Word) -> None:
    """Refuse a body that is read from elsewhere, or that the shell would expand."""
    if value.text == "@-" and option != "--data-raw":
        raise CampaignctlError(
            f"The command reads its body from elsewhere: {option} @-",
            hint="paste the JSON body alone, from its `{` to its `}`",
        )
    if value.text.startswith("@") and option != "--data-raw":
        raise CampaignctlError(
            f"The body is in another file: {option} {value.text[:60]}",
            hint=f"pass that file instead: campaignctl new KEY --from curl < {value.text[1:60] or 'FILE'}",
        )
    if value.filled:
        raise CampaignctlError(
            "The shell would expand `$` or a backquote in the body, as it is in double quotes",
            hint="put the body in single quotes, with the expanded value in it",
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
    except ValueError as wrong:
        raise CampaignctlError("The body has a number with too many digits") from wrong
    if not isinstance(body, dict):
        raise CampaignctlError("The body is not an object", hint="a campaign starts with `{`")
    return body


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise CampaignctlError(f"The body has {twice[:60]!r} twice in one object", hint="keep one of them")
    return value


def _float(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_constant(f"the number {text[:40]}")


def _no_constant(name: str) -> NoReturn:
    raise CampaignctlError(f"The body has {name}, which is not JSON")


TemplateChannel = Literal["push", "email", "sms"]
CHANNELS: tuple[TemplateChannel, ...] = ("push", "email", "sms")

_HEAD = f"apiVersion: {API_VERSION}\nkind: Campaign\n"
_DRAFT = Template("""\
spec:
  name: $name
  messages:
    - name: $name
      channel: $channel
$content
  # A draft sends nothing. Without this line, and with a time, it sends; and nothing returns to draft.
  is_draft: true
  # Without `targeting` it goes to everyone, and the plan says so.
  targeting:
    countries:
      items: [DE, FR]
      op: in
""")
_INTEGRATION = (
    "      # The integration that sends it; every workspace has ids of its own.\n      integration_id: "
)
_CONTENT: Mapping[TemplateChannel, str] = {
    "push": """\
      push:
        # One line for each language.
        title:
          en: Good to have you with us
        body:
          en: Here is what you can do first.
        landing_url: https://example.com""",
    "email": """\
      email:
        sender_name: Acme
        sender_email: crm@example.com
        subject: Good to have you with us
        # One line for each language. A long text may be in a file: en: {$file: welcome.en.html}
        html:
          en: <html><body>Here is what you can do first.</body></html>""",
    "sms": """\
      sms:
        # One line for each language. Links are shortened when it is sent.
        content:
          en: "Good to have you with us: https://example.com" """.rstrip(),
}
#: An id that no integration has, for a project without a variable for its own.
_NO_INTEGRATION = '"0"'


def draft(channel: TemplateChannel, name: str, variables: Collection[str]) -> str:
    """A manifest of a channel that is complete, and cannot send. `variables` are those of the project."""
    content = _CONTENT[channel]
    if channel != "push":
        variable = f"{channel}_integration"
        known = f"${{var.{variable}}}" if variable in variables else _NO_INTEGRATION
        content = f"{_INTEGRATION}{known}\n{content}"
    return _HEAD + _DRAFT.substitute(name=scalar(literal(name)), channel=channel, content=content)


def of_body(body: Mapping[str, Any]) -> str:
    """A manifest that compiles to a body, with its fields in the same order.

    Raises CampaignctlError for a body that cannot be written as a manifest.
    """
    text = _HEAD + mapping({"spec": literal(body)})
    try:
        return formatted(text, order_of(""))
    except (LayoutError, RecursionError) as wrong:
        raise CampaignctlError("The body cannot be written as a manifest", detail=f"{wrong}.") from wrong
