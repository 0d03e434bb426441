"""A series: the yearly or monthly slices of one dataset, side by side."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest

from commonground.catalog import browse, overview, series
from commonground.catalog.models import Dataset
from commonground.errors import NotFound
from commonground.pages.twins import Answer, Rows

Form = dict[str, Any]

_CSV: Final = ("id", "slice", "title", "rows", "columns", "lacks", "adds", "updated", "state", "url")
SHOWN: Final = 8
"""Columns that are named in a cell; the data forms have all."""


def of(request: HttpRequest, portal: str, key: str) -> Answer:
    """The slices of one series, newest first, and how their columns differ."""
    form = _form(portal, key)
    newest = form["slices"][0]
    return Answer(
        "catalog/series.html",
        lambda: {
            "form": form,
            "newest": newest,
            "city_name": overview.city_name(form["city"]),
            "timezone": overview.timezone_of(form["city"]),
            "unknown": sum(one["columns"] is None for one in form["slices"]),
            "differing": sum(bool(one["lacks"] or one["adds"]) for one in form["slices"]),
            "shown": SHOWN,
        },
        data=lambda: form,
        rows=lambda: Rows(_CSV, [_cells(one) for one in form["slices"]]),
    )


def _form(portal: str, key: str) -> Form:
    rows = list(browse.with_forms().filter(pk__in=browse.kept().filter(portal=portal, series=key).values("pk")))
    if not rows:
        raise NotFound(f"No series “{key}” in {portal}.", advice="The page of a data set names the series it is of.")
    rows.sort(key=lambda row: (series.when(row.title), row.title), reverse=True)
    columns = {row.key: _columns(row) for row in rows}
    known = {key: names for key, names in columns.items() if names is not None}
    found = series.differences(known)
    return {
        "portal": portal,
        "series": key,
        "city": rows[0].city,
        "title": series.common(rows[0].title),
        "slices": [_slice(row, columns[row.key], found.get(row.key, series.Difference())) for row in rows],
    }


def _columns(row: Dataset) -> list[str] | None:
    """Names of its columns as programs call them; None where they are not known."""
    form = row.revision.form if row.revision else {}
    if not form.get("columns_known"):
        return None
    return [str(one["field"] or one["name"]).lower() for one in form["columns"]]


def _slice(row: Dataset, columns: list[str] | None, differs: series.Difference) -> Form:
    form = row.revision.form if row.revision else {}
    return {
        "id": row.key,
        "slice": series.piece(row.title),
        "title": row.title,
        "rows": form.get("row_count"),
        "columns": len(columns) if columns is not None else None,
        "lacks": list(differs.lacks),
        "adds": list(differs.adds),
        "updated": row.updated,
        "state": row.state,
        "url": browse.path(row),
    }


def _cells(one: Form) -> tuple[object, ...]:
    texts = {name: " ".join(one[name]) for name in ("lacks", "adds")}
    return tuple({**one, **texts}[name] for name in _CSV)
