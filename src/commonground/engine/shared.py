"""One DuckDB for all questions of this process: one bound on memory, and nothing to set up for each question."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock, Timer
from typing import Any, Final

import duckdb

from commonground.errors import TooBig, TooLong

MEMORY: Final = "600MB"
_SETTINGS: Final[dict[str, Any]] = {
    "threads": 2,
    "memory_limit": MEMORY,
    "preserve_insertion_order": True,  # files are in the order that pages are read in
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
}
_once: Final = Lock()


@cache
def _database(spill: str) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:", config={**_SETTINGS, "temp_directory": spill})


@contextmanager
def questions(spill: Path | None = None, *, seconds: float = 0) -> Iterator[duckdb.DuckDBPyConnection]:
    """A session of our own questions, in UTC; what is too large to sort in memory goes into `spill`.

    With `seconds` a question that takes longer is called off: `TooLong`. `TooBig` for one that memory cannot hold.
    """
    with _once:  # two threads that come first would make two
        session = _database(str(spill) if spill else "").cursor()
    timer = Timer(seconds, session.interrupt) if seconds else None
    try:
        session.execute("SET TimeZone = 'UTC'")
        # Of the rows of a page the other columns are read when it is known which rows they are: ten times quicker.
        session.execute("SET late_materialization_max_rows = 20000")
        if timer:
            timer.daemon = True
            timer.start()
        yield session
    except duckdb.InterruptException:
        message = f"The question took longer than {seconds:g} seconds."
        raise TooLong(message, advice="Ask for fewer rows: one city, or a shorter time.") from None
    except duckdb.OutOfMemoryException:
        raise TooBig(f"The question needs more than {MEMORY} of memory.", advice="Ask for fewer rows.") from None
    finally:
        if timer:
            timer.cancel()
        session.close()
