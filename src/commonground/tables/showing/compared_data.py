"""A comparison as data: the JSON and CSV twins of its page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.urls import reverse

from commonground.pages import charts, maps
from commonground.pages.addresses import absolute
from commonground.tables.showing import comparability, compared_figures, standing

if TYPE_CHECKING:
    from commonground.pages.charts import Chart
    from commonground.pages.maps import MapRow
    from commonground.tables.showing.comparability import Standing
    from commonground.tables.showing.comparing import Compared

Form = dict[str, Any]
COLUMNS: Final = (
    *("figure", "city", "label", "rows", "per_1000_residents", "percent_of_rows"),
    *("rows_of_city", "rows_missing", "residents", "residents_year", "residents_source"),
)


def form(of: Compared) -> Form:
    """All that the page says."""
    every = comparability.standings(of)
    wanted, stretch = of.wanted, of.stretch
    return {
        "table": of.table.standard.name,
        "title": of.table.standard.title,
        "grain": of.table.standard.grain,
        "standard": of.table.standard.id,
        "release": of.table.number,
        "published": of.table.at,
        "asked": {
            "cities": list(of.cities),
            "kind": wanted.kind or None,
            "from": wanted.first,
            "to": wanted.last,
            "per": of.per,
            "rate": of.rate,
        },
        "comparable": {
            "cautions": comparability.unlike(of, every),
            "months_whole_in_all": len(of.common),
            "from": stretch[0] if stretch else None,
            "to": stretch[1] if stretch else None,
        },
        "cities": [_city(one, of) for one in every],
        "charts": {name: _figure(chart) for name, chart in compared_figures.charts(of)},
        "map": _map(compared_figures.row_of_maps(of)),
        "citation": citation(of),
        "url": permanent(of),
    }


def permanent(of: Compared) -> str:
    """The address of this comparison over this release, for ever."""
    return absolute(reverse("compare-cities", args=[of.table.standard.name]) + of.query(release=of.table.number))


def citation(of: Compared, *, terms: bool = True) -> str:
    """One line that names whose rows, which table and release, where, and on what terms."""
    return standing.citation(of.table, of.cities.values(), permanent(of), terms=terms)


def _city(one: Standing, of: Compared) -> Form:
    population, coverage = one.city.population, one.coverage
    return {
        "city": one.slug,
        "name": one.city.name,
        "rows": one.rows,
        "rows_in_table": one.all_rows,
        "first": coverage.first if coverage else None,
        "newest": coverage.newest if coverage else None,
        "periods_whole": one.periods if coverage else None,
        "rows_in_usual_period": one.usual,
        "per_1000_residents": one.rated,
        "residents": {"count": population.count, "year": population.year, "source": population.source},
        "remainder": {
            each.field: {"rows": each.rows, "missing": each.missing, "given": each.given, "lost": each.lost}
            for each in one.missing
        },
        "values": {"given": one.whole.given, "lost": one.whole.lost},
        "cautions": list(one.cautions),
        "crosswalk": one.note,
        "rights": standing.rights_form(of.table.cities[one.slug]),
    }


def _figure(chart: Chart) -> Form:
    numbers = charts.numbers(chart)
    return {
        "title": chart.title,
        "unit": chart.unit,
        "columns": list(numbers.header),
        "rows": [list(one) for one in numbers.rows],
        "remainder": chart.remainder_note,
        "note": chart.note,
        "source": chart.source,
    }


def _map(row: MapRow | None) -> Form | None:
    if row is None:
        return None
    numbers = maps.numbers(row)
    return {
        "unit": row.unit,
        "columns": list(numbers.header),
        "rows": [list(one) for one in numbers.rows],
        "remainder": row.remainder_note,
        "source": row.source,
    }


def cells(of: Compared) -> Iterator[Sequence[object]]:
    """The numbers one by one, with the remainder beside each: of whole months or years, and of kinds."""
    for slug, city in of.cities.items():
        population = city.population
        base = (population.count, population.year, population.source)
        dated = of.any_day.sums.cities.get(slug)
        for label, rows in of.periods(slug).items():
            told = label.isoformat()[: 4 if of.per == "year" else 7]
            remainder = (dated.rows, dated.rows - dated.dated) if dated else (None, None)
            yield ("time", slug, told, rows, round(of.rated(slug, rows), 4), None, *remainder, *base)
        coded = of.any_kind.sums.cities.get(slug)
        for code, rows in of.any_kind.sums.kinds.get(slug, {}).items():
            if coded:
                share = round(100 * rows / coded.rows, 3)
                yield ("kind", slug, code, rows, None, share, coded.rows, coded.rows - coded.coded, *base)
