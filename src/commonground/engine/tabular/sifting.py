"""Conditions that rows are held against: counted in full over any number of tables, shown up to a number."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import duckdb
import pyarrow as pa
from pyarrow import compute

from commonground.engine.session import literal
from commonground.engine.tabular.layout import RAGGED, ROW
from commonground.errors import FileRefused

MEMORY: Final = "1GB"
MOST_TALLIED: Final = 2_000
"""Different values of one condition that are counted one by one."""
_LONGEST: Final = 300
_DISK: Final = "16GB"
_SAFE: Final[dict[str, Any]] = {
    "threads": 2,
    "memory_limit": MEMORY,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "max_temp_directory_size": _DISK,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """Rows of which `where` is true are told of, with the text `shown`; both are SQL. `tally` counts each text too."""

    name: tuple[str, str]
    where: str
    shown: str
    tally: bool = False


class Sieve:
    """Holds tables of text against conditions. `counts` and `samples` (row, text) by name; `tallies` where asked for.

    `columns` are the columns that conditions know: alias to the table's own name; an alias is the trimmed text, null
    where it is empty. `derived` are more columns, alias to SQL over aliases. `key` is SQL for what is unique, or "".
    Rows whose cells fit no column are left out. Raises `FileRefused` when there is not memory enough.
    """

    def __init__(
        self,
        columns: Mapping[str, str],
        derived: Mapping[str, str],
        conditions: Sequence[Condition],
        *,
        key: str = "",
        most: int = 10,
    ) -> None:
        self._columns, self._conditions, self._key, self._most = columns, conditions, key, most
        self.counts: Counter[tuple[str, str]] = Counter()
        self.samples: dict[tuple[str, str], list[tuple[int, str]]] = {}
        self.tallies: dict[tuple[str, str], Counter[str]] = {}
        texts = ", ".join(columns)
        more = ", ".join(f"{sql} AS {alias}" for alias, sql in derived.items())
        # Aliases and expressions are our own; what comes from a file is only in the table.
        inner = f"SELECT {ROW} AS place{texts and ', ' + texts} FROM batch WHERE {RAGGED} IS NULL"  # noqa: S608
        self._rows = f"(SELECT *, {more} FROM ({inner}))" if more else f"({inner})"  # noqa: S608
        counted = ", ".join(f"count(*) FILTER (WHERE {one.where})" for one in conditions)
        self._count = f"SELECT {counted} FROM {self._rows}" if counted else ""  # noqa: S608
        self._folder = tempfile.TemporaryDirectory(prefix="commonground-check-")
        self._session = duckdb.connect(":memory:", config={**_SAFE, "temp_directory": self._folder.name})
        for setting in ("enable_external_access = false", "lock_configuration = true"):
            self._session.execute(f"SET {setting}")
        if key:
            self._session.execute("CREATE TABLE keys (key VARCHAR, place BIGINT)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._session.close()
        self._folder.cleanup()
        if isinstance(error, duckdb.OutOfMemoryException):
            message = f"The rows need more than {MEMORY} of memory and {_DISK} of disk to be checked."
            raise FileRefused(message, advice="Check the file in parts.") from error

    def take(self, table: pa.Table) -> None:
        """Hold one more table against all conditions."""
        texts = (_trimmed(table[name]) for name in self._columns.values())
        names = [*self._columns, ROW, RAGGED]
        self._session.register("batch", pa.table([*texts, table[ROW], table[RAGGED]], names=names))
        if self._key:
            self._ask(f"INSERT INTO keys SELECT {self._key} AS key, place FROM {self._rows} WHERE key IS NOT NULL")  # noqa: S608
        if self._count:
            counts = self._ask(self._count)[0]
            for one, count in zip(self._conditions, counts, strict=True):
                if count:
                    self._told(one, count)
        self._session.unregister("batch")

    def repeated(self) -> tuple[int, list[tuple[int, int, str]]]:
        """How many rows have the key of an earlier row, and the first of them: its row, the earlier one, the key."""
        again = "SELECT key, min(place) AS first FROM keys GROUP BY key HAVING count(*) > 1"
        rows = f"FROM keys JOIN ({again}) USING (key) WHERE place > first"
        total = int(self._ask(f"SELECT count(*) {rows}")[0][0])
        shown = f"SELECT place, first, key {rows} ORDER BY place LIMIT {self._most}"
        return total, [(int(place), int(first), str(key)) for place, first, key in (self._ask(shown) if total else [])]

    def _told(self, one: Condition, count: int) -> None:
        self.counts[one.name] += count
        samples = self.samples.setdefault(one.name, [])
        left = self._most - len(samples)
        if left > 0:
            asked = f"SELECT place, left({one.shown}, {_LONGEST}) FROM {self._rows} WHERE {one.where}"  # noqa: S608
            found = self._ask(f"{asked} ORDER BY place LIMIT {left}")
            samples += [(int(place), "" if shown is None else str(shown)) for place, shown in found]
        if one.tally:
            tally = self.tallies.setdefault(one.name, Counter())
            asked = f"SELECT left({one.shown}, {_LONGEST}) AS text, count(*) FROM {self._rows} WHERE {one.where}"  # noqa: S608
            for text, times in self._ask(f"{asked} GROUP BY text ORDER BY 2 DESC, 1 LIMIT {MOST_TALLIED}"):
                if text in tally or len(tally) < MOST_TALLIED:
                    tally[text] += times

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self._session.execute(sql).fetchall()


def _trimmed(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts without spaces around them, null where nothing is left. Arrow is ten times as quick at it as SQL."""
    found = compute.ascii_trim_whitespace(texts)
    return compute.if_else(compute.equal(found, ""), None, found)


__all__ = ["Condition", "Sieve", "literal"]
