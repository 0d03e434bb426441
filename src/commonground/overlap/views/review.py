"""The review queue: what waits for a person's word, one at a time."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse

from commonground.catalog import browse as catalog
from commonground.overlap import decisions, evidence, queue
from commonground.overlap.facets import Geometry, Grain, Relation, Timing
from commonground.overlap.queue import Item
from commonground.pages.paging import changed, whole
from commonground.pages.twins import Answer, Rows

Form = dict[str, Any]

LISTED: Final = 20
"""Questions that the JSON form lists at once."""
_FILTERS: Final = ("city", "subject", "theme")
_CSV: Final = ("subject", "label", "theme", "city", "dataset", "title", "score", "band", "fits", "cell", "shared")


def review(request: HttpRequest) -> Answer:
    """What waits for a person's word, what matters most first; `skip` is how many to pass over."""
    asked = {name: request.GET.get(name, "") for name in _FILTERS}
    items = queue.waiting(**asked)
    skip = min(whole(request.GET.get("skip")) or 0, len(items))
    return Answer(
        "overlap/review.html",
        lambda: _page(request, items, skip, asked),
        data=lambda: {
            "total": len(items),
            "skip": skip,
            "questions": [queue.form(one) for one in items[skip : skip + LISTED]],
        },
        rows=lambda: Rows(_CSV, (tuple(queue.form(one)[name] for name in _CSV) for one in items)),
    )


def _page(request: HttpRequest, items: list[Item], skip: int, asked: Form) -> Form:
    table = evidence.table()
    here = changed(request.GET, done=None)
    return {
        "total": len(items),
        "number": skip + 1,
        "asked": asked,
        "filtered": any(asked.values()),
        "item": _item(items[skip]) if skip < len(items) else None,
        "before": changed(request.GET, done=None, skip=str(skip - 1) if skip > 1 else None) if skip else "",
        "after": changed(request.GET, done=None, skip=str(skip + 1)) if skip < len(items) else "",
        "here": f"{reverse('review')}{here if here != '?' else ''}",
        "may": decisions.may_decide(request.user),
        "cities": list(catalog.known_cities().values()),
        "themes": [{"slug": slug, "label": label} for slug, label in table.register.themes.items()],
        "subjects": queue.subjects(table),
        "relations": list(Relation),
        "grains": [one for one in Grain if one is not Grain.UNKNOWN],
        "timings": [one for one in Timing if one is not Timing.UNKNOWN],
        "geometries": [one for one in Geometry if one is not Geometry.UNKNOWN],
    }


def _item(item: Item) -> Form:
    """One question with both sides, the reasons, and what stood when the page was made."""
    other = queue.companion(item)
    other_key = other.head.key if other else ""
    sides = queue.sides([item.key, *([other_key] if other_key else [])])
    matter = decisions.place(item.subject.slug, item.key)
    return {
        **queue.form(item),
        "subject": item.subject,
        "theme_label": evidence.table().register.themes.get(item.subject.theme, ""),
        "open": item.found.open,
        "slices": len(item.found.keys),
        "side": sides.get(item.key),
        "other": sides.get(other_key),
        "other_confirmed": bool(other and other.verdict),
        "parts": evidence.parts(item.subject.slug, [item.key]).get(item.key, []),
        "standing": decisions.standing_of([matter]).get(matter),
    }
