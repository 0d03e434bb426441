"""What an address asks of a table: which rows, which columns, in which order, how many. Every wrong part is named."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from commonground.errors import Usage
from commonground.standards.model import CITY, PLACE, Field, FieldType, Standard
from commonground.standards.telling import near, nearest, shown
from commonground.tables.build.cleaning import quoted
from commonground.tables.reading import spans
from commonground.tables.reading.cursor import Cursor
from commonground.tables.reading.spans import SQL, Span

SOME: Final = 100
MOST: Final = 10_000
"""Rows of a page: where no limit is given, and at most."""
ORIGIN: Final = ("_dataset", "_part", "_row")
"""Beside the fields: the data set that a row came from, the part of raw rows, and the place in that part."""
OWN: Final = (*ORIGIN, "_order")
PARTS: Final = ("kind", "from", "to", "bbox", "fields", "order", "limit", "after", "release", "zoom")
"""What an address may say beside the names of fields."""
LEFT_ALONE: Final = {"lang", "by"}
"""Parts that speak to the page of a table, and change no rows."""
_ENDS: Final = (".min", ".max", ".empty")
_NUMBER: Final = re.compile("[0-9]{1,9}")


class Order(StrEnum):
    """How rows follow each other; each order is unique. `time` has the newest first, rows without a time last."""

    PLACE = "place"
    KEY = "key"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Term:
    """A condition in SQL, with the values for its question marks."""

    sql: str
    values: tuple[str | float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """Rows of `cities` that meet every term; of each row these columns."""

    standard: Standard
    columns: tuple[str, ...]
    cities: tuple[str, ...]
    named: bool = False
    """Whether the address itself names the cities."""
    terms: tuple[Term, ...] = ()
    order: Order = Order.PLACE
    limit: int = SOME
    after: Cursor | None = None

    @property
    def whole(self) -> bool:
        """Whether it asks for every row of its cities."""
        return not self.terms


Query = Mapping[str, Sequence[str]]
"""Each part of an address with its values, as they were given."""


def asked(query: Query, standard: Standard, cities: Collection[str]) -> Question:
    """The question of an address. Raises `Usage` that names the wrong part and says what may stand there."""
    given = {name: [one.strip() for one in values if one.strip()] for name, values in query.items()}
    _known(given, standard)
    named = [one for text in given.get(CITY, ()) for one in text.split(",") if one]
    for one in named:
        if one not in cities:
            raise Usage(f"city: this table has no city {shown(one)}.", advice=near(one, sorted(cities)))
    order = _order(_single(given, "order"), standard)
    after = _single(given, "after")
    return Question(
        standard,
        _columns(given.get("fields", ()), standard),
        tuple(sorted(set(named or cities))),
        bool(named),
        tuple(_terms(given, standard)),
        order,
        _limit(_single(given, "limit")),
        Cursor.read(after, order) if after else None,
    )


def release(query: Query) -> int | None:
    """Which release an address asks for: by its number, or the one that its cursor is of; None for the newest."""
    given = {name: [one.strip() for one in values if one.strip()] for name, values in query.items()}
    text, after = _single(given, "release"), _single(given, "after")
    if text and not (_NUMBER.fullmatch(text) and int(text)):
        raise Usage(f"release: {shown(text)} is no number of a release.", advice="Write a whole number from 1.")
    if text:
        return int(text)
    return Cursor.read(after).release if after else None


def _known(given: Mapping[str, Sequence[str]], standard: Standard) -> None:
    names = [one.name for one in standard.fields]
    for part in given:
        bare = part[: part.rindex(".")] if part.endswith(_ENDS) else part
        if part in PARTS or part in LEFT_ALONE or bare in standard.named:
            continue
        ending = part[len(bare) :]
        meant = nearest(bare, names)
        advice = f"Did you mean “{meant}{ending}”?" if meant else near(part, (*PARTS, *names))
        raise Usage(f"{shown(part)} is no part of a question to {standard.name}.", advice=advice)


def _single(given: Mapping[str, Sequence[str]], part: str) -> str:
    values = given.get(part, ())
    if len(values) > 1:
        raise Usage(f"{part} is given {len(values)} times.", advice="Give it once.")
    return values[0] if values else ""


def _columns(values: Iterable[str], standard: Standard) -> tuple[str, ...]:
    """The columns that are chosen; all fields and where the row came from when none is."""
    names = [one.strip() for text in values for one in text.split(",") if one.strip()]
    known = (*(one.name for one in standard.fields), *OWN)
    for one in names:
        if one not in known:
            raise Usage(f"fields: {standard.name} has no field {shown(one)}.", advice=near(one, known))
    return tuple(dict.fromkeys(names)) or (*(one.name for one in standard.fields), *ORIGIN)


def _order(text: str, standard: Standard) -> Order:
    known = [one.value for one in Order]
    if text and text not in known:
        raise Usage(f"order: {shown(text)} is no order.", advice=f"Write {', '.join(known)}. {near(text, known)}")
    if text == Order.TIME and not standard.time:
        raise Usage(f"order: the rows of {standard.name} have no time.", advice="Write key or place.")
    return Order(text) if text else Order.PLACE


def _limit(text: str) -> int:
    if not text:
        return SOME
    if not _NUMBER.fullmatch(text) or not 0 < int(text) <= MOST:
        raise Usage(f"limit: {shown(text)} cannot be.", advice=f"Write a whole number from 1 to {MOST:,}.")
    return int(text)


def _terms(given: Mapping[str, Sequence[str]], standard: Standard) -> Iterator[Term]:
    for part, values in given.items():
        if part in standard.named and part != CITY and values:
            yield _either([_equal(part, standard, standard.named[part], one) for one in values])
        elif part.endswith(_ENDS) and values:
            yield _bound(part, standard, _single(given, part))
    yield from _time(given, standard)
    kinds = given.get("kind", ())
    if kinds and "kind" not in standard.named:
        if not standard.kind:
            raise Usage(f"kind: the rows of {standard.name} have no kind.", advice="Leave it out.")
        yield _either([_equal("kind", standard, standard.named[standard.kind], one) for one in kinds])
    if _single(given, "bbox"):
        yield _box(_single(given, "bbox"), standard)


def _equal(part: str, standard: Standard, field: Field, text: str) -> Term:
    name, kind = quoted(field.name), SQL[field.type]
    if field.type in spans.SPANS:
        found = spans.span(part, field, text)
        until = "<" if found.open else "<="
        return Term(f"({name} >= CAST(? AS {kind}) AND {name} {until} CAST(? AS {kind}))", (found.first, found.last))
    told = spans.code(part, standard, field, text) if field.codelist else spans.value(part, field, text)
    return Term(f"{name} = CAST(? AS {kind})", (told,))


def _either(terms: Sequence[Term]) -> Term:
    return Term(f"({' OR '.join(one.sql for one in terms)})", tuple(value for one in terms for value in one.values))


def _bound(part: str, standard: Standard, text: str) -> Term:
    """`field.min`, `field.max` (both included), `field.empty`."""
    bare, _, end = part.rpartition(".")
    field = standard.named[bare]
    if end == "empty":
        if text not in {"true", "false"}:
            raise Usage(f"{part}: {shown(text)} is neither true nor false.", advice="Write true or false.")
        return Term(f"{quoted(bare)} IS {'' if text == 'true' else 'NOT '}NULL")
    if field.type in {FieldType.STRING, FieldType.BOOLEAN}:
        raise Usage(f"{part}: {bare} is a {field.type} and has no least and no most.", advice=f"Write {bare}=value.")
    return _side(field, spans.span(part, field, text), lower=end == "min")


def _side(field: Field, found: Span, *, lower: bool) -> Term:
    sign = ">=" if lower else "<" if found.open else "<="
    return Term(f"{quoted(field.name)} {sign} CAST(? AS {SQL[field.type]})", (found.first if lower else found.last,))


def _time(given: Mapping[str, Sequence[str]], standard: Standard) -> Iterator[Term]:
    """`from` and `to`, both included, of the field by which the standard counts."""
    found: dict[str, Span] = {}
    for part in ("from", "to"):
        text = _single(given, part)
        if not text:
            continue
        if not standard.time:
            raise Usage(f"{part}: the rows of {standard.name} have no time.", advice=f"Leave {part} out.")
        found[part] = spans.span(part, standard.named[standard.time], text)
        yield _side(standard.named[standard.time], found[part], lower=part == "from")
    if len(found) > 1 and found["from"].first > found["to"].last:
        raise Usage(f"from: {found['from'].first} is later than to: {found['to'].last}.", advice="Change one of them.")


def _box(text: str, standard: Standard) -> Term:
    """`west,south,east,north` in degrees, edges included."""
    if not standard.has_place:
        raise Usage(f"bbox: the rows of {standard.name} have no place.", advice="Leave bbox out.")
    sides = [one.strip() for one in text.split(",")]
    if len(sides) != len(("west", "south", "east", "north")) or not all(map(spans.is_number, sides)):
        raise Usage(f"bbox: {shown(text)} is not four numbers.", advice="Write bbox=west,south,east,north in degrees.")
    west, south, east, north = map(float, sides)
    if west > east or south > north:
        raise Usage(
            f"bbox: {shown(text)} is no box.", advice="West is no more than east, and south no more than north."
        )
    latitude, longitude = map(quoted, PLACE)
    return Term(f"({longitude} BETWEEN ? AND ? AND {latitude} BETWEEN ? AND ?)", (west, east, south, north))
