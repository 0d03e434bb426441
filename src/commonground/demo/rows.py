"""The sample's rows: made up from recipes, the same on every machine on a day, with the faults that real rows have.

Columns and words are those that the cities publish, so that the crosswalks that are shipped read them. What each row
tells is invented: its number says SAMPLE, its street is no street. A few rows are odd on purpose, and regularly so: a
word that no crosswalk knows, the day 1900-01-01, coordinates of 0, a place elsewhere, a number twice, a number missing,
an end before the beginning, a telephone number in a text.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property
from hashlib import sha256
from importlib.resources import files
from random import Random
from typing import IO, Annotated

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from commonground import cities

STANDARDS = ("building_permits", "crime_incidents", "service_requests")
"""The tables of the demonstration."""

UNKNOWN = "A new kind (sample)"
"""The word that no crosswalk maps."""

_YEARS = 3
_STREETS = ("Sample Street", "Specimen Avenue", "Example Road", "Model Lane", "Pattern Place", "Invented Way")
_NOTES = ("Sample row for demonstration.", "Sample row: made up, as all rows here are.", "")
_NUMBER_IN_TEXT = "Sample row. Call 202-555-0143 about it."
_STILL_OPEN = 45
_CENTERS = 9
_SPREAD = 0.09

# Every so many rows one is odd; primes, so that oddities seldom meet in one row.
_UNMAPPED, _SENTINEL, _NO_PLACE, _ELSEWHERE, _TWICE, _NO_KEY, _BACKWARDS, _CALLS = 109, 197, 89, 307, 151, 401, 211, 127


class Recipe(BaseModel):
    """How the rows of a dataset are made. The first of `columns` is the number of a row, and `kinds` are weighted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: Annotated[str, Field(pattern=r"^[a-z-]+/.+$")]
    rows: Annotated[int, Field(gt=0)]
    kind_columns: tuple[str, ...]
    kinds: tuple[tuple[int | str, ...], ...]
    columns: dict[str, str]

    @property
    def portal(self) -> str:
        """The slug of the portal that publishes it."""
        return self.dataset.partition("/")[0]

    @property
    def native_id(self) -> str:
        """Its id there."""
        return self.dataset.partition("/")[2]


