"""One answer: hits in order, facets with counts, and what to try when nothing was found."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from tantivy import DocAddress
from tantivy import Order as Direction
from tantivy import Query as Clause

from commonground.catalog.search import ranking
from commonground.catalog.search.query import FACETS
from commonground.catalog.search.schema import stem
from commonground.catalog.search.wording import Wanted, understand

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from commonground.catalog.search.index import Index, Snapshot
    from commonground.catalog.search.query import Query

SNIPPET = 240
FEW = 5
"""With fewer datasets that have all the words, those with some of them are shown as well."""
_VALUES, _REMEMBERED = 40, 500
"""Values of a facet that are counted; searches whose facets are remembered in one snapshot."""
SINCE = (30, 365, 730, 1_825)
"""The steps of the facet “updated since”, in days before today."""


class Piece(NamedTuple):
    """A piece of plain text, and whether it is what was searched for. Not HTML: escape it."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Count:
    """One value of a facet. `label` is a city's or portal's name, for `since` the number of days, else the value."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """One dataset found. `score` is 0 where the order is not by relevance, `columns` is None where they are not known."""

    id: str
    score: float
    title: tuple[Piece, ...]
    snippet: tuple[Piece, ...]
    columns: int | None = None


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
    """The answer to one query.

    `complete` of the `total` have the words that were asked for; when they are few, datasets with
    only some of the words follow. `corrected` is the wording with slips mended, searched as well. `folded` copies
    were found too and left out, because their origin on another portal stands for them.
    """

    total: int
    hits: tuple[Hit, ...]
    facets: dict[str, tuple[Count, ...]] = field(default_factory=dict)
    corrected: str = ""
    complete: int = 0
    suggestions: Suggestions = Suggestions()
    generation: int = 0
    folded: int = 0


def search(index: Index, query: Query, *, today: date | None = None, facets: bool = True) -> Results:
    """Ask the index. `today` is for the steps of `since`. Raises `IndexBroken` when there is no index."""
    snapshot = index.snapshot()
    wanted = understand(query.words, snapshot)
    found, clause, complete = _best(snapshot, query, wanted, query.limit)
    counted = _facets(snapshot, query, clause, today or datetime.now(UTC).date()) if facets else {}
    return Results(
        found.total,
        tuple(_hit(snapshot, wanted, query, key, address) for key, address in found.hits),
        counted,
        wanted.corrected,
        complete,
        _suggestions(snapshot, query, wanted, clause) if not found.total else Suggestions(),
        snapshot.generation,
        _folded(snapshot, query, wanted, clause, found.total),
    )


def ids(index: Index, query: Query) -> Iterator[str]:
    """The ids of everything found, in order and however much it is; limit and offset are not looked at.

    All of it is of one state of the index, about 100 bytes a dataset. Raises `IndexBroken` when there is no index.
    """
    snapshot = index.snapshot()
    found, _, _ = _best(
        snapshot, replace(query, offset=0), understand(query.words, snapshot), snapshot.searcher.num_docs
    )
    return (str(snapshot.searcher.doc(address).get_first("id")) for _, address in found.hits)


class _Found(NamedTuple):
    total: int
    hits: list[tuple[object, DocAddress]]


def _best(snapshot: Snapshot, query: Query, wanted: Wanted, most: int) -> tuple[_Found, Clause, int]:
    """What has enough of the words, the clause that found it, and how many of it have all of them.

    Which of the two is asked for is settled before any filter: to narrow a search never makes it find more.
    """
    clause = Clause.all_query() if wanted.empty else ranking.wanted_clause(wanted, snapshot)
    found = _find(snapshot, query, wanted, clause, most)
    few = found.total < FEW and len(wanted.units) > 1
    if few and query.filters:
        few = _find(snapshot, query.bare(), wanted, clause, 0).total < FEW
    if few:
        loose = ranking.wanted_clause(wanted, snapshot, loose=True)
        again = _find(snapshot, query, wanted, loose, most)
        if again.total > found.total:
            return again, loose, found.total
    return found, clause, found.total


def _folded(snapshot: Snapshot, query: Query, wanted: Wanted, clause: Clause, total: int) -> int:
    """How many copies the same search would find beside."""
    if query.copies == "all" or not ranking.has_copies(snapshot):
        return 0
    return _find(snapshot, replace(query, copies="all", offset=0), wanted, clause, 0).total - total


def _find(snapshot: Snapshot, query: Query, wanted: Wanted, words: Clause, most: int) -> _Found:
    clause = ranking.both(words, ranking.filter_clauses(query, snapshot))
    limit = max(1, most)
    by = {"updated": "by_updated", "title": "by_title"}.get(query.order, "" if wanted.ranked else "by_worth")
    if by:
        found = snapshot.searcher.search(
            clause, limit, count=True, order_by_field=by, offset=query.offset, order=Direction.Asc
        )
    else:
        found = snapshot.searcher.search(clause, limit, count=True, offset=query.offset, weight_by_field="weight")
    total: int = found.count or 0  # type: ignore[attr-defined] # its stub forgets it
    return _Found(total, list(found.hits) if most else [])


def _hit(snapshot: Snapshot, wanted: Wanted, query: Query, key: object, address: DocAddress) -> Hit:
    stored = snapshot.searcher.doc(address)
    score = float(key) if query.order == "relevance" and isinstance(key, float) else 0.0
    marks = wanted.marks
    width = bytes(stored.get_first("width") or b"")
    return Hit(
        str(stored.get_first("id")),
        score,
        _pieces(str(stored.get_first("title") or ""), marks),
        _snippet(bytes(stored.get_first("excerpt") or b"").decode(), marks),
        int(width) if width else None,
    )


@lru_cache(maxsize=1_024)
def _marker(marks: frozenset[str]) -> re.Pattern[str]:
    """Words that begin as one of the stems does: few are left to be stemmed."""
    starts = sorted({one[: max(2, min(3, len(one) - 1))] for one in marks})
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, starts))})[^\W_]*", re.IGNORECASE)


def _marked(text: str, marks: frozenset[str]) -> list[re.Match[str]]:
    return [found for found in _marker(marks).finditer(text) if stem(found[0]) in marks] if marks else []


def _pieces(text: str, marks: frozenset[str]) -> tuple[Piece, ...]:
    pieces, at = [], 0
    for found in _marked(text, marks):
        pieces += [Piece(text[at : found.start()], marked=False), Piece(found[0], marked=True)]
        at = found.end()
    return tuple(one for one in (*pieces, Piece(text[at:], marked=False)) if one.text)


def _snippet(text: str, marks: frozenset[str]) -> tuple[Piece, ...]:
    """The stretch of the description that has most of the words, from its beginning where that is as good."""
    places = [(found.start(), stem(found[0])) for found in _marked(text, marks)]
    best, start = 0, 0
    for at, _ in places:
        different = len({term for place, term in places if at <= place < at + SNIPPET})
        if different > best:
            best, start = different, at
    start = 0 if start < SNIPPET // 2 else text.rfind(" ", 0, start - SNIPPET // 4) + 1
    end = start + SNIPPET
    if end < len(text):
        end = max(text.rfind(" ", start, end), start + SNIPPET // 2)
    stretch = " ".join(text[start:end].split())
    return _pieces(f"{'…' if start else ''}{stretch}{'…' if end < len(text) else ''}", marks)


def _facets(snapshot: Snapshot, query: Query, words: Clause, today: date) -> dict[str, tuple[Count, ...]]:
    """Counts of each facet under all filters but its own, so that another value can be chosen."""
    key = (replace(query, order="relevance", limit=0, offset=0), today)
    if key not in snapshot.counted:
        if len(snapshot.counted) >= _REMEMBERED:
            snapshot.counted.clear()
        snapshot.counted[key] = _count(snapshot, query, words, today)
    found: dict[str, tuple[Count, ...]] = snapshot.counted[key]
    return found


def _count(snapshot: Snapshot, query: Query, words: Clause, today: date) -> dict[str, tuple[Count, ...]]:
    edges = [_seconds(today - timedelta(days=days)) for days in SINCE]
    asked: dict[str, Any] = {name: {"terms": {"field": name, "size": _VALUES}} for name in FACETS}
    asked["since"] = {"range": {"field": "updated", "ranges": _steps(edges)}}
    shared = {name: one for name, one in asked.items() if not getattr(query, name)}
    answers = snapshot.searcher.aggregate(ranking.both(words, ranking.filter_clauses(query, snapshot)), shared)
    for name in asked.keys() - shared.keys():
        clause = ranking.both(words, ranking.filter_clauses(query, snapshot, but=name))
        answers |= snapshot.searcher.aggregate(clause, {name: asked[name]})
    found = {name: _counts(snapshot, query, name, answers[name]["buckets"]) for name in FACETS}
    return {**found, "since": _since(query, answers["since"]["buckets"], today)}


def _counts(snapshot: Snapshot, query: Query, name: str, buckets: Iterable[dict[str, Any]]) -> tuple[Count, ...]:
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
        return _find(snapshot, replace(asked, offset=0), wanted, clause, 0).total

    fewer = total(query, ranking.wanted_clause(wanted, snapshot, loose=True)) if wanted.units else 0
    searches = [(name, query.without(name)) for name in query.filters]
    if len(searches) > 1:
        searches.append(("", query.bare()))
    counted = ((name, asked, total(asked, words)) for name, asked in searches)
    return Suggestions(fewer, tuple(one for one in counted if one[2]))
