"""A row of maps as SVG: every city at one scale, in kilometers from the north-west of its outline.

The projection is equirectangular at the middle latitude of each city: a kilometer is as long in each city, and within
the tallest of them east to west is off by at most half a percent. For looking, not for measuring.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import cos, isfinite, radians
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext, ngettext

from commonground.pages.charts.amounts import told
from commonground.pages.charts.drawing import COMMON, EDGE, INK, INK_3, LINE, WASH, WASH_2, svg, text, wrapped
from commonground.pages.charts.picture import EDGE_SPACE, foot, framed, head
from commonground.pages.maps.classes import Classes, classes

if TYPE_CHECKING:
    from collections.abc import Callable

    from commonground.pages.maps.model import CityMap, MapRow

DEGREE_KM: Final = 111.195
PIXELS_A_KM: Final = 4.2
SCALE_KM: Final = 10
MILE_KM: Final = 1.609344
GAP: Final = 28.0
CAPTION: Final = 104.0
ROW_WIDTH: Final = 1200.0
HATCH: Final = "#8d9297"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A city's map in pixels at `PIXELS_A_KM`; `width_em` and `height_em` size it on a page where 1 em is 10 km."""

    city: CityMap
    width: float
    height: float
    body: str
    beyond: int

    @property
    def caption(self) -> str:
        """How many of the city's rows have a place, or why none has."""
        return placed_of(self.city)

    @property
    def width_em(self) -> str:
        """The width with its unit."""
        return f"{self.width / PIXELS_A_KM / SCALE_KM:.2f}em"

    @property
    def height_em(self) -> str:
        """The height with its unit."""
        return f"{self.height / PIXELS_A_KM / SCALE_KM:.2f}em"

    def svg(self) -> str:
        """The map as an image for a page, whose sheet sets the scale by its size of letters."""
        title = gettext("Map of %(city)s") % {"city": self.city.name}
        whole = svg(self.width, self.height, self.body, title=title, description=self.told)
        sized = f'width="{self.width:g}" height="{self.height:g}"'
        return whole.replace(sized, f'width="{self.width_em}" height="{self.height_em}"', 1)

    @property
    def outside(self) -> str:
        """How many of the places lie beyond the frame; nothing where none does."""
        if not self.beyond:
            return ""
        return ngettext(
            "%(number)s of the places lies outside the drawing.",
            "%(number)s of the places lie outside the drawing.",
            self.beyond,
        ) % {"number": f"{self.beyond:,}"}

    @property
    def told(self) -> str:
        """The caption, and what lies beyond the frame."""
        return f"{self.caption}. {self.outside}" if self.beyond else self.caption


def placed_of(city: CityMap) -> str:
    """`9,988 of 10,000 rows have a place`, or the reason why none has."""
    if not city.placed:
        return city.reason or gettext("No row has a place")
    return gettext("%(placed)s of %(rows)s rows have a place") % {
        "placed": f"{city.placed:,}",
        "rows": f"{city.rows:,}",
    }


def drawings(row: MapRow) -> tuple[Drawn, ...]:
    """The maps, the largest city first, so that the row reads as one shape."""
    shared = breaks(row)
    drawn = [_city(city, row, shared) for city in row.cities if city.outline]
    return tuple(sorted(drawn, key=lambda one: -one.width * one.height))


def breaks(row: MapRow) -> Classes:
    """The classes that all cities of a grid share; none for dots."""
    values = [cell.value for city in row.cities for cell in city.cells] if row.kind == "grid" else []
    return classes(values, row.measure)


def scale_words() -> str:
    """What the scale bar says."""
    miles = f"{SCALE_KM / MILE_KM:.1f}"
    return gettext("%(km)s km (%(miles)s mi). All cities at one scale.") % {"km": SCALE_KM, "miles": miles}


def picture(row: MapRow, *, width: float = ROW_WIDTH) -> str:
    """The row as one SVG file, with scale, legend, what is missing, and the source."""
    maps = drawings(row)
    whole = width + 2 * EDGE_SPACE
    body, y = head(row.title, row.unit, whole)
    body.append(scale_bar(EDGE_SPACE, y, PIXELS_A_KM * SCALE_KM))
    body.append(text(EDGE_SPACE + PIXELS_A_KM * SCALE_KM + 8, y + 9, scale_words(), size=13))
    y += 32
    for line in _lines(maps, width):
        tallest = max(one.height for one in line)
        x = EDGE_SPACE
        for one in line:
            body.append(f'<g transform="translate({x:.1f} {y + tallest - one.height:.1f})">{one.body}</g>')
            body += _caption(one, x, y + tallest + 12)
            x += max(one.width, CAPTION) + GAP
        y += tallest + 92
    body += _legend(breaks(row), y)
    y = foot(body, (row.remainder_note, row.source), whole, y + (30 if breaks(row).edges else 0))
    description = " ".join([row.description, *(f"{one.city.name}: {one.told}." for one in maps), row.remainder_note])
    return framed(whole, y, body, row.title, description)


