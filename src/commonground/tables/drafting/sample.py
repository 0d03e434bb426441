"""Some rows of a city's newest raw parts, spread evenly over each, so that a draft is tried in seconds. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from commonground.engine.session import literal, private
from commonground.tables.build.result import Raw

MOST_PARTS: Final = 12


@dataclass(frozen=True, slots=True)
class Sampled:
    """A part, or every `step`th row of it: row n of it is row (n - 1) * step + 1 of the part itself."""

    raw: Raw
    whole: Raw
    step: int = 1

    def row(self, number: int) -> int:
        """Where a row stands in the part itself."""
        return (number - 1) * self.step + 1


def sampled(parts: Sequence[Raw], most: int, folder: Path) -> list[Sampled]:
    """At most about `most` rows of the newest parts, in the order of the parts. Files go into `folder`."""
    chosen = sorted(_newest(parts), key=lambda one: one.order)
    shares = _shares([one.rows for one in chosen], most)
    return [_some(one, share, folder) for one, share in zip(chosen, shares, strict=True)]


def _newest(parts: Sequence[Raw]) -> list[Raw]:
    """Of each source the newest part first, then the ones before."""
    turns: dict[str, int] = {}
    ranked = []
    for one in sorted(parts, key=lambda one: -one.order):
        turn = turns[one.source] = turns.get(one.source, 0) + 1
        ranked.append((turn, -one.order, one))
    return [one for *_, one in sorted(ranked, key=lambda each: each[:2])[:MOST_PARTS]]


def _shares(sizes: Sequence[int], most: int) -> list[int]:
    """How many rows of each: the same of all, and what small ones leave goes to the others."""
    shares, left = [0] * len(sizes), most
    for turn, place in enumerate(sorted(range(len(sizes)), key=lambda one: sizes[one])):
        shares[place] = min(sizes[place], left // (len(sizes) - turn))
        left -= shares[place]
    return shares


def _some(whole: Raw, most: int, folder: Path) -> Sampled:
    if most >= whole.rows:
        return Sampled(whole, whole)
    step = -(-whole.rows // max(most, 1))
    path = folder / f"sample-{whole.id}.parquet"
    with private("600MB", spill=folder) as session:
        session.execute(
            f"COPY (SELECT * REPLACE ((_row - 1) // {step} + 1 AS _row) FROM read_parquet({literal(str(whole.path))})"
            f" WHERE (_row - 1) % {step} = 0 ORDER BY 1) TO {literal(str(path))} (FORMAT parquet)"
        )
    return Sampled(replace(whole, path=path, rows=-(-whole.rows // step)), whole, step)
