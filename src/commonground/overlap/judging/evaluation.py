"""How good guesses are, against gold: datasets, a city that joins, presence, columns, fields; and what scores mean. Pure.

Scores come as plain arrays, one for all keys, higher is better. Among equal scores a fixed shuffle decides, so that who
says the same of all gains what chance gives. All means are means over subjects of the means within each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from commonground.overlap.judging.gold import NEAR, SAME, Gold

Scores = NDArray[np.floating[Any]]
Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]
FOLDS, DRAWS = 5, 1_000
TENTHS = tuple(number / 10 for number in range(11))


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over subjects, with a 95 % interval over draws of subjects and the means of the folds.

    Subjects fall into folds by a hash of their names, so that who tunes on some folds can look at another.
    """

    value: float
    low: float
    high: float
    folds: tuple[float, ...]
    by_subject: Mapping[str, float]

    @property
    def spread(self) -> float:
        """Standard deviation of the folds."""
        return float(np.std(self.folds)) if self.folds else float("nan")

    def form(self) -> dict[str, Any]:
        """As JSON has it."""
        numbers = {"value": self.value, "low": self.low, "high": self.high, "spread": self.spread}
        told: dict[str, Any] = {name: _rounded(one) for name, one in numbers.items()}
        told["folds"] = [_rounded(one) for one in self.folds]
        return {**told, "by_subject": {name: _rounded(one) for name, one in sorted(self.by_subject.items())}}


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)


def fold(subject: str) -> int:
    """Into which fold a subject falls, for ever."""
    return int.from_bytes(blake2b(subject.encode(), digest_size=4).digest()) % FOLDS


def figure(by_subject: Mapping[str, float], statistic: Callable[[Sequence[str]], float] | None = None) -> Figure:
    """The figure of some subjects. `statistic` says it of any list of them; by default their mean."""
    names = sorted(by_subject)
    if not names:
        return Figure(float("nan"), float("nan"), float("nan"), (), {})
    values = np.array([by_subject[name] for name in names])
    drawn = np.random.default_rng(0).integers(len(names), size=(DRAWS, len(names)))
    if statistic is None:
        draws = values[drawn].mean(axis=1)
    else:
        draws = np.array([statistic([names[at] for at in draw]) for draw in drawn])
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    say = statistic or (lambda some: float(np.mean([by_subject[name] for name in some])))
    parts = [[name for name in names if fold(name) == number] for number in range(FOLDS)]
    return Figure(say(names), float(low), float(high), tuple(say(part) for part in parts if part), by_subject)


class Ground:
    """Gold laid over the keys that a matcher knows; all else of the gold is left out, and `missing` in `Gold` tells."""

    def __init__(self, gold: Gold, keys: Sequence[str]) -> None:
        self.gold = gold
        self.keys = tuple(keys)
        index = {key: at for at, key in enumerate(keys)}
        self.cities = tuple(sorted({city for key, city in gold.pool.items() if key in index}))
        self.city = np.full(len(keys), -1, dtype=np.intp)
        for key, city in gold.pool.items():
            if key in index:
                self.city[index[key]] = self.cities.index(city)
        self.same, self.near = (self._members(index, grade) for grade in (SAME, NEAR))
        self.subjects = tuple(sorted(name for name, some in self.same.items() if len(set(self.city[some])) > 1))

    def _members(self, index: Mapping[str, int], grade: int) -> dict[str, Indices]:
        found = defaultdict[str, set[int]](set)
        for one in self.gold.labels:
            if one.grade == grade and one.key in index:
                found[one.subject].add(index[one.key])
        return {name: np.array(sorted(some), dtype=np.intp) for name, some in found.items()}

    def flags(self, members: Mapping[str, Indices], subject: str) -> Flags:
        """Of each key, whether it is a member of the subject."""
        flags = np.zeros(len(self.keys), dtype=bool)
        flags[members.get(subject, [])] = True
        return flags


def order(scores: Scores) -> Indices:
    """Places in the order of the scores, the best first. NaN is the worst score."""
    clean = np.where(np.isnan(scores), -np.inf, scores)
    return np.lexsort((np.random.default_rng(0).permutation(len(clean)), -clean))


def ranks(scores: Scores, right: Flags) -> Indices:
    """The ranks, from 1, of the right ones in the order of the scores, ascending."""
    return np.flatnonzero(right[order(scores)]) + 1


