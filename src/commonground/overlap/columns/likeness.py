"""How much the columns of two lists are alike, one piece of evidence at a time: for each an array, one row a column of
the first list, one column a column of the second, values 0 to 1. Pure.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from commonground.catalog.columns import COMPUTED
from commonground.catalog.search.schema import stem
from commonground.overlap.columns.concepts import meaning
from commonground.overlap.columns.naming import stems, words
from commonground.words import Column, ColumnType

Likeness = NDArray[np.float32]
Bag = Mapping[Any, float]

_DESCRIBED: Final = 60
"""Words of a description that are read; after that, descriptions of columns explain codes."""
_FEWEST: Final = 60
"""Shorter lists are taken as of so many columns: of three columns, two with one word make it no common word."""
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_IDLE: Final = frozenset(
    ["the", "and", "for", "this", "that", "with", "from", "was", "are", "not", "has", "been", "which", "where", "when"]
)
_FAMILIES: Final = {
    "text": ("text", "id", "url", "email", "phone", "address"),
    "number": ("number", "integer", "money", "percent"),
    "date": ("date", "datetime"),
    "time": ("time",),
    "place": ("point", "line", "polygon", "geometry"),
    "yes or no": ("boolean",),
}
_FAMILY: Final = {ColumnType(name): family for family, names in _FAMILIES.items() for name in names}
_LOOSE: Final = {"text", "number"}
"""Numbers are published as text as often as not, so these do not speak against each other."""


def evidence(a: Sequence[Column], b: Sequence[Column]) -> dict[str, Likeness]:
    """All that names, types and descriptions say. Words are weighed by how rare they are in the two lists."""
    said = [[meaning(one.name) for one in some] for some in (a, b)]
    ours, theirs = said
    shared = _cosine(*([one.concepts for one in some] for some in said))
    whole = [np.array([max(one.concepts.values(), default=0.0) for one in some], np.float32) for some in said]
    kinds = [[one.kind for one in some] for some in said]
    families = [[family(one) for one in some] for some in (a, b)]
    loose = np.logical_and.outer(*([one in _LOOSE for one in some] for some in families))
    computed = [np.array([one.field.startswith(COMPUTED) for one in some], np.float32) for some in (a, b)]
    return {
        "words": _overlap(*_weighed([stems(one.name) for one in a], [stems(one.name) for one in b])),
        "meanings": _overlap(*_weighed([one.terms for one in ours], [one.terms for one in theirs])),
        "letters": _cosine(*([_letters(one) for one in some] for some in (a, b))),
        "concept": shared,
        "other-concept": np.where(shared == 0, np.minimum.outer(*whole), np.float32(0)),
        "kind": _both(kinds, same=True),
        "other-kind": _both(kinds, same=False),
        # That both are text says nothing.
        "type": _both([["" if one == "text" else one for one in some] for some in families], same=True),
        "other-type": np.where(loose, np.float32(0), _both(families, same=False)),
        "description": _cosine(*_weighed([described(one) for one in a], [described(one) for one in b])),
        "computed": np.maximum.outer(*computed),
    }


def meant(a: Sequence[Column], b: Sequence[Column], encode: Callable[[list[str]], NDArray[Any]]) -> Likeness:
    """How near the names are in meaning, by a model that turns texts into vectors of length 1."""
    vectors = [np.asarray(encode([spelled(one) or "." for one in some]), np.float32) for some in (a, b)]
    return np.asarray(np.clip(vectors[0] @ vectors[1].T, 0, 1), np.float32)


def family(one: Column) -> str:
    """What its values are by their type: text, number, date …; empty where not known."""
    return _FAMILY.get(one.type, "")


def spelled(one: Column) -> str:
    """Its name in full words."""
    return " ".join(words(one.name))


def described(one: Column) -> tuple[str, ...]:
    """The stems of what its description says."""
    found = (each.lower() for each in _WORD.findall(one.description)[:_DESCRIBED])
    return tuple(dict.fromkeys(stem(each) for each in found if each not in _IDLE))


def _letters(one: Column) -> dict[str, float]:
    text = f"^{spelled(one)}$"
    return dict(Counter(text[at : at + 3] for at in range(len(text) - 2)))


def _weighed(a: Sequence[Collection[str]], b: Sequence[Collection[str]]) -> tuple[Sequence[Bag], Sequence[Bag]]:
    """Each term with its weight: the rarer in both lists together, the heavier."""
    count = Counter(term for some in (*a, *b) for term in set(some))
    size = max(_FEWEST, len(a) + len(b))
    weight = {term: math.log((size + 1) / (held + 0.5)) for term, held in count.items()}
    return [{term: weight[term] for term in some} for some in a], [{term: weight[term] for term in some} for some in b]


def _arrays(a: Sequence[Bag], b: Sequence[Bag]) -> tuple[Any, Any]:
    """The bags as sparse arrays over one vocabulary."""
    place: dict[Hashable, int] = {}
    made = []
    for bags in (a, b):
        rows = [row for row, bag in enumerate(bags) for _ in bag]
        columns = [place.setdefault(term, len(place)) for bag in bags for term in bag]
        values = [value for bag in bags for value in bag.values()]
        made.append((rows, columns, values, len(bags)))
    width = max(1, len(place))
    ours, theirs = (
        sparse.csr_array((np.array(values, np.float32), (rows, columns)), shape=(height, width))
        for rows, columns, values, height in made
    )
    return ours, theirs


def _overlap(a: Sequence[Bag], b: Sequence[Bag]) -> Likeness:
    """Weight of the shared terms by the weight of all terms of both. A term weighs the same in either."""
    ours, theirs = _arrays(a, b)
    shared = (ours.sqrt() @ theirs.sqrt().T).toarray()
    total = np.add.outer(ours.sum(axis=1), theirs.sum(axis=1)) - shared
    return np.asarray(shared / np.maximum(total, 1e-6), np.float32)


def _cosine(a: Sequence[Bag], b: Sequence[Bag]) -> Likeness:
    ours, theirs = _arrays(a, b)
    lengths = [np.sqrt((one * one).sum(axis=1)) for one in (ours, theirs)]
    found = (ours @ theirs.T).toarray() / np.maximum(np.multiply.outer(*lengths), 1e-6)
    return np.asarray(found, np.float32)


def _both(values: Sequence[Sequence[str]], *, same: bool) -> Likeness:
    """Where both are known: whether they are the same, or whether they are not."""
    ours, theirs = (np.array(some, dtype=object) for some in values)
    known = np.logical_and.outer(ours != "", theirs != "")
    equal = ours[:, None] == theirs[None, :]
    return np.asarray(known & (equal if same else ~equal), np.float32)
