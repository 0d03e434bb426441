"""Safe, well-formed HTML: sanitized by nh3, then mended so that screen readers can follow lists and links."""

from __future__ import annotations

import re

import nh3

DROPPED_WITH_CONTENT = {"script", "style", "title", "noscript", "template", "iframe", "object", "svg", "math", "select"}
"""Elements whose text is no text for people either."""

_TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i"),
    *(
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
    ),
}
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags=DROPPED_WITH_CONTENT,
    attributes={"a": {"href"}},
    url_schemes={"http", "https", "mailto", "ftp"},
    url_relative="deny",
    link_rel="nofollow noopener",
)
_HEADING = re.compile(r"<(/?)h[1-6]>")
_HEADING_AS = {"": "<p><strong>", "/": "</strong></p>"}
_URL = re.compile(r"https?://[^\s<>\"'`\\]{3,2000}", re.IGNORECASE)
_TRAILING = ".,;:!?)]}*_’”"


def safe(text: str) -> str:
    """Any HTML as safe HTML. Headings become bold paragraphs, for the page has an outline of its own."""
    return _HEADING.sub(lambda match: _HEADING_AS[match[1]], _CLEANER.clean(text))


def linked(escaped: str) -> str:
    """Escaped text with its web addresses as links."""
    return _URL.sub(_link, escaped) if "://" in escaped else escaped


def _link(match: re.Match[str]) -> str:
    url = match[0].split("&lt;")[0].split("&gt;")[0].split("&quot;")[0]
    address = url.rstrip(_TRAILING)
    if address.count("(") > address.count(")") and url[len(address) :].startswith(")"):
        address += ")"
    rest = match[0][len(address) :]
    return f'<a href="{address}" rel="nofollow noopener">{address}</a>{rest}'
