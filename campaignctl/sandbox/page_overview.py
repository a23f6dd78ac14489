"""The sandbox's first page: all campaigns, what was sent, and the requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from campaignctl.sandbox.model import Campaign, JsonObject
from campaignctl.sandbox.page_parts import (
    Clock,
    Row,
    Sent,
    address,
    channels,
    chip,
    link,
    live,
    newest,
    page,
    section,
    shown_text,
    table,
    top,
    why,
)

_NAMED = 5
_ERROR = 400


@dataclass(frozen=True)
class Overview:
    """The first page.

    `rows` are those of page `number`, from the `first` on (counted from 1) of the `matching` campaigns, which
    have the chosen `status`. `sends` and `requests` are the newest of `sent` and `requested`, newest first.
    `since` is the stamp from which the clock was moved, "" if it was not; `since_then` names what has sent
    after it, and how often.
    """

    clock: Clock
    host: str
    statuses: Mapping[str, int]
    status: str | None
    matching: int
    rows: tuple[Row, ...]
    first: int
    number: int
    pages: int
    sends: tuple[Sent, ...]
    sent: int
    requests: tuple[JsonObject, ...]
    requested: int
    since: str
    since_then: tuple[tuple[Campaign, int], ...]


def overview_page(shown: Overview, nonce: str) -> str:
    """The page with all campaigns."""
    return page(
        "Ocamba sandbox",
        nonce,
        top(shown.clock, "<h1>Ocamba sandbox</h1>", address(status=shown.status)),
        '<main id="main" tabindex="-1">',
        live("moved", _moved(shown), ' role="status"'),
        section("campaigns", "Campaigns", sum(shown.statuses.values()), _campaigns(shown)),
        section("sends", "Sent", shown.sent, _sends(shown)),
        section("requests", "Requests", shown.requested, _requests(shown)),
        "</main>",
    )


def _moved(shown: Overview) -> str:
    """What happened when the clock was moved."""
    if not shown.since:
        return ""
    then = shown.since_then
    named = ", ".join(link(each) for each, _ in then[:_NAMED])
    rest = f" and {len(then) - _NAMED:,} more" if len(then) > _NAMED else ""
    count = sum(times for _, times in then)
    what = f"{count:,} sent: {named}{rest}" if then else "nothing was sent"
    return f'<p class="sb-note sb-good">Since {shown_text(shown.since)}: {what}.</p>'


def _campaigns(shown: Overview) -> str:
    if not shown.statuses:
        return (
            '<p class="sb-quiet">Nothing yet. In another terminal:</p>'
            f'<pre tabindex="0">export OCAMBA_API_URL=http://{escape(shown.host)}\n'
            "export OCAMBA_TOKEN=sandbox\ncampaignctl apply</pre>"
        )
    heads = ("Campaign", "Status", "Channels", "Next send (GMT)", "Last sent (GMT)")
    return _filter(shown) + table("Campaigns", heads, map(_cells, shown.rows)) + _pages(shown)


def _filter(shown: Overview) -> str:
    """Links to the campaigns of each status."""
    total = sum(shown.statuses.values())
    links = [_pill("All", status=None, count=total, current=shown.status is None)]
    for word, count in sorted(shown.statuses.items()):
        links.append(_pill(word, status=word, count=count, current=word == shown.status))
    return f'<nav class="sb-pills" aria-label="By status">{"".join(links)}</nav>'


def _pages(shown: Overview) -> str:
    """Links to the first page, the last one, and those around this one."""
    if shown.pages == 1:
        return ""
    near = range(max(1, shown.number - 2), min(shown.pages, shown.number + 2) + 1)
    links = "".join(
        _pill(f"{number:,}", status=shown.status, page=number, current=number == shown.number)
        for number in sorted({1, *near, shown.pages})
    )
    said = f"{shown.first:,} to {shown.first + len(shown.rows) - 1:,} of {shown.matching:,}"
    return f'<nav class="sb-pills" aria-label="Pages"><span>{said}</span>{links}</nav>'


def _pill(words: str, *, status: str | None, page: int = 1, count: int | None = None, current: bool) -> str:
    counted = "" if count is None else f" <small>{count:,}</small>"
    here = ' aria-current="page"' if current else ""
    return f'<a href="{address(status=status, page=page)}"{here}>{shown_text(words)}{counted}</a>'


def _cells(row: Row) -> tuple[str, ...]:
    found = row.campaign
    last, times = found.sends[-1:], len(found.sends)
    return (
        f"{link(found)} <small>{found.id}</small>",
        chip(row.status),
        shown_text(", ".join(channels(found.body))),
        found.next_run or "",
        "".join(send.time for send in last) + (f" <small>{times:,} times</small>" if times > 1 else ""),
    )


def _sends(shown: Overview) -> str:
    heads = ("Sent (GMT)", "Campaign", "Why")
    rows = ((sent.send.time, link(sent.campaign), why(sent.send)) for sent in shown.sends)
    return table("Sent", heads, rows) + newest(len(shown.sends), shown.sent, "sends")


def _requests(shown: Overview) -> str:
    heads = ("At (GMT)", "Request", "Status", "Fault")
    rows = (
        (each["at"], _request(each), _answer(each["status"]), shown_text(each["fault"] or ""))
        for each in shown.requests
    )
    return table("Requests", heads, rows) + newest(len(shown.requests), shown.requested, "requests")


def _request(entry: JsonObject) -> str:
    """Method and path, and the name in the body if there is one."""
    body = entry["body"]
    name = body.get("name") if isinstance(body, dict) else None
    named = f" <small>{shown_text(str(name))}</small>" if name else ""
    return f"<code>{shown_text(entry['method'] + ' ' + entry['path'])}</code>{named}"


def _answer(status: int | None) -> str:
    if status is None:
        return '<span class="sb-chip sb-bad">no answer</span>'
    return f'<span class="sb-chip sb-bad">{status}</span>' if status >= _ERROR else str(status)
