"""Column names as words: taken apart, spelled out, stemmed. What is known of them is in `abbreviations.toml`. Pure."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from commonground.catalog.search.schema import stem
from commonground.errors import Misconfigured

Words = tuple[str, ...]

LONGEST: Final = 300
"""Characters of a name that are read: longer ones are sentences, and say nothing new after that."""
_FILE: Final = Path(__file__).with_name("abbreviations.toml")
_SIGNS: Final = {"#": " number ", "%": " percent ", "$": " amount ", "&": " and "}
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_OWNERS: Final = re.compile(r"['’]s\b")
_WORD: Final = re.compile(r"[^\W_]+")
_GLUED: Final = 5
"""Shorter words are never taken apart."""
_PIECE: Final = 3
"""Letters of an abbreviation that may begin such a word; at its end two are enough ("licenseno")."""
_PIECES: Final = 4


@dataclass(frozen=True, slots=True)
class Abbreviations:
    """All of the file. `stems` are those of `whole`, so that plurals are whole as well."""

    alone: dict[str, Words]
    phrases: dict[Words, Words]
    words: dict[str, Words]
    idle: frozenset[str]
    places: frozenset[str]
    whole: frozenset[str]
    stems: frozenset[str]


@contextmanager
def of_its_form(path: Path) -> Iterator[None]:
    """Around the reading of a file of words. Raises `Misconfigured` for one that is not of the form at its head."""
    try:
        yield
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise Misconfigured(f"{path}: {error!r}.", advice="See the comments at its head for its form.") from error


@cache
def abbreviations(path: Path = _FILE) -> Abbreviations:
    """Read the file. Raises `Misconfigured` for one that is not of its form."""
    with of_its_form(path):
        given = tomllib.loads(path.read_text("utf-8"))
        meant = {**given["foreign"], **given["words"]}
        return Abbreviations(
            {one: tuple(means.split()) for one, means in given["alone"].items()},
            {tuple(one.split()): tuple(means.split()) for one, means in given["phrases"].items()},
            {one: tuple(means.split()) for one, means in meant.items()},
            frozenset(given["idle"]),
            frozenset(given["places"]),
            frozenset(given["whole"]),
            frozenset(map(stem, given["whole"])),
        )


@lru_cache(maxsize=65_536)
def words(name: str) -> Words:
    """The words that a column's name means, in full and in small letters: `CMPLNT_FR_DT` is complaint, from, date.

    Empty only for a name without letters and digits.
    """
    known, given = abbreviations(), split(name)
    if len(given) > 1 and given[0] in known.places:
        given = given[1:]
    if len(given) == 1 and given[0] in known.alone:
        return known.alone[given[0]]
    meant = [part for word in _phrased(given, known) for part in _meant(word, known)]
    # "lat", "long" became words of their own only now.
    meant = [word for phrase in _phrased(tuple(meant), known) for word in phrase]
    telling = tuple(dict.fromkeys(word for word in meant if word not in known.idle))
    return telling or tuple(dict.fromkeys(meant))


@lru_cache(maxsize=65_536)
def stems(name: str) -> Words:
    """The stems of `words`, each once: what two names share, whatever their endings."""
    return tuple(dict.fromkeys(found for word in words(name) if (found := stem(word))))


def split(name: str) -> Words:
    """The words of a name as they stand: cut at signs, digits and inner capitals; small letters without accents."""
    plain = _OWNERS.sub("", _folded(name[:LONGEST]))
    for sign, word in _SIGNS.items():
        plain = plain.replace(sign, word)
    return tuple(found.lower() for found in _WORD.findall(_CAMEL.sub(" ", plain)))


def _folded(text: str) -> str:
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(one for one in apart if not unicodedata.combining(one)))


def _phrased(given: Words, known: Abbreviations) -> list[Words]:
    """Known phrases replaced by what they mean, the longest first; every other word by itself."""
    found: list[Words] = []
    longest = max(map(len, known.phrases), default=0)
    place = 0
    while place < len(given):
        sizes = range(min(longest, len(given) - place), 1, -1)
        size = next((size for size in sizes if given[place : place + size] in known.phrases), 0)
        found.append(known.phrases[given[place : place + size]] if size else (given[place],))
        place += size or 1
    return found


def _meant(phrase: Words, known: Abbreviations) -> Words:
    return tuple(part for word in phrase for part in _spelled(word, known))


def _spelled(word: str, known: Abbreviations) -> Words:
    """What one word means: itself, what it is short for, or the words it was glued of."""
    if word in known.words:
        return known.words[word]
    if len(word) < _GLUED or word in known.whole or stem(word) in known.stems:
        return (word,)
    pieces = _apart(word, known)
    return tuple(part for piece in pieces for part in known.words.get(piece, (piece,))) or (word,)


def _apart(word: str, known: Abbreviations) -> Words:
    """The fewest known words that make up this one, of equals those with the longest first; none if there are none."""
    best: list[Words | None] = [(), *[None] * len(word)]
    for stop in range(1, len(word) + 1):
        for start in range(stop):
            before, piece = best[start], word[start:stop]
            if before is None or len(before) == _PIECES or not _fits(piece, known, last=stop == len(word)):
                continue
            if best[stop] is None or len(before) + 1 <= len(best[stop] or ()):
                best[stop] = (*before, piece)
    return best[-1] or ()


def _fits(piece: str, known: Abbreviations, *, last: bool) -> bool:
    if piece in known.whole:
        return len(piece) >= _PIECE
    return piece in known.words and len(piece) >= (2 if last else _PIECE)
