"""What the matrix is made of, read from the database: a handful of queries, kept until something of it changes."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import chain
from threading import Lock
from typing import Any, Final

from django.db.models import Count, Model, Q, Subquery

from commonground.catalog import browse, overview, related
from commonground.catalog.counter import CATALOG
from commonground.catalog.edition import remembered
from commonground.catalog.models import Counter
from commonground.catalog.series import when
from commonground.catalog.settle import batches
from commonground.overlap import decisions, matrix, register
from commonground.overlap.facets import Band, Grain, Relation, Verdict
from commonground.overlap.matrix import Evidence, Found, Line, Listed, Placed, Reading, Said
from commonground.overlap.models import DECIDED, FOLLOWED, Decision, Guess, Placement, SubjectVersion
from commonground.overlap.subjects import Register, key
from commonground.words import Kind

LONG: Final = timedelta(days=365)
"""So long after they were due, data say nothing of today."""
_LINE: Final = (
    "pk",
    "key",
    "city",
    "portal",
    "title",
    "series",
    "same_as",
    "columns",
    "updated",
    "due",
)

_FOLLOWED: Final = {"guessed": FOLLOWED, "weighed": DECIDED}
"""Counters that tell how far guesses have followed the catalog and what persons decided."""

State = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The matrix as it stands. `slices`: of each series shown, by portal and key, how many slices it has.
    `unplaced`: of each city that was asked for, what no subject fits.
    """

    register: Register
    readings: Mapping[str, Reading]
    lines: Mapping[str, Line]
    slices: Mapping[tuple[str, str], int]
    method: str
    unplaced: dict[str, list[Found]] = field(default_factory=dict)


def table() -> Table:
    """The matrix of all subjects and cities. Who gets it must not change it."""
    return _kept().table(state())


@dataclass(slots=True)
class _Newest:
    """The table of one state, and what was asked of it: a new state takes the place of the one before."""

    state: State | None = None
    made: Table | None = None
    lock: Lock = field(default_factory=Lock)

    def table(self, now: State) -> Table:
        with self.lock:  # who comes while it is made waits for it, instead of making it as well
            if self.made is None or self.state != now:
                self.state, self.made = now, _table()
            return self.made


@remembered
def _kept() -> _Newest:
    """One of each edition of the catalog."""
    return _Newest()


def state() -> State:
    """What the matrix depends on beside the catalog: it changes with each decision and with all new guesses."""
    newest = {model.__name__: _newest(model) for model in (Decision, Placement, Guess, SubjectVersion)}
    counters = {
        name: Subquery(Counter.objects.filter(name=counter).values("value")[:1]) for name, counter in _FOLLOWED.items()
    }
    asked = {**newest, **counters}
    return Counter.objects.filter(name=CATALOG).annotate(**asked).values_list(*asked).first() or ()


def _newest(model: type[Model]) -> Subquery:
    rows = model._default_manager.order_by("-pk")  # noqa: SLF001 - Django's name for any model's rows
    return Subquery(rows.values("pk")[:1])


def _table() -> Table:
    known = register.current()
    readings = {one.city: one for one in _readings()}
    placed, said, nothing, datasets, method = _told(known)
    lines = matrix.lines(known.subjects.values(), Evidence(list(readings.values()), datasets, placed, said, nothing))
    return Table(known, readings, {one.subject.slug: one for one in lines}, _slices(), method)


def _readings() -> Iterator[Reading]:
    """How far each city was read and compared, in the order of the cities."""
    waits = browse.kept().exclude(pk__in=Guess.objects.values("dataset")).filter(same_as="", revision__isnull=False)
    waiting = dict(waits.order_by().values_list("city").annotate(count=Count("pk")))
    kinds: dict[str, set[str]] = {}
    for slug, kind in browse.kept().order_by().values_list("city", "kind").distinct():
        kinds.setdefault(slug, set()).add(kind)
    for city in browse.known_cities().values():
        rows = overview.portals(city.portals)
        unread = tuple(row["name"] for row in rows if row["read"] is None)
        only_tables = kinds.get(city.slug) == {Kind.TABLE}
        yield Reading(city.slug, len(rows), unread, waiting.get(city.slug, 0), only_tables)


_Told = tuple[list[Placed], list[Said], frozenset[tuple[str, str]], dict[str, Listed], str]


def _told(known: Register) -> _Told:
    """What is guessed and what persons said, with the datasets that it is about."""
    rows = list(Placement.objects.order_by().values_list("subject", "dataset", "score", "band", "fits", "method"))
    grains, schemas = _natures()
    decided = list(decisions.standing(Decision.Kind.PLACE, Decision.Kind.GRAIN))
    spoken = [one for one in decided if one.kind == Decision.Kind.PLACE and decisions.stands(one, schemas)]
    corrected = {one.a: Grain(one.nature["grain"]) for one in decided if one.kind == Decision.Kind.GRAIN}
    keys = {}
    datasets: dict[str, Listed] = {}
    late = _late()
    for row in _datasets({one.a for one in spoken}):
        one = dict(zip(_LINE, row, strict=True))
        keys[one["pk"]] = one["key"]
        grain = corrected.get(one["key"], grains.get(one["key"], Grain.UNKNOWN))
        datasets[one["key"]] = _listed(one, grain, corrected=one["key"] in corrected, late=late)
    placed = [
        Placed(known.resolve(subject), keys[dataset], score, Band(band), fits)
        for subject, dataset, score, band, fits, _ in rows
        if dataset in keys
    ]
    said = [
        Said(known.resolve(one.subject), one.a, _city(one.a, datasets), Verdict(one.verdict), _relation(one))
        for one in spoken
        if one.a
    ]
    nothing = frozenset((known.resolve(one.subject), one.b) for one in spoken if not one.a)
    return placed, said, nothing, datasets, rows[0][-1] if rows else ""


