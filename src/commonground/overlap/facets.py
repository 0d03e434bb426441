"""The words of overlap: grain, bands, verdicts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Grain(StrEnum):
    """What one row is. Most wrong matches are right in topic and wrong in grain."""

    RECORDS = "records"
    """One event, case, permit, person or payment."""
    AGGREGATE = "aggregate"
    """Counts or sums by something: ZIP code, day, department."""
    REFERENCE = "reference"
    """A list that others refer to: places, assets, codes, districts."""
    INDICATOR = "indicator"
    """A measure of performance, most often by month or quarter against a target."""
    MAP = "map"
    """A picture, a story or a map of which no rows are to be had."""
    UNKNOWN = "unknown"


class Geometry(StrEnum):
    """What the rows have of places."""

    POINT = "point"
    LINE = "line"
    AREA = "area"
    NONE = "none"
    UNKNOWN = "unknown"


class Timing(StrEnum):
    """Whether rows happen (and stay), or tell how things are now (and are replaced)."""

    EVENT = "event"
    SNAPSHOT = "snapshot"
    UNKNOWN = "unknown"


class Band(StrEnum):
    """How sure a guess is. What each means in hundredths is measured: docs/reference/overlap.md."""

    SURE = "sure"
    LIKELY = "likely"
    WEAK = "weak"


WORTH_ASKING: Final = frozenset({Band.SURE, Band.LIKELY})
"""Bands that count as found; what is weak is shown to who looks for it, and not counted."""


class Verdict(StrEnum):
    """What a person says of a guess."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    RELATED = "related"


class Relation(StrEnum):
    """How a related dataset stands to the subject's rows."""

    SUBSET = "subset"
    AGGREGATE = "aggregate"
    INDICATOR = "indicator"
    OTHER = "other"


class Cell(StrEnum):
    """What the matrix says of one subject in one city."""

    YES = "yes"
    PARTLY = "partly"
    MAYBE = "maybe"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Nature:
    """What kind of rows a dataset has, and why we think so. `by` says by what an aggregate counts ("zip", "day")."""

    grain: Grain = Grain.UNKNOWN
    by: tuple[str, ...] = ()
    timing: Timing = Timing.UNKNOWN
    geometry: Geometry = Geometry.UNKNOWN
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One contribution to a score. The points of all parts add up to the score.

    `what` names the evidence (a code of `spoken.PARTS`), `detail` what it rests on: the shared words, the columns.
    """

    what: str
    points: float
    detail: tuple[str, ...] = ()
