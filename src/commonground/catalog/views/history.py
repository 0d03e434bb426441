"""What happened to a dataset, and each revision of it: what the portal published beside what we made of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from commonground.catalog import browse, history, overview, telling
from commonground.catalog.history import Change
from commonground.catalog.views.feeds import feed
from commonground.catalog.views.moved import moved
from commonground.pages import paging
from commonground.pages.twins import Answer, Rows

if TYPE_CHECKING:
    from commonground.catalog.models import Dataset

Form = dict[str, Any]

SHOWN: Final = 12
"""Sentences about one change in a list."""
SHOWN_ALONE: Final = 200
LONGEST_RECORD: Final = 20_000
"""Characters of a record on a page; the whole of it is one link away."""
COLUMNS: Final = ("seen", "kind", "revision", "weight", "aspect", "name", "before", "after", "sentence")


def of(request: HttpRequest, portal: str, native_id: str) -> Answer | HttpResponse:
    """What happened to a dataset, the newest first; `?revision=3` one revision, as published beside our form."""
    row = browse.dataset(f"{portal}/{native_id}")
    if row.portal != portal:
        return moved(request, f"{portal}/{native_id}", row.key)
    number = paging.whole(request.GET.get("revision"))
    return _revision(row, number) if number is not None else _story(request, row)


def _story(request: HttpRequest, row: Dataset) -> Answer:
    story = history.story(row)
    page = paging.asked(request.GET).of(len(story))

    def part() -> list[Change]:
        return story.part(page.start, page.stop)

    return Answer(
        "catalog/history.html",
        lambda: {**_frame(row), "changes": [_shown(one, history.zone_of(row)) for one in part()], "paging": page},
        data=lambda: {**history.story_form(row, part(), len(story)), "page": page.number, "size": page.size},
        rows=lambda: Rows(COLUMNS, _cells(story.every(), history.zone_of(row))),
        feed=lambda: feed(_("Changes of %(title)s") % {"title": row.title}, Q(dataset=row)),
        canonical=f"{history.path(row)}{page.link(page.number)}",
    )


def _revision(row: Dataset, number: int) -> Answer:
    change, form = history.revision(row, number)
    return Answer(
        "catalog/revision.html",
        lambda: _revision_page(row, change, form),
        data=lambda: form,
        rows=lambda: Rows(COLUMNS, _cells([change], history.zone_of(row))),
        feed=lambda: feed(_("Changes of %(title)s") % {"title": row.title}, Q(dataset=row)),
        canonical=history.path(row, number),
    )


def _frame(row: Dataset) -> Form:
    city = browse.known_cities().get(row.city)
    return {
        "row": row,
        "city_name": overview.city_name(row.city),
        "zone": history.zone_of(row),
        "speaks": city.languages[0] if city else "en",
        "page": browse.path(row),
        "host": row.revision.form["host"] if row.revision else row.portal,
        "standing": history.standing(row),
    }


def _shown(one: Change, zone: str, most: int = SHOWN) -> Form:
    """One change as the page has it: its first sentences, and how its description was reworded."""
    told = list(telling.sentences(one.found, zone)) or [one.said(zone)]
    portal, _sep, native_id = one.detail.partition("/") if one.kind == "moved" else ("", "", "")
    return {
        "change": one,
        "told": told[:most],
        "more": len(told) - most,
        "passages": history.reworded(one.found),
        "url": history.path(one.row, one.number) if one.number else "",
        "there": reverse("dataset", kwargs={"portal": portal, "native_id": native_id}) if native_id else "",
    }


def _revision_page(row: Dataset, change: Change, form: Form) -> Form:
    return {
        **_frame(row),
        "form": form,
        "shown": {**_shown(change, history.zone_of(row), SHOWN_ALONE), "url": ""},
        "aligned": history.side_by_side(form),
        "published": _cut(form["published"]),
        "ours": _cut(form["ours"]),
    }


def _cut(record: Form) -> tuple[str, int]:
    """A record as text that a page can bear, and how many characters of it are left out."""
    text = json.dumps(record, indent=2, ensure_ascii=False).encode("utf-8", "replace").decode()
    return text[:LONGEST_RECORD], max(0, len(text) - LONGEST_RECORD)


def _cells(changes: Iterable[Change], zone: str) -> Iterator[tuple[object, ...]]:
    """A line for each difference; for what has none, a line."""
    for one in changes:
        head = (one.seen, one.kind, one.number)
        for each in one.found:
            form = history.difference_form(each, zone)
            values = (_text(form[name]) for name in ("before", "after"))
            yield (*head, each.weight, each.aspect, each.name, *values, form["sentence"])
        if not one.found:
            yield (*head, one.weight, "", "", "", "", one.said(zone))


def _text(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list) else value
