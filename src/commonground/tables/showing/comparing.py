"""Two or more cities in one table: which times each of them covers, and the figures that can be set side by side.

A month counts only where a city's rows run through it from its begin to its end; other months are gaps, not zeros.
Cities stand in the order of their names and are never ranked: their rows are different parts of what happens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from commonground.engine.session import literal
from commonground.errors import Usage
from commonground.standards.model import CITY, UNMAPPED
from commonground.tables.build.cleaning import quoted
from commonground.tables.showing import figures, sums
from commonground.tables.showing import wanted as asking

if TYPE_CHECKING:
    from django.http import QueryDict

    from commonground.tables.manifest import Table
    from commonground.tables.showing.figures import Shown
    from commonground.tables.showing.sums import Sum
    from commonground.tables.showing.wanted import Wanted
    from commonground.words import City

FEWEST: Final = 2
"""Cities of a comparison."""
STEPS: Final = ("month", "year")
STRAY: Final = 0.005
"""Of a city's rows, so many may lie before its first month that counts: a few misread years make no axis of a century."""
EDGE: Final = timedelta(days=2)
"""So many days without rows may stand at the begin and the end of the first and the last month of a run: weekends."""
_DECEMBER: Final = 12


@dataclass(frozen=True, slots=True)
class Filled:
    """A month of a city: how many rows of any kind, and the first and last day of them."""

    rows: int
    first: date
    last: date


@dataclass(frozen=True)
class Coverage:
    """The time that a city's rows cover. `months` are those from the first that counts; before them lie `stray` rows."""

    months: Mapping[date, Filled]
    stray: int = 0

    @property
    def first(self) -> date | None:
        """The first day that counts."""
        return min((one.first for one in self.months.values()), default=None)

    @property
    def newest(self) -> date | None:
        """The newest day."""
        return max((one.last for one in self.months.values()), default=None)

    @cached_property
    def whole(self) -> frozenset[date]:
        """Months that rows run through from begin to end; beside a gap their first and last days must be there."""
        return frozenset(month for month, one in self.months.items() if self._runs_through(month, one))

    @cached_property
    def partial(self) -> tuple[date, ...]:
        """Months with some rows that are not whole, in order."""
        return tuple(sorted(self.months.keys() - self.whole))

    @cached_property
    def missing(self) -> tuple[date, ...]:
        """Months between the first and the last without any row, in order."""
        if not self.months:
            return ()
        found, month, last = [], min(self.months), max(self.months)
        while month < last:
            if month not in self.months:
                found.append(month)
            month = after(month)
        return tuple(found)

    def _runs_through(self, month: date, one: Filled) -> bool:
        begins = before(month) in self.months or one.first <= month + EDGE
        ends = after(month) in self.months or one.last >= after(month) - timedelta(days=1) - EDGE
        return begins and ends


