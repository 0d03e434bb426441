"""A city that no rows of a table are of yet: whether rows were stopped, or wait for a build, or for a crosswalk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from commonground.catalog import browse
from commonground.errors import NotFound
from commonground.pages.twins import Answer, Rows
from commonground.standards import files
from commonground.tables.showing import standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commonground.standards.crosswalk import Crosswalk


def crosswalk(standard: str, city: str) -> Crosswalk | None:
    """How the city's rows are made, where anybody has written it."""
    try:
        return files.crosswalk(standard, city)
    except NotFound:
        return None


def of(name: str, slug: str, columns: Sequence[str]) -> Answer:
    """What the city waits for; `columns` are those of the CSV, which has no line. Raises `NotFound` for a city or a
    standard that is not known.
    """
    standard, known = files.standard(name), browse.known_cities()
    if slug not in known:
        raise NotFound(f"There is no city “{slug}”.", advice=f"Cities: {', '.join(sorted(known))}.")
    held, made = standing.stopped(name, slug), crosswalk(name, slug)
    return Answer(
        "tables/city_waiting.html",
        {"standard": standard, "city": known[slug], "stopped": held, "crosswalk": made},
        data=lambda: {
            "standard": standard.name,
            "city": slug,
            "rows": 0,
            "crosswalk": made.revision if made else None,
            "stopped": [{"reasons": one.reasons, "since": one.opened} for one in held],
        },
        rows=lambda: Rows(columns, iter(())),
        canonical=reverse("table-city", args=[standard.name, slug]),
    )
