"""Which columns of a file are which fields, and what is wrong with their names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from commonground.standards.check.report import Fault, Group, cut
from commonground.standards.model import CITY, Standard
from commonground.standards.telling import nearest
from commonground.words import Fixer, Severity

_FEW: Final = 20
"""Names that are listed in one sentence."""


def matched(names: Sequence[str], standard: Standard) -> dict[str, str]:
    """Field to column. A name that differs only in letter case, spaces and marks is understood, and told of."""
    exact = {one: one for one in names if one in standard.named}
    plain = {_plain(one): one for one in reversed(names) if one not in exact}
    return {
        one.name: exact.get(one.name) or plain[_plain(one.name)]
        for one in standard.fields
        if one.name in exact or _plain(one.name) in plain
    }


def faults(names: Sequence[str], standard: Standard, columns: Mapping[str, str], city: str) -> Iterator[Group]:
    """What is wrong with the names: wrongly written, missing, or of no field."""
    taken = set(columns.values())
    left = [one for one in names if one not in taken]
    for field, column in columns.items():
        if column != field:
            said = f"The column “{column}” is called “{field}” in the standard."
            yield _group(column, "name", Severity.ERROR, said, f"Rename it to {field}.")
    absent = []
    for one in standard.fields:
        if one.name in columns or (one.name == CITY and city):
            continue
        meant = _meant(one.name, left)
        hint = f" Is it “{meant}”? Then rename that." if meant else ""
        if one.required or one.name in standard.key:
            how = f"Add a column {one.name}: {one.description}{hint}"
            if one.name == CITY:
                how = f"Add a column {CITY} with the city's slug, or say which city it is (--city)."
            yield _group(one.name, "missing", Severity.ERROR, f"The column {one.name} is required.", how)
        elif meant:
            yield _group(one.name, "absent", Severity.WARNING, f"There is no column {one.name}.", hint.strip())
        else:
            absent.append(one.name)
    if absent:
        said = f"The standard has more columns, which the file does not have: {', '.join(absent)}."
        yield _group("", "absent", Severity.NOTE, said, "Leave it so if the city does not have them.")
    yield from _unknown(left, standard, columns)
    if left and len(columns) * 4 < len(standard.fields):
        said = (
            f"Only {len(columns)} of {len(names):,} columns are fields of {standard.name}: is it an export as it was?"
        )
        yield _group("", "raw", Severity.NOTE, said, "Such a file need not change: write a crosswalk for it.")


def _unknown(left: Sequence[str], standard: Standard, columns: Mapping[str, str]) -> Iterator[Group]:
    """Columns of no field: alone where a field may be meant, else all together."""
    open_fields = [one.name for one in standard.fields if one.name not in columns]
    strange = []
    for column in left:
        meant = _meant(column, open_fields)
        if meant:
            said = f"“{column}” is no field of {standard.name}."
            yield _group(column, "unknown", Severity.NOTE, said, f"Did you mean {meant}?")
        else:
            strange.append(column)
    if strange:
        listed = ", ".join(map(cut, strange[:_FEW])) + (" …" if len(strange) > _FEW else "")
        said = f"{len(strange):,} column{'s are' if len(strange) > 1 else ' is'} no field of {standard.name}: {listed}."
        yield _group("", "unknown", Severity.NOTE, said, "It may stay; it does not get into the table.")


def _group(column: str, rule: str, severity: Severity, message: str, how: str) -> Group:
    who = Fixer.NOBODY if severity is Severity.NOTE else Fixer.CITY
    fault = Fault(0, 0, column, "", rule, message, who, how)
    return Group(column, rule, severity, 1, message, who, how, (fault,))


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def _meant(name: str, known: Sequence[str]) -> str:
    spaced = {one.replace(" ", "_"): one for one in known}
    found = nearest(name.replace(" ", "_"), spaced)
    return spaced.get(found, "")
