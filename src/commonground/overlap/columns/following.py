"""Which known standard a dataset already follows, and how far. Pure.

Standards are Frictionless Table Schemas in a folder; none is part of the package.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from commonground.errors import Misconfigured, NotFound
from commonground.overlap.columns.alignment import Alignment, Pair, align
from commonground.overlap.columns.concepts import meaning
from commonground.overlap.columns.naming import split
from commonground.overlap.columns.recall import Memory
from commonground.overlap.columns.weighing import Encoder
from commonground.overlap.facets import WORTH_ASKING
from commonground.words import Column, ColumnType

_TYPES: Final = {
    "string": ColumnType.TEXT,
    "number": ColumnType.NUMBER,
    "integer": ColumnType.INTEGER,
    "boolean": ColumnType.BOOLEAN,
    "date": ColumnType.DATE,
    "datetime": ColumnType.DATETIME,
    "time": ColumnType.TIME,
    "geopoint": ColumnType.POINT,
    "geojson": ColumnType.GEOMETRY,
    "object": ColumnType.JSON,
    "array": ColumnType.JSON,
}


@dataclass(frozen=True, slots=True)
class Standard:
    """A table definition that others made. `required` are names of fields."""

    slug: str
    title: str
    fields: tuple[Column, ...]
    required: frozenset[str]


@dataclass(frozen=True)
class Following:
    """How far a dataset follows a standard. Shares are 0 to 1; a standard that requires nothing is not followed more
    for that: its `required_found` is the share of all.
    """

    standard: Standard
    alignment: Alignment

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Columns of the dataset with the fields that they seem to mean; `b` is the field."""
        return tuple(pair for pair in self.alignment.pairs if pair.band in WORTH_ASKING)

    @cached_property
    def missing(self) -> tuple[Column, ...]:
        """Fields that no column seems to mean, in the standard's order."""
        found = {pair.b.name for pair in self.pairs}
        return tuple(one for one in self.standard.fields if one.name not in found)

    @property
    def found(self) -> float:
        """Share of all fields that a column seems to mean."""
        return len(self.pairs) / len(self.standard.fields)

    @property
    def required_found(self) -> float:
        """The same of the fields that the standard requires."""
        if not self.standard.required:
            return self.found
        held = [pair for pair in self.pairs if pair.b.name in self.standard.required]
        return len(held) / len(self.standard.required)

    @property
    def literal(self) -> float:
        """Share of all fields that a column is called exactly, but for capitals and signs: followed, not just alike."""
        return sum(split(pair.a.name) == split(pair.b.name) for pair in self.pairs) / len(self.standard.fields)

    def form(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "standard": self.standard.slug,
            "title": self.standard.title,
            "required_found": round(self.required_found, 4),
            "found": round(self.found, 4),
            "literal": round(self.literal, 4),
            "pairs": [pair.form() for pair in self.pairs],
            "missing": [one.name for one in self.missing],
            "missing_required": [one.name for one in self.missing if one.name in self.standard.required],
        }


def standards(folder: Path) -> tuple[Standard, ...]:
    """The standards of a folder, by name. A JSON file without `fields` is no Table Schema, and left alone.

    Raises:
        NotFound: There is no such folder.
        Misconfigured: A file is not JSON, or a field has no name.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.", advice="Name one with Frictionless Table Schemas.")
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            given = json.loads(path.read_text("utf-8"))
            if isinstance(given, dict) and given.get("fields"):
                found.append(_standard(path.stem.removesuffix(".schema"), given))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Misconfigured(f"{path}: {error!r}.", advice="It must be a Frictionless Table Schema.") from error
    return tuple(found)


def _standard(slug: str, given: Mapping[str, Any]) -> Standard:
    fields = given["fields"]
    return Standard(
        slug,
        str(given.get("title") or slug),
        tuple(_field(one) for one in fields),
        frozenset(one["name"] for one in fields if _required(one)),
    )


def _field(given: Mapping[str, Any]) -> Column:
    kind = str(given.get("type") or "")
    told = " ".join(str(given[name]) for name in ("title", "description") if given.get(name))
    return Column(given["name"], given["name"], _TYPES.get(kind, ColumnType.UNKNOWN), kind, told)


def _required(given: Mapping[str, Any]) -> bool:
    """By Frictionless a constraint; some standards say it by a level of their own."""
    return bool((given.get("constraints") or {}).get("required")) or given.get("level") == "required"


def following(
    columns: Sequence[Column],
    known: Iterable[Standard],
    *,
    memory: Mapping[str, Memory] | None = None,
    embedder: Encoder | None = None,
) -> tuple[Following, ...]:
    """How far a dataset with these columns follows each standard: first by the share of the fields that it requires,
    then by the number of its fields that were found, where those that many standards have (latitude, date) count less.

    `memory` holds, by standard, what persons confirmed of its fields.
    """
    held, some = memory or {}, tuple(known)
    common = Counter(name for one in some for name in {_says(each) for each in one.fields})
    found = [Following(one, align(columns, one.fields, memory=held.get(one.slug), embedder=embedder)) for one in some]

    def most(one: Following) -> tuple[float, float, str]:
        return -one.required_found, -sum(1 / common[_says(pair.b)] for pair in one.pairs), one.standard.slug

    return tuple(sorted(found, key=most))


def _says(field: Column) -> str:
    """What a field says: the concept that covers its name most, else its words."""
    told = meaning(field.name)
    return max(told.concepts, key=lambda name: told.concepts[name]) if told.concepts else " ".join(told.terms)
