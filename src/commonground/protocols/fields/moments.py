"""Dates and times as portals write them, always into UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from dateutil import parser as dateutil_parser

from commonground.protocols.base import Notes
from commonground.protocols.fields.prose import clean
from commonground.words import Moment

_FIRST_YEAR, _LAST_YEAR = 1600, 2200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 100_000_000_000  # as seconds that would be the year 5138; as milliseconds it is 1973
_LONGEST = 60
_LARGEST = 10**17
_SAMPLE = 200

_YEAR = re.compile(r"\d{4}", re.ASCII)
_COMPACT_DAY = re.compile(r"(?:1[6-9]|2[01])\d{6}", re.ASCII)
_DIGITS = re.compile(r"-?\d{1,17}(?:\.\d{1,9})?", re.ASCII)
_ISO_START = re.compile(r"[+-]?(\d{4,9})-\d{1,2}(?:-\d{1,2})?(?!\d)", re.ASCII)
_MONTH_ONLY = re.compile(r"\d{4}-\d{2}", re.ASCII)
_SLASHED_ISO = re.compile(r"\d{4}/\d{1,2}/\d{1,2}", re.ASCII)
_MICROSOFT = re.compile(r"\\?/Date\((-?\d{1,17})(?:[+-]\d{4})?\)\\?/", re.ASCII)
_AMERICAN = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4})(?:,?[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:\s*([AP])\.?M\.?)?)?",
    re.ASCII | re.IGNORECASE,
)
_WORDS = re.compile(r"(?=.*\d{4})(?=.*[A-Za-z]{3}|.*[-/.]).*\d.*", re.ASCII)
_ZONES = {
    name: hours * 3600
    for name, hours in {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}.items()
}


class _OutOfRangeError(ValueError):
    """A date, but of a year that no dataset of a city is from."""


def moment(value: object, notes: Notes, place: str, *, zone: str = "UTC") -> Moment | None:
    """A point in time. What has no offset is taken to be in `zone`; a date alone is its first instant.

    A value that is no date, or of a year outside 1600 to 2200, is kept as text and noted.
    """
    if isinstance(value, dict):
        value = value.get("@value")
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        notes.add("wrong-type", place, value)
        return None
    text = clean(value[:_SAMPLE]).strip() if isinstance(value, str) else _number_text(value)
    if not text:
        return None
    try:
        return Moment(_in_utc(_read(text), zone), text)
    except _OutOfRangeError:
        notes.add("date-out-of-range", place, text)
    except (ValueError, OverflowError):
        notes.add("date-unreadable", place, text)
    return Moment(None, text)


def read(text: str, zone: str = "UTC") -> datetime | None:
    """The same for a text alone, without a note; None when it is no date."""
    try:
        return _in_utc(_read(text), zone)
    except (ValueError, OverflowError):
        return None


def _number_text(value: float) -> str:
    if abs(value) < _LARGEST:
        return str(int(value)) if value == int(value) else str(value)
    return f"{value:#x}"[:_SAMPLE] if isinstance(value, int) else str(value)


def _read(text: str) -> datetime:
    """Raises ValueError, OverflowError or _OutOfRangeError."""
    try:
        return _from_digits(text) if _DIGITS.fullmatch(text) else datetime.fromisoformat(text)
    except _OutOfRangeError:
        raise
    except ValueError:
        return _read_slowly(text)


def _read_slowly(text: str) -> datetime:
    if match := _AMERICAN.fullmatch(text):
        return _american(match)
    if match := _MICROSOFT.fullmatch(text):
        return _from_epoch(float(match[1]) / 1000)
    if _MONTH_ONLY.fullmatch(text):
        return datetime.fromisoformat(f"{text}-01")
    if match := _ISO_START.match(text):
        _check_year(int(match[1]))
    if _SLASHED_ISO.match(text):
        return _with_library(text.replace("/", "-"))
    return _with_library(text)


def _from_digits(text: str) -> datetime:
    """A year, a day as 20240131, or seconds or milliseconds since 1970."""
    if _YEAR.fullmatch(text):
        _check_year(int(text))
        return datetime(int(text), 1, 1)  # noqa: DTZ001 - a date has no zone yet
    if _COMPACT_DAY.fullmatch(text):
        return datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007 - a date has no zone yet
    number = float(text)
    return _from_epoch(number / 1000 if abs(number) >= _MILLISECONDS_FROM else number)


def _from_epoch(seconds: float) -> datetime:
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError as error:
        raise _OutOfRangeError from error


def _american(match: re.Match[str]) -> datetime:
    month, day, year, hour, minute, second, half = match.groups()
    _check_year(int(year))
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half in "Pp" else 0)
    return datetime(int(year), int(month), int(day), hours, int(minute or 0), int(second or 0))  # noqa: DTZ001


def _with_library(text: str) -> datetime:
    """Other forms through dateutil, which fills gaps from a default: two defaults show what was really said."""
    if len(text) > _LONGEST or not _WORDS.fullmatch(text) or text.upper().startswith(("R/", "P")):
        raise ValueError(text)
    first = dateutil_parser.parse(text, default=datetime(2001, 1, 1), tzinfos=_ZONES)  # noqa: DTZ001
    second = dateutil_parser.parse(text, default=datetime(2004, 3, 3), tzinfos=_ZONES)  # noqa: DTZ001
    if (first.year, first.month) != (second.year, second.month):
        raise ValueError(text)
    return first


def _check_year(year: int) -> None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise _OutOfRangeError(str(year))


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _in_utc(at: datetime, zone: str) -> datetime:
    _check_year(at.year)
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC if zone == "UTC" else _zone(zone))
    return at.astimezone(UTC)