def retrieval(places: Indices) -> dict[str, float]:
    """What one query's ranks are worth; there is at least one."""
    most = len(places)
    return {
        "map": float(np.mean(np.arange(1, most + 1) / places)),
        "mrr": float(1 / places[0]),
        "p_at_1": float(places[0] == 1),
        "r_at_10": float(np.sum(places <= 10) / min(10, most)),  # noqa: PLR2004 - the 10 of its name
    }


def datasets(ground: Ground, pair_scores: Callable[[int], Scores]) -> dict[str, Figure]:
    """Which datasets of other cities are about the same: MAP, MRR, P@1, R@10 (of 10 at most).

    `pair_scores(i)` is the score of dataset `i` against each key.
    """
    asked: dict[int, Scores] = {}
    found = defaultdict[str, list[dict[str, float]]](list)
    for subject in ground.subjects:
        same, near = ground.flags(ground.same, subject), ground.flags(ground.near, subject)
        for query in ground.same[subject].tolist():
            there = (ground.city >= 0) & (ground.city != ground.city[query]) & ~(near & ~same)
            if not (same & there).any():
                continue
            if query not in asked:
                asked[query] = np.asarray(pair_scores(query))
            scores = asked[query]
            found[subject].append(retrieval(ranks(scores[there], same[there])))
    return _by_name(found)


