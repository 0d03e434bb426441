"""What a dataset's columns are together: which part each plays by its name, and what that makes of the table. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from commonground.overlap.columns import naming
from commonground.overlap.facets import Geometry
from commonground.overlap.nature.cues import Words, cues, fold, split_name
from commonground.words import Column, ColumnType

Shapes = Iterator[tuple[str, Sequence[str]]]
"""Names of shapes (`[shape]` of grain.toml), each with the columns that make it."""

MOST: Final = 200
"""Columns that are looked at; wider datasets repeat themselves."""
_NAME: Final = 300
"""Characters of a name that are read."""
_MONTHS, _YEARS = 6, 3
"""So many columns named for months or years make a table of sums."""
_WIDE: Final = 6
"""A table of so many numbers and nothing else holds sums."""
_SHORT: Final = 5
"""A table of so few columns may be a list of codes."""
_MANY, _SOME = 0.34, 0.2
"""Shares of columns that measure: they make the table, or speak for it."""

_NUMBERS: Final = frozenset({ColumnType.NUMBER, ColumnType.INTEGER, ColumnType.MONEY, ColumnType.PERCENT})
_TIMES: Final = frozenset({ColumnType.DATE, ColumnType.DATETIME})
_GEOMETRIES: Final = {
    ColumnType.POINT: Geometry.POINT,
    ColumnType.LINE: Geometry.LINE,
    ColumnType.POLYGON: Geometry.AREA,
}
_COUNTLESS: Final = frozenset({"identifier", "latitude", "longitude", "time", "contact"})
"""Parts of numbers that measure nothing."""
_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|\bfy ?\d{2,4}\b", re.IGNORECASE)
_PART: Final = re.compile(r"\((?:address|city|state|zip)\)$")
"""What Socrata adds to a column of places."""


class Role(NamedTuple):
    """The parts that a column plays by its name. `by` is what it divides by, if it says only that."""

    parts: frozenset[str] = frozenset()
    by: str = ""
    idle: bool = False


@lru_cache(maxsize=65_536)
def role(name: str) -> Role:
    """What a column's name says."""
    rules = cues()
    spelled = naming.words(name)
    words, given = tuple(map(fold, spelled)), split_name(name[:_NAME])
    if "plumbing" in {rules.whole.get(words), rules.whole.get(given)} or _PART.search(name):
        return Role(idle=True)
    parts = _parts(rules.roles.within(words))
    if part := rules.whole.get(words):
        parts.add("measure" if part == "identifier" and spelled != words else part)  # "Permits" counts them
    if given and given[0] in rules.months:
        parts.add("month")
    if _YEAR.search(name):
        parts.add("year")
    _, by = rules.by.says.get(words, ("", ""))
    return Role(frozenset(parts), by)


def _parts(hits: Iterator[tuple[str, str]]) -> set[str]:
    """The parts that phrases say, without what one takes from another: an "average of incidents" names no incident."""
    found: dict[str, str] = {}
    for phrase, part in hits:
        found.setdefault(part, phrase)
    if found.get("measure", "number") != "number":
        return found.keys() - {"identifier", "event", "party"}
    return found.keys() - ({"measure"} if "identifier" in found else set())


class Layout(NamedTuple):
    """The columns that tell something: names, by the parts they play. `divided` are those by which is counted."""

    columns: tuple[Column, ...]
    parts: dict[str, list[str]]
    numbers: tuple[str, ...]
    divided: tuple[str, ...]
    by: Words
    geometry: Geometry

    @classmethod
    def of(cls, columns: Sequence[Column]) -> Layout:
        """The layout of a table; of no columns where none are known."""
        given = [(one, role(one.name or one.field)) for one in columns[:MOST]]
        telling = [(one, role) for one, role in given if not role.idle]
        parts: dict[str, list[str]] = {}
        for one, played in telling:
            for part in played.parts:
                parts.setdefault(part, []).append(one.name)
        return cls(
            tuple(one for one, _ in telling),
            parts,
            tuple(one.name for one, role in telling if one.type in _NUMBERS and not role.parts & _COUNTLESS),
            tuple(one.name for one, role in telling if role.by),
            tuple(dict.fromkeys(role.by for _, role in telling if role.by)),
            _geometry([one for one, _ in given], parts),
        )

    def has(self, part: str) -> Sequence[str]:
        """Names of the columns that play a part."""
        return self.parts.get(part, ())

    @property
    def places(self) -> Sequence[str]:
        """Names of the columns that say where."""
        return [one.name for one in self.columns if one.type in _GEOMETRIES] or self.has("latitude")

    def shapes(self) -> Shapes:
        """What the columns are together."""
        if not self.columns:
            return
        for part in ("identifier", "event", "party"):
            if names := self.has(part):
                yield part, names
        if (names := self.has("target")) and (self.numbers or self.has("time")):
            yield "target", names
        yield from self._sums()
        yield from self._things()

    def _sums(self) -> Shapes:
        many, measures, time = len(self.columns), self.has("measure"), self.has("time")
        if len(set(self.has("month"))) >= _MONTHS:
            yield "months", self.has("month")
        if len(self.has("year")) >= max(_YEARS, many / 4):
            yield "years", self.has("year")
        if len(measures) >= max(2, many * _MANY):
            yield "measures", measures
        elif len(measures) >= max(1, many * _SOME):
            yield "measure", measures
        divided = {*time, *self.divided}
        if self.numbers and len(divided | {*self.numbers}) == many and (divided or many >= _WIDE):
            yield "totals", [*sorted(divided)[:1], *self.numbers]
        elif (
            self.numbers
            and len(self.numbers) + len(time) >= many * (0.5 if time else 0.6)
            and not self.has("identifier")
        ):
            yield "numbers", self.numbers

    def _things(self) -> Shapes:
        """What speaks for things that are there, and for dates on which something happened to one."""
        happens = bool(self.has("identifier") or self.has("event"))
        dated = [one.name for one in self.columns if one.type in _TIMES and "time" not in role(one.name).parts]
        if dated and not happens:
            yield "dated", dated
        if self.has("contact") and not happens and len(self.numbers) < len(self.columns) / 2:
            yield "contact", self.has("contact")
        if self.geometry in {Geometry.AREA, Geometry.LINE}:
            yield "outline", self.places
        elif self.geometry is Geometry.POINT and not happens:
            yield "place", self.places
        if len(self.columns) <= _SHORT and not (self.numbers or dated or self.has("measure") or self.has("party")):
            yield "short", [one.name for one in self.columns]


def _geometry(columns: Sequence[Column], parts: dict[str, list[str]]) -> Geometry:
    for one in columns:
        if one.type in _GEOMETRIES:
            return _GEOMETRIES[one.type]
    if "latitude" in parts and "longitude" in parts:
        return Geometry.POINT
    unsaid = not columns or any(one.type is ColumnType.GEOMETRY for one in columns)
    return Geometry.UNKNOWN if unsaid else Geometry.NONE
