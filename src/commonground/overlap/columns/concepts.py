"""What a column's name says beyond its letters: wordings that mean the same, the kind of value, whole concepts. Pure.

All of it is data in `columns.toml`.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from commonground.overlap.columns.naming import Words, of_its_form, stems

_FILE: Final = Path(__file__).with_name("columns.toml")
_FAINT: Final = 0.3
"""A concept of which a name says less than this share is none of its own."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one name says. `terms` are its stems, wordings of one meaning made one; `kind` of which kind its values are,
    or empty; `concepts` each with how much of the name it covers, 0 to 1.
    """

    terms: Words
    kind: str
    concepts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Concepts:
    """All of the file, by stems. `wordings` are found by one of their terms; `spoken` are wordings as people say them,
    by the term that stands for them.
    """

    same: dict[Words, str]
    spoken: dict[str, str]
    longest: int
    kinds: dict[str, str]
    names: tuple[str, ...]
    wordings: dict[str, tuple[tuple[frozenset[str], str], ...]]
    unless: dict[str, frozenset[str]]


@cache
def concepts(path: Path = _FILE) -> Concepts:
    """Read the file. Raises `Misconfigured` for one that is not of its form."""
    with of_its_form(path):
        given = tomllib.loads(path.read_text("utf-8"))
        same = {stems(wording): "_".join(stems(group[0])) for group in given["same"] for wording in group}
        longest = max(map(len, same))
        return Concepts(
            same,
            {"_".join(stems(group[0])): group[0] for group in given["same"]},
            longest,
            {stem: kind for kind, some in given["kinds"].items() for word in some for stem in stems(word)[-1:]},
            tuple(given["concepts"]),
            _wordings(given["concepts"], same, longest),
            {
                name: frozenset(term for word in some for term in _terms(stems(word), same, longest))
                for name, some in given["unless"].items()
            },
        )


def _wordings(
    given: Mapping[str, Any], same: Mapping[Words, str], longest: int
) -> dict[str, tuple[tuple[frozenset[str], str], ...]]:
    found = defaultdict[str, dict[tuple[frozenset[str], str], None]](dict)
    for name, wordings in given.items():
        for wording in wordings:
            terms = frozenset(_terms(stems(wording), same, longest))
            found[min(terms)][terms, name] = None
    return {term: tuple(some) for term, some in found.items()}


@lru_cache(maxsize=65_536)
def meaning(name: str) -> Meaning:
    """What a column's name says."""
    known, said = concepts(), stems(name)
    terms = _terms(said, known.same, known.longest)
    kinds = [known.kinds[stem] for stem in said if stem in known.kinds]
    kind = kinds[-1] if kinds else ""
    if kind == "time" and "date" in kinds:
        kind = "date"
    return Meaning(terms, kind, _concepts(frozenset(terms), known))


def _terms(said: Words, same: Mapping[Words, str], longest: int) -> Words:
    """Stems with the longest known wordings made one."""
    found, place = [], 0
    while place < len(said):
        sizes = range(min(longest, len(said) - place), 0, -1)
        size = next((size for size in sizes if said[place : place + size] in same), 0)
        found.append(same[said[place : place + size]] if size else said[place])
        place += size or 1
    return tuple(dict.fromkeys(found))


def _concepts(terms: frozenset[str], known: Concepts) -> dict[str, float]:
    found: dict[str, float] = {}
    for term in terms:
        for wording, name in known.wordings.get(term, ()):
            share = len(wording) / len(terms)
            if wording <= terms and share > max(found.get(name, 0), _FAINT):
                taken = known.unless.get(name, frozenset()) & (terms - wording)
                if not taken:
                    found[name] = share
    return found
