"""The templates of pages: what every page has in common."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from campaignctl.content.text import graphemes
from campaignctl.errors import Command
from campaignctl.render.escape import escape

if TYPE_CHECKING:
    from jinja2 import Environment, Template

#: Tells a page of previews from other files.
MARK = '<meta name="generator" content="campaignctl preview">'

#: The channels that have a preview, and their names.
CHANNELS = {"push": "Push", "email": "Email", "sms": "SMS"}

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def printable(page: str) -> str:
    """A page without half characters and controls: HTML has none, and a terminal that shows it obeys none."""
    return _CONTROL.sub("\ufffd", page).encode("utf-8", "replace").decode()


def template(name: str) -> Template:
    """A template, in which everything is escaped that is not said to be safe."""
    return _environment().get_template(name)


def source(name: str) -> str:
    """A file next to the templates, as it is."""
    environment = _environment()
    loader = environment.loader
    if loader is None:
        raise LookupError(name)
    return loader.get_source(environment, name)[0]


def script(name: str) -> Any:
    """A script of ours, to stand in a page as it is."""
    from markupsafe import Markup

    return Markup(source(name))  # noqa: S704 - a file of the package


@cache
def digest(name: str) -> str:
    """What a policy calls a script of ours: no text in a page can have this digest."""
    return f"'sha256-{b64encode(sha256(source(name).encode()).digest()).decode()}'"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("campaignctl.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "srcdoc": _srcdoc,
        "content": _content,
        "plain": lambda text: escape(text, None),
        "short": escape,
    }
    environment.filters |= {"count": lambda text: sum(1 for _ in graphemes(text)), "host": _host}
    environment.globals |= {"channel_names": CHANNELS, "command": _command, "mark": Markup(MARK)}  # noqa: S704 - a constant
    return environment


def _srcdoc(document: str) -> Any:
    """A document as an attribute between single quotes, which only these two characters could end or change.

    Escaping all five would make a page a third larger.
    """
    from markupsafe import Markup

    return Markup(document.replace("&", "&amp;").replace("'", "&#39;"))  # noqa: S704 - escaped right here


def _content(text: str) -> Any:
    """Text between two tags, where a quotation mark ends nothing, and takes less room as it is."""
    from markupsafe import Markup

    found = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Markup(found)  # noqa: S704 - escaped right here


def _command(options: Sequence[str], key: str) -> str:
    """What draws one campaign."""
    return str(Command("preview", *options, key, "--format", "html", "-o", "page.html"))


def _host(address: str) -> str:
    """The name of the site that a push shows, as far as its address says it."""
    try:
        host = urlsplit(address).hostname
    except ValueError:
        host = None
    return escape(host) if host else "your site"
