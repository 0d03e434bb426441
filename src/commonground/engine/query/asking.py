"""Ask a question, and have its answer in memory or in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import orjson
import pyarrow as pa

from commonground.engine.query import pool as pools
from commonground.engine.query.catalog import Catalog
from commonground.engine.query.forms import Form, columns, write
from commonground.engine.query.limits import ANSWER, EXPORT, Limits
from commonground.engine.query.pool import Cancel, Pool, Told
from commonground.engine.query.values import OPTIONS, plain


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows in memory. `truncated`: there are more of them than the limit. `seconds` is the time of the engine.

    `left_out`: as `Catalog.lacking`, for this question.
    """

    table: pa.Table
    truncated: bool
    seconds: float
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> list[dict[str, str]]:
        """`name` and `type` of each column."""
        return columns(self.table.schema)

    def rows(self) -> list[dict[str, Any]]:
        """Each row by column name, with values as JSON has them."""
        listed = [plain(column.combine_chunks()) for column in self.table.columns]
        rows = [dict(zip(self.table.column_names, row, strict=True)) for row in zip(*listed, strict=True)]
        # Python's own reader keeps a whole number whole, however long it is.
        return json.loads(orjson.dumps(rows, option=OPTIONS))  # type: ignore[no-any-return]


def ask(  # noqa: PLR0913 - the last four have defaults
    catalog: Catalog,
    sql: str,
    *,
    limits: Limits = ANSWER,
    cancel: Cancel | None = None,
    who: str = "",
    pool: Pool | None = None,
) -> Answer:
    """Answer one SELECT over the tables of a catalog. Where many wait, `who` asks has turns beside the others.

    Raises `NotFound` (no such table, column or function), `QuestionRefused` (no SQL, or more than reading), `TooBig`,
    `TooLong` (also when it was called off), or `Crowded`.
    """
    with (pool or pools.shared()).asked(catalog, sql, limits, cancel or _never, who) as (told, batches):
        table = pa.Table.from_batches(batches)
    return Answer(table, told.truncated, told.seconds, told.left_out)


def export(  # noqa: PLR0913 - the last five have defaults
    catalog: Catalog,
    sql: str,
    form: Form,
    sink: BinaryIO,
    *,
    limits: Limits = EXPORT,
    cancel: Cancel | None = None,
    who: str = "",
    pool: Pool | None = None,
    about: Sequence[Mapping[str, Any]] = (),
) -> Told:
    """Write the answer to a file, a part at a time; JSON has `about` as `tables` too. Raises as `ask`; what was written
    by then is no answer.
    """
    with (pool or pools.shared()).asked(catalog, sql, limits, cancel or _never, who) as (told, batches):
        write(form, told, batches, sink, about)
    return told


def _never() -> bool:
    return False
