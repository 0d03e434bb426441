"""A standard: the agreed definition of a table. Frozen, without I/O; `files.py` reads it from a Table Schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Final

UNMAPPED: Final = "unmapped"
"""The code of a value that no crosswalk knows: legal in every codelist, and counted in the remainder."""
CITY: Final = "city"
"""The first field of every standard: the slug of the city."""
PLACE: Final = ("latitude", "longitude")
"""The two fields of a place, in degrees (WGS 84), where a standard has one."""


class FieldType(StrEnum):
    """The types of Frictionless Table Schema that our standards use.

    A `datetime` is an instant, kept in UTC; a `date` is a day in the city's own zone.
    """

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"


@dataclass(frozen=True, slots=True)
class Code:
    """One value that a coded field may have. `group` puts codes of a long list together ("Person", "Property")."""

    code: str
    label: str
    definition: str = ""
    group: str = ""


@dataclass(frozen=True)
class Codelist:
    """The codes of a field, with where they come from. `unmapped` is legal beside them, and not one of them."""

    name: str
    title: str
    source: str
    codes: tuple[Code, ...]

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Code to label."""
        return {one.code: one.label for one in self.codes}


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a table.

    A coded field (`codelist`) has a twin `raw`, with the city's own words. `based_on` is the term of the published
    standard that it comes from. `minimum` and `maximum` are bounds of numbers; `unit` is a word such as "feet".
    `free_text` is written by people, so it passes the privacy screen before publication. `ahead` is of fields of time
    that may lie in the future (due, expires); `earliest` is the first year that is believed, 1950 where none is given.
    """

    name: str
    type: FieldType
    title: str
    description: str
    required: bool = False
    codelist: str = ""
    raw: str = ""
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    based_on: str = ""
    free_text: bool = False
    ahead: bool = False
    earliest: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """Two fields of time of which the first is never later: (applied, issued)."""

    earlier: str
    later: str


@dataclass(frozen=True, slots=True)
class Basis:
    """A published standard that this one is made from."""

    name: str
    url: str
    note: str = ""


@dataclass(frozen=True)
class Standard:
    """An agreed table, in one version.

    `grain` says in words what one row is. `key` are the fields that are unique together, `city` first. `time` is the
    field of type `date` by which rows are counted over time, `kind` the coded field by which they are told apart;
    either may be "". `subject` is a slug of the register of subjects.
    """

    name: str
    title: str
    description: str
    subject: str
    grain: str
    version: str
    based_on: tuple[Basis, ...]
    review_by: date
    key: tuple[str, ...]
    time: str
    kind: str
    fields: tuple[Field, ...]
    codelists: Mapping[str, Codelist] = field(default_factory=dict)
    orders: tuple[Order, ...] = ()

    @cached_property
    def named(self) -> Mapping[str, Field]:
        """Field by name."""
        return {one.name: one for one in self.fields}

    @property
    def id(self) -> str:
        """`building_permits@1.0.0`."""
        return f"{self.name}@{self.version}"

    @property
    def has_place(self) -> bool:
        """Whether rows have a place."""
        return all(name in self.named for name in PLACE)

    def codes(self, name: str) -> Mapping[str, str]:
        """Code to label of a coded field."""
        return self.codelists[self.named[name].codelist].labels
