"""What kind of rows a dataset has, guessed from what its record says of it, and whether that is what a subject expects.

Every piece of evidence gives points to one grain; the grain with most points is the guess. The words are in
`grain.toml`, what the columns are together is in `layout.py`. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from commonground.overlap.entries import Entry
from commonground.overlap.facets import Geometry, Grain, Nature, Timing
from commonground.overlap.nature.cues import Cue, Words, cues, split, split_name
from commonground.overlap.nature.layout import Layout
from commonground.overlap.subjects import Subject
from commonground.words import Kind

_TITLE: Final = 300
_DESCRIPTION: Final = 500
"""Characters of a description that are read: what comes later is about terms of use."""
_KEYWORDS: Final = 30
_TWICE: Final = 2
"""Words of a description that count for one grain: a long text repeats itself."""
_LONG: Final = 100_000
"""So many rows are seldom sums."""
_SHOWN: Final = 3
"""Reasons that are told, and columns that are named in one."""
_LABEL: Final = 60
"""Characters of a reason's detail."""

_ROWS: Final = frozenset({"CSV", "JSON", "GeoJSON", "Excel", "Parquet", "XML", "KML", "KMZ", "Shapefile", "ZIP", "API"})
_LAYERS: Final = frozenset({"KML", "KMZ", "Shapefile", "WMS", "WFS"})
"""What map servers give for layers, and not for tables."""
_PAGES: Final = frozenset({Kind.LINK, Kind.OTHER, Kind.CHART, Kind.MAP_LAYER})
"""Kinds that may be a picture or a page, and then have no rows."""
_BY: Final = re.compile(r"\b(?:by|per|por|each)\b(.*)", re.IGNORECASE)
_PIECES: Final = re.compile(r"\s[-–—]\s|[(\[:|]")
_ROW: Final = re.compile(
    r"\b(?:each|one|every)\s+(?:row|record|line|entry)\b[^.;:]{0,40}?"
    r"\b(?:is|represents?|contains?|shows?|indicates?|denotes|describes|corresponds|lists)\b([^.;:]{1,60})",
    re.IGNORECASE,
)
_EXACT: Final = {"polygon": Geometry.AREA, "line": Geometry.LINE, "point": Geometry.POINT}


def _(text: str) -> str:
    """Marks a text for translation, without Django."""
    return text


SAID: Final[Mapping[str, str]] = {
    "grain.kind": _("The portal lists it as a %(detail)s."),
    "grain.portal": _("All of this portal is about %(detail)s."),
    "grain.title": _("The title says “%(detail)s”."),
    "grain.keywords": _("A keyword says “%(detail)s”."),
    "grain.description": _("The description says “%(detail)s”."),
    "grain.row": _("The description says that a row is: %(detail)s."),
    "grain.columns": _("It has these columns: %(detail)s."),
    "grain.rows": _("It has so many rows: %(detail)s."),
    "geometry.columns": _("It has these columns of places: %(detail)s."),
    "geometry.none": _("None of its columns says where."),
    "geometry.description": _("The description says “%(detail)s”."),
    "geometry.title": _("The title says “%(detail)s”."),
    "timing.grain": _("Reference lists say how it is now."),
    "timing.title": _("The title says “%(detail)s”."),
    "timing.columns": _("It has these columns of time: %(detail)s."),
}
"""Why a nature was guessed, by facet and place, in English."""


class Reason(NamedTuple):
    """One piece of evidence: of which facet, where it was found, and what it was."""

    facet: str
    place: str
    detail: str = ""

    @classmethod
    def read(cls, text: str) -> Reason:
        """Of one of `Nature.why`.

        >>> Reason.read("grain.title:by zip code")
        Reason(facet='grain', place='title', detail='by zip code')
        """
        code, _, detail = text.partition(":")
        facet, _, place = code.partition(".")
        return cls(facet, place, detail)

    def spell(self) -> str:
        """As `Nature.why` has it."""
        return f"{self.facet}.{self.place}:{self.detail}"

    def said(self, say: Callable[[str], str] = str) -> str:
        """As people read it. `say` translates."""
        code = f"{self.facet}.{self.place}"
        return say(SAID.get(code, code)) % {"detail": self.detail}


