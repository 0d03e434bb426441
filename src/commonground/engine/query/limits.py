"""How much one question may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MEMORY: Final = 640 * 2**20
"""Bytes that DuckDB may hold for a question. It does not count everything, so `CEILING` is watched from outside."""
CEILING: Final = 1_000_000_000
"""Bytes of memory at which the process is ended, whatever holds them."""
THREADS: Final = 2
LONGEST: Final = 20_000
"""Characters of a question."""
DEEPEST: Final = 200
"""Expressions and queries inside each other."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Rows are cut, and the answer says so; more bytes (of rows in memory) or seconds refuse the question."""

    rows: int = 10_000
    bytes: int = 64 * 2**20
    seconds: float = 30.0


ANSWER: Final = Limits()
"""An answer that is kept in memory, for a page or a program."""
EXPORT: Final = Limits(rows=1_000_000, bytes=2**30, seconds=120.0)
"""An answer that is written to a file."""
