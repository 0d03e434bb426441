"""The columns of a city: every name, its meanings and variants, what joins, and what may be of persons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from commonground import cities as members
from commonground.catalog import browse as catalog
from commonground.catalog.counter import standing
from commonground.catalog.views.moved import moved
from commonground.overlap import stock
from commonground.overlap.columns import personal
from commonground.overlap.columns.inventory import Inventory
from commonground.pages.paging import Paging, asked
from commonground.pages.twins import Answer, Rows
from commonground.words import City

Form = dict[str, Any]

SHOWN: Final = 10
"""Data sets, and names, that a line of the page lists; the data forms have all."""
_SIZE: Final = 50
_LABELS: Final = {
    "names": _("All names"),
    "meanings": _("One name, different things"),
    "types": _("One name, different types"),
    "variants": _("One thing, different names"),
    "keys": _("What joins data sets"),
    "risks": _("May be of persons"),
    "without": _("Without columns"),
}
_LEADS: Final = {
    "names": _("Every column name, capitals aside, those of most data sets first."),
    "meanings": _(
        "The same name, and descriptions that share hardly a word. Rename, or say in each description what differs."
    ),
    "types": _("A number here and a text there: rows cannot be joined or compared without a change."),
    "variants": _("Names that say the same words. One name for all of them makes rows easier to join and to find."),
    "keys": _("Names that seem to identify something. Whether the numbers are the same ones, only the rows can tell."),
    "risks": _(
        "Told by names alone, so a reason to look and no finding of a fault. Rows were not read for it, and names that"
        " do not say what they hold are missed: this list is never complete."
    ),
    "without": _("The portal names no columns for them, so nothing can be said of what is in them."),
}
_NAMED: Final = ("name", "count", "types", "mixed", "meanings", "risk", "identifies", "datasets")
_COLUMNS: Final = {
    "risks": (*_NAMED, "label", "severity", "why", "advice"),
    "variants": ("words", "spelled", "count", "names", "datasets"),
    "keys": ("identifies", "label", "joins", "count", "names", "datasets"),
    "without": ("id", "title", "url"),
}


def of(request: HttpRequest, slug: str) -> Answer | HttpResponse:
    """The inventory of a city's columns: one list of it at a time, in pages."""
    city = members.city(slug, catalog.known_cities())
    if city.slug != slug:
        return moved(request, slug, city.slug)
    wanted = _wanted(request)
    paging = asked(request.GET, size=_SIZE)
    form = stock.form(slug, wanted, paging.start, paging.size)
    paging = paging.of(form["total"])
    return Answer(
        "overlap/inventory.html",
        lambda: _page(city, form, paging),
        data=lambda: _data(form, paging, reverse("overlap-columns.json", args=[slug])),
        rows=lambda: Rows(_COLUMNS.get(wanted.show, _NAMED), _cells(stock.form(slug, wanted))),
        version=lambda: repr((standing(), request.GET.urlencode())),
        canonical=f"{reverse('overlap-columns', args=[slug])}{_query(wanted.show)}",
    )


def _query(show: str) -> str:
    return f"?show={show}" if show != stock.SHOWS[0] else ""


def _wanted(request: HttpRequest) -> stock.Asked:
    """What the address asks for; what means nothing is left out."""
    show, code = request.GET.get("show", ""), request.GET.get("code", "")
    return stock.asked(
        show if show in stock.SHOWS else "",
        request.GET.get("q", "")[:200],
        code if show == "risks" and code in personal.risks() else "",
    )


def _page(city: City, form: Form, paging: Paging) -> Form:
    found = stock.of(city.slug)
    risks = {one["code"]: one for one in form["risks"]}
    return {
        "city": city,
        "form": form,
        "lead": _LEADS[form["show"]],
        "lists": [_choice(one, form) for one in stock.SHOWS],
        "lines": [_line(one, found, risks) for one in form["lines"]],
        "risk": risks.get(form["code"]),
        "shown": SHOWN,
        "paging": paging,
    }


def _choice(show: str, form: Form) -> Form:
    query = urlencode({name: value for name, value in (("show", show), ("q", form["q"])) if value})
    return {"show": show, "label": _LABELS[show], "count": form["counts"][show], "link": f"?{query}"}


def _line(one: Form, found: Inventory, risks: dict[str, Form]) -> Form:
    """A line of a list, its first data sets by title."""
    if "datasets" not in one:
        return one
    meanings = [{**each, "listed": stock.titled(found, each["datasets"][:SHOWN])} for each in one.get("meanings", ())]
    listed = stock.titled(found, one["datasets"][:SHOWN])
    return {**one, "listed": listed, "meanings": meanings, "told": risks.get(one.get("risk", ""))}


def _data(form: Form, paging: Paging, address: str) -> Form:
    link = f"{settings.SITE_URL}{address}{paging.next_link}" if paging.next_link else None
    return {**form, "page": paging.number, "size": paging.size, "next": link}


def _cells(form: Form) -> Iterator[Sequence[object]]:
    """A line as a row; a list is one text, its parts apart by spaces or semicolons."""
    names = _COLUMNS.get(form["show"], _NAMED)
    risks = {one["code"]: one for one in form["risks"]}
    for one in form["lines"]:
        texts = {
            "types": " ".join(one.get("types", ())),
            "names": _joined(each["name"] for each in one.get("names", ())),
            "meanings": _joined(each["description"] for each in one.get("meanings", ())),
            "datasets": " ".join(one.get("datasets", ())),
        }
        facts = {**risks.get(one.get("risk", ""), {}), **one, **texts}
        yield tuple(facts[name] for name in names)


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(text for text in texts if text)


def panel(request: HttpRequest, city: City) -> str:
    """The way to the inventory, on the page of a city's overlap."""
    return render_to_string("overlap/inventory_panel.html", {"city": city}, request=request)
