"""The words that tell the nature of a dataset, as `grain.toml` has them, and how they are found in a text. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, TypeVar

from commonground.catalog.search.schema import folded
from commonground.errors import Misconfigured
from commonground.overlap.facets import Geometry, Grain, Timing

Says = TypeVar("Says")
Words = tuple[str, ...]

_FILE: Final = Path(__file__).with_name("grain.toml")
_WORD: Final = re.compile(r"[^\W_]+")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SHORT: Final = 3
"""Words of so few letters keep their "s": gas, bus."""


class Cue(NamedTuple):
    """What a phrase speaks for, and how much."""

    says: Grain
    points: float


class Phrases(Generic[Says]):
    """Phrases and what each says. In a text the longest counts, and words belong to one phrase only."""

    def __init__(self, given: Iterable[tuple[str, Says]]) -> None:
        self.says = {split(phrase): (phrase, says) for phrase, says in given}
        sizes: dict[str, set[int]] = {}
        for phrase in self.says:
            sizes.setdefault(phrase[0], set()).add(len(phrase))
        self._sizes = {first: sorted(found, reverse=True) for first, found in sizes.items()}

    def within(self, words: Sequence[str]) -> Iterator[tuple[str, Says]]:
        """Each phrase found, in order and as the file spells it, with what it says."""
        free = 0
        for at, word in enumerate(words):
            if at < free or word not in self._sizes:
                continue
            for size in self._sizes[word]:
                phrase = tuple(words[at : at + size])
                if phrase in self.says:
                    yield self.says[phrase]
                    free = at + size
                    break


@dataclass(frozen=True, slots=True)
class Cues:
    """All of the file."""

    least: float
    summed: float
    again: float
    last: float
    months: frozenset[str]
    texts: Mapping[str, Phrases[Cue]]
    shapes: Mapping[str, Cue]
    roles: Phrases[str]
    whole: Mapping[Words, str]
    by: Phrases[str]
    timing: Phrases[Timing]
    geometry: Phrases[Geometry]


@cache
def cues(path: Path = _FILE) -> Cues:
    """Read the file. Raises `Misconfigured` for one that is not of its form."""
    try:
        given = tomllib.loads(path.read_text("utf-8"))
        return Cues(
            least=given["least"],
            summed=given["summed"],
            again=given["again"],
            last=given["last"],
            months=frozenset(map(fold, given["months"])),
            texts=_texts(given["cue"]),
            shapes={name: Cue(Grain(one["says"]), one["points"]) for name, one in given["shape"].items()},
            roles=Phrases((phrase, role) for role, phrases in given["role"].items() for phrase in phrases),
            whole={split(phrase): role for role, phrases in given["whole"].items() for phrase in phrases},
            by=Phrases((phrase, by) for by, phrases in given["by"].items() for phrase in phrases),
            timing=Phrases((phrase, Timing(says)) for says, phrases in given["timing"].items() for phrase in phrases),
            geometry=Phrases(
                (phrase, Geometry(says)) for says, phrases in given["geometry"].items() for phrase in phrases
            ),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise Misconfigured(f"{path}: {error!r}.", advice="See the comments at its head for its form.") from error


def _texts(given: Iterable[Mapping[str, Any]]) -> dict[str, Phrases[Cue]]:
    places: dict[str, list[tuple[str, Cue]]] = {}
    for one in given:
        cue = Cue(Grain(one["says"]), one["points"])
        places.setdefault(one["place"], []).extend((phrase, cue) for phrase in one["words"])
    return {place: Phrases(found) for place, found in places.items()}


def split(text: str) -> Words:
    """The words of a text, each without capitals, accents and the "s" of a plural.

    >>> split("Fire Stations, Número de Camiones")
    ('fire', 'station', 'numero', 'de', 'camione')
    """
    return tuple(map(fold, _WORD.findall(text)))


def split_name(text: str) -> Words:
    """As `split`, of a title or a name, which may be written as one word.

    >>> split_name("PoliceBeats")
    ('police', 'beat')
    """
    return split(_CAMEL.sub(" ", text))


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """One word without capitals, accents and the "s" of a plural."""
    plain = word.lower() if word.isascii() else folded(word.lower()) or word
    if plain.endswith("ies") and len(plain) > _SHORT + 1:
        return plain[:-3] + "y"
    if plain.endswith(("shes", "ches", "sses", "xes")):
        return plain[:-2]
    return plain[:-1] if plain.endswith("s") and not plain.endswith("ss") and len(plain) > _SHORT else plain
