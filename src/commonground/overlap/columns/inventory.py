"""The columns of a city: every name, what it means where, under which other names, and what to look at. Pure.

All of it is told from records alone: names, types and descriptions, never from rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, NamedTuple

from commonground.catalog.columns import COMPUTED
from commonground.catalog.search.schema import stem
from commonground.overlap.columns import identifiers, personal
from commonground.overlap.columns.identifiers import Identifier
from commonground.overlap.columns.naming import split, words
from commonground.overlap.columns.personal import Risk
from commonground.overlap.entries import Entry
from commonground.words import Column, ColumnType, Severity

MOST_DESCRIPTIONS: Final = 100
"""Different descriptions of one name that are compared with each other."""
_TELLING: Final = 3
"""Words that a description needs to be compared."""
_SHARED: Final = 0.3
"""So much of the shorter description is in the other, where both mean the same."""
_SILENT: Final = -1
_IDLE: Final = frozenset(
    {
        *("a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "has", "in", "is", "it", "of", "on", "or"),
        *("that", "the", "this", "to", "was", "which", "with"),
    }
)
_FAMILIES: Final[Mapping[ColumnType, str]] = {
    **dict.fromkeys((ColumnType.TEXT, ColumnType.ADDRESS, ColumnType.URL, ColumnType.EMAIL, ColumnType.PHONE), "text"),
    **dict.fromkeys((ColumnType.NUMBER, ColumnType.INTEGER, ColumnType.MONEY, ColumnType.PERCENT), "number"),
    **dict.fromkeys((ColumnType.DATE, ColumnType.DATETIME, ColumnType.TIME), "date"),
    **dict.fromkeys((ColumnType.POINT, ColumnType.LINE, ColumnType.POLYGON, ColumnType.GEOMETRY), "place"),
    ColumnType.BOOLEAN: "yes or no",
}
"""Types that speak of the same sort of thing; a type that is not here may be anything."""

Types = tuple[tuple[ColumnType, int], ...]


class Use(NamedTuple):
    """A column of a data set (its id), and what it may hold of persons."""

    key: str
    column: Column
    risk: Risk | None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name stands for in some of its data sets (their ids)."""

    types: Types
    description: str
    datasets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A column name, capitals aside; `name` is its most frequent form.

    More than one meaning: descriptions speak of different things. `mixed`: its types are of different sorts.
    """

    name: str
    types: Types
    datasets: tuple[str, ...]
    meanings: tuple[Meaning, ...]
    mixed: bool
    risk: Risk | None
    identifier: Identifier | None


@dataclass(frozen=True, slots=True)
class Variants:
    """The same words in several names. `spelled` where they differ in more than signs and capitals (ZIP, Zip code)."""

    words: tuple[str, ...]
    names: tuple[Named, ...]
    datasets: tuple[str, ...]
    spelled: bool


@dataclass(frozen=True, slots=True)
class Key:
    """Something by which data sets can be joined, under whatever names."""

    identifier: Identifier
    names: tuple[Named, ...]
    datasets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """The columns of a city, each list with what matters most in front.

    `titles` are of all data sets, by id; `without` are ids of those whose columns are not known, or that have none.
    """

    titles: Mapping[str, str]
    columns: int
    names: tuple[Named, ...]
    meanings: tuple[Named, ...]
    mixed: tuple[Named, ...]
    variants: tuple[Variants, ...]
    keys: tuple[Key, ...]
    risks: tuple[Named, ...]
    without: tuple[str, ...]


def inventory(entries: Iterable[Entry]) -> Inventory:
    """Take stock of the columns of a city's data sets, without those that its portal computes."""
    titles: dict[str, str] = {}
    uses: dict[str, list[Use]] = defaultdict(list)
    without, count = [], 0
    for entry in entries:
        titles[entry.key] = entry.title
        columns = [one for one in entry.columns or () if not one.field.startswith(COMPUTED)]
        if not columns:
            without.append(entry.key)
        count += len(columns)
        persons = personal.of_persons(entry.title, [one.name or one.field for one in columns])
        for column in columns:
            risk = personal.risk(column.name or column.field, column.type, persons=persons)
            uses[_folded(column.name or column.field)].append(Use(entry.key, column, risk))
    names = tuple(sorted((_named(each) for each in uses.values()), key=_most_first))
    return Inventory(
        titles=titles,
        columns=count,
        names=names,
        meanings=tuple(one for one in names if len(one.meanings) > 1),
        mixed=tuple(one for one in names if one.mixed),
        variants=tuple(sorted(_variants(names), key=lambda one: (not one.spelled, -len(one.datasets), one.words))),
        keys=tuple(sorted(_keys(names), key=lambda one: (-len(one.datasets), one.identifier.code))),
        risks=tuple(sorted(_risky(uses.values()), key=_gravest_first)),
        without=tuple(sorted(without, key=lambda key: titles[key].casefold())),
    )


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _most_first(one: Named) -> tuple[int, str]:
    return -len(one.datasets), one.name.casefold()


