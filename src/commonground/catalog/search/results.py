"""One answer: hits in order, facets with counts, and what to try when nothing was found."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from tantivy import Order as Direction
from tantivy import Query as Clause

from commonground.catalog.search import ranking
from commonground.catalog.search.query import FILTERS, Query
from commonground.catalog.search.schema import FACETS, stem, words
from commonground.catalog.search.wording import Wanted, understand

if TYPE_CHECKING:
    from collections.abc import Iterable

    from commonground.catalog.search.index import Index, Snapshot

SNIPPET = 240
_READ = 3_000
"""Characters of a description that are looked through for the best piece."""
_VALUES = 40
"""Values of a facet that are counted."""
SINCE = (30, 365, 730, 1_825)
"""The steps of the facet “updated since”, in days before today."""


class Piece(NamedTuple):
    """A piece of plain text, and whether it is what was searched for. Not HTML: escape it."""

    text: str
    marked: bool


class Count(NamedTuple):
    """One value of a facet. `label` is a city's or portal's name, for `since` the number of days, else the value."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """One dataset found. `score` is 0 where the order is not by relevance."""

    id: str
    score: float
    title: tuple[Piece, ...]
    snippet: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """For a search without results: how many there would be otherwise.

    `fewer_words` counts datasets that have any of the words; `without` gives for each filter the
    search that drops it (and last the one that drops all) with its total.
    """

    fewer_words: int = 0
    without: tuple[tuple[str, Query, int], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.fewer_words or self.without)


@dataclass(frozen=True, slots=True)
class Results:
    """The answer to one query. `corrected` is the wording with slips mended when that was searched too;
    `relaxed` says that no dataset has enough of the words, and the hits have only some."""

    total: int
    hits: tuple[Hit, ...]
    facets: dict[str, tuple[Count, ...]] = field(default_factory=dict)
    corrected: str = ""
    relaxed: bool = False
    suggestions: Suggestions = Suggestions()
    generation: int = 0


def search(index: Index, query: Query, *, today: date | None = None, facets: bool = True) -> Results:
    """Ask the index. `today` is for the steps of `since`. Raises `IndexBroken` when there is no index."""
    snapshot = index.snapshot()
    wanted = understand(query.words, snapshot)
    clause = Clause.all_query() if wanted.empty else ranking.wanted_clause(wanted, snapshot)
    found = _find(snapshot, query, wanted, clause)
    relaxed = False
    if not found.count and len(wanted.units) > 1:
        loose = ranking.wanted_clause(wanted, snapshot, loose=True)
        again = _find(snapshot, query, wanted, loose)
        relaxed = bool(again.count)
        found, clause = (again, loose) if relaxed else (found, clause)
    counted = _facets(snapshot, query, clause, today or datetime.now(UTC).date()) if facets else {}
    return Results(
        found.count,
        tuple(_hit(snapshot, wanted, query, key, address) for key, address in found.hits),
        counted,
        wanted.corrected,
        relaxed,
        _suggestions(snapshot, query, wanted, clause) if not found.count else Suggestions(),
        snapshot.generation,
    )


class _Found(NamedTuple):
    count: int
    hits: list[tuple[Any, Any]]


def _find(snapshot: Snapshot, query: Query, wanted: Wanted, words: Clause) -> _Found:
    clause = ranking.both(words, ranking.filter_clauses(query, snapshot))
    limit = max(1, query.limit)
    by = {"updated": "by_updated", "title": "by_title"}.get(query.order, "by_worth" if wanted.empty else "")
    if by:
        found = snapshot.searcher.search(
            clause, limit, count=True, order_by_field=by, offset=query.offset, order=Direction.Asc
        )
    else:
        found = snapshot.searcher.search(clause, limit, count=True, offset=query.offset, weight_by_field="weight")
    return _Found(found.count or 0, found.hits if query.limit else [])


def _hit(snapshot: Snapshot, wanted: Wanted, query: Query, key: object, address: Any) -> Hit:  # noqa: ANN401 - tantivy's
    stored = snapshot.searcher.doc(address)
    score = float(key) if query.order == "relevance" and isinstance(key, float) else 0.0
    marks = wanted.marks
    return Hit(
        str(stored.get_first("id")),
        score,
        _pieces(str(stored.get_first("title") or ""), marks),
        _snippet(str(stored.get_first("description") or ""), marks),
    )


def _pieces(text: str, marks: frozenset[str]) -> tuple[Piece, ...]:
    pieces, at = [], 0
    for found in words(text) if marks else ():
        if stem(found[0]) in marks:
            if found.start() > at:
                pieces.append(Piece(text[at : found.start()], marked=False))
            pieces.append(Piece(found[0], marked=True))
            at = found.end()
    if at < len(text):
        pieces.append(Piece(text[at:], marked=False))
    return tuple(pieces)


def _snippet(text: str, marks: frozenset[str]) -> tuple[Piece, ...]:
    """The stretch of the description that has most of the words, from its beginning where that is as good."""
    read = text[:_READ]
    places = [(found.start(), stem(found[0])) for found in words(read)] if marks else []
    hits = [(at, term) for at, term in places if term in marks]
    start = max(hits, key=lambda hit: (len({t for at, t in hits if hit[0] <= at < hit[0] + SNIPPET}), -hit[0]))[0] if hits else 0
    start = 0 if start < SNIPPET // 2 else text.rfind(" ", 0, start - SNIPPET // 4) + 1
    end = start + SNIPPET
    if end < len(text):
        end = max(text.rfind(" ", start, end), start + SNIPPET // 2)
    stretch = " ".join(text[start:end].split())
    shown = f"{'…' if start else ''}{stretch}{'…' if end < len(text) else ''}"
    return _pieces(shown, marks)


def _facets(snapshot: Snapshot, query: Query, words: Clause, today: date) -> dict[str, tuple[Count, ...]]:
    """Counts of each facet under all filters but its own, so that another value can be chosen."""
    ranges = {days: _seconds(today - timedelta(days=days)) for days in SINCE}
    asked = {name: {"terms": {"field": name, "size": _VALUES}} for name in FACETS}
    asked["since"] = {"range": {"field": "updated", "ranges": _steps(list(ranges.values()))}}
    shared = {name: one for name, one in asked.items() if not getattr(query, name)}
    answers = snapshot.searcher.aggregate(ranking.both(words, ranking.filter_clauses(query, snapshot)), shared)
    for name in asked.keys() - shared.keys():
        clause = ranking.both(words, ranking.filter_clauses(query, snapshot, but=name))
        answers |= snapshot.searcher.aggregate(clause, {name: asked[name]})
    found = {name: _counts(snapshot, query, name, answers[name]["buckets"]) for name in FACETS}
    found["since"] = _since(query, answers["since"]["buckets"], today)
    return found


def _counts(
    snapshot: Snapshot, query: Query, name: str, buckets: Iterable[dict[str, Any]]
) -> tuple[Count, ...]:
    chosen: tuple[str, ...] = getattr(query, name)
    counts = {str(one["key"]): int(one["doc_count"]) for one in buckets}
    counts |= {value: 0 for value in chosen if value not in counts}
    ordered = sorted(counts.items(), key=lambda one: (one[0] not in chosen, -one[1], one[0]))
    return tuple(Count(value, snapshot.names.get((name, value), value), n, value in chosen) for value, n in ordered)


def _seconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


def _steps(edges: list[int]) -> list[dict[str, int]]:
    """Ranges side by side, the newest first: tantivy counts no overlapping ones."""
    newest, *older = edges
    return [{"from": newest}, *({"from": start, "to": end} for end, start in zip(edges, older, strict=False))]


def _since(query: Query, buckets: Iterable[dict[str, Any]], today: date) -> tuple[Count, ...]:
    by_start = {int(one["from"]): int(one["doc_count"]) for one in buckets if "from" in one}
    total, found = 0, []
    for days in SINCE:
        day = today - timedelta(days=days)
        total += by_start.get(_seconds(day), 0)
        found.append(Count(day.isoformat(), str(days), total, day == query.since))
    return tuple(found)


def _suggestions(snapshot: Snapshot, query: Query, wanted: Wanted, words: Clause) -> Suggestions:
    def total(asked: Query, clause: Clause) -> int:
        return _find(snapshot, replace(asked, limit=0, offset=0), wanted, clause).count

    fewer = total(query, ranking.wanted_clause(wanted, snapshot, loose=True)) if wanted.units else 0
    searches = [(name, query.without(name)) for name in query.filters]
    if len(searches) > 1:
        bare = query
        for name in query.filters:
            bare = bare.without(name)
        searches.append(("", bare))
    counted = ((name, asked, total(asked, words)) for name, asked in searches)
    return Suggestions(fewer, tuple(one for one in counted if one[2]))


__all__ = ["FILTERS", "Count", "Hit", "Piece", "Results", "Suggestions", "search"]
