"""Times that no clock of a place ever showed: when it is put forward."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

_YEARS: Final = range(1950, 2100)
_DAY: Final = timedelta(days=1)


@cache
def gaps(zone: str) -> tuple[tuple[datetime, datetime], ...]:
    """Beginning and end of each gap in local time, without a zone: 2024-03-10 02:00 to 03:00 in New York."""
    place = ZoneInfo(zone)
    found = []
    day = datetime(_YEARS.start, 1, 1, tzinfo=UTC)
    while day.year < _YEARS.stop:
        before, after = (one.astimezone(place).utcoffset() or timedelta() for one in (day, day + _DAY))
        if after > before:
            start = _moment(day, before, place)
            found.append((start + before, start + after))
        day += _DAY
    return tuple((one.replace(tzinfo=None), other.replace(tzinfo=None)) for one, other in found)


def _moment(day: datetime, before: timedelta, place: ZoneInfo) -> datetime:
    """The first minute of a day at which the clock is no longer as before."""
    low, high = 0, 24 * 60
    while low < high:
        middle = (low + high) // 2
        if (day + timedelta(minutes=middle)).astimezone(place).utcoffset() == before:
            low = middle + 1
        else:
            high = middle
    return day + timedelta(minutes=low)
