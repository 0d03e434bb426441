"""A first draft of a crosswalk: which column is which field, from names, memory and values; never more than a draft. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from commonground.engine.values import ValueKind
from commonground.overlap.columns import personal
from commonground.overlap.columns.alignment import Pair, Scored, scored
from commonground.overlap.columns.recall import Memory
from commonground.overlap.columns.weighing import Encoder
from commonground.overlap.facets import Band
from commonground.standards.crosswalk import Crosswalk
from commonground.standards.model import CITY, PLACE, Field, FieldType, Standard
from commonground.tables.drafting import evidence
from commonground.tables.drafting.evidence import Coded, Seen
from commonground.words import Column, ColumnType

_TYPES: Final = {
    FieldType.STRING: ColumnType.TEXT,
    FieldType.NUMBER: ColumnType.NUMBER,
    FieldType.INTEGER: ColumnType.INTEGER,
    FieldType.BOOLEAN: ColumnType.BOOLEAN,
    FieldType.DATE: ColumnType.DATE,
    FieldType.DATETIME: ColumnType.DATETIME,
}
_ZIP: Final = "^([0-9]{5})"
_GEOMETRY: Final = ("geometry", "the_geom", "shape")
_TOLD: Final = 0.6
"""So many values with a known code make a column that of a coded field, whatever its name."""
_APART: Final = 0.95
_USE: Final = (Band.SURE, Band.LIKELY)


@dataclass(frozen=True)
class Material:
    """What a draft is made from. `rows` are the values of its columns where rows were read; `others` are published
    crosswalks to the same standard, those of this dataset left out.
    """

    standard: Standard
    city: str
    dataset: str
    columns: Sequence[Column]
    memory: Memory = field(default_factory=dict)
    others: Sequence[Crosswalk] = ()
    rows: Mapping[str, Seen] = field(default_factory=dict)
    encoder: Encoder | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One field of the draft: its column, the expression as TOML has it, how sure that is, and why.

    `used` is false for a line that is written as a comment: too weak to be taken without a person.
    """

    field: str
    column: str
    expression: str
    score: float
    band: str
    why: str
    used: bool


@dataclass(frozen=True)
class Suggestion:
    """A draft. `place` is an inline table or ""; `codes` are the lists by name; `left` are columns that nothing reads."""

    material: Material
    lines: tuple[Line, ...]
    place: str
    place_why: str
    codes: Mapping[str, Sequence[Coded]]
    missing: tuple[str, ...]
    left: tuple[str, ...]
    personal: tuple[str, ...]


def suggest(material: Material, quote: Callable[[str], str]) -> Suggestion:
    """Draft a crosswalk. `quote` writes a text as TOML does."""
    risky = tuple(one.name for one in material.columns if personal.risk(one.name))
    columns = [one for one in material.columns if one.name not in risky or _is_key(one.name, material)]
    wanted = [one for one in material.standard.fields if _asked(one, material.standard)]
    memory = _memory(material)
    aligned = scored(columns, [_column(one) for one in wanted], memory=memory, embedder=material.encoder)
    spoken = _by_codes(columns, wanted, material)
    always = [(column, name) for name, (column, _) in spoken.items()]
    by_field = {pair.b.name: pair for pair in aligned.paired(_vetoes(columns, wanted, material), always).pairs}
    by_field |= _keys(columns, by_field, aligned, material)
    lines: list[Line] = []
    codes: dict[str, list[Coded]] = {}
    for one in wanted:
        pair = by_field.get(one.name)
        if pair is None or one.name in PLACE:
            continue
        lines += _lines(one, pair, material, quote, spoken.get(one.name, ("", 0.0))[1])
        if one.codelist and lines[-1].used and pair.a.name in material.rows:
            codes[one.name] = evidence.codes(material.rows[pair.a.name], one, material.standard, material.others)
        elif one.codelist and lines[-1].used:
            codes[one.name] = []
    place, why, placed = _place(material, by_field, quote)
    order = {name: at for at, name in enumerate(material.standard.named)}
    lines.sort(key=lambda one: order[one.field])
    made = {one.field for one in lines if one.used} | ({*PLACE} if place else set()) | {CITY}
    taken = {one.column for one in lines if one.used} | set(placed)
    return Suggestion(
        material,
        tuple(lines),
        place,
        why,
        codes,
        tuple(one for one in material.standard.named if one not in made),
        tuple(one.name for one in material.columns if one.name not in taken and one.name not in risky),
        tuple(one for one in risky if one not in taken),
    )


