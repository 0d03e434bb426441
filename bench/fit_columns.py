"""Fit the weights of column alignment to gold, and tell what they are worth: `python bench/fit_columns.py --write`.

The wordings in columns.toml and abbreviations.toml were written by people who had seen the labeled columns. A new
city's columns will be known less well. So the weights are fitted to the columns as we read them and, three times over,
as we would read them had we forgotten half of the wordings and a quarter of the abbreviations; all figures are of
subjects left out of the fit, as known and as half forgotten.
"""

from __future__ import annotations

import dataclasses
import json
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from parts.judged import Bench
from parts.machine import REPOSITORY, options
from scipy.optimize import minimize

from commonground.overlap.columns import concepts, naming, weighing
from commonground.overlap.columns.likeness import Likeness
from commonground.overlap.judging import column_evaluation
from commonground.overlap.judging.column_evaluation import Pair
from commonground.overlap.matching.embedder import Embedder, load
from commonground.overlap.matching.remembering import Remembering

FILE = REPOSITORY / "src/commonground/overlap/columns/alignment.toml"
KEPT = 0.5
AGAINST = {"other-concept", "other-kind", "other-type", "computed", "rival"}
VALUES = 2.0  # no rows in the gold, so set by hand: values that are wholly alike weigh as much as the same words
RIDGE = 1.0
BANDS = {"sure": 0.75, "likely": 0.4, "weak": 0.1}
Numbers = NDArray[np.float64]


class Judged(NamedTuple):
    """A pair of data sets with the evidence of its columns. Of pairs with `known`, at least one column is labeled."""

    pair: Pair
    evidence: Mapping[str, Likeness]
    known: NDArray[np.bool_]


@contextmanager
def forgotten(seed: int) -> Iterator[None]:
    """As if we had not thought of many wordings. Seed 0 forgets nothing."""
    words, meanings, drawn = naming.abbreviations(), concepts.concepts(), random.Random(seed)

    def keep(share: float) -> bool:
        return not seed or drawn.random() < share

    some = (1 + KEPT) / 2
    fewer_words = dataclasses.replace(
        words,
        words={one: means for one, means in words.words.items() if keep(some)},
        phrases={one: means for one, means in words.phrases.items() if keep(some)},
        whole=frozenset(one for one in sorted(words.whole) if keep(some)),
    )
    fewer_meanings = dataclasses.replace(
        meanings,
        wordings={term: tuple(one for one in held if keep(KEPT)) for term, held in meanings.wordings.items()},
        same={one: term for one, term in meanings.same.items() if keep(KEPT) or "_".join(one) == term},
    )
    loaders = naming.abbreviations, concepts.concepts
    naming.abbreviations, concepts.concepts = (lambda: fewer_words), (lambda: fewer_meanings)  # type: ignore[assignment]
    try:
        for each in (naming.words, naming.stems, concepts.meaning):
            each.cache_clear()
        yield
    finally:
        naming.abbreviations, concepts.concepts = loaders
        for each in (naming.words, naming.stems, concepts.meaning):
            each.cache_clear()


def kept(model: Embedder | None) -> Remembering:
    """The model, with what it said of each text kept. Raises `SystemExit` where it is not installed."""
    if model is None:
        raise SystemExit("Install the extra “embedder” first: the weights with a model need it.")
    return Remembering(model, Path(tempfile.gettempdir()) / "commonground-bench-embedder")


def judged(bench: Bench, seed: int, *, meaning: bool) -> list[Judged]:
    """The evidence of all pairs of the gold."""
    columns = {one.key: one.columns for one in bench.entries if one.columns}
    labeled = {(one.key, one.column) for one in bench.gold.fields}
    model = kept(load()) if meaning else None
    found = []
    with forgotten(seed):
        for pair in column_evaluation.pairs(bench.gold, bench.names):
            sides = (pair.a, pair.b)
            known = [np.array([(key, one.name) in labeled for one in columns[key]]) for key in sides]
            told = weighing.told(columns[pair.a], columns[pair.b], model)
            found.append(Judged(pair, told, np.logical_or.outer(*known)))
    return found


