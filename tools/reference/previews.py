"""The page about previews: an example, and every figure with its source."""

from __future__ import annotations

from campaignctl.content.facts import DEVICES, FIGURES, INBOXES, Device
from campaignctl.content.previews import previews
from campaignctl.render.preview import Look, previews_text

_TEXT = (
    "Hi ${FIRST_NAME}, it\u2019s here: our \u201cwinter sale\u201d. Half price until tomorrow, also online: "
    "https://shop.example/winter-sale?from=sms"
)
_EXAMPLE = {"messages": [{"name": "Flash", "channel": "sms", "sms": {"content": {"en": _TEXT}}}]}


def preview_example() -> str:
    """An SMS as `preview` shows it."""
    shown = previews("sms/flash", _EXAMPLE, samples={"FIRST_NAME": "Ana"})
    return f"```\n{previews_text(shown, look=Look(), color=False)}```\n"


def figures() -> str:
    """A table of the figures, one of the devices and one of the inboxes."""
    rows = [f"| {each.value:,} | {each.what} | {each.sure} | {each.source} |" for each in FIGURES]
    singles = ["| figure | of what | how sure | source |", "|---|---|---|---|", *rows]
    devices = ["| device | collapsed | expanded | picture | buttons |", "|---|---|---|---|---|"]
    devices += map(_device, DEVICES)
    inboxes = ["| inbox | subject | preheader |", "|---|---|---|"]
    inboxes += [f"| {each.client} | {each.subject.value} | {each.preheader.value} |" for each in INBOXES]
    return "\n\n".join("\n".join(table) for table in (singles, devices, inboxes)) + "\n"


def _device(device: Device) -> str:
    forms = []
    for form in (device.collapsed, device.expanded):
        room = f"{form.together} together, {form.pictured} with a picture"
        shown = room if form.together else f"{form.title} / {form.body}"
        forms.append(f"{shown} ({form.name})" if form.name else shown)
    has = ("yes" if device.image else "no", "yes" if device.buttons else "no")
    return f"| {device.name} | {' | '.join((*forms, *has))} |"
