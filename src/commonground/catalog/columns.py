"""Which column of one state is which of another: the same, renamed, gone or added. Pure.

A rename is only said where it is all but certain: what is told as gone and added can still be understood, a rename
that never was misleads. One-to-one, whatever the order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from commonground.words import Column

Thing = TypeVar("Thing", bound=Hashable)
Place = tuple[str, int]
"""A column's label, and how many before it have the same one."""
Placed = tuple[Place, Column]
Pair = tuple[Column, Column]

COMPUTED: Final = ":"
"""Fields that begin so are computed by the portal, and are none of the city's."""
_TELLING: Final = 20
"""A description of fewer characters may be said of several columns."""
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD: Final = re.compile(r"[^\W_]+")


class Matched(NamedTuple):
    """Columns before and after, paired."""

    same: list[Pair]
    renamed: list[Pair]
    gone: list[Column]
    added: list[Column]


def label(one: Column) -> str:
    """How programs call it; its published name where it has no field."""
    return one.field or one.name


def words(name: str) -> frozenset[str]:
    """The words in a name, however it joins them, in small letters."""
    return frozenset(found.lower() for found in _WORD.findall(_CAMEL.sub(" ", name)))


def matched(before: Sequence[Column], after: Sequence[Column]) -> Matched:
    """Pair the columns of two states. Of several with one label, the first is the first's."""
    old, new = dict(_placed(before)), dict(_placed(after))
    between = {**_between(old, new), **_between(new, old)}
    gone = [one for one in old.items() if one[0] not in new]
    added = [one for one in new.items() if one[0] not in old]
    ways: tuple[Callable[[Placed], Hashable], ...] = (
        lambda one: _squeezed(one[1].field),
        lambda one: (_squeezed(one[1].name), one[1].type) if one[1].name else None,
        lambda one: (one[1].description, one[1].type) if len(one[1].description) >= _TELLING else None,
        lambda one: between.get(one[0]),
    )
    renamed = []
    for way in ways:
        found = [(was, now) for was, now in one_to_one(gone, added, way) if way is not ways[-1] or _grown(was, now)]
        renamed += [(was[1], now[1]) for was, now in found]
        gone, added = without(gone, [was for was, _ in found]), without(added, [now for _, now in found])
    same = [(one, new[place]) for place, one in old.items() if place in new]
    return Matched(same, renamed, [one for _, one in gone], [one for _, one in added])


def one_to_one(
    old: Iterable[Thing], new: Iterable[Thing], key: Callable[[Thing], Hashable]
) -> list[tuple[Thing, Thing]]:
    """Pairs with one key that is nobody else's on either side; what is empty or None is no key."""
    sides = []
    for things in (old, new):
        keyed = [(found, one) for one in things if (found := key(one))]
        count = Counter(found for found, _ in keyed)
        sides.append({found: one for found, one in keyed if count[found] == 1})
    return [(one, sides[1][found]) for found, one in sides[0].items() if found in sides[1]]


def without(things: Iterable[Thing], taken: Collection[Thing]) -> list[Thing]:
    """Those that are not taken."""
    gone = set(taken)
    return [one for one in things if one not in gone]


def _placed(columns: Iterable[Column]) -> Iterator[Placed]:
    count: Counter[str] = Counter()
    for one in columns:
        name = label(one)
        yield (name, count[name]), one
        count[name] += 1


def _between(columns: Mapping[Place, Column], others: Mapping[Place, Column]) -> dict[Place, Hashable]:
    """Of each column that the other side lacks, its neighbors, where the other side has both (or neither is there)."""
    places = list(columns)
    around = zip([None, *places], places, [*places[1:], None], strict=False)
    return {
        place: (before, after)
        for before, place, after in around
        if place not in others and all(one is None or one in others for one in (before, after))
    }


def _grown(was: Placed, now: Placed) -> bool:
    """Whether one name holds all words of the other (`zip`, `zip_code`), and nothing speaks against it."""
    old, new = was[1], now[1]
    first, second = words(label(old)), words(label(new))
    silent = not (old.description and new.description)
    return old.type is new.type and silent and bool(first and second) and (first <= second or second <= first)


def _squeezed(name: str) -> str:
    return "".join(_WORD.findall(name)).lower()
