"""Files made to break whoever reads them: each is refused in words, or read in little memory."""

from __future__ import annotations

import codecs
import os
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from commonground.engine.tabular import open_rows, separated
from commonground.engine.tabular.columnar import as_text
from commonground.engine.tabular.ragged import Settled, Shape, settle
from commonground.errors import FileRefused

_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def workbook(path: Path, rows: str, start: str = "") -> Path:
    """A workbook with one sheet of these rows, and what stands before it."""
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="a" Type="{_LINK}/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_LINK}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="b"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="b"'
        f' Type="{_LINK}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'{start}<worksheet xmlns="{_SHEET}"><sheetData>{rows}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


HEADER = f'<row r="1">{cell("A1", "city")}{cell("B1", "id")}</row>'


def read(path: Path) -> list[dict[str, Any]]:
    with open_rows(path) as rows:
        return [row for batch in rows.batches() for row in batch.to_pylist()]


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_sheet_with_cells_in_opposite_corners(tmp_path: Path, quote: str) -> None:
    far = cell("XFD1048576", "x").replace('"', quote)
    path = workbook(tmp_path / "far.xlsx", f'{HEADER}<row r="1048576">{far}</row>')
    with pytest.raises(FileRefused, match=r"far\.xlsx has cells as far as row 1,048,576 and column 16,384"):
        read(path)


def test_a_sheet_that_is_wide_or_long_is_read(tmp_path: Path) -> None:
    long = workbook(tmp_path / "long.xlsx", f'{HEADER}<row r="1048576">{cell("A1048576", "x")}</row>')
    assert [row["city"] for row in read(long)] == ["x"]
    wide = workbook(tmp_path / "wide.xlsx", f'{HEADER}<row r="2">{cell("A2", "x")}{cell("XFD2", "y")}</row>')
    assert [row["city"] for row in read(wide)] == ["x"]


def test_entities_of_a_workbook_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    start = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file://{tmp_path}/secret">]>'
    with pytest.raises(FileRefused) as refused:
        read(workbook(tmp_path / "entity.xlsx", f'{HEADER}<row r="2">{cell("A2", "&e;")}</row>', start))
    assert "s3cret" not in str(refused.value)


def test_a_value_that_a_million_rows_mean_is_not_written_a_million_times(tmp_path: Path) -> None:
    once = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), pa.array(["y" * 100_000]))
    parquet.write_table(pa.table({"note": once}), tmp_path / "many.parquet")
    with open_rows(tmp_path / "many.parquet") as rows, pytest.raises(FileRefused, match="has more text than"):
        assert all(batch.nbytes < 2**28 for batch in rows.batches())


def test_a_value_of_parquet_that_is_absurd_names_its_row(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"note": ["a", "b" * (17 * 2**20)]}), tmp_path / "one.parquet", compression="none")
    with pytest.raises(FileRefused, match=r"Row 2 of one\.parquet has a value in note of more than 16 MiB"):
        read(tmp_path / "one.parquet")


def test_parquet_that_means_more_rows_than_it_has_bytes(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"note": pa.nulls(100_000_000, pa.bool_())}), tmp_path / "rows.parquet")
    with pytest.raises(FileRefused, match="looks like a zip bomb"):
        open_rows(tmp_path / "rows.parquet")


def test_moments_in_no_year_are_bare_numbers() -> None:
    far = pa.array([2**62, None], pa.timestamp("us"))
    assert as_text(far).to_pylist() == [str(2**62), None]
    assert as_text(far.dictionary_encode()).to_pylist() == [str(2**62), None]
    assert as_text(pa.array([0], pa.timestamp("us", "Mars/Phobos"))).to_pylist() == ["0"]
    assert as_text(pa.array([[2**62]], pa.list_(far.type))).to_pylist() == [
        "a list<item: timestamp[us]> that cannot be written"
    ]


def test_rows_of_which_none_fits_are_not_held_all_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settled = 0

    def counted(text: str, shape: Shape) -> list[Settled]:
        nonlocal settled
        settled += 1
        return settle(text, shape)

    monkeypatch.setattr(separated, "settle", counted)
    monkeypatch.setattr(separated, "_BLOCK", 2**16)
    monkeypatch.setattr(separated, "_MOST_ODD", 1_000, raising=False)
    path = tmp_path / "ragged.csv"
    path.write_text("a,b,c\n1,2,3\n" + "1,2\n" * 60_000)
    with open_rows(path, batch_rows=5_000) as rows:
        settled, batches = 0, rows.batches()
        first = next(batches)
        by_then = settled
        assert first.num_rows + sum(batch.num_rows for batch in batches) == 60_001
        assert rows.totals["ragged"] == 60_000
    assert by_then < 20_000


@pytest.mark.parametrize("mark", [codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE])
def test_utf_32_is_read(tmp_path: Path, mark: bytes) -> None:
    encoding = "utf-32-le" if mark == codecs.BOM_UTF32_LE else "utf-32-be"
    (tmp_path / "wide.csv").write_bytes(mark + "city,note\nchicago,Café\n".encode(encoding))
    assert [(row["city"], row["note"]) for row in read(tmp_path / "wide.csv")] == [("chicago", "Café")]


@pytest.mark.parametrize("content", [b"\0" * 5_000, bytes(range(256)) * 20, os.urandom(5_000)])
def test_what_is_no_text_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rows.csv").write_bytes(b"\x03" + content)
    with pytest.raises(FileRefused, match=r"rows\.csv is neither text nor anything else"):
        read(tmp_path / "rows.csv")


def test_a_few_control_characters_are_still_text(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(b"city,note\n" + b"chicago,\x01\x02\n" * 10 + b"boston,plain\n" * 200)
    assert len(read(tmp_path / "rows.csv")) == 210
