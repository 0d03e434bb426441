"""How good guesses about columns are, against gold: columns of two datasets, and columns to a standard's fields. Pure.

As in `evaluation`: a fixed shuffle decides among equal scores, and means are over subjects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from commonground.overlap.judging.evaluation import Figure, Flags, Scores, figure, ranks
from commonground.overlap.judging.gold import FieldLabel, Gold


class Aligned(NamedTuple):
    """What an aligner says of two datasets: a score for each column of one against each of the other, and the pairs
    (row, column) that it takes, one to one. Without pairs, the best assignment by the scores is taken.
    """

    scores: Scores
    pairs: Sequence[tuple[int, int]] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two datasets with columns that mean the same: `right[i, j]` says whether column i of `a` means column j of `b`."""

    subject: str
    a: str
    b: str
    right: Flags


def pairs(gold: Gold, names: Mapping[str, Sequence[str]]) -> Iterator[Pair]:
    """The pairs of the gold of which the columns are known. `names` says the published names by key, in order."""
    found = defaultdict[tuple[str, str, str], set[tuple[str, str]]](set)
    for one in gold.pairs:
        found[one.subject, one.a, one.b].add((one.column_a, one.column_b))
    for (subject, a, b), same in sorted(found.items()):
        if a not in names or b not in names:
            continue
        rows, columns = ({name: at for at, name in reversed(list(enumerate(names[key])))} for key in (a, b))
        right = np.zeros((len(names[a]), len(names[b])), dtype=bool)
        for left, other in same:
            if left in rows and other in columns:
                right[rows[left], columns[other]] = True
        if right.any():
            yield Pair(subject, a, b, right)


def columns(
    gold: Gold, names: Mapping[str, Sequence[str]], align: Callable[[str, str], Aligned]
) -> dict[str, Figure | float]:
    """Columns of two datasets, both directions: MRR of the first right one, share ranked first, share of the gold among
    as many best pairs (recall at ground truth), and among the pairs taken one to one. `…_pooled` is over all queries.
    """
    found = defaultdict[str, list[tuple[str, float]]](list)
    for one in pairs(gold, names):
        told = align(one.a, one.b)
        scores = np.where(np.isnan(told.scores), -np.inf, told.scores)
        for way, right in ((scores, one.right), (scores.T, one.right.T)):
            for row in np.flatnonzero(right.any(axis=1)):
                first = int(ranks(way[row], right[row])[0])
                found["mrr"].append((one.subject, 1 / first))
                found["p_at_1"].append((one.subject, float(first == 1)))
        total = int(one.right.sum())
        best = ranks(scores.ravel(), one.right.ravel())
        found["recall_at_truth"].append((one.subject, float(np.mean(best <= total))))
        taken = told.pairs if told.pairs is not None else assigned(scores)
        found["one_to_one"].append((one.subject, sum(bool(one.right[pair]) for pair in taken) / total))
    figures: dict[str, Figure | float] = {name: _figure(said) for name, said in found.items()}
    return figures | {f"{name}_pooled": float(np.mean([one for _, one in said])) for name, said in found.items()}


def assigned(scores: Scores) -> list[tuple[int, int]]:
    """The one-to-one pairs that score most in sum."""
    least = scores[np.isfinite(scores)].min(initial=0.0)
    rows, others = linear_sum_assignment(np.where(np.isfinite(scores), scores, least - 1), maximize=True)
    return list(zip(rows.tolist(), others.tolist(), strict=True))


def _figure(said: Sequence[tuple[str, float]]) -> Figure:
    by_subject = defaultdict[str, list[float]](list)
    for subject, one in said:
        by_subject[subject].append(one)
    return figure({subject: float(np.mean(some)) for subject, some in by_subject.items()})


@dataclass(frozen=True, slots=True)
class FieldCase:
    """One dataset whose columns are to be brought to a subject's `fields`. `memory` is what the other cities' columns
    mean; `columns` are the published names to place, `right` their fields.
    """

    subject: str
    key: str
    columns: tuple[str, ...]
    right: tuple[str, ...]
    fields: tuple[str, ...]
    memory: tuple[FieldLabel, ...]


def field_cases(gold: Gold, names: Mapping[str, Sequence[str]]) -> Iterator[FieldCase]:
    """Each dataset of the gold whose columns are known, with the memory of all cities but its own."""
    by_subject = defaultdict[str, dict[str, list[FieldLabel]]](lambda: defaultdict(list))
    for one in gold.fields:
        by_subject[one.subject][one.key].append(one)
    for subject, held in sorted(by_subject.items()):
        fields = tuple(sorted({one.field for some in held.values() for one in some}))
        for key, labels in sorted(held.items()):
            known = [one for one in labels if one.column in names.get(key, ())]
            city = gold.pool.get(key)
            memory = tuple(one for other, some in held.items() if gold.pool.get(other) != city for one in some)
            if known:
                placed, right = tuple(one.column for one in known), tuple(one.field for one in known)
                yield FieldCase(subject, key, placed, right, fields, memory)


def fields(
    gold: Gold, names: Mapping[str, Sequence[str]], ask: Callable[[FieldCase], Scores]
) -> dict[str, Figure | float]:
    """Columns to fields with memory: how often the right field is first, and among the first three.

    `ask` gives scores, one row a column of the case, one column a field of it.
    """
    found = defaultdict[str, list[tuple[str, float]]](list)
    for case in field_cases(gold, names):
        scores = np.asarray(ask(case))
        for row, right in enumerate(case.right):
            first = int(ranks(scores[row], np.array([name == right for name in case.fields]))[0])
            for most in (1, 3):
                found[f"top_{most}"].append((case.subject, float(first <= most)))
    figures: dict[str, Figure | float] = {name: _figure(said) for name, said in found.items()}
    return figures | {f"{name}_pooled": float(np.mean([one for _, one in said])) for name, said in found.items()}
