"""What a build of one city's rows tells: counts, remainders, findings. Plain data, as JSON keeps it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Joined:
    """Columns of another file that are found by a column which both have; of equal keys the first row is taken."""

    path: Path
    on: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Raw:
    """One raw part: a file of rows as text, with where it comes from. Later `order`s win over earlier ones."""

    id: int
    source: str
    path: Path
    names: tuple[str, ...]
    rows: int
    order: int
    label: str = ""
    joins: tuple[Joined, ...] = ()
    overwritten: tuple[int, ...] = ()
    """Numbers (`_row`) of rows that the portal has changed since; they came again in a later part, and are left out."""

    @property
    def left(self) -> int:
        """Rows that are not overwritten."""
        return self.rows - len(self.overwritten)

    @property
    def columns(self) -> tuple[str, ...]:
        """Its own columns, and those that are joined to them."""
        return (*self.names, *(name for one in self.joins for name in one.columns if name not in self.names))


@dataclass(slots=True)
class Share:
    """Of a field: how many rows give a value, and of how many of these nothing could be made."""

    given: int = 0
    lost: int = 0

    @property
    def remainder(self) -> float:
        """The share that is lost, 0 to 1; 0 where nothing is given."""
        return self.lost / self.given if self.given else 0.0


@dataclass(slots=True)
class Trouble:
    """A finding about values of a field: how many, and some of them, each `(part, row, value as published)`."""

    field: str
    code: str
    count: int = 0
    samples: list[tuple[int, int, str]] = dataclasses.field(default_factory=list)


@dataclass(slots=True)
class Built:
    """One city's rows in a standard. `read` counts in the grain of the standard, `raw` the rows that came.

    read = mapped + the sum of `withheld`. `unmapped`: of each coded field the city's values that have no code, with
    their counts. `seen` are all values of coded fields, so that a later build knows a new one. `issues` are the field and
    the code of each bit of `_issues0` and `_issues1`, from the lowest on.
    """

    standard: str
    city: str
    raw: int = 0
    read: int = 0
    mapped: int = 0
    withheld: Counter[str] = dataclasses.field(default_factory=Counter)
    remainder: dict[str, Share] = dataclasses.field(default_factory=dict)
    troubles: list[Trouble] = dataclasses.field(default_factory=list)
    unmapped: dict[str, dict[str, int]] = dataclasses.field(default_factory=dict)
    sources: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    first: str = ""
    newest: str = ""
    placed: int = 0
    seconds: float = 0.0
    stopped: list[str] = dataclasses.field(default_factory=list)
    issues: list[tuple[str, str]] = dataclasses.field(default_factory=list)

    @property
    def superseded(self) -> int:
        """Rows of a key that a later row has as well."""
        return self.withheld["superseded"]

    def form(self) -> Mapping[str, Any]:
        """As JSON keeps it."""
        plain = dataclasses.replace(self, withheld={})  # type: ignore[arg-type] # asdict makes a Counter of pairs
        return {**asdict(plain), "withheld": dict(self.withheld)}


def built(form: Mapping[str, Any]) -> Built:
    """What `form` wrote."""
    kept = dict(form)
    kept["withheld"] = Counter(kept["withheld"])
    kept["remainder"] = {name: Share(**one) for name, one in kept["remainder"].items()}
    kept["troubles"] = [
        Trouble(one["field"], one["code"], one["count"], [(a, b, c) for a, b, c in one["samples"]])
        for one in kept["troubles"]
    ]
    kept["issues"] = [(field, code) for field, code in kept.get("issues", ())]
    return Built(**kept)
