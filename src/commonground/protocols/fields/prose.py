"""Text as people wrote it: cleaned, made into safe HTML, and into plain text for search and programs."""

from __future__ import annotations

import html as entities
import re
import unicodedata

import nh3
from markdown_it import MarkdownIt

from commonground.protocols.base import Notes
from commonground.protocols.fields import markup

MOST_CHARACTERS = 100_000

_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")
_LOOKS_LIKE_HTML = re.compile(
    r"</?(?:a|abbr|b|blockquote|br|center|code|div|em|font|h[1-6]|hr|i|img|li|meta|ol|p|pre|script|small|span|strong"
    r"|style|sub|sup|table|t[dhr]|tbody|thead|u|ul)(?:\s[^<>]{0,2000})?/?>",
    re.IGNORECASE,
)
_HAS_BLOCKS = re.compile(r"<(?:br|div|h[1-6]|li|ol|p|pre|table|ul)\b", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")

_PARAGRAPH = re.compile(r"</?(?:p|h[1-6]|ul|ol|table|pre|blockquote)\b[^<>]{0,2000}>", re.IGNORECASE)
_LINE = re.compile(r"</?(?:div|li|tr|dd|dt)\b[^<>]{0,2000}>", re.IGNORECASE)
_BREAK = re.compile(r"<[bh]r\b[^<>]{0,200}>", re.IGNORECASE)
_CELL_END = re.compile(r"</t[dh]>", re.IGNORECASE)
_PARAGRAPH_EDGE, _LINE_EDGE = "\f", "\v"  # `clean` leaves neither in a text
_GAP = re.compile(r"\s+")
_UNMARKED = re.compile("[ -%'-;=?-~]*")  # ASCII that is printed, without the signs of HTML: & < >
_SPACES = re.compile("  +")
_NO_TAGS = nh3.Cleaner(tags=set(), clean_content_tags=markup.DROPPED_WITH_CONTENT)

_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _replacement(match: re.Match[str]) -> str:
    found = match[0]
    if found == "\r":
        return "\n"
    if "\ud800" <= found <= "\udfff":
        return "\ufffd"
    if "\x80" <= found <= "\x9f":  # Windows-1252 read as Latin-1: “smart” quotes and dashes
        return bytes([ord(found)]).decode("cp1252", "ignore")
    return ""


def clean(text: str) -> str:
    """The text without control characters (line feed and tab stay), lone surrogates and hidden marks; NFC."""
    if text.isascii() and text.isprintable():
        return text
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if _ODD.search(text):
        text = _ODD.sub(_replacement, text)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def html(text: str) -> str:
    """Safe HTML from any HTML: a short list of tags, no attribute but a link's address."""
    return markup.safe(clean(text)).strip()


def markdown(text: str) -> str:
    """Safe HTML from Markdown, which may itself hold HTML."""
    return markup.safe(_MARKDOWN.render(clean(text))).strip()


def plain(html: str) -> str:
    """The text of some HTML: lines and paragraphs as line breaks, entities decoded, no tags."""
    text = clean(html).replace("\n", " ")
    if "<" in text:
        text = _PARAGRAPH.sub(_PARAGRAPH_EDGE, text)
        text = _LINE.sub(_LINE_EDGE, text)
        text = _CELL_END.sub(" ", _BREAK.sub("\n", text))
        text = _NO_TAGS.clean(text)
    return clean(_GAP.sub(_gap, entities.unescape(text)).strip())


def _gap(match: re.Match[str]) -> str:
    """Any run of spaces and breaks as one space, one line end or one blank line."""
    gap = match[0]
    if gap == " ":
        return gap
    if _PARAGRAPH_EDGE in gap:
        return "\n\n"
    return "\n" * min(gap.count("\n") + (_LINE_EDGE in gap), 2) or " "


def lines(text: str) -> str:
    """Safe HTML from plain text: blank lines part paragraphs, line ends stay, addresses become links."""
    escaped = entities.escape(clean(text).strip(), quote=False)
    if not escaped:
        return ""
    paragraphs = _BLANK_LINES.split(escaped)
    return "".join(f"<p>{markup.linked(part.strip()).replace(chr(10), '<br>')}</p>" for part in paragraphs)


def description(value: object, notes: Notes, place: str, *, dialect: str) -> tuple[str, str]:
    """A description as safe HTML and as plain text. `dialect` is html, markdown or text.

    Text of more than 100,000 characters is cut and noted.
    """
    if value is None or value == "":
        return "", ""
    if not isinstance(value, str):
        notes.add("wrong-type", place, value)
        return "", ""
    if len(value) > MOST_CHARACTERS:
        notes.add(
            "text-too-long", place, value[:200], f"{len(value):,} characters, of which {MOST_CHARACTERS:,} are kept"
        )
        value = value[:MOST_CHARACTERS]
    if dialect == "text" and _UNMARKED.fullmatch(value) and "://" not in value:
        # One plain line, as nearly all descriptions of columns are: what the long way makes of it, at a tenth of the time.
        words = value.strip(" ")
        return (f"<p>{words}</p>", _SPACES.sub(" ", words)) if words else ("", "")
    shown = _shown(value, dialect)
    return shown, plain(shown)


def _shown(text: str, dialect: str) -> str:
    if dialect == "markdown":
        return markdown(text)
    if dialect == "html" or _LOOKS_LIKE_HTML.search(text):
        if not _HAS_BLOCKS.search(text):  # a few inline tags in plain text: its line ends mean something
            text = text.strip().replace("\r\n", "\n").replace("\n", "<br>\n")
        return html(text)
    return lines(entities.unescape(text) if "&" in text else text)
