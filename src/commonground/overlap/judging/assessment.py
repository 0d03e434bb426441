"""How good our guesses are: the matcher and the alignment of columns, against gold. Pure.

`commonground overlap evaluate` and `bench/overlap.py` tell the same figures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from commonground.overlap.columns import alignment
from commonground.overlap.entries import Entry
from commonground.overlap.facets import Band
from commonground.overlap.judging import column_evaluation, evaluation
from commonground.overlap.judging.column_evaluation import Aligned, FieldCase
from commonground.overlap.judging.evaluation import Case, Figure, Flags, Ground, Scores
from commonground.overlap.judging.gold import Gold
from commonground.overlap.matching import scoring
from commonground.overlap.matching.asking import Asked
from commonground.overlap.matching.embedder import Embedder
from commonground.overlap.matching.matcher import Matcher
from commonground.overlap.matching.scoring import Method
from commonground.overlap.subjects import Register, Subject
from commonground.words import Column

Form = dict[str, Any]


def of_datasets(gold: Gold, matcher: Matcher, register: Register) -> Form:
    """All figures about datasets, what scores and bands keep, and what of the gold is missing here."""
    ground, asked, nothing = Ground(gold, matcher.keys), Asked(matcher, register), Register({}, {})
    pairs = evaluation.judged(ground, matcher.pair_scores)
    placed = evaluation.judged_cases(ground, lambda case: asked.subject_scores(case.label))
    unknown = evaluation.hits(ground, lambda case: matcher.subject_scores(case.label, nothing))
    joined = {(case.subject, case.city): _joined(matcher, case) for case in evaluation.cases(ground)}

    def join(case: Case) -> Scores:
        return joined[case.subject, case.city]

    return {
        "method": matcher.pairs.name,
        "subjects": len(ground.subjects),
        "pool": len(gold.pool),
        "missing": gold.missing(matcher.keys),
        **{name: form(some) for name, some in evaluation.measured(ground, asked).items()},
        "by_unknown_name": form(unknown),
        "by_name_and_members": form({**evaluation.hits(ground, join), **evaluation.presence(ground, join)}),
        **promises("matches", *pairs, matcher.pairs),
        **promises("placements", *placed, matcher.subjects),
    }


def _joined(matcher: Matcher, case: Case) -> Scores:
    """As a city is asked that joins: a subject that the register lacks, with its name, and members in other cities."""
    found = matcher.register([Subject.named(case.label)])
    found["members"] = matcher.members(case.members.tolist())[None, :]
    return np.asarray(matcher.subjects.log_odds(found)[0])


def promises(name: str, log_odds: Scores, right: Flags, method: Method) -> Form:
    """What scores promise and keep, by tenths and by bands."""
    scores = np.asarray(scoring.score(log_odds))
    bins = evaluation.reliability(scores, right)
    bands = [method.band(float(one)) or "none" for one in scores]
    return {
        f"reliability_of_{name}": {
            "calibration_error": round(evaluation.calibration_error(bins), 4) if bins else None,
            "bins": [asdict(one) for one in bins],
        },
        f"bands_of_{name}": kept(bands, evaluation.kept(bands, right)),
    }


def kept(bands: Sequence[str], found: Mapping[str, tuple[int, float]]) -> Form:
    """What each band keeps, the surest first."""
    order = [*(one.value for one in Band), "none"]
    return {band: {"count": found[band][0], "right": round(found[band][1], 4)} for band in order if band in set(bands)}


def of_columns(gold: Gold, entries: Sequence[Entry], embedder: Embedder | None = None) -> Form:
    """All figures about columns."""
    known = {one.key: one.columns for one in entries if one.columns}
    names = {key: [one.name for one in some] for key, some in known.items()}
    said: list[tuple[str, bool]] = []

    def align(a: str, b: str) -> Aligned:
        scored = alignment.scored(known[a], known[b], embedder=embedder)
        taken = scored.paired().pairs
        said.extend((one.band.value, (a, b, one.a.name, one.b.name) in same) for one in taken)
        scores = np.full((len(known[a]), len(known[b])), np.nan)
        scores[: len(scored.a), : len(scored.b)] = scored.log_odds
        return Aligned(scores, [one.places for one in taken])

    same = {(one.a, one.b, one.column_a, one.column_b) for one in gold.pairs}
    told = form(column_evaluation.columns(gold, names, align))
    bands = [band for band, _ in said]
    held = evaluation.kept(bands, np.array([right for _, right in said], dtype=bool))
    fields = column_evaluation.fields(gold, names, lambda case: _placed(case, known, embedder))
    alone = column_evaluation.fields(gold, names, lambda case: _placed(case, known, embedder, remember=False))
    return {
        "columns": told,
        "bands_of_columns": kept(bands, held),
        "fields": form(fields),
        "fields_without_memory": form(alone),
    }


def _placed(
    case: FieldCase, known: Mapping[str, Sequence[Column]], embedder: Embedder | None, *, remember: bool = True
) -> Scores:
    """Each column of a case against each field, with what the other cities' columns mean."""
    memory = defaultdict[str, list[str]](list)
    for one in case.memory if remember else ():
        memory[one.field].append(one.column)
    fields = [Column(name, name) for name in case.fields]
    scored = alignment.scored(known[case.key], fields, memory=memory, embedder=embedder)
    rows = {one.name: at for at, one in reversed(list(enumerate(known[case.key])))}
    return np.asarray(scored.log_odds)[[rows[name] for name in case.columns]]


def form(figures: Mapping[str, Figure | float]) -> Form:
    """Figures as JSON has them."""
    return {name: one.form() if isinstance(one, Figure) else round(one, 4) for name, one in figures.items()}
