"""What a text in an address means as a value of a field. A day, a month or a year is a span: `2024-02` has 29 days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import isfinite
from typing import Final

from commonground.errors import Usage
from commonground.standards.model import UNMAPPED, Field, FieldType, Standard
from commonground.standards.telling import near, shown

_DAY: Final = re.compile(r"([0-9]{4})(?:-([0-9]{1,2}))?(?:-([0-9]{1,2}))?")
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_LOST_PLUS: Final = re.compile(r" ([0-9]{2}:?[0-9]{2})$")
_DECEMBER: Final = 12
SQL: Final = {
    FieldType.STRING: "VARCHAR",
    FieldType.INTEGER: "BIGINT",
    FieldType.NUMBER: "DOUBLE",
    FieldType.BOOLEAN: "BOOLEAN",
    FieldType.DATE: "DATE",
    FieldType.DATETIME: "TIMESTAMPTZ",
}
"""Types of fields as DuckDB calls them."""
SPANS: Final = {FieldType.DATE, FieldType.DATETIME}


@dataclass(frozen=True, slots=True)
class Span:
    """From `first` on, up to `last` and with it, or, where `open`, without it. Both as texts that DuckDB casts."""

    first: str
    last: str
    open: bool = False


def days(part: str, text: str) -> Span:
    """The days of a text: one, or those of a month or a year. Raises `Usage` that names the part."""
    first, after = _days(part, text)
    return Span(first.isoformat(), (after - timedelta(days=1)).isoformat())


def moments(part: str, text: str) -> Span:
    """The moments of a text: one, or those of a day, a month or a year in UTC. Raises `Usage` that names the part."""
    if _DAY.fullmatch(text):
        first, after = _days(part, text)
        return Span(_midnight(first), _midnight(after), open=True)
    try:
        # A plus that was not written as %2B arrives as a space.
        moment = datetime.fromisoformat(_LOST_PLUS.sub(r"+\1", text))
        told = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise Usage(
            f"{part}: {shown(text)} is no moment.", advice="Write it as 2024-01-31T14:00:00Z, or as a day, 2024-01-31."
        ) from None
    return Span(told, told)


def _midnight(day: date) -> str:
    return datetime.combine(day, time(), UTC).isoformat()


def _days(part: str, text: str) -> tuple[date, date]:
    """The first day, and the day after the last one."""
    found = _DAY.fullmatch(text)
    year, month, day = (int(one) if one else 0 for one in found.groups()) if found else (0, 0, 0)
    try:
        first = date(year, month or 1, day or 1)
        if day:
            return first, first + timedelta(days=1)
        whole_year = not month or month == _DECEMBER
        return first, date(year + 1, 1, 1) if whole_year else date(year, month + 1, 1)
    except (ValueError, OverflowError):
        raise Usage(
            f"{part}: {shown(text)} is no day.", advice="Write it as 2024-01-31; 2024-01 and 2024 do as well."
        ) from None


def span(part: str, field: Field, text: str) -> Span:
    """The span of a text for a field of any type that has an order. Raises `Usage`."""
    if field.type in SPANS:
        return days(part, text) if field.type is FieldType.DATE else moments(part, text)
    told = value(part, field, text)
    return Span(told, told)


def value(part: str, field: Field, text: str) -> str:
    """The text of one value that DuckDB casts to the field's type. Raises `Usage`."""
    if field.type is FieldType.INTEGER:
        _must(part, text, "no whole number", "Write digits only, such as 12.", ok=bool(_WHOLE.fullmatch(text)))
    if field.type is FieldType.NUMBER:
        _must(part, text, "no number", "Write it with a point, such as 12.5.", ok=is_number(text))
    if field.type is FieldType.BOOLEAN:
        _must(part, text, "neither true nor false", "Write true or false.", ok=text.lower() in {"true", "false"})
    return text


def code(part: str, standard: Standard, field: Field, text: str) -> str:
    """A code of the field's list. Raises `Usage` with the nearest one."""
    known = (*standard.codes(field.name), UNMAPPED)
    if text not in known:
        raise Usage(f"{part}: {field.name} has no code {shown(text)}.", advice=near(text, known))
    return text


def is_number(text: str) -> bool:
    """Whether it is a finite number as programs write it."""
    try:
        return isfinite(float(text)) and text.isascii() and "_" not in text
    except ValueError:
        return False


def _must(part: str, text: str, what: str, advice: str, *, ok: bool) -> None:
    if not ok:
        raise Usage(f"{part}: {shown(text)} is {what}.", advice=advice)
