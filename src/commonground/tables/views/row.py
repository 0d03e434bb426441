"""One row: the values of the standard beside the row as the city published it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import reverse

from commonground.catalog import browse
from commonground.catalog.models import Dataset
from commonground.errors import NotFound
from commonground.pages.twins import Answer
from commonground.standards import files
from commonground.tables import manifest
from commonground.tables.showing import cells, recipe, standing
from commonground.tables.showing import wanted as asking
from commonground.tables.showing.words import meaning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from commonground.tables.manifest import Table
    from commonground.tables.showing.cells import Raw, Row

Form = dict[str, Any]


def row(request: HttpRequest, name: str, slug: str, key: str) -> Answer:
    """A row by its key. Raises `NotFound`, which says so where the city took it back."""
    number = asking.release(request.GET)
    found = manifest.table(name, number)
    one = cells.one(found, slug, key)
    page = reverse("table-row", args=[found.standard.name, slug, key])
    return Answer(
        "tables/row.html",
        lambda: _page(found, slug, one, key, number),
        data=lambda: _data(found, slug, one, key),
        canonical=f"{page}?release={number}" if number else page,
    )


def _page(found: Table, slug: str, one: Row, key: str, number: int | None) -> Form:
    standard, city = found.standard, standing.members(found)[slug]
    made, vintage, raw = _made(found, slug, one)
    broken = cells.broken(found.cities[slug], one)
    dataset = Dataset.objects.filter(key=one["_dataset"]).first()
    return {
        "table": found,
        "standard": standard,
        "release": number,
        "kept": f"?release={number}" if number else "",
        "city": city,
        "key": key,
        "lines": [_line(cells.cell(each, one, standard, city), made, raw, broken) for each in standard.fields],
        "raw": raw,
        "hidden": sum(hidden for _name, _text, hidden in raw.cells) if raw else 0,
        "used": {column for step in made.values() for column in step.columns},
        "broken": [{"field": field, "meaning": meaning(code, standard, field)} for field, code in broken],
        "dataset": dataset,
        "dataset_url": browse.path(dataset) if dataset else "",
        "source": one["_dataset"],
        "n": one["_n"],
        "vintage": vintage,
        "rights": standing.rights(found.cities[slug]),
    }


def _line(cell: cells.Cell, made: Mapping[str, recipe.Step], raw: Raw | None, broken: list[tuple[str, str]]) -> Form:
    """A field with the raw cells that it is made from, in the order of its columns."""
    name = "latitude" if cell.field.name == "longitude" else cell.field.name
    step = made.get(name)
    values = raw.values if raw else {}
    return {
        "cell": cell,
        "from": [(column, values[column]) for column in step.columns if column in values] if step else [],
        "said": step.said if step and not step.columns else "",
        "broken": any(field == name for field, _code in broken),
    }


def _made(found: Table, slug: str, one: Row) -> tuple[dict[str, recipe.Step], str, Raw | None]:
    """How the row was made: a step a field, the name of the vintage; and the raw row."""
    name = next((each["vintage"] for each in found.cities[slug].result.sources if each["part"] == one["_part"]), "")
    try:
        told = recipe.recipe(files.crosswalk(found.standard.name, slug), found.standard, name)
    except NotFound:
        told = None
    steps = {each.field: _numbered(each, one["_n"]) for each in told.steps} if told else {}
    return steps, name, cells.raw(one, {column for each in steps.values() for column in each.columns})


def _numbered(step: recipe.Step, n: int) -> recipe.Step:
    """A step of the n-th of the rows that one row became."""
    return replace(step, columns=tuple(column.replace("{n}", str(n)) for column in step.columns)) if n else step


def _data(found: Table, slug: str, one: Row, key: str) -> Form:
    standard, city = found.standard, standing.members(found)[slug]
    _steps, _vintage, raw = _made(found, slug, one)
    return {
        "standard": standard.name,
        "version": standard.version,
        "release": found.number,
        "city": slug,
        "key": key,
        "values": {each.name: cells.plain(one[each.name], city.timezone) for each in standard.fields},
        "labels": {
            each.name: standard.codes(each.name).get(one[each.name])
            for each in standard.fields
            if each.codelist and one[each.name]
        },
        "broken": [{"field": field, "code": code} for field, code in cells.broken(found.cities[slug], one)],
        "source": one["_dataset"],
        "raw": {
            "part": raw.part.pk,
            "file": raw.part.label,
            "row": raw.number,
            "read": raw.part.fetched,
            "sha256": raw.part.digest,
            "values": dict(raw.values),
            "hidden": [name for name, _text, hidden in raw.cells if hidden],
        }
        if raw
        else None,
        "rights": standing.rights_form(found.cities[slug]),
    }
