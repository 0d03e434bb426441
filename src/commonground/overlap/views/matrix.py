"""The pages of the matrix: all of it, one subject, one city."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import cycle, groupby
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commonground import cities as members
from commonground.catalog import browse as catalog
from commonground.catalog.edition import edition
from commonground.catalog.views.moved import moved
from commonground.overlap import abreast, browse, decisions, evidence
from commonground.overlap.facets import Cell
from commonground.overlap.views.columns import LETTERS, link
from commonground.pages.paging import asked
from commonground.pages.templatetags.pages import number, spelled
from commonground.pages.twins import Answer, Rows
from commonground.words import City

Form = dict[str, Any]

FOUND: Final = "found"
"""What the page shows where nothing else is asked for."""
MANY: Final = 7
"""Cities beyond which the matrix is set closer."""
_CELLS: Final = (
    "subject",
    "label",
    "theme",
    "city",
    "state",
    "confirmed",
    "score",
    "band",
    "why",
    "datasets",
    "candidates",
)
_UNPLACED: Final = ("id", "title", "columns", "updated", "url")
EXCERPT: Final = 6
"""Rows of the small matrix, and gaps on the page of a city."""
_GAPS: Final = ("subject", "label", "theme", "cities_yes", "cities_maybe", "why", "examples")


def matrix(request: HttpRequest) -> Answer:
    """Which city publishes which subject: the matrix, narrowed and ordered by its address."""
    wanted = _wanted(request.GET)
    return Answer(
        "overlap/matrix.html",
        lambda: _page(browse.matrix(**wanted), request.GET.get("open", "")),
        data=lambda: browse.matrix(**wanted),
        rows=lambda: Rows(_CELLS, _cells(browse.matrix(**wanted)["subjects"])),
        version=lambda: repr((edition(), evidence.state())),
    )


def _wanted(given: Mapping[str, str]) -> dict[str, str]:
    """What an address asks for; what means nothing is left out. “missing-chicago” is one choice of a form."""
    show, _dash, city = given.get("show", "").partition("-")
    city = city or given.get("city", "")
    themes = evidence.table().register.themes
    return {
        "q": given.get("q", "").strip()[:200],
        "show": show if show in browse.SHOWS else FOUND,
        "theme": given.get("theme", "") if given.get("theme", "") in themes else "",
        "sort": given.get("sort", "") if given.get("sort", "") in browse.SORTS else "",
        "city": city if city in catalog.known_cities() else "",
    }


def _page(form: Form, opened: str) -> Form:
    fields = _fields(form["asked"])
    kept = {name: value for name, value in fields.items() if value}
    names = {one["city"]: one for one in form["cities"]}
    lines = [_line(line, names, kept, opened) for line in form["subjects"]]
    return {
        "form": form,
        "fields": fields,
        "cities": [{**one, **_counts(form["subjects"], one["city"])} for one in form["cities"]],
        "counted": _counted(form, names),
        "in_all": form["confirmed_in_all"],
        "gaps": _gaps_of(form["asked"], names),
        "waiting": form["waiting"],
        "only_tables": [one["name"] for one in form["cities"] if one["only_tables"]],
        "width": len(form["cities"]) + 1,
        "dense": len(form["cities"]) > MANY,
        "groups": list(_groups(lines, form["asked"]["sort"], form["themes"])),
        "states": [{"state": cell, "count": count} for cell, count in _counts(form["subjects"]).items()],
        "unread": [(one["name"], name) for one in form["cities"] for name in one["unread"]],
        "left_out": form["total"] - len(form["subjects"]) if not any(kept.values()) else 0,
        "empty": not form["method"] and not any(one[Cell.YES] for one in form["cities"]),
    }


def _counts(subjects: Iterable[Form], city: str = "") -> dict[str, int]:
    """How many cells of the subjects shown are in each state, in one city or in all."""
    found = Counter(cell["state"] for one in subjects for cell in one["cells"] if city in {"", cell["city"]})
    return {cell.value: found[cell] for cell in Cell}


def _counted(form: Form, names: Mapping[str, Form]) -> str:
    """What the page shows, in numbers: “100 subjects missing in Chicago.”"""
    asked, count = form["asked"], len(form["subjects"])
    of = {"count": number(count), "cities": len(form["cities"])}
    if asked["show"] == "missing" and asked["city"]:
        told = ngettext("%(count)s subject missing in %(city)s.", "%(count)s subjects missing in %(city)s.", count)
        return told % {**of, "city": names[asked["city"]]["name"]}
    if asked["show"] == "all" and count == form["total"]:
        return (
            ngettext("%(count)s subject in %(cities)s cities.", "%(count)s subjects in %(cities)s cities.", count) % of
        )
    told = ngettext("%(count)s subject of %(all)s.", "%(count)s subjects of %(all)s.", count)
    return told % {**of, "all": number(form["total"])}


def _gaps_of(asked: Mapping[str, str], names: Mapping[str, Form]) -> Form | None:
    """Where the gaps of the city asked for can be had as a table."""
    if asked["show"] != "missing" or not asked["city"]:
        return None
    return {"city": names[asked["city"]]["name"], "csv": reverse("overlap-city.csv", args=[asked["city"]])}


def _fields(asked: Mapping[str, str]) -> dict[str, str]:
    """The values of the form's fields; the first choice of each is no value."""
    show = f"missing-{asked['city']}" if asked["show"] == "missing" and asked["city"] else asked["show"]
    return {
        "q": asked["q"],
        "show": "" if show == FOUND else show,
        "theme": asked["theme"],
        "sort": "" if asked["sort"] == browse.SORTS[0] else asked["sort"],
    }


