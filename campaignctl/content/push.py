"""Push: what each device shows of it, collapsed and expanded, and how many bytes it takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from campaignctl.content import facts
from campaignctl.content.model import Button, Line, PushPreview, PushView
from campaignctl.content.text import cut, one_line, width

#: Fields that travel with the texts. How the API names them on their way is not known.
_SENT = ("badge", "tag", "renotify", "require_interaction", "silent", "vibration")


def preview(
    *,
    title: str,
    body: str,
    image: str,
    icon: str,
    landing_url: str,
    buttons: tuple[Button, ...],
    push: Mapping[str, Any],
) -> PushPreview:
    """The preview of a push in one language; `push` has the fields that are the same in all."""
    shown = {"title": title, "body": body, "image": image, "icon": icon, "landing_url": landing_url}
    return PushPreview(
        **shown,
        buttons=buttons,
        payload=_payload(shown, buttons, push),
        payload_limit=facts.WEB_PUSH_PAYLOAD.value,
    )


def views(push: PushPreview) -> tuple[PushView, ...]:
    """What each device shows of a push, collapsed and expanded."""
    return tuple(
        view
        for device in facts.DEVICES
        for view in _views(device, push.title, push.body, bool(push.image), len(push.buttons))
    )


def _payload(shown: Mapping[str, str], buttons: tuple[Button, ...], push: Mapping[str, Any]) -> int:
    """Bytes of the fields as JSON in UTF-8; what the API adds or shortens is not known."""
    sent: dict[str, Any] = {name: value for name, value in shown.items() if value}
    if buttons:
        sent["actions"] = [{"title": button.title, "url": button.url} for button in buttons]
    sent |= {name: push[name] for name in _SENT if push.get(name) is not None}
    text = json.dumps(sent, ensure_ascii=False, separators=(",", ":"), default=str)
    return len(text.encode("utf-8", "surrogatepass"))


def _views(device: facts.Device, title: str, body: str, image: bool, buttons: int) -> Iterator[PushView]:
    forms: tuple[tuple[Literal["collapsed", "expanded"], facts.Form], ...] = (
        ("collapsed", device.collapsed),
        ("expanded", device.expanded),
    )
    for name, form in forms:
        opened = name == "expanded"
        pictured = image and device.image and (opened or device.family == "ios")
        head, rest = _lines(form, title, body, opened, pictured)
        yield PushView(
            device=device.name,
            family=device.family,
            form=name,
            title=head,
            body=rest,
            image=pictured,
            buttons=buttons if opened and device.buttons else 0,
            note=", ".join(filter(None, (form.name, device.note))),
        )


def _lines(form: facts.Form, title: str, body: str, opened: bool, pictured: bool) -> tuple[Line, Line]:
    """Title and body as a form shows them; line ends stay where several lines are shown."""
    title, body = one_line(title), body.strip() if opened else one_line(body)
    if not form.together:
        return cut(title, form.title), cut(body, form.body)
    room = form.pictured if pictured else form.together
    head = cut(title, room)
    left = room - width(head.shown)
    if head.cut or left < 1:
        return head, Line("", cut=bool(body))
    return head, cut(body, left)
