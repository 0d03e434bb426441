"""One city in one standard: what was counted, what is missing, what is to fix and by whom, and how its rows are made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpRequest
from django.urls import reverse

from commonground.catalog import browse
from commonground.catalog.models import Dataset
from commonground.errors import NotFound, Usage
from commonground.pages.twins import Answer, Rows
from commonground.standards.model import CITY
from commonground.standards.telling import near
from commonground.tables import giving, manifest, store
from commonground.tables.build.privacy import masked_text
from commonground.tables.models import Build, Part, Release
from commonground.tables.showing import cells, figures, recipe, shares, standing, sums
from commonground.tables.showing import wanted as asking
from commonground.tables.showing.words import meaning
from commonground.tables.views import waiting
from commonground.words import Fixer

if TYPE_CHECKING:
    from commonground.pages.maps import CityMap
    from commonground.tables.manifest import CityRows, Table
    from commonground.tables.showing.words import Meaning

Form = dict[str, Any]
WITHHELD_SHOWN: Final = 100
FEW_VALUES: Final = 20
_PAGE: Final = 20_000
_COLUMNS: Final = ("field", "title", "given", "lost", "share", "unmapped_values")


def of(request: HttpRequest, name: str, slug: str) -> Answer:
    """The conformance of a city; where it has no rows yet, what it waits for. Raises `NotFound`, `Usage`."""
    number = asking.release(request.GET)
    if number is None and not Release.objects.filter(standard=name, builds__city=slug).exists():
        return waiting.of(name, slug, _COLUMNS)
    found, one = _found(name, slug, number)
    page = reverse("table-city", args=[found.standard.name, slug])
    return Answer(
        "tables/city.html",
        lambda: _page(found, one, number),
        data=lambda: _data(found, one),
        rows=lambda: Rows(_COLUMNS, _cells(found, one)),
        version=lambda: repr((one.build, found.number, sums.state([one.rows]))),
        canonical=f"{page}?release={number}" if number else page,
    )


def _found(name: str, slug: str, number: int | None) -> tuple[Table, CityRows]:
    found = manifest.table(name, number)
    if slug not in found.cities:
        raise NotFound(f"The table {found.standard.name} has no city “{slug}”. {near(slug, sorted(found.cities))}")
    return found, found.cities[slug]


def _page(found: Table, one: CityRows, number: int | None) -> Form:
    standard = found.standard
    built = Build.objects.get(pk=one.build)
    crosswalk = waiting.crosswalk(standard.name, one.city)
    return {
        "table": found,
        "standard": standard,
        "release": number,
        "kept": f"?release={number}" if number else "",
        "city": standing.members(found)[one.city],
        "result": one.result,
        "made": one.made,
        "lines": shares.lines(standard, one.result),
        "whole": shares.whole(standard, [one.result]),
        "map": _map(found, one),
        "map_source": _source(found, one, number),
        "withheld": standing.withheld(standard, one),
        "withheld_rows": sum(one.result.withheld.values()),
        "unaccounted": one.result.read - one.result.mapped - sum(one.result.withheld.values()),
        "groups": _groups(found, one),
        "unmapped": _unmapped(found, one),
        "sources": _sources(one),
        "rights": standing.rights(one),
        "stopped": standing.stopped(standard.name, one.city),
        "crosswalk": crosswalk,
        "revision": built.revision,
        "changed": crosswalk is not None and store.digest(crosswalk) != built.crosswalk,
        "recipes": recipe.recipes(crosswalk, standard) if crosswalk else [],
    }


def _map(found: Table, one: CityRows) -> CityMap | None:
    """The city alone; None where no row has a place."""
    if not one.result.placed:
        return None
    row = figures.maps(figures.shown(found, asking.Wanted(cities=(one.city,)), standing.members(found)))
    return row.cities[0] if row else None


def _source(found: Table, one: CityRows, number: int | None) -> str:
    """Where the map that can be moved asks for what is in its window."""
    return reverse("table.geojson", args=[found.standard.name]) + asking.Wanted(cities=(one.city,)).query(
        release=number
    )


def _groups(found: Table, one: CityRows) -> list[Form]:
    """What is to fix, by whom, that of most rows first; what nobody must fix comes last."""
    fixes = sorted(_fixes(found, one), key=lambda each: -each["count"])
    return [
        {"fixer": fixer, "fixes": mine}
        for fixer in Fixer
        if (mine := [each for each in fixes if each["meaning"].fixer is fixer])
    ]


def _fixes(found: Table, one: CityRows) -> Iterator[Form]:
    standard, result = found.standard, one.result
    where = cells.where_from(found, one.city, [each for trouble in result.troubles for each in trouble.samples])
    for trouble in result.troubles:
        told = meaning(trouble.code, standard, trouble.field)
        yield _fix(told, trouble.field, trouble.count, samples=_samples(found, trouble.samples, where))
    for reason, count in result.withheld.items():
        if count and reason != "withdrawn":
            yield _fix(meaning(reason, standard), "", count, rows=True)
    yield from _notes(found, one)
    for line in shares.lines(standard, result):
        if line.share is None and (line.field.codelist or line.field.name in {standard.time, *standard.key}):
            yield _fix(meaning("not-given", standard, line.field.name), line.field.name, 0)


def _fix(told: Meaning, field: str, count: int, **more: Any) -> Form:  # noqa: ANN401 - what a line may say besides
    """One line of what is to fix: `samples`, a `detail`, and whether whole `rows` are counted."""
    return {"meaning": told, "field": field, "count": count, "samples": (), "detail": "", "rows": False, **more}


def _samples(
    found: Table, samples: Sequence[tuple[int, int, str]], where: Mapping[tuple[int, int], cells.Row]
) -> list[Form]:
    """Values as published, each with the page of its row; those of rows that are not published any more are left out."""
    shown = []
    for part, row, text in samples:
        if not part:
            shown.append({"text": text, "url": ""})
        elif (part, row) in where:
            url = cells.address(found.standard, where[part, row])
            shown.append({"text": masked_text(text), "url": url})
    return shown


def _notes(found: Table, one: CityRows) -> Iterator[Form]:
    """What was found while the files were read."""
    for part in Part.objects.filter(builds=one.build):
        for note in part.notes:
            told = meaning(note["code"], found.standard)
            detail = note.get("detail", "")
            if note["code"] == "count-differs":
                detail = f"{note['came']:,} / {note['declared']:,}"
            yield _fix(
                told, "", int(note.get("count", 0)), detail=f"{part.label or part.source}: {detail}".rstrip(": ")
            )


def _unmapped(found: Table, one: CityRows) -> list[Form]:
    """Of each coded field the city's words without a code, those of most rows first."""
    listed = []
    for name, values in one.result.unmapped.items():
        ordered = sorted(((masked_text(text), n) for text, n in values.items()), key=lambda each: -each[1])
        some = {"values": ordered[:FEW_VALUES], "more": len(ordered[FEW_VALUES:]), "rows": sum(values.values())}
        listed.append({"field": found.standard.named[name], **some})
    return listed


