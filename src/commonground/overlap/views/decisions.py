"""Who decided what, when and why."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commonground.catalog import browse as catalog
from commonground.overlap import decisions as store
from commonground.overlap import register
from commonground.overlap.decisions import Kind
from commonground.overlap.models import Decision
from commonground.overlap.persons import name_of
from commonground.overlap.templatetags.decisions import about, verdict
from commonground.pages.feeds import Entry, Feed
from commonground.pages.paging import asked
from commonground.pages.twins import Answer, Rows

Form = dict[str, Any]

_FILTERS: Final = ("dataset", "subject", "city", "kind", "by")
_KINDS: Final = {
    Kind.PLACE: gettext_lazy("A data set and a subject"),
    Kind.MATCH: gettext_lazy("Two data sets"),
    Kind.GRAIN: gettext_lazy("What one row is"),
    Kind.COLUMN: gettext_lazy("Two columns"),
    Kind.FIELD: gettext_lazy("A column and a standard"),
    Kind.UNDO: gettext_lazy("Taken back"),
}
FOLLOWED: Final = 50
"""Decisions that the feed tells."""
_CSV: Final = (
    "id",
    "at",
    "by",
    "kind",
    "verdict",
    "relation",
    "subject",
    "a",
    "column_a",
    "b",
    "column_b",
    "why",
    "undoes",
)


def decisions(request: HttpRequest) -> Answer:
    """Who decided what, when and why, the newest first; `dataset`, `subject`, `city`, `kind` and `by` narrow it."""
    given = _given(request)
    rows = store.history(**{name: given[name] for name in ("dataset", "subject", "city")})
    rows = rows.filter(**{name: given[name] for name in ("kind", "by") if given[name]})
    paging = asked(request.GET).of(rows.count())
    shown = rows[paging.start : paging.start + paging.size]
    return Answer(
        "overlap/decisions.html",
        lambda: {**_filters(request, given), "lines": lines(list(shown)), "paging": paging},
        data=lambda: {
            "total": paging.total,
            "page": paging.number,
            "size": paging.size,
            "next": f"{settings.SITE_URL}{reverse('decisions.json')}{paging.next_link}" if paging.next_link else None,
            "decisions": [store.form(one) for one in shown],
        },
        rows=lambda: Rows(_CSV, (tuple(store.form(one)[name] for name in _CSV) for one in rows.iterator())),
        feed=lambda: _feed(rows[:FOLLOWED]),
    )


def _given(request: HttpRequest) -> dict[str, str]:
    """The filters; a subject or a city by any of its names. Raises `NotFound` for a city that we do not know."""
    given = {name: request.GET.get(name, "").replace("\x00", "").strip() for name in _FILTERS}
    found = register.find(given["subject"]) if given["subject"] else None
    city = catalog.city_slug(given["city"]) if given["city"] else ""
    return {**given, "subject": found.slug if found else given["subject"], "city": city}


def _filters(request: HttpRequest, given: dict[str, str]) -> Form:
    """What the page offers to narrow it by, and what is chosen."""
    return {
        "given": given,
        "narrowed": any(given.values()),
        "mine": name_of(request.user) if isinstance(request.user, User) else "",
        "cities": list(catalog.known_cities().values()),
        "subjects": sorted(register.subjects().values(), key=lambda one: one.label.casefold()),
        "kinds": list(_KINDS.items()),
        "may": store.may_decide(request.user),
        "here": request.get_full_path(),
    }


def lines(rows: list[Decision]) -> list[Form]:
    """Decisions for a page: each with whether it stands, and the state of a dataset that has gone. `lapsed`: it stands,
    but speaks no more.
    """
    held = list(store.standing().filter(pk__in=[one.pk for one in rows]))
    standing, speaking = {one.pk for one in held}, {one.pk for one in store.still(held)}
    gone = store.gone(key for one in rows for key in (one.a, one.b) if "/" in key)
    titles = store.titles(rows)
    return [
        {
            "row": one,
            "titles": titles,
            "stands": one.pk in standing,
            "lapsed": one.pk in standing - speaking,
            "undone": getattr(one, "undone_by", None),
            "gone": [key for key in (one.a, one.b) if key in gone],
        }
        for one in rows
    ]


def _feed(rows: Any) -> Feed:  # noqa: ANN401 - a slice of a QuerySet has no type of its own
    every = list(rows)
    titles = store.titles(every)
    entries = [
        Entry(
            title=f"{verdict(one)}: {about(one, titles)}",
            url=f"{reverse('decisions')}#decision-{one.pk}",
            updated=one.at,
            summary=one.why,
            author=one.by,
        )
        for one in every
    ]
    return Feed(_("Decisions about overlap"), entries, every[0].at if every else None)