def _gravest_first(one: Named) -> tuple[bool, int, str]:
    return one.risk is None or one.risk.severity is not Severity.WARNING, *_most_first(one)


def _risky(names: Iterable[Sequence[Use]]) -> Iterator[Named]:
    """Each name with a risk, of those data sets only in which it is one: "Name" is a person's in few."""
    for uses in names:
        if some := [one for one in uses if one.risk]:
            yield _named(some)


def _named(uses: Sequence[Use]) -> Named:
    name, _ = Counter(" ".join((one.column.name or one.column.field).split()) for one in uses).most_common(1)[0]
    types = _types(one.column for one in uses)
    return Named(
        name=name,
        types=types,
        datasets=_unique(one.key for one in uses),
        meanings=_meanings(uses),
        mixed=len({_FAMILIES[one] for one, _ in types if one in _FAMILIES}) > 1,
        risk=next((one.risk for one in uses if one.risk), None),
        identifier=identifiers.identifier(name),
    )


def _types(columns: Iterable[Column]) -> Types:
    return tuple(Counter(column.type for column in columns).most_common())


def _unique(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(keys))


def _meanings(uses: Sequence[Use]) -> tuple[Meaning, ...]:
    """The uses of a name, apart where descriptions speak of different things; the most frequent first.

    A use without a description that tells something counts to the most frequent meaning.
    """
    groups: list[tuple[list[frozenset[str]], list[Use]]] = []
    silent: list[Use] = []
    places: dict[str, int] = {}
    for use in uses:
        said = use.column.description
        if said not in places:
            told = _told(said) if len(places) < MOST_DESCRIPTIONS else frozenset()
            places[said] = next((n for n, (known, _) in enumerate(groups) if _alike(known, told)), len(groups))
            if not told:
                places[said] = _SILENT
            elif places[said] == len(groups):
                groups.append(([], []))
            if told:
                groups[places[said]][0].append(told)
        (silent if places[said] == _SILENT else groups[places[said]][1]).append(use)
    groups.sort(key=lambda one: -len(one[1]))
    members = [some for _, some in groups] or [[]]
    members[0].extend(silent)
    return tuple(sorted(map(_meaning, members), key=lambda one: -len(one.datasets)))


def _alike(known: Iterable[frozenset[str]], told: frozenset[str]) -> bool:
    """Whether a description shares words with one of a meaning."""
    return any(len(one & told) >= _SHARED * min(len(one), len(told)) for one in known)


def _told(description: str) -> frozenset[str]:
    """The words of a description that tell something; none of one that is too short to be compared."""
    told = frozenset(stem(word) for word in split(description) if word not in _IDLE)
    return told if len(told) >= _TELLING else frozenset()


def _meaning(members: Sequence[Use]) -> Meaning:
    descriptions = Counter(one.column.description for one in members if one.column.description)
    description = descriptions.most_common(1)[0][0] if descriptions else ""
    return Meaning(_types(one.column for one in members), description, _unique(one.key for one in members))


def _variants(names: Iterable[Named]) -> Iterator[Variants]:
    """Names that mean the same words; those of a single sign mean nothing that could be the same."""
    groups: dict[tuple[str, ...], list[Named]] = defaultdict(list)
    for one in names:
        meant = tuple(sorted(words(one.name)))
        if len("".join(meant)) > 1:
            groups[meant].append(one)
    for group in groups.values():
        if len(group) > 1:
            squeezed = {"".join(split(one.name)) for one in group}
            datasets = _unique(key for one in group for key in one.datasets)
            yield Variants(words(group[0].name), tuple(group), datasets, len(squeezed) > 1)


def _keys(names: Iterable[Named]) -> Iterator[Key]:
    known = sorted((one for one in names if one.identifier), key=_identified)
    for _, group in groupby(known, key=_identified):
        some = tuple(sorted(group, key=_most_first))
        if some[0].identifier:
            yield Key(some[0].identifier, some, _unique(key for one in some for key in one.datasets))


def _identified(one: Named) -> str:
    return one.identifier.code if one.identifier else ""