def _sources(one: CityRows) -> list[Form]:
    """Each file that was read: its data set, vintage, rows, when, and its terms."""
    parts = Part.objects.in_bulk([each["part"] for each in one.result.sources])
    held = {each.key: each for each in Dataset.objects.filter(key__in={each["source"] for each in one.result.sources})}
    rights = {each["source"]: each for each in one.rights}
    return [
        {
            **each,
            "kept": parts.get(each["part"]),
            "url": browse.path(held[each["source"]]) if each["source"] in held else "",
            "rights": rights.get(each["source"], {}),
        }
        for each in one.result.sources
    ]


def _data(found: Table, one: CityRows) -> Form:
    result = one.result
    return {
        "standard": found.standard.name,
        "version": found.standard.version,
        "release": found.number,
        "city": one.city,
        "made": one.made,
        "raw": result.raw,
        "read": result.read,
        "mapped": result.mapped,
        "withheld": dict(result.withheld),
        "first": result.first or None,
        "newest": result.newest or None,
        "placed": result.placed if found.standard.has_place else None,
        "remainder": {
            name: {"given": share.given, "lost": share.lost, "share": round(share.remainder, 6)}
            for name, share in result.remainder.items()
        },
        "unmapped": {each["field"].name: dict(each["values"]) for each in _unmapped(found, one)},
        "to_fix": [
            {
                "code": each["meaning"].code,
                "who": each["meaning"].fixer,
                "field": each["field"],
                "count": each["count"],
                "meaning": each["meaning"].meaning,
                "advice": each["meaning"].advice,
                "detail": each["detail"],
                "samples": each["samples"],
            }
            for group in _groups(found, one)
            for each in group["fixes"]
        ],
        "sources": result.sources,
        "rights": standing.rights_form(one),
        "stopped": [
            {"reasons": each.reasons, "since": each.opened} for each in standing.stopped(found.standard.name, one.city)
        ],
    }


