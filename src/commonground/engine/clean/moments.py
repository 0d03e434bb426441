"""Texts of dates and times: read by stated formats only, then put into a zone with its gaps and folds.

A date that a calendar does not have (February 30) is not read. DuckDB's `try_strptime` refuses it, which C's strptime
and so Arrow's do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from commonground.engine.session import literal

ISO: Final = (
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f%z",
)
"""What is tried where a crosswalk names no formats; a space may stand for the T, and Z for +00."""
HHMM: Final = "hhmm"
"""A time of day as one number without its first zeros: 330 is 03:30, 5 is 00:05."""
EXCEL: Final = "excel"
"""A day as Excel counts it: 42660 is 2016-10-17. Day 60, February 29 of 1900, is its well-known mistake."""
EPOCH: Final = "epoch_ms"
"""Milliseconds since 1970 in UTC, as ArcGIS answers."""
_WORDS: Final = (EXCEL, EPOCH)
INSTANT: Final = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a column of time is read: SQL of a text, formats, and of its time of day where that is another column."""

    text: str
    formats: tuple[str, ...] = ()
    time: str = ""
    times: tuple[str, ...] = ()

    def walls(self) -> str:
        """SQL of the time as a clock on the wall shows it; NULL where the text says an offset, or cannot be read."""
        naive = [one for one in self.formats or ISO if "%z" not in one and one not in _WORDS]
        found = [_read(self._text(one), one) for one in naive]
        if EXCEL in self.formats:
            found.append(_excel(self.text))
        day = _first(found, "TIMESTAMP")
        if not self.time:
            return day
        hour = _first([_hour(self.time, one) for one in self.times or ("%H:%M:%S", "%H:%M")], "INTERVAL")
        return f"(date_trunc('day', {day}) + {hour})"

    def instants(self) -> str:
        """SQL of the instant, where the text says an offset."""
        told = [one for one in self.formats or ISO if "%z" in one]
        found = [_read(_utc(self._text(one)), one) for one in told]
        if EPOCH in self.formats:
            text = self.text
            found.append(
                f"CASE WHEN regexp_full_match({text}, '-?\\d{{1,15}}') THEN epoch_ms({text}::BIGINT) END::TIMESTAMPTZ"
            )
        return _first(found, "TIMESTAMPTZ")

    def _text(self, form: str) -> str:
        if self.formats or "T" not in form:
            return self.text
        return f"regexp_replace({self.text}, '^(\\d{{4}}-\\d{{2}}-\\d{{2}}) ', '\\1T')"


def _first(found: Sequence[str], kind: str) -> str:
    if not found:
        return f"NULL::{kind}"
    return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"


def _read(text: str, form: str) -> str:
    return f"try_strptime({text}, {literal(form)})"


def _utc(text: str) -> str:
    return f"regexp_replace({text}, 'Z$', '+00')"


def _excel(text: str) -> str:
    number = f"CASE WHEN regexp_full_match({text}, '\\d{{1,5}}(\\.\\d+)?') THEN {text}::DOUBLE END"
    return f"(TIMESTAMP '1899-12-30' + to_seconds(round({number} * 86400)))"


def _hour(text: str, form: str) -> str:
    if form == HHMM:
        number = f"CASE WHEN regexp_full_match({text}, '\\d{{1,4}}(\\.0)?') THEN {text}::DOUBLE::INTEGER END"
        return (
            f"CASE WHEN {number} // 100 < 24 AND {number} % 100 < 60"
            f" THEN to_minutes({number} // 100 * 60 + {number} % 100) END"
        )
    return f"({_read(text, form)} - TIMESTAMP '1900-01-01')"


def instants(walls: pa.ChunkedArray, told: pa.ChunkedArray, zone: str) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Instants in UTC of walls in a zone, or as told with an offset; and where a wall is of no time in that zone.

    Of a time that comes twice (clocks set back) the first is taken. One that never was (clocks set forward) is no
    instant: the second answer is true there.
    """
    walls = walls.cast(pa.timestamp("us"))
    try:  # few batches have a time that never was, and to look for it row by row takes as long as all the rest
        sure = pc.assume_timezone(walls, zone, ambiguous="earliest", nonexistent="raise").cast(INSTANT)
        never = pa.chunked_array([pa.repeat(pa.scalar(value=False), len(walls))])
    except pa.ArrowInvalid:
        assumed = pc.assume_timezone(walls, zone, ambiguous="earliest", nonexistent="earliest")
        never = pc.fill_null(pc.not_equal(pc.local_timestamp(assumed), walls), fill_value=False)
        sure = pc.if_else(never, pa.scalar(None, assumed.type), assumed).cast(INSTANT)
    return (sure if told.null_count == len(told) else pc.coalesce(told.cast(INSTANT), sure)), never


def days(walls: pa.ChunkedArray, told: pa.ChunkedArray, zone: str, city: str) -> pa.ChunkedArray:
    """Days in the zone of the city. A wall of that zone needs no more than its day."""
    walls = walls.cast(pa.timestamp("us"))
    if zone == city and told.null_count == len(told):
        return walls.cast(pa.date32(), safe=False)
    instant = told.cast(INSTANT)
    if zone != city:
        instant = pc.coalesce(instant, instants(walls, told, zone)[0])
        walls = pa.chunked_array([pa.nulls(len(walls), walls.type)])
    local = pc.local_timestamp(pc.cast(instant, pa.timestamp("us", tz=city)))
    return pc.coalesce(walls, local).cast(pa.date32(), safe=False)


def unknown(form: str) -> bool:
    """Whether a format is none that can be read: it has no sign of strptime, and is no word of ours."""
    return form not in {HHMM, *_WORDS} and not re.search(r"%[A-Za-z]", form)
