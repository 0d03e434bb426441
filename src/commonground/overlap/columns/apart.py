"""What names alone mix up: a job's number is no permit's, an owner's ZIP code not the property's. Pure.

The topics are in `columns.toml`. Two columns on different sides of one topic seem at most weakly the same.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from commonground.overlap.columns.naming import of_its_form, stems
from commonground.words import Column

Sides = Sequence[str]
"""On which side of a topic each column of a list stands; empty for one of which the topic does not speak."""

_FILE: Final = Path(__file__).with_name("columns.toml")


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic speaks of names with a word of `of`. The first of `sides` with a word of the name is its side; else
    `beside`, in a list that has a column of that word alone; else `usual`. `told`: descriptions that agree outweigh it.
    """

    of: frozenset[str]
    sides: tuple[tuple[str, frozenset[str]], ...]
    beside: dict[str, str]
    usual: str
    told: bool

    def stand(self, columns: Sequence[Column]) -> Sides:
        """The side of each column of a list."""
        said = [frozenset(stems(one.name)) for one in columns]
        near = next((side for word, side in self.beside.items() if frozenset({word}) in said), self.usual)
        return ["" if self.of.isdisjoint(one) else self._side(one, near) for one in said]

    def _side(self, said: frozenset[str], other: str) -> str:
        return next((side for side, words in self.sides if not words.isdisjoint(said)), other)


@cache
def topics(path: Path = _FILE) -> tuple[Topic, ...]:
    """Read the file. Raises `Misconfigured` for one that is not of its form."""
    with of_its_form(path):
        return tuple(map(_topic, tomllib.loads(path.read_text("utf-8"))["apart"].values()))


def _topic(given: dict[str, Any]) -> Topic:
    return Topic(
        _stems(given["of"]),
        tuple((side, _stems(words)) for side, words in given["sides"].items()),
        {stem: side for word, side in given.get("beside", {}).items() for stem in stems(word)},
        given.get("usual", ""),
        given.get("told", False),
    )


def _stems(words: Iterable[str]) -> frozenset[str]:
    return frozenset(stem for word in words for stem in stems(word))


def apart(a: Sequence[Column], b: Sequence[Column], agree: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which pairs stand on different sides of a topic. `agree`: whose descriptions say the same."""
    found = np.zeros(agree.shape, dtype=bool)
    for topic in topics():
        ours, theirs = (np.array(topic.stand(some), dtype=object) for some in (a, b))
        known = np.logical_and.outer(ours != "", theirs != "")
        found |= known & (ours[:, None] != theirs[None, :]) & ~(agree & topic.told)
    return found


def sides(a: Sequence[Column], b: Sequence[Column], row: int, column: int) -> tuple[str, ...]:
    """Both sides of the topic that keeps two columns apart, as people say them."""
    for topic in topics():
        ours, theirs = topic.stand(a)[row], topic.stand(b)[column]
        if ours and theirs and ours != theirs:
            return ours, theirs
    return ()
