"""One dataset, and its record as the city gave it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import conditional_page, require_safe

from commonground.catalog import browse, history, jsonld, overview, related
from commonground.catalog.views.feeds import feed
from commonground.catalog.views.moved import moved
from commonground.pages.addresses import absolute
from commonground.pages.paging import whole
from commonground.pages.twins import Answer, Rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from commonground.catalog.models import Dataset

Form = dict[str, Any]

COLUMNS_SHOWN = 20
LEAD_LENGTH = 280
CHANGES_SHOWN = 4
SIBLINGS_SHOWN = 20


def dataset(request: HttpRequest, portal: str, native_id: str) -> Answer | HttpResponse:
    """One dataset: what it is, what is not known of it, its columns, where to get it."""
    row = browse.dataset(f"{portal}/{native_id}")
    place = related.place(row) or row
    if (place.portal, place.native_id) != (portal, native_id):
        return moved(request, f"{portal}/{native_id}", place.key)
    form = browse.dataset_form(row)
    return Answer(
        "catalog/dataset.html",
        lambda: _dataset_page(row, form, every=request.GET.get("columns") == "all"),
        data=lambda: form,
        rows=lambda: Rows(_COLUMN, [tuple(column[name] for name in _COLUMN) for column in form["columns"]]),
        feed=lambda: feed(_("Changes of %(title)s") % {"title": row.title}, Q(dataset=row)),
    )


_COLUMN = ("name", "field", "type", "published_type", "description")


def _dataset_page(row: Dataset, form: Form, *, every: bool) -> Form:
    city = browse.known_cities().get(row.city)
    city_name = overview.city_name(row.city)
    # Columns that the portal computes by itself (":@computed_region_…") say least about the data.
    columns = sorted(form["columns"], key=lambda column: column["field"].startswith(":"))
    above, below = browse.family(row)
    siblings = list(browse.siblings(row)[:SIBLINGS_SHOWN])
    lead, rest = _lead(form["description"])
    return {
        "row": row,
        "form": form,
        "lead": lead,
        "more": bool(rest.strip()) or "<a " in form["description_html"],  # the lead has no links
        "unknown": list(_unknown(form)),
        "city_name": city_name,
        "zone": city.timezone if city else "UTC",
        "speaks": city.languages[0] if city else "en",
        "columns": columns if every else columns[:COLUMNS_SHOWN],
        "origin": _origin(row),
        "copies": [_at(one) for one in related.copies([row.key])[row.key]] if form["copies"] else [],
        "formerly": related.formerly(row) if form["formerly"] else [],
        "slices": 1 + (len(siblings) if len(siblings) < SIBLINGS_SHOWN else browse.siblings(row).count()),
        "above": [overview.line(one) for one in above],
        "below": [overview.line(one) for one in below],
        "siblings": [overview.line(one) for one in siblings],
        "changes": _changes(row, city.timezone if city else "UTC"),
        "standing": history.standing(row),
        "finding_query": urlencode({"dataset": row.key}),
        "json_ld": jsonld.dataset(form, city_name, absolute(browse.path(row))),
    }


def _origin(row: Dataset) -> Form | None:
    """The dataset that this one repeats; its page is only there when we hold it."""
    if not row.same_as:
        return None
    held = related.origin(row)
    portal, _sep, native_id = row.same_as.partition("/")
    return _at(held) if held else {"title": native_id, "portal_name": overview.portal_name(portal), "url": ""}


def _at(one: Dataset) -> Form:
    return {**overview.line(one), "portal_name": overview.portal_name(one.portal)}


def _changes(row: Dataset, zone: str) -> list[Form]:
    """The newest of its history, in words."""
    return [{"change": one, "said": one.said(zone), "anchor": one.anchor} for one in history.recent(row, CHANGES_SHOWN)]


def _lead(text: str) -> tuple[str, str]:
    """The first sentences of a description, and the rest of it."""
    first, _sep, later = text.strip().partition("\n\n")
    if len(first) <= LEAD_LENGTH:
        return first, later
    cut = max(first.rfind(f"{mark} ", 0, LEAD_LENGTH) for mark in ".!?;") + 1
    cut = cut or first.rfind(" ", 0, LEAD_LENGTH)
    return (first[:cut].rstrip(" ;") + ("" if first[cut - 1] in ".!?" else " …")), text[cut:]


def _unknown(form: Form) -> Iterator[str]:
    """What a reader would want to know and the record does not say."""
    if form["row_count"] is None:
        yield _("number of rows")
    if not form["columns_known"]:
        yield _("columns")
    if form["data_updated"] is None and form["modified"] is None:
        yield _("date of the last change")
    if form["license"] is None:
        yield _("license")


@require_safe
@conditional_page
def raw(request: HttpRequest, portal: str, native_id: str) -> HttpResponse:
    """The record as the city gave it; `?revision=3` an older state of it."""
    row = browse.dataset(f"{portal}/{native_id}")
    if row.portal != portal:
        return moved(request, f"{portal}/{native_id}", row.key)
    number = whole(request.GET.get("revision"))
    record = browse.raw(row, number)
    # What UTF-8 cannot say (lone surrogates) is written as \ud800, which is JSON's own escape.
    body = json.dumps(record, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace")
    headers = {"Access-Control-Allow-Origin": "*", "X-Robots-Tag": "noindex", "Content-Disposition": "inline"}
    return HttpResponse(body, content_type="application/json; charset=utf-8", headers=headers)
