"""How much of what one text says another says too: BM25 over all that datasets say of themselves. Pure.

It is BM25 (Robertson and Zaragoza 2009, The Probabilistic Relevance Framework) of dataset b for all terms of dataset a,
divided by what a itself would get, and of that the root, which makes it even: 0 says nothing in common, about 1 says the
same. Terms of titles count several times. Under the root is a sum over terms, so each shared word's part can be told.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from commonground.overlap.matching.texts import Views

Scores = NDArray[np.float32]

K1: Final = 2.0
"""How long repeating a term goes on to count."""
B: Final = 0.45
"""How much longer texts are held back."""
TITLE: Final = 3
"""How often a term of the title counts."""
SAID: Final = 25
"""Terms of a description that count: the first sentence or two."""


def bag(views: Views) -> Counter[str]:
    """All that a dataset says of itself, counted."""
    counts = Counter(views.columns)
    counts.update(views.keywords)
    counts.update(views.description[:SAID])
    for _ in range(TITLE):
        counts.update(views.title)
    return counts


class Corpus:
    """The datasets to compare with. Terms that no dataset has weigh nothing, however often they are asked for."""

    def __init__(self, vocabulary: dict[str, int], said: sp.csr_array, weights: sp.csr_array, rarity: Scores) -> None:
        self.vocabulary = vocabulary
        self.said = said
        """Counts of terms, one row a dataset."""
        self.weights = weights
        """What a term of a dataset gives to who asks for it once."""
        self.rarity = rarity
        self.rarest = float(np.log1p(said.shape[0])) + 0.5
        """What a term weighs that no dataset has."""
        # By term once and for all: scipy would turn them at every question, which takes nine tenths of its time.
        self._by_term, self._said_by_term = weights.T.tocsr(), said.T.tocsr()
        self.whole = np.maximum(self._itself(), 1e-6)

    @classmethod
    def of(cls, bags: Iterable[Mapping[str, int]]) -> Corpus:
        """A corpus of these texts."""
        vocabulary: dict[str, int] = {}
        places, counts, ends = array("i"), array("f"), array("q", [0])
        for one in bags:
            places.extend(vocabulary.setdefault(term, len(vocabulary)) for term in one)
            counts.extend(one.values())
            ends.append(len(places))
        shape = (len(ends) - 1, max(1, len(vocabulary)))
        said = sp.csr_array((np.asarray(counts, np.float32), np.asarray(places, np.int32), np.asarray(ends)), shape)
        return cls(vocabulary, said, *_weighed(said))

    def __len__(self) -> int:
        return int(self.said.shape[0])

    def _itself(self) -> Scores:
        """What each dataset would get for its own terms."""
        both = self.said.multiply(self.weights)
        return np.asarray(both.sum(axis=1), np.float32).ravel()

    def said_of(self, rows: Sequence[int]) -> Scores:
        """How much of what these datasets say each other one says: (rows, all), 0 to about 1."""
        found = (self.said[list(rows)] @ self._by_term).toarray()
        return np.asarray(np.sqrt(found / self.whole[list(rows), None]), np.float32)

    def said_by(self, rows: Sequence[int]) -> Scores:
        """How much of what each other dataset says these say: (rows, all)."""
        found = (self.weights[list(rows)] @ self._said_by_term).toarray()
        return np.asarray(np.sqrt(found / self.whole[None, :]), np.float32)

    def asked(self, wanted: Mapping[str, float]) -> Scores:
        """How much of a question each dataset says, 0 to 1. Who has all of it as a title, and no more, has 1."""
        known = [(self.vocabulary[term], count) for term, count in wanted.items() if term in self.vocabulary]
        lost = sum(count for term, count in wanted.items() if term not in self.vocabulary)
        found = np.zeros(len(self), np.float32)
        best = TITLE * (K1 + 1) / (TITLE + K1 * (1 - B))
        whole = best * (sum(count * float(self.rarity[place]) for place, count in known) + self.rarest * lost)
        for place, count in known:
            start, end = self._by_term.indptr[place], self._by_term.indptr[place + 1]
            found[self._by_term.indices[start:end]] += np.float32(count) * self._by_term.data[start:end]
        return np.asarray(np.minimum(found / max(whole, 1e-6), 1), np.float32)

    def shared(self, a: int, b: int) -> dict[int, float]:
        """What each term that both say gives to how much of a dataset b says, by place in the vocabulary."""
        start, end = self.weights.indptr[b], self.weights.indptr[b + 1]
        held = dict(zip(self.weights.indices[start:end].tolist(), self.weights.data[start:end].tolist(), strict=True))
        start, end = self.said.indptr[a], self.said.indptr[a + 1]
        asked = zip(self.said.indices[start:end].tolist(), self.said.data[start:end].tolist(), strict=True)
        return {term: count * held[term] for term, count in asked if term in held}


def _weighed(said: sp.csr_array) -> tuple[sp.csr_array, Scores]:
    """BM25's weights of each term in each dataset, and the rarity of each term."""
    count = said.shape[0]
    within = np.bincount(said.indices, minlength=said.shape[1])
    rarity = np.log1p((count - within + 0.5) / (within + 0.5)).astype(np.float32)
    lengths = np.asarray(said.sum(axis=1), np.float32).ravel()
    usual = max(float(lengths.mean()) if count else 1.0, 1e-6)
    held = np.repeat(K1 * (1 - B + B * lengths / usual), np.diff(said.indptr)).astype(np.float32)
    weights = said.data * (K1 + 1) / (said.data + held) * rarity[said.indices]
    return sp.csr_array((weights, said.indices, said.indptr), said.shape), rarity