def _line(line: Form, names: Mapping[str, Form], kept: Mapping[str, str], opened: str) -> Form:
    """A row of the table; its name opens it or, where it is open, closes it."""
    is_open = line["slug"] == opened
    query = urlencode(kept if is_open else {**kept, "open": line["slug"]})
    cells = [{**cell, **_named(names[cell["city"]]), "page": line["url"]} for cell in line["cells"]]
    address = f"{reverse('overlap')}{'?' if query else ''}{query}"
    return {**line, "cells": cells, "open": is_open, "toggle": f"{address}#{line['slug']}"}


def _named(city: Form) -> Form:
    return {"city_name": city["name"], "short": city["short"]}


def _groups(lines: Iterable[Form], sort: str, themes: Iterable[Form]) -> Iterator[Form]:
    """Rows under their heads, in the order they come in."""
    labels = {one["slug"]: one["label"] for one in themes}
    heads = {
        "cities": _by_cities,
        "gaps": _by_gaps,
        "theme": lambda line: labels[line["theme"]],
        "name": lambda line: line["label"][:1].upper(),
    }
    for head, some in groupby(lines, heads[sort]):
        rows = list(some)
        yield {"head": head, "lines": rows}


def _by_cities(line: Form) -> str:
    yes, maybe = line["cities_yes"], line["cities_maybe"]
    if yes:
        return _cities(yes)
    return _("%(cities)s, not confirmed yet") % {"cities": _cities(maybe)} if maybe else _("No city")


def _by_gaps(line: Form) -> str:
    gaps = sum(cell["state"] is Cell.NO for cell in line["cells"])
    if not gaps or not line["cities_yes"] + line["cities_maybe"]:
        return _("Without a gap")
    return _("Missing in: %(cities)s") % {"cities": _cities(gaps)}


def _cities(count: int) -> str:
    """“Seven cities”."""
    return ngettext("One city", "%(number)s cities", count) % {"number": spelled(count)}


def _cells(subjects: Iterable[Form]) -> Iterator[tuple[object, ...]]:
    """One row a cell, with the ids of its data sets, and of what waits for a person."""
    for line in subjects:
        for cell in line["cells"]:
            ids = [" ".join(one["id"] for one in cell[name]) for name in ("datasets", "candidates")]
            facts = (cell["state"], cell["confirmed"], cell["score"], cell["band"], cell["why"]["text"])
            yield (line["slug"], line["label"], line["theme"], cell["city"], *facts, *ids)


def subject(request: HttpRequest, slug: str) -> Answer | HttpResponse:
    """One subject: what it is, and what each city has of it."""
    form = browse.subject(slug)
    if form["slug"] != slug:
        return moved(request, slug, form["slug"])
    return Answer(
        "overlap/subject.html",
        lambda: _subject_page(form),
        data=lambda: form,
        rows=lambda: Rows(_CELLS, _cells([form])),
    )