def scale_bar(x: float, y: float, length: float) -> str:
    """A bar open at its top, as on the page."""
    return f'<path d="M{x:.1f} {y + 2:.1f}v6h{length:.1f}v-6" fill="none" stroke="{INK}"/>'


def _city(city: CityMap, row: MapRow, shared: Classes) -> Drawn:
    west, south, east, north = city.frame
    down = DEGREE_KM * PIXELS_A_KM
    across = down * cos(radians((south + north) / 2))
    width, height = max(1.0, (east - west) * across), max(1.0, (north - south) * down)

    def at(longitude: float, latitude: float) -> tuple[float, float]:
        return (longitude - west) * across, (north - latitude) * down

    land = "".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (at(*point) for point in ring)) + "Z"
        for polygon in city.outline
        for ring in polygon
    )
    thin = f'stroke="{EDGE}" vector-effect="non-scaling-stroke"'
    if not city.placed:
        return Drawn(city, width, height, _hatched(land, thin), 0)
    if row.kind == "grid":
        cells = _cells(city, shared, at)
        body = f'<path d="{land}" fill="{WASH_2}" fill-rule="evenodd"/>{cells}<path d="{land}" fill="none" {thin}/>'
        return Drawn(city, width, height, body, 0)
    places = [at(*point) for point in city.shown]
    inside = [(x, y) for x, y in places if 0 <= x <= width and 0 <= y <= height]
    # Dots that fall on one another are one stroke.
    d = "".join(dict.fromkeys(f"M{x:.1f} {y:.1f}h0" for x, y in inside))
    dots = (
        f'<path d="{d}" fill="none" stroke="{COMMON}" stroke-opacity=".6" stroke-width="2" stroke-linecap="round" '
        'vector-effect="non-scaling-stroke"/>'
    )
    body = f'<path d="{land}" fill="{WASH_2}" fill-rule="evenodd" {thin}/>{dots if d else ""}'
    return Drawn(city, width, height, body, len(places) - len(inside))


def _hatched(land: str, thin: str) -> str:
    name = f"hatch-{hashlib.blake2b(land.encode(), digest_size=5).hexdigest()}"
    return (
        f'<defs><pattern id="{name}" width="6.5" height="6.5" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect width="6.5" height="6.5" fill="{WASH}"/>'
        f'<path d="M0 0v6.5" stroke="{HATCH}" stroke-width="2"/></pattern></defs>'
        f'<path d="{land}" fill="url(#{name})" fill-rule="evenodd" {thin}/>'
    )


def _cells(city: CityMap, shared: Classes, at: Callable[[float, float], tuple[float, float]]) -> str:
    """One path a class; cells whose value is not finite are not drawn."""
    paths: dict[int, list[str]] = {}
    for cell in city.cells:
        if isfinite(cell.value):
            left, top = at(cell.west, cell.north)
            right, bottom = at(cell.east, cell.south)
            square = f"M{left:.1f} {top:.1f}H{right:.1f}V{bottom:.1f}H{left:.1f}Z"
            paths.setdefault(shared.of(cell.value), []).append(square)
    return "".join(
        f'<path d="{"".join(squares)}" fill="{shared.color(number)}" shape-rendering="crispEdges"/>'
        for number, squares in sorted(paths.items())
    )


def _lines(maps: tuple[Drawn, ...], width: float) -> list[list[Drawn]]:
    lines: list[list[Drawn]] = []
    used = 0.0
    for one in maps:
        wide = max(one.width, CAPTION) + GAP
        if not lines or used + wide - GAP > width:
            lines.append([])
            used = 0.0
        lines[-1].append(one)
        used += wide
    return lines


def _caption(one: Drawn, x: float, y: float) -> list[str]:
    wide = max(one.width, CAPTION)
    drawn = [
        f'<path d="M{x:.1f} {y:.1f}h{wide:.1f}" stroke="{LINE}"/>',
        text(x, y + 20, one.city.name, size=14, bold=True, fill=INK),
    ]
    lines = wrapped(one.caption, wide, 12)
    return drawn + [text(x, y + 36 + 15 * place, each, size=12, fill=INK_3) for place, each in enumerate(lines)]


def _legend(shared: Classes, y: float) -> list[str]:
    drawn, x = [], EDGE_SPACE
    for color, said in shared.legend():
        drawn.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="18" height="12" fill="{color}" stroke="{EDGE}" stroke-width=".75"/>'
        )
        drawn.append(text(x + 24, y + 10.5, said, size=13))
        x += 24 + len(said) * 7.5 + 22
    return drawn


def share_told(city: CityMap) -> str:
    """The share of rows with a place, in percent; not known where there are no rows."""
    return told(100 * city.placed / city.rows if city.rows else None, "percent")
