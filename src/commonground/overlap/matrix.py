"""The matrix: what each city publishes of each subject, how sure that is, and why we say so. Pure.

Persons outweigh guesses: what they confirmed, called related or rejected stands. Where nobody said anything, a guess
may say Maybe, or Partly where the rows are of another kind, but never Yes. And only where a city's portals were read
to the end and compared does finding nothing mean No.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from commonground.catalog.series import common, when
from commonground.overlap.facets import WORTH_ASKING, Band, Cell, Geometry, Grain, Relation, Verdict
from commonground.overlap.subjects import Subject, key

SHOWN: Final = 5
"""Candidates that a cell offers to a person."""

_SAID: Final = (Verdict.CONFIRMED, Verdict.RELATED, Verdict.REJECTED)
"""What counts where persons said different things of the slices of one series, the first first."""
_PAST: Final = frozenset({"archive", "archived", "discontinued", "historic", "historical", "legacy", "old", "retired"})
"""Words of a title that say that another dataset is the current one."""
_PLACES: Final = frozenset({Geometry.POINT, Geometry.LINE, Geometry.AREA})


@dataclass(frozen=True, slots=True)
class Listed:
    """A dataset as the matrix sees it.

    `corrected`: a person set its grain. `stale`: it was due so long ago that it says nothing of today.
    """

    key: str
    city: str
    portal: str
    title: str
    series: str = ""
    same_as: str = ""
    columns: int | None = None
    updated: datetime | None = None
    stale: bool = False
    grain: Grain = Grain.UNKNOWN
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A guess that a dataset is about a subject. `fits`: its rows are of the kind that the subject expects."""

    subject: str
    key: str
    score: float
    band: Band
    fits: bool = True


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said of a dataset and a subject."""

    subject: str
    key: str
    city: str
    verdict: Verdict
    relation: Relation = Relation.OTHER


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a city was read: `unread` names portals that were never read to the end, `waiting` counts datasets
    that were not compared yet. `only_tables`: nothing but tables was read, so that maps may be there unseen.
    """

    city: str
    portals: int
    unread: tuple[str, ...] = ()
    waiting: int = 0
    only_tables: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the matrix is made of. `datasets` holds each one that is placed or decided, if it is still kept, and
    the origins of copies; `nothing` holds (subject, city) where a person said that the city has none.
    """

    readings: Sequence[Reading]
    datasets: Mapping[str, Listed]
    placed: Iterable[Placed] = ()
    said: Iterable[Said] = ()
    nothing: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """A dataset that is or may be about a subject; the slices of a series are one, under the newest (`head`).

    `scored` is the id of the slice or copy whose score it is.
    """

    head: Listed
    keys: tuple[str, ...]
    scored: str = ""
    score: float | None = None
    band: Band | None = None
    fits: bool = True
    verdict: Verdict | None = None
    relation: Relation | None = None

    @property
    def open(self) -> bool:
        """Whether it waits for a person's word."""
        return self.verdict is None and self.band in WORTH_ASKING


