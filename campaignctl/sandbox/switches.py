"""A switch for each point on which the API's documents are silent or contradict each other.

One table: the fields of `Switches`. The defaults are the choices of the API contract, section 10, otherwise
the hardest case for a client. A path pattern is a path such as `callbacks`, `targeting/languages` or
`messages/*/push/title/de`, in which `*` stands for one part.
"""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin, get_type_hints

Spelling = Literal[
    "trimmed",
    "line_ends",
    "composition",
    "escapes",
    "lower_addresses",
    "cron",
    "durations",
    "set_order",
    "number_texts",
    "flag_words",
    "message_order",
]
_NAMED = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


class BadSwitch(ValueError):
    """An unknown switch, or a value that it does not accept."""


@dataclass(frozen=True)
class Switches:
    """The table of switches.

    Requests
        unknown_members: undocumented fields of a request: `ignored` (dropped) or `refused` (400).
        extra_channels: channels accepted besides push, email and sms; their content is not checked.
        integrations: the only valid integration ids; empty: every id is valid.
        text_limits: whether the limits of the oldest edition, and of sibling resources, apply (subject 78,
            html 65535, preheader 100, landing_url 2048 characters).
        sms_max_chars: longest SMS content in characters; 0: no limit.
        drafts: may be `partial`, without content fields and integration until they leave the draft, or must
            be `complete`.
        primary_lang_checked: `primary_lang` must be a language of the content.
        exclusive_execution: more than one of run_immediately, scheduled_time, recurrence is refused;
            otherwise the first of them in this order decides.
        past_times: a past scheduled_time: `refused` (400) or `accepted` (due at once).
        cron_minute_literal: the minute of a cron expression must be a single number.
        cron_days: with both day of month and day of week: either must match (`or`), or both (`and`).
        monday: the number of Monday in `pattern.weekdays`: 1 (0 and 7 are Sunday) or 0 (6 is Sunday).
        reason_required: pause and cancel need a non-empty `reason`.
        empty_resume: resume without a body: the `previous` schedule, or `refused`.
        metadata: `kept`, `dropped`, `refused` (400), `stringified` (values come back as strings), `text`
            (it comes back as one string of JSON) or `replaced_on_patch` (kept, but a PATCH replaces it
            whole).
        names_trimmed: leading and trailing spaces of campaign names are removed.
        long_names: a name over the limit is `refused` or `cut`.
        create_ignores: path patterns that a create accepts and does not store; name and messages stay.
        patch_ignores: path patterns that PATCH accepts and leaves as they are.
        unasked: fields that are merged into what a create stores; the same checks apply.
        cut: path patterns whose new texts are cut to a number of characters.
        replaced: regular expressions in new texts of messages, and what replaces each match.
        tracked_html: a `pixel` at the end, or a `query` on every link, is added to new email html.
        keep_message_ids: a message of a PATCH that has its current `id` keeps it.

    Lifecycle
        running_seconds: how long a delivery stays `running`; 0: it ends as it starts.
        profile_zone_lead_hours: with send_in_profile_time_zone, how many hours before the GMT reading of
            its time a send starts (the first zone is UTC+14); 0: zones are ignored.
        ab_draw: an automatic A/B test ends in a draw, and its mode becomes manual.
        manual_cancelable: an idle manual campaign can be canceled and paused.
        odd_statuses: changing, pausing or canceling a campaign in an undocumented status (set by the
            dashboard) is `refused` or `accepted`.

    Answers
        create_success: status of a create, 201 or 200.
        patch_success: status of PATCH, 204 without or 200 with the campaign.
        unknown_id: `404`, `400` or `empty` (GET: 200 with no item; the others 400).
        by_id: read of one campaign: list `envelope` or `bare` object.
        times_in_201: the answer to a create has create_time and update_time.
        create_time: `kept` or `absent` everywhere.
        run_immediately_echoed: answers show `run_immediately` as requested.
        draft_status: the word for a draft.
        manual_status: the word for an idle manual campaign.
        scheduled_strategy: `send_strategy` of one-off scheduled campaigns.
        recurring_strategy: `send_strategy` of recurring campaigns.
        labels: an `array`, or a `comma`-separated string.
        ids: `strings` or `numbers`.
        total: `total` as `number` or `string`, or the number of items of the `page`.
        respell: strings that answers spell differently, old to new: in the campaign's own fields and in its
            A/B test.
        spelling: what answers spell differently with the same meaning: `trimmed` texts, `line_ends`,
            `composition` (NFC, NFD), `escapes` in html, `lower_addresses` of senders, `cron` (MON is 1, 7 is
            0), `durations` (1D is 1D 0H 0M), `set_order`, `number_texts`, `flag_words` (true is
            "true"), `message_order` (the last message first). What is stored and sent stays as it was.
        never_echoed: path patterns that are stored and used, and never shown.
        never_listed: path patterns that lists do not show; a read by id does.

    List
        default_view: the view of a list without `view=full`: `full` or `lean`.
        page_cap: largest page size.
        page_over_cap: a larger one is `clamped` or `refused`.
        page_size_fixed: every page has this size, whatever is requested; 0: off.
        q_ignored: `q` has no effect.
        filters_ignored: filters have no effect.
        unknown_filters: unknown query parameters: `ignored` or `refused`.
        view_ignored: `view` and `fields` have no effect.
        list_lag: seconds on the sandbox's clock until lists show a new campaign, or a change of one.

    RateLimits and headers
        rate_per_second: requests of a company in one second; 0: no limit.
        rate_per_minute: requests of a company in one minute; 0: no limit.
        rate_clock: the windows follow `real` time or the `sandbox`'s clock.
        rate_headers: X-RateLimit-* describe the `minute` or the `second` window, or are missing (`none`).
        retry_after: 429 says how many `seconds` to wait, or `none`.
        parallel_cap: concurrent requests of a company; above it 429 with Retry-After -1; 0: no limit.
        jitter: every request arrives up to this many seconds late.
        date_header: Date shows `real` time or the `sandbox`'s clock.
        date_skew: seconds added to Date.
    """

    unknown_members: Literal["ignored", "refused"] = "ignored"
    extra_channels: tuple[str, ...] = ()
    integrations: tuple[str, ...] = ()
    text_limits: bool = False
    sms_max_chars: int = 0
    drafts: Literal["partial", "complete"] = "partial"
    primary_lang_checked: bool = True
    exclusive_execution: bool = True
    past_times: Literal["refused", "accepted"] = "refused"
    cron_minute_literal: bool = False
    cron_days: Literal["or", "and"] = "or"
    monday: Literal[1, 0] = 1
    reason_required: bool = True
    empty_resume: Literal["previous", "refused"] = "previous"
    metadata: Literal["kept", "dropped", "refused", "stringified", "text", "replaced_on_patch"] = "kept"
    names_trimmed: bool = False
    long_names: Literal["refused", "cut"] = "refused"
    create_ignores: tuple[str, ...] = ()
    patch_ignores: tuple[str, ...] = ()
    unasked: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    cut: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    replaced: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tracked_html: Literal["no", "pixel", "query"] = "no"
    keep_message_ids: bool = False

    running_seconds: float = 0
    profile_zone_lead_hours: float = 14
    ab_draw: bool = False
    manual_cancelable: bool = False
    odd_statuses: Literal["refused", "accepted"] = "refused"

    create_success: Literal[201, 200] = 201
    patch_success: Literal[204, 200] = 204
    unknown_id: Literal["404", "400", "empty"] = "404"
    by_id: Literal["envelope", "bare"] = "envelope"
    times_in_201: bool = False
    create_time: Literal["kept", "absent"] = "kept"
    run_immediately_echoed: bool = False
    draft_status: str = "draft"
    manual_status: str = "manual"
    scheduled_strategy: str = "scheduled"
    recurring_strategy: str = "recurring"
    labels: Literal["array", "comma"] = "array"
    ids: Literal["strings", "numbers"] = "strings"
    total: Literal["number", "string", "page"] = "number"
    respell: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    spelling: tuple[Spelling, ...] = ()
    never_echoed: tuple[str, ...] = ()
    never_listed: tuple[str, ...] = ()

    default_view: Literal["full", "lean"] = "full"
    page_cap: int = 100
    page_over_cap: Literal["clamped", "refused"] = "clamped"
    page_size_fixed: int = 0
    q_ignored: bool = False
    filters_ignored: bool = False
    unknown_filters: Literal["ignored", "refused"] = "ignored"
    view_ignored: bool = False
    list_lag: float = 0

    rate_per_second: int = 10
    rate_per_minute: int = 150
    rate_clock: Literal["real", "sandbox"] = "real"
    rate_headers: Literal["minute", "second", "none"] = "minute"
    retry_after: Literal["seconds", "none"] = "seconds"
    parallel_cap: int = 0
    jitter: float = 0
    date_header: Literal["real", "sandbox"] = "real"
    date_skew: int = 0

    def changed(self, values: Mapping[str, Any]) -> "Switches":
        """Return these switches with some changed; BadSwitch for an unknown name or value."""
        hints = get_type_hints(type(self))
        unknown = sorted(set(values) - set(hints))
        if unknown:
            raise BadSwitch(f"unknown switch {unknown[0]!r}{nearest(unknown[0], hints)}")
        return replace(self, **{name: _taken(name, hints[name], value) for name, value in values.items()})

    def as_json(self) -> dict[str, Any]:
        """Return all switches and their values as JSON."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}


def switches_from(words: Iterable[str]) -> dict[str, Any]:
    """Return the values of switches written as NAME=VALUE; BadSwitch for an unknown name or value.

    A value is JSON, a plain string, or a comma-separated list of strings, whichever the switch takes.
    """
    values: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise BadSwitch(f"{word!r} is not of the form NAME=VALUE")
        values |= _value_of(name.strip(), text.strip())
    return values


def json_or_text(text: str) -> Any:
    """Return a text as JSON if it is JSON, otherwise unchanged."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean ...?` for the known name that is most similar, or nothing."""
    near = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _value_of(name: str, text: str) -> dict[str, Any]:
    problem = ""
    for value in (json_or_text(text), text, [part.strip() for part in text.split(",") if part.strip()]):
        try:
            Switches().changed({name: value})
        except BadSwitch as error:
            problem = problem or str(error)
        else:
            return {name: value}
    raise BadSwitch(f"{problem}, not {text!r}" if " takes " in problem else problem)


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _taken(name: str, hint: Any, value: Any) -> Any:
    origin = get_origin(hint)
    if origin is Literal:
        return _one_of(name, get_args(hint), value)
    if origin is tuple:
        return _words(name, value, get_args(get_args(hint)[0]))
    if origin is not None:
        return _object(name, get_args(hint)[1], value)
    return _scalar(name, hint, value)


