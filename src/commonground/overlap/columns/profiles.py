"""What the rows say of a column, and how alike two columns are by it. No value of a private person is kept. Pure.

Values are kept only of codes, yes and no, numbers, days and degrees, and only where neither the column's name nor its
values are personal. Of everything else there are shapes (`AA999999`), which tell as much about whether two columns are
the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from commonground.engine.summary import ColumnSummary, TableSummary
from commonground.engine.values import ValueKind, number
from commonground.errors import Misconfigured
from commonground.overlap.columns import personal

Shares = tuple[tuple[str, float], ...]

SAMPLES: Final = 5
_KEPT: Final = frozenset(
    {
        *(ValueKind.CODE, ValueKind.BOOLEAN, ValueKind.NUMBER, ValueKind.DATE),
        *(ValueKind.LATITUDE, ValueKind.LONGITUDE),
    }
)
_SEEN_OFTEN: Final = 0.005
"""A code that fewer rows have may be something that one person wrote."""
_LONG_NUMBER: Final = re.compile(r"9{7,}")
_PLACES: Final = frozenset({ValueKind.LATITUDE, ValueKind.LONGITUDE, ValueKind.POINT})
_NEAR: Final = (
    {ValueKind.NUMBER, ValueKind.CODE, ValueKind.IDENTIFIER},
    {ValueKind.TEXT, ValueKind.CODE},
    {ValueKind.TEXT, ValueKind.IDENTIFIER},
    {ValueKind.BOOLEAN, ValueKind.CODE},
)
"""Kinds that one column may have in two cities: a list of 150 codes is told as text."""
_TELLING: Final = {ValueKind.IDENTIFIER: 0.8, ValueKind.CODE: 0.6, ValueKind.TEXT: 0.6, ValueKind.NUMBER: 0.6}
"""How much it says that both are of one kind; of the others it says all."""
_FAR: Final = 0.05
_UNKNOWN: Final = 0.5
_SPOKEN: Final = {
    ValueKind.DATE: "dates",
    ValueKind.LATITUDE: "latitudes",
    ValueKind.LONGITUDE: "longitudes",
    ValueKind.POINT: "points on the map",
    ValueKind.BOOLEAN: "yes or no",
    ValueKind.CODE: "a list of codes",
    ValueKind.IDENTIFIER: "ids, each used once",
    ValueKind.NUMBER: "numbers",
    ValueKind.TEXT: "texts",
}


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column. Shares are 0 to 1. `least`, `greatest`, `values` (with shares) and `samples` are empty where values
    are not kept; `personal` is then the code of the risk, where that is the reason.
    """

    name: str
    kind: ValueKind
    nulls: float
    distinct: int
    unique: float
    shapes: Shares = ()
    least: str = ""
    greatest: str = ""
    values: Shares = ()
    samples: tuple[str, ...] = ()
    personal: str = ""


Profiles = Mapping[str, ColumnProfile]
"""Profiles of the columns of one dataset, by published name."""

_ADAPTER: Final = TypeAdapter(dict[str, ColumnProfile])


def of(summary: TableSummary) -> dict[str, ColumnProfile]:
    """What may be kept of a summary; of columns with one name, the first."""
    profiles: dict[str, ColumnProfile] = {}
    for one in summary.columns:
        profiles.setdefault(one.name, _profile(one))
    return profiles


def _profile(one: ColumnSummary) -> ColumnProfile:
    values = [value for value, _ in one.top]
    risk = personal.seen([*values, *one.samples]) or personal.risk(one.name)
    bare = ColumnProfile(
        one.name, one.kind, one.nulls, one.distinct, one.unique, one.shapes, personal=risk.code if risk else ""
    )
    if (risk and not risk.keeps) or one.kind not in _KEPT or _long(one):
        return bare
    if one.kind in {ValueKind.CODE, ValueKind.BOOLEAN}:
        often = tuple((value, share) for value, share in one.top if share >= _SEEN_OFTEN)
        return replace(bare, values=often, samples=tuple(value for value, _ in often[:SAMPLES]))
    samples = () if one.kind in _PLACES else one.samples[:SAMPLES]
    return replace(bare, least=one.least, greatest=one.greatest, samples=samples)


def _long(one: ColumnSummary) -> bool:
    """Long numbers number things, and may be telephones; coordinates apart, nobody needs an example of them."""
    return one.kind is ValueKind.NUMBER and any(_LONG_NUMBER.fullmatch(shape) for shape, _ in one.shapes)


def dump(profiles: Profiles) -> dict[str, Any]:
    """The profiles as JSON, by column (`models.Profile.columns`)."""
    found: dict[str, Any] = _ADAPTER.dump_python(dict(profiles), mode="json")
    return found


def load(form: Mapping[str, Any]) -> dict[str, ColumnProfile]:
    """The profiles that `dump` wrote. Raises `Misconfigured` for what it did not write."""
    try:
        return _ADAPTER.validate_python(form)
    except ValidationError as error:
        message = f"A stored profile is not of this version's form ({error.error_count()} differences)."
        raise Misconfigured(message, advice="Profile the data set's file again.") from error


