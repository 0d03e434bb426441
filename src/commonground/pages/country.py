"""The map of the country with a dot a place, drawn on the server as SVG; labels never cover each other.

Lengths are in drawing units: `WIDTH` across, as many pixels on a wide screen. A page that shows the map
lists the same places in a table, because a map alone tells nothing to who cannot see it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from commonground.pages.projection import project

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

OUTLINE: Final = Path(__file__).parent / "static" / "built" / "country.json"
WIDTH: Final = 720
OCEAN: Final = 130.0
"""Left free in the east, where the coast is crowded and labels stand in the sea."""
MARGIN: Final = 4.0
NAME_LETTER: Final = 13.0
NOTE_LETTER: Final = 9.0
"""Width of an average letter: of names at the larger size (phones), of notes at the only size they have."""
LINE: Final = 20.0
DOT: Final = 7.0
MILE: Final = 1.609344
SCALE_MILES: Final = 500


@dataclass(frozen=True, slots=True)
class Spot:
    """A place to show: its name, a note of a few letters, the page it leads to, and where it lies in degrees."""

    name: str
    note: str
    url: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle that something occupies."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether the two share any area."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def within(self, width: float, height: float) -> bool:
        """Whether nothing of it would be cut off."""
        return self.left >= 0 and self.top >= 0 and self.right <= width and self.bottom <= height


@dataclass(frozen=True, slots=True)
class Label:
    """A spot as drawn: dot at `x, y`, words at `text_x, text_y`, a leader line where they stand apart."""

    spot: Spot
    x: float
    y: float
    text_x: float
    text_y: float
    anchor: str
    leader: bool
    box: Box


@dataclass(frozen=True, slots=True)
class Country:
    """Everything that the template draws."""

    width: int
    height: int
    land: str
    borders: str
    labels: Sequence[Label]
    scale: float
    """Length of the bar that stands for `SCALE_MILES`."""

    @property
    def bar_end(self) -> float:
        """Where the scale bar ends."""
        return 14 + self.scale

    @property
    def bar_y(self) -> int:
        """How far down the scale bar lies."""
        return self.height - 14

    @property
    def bar_text_y(self) -> int:
        """How far down its words stand."""
        return self.height - 20


@dataclass(frozen=True, slots=True)
class _Ground:
    """The outline in drawing units, and how kilometers become them."""

    land: str
    borders: str
    factor: float
    left: float
    top: float
    height: int

    def at(self, longitude: float, latitude: float) -> tuple[float, float]:
        x, y = project(longitude, latitude)
        return (x - self.left) * self.factor + MARGIN, (y - self.top) * self.factor + MARGIN


def country(spots: Iterable[Spot]) -> Country | None:
    """The map of these places; None where the assets have not been built."""
    return _drawn(tuple(spots))


@lru_cache(maxsize=16)
def _drawn(spots: tuple[Spot, ...]) -> Country | None:
    ground = _ground()
    if ground is None:
        return None
    labels = tuple(_labels(spots, ground))
    bar = SCALE_MILES * MILE * ground.factor
    return Country(WIDTH, ground.height, ground.land, ground.borders, labels, round(bar, 1))


@cache
def _ground() -> _Ground | None:
    if not OUTLINE.exists():
        return None
    outline = json.loads(OUTLINE.read_text())
    points = [project(*point) for ring in outline["land"] for point in ring]
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top, bottom = min(y for _, y in points), max(y for _, y in points)
    factor = (WIDTH - OCEAN - 2 * MARGIN) / (right - left)
    bare = _Ground("", "", factor, left, top, round((bottom - top) * factor + 2 * MARGIN))
    return _Ground(
        _path(outline["land"], bare, "Z"), _path(outline["borders"], bare, ""), factor, left, top, bare.height
    )


def _path(lines: Iterable[Sequence[Sequence[float]]], ground: _Ground, end: str) -> str:
    def drawn(line: Sequence[Sequence[float]]) -> str:
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (ground.at(*point) for point in line)) + end

    return "".join(drawn(line) for line in lines)


def _labels(spots: Iterable[Spot], ground: _Ground) -> Iterator[Label]:
    """Labels from east to west: the crowded coast chooses first. The nearest free position wins."""
    placed = [(spot, *ground.at(spot.longitude, spot.latitude)) for spot in spots]
    taken = [Box(x - DOT, y - DOT, x + DOT, y + DOT) for _, x, y in placed]
    for spot, x, y in sorted(placed, key=lambda each: -each[1]):
        own = Box(x - DOT, y - DOT, x + DOT, y + DOT)
        others = [box for box in taken if box != own]
        options = [
            label
            for label in _positions(spot, x, y)
            if label.box.within(WIDTH, ground.height) and not any(label.box.meets(box) for box in others)
        ]
        label = options[0] if options else next(_positions(spot, x, y))
        taken.append(label.box)
        yield label


def _positions(spot: Spot, x: float, y: float) -> Iterator[Label]:
    """Where words may stand, the best first: beside the dot, over or under it, then further off with a line."""
    wide = max(len(spot.name) * NAME_LETTER, len(spot.note) * NOTE_LETTER)
    high = 2 * LINE if spot.note else LINE
    for away in (0.0, 30.0, 60.0, 90.0):
        for across, down, anchor in _AROUND:
            text_x = x + across * (DOT + 5 + away)
            top = y + down * (DOT + 3 + high / 2 + away) - high / 2
            left = {"start": text_x, "middle": text_x - wide / 2, "end": text_x - wide}[anchor]
            box = Box(left, top, left + wide, top + high)
            yield Label(
                spot, round(x, 1), round(y, 1), round(text_x, 1), round(top + LINE - 4, 1), anchor, away > 0, box
            )


_AROUND: Final = (
    (1, 0, "start"),
    (1, 0.6, "start"),
    (1, 1.0, "start"),
    (1, -0.6, "start"),
    (-1, 0, "end"),
    (-1, 0.6, "end"),
    (-1, -0.6, "end"),
    (0, -1, "middle"),
    (0, 1, "middle"),
)
"""Directions from a dot, with the side at which its words are anchored."""