def _one_of(name: str, allowed: tuple[Any, ...], value: Any) -> Any:
    for choice in allowed:
        if value == choice and type(value) is type(choice):
            return choice
    raise BadSwitch(f"switch {name!r} takes one of {', '.join(map(str, allowed))}")


def _words(name: str, value: Any, allowed: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(word, str) for word in value):
        raise BadSwitch(f"switch {name!r} takes a list of strings")
    if allowed and not set(value) <= set(allowed):
        raise BadSwitch(f"switch {name!r} takes a list of {', '.join(allowed)}")
    return tuple(value)


def _object(name: str, kind: Any, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(word, str) for word in value):
        raise BadSwitch(f"switch {name!r} takes an object")
    if kind is str and not all(isinstance(item, str) for item in value.values()):
        raise BadSwitch(f"switch {name!r} takes an object of strings")
    if kind is int and not all(type(item) is int and item > 0 for item in value.values()):
        raise BadSwitch(f"switch {name!r} takes an object of positive numbers")
    if name == "replaced":
        _check_expressions(value)
    return MappingProxyType(dict(value))


def _check_expressions(words: Iterable[str]) -> None:
    for word in words:
        try:
            re.compile(word)
        except re.error as error:
            raise BadSwitch(f"switch 'replaced' takes regular expressions: {word!r}: {error}") from error


def _scalar(name: str, kind: Any, value: Any) -> Any:
    accepted = (int, float) if kind is float else (kind,)
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise BadSwitch(f"switch {name!r} takes {_NAMED[kind]}")
    if kind in (int, float) and value < 0 and name != "date_skew":
        raise BadSwitch(f"switch {name!r} cannot be negative")
    if (kind is str and not value) or (name == "page_cap" and not value):
        raise BadSwitch(f"switch {name!r} cannot be empty")
    return value
