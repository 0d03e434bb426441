"""The clean step of one vintage: trimmed texts, instants, days and places, under short names of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from commonground.engine.clean import moments, places, texts
from commonground.engine.clean.moments import Reading
from commonground.engine.clean.places import Way
from commonground.engine.session import literal
from commonground.standards.crosswalk import Crosswalk, Expression, Vintage
from commonground.standards.model import FieldType, Standard

if TYPE_CHECKING:
    import duckdb
    from shapely.geometry.base import BaseGeometry

ROW: Final = "_row"
RAGGED: Final = "_ragged"
_TEMPORAL: Final = {"date", "datetime"}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time that the crosswalk asks for: how it is read, in which zone, and whether it is a day or an instant."""

    reading: Reading
    zone: str
    day: bool


@dataclass(slots=True)
class Cleaning:
    """What one vintage needs of its rows. Columns become `c0` …, instants `t0` … (`n0` …: no such time), days `d0` …,
    the place `lat`, `lon` and `trouble`. `zone` is the city's.
    """

    zone: str
    nothing: tuple[str, ...]
    columns: dict[str, str]
    ways: tuple[Any, ...]
    moments: dict[Moment, str] = field(default_factory=dict)

    @classmethod
    def of(cls, crosswalk: Crosswalk, vintage: Vintage, present: Sequence[str], zone: str) -> Cleaning:
        """Of a vintage of a crosswalk, for rows with these columns."""
        read = vintage.columns()
        used = [name for name in present if name in read]
        aliases = {name: f"c{place}" for place, name in enumerate(used)}
        return cls(zone, crosswalk.nothing, aliases, vintage.place)

    def text(self, column: str) -> str:
        """The name of a column's trimmed text; `KeyError` where the rows have no such column."""
        return self.columns[column]

    def moment(self, expression: Expression, kind: FieldType) -> str:
        """The name of the time that an expression reads, asked for now."""
        reading = Reading(
            self._source(expression),
            expression.formats,
            self.text(expression.time) if expression.time else "",
            expression.times,
        )
        asked = Moment(reading, expression.zone or self.zone, day=kind is FieldType.DATE)
        prefix = "d" if asked.day else "t"
        return self.moments.setdefault(asked, f"{prefix}{len(self.moments)}")

    def _source(self, expression: Expression) -> str:
        """SQL of the text in which a time is written: a column, or a part of one."""
        if expression.match:
            return f"nullif(regexp_extract({self.text(expression.match)}, {literal(expression.pattern)}, 1), '')"
        if expression.split:
            return f"nullif(trim(split_part({self.text(expression.split)}, {literal(expression.at)}, {expression.part})), '')"
        if expression.concat:
            return f"nullif(concat_ws({literal(expression.joiner)}, {', '.join(map(self._source, expression.parts()))}), '')"
        return self.text(expression.column or expression.date)

    def schema(self) -> dict[str, str]:
        """Name to Ibis type of what `cleaned` gives, once all times have been asked for."""
        found = dict.fromkeys(self.columns.values(), "string")
        for asked, name in self.moments.items():
            found[name] = "date" if asked.day else "timestamp('UTC', 6)"
            if not asked.day:
                found[never(name)] = "boolean"
        if self.ways:
            found |= {"lat": "float64", "lon": "float64", "trouble": "int8"}
        return {**found, ROW: "int64", RAGGED: "string"}

    def sql(self, relation: str) -> str:
        """The question to DuckDB about cleaned texts: walls and instants, and both numbers of each way to a place."""
        return f"SELECT {ROW}, {', '.join(self._asked())} FROM {relation}"

    def _asked(self) -> Iterator[str]:
        for asked, name in self.moments.items():
            yield f"{asked.reading.walls()} AS {name}_wall"
            yield f"{asked.reading.instants()} AS {name}_told"
        found = "false"  # a later way is gone only where none before led to a place
        for place, way in enumerate(self._ways()):
            first, second = f"p{place}_first", f"p{place}_second"
            yield f"CASE WHEN NOT {found} THEN {way.first} END AS {first}"
            yield f"CASE WHEN NOT {found} THEN {way.second} END AS {second}"
            yield f"{way.given} AS p{place}_given"
            if not way.epsg:
                found = f"({found} OR {places.sound(first, second)})"

    def _ways(self) -> Iterator[Way]:
        for one in self.ways:
            if not all(column in self.columns for column in one.columns()):
                continue
            if one.text:
                yield places.of_text(self.text(one.text))
            elif one.epsg:
                yield places.of_projected(self.text(one.x), self.text(one.y), one.epsg)
            else:
                yield places.of_degrees(self.text(one.latitude), self.text(one.longitude))

    def cleaned(self, session: duckdb.DuckDBPyConnection, rows: pa.Table, within: BaseGeometry | None) -> pa.Table:
        """Raw rows, cleaned, in their order. A place outside of `within` is left out, and `trouble` says so."""
        columns: dict[str, Any] = {name: rows[name] for name in (ROW, RAGGED)}
        columns |= {alias: texts.cleaned(rows[name], self.nothing) for name, alias in self.columns.items()}
        if not (self.moments or self.ways):
            return pa.table(columns)
        session.register("texts", pa.table(columns))
        found = session.sql(self.sql("texts")).to_arrow_table()
        session.unregister("texts")
        for asked, name in self.moments.items():
            walls, told = found[f"{name}_wall"], found[f"{name}_told"]
            if asked.day:
                columns[name] = moments.days(walls, told, asked.zone, self.zone)
            else:
                columns[name], columns[never(name)] = moments.instants(walls, told, asked.zone)
        if self.ways:
            columns |= self._placed(columns, found, within)
        return pa.table(columns)

    def _placed(self, columns: dict[str, Any], found: pa.Table, within: BaseGeometry | None) -> dict[str, Any]:
        ways = []
        given = np.zeros(len(found), dtype=bool)
        for place, way in enumerate(self._ways()):
            first, second = _numbers(found[f"p{place}_first"]), _numbers(found[f"p{place}_second"])
            ways.append(places.degrees(way.epsg, second, first) if way.epsg else (first, second))
            given |= found[f"p{place}_given"].to_numpy(zero_copy_only=False).astype(bool)
        shapes = [one.text for one in self.ways if one.text in self.columns]
        ways.extend(_areas(texts.plain(columns[self.text(one)])) for one in shapes)
        latitude, longitude, trouble = places.settled(ways, given, within)
        return {"lat": _floats(latitude), "lon": _floats(longitude), "trouble": pa.array(trouble)}


