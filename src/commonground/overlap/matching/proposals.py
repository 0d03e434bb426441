"""New subjects that the register may lack: datasets of several cities that are each other's best match. Pure.

Only mutual best matches count, so that one dataset that is a little like everything draws nothing together. These are
suggestions for persons, never subjects by themselves.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A dataset and, of each other city, its best match there with the score."""

    key: str
    city: str
    title: str
    best: Mapping[str, tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Datasets of two or more cities that seem to share a subject. `name` is what their titles have in common."""

    name: str
    score: float
    members: tuple[str, ...]


def propose(candidates: Iterable[Candidate], least: float, slices: Mapping[str, str] | None = None) -> list[Proposal]:
    """Clusters of mutual best matches with at least this score, those of most cities first.

    `slices` names the series of a dataset: slices of one series count as one, and stand for each other.
    """
    series = slices or {}
    known = {one.key: one for one in candidates}
    links: dict[str, dict[str, float]] = defaultdict(dict)
    for one in known.values():
        for city, (there, score) in one.best.items():
            other = known.get(there)
            if other is None or other.city != city or score < least or other.key == one.key:
                continue
            back = other.best.get(one.city)
            if back and _same(back[0], one.key, series):
                links[one.key][there] = links[there][one.key] = max(score, links[there].get(one.key, 0))
    found = [_proposal(members, known, links) for members in _clusters(links)]
    return sorted(found, key=lambda one: (-len({known[key].city for key in one.members}), -one.score, one.name))


def _same(one: str, other: str, series: Mapping[str, str]) -> bool:
    return one == other or bool(series.get(one) and series.get(one) == series.get(other))


def _clusters(links: Mapping[str, Mapping[str, float]]) -> list[list[str]]:
    """Datasets that hang together."""
    seen: set[str] = set()
    found = []
    for start in sorted(links):
        waiting, here = [start], []
        while waiting:
            key = waiting.pop()
            if key not in seen:
                seen.add(key)
                here.append(key)
                waiting += links[key]
        if here:
            found.append(sorted(here))
    return found


def _proposal(
    members: Sequence[str], known: Mapping[str, Candidate], links: Mapping[str, Mapping[str, float]]
) -> Proposal:
    scores = [score for key in members for score in links[key].values()]
    return Proposal(common([known[key].title for key in members]), sum(scores) / len(scores), tuple(members))


def common(titles: Collection[str]) -> str:
    """The words that most of the titles have, in the order of the shortest title; else that title.

    >>> common(["Towed Vehicles", "Vehicles Towed in 2020", "Towed Vehicles Current"])
    'Towed Vehicles'
    """
    words = {title: {word.casefold() for word in title.split()} for title in titles}
    often = Counter(word for some in words.values() for word in some)
    shortest = min(titles, key=lambda title: (len(title), title))
    kept = [word for word in shortest.split() if often[word.casefold()] * 2 > len(words)]
    return " ".join(kept) or shortest