@dataclass(frozen=True)
class SampleRows:
    """Rows of a dataset as a portal serves them (a `RowSource`). `today` is the day after the last row."""

    recipe: Recipe
    today: date

    @property
    def name(self) -> str:
        """A file of CSV."""
        return f"{self.recipe.portal}/{self.recipe.native_id}.csv"

    @property
    def dated(self) -> str:
        """The day of the demonstration."""
        return self.today.isoformat()

    def table(self) -> pa.Table:
        """Every row, all text; what is empty is null."""
        return self._table

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The rows as a file of CSV."""
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(self._table.column_names)
        writer.writerows(zip(*(column.to_pylist() for column in self._table.columns), strict=True))
        yield io.BytesIO(text.getvalue().encode())

    @cached_property
    def _table(self) -> pa.Table:
        rows = list(_rows(self.recipe, self.today))
        names = list(rows[0])
        return pa.table({name: pa.array([row[name] or None for row in rows], pa.string()) for name in names})


@cache
def recipes() -> Mapping[str, tuple[Recipe, ...]]:
    """The recipes of each standard."""
    folder = files("commonground.demo").joinpath("recipes")
    return {name: _read(folder.joinpath(f"{name}.toml").read_text(encoding="utf-8")) for name in STANDARDS}


def _read(text: str) -> tuple[Recipe, ...]:
    return tuple(Recipe.model_validate(one) for one in tomllib.loads(text)["datasets"])


def held(portal: str, today: date) -> Mapping[str, SampleRows]:
    """The rows that a portal serves, by the id of their dataset."""
    every = [one for found in recipes().values() for one in found if one.portal == portal]
    return {one.native_id: SampleRows(one, today) for one in every}


@dataclass(frozen=True)
class _Row:
    """What the cells of one row are made from. `number` counts from 1; `key` is that of the row before where it is twice."""

    number: int
    key: int | None
    start: datetime
    before: datetime
    end: datetime | None
    due: datetime
    place: tuple[float, float]
    chance: Random


def _rows(recipe: Recipe, today: date) -> Iterator[dict[str, str]]:
    chance = Random(int.from_bytes(sha256(recipe.dataset.encode()).digest()[:8]))  # noqa: S311 - no secret is made
    starts = _starts(recipe.rows, today, chance)
    places = _places(recipe, chance)
    weights = [int(kind[0]) for kind in recipe.kinds]
    for at, (start, place) in enumerate(zip(starts, places, strict=True), 1):
        row = _row(at, start, place, today, chance)
        cells = {name: _cell(text, row) for name, text in recipe.columns.items()}
        kind = chance.choices(recipe.kinds, weights)[0][1:]
        if _odd(at, _UNMAPPED):
            kind = (UNKNOWN,) * len(recipe.kind_columns)
        yield cells | dict(zip(recipe.kind_columns, map(str, kind), strict=True))


def _odd(at: int, every: int) -> bool:
    return at % every == every // 3


def _starts(count: int, today: date, chance: Random) -> list[datetime]:
    """Moments of the last years up to yesterday, more of them in summer and by day, in order."""
    first = date(today.year - _YEARS + 1, 1, 1)
    days = (today - first).days
    found: list[datetime] = []
    while len(found) < count:
        day = first + timedelta(days=chance.randrange(days))
        if chance.random() < 1 - abs(day.month - 7) * 0.07:
            hour = min(max(int(chance.gauss(14, 4)), 4), 23)
            found.append(datetime.combine(day, time(hour, chance.randrange(60), chance.randrange(60))))
    return sorted(found)


def _places(recipe: Recipe, chance: Random) -> list[tuple[float, float]]:
    """Latitudes and longitudes inside the outline of the city, in clusters, because cities have centers."""
    from shapely import contains_xy

    from commonground.cities.outlines import outline

    shape = outline(
        next(city.slug for city in cities.cities().values() if recipe.portal in {p.slug for p in city.portals})
    )
    west, south, east, north = shape.bounds
    centers: list[tuple[float, float]] = []
    while len(centers) < _CENTERS:
        x, y = chance.uniform(west, east), chance.uniform(south, north)
        centers += [(x, y)] if contains_xy(shape, x, y) else []
    found: list[tuple[float, float]] = []
    while len(found) < recipe.rows:
        x, y = centers[min(int(chance.expovariate(0.35)), _CENTERS - 1)]
        x, y = chance.gauss(x, (east - west) * _SPREAD), chance.gauss(y, (north - south) * _SPREAD)
        found += [(y, x)] if contains_xy(shape, x, y) else []
    return found


def _row(at: int, start: datetime, place: tuple[float, float], today: date, chance: Random) -> _Row:
    end: datetime | None
    end = start + timedelta(days=chance.expovariate(0.05), minutes=20)
    recent = (today - start.date()).days < _STILL_OPEN
    if end.date() >= today or (recent and chance.choice((True, False))):
        end = None
    if _odd(at, _BACKWARDS):
        end = start - timedelta(days=400)
    before, due = (
        start - timedelta(days=chance.randrange(1, 90)),
        start + timedelta(days=chance.choice((7, 30, 180, 365))),
    )
    if _odd(at, _SENTINEL):
        start = datetime(1900, 1, 1)  # noqa: DTZ001 - as portals write it: a local time without a zone
    if _odd(at, _NO_PLACE):
        place = (0.0, 0.0)
    elif _odd(at, _ELSEWHERE):
        place = (place[0] + 1, place[1])
    key = None if _odd(at, _NO_KEY) else at - 1 if _odd(at, _TWICE) else at
    return _Row(at, key, start, before, end, due, place, chance)


def _cell(text: str, row: _Row) -> str:
    word, _, rest = text.partition(":")
    return _WORDS[word](rest, row)


def _id(form: str, row: _Row) -> str:
    return "" if row.key is None else form.format(n=row.key, year=row.before.year)


def _number(span: str, row: _Row) -> str:
    low, high = map(int, span.split("-"))
    return str(row.chance.randint(low, high))


def _money(span: str, row: _Row) -> str:
    """Sums are spread over powers of ten: most are small."""
    low, high = map(int, span.split("-"))
    return str(round(low * (high / low) ** row.chance.random()))


def _status(words: str, row: _Row) -> str:
    before, *after = words.split("|")
    return before if row.end is None else row.chance.choice(after)


def _note(_: str, row: _Row) -> str:
    return _NUMBER_IN_TEXT if _odd(row.number, _CALLS) else row.chance.choice(_NOTES)


_WORDS: Mapping[str, Callable[[str, _Row], str]] = {
    "": lambda _, __: "",
    "id": _id,
    "start": lambda form, row: row.start.strftime(form),
    "before": lambda form, row: row.before.strftime(form),
    "after": lambda form, row: row.end.strftime(form) if row.end else "",
    "due": lambda form, row: row.due.strftime(form),
    "lat": lambda _, row: f"{row.place[0]:.6f}",
    "lon": lambda _, row: f"{row.place[1]:.6f}",
    "point": lambda _, row: f"POINT ({row.place[1]:.6f} {row.place[0]:.6f})",
    "number": _number,
    "money": _money,
    "price": lambda span, row: f"${int(_money(span, row)):,}.00",
    "pick": lambda words, row: row.chance.choice(words.split("|")),
    "status": _status,
    "street": lambda _, row: row.chance.choice(_STREETS),
    "address": lambda _, row: f"{row.chance.randrange(1, 2900)} {row.chance.choice(_STREETS)}",
    "note": _note,
}
"""What a recipe may say of a column, before the colon: made from what stands behind it and from the row."""
