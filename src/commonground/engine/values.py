"""What a column's values look like, told from a sample of them: their shapes and their kind. Pure Python."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from enum import StrEnum
from itertools import groupby
from typing import Final

ALMOST_ALL: Final = 0.95
"""So many values of a sample make a kind."""
LONGEST_SHAPE: Final = 24
MOST_CODES: Final = 100
"""A list of codes has at most so many."""
_OFTEN: Final = 4
"""How often, in the mean, each code of a list is used."""
_ENOUGH: Final = 20
"""Of fewer rows nothing is said about being unique."""
_LETTERS: Final = 3
_LONGEST_ID: Final = 40
_DECIMALS: Final = 3
_LATITUDES: Final = (17.0, 72.0)
_LONGITUDES: Final = (-180.0, -64.0)
"""The United States, outer states and territories too."""

ISO_DATE: Final = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[T ]\d{1,2}:\d{2}.*)?"
US_DATE: Final = r"\d{1,2}[-/]\d{1,2}[-/]\d{4}(?:[T ,].*)?"
PLAIN_NUMBER: Final = r"[+-]?\$?(?:\d+|\d{1,3}(?:,\d{3})+)?(?:\.\d*)?(?:[eE][+-]?\d{1,3})?%?"
"""Patterns for a whole value; DuckDB (RE2) and Python read them alike."""
_DATE: Final = re.compile(f"(?:{ISO_DATE})|(?:{US_DATE})")
_NUMBER: Final = re.compile(rf"(?=.*\d){PLAIN_NUMBER}")
_POINT: Final = re.compile(r"\(?-?\d+\.\d+, ?-?\d+\.\d+\)?|(?:MULTI)?POINT ?Z? ?\(.*\)", re.IGNORECASE)
_DIGIT: Final = re.compile(r"\d")
_WORDS_OF_TRUTH: Final = frozenset({"true", "false", "yes", "no", "y", "n", "t", "f"})


class ValueKind(StrEnum):
    """What the values of a column are, whatever type they were published as."""

    EMPTY = "empty"
    DATE = "date"
    LATITUDE = "latitude"
    LONGITUDE = "longitude"
    POINT = "point"
    BOOLEAN = "boolean"
    CODE = "code"
    """Few values, each used often."""
    IDENTIFIER = "identifier"
    """Each value used once."""
    NUMBER = "number"
    TEXT = "text"


def shape(value: str) -> str:
    """`2022-07-23` is `9999-99-99`, `HZ123456` is `AA999999`, `Main St` is `A+ AA`.

    A digit is 9, a letter is A, four letters or more are A+; what is longer than 24 signs ends in `…`.
    """
    parts = []
    for sign, run in groupby(value, _sign):
        length = sum(1 for _ in run)
        if sign == "A" and length > _LETTERS:
            parts.append("A+")
        else:
            parts.append(" " if sign == " " else sign * length)
    found = "".join(parts)
    return found if len(found) <= LONGEST_SHAPE else f"{found[: LONGEST_SHAPE - 1]}…"


def _sign(sign: str) -> str:
    if sign.isdigit():
        return "9"
    if sign.isalpha():
        return "A"
    return " " if sign.isspace() else sign


def kind(values: Sequence[str]) -> ValueKind:
    """The kind of a sample of values, trimmed and without empty ones."""
    if not values:
        return ValueKind.EMPTY
    distinct = Counter(values)
    written = _written(values, distinct)
    if written:
        return written
    numbers = _almost_all(_NUMBER, values)
    if numbers and (place := _degrees(values)):
        return place
    if _unique(values, distinct, numbers=numbers):
        return ValueKind.IDENTIFIER
    if _codes(values, distinct):
        return ValueKind.CODE
    return ValueKind.NUMBER if numbers else ValueKind.TEXT


def _written(values: Sequence[str], distinct: Counter[str]) -> ValueKind | None:
    """The kinds that are told by how a value is written."""
    if {one.casefold() for one in distinct} <= _WORDS_OF_TRUTH:
        return ValueKind.BOOLEAN
    ways = ((_DATE, ValueKind.DATE), (_POINT, ValueKind.POINT))
    return next((found for pattern, found in ways if _almost_all(pattern, values)), None)


def _almost_all(pattern: re.Pattern[str], values: Collection[str]) -> bool:
    return sum(pattern.fullmatch(one) is not None for one in values) >= ALMOST_ALL * len(values)


def number(value: str) -> float | None:
    """A number as it is written, with `$`, commas or `%`; None for anything else."""
    if not _NUMBER.fullmatch(value):
        return None
    try:
        return float(value.replace("$", "").replace(",", "").rstrip("%"))
    except ValueError:
        return None


def _degrees(values: Sequence[str]) -> ValueKind | None:
    """Zero stands for a place that is not known, so it says nothing."""
    known = [(one, found) for one in values if (found := number(one))]
    exact = sum(len(one.partition(".")[2]) >= _DECIMALS for one, _ in known)
    if not known or exact < len(known) / 2:
        return None
    for place, (least, greatest) in ((ValueKind.LATITUDE, _LATITUDES), (ValueKind.LONGITUDE, _LONGITUDES)):
        if sum(least <= found <= greatest for _, found in known) >= ALMOST_ALL * len(known):
            return place
    return None


def _unique(values: Sequence[str], distinct: Counter[str], *, numbers: bool) -> bool:
    """Each value once, and short, and with a digit, and without spaces or decimals, as ids are written."""
    if len(values) < _ENOUGH or len(distinct) < ALMOST_ALL * len(values):
        return False
    written = [one for one in distinct if _DIGIT.search(one) and len(one) <= _LONGEST_ID and " " not in one]
    return len(written) >= ALMOST_ALL * len(distinct) and not (
        numbers and any(sign in one for one in written for sign in ".$,%")
    )


def _codes(values: Sequence[str], distinct: Counter[str]) -> bool:
    return len(distinct) <= MOST_CODES and len(distinct) * _OFTEN <= len(values)