class _Found(NamedTuple):
    cue: Cue
    place: str
    detail: str


def guess(entry: Entry) -> Nature:
    """The nature of a dataset, with reasons (`Reason`). Never raises; what nothing speaks for is unknown."""
    layout = Layout.of(entry.columns or ())
    grain, why = _grain(entry, layout)
    geometry, where = _geometry(entry, layout, grain)
    timing, when = _timing(entry, layout, grain)
    by = (_divided(entry.title)[1] or layout.by) if grain is Grain.AGGREGATE else ()
    return Nature(grain, by, timing, geometry, tuple(one.spell() for one in (*why, *where, *when)))


# --- Grain ---------------------------------------------------------------------------------------------------------


def _grain(entry: Entry, layout: Layout) -> tuple[Grain, list[Reason]]:
    if bare := _without_rows(entry, layout):
        return Grain.MAP, [Reason("grain", "kind", bare.replace("_", " "))]
    found = [*_texts(entry), *_shapes(entry, layout)]
    points: dict[Grain, float] = {}
    for one in found:
        points[one.cue.says] = points.get(one.cue.says, 0) + one.cue.points
    best = max(points, key=points.__getitem__, default=Grain.UNKNOWN)
    if points.get(best, 0) < cues().least:
        return Grain.UNKNOWN, []
    told = sorted((one for one in found if one.cue.says is best), key=lambda one: -one.cue.points)
    reasons = dict.fromkeys(Reason("grain", one.place, one.detail) for one in told)
    return best, list(reasons)[:_SHOWN]


def _without_rows(entry: Entry, layout: Layout) -> str:
    """The kind, where it is a picture, a page or a form of which no rows are to be had."""
    if entry.kind is Kind.STORY:
        return entry.kind.value
    served = entry.formats & _ROWS or (entry.formats and "Esri REST" in entry.formats and "HTML" not in entry.formats)
    if entry.kind in _PAGES and not served and (not layout.columns or entry.kind is Kind.OTHER):
        return entry.kind.value
    return ""


def _texts(entry: Entry) -> Iterator[_Found]:
    """What title, keywords, description and the portal's own name say."""
    rules = cues()
    yield from _title(entry.title[:_TITLE])
    for phrase, cue in rules.texts["portal"].within(split(entry.portal)):
        yield _Found(cue, "portal", phrase)
    for phrase, cue in _once(hit for one in entry.keywords[:_KEYWORDS] for hit in _keyword(one)):
        yield _Found(cue, "keywords", phrase)
    description = entry.description[:_DESCRIPTION]
    for phrase, cue in _once(rules.texts["description"].within(split(description))):
        yield _Found(cue, "description", phrase)
    if row := _ROW.search(description):
        for phrase, cue in list(rules.texts["row"].within(split(row[1])))[:1]:
            yield _Found(cue, "row", phrase)


def _title(title: str) -> Iterator[_Found]:
    """What a title says: most by the last telling word of its first piece, less by each further one."""
    rules = cues()
    hits: list[_Found] = []
    for piece in _PIECES.split(_BY.sub("", title)):
        said = rules.texts["title"].within(split_name(piece))
        found = [_Found(cue, "title", phrase) for phrase, cue in said if cue.points]
        if found and not hits:
            found[-1] = found[-1]._replace(cue=Cue(found[-1].cue.says, found[-1].cue.points * rules.last))
        hits += found
    shares: dict[Grain, float] = {}
    told, by = _divided(title)
    if by:
        yield _Found(rules.shapes["divided"], "title", told)
        shares[Grain.RECORDS] = rules.summed
    for one in sorted(hits, key=lambda one: -one.cue.points):
        says, points = one.cue
        share = shares.get(says, 1)
        shares[says] = share * rules.again
        yield one._replace(cue=Cue(says, points * share))


@lru_cache(maxsize=65_536)
def _keyword(text: str) -> tuple[tuple[str, Cue], ...]:
    return tuple(cues().texts["keyword"].within(split(text[:_TITLE])))