def _asked(one: Field, standard: Standard) -> bool:
    """Fields that are looked for: not the city, no twin, and no instant beside the day of the same name."""
    twins = {each.raw for each in standard.fields if each.raw}
    day = one.name.removesuffix("_at") + "_on"
    return one.name != CITY and one.name not in twins and not (one.name.endswith("_at") and day in standard.named)


def _column(one: Field) -> Column:
    return Column(one.name, one.name, _TYPES[one.type], one.type.value, f"{one.title} {one.description}")


def _is_key(name: str, material: Material) -> bool:
    """A number of a case may look like one of a person; what other cities use as a key is none."""
    keys = [one for one in material.standard.key if one != CITY]
    known = {
        column
        for one in material.others
        for key in keys
        for each in evidence.made_of(one, key)
        for column in each.columns()
    }
    return evidence.plain(name) in {evidence.plain(one) for one in known}


def _memory(material: Material) -> dict[str, set[str]]:
    """Names that mean the same elsewhere: by what persons confirmed, and by the crosswalks of other cities."""
    found = {name: set(names) for name, names in material.memory.items()}
    for crosswalk in material.others:
        for one in material.standard.fields:
            columns = {
                column
                for each in evidence.made_of(crosswalk, one.name)
                if not each.concat
                for column in each.columns()
                if "{n}" not in column
            }
            if columns:
                found.setdefault(one.name, set()).update(columns)
    return found


def _vetoes(columns: Sequence[Column], wanted: Sequence[Field], material: Material) -> list[tuple[str, str]]:
    """Pairs that the values rule out."""
    return [
        (column.name, one.name)
        for column in columns
        if column.name in material.rows
        for one in wanted
        if evidence.unfit(material.rows[column.name], one, key=_tells_apart(one, material.standard))
    ]


def _tells_apart(one: Field, standard: Standard) -> bool:
    """Whether a field alone tells the rows of a city apart."""
    return one.name in standard.key and one.name != CITY and len(standard.key) == 2  # noqa: PLR2004 - the city and it


def _by_codes(columns: Sequence[Column], wanted: Sequence[Field], material: Material) -> dict[str, tuple[str, float]]:
    """Coded fields whose values a column plainly has: to the column, and the share of its rows whose code is told."""
    found = [
        (share, one.name, column.name)
        for one in wanted
        if one.codelist
        for column in columns
        if column.name in material.rows
        and (share := evidence.known(material.rows[column.name], one, material.standard, material.others)) >= _TOLD
    ]
    chosen: dict[str, tuple[str, float]] = {}
    for share, name, column in sorted(found, reverse=True):
        if name not in chosen and all(column != taken for taken, _ in chosen.values()):
            chosen[name] = (column, share)
    return chosen


def _keys(
    columns: Sequence[Column], by_field: Mapping[str, Pair], aligned: Scored, material: Material
) -> dict[str, Pair]:
    """A column for the key where names gave none: of those that differ in every row the likeliest, taken or not."""
    wanted = {one.name: at for at, one in enumerate(aligned.b)}
    found = {}
    for one in material.standard.fields:
        if not _tells_apart(one, material.standard) or one.name in by_field:
            continue
        apart = [
            at
            for at, column in enumerate(columns)
            if (seen := material.rows.get(column.name))
            and seen.unique >= _APART
            and seen.given >= _APART * seen.rows
            and not evidence.unfit(seen, one)
        ]
        if apart:
            best = max(apart, key=lambda at: float(aligned.scores[at, wanted[one.name]]))
            found[one.name] = aligned.pair(best, wanted[one.name])
    return found


