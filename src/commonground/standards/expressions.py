"""Whether an expression can make its field: its cast, its formats, its zone, its pattern, its codes.

Each line names the place in the file, what is there, and the fix.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from commonground.standards.crosswalk import Crosswalk, Expression, N
from commonground.standards.model import UNMAPPED, Field, FieldType
from commonground.standards.telling import near

TIMES = (FieldType.DATE, FieldType.DATETIME)
NUMBERS = (FieldType.INTEGER, FieldType.NUMBER)
CASTS = {
    "text": (FieldType.STRING,),
    "integer": (*NUMBERS, FieldType.STRING),
    "number": (*NUMBERS, FieldType.STRING),
    "money": (*NUMBERS, FieldType.STRING),
    "boolean": (FieldType.BOOLEAN, FieldType.STRING),
    "date": (*TIMES, FieldType.STRING),
    "datetime": (*TIMES, FieldType.STRING),
}
"""What each cast can fill."""
HHMM = "hhmm"
WORDS = frozenset({"excel", "epoch_ms"})
"""Days as Excel counts them, and milliseconds since 1970: what no strptime format can say. engine/clean reads them."""
_MOMENT = datetime(2024, 11, 25, 17, 46, 58)  # noqa: DTZ001 - a text without zone is what a format reads
_BELONG = {
    "at": ("split",),
    "part": ("split",),
    "pattern": ("match",),
    "joiner": ("concat",),
    "each": ("first", "concat"),
    "time": ("date",),
    "times": ("date",),
}
"""What means something beside certain verbs only."""
_ALIASES = {"joiner": "with", "cast": "as"}


def misused(
    place: str, field: Field, expression: Expression, crosswalk: Crosswalk, codes: Collection[str]
) -> Iterator[str]:
    """Everything in an expression that cannot make the field. `codes` are those of a coded field, else empty."""
    if field.codelist:
        yield from _coded(place, field, expression, [*codes, UNMAPPED])
    numbered = any(one.repeat for one in crosswalk.vintages)
    yield from _within(place, field, expression, crosswalk, numbered=numbered)


def _within(place: str, field: Field, expression: Expression, crosswalk: Crosswalk, *, numbered: bool) -> Iterator[str]:
    yield from _beside(place, expression)
    yield from _kinds(place, field, expression)
    yield from _dates(place, field, expression)
    yield from _pattern(place, expression)
    numbers = numbered or bool(expression.each)
    names = (getattr(expression, one) for one in ("column", "date", "time", "split", "match"))
    if not numbers and any(N in one for one in names):
        yield f"{place}: {N} stands in a column, and nothing numbers it. Give the vintage a repeat, or write `each`."
    if expression.codes and expression.codes not in crosswalk.codes:
        known = near(expression.codes, crosswalk.codes)
        yield f"{place}.codes: there is no list [codes.{expression.codes}]. {known}"
    for verb in ("first", "concat"):
        for position, one in enumerate(getattr(expression, verb)):
            yield from _within(f"{place}.{verb}[{position}]", field, one, crosswalk, numbered=numbers)


def _coded(place: str, field: Field, expression: Expression, codes: Collection[str]) -> Iterator[str]:
    """A coded field gets its codes through a list, or one code for all rows."""
    if expression.codes:
        return
    if expression.verb == "constant":
        if expression.constant not in codes:
            known = near(str(expression.constant), codes)
            yield f"{place}: “{expression.constant}” is no code of {field.codelist}. {known}"
    elif expression.first:
        for position, one in enumerate(expression.first):
            yield from _coded(f"{place}.first[{position}]", field, one, codes)
    else:
        yield f"{place}: a coded field needs `codes`: the list [codes.…] that takes the city's values to {field.codelist}."


def _beside(place: str, expression: Expression) -> Iterator[str]:
    """What was given beside a verb that knows nothing of it."""
    for name, verbs in _BELONG.items():
        if name in expression.model_fields_set and expression.verb not in verbs:
            said = _ALIASES.get(name, name)
            yield f"{place}.{said}: goes with {' and '.join(verbs)}, not with {expression.verb}. Remove it."
    if expression.part == 0:
        yield f"{place}.part: parts are counted from 1, and -1 is the last. Write another number."
    if expression.verb == "constant" and (more := expression.model_fields_set - {"constant"}):
        said = ", ".join(sorted(_ALIASES.get(one, one) for one in more))
        yield f"{place}: nothing is done to a constant. Remove {said}."


def _kinds(place: str, field: Field, expression: Expression) -> Iterator[str]:
    """Casts and factors that the field cannot take."""
    if expression.cast and field.type not in CASTS[expression.cast]:
        fit = [name for name, some in CASTS.items() if field.type in some]
        yield f"{place}.as: “{expression.cast}” does not make a {field.type}. Write {' or '.join(fit)}, or leave it out."
    if expression.factor is not None and field.type not in NUMBERS:
        yield f"{place}.factor: a {field.type} cannot be multiplied. Remove it."
    if expression.factor == 0:
        yield f"{place}.factor: 0 makes every value 0. Write another number."


def _dates(place: str, field: Field, expression: Expression) -> Iterator[str]:
    """Formats and zones on what is no date, and those that say too little or that nobody knows."""
    moment = field.type in TIMES or expression.cast in {"date", "datetime"}
    for name in ("formats", "zone"):
        if getattr(expression, name) and not moment:
            yield f"{place}.{name}: {field.name} is a {field.type} and has none. Remove it."
    if expression.date and not (field.type is FieldType.DATETIME or expression.cast == "datetime"):
        yield (
            f"{place}: date and time make a datetime, and {field.name} is a {field.type}. "
            f"Write {{ column = “{expression.date}”, formats = … }}."
        )
    if expression.zone and not _is_zone(expression.zone):
        yield f"{place}.zone: “{expression.zone}” is no time zone. Write UTC or a name such as America/Chicago."
    for format_ in expression.formats:
        if format_ not in WORDS and (fault := _unread(format_, day=True)):
            yield f"{place}.formats: “{format_}” {fault}. Write such as %m/%d/%Y %I:%M:%S %p."
    for format_ in expression.times:
        if format_ != HHMM and (fault := _unread(format_, day=False)):
            yield f"{place}.times: “{format_}” {fault}. Write such as %H:%M:%S, or {HHMM}."


def _unread(format_: str, *, day: bool) -> str:
    """What is wrong with a format: a known moment that is written by it does not come back from it."""
    try:
        back = datetime.strptime(_MOMENT.strftime(format_).strip(), format_)  # noqa: DTZ007 - zones come later
    except ValueError as error:
        return (
            f"is no format of strptime ({error})"
            if "%z" not in format_
            else _unread(format_.replace("%z", ""), day=day)
        )
    if day:
        return "" if back.date() == _MOMENT.date() else "does not say year, month and day"
    return "" if (back.hour, back.minute) == (_MOMENT.hour, _MOMENT.minute) else "does not say hour and minute"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _pattern(place: str, expression: Expression) -> Iterator[str]:
    """Patterns are RE2's, as engines have them: no looking around, no references back."""
    if not expression.pattern:
        return
    import pyarrow as pa
    from pyarrow import compute

    try:
        compute.match_substring_regex(pa.array([""]), expression.pattern)
    except pa.ArrowInvalid as error:
        yield f"{place}.pattern: “{expression.pattern}” is no regular expression (RE2): {error}. Correct it."
        return
    groups = len(re.findall(r"(?<!\\)\((?!\?)|\(\?P?<[A-Za-z]", re.sub(r"\[[^\]]*\]", "", expression.pattern)))
    if groups != 1:
        yield f"{place}.pattern: has {groups} groups, and the first of one is taken. Put what is wanted in ( ), else (?: )."