def fitted(some: Sequence[Judged], names: Sequence[str]) -> dict[str, float]:
    """Logistic weights of evidence, none against its sense."""
    held = [[one.evidence[name][one.known] for name in names] for one in some]
    values = np.concatenate([np.stack(each, axis=1) for each in held]).astype(float)
    right = np.concatenate([one.pair.right[one.known] for one in some]).astype(float)

    def loss(weights: Numbers) -> tuple[float, Numbers]:
        odds = values @ weights[1:] + weights[0]
        off = 1 / (1 + np.exp(-odds)) - right
        slope = np.concatenate([[off.sum()], values.T @ off + RIDGE * weights[1:]])
        return float(np.sum(np.logaddexp(0, odds) - right * odds) + RIDGE * np.sum(weights[1:] ** 2) / 2), slope

    bounds = [(None, None), *((None, 0.0) if name in AGAINST else (0.0, None) for name in names)]
    found = minimize(loss, np.zeros(len(names) + 1), jac=True, bounds=bounds, method="L-BFGS-B").x
    return dict(zip(["base", *names], map(float, found), strict=True))


def weights(some: Sequence[Judged]) -> dict[str, float]:
    """All weights: first of the evidence, then, over what it says, of better partners."""
    names = list(some[0].evidence)
    first = fitted(some, names)
    told = []
    for one in some:
        odds = _alone(one, first)
        told.append(Judged(one.pair, {"alone": odds, "rival": weighing.rivalry(odds)}, one.known))
    second = fitted(told, ["alone", "rival"])
    scale = second["alone"]
    found = {name: value * scale for name, value in first.items()}
    return {**found, "base": found["base"] + second["base"], "rival": second["rival"] / scale, "values": VALUES}


def _alone(one: Judged, used: Mapping[str, float]) -> Likeness:
    return weighing.weighed(one.evidence, weighing.Weights("", used, {}))


def odds_of(one: Judged, used: Mapping[str, float]) -> Likeness:
    """Log-odds of each pair of columns."""
    alone = _alone(one, used)
    return np.asarray(alone + np.float32(used["rival"]) * weighing.rivalry(alone), np.float32)


def left_out(train: Sequence[Sequence[Judged]], tests: Sequence[Judged]) -> list[tuple[Judged, Likeness]]:
    """Each pair of data sets by weights that never saw its subject."""
    by_subject = {
        subject: weights([one for some in train for one in some if one.pair.subject != subject])
        for subject in {one.pair.subject for one in tests}
    }
    return [(one, odds_of(one, by_subject[one.pair.subject])) for one in tests]


def told(bench: Bench, said: Sequence[tuple[Judged, Likeness]]) -> dict[str, Any]:
    """MRR, and what the bands keep, of pairs taken one to one."""
    scores = {(one.pair.a, one.pair.b): odds for one, odds in said}
    figures = column_evaluation.columns(bench.gold, bench.names, lambda a, b: column_evaluation.Aligned(scores[a, b]))
    kept = defaultdict[str, list[bool]](list)
    for one, odds in said:
        chances = 1 / (1 + np.exp(-odds))
        for place in column_evaluation.assigned(np.maximum(odds, np.log(BANDS["weak"] / (1 - BANDS["weak"])))):
            band = next((name for name, least in BANDS.items() if chances[place] >= least), None)
            if band and one.known[place]:
                kept[band].append(bool(one.pair.right[place]))
    mrr = figures["mrr"]
    assert not isinstance(mrr, float)
    shares = {name: [len(kept[name]), round(float(np.mean(kept[name])), 3)] for name in BANDS if kept[name]}
    by_subject = {name: round(value, 3) for name, value in mrr.by_subject.items()}
    return {"mrr": round(mrr.value, 4), "by_subject": by_subject, "bands": shares}


def text(found: Mapping[str, Mapping[str, float]]) -> str:
    """The file of weights."""
    lines = [
        "# Weights of the evidence about columns, in log-odds. Made by bench/fit_columns.py: do not edit.",
        "# `plain` without a model, `meaning` with one; a band begins at its probability.",
        'version = "1"',
        "",
        "[bands]",
        *(f"{name} = {least}" for name, least in BANDS.items()),
    ]
    for kind, some in found.items():
        lines += ["", f"[{kind}]", *(f"{name} = {round(value, 3) + 0.0}" for name, value in some.items())]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Print the figures; `--write` keeps the weights."""
    given = options(__doc__, write={"action": "store_true", "help": "keep the weights in alignment.toml"})
    bench = Bench.read()
    found, figures = {}, {}
    for kind in ("plain", "meaning"):
        train = [judged(bench, seed, meaning=kind == "meaning") for seed in (0, 1, 2, 3)]
        unseen = [judged(bench, seed, meaning=kind == "meaning") for seed in (11, 12)]
        figures[kind] = {
            "known": told(bench, left_out(train, train[0])),
            "half forgotten": [told(bench, left_out(train, some)) for some in unseen],
        }
        found[kind] = weights([one for some in train for one in some])
    print(json.dumps({"figures": figures, "weights": found}, indent=1))
    if given.write:
        Path(FILE).write_text(text(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
