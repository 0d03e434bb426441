"""Rows of a release counted: by city, by month, by kind, by square of a grid. Kept in memory, the least used go first.

What is kept is known by the files and when they were last written, so that a row which a city takes back is gone from
the sums as it is from the files.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar

from commonground.engine.session import literal, private
from commonground.pages.maps import Cell, Lattice
from commonground.standards.model import CITY
from commonground.tables.build.cleaning import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from commonground.tables.manifest import Table
    from commonground.tables.showing.wanted import Wanted
    from commonground.words import City

KEPT: Final = 256
"""Answers in memory; one is some ten thousand numbers at most."""
_T = TypeVar("_T")


class Kept:
    """Answers by question, `most` of them; the one not asked for longest goes first. Threads may share it."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """The answer that is held, or a new one."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                found: _T = self._held[key]
                return found
        made = make()  # outside of the lock: others are not kept waiting
        with self._lock:
            self._held[key] = made
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return made


KEPT_HERE: Final = Kept()


@dataclass(frozen=True, slots=True)
class Sum:
    """Of one city: rows that were asked for, and how many of them have a day, a place, a kind with a code."""

    rows: int = 0
    dated: int = 0
    placed: int = 0
    coded: int = 0


@dataclass(frozen=True)
class Sums:
    """Rows counted by city; by city and month (its first day); by city and code of the kind."""

    cities: Mapping[str, Sum] = field(default_factory=dict)
    months: Mapping[str, Mapping[date, int]] = field(default_factory=dict)
    kinds: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Of all cities."""
        return sum(one.rows for one in self.cities.values())


def state(paths: Iterable[Path]) -> Hashable:
    """What tells the content of files apart: where they lie, when they were written, how long they are."""
    found = []
    for path in paths:
        told = path.stat()
        found.append((str(path), told.st_mtime_ns, told.st_size))
    return tuple(found)


def read(paths: Iterable[Path]) -> str:
    """The files as a relation in SQL."""
    return f"read_parquet([{', '.join(literal(str(one)) for one in paths)}])"


def asked(table: Table, wanted: Wanted) -> tuple[Path, ...]:
    """The files that may have rows which are asked for."""
    return tuple(one.rows for slug, one in table.cities.items() if not wanted.cities or slug in wanted.cities)


def sums(table: Table, wanted: Wanted) -> Sums:
    """The counts of a release under a filter."""
    paths = asked(table, wanted)
    narrowed = (wanted.cities, wanted.kind, wanted.first, wanted.last)
    return KEPT_HERE.get(("sums", state(paths), narrowed), lambda: _sums(table, wanted, paths))


def _sums(table: Table, wanted: Wanted, paths: tuple[Path, ...]) -> Sums:
    standard = table.standard
    time = quoted(standard.time) if standard.time else "NULL::DATE"
    kind = quoted(standard.kind) if standard.kind else "NULL::VARCHAR"
    place = "latitude" if standard.has_place else "NULL"
    if not paths:
        return Sums()
    with private() as session:
        session.execute(
            f"CREATE TEMP TABLE cube AS SELECT {CITY} AS city, date_trunc('month', {time})::DATE AS month, {kind} AS kind,"
            f" count(*) AS n, count({place}) AS placed FROM {read(paths)} WHERE {wanted.where(standard)} GROUP BY ALL"
        )
        whole = session.execute(
            "SELECT city, sum(n)::BIGINT, coalesce(sum(n) FILTER (month IS NOT NULL), 0)::BIGINT, sum(placed)::BIGINT,"
            " coalesce(sum(n) FILTER (kind <> 'unmapped'), 0)::BIGINT FROM cube GROUP BY 1 ORDER BY 1"
        ).fetchall()
        months = session.execute(
            "SELECT city, month, sum(n)::BIGINT FROM cube WHERE month IS NOT NULL GROUP BY ALL ORDER BY 1, 2"
        ).fetchall()
        kinds = session.execute(
            "SELECT city, kind, sum(n)::BIGINT FROM cube WHERE kind IS NOT NULL GROUP BY ALL ORDER BY 1, 3 DESC, 2"
        ).fetchall()
    return Sums({city: Sum(*rest) for city, *rest in whole}, _nested(months), _nested(kinds))


def days(table: Table, wanted: Wanted) -> Mapping[str, Mapping[date, int]]:
    """Rows by city and day: for spans of some weeks."""
    paths, time = asked(table, wanted), quoted(table.standard.time)
    narrowed = (wanted.cities, wanted.kind, wanted.first, wanted.last)

    def make() -> Mapping[str, Mapping[date, int]]:
        with private() as session:
            found = session.execute(
                f"SELECT {CITY}, {time}, count(*) FROM {read(paths)}"
                f" WHERE {wanted.where(table.standard)} AND {time} IS NOT NULL GROUP BY ALL ORDER BY 1, 2"
            ).fetchall()
        return _nested(found)

    return KEPT_HERE.get(("days", state(paths), narrowed), make)


def _nested(rows: Iterable[tuple[str, Any, int]]) -> dict[str, dict[Any, int]]:
    found: dict[str, dict[Any, int]] = {}
    for city, label, count in rows:
        found.setdefault(city, {})[label] = count
    return found


def squares(table: Table, wanted: Wanted, city: City, size_m: int) -> tuple[Cell, ...]:
    """The squares of a grid over a city that hold rows, with their number."""
    path = table.cities[city.slug].rows
    lattice = Lattice(city.latitude, size_m)
    narrowed = (wanted.kind, wanted.first, wanted.last, size_m)

    def make() -> tuple[Cell, ...]:
        across, up = lattice.sql("longitude", "latitude")
        with private() as session:
            found = session.execute(
                f"SELECT {across} AS x, {up} AS y, count(*) FROM {read([path])}"
                f" WHERE {wanted.where(table.standard)} AND latitude IS NOT NULL GROUP BY ALL ORDER BY ALL"
            ).fetchall()
        return tuple(lattice.cell(x, y, n) for x, y, n in found)

    return KEPT_HERE.get(("squares", state([path]), narrowed), make)


def points(table: Table, wanted: Wanted, city: City) -> tuple[tuple[float, float], ...]:
    """Longitude and latitude of every row of a city that has a place; for few rows only."""
    path = table.cities[city.slug].rows
    narrowed = (wanted.kind, wanted.first, wanted.last)

    def make() -> tuple[tuple[float, float], ...]:
        with private() as session:
            found = session.execute(
                f"SELECT longitude, latitude FROM {read([path])}"
                f" WHERE {wanted.where(table.standard)} AND latitude IS NOT NULL ORDER BY _order"
            ).fetchall()
        return tuple((x, y) for x, y in found)

    return KEPT_HERE.get(("points", state([path]), narrowed), make)


def question(
    paths: Iterable[Path], sql: str, parameters: Iterable[object] = (), *, keep: bool = True
) -> list[dict[str, Any]]:
    """The answer to a question about files, a dict a row; `{rows}` in it is their relation."""
    files, given = tuple(paths), tuple(parameters)

    def make() -> list[dict[str, Any]]:
        with private() as session:
            answer = session.sql(sql.replace("{rows}", read(files)), params=list(given))
            found: list[dict[str, Any]] = answer.to_arrow_table().to_pylist()
            return found

    return KEPT_HERE.get(("question", state(files), sql, given), make) if keep else make()
