"""The rules of a standard as conditions, each with what it says of a row that breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from commonground.engine.tabular.sifting import Condition, literal
from commonground.standards.check import hints
from commonground.standards.check.gaps import gaps
from commonground.standards.model import CITY, PLACE, UNMAPPED, Field, FieldType, Standard
from commonground.words import City, Fixer, Severity

SENTINELS: Final = ("1900-01-01", "1899-12-30", "1899-12-31", "1970-01-01", "1969-12-31", "1753-01-01", "1901-01-01")
"""Days that programs write where they know none."""
EARLIEST: Final = 1850
"""The first year that is believed."""
LATEST: Final = 9999
AROUND: Final = 0.02
"""Degrees around a city's extent that still count as the city: about two kilometers."""
_TIME: Final = r"[T ]\d{2}:\d{2}(:\d{2}([.]\d+)?)? ?(Z|[+-]\d{2}(:?\d{2})?)?"
_DATE: Final = rf"\d{{4}}-\d{{2}}-\d{{2}}({_TIME})?"
_TRUTHS: Final = ("true", "t", "yes", "y", "1", "false", "f", "no", "n", "0")
_FORMS: Final = {
    FieldType.INTEGER: "a whole number, such as 1200",
    FieldType.NUMBER: "a plain number without $ and thousands commas, such as 1200.50",
    FieldType.BOOLEAN: "true or false",
    FieldType.DATE: "a day as YYYY-MM-DD, such as 2024-03-31",
    FieldType.DATETIME: "a time as YYYY-MM-DDThh:mm:ssZ, such as 2024-03-31T17:05:00Z",
}
_TIMED: Final = (FieldType.DATE, FieldType.DATETIME)
_NUMERIC: Final = (FieldType.INTEGER, FieldType.NUMBER)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one column. `hint` tells what a wrong value was meant to be, or ""."""

    condition: Condition
    severity: Severity
    message: str
    how: str
    who: Fixer = Fixer.CITY
    hint: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Rules over columns: `columns` alias to a file's column, `derived` alias to SQL. `key` is SQL, or ""."""

    columns: Mapping[str, str]
    derived: Mapping[str, str]
    rules: tuple[Rule, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class _Ground:
    """What rules are drawn from: fields that the file has, their texts (`alias`) and typed values (`value`) in SQL."""

    standard: Standard
    fields: tuple[Field, ...]
    alias: Mapping[str, str]
    value: Mapping[str, str]
    city: City | None
    today: date


def plan(standard: Standard, columns: Mapping[str, str], city: City | None, today: date) -> Plan:
    """All rules that can be held against these columns (field to column of the file)."""
    fields = tuple(one for one in standard.fields if one.name in columns)
    alias = {one.name: f"f{n}" for n, one in enumerate(fields)}
    value = {one.name: f"v{n}" for n, one in enumerate(fields) if one.type is not FieldType.STRING}
    ground = _Ground(standard, fields, alias, value, city, today)
    rules = [rule for one in fields for rule in _of_field(one, standard, alias[one.name], value.get(one.name, ""))]
    rules += [*_of_times(ground), *_of_orders(ground), *_of_place(ground)]
    if city is not None and CITY in alias:
        rules.append(_of_city(alias[CITY], city))
    key = ""
    parts = [alias[name] for name in standard.key if name in alias]
    if parts and all(name in alias or name == CITY for name in standard.key):
        key = " || ' · ' || ".join(parts)
    derived = {value[one.name]: _typed(alias[one.name], one.type) for one in fields if one.name in value}
    return Plan({alias[one.name]: columns[one.name] for one in fields}, derived, tuple(rules), key)


def _typed(text: str, wanted: FieldType) -> str:
    """A value of this type in SQL, null where the text is none."""
    match wanted:
        case FieldType.INTEGER:
            cast = rf"try_cast(regexp_replace({text}, '[.]0+$', '') AS BIGINT)"
            return rf"CASE WHEN regexp_full_match({text}, '[+-]?\d+([.]0+)?') THEN {cast} END"
        case FieldType.NUMBER:
            # A cast alone is much quicker than a pattern; this is what it takes beyond plain numbers.
            cast = f"try_cast({text} AS DOUBLE)"
            return f"CASE WHEN isfinite({cast}) AND NOT contains({text}, '_') THEN {cast} END"
        case FieldType.BOOLEAN:
            truths = ", ".join(map(literal, _TRUTHS))
            return f"CASE WHEN list_contains([{truths}], lower({text})) THEN true END"
        case FieldType.DATE:
            return _moment(text, 10, "DATE")
        case _:
            return _moment(text, 19, "TIMESTAMP")


def _moment(text: str, length: int, kind: str) -> str:
    """A day or a time. Most are days alone, for which a plain comparison is quicker than a pattern."""
    plain = f"{text} LIKE '____-__-__' THEN try_cast({text} AS {kind})"
    return f"CASE WHEN {plain} WHEN regexp_full_match({text}, '{_DATE}') THEN try_cast(left({text}, {length}) AS {kind}) END"


def _of_field(field: Field, standard: Standard, text: str, value: str) -> Iterator[Rule]:
    name = field.name
    if field.required:
        said = f"{name} is empty, and every row must have it."
        yield Rule(Condition((name, "required"), f"{text} IS NULL", "''"), Severity.ERROR, said, f"Fill in {name}.")
    if value:
        where = f"{text} IS NOT NULL AND {value} IS NULL"
        said, how = f"{name} is no {_article(field.type)}.", f"Write {_FORMS[field.type]}."
        found = Condition((name, "type"), where, text)
        yield Rule(found, Severity.ERROR, said, how, hint=lambda wrong: hints.meant(wrong, field.type))
    if field.codelist:
        yield _of_codes(field, standard, text)
    if field.pattern:
        where = f"NOT regexp_full_match({text}, {literal(field.pattern)})"
        how = f"Write what fits {field.pattern}: {field.description}"
        yield Rule(Condition((name, "pattern"), where, text), Severity.ERROR, f"{name} is not as agreed.", how)
    bounds = (("minimum", field.minimum, "<", "less"), ("maximum", field.maximum, ">", "more"))
    for rule, bound, sign, word in bounds if field.type in _NUMERIC else ():
        if bound is not None:
            said = f"{name} is {word} than {bound:g}{field.unit and f' {field.unit}'}."
            how = f"Correct it, or leave it empty; the {rule} is {bound:g}."
            yield Rule(Condition((name, rule), f"{value} {sign} {bound!r}", text), Severity.ERROR, said, how)


def _article(wanted: FieldType) -> str:
    return {FieldType.INTEGER: "whole number", FieldType.BOOLEAN: "true or false"}.get(wanted, str(wanted))


def _of_codes(field: Field, standard: Standard, text: str) -> Rule:
    codes = standard.codes(field.name)
    listed = ", ".join(map(literal, [*codes, UNMAPPED]))
    few = ", ".join(list(codes)[:12]) + (" …" if len(codes) > 12 else "")  # noqa: PLR2004 - as many as a line holds
    said = f"{field.name} has a code that is not in the list {field.codelist}."
    raw = f" Keep the city's own words in {field.raw}." if field.raw else ""
    how = f"Write one of {few}, or {UNMAPPED}.{raw}"
    where = f"NOT list_contains([{listed}], {text})"
    found = Condition((field.name, "code"), where, text, tally=True)
    return Rule(found, Severity.ERROR, said, how, hint=lambda wrong: hints.code(wrong, codes))


def _of_times(ground: _Ground) -> Iterator[Rule]:
    standard = ground.standard
    past = {standard.time, standard.time.removesuffix("_on") + "_at"}
    past |= {one.earlier for one in standard.orders if one.later in past}
    days = ", ".join(f"DATE '{one}'" for one in SENTINELS)
    for one in (field for field in ground.fields if field.type in _TIMED):
        name, text, day = one.name, ground.alias[one.name], f"CAST({ground.value[one.name]} AS DATE)"
        where = f"{day} IN ({days}) OR year({day}) < {EARLIEST} OR year({day}) >= {LATEST}"
        said = f"{name} is a day that programs write where they know none."
        how = "Leave it empty where the day is not known."
        yield Rule(Condition((name, "sentinel"), where, text), Severity.WARNING, said, how)
        if name in past:
            where = f"{day} > DATE '{ground.today + timedelta(days=1)}' AND year({day}) < {LATEST}"
            said = f"{name} is in the future."
            yield Rule(Condition((name, "future"), where, text), Severity.WARNING, said, "Correct the day.")
        if one.type is FieldType.DATETIME and ground.city is not None:
            yield _of_gaps(name, text, ground.value[name], ground.city)


def _of_gaps(name: str, text: str, value: str, city: City) -> Rule:
    ranges = [(start, end) for start, end in gaps(city.timezone)]
    days = ", ".join(f"DATE '{start:%Y-%m-%d}'" for start, _ in ranges) or "NULL"
    # Nearly all gaps are at one hour, so the days are looked up once for each hour.
    hours = sorted({(start.time(), end.time()) for start, end in ranges})
    at = " OR ".join(
        f"CAST({value} AS TIME) >= TIME '{start}' AND CAST({value} AS TIME) < TIME '{end}'" for start, end in hours
    )
    where = (
        f"{text} NOT SIMILAR TO '.{{10}}.*(Z|[+-][0-9:]+)' AND CAST({value} AS DATE) IN ({days}) AND ({at or 'false'})"
    )
    said = f"{name} is a time that does not exist in {city.timezone}: the clock was put forward."
    how = "Write times in UTC, with a Z at the end."
    return Rule(Condition((name, "no such time"), where, text), Severity.ERROR, said, how)


def _of_orders(ground: _Ground) -> Iterator[Rule]:
    alias, value, named = ground.alias, ground.value, ground.standard.named
    for one in ground.standard.orders:
        if one.earlier not in value or one.later not in value:
            continue
        first, second = value[one.earlier], value[one.later]
        if named[one.earlier].type is not named[one.later].type:
            first, second = f"CAST({first} AS DATE)", f"CAST({second} AS DATE)"
        shown = f"{alias[one.earlier]} || ' > ' || {alias[one.later]}"
        said = f"{one.earlier} is later than {one.later}."
        how = f"Correct the one or the other: {one.earlier} is never later than {one.later}."
        yield Rule(Condition((one.later, "order"), f"{first} > {second}", shown), Severity.ERROR, said, how)


def _of_place(ground: _Ground) -> Iterator[Rule]:
    if not all(name in ground.alias for name in PLACE):
        return
    texts, (north, east) = [ground.alias[one] for one in PLACE], [ground.value[one] for one in PLACE]
    shown, city = f"{texts[0]} || ', ' || {texts[1]}", ground.city
    column = PLACE[0]
    where, both = f"{north} = 0 AND {east} = 0", f"concat_ws(', ', {texts[0]}, {texts[1]})"
    how = "Leave latitude and longitude empty where the place is not known."
    yield Rule(Condition((column, "no place"), where, shown), Severity.ERROR, "The place is 0, 0, in the sea.", how)
    where = f"({texts[0]} IS NULL) <> ({texts[1]} IS NULL)"
    said = "The place has only one of latitude and longitude."
    yield Rule(Condition((column, "half a place"), where, both), Severity.ERROR, said, "Give both, or none.")
    if city is None:
        return
    outside = f"NOT ({_inside(city, north, east)}) AND NOT ({north} = 0 AND {east} = 0)"
    turned = f"({_inside(city, east, north)})"
    said = f"Latitude and longitude are exchanged: turned round, the place is in {city.name}."
    how = "Exchange the two columns."
    yield Rule(Condition((column, "exchanged"), f"{outside} AND {turned}", shown), Severity.ERROR, said, how)
    said = f"The place is outside {city.name}."
    how = "Give degrees (WGS 84), not feet or meters; leave both empty where the place is not known."
    yield Rule(Condition((column, "outside"), f"{outside} AND NOT {turned}", shown), Severity.WARNING, said, how)


def _inside(city: City, north: str, east: str) -> str:
    box = city.extent
    south, up = box.south - AROUND, box.north + AROUND
    return f"{north} BETWEEN {south!r} AND {up!r} AND {east} BETWEEN {box.west - AROUND!r} AND {box.east + AROUND!r}"


def _of_city(text: str, city: City) -> Rule:
    where = f"{text} <> {literal(city.slug)}"
    said, how = f"city is not “{city.slug}”.", f"Write {city.slug}."
    return Rule(Condition((CITY, "city"), where, text), Severity.ERROR, said, how)
