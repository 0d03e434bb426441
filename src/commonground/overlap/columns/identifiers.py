"""What a column's name says it identifies, so that data sets of one city can be joined by it. Pure."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from commonground.overlap.columns.naming import of_its_form
from commonground.overlap.columns.patterns import Patterns, patterns, some

_FILE: Final = Path(__file__).with_name("identifiers.toml")


@dataclass(frozen=True, slots=True)
class Identifier:
    """What is identified, and what can be asked once rows are joined by it."""

    code: str
    label: str
    joins: str


@cache
def _rules(path: Path = _FILE) -> tuple[tuple[Identifier, Patterns], ...]:
    with of_its_form(path):
        given = tomllib.loads(path.read_text("utf-8"))
        lists = {"NUMBER": some(given.pop("numbers"))}
        return tuple(
            (
                Identifier(code, one["label"], one["joins"]),
                patterns(one["patterns"], one["unless"], lists, together=True),
            )
            for code, one in given.items()
        )


def identifiers() -> dict[str, Identifier]:
    """All that a name can be told to identify, by code. Raises `Misconfigured`."""
    return {one.code: one for one, _ in _rules()}


@lru_cache(maxsize=65_536)
def identifier(name: str) -> Identifier | None:
    """What a column of this name identifies, by its name alone; None for nothing that we know."""
    return next((one for one, fitting in _rules() if fitting.fit(name)), None)
