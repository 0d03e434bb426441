"""Safe, well-formed HTML: sanitized by nh3, then mended so that screen readers can follow lists and links."""

from __future__ import annotations

import re

import nh3

DROPPED_WITH_CONTENT = {
    *("iframe", "math", "noembed", "noframes", "noscript", "object", "script", "select", "style", "svg", "template"),
    *("textarea", "title", "xmp"),
}
"""Elements whose text is no text for people either."""

_TAGS = {
    *(
        "a",
        "b",
        "blockquote",
        "br",
        "code",
        "div",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "li",
        "ol",
        "p",
    ),
    *("pre", "s", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"),
}
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags=DROPPED_WITH_CONTENT,
    attributes={"a": {"href"}},
    url_schemes={"http", "https", "mailto", "ftp"},
    url_relative="deny",
    link_rel="nofollow noopener",
)
_LISTS = {"ul", "ol"}
_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)((?:\s[^"<>]*(?:"[^"]*"[^"<>]*)*)?)>')
_EMPTY = re.compile(r"<(b|blockquote|code|div|em|i|li|ol|p|pre|s|strong|sub|sup|u|ul)>(?:\s|&nbsp;|<br>)*</\1>")
_DEEPEST_EMPTY = 8
_HREF = re.compile(r'href="\s*((?:https?|ftp|mailto):[^"\s][^"]*?)\s*"', re.IGNORECASE)
_A = '<a href="{}" rel="nofollow noopener">'
_URL = re.compile(r"https?://[^\W_][^\s<>\"'`\\]{0,2000}", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:lt|gt|quot|nbsp);")
_TRAILING = ".,;:!?)]}*_’”"


def safe(text: str) -> str:
    """Any HTML as safe HTML."""
    cleaned = _CLEANER.clean(text)
    if "<" not in cleaned:
        return linked(cleaned)
    mended = _Mender().mend(cleaned)
    for _ in range(_DEEPEST_EMPTY):
        mended, count = _EMPTY.subn(" ", mended)
        if not count:
            break
    return mended


def linked(escaped: str) -> str:
    """Escaped text with its web addresses as links."""
    return _URL.sub(_link, escaped) if "://" in escaped else escaped


def _link(match: re.Match[str]) -> str:
    url = _ENTITY.split(match[0], maxsplit=1)[0]
    address = url.rstrip(_TRAILING)
    if address.count("(") > address.count(")") and url[len(address) :].startswith(")"):
        address += ")"
    return f"{_A.format(address)}{address}</a>{match[0][len(address) :]}"


class _Mender:
    """One walk over sanitized HTML, whose tags are known to be balanced.

    Lists hold items only and items stand in lists; links have text; headings become bold paragraphs,
    for the page has an outline of its own; bare web addresses become links.
    """

    def __init__(self) -> None:
        self._out: list[str] = []
        self._open: list[tuple[str, str]] = []  # name, what closes it
        self._link_at = -1
        self._link_is_empty = False

    def mend(self, text: str) -> str:
        position = 0
        for tag in _TAG.finditer(text):
            if tag.start() > position:
                self._text(text[position : tag.start()])
            position = tag.end()
            if tag[1]:
                self._end(tag[2])
            else:
                self._start(tag[2], tag[0])
        self._text(text[position:])
        return "".join(self._out)

    @property
    def _in_list(self) -> bool:
        return bool(self._open) and self._open[-1][0] in _LISTS

    def _start(self, name: str, tag: str) -> None:
        if name in {"br", "hr"}:
            if not self._in_list:
                self._out.append(tag)
            return
        closing = f"</{name}>"
        if name == "li" and not self._in_list:
            tag, closing = "<div>", "</div>"
        elif name[0] == "h":
            tag, closing = "<p><strong>", "</strong></p>"
        elif name == "a":
            href = _HREF.search(tag)
            if href is None or self._link_at >= 0:
                tag = closing = ""
            else:
                tag = _A.format(href[1])
                self._link_at, self._link_is_empty = len(self._out), True
        if self._in_list and name != "li":
            tag, closing = f"<li>{tag}", f"{closing}</li>"
        self._out.append(tag)
        self._open.append((name, closing))

    def _end(self, name: str) -> None:
        if not self._open or self._open[-1][0] != name:
            return
        closing = self._open.pop()[1]
        if name == "a" and closing and self._link_at >= 0:
            if self._link_is_empty:
                self._out[self._link_at] = self._out[self._link_at].partition("<a")[0]
                closing = closing.removeprefix("</a>")
            self._link_at = -1
        self._out.append(closing)

    def _text(self, text: str) -> None:
        if not text or (self._in_list and not text.strip()):
            self._out.append(text)
            return
        if self._link_at >= 0:
            self._link_is_empty = self._link_is_empty and not text.replace("&nbsp;", " ").strip()
        else:
            text = linked(text)
        self._out.append(f"<li>{text}</li>" if self._in_list else text)
