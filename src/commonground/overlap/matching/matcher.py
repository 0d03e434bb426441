"""Which datasets are about the same: each against all others, and against the subjects of the register. Pure.

Evidence is gathered for one dataset (or subject) against all at once, as arrays; `scoring` weighs it. Nothing here
decides: the best candidates go to persons.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from commonground.overlap.entries import Entry
from commonground.overlap.facets import Grain, Nature, Part
from commonground.overlap.matching import scoring
from commonground.overlap.matching.embedder import SIZE, Embedder, Vectors
from commonground.overlap.matching.lexical import Corpus, Scores, bag
from commonground.overlap.matching.texts import Reading, Terms, Views, surfaces
from commonground.overlap.subjects import Register, Subject, packaged

Evidence = dict[str, Scores]

_SHOWN: Final = 6
"""Shared words that an explanation names."""
_SENTENCES: Final = 300
"""Characters of a description that a model reads."""
_NAMED: Final = 30
"""Columns that a model reads."""
_GRAINS: Final = tuple(Grain)
_UNKNOWN: Final = _GRAINS.index(Grain.UNKNOWN)
_STRENGTH: Final = {"title": 1.0, "names": 1.0, "definition": 0.5}
"""How evidence goes together where subjects, and datasets of a city, are rivals."""
_BLOCK: Final = 256
"""Datasets that are asked at once."""
_PAIRS: Final = 8_000_000
"""Pairs that are scored at once: with more datasets fewer are asked, so that a block takes the same memory."""
ALL_PAIRS: Final = 30_000
"""With more datasets than this, rivals are not looked for: that takes all against all, which grows with the square."""


class Matcher:
    """All datasets, ready to be asked. With an embedder texts are also compared by meaning."""

    def __init__(
        self,
        entries: Sequence[Entry],
        natures: Sequence[Nature],
        places: Iterable[str] = (),
        embedder: Embedder | None = None,
    ) -> None:
        self.entries = entries
        self.keys = tuple(entry.key for entry in entries)
        self.index = {key: at for at, key in enumerate(self.keys)}
        self.reading = Reading(places)
        self.embedder = embedder
        self.pairs = scoring.method("pairs", meaning=embedder is not None)
        self.subjects = scoring.method("subjects", meaning=embedder is not None)
        self.views = [self.reading.views(entry) for entry in entries]
        self._block = max(1, min(_BLOCK, _PAIRS // max(1, len(entries))))
        self.corpus = Corpus.of(map(bag, self.views))
        self.cities = np.array([entry.city for entry in entries], dtype=np.str_)
        self.grains = np.array([_GRAINS.index(nature.grain) for nature in natures], np.int8)
        self.vectors = (
            embedded(entries, self.reading, embedder) if embedder else np.zeros((len(entries), 0), np.float32)
        )
        self._titles = _titles(self.views, self.corpus)
        self._title_weights = np.asarray(self._titles.sum(axis=1), np.float32).ravel()
        names, self.city = np.unique(self.cities, return_inverse=True)
        self._shown: dict[int, dict[str, str]] = {}
        self._of_city = [np.flatnonzero(self.city == number) for number in range(len(names))]

    # Datasets against datasets

    def evidence(self, rows: Sequence[int]) -> Iterator[tuple[Sequence[int], Evidence]]:
        """What speaks for each dataset being about the same as these, some rows at a time."""
        for start in range(0, len(rows), self._block):
            some = rows[start : start + self._block]
            words, back = self.corpus.said_of(some), self.corpus.said_by(some)
            found: Evidence = {
                "words": words,
                "back": back,
                "nearest": words - self.best_by_city(words)[:, self.city],
                "rival": back - self._best[:, self.city[some]].T if self._best is not None else np.zeros_like(back),
                "grain": self._agree(self.grains[some]),
            }
            if self.embedder:
                found["meaning"] = self.vectors[some] @ self.vectors.T
            yield some, found

    def scores(self, rows: Sequence[int]) -> Iterator[tuple[Sequence[int], Scores]]:
        """Log-odds of these datasets against all, some rows at a time."""
        for some, found in self.evidence(rows):
            yield some, self.pairs.log_odds(found)

    def pair_scores(self, at: int) -> Scores:
        """Log-odds that each dataset is about the same as this one."""
        return np.asarray(next(self.scores([at]))[1][0], np.float32)

    def member_scores(self, members: Sequence[int]) -> Scores:
        """Mean log-odds against the confirmed datasets of a subject: means rank better than maxima."""
        rows = [scores for _, scores in self.scores(list(members))]
        return np.asarray(np.vstack(rows).mean(axis=0), np.float32)

    def best_by_city(self, found: Scores) -> Scores:
        """The best of each city, one column a city."""
        if not self._of_city:
            return np.zeros((len(found), 0), np.float32)
        return np.stack([found[:, mine].max(axis=1) for mine in self._of_city], axis=1)

    @cached_property
    def _best(self) -> Scores | None:
        """Of each dataset the best that each city has for it: one pass of all against all, with too many none."""
        if len(self.entries) > ALL_PAIRS:
            return None
        every = range(len(self.entries))
        blocks = [self.best_by_city(self.corpus.said_of(every[at : at + self._block])) for at in every[:: self._block]]
        return np.vstack(blocks)

    def _agree(self, grains: NDArray[np.int8]) -> Scores:
        """1 where both kinds of rows are known and the same, -1 where they are known and differ, else 0."""
        known = (grains[:, None] != _UNKNOWN) & (self.grains[None, :] != _UNKNOWN)
        same = grains[:, None] == self.grains[None, :]
        return np.where(known, np.where(same, 1, -1), 0).astype(np.float32)

    def explained(self, a: int, b: int, found: Mapping[str, float]) -> list[Part]:
        """What adds up to the log-odds of dataset b for dataset a, from its evidence. The points of `words` and `back` go to the words that are shared."""
        points = {name: self.pairs.points(name, value) for name, value in found.items()}
        said = points.pop("words") + points.pop("back")
        details = {
            "grain": (_GRAINS[self.grains[b]].value,),
            "nearest": (str(self.cities[b]),),
            "rival": (str(self.cities[a]),),
        }
        parts = [Part(scoring.BASE, self.pairs.weights[scoring.BASE]), *self._words(a, b, said)]
        return [*parts, *(Part(name, value, details.get(name, ())) for name, value in points.items() if value)]

    def _words(self, a: int, b: int, points: float) -> Iterator[Part]:
        """Shared terms by where they stand in both datasets, the strongest words named."""
        shared = self.corpus.shared(a, b)
        whole = sum(shared.values()) or 1.0
        left = {self._terms[place]: value for place, value in shared.items()}
        mine, theirs = self.views[a], self.views[b]
        fields = (
            ("names", set(mine.title) & set(theirs.title)),
            ("keywords", set(mine.keywords) & set(theirs.keywords)),
            ("columns", set(mine.columns) & set(theirs.columns)),
            ("words", set(left)),
        )
        shown = {**self._surfaces(b), **self._surfaces(a)}
        for what, here in fields:
            found = {term: left.pop(term) for term in list(left) if term in here}
            if found:
                best = sorted(found, key=lambda term: -found[term])[:_SHOWN]
                yield Part(what, points * sum(found.values()) / whole, tuple(shown.get(term, term) for term in best))

    def _surfaces(self, at: int) -> dict[str, str]:
        if at not in self._shown:
            self._shown[at] = surfaces(_texts(self.entries[at]))
        return self._shown[at]

    @cached_property
    def _terms(self) -> list[str]:
        return list(self.corpus.vocabulary)

    # Datasets against subjects

    def about(self, subject: Subject) -> Evidence:
        """What speaks for each dataset being about a subject, without regard to other subjects."""
        names = tuple(dict.fromkeys(filter(None, (self.reading.terms(name) for name in subject.names))))
        said = Counter([*self.reading.terms(subject.definition), *self.reading.terms(subject.label)])
        titles = [self._alike(name) for name in names] or [np.zeros(len(self.entries), np.float32)]
        asked = [self.corpus.asked(Counter(name)) for name in names] or titles
        found: Evidence = {
            "title": np.sqrt(np.max(titles, axis=0)),
            "names": np.sqrt(np.max(asked, axis=0)),
            "definition": np.sqrt(self.corpus.asked(said)),
            "grain": self._expected(subject),
        }
        if self.embedder:
            found["meaning"] = self._meant(subject)
        return found

    def register(self, subjects: Sequence[Subject]) -> dict[str, Scores]:
        """The same of all subjects, (subjects, datasets); and what sets one apart: `nearest`, that no dataset of its
        city is nearer to the subject, and `rival`, that no other subject is nearer to the dataset. Both are 0 or less.
        """
        each = [self.about(one) for one in subjects]
        found = {name: np.vstack([one[name] for one in each]) for name in each[0]}
        strength = self.strength(found)
        found["nearest"] = strength - self.best_by_city(strength)[:, self.city]
        found["rival"] = strength - strength.max(axis=0)[None, :]
        return found

    def strength(self, found: Mapping[str, Scores]) -> Scores:
        """How near a subject and a dataset are, as far as subjects are rivals."""
        return np.asarray(sum(np.float32(weight) * found[name] for name, weight in _STRENGTH.items()), np.float32)

    def members(self, those: Sequence[int]) -> Scores:
        """How much each dataset is like the ones of other cities among these, 0 to 1."""
        odds = np.vstack([scores for _, scores in self.scores(those)])
        likely = np.asarray(scoring.score(odds), np.float32)
        elsewhere = (self.cities[list(those)][:, None] != self.cities[None, :]).astype(np.float32)
        counts = elsewhere.sum(axis=0)
        return np.asarray((likely * elsewhere).sum(axis=0) / np.maximum(counts, 1), np.float32)

    def why(self, subject: Subject, at: int, found: Mapping[str, float], rival: str = "") -> list[Part]:
        """What adds up to the log-odds of a dataset for a subject; `rival` is the subject that is nearer to it."""
        title = set(self.views[at].title)
        best = max(subject.names, key=lambda name: len(title.intersection(self.reading.terms(name))))
        details = {
            "title": (best,),
            "grain": (_GRAINS[self.grains[at]].value,),
            "nearest": (str(self.cities[at]),),
            "rival": (rival,) if rival else (),
        }
        points = {name: self.subjects.points(name, value) for name, value in found.items()}
        parts = [Part(scoring.BASE, self.subjects.weights[scoring.BASE])]
        return [*parts, *(Part(name, value, details.get(name, ())) for name, value in points.items() if value)]

    def by_city(self) -> Sequence[NDArray[np.intp]]:
        """The places of each city's datasets."""
        return self._of_city

    def subject_scores(self, name: str, register: Register | None = None) -> Scores:
        """Log-odds that each dataset is about the subject of that name, in the register or not."""
        known = (register or packaged()).find(name)
        others = [one for one in (register or packaged()).subjects.values() if known and one.slug != known.slug]
        return np.asarray(self.subjects.log_odds(self.register([known or Subject.named(name), *others]))[0], np.float32)

    def _alike(self, name: Terms) -> Scores:
        """How alike each title and a name are: shared terms against all of both, by rarity (Dice)."""
        known = [self.corpus.vocabulary[term] for term in set(name) if term in self.corpus.vocabulary]
        lost = self.corpus.rarest * (len(set(name)) - len(known))
        wanted = np.zeros(self._titles.shape[1], np.float32)
        wanted[known] = 1.0
        whole = self._title_weights + float(self.corpus.rarity[known].sum()) + lost
        return np.asarray(2 * (self._titles @ wanted) / np.maximum(whole, 1e-6), np.float32)

    def _expected(self, subject: Subject) -> Scores:
        """1 where the kind of rows is the one that the subject expects, -1 where it is known to be another."""
        if subject.grain is Grain.UNKNOWN:
            return np.zeros(len(self.entries), np.float32)
        same = self.grains == _GRAINS.index(subject.grain)
        return np.where(same, 1.0, np.where(self.grains == _UNKNOWN, 0.0, -1.0)).astype(np.float32)

    def _meant(self, subject: Subject) -> Scores:
        if not self.embedder:
            return np.zeros(len(self.entries), np.float32)
        texts = [f"{subject.label}. {subject.definition}", *subject.names]
        return np.asarray((self.vectors @ self.embedder.encode(texts).T).max(axis=1), np.float32)


