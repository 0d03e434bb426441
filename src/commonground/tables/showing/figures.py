"""The charts and the row of maps of a table, each with what it leaves out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commonground.cities.outlines import outline
from commonground.pages.charts import Chart, Series
from commonground.pages.charts.amounts import told
from commonground.pages.maps import CityMap, MapRow, polygons, sample
from commonground.standards.model import UNMAPPED
from commonground.tables.showing import sums

if TYPE_CHECKING:
    from commonground.pages.maps.model import Polygon
    from commonground.standards.model import Standard
    from commonground.tables.manifest import Table
    from commonground.tables.showing.sums import Sums
    from commonground.tables.showing.wanted import Wanted
    from commonground.words import City, Extent

FEW_KINDS: Final = 10
"""Kinds that a chart shows; the others are one bar together."""
DOTS: Final = 600
"""Where no city has more places than these, each row is a dot."""
SQUARE_M: Final = 1000
STRAY: Final = 0.005
"""Of all rows, so many may lie before the first month that is drawn: a few misread years make no axis of a century."""
_MONTHS_AS_DAYS: Final = 3
_MONTHS_AS_YEARS: Final = 180


@dataclass(frozen=True)
class Shown:
    """A table under a filter, with its cities."""

    table: Table
    wanted: Wanted
    cities: Mapping[str, City]
    sums: Sums

    @property
    def slugs(self) -> list[str]:
        """The cities that have rows under the filter, by name."""
        return sorted(self.sums.cities, key=lambda one: self.cities[one].name)

    @property
    def source(self) -> str:
        """Whose rows they are, of which release."""
        return _("%(cities)s. Table %(table)s, release %(number)s.") % {
            "cities": ", ".join(self.cities[one].name for one in self.slugs),
            "table": self.table.standard.title,
            "number": self.table.number,
        }


def shown(table: Table, wanted: Wanted, cities: Mapping[str, City]) -> Shown:
    """Count, and have at hand."""
    return Shown(table, wanted, cities, sums.sums(table, wanted))


def charts(of: Shown) -> list[tuple[str, Chart]]:
    """The charts of a table by name; those that its standard has no field for are not there."""
    found: list[tuple[str, Chart]] = []
    if of.table.standard.time and any(of.sums.months.values()):
        over = _over(of)
        found += [("time", _by_time(of, over)), ("rate", _by_rate(of, over))]
    if of.table.standard.kind and any(of.sums.kinds.values()):
        found.append(("kind", _by_kind(of)))
    return found


def lacking(of: Shown, what: str, known: Callable[[sums.Sum], int]) -> str:
    """What a figure leaves out, by city, beside how many rows there are."""
    missing = {slug: one.rows - known(one) for slug, one in of.sums.cities.items()}
    total = sum(missing.values())
    if not total:
        return _("Nothing is missing: all %(rows)s rows %(what)s.") % {"rows": f"{of.sums.rows:,}", "what": what}
    each = ", ".join(
        f"{of.cities[slug].name} {missing[slug]:,} ({told(100 * missing[slug] / of.sums.cities[slug].rows, 'percent')})"
        for slug in of.slugs
        if missing[slug]
    )
    text = _("Missing: %(missing)s of %(rows)s rows do not %(what)s. %(each)s.")
    return text % {"missing": f"{total:,}", "rows": f"{of.sums.rows:,}", "what": what, "each": each}


def undated(of: Shown, any_day: Shown) -> str:
    """How many rows do not say the day. They are counted over rows of any day (`any_day`): none is in a time that is asked for."""
    text = lacking(any_day, _("say the day"), lambda one: one.dated)
    if not (of.wanted.first or of.wanted.last):
        return text
    more = _("That is counted over rows of any day, of which %(rows)s are in the time asked for.")
    return f"{text} {more % {'rows': f'{of.sums.rows:,}'}}"


def _of_any_day(of: Shown) -> Shown:
    """The same rows, of whatever day, and those without one."""
    if not (of.wanted.first or of.wanted.last):
        return of
    return shown(of.table, replace(of.wanted, first=None, last=None), of.cities)


@dataclass(frozen=True)
class _Over:
    """Rows by city and label of time; before the first label lie `stray` rows, which are not drawn."""

    step: str
    counts: Mapping[str, Mapping[date, int]]
    stray: int


def _over(of: Shown) -> _Over:
    months = of.sums.months
    every: Counter[date] = Counter()
    for one in months.values():
        every.update(one)
    begin, stray = _begin(every)
    kept = {slug: {day: n for day, n in one.items() if day >= begin} for slug, one in months.items()}
    span = (max(every).year - begin.year) * 12 + max(every).month - begin.month + 1
    step = of.wanted.by or ("day" if span <= _MONTHS_AS_DAYS else "year" if span > _MONTHS_AS_YEARS else "month")
    if step == "day":
        found = sums.days(of.table, of.wanted)
        return _Over(
            step, {slug: {day: n for day, n in one.items() if day >= begin} for slug, one in found.items()}, stray
        )
    if step == "year":
        return _Over(step, {slug: _years(one) for slug, one in kept.items()}, stray)
    return _Over(step, kept, stray)


def _begin(months: Counter[date]) -> tuple[date, int]:
    """The first month that is drawn, and how many rows lie before it."""
    most, before = sum(months.values()) * STRAY, 0
    order = sorted(months)
    for month in order:
        if before + months[month] > most:
            return month, before
        before += months[month]
    return order[0], 0


def _years(months: Mapping[date, int]) -> dict[date, int]:
    found: Counter[date] = Counter()
    for month, n in months.items():
        found[date(month.year, 1, 1)] += n
    return dict(found)


def _series(of: Shown, over: _Over, value: Callable[[City, int], float]) -> tuple[Series, ...]:
    labels = sorted({day for one in over.counts.values() for day in one})
    found = []
    for slug in of.slugs:
        city, counts = of.cities[slug], over.counts.get(slug, {})
        points = tuple((day, value(city, counts[day]) if day in counts else None) for day in labels)
        found.append(Series(city.name, points, slug, city.short))
    return tuple(found)


def _words(step: str) -> tuple[str, str, str]:
    """Of a step of time: the head of its column, a title, a title of the rate."""
    return {
        "day": (_("Day"), _("Rows by day"), _("Rows a day for each 1,000 residents")),
        "month": (_("Month"), _("Rows by month"), _("Rows a month for each 1,000 residents")),
        "year": (_("Year"), _("Rows by year"), _("Rows a year for each 1,000 residents")),
    }[step]


def _gaps(over: _Over) -> str:
    text = _("A gap is a time of which the city's extract has no row.")
    if over.stray:
        more = ngettext("%(n)s row from before is not drawn.", "%(n)s rows from before are not drawn.", over.stray) % {
            "n": f"{over.stray:,}"
        }
        return f"{text} {more}"
    return text


def _by_time(of: Shown, over: _Over) -> Chart:
    standard = of.table.standard
    head, title, _rate = _words(over.step)
    field = standard.named[standard.time].title
    return Chart(
        title,
        _("One row is %(grain)s.") % {"grain": standard.grain},
        _("Rows, by “%(field)s”") % {"field": field},
        head,
        _series(of, over, lambda _city, n: float(n)),
        of.source,
        undated(of, _of_any_day(of)),
        note=_("The dark line is the city; gray lines are the others.") + " " + _gaps(over),
    )


def _by_rate(of: Shown, over: _Over) -> Chart:
    standard = of.table.standard
    head, _title, title = _words(over.step)
    return Chart(
        title,
        _("Rows divided by residents, so that large and small cities can be compared."),
        _("Rows for each 1,000 residents, by “%(field)s”") % {"field": standard.named[standard.time].title},
        head,
        _series(of, over, lambda city, n: 1000 * n / city.population.count),
        f"{of.source} {_residents([of.cities[one] for one in of.slugs])}",
        undated(of, _of_any_day(of)),
        measure="rate",
        note=_("Cities publish different parts of what happens: compare the course of a line, not its height alone."),
    )


def _residents(cities: Sequence[City]) -> str:
    """How many live in each city, with source and year, each source once."""
    found: dict[str, list[str]] = {}
    for city in cities:
        source, year = city.population.source, str(city.population.year)
        told = source if year in source else f"{source}, {year}"
        found.setdefault(told, []).append(f"{city.name} {city.population.count:,}")
    each = "; ".join(f"{', '.join(names)} ({source})" for source, names in found.items())
    return _("Residents: %(each)s.") % {"each": each}


def _by_kind(of: Shown) -> Chart:
    standard = of.table.standard
    labels = standard.codes(standard.kind)
    every: Counter[str] = Counter()
    for slug, one in of.sums.kinds.items():
        total = of.sums.cities[slug].rows
        every.update({code: n / total for code, n in one.items() if code != UNMAPPED})
    first = [code for code, _n in every.most_common(FEW_KINDS)]
    rest = len(every) - len(first)
    other, unmapped, none = _("%(n)s other kinds") % {"n": rest}, _("Unmapped"), _("No kind given")
    found = []
    for slug in of.slugs:
        counts, total = of.sums.kinds.get(slug, {}), of.sums.cities[slug].rows
        points = [(labels.get(code, code), 100 * counts.get(code, 0) / total) for code in first]
        if rest:
            points.append((other, 100 * sum(n for one, n in counts.items() if one not in (*first, UNMAPPED)) / total))
        points.append((unmapped, 100 * counts.get(UNMAPPED, 0) / total))
        points.append((none, 100 * (total - sum(counts.values())) / total))
        found.append(Series(of.cities[slug].name, tuple(points), slug, of.cities[slug].short))
    kept = _without_zeros(found, {unmapped, none})
    return Chart(
        _("By kind: %(field)s") % {"field": standard.named[standard.kind].title.lower()},
        _("The share of a city's rows by the code that its own words were mapped to."),
        _("Percent of the city's rows"),
        standard.named[standard.kind].title,
        kept,
        of.source + " " + codes(standard),
        lacking(of, _("have a kind with a code"), lambda one: one.coded),
        form="bars",
        measure="percent",
    )


def codes(standard: Standard) -> str:
    """Where the codes of the kind come from."""
    return _("Codes: %(source)s.") % {"source": standard.codelists[standard.named[standard.kind].codelist].source}


def _without_zeros(series: Sequence[Series], labels: set[str]) -> tuple[Series, ...]:
    """The series without those of the labels that are zero everywhere."""
    gone = {one for one in labels if not any(value for each in series for label, value in each.points if label == one)}
    return tuple(
        Series(one.name, tuple(point for point in one.points if point[0] not in gone), one.city, one.short)
        for one in series
    )


def maps(of: Shown, release: int | None = None) -> MapRow | None:
    """The row of maps; None where the standard has no place."""
    standard = of.table.standard
    if not standard.has_place or not of.sums.rows:
        return None
    dots = all(one.placed <= DOTS for one in of.sums.cities.values())
    drawn = tuple(_map(of, slug, release, dots=dots) for slug in of.slugs)
    return MapRow(
        _("Where"),
        _("One row is %(grain)s.") % {"grain": standard.grain},
        _("Each dot is one row.") if dots else _("Rows in a square of 1 km (0.6 mi)."),
        drawn,
        of.source,
        lacking(of, _("have a place"), lambda one: one.placed),
        note=_("Places are those that the city published: often the block or the corner."),
        kind="dots" if dots else "grid",
    )


def _map(of: Shown, slug: str, release: int | None, *, dots: bool) -> CityMap:
    city, counted = of.cities[slug], of.sums.cities[slug]
    found = sums.points(of.table, of.wanted, city) if dots and counted.placed else ()
    cells = () if dots or not counted.placed else sums.squares(of.table, of.wanted, city, SQUARE_M)
    url = reverse("table-city", args=[of.table.standard.name, slug])
    return CityMap(
        slug,
        city.name,
        counted.rows,
        counted.placed,
        outlined(slug, city.extent),
        found,
        cells,
        _("No coordinates in this extract"),
        f"{url}?release={release}" if release else url,
    )


@cache
def outlined(slug: str, extent: Extent) -> tuple[Polygon, ...]:
    """The outline of a city, as maps are drawn from it."""
    return polygons(outline(slug, extent))


__all__ = ["Shown", "charts", "lacking", "maps", "outlined", "sample", "shown", "undated"]
