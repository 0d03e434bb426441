"""Patterns of words that a column's name may fit, as the files of this folder write them. Pure.

`"owner name"` fits a name with these words in this order, others between them or not; `"=owner"` only these words.
A word in capitals stands for any of a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from commonground.overlap.columns.naming import words

Words = tuple[str, ...]
Lists = Mapping[str, frozenset[str]]
"""Words by the word in capitals that stands for them."""

SENTENCE: Final = 10
"""A name of more words is a question of a survey, and fits nothing."""
_EXACT: Final = "="
_SHORT: Final = 3


@dataclass(frozen=True, slots=True)
class Patterns:
    """Any of `ways` fits, unless a word of `unless` is in the name as well. A way is its words and whether exactly.

    With `together` no other word may stand between those of a way. `heads` are the words that ways begin with:
    few names have any of them, so few are looked at closer.
    """

    ways: tuple[tuple[Words, bool], ...]
    unless: frozenset[str]
    lists: Lists
    heads: frozenset[str]
    together: bool = False

    def fit(self, name: str) -> bool:
        """Whether a name as published fits."""
        said = meant(name)
        if self.heads.isdisjoint(said) or len(said) > SENTENCE or not self.allow(name):
            return False
        return any(self._says(said, way) for way, exact in self.ways if not exact or len(said) == len(way))

    def allow(self, name: str) -> bool:
        """Whether no word of a name makes it something else."""
        return self.unless.isdisjoint(meant(name))

    def _says(self, said: Words, way: Words) -> bool:
        if self.together:
            starts = range(len(said) - len(way) + 1)
            return any(all(map(self._is, way, said[start : start + len(way)])) for start in starts)
        rest = iter(said)
        return all(any(self._is(word, each) for each in rest) for word in way)

    def _is(self, word: str, said: str) -> bool:
        return said in self.lists[word] if word in self.lists else said == word


def patterns(ways: Iterable[str], unless: Iterable[str], lists: Lists, *, together: bool = False) -> Patterns:
    """Patterns as a file writes them."""
    read = tuple(
        (tuple(_singular(word) for word in one.removeprefix(_EXACT).split()), one.startswith(_EXACT)) for one in ways
    )
    heads = frozenset(word for way, _ in read for word in lists.get(way[0], {way[0]}))
    return Patterns(read, some(unless), lists, heads, together)


def some(given: Iterable[str]) -> frozenset[str]:
    """Words as names are compared."""
    return frozenset(map(_singular, given))


@lru_cache(maxsize=65_536)
def meant(name: str) -> Words:
    """The words of a name, in full, and each as one of many."""
    return tuple(map(_singular, words(name)))


def _singular(word: str) -> str:
    """Without the s of many. No stem: an office is no officer."""
    return word[:-1] if len(word) > _SHORT and word.endswith("s") and not word.endswith("ss") else word
