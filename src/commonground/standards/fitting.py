"""Whether a crosswalk fits: its standard and its city (when it is loaded), and the columns that rows really have.

Each line names city, and dataset, column or value, with the nearest that would do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from commonground.standards.crosswalk import Crosswalk, Expression, Place, Source, Vintage
from commonground.standards.expressions import misused
from commonground.standards.model import CITY, PLACE, UNMAPPED, Field, Standard
from commonground.standards.telling import near, nearest
from commonground.words import City


@dataclass(frozen=True, slots=True)
class Problem:
    """A column that a crosswalk reads and rows do not have; `near` is the nearest that they have, or ""."""

    city: str
    dataset: str
    column: str
    near: str
    message: str

    def __str__(self) -> str:
        return self.message


def against(
    crosswalk: Crosswalk, vintage: Vintage | None, columns: Collection[str], source: Source | None = None
) -> list[Problem]:
    """What a vintage reads that actual columns do not have; of `first` and of places any one suffices.

    `vintage` is what `crosswalk.vintage(columns)` gave; None tells of each vintage what it lacks. `source` says whose
    columns they are, where a crosswalk has several.
    """
    stripped = {one.strip() for one in columns}
    dataset = source.name if source else ", ".join(one.name for one in crosswalk.sources)
    joins = [join for one in ([source] if source else crosswalk.sources) for join in one.join]
    have = stripped.union(*(join.columns for join in joins))

    def problem(column: str, why: str) -> Problem:
        found = nearest(column, have)
        hint = f" Did the city rename it to “{found}”?" if found else " No column is named nearly so."
        message = f"{crosswalk.city}: {dataset} has no column “{column}”, {why}.{hint}"
        return Problem(crosswalk.city, dataset, column, found, message)

    if vintage is None:
        return [
            problem(column, f"by which the vintage “{one.name}” is known")
            for one in crosswalk.vintages
            for column in one.when
            if column not in have
        ] or _shut_out(crosswalk, dataset, have)
    found = [problem(join.on, "by which rows are joined") for join in joins if join.on not in stripped]
    found += [problem(column, why) for column, why in _lacking(crosswalk, vintage, have)]
    return list(dict.fromkeys(found))


def _shut_out(crosswalk: Crosswalk, dataset: str, have: Collection[str]) -> list[Problem]:
    """Every vintage's columns are there, and one that it must not have as well."""
    return [
        Problem(
            crosswalk.city,
            dataset,
            column,
            column,
            f"{crosswalk.city}: {dataset} has the column “{column}”, with which the vintage “{one.name}” is not taken. "
            "Add a vintage for it.",
        )
        for one in crosswalk.vintages
        for column in one.unless
        if column in have
    ]


