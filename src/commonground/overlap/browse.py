"""Questions to overlap, answered as plain forms: the same for pages, their twins, and the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from django.urls import reverse

from commonground import cities as members
from commonground.catalog import browse, overview
from commonground.errors import NotFound, Usage
from commonground.overlap import evidence, spoken
from commonground.overlap.evidence import Table
from commonground.overlap.facets import Band, Cell, Verdict
from commonground.overlap.matrix import SHOWN, Found, Line, Square, Why
from commonground.overlap.subjects import key

Form = dict[str, Any]

SHOWS: Final = ("all", "found", "missing", "confirm", "shared")
SORTS: Final = ("cities", "gaps", "theme", "name")
UNPLACED: Final = 30
"""Data sets without a subject that the answer about a city names; all of them have an answer of their own."""
EXAMPLES: Final = 3
"""Data sets of other cities that stand for a gap."""
_HAS: Final = (Cell.YES, Cell.MAYBE)
_ENOUGH: Final = 2
"""Cities that surely have what another lacks, so that it is worth looking at first."""


def matrix(q: str = "", show: str = "", theme: str = "", sort: str = "", city: str = "") -> Form:
    """Subjects and cities, with a cell for each.

    `show` narrows the subjects: `found` (in any city, if only maybe), `missing` (in `city`, while another has it),
    `confirm` (a person is asked), `shared` (by all cities); `q` and `theme` narrow them too. `sort` is one of SORTS. Cells come in the order of `cities`.

    Raises `Usage` for another word, `NotFound` for a city that we do not know.
    """
    table = evidence.table()
    show, sort = _known(show, SHOWS, "show"), _known(sort, SORTS, "sort")
    slug = members.city(city, browse.known_cities()).slug if city else ""
    if theme and theme not in table.register.themes:
        raise Usage(f"No theme “{theme}”.", advice=f"One of: {', '.join(table.register.themes)}.")
    lines = [line for line in table.lines.values() if _named(line, q) and theme in {"", line.subject.theme}]
    chosen = sorted(filter(_shown(show, slug), lines), key=_order(sort, list(table.register.themes)))
    return {
        "asked": {"q": q, "show": show, "theme": theme, "sort": sort, "city": slug},
        "method": table.method,
        "register": table.register.version,
        "total": len(table.lines),
        "confirmed_in_all": sum(line.count(Cell.YES) == len(line.squares) > 0 for line in table.lines.values()),
        "waiting": sum(len(one.candidates[:SHOWN]) for line in table.lines.values() for one in line.squares),
        "cities": cities(table),
        "themes": [{"slug": one, "label": label} for one, label in table.register.themes.items()],
        "subjects": [line_form(line, table) for line in chosen],
    }


def cities(table: Table) -> list[Form]:
    """The cities, with how many cells say Yes and Maybe, and what of them was not read or compared."""
    counts = {slug: dict.fromkeys(Cell, 0) for slug in table.readings}
    for line in table.lines.values():
        for square in line.squares:
            counts[square.city][square.state] += 1
    known = browse.known_cities()
    return [
        {
            "city": slug,
            "name": known[slug].name,
            "short": known[slug].short,
            **{cell.value: counts[slug][cell] for cell in Cell},
            "unread": list(reading.unread),
            "waiting": reading.waiting,
            "only_tables": reading.only_tables,
            "url": reverse("overlap-city", args=[slug]),
        }
        for slug, reading in table.readings.items()
    ]


def subject(name: str) -> Form:
    """One subject in all cities, by slug or any of its names, with the reasons of each guess. Raises `NotFound`."""
    table = evidence.table()
    found = table.register.find(name)
    if found is None:
        raise NotFound(f"No subject “{name}”.", advice="The page /overlap lists the subjects.")
    line = table.lines[found.slug]
    form = line_form(line, table, weak=True)
    shown = [one for cell in form["cells"] for one in (*cell["datasets"], *cell["candidates"])]
    parts = evidence.parts(found.slug, [one["scored"] for one in shown])
    rows = evidence.row_counts([one["id"] for one in shown])
    for one in shown:
        one |= {"parts": parts.get(one["scored"], []), "rows": rows.get(one["id"])}
    near = [table.register.subjects[slug] for slug in found.near if slug in table.register.subjects]
    return {
        **form,
        "theme_label": table.register.themes[found.theme],
        "synonyms": list(found.synonyms),
        "timing": found.timing,
        "geometry": list(found.geometry),
        "near": [{"slug": one.slug, "label": one.label, "url": _page(one.slug)} for one in near],
        "sources": list(found.sources),
        "method": table.method,
    }


def city(slug: str) -> Form:
    """What was found in other cities and not in this one, what waits for its word, and the first of its data sets that
    have no subject. Raises `NotFound`.
    """
    table = evidence.table()
    facts = members.city(slug, browse.known_cities())
    here = next(one for one in cities(table) if one["city"] == facts.slug)
    squares = {line.subject.slug: _square(line, facts.slug) for line in table.lines.values()}
    gaps = [line for line in table.lines.values() if squares[line.subject.slug].state is Cell.NO and _elsewhere(line)]
    confirm = [line for line in table.lines.values() if _asks(squares[line.subject.slug])]
    return {
        **here,
        "gaps": [_gap(line, squares[line.subject.slug], table) for line in sorted(gaps, key=_surest_first)],
        "confirm": [
            _subject_form(line, table) | {"cell": _cell(squares[line.subject.slug], table)}
            for line in sorted(confirm, key=lambda line: -(squares[line.subject.slug].score or 0))
        ],
        "without_subject": unplaced(facts.slug, UNPLACED),
        "without_subject_total": len(evidence.unplaced(facts.slug)),
    }


def unplaced(slug: str, most: int | None = None) -> list[Form]:
    """The data sets of a city that no subject fits, all or the first."""
    table = evidence.table()
    return [_found_form(one, table) for one in evidence.unplaced(slug)[:most]]


def excerpt(count: int) -> Form:
    """The subjects that most cities share, with their cells."""
    table = evidence.table()
    lines = sorted(filter(_elsewhere, table.lines.values()), key=_most_first)[:count]
    cities_of = [{"city": one.slug, "name": one.name, "short": one.short} for one in browse.known_cities().values()]
    return {
        "total": len(table.lines),
        "confirmed": sum(square.confirmed for line in table.lines.values() for square in line.squares),
        "maybe": sum(_asks(square) for line in table.lines.values() for square in line.squares),
        "cities": cities_of,
        "subjects": [line_form(line, table) for line in lines],
    }


def line_form(line: Line, table: Table, *, weak: bool = False) -> Form:
    """A subject with a cell for each city; with `weak` the cells name weak candidates too."""
    return _subject_form(line, table) | {"cells": [_cell(one, table, weak=weak) for one in line.squares]}


def _subject_form(line: Line, table: Table) -> Form:
    one = line.subject
    return {
        "slug": one.slug,
        "label": one.label,
        "theme": one.theme,
        "definition": one.definition,
        "row": one.row,
        "grain": one.grain,
        "cities_yes": line.count(Cell.YES),
        "cities_maybe": line.count(Cell.MAYBE),
        "of": len(table.readings),
        "url": _page(one.slug),
    }


def _page(slug: str) -> str:
    return reverse("overlap-subject", args=[slug])


def _cell(square: Square, table: Table, *, weak: bool = False) -> Form:
    best = [one for one in square.candidates if weak or one.open][:SHOWN]
    return {
        "city": square.city,
        "state": square.state,
        "confirmed": square.confirmed,
        "score": square.score,
        "band": square.band,
        "why": why_form(square.why),
        "count": _count(square),
        "datasets": [_found_form(one, table) for one in square.datasets],
        "candidates": [_found_form(one, table) for one in best],
    }


def _count(square: Square) -> int:
    """How many data sets the state rests on: those that a person confirmed, else those that are related."""
    if square.state is Cell.YES:
        return sum(one.verdict is Verdict.CONFIRMED for one in square.datasets)
    related = len(square.datasets) or sum(one.open for one in square.candidates)
    return related if square.state is Cell.PARTLY else 0


def why_form(why: Why) -> Form:
    """A reason: its code, its facts, and the text in English."""
    return {"code": why.code, "facts": dict(why.facts), "text": spoken.reason(why.code, why.facts)}


def _found_form(one: Found, table: Table) -> Form:
    head = one.head
    portal, _, native_id = head.key.partition("/")
    slices = table.slices.get((head.portal, head.series), 1) if head.series else 1
    return {
        "id": head.key,
        "title": head.title,
        "city": head.city,
        "columns": head.columns,
        "updated": head.updated,
        "grain": head.grain,
        "score": one.score,
        "band": one.band,
        "scored": one.scored,
        "fits": one.fits,
        "verdict": one.verdict,
        "relation": one.relation,
        "series": {"slices": slices, "url": reverse("series", args=[portal, head.series])} if slices > 1 else None,
        "url": reverse("dataset", kwargs={"portal": portal, "native_id": native_id}),
    }


def _gap(line: Line, square: Square, table: Table) -> Form:
    """A subject that this city lacks, with how many others have it and a data set of a few of them."""
    have = sorted((one for one in line.squares if one.state in _HAS), key=lambda one: one.state is not Cell.YES)
    examples = [_found_form((*one.datasets, *one.candidates)[0], table) for one in have]
    named = {"why": why_form(square.why), "score": square.score}
    return _subject_form(line, table) | named | {"examples": [_with_city(one) for one in examples[:EXAMPLES]]}


def _with_city(form: Form) -> Form:
    return form | {"city_name": overview.city_name(form["city"])}


def _square(line: Line, city: str) -> Square:
    return next(one for one in line.squares if one.city == city)


def _elsewhere(line: Line) -> bool:
    return line.count(*_HAS) > 0


def _asks(square: Square) -> bool:
    """Whether a person's word is wanted: something was found, and nobody has said anything."""
    return not square.confirmed and square.state in {Cell.MAYBE, Cell.PARTLY}


