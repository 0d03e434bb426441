"""The search page: its address as a query, and the answer as what the template shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from django.http import QueryDict
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commonground.catalog import browse, overview, related
from commonground.catalog.search import Count, Hit, Query, Results
from commonground.catalog.search.query import FACETS, LIMIT, ORDERS
from commonground.catalog.spoken import word
from commonground.pages.paging import Paging, asked
from commonground.pages.templatetags.pages import short_day
from commonground.pages.twins import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from commonground.catalog.models import Dataset

Form = dict[str, Any]

SHOWN_VALUES: Final = 7
MOST_VALUES: Final = 24
THEMES_SHOWN: Final = 16
YEAR: Final = 365
NO_FILTER: Final = frozenset({"page", "size", "lang", "limit", "offset"})
CSV_COLUMNS: Final = (
    "id",
    "city",
    "portal",
    "host",
    "native_id",
    "title",
    "kind",
    "publisher",
    "license",
    "updated",
    "columns",
    "row_count",
    "landing_page",
    "url",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as its address asks it: the query, the page of it, and the parts that mean nothing."""

    query: Query
    paging: Paging
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet: a link that adds it, or takes it out where it is chosen.

    `id` stays with the value, so that the keyboard stays on it when the results are swapped.
    """

    id: str
    label: str
    count: int
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet; `more` holds the values after the first few."""

    name: str
    choices: list[Choice]
    more: list[Choice]


def read(given: QueryDict) -> Asked:
    """What a query string asks for. Nothing in it is an error; what means nothing is kept to be told."""
    pairs = [(name, str(value)) for name, values in given.lists() if name not in NO_FILTER for value in values]
    query, notes = Query.read(pairs)
    paging = asked(given)
    ignored = tuple(f"{note.name}={note.value}" for note in notes if note.value)
    return Asked(replace(query, limit=paging.size, offset=paging.start), paging, ignored)


def link(query: Query) -> str:
    """The address of a search, as seen from the search page."""
    return f"?{query.string()}"


def first_page(query: Query) -> Query:
    """The same search without the page that is shown: links lead to the beginning."""
    return replace(query, limit=LIMIT, offset=0)


def page(wanted: Asked) -> Form:
    """What the template shows."""
    results, rows = browse.search(wanted.query, forms=False)
    query = first_page(wanted.query)
    found = {row.key: row for row in rows}
    copies, slices = related.copies(found), related.slices(rows)
    return {
        "query": query,
        "words": query.words,
        "kept": [pair for name in query.filters for pair in _pairs(query, name)],
        "results": results,
        "hits": [
            {**_hit(hit, found[hit.id]), **_kin(found[hit.id], copies, slices)}
            for hit in results.hits
            if hit.id in found
        ],
        "paging": wanted.paging.of(results.total),
        "facets": [facet for name in (*FACETS, "since") if (facet := _facet(query, name, results))],
        "chosen": _chosen(query, results),
        "orders": [
            (name, _ORDER_WORDS[name](), link(replace(query, order=name)), name == query.order) for name in ORDERS
        ],
        "ignored": wanted.ignored,
        "ways": [(_way(name), link(other), total) for name, other, total in results.suggestions.without],
        "bare": link(replace(query, words="")),
        "unfolded": link(replace(query, copies="all")) if results.folded else "",
        "fold": link(replace(query, copies="one")) if query.copies == "all" else "",
    }


_ORDER_WORDS: Final = {
    "relevance": lambda: _("Best match"),
    "updated": lambda: _("Newest first"),
    "title": lambda: _("Title"),
}


def _pairs(query: Query, name: str) -> list[tuple[str, str]]:
    value = getattr(query, name)
    return [(name, str(one)) for one in (value if isinstance(value, tuple) else (value,))]


