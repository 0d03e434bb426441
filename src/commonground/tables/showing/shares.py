"""What is missing: of each city and field, how many values it gave and of how many nothing could be made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from commonground.standards.model import CITY, PLACE
from commonground.tables.build.result import Built, Share

if TYPE_CHECKING:
    from commonground.standards.model import Field, Standard
    from commonground.tables.manifest import Table


@dataclass(frozen=True, slots=True)
class Line:
    """One field of one city. `share` is None where the city gives the field no value at all."""

    field: Field
    share: Share | None

    @property
    def percent(self) -> float | None:
        """The remainder in percent; None where no value is given."""
        return 100 * self.share.remainder if self.share else None


@dataclass(frozen=True, slots=True)
class Whole:
    """All values of a city: how many it gave, how many are lost, and the field that loses the greatest share."""

    given: int
    lost: int
    worst: Line | None

    @property
    def percent(self) -> float | None:
        """The remainder in percent; None where nothing is given."""
        return 100 * self.lost / self.given if self.given else None


def lines(standard: Standard, result: Built) -> list[Line]:
    """Every field of the standard but the city, and of a place one line: its latitude stands for both."""
    return [Line(one, result.remainder.get(one.name)) for one in standard.fields if one.name not in {CITY, PLACE[1]}]


def whole(standard: Standard, results: Iterable[Built]) -> Whole:
    """The sum over fields and cities."""
    found = [one for result in results for one in lines(standard, result) if one.share]
    given = sum(one.share.given for one in found if one.share)
    lost = sum(one.share.lost for one in found if one.share)
    losing = [one for one in found if one.share and one.share.lost]
    return Whole(given, lost, max(losing, key=lambda one: one.percent or 0.0, default=None))


@dataclass(frozen=True, slots=True)
class Row:
    """One field over the cities of a table, in their order; `said` is what a cell says."""

    field: Field
    shares: tuple[Share | None, ...]

    @property
    def loses(self) -> bool:
        """Whether any city loses a value of it."""
        return any(one and one.lost for one in self.shares)


def matrix(table: Table, slugs: Iterable[str]) -> list[Row]:
    """Field by field, city by city; fields that no city gives are left out."""
    order = list(slugs)
    results: Mapping[str, Built] = {slug: table.cities[slug].result for slug in order}
    found = []
    for one in table.standard.fields:
        if one.name in {CITY, PLACE[1]}:
            continue
        shares = tuple(results[slug].remainder.get(one.name) for slug in order)
        if any(shares):
            found.append(Row(one, shares))
    return found
