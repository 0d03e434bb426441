"""One dataset and the other cities, and what its own page says of that in short."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from commonground.catalog import browse as catalog
from commonground.catalog import overview
from commonground.catalog.models import Dataset
from commonground.catalog.views.moved import moved
from commonground.overlap import decisions, elsewhere, glance
from commonground.overlap.facets import Geometry, Grain, Relation, Timing
from commonground.overlap.views.decisions import lines
from commonground.pages.paging import whole
from commonground.pages.twins import Answer, Rows

Form = dict[str, Any]

DECISIONS: Final = 20
_CSV: Final = ("city", "id", "title", "subject", "state", "score", "band", "verdict", "columns", "grain", "updated")


def of(request: HttpRequest, portal: str, native_id: str) -> Answer | HttpResponse:
    """One data set: the same in which other cities, missing in which, and why we say so."""
    row = catalog.dataset(f"{portal}/{native_id}")
    if row.portal != portal:
        return moved(request, f"{portal}/{native_id}", row.key)
    form = elsewhere.of(row.key, min(whole(request.GET.get("top")) or elsewhere.TOP, 100))
    return Answer(
        "overlap/elsewhere.html",
        lambda: _page(request, row, form),
        data=lambda: form,
        rows=lambda: Rows(_CSV, [tuple(one.get(name) for name in _CSV) for one in _lines(form)]),
    )


def _page(request: HttpRequest, row: Dataset, form: Form) -> Form:
    history = decisions.history(dataset=row.key)
    return {
        "row": row,
        "form": form,
        "url": catalog.path(row),
        "city_name": overview.city_name(row.city),
        **{name: [overview.city_name(city) for city in form[name]] for name in ("same_in", "missing_in", "unknown_in")},
        "history": lines(list(history[:DECISIONS])),
        "decided": history.count(),
        "may": decisions.may_decide(request.user),
        "here": request.get_full_path(),
        "relations": list(Relation),
        "grains": [one for one in Grain if one is not Grain.UNKNOWN],
        "timings": [one for one in Timing if one is not Timing.UNKNOWN],
        "geometries": [one for one in Geometry if one is not Geometry.UNKNOWN],
        "gone": decisions.gone([row.key]),
    }


def _lines(form: Form) -> list[Form]:
    """A line for each dataset of another city: first those of the same subjects, then those that are alike."""
    of_subjects = [
        {**one, "subject": subject["slug"], "state": cell["state"]}
        for subject in form["subjects"]
        for cell in subject["cells"]
        for one in (*cell["datasets"], *cell["candidates"])
    ]
    alike = [{**one, "subject": "", "state": ""} for city in form["matches"] for one in city["datasets"]]
    return of_subjects + alike


def panel(request: HttpRequest, row: Dataset, form: Form) -> str:
    """“The same subject in other cities” on the page of a dataset; nothing where nothing was found."""
    del form  # the catalog's own
    found = glance.at(row)
    if not found["lines"]:
        return ""
    return render_to_string("overlap/panel.html", {**found, "row": row}, request)
