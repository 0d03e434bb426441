"""What changed in a text, word by word. Pure."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Final, Literal, NamedTuple

MOST_WORDS: Final = 1_500
"""Longer texts are told as changed, and not compared: nobody reads so much, and it takes long."""
AROUND: Final = 12
"""Words that are shown before and behind a change."""
_WORD: Final = re.compile(r"\S+\s*|\s+")


class Passage(NamedTuple):
    """A stretch of text. `mark` is `del` (it was there), `ins` (it is new), or empty; `…` stands for words left out."""

    mark: Literal["", "del", "ins"]
    text: str


def rewording(before: str, after: str) -> tuple[Passage, ...]:
    """The changed words with some around them; nothing where the texts are too long to compare, or equal."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    if before == after or max(len(old), len(new)) > MOST_WORDS:
        return ()
    found: list[Passage] = []
    steps = SequenceMatcher(None, old, new).get_opcodes()
    for place, (what, first, last, start, stop) in enumerate(steps):
        if what == "equal":
            found.append(Passage("", _around(old[first:last], first=place == 0, last=place == len(steps) - 1)))
            continue
        if first < last:
            found.append(Passage("del", "".join(old[first:last])))
        if start < stop:
            found.append(Passage("ins", "".join(new[start:stop])))
    return tuple(found)


def _around(words: list[str], *, first: bool, last: bool) -> str:
    """The words next to the changes: those in the middle, or far from any change, are left out."""
    head = [] if first else words[:AROUND]
    tail = [] if last else words[-AROUND:]
    if len(head) + len(tail) >= len(words):
        return "".join(words)
    return "".join((*head, " … ", *tail))
