"""Fit the weights of matching to gold, and tell what they are worth: `python bench/fit_overlap.py --write`.

Logistic regression; each subject counts the same, however many data sets it has. The synonyms of the register were
written by people who know what cities publish; a subject that nobody thought of has none. So the weights for subjects
are fitted to each subject four times over: with all synonyms, with a half of them, with its label alone, and by its bare
name as somebody would ask for one that is not in the register. All figures are of subjects left out of the fit.
"""

from __future__ import annotations

import dataclasses
import json
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from parts.judged import Bench
from parts.machine import RECORDINGS, REPOSITORY, options
from scipy.optimize import minimize

from commonground import cities
from commonground.overlap.judging import evaluation
from commonground.overlap.matching import embedder, scoring
from commonground.overlap.matching.matcher import Matcher
from commonground.overlap.matching.remembering import Remembering
from commonground.overlap.matching.texts import place_names
from commonground.overlap.nature import grain
from commonground.overlap.subjects import Subject, packaged

FILE: Final = REPOSITORY / "src/commonground/overlap/matching/scoring.toml"
BANDS: Final = {
    "pairs": {"sure": 0.75, "likely": 0.35, "weak": 0.05},
    # Gold has subjects that two cities share; of the others a city lacks more. So sure asks for more.
    "subjects": {"sure": 0.85, "likely": 0.5, "weak": 0.1},
}
RIDGE: Final = 0.02
EDGES: Final = (0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 0.9, 1.0)
QUERIES: Final = 40
"""Of one subject: a long series says the same many times over."""
CONFIRMED: Final = (0, 0, 1, 2, 3)
"""How many confirmed data sets of other cities stand by a subject, in turn."""
Numbers = NDArray[np.float64]


class Judged(NamedTuple):
    """The evidence for one question, (candidates, names), and which candidates are right. `weight` is of the whole."""

    subject: str
    values: Numbers
    right: NDArray[np.bool_]
    weight: float
    city: NDArray[np.intp]


def pairs(bench: Bench, matcher: Matcher, names: Sequence[str]) -> Iterator[Judged]:
    """Each data set of a subject against those of other cities."""
    ground = bench.ground
    for subject in ground.subjects:
        same, near = ground.flags(ground.same, subject), ground.flags(ground.near, subject)
        asked = [int(at) for at in ground.same[subject]][:QUERIES]
        for some, found in matcher.evidence(asked):
            for row, at in enumerate(some):
                there = np.flatnonzero((ground.city >= 0) & (ground.city != ground.city[at]) & ~(near & ~same))
                if same[there].any():
                    values = np.stack([found[name][row, there] for name in names], axis=1).astype(float)
                    yield Judged(subject, values, same[there], 1 / len(asked), ground.city[there])


def subjects(bench: Bench, matcher: Matcher, names: Sequence[str]) -> Iterator[tuple[str, Judged]]:
    """(how well known, evidence) of each subject against all data sets."""
    ground, register = bench.ground, packaged()
    every = list(register.subjects.values())
    strength = matcher.strength(matcher.register(every))
    for number, subject in enumerate(sorted(ground.same)):
        same, near = ground.flags(ground.same, subject), ground.flags(ground.near, subject)
        there = np.flatnonzero((ground.city >= 0) & ~(near & ~same))
        name = subject.replace("_", " ")
        known = register.find(name)
        for turn, (kind, one) in enumerate(_versions(name, known)):
            found = matcher.about(one)
            mine = matcher.strength(found)
            others = [at for at, other in enumerate(every) if known is None or other.slug != known.slug]
            rival = np.minimum(mine - strength[others].max(axis=0), 0) if kind != "name" else np.zeros_like(mine)
            found |= {
                "nearest": mine - matcher.best_by_city(mine[None, :])[0, matcher.city],
                "rival": rival,
                "members": _members(ground, matcher, subject, CONFIRMED[(number + turn) % len(CONFIRMED)]),
            }
            values = np.stack([found[name][there] for name in names], axis=1).astype(float)
            yield kind, Judged(subject, values, same[there], 3 / same[there].sum(), ground.city[there])


def _versions(name: str, known: Subject | None) -> Iterator[tuple[str, Subject]]:
    """A subject as well known as possible, half forgotten, by its label, and by a bare name."""
    if known:
        drawn = random.Random(known.slug)
        yield "known", known
        yield "half", dataclasses.replace(known, synonyms=tuple(one for one in known.synonyms if drawn.random() < 0.5))
        yield "label", dataclasses.replace(known, synonyms=())
    yield "name", Subject.named(name)


def _members(ground: evaluation.Ground, matcher: Matcher, subject: str, count: int) -> NDArray[np.float32]:
    """Likeness to so many data sets of the subject, none of the city that is asked."""
    drawn = random.Random(subject)
    members = [int(at) for at in ground.same[subject]]
    some = drawn.sample(members, min(count, len(members)))
    return matcher.members(some) if some else np.zeros(len(ground.keys), np.float32)


def fitted(some: Sequence[Judged], names: Sequence[str]) -> dict[str, float]:
    """Logistic weights, none below 0."""
    values = np.concatenate([one.values for one in some])
    right = np.concatenate([one.right for one in some]).astype(float)
    weights = np.concatenate([np.full(len(one.right), one.weight) for one in some])

    def loss(given: Numbers) -> tuple[float, Numbers]:
        odds = values @ given[1:] + given[0]
        off = weights * (1 / (1 + np.exp(-np.clip(odds, -30, 30))) - right)
        slope = np.concatenate([[off.sum()], values.T @ off + 2 * RIDGE * given[1:]])
        return float(np.sum(weights * (np.logaddexp(0, odds) - right * odds)) + RIDGE * np.sum(given[1:] ** 2)), slope

    start = np.concatenate([[-6.0], np.ones(len(names))])
    bounds = [(None, None), *((0.0, None) for _ in names)]
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 300}).x
    return dict(zip(["base", *names], map(float, found), strict=True))