def _lacking(crosswalk: Crosswalk, vintage: Vintage, have: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each column that is not there, with what it is for."""
    name = f"vintage “{vintage.name}”"
    for column in _numbered(vintage.when, vintage):
        if column not in have:
            yield column, f"by which the {name} is known"
    for field, expression in {**crosswalk.fields, **vintage.fields}.items():
        for column in _missing(expression, have, vintage):
            yield column, f"which makes {field} in the {name}"
    places = vintage.place or crosswalk.place
    ways = [[column for column in one.columns() if column not in have] for one in places]
    if ways and all(ways):
        for column in ways[0]:
            yield column, f"which makes the place in the {name}"
    read = [(one.column, "which tells the rows to keep") for one in vintage.keep]
    read += [(vintage.repeat.when, "which tells how often a row repeats")] if vintage.repeat else []
    for column, why in read:
        for one in _numbered((column,), vintage):
            if one not in have:
                yield one, f"{why} in the {name}"


def _missing(expression: Expression, have: Collection[str], vintage: Vintage) -> list[str]:
    """Columns that are not there; of `first` none, if any one of its expressions has all of its own."""
    if expression.first:
        ways = [_missing(one, have, vintage) for one in expression.parts()]
        return [] if not all(ways) else [column for way in ways for column in way]
    own = (getattr(expression, one) for one in ("column", "date", "time", "split", "match"))
    found = [one for one in _numbered(tuple(filter(None, own)), vintage) if one not in have]
    return found + [column for one in expression.parts() for column in _missing(one, have, vintage)]


def _numbered(columns: tuple[str, ...], vintage: Vintage) -> list[str]:
    numbers = range(1, vintage.repeat.upto + 1) if vintage.repeat else ()
    return [
        name
        for one in columns
        for name in ([one.replace("{n}", str(n)) for n in numbers] if "{n}" in one and numbers else [one])
    ]


def made(crosswalk: Crosswalk, vintage: Vintage | None = None) -> set[str]:
    """Fields that a vintage makes, or that any one does; the city and the place among them."""
    some = crosswalk.vintages if vintage is None else (vintage,)
    placed = any(one.place or crosswalk.place for one in some)
    return {CITY, *crosswalk.fields, *(name for one in some for name in one.fields), *(PLACE if placed else ())}


def unfit(crosswalk: Crosswalk, standard: Standard, members: Mapping[str, City]) -> Iterator[str]:
    """Everything in a crosswalk that does not fit its standard or its city."""
    yield from _sources(crosswalk, members)
    yield from _vintages(crosswalk)
    yield from _fields(crosswalk, standard)
    yield from _lists(crosswalk, standard)


def _sources(crosswalk: Crosswalk, members: Mapping[str, City]) -> Iterator[str]:
    city = members.get(crosswalk.city)
    if not city:
        yield f"city: there is no city “{crosswalk.city}”. {near(crosswalk.city, members)}"
    seen: set[str] = set()
    for position, one in enumerate(crosswalk.sources):
        place = f"sources[{position}]"
        if one.name in seen:
            yield f"{place}: “{one.name}” stands twice. Remove one."
        seen.add(one.name)
        slug = one.dataset.partition("/")[0]
        if city and slug and slug not in (slugs := [portal.slug for portal in city.portals]):
            yield f"{place}.dataset: {city.name} has no portal “{slug}”. {near(slug, slugs)}"
        for path in (one.file, *(join.file for join in one.join)):
            if path.startswith(("/", "~")) or "\\" in path or ".." in path.split("/"):
                yield f"{place}: “{path}” leads out of the folder of rows. Write a path below it: CITY/NAME.csv."


def _vintages(crosswalk: Crosswalk) -> Iterator[str]:
    for position, one in enumerate(crosswalk.vintages):
        place = f"vintages[{position}]"
        if both := set(one.when).intersection(one.unless):
            yield f"{place}: “{both.pop()}” stands in when and in unless, so “{one.name}” is never taken. Remove one."
        for earlier in crosswalk.vintages[:position]:
            if earlier.name == one.name:
                yield f"{place}.name: “{one.name}” stands twice. Give each vintage a name of its own."
            if set(earlier.when).issubset(one.when) and set(earlier.unless).issubset(one.unless):
                yield (
                    f"{place}: “{one.name}” is never taken: wherever its columns are, those of “{earlier.name}” are. "
                    "Put it first, or name in `unless` of the other what tells them apart."
                )
        if one.repeat and "{n}" not in one.repeat.when:
            yield f"{place}.repeat.when: “{one.repeat.when}” has no {{n}}. Write it where the number stands."


def _fields(crosswalk: Crosswalk, standard: Standard) -> Iterator[str]:
    shared = [("fields", name, one) for name, one in crosswalk.fields.items()]
    own = [
        (f"vintages[{position}].fields", name, one)
        for position, vintage in enumerate(crosswalk.vintages)
        for name, one in vintage.fields.items()
    ]
    for table, name, expression in (*shared, *own):
        place, field = f"{table}.{name}", standard.named.get(name)
        if name == CITY:
            yield f"{place}: the city is filled in by itself. Remove it."
        elif name in PLACE and field:
            yield f"{place}: a place is made by [[place]]. Name its columns there, and remove this."
        elif not field:
            yield f"{place}: {standard.id} has no field “{name}”. {near(name, standard.named)}"
        else:
            codes = standard.codes(name) if field.codelist else ()
            yield from misused(place, field, expression, crosswalk, codes)
            yield from _raw(place, field, expression, standard)
    yield from _whole(crosswalk, standard)
    places: list[tuple[str, Place]] = [(f"place[{n}]", one) for n, one in enumerate(crosswalk.place)]
    for position, vintage in enumerate(crosswalk.vintages):
        places += [(f"vintages[{position}].place[{n}]", one) for n, one in enumerate(vintage.place)]
    for table, one in places:
        yield from _place(table, one, standard)


def _raw(place: str, field: Field, expression: Expression, standard: Standard) -> Iterator[str]:
    """A twin keeps the city's own words, so nothing may be mapped there."""
    twins = [one.name for one in standard.fields if one.raw == field.name]
    if twins and any(one.codes for one in leaves(expression)):
        yield f"{place}: keeps the city's own words beside {twins[0]}. Remove `codes`."


def leaves(expression: Expression) -> Iterator[Expression]:
    """An expression and all that stand in it."""
    yield expression
    for one in (*expression.first, *expression.concat):
        yield from leaves(one)


def _whole(crosswalk: Crosswalk, standard: Standard) -> Iterator[str]:
    """What each vintage must have: the fields that no row is without, and the twin of each coded field."""
    for position, vintage in enumerate(crosswalk.vintages):
        expressions = {**crosswalk.fields, **vintage.fields}
        has = made(crosswalk, vintage)
        for field in standard.fields:
            if field.required and field.name not in has:
                yield f"vintages[{position}]: nothing makes {field.name}, which no row may be without. Name its column."
            coded = expressions.get(field.name)
            if coded and coded.verb != "constant" and field.raw and field.raw not in has:
                yield (
                    f"vintages[{position}]: {field.name} is made without {field.raw}, which keeps the city's own words. "
                    f"Name the same column for {field.raw}."
                )


def _place(table: str, place: Place, standard: Standard) -> Iterator[str]:
    if not standard.has_place:
        yield f"{table}: {standard.id} has no place. Remove it."
    if place.epsg:
        from pyproj import CRS
        from pyproj.exceptions import CRSError

        try:
            if not CRS.from_epsg(place.epsg).is_projected:
                yield f"{table}.epsg: {place.epsg} is in degrees. Name its columns as latitude and longitude."
        except CRSError:
            yield f"{table}.epsg: there is no EPSG {place.epsg}. Look it up at https://epsg.io: New York in feet is 2263."


def _lists(crosswalk: Crosswalk, standard: Standard) -> Iterator[str]:
    """Codes that a codelist does not have, values that stand twice, and lists that nothing uses."""
    uses: dict[str, set[str]] = {name: set() for name in crosswalk.codes}
    tables = (crosswalk.fields, *(one.fields for one in crosswalk.vintages))
    for name, expression in (item for table in tables for item in table.items()):
        for used in {one.codes for one in leaves(expression)} & uses.keys():
            uses[used].add(name)
    for name, fields in uses.items():
        if not fields:
            yield f"codes.{name}: no expression uses it. Name it as `codes` of one, or remove it."
        seen: dict[str, str] = {}
        for value, code in crosswalk.codes[name].items():
            key = value.strip().casefold()
            if seen.setdefault(key, code) != code:
                yield f"codes.{name}.“{value}”: stands twice, letter case aside, with different codes. Remove one."
            for field in sorted(fields & standard.named.keys()):
                yield from _code(crosswalk, standard, (name, value, code), field)


def _code(crosswalk: Crosswalk, standard: Standard, said: tuple[str, str, str], field: str) -> Iterator[str]:
    name, value, code = said
    codelist = standard.codelists.get(standard.named[field].codelist)
    if codelist and code != UNMAPPED and code not in codelist.labels:
        yield (
            f"codes.{name}: {crosswalk.city} maps “{value}” to “{code}”, which is no code of {codelist.name}. "
            f"{near(code, [*codelist.labels, UNMAPPED])}"
        )