def _once(hits: Iterable[tuple[str, Cue]]) -> Iterator[tuple[str, Cue]]:
    """The first two hits of each grain: a long text repeats itself."""
    seen: dict[str, Cue] = {}
    for phrase, cue in hits:
        if phrase not in seen and sum(one.says is cue.says for one in seen.values()) < _TWICE:
            seen[phrase] = cue
    yield from seen.items()


def _divided(title: str) -> tuple[str, Words]:
    """What a title says of by what is counted ("by ZIP code"), and the words of `[by]` for it."""
    if not (told := _BY.search(title[:_TITLE])):
        return "", ()
    named = (by for _, by in cues().by.within(split_name(told[1])))
    return told[0].strip().lower()[:_LABEL], tuple(dict.fromkeys(named))


def _shapes(entry: Entry, layout: Layout) -> Iterator[_Found]:
    """What the columns are together, and what is known instead where they are not known."""
    shapes = cues().shapes
    for shape, names in layout.shapes():
        yield _Found(shapes[shape], "columns", ", ".join(name[:_LABEL] for name in names[:_SHOWN]))
    if not layout.columns and (entry.kind is Kind.MAP_LAYER or entry.formats & _LAYERS):
        yield _Found(shapes["layer"], "kind", "map layer")
    if (entry.row_count or 0) >= _LONG:
        yield _Found(shapes["long"], "rows", str(entry.row_count))


# --- Geometry and timing -------------------------------------------------------------------------------------------


def _geometry(entry: Entry, layout: Layout, grain: Grain) -> tuple[Geometry, list[Reason]]:
    if layout.geometry is Geometry.NONE:
        return layout.geometry, [Reason("geometry", "none")]
    if layout.geometry is not Geometry.UNKNOWN:
        return layout.geometry, [Reason("geometry", "columns", ", ".join(layout.places[:_SHOWN]))]
    if grain is Grain.MAP or (entry.kind is not Kind.MAP_LAYER and not entry.formats & _LAYERS):
        return Geometry.UNKNOWN, []
    for place, text in (("description", entry.description[:_DESCRIPTION]), ("title", entry.title[:_TITLE])):
        if exact := next((one for one in split(text) if one in _EXACT), None):
            return _EXACT[exact], [Reason("geometry", place, exact)]
    hits = list(cues().geometry.within(split_name(_BY.sub("", entry.title[:_TITLE]))))
    return (hits[-1][1], [Reason("geometry", "title", hits[-1][0])]) if hits else (Geometry.UNKNOWN, [])


def _timing(entry: Entry, layout: Layout, grain: Grain) -> tuple[Timing, list[Reason]]:
    if grain in {Grain.MAP, Grain.UNKNOWN}:
        return Timing.UNKNOWN, []
    if grain is Grain.REFERENCE:
        return Timing.SNAPSHOT, [Reason("timing", "grain", grain.value)]
    for phrase, timing in cues().timing.within(split_name(entry.title[:_TITLE])):
        return timing, [Reason("timing", "title", phrase)]
    part = "event" if grain is Grain.RECORDS else "time"
    if names := layout.has(part) or layout.has("month") or layout.has("year"):
        return Timing.EVENT, [Reason("timing", "columns", ", ".join(names[:_SHOWN]))]
    return Timing.UNKNOWN, []


# --- What a subject expects ----------------------------------------------------------------------------------------


def fits(nature: Nature, subject: Subject) -> tuple[bool, str]:
    """Whether a dataset's rows are of the kind that a subject expects; if not, why: the grain that they are of.

    What is not known fits. A permit is a record to one city and a place on a list to another, so that records and
    reference lists only differ where rows happen here and stand there. A measure that is expected may come as totals.
    """
    expected, given = subject.grain, nature.grain
    if Grain.UNKNOWN in {expected, given} or expected is given:
        return True, ""
    if expected is Grain.RECORDS and given is Grain.REFERENCE:
        fit = subject.timing is not Timing.EVENT
    elif expected is Grain.REFERENCE and given is Grain.RECORDS:
        fit = nature.timing is not Timing.EVENT
    else:
        fit = expected is Grain.INDICATOR and given is Grain.AGGREGATE
    return (True, "") if fit else (False, given.value)