def left_out(some: Sequence[Judged], names: Sequence[str]) -> list[tuple[Judged, Numbers]]:
    """Each question with probabilities by weights that never saw its fold of subjects."""
    told = []
    for number in range(evaluation.FOLDS):
        found = fitted([one for one in some if evaluation.fold(one.subject) != number], names)
        weights = np.array([found[name] for name in names])
        held = [one for one in some if evaluation.fold(one.subject) == number]
        told += [(one, 1 / (1 + np.exp(-(one.values @ weights + found["base"])))) for one in held]
    return told


def reliability(told: Sequence[tuple[Judged, Numbers]]) -> list[dict[str, Any]]:
    """Of scores between two edges: how many, what they say, how many are right, each subject counting the same."""
    said = np.concatenate([chances for _, chances in told])
    right = np.concatenate([one.right for one, _ in told])
    weights = np.concatenate([np.full(len(one.right), one.weight) for one, _ in told])
    rows = []
    for low, high in pairwise(EDGES):
        here = (said >= low) & (said < high)
        if here.any():
            share = float(np.average(right[here], weights=weights[here]))
            rows.append(
                {
                    "from": low,
                    "to": high,
                    "count": int(here.sum()),
                    "said": round(float(np.average(said[here], weights=weights[here])), 3),
                    "right": round(share, 3),
                }
            )
    return rows


def hits(told: Sequence[tuple[Judged, Numbers]]) -> dict[str, float]:
    """Whether the best (of five) in a city is right, where there is one; and AUC of the best for there being one."""
    first, five, best, has = [], [], [], []
    for one, chances in told:
        mine: list[tuple[bool, bool]] = []
        for city in np.unique(one.city):
            here = np.flatnonzero(one.city == city)
            order = here[np.argsort(-chances[here], kind="stable")]
            best.append(float(chances[order[0]]))
            has.append(bool(one.right[here].any()))
            if has[-1]:
                mine.append((bool(one.right[order[0]]), bool(one.right[order[:5]].any())))
        if mine:
            first.append(np.mean([hit for hit, _ in mine]))
            five.append(np.mean([hit for _, hit in mine]))
    ranks = np.argsort(np.argsort(best)) + 1
    there = np.array(has)
    auc = (ranks[there].sum() - there.sum() * (there.sum() + 1) / 2) / max(1, there.sum() * (~there).sum())
    return {
        "hit_at_1": round(float(np.mean(first)), 3),
        "hit_at_5": round(float(np.mean(five)), 3),
        "auc": round(float(auc), 3),
    }


def text(found: Mapping[str, Mapping[str, float]], version: str) -> str:
    """The file of weights."""
    lines = [
        "# Weights of the evidence about data sets, in log-odds. Made by `python bench/fit_overlap.py --write`: do not edit.",
        "# `plain` without a model, `meaning` with one; a band begins at its probability. `version` goes with every result.",
        f'version = "{version}"',
        *(
            line
            for task, bands in BANDS.items()
            for line in ("", f"[bands.{task}]", *(f"{name} = {least}" for name, least in bands.items()))
        ),
    ]
    for task, some in found.items():
        lines += ["", f"[{task}]", *(f"{name} = {round(value, 3) + 0.0}" for name, value in some.items())]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Print the figures; `--write` keeps the weights."""
    given = options(
        __doc__,
        write={"action": "store_true", "help": "keep the weights in scoring.toml"},
        plain={"action": "store_true", "help": "without a model; its weights stay as they are"},
    )
    bench = Bench.read()
    natures = [grain.guess(one) for one in bench.entries]
    places = place_names(cities.load().values())
    held = scoring.weights()
    found, figures = dict(held), dict[str, Any]()
    model = None if given.plain else embedder.load()
    for kind in ("plain", "meaning") if model else ("plain",):
        asked = (
            Remembering(model, Path(tempfile.gettempdir()) / "commonground-fit")
            if model and kind == "meaning"
            else None
        )
        matcher = Matcher(bench.entries, natures, places, asked)
        extra = ["meaning"] if asked else []
        names = ["words", "back", "nearest", "rival", "grain", *extra]
        some = list(pairs(bench, matcher, names))
        found[f"pairs.{kind}"] = fitted(some, names)
        figures[f"pairs.{kind}"] = reliability(left_out(some, names))
        names = ["title", "names", "definition", "nearest", "rival", "grain", "members", *extra]
        each = list(subjects(bench, matcher, names))
        told = left_out([one for _, one in each], names)
        kinds = {id(one): kind for kind, one in each}
        found[f"subjects.{kind}"] = fitted([one for _, one in each], names)
        figures[f"subjects.{kind}"] = {
            "reliability": reliability(told),
            **{
                version: hits([(one, chances) for one, chances in told if kinds[id(one)] == version])
                for version in ("known", "half", "label", "name")
            },
        }
    print(json.dumps({"recordings": str(RECORDINGS), "figures": figures, "weights": found}, indent=1))
    if given.write:
        FILE.write_text(text(found, scoring.version()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