def _by_name(found: Mapping[str, Sequence[Mapping[str, float]]]) -> dict[str, Figure]:
    """One figure a measure."""
    names = list(next(iter(next(iter(found.values()), [])), {}))
    return {
        name: figure({subject: float(np.mean([one[name] for one in some])) for subject, some in found.items()})
        for name in names
    }


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One subject asked of one city. `members` are the right datasets of the other cities, `candidates` those of the
    city without the related ones, `right` says which of these are of the subject.
    """

    subject: str
    city: str
    members: Indices
    candidates: Indices
    right: Flags

    @property
    def label(self) -> str:
        """The subject in words."""
        return self.subject.replace("_", " ").replace("-", " ")


Asker = Callable[[Case], Scores]
"""Scores of all keys for a case, as by `member_scores(case.members)` or `subject_scores(case.label)`."""


def cases(ground: Ground) -> Iterator[Case]:
    """Each subject in each city, where other cities have members."""
    for subject in ground.subjects:
        same, near = ground.flags(ground.same, subject), ground.flags(ground.near, subject)
        for number, city in enumerate(ground.cities):
            members = np.flatnonzero(same & (ground.city != number))
            candidates = np.flatnonzero((ground.city == number) & ~(near & ~same))
            if len(members) and len(candidates):
                yield Case(subject, city, members, candidates, same[candidates])


def hits(ground: Ground, ask: Asker) -> dict[str, Figure]:
    """Where a city has one, how often it is among its first 1, 3, 5."""
    found = defaultdict[str, list[dict[str, float]]](list)
    for case in cases(ground):
        if case.right.any():
            first = int(ranks(np.asarray(ask(case))[case.candidates], case.right)[0])
            found[case.subject].append({f"hit_at_{most}": float(first <= most) for most in (1, 3, 5)})
    return _by_name(found)


def presence(ground: Ground, ask: Asker) -> dict[str, Figure]:
    """Whether a city has one at all, told by its best score: area under the ROC curve, over all subjects and cities.

    The related datasets of a city are left out, as everywhere.
    """
    found = defaultdict[str, list[tuple[float, bool]]](list)
    for case in cases(ground):
        best = float(np.nanmax(np.asarray(ask(case))[case.candidates], initial=-np.inf))
        found[case.subject].append((best, bool(case.right.any())))

    def over(subjects: Sequence[str]) -> float:
        pairs = [pair for subject in subjects for pair in found[subject]]
        return area(np.array([score for score, _ in pairs]), np.array([right for _, right in pairs], dtype=bool))

    return {"auc": figure({subject: over([subject]) for subject in found}, over)}


def area(scores: Scores, right: Flags) -> float:
    """How probable it is that a right one scores higher than a wrong one; ties count half. NaN without one of each."""
    good, bad = np.sort(scores[right]), np.sort(scores[~right])
    if not len(good) or not len(bad):
        return float("nan")
    below, upto = np.searchsorted(bad, good, "left"), np.searchsorted(bad, good, "right")
    return float((below + upto).sum() / (2 * len(good) * len(bad)))


class Guesser(Protocol):
    """Who says of all keys how probable it is that they are about the same; `matching.Matcher`, and its peers."""

    def pair_scores(self, at: int, /) -> Scores:
        """As one dataset."""

    def member_scores(self, members: Sequence[int], /) -> Scores:
        """As the confirmed datasets of a subject."""

    def subject_scores(self, name: str, /) -> Scores:
        """As a subject by its name."""


def measured(ground: Ground, guesser: Guesser) -> dict[str, dict[str, Figure]]:
    """All figures of one who guesses."""
    asked: dict[tuple[str, str], Scores] = {}

    def by_members(case: Case) -> Scores:
        at = (case.subject, case.city)
        if at not in asked:
            asked[at] = guesser.member_scores(case.members.tolist())
        return asked[at]

    def by_name(case: Case) -> Scores:
        return guesser.subject_scores(case.label)

    return {
        "datasets": datasets(ground, guesser.pair_scores),
        "add_a_city": hits(ground, by_members),
        "by_name": hits(ground, by_name),
        "presence": presence(ground, by_members),
        "presence_by_name": presence(ground, by_name),
    }


def judged(ground: Ground, pair_scores: Callable[[int], Scores], top: int = 20) -> tuple[Scores, Flags]:
    """The scores of the best `top` of each query, as they would be shown, and whether they are right."""
    scores: list[Scores] = [np.zeros(0)]
    right: list[Flags] = [np.zeros(0, dtype=bool)]
    for query in sorted({int(at) for name in ground.subjects for at in ground.same[name]}):
        own = [name for name, some in ground.same.items() if query in some]
        same = np.any([ground.flags(ground.same, name) for name in own], axis=0)
        near = np.any([ground.flags(ground.near, name) for name in own], axis=0)
        there = np.flatnonzero((ground.city >= 0) & (ground.city != ground.city[query]) & ~(near & ~same))
        said = np.asarray(pair_scores(query))[there]
        best = order(said)[:top]
        scores.append(said[best])
        right.append(same[there][best])
    return np.concatenate(scores), np.concatenate(right)


def judged_cases(ground: Ground, ask: Asker, top: int = 5) -> tuple[Scores, Flags]:
    """The scores of the best `top` of each case, as a city would be asked, and whether they are right."""
    scores: list[Scores] = [np.zeros(0)]
    right: list[Flags] = [np.zeros(0, dtype=bool)]
    for case in cases(ground):
        said = np.asarray(ask(case))[case.candidates]
        best = order(said)[:top]
        scores.append(said[best])
        right.append(case.right[best])
    return np.concatenate(scores), np.concatenate(right)


def probability(log_odds: Scores) -> Scores:
    """Of log-odds."""
    return 1 / (1 + np.exp(-np.clip(log_odds, -700, 700)))


@dataclass(frozen=True, slots=True)
class Bin:
    """Guesses whose scores lie from `low` to `high`: how many, what they said on average, how many were right."""

    low: float
    high: float
    count: int
    said: float
    right: float


def reliability(scores: Scores, right: Flags, edges: Sequence[float] = TENTHS) -> list[Bin]:
    """What scores (probabilities) promise and what they keep, by bins. An empty bin is left out; 1 is in the last."""
    place = np.clip(np.searchsorted(edges, scores, "right") - 1, 0, len(edges) - 2)
    found = []
    for at in np.unique(place).tolist():
        some = place == at
        said, share = float(scores[some].mean()), float(right[some].mean())
        found.append(Bin(edges[at], edges[at + 1], int(some.sum()), said, share))
    return found


def calibration_error(bins: Sequence[Bin]) -> float:
    """How far promise and truth lie apart on average, weighed by the number of guesses."""
    total = sum(one.count for one in bins)
    return sum(one.count * abs(one.said - one.right) for one in bins) / total if total else float("nan")


def kept(bands: Sequence[str], right: Flags) -> dict[str, tuple[int, float]]:
    """Of each band how many guesses there are, and which share of them is right."""
    found = defaultdict[str, list[bool]](list)
    for band, one in zip(bands, right, strict=True):
        found[str(band)].append(bool(one))
    return {band: (len(some), float(np.mean(some))) for band, some in found.items()}
