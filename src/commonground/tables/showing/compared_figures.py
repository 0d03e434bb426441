"""The charts and the maps of a comparison, each with what it leaves out and what it cannot say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commonground.pages.charts import Chart, Series
from commonground.pages.charts.amounts import told, wording
from commonground.standards.model import UNMAPPED
from commonground.tables.showing import figures

if TYPE_CHECKING:
    from datetime import date

    from commonground.pages.maps import MapRow
    from commonground.tables.showing.comparing import Compared
    from commonground.words import City

SHARED: Final = 4
"""So many cities share one plot; more are small panels."""
TOLD: Final = 3
"""So many months are named one by one."""
FEW_KINDS: Final = 10
LEAST: Final = 0.001
"""Rates below this are no number that a person compares."""
MAP: Final = "map"


def charts(of: Compared, kinds: int = FEW_KINDS) -> list[tuple[str, Chart]]:
    """The charts by name: over time, by kind. Those that the standard has no field for are not there."""
    found: list[tuple[str, Chart]] = []
    if of.table.standard.time:
        found.append(("time", over_time(of)))
    if of.table.standard.kind and of.any_kind.sums.rows:
        found.append(("kind", by_kind(of, kinds)))
    return found


def row_of_maps(of: Compared) -> MapRow | None:
    """Where the rows lie, every city at one scale; None where the standard has no place or no row is asked for."""
    return figures.maps(of.part, None if of.table.number == of.table.newest else of.table.number)


def residents(of: Compared) -> str:
    """How many residents each city has; whoever counted them, and when, is named once."""
    counted: dict[str, list[str]] = {}
    for city in of.cities.values():
        counted.setdefault(counted_by(city), []).append(f"{city.name} {city.population.count:,}")
    return ". ".join(f"{', '.join(cities)} ({who})" for who, cities in counted.items())


def counted_by(city: City) -> str:
    """Who counted a city's residents, with the year: `U.S. Census Bureau, 2020 Decennial Census, table P1`."""
    count = city.population
    return count.source if str(count.year) in count.source else f"{count.source}, {count.year}"


def rate_told(value: float | None) -> str:
    """A rate with two digits that say something, also below one: 4.1, 0.082; what is not known says so."""
    if value is None or value == 0 or abs(value) >= 1:
        return told(value, "rate")
    return f"{value:.2g}" if abs(value) >= LEAST else f"<{LEAST}"


def source(of: Compared) -> str:
    """Whose rows, of which release."""
    return _("%(cities)s. Table %(table)s, release %(number)s.") % {
        "cities": ", ".join(one.name for one in of.cities.values()),
        "table": of.table.standard.title,
        "number": of.table.number,
    }


def over_time(of: Compared) -> Chart:
    """Rows, or rows for each 1,000 residents, of each whole month or year."""
    standard = of.table.standard
    series = []
    periods = {slug: of.periods(slug) for slug in of.cities}
    labels = sorted({label for one in periods.values() for label in one})
    for slug, city in of.cities.items():
        known = periods[slug]
        points = tuple((day, _value(of, slug, known[day]) if day in known else None) for day in labels)
        series.append(Series(city.name, points, slug, city.short))
    field = standard.named[standard.time].title
    unit = _("Rows for each 1,000 residents, by “%(field)s”") if of.rate else _("Rows, by “%(field)s”")
    base = " " + _("Residents: %(counts)s.") % {"counts": residents(of)} if of.rate else ""
    return Chart(
        title(of),
        _("One row is %(grain)s.") % {"grain": standard.grain},
        unit % {"field": field},
        _("Year") if of.per == "year" else _("Month"),
        tuple(series),
        source(of) + base,
        " ".join(filter(None, [figures.undated(of.part, of.any_day), not_drawn(of)])),
        note=f"{_caution(of)} {gaps(of)}",
        # A city without a line would not be in a shared plot at all; its panel says that nothing is known.
        form="lines" if len(of.cities) <= SHARED and all(periods.values()) else "panels",
        measure="rate" if of.rate else "count",
    )


def _value(of: Compared, slug: str, rows: int) -> float:
    return of.rated(slug, rows) if of.rate else float(rows)


def title(of: Compared) -> str:
    """What the chart over time shows."""
    if of.rate:
        return (
            _("Rows a year for each 1,000 residents")
            if of.per == "year"
            else _("Rows a month for each 1,000 residents")
        )
    return _("Rows by year") if of.per == "year" else _("Rows by month")


def _caution(of: Compared) -> str:
    if of.rate:
        return _("Cities publish different parts of what happens: compare the course of a line, not its height alone.")
    return _("Larger cities have more rows: these counts rank nothing. See the rate for that.")


