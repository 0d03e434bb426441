"""Whether a column may hold what belongs to a private person: by its name, and by values where rows are known. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from commonground.overlap.columns.naming import of_its_form
from commonground.overlap.columns.patterns import Lists, Patterns, meant, patterns, some
from commonground.protocols.fields.contacts import without_persons
from commonground.words import ColumnType, Severity

_FILE: Final = Path(__file__).with_name("personal.toml")
_NO_TEXT: Final = frozenset(
    {
        *(ColumnType.NUMBER, ColumnType.INTEGER, ColumnType.MONEY, ColumnType.PERCENT, ColumnType.BOOLEAN),
        *(ColumnType.DATE, ColumnType.DATETIME, ColumnType.TIME),
        *(ColumnType.POINT, ColumnType.LINE, ColumnType.POLYGON, ColumnType.GEOMETRY),
    }
)
_NAMES: Final = {("first",), ("last",)}
_TYPES: Final = {ColumnType.EMAIL: "e-mail", ColumnType.PHONE: "phone"}
_SEEN: Final = (
    ("e-mail", re.compile(r"[^\s@]+@[^\s@]+\.[A-Za-z]{2,}")),
    ("government-id", re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")),
    ("phone", re.compile(r"(?<![\d-])(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\d-])")),
)
"""How values look that belong to persons, wherever they stand in a text."""

_LAST_FIRST: Final = re.compile(r"[A-Z][A-Z'-]+, [A-Z][A-Z'-]+(?: [A-Z]\.?)?")
_MOST: Final = 0.6
_ENOUGH: Final = 5
"""Two words with capitals are a name in one column and a code (“Not Critical”) in another: fewer values say neither."""


@dataclass(frozen=True, slots=True)
class Risk:
    """What a column's name says about persons, why that matters, and what the city can do."""

    code: str
    label: str
    severity: Severity
    why: str
    advice: str
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class _Rule:
    risk: Risk
    patterns: Patterns
    among: Patterns
    text: bool

    def fits(self, name: str, kind: ColumnType, *, persons: bool) -> bool:
        if self.text and kind in _NO_TEXT:
            return False
        typed = _TYPES.get(kind) == self.risk.code and self.patterns.allow(name)
        return typed or self.patterns.fit(name) or (persons and self.among.fit(name))


@dataclass(frozen=True, slots=True)
class _Rules:
    rules: tuple[_Rule, ...]
    titles: frozenset[str]
    marks: frozenset[str]


@cache
def _rules(path: Path = _FILE) -> _Rules:
    """The rules in their order. Raises `Misconfigured`."""
    with of_its_form(path):
        given = tomllib.loads(path.read_text("utf-8"))
        lists = {"PERSON": some(given.pop("persons"))}
        titles, marks = some(given.pop("titles")), frozenset(given.pop("marks"))
        return _Rules(tuple(_rule(code, table, lists) for code, table in given.items()), titles, marks)


def _rule(code: str, table: dict[str, Any], lists: Lists) -> _Rule:
    severity, keeps = Severity(table["severity"]), table.get("keeps", False)
    risk = Risk(code, table["label"], severity, table["why"], table["advice"], keeps)
    always, among = (patterns(some, table["unless"], lists) for some in (table["patterns"], table.get("among", ())))
    return _Rule(risk, always, among, table.get("text", False))


def risks() -> dict[str, Risk]:
    """All risks by code, those to look at first in front."""
    return {rule.risk.code: rule.risk for rule in _rules().rules}


@lru_cache(maxsize=65_536)
def risk(name: str, kind: ColumnType = ColumnType.UNKNOWN, *, persons: bool = False) -> Risk | None:
    """What a column of this name may hold of persons, by its name and published type alone; None for nothing.

    `persons`: rows of its data set seem to be persons (`of_persons`), so that "Name" is a name of one.
    """
    return next((one.risk for one in _rules().rules if one.fits(name, kind, persons=persons)), None)


def of_persons(title: str, names: Collection[str]) -> bool:
    """Whether rows of a data set seem to be persons: by a word of its title, or by columns that only persons have."""
    known = _rules()
    if not known.titles.isdisjoint(meant(title)):
        return True
    marks = {one.code for name in names if (one := risk(name))}
    return not known.marks.isdisjoint(marks) or set(map(meant, names)) >= _NAMES


def among(names: Collection[str]) -> Iterator[tuple[str, Risk]]:
    """Those of a file's columns that may be of persons, by their names alone."""
    persons = of_persons("", names)
    for name in names:
        if found := risk(name, persons=persons):
            yield name, found


def seen(values: Collection[str]) -> Risk | None:
    """What values themselves show: a mailbox, a phone or social security number in any of them, names in most."""
    for value in values:
        for code, pattern in _SEEN:
            if pattern.search(value):
                return risks()[code]
    names = sum(bool(_LAST_FIRST.fullmatch(value)) or without_persons(value) == "" for value in values)
    return risks()["name"] if len(values) >= _ENOUGH and names > _MOST * len(values) else None
