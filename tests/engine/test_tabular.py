"""Any file of rows as tables of text: every kind, cells as they are written, problems told."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from pyarrow import parquet

from commonground.engine.tabular import RAGGED, ROW, Rows, open_rows
from commonground.errors import FileRefused

PLAIN = "id,name,when\n1,Ann,2024-01-02\n2,“Bo”,\n"


def rows_of(rows: Rows) -> list[dict[str, Any]]:
    """All rows, without our own columns."""
    listed: list[dict[str, Any]] = pa.concat_tables([*rows.batches()]).to_pylist()
    return [{name: value for name, value in one.items() if name not in {ROW, RAGGED}} for one in listed]


def cells(path: Path, name: str | None = None) -> list[list[str | None]]:
    """The cells of all rows."""
    return [list(one.values()) for one in rows_of(open_rows(path, name=name))]


def written(tmp_path: Path, content: bytes | str, name: str = "rows.dat") -> Path:
    """A file of these bytes, by a name that says nothing."""
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def zipped(tmp_path: Path, members: dict[str, bytes | str]) -> Path:
    """An archive."""
    path = tmp_path / "rows.dat"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


EXPECTED = [["1", "Ann", "2024-01-02"], ["2", "“Bo”", ""]]


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("cp1252"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "|").encode(),
        PLAIN.rstrip("\n").encode(),
        PLAIN.replace("\n", "\n\n").encode(),
        gzip.compress(PLAIN.encode()),
        bz2.compress(PLAIN.encode()),
        gzip.compress(gzip.compress(PLAIN.encode())),
    ],
    ids=[
        "utf-8",
        "bom",
        "utf-16",
        "utf-16-be",
        "nomark",
        "cp1252",
        "crlf",
        "cr",
        "tab",
        "semicolon",
        "bar",
        "nonewline",
        "blank",
        "gz",
        "bz2",
        "gzgz",
    ],
)
def test_text_is_read_whatever_it_is_called(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, content)
    rows = open_rows(path)
    assert rows.names == ("id", "name", "when")
    assert cells(path) == EXPECTED


def test_windows_text_is_told_with_its_line(tmp_path: Path) -> None:
    body = PLAIN.encode() + b"3,Cf\xe9,\n"
    rows = open_rows(written(tmp_path, body))
    assert [one["name"] for one in rows_of(rows)] == ["Ann", "“Bo”", "Cfé"]
    assert [(one.code, one.line) for one in rows.problems] == [("encoding", 4)]


def test_a_utf8_character_over_two_chunks_is_whole(tmp_path: Path) -> None:
    long = "é" * 700_001
    assert cells(written(tmp_path, f"a,b\n{long},x\n")) == [[long, "x"]]


def test_nul_bytes_are_shown_and_told(tmp_path: Path) -> None:
    rows = open_rows(written(tmp_path, b"a,b\n1,x\0y\n"))
    assert rows_of(rows) == [{"a": "1", "b": "x\ufffdy"}]
    assert [(one.code, one.line) for one in rows.problems] == [("nul", 2)]


def test_names_are_trimmed_unique_and_never_empty(tmp_path: Path) -> None:
    rows = open_rows(written(tmp_path, "id, lng,,id,ID,_row\n1,2,3,4,5,6\n"))
    assert rows.names == ("id", "lng", "column 3", "id (2)", "ID", "_row (2)")
    assert pa.concat_tables([*rows.batches()]).column_names == [*rows.names, ROW, RAGGED]
    assert rows.totals["header"] == 3


def test_quotes_newlines_and_spaces_stay_as_they_are(tmp_path: Path) -> None:
    body = 'a,b\n"two\r\nlines"," x "\n"he said ""no""",5" pipe\n"",\n'
    assert cells(written(tmp_path, body)) == [["two\r\nlines", " x "], ['he said "no"', '5" pipe'], ["", ""]]


def ragged(rows: Rows) -> dict[int, list[str]]:
    """Number and cells of rows that fit no column; their columns are null."""
    whole = pa.concat_tables([*rows.batches()]).to_pylist()
    odd = [one for one in whole if one[RAGGED] is not None]
    assert all(one[name] is None for one in odd for name in rows.names)
    return {one[ROW]: json.loads(one[RAGGED]) for one in odd}