def _hit(hit: Hit, row: Dataset) -> Form:
    return {
        "hit": hit,
        "row": row,
        "url": browse.path(row),
        "city_name": overview.city_name(row.city),
        "changed": _changed(row) if row.updated else "",
        "columns": "" if hit.columns is None else _columns(hit.columns),
    }


# Said here and not by tags of the template, which take many times as long for the hits of a page.
def _changed(row: Dataset) -> SafeString:
    told = _("Changed %(day)s") % {"day": short_day(row.updated, overview.timezone_of(row.city))}
    return mark_safe(told)  # noqa: S308 - the day is an element, the words are ours


def _columns(count: int) -> str:
    return ngettext("%(shown)s column", "%(shown)s columns", count) % {"shown": f"{count:,}"}


def _kin(row: Dataset, copies: Mapping[str, list[Dataset]], slices: Mapping[tuple[str, str], int]) -> Form:
    """Where else the city lists the same, and how many slices its series has."""
    origin = overview.portal_name(row.same_as.partition("/")[0]) if row.same_as else ""
    return {
        "origin": origin,
        "also_on": [overview.portal_name(one.portal) for one in copies.get(row.key, ())],
        "slices": slices.get((row.portal, row.series), 0),
    }


def _facet(query: Query, name: str, results: Results) -> Facet | None:
    counts = [one for one in results.facets.get(name, ()) if one.count or one.chosen]
    choices = [_choice(query, name, one) for one in counts[:MOST_VALUES]]
    if not choices:
        return None
    return Facet(name, choices[:SHOWN_VALUES], choices[SHOWN_VALUES:])


def _choice(query: Query, name: str, one: Count) -> Choice:
    place = f"{name}-{crc32((one.label if name == 'since' else one.value).encode()):x}"
    if name == "since":
        since = None if one.chosen else one.value
        other = Query.read([*_everything(query.without("since")), *([("since", since)] if since else [])])[0]
        return Choice(place, _days(int(one.label)), one.count, link(other), one.chosen)
    label = word(one.value, "kind") if name == "kind" else one.label
    return Choice(place, label, one.count, link(query.toggled(name, one.value)), one.chosen)


def _everything(query: Query) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, values in QueryDict(query.string()).lists() for value in values]


def _days(days: int) -> str:
    if days < YEAR:
        return ngettext("Last %(days)d day", "Last %(days)d days", days) % {"days": days}
    years = round(days / YEAR)
    return ngettext("Last %(years)d year", "Last %(years)d years", years) % {"years": years}


def _chosen(query: Query, results: Results) -> list[tuple[str, str, str]]:
    """The filters that are set: facet, value, and the address without it."""
    found = []
    for name in query.filters:
        if name == "since":
            found.append((word(name, "facet"), str(query.since), link(query.without(name))))
            continue
        labels = {one.value: one.label for one in results.facets.get(name, ())}
        for value in getattr(query, name):
            label = word(value, "kind") if name == "kind" else labels.get(value, value)
            found.append((word(name, "facet"), label, link(query.toggled(name, value))))
    return found


def _way(name: str) -> str:
    return _("Without the filter “%(filter)s”") % {"filter": word(name, "facet")} if name else _("Without any filter")


def themes(city: str) -> list[Choice]:
    """The themes of a city's datasets, the most frequent first."""
    query = Query(city=(city,))
    results, _rows = browse.search(replace(query, limit=0), forms=False)
    return [_choice(query, "theme", one) for one in results.facets.get("theme", ())[:THEMES_SHOWN]]


def table(query: Query) -> Rows:
    """Every hit as a row."""
    return Rows(CSV_COLUMNS, (_cells(row) for row in browse.everything(query)))


def _cells(row: Dataset) -> tuple[object, ...]:
    form = browse.result_form(row)
    license_ = form["license"] or {}
    cells = {
        **form,
        "license": license_.get("spdx") or license_.get("text"),
        "columns": len(form["columns"]) if form["columns_known"] else None,
    }
    return tuple(cells[name] for name in CSV_COLUMNS)
