"""Areas and periods: where on the map and when in time the rows lie."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from dateutil.relativedelta import relativedelta

from commonground.protocols.base import Notes
from commonground.protocols.fields.moments import read
from commonground.protocols.fields.prose import clean
from commonground.words import Extent, Period

_LONGEST_TEXT = 300
_LONGEST_BOX = 200
_LONGEST_VALUE = 2_000_000
_LARGEST = 1e12
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_BOX = re.compile(
    rf"\[?\s*({_NUMBER})\s*[,\s]\s*({_NUMBER})\s*[,\s]\s*({_NUMBER})\s*[,\s]\s*({_NUMBER})\s*\]?", re.ASCII
)
_ENVELOPE = re.compile(
    rf"ENVELOPE\s*\(\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\)", re.IGNORECASE | re.ASCII
)
_WKT = re.compile(
    r"\s*(?:SRID=\d+;|<[^<>]{0,200}>)?\s*(?:(?:MULTI)?(?:POINT|LINESTRING|POLYGON)|GEOMETRYCOLLECTION)\s*(?:Z?M?\s*)\(",
    re.IGNORECASE,
)
_WKT_PART = re.compile(r"[(),]")
_HAS_NUMBERS = re.compile(r"\d.*\d.*\d|[{}\[\]]|\d\.\d")
_SIDES = (
    ("west", "south", "east", "north"),
    ("xmin", "ymin", "xmax", "ymax"),
    ("minx", "miny", "maxx", "maxy"),
    ("westBoundLongitude", "southBoundLatitude", "eastBoundLongitude", "northBoundLatitude"),
)
_INNER = (
    "bbox",
    "dcat:bbox",
    "geometry",
    "locn:geometry",
    "dcat:centroid",
    "centroid",
    "spatial",
    "geometries",
    "features",
)
_NAMES = ("prefLabel", "name", "label", "@id", "title")
_WEB_MERCATOR = {3857, 102100, 102113, 900913}
_SLACK = 0.01
_EARTH_RADIUS = 6_378_137.0

_Point = tuple[float, float]
_Box = tuple[float, float, float, float]


def extent(value: object, notes: Notes, place: str) -> Extent | None:
    """The bounding box of an area, in degrees. An area that is only named is noted as such."""
    if value is None or value in ("", [], {}):
        return None
    if isinstance(value, bool | int | float):
        notes.add("wrong-type", place, value)
        return None
    try:
        text = _text_of(value)
        box = _box_of_text(value) if isinstance(value, str) else _box_of(value)
    except (ValueError, RecursionError) as error:
        notes.add("extent-unreadable", place, value, str(error))
        return None
    if box is not None:
        return Extent(*box, text=text)
    name = value.strip() if isinstance(value, str) else _name_in(value)
    if not name:
        return None
    notes.add(
        "extent-unreadable" if _HAS_NUMBERS.search(name[:1_000]) and "://" not in name else "place-name-only",
        place,
        name,
    )
    return None


def _text_of(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return clean(text[:_LONGEST_TEXT]).strip()


def _box_of_text(text: str) -> _Box | None:
    """Raises ValueError when it is an area but no usable one."""
    if len(text) > _LONGEST_VALUE:
        raise ValueError(f"{len(text):,} characters are too many for an area")
    text = text.strip()
    short = text if len(text) <= _LONGEST_BOX else ""
    if match := _BOX.fullmatch(short):
        west, south, east, north = (float(part) for part in match.groups())
        return _checked([(west, south), (east, north)])
    if match := _ENVELOPE.fullmatch(short):
        west, east, north, south = (float(part) for part in match.groups())
        return _checked([(west, south), (east, north)])
    if _WKT.match(text):
        return _checked(list(_wkt_points(text)))
    if text[:1] in {"{", "["}:
        return _box_of(json.loads(text))
    return None


def _box_of(value: object) -> _Box | None:
    """The box of a decoded GeoJSON, Esri or DCAT object, or of a list of corners or of such objects."""
    if isinstance(value, str):
        return _box_of_text(value)
    if isinstance(value, dict):
        return _box_of_object(value)
    if not isinstance(value, list):
        return None
    points = list(_points(value))
    return _checked(points) if points else _first_box(value)


def _box_of_object(value: dict[str, object]) -> _Box | None:
    for sides in _SIDES:
        if all(side in value for side in sides):
            west, south, east, north = (_degree(value[side]) for side in sides)
            return _checked([_unprojected(west, south, value), _unprojected(east, north, value)])
    if "coordinates" in value:
        return _checked(list(_points(value["coordinates"])))
    return _first_box(value[key] for key in _INNER if key in value)


def _first_box(values: Iterable[object]) -> _Box | None:
    return next((box for one in values if (box := _box_of(one)) is not None), None)


def _points(value: object) -> Iterator[_Point]:
    """Every x, y in nested lists of coordinates, without recursion because the depth is not ours to choose."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, list):
            continue
        match one:
            case [x, y, x2, y2] if all(_is_number(part) for part in one):
                yield float(x), float(y)
                yield float(x2), float(y2)
            case [x, y, *_] if _is_number(x) and _is_number(y):
                yield float(x), float(y)
            case _:
                waiting.extend(one)


def _wkt_points(text: str) -> Iterator[_Point]:
    """The x, y of every group of numbers between brackets and commas; z and m are left out."""
    for part in _WKT_PART.split(text):
        match part.split():
            case [x, y, *_]:
                try:
                    yield float(x), float(y)
                except ValueError:  # a keyword, such as “POLYGON Z”
                    continue


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST


def _degree(value: object) -> float:
    if isinstance(value, str):
        return float(value.strip()[:50])
    if not _is_number(value):
        raise ValueError("a side is no number")
    return float(value)  # type: ignore[arg-type]


def _unprojected(x: float, y: float, value: dict[str, object]) -> _Point:
    """Web Mercator metres into degrees; other projections are told by the check of ranges."""
    reference = value.get("spatialReference")
    if not isinstance(reference, dict) or reference.get("latestWkid", reference.get("wkid")) not in _WEB_MERCATOR:
        return x, y
    latitude = math.degrees(2 * math.atan(math.exp(max(-20.0, min(20.0, y / _EARTH_RADIUS)))) - math.pi / 2)
    return math.degrees(x / _EARTH_RADIUS), latitude


def _checked(points: list[_Point]) -> _Box:
    if not points:
        raise ValueError("no coordinates")
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    if max(-south, north) > 90 + _SLACK and max(-west, east) <= 90 + _SLACK:  # latitude written first
        west, south, east, north = south, west, north, east
    if not (west >= -180 - _SLACK and east <= 180 + _SLACK and south >= -90 - _SLACK and north <= 90 + _SLACK):
        raise ValueError("the coordinates are not degrees")
    return max(west, -180.0), max(south, -90.0), min(east, 180.0), min(north, 90.0)


def _name_in(value: object) -> str:
    """What a place object calls itself."""
    if isinstance(value, list):
        return next((name for one in value if (name := _name_in(one))), "")
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict):
        return next((str(value[key]).strip() for key in _NAMES if isinstance(value.get(key), str)), "")
    return ""


_OPEN_END = {"", "..", "present", "current", "now", "ongoing", "today", "to date", "the present"}
_WORDED = re.compile(r"\s+(?:to|through|thru|until)\s+|\s*[–—]\s*|\s+-(?:\s+|$)|-\s+", re.IGNORECASE)
_YEARS = re.compile(r"(\d{4})\s*-\s*(\d{4}|present|current)?", re.IGNORECASE | re.ASCII)
_DURATION = re.compile(r"P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?", re.ASCII)
_AMERICAN_DAY = re.compile(r"\d{1,2}/\d{1,2}/\d{4}", re.ASCII)
_YEAR_ONLY = re.compile(r"\d{4}", re.ASCII)
_MONTH_ONLY = re.compile(r"\d{4}-\d{2}|[A-Za-z]{3,9}\.?,? \d{4}", re.ASCII)
_START_KEYS = ("startDate", "dcat:startDate", "schema:startDate", "start", "beginning", "gte")
_END_KEYS = ("endDate", "dcat:endDate", "schema:endDate", "end", "lte")


def period(value: object, notes: Notes, place: str) -> Period | None:
    """The time that the rows speak of, from “start/end” or an object with both; an open end is None.

    An end that names only a year or a month is its last day.
    """
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None or value in ("", {}):
        return None
    if isinstance(value, dict):
        start, end = (_first(value, keys) for keys in (_START_KEYS, _END_KEYS))
        text = f"{start}/{end}"
    elif isinstance(value, str):
        text = clean(value[:_LONGEST_TEXT]).strip()
        start, end = _ends(text)
    else:
        notes.add("wrong-type", place, value)
        return None
    found = _period(start, end, text)
    if found is None and text:
        notes.add("period-unreadable", place, value)
    return found


def _first(value: dict[str, object], keys: tuple[str, ...]) -> str:
    for key in keys:
        one = value.get(key)
        if isinstance(one, dict):
            one = one.get("@value")
        if isinstance(one, str) and one.strip():
            return clean(one[:_LONGEST_TEXT]).strip()
    return ""


def _ends(text: str) -> tuple[str, str]:
    if match := _YEARS.fullmatch(text):
        return match[1], match[2] or ""
    parts = [part.strip() for part in _WORDED.split(text)]
    if len(parts) == 1 and not _AMERICAN_DAY.fullmatch(text):
        parts = [part.strip() for part in text.removeprefix("R/").split("/")]
    match parts:
        case [start, end]:
            return start, end
        case [one] if _YEAR_ONLY.fullmatch(one) or _MONTH_ONLY.fullmatch(one):
            return one, one
    return "", ""


def _period(start_text: str, end_text: str, text: str) -> Period | None:
    start = None if start_text.lower() in _OPEN_END else read(start_text)
    if end_text.lower() in _OPEN_END:
        return Period(start, None, text) if start else None
    if start is not None and (duration := _DURATION.fullmatch(end_text)):
        years, months, weeks, days = (int(part or 0) for part in duration.groups())
        try:
            return Period(start, start + relativedelta(years=years, months=months, weeks=weeks, days=days), text)
        except (ValueError, OverflowError):
            return None
    end = _last_day(end_text)
    if end is None or (start is None and start_text.lower() not in _OPEN_END) or (start and end < start):
        return None
    return Period(start, end, text)


def _last_day(text: str) -> datetime | None:
    end = read(text)
    if end is None:
        return None
    if _YEAR_ONLY.fullmatch(text):
        return end + relativedelta(month=12, day=31)
    if _MONTH_ONLY.fullmatch(text):
        return end + relativedelta(day=31)
    return end