def test_ragged_rows_are_kept_whole_and_never_shifted(tmp_path: Path) -> None:
    rows = open_rows(written(tmp_path, 'a,b,c\n1,2,3\n4,5\n"6\n6",7,8,9\n7,8,9\n'))
    assert ragged(rows) == {2: ["4", "5"], 3: ["6\n6", "7", "8", "9"]}
    assert [(one.code, one.row, one.line) for one in rows.problems] == [("ragged", 2, 3), ("ragged", 3, 4)]
    assert [one["a"] for one in rows_of(rows)] == ["1", None, None, "7"]


def test_a_wrapped_row_is_unwrapped_and_empty_surplus_left_out(tmp_path: Path) -> None:
    rows = open_rows(written(tmp_path, 'a,b,c\n"1,2,""x, y"""\n4,5,6,,\n7,8,9,,x\n'))
    assert ragged(rows) == {3: ["7", "8", "9", "", "x"]}
    assert [list(one.values()) for one in rows_of(rows)][:2] == [["1", "2", "x, y"], ["4", "5", "6"]]
    assert dict(rows.totals) == {"wrapped": 1, "surplus": 1, "ragged": 1}


def test_an_unquoted_comma_is_joined_only_where_all_cells_then_fit(tmp_path: Path) -> None:
    head = "id,text,flag\n" + "".join(f"{n},plain,true\n" for n in range(30))
    sure = "31,SCHOOL, PUBLIC, BUILDING,false\n"
    unsure = "32,TRUCK,BUS,false\n33,x, y,z,false\n34,x,false, true\n"
    rows = open_rows(written(tmp_path, head + sure + unsure))
    assert list(ragged(rows)) == [32, 33, 34]
    assert rows_of(rows)[30] == {"id": "31", "text": "SCHOOL, PUBLIC, BUILDING", "flag": "false"}
    rows = open_rows(written(tmp_path, head.replace("29,plain", "29, plain") + sure))
    assert list(ragged(rows)) == [31], "where cells do begin with spaces, the rule is not sure"


@pytest.mark.parametrize("end", ["", '4,"d"\n', '4,"d","x"\n'])
def test_a_quotation_mark_that_never_closes_swallows_no_row(tmp_path: Path, end: str) -> None:
    rows = open_rows(written(tmp_path, f'a,b\n1,x\n2,"open\n3,y\n{end}'))
    found = rows_of(rows)
    assert found[:3] == [{"a": "1", "b": "x"}, {"a": "2", "b": "open"}, {"a": "3", "b": "y"}]
    assert len(found) == 3 + bool(end)
    assert [(one.code, one.row, one.line) for one in rows.problems if one.code == "quote"] == [("quote", 2, 3)]
    assert ragged(rows) == ({4: ["4", "d", "x"]} if "x" in end else {})


def test_ten_thousand_columns_pass_and_more_than_twenty_thousand_do_not(tmp_path: Path) -> None:
    header, row = ",".join(f"c{n}" for n in range(10_000)), ",".join(map(str, range(10_000)))
    found = cells(written(tmp_path, f"{header}\n{row}\n{row}\n"))
    assert (len(found), len(found[1]), found[1][9_999]) == (2, 10_000, "9999")
    with pytest.raises(FileRefused, match="20,001 columns"):
        open_rows(written(tmp_path, ",".join(f"c{n}" for n in range(20_001))))


def test_a_huge_value_passes_and_an_absurd_one_names_its_line(tmp_path: Path) -> None:
    huge = "x" * 6_000_000
    assert cells(written(tmp_path, f"a,b\n1,{huge}\n2,y\n")) == [["1", huge], ["2", "y"]]
    with pytest.raises(FileRefused, match="Line 3"):
        cells(written(tmp_path, f"a,b\n1,x\n2,{huge * 3}\n"))


def test_batches_are_no_larger_than_asked(tmp_path: Path) -> None:
    rows = open_rows(written(tmp_path, "a,b\n" + "1,2\n" * 25), batch_rows=10)
    tables = list(rows.batches())
    assert [one.num_rows for one in tables] == [10, 10, 5]
    assert pa.concat_tables(tables)[ROW].to_pylist() == list(range(1, 26))


FEATURES = (
    '{"type":"FeatureCollection","crs":{"x":[1]},"features":[\n'
    '{"type":"Feature","properties":{"a":394693.91000000003,"b":1e5,"c":null},"geometry":{"type":"Point",'
    ' "coordinates":[ -77.10, 38.0]}},\n'
    '{"type":"Feature","properties":{"d":{"x":[1.50,true]},"a":"7"},"geometry":null}]}'
)
OF_FEATURES = [
    ["394693.91000000003", "1e5", None, None, '{"type":"Point","coordinates":[-77.10,38.0]}'],
    ["7", None, None, '{"x":[1.50,true]}', None],
]


