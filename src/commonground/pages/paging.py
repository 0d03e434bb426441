"""Pages of a long list: number and size live in the query string, bounded, and every page is a link."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from django.http import QueryDict

MOST_PER_PAGE: Final = 100
EDGE: Final = 5
"""How many numbers stand together at either end of a long row of pages."""
DEEPEST: Final = 10_000
"""How far a list can be paged through; the CSV form has every row."""


@dataclass(frozen=True, slots=True)
class Paging:
    """One page of a list. `start` and `stop` are offsets; `total` is the whole list."""

    query: QueryDict
    number: int
    size: int
    total: int = 0

    @property
    def start(self) -> int:
        """The offset of the first entry."""
        return (self.number - 1) * self.size

    @property
    def stop(self) -> int:
        """The offset after the last entry."""
        return min(self.start + self.size, self.total)

    @property
    def first_shown(self) -> int:
        """The place of the first entry as people count; 0 where there is none."""
        return min(self.start + 1, self.total)

    @property
    def last(self) -> int:
        """The number of the last page that can be asked for."""
        return max(1, -(-min(self.total, DEEPEST) // self.size))

    @property
    def previous_link(self) -> str:
        """The query of the page before, or nothing."""
        return self.link(min(self.number - 1, self.last)) if self.number > 1 else ""

    @property
    def next_link(self) -> str:
        """The query of the page after, or nothing."""
        return self.link(self.number + 1) if self.number < self.last else ""

    @property
    def steps(self) -> list[tuple[int | None, str]]:
        """The numbers to show, at most seven: first, last, the neighbors; None stands for a gap."""
        near = {1, self.last, *range(self.number - 1, self.number + 2)}
        near |= set(range(1, EDGE + 1)) if self.number < EDGE else set()
        near |= set(range(self.last - EDGE + 1, self.last + 1)) if self.number > self.last - EDGE + 1 else set()
        steps: list[tuple[int | None, str]] = []
        before = 0
        for number in sorted(each for each in near if 1 <= each <= self.last):
            if number > before + 1:
                steps.append((None, ""))
            steps.append((number, self.link(number)))
            before = number
        return steps

    def link(self, number: int) -> str:
        """The query string of a page, the rest of the query kept."""
        return changed(self.query, page=str(number) if number > 1 else None)

    def of(self, total: int) -> Paging:
        """The same page of a list whose length is now known."""
        return replace(self, total=total)


def asked(query: QueryDict, *, size: int = 20) -> Paging:
    """The page that a query asks for. What is not a number counts as not asked."""
    per_page = min(max(whole(query.get("size")) or size, 1), MOST_PER_PAGE)
    number = min(max(whole(query.get("page")) or 1, 1), DEEPEST // per_page)
    return Paging(query, number, per_page)


def changed(query: QueryDict, **changes: str | None) -> str:
    """The query string with some keys set anew or (None) left out."""
    fresh = query.copy()
    for key, value in changes.items():
        if value is None:
            fresh.pop(key, None)
        else:
            fresh[key] = value
    return f"?{fresh.urlencode()}" if fresh else "?"


def whole(text: str | None) -> int | None:
    """A number as an address has it; None for anything else."""
    return int(text) if text and re.fullmatch("[0-9]{1,9}", text) else None