def _cells(found: Table, one: CityRows) -> Iterator[Sequence[object]]:
    for line in shares.lines(found.standard, one.result):
        share = line.share
        told = (share.given, share.lost, round(share.remainder, 6)) if share else (0, 0, None)
        yield (line.field.name, line.field.title, *told, len(one.result.unmapped.get(line.field.name, {})))


def withheld(request: HttpRequest, name: str, slug: str) -> Answer:
    """The rows of a city that are withheld, each with its reason. Raises `NotFound`, `Usage` for an unknown reason."""
    number, reason = asking.release(request.GET), request.GET.get("reason", "")
    found, one = _found(name, slug, number)
    if reason and reason not in one.result.withheld:
        raise Usage(f"reason: no row of {slug} is withheld for “{reason[:60]}”. {near(reason, one.result.withheld)}")
    names = [
        "_withheld",
        *(each.name for each in found.standard.fields if each.name != CITY),
        "_dataset",
        "_part",
        "_row",
    ]

    def given(most: int | None = None) -> Iterator[tuple[Any, ...]]:
        _given_away(found, slug)
        return _withheld(found, one, names, reason, most)

    def data() -> Form:
        told = {"standard": found.standard.name, "release": found.number, "city": slug}
        rows = [dict(zip(names, row, strict=True)) for row in given(WITHHELD_SHOWN)]
        return {**told, "withheld": dict(one.result.withheld), "rows": rows}

    return Answer(
        "tables/withheld.html",
        lambda: _withheld_page(found, one, number, reason),
        data=data,
        rows=lambda: Rows(names, given()),
        version=lambda: repr((one.build, sums.state([one.withheld]), reason, giving.closed(found))),
    )


def _given_away(found: Table, slug: str) -> None:
    """Raise `NotGiven` where the operator keeps the city's rows out of downloads."""
    why = giving.closed(found).get(slug)
    if why:
        raise giving.NotGiven(why, advice="The city's own site has them.")


def _withheld_page(found: Table, one: CityRows, number: int | None, reason: str) -> Form:
    standard = found.standard
    shown = [*(each.name for each in cells.listed(standard)), "_withheld", "_dataset", "_row"]
    listed = list(_withheld(found, one, shown, reason, WITHHELD_SHOWN))
    reasons = standing.withheld(standard, one)
    listable = Counter({each.reason: each.count for each in reasons if each.reason not in {"no_vintage", "withdrawn"}})
    return {
        "table": found,
        "standard": standard,
        "kept": f"?release={number}" if number else "",
        "city": standing.members(found)[one.city],
        "reasons": [each for each in reasons if each.reason != "no_vintage"],
        "unread": one.result.withheld["no_vintage"],
        "reason": reason,
        "heads": [each.title for each in cells.listed(standard)],
        "rows": [
            {"cells": row[:-3], "why": meaning(row[-3], standard), "source": row[-2], "row": row[-1]} for row in listed
        ],
        "total": sum(listable.values()),
        "listed": listable[reason] if reason else sum(listable.values()),
    }


def _withheld(
    found: Table, one: CityRows, names: Sequence[str], reason: str, most: int | None = None
) -> Iterator[tuple[Any, ...]]:
    if not one.withheld.is_file():
        return
    zone = standing.members(found)[one.city].timezone
    listed = ", ".join(f'"{name}"' for name in (*names, "_order"))
    where = "_order > ?" + (" AND _withheld = ?" if reason else "")
    last, left = -1, most
    while left is None or left > 0:  # page by page: there may be millions
        some = min(_PAGE, left or _PAGE)
        sql = f"SELECT {listed} FROM {{rows}} WHERE {where} ORDER BY _order LIMIT {some}"
        rows = sums.question([one.withheld], sql, [last, reason] if reason else [last], keep=False)
        for row in rows:
            yield tuple(cells.plain(row[name], zone) for name in names)
        if len(rows) < some:
            return
        last, left = rows[-1]["_order"], None if left is None else left - len(rows)