def test_geojson_keeps_numbers_as_they_are_written(tmp_path: Path) -> None:
    path = written(tmp_path, FEATURES)
    assert open_rows(path).names == ("a", "b", "c", "d", "geometry")
    assert cells(path) == OF_FEATURES


def test_features_may_stand_in_lines_or_in_several_collections(tmp_path: Path) -> None:
    features = [json.dumps(one) for one in json.loads(FEATURES, parse_float=str)["features"]]
    assert len(cells(written(tmp_path, "\n".join(features)))) == 2
    assert len(cells(written(tmp_path, "".join(f"\x1e{one}\n" for one in features)))) == 2
    assert cells(written(tmp_path, FEATURES + "\n" + FEATURES)) == OF_FEATURES * 2


def test_json_lists_and_lines(tmp_path: Path) -> None:
    records = '{"id": 1.0, "ok": true, "tags": ["x", {"y": 2}]}', '{"id": 22, "new": ""}', '"text"'
    expected = [["1.0", "true", '["x",{"y":2}]', None], ["22", None, None, ""], [None] * 4]
    for body in (f"[{','.join(records)}]", "\n".join(records), f'{{"meta": {{}}, "data": [{", ".join(records)}]}}'):
        rows = open_rows(written(tmp_path, body))
        assert rows.names == ("id", "ok", "tags", "new")
        assert [list(one.values()) for one in rows_of(rows)] == expected
        assert ragged(rows) == {3: ["text"]}
        assert [one.code for one in rows.problems] == ["record"]


def test_a_line_that_is_no_json_is_kept(tmp_path: Path) -> None:
    rows = open_rows(written(tmp_path, '{"a": 1}\n{"a": \n{"a": 3}\n'))
    assert ragged(rows) == {2: ['{"a":']}
    assert [(one.row, one.line) for one in rows.problems] == [(2, 2)]


@pytest.mark.parametrize("end", ["", "]", ",{", "x]}"])
def test_json_that_breaks_off_is_refused_by_record(tmp_path: Path, end: str) -> None:
    path = written(tmp_path, '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":1}}' + end)
    with pytest.raises(FileRefused, match=r"record [12]|beginning"):
        cells(path)


def test_half_characters_in_json_are_no_end(tmp_path: Path) -> None:
    assert cells(written(tmp_path, '[{"a": "x\\ud800y", "b": ["\\udc00"]}]'))[0][0] == "x?y"


