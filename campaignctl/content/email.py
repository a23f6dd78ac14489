"""Email: the line of an inbox as clients cut it, and what the body says without styles and pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from itertools import islice
from typing import Any, Literal

from campaignctl.content import facts, macros
from campaignctl.content.html import parse
from campaignctl.content.model import EmailPreview, InboxView
from campaignctl.content.text import cut, graphemes, one_line

#: What mail tools write after a preheader, so that no text of the body follows it in the inbox.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff"
)
_FILLING = re.compile(rf"(?:[{_INVISIBLE}][\s\u00a0\u2007]*){{5}}")
_UNSEEN = re.compile(f"[{_INVISIBLE}]+")
#: No inbox shows more.
_LONGEST = 250


def preview(
    email: Mapping[str, Any], *, subject: str, preheader: str, html: str, samples: Mapping[str, str]
) -> EmailPreview:
    """The preview of an email in one language; sample values are escaped within its html."""
    filled = macros.fill(html, samples, escape)
    page = parse(filled)
    own = macros.fill(preheader, samples)
    read = own or preheader_of(page.all_text)
    origin: Literal["preheader", "html", "none"] = "preheader" if own else "html" if read else "none"
    subject = macros.fill(subject, samples)
    return EmailPreview(
        sender_name=macros.fill(str(email.get("sender_name") or ""), samples),
        sender_email=macros.fill(str(email.get("sender_email") or ""), samples),
        subject=subject,
        preheader=read,
        preheader_from=origin,
        html=filled,
        text=page.text,
        size=len(html.encode("utf-8", "surrogatepass")),
        links=page.links,
        images=page.images,
        inboxes=tuple(_inbox(inbox, subject, read) for inbox in facts.INBOXES),
        html_lang=page.lang,
        hidden=tuple(filter(None, map(_readable, page.hidden))),
    )


def preheader_of(text: str) -> str:
    """The preview text that an inbox takes from a body: its first words, up to invisible filling."""
    start = text.lstrip()[: _LONGEST * 8]
    found = _FILLING.search(start)
    words = _readable(start[: found.start()] if found else start)
    return "".join(islice(graphemes(words), _LONGEST))


def _readable(text: str) -> str:
    """Text without what has no width."""
    return one_line(_UNSEEN.sub("", text))


def _inbox(inbox: facts.Inbox, subject: str, preheader: str) -> InboxView:
    return InboxView(
        inbox.client,
        cut(one_line(subject), inbox.subject.value),
        cut(one_line(preheader), inbox.preheader.value),
    )
