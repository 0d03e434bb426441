"""What stops publication of a city: a new code, a column that is gone, a fall of rows, a jump of the remainder. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from commonground.tables.build.result import Built

FALL: Final = 0.2
"""So large a share of its rows does not vanish between two builds by itself."""
JUMP: Final = 0.02
"""So much more of a field's values, as a share, are not lost by chance."""


def reasons(now: Built, before: Built | None) -> list[str]:
    """Why the rows of a city are not published; empty where nothing speaks against it. `before` is what is published."""
    found = list(now.stopped)
    if not now.mapped:
        found.append("no row could be mapped")
    if before is not None:
        found += [*_fallen(now, before), *_new_codes(now, before), *_jumped(now, before)]
    return found


def _fallen(now: Built, before: Built) -> Iterator[str]:
    if now.mapped < before.mapped * (1 - FALL):
        yield f"rows fell from {before.mapped:,} to {now.mapped:,}"


def _new_codes(now: Built, before: Built) -> Iterator[str]:
    for name, values in now.unmapped.items():
        new = [one for one in values if one not in before.unmapped.get(name, {})]
        if new:
            shown = ", ".join(f"“{one}” ({values[one]:,} rows)" for one in new[:5])
            yield f"{name} has {len(new)} new value{'s' * (len(new) != 1)} without a code: {shown}"


def _jumped(now: Built, before: Built) -> Iterator[str]:
    for name, share in now.remainder.items():
        was = before.remainder.get(name)
        if was is not None and share.remainder > was.remainder + JUMP:
            yield f"the remainder of {name} rose from {was.remainder:.1%} to {share.remainder:.1%}"
    for name in before.remainder:
        if name not in now.remainder and before.remainder[name].given:
            yield f"{name} has no values any more"