def workbook(tmp_path: Path) -> Path:
    """Two sheets; the first has blank rows above and between."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    rows: Sequence[Sequence[Any]] = (
        ["id", "name", "when", "ok"],
        [1, "Ann", datetime(2024, 1, 2, 3, 4, 5), True],  # noqa: DTZ001 - a workbook knows no zones
        [2.5, None, date(2024, 1, 2), False],
    )
    for line, row in zip((3, 4, 6), rows, strict=True):
        for column, value in enumerate(row, 1):
            sheet.cell(line, column, value)
    book.create_sheet("more").append(["x"])
    book["more"].append([7])
    path = tmp_path / "rows.dat"
    book.save(path)
    return path


def test_workbooks(tmp_path: Path) -> None:
    path = workbook(tmp_path)
    assert cells(path) == [["1", "Ann", "2024-01-02T03:04:05", "true"], ["2.5", None, "2024-01-02", "false"]]
    assert cells(path, "more") == [["7"]]
    assert open_rows(path).lines([1, 2]) == {1: 4, 2: 6}
    with pytest.raises(FileRefused, match="no sheet “none”"):
        open_rows(path, name="none")
    packed = written(tmp_path, gzip.compress(path.read_bytes()), "packed")
    assert len(cells(packed)) == 2


def test_parquet_as_text(tmp_path: Path) -> None:
    path = tmp_path / "rows.dat"
    values = {
        "n": [1, None],
        "f": [1.5, 2.0],
        "at": [datetime(2024, 1, 2, 3, 4, 5), None],  # noqa: DTZ001 - without a zone
        "on": [date(2024, 1, 2), None],
        "b": [True, None],
        "l": [[1, 2], None],
        "raw": [b"ok", b"\xff"],
    }
    parquet.write_table(pa.table(values), path)
    assert cells(path) == [
        ["1", "1.5", "2024-01-02T03:04:05", "2024-01-02", "true", "[1,2]", "ok"],
        [None, "2", None, None, None, None, "ff"],
    ]
    with pytest.raises(FileRefused, match="Parquet"):
        open_rows(written(tmp_path, path.read_bytes()[:-20]))


def test_parquet_text_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "rows.dat"
    wrong = pa.Array.from_buffers(pa.string(), 2, pa.array([b"ok", b"\xff"]).buffers())
    parquet.write_table(pa.table({"a": wrong}), path)
    assert cells(path) == [["ok"], ["ff"]]


def test_an_archive_of_equal_tables_is_one(tmp_path: Path) -> None:
    members: dict[str, bytes | str] = {"a.csv": PLAIN, "in/b.csv": PLAIN, "__MACOSX/._a.csv": "x", "README.md": "hi"}
    path = zipped(tmp_path, members)
    assert cells(path) == EXPECTED * 2
    assert pa.concat_tables([*open_rows(path).batches()])[ROW].to_pylist() == [1, 2, 3, 4]
    assert cells(path, "in/b.csv") == EXPECTED


def test_an_archive_of_different_tables_asks_for_one(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"a.csv": PLAIN, "b.csv": "x,y\n1,2\n"})
    with pytest.raises(FileRefused) as refused:
        open_rows(path)
    assert "b.csv" in refused.value.advice
    assert cells(path, "b.csv") == [["1", "2"]]
    with pytest.raises(FileRefused, match=r"no file “c\.csv”"):
        open_rows(path, name="c.csv")


def test_bombs_are_refused_before_they_burst(tmp_path: Path) -> None:
    zeros = b"a,b\n" + b"0,0\n" * 18_000_000
    for path in (
        zipped(tmp_path, {"a.csv": zeros}),
        written(tmp_path, gzip.compress(zeros, 6), "gz"),
    ):
        with pytest.raises(FileRefused, match="zip bomb"):
            list(open_rows(path).batches())
    nested = PLAIN.encode()
    for _ in range(5):
        nested = gzip.compress(nested)
    with pytest.raises(FileRefused, match="again and again"):
        open_rows(written(tmp_path, nested))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n\n \n", "names no columns"),
        (b"<!DOCTYPE html><p>", "a web page"),
        (b"<?xml version='1.0'?>", "XML"),
        (b"%PDF-1.7", "PDF"),
        (b"{}", "no rows"),
        (b"[]", "no rows"),
        (gzip.compress(PLAIN.encode() * 1000)[:-10], "cannot be unpacked"),
        (b"PK\x03\x04 nothing", "no whole archive"),
        (b"PAR1 nothing", "Parquet"),
    ],
)
def test_what_is_no_file_of_rows_is_refused_in_words(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(FileRefused, match=said) as refused:
        list(open_rows(written(tmp_path, content)).batches())
    assert refused.value.advice
    assert "rows.dat" in refused.value.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="no file"):
        open_rows(tmp_path / "none.csv")


@pytest.mark.whole
def test_every_recorded_file_has_the_rows_of_its_manifest(recordings: Path) -> None:
    with (recordings / "rows/MANIFEST.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    counted = {}
    for one in listed:
        with open_rows(recordings / one["file"]) as rows:
            counted[one["file"]] = sum(batch.num_rows for batch in rows.batches())
    assert counted == {one["file"]: int(one["rows"]) for one in listed}
    assert len(counted) > 50


def test_chicagos_ragged_rows_are_repaired_or_kept_whole(recordings: Path) -> None:
    with open_rows(recordings / "rows/chicago/crime_50k.csv.gz") as rows:
        whole = pa.concat_tables([*rows.batches()])
        assert dict(rows.totals) == {"comma": 1_610, "ragged": 60}
        read = [one for one in whole.to_pylist() if one[RAGGED] is None]
        assert {one["Arrest"] for one in read} == {"true", "false"}
        assert {one["Year"].isdigit() and len(one["Year"]) == 4 for one in read} == {True}
        lines = io.StringIO(gzip.decompress(rows.path.read_bytes()).decode()).readlines()
        for one in rows.problems:
            assert lines[one.line - 1].startswith(one.sample[:100])


def test_numbers_of_recorded_geojson_stay_as_written(recordings: Path) -> None:
    path = recordings / "rows/washington_dc/crime_2016.geojson.gz"
    text = gzip.decompress(path.read_bytes()).decode()
    with open_rows(path) as rows:
        values = sorted({value for one in rows_of(rows) for value in one.values() if value and value[0].isdigit()})
    assert [value for value in values[::50] if value not in text] == []
