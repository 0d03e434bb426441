"""Other words for the same thing, kept as data in `aliases.toml` and looked up by stems."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from commonground.catalog.search.schema import stems
from commonground.errors import Misconfigured

Stems = tuple[str, ...]
_FILE = Path(__file__).with_name("aliases.toml")


@dataclass(frozen=True, slots=True)
class Alias:
    """What some words also mean: other wordings, and perhaps a city that they speak of."""

    others: tuple[Stems, ...] = ()
    city: str = ""


@dataclass(frozen=True, slots=True)
class Aliases:
    """All of the file. `longest` is the number of words of the longest entry."""

    known: dict[Stems, Alias]
    cities: dict[Stems, str]
    idle: frozenset[str]
    longest: int = field(default=1)


@cache
def aliases(path: Path = _FILE) -> Aliases:
    """Read the file. Raises `Misconfigured` for one that is not of its form."""
    try:
        given = tomllib.loads(path.read_text("utf-8"))
        groups = [[stems(wording) for wording in group] for group in given["same"]]
        acronyms = given["acronym"]
        cities = {stems(name): slug for slug, names in given["cities"].items() for name in names}
        idle = frozenset(stem for word in given["idle"] for stem in stems(word))
        known = _symmetrical(groups)
        for one in acronyms:
            _add(known, stems(one["short"]), [stems(wording) for wording in one["means"]], one.get("city", ""))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise Misconfigured(f"{path}: {error!r}.", advice="See the comments at its head for its form.") from error
    return Aliases(known, cities, idle, max(len(entry) for entry in (*known, *cities)))


def _symmetrical(groups: list[list[Stems]]) -> dict[Stems, Alias]:
    known: dict[Stems, Alias] = {}
    for group in groups:
        for wording in group:
            _add(known, wording, [other for other in group if other != wording], "")
    return known


def _add(known: dict[Stems, Alias], wording: Stems, others: list[Stems], city: str) -> None:
    held = known.get(wording, Alias())
    known[wording] = Alias(tuple(dict.fromkeys((*held.others, *others))), city or held.city)
