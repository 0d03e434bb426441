"""A standard: its fields, codes, what it is based on, its versions and how they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse

from commonground.errors import Usage
from commonground.overlap import register
from commonground.pages.twins import Answer, Rows
from commonground.standards import files
from commonground.standards.datapackage import table_schema
from commonground.standards.differences import comparison
from commonground.standards.model import Standard
from commonground.standards.telling import near
from commonground.tables.models import Release

Form = dict[str, Any]
_COLUMNS: Final = (
    *("name", "title", "type", "unit", "required", "codelist", "raw", "minimum", "maximum", "based_on", "description"),
)


def standard(request: HttpRequest, name: str) -> Answer:
    """One version, the newest by default; `?against=` another one shows what differs. Raises `NotFound`, `Usage`."""
    versions = files.versions(name)
    version, against = (_version(request.GET.get(part, ""), part, versions) for part in ("version", "against"))
    found = files.standard(name, version or None)
    differs = comparison(files.standard(name, against), found) if against else None
    page = reverse("standard", args=[found.name])
    return Answer(
        "tables/standard.html",
        lambda: _page(found, versions, differs),
        data=lambda: {**table_schema(found), **({"differences": differs} if differs else {})},
        rows=lambda: Rows(_COLUMNS, _cells(found)),
        version=lambda: repr((found.id, against)),
        canonical=f"{page}?version={found.version}" if version else page,
    )


def _version(text: str, part: str, known: Sequence[str]) -> str:
    if text and text not in known:
        raise Usage(f"{part}: there is no version “{text[:40]}”. {near(text, known)}")
    return text


def _page(found: Standard, versions: Sequence[str], differs: Form | None) -> Form:
    place = versions.index(found.version)
    published = Release.objects.filter(standard=found.name).order_by("-number").first()
    return {
        "standard": found,
        "fields": [{"field": one, "list": found.codelists.get(one.codelist)} for one in found.fields],
        "lists": list(found.codelists.values()),
        "versions": [
            {"version": one, "before": versions[at - 1] if at else "", "current": at == place}
            for at, one in enumerate(versions)
        ][::-1],
        "differs": differs,
        "published": published,
        "mapped": files.mapped(found.name),
        "subject": register.subjects().get(found.subject),
    }


def _cells(found: Standard) -> Iterator[Sequence[object]]:
    for one in found.fields:
        told = (one.name, one.title, one.type.value, one.unit, one.required, one.codelist, one.raw)
        yield (*told, one.minimum, one.maximum, one.based_on, one.description)