def _lines(one: Field, pair: Pair, material: Material, quote: Callable[[str], str], share: float = 0.0) -> list[Line]:
    """The line of a field, of its twin, and of the instant beside a day. `share` of its values have a known code."""
    seen = material.rows.get(pair.a.name)
    needed = one.required or one.name in material.standard.key
    used = pair.band in _USE or needed or share >= _TOLD
    told = _told(pair, one, seen)
    if share:
        told = f"{share:.0%} of its values are words whose code is known. {told}"
    if needed and pair.band not in _USE:
        told = f"CHECK: the table needs this field, and no column is surely it. {told}"

    def line(name: str, expression: str, why: str = told) -> Line:
        return Line(name, pair.a.name, expression, pair.score, pair.band.value, why, used)

    column = quote(pair.a.name)
    found = []
    if one.raw:
        found.append(line(one.raw, column, "the city's own words"))
    twin = one.name.removesuffix("_on") + "_at"
    if one.type is FieldType.DATE and twin in material.standard.named and _has_time(seen):
        found.append(line(twin, _expression(material.standard.named[twin], column, seen, quote)))
    return [*found, line(one.name, _expression(one, column, seen, quote))]


def _has_time(seen: Seen | None) -> bool:
    """Whether values say a time of day, and not always midnight."""
    if seen is None:
        return True
    return sum(":" in one and "00:00" not in one and "12:00:00 AM" not in one for one in seen.some) * 10 > len(
        seen.some
    )


def _expression(one: Field, column: str, seen: Seen | None, quote: Callable[[str], str]) -> str:
    more = []
    if one.codelist:
        more.append(f"codes = {quote(one.name)}")
    times = seen is not None and one.type in {FieldType.DATE, FieldType.DATETIME}
    if seen is not None and times and (formats := evidence.dates(seen.some).formats):
        more.append(f"formats = [{', '.join(map(quote, formats))}]")
    if one.type in {FieldType.NUMBER, FieldType.INTEGER} and seen is not None and evidence.numbers(seen.some)[1]:
        more.append('as = "money"')
    if one.name == "postal_code" and seen is not None and any("-" in value for value in seen.some):
        return f"{{ match = {column}, pattern = '{_ZIP}' }}"
    return f"{{ column = {column}, {', '.join(more)} }}" if more else column


def _told(pair: Pair, one: Field, seen: Seen | None) -> str:
    """Why, in a line: names first, then what the values say."""
    parts = [" ".join(pair.why)]
    if seen is not None:
        if one.type in {FieldType.DATE, FieldType.DATETIME} and seen.given:
            parts.append(f"{evidence.dates(seen.some).share:.0%} of its values are dates.")
        empty = 1 - seen.given / seen.rows if seen.rows else 0.0
        if empty >= 0.005:  # noqa: PLR2004 - a share that is told in whole percent
            parts.append(f"{empty:.0%} of its rows are empty.")
    return " ".join(filter(None, parts))


def _place(
    material: Material, by_field: Mapping[str, Pair], quote: Callable[[str], str]
) -> tuple[str, str, tuple[str, ...]]:
    """The way to a row's place: two columns of degrees, or a text that says it; the columns that it reads."""
    if not material.standard.has_place:
        return "", "", ()
    pair = [by_field.get(name) for name in PLACE]
    if all(one is not None and one.band in _USE for one in pair):
        names = [one.a.name for one in pair if one is not None]
        ways = f"{{ latitude = {quote(names[0])}, longitude = {quote(names[1])} }}"
        return ways, "two columns of degrees", tuple(names)
    for one in material.columns:
        seen = material.rows.get(one.name)
        points = seen is not None and seen.kind is ValueKind.POINT
        shapes = one.type in {ColumnType.POINT, ColumnType.GEOMETRY} or evidence.plain(one.name) in _GEOMETRY
        if points or (shapes and (seen is None or seen.given)):
            return f"{{ text = {quote(one.name)} }}", "a text that says a point", (one.name,)
    return "", "", ()