def _numbers(column: pa.ChunkedArray) -> places.Degrees:
    found = column.to_numpy(zero_copy_only=False)
    return np.asarray(found, dtype=np.float64)


def _floats(values: places.Degrees) -> pa.Array:
    return pa.array(values, mask=~np.isfinite(values))


def _areas(shapes: pa.ChunkedArray) -> tuple[places.Degrees, places.Degrees]:
    """A point inside of each geometry that is no point, where there is any."""
    import pyarrow.compute as pc

    latitude, longitude = np.full(len(shapes), np.nan), np.full(len(shapes), np.nan)
    mask = pc.fill_null(pc.match_substring_regex(shapes, '"type" ?: ?"(Multi|Poly|Line)'), fill_value=False)
    if pc.any(mask).as_py():
        where = mask.to_numpy(zero_copy_only=False)
        latitude[where], longitude[where] = places.middles(shapes.filter(mask))
    return latitude, longitude


def never(name: str) -> str:
    """The name of the column that says where an instant is of no time."""
    return name.replace("t", "n", 1)


def quoted(name: str) -> str:
    """A column's name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def variants(standard: Standard, vintage: Vintage) -> list[tuple[int, dict[str, Expression]]]:
    """The expressions of each row that a row becomes, by its number; one, numbered 0, where nothing is repeated."""
    named = {name: one for name, one in vintage.fields.items() if name in standard.named}
    if vintage.repeat is None:
        return [(0, named)]
    return [(n, {name: one.numbered(n) for name, one in named.items()}) for n in range(1, vintage.repeat.upto + 1)]


def temporal(expression: Expression, kind: FieldType) -> FieldType | None:
    """The type of time that an expression reads; None for all else."""
    if expression.cast in _TEMPORAL:
        return FieldType(expression.cast)
    if expression.cast is None and kind in {FieldType.DATE, FieldType.DATETIME}:
        return kind
    return None
