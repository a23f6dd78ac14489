"""An email's html as a document for a sandboxed frame: it runs nothing, asks for nothing and leads nowhere.

Three walls: the html is sanitised here, the frame is sandboxed without any permission, and a policy in the
frame and in the page around it forbids every request. The first wall leaves nothing for the others to refuse,
so that the console of a browser stays empty and says when something is wrong.

Pictures become boxes with their alternative text and address. Links lose their target; their address is the
title. Conditional comments, which only Outlook on Windows reads, are left out.
"""

from __future__ import annotations

import re
from functools import cache, partial
from html import escape, unescape
from typing import Any

from campaignctl.content.html import shallow

_TAGS = """
a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col
colgroup dd del dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins
kbd li main mark nav ol p pre q rp rt ruby s samp section small span strike strong style sub sup
table tbody td tfoot th thead time tr tt u ul var wbr
"""
_WITH_CONTENT = """
audio canvas embed frame frameset iframe math noembed noframes noscript object plaintext script
select svg template textarea title video xml xmp
"""
_EVERYWHERE = """
align alt aria-hidden aria-label bgcolor border cellpadding cellspacing class color colspan dir face
height hidden id lang nowrap role rowspan size span start style title type valign width
"""
_ONLY_IN = {"a": {"href"}, "img": {"src"}, "style": {"media"}}

_BODY = re.compile(r"<(/?)body\b", re.IGNORECASE)
_BODY_COLOR = re.compile(r"<body\b[^<>]*?\bbgcolor\s*=\s*[\"']?(#?[0-9a-z]{1,20})\b", re.IGNORECASE)
_BODY_EDGE = re.compile(r"<body\b[^<>]*?\b(?:margin|padding|leftmargin)\b", re.IGNORECASE)
# In what the sanitiser writes, `<` begins a tag or stands in the raw text of a style: attributes escape it.
_PIECES = re.compile(r"(<style\b[^>]*>)(.*?)</style>|<img\b([^>]*)>|<a\b([^>]*)>", re.DOTALL)
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')

_CSS_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[ \t\r\n\f])?|([^\r\n\f]))")
# Each repetition takes all that it can and gives nothing back, so that no text takes quadratic time.
_CSS_URL = re.compile(r"""url\(\s*+(?:"[^"<]*+"\s*+|'[^'<]*+'\s*+|[^()"'<]*+)\)""", re.IGNORECASE)
_CSS_FETCH = re.compile(
    r"url\s*\(|@import|@font-face|@namespace|(?:-webkit-)?image-set\s*\(|\bsrc\s*\(|\bimage\s*\(",
    re.IGNORECASE,
)
# Pixels of a picture: too few for words, and enough for its address too.
_NARROW, _FLAT, _TALL = 40, 18, 60
_NUMBER = re.compile(r"[1-9]\d{0,3}")
_STYLE_SIZE = re.compile(r"(?:^|;)\s*(width|height)\s*:\s*(\d+(?:px|%))")
_BLOCK = re.compile(r"display\s*:\s*block")

_BASE = (
    ":root{color-scheme:light;background:#fff;color:#1f1f1f}"
    "body:focus-visible{outline:3px solid #2946c4;outline-offset:-3px}"
    "body{margin:8px;font:16px/1.4 Arial,Helvetica,sans-serif;overflow-wrap:break-word}"
    ":where(a[title]){color:#0b57d0;text-decoration:underline;cursor:help}"
    ":where(table){font-size:inherit}"
)
_PICTURE = (
    ".cc-picture{display:inline-flex!important;flex-direction:column;align-items:center;"
    "justify-content:center;box-sizing:border-box;max-width:100%;overflow:hidden;vertical-align:middle;"
    "background:#eceff3!important;border:1px dashed #8a94a3!important;color:#3d4654!important;"
    "font:13px/1.35 Arial,Helvetica,sans-serif!important;text-align:center!important;"
    "overflow-wrap:anywhere}"
    ".cc-picture b{font-weight:600}.cc-picture i{font-style:normal;font-size:11px}"
    ".cc-block{display:flex!important}.cc-plain{min-width:140px;min-height:72px;padding:6px}"
)


def mail_document(html: str, lang: str, nonce: str) -> str:
    """A document for `srcdoc`. `nonce` is that of the page, whose policy the frame inherits."""
    color, edge = _BODY_COLOR.search(html), "body{margin:0}" if _BODY_EDGE.search(html) else ""
    # Whoever has no mouse scrolls what has the focus.
    body = f'<body tabindex="0" bgcolor="{color[1]}">' if color else '<body tabindex="0">'
    return (
        f'<!doctype html><html lang="{escape(lang)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(nonce)}"><title>Email</title>'
        f'<style nonce="{nonce}">{_BASE}{edge}{_PICTURE}</style></head>'
        f"{body}{_sanitised(html, nonce)}</body></html>"
    )


