"""A comparison on two pages of letter paper: what one row is, the figures with what is missing, what to trust, who to cite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from commonground.errors import Usage
from commonground.pages import maps
from commonground.pages.charts import lines
from commonground.pages.charts.amounts import told, wording
from commonground.pages.maps.row import breaks, scale_words
from commonground.tables.showing import comparability, compared_data, compared_figures, comparing

if TYPE_CHECKING:
    from commonground.pages.charts import Chart
    from commonground.pages.maps import MapRow
    from commonground.tables.showing.comparability import Standing
    from commonground.tables.showing.comparing import Compared
    from commonground.tables.showing.standing import Rights

Form = dict[str, Any]
KINDS: Final = 6
"""Kinds that a brief shows; the others are one line together."""
ROOM: Final = 14
"""Cautions that the two pages hold over all cities; each city has one at least, and three at most."""
LINES: Final = 3
"""Cautions whose room one sentence about extracts takes."""
MOST: Final = 3
MOST_CITIES: Final = 8
"""More do not fit on two pages."""


@dataclass(frozen=True, slots=True)
class Course:
    """The numbers of a city's line: how many periods, the usual, highest, lowest and newest value, in words."""

    city: str
    periods: int
    usual: str
    highest: str
    lowest: str
    newest: str


def context(of: Compared) -> Form:
    """What the template needs. Raises `Usage` for more cities than two pages hold."""
    if len(of.cities) > MOST_CITIES:
        raise Usage(f"city: two pages hold {MOST_CITIES} cities, and {len(of.cities)} are asked for. Leave some out.")
    every, row = comparability.standings(of, brief=True), compared_figures.row_of_maps(of)
    found = dict(compared_figures.charts(of, KINDS))
    extracts = list(comparability.extracts(every))  # said on the second page: the first is full
    each, many = max(1, min(MOST, (ROOM - LINES * len(extracts)) // len(every))), len(every) > compared_figures.SHARED
    return {
        "of": of,
        "table": of.table,
        "standard": of.table.standard,
        "standings": [
            {
                "told": one,
                "sound": one.sound[: 2 if many else None],
                "cautions": one.cautions[:each],
                "more": len(one.cautions[each:]),
            }
            for one in every
        ],
        "used": [one.title for one in every[0].missing],
        "question": question(of),
        "unlike": comparability.unlike(of, every)[len(extracts) :],
        "extracts": extracts,
        "residents": compared_figures.residents(of),
        "time": _drawn(found["time"], of) if "time" in found else None,
        "kind": _bars(found["kind"]) if "kind" in found else None,
        "map": _maps(row) if row else None,
        "citation": compared_data.citation(of, terms=False),
        "page": compared_data.permanent(of),
        "licenses": [_rights(one) for one in every],
        "many": many,
        "some": len(every) > comparing.FEWEST,
    }


def question(of: Compared) -> str:
    """What a comparison answers, as one would ask it."""
    title = of.table.standard.title
    if not of.table.standard.time:
        return _("%(title)s: how many for each 1,000 residents, of what kind, and where?") % {"title": title}
    if of.per == "year":
        return _("%(title)s: how many a year for each 1,000 residents, of what kind, and where?") % {"title": title}
    return _("%(title)s: how many a month for each 1,000 residents, of what kind, and where?") % {"title": title}


def _drawn(chart: Chart, of: Compared) -> Form:
    """Small panels whatever their number: they print alike in gray."""
    return {
        "chart": chart,
        "panels": [{"name": one.name, "drawn": _safe(one.svg())} for one in lines.panels(chart, narrow=True)],
        "courses": [_course(of, slug) for slug in of.cities],
    }


def _course(of: Compared, slug: str) -> Course:
    found, city = of.periods(slug), of.cities[slug].name
    if not found:
        return Course(city, 0, *[_("Not known")] * 4)
    write, usual = wording(found), of.usual(slug) or 0.0
    high, low, newest = max(found, key=found.__getitem__), min(found, key=found.__getitem__), max(found)

    def said(rows: float) -> str:
        return compared_figures.rate_told(of.rated(slug, rows))

    def at(one: Any) -> str:  # noqa: ANN401 - a label of the chart
        return f"{said(found[one])} ({write(one)})"

    return Course(city, len(found), said(usual), at(high), at(low), at(newest))


def _bars(chart: Chart) -> Form:
    """Kinds down, cities across: in each cell a bar and its number."""
    rows = []
    values = [dict(one.points) for one in chart.series]
    for label in chart.labels():
        cells = [(told(one.get(label), "percent"), f"{min(100.0, one.get(label) or 0.0):.1f}") for one in values]
        rows.append((label, cells))
    return {"chart": chart, "cities": [one.name for one in chart.series], "rows": rows}


def _maps(row: MapRow) -> Form:
    return {
        "row": row,
        "cities": [
            {"name": one.city.name, "drawn": _safe(one.svg()), "caption": one.caption} for one in maps.drawings(row)
        ],
        "scale": scale_words(),
        "breaks": breaks(row).legend(),
    }


def _rights(one: Standing) -> Form:
    """A city's terms in one line each; the same terms of several sources once, wherever each source repeats them."""
    found: dict[tuple[str, str], list[Rights]] = {}
    for each in one.rights:
        found.setdefault((each.license, each.attribution), []).append(each)
    lines = []
    for (license_, attribution), some in found.items():
        urls = {each.url for each in some}
        url = urls.pop() if len(urls) == 1 else ""
        known = any(each.named for each in some)
        lines.append((license_, "" if known else url or some[0].terms, attribution))
    return {"city": one.city, "lines": lines}


def _safe(svg: str) -> SafeString:
    return mark_safe(svg)  # noqa: S308 - made by us; every text in it is escaped
