"""Whether data are as fresh as their city promises. Pure.

A record that says “daily” promises a day between updates. Weekends, holidays and one missed update are forgiven:
data are stale once they are older than twice the promised time and three days. “As needed” promises nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from commonground.words import Dataset, Kind

FACTOR: Final = 2.0
SPARE: Final = timedelta(days=3)
HELD: Final = frozenset({Kind.TABLE, Kind.MAP_LAYER, Kind.VIEW, Kind.FILE})
"""Kinds whose data the portal holds, so that it knows when they change; of a link it knows only the record."""

_NAMED: Final = (
    (1.0, "every day"),
    (7.0, "every week"),
    (14.0, "every two weeks"),
    (30.4375, "every month"),
    (91.3125, "every quarter"),
    (182.625, "every half year"),
    (365.25, "every year"),
)
_NEAR: Final = 0.02
_LONGEST: Final = 36_525.0
"""A promise of more than a century is a slip."""


def due(dataset: Dataset) -> datetime | None:
    """When the data are stale if they are not updated; None where nothing is promised or no update is known."""
    days = dataset.frequency.days if dataset.frequency else None
    updated = last_update(dataset)
    if dataset.kind not in HELD or not days or updated is None or not 0 < days <= _LONGEST:
        return None
    try:
        return updated + timedelta(days=FACTOR * days) + SPARE
    except OverflowError:
        return None


def last_update(dataset: Dataset) -> datetime | None:
    """When the data last changed; of a portal that does not tell, when the record did."""
    for moment in (dataset.data_updated, dataset.modified):
        if moment and moment.at:
            return moment.at
    return None


def promised(updated: datetime, stale_at: datetime) -> str:
    """The promise in words (“every week”), from the two dates that `due` connects."""
    days = (stale_at - updated - SPARE) / timedelta(days=FACTOR)
    if days <= 1:
        return _NAMED[0][1] if days > 1 - _NEAR else "several times a day"
    for named, word in _NAMED:
        if abs(days - named) <= _NEAR * named:
            return word
    return f"every {days:.0f} days"
