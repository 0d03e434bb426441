"""Textbook ways to find data sets about the same, beside ours: TF-IDF, BM25, and how many column names are equal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import bm25s
import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from commonground.overlap.entries import Entry
from commonground.overlap.judging.evaluation import Scores


class TfIdf:
    """Cosine of title and description, as scikit-learn weighs words."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._words = TfidfVectorizer(sublinear_tf=True, stop_words="english")
        self._rows = self._words.fit_transform(_said(one) for one in entries)

    def pair_scores(self, at: int) -> Scores:
        return self.member_scores([at])

    def member_scores(self, members: Sequence[int]) -> Scores:
        return np.asarray((self._rows @ self._rows[list(members)].T).mean(axis=1)).ravel()

    def subject_scores(self, name: str) -> Scores:
        return np.asarray((self._rows @ self._words.transform([name]).T).todense()).ravel()


class Bm25:
    """BM25 of title and description (bm25s with its own settings)."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._said = [_said(one) for one in entries]
        self._index = bm25s.BM25()
        self._index.index(bm25s.tokenize(self._said, show_progress=False), show_progress=False)

    def pair_scores(self, at: int) -> Scores:
        return self.subject_scores(self._said[at])

    def member_scores(self, members: Sequence[int]) -> Scores:
        return np.asarray(np.mean([self.pair_scores(at) for at in members], axis=0))

    def subject_scores(self, name: str) -> Scores:
        (tokens,) = bm25s.tokenize([name], return_ids=False, show_progress=False)
        known = [one for one in tokens if one in self._index.vocab_dict]
        count = len(self._said)
        return np.asarray(self._index.get_scores(known)) if known else np.zeros(count)


class SameColumns:
    """Jaccard of the sets of column names."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        listed: Any = [[_plain(column.name) for column in one.columns or ()] for one in entries]
        self._rows = CountVectorizer(analyzer=set).fit_transform(listed).astype(np.float32)
        self._sizes = np.asarray(self._rows.sum(axis=1)).ravel()

    def pair_scores(self, at: int) -> Scores:
        both = np.asarray((self._rows @ self._rows[[at]].T).todense()).ravel()
        return np.asarray(both / np.maximum(self._sizes + self._sizes[at] - both, 1))

    def member_scores(self, members: Sequence[int]) -> Scores:
        return np.asarray(np.mean([self.pair_scores(at) for at in members], axis=0))

    def subject_scores(self, name: str) -> Scores:  # noqa: ARG002 - columns have no words to ask for
        return np.zeros(len(self._sizes))


def _said(entry: Entry) -> str:
    return f"{entry.title} {entry.description}"


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name).strip().lower()


def same_words(a: str, b: str) -> float:
    """Jaccard of the words of two column names."""
    left, right = (set(_plain(one).split()) for one in (a, b))
    return len(left & right) / len(left | right) if left | right else 0.0
