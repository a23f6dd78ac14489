"""The text of a new manifest: a draft for a channel, or the body of a request as it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from string import Template
from typing import Any, Literal

from campaignctl.errors import CampaignctlError
from campaignctl.manifest.document import API_VERSION
from campaignctl.manifest.dump import literal, members, scalar
from campaignctl.manifest.format import formatted
from campaignctl.manifest.order import order_of
from campaignctl.manifest.writer import Unreadable

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
        # One line for each language. A long text may stand in a file: en: {$file: welcome.en.html}
        html:
          en: <html><body>Here is what you can do first.</body></html>""",
    "sms": """\
      sms:
        # One line for each language. Links are shortened when it is sent.
        content:
          en: "Good to have you with us: https://example.com" """.rstrip(),
}
#: An id that no integration has, for a project that does not say its own.
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
    """A manifest that compiles to a body, its members in their order.

    Raises CampaignctlError for a body that cannot be written as a manifest.
    """
    text = _HEAD + members({"spec": literal(body)})
    try:
        return formatted(text, order_of(""))
    except (Unreadable, RecursionError) as wrong:
        raise CampaignctlError("The body cannot be written as a manifest", detail=f"{wrong}.") from wrong
