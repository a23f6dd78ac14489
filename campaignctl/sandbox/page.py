"""The sandbox's web page, at `/`: campaigns, sends, requests, a clock, and a page for each campaign.

What recipients see is drawn by a function that whoever starts the sandbox hands in: the sandbox knows nothing
of previews. It draws outside of the turn, from values, so that no request waits for a page.
"""

import json
import secrets
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from heapq import nlargest
from urllib.parse import parse_qs, urlencode

from campaignctl.sandbox import dashboard, lifecycle, represent
from campaignctl.sandbox.model import SCHEDULED, ApiRequest, Campaign, JsonObject, Rejected, Reply
from campaignctl.sandbox.page_campaign import Drawing, One, campaign_page
from campaignctl.sandbox.page_overview import Overview, overview_page
from campaignctl.sandbox.page_parts import ADDRESS, Clock, Row, Sent, refusal
from campaignctl.sandbox.server_state import ServerState

#: Draws the previews of a definition: from the campaign's id, its body and a nonce of the page's policy, HTML
#: that stands in the page as it is, "" if there is nothing to draw. Whatever it raises is said in the page.
Draw = Callable[[str, JsonObject, str], str]

_TO_A_PAGE, _SHOWN = 50, 30
_STEPS = {"hour": 3600, "day": 86_400, "week": 604_800}


def answer(state: ServerState, request: ApiRequest, draw: Draw | None = None) -> Reply:
    """Show a page, or do what one of its buttons says."""
    if request.method not in {"GET", "HEAD", "POST"}:
        return Reply(405, {"error": "this page is read, and its forms are posted"}, (("Allow", "GET, POST"),))
    asked = dict(request.query)
    # A page's script looks whether something has changed, and needs no styles and no previews for that.
    nonce = "" if "look" in asked else secrets.token_urlsafe(16)
    try:
        if request.method == "POST":
            return Reply(303, headers=(("Location", _pressed(state, asked, request)),))
        if "campaign" in asked:
            shown = _campaign_page(state, asked, draw, nonce)
        else:
            shown = overview_page(_overview(state, asked, request.headers.get("host", "")), nonce)
    except (Rejected, ValueError, RecursionError) as problem:
        status = problem.status if isinstance(problem, Rejected) else 400
        return Reply(status, refusal(str(problem), asked.get("campaign"), nonce), _headers(nonce))
    return Reply(200, shown, _headers(nonce))