def _subject_page(form: Form) -> Form:
    """Its cells; each data set whose columns are known has a letter of the address that compares columns."""
    known = [one for cell in form["cells"] for one in (*cell["datasets"], *cell["candidates"]) if one["columns"]]
    for one, letter in zip(known, cycle(LETTERS), strict=False):
        one["letter"] = letter
    cells = [_with_pairs(cell, form["cells"]) for cell in form["cells"]]
    return {"form": form, "cells": cells, "comparable": len(known) > 1, "most": abreast.MOST}


def _with_pairs(cell: Form, cells: Iterable[Form]) -> Form:
    """A cell with its city's names; each data set has the one of another city whose columns are worth comparing."""
    known = catalog.known_cities()[cell["city"]]
    others = [one for other in cells if other["city"] != cell["city"] for one in _first(other)]
    best = max(others, key=lambda one: (one["verdict"] is not None, one["score"] or 0), default=None)
    shown = {name: [{**one, "other": _other(one, best)} for one in cell[name]] for name in ("datasets", "candidates")}
    folded = bool(cell["datasets"]) or cell["state"] not in {Cell.MAYBE, Cell.PARTLY}
    return {**cell, **shown, "folded": folded, "city_name": known.name, "timezone": known.timezone}


def _other(one: Form, best: Form | None) -> Form | None:
    """With what a data set is best compared; nothing where the columns of one of the two are not known."""
    if not (best and one["columns"]):
        return None
    return {"city_name": _name(best["city"]), "link": link([one["id"], best["id"]])}


def _first(cell: Form) -> list[Form]:
    """The best data set of a cell whose columns are known."""
    found = [one for one in (*cell["datasets"], *cell["candidates"]) if one["columns"]][:1]
    return found if cell["state"] in {Cell.YES, Cell.MAYBE, Cell.PARTLY} else []


def _name(slug: str) -> str:
    return catalog.known_cities()[slug].name


def city(request: HttpRequest, slug: str) -> Answer | HttpResponse:
    """One city: what the others publish and it does not, what waits for its word, what has no subject."""
    facts = members.city(slug, catalog.known_cities())
    if facts.slug != slug:
        return moved(request, slug, facts.slug)
    form = browse.city(slug)
    return Answer(
        "overlap/city.html",
        {"form": form, "city": facts},
        data=lambda: form,
        rows=lambda: Rows(_GAPS, [_gap_cells(one) for one in form["gaps"]]),
    )


def unplaced(request: HttpRequest, slug: str) -> Answer | HttpResponse:
    """All that a city publishes and no subject of the register fits."""
    facts = members.city(slug, catalog.known_cities())
    if facts.slug != slug:
        return moved(request, slug, facts.slug)
    rows = browse.unplaced(slug)
    paging = asked(request.GET).of(len(rows))
    return Answer(
        "overlap/unplaced.html",
        {"city": facts, "rows": rows[paging.start : paging.stop], "paging": paging},
        data=lambda: {"city": slug, "total": len(rows), "without_subject": rows},
        rows=lambda: Rows(_UNPLACED, [tuple(one[name] for name in _UNPLACED) for one in rows]),
    )


def account_panel(request: HttpRequest) -> str:
    """Beside the name of a person who may decide: the way to what waits, and to what was decided."""
    return render_to_string("overlap/account_panel.html", {}, request) if decisions.may_decide(request.user) else ""


def about_panel(request: HttpRequest) -> str:
    """What the words of the matrix mean."""
    return render_to_string("overlap/about_panel.html", {"states": list(Cell)}, request)


def home_panel(request: HttpRequest) -> str:
    """A few rows of the matrix for the front page; nothing before anything was found."""
    form = browse.excerpt(EXCERPT)
    return (
        render_to_string("overlap/home_panel.html", {**form, "states": list(Cell)}, request) if form["subjects"] else ""
    )


def city_panel(request: HttpRequest, city: City) -> str:
    """What a city shares with the others, the gaps first; nothing before anything was compared."""
    form = browse.city(city.slug)
    if not form["yes"] + form["maybe"] + form["partly"]:
        return ""
    return render_to_string(
        "overlap/city_panel.html", {"form": form, "city": city, "gaps": form["gaps"][:EXCERPT]}, request
    )


def _gap_cells(one: Form) -> tuple[object, ...]:
    examples = " ".join(example["id"] for example in one["examples"])
    told = {**one, "subject": one["slug"], "why": one["why"]["text"], "examples": examples}
    return tuple(told[name] for name in _GAPS)