def policy(nonce: str, script: str = "") -> str:
    """A policy that allows styles and what the directives of `script` say, which end in `;`; nothing else."""
    allowed = f" {script}" if script else ""
    return (
        f"default-src 'none';{allowed} style-src 'nonce-{nonce}'; style-src-attr 'unsafe-inline';"
        " base-uri 'none'; form-action 'none'"
    )


def _sanitised(html: str, nonce: str) -> str:
    # The parser drops a body with its colours; whatever these replacements make is sanitised afterwards.
    # It takes no lone surrogates.
    printable = html.encode(errors="replace").decode()
    clean = _cleaner()(
        _BODY.sub(r"<\1div", shallow(printable)), set_tag_attribute_values={"style": {"nonce": nonce}}
    )
    return _PIECES.sub(_piece, clean)


@cache
def _cleaner() -> Any:
    import nh3

    return partial(
        nh3.clean,
        tags=set(_TAGS.split()),
        clean_content_tags=set(_WITH_CONTENT.split()),
        attributes={"*": set(_EVERYWHERE.split()), **_ONLY_IN},
        attribute_filter=_attribute,
        link_rel=None,
    )


def _attribute(_tag: str, name: str, value: str) -> str:
    if name == "style":
        value = _css(value)
    # Not every version of the sanitiser escapes these in an attribute.
    return value.replace("<", "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}").replace(
        ">", "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
    )


def _css(text: str) -> str:
    """CSS that names no address, also where its letters are escaped."""
    if "\\" in text and _CSS_FETCH.search(written := _CSS_ESCAPE.sub(_unescaped, text)):
        text = written
    return _CSS_FETCH.sub(
        lambda found: "@none" if found[0][0] == "@" else "none(", _CSS_URL.sub("none", text)
    )


def _unescaped(found: re.Match[str]) -> str:
    letter = chr(int(found[1], 16) % 0x110000) if found[1] else found[2]
    return letter if letter.isascii() and (letter.isalnum() or letter in "-_@(") else found[0]


def _piece(found: re.Match[str]) -> str:
    if found[1]:
        return f"{found[1]}{_css(found[2])}</style>"
    if found[3] is not None:
        return _picture(found[3])
    return f"<a{_without_target(found[4])}>"


def _without_target(attributes: str) -> str:
    named = dict(_ATTRIBUTE.findall(attributes))
    target = named.pop("href", "")
    if target:
        named["title"] = target
    return "".join(f' {name}="{value}"' for name, value in named.items())


def _picture(attributes: str) -> str:
    """A box of the picture's size with its alternative text and its address."""
    named = dict(_ATTRIBUTE.findall(attributes))
    address, alt, style = named.get("src", ""), named.get("alt"), named.get("style", "")
    written = dict(_STYLE_SIZE.findall(style))
    width, height = (_size(named.get(side) or written.get(side, "")) for side in ("width", "height"))
    sized = "".join(f"{side}:{size};" for side, size in (("width", width), ("height", height)) if size)
    if width.endswith("px") and height.endswith("px"):
        sized = f"width:{width};aspect-ratio:{width[:-2]}/{height[:-2]};"
    pixels = [int(size[:-2]) if size.endswith("px") else _TALL for size in (width, height)]
    small = pixels[0] <= _NARROW or pixels[1] <= _FLAT
    kinds = ["cc-picture", *(["cc-plain"] if not small and not height else [])]
    kinds += ["cc-block"] if _BLOCK.search(style) else []
    named |= {
        "style": sized + style,
        "class": " ".join([named.get("class", ""), *kinds]).strip(),
        "title": address,
    }
    kept = "".join(
        f' {name}="{named[name]}"' for name in ("id", "class", "style", "align", "title") if name in named
    )
    where = f"<i>{_shortened(address)}</i>" if min(pixels) >= _TALL else ""
    if small or alt == "":
        return f'<span aria-hidden="true"{kept}>{"" if small else where}</span>'
    label = alt or "Image without alternative text"
    return f'<span role="img" aria-label="{label}"{kept}><b>{label}</b>{where}</span>'


def _size(text: str) -> str:
    """A width or height as CSS; "" for one that is none."""
    number = _NUMBER.match(text.strip())
    return f"{number[0]}{'%' if text.strip().endswith('%') else 'px'}" if number else ""


def _shortened(address: str, most: int = 60) -> str:
    plain = unescape(address)
    return escape(plain if len(plain) <= most else plain[:most] + "\N{HORIZONTAL ELLIPSIS}")