def _natures() -> tuple[dict[str, Grain], dict[str, str]]:
    """The guessed grain and the columns' fingerprint of each dataset that was compared."""
    rows = list(Guess.objects.values_list("dataset__key", "grain", "schema"))
    return {key: Grain(grain) for key, grain, _ in rows}, {key: schema for key, _, schema in rows}


def _datasets(decided: Collection[str]) -> Iterator[tuple[Any, ...]]:
    """Those that are placed or decided, and the origins of copies."""
    kept = browse.kept().order_by()
    placed = Placement.objects.values("dataset")
    origins = kept.filter(pk__in=placed, same_as__gt="").values("same_as")
    found = list(kept.filter(Q(pk__in=placed) | Q(key__in=origins)).values_list(*_LINE))
    rest = set(decided) - {row[1] for row in found}
    more = (kept.filter(key__in=some).values_list(*_LINE) for some in batches(sorted(rest)))
    return chain(found, *more)


def _listed(one: Mapping[str, Any], grain: Grain, *, corrected: bool, late: Mapping[str, datetime]) -> Listed:
    when = late.get(one["portal"])
    return Listed(
        **{name: one[name] for name in _LINE if name not in {"pk", "due"}},
        stale=bool(one["due"] and when and one["due"] < when),
        grain=grain,
        corrected=corrected,
    )


def _late() -> dict[str, datetime]:
    """Of each portal the time before which data were due long ago: a recording is judged by its own day."""
    found = {}
    for row in overview.portals():
        at = datetime.combine(row["recorded"], time(), UTC) if row["recorded"] else row["read"]
        if at:
            found[row["slug"]] = at - LONG
    return found


def _city(key: str, datasets: Mapping[str, Listed]) -> str:
    """The city of a dataset that may have gone."""
    if key in datasets:
        return datasets[key].city
    portal = browse.known_portals().get(key.partition("/")[0])
    return portal.city if portal else ""


def _relation(one: Decision) -> Relation:
    return Relation(one.relation) if one.relation else Relation.OTHER


def _slices() -> dict[tuple[str, str], int]:
    """Of each series, by portal and key, how many slices it has."""
    rows = browse.kept().exclude(series="").order_by().values_list("portal", "series").annotate(count=Count("pk"))
    return {(portal, series): count for portal, series, count in rows}


def parts(subject: str, keys: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """What adds up to the score of each of these datasets under a subject, by id."""
    rows = Placement.objects.filter(subject=subject, dataset__key__in=keys).values_list("dataset__key", "parts")
    return {key: told(found) for key, found in rows}


def told(parts: Iterable[tuple[str, float, list[str]]]) -> list[dict[str, Any]]:
    """Parts as they are kept, as forms."""
    return [{"what": what, "points": points, "detail": detail} for what, points, detail in parts]


def row_counts(keys: Collection[str]) -> dict[str, int | None]:
    """How many rows each dataset has, by id; None where its portal does not tell."""
    rows = browse.kept().filter(key__in=keys).order_by()
    return dict(rows.values_list("key", "revision__form__row_count"))


def unplaced(city: str) -> list[Found]:
    """What a city publishes and no subject of the register fits; a series is one, under its newest slice."""
    made = table()
    if city not in made.unplaced:
        made.unplaced[city] = _unplaced(made.lines.values(), city)
    return made.unplaced[city]


def _unplaced(lines: Iterable[Line], city: str) -> list[Found]:
    squares = (one for line in lines for one in line.squares if one.city == city)
    taken = {
        key for square in squares for one in (*square.datasets, *square.candidates) if _has(one) for key in one.keys
    }
    rows = browse.kept().filter(city=city).exclude(pk__in=related.folded().values("pk")).order_by()
    units: dict[tuple[str, str], list[Listed]] = {}
    for row in rows.values_list(*_LINE):
        one = _listed(dict(zip(_LINE, row, strict=True)), Grain.UNKNOWN, corrected=False, late={})
        units.setdefault((one.portal, one.series) if one.series else (one.key, ""), []).append(one)
    rest = [some for some in units.values() if not any(one.key in taken for one in some)]
    heads = [(max(some, key=lambda one: (when(one.title), one.key)), some) for some in rest]
    found = [Found(head, tuple(one.key for one in some)) for head, some in heads]
    return sorted(found, key=lambda one: (key(one.head.title), one.head.key))


def _has(one: Found) -> bool:
    return one.open or one.verdict is not None
