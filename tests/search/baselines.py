"""Three plain rankings, written without the search room: they filled the pool that was judged, and
the first one is the figure that search must leave behind.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

Document = dict[str, Any]
Ranking = Callable[[str, int], list[str]]

_WORD = re.compile(r"[a-z0-9]+")
K1, B = 1.2, 0.75


def words(text: str) -> list[str]:
    """Lower-case letters and digits, a plural s cut off: nothing cleverer."""
    found = _WORD.findall(text.lower())
    return [word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in found]


def grams(text: str) -> list[str]:
    """Character 4-grams inside words, with the edges marked."""
    return [f"_{word}_"[i : i + 4] for word in words(text) for i in range(max(1, len(word) - 1))]


def title_of(document: Document) -> str:
    return str(document["title"])


def text_of(document: Document) -> str:
    """All the text that a record has."""
    columns = (f"{column['name']} {column['field']}" for column in document["columns"] or ())
    parts = [document["title"], document["description"], document["publisher"], document["city_name"], document["host"]]
    return " ".join([*parts, *document["keywords"], *document["themes"], *columns])


def heading_of(document: Document) -> str:
    """Title, keywords and column names: the third ranking compares their spelling only."""
    columns = (column["name"] for column in document["columns"] or ())
    return " ".join([document["title"], document["title"], *document["keywords"], *columns])


def _best(scores: dict[int, float], ids: Sequence[str], limit: int) -> list[str]:
    order = sorted(scores, key=lambda i: (-scores[i], ids[i]))
    return [ids[i] for i in order[:limit]]


def bm25(documents: Iterable[Document], text: Callable[[Document], str]) -> Ranking:
    """Plain BM25 over one text of each document."""
    held = list(documents)
    ids = [document["id"] for document in held]
    counts = [Counter(words(text(document))) for document in held]
    lengths = [sum(count.values()) for count in counts]
    mean = sum(lengths) / len(lengths)
    postings: dict[str, list[int]] = defaultdict(list)
    for i, count in enumerate(counts):
        for word in count:
            postings[word].append(i)

    def rank(query: str, limit: int) -> list[str]:
        scores: dict[int, float] = defaultdict(float)
        for word in dict.fromkeys(words(query)):
            among = postings.get(word, [])
            rarity = math.log(1 + (len(held) - len(among) + 0.5) / (len(among) + 0.5))
            for i in among:
                times = counts[i][word]
                scores[i] += rarity * times * (K1 + 1) / (times + K1 * (1 - B + B * lengths[i] / mean))
        return _best(scores, ids, limit)

    return rank


def spelling(documents: Iterable[Document]) -> Ranking:
    """Cosine of TF-IDF weighted character 4-grams of title, keywords and columns."""
    held = list(documents)
    ids = [document["id"] for document in held]
    counts = [Counter(grams(heading_of(document))) for document in held]
    spread = Counter(gram for count in counts for gram in count)
    rarity = {gram: math.log(len(held) / times) for gram, times in spread.items()}
    postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for i, count in enumerate(counts):
        weights = {gram: (1 + math.log(times)) * rarity[gram] for gram, times in count.items()}
        norm = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        for gram, weight in weights.items():
            postings[gram].append((i, weight / norm))

    def rank(query: str, limit: int) -> list[str]:
        scores: dict[int, float] = defaultdict(float)
        for gram, times in Counter(grams(query)).items():
            for i, weight in postings.get(gram, ()):
                scores[i] += times * rarity[gram] * weight
        return _best(scores, ids, limit)

    return rank


def ndcg(ranked: Sequence[str], labels: dict[str, int], depth: int = 10) -> float:
    """Discounted gain of the first `depth` against the best possible; gain is 2^grade - 1."""
    gains = [2 ** labels.get(one, 0) - 1 for one in ranked[:depth]]
    ideal = sorted((2**grade - 1 for grade in labels.values()), reverse=True)[:depth]
    best = _discounted(ideal)
    return _discounted(gains) / best if best else 0.0


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))