def _titles(views: Sequence[Views], corpus: Corpus) -> sp.csr_array:
    """Which terms stand in which title, each by its rarity."""
    rows = [sorted({corpus.vocabulary[term] for term in view.title}) for view in views]
    ends = np.cumsum([0, *map(len, rows)])
    places = np.fromiter((place for row in rows for place in row), np.int32, int(ends[-1]))
    return sp.csr_array((corpus.rarity[places], places, ends), corpus.said.shape)


def _texts(entry: Entry) -> list[str]:
    return [entry.title, *entry.keywords, *entry.themes, *(one.name for one in entry.columns or ()), entry.description]


def embedded(entries: Sequence[Entry], reading: Reading, embedder: Embedder) -> Vectors:
    """One vector a dataset: the mean of its title, its title and description, its title and columns."""
    titles = [reading.plain(entry.title) for entry in entries]
    said = [
        f"{title}. {reading.plain(entry.description)[:_SENTENCES]}"
        for title, entry in zip(titles, entries, strict=True)
    ]
    listed = [
        f"{title}. columns: {', '.join(one.name for one in (entry.columns or ())[:_NAMED])}"
        for title, entry in zip(titles, entries, strict=True)
    ]
    total = np.zeros((len(entries), SIZE), np.float32)
    for texts in (titles, said, listed):
        total += embedder.encode(texts)
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-6), np.float32)
