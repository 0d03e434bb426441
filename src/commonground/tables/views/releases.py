"""The releases of a table: what each changed against the one before. A release stays as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from commonground.catalog import browse
from commonground.pages.twins import Answer, Rows
from commonground.standards import files
from commonground.standards.differences import comparison
from commonground.tables import manifest
from commonground.tables.build.privacy import masked_text
from commonground.tables.manifest import Table
from commonground.tables.models import Release
from commonground.tables.showing import shares, standing

Form = dict[str, Any]
_COUNTS: Final = ("rows", "added", "removed", "changed")
_COLUMNS: Final = ("release", "published", "version", "cities", *_COUNTS)
_OF_ONE: Final = ("city", *_COUNTS, "newest", "fields_added", "fields_removed")


def releases(request: HttpRequest, name: str) -> Answer:
    """All of them, the newest first. Raises `NotFound` for a table that is not there."""
    del request
    newest = manifest.table(name)
    found = [_form(one) for one in Release.objects.filter(standard=newest.standard.name).prefetch_related("builds")]
    return Answer(
        "tables/releases.html",
        lambda: {"table": newest, "standard": newest.standard, "releases": found},
        data=lambda: {"standard": newest.standard.name, "releases": found},
        rows=lambda: Rows(_COLUMNS, ([one[name] for name in _COLUMNS] for one in found)),
        version=lambda: repr((newest.standard.name, newest.number)),
    )


def _form(one: Release) -> Form:
    total = {name: sum(each.get(name, 0) for each in one.difference) for name in _COUNTS[1:]}
    return {
        "release": one.number,
        "published": one.at,
        "version": one.version,
        "cities": len(one.difference),
        "rows": sum(each.result["mapped"] for each in one.builds.all()),
        **total,
        "url": f"{settings.SITE_URL}{reverse('table-release', args=[one.standard, one.number])}",
    }


def release(request: HttpRequest, name: str, number: int) -> Answer:
    """One of them, city by city. Raises `NotFound`."""
    del request
    found = manifest.table(name, number)
    before = Release.objects.filter(standard=found.standard.name, number=number - 1).first()
    lines = _lines(found)
    return Answer(
        "tables/release.html",
        lambda: _page(found, before, lines),
        data=lambda: {
            "standard": found.standard.name,
            "version": found.standard.version,
            "release": number,
            "published": found.at,
            "rows": found.count,
            "table": standing.permanent(found),
            "cities": lines,
        },
        rows=lambda: Rows(_OF_ONE, _cells(lines)),
        version=lambda: repr((found.standard.name, number, found.count)),
    )


def _lines(found: Table) -> list[Form]:
    """A city a line; `new` where this release brings rows of it that were made anew."""
    told: Mapping[str, Mapping[str, Any]] = {one["city"]: one for one in found.difference}
    known = browse.known_cities()
    lines = []
    for slug, one in found.cities.items():
        mine = told.get(slug, {})
        whole = shares.whole(found.standard, [one.result])
        lines.append(
            {
                "city": slug,
                "name": known[slug].name if slug in known else slug,
                "new": slug in told,
                "rows": one.result.mapped,
                "newest": one.result.newest or None,
                **{name: mine.get(name, 0) for name in _COUNTS[1:]},
                "fields_added": [_titled(found, name) for name in mine.get("fields_added", ())],
                "fields_removed": [_titled(found, name) for name in mine.get("fields_removed", ())],
                "words_added": [
                    {"field": _titled(found, field), "word": masked_text(word), "rows": rows}
                    for field, word, rows in mine.get("words_added", ())
                ],
                "accepted": [masked_text(why) for why in mine.get("accepted", ())],
                "values": whole.given,
                "values_lost": whole.lost,
            }
        )
    return sorted(lines, key=lambda one: one["name"])


def _titled(found: Table, name: str) -> str:
    return found.standard.named[name].title if name in found.standard.named else name


def _page(found: Table, before: Release | None, lines: Sequence[Form]) -> Form:
    differs = None
    if before is not None and before.version != found.standard.version:
        differs = comparison(files.standard(found.standard.name, before.version), found.standard)
    return {
        "table": found,
        "standard": found.standard,
        "before": before,
        "after": found.number + 1 if found.number < found.newest else None,
        "lines": lines,
        "differs": differs,
        "permanent": standing.permanent(found),
        "whole": shares.whole(found.standard, [one.result for one in found.cities.values()]),
    }


def _cells(lines: Sequence[Form]) -> Iterator[Sequence[object]]:
    for one in lines:
        told = {
            **one,
            "fields_added": "; ".join(one["fields_added"]),
            "fields_removed": "; ".join(one["fields_removed"]),
        }
        yield tuple(told[name] for name in _OF_ONE)
