"""Files of rows, real and broken, read by the real engine."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.engine.session import literal, reading
from commonground.engine.summary import ColumnSummary, summarize
from commonground.engine.values import ValueKind, kind, number, shape
from commonground.errors import FileRefused


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _quoted(amount: int) -> str:
    return f'"${amount:,}.50"'


def by_name(path: Path) -> dict[str, ColumnSummary]:
    return {one.name: one for one in summarize(path).columns}


@pytest.mark.parametrize(
    ("file", "rows", "kinds"),
    [
        ("chicago/crime.csv.gz", 6957, {"Case Number": "identifier", "Date": "date", "Arrest": "boolean"}),
        ("new_york/crime.csv.gz", 10000, {"Latitude": "latitude", "Longitude": "longitude", "BORO_NM": "code"}),
        ("boston/crime.csv.gz", 7000, {"OCCURRED_ON_DATE": "date", "Lat": "latitude", "Location": "point"}),
        ("washington_dc/crime.csv.gz", 2985, {"CCN": "identifier", "X": "longitude", "SHIFT": "code"}),
        ("seattle/crime.csv.gz", 23459, {"occurred_date": "date", "beat": "code", "report_number": "identifier"}),
        ("san_francisco/crime.csv.gz", 4264, {"PdId": "identifier", "IncidntNum": "number", "Y": "latitude"}),
    ],
)
def test_real_rows(recordings: Path, file: str, rows: int, kinds: dict[str, str]) -> None:
    summary = summarize(recordings / "rows" / file)
    assert (summary.rows, summary.left_out) == (rows, 0)
    assert {one.name: one.kind for one in summary.columns if one.name in kinds} == kinds


def test_the_least_and_the_greatest_are_of_the_kind(recordings: Path) -> None:
    columns = by_name(recordings / "rows/boston/crime.csv.gz")
    assert (columns["OCCURRED_ON_DATE"].least, columns["OCCURRED_ON_DATE"].greatest) == ("2021-01-01", "2021-06-27")
    assert 42 < float(columns["Lat"].least) < float(columns["Lat"].greatest) < 43  # 0 stands for no place
    assert (columns["REPORTING_AREA"].least, columns["REPORTING_AREA"].greatest) == ("1", "962")


def test_rows_that_do_not_fit_are_left_out_and_counted(recordings: Path) -> None:
    summary = summarize(recordings / "rows/chicago/crime_50k.csv.gz")
    assert summary.rows + summary.left_out == 50_000
    assert (summary.left_out, summary.first_left_out) == (1670, 46)


def test_figures_of_a_column(tmp_path: Path) -> None:
    lines = [f"P-{n:04d},{'open' if n % 4 else 'closed'},{'' if n % 2 else _quoted(n)}" for n in range(1000, 1400)]
    columns = by_name(written(tmp_path / "rows.csv", "\n".join(["Permit #,Status,Cost", *lines])))
    permit, status, cost = columns["Permit #"], columns["Status"], columns["Cost"]
    assert (permit.kind, permit.nulls, permit.shapes) == (ValueKind.IDENTIFIER, 0.0, (("A-9999", 1.0),))
    assert permit.unique > 0.9
    assert (status.kind, status.distinct, status.top) == (ValueKind.CODE, 2, (("open", 0.75), ("closed", 0.25)))
    assert (cost.kind, cost.nulls, cost.least, cost.greatest) == (ValueKind.NUMBER, 0.5, "1000.5", "1398.5")


def test_parquet_tells_the_same_as_csv(tmp_path: Path) -> None:
    table, packed = tmp_path / "rows.csv", tmp_path / "rows.parquet"
    with table.open("w", newline="") as opened:
        csv.writer(opened).writerows([("id", 'a "day"'), *((n, f"2024-01-{n % 28 + 1:02d}") for n in range(100))])
    with duckdb.connect() as session:
        session.execute(f"COPY (FROM read_csv({literal(str(table))}, all_varchar = true)) TO {literal(str(packed))}")
    assert summarize(packed) == summarize(table)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_marks_and_names_given_twice(tmp_path: Path, delimiter: str) -> None:
    text = '\ufeffid,name,name,\n1,"a,\nb",c,d\n'.replace(",", delimiter)
    summary = summarize(written(tmp_path / "it's [1]*.csv", text))
    assert (summary.rows, [one.name for one in summary.columns]) == (1, ["id", "name", "name", "column 4"])


def test_only_a_header(tmp_path: Path) -> None:
    (only,) = summarize(written(tmp_path / "rows.csv", "id\n")).columns
    assert (only.kind, only.nulls, only.unique, only.least) == (ValueKind.EMPTY, 1.0, 0.0, "")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "empty.csv is empty"),
        ("nameless.csv", b",,\n1,2,3\n", "Row 1 of nameless.csv names no columns"),
        ("ragged.csv", b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n", "2 of 3 rows of ragged.csv .* line 3: it has too few values"),
        ("quote.csv", b'a,b\n"1,2\n3,4\n', "line 2: a quotation mark has no end"),
        ("latin.csv", "a,b\nJosé,1\n".encode("latin-1"), "latin.csv is not written in UTF-8: byte 0xe9"),
        ("utf16.csv", "a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        ("cut.csv.gz", gzip.compress(b"a,b\n1,2\n" * 1000, mtime=0)[:30], "cut off"),
        ("plain.csv.gz", b"a,b\n1,2\n", "cut off or something else"),
        ("fake.parquet", b"PAR1", "fake.parquet cannot be read"),
        ("rows.xlsx", b"PK", "neither CSV nor Parquet"),
        ("wide.csv", b"," * 20_001, "names no columns"),
        ("wider.csv", b"a," * 20_001, "20,002 columns; at most 20,000"),
    ],
)
def test_bad_files_are_refused_with_the_reason(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    with pytest.raises(FileRefused, match=said) as refused:
        summarize(written(tmp_path / name, content))
    assert name in refused.value.message
    assert refused.value.advice


def test_bad_bytes_far_down_count_as_rows_left_out(tmp_path: Path) -> None:
    content = b"a,b\n" + b"x,1\n" * 9_000 + "é,2\n".encode("latin-1") + b"x,1\n" * 9_000
    summary = summarize(written(tmp_path / "rows.csv", content))
    assert (summary.rows, summary.left_out, summary.first_left_out) == (18_000, 1, 9_002)


def test_no_nul_gets_out(tmp_path: Path) -> None:
    (only,) = summarize(written(tmp_path / "rows.csv", "a\n" + "x\0y\n" * 50)).columns
    assert (only.least, only.samples, only.top) == ("x\ufffdy", ("x\ufffdy",), (("x\ufffdy", 1.0),))


def test_no_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(FileRefused, match="There is no file"):
            summarize(path)


def test_ten_thousand_columns_end_with_figures_or_a_reason(tmp_path: Path) -> None:
    head, row = ",".join(f"c{n}" for n in range(10_000)), ",".join(str(n) for n in range(10_000))
    path = written(tmp_path / "wide.csv", f"{head}\n{row}\n")
    with pytest.raises(FileRefused, match=r"longer than 0\.2 seconds"):
        summarize(path, seconds=0.2)


def test_a_session_reads_its_file_and_nothing_else(tmp_path: Path) -> None:
    mine, other = written(tmp_path / "mine.csv", "a\n1\n"), written(tmp_path / "other.csv", "a\n2\n")
    with reading(mine) as session:
        assert session.execute(f"FROM read_csv({literal(str(mine))})").fetchall() == [(1,)]
    for question in (
        f"FROM read_csv({literal(str(other))})",
        f"COPY (SELECT 1) TO {literal(str(tmp_path / 'out.csv'))}",
        f"ATTACH {literal(str(tmp_path / 'a.duckdb'))}",
        "SET memory_limit = '8GB'",
        "LOAD spatial",
        "FROM read_csv('https://example.org/rows.csv')",
    ):
        with pytest.raises(FileRefused), reading(mine) as session:
            session.execute(question)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["mine.csv", "other.csv"]


def test_a_question_without_end_is_stopped(tmp_path: Path) -> None:
    mine = written(tmp_path / "mine.csv", "a\n1\n")
    with pytest.raises(FileRefused, match="longer than"), reading(mine, seconds=0.2) as session:
        session.execute("SELECT sum(hash(range)) FROM range(1000000000000)")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2022-07-23", "9999-99-99"),
        ("HZ123456", "AA999999"),
        ("A1 2345", "A9 9999"),
        ("Main  St.", "A+ AA."),
        ("Ölweg", "A+"),
        ("(41.88, -87.63)", "(99.99, -99.99)"),
        ("1" * 30, "9" * 23 + "…"),
    ],
)
def test_shapes(value: str, said: str) -> None:
    assert shape(value) == said


@given(st.text())
def test_a_shape_keeps_no_letter_and_no_digit(value: str) -> None:
    assert not any((sign.isalpha() and sign != "A") or (sign.isdigit() and sign != "9") for sign in shape(value))


@given(st.lists(st.text(min_size=1), min_size=1))
def test_every_value_has_a_kind(values: list[str]) -> None:
    assert kind(values) is not ValueKind.EMPTY


@given(st.text(alphabet="0123456789.,$%+-eE "))
def test_a_number_is_read_or_not(value: str) -> None:
    found = number(value)
    assert found is None or any(sign.isdigit() for sign in value)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["Y", "N", "Y"], ValueKind.BOOLEAN),
        (["41.881", "0", "41.902"] * 10, ValueKind.LATITUDE),
        (["-87.631", "-87.702"] * 10, ValueKind.LONGITUDE),
        (["41", "42", "43"] * 10, ValueKind.CODE),
        ([f"{n} Main St" for n in range(100)], ValueKind.TEXT),
        ([f"{n}.5" for n in range(100)], ValueKind.NUMBER),
        (["POINT (-87.6 41.8)"], ValueKind.POINT),
    ],
)
def test_kinds(values: list[str], found: ValueKind) -> None:
    assert kind(values) is found
