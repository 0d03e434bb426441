"""The columns of several data sets in one table: a row for what means the same, a column for each data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations, product
from typing import Any, Final

from django.utils.translation import get_language

from commonground.catalog import browse, overview
from commonground.catalog.counter import standing
from commonground.catalog.models import Dataset
from commonground.errors import Usage
from commonground.overlap import beside, decisions, profiling
from commonground.overlap.columns import alignment, profiles
from commonground.overlap.columns.alignment import Pair, Scored
from commonground.overlap.columns.profiles import ColumnProfile, Profiles
from commonground.overlap.columns.reasons import because
from commonground.overlap.columns.recall import Memory
from commonground.overlap.facets import Band, Verdict
from commonground.overlap.models import Decision, Match
from commonground.words import Column

Form = dict[str, Any]
Place = tuple[int, int]
"""A column: which data set, and which of its columns."""
Say = Callable[[str], str]

MOST: Final = 6
"""Data sets in one table: more would not be read."""
PROPOSED: Final = 8
"""Data sets of one city that are proposed, the best in front."""
_KEPT: Final = 16
"""Tables that a process keeps."""
SAMPLES: Final = 3
_SURENESS: Final = {Band.SURE: 1, Band.LIKELY: 2, Band.WEAK: 3}
"""The order of guesses; before them comes what a person confirmed."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the data sets; `mark` tells the database, and changes with all of it that a table shows or rests on."""

    key: str
    mark: tuple[object, ...]
    columns: tuple[Column, ...] = field(compare=False)
    profiles: Profiles = field(compare=False)


@dataclass(frozen=True, slots=True)
class Compared:
    """Two of the data sets: scores, guessed pairs, what persons said."""

    scored: Scored
    pairs: tuple[Pair, ...]
    said: Mapping[tuple[str, str], Decision]


def datasets(ids: Sequence[str]) -> list[Dataset]:
    """The data sets of these ids, each once. Raises `NotFound` for an unknown one, `Usage` for too many."""
    rows = list({row.pk: row for row in map(browse.dataset, ids)}.values())
    if len(rows) > MOST:
        raise Usage(f"{len(rows)} data sets are too many to lie side by side.", advice=f"Name at most {MOST}.")
    return rows


def table(rows: Sequence[Dataset], say: Say = str) -> Form:
    """What columns of two or more data sets mean the same, and what is left of each. `say` translates reasons.

    Kept until columns, rows that were read or decisions change; who gets it must not change it.
    """
    sides = _sides(rows)
    newest = Decision.objects.order_by("-pk").values_list("pk", flat=True).first()
    return {
        "datasets": [_dataset(row, side) for row, side in zip(rows, sides, strict=True)],
        **_table(sides, newest, say, get_language()),
    }


def _sides(rows: Sequence[Dataset]) -> tuple[Side, ...]:
    database, _ = standing()
    read = profiling.of_all(rows)
    schemas = decisions.schemas([row.key for row in rows])
    found = []
    for row in rows:
        held = read.get(row.pk)
        mark = (database, row.revision_id, schemas.get(row.key), held and held.at)
        found.append(Side(row.key, mark, beside.columns_of(row), profiles.load(held.columns) if held else {}))
    return tuple(found)


@lru_cache(maxsize=_KEPT)
def _table(sides: tuple[Side, ...], _newest: int | None, say: Say, _language: str | None) -> Form:
    compared, note = _all_compared(sides)
    told = [[_column(one, side.profiles) for one in side.columns] for side in sides]
    groups = _groups(compared)
    taken = {place for group in groups for place in group}
    left = [[one for at, one in enumerate(some) if (side, at) not in taken] for side, some in enumerate(told)]
    notes = [note, *(one.scored.note for one in compared.values())]
    return {
        "rows": [_row(group, told, compared, say) for group in groups],
        "left": left,
        "method": next((one.scored.weights.method for one in compared.values()), ""),
        "notes": [one for one in notes if one],
        **_two(compared),
    }


def _all_compared(sides: Sequence[Side]) -> tuple[dict[tuple[int, int], Compared], str]:
    """Every two of the data sets, and what was left out: all together compare no more pairs than two alone may."""
    lengths = [len(one.columns) for one in sides]
    pairs = list(combinations(range(len(sides)), 2))
    most = max(lengths, default=0)
    if len(pairs) > 1 and sum(lengths[i] * lengths[j] for i, j in pairs) > alignment.MOST:
        most = int((alignment.MOST / len(pairs)) ** 0.5)
    known = beside.memory()
    left = sum(max(0, length - most) for length in lengths)
    note = f"{left:,} columns were not compared: too many." if left else ""
    return {(i, j): _compared(sides[i], sides[j], known, most) for i, j in pairs}, note


