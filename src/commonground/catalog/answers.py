"""What the answer of an address says about it, and when an address is dead. Pure.

Nobody is told of a dead link by one failure: an address is dead once two checks, at least a day apart, found
nothing there. Being busy, broken, slow or closed to strangers is no proof of that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

APART: Final = timedelta(days=1)
"""Between two failures that count."""
AGAIN: Final = timedelta(days=7)
"""Between two checks of an address that answered, or is known to be dead."""
FAILURES: Final = 2
GONE: Final = frozenset({404, 410})
BUSY: Final = frozenset({429, 503})
_BAD_REQUEST: Final = 400


class Verdict(StrEnum):
    """What one check says: it answers; there is nothing there; nobody answered; or it cannot be told."""

    ALIVE = "alive"
    GONE = "gone"
    SILENT = "silent"
    UNSURE = "unsure"


def verdict(status: int | None) -> Verdict:
    """By the status in the end; None when there was no answer at all."""
    if status is None:
        return Verdict.SILENT
    if status in GONE:
        return Verdict.GONE
    return Verdict.ALIVE if status < _BAD_REQUEST else Verdict.UNSURE


@dataclass(frozen=True, slots=True)
class Track:
    """What is remembered of an address: failures in a row, since when, and the last check."""

    failures: int = 0
    failing_since: datetime | None = None
    checked: datetime | None = None

    def after(self, found: Verdict, now: datetime) -> Track:
        """The track after one more check. What cannot be told changes nothing but the time."""
        if found is Verdict.ALIVE:
            return Track(checked=now)
        if found is Verdict.UNSURE:
            return replace(self, checked=now)
        if self.checked and self.failures and now - self.checked < APART:
            return self  # so soon after the last failure, this one adds nothing
        return Track(self.failures + 1, self.failing_since or now, now)

    @property
    def dead(self) -> bool:
        """Whether there is nothing there any more."""
        return self.failures >= FAILURES
