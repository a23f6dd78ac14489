"""The sandbox's web page, at `/`: campaigns, sends, requests, and buttons for the clock.

Plain HTML without a script. It reloads every few seconds, because campaigns send by themselves. Each campaign
has a page of its own, which does not reload, with its definition and what can be done to it in a dashboard.
"""

import json
import unicodedata
from collections.abc import Iterable, Iterator
from html import escape
from urllib.parse import parse_qs

from campaignctl.sandbox import dashboard, represent
from campaignctl.sandbox.model import ApiRequest, Campaign, JsonObject, Rejected, Reply
from campaignctl.sandbox.server_state import ServerState

ADDRESS = "/"
_MOST_CAMPAIGNS = 200
_MOST_REQUESTS = 30
_LONGEST = 100
_STEPS = {"1 hour": 3600, "1 day": 86_400, "1 week": 604_800}
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = (("Content-Security-Policy", _POLICY),)
_REFRESH = ("Refresh", "5")
_BACK = f'<p><a href="{ADDRESS}">All campaigns</a></p>'
_TOP = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<title>Ocamba sandbox</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em; color: #222 }
table { border-collapse: collapse; margin: .5em 0 2em } th, td { text-align: left; padding: .2em 1.2em .2em 0;
border-bottom: 1px solid #ddd; vertical-align: top } form { display: inline } .quiet { color: #777 }
pre, textarea { font: 13px/1.4 monospace }
</style></head><body>
<h1>Ocamba sandbox</h1>
"""


def answer(state: ServerState, request: ApiRequest) -> Reply:
    """Show a page, or do what one of its buttons says."""
    chosen = dict(request.query).get("campaign")
    try:
        if request.method in {"GET", "HEAD"}:
            return _shown_page(state, chosen)
        if request.method != "POST":
            return Reply(405, _top_and("<p>This page is read-only.</p>"), (("Allow", "GET, POST"),))
        form = parse_qs(request.text)
        if chosen is None:
            _press(state, form)
        else:
            chosen = _act(state, chosen, form)
    except (Rejected, ValueError) as problem:
        return Reply(400, _top_and(f"<p>{_shown(str(problem))}</p>", _BACK), _HEADERS)
    return Reply(303, headers=(("Location", f"{ADDRESS}?campaign={chosen}" if chosen else ADDRESS),))


def _shown_page(state: ServerState, chosen: str | None) -> Reply:
    if chosen is None:
        return Reply(200, _page(state), (*_HEADERS, _REFRESH))
    return Reply(200, _one(state, dashboard.found(state, chosen, deleted=True)), _HEADERS)


def _press(state: ServerState, form: dict[str, list[str]]) -> None:
    step = _STEPS.get(form.get("advance", [""])[0])
    if step:
        state.set_clock(state.clock.advanced(step))
    elif form.get("clock") == ["stop"]:
        state.set_clock(state.clock.stopped())
    elif form.get("clock") == ["run"]:
        state.set_clock(state.clock.running())


def _act(state: ServerState, campaign_id: str, form: dict[str, list[str]]) -> str | None:
    """Do what a button of a campaign's page says, and return the campaign to show next."""
    campaign, action = dashboard.found(state, campaign_id), form.get("action", [""])[0]
    if action == "edit":
        fields = json.loads(form.get("fields", ["{}"])[0])
        if not isinstance(fields, dict):
            raise Rejected("the change must be an object")
        return dashboard.edited(state, campaign, fields).id
    if action == "clone":
        return dashboard.cloned(state, campaign).id
    if action in dashboard.ACTIONS:
        campaign = dashboard.ACTIONS[action](state, campaign, None)
    return None if campaign.deleted else campaign.id


def _page(state: ServerState) -> str:
    campaigns = list(state.store.campaigns())
    requests = state.store.requests()
    return _top_and(
        _clock(state),
        f"<h2>Campaigns: {len(campaigns)}</h2>",
        _table(
            ("id", "status", "name", "channels", "next run (GMT)", "sent (GMT)"),
            (_campaign(state, campaign) for campaign in reversed(campaigns[-_MOST_CAMPAIGNS:])),
        ),
        f"<h2>Requests: {len(requests)}</h2>",
        _table(
            ("at (GMT)", "request", "status", "fault"),
            (_request(entry) for entry in reversed(requests[-_MOST_REQUESTS:])),
        ),
    )


def _one(state: ServerState, campaign: Campaign) -> str:
    buttons = " ".join(_button("action", word, word) for word in ("clone", *dashboard.ACTIONS))
    text = json.dumps(campaign.body, indent=2, ensure_ascii=False)
    return _top_and(
        _BACK,
        f"<h2>{_shown(campaign.id)}: {_shown(represent.status_word(campaign, state.switches))}</h2>",
        f"<p>{buttons}</p>",
        "<p>Change it with JSON: objects are merged, null removes, a name may be a path such as "
        "<code>messages/0/push/title/de</code>.</p>",
        '<form method="post"><textarea name="fields" rows="6" cols="90">{}</textarea><br>'
        '<button name="action" value="edit">change</button></form>',
        f"<pre>{escape(_visible(text))}</pre>",
    )


def _top_and(*parts: str) -> str:
    return _TOP + "\n".join(parts) + "\n</body></html>\n"


def _clock(state: ServerState) -> str:
    frozen = state.clock.frozen is not None
    buttons = [_button("advance", step, f"+ {step}") for step in _STEPS]
    buttons.append(_button("clock", "run", "run") if frozen else _button("clock", "stop", "stop"))
    stands = ", stopped" if frozen else ""
    return f"<p>It is <b>{state.now()} GMT</b>{stands} &nbsp; {' '.join(buttons)}</p>"


def _button(name: str, value: str, words: str) -> str:
    return f'<form method="post"><button name="{name}" value="{value}">{words}</button></form>'


def _campaign(state: ServerState, campaign: Campaign) -> Iterator[str]:
    yield f'<a href="{ADDRESS}?campaign={campaign.id}">{campaign.id}</a>'
    yield _shown("deleted" if campaign.deleted else represent.status_word(campaign, state.switches))
    yield _shown(str(campaign.body.get("name", "")))
    yield _shown(", ".join(str(message.get("channel", "")) for message in campaign.body["messages"]))
    yield _shown(campaign.next_run or "")
    yield _shown(", ".join(f"{send.time} ({send.trigger})" for send in campaign.sends))


def _request(entry: JsonObject) -> Iterator[str]:
    yield _shown(entry["at"])
    yield _shown(f"{entry['method']} {entry['path']}")
    yield _shown("no answer" if entry["status"] is None else str(entry["status"]))
    yield _shown(entry["fault"] or "")


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    if not body:
        return '<p class="quiet">Nothing yet.</p>'
    head = "".join(f"<th>{name}</th>" for name in heads)
    return f"<table><tr>{head}</tr>\n{body}</table>"


def _shown(text: str) -> str:
    """Return untrusted text escaped: cut, without invisible characters, its direction isolated."""
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return f"<bdi>{escape(_visible(short))}</bdi>"


def _visible(text: str) -> str:
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if c != "\n" and unicodedata.category(c)[0] == "C" else c for c in text
    )