def _known(word: str, words: Sequence[str], name: str) -> str:
    """The word asked for, the first one by default."""
    if word and word not in words:
        raise Usage(f"No {name} “{word}”.", advice=f"One of: {', '.join(words)}.")
    return word or words[0]


def _named(line: Line, q: str) -> bool:
    """Whether each word asked for stands in a name of the subject."""
    names = f" {' '.join(map(key, line.subject.names))}"
    return all(f" {word}" in names for word in key(q).split())


def _shown(show: str, city: str) -> Callable[[Line], bool]:
    """Which lines are wanted; without a city, `missing` means missing anywhere."""

    def missing(line: Line) -> bool:
        lacks = any(one.state is Cell.NO and city in {"", one.city} for one in line.squares)
        return lacks and _elsewhere(line)

    kept: Mapping[str, Callable[[Line], bool]] = {
        "all": lambda _: True,
        "missing": missing,
        "found": lambda line: line.count(*_HAS, Cell.PARTLY) > 0,
        "confirm": lambda line: any(map(_asks, line.squares)),
        "shared": lambda line: line.count(*_HAS) == len(line.squares) > 0,
    }
    return kept[show]


def _most_first(line: Line) -> tuple[object, ...]:
    """Most cities first: those that say Yes, then those that may."""
    return -line.count(Cell.YES), -line.count(*_HAS), key(line.subject.label)


def _surest_first(line: Line) -> tuple[object, ...]:
    """What two other cities surely have, confirmed or nearly so, before all else."""
    sure = sum(one.state is Cell.YES or (one.state is Cell.MAYBE and one.band is Band.SURE) for one in line.squares)
    return sure < _ENOUGH, *_most_first(line)


def _order(sort: str, themes: Iterable[str]) -> Callable[[Line], tuple[object, ...]]:
    places = {slug: place for place, slug in enumerate(themes)}
    orders: Mapping[str, Callable[[Line], tuple[object, ...]]] = {
        "cities": _most_first,
        # What the fewest lack of what the most have: the gap that is easiest to close.
        "gaps": lambda line: (not _gaps(line), _gaps(line), -line.count(*_HAS), key(line.subject.label)),
        "theme": lambda line: (places.get(line.subject.theme, len(places)), key(line.subject.label)),
        "name": lambda line: (key(line.subject.label),),
    }
    return orders[sort]


def _gaps(line: Line) -> int:
    return line.count(Cell.NO) if _elsewhere(line) else 0
