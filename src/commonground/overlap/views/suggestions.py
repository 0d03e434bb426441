"""Subjects that the register may lack, for persons to look at."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest

from commonground.catalog import overview
from commonground.overlap import suggestions
from commonground.pages.paging import asked
from commonground.pages.twins import Answer, Rows

_CSV: Final = ("suggestion", "score", "id", "city", "title", "url")


def suggested(request: HttpRequest) -> Answer:
    """Datasets of several cities that are alike and that no subject fits, as clusters."""
    forms = suggestions.forms()
    paging = asked(request.GET).of(len(forms))
    shown = forms[paging.start : paging.start + paging.size]
    return Answer(
        "overlap/suggestions.html",
        lambda: {"clusters": [_named(one) for one in shown], "paging": paging, "total": len(forms)},
        data=lambda: {"total": len(forms), "page": paging.number, "suggestions": shown},
        rows=lambda: Rows(
            _CSV, ((one["name"], one["score"], *_cells(row)) for one in forms for row in one["datasets"])
        ),
    )


def _cells(row: suggestions.Form) -> tuple[object, ...]:
    return tuple(row[name] for name in _CSV[2:])


def _named(form: suggestions.Form) -> suggestions.Form:
    return {**form, "datasets": [{**row, "city_name": overview.city_name(row["city"])} for row in form["datasets"]]}
