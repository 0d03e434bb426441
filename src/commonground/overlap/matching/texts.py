"""The words of a dataset, ready to be compared with those of another city's. Pure.

City names and years are left out, because they say where and when and not what; departments are read as what they do;
the rest is stemmed as the search does it.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from commonground.catalog.search.schema import folded, stem
from commonground.overlap.columns import naming
from commonground.overlap.entries import Entry
from commonground.words import City

Terms = tuple[str, ...]

_FILE: Final = Path(__file__).with_name("texts.toml")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD: Final = re.compile(r"[^\W_]+")
_POSSESSIVE: Final = re.compile(r"['’]s\b")
_YEAR: Final = re.compile(r"(?:19|20)\d\d|fy\d{2,4}|q[1-4]")
_NUMBER: Final = 3
"""Digits of the only numbers that are words: 311, 911."""
LONGEST: Final = 60
"""Words of a description that are read: what comes later is about terms of use and codes of columns."""
COLUMNS: Final = 150
"""Columns that are read; wider datasets repeat themselves (one column a month, a code, a question)."""
_TEXT: Final = 4_000


@dataclass(frozen=True, slots=True)
class Views:
    """What a dataset says of itself, as terms in their order. Columns have each term once."""

    title: Terms = ()
    keywords: Terms = ()
    description: Terms = ()
    columns: Terms = ()


class Reading:
    """How texts are read where these are the names of cities, which say nothing of what a dataset is about."""

    def __init__(self, places: Iterable[str] = ()) -> None:
        names = sorted({folded_text(name) for name in places if name.strip()}, key=len, reverse=True)
        self._places = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b") if names else None
        self._known = lru_cache(maxsize=100_000)(self.terms)
        """Keywords and themes repeat from record to record."""

    def terms(self, text: str) -> Terms:
        """The terms of a text, in order."""
        plain = _POSSESSIVE.sub("", folded_text(_CAMEL.sub(" ", text[:_TEXT])))
        if self._places:
            plain = self._places.sub(" ", plain)
        return tuple(term for word in _WORD.findall(plain) for term in _meant(word))

    def views(self, entry: Entry) -> Views:
        """What an entry says of itself."""
        columns = dict.fromkeys(
            term for one in (entry.columns or ())[:COLUMNS] for term in naming.stems(one.name or one.field)
        )
        keywords = dict.fromkeys(
            term for one in (*entry.keywords, *entry.themes)[:COLUMNS] for term in self._known(one)
        )
        return Views(
            title=self.terms(entry.title),
            keywords=tuple(keywords),
            description=self.terms(entry.description)[:LONGEST],
            columns=tuple(columns),
        )

    def plain(self, text: str) -> str:
        """The text itself without the names of cities and without years, for a model that reads sentences."""
        bare = _YEARS.sub(" ", text[:_TEXT])
        return " ".join(
            (re.sub(self._places.pattern, " ", bare, flags=re.IGNORECASE) if self._places else bare).split()
        )


def place_names(cities: Iterable[City]) -> list[str]:
    """What cities call themselves in texts."""
    return [name for city in cities for name in (city.name, city.short, f"{city.name} City", f"City of {city.name}")]


_YEARS: Final = re.compile(r"\b(?:19|20)\d\d\b")


def folded_text(text: str) -> str:
    """Small letters without accents."""
    return text.lower() if text.isascii() else " ".join(folded(word) or word for word in text.lower().split())


@cache
def _known() -> tuple[frozenset[str], frozenset[str], dict[str, str]]:
    given = tomllib.loads(_FILE.read_text("utf-8"))
    return frozenset(given["idle"]), frozenset(given["whole"]), given["short"]


@cache
def fingerprint() -> str:
    """Of the file: words that are read otherwise make other guesses."""
    return hashlib.blake2b(_FILE.read_bytes(), digest_size=8).hexdigest()


@lru_cache(maxsize=262_144)
def _meant(word: str) -> Terms:
    """The terms that one word stands for: none for what is idle, a year or a number."""
    idle, whole, short = _known()
    if word in idle or _YEAR.fullmatch(word):
        return ()
    words = short[word].split() if word in short else (word,)
    return tuple(one if one in whole else stem(one) or one for one in words if _says(one) and one not in idle)


def _says(word: str) -> bool:
    return len(word) == _NUMBER if word.isdigit() else len(word) > 1 and not word[:2].isdigit()


def surfaces(texts: Sequence[str]) -> dict[str, str]:
    """Of each term the word that stands for it in these texts, to show to people."""
    found: dict[str, str] = {}
    for text in texts:
        for word in _WORD.findall(_CAMEL.sub(" ", text[:_TEXT])):
            for term in _meant(folded_text(word)):
                found.setdefault(term, word.lower())
    return found
