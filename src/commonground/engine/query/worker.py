"""The process that answers: `python -P -m commonground.engine.query.worker`. Questions come in, rows go out.

It holds no secrets, writes nothing, and may be ended at any moment; whoever started it starts another one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from io import BytesIO
from threading import Event, Thread
from time import perf_counter
from typing import Any, BinaryIO, Final

import duckdb
import orjson
import pyarrow as pa

from commonground.engine.query import bounds, frames, wording
from commonground.engine.query.catalog import state
from commonground.engine.query.judging import judged
from commonground.engine.query.session import opened
from commonground.errors import CommonGroundError, QuestionRefused

AT_A_TIME: Final = 4_096
"""Rows in one frame. Larger frames are a little quicker to write as CSV; wide rows then fill the memory of a question."""
_BEFORE: Final = "FROM (\n"
_AGAIN: Final = 0.1
_LONGEST: Final = 1_000
_BROKEN: Final = (duckdb.FatalException, duckdb.InternalException)


class Worker:
    """Answers questions one after the other; a session is kept as long as the catalog stays the same."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._version = ""
        self._session: duckdb.DuckDBPyConnection | None = None
        self._columns: dict[str, list[str]] = {}
        self._broken: dict[str, str] = {}
        self._before = 0

    def answer(self, question: dict[str, Any]) -> None:
        """Send rows and what is told of them, or one error.

        A question has `catalog`, `sql`, `rows`, `bytes` and `seconds`. Raises OSError where nobody reads.
        """
        began = perf_counter()
        bounds.allow(question["seconds"])
        sql = question["sql"]
        try:
            session = self._of(question["catalog"])
            with session.cursor() as cursor:
                truncated = self._rows(cursor, question)
            _same(question["catalog"]["states"])
        except CommonGroundError as error:
            self._refuse(error)
        except duckdb.InterruptException:
            self._refuse(wording.too_long(question["seconds"]))
        except duckdb.Error as error:
            self._refuse(*self._told(error, sql))
            if isinstance(error, _BROKEN):
                raise SystemExit(1) from None
        except MemoryError:
            self._refuse(wording.too_big())
        except pa.ArrowException:
            message = "The answer has values that cannot be told."
            self._refuse(QuestionRefused(message, advice="Cast what is very large or very odd to text."))
        else:
            seconds = round(perf_counter() - began, 4)
            frames.send(self._out, frames.DONE, orjson.dumps({"truncated": truncated, "seconds": seconds}))

    def _told(self, error: duckdb.Error, sql: str) -> tuple[CommonGroundError, str, bool]:
        said = f"{type(error).__name__}: {error}"
        missing = isinstance(error, duckdb.CatalogException) and '"type":"Table"' in said
        if broken := next((name for name in self._broken if missing and f'"name":"{name}"' in said), ""):
            return wording.unreadable(broken), self._broken[broken], True
        return wording.told(error, sql, self._before, self._columns), said, wording.ours(error)

    def _refuse(self, error: CommonGroundError, log: str = "", ours: bool = False) -> None:  # noqa: FBT001, FBT002 - three parts of one fact
        told = {"kind": type(error).__name__, "message": error.message, "advice": error.advice}
        frames.send(self._out, frames.ERROR, orjson.dumps({**told, "log": log[:_LONGEST], "ours": ours}))

    def _of(self, catalog: dict[str, Any]) -> duckdb.DuckDBPyConnection:
        if self._session is None or catalog["version"] != self._version:
            if self._session:
                self._session.close()
            self._session, self._broken = opened(catalog["tables"])
            self._version = catalog["version"]
            columns = self._session.execute("SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal")
            self._columns = {name: [] for name, source in catalog["tables"].items() if source["paths"]}
            for table, column in columns.fetchall():
                self._columns[table].append(column)
        return self._session

    def _rows(self, cursor: duckdb.DuckDBPyConnection, question: dict[str, Any]) -> bool:
        """Send the rows; whether there were more of them than wanted."""
        most: int = question["rows"]
        left: int = question["bytes"]
        self._before = 0
        bare = judged(cursor, question["sql"], self._columns)
        self._before = len(_BEFORE)
        done = Event()
        Thread(target=_stop, args=(cursor, question["seconds"], done), daemon=True).start()
        try:
            # The wish for so many rows is part of the question, so that DuckDB need not sort or read the others.
            reader = _relation(cursor, f"{_BEFORE}{bare}\n) LIMIT {most + 1}").to_arrow_reader(AT_A_TIME)
            sent = 0
            for batch in _never_none(reader):
                left -= batch.nbytes
                if left < 0:
                    raise wording.too_much(question["bytes"])
                self._send(batch.slice(0, most - sent))
                sent += batch.num_rows
        finally:
            done.set()
        return sent > most

    def _send(self, batch: pa.RecordBatch) -> None:
        """One frame, or several where the rows are large."""
        if batch.nbytes > frames.LARGEST // 2 and batch.num_rows > 1:
            half = batch.num_rows // 2
            self._send(batch.slice(0, half))
            self._send(batch.slice(half))
            return
        body = BytesIO()
        with pa.ipc.new_stream(body, batch.schema) as writer:
            writer.write_batch(batch)
        frames.send(self._out, frames.ROWS, body.getbuffer())


def _same(states: list[list[Any]]) -> None:
    """Raises `QuestionRefused` where a file is another one than when the question came."""
    if any(list(state(path)) != [path, *told] for path, *told in states):
        message = "A table was published anew while the question was answered."
        raise QuestionRefused(message, advice="Ask it again.")


def _relation(cursor: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyRelation:
    try:
        return cursor.sql(sql)
    except (duckdb.BinderException, duckdb.CatalogException):
        cursor.execute(sql)  # fails as well, and tells the place
        raise


def _never_none(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """The batches; one without rows when there are none, because it tells the columns."""
    first = True
    for batch in reader:
        first = False
        yield batch
    if first:
        yield pa.RecordBatch.from_pylist([], schema=reader.schema)


def _stop(cursor: duckdb.DuckDBPyConnection, seconds: float, done: Event) -> None:
    """Interrupt what runs when the time is over. Some of what DuckDB does overhears it: then the pool ends us."""
    wait = seconds
    while not done.wait(wait):
        cursor.interrupt()
        wait = _AGAIN


def main() -> None:
    """Answer until nobody asks any more."""
    questions = os.fdopen(os.dup(0), "rb")
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    warm = duckdb.connect(":memory:")
    warm.sql("SELECT 1").to_arrow_reader(1).read_all()
    warm.close()
    bounds.bind()
    worker = Worker(out)
    try:
        while True:
            _, body = frames.receive(questions)
            worker.answer(orjson.loads(body))
    except (EOFError, BrokenPipeError):
        sys.exit(0)


if __name__ == "__main__":
    main()