@dataclass(frozen=True, slots=True)
class Why:
    """Why a cell says what it says: a code of `spoken.REASONS`, and the facts that fill its text."""

    code: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Square:
    """One subject in one city. `confirmed`: a person said so. `score` is that of the best that nobody rejected.

    `datasets` holds what a person confirmed or called related; `candidates` what nobody decided, the best first,
    the weak ones too.
    """

    city: str
    state: Cell
    why: Why
    confirmed: bool = False
    score: float | None = None
    band: Band | None = None
    datasets: tuple[Found, ...] = ()
    candidates: tuple[Found, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One subject in all cities."""

    subject: Subject
    squares: tuple[Square, ...]

    def count(self, *states: Cell) -> int:
        """In how many cities the cell is one of these."""
        return sum(one.state in states for one in self.squares)


def lines(subjects: Iterable[Subject], evidence: Evidence) -> list[Line]:
    """A line for each subject, a square for each city, in the order given."""
    told = _told(evidence)
    return [
        Line(
            subject,
            tuple(
                _square(subject, reading, told.get((subject.slug, reading.city), _Told()))
                for reading in evidence.readings
            ),
        )
        for subject in subjects
    ]


def unit(one: Listed, datasets: Mapping[str, Listed]) -> tuple[str, str]:
    """What a dataset counts as: a copy as its origin, the slices of a series as one, any other as itself."""
    origin = datasets.get(one.same_as, one)
    return (origin.portal, origin.series) if origin.series else (origin.key, "")


@dataclass(frozen=True, slots=True)
class _Told:
    """What is known of one subject in one city. `gone`: ids that a person confirmed and that are kept no more."""

    found: tuple[Found, ...] = ()
    nothing: bool = False
    gone: tuple[str, ...] = ()


def _told(evidence: Evidence) -> dict[tuple[str, str], _Told]:
    """By subject and city, where anything is known."""
    known = evidence.datasets
    every: list[Placed | Said] = [*evidence.placed, *evidence.said]
    words: dict[tuple[str, str], dict[tuple[str, str], list[Placed | Said]]] = {}
    for word in every:
        if word.key in known:
            units = words.setdefault((word.subject, known[word.key].city), {})
            units.setdefault(unit(known[word.key], known), []).append(word)
    gone: dict[tuple[str, str], list[str]] = {}
    for said in evidence.said:
        if said.key not in known and said.verdict is Verdict.CONFIRMED:
            gone.setdefault((said.subject, said.city), []).append(said.key)
    return {
        where: _Told(
            tuple(_ranked([_one(unit, known) for unit in words.get(where, {}).values()])),
            where in evidence.nothing,
            tuple(gone.get(where, ())),
        )
        for where in {*words, *gone, *evidence.nothing}
    }


def _ranked(found: Sequence[Found]) -> list[Found]:
    """What persons said before what is guessed, the best first; of datasets that only differ in time the current one,
    which the best of them gives its place.
    """
    best: dict[tuple[str, str], float] = {}
    for one in found:
        best[_timeless(one)] = max(best.get(_timeless(one), 0.0), one.score or 0.0)

    def rank(one: Found) -> tuple[object, ...]:
        said = _SAID.index(one.verdict) if one.verdict else len(_SAID)
        if one.verdict:
            return said, False, -(one.score or 0.0), one.head.key
        return said, not one.open, -best[_timeless(one)], _timeless(one), _past(one.head.title), -(one.score or 0.0)

    return sorted(found, key=rank)


def _timeless(one: Found) -> tuple[str, str]:
    """A portal, and a title without its year and without words such as “archived”."""
    words = key(common(one.head.title)).split()
    return one.head.portal, " ".join(word for word in words if word not in _PAST)


def _past(title: str) -> tuple[bool, bool, int, int]:
    """Less for what is newer; a title that names no time is the current one."""
    year, month = when(title)
    return not _PAST.isdisjoint(key(title).split()), year > 0, -year, -month


def _one(words: Sequence[Placed | Said], known: Mapping[str, Listed]) -> Found:
    """One dataset or series, from all that is said of it, of its slices and of its copies."""
    origins = {known.get(known[word.key].same_as, known[word.key]).key for word in words}
    best = max((word for word in words if isinstance(word, Placed)), key=lambda one: one.score, default=None)
    said = {word.verdict: word.relation for word in words if isinstance(word, Said)}
    verdict = next((one for one in _SAID if one in said), None)
    return Found(
        head=max((known[key] for key in origins), key=lambda one: (when(one.title), one.key)),
        keys=tuple(sorted(origins)),
        scored=best.key if best else "",
        score=best.score if best else None,
        band=best.band if best else None,
        fits=best.fits if best else True,
        verdict=verdict,
        relation=said[verdict] if verdict is Verdict.RELATED else None,
    )


def _square(subject: Subject, reading: Reading, told: _Told) -> Square:
    held = tuple(one for one in told.found if one.verdict in {Verdict.CONFIRMED, Verdict.RELATED})
    free = tuple(one for one in told.found if one.verdict is None)
    fitting = [one for one in free if one.open and _fits(one)]
    state, why, confirmed = _persons(subject, held, told) or _guessed(subject, free) or _neither(subject, reading, told)
    scored = fitting if state is Cell.MAYBE else [one for one in (*held, *free) if one.score is not None]
    best = max(scored, key=lambda one: one.score or 0.0, default=None)
    return Square(
        city=reading.city,
        state=state,
        why=why,
        confirmed=confirmed,
        score=best.score if best else None,
        band=best.band if best else None,
        datasets=held,
        candidates=free,
    )


_Judged = tuple[Cell, Why, bool]
"""State, reason, and whether a person said so."""


def _persons(subject: Subject, held: Sequence[Found], told: _Told) -> _Judged | None:
    """What persons said; None where they confirmed nothing and did not say that there is none."""
    flaws = [_flaw(subject, one) for one in held]
    if None in flaws:
        return Cell.YES, Why("confirmed", {"count": flaws.count(None)}), True
    if flaws and flaws[0]:
        return Cell.PARTLY, flaws[0], True
    return (Cell.NO, Why("said-none"), True) if told.nothing else None


def _flaw(subject: Subject, one: Found) -> Why | None:
    """Why a dataset that a person took is not quite the subject; None where it is."""
    head = one.head
    if one.relation is not None:
        return Why(f"related-{one.relation}")
    if head.grain is Grain.MAP:
        return Why("map")
    if head.corrected and Grain.UNKNOWN not in {head.grain, subject.grain} and head.grain is not subject.grain:
        return Why("grain", {"grain": head.grain, "expected": subject.grain})
    return Why("stale", {"updated": head.updated}) if head.stale else None


def _fits(one: Found) -> bool:
    return one.fits and one.head.grain is not Grain.MAP


def _guessed(subject: Subject, free: Sequence[Found]) -> _Judged | None:
    """What comparing found and nobody decided; None where that is nothing, or weak."""
    found = [one for one in free if one.open]
    for one in found:
        if _fits(one):
            return Cell.MAYBE, Why("found", {"band": one.band}), False
    if not found:
        return None
    grain = found[0].head.grain
    if grain is Grain.MAP:
        return Cell.PARTLY, Why("found-map"), False
    return Cell.PARTLY, Why("found-grain", {"grain": grain, "expected": subject.grain}), False


def _neither(subject: Subject, reading: Reading, told: _Told) -> _Judged:
    """Nothing was found: No where all was read and compared, else Unknown."""
    if reading.unread:
        return Cell.UNKNOWN, Why("unread", {"portals": reading.unread}), False
    if reading.waiting:
        return Cell.UNKNOWN, Why("uncompared", {"count": reading.waiting}), False
    if told.gone:
        return Cell.NO, Why("gone", {"ids": told.gone}), False
    if reading.only_tables and _on_map(subject):
        return Cell.UNKNOWN, Why("only-tables"), False
    rejected = sum(one.verdict is Verdict.REJECTED and one.band in WORTH_ASKING for one in told.found)
    if rejected:
        return Cell.NO, Why("rejected", {"count": rejected}), True
    return Cell.NO, Why("none", {"portals": reading.portals}), False


def _on_map(subject: Subject) -> bool:
    """Whether cities publish the subject as a map: its rows always have a place, or it is a list of places."""
    mapped = Geometry.NONE not in subject.geometry or subject.grain in {Grain.MAP, Grain.REFERENCE}
    return mapped and not _PLACES.isdisjoint(subject.geometry)