def proposed(rows: Sequence[Dataset]) -> list[Form]:
    """Data sets that could lie beside the first one: of each city that is not here yet its best match, with further
    ones as `more`; the best city first.
    """
    if not rows:
        return []
    matches = Match.objects.filter(a=rows[0], b__in=browse.kept()).exclude(b__city__in={row.city for row in rows})
    cities: dict[str, list[Form]] = {}
    for one in matches.select_related("b").order_by("-score", "b"):
        some = cities.setdefault(one.b.city, [])
        if len(some) < PROPOSED:
            some.append({**overview.line(one.b), "band": one.band})
    return [{**best, "more": more} for best, *more in cities.values()]


def _compared(a: Side, b: Side, known: Memory, most: int) -> Compared:
    profiled = a.profiles, b.profiles
    # Never with the model: what anybody may ask for must not load it.
    scored = alignment.scored(a.columns[:most], b.columns[:most], memory=known, profiles=profiled)
    said = beside.said(a.key, b.key)
    rejected, confirmed = (beside.of_verdict(said, verdict) for verdict in (Verdict.REJECTED, Verdict.CONFIRMED))
    return Compared(scored, scored.paired(rejected, confirmed).pairs, said)


def _groups(compared: Mapping[tuple[int, int], Compared]) -> list[list[Place]]:
    """Columns that mean the same, at most one of a data set in each group: pairs are joined, the surest first.

    Those of most data sets come first, of these the surest; else they stand as in the first data set that has them.
    """
    edges = []
    for (i, j), one in compared.items():
        for pair in one.pairs:
            rank = 0 if (pair.a.name, pair.b.name) in one.said else _SURENESS[pair.band]
            edges.append((rank, -pair.score, (i, pair.places[0]), (j, pair.places[1])))
    group: dict[Place, list[Place]] = {}
    ranks: dict[Place, int] = {}
    for rank, _, first, second in sorted(edges):
        ours, theirs = group.get(first, [first]), group.get(second, [second])
        grows = len(ours) + len(theirs) > len((first, second))
        # A group that is sure of itself is not made larger on a weak guess.
        if ours is theirs or (grows and rank == _SURENESS[Band.WEAK]) or not _fit(ours, theirs, compared):
            continue
        joined = sorted(ours + theirs)
        group.update(dict.fromkeys(joined, joined))
        ranks[joined[0]] = rank
    distinct = {id(one): one for one in group.values()}
    return sorted(distinct.values(), key=lambda one: (-len(one), ranks[one[0]], one))


def _fit(ours: Sequence[Place], theirs: Sequence[Place], compared: Mapping[tuple[int, int], Compared]) -> bool:
    """Whether two groups can be one: no data set twice, and no two columns of which a person said they differ."""
    for one, other in (sorted(places) for places in product(ours, theirs)):
        if one[0] == other[0]:
            return False
        held = compared[one[0], other[0]]
        decision = held.said.get((held.scored.a[one[1]].name, held.scored.b[other[1]].name))
        if decision and decision.verdict == Verdict.REJECTED:
            return False
    return True


def _row(
    group: Sequence[Place], told: Sequence[Sequence[Form]], compared: Mapping[tuple[int, int], Compared], say: Say
) -> Form:
    """One row: the first column as it is, each other with how sure it is that it means the same as the first."""
    (first, at), *others = group
    cells: list[Form | None] = [None] * len(told)
    cells[first] = told[first][at]
    for side, place in others:
        one = compared[first, side]
        cells[side] = {**told[side][place], **_guess(one, one.scored.pair(at, place), say)}
    return {"first": first, "name": told[first][at]["column"], "cells": cells}


def _guess(one: Compared, pair: Pair, say: Say) -> Form:
    decision = one.said.get((pair.a.name, pair.b.name))
    return {
        "score": round(pair.score, 4),
        "band": pair.band.value,
        "why": because(pair.parts, say),
        "verdict": decision.verdict if decision else "",
        "decision": {"id": decision.pk, "by": decision.by, "at": decision.at} if decision else None,
    }


def _column(one: Column, held: Mapping[str, ColumnProfile]) -> Form:
    profile = held.get(one.name)
    return {
        "column": one.name,
        "type": one.type.value,
        "published_type": one.published_type,
        "description": one.description,
        "samples": list(profile.samples[:SAMPLES]) if profile else [],
    }


def _dataset(row: Dataset, side: Side) -> Form:
    known = bool(row.revision and row.revision.form.get("columns_known", True))
    told = {"columns": len(side.columns) if known else None, "profiled": bool(side.profiles)}
    return {**overview.line(row), **told}


def _two(compared: Mapping[tuple[int, int], Compared]) -> Form:
    """For two data sets the same as the command line has: pairs and candidates by published names."""
    if len(compared) != 1:
        return {}
    one = next(iter(compared.values()))
    return {"pairs": [pair.form() for pair in one.pairs], "candidates": list(_candidates(one))}


def _candidates(one: Compared) -> Iterator[Form]:
    never = beside.of_verdict(one.said, Verdict.REJECTED)
    return iter(one.scored.paired(never).form()["candidates"])
