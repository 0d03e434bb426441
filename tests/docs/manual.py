"""The manual as data: its pages, their blocks, links and headings. Read as Markdown, never by eye."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
_NOTE = re.compile(r"<!-- (.*?) -->", re.DOTALL)
_GENERATED = re.compile(r"<!-- generated: .*?<!-- end -->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A code block. `note` is the comment before it, which says how to treat it."""

    page: Path
    line: int
    language: str
    text: str
    note: str

    def __str__(self) -> str:
        return f"{name(self.page)}:{self.line}"


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a console block, and what the page says it prints."""

    command: str
    printed: str


def name(page: Path) -> str:
    """A page as people call it."""
    return page.relative_to(ROOT).as_posix()


@cache
def text(page: Path) -> str:
    """The page's source."""
    return page.read_text(encoding="utf-8")


def by_hand(page: Path) -> str:
    """What a person wrote: the page without its generated parts."""
    return _GENERATED.sub("", text(page))


@cache
def tokens(page: Path) -> list[Token]:
    """The page as Markdown tokens."""
    return MarkdownIt("commonmark").enable("table").parse(text(page))


def blocks(page: Path) -> Iterator[Block]:
    """The page's code blocks, in order."""
    before = None
    for token in tokens(page):
        if token.type == "fence":
            note = _NOTE.search(before.content) if before is not None and before.type == "html_block" else None
            line = token.map[0] + 1 if token.map else 0
            yield Block(page, line, token.info.strip(), token.content, note[1] if note else "")
        before = token


def steps(block: Block) -> list[Step]:
    """The commands of a console block: each begins with `$ `, its output follows."""
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not parts[0].strip(), f"{block}: a console block begins with “$ ”"
    found = (part.partition("\n") for part in parts[1:])
    return [Step(command, printed) for command, _, printed in found]


def inline(page: Path, kind: str) -> Iterator[Token]:
    """Tokens inside lines: `link_open`, `image`, `code_inline`, `text`."""
    for token in tokens(page):
        yield from (one for one in token.children or () if one.type == kind)


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings get where Markdown is shown."""
    found: set[str] = set()
    every = tokens(page)
    for one, content in itertools.pairwise(every):
        if one.type == "heading_open":
            shown = "".join(part.content for part in content.children or () if part.type in {"text", "code_inline"})
            found.add(re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-"))
    return found
