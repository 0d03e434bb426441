"""Which rows a page is asked for: `?release=N&city=…&kind=…&from=…&to=…&by=month`."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from django.utils.http import urlencode

from commonground.engine.session import literal
from commonground.errors import Usage
from commonground.standards.model import CITY, UNMAPPED, Standard
from commonground.standards.telling import near
from commonground.tables.build.cleaning import quoted

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.http import QueryDict

STEPS: Final = ("day", "month", "year")
PARTS: Final = ("release", "city", "kind", "from", "to", "by")
"""What an address may ask for; other parts of it are left alone."""
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """Rows of these cities (all where none is named), of a kind, from a day to a day, both included."""

    cities: tuple[str, ...] = ()
    kind: str = ""
    first: date | None = None
    last: date | None = None
    by: str = ""

    @property
    def narrow(self) -> bool:
        """Whether rows are left out."""
        return bool(self.cities or self.kind or self.first or self.last)

    def where(self, standard: Standard) -> str:
        """The condition in SQL; `true` where nothing is left out."""
        terms = []
        if self.cities:
            terms.append(f"{CITY} IN ({', '.join(map(literal, self.cities))})")
        if self.kind:
            terms.append(f"{quoted(standard.kind)} = {literal(self.kind)}")
        if self.first:
            terms.append(f"{quoted(standard.time)} >= DATE '{self.first.isoformat()}'")
        if self.last:
            terms.append(f"{quoted(standard.time)} <= DATE '{self.last.isoformat()}'")
        return " AND ".join(terms) or "true"

    def query(self, **more: Any) -> str:  # noqa: ANN401 - whatever stands in an address
        """The same as a query string with its `?`, with more in it; what is empty is left out."""
        parts = {
            "city": list(self.cities),
            "kind": self.kind,
            "from": self.first,
            "to": self.last,
            "by": self.by,
            **more,
        }
        told = urlencode([(name, value) for name, value in parts.items() if value], doseq=True)
        return f"?{told}" if told else ""


def release(query: QueryDict) -> int | None:
    """The number of the release that is asked for, None for the newest. Raises `Usage`."""
    text = query.get("release", "")
    if text and not (re.fullmatch("[0-9]{1,9}", text) and int(text)):
        raise Usage(f"release: {_cut(text)} is no number of a release. Write a whole number from 1.")
    return int(text) if text else None


def wanted(query: QueryDict, standard: Standard, cities: Collection[str]) -> Wanted:
    """What a query asks of a table with these cities. Raises `Usage` that names the part which is wrong."""
    first, last = _day(query, "from", standard), _day(query, "to", standard)
    if first and last and first > last:
        raise Usage(f"from: {first} is later than to: {last}. Change one of them.")
    return Wanted(_cities(query, cities), _kind(query, standard), first, last, _by(query, standard))


def _cities(query: QueryDict, known: Collection[str]) -> tuple[str, ...]:
    asked = [one for text in query.getlist("city") for one in text.split(",") if one]
    for one in asked:
        if one not in known:
            raise Usage(f"city: this table has no {_cut(one)}. {near(one, sorted(known))}")
    return tuple(sorted(set(asked)))


def _kind(query: QueryDict, standard: Standard) -> str:
    asked = query.get("kind", "")
    if not asked:
        return ""
    if not standard.kind:
        raise Usage(f"kind: the rows of {standard.name} have no kind. Leave kind out.")
    known = (*standard.codes(standard.kind), UNMAPPED)
    if asked not in known:
        raise Usage(f"kind: {standard.kind} has no code {_cut(asked)}. {near(asked, known)}")
    return asked


def _by(query: QueryDict, standard: Standard) -> str:
    asked = query.get("by", "")
    if asked and asked not in STEPS:
        raise Usage(f"by: {_cut(asked)} is no step of time. Write day, month or year.")
    return asked if standard.time else ""


def _day(query: QueryDict, part: str, standard: Standard) -> date | None:
    """A day, or the first or last one of a month or a year."""
    text = query.get(part, "").strip()
    if not text:
        return None
    if not standard.time:
        raise Usage(f"{part}: the rows of {standard.name} have no day. Leave {part} out.")
    found = re.fullmatch("([0-9]{4})(?:-([0-9]{1,2}))?(?:-([0-9]{1,2}))?", text)
    try:
        return _edge([int(one) for one in found.groups() if one] if found else [], last=part == "to")
    except ValueError:
        raise Usage(f"{part}: {_cut(text)} is no day. Write it as 2024-01-31, 2024-01 or 2024.") from None


def _edge(parts: list[int], *, last: bool) -> date:
    """The first or last day of a year, a month, a day. Raises `ValueError` for none of them."""
    year, month, day, *_ = [*parts, *[1] * (3 - len(parts))] if parts else [0, 0, 0]
    begin = date(year, month, day)
    match len(parts) if last else 3:
        case 1:
            return date(year, 12, 31)
        case 2:
            return date(year, month, monthrange(year, month)[1])
        case _:
            return begin


def _cut(text: str) -> str:
    return f"“{text if len(text) <= _LONGEST else text[:_LONGEST] + '…'}”"
