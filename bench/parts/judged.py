"""What is measured against gold: the recordings' data sets, ours and peers, as figures that JSON can hold."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from parts import aligners, peers
from parts.machine import RECORDINGS, REPOSITORY

sys.path.insert(0, str(REPOSITORY))

from commonground import cities
from commonground.overlap import entries
from commonground.overlap.entries import Entry
from commonground.overlap.judging import column_evaluation, evaluation, gold
from commonground.overlap.judging.column_evaluation import Aligned, FieldCase
from commonground.overlap.judging.evaluation import Figure, Ground, Guesser, Scores
from commonground.overlap.judging.gold import Gold
from tests.search import corpus

Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bench:
    """The gold, and what matching sees of each data set of the recordings."""

    gold: Gold
    entries: list[Entry]
    ground: Ground

    @classmethod
    def read(cls) -> Bench:
        """From the recordings, as the readers of their protocols understand them."""
        held = [entries.of(one) for one in corpus.documents(Path(RECORDINGS) / "portals")]
        truth = gold.read(Path(RECORDINGS) / "gold", cities.load())
        return cls(truth, held, Ground(truth, [one.key for one in held]))

    @property
    def names(self) -> dict[str, list[str]]:
        """Published names of columns, by key."""
        return {one.key: [column.name for column in one.columns] for one in self.entries if one.columns}


def datasets(bench: Bench, guesser: Guesser) -> Told:
    """All figures about data sets."""
    return {name: shown(some) for name, some in evaluation.measured(bench.ground, guesser).items()}


def shown(figures: Mapping[str, Figure | float]) -> Told:
    """Figures without their subjects; `commonground overlap evaluate` tells these."""
    told: Told = {}
    for name, one in figures.items():
        form = one.form() if isinstance(one, Figure) else round(one, 4)
        told[name] = {key: form[key] for key in ("value", "low", "high", "spread")} if isinstance(form, dict) else form
    return told


def by_valentine(bench: Bench, python: Path, algorithm: str) -> Told:
    """Columns by one of Valentine's matchers."""
    columns = {one.key: one.columns or () for one in bench.entries}
    pairs = list(column_evaluation.pairs(bench.gold, bench.names))
    done = aligners.matched(python, algorithm, [(columns[one.a], columns[one.b]) for one in pairs])
    scores = {(one.a, one.b): said for one, said in zip(pairs, done.scores, strict=True)}
    figures = column_evaluation.columns(bench.gold, bench.names, lambda a, b: Aligned(scores[a, b]))
    return {"valentine": done.version, "seconds": done.seconds, **shown(figures)}


def same_words(bench: Bench) -> Told:
    """Columns, and columns to fields, by the words that names share."""
    names = bench.names

    def align(a: str, b: str) -> Aligned:
        return Aligned(np.array([[peers.same_words(one, other) for other in names[b]] for one in names[a]]))

    def place(case: FieldCase) -> Scores:
        known = {field: [field] for field in case.fields}
        for one in case.memory:
            known[one.field].append(one.column)
        return np.array(
            [
                [max(peers.same_words(name, one) for one in known[field]) for field in case.fields]
                for name in case.columns
            ]
        )

    return {
        "columns": shown(column_evaluation.columns(bench.gold, names, align)),
        "fields": shown(column_evaluation.fields(bench.gold, names, place)),
    }
