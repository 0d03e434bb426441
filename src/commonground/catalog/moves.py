"""Moves: a dataset that vanished may live on under another id, or on another portal of its city.

Pure. What vanished is compared with what appeared; each pair gets points for what is alike, and the reasons
of a proposal add up to its score. A person decides.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from typing import Any, Final

from commonground.words import Kind

THRESHOLD: Final = 0.75
"""From here on a pair is proposed; how it was found: docs/why/moves-are-proposed.md."""
MOST: Final = 3
"""Proposals for one vanished dataset."""
WEIGHTS: Final = {
    "title": 50.0,
    "columns": 25.0,
    "description": 15.0,
    "publisher": 6.0,
    "rows": 4.0,
    "id": 20.0,
    "link": 40.0,
}
"""Points of what is wholly alike. What is not known on either side counts neither for nor against. `id`: an id that
is unique in the world is the same; `link`: the old record named the new one as its origin."""
ENOUGH: Final = 68.0
"""So many points must be in play: a title alone is too little to go by."""
_LOOKED_AT: Final = 12
"""Candidates that are compared in full, for one vanished dataset."""
_COMMON: Final = 300
"""A word in more titles than this finds no candidates by itself."""
_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"[0-9]+")
_MONTH = re.compile(
    r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?\b",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORLDWIDE = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}(?![0-9a-f])", re.IGNORECASE)
"""An id that no other dataset in the world has: a UUID, with or without dashes."""
_IDLE = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "current",
        "data",
        "dataset",
        "datasets",
        "for",
        "from",
        "in",
        "of",
        "on",
        "open",
        "or",
        "per",
        "set",
        "table",
        "the",
        "to",
        "with",
    ]
)
_MADE_FROM = frozenset({Kind.VIEW, Kind.CHART, Kind.STORY})
_FEW: Final = 200
"""Of so few titles no word is everyday."""
_SLIP: Final = 0.9
"""Words whose letters agree so far differ by a slip of the pen."""
_OTHER: Final = 0.7
"""What a title keeps against one that has another word in the place of one of its own: Bronx, Queens."""
_SLICE: Final = 0.85
"""What a title keeps against one that names a year, district or version beside: perhaps a part of it."""
_NEARLY: Final = 0.1
"""So far behind the best one a candidate is still worth a look."""
_LONG: Final = 4
"""Letters of the shortest word that may be a plural."""
_LONGEST: Final = 1_500
"""Characters of a description that are compared."""


@dataclass(frozen=True)
class Trace:
    """What is compared of one dataset. `columns` is empty and `rows` None when they are not known."""

    key: str
    title: str
    kind: str = Kind.TABLE
    publisher: str = ""
    description: str = ""
    columns: frozenset[str] = frozenset()
    rows: int | None = None
    named: str = ""

    @classmethod
    def of(cls, form: Mapping[str, Any], named: str = "") -> Trace:
        """From the form of a revision (`forms.dump`); `named` is the dataset that it is known to be a copy of."""
        columns = (plain(str(one.get("field") or one.get("name") or "")) for one in form.get("columns") or ())
        return cls(
            str(form["id"]),
            str(form.get("title") or ""),
            str(form.get("kind") or ""),
            " ".join(words(str(form.get("publisher") or ""))),
            str(form.get("description") or "")[:_LONGEST],
            frozenset(one for one in columns if one and not one.startswith("computed region")),
            form.get("row_count"),
            named,
        )

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the title that say something."""
        return frozenset(words(self.title))

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Its numbers and months: years, districts, versions."""
        months = (one[0].lower() for one in _MONTH.finditer(self.title))
        return frozenset([*(one.lstrip("0") for one in _DIGITS.findall(self.title)), *months])

    @cached_property
    def said(self) -> frozenset[str]:
        """The words of the description."""
        return frozenset(words(self.description))

    @cached_property
    def worldwide(self) -> str:
        """The part of the id that is unique in the world, empty when there is none."""
        found = _WORLDWIDE.search(self.key)
        return found[0].lower() if found else ""


@dataclass(frozen=True, slots=True)
class Reason:
    """What two datasets have in common: `what` is one of WEIGHTS, `alike` 0 to 1, `points` its part of the score."""

    what: str
    alike: float
    points: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """The dataset `old` may live on as `new`. The points of the reasons add up to `score`, 0 to 1."""

    old: str
    new: str
    score: float
    reasons: tuple[Reason, ...]


def plain(text: str) -> str:
    """Lower case, without accents and marks.

    >>> plain("Código_Postal")
    'codigo postal'
    """
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(_WORD.findall(folded.replace("_", " ")))


def words(text: str) -> list[str]:
    """The words that say something, singular as far as English shows it.

    >>> words("Building Permits for the CityOfBoston")
    ['building', 'permit', 'city', 'boston']
    """
    found = plain(_CAMEL.sub(" ", text)).split()
    return [_singular(one) for one in found if one not in _IDLE]


def _singular(word: str) -> str:
    if len(word) < _LONG or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    return f"{word[:-3]}y" if word.endswith("ies") else word[:-1]


def propose(
    vanished: Sequence[Trace],
    appeared: Sequence[Trace],
    titles: Iterable[str] = (),
    possible: Callable[[str, str], bool] = lambda _old, _new: True,
) -> list[Proposal]:
    """The moves to propose, the best first: at most MOST for one that vanished, and none to a dataset that another
    vanished one resembles more. `titles` are all that the city has, so that its everyday words weigh little;
    `possible` says of two keys whether times allow it, and that no person has said no.
    """
    weigh = rarity(titles or [one.title for one in (*vanished, *appeared)])
    found = [
        one
        for old, new in candidates(vanished, appeared)
        if possible(old.key, new.key) and (one := compare(old, new, weigh)) and one.score >= THRESHOLD
    ]
    return _assigned(sorted(found, key=lambda one: (-one.score, one.old, one.new)))


def rarity(titles: Iterable[str]) -> Callable[[str], float]:
    """What a word of a title weighs: the more the fewer titles have it."""
    count, often = 0, Counter[str]()
    for title in titles:
        count += 1
        often.update(set(words(title)))
    return lambda word: math.log(1 + max(count, _FEW) / (1 + often[word]))


def candidates(vanished: Sequence[Trace], appeared: Sequence[Trace]) -> Iterator[tuple[Trace, Trace]]:
    """Pairs worth comparing: they share a world-wide id, the whole title, or words that few titles have."""
    shared = defaultdict[str, list[int]](list)
    for at, new in enumerate(appeared):
        for mark in _marks(new):
            shared[mark].append(at)
    for old in vanished:
        votes = defaultdict[int, float](float)
        for mark in _marks(old):
            places = shared.get(mark, ())
            if len(places) <= _COMMON:
                for at in places:
                    votes[at] += 1 / len(places)
        for at in sorted(votes, key=lambda at: (-votes[at], at))[:_LOOKED_AT]:
            if appeared[at].key != old.key:
                yield old, appeared[at]


def _marks(one: Trace) -> Iterator[str]:
    yield from one.words
    yield f"title {' '.join(sorted(one.words))}"
    yield f"key {one.named or one.key}"
    if one.worldwide:
        yield f"id {one.worldwide}"


def compare(old: Trace, new: Trace, weigh: Callable[[str], float]) -> Proposal | None:
    """How much two datasets are alike; None where something says that they are different ones."""
    if old.numbers and new.numbers and old.numbers != new.numbers:
        return None  # another year, another district
    if old.kind != new.kind and (old.kind in _MADE_FROM or new.kind in _MADE_FROM):
        return None
    alike = {name: value for name, value in _likeness(old, new, weigh).items() if value is not None}
    whole = max(ENOUGH, sum(WEIGHTS[name] for name in alike))
    reasons = [Reason(name, round(value, 3), round(WEIGHTS[name] * value / whole, 3)) for name, value in alike.items()]
    reasons = sorted((one for one in reasons if one.points), key=lambda one: -one.points)
    return Proposal(old.key, new.key, round(sum(one.points for one in reasons), 3), tuple(reasons))


def _likeness(old: Trace, new: Trace, weigh: Callable[[str], float]) -> dict[str, float | None]:
    """Of each thing how much it is alike, 0 to 1; None where it is not known on both sides."""
    return {
        "title": _titles(old, new, weigh),
        "columns": _jaccard(old.columns, new.columns) if old.columns and new.columns else None,
        "description": _texts(old, new) if old.said and new.said else None,
        "publisher": float(old.publisher == new.publisher) if old.publisher and new.publisher else None,
        "rows": _counts(old.rows, new.rows) if old.rows and new.rows else None,
        "id": 1.0 if old.worldwide and old.worldwide == new.worldwide else None,
        "link": 1.0 if old.named == new.key else None,
    }


def _titles(old: Trace, new: Trace, weigh: Callable[[str], float]) -> float:
    """The weight of shared words in that of all; words that differ by a slip of the pen are shared in part."""
    if not old.words or not new.words:
        return float(plain(old.title) == plain(new.title))
    lost, added = old.words - new.words, new.words - old.words
    alike = sum(map(weigh, old.words & new.words)) / sum(map(weigh, old.words | new.words))
    if lost and added:
        slip = SequenceMatcher(None, " ".join(sorted(lost)), " ".join(sorted(added)), autojunk=False).ratio()
        alike = alike + (1 - alike) * slip if slip >= _SLIP else alike * _OTHER
    return alike * _SLICE if bool(old.numbers) != bool(new.numbers) else alike


def _texts(old: Trace, new: Trace) -> float:
    return 1.0 if old.description == new.description else _jaccard(old.said, new.said)


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)


def _counts(old: int, new: int) -> float:
    return min(old, new) / max(old, new)


def _assigned(found: Sequence[Proposal]) -> list[Proposal]:
    """One to one, the best pairs first; then other candidates that nobody has, while they are nearly as good."""
    best: dict[str, Proposal] = {}
    taken: set[str] = set()
    for one in found:
        if one.old not in best and one.new not in taken:
            best[one.old] = one
            taken.add(one.new)
    kept, often = list(best.values()), Counter(best.keys())
    for one in found:
        first = best.get(one.old)
        if first and one.new not in taken and often[one.old] < MOST and one.score >= first.score - _NEARLY:
            kept.append(one)
            often[one.old] += 1
    return sorted(kept, key=lambda one: (-one.score, one.old, one.new))