def _headers(nonce: str) -> tuple[tuple[str, str], ...]:
    allowed = f"script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; " if nonce else ""
    # Attributes for the styles of emails, in their frames; nothing else in the page has any.
    styles = "style-src-attr 'unsafe-inline'; "
    policy = (
        f"default-src 'none'; {allowed}{styles}form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return (("Content-Security-Policy", policy),)


# ------------------------------------------------------------------------------------------- buttons


def _pressed(state: ServerState, asked: dict[str, str], request: ApiRequest) -> str:
    """Do what a form says, and return the address to go to."""
    chosen = asked.get("campaign")
    form = {name: values[0] for name, values in parse_qs(request.text).items()}
    with state.turn():
        before = state.now()
        moved = _moved(state, form)
        if chosen is not None and not moved:
            chosen = _acted(state, chosen, form)
    to = {"campaign": chosen} if chosen else {"since": before} if moved and "clock" not in form else {}
    to |= {name: asked[name] for name in ("status", "look") if name in asked}
    return f"{ADDRESS}?{urlencode(to)}" if to else ADDRESS


def _moved(state: ServerState, form: dict[str, str]) -> bool:
    """Do what a button of the clock says; whether there was one."""
    now = state.clock
    if form.get("advance") == "next":
        state.set_clock(now.at(_next_send(state) or state.now()))
    elif form.get("advance") in _STEPS:
        state.set_clock(now.advanced(_STEPS[form["advance"]]))
    elif "set" in form:
        date, _, time = form["set"].partition("T")
        state.set_clock(now.at(f"{date} {time}:00"[: len(state.now())]))
    elif form.get("clock") in ("stop", "run"):
        state.set_clock(now.stopped() if form["clock"] == "stop" else now.running())
    else:
        return False
    return True


def _acted(state: ServerState, campaign_id: str, form: dict[str, str]) -> str | None:
    """Do what a button of a campaign's page says, and return the campaign to show next."""
    campaign, action = dashboard.found(state, campaign_id), form.get("action", "")
    if action == "edit":
        fields = json.loads(form.get("fields", "{}"))
        if not isinstance(fields, dict):
            raise Rejected("the change must be an object")
        return dashboard.edited(state, campaign, fields).id
    if action == "clone":
        return dashboard.cloned(state, campaign).id
    if action in dashboard.ACTIONS:
        campaign = dashboard.ACTIONS[action](state, campaign, None)
    return None if campaign.deleted else campaign.id


# ----------------------------------------------------------------------------------------- what is shown


def _overview(state: ServerState, asked: dict[str, str], host: str) -> Overview:
    with state.turn():
        every = [Row(each, _status(state, each)) for each in state.store.campaigns()]
        requests, shown_clock = state.store.requests(), _clock(state)
    chosen = sorted((row for row in every if row.status == asked.get("status", row.status)), key=_place)
    pages = max(1, -(-len(chosen) // _TO_A_PAGE))
    wanted = asked.get("page", "")[:9]
    number = max(1, min(int(wanted), pages)) if wanted.isdecimal() else 1
    # Each campaign's newest: a year of recurring ones has more sends than a page can look at.
    sends = [Sent(row.campaign, send) for row in every for send in row.campaign.sends[-_SHOWN:]]
    since = asked.get("since", "")
    return Overview(
        clock=shown_clock,
        host=host,
        statuses=Counter(row.status for row in every),
        status=asked.get("status"),
        matching=len(chosen),
        first=(number - 1) * _TO_A_PAGE + 1,
        rows=tuple(chosen[(number - 1) * _TO_A_PAGE : number * _TO_A_PAGE]),
        number=number,
        pages=pages,
        sends=tuple(nlargest(_SHOWN, sends, key=lambda sent: (sent.send.time, int(sent.campaign.id)))),
        sent=sum(len(row.campaign.sends) for row in every),
        requests=tuple(requests[: -_SHOWN - 1 : -1]),
        requested=len(requests),
        since=since,
        since_then=_sent_after(since, every) if since else (),
    )


def _sent_after(since: str, rows: Iterable[Row]) -> tuple[tuple[Campaign, int], ...]:
    sends = ((row.campaign, row.campaign.sends) for row in rows)
    later = ((each, len(sent) - bisect_right(sent, since, key=lambda one: one.time)) for each, sent in sends)
    return tuple((each, count) for each, count in later if count)


def _place(row: Row) -> tuple[bool, str, int]:
    """What sends next comes first, the rest newest first."""
    return row.campaign.next_run is None, row.campaign.next_run or "", -int(row.campaign.id)


def _campaign_page(state: ServerState, asked: dict[str, str], draw: Draw | None, nonce: str) -> str:
    with state.turn():
        campaign = dashboard.found(state, asked["campaign"], deleted=True)
        row, shown_clock, actions = (
            Row(campaign, _status(state, campaign)),
            _clock(state),
            _fitting(state, campaign),
        )
        strategy = represent.strategy(campaign, state.switches)
    body, number = campaign.body, asked.get("send")
    if number is not None:
        if not number.isdecimal() or not 1 <= int(number) <= len(campaign.sends):
            raise Rejected(f"campaign {campaign.id} has no send {number}", 404)
        body = campaign.sends[int(number) - 1].body
    drawing = _drawn(draw, campaign, body, nonce) if nonce else Drawing()
    one = One(shown_clock, row, strategy, actions, body, int(number) if number else None, drawing)
    return campaign_page(one, nonce)


def _drawn(draw: Draw | None, campaign: Campaign, body: JsonObject, nonce: str) -> Drawing:
    if draw is None:
        return Drawing()
    try:
        html = draw(campaign.id, body, nonce)
    except Exception as error:  # noqa: BLE001 - what cannot be drawn is still shown as JSON, whatever is wrong
        return Drawing(note=f"This definition cannot be previewed: {type(error).__name__}: {error}")
    return Drawing(html) if html else Drawing(note="No message of push, email or SMS: nothing to preview.")


def _status(state: ServerState, campaign: Campaign) -> str:
    return "deleted" if campaign.deleted else represent.status_word(campaign, state.switches)


def _clock(state: ServerState) -> Clock:
    return Clock(state.now(), state.clock.frozen is not None, _next_send(state))


def _next_send(state: ServerState) -> str | None:
    dues = (each.due for each in state.store.campaigns() if each.status == SCHEDULED and each.due)
    return min(dues, default=None)


def _fitting(state: ServerState, campaign: Campaign) -> tuple[str, ...]:
    """The actions of the dashboard that this campaign allows now."""
    if campaign.deleted:
        return ()
    now, switches = state.now(), state.switches
    fits = {
        "pause": _works(lambda: lifecycle.paused(campaign, switches)),
        "resume": _works(lambda: lifecycle.resumed(campaign, {}, now, switches)),
        "cancel": _works(lambda: lifecycle.canceled(campaign, switches)),
        "swap": len(campaign.message_ids) > 1,
    }
    return tuple(name for name in (*dashboard.ACTIONS, "clone") if fits.get(name, True))


def _works(attempt: Callable[[], Campaign]) -> bool:
    try:
        attempt()
    except Rejected:
        return False
    return True
