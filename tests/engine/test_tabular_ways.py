"""The quick and the slow way through a CSV file read every row alike."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commonground.engine.tabular import RAGGED, ROW, Rows, open_rows
from commonground.engine.tabular.separated import Separated
from commonground.errors import FileRefused

CELL = st.text(st.sampled_from("ab1é ,;\"\n\r\t\x1a\ufeff\0\\'=-"), max_size=6)
TABLE = st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), max_size=8))


@contextmanager
def file(content: bytes) -> Iterator[Path]:
    """A file of these bytes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_bytes(content)
        yield path


def slow(rows: Rows) -> Rows:
    """The same rows, but never by Arrow."""
    (reader,) = rows._readers
    assert isinstance(reader, Separated)
    reader._quick = False
    return rows


def read(rows: Rows) -> tuple[list[dict[str, Any]], list[object], dict[str, int]]:
    """All that is known of rows."""
    tables = list(rows.batches())
    return pa.concat_tables(tables).to_pylist() if tables else [], [*rows.problems], dict(rows.totals)


def outcome(path: Path, *, quick: bool) -> object:
    """What is read, or why it is refused."""
    try:
        rows = open_rows(path)
        return read(rows if quick else slow(rows))
    except FileRefused as refused:
        return refused.message, refused.advice


@settings(max_examples=400)
@given(st.text(st.sampled_from('ab1 ,"\n\r\x1a'), max_size=60).map(lambda text: "a,b,c\n" + text))
@example('a,b,c\n1,2,"\n')
@example('a,b,c\n1\r,,"')
@example('a,b,c\n"x"y,1,2\n3,4\n')
@example("a,b,c\n \n1,2,3\n\r\r\n4,5\n")
@example('a,b,c\n1,"x\n2,"y",z\n3,4,5')
@example('a,b,c\n"1,2,3"\n,,,\n')
def test_any_text_is_read_alike(text: str) -> None:
    with file(text.encode()) as path:
        assert read(open_rows(path)) == read(slow(open_rows(path)))


@settings(max_examples=100)
@given(st.binary(max_size=80))
def test_any_bytes_are_read_alike_or_refused_in_words(content: bytes) -> None:
    with file(b"a,b\n" + content) as path:
        assert outcome(path, quick=True) == outcome(path, quick=False)


@settings(max_examples=200)
@given(TABLE)
def test_what_csv_writes_comes_back(table: list[list[str]]) -> None:
    width = len(table[0]) if table else 2
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerows([[f"c{n}" for n in range(width)], *table])
    with file(out.getvalue().encode()) as path:
        found, problems, _ = read(open_rows(path))
    cells = [[one[f"c{n}"] for n in range(width)] for one in found]
    assert cells == [[cell.replace("\0", "\ufffd") for cell in row] for row in table]
    assert [one[ROW] for one in found] == list(range(1, len(table) + 1))
    assert not [one for one in problems if getattr(one, "code", "") != "nul"]


@settings(max_examples=100)
@given(st.lists(st.lists(st.sampled_from(["", "1", "x", "y z"]), min_size=1, max_size=6), max_size=20))
def test_no_row_is_lost_and_none_shifted(table: list[list[str]]) -> None:
    table = [row for row in table if any(row)]
    body = "\n".join(["a,b,c", *(",".join(row) for row in table)])
    with file(body.encode()) as path:
        found, _, _ = read(open_rows(path))
    assert len(found) == len(table)
    for got, row in zip(found, table, strict=True):
        if len(row) == 3 or (len(row) > 3 and not any(row[3:])):
            assert [got["a"], got["b"], got["c"]] == row[:3], got
        else:
            assert json.loads(got[RAGGED]) == row


def test_dirt_after_many_blocks_takes_up_where_arrow_stopped() -> None:
    clean = "".join(f'{n},"x\ny",z\n' for n in range(700_000))
    odd = '700000,"' + "long\n" * 1_000_000 + '",z\n'
    with file(f'a,b,c\n{clean}1,2\n{odd}x,"open\n'.encode()) as path:
        rows = open_rows(path)
        last = None
        count = 0
        for batch in rows.batches():
            assert batch[ROW][0].as_py() == count + 1
            count += batch.num_rows
            last = batch
        assert last is not None
        assert count == 700_003
        assert last["b"].to_pylist()[-2] == "long\n" * 1_000_000
        assert [(one.code, one.row, one.line) for one in rows.problems] == [
            ("ragged", 700_001, 1_400_002),
            ("ragged", 700_003, 2_400_004),
        ]