def after(month: date) -> date:
    """The first day of the month after."""
    return date(month.year + month.month // _DECEMBER, month.month % _DECEMBER + 1, 1)


def before(month: date) -> date:
    """The first day of the month before."""
    return (month - timedelta(days=1)).replace(day=1)


def coverages(table: Table, cities: Sequence[str], kind: str = "") -> dict[str, Coverage]:
    """What each city covers, whatever days are asked of it; {} where rows have no day.

    Where one kind is asked for, a month in which all of a city's rows are of one other kind tells nothing of it: what
    the city published of that month is a selection.
    """
    if not table.standard.time:
        return {}
    time = quoted(table.standard.time)
    rows = sums.question(
        [table.cities[one].rows for one in cities],
        f"SELECT {CITY} AS city, date_trunc('month', {time})::DATE AS month, count(*)::BIGINT AS n, min({time}) AS first,"
        f" max({time}) AS last FROM {{rows}} WHERE {time} IS NOT NULL GROUP BY ALL{_telling(table, kind)} ORDER BY 1, 2",
    )
    found: dict[str, dict[date, Filled]] = {one: {} for one in cities}
    for one in rows:
        found[one["city"]][one["month"]] = Filled(one["n"], one["first"], one["last"])
    return {city: _main(months) for city, months in found.items()}


def _telling(table: Table, kind: str) -> str:
    if not (kind and table.standard.kind):
        return ""
    column = quoted(table.standard.kind)
    return f" HAVING count(DISTINCT {column}) > 1 OR bool_or({column} = {literal(kind)})"


def _main(months: Mapping[date, Filled]) -> Coverage:
    """Without the few first rows that lie far back."""
    most, passed = sum(one.rows for one in months.values()) * STRAY, 0
    order = sorted(months)
    for month in order:
        if passed + months[month].rows > most:
            return Coverage({one: months[one] for one in order if one >= month}, passed)
        passed += months[month].rows
    return Coverage({})


@dataclass(frozen=True)
class Compared:
    """A comparison under a filter.

    `part` are the rows asked for. `any_day` are those of any day (also of none), so that what has no day is counted
    where days are asked for; `any_kind` those of any kind, to tell kinds apart.
    """

    table: Table
    wanted: Wanted
    per: str
    rate: bool
    cities: Mapping[str, City]
    coverages: Mapping[str, Coverage]
    part: Shown
    any_day: Shown
    any_kind: Shown

    def sum_of(self, slug: str) -> Sum:
        """The rows of a city that are asked for; zeros where there is none."""
        return self.part.sums.cities.get(slug, sums.Sum())

    def residents(self, slug: str) -> int:
        """Of a city, as its file counts them."""
        return self.cities[slug].population.count

    def periods(self, slug: str) -> dict[date, int]:
        """Rows by each whole month or year that a city covers and that is asked for. 0 is a true zero: other rows are there."""
        months = self._months(slug)
        if self.per == "month":
            return months
        found: Counter[date] = Counter()
        held = Counter(month.year for month in months)
        for month, rows in months.items():
            if held[month.year] == _DECEMBER:
                found[date(month.year, 1, 1)] += rows
        return dict(found)

    def _months(self, slug: str) -> dict[date, int]:
        counts = self.part.sums.months.get(slug, {})
        first, last = self.wanted.first or date.min, self.wanted.last or date.max
        return {
            month: counts.get(month, 0)
            for month in sorted(self.coverages[slug].whole if slug in self.coverages else ())
            if first <= month and after(month) - timedelta(days=1) <= last
        }

    def rated(self, slug: str, rows: float) -> float:
        """Rows for each 1,000 residents."""
        return 1000 * rows / self.residents(slug)

    def usual(self, slug: str) -> float | None:
        """The median of its periods; None where none is whole."""
        found = self.periods(slug)
        return float(median(found.values())) if found else None

    @cached_property
    def common(self) -> tuple[date, ...]:
        """Months that are whole in every city, whatever days are asked for, in order."""
        every = [one.whole for one in self.coverages.values()]
        return tuple(sorted(frozenset.intersection(*every))) if every else ()

    @cached_property
    def stretch(self) -> tuple[date, date] | None:
        """The longest run of months that all cities cover, as first and last day."""
        best: tuple[int, date, date] | None = None
        run: list[date] = []
        for month in self.common:
            run = [*run, month] if run and after(run[-1]) == month else [month]
            if best is None or len(run) >= best[0]:
                best = (len(run), run[0], after(run[-1]) - timedelta(days=1))
        return best[1:] if best else None

    @property
    def aligned(self) -> bool:
        """Whether each city has all the periods that any of them has."""
        return len({frozenset(self.periods(one)) for one in self.cities}) <= 1

    def unmapped(self, slug: str) -> float | None:
        """Percent of a city's rows whose kind has a word of the city, but no code of ours; None without rows or kinds."""
        total = self.any_kind.sums.cities.get(slug, sums.Sum()).rows
        if not total or not self.table.standard.kind:
            return None
        return 100 * self.any_kind.sums.kinds.get(slug, {}).get(UNMAPPED, 0) / total

    def query(self, **more: Any) -> str:  # noqa: ANN401 - whatever stands in an address
        """The comparison as a query string."""
        return self.wanted.query(**{"by": "", "per": self.per, "rate": "1" if self.rate else "0", **more})


def asked(query: QueryDict, table: Table) -> tuple[Wanted, str, bool]:
    """What an address asks: rows, step of time, and whether by residents. Raises `Usage`."""
    found = asking.wanted(query, table.standard, table.cities)
    per, rate = query.get("per", "") or "month", query.get("rate", "") or "1"
    if per not in STEPS:
        raise Usage(f"per: “{per[:60]}” is no step of time here. Write month or year.")
    if rate not in {"0", "1"}:
        raise Usage(f"rate: “{rate[:60]}” is neither 1 (for each 1,000 residents) nor 0 (rows).")
    return found, per, rate == "1"


def compared(
    table: Table, wanted: Wanted, known: Mapping[str, City], per: str = "month", *, rate: bool = True
) -> Compared:
    """Count all that a comparison says. Raises `Usage` for fewer than two cities."""
    if len(wanted.cities) < FEWEST:
        raise Usage("city: a comparison needs two cities or more. Write city= once for each.")
    members = {slug: city for slug, city in known.items() if slug in wanted.cities}
    return Compared(
        table,
        wanted,
        per,
        rate,
        members,
        coverages(table, tuple(members), wanted.kind),
        figures.shown(table, wanted, known),
        figures.shown(table, replace(wanted, first=None, last=None), known),
        figures.shown(table, replace(wanted, kind=""), known),
    )
