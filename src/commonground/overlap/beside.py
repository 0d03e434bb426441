"""The columns of two data sets beside each other: guessed from all that is known, and what persons said of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from commonground.catalog import browse
from commonground.catalog.models import Dataset
from commonground.overlap import decisions, entries, profiling
from commonground.overlap.columns import alignment
from commonground.overlap.columns.alignment import Scored
from commonground.overlap.columns.recall import Memory
from commonground.overlap.facets import Verdict
from commonground.overlap.matching.embedder import Embedder
from commonground.overlap.models import Decision
from commonground.words import Column

Form = dict[str, Any]


def of(id_a: str, id_b: str, embedder: Embedder | None = None) -> Form:
    """Which columns of two data sets mean the same: `pairs`, `candidates`, and what is left over on both sides.

    Pairs that persons rejected are left out. Raises `NotFound` for a data set that we do not hold.
    """
    a, b = browse.dataset(id_a), browse.dataset(id_b)
    told = said(a.key, b.key)
    scored = between(a, b, memory(), embedder)
    form = scored.paired(of_verdict(told, Verdict.REJECTED), of_verdict(told, Verdict.CONFIRMED)).form()
    verdicts = {pair: one.verdict for pair, one in told.items()}
    pairs = [one | {"verdict": verdicts.get((one["a"], one["b"]))} for one in form["pairs"]]
    return {"a": a.key, "b": b.key, **form, "pairs": pairs}


def between(a: Dataset, b: Dataset, known: Memory, embedder: Embedder | None = None) -> Scored:
    """Every column of one data set against every column of the other. `known` is what `memory` tells."""
    profiled = (profiling.of(a), profiling.of(b))
    return alignment.scored(columns_of(a), columns_of(b), memory=known, profiles=profiled, embedder=embedder)


def columns_of(row: Dataset) -> tuple[Column, ...]:
    """The columns of a data set; none where they are not known."""
    return entries.of(row.revision.form).columns or () if row.revision else ()


def said(a: str, b: str) -> dict[tuple[str, str], Decision]:
    """What persons said of columns of these two, by published names in this order. A rejected pair is asked again when
    columns of it have changed.
    """
    rows = [one for one in decisions.standing(Decision.Kind.COLUMN, dataset=a) if {one.a, one.b} == {a, b}]
    now = decisions.schemas({a, b}) if rows else {}
    speak = (one for one in rows if decisions.stands(one, now))
    return {(one.column_a, one.column_b) if one.a == a else (one.column_b, one.column_a): one for one in speak}


def of_verdict(told: Mapping[tuple[str, str], Decision], verdict: Verdict) -> list[tuple[str, str]]:
    """The pairs of which persons said this."""
    return [pair for pair, one in told.items() if one.verdict == verdict]


def memory(standard: str = "") -> dict[str, set[str]]:
    """Names that persons confirmed to mean the same: of two columns, or of columns and a field of a standard; with
    `standard` only of fields of that.
    """
    found = defaultdict[str, set[str]](set)
    kinds = (Decision.Kind.FIELD,) if standard else (Decision.Kind.COLUMN, Decision.Kind.FIELD)
    for one in decisions.standing(*kinds, subject=standard):
        if one.verdict == Verdict.CONFIRMED:
            found[one.column_a].add(one.column_b)
            found[one.column_b].add(one.column_a)
    return dict(found)