def similarity(a: ColumnProfile, b: ColumnProfile) -> tuple[float, list[str]]:
    """How alike two columns are by their values, 0 to 1, and why; names count for nothing. 0.5 says nothing either way.

    Symmetric. The reasons are English sentences without a full stop, the weightiest first.
    """
    if ValueKind.EMPTY in {a.kind, b.kind}:
        return _UNKNOWN, ["one of them has no values"]
    alike = _kinds(a, b)
    if alike <= _FAR:
        first, second = sorted((_SPOKEN[a.kind], _SPOKEN[b.kind]))
        return _FAR, [f"one has {first}, the other {second}"]
    parts = [(4.0, alike, f"both have {_SPOKEN[a.kind]}" if a.kind is b.kind else "")]
    for weight, found in ((4.0, _values(a, b)), (3.0, _shapes(a, b)), (2.0, _range(a, b))):
        if found:
            parts.append((weight, *found))
    parts += [(1.0, *_nulls(a, b)), (1.0, *_unique(a, b))]
    score = sum(weight * share for weight, share, _ in parts) / sum(weight for weight, _, _ in parts)
    return round(score, 4), [why for _, _, why in parts if why]


def _kinds(a: ColumnProfile, b: ColumnProfile) -> float:
    if a.kind is b.kind:
        return _TELLING.get(a.kind, 1.0)
    return 0.25 if any({a.kind, b.kind} <= near for near in _NEAR) else _FAR


def _values(a: ColumnProfile, b: ColumnProfile) -> tuple[float, str] | None:
    """Codes that both use, by how many rows of each have them. Digits are in every list of codes and say little."""
    if not a.values or not b.values or a.kind is ValueKind.BOOLEAN or b.kind is ValueKind.BOOLEAN:
        return None
    first, second = ({value.casefold(): share for value, share in one.values} for one in (a, b))
    shared = sorted(first.keys() & second.keys(), key=lambda value: (-min(first[value], second[value]), value))
    weight = sum(min(first[value], second[value]) for value in shared) if not _digits(shared) else 0.0
    used = sum(first[value] + second[value] for value in shared) / (sum(first.values()) + sum(second.values()))
    share = (weight + used) / 2 if not _digits(shared) else used * 0.6
    shown = {value.casefold(): value for one in (b, a) for value, _ in one.values}
    telling = [shown[value] for value in shared if not value.isdigit()][:3]
    return min(share, 1.0), f"both use {', '.join(telling)}" if telling else ""


def _digits(values: Sequence[str]) -> bool:
    return all(value.isdigit() for value in values)


def _shapes(a: ColumnProfile, b: ColumnProfile) -> tuple[float, str] | None:
    """What both are written like; of codes their values tell more, of degrees nothing is to be told."""
    if a.kind in _PLACES or (a.values and b.values) or not a.shapes or not b.shapes:
        return None
    first, second = dict(a.shapes), dict(b.shapes)
    shared = sorted(first.keys() & second.keys(), key=lambda one: (-min(first[one], second[one]), one))
    share = min(sum(min(first[one], second[one]) for one in shared), 1.0)
    return share, f"values are written alike: {shared[0]}" if share >= _UNKNOWN else ""


def _range(a: ColumnProfile, b: ColumnProfile) -> tuple[float, str] | None:
    """How far numbers or days overlap. Cities lie apart, so degrees say nothing here."""
    if a.kind is not b.kind or a.kind not in {ValueKind.NUMBER, ValueKind.DATE} or not (a.least and b.least):
        return None
    ends = [_place(one) for one in (a.least, a.greatest, b.least, b.greatest)]
    if None in ends:
        return None
    low, high, other_low, other_high = (end or 0.0 for end in ends)
    shared = min(high, other_high) - max(low, other_low)
    smaller = min(high - low, other_high - other_low)
    share = 0.0 if shared < 0 else 1.0 if smaller <= 0 else min(shared / smaller, 1.0)
    least, greatest = max(a.least, b.least, key=_order), min(a.greatest, b.greatest, key=_order)
    return share, f"both have values from {least} to {greatest}" if share >= _UNKNOWN else ""


def _place(text: str) -> float | None:
    """Where a number, or a day, stands in its order."""
    year, _, rest = text.partition("-")
    if rest and year.isdigit():
        month, _, day = rest.partition("-")
        return int(year) * 372.0 + int(month) * 31 + int(day)
    return number(text)


def _order(text: str) -> float:
    return _place(text) or 0.0


def _nulls(a: ColumnProfile, b: ColumnProfile) -> tuple[float, str]:
    rare, often = 0.05, 0.2
    said = "both are often empty" if min(a.nulls, b.nulls) > often else ""
    return 1 - abs(a.nulls - b.nulls), "" if max(a.nulls, b.nulls) < rare else said


def _unique(a: ColumnProfile, b: ColumnProfile) -> tuple[float, str]:
    return 1 - abs(a.unique - b.unique), ""