def gaps(of: Compared) -> str:
    """What a gap stands for."""
    if of.per == "year":
        return _("A gap is a year that a city's rows do not run through from begin to end: not zero, but not known.")
    return _("A gap is a month that a city's rows do not run through from begin to end: not zero, but not known.")


def not_drawn(of: Compared) -> str:
    """How many rows with a day are in no point of the lines, by city; nothing where all are."""
    each = []
    for slug, city in of.cities.items():
        dated = of.part.sums.cities[slug].dated if slug in of.part.sums.cities else 0
        if rest := dated - sum(of.periods(slug).values()):
            each.append(f"{city.name} {rest:,} ({told(100 * rest / dated, 'percent')})")
    if not each:
        return ""
    text = (
        _("Not drawn, because their year is not whole: %(each)s.")
        if of.per == "year"
        else _("Not drawn, because their month is not whole: %(each)s.")
    )
    return text % {"each": ", ".join(each)}


def left_out(of: Compared, slug: str) -> str:
    """The months with some rows that are not drawn, and rows long before the others."""
    found = of.coverages.get(slug)
    if found is None:
        return ""
    said = []
    if found.partial:
        rows = sum(found.months[one].rows for one in found.partial)
        text = ngettext(
            "%(rows)s rows of a month that is not whole (%(months)s) are not drawn.",
            "%(rows)s rows of %(n)s months that are not whole (%(months)s) are not drawn.",
            len(found.partial),
        )
        said.append(text % {"rows": f"{rows:,}", "n": len(found.partial), "months": listed(found.partial)})
    if found.stray and found.first:
        text = ngettext(
            "%(n)s row from before %(day)s is not drawn.", "%(n)s rows from before %(day)s are not drawn.", found.stray
        )
        said.append(text % {"n": f"{found.stray:,}", "day": wording([found.first])(found.first)})
    return " ".join(said)


def listed(months: tuple[date, ...]) -> str:
    """`Jan 2021, Feb 2021, Mar 2021 and 7 more`."""
    write = wording(months[:1])
    words = ", ".join(write(one) for one in months[:TOLD])
    rest = len(months) - TOLD
    return _("%(months)s and %(n)s more") % {"months": words, "n": rest} if rest > 0 else words


def by_kind(of: Compared, few: int = FEW_KINDS) -> Chart:
    """The share of each kind among a city's rows: of any kind, so that the shares of a city make a whole."""
    standard = of.table.standard
    labels = standard.codes(standard.kind)
    asked = of.any_kind.sums
    every: dict[str, float] = {}
    for slug, counts in asked.kinds.items():
        for code, rows in counts.items():
            every[code] = every.get(code, 0.0) + rows / asked.cities[slug].rows
    order = sorted((one for one in every if one != UNMAPPED), key=lambda one: (-every[one], one))
    first, rest = order[:few], order[few:]
    heads = [labels.get(one, one) for one in first]
    other = ngettext("%(n)s other kind", "%(n)s other kinds", len(rest)) % {"n": len(rest)}
    heads += [*([other] if rest else []), _("Without a code of ours"), _("No kind given")]
    series = []
    ends = len(heads) - 2
    for slug, city in of.cities.items():
        counts, total = asked.kinds.get(slug, {}), asked.cities[slug].rows if slug in asked.cities else 0
        values = [counts.get(one, 0) for one in first]
        values += [sum(counts.get(one, 0) for one in rest)] if rest else []
        values += [counts.get(UNMAPPED, 0), total - sum(counts.values())]
        shares = tuple((head, 100 * n / total if total else None) for head, n in zip(heads, values, strict=True))
        series.append(Series(city.name, shares, slug, city.short))
    series = _without_empty_ends(series, ends)
    return Chart(
        _("By kind: %(field)s") % {"field": standard.named[standard.kind].title.lower()},
        _("The share of a city's rows by the code that its own words were mapped to."),
        _("Percent of the city's rows"),
        standard.named[standard.kind].title,
        tuple(series),
        source(of) + " " + figures.codes(standard),
        figures.lacking(of.any_kind, _("have a kind with a code"), lambda one: one.coded),
        note=_(
            "Cities name kinds in their own words; a small code may be small only because a city has no word for it."
        ),
        form="bars",
        measure="percent",
    )


def _without_empty_ends(series: list[Series], ends: int) -> list[Series]:
    """Without the labels from a place on that are zero in every city: rows without a code, rows without a kind."""
    gone = {place for place in range(ends, ends + 2) if not any(one.points[place][1] for one in series)}
    kept = [tuple(point for place, point in enumerate(one.points) if place not in gone) for one in series]
    return [replace(one, points=points) for one, points in zip(series, kept, strict=True)]
