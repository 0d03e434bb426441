"""A file against a standard: each rule finds what breaks it, names the place, and says how to put it right."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from commonground.cities import cities
from commonground.engine.tabular import open_rows
from commonground.errors import FileRefused
from commonground.overlap.columns import personal
from commonground.standards.check import Group, Report, check, check_file, hints
from commonground.standards.check.gaps import gaps
from commonground.standards.check.report import HEADS, harmless
from commonground.standards.model import Basis, Code, Codelist, Field, FieldType, Order, Standard
from commonground.words import City, Fixer, Severity

T = FieldType
FIELDS = (
    Field("city", T.STRING, "City", "The city.", required=True),
    Field("id", T.STRING, "Number", "The number.", required=True),
    Field("kind", T.STRING, "Kind", "What it is.", codelist="kinds", raw="kind_raw"),
    Field("kind_raw", T.STRING, "Kind", "The city's words."),
    Field("applied_on", T.DATE, "Applied", "The day."),
    Field("issued_on", T.DATE, "Issued", "The day."),
    Field("issued_at", T.DATETIME, "Issued", "The time."),
    Field("cost", T.NUMBER, "Cost", "The cost.", unit="US dollars", minimum=0, maximum=1e9),
    Field("floors", T.INTEGER, "Floors", "How many."),
    Field("solar", T.BOOLEAN, "Solar", "Whether."),
    Field("zip", T.STRING, "ZIP", "The code.", pattern=r"\d{5}"),
    Field("latitude", T.NUMBER, "Latitude", "Degrees."),
    Field("longitude", T.NUMBER, "Longitude", "Degrees."),
)
KINDS = Codelist(
    "kinds", "Kinds", "ours", (Code("new", "New building"), Code("alter", "Alteration"), Code("13A", "Assault"))
)
STANDARD = Standard(
    name="permits",
    title="Permits",
    description="",
    subject="building-permits",
    grain="one permit",
    version="1.0.0",
    based_on=(Basis("BLDS", "https://permitdata.org/"),),
    review_by=date(2030, 1, 1),
    key=("city", "id"),
    time="issued_on",
    kind="kind",
    fields=FIELDS,
    codelists={"kinds": KINDS},
    orders=(Order("applied_on", "issued_on"),),
)
GOOD = {
    "city": "boston",
    "id": "A1",
    "kind": "new",
    "kind_raw": "New",
    "applied_on": "2024-01-02",
    "issued_on": "2024-02-29T00:00:00.000",
    "issued_at": "2024-02-29 17:05:00-05:00",
    "cost": "1200.50",
    "floors": "3.0",
    "solar": "Y",
    "zip": "02118",
    "latitude": "42.35",
    "longitude": "-71.06",
}
TODAY = date(2026, 11, 23)


def boston() -> City:
    """A city whose place and clock are known."""
    return cities()["boston"]


def checked(path: Path, content: str | bytes, *, city: City | None = None, samples: int = 10) -> Report:
    """The report about a file."""
    file = path / "export.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with open_rows(file) as rows:
        return check(rows, STANDARD, city=city, samples=samples, today=TODAY)


def lines(*rows: dict[str, str]) -> str:
    """Rows as CSV."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(GOOD), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def of(report: Report, rule: str) -> Group:
    """The one group of a rule."""
    (found,) = [one for one in report.groups if one.rule == rule]
    return found


def test_good_rows_are_ok(tmp_path: Path) -> None:
    empty = {"city": "boston", "id": "A2"}
    report = checked(tmp_path, lines(GOOD, empty, GOOD | {"id": " A3 ", "kind": "unmapped"}), city=boston())
    assert report.groups == ()
    assert (report.rows, report.ok, report.errors, report.warnings) == (3, True, 0, 0)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"id": " "}, ("required", "id", "error", "Fill in id.")),
        ({"kind": "NEW"}, ("code", "kind", "error", "Write new.")),
        ({"kind": "Alteraton"}, ("code", "kind", "error", "Write alter.")),
        ({"kind": "13a"}, ("code", "kind", "error", "Write 13A.")),
        ({"kind": "qqq"}, ("code", "kind", "error", "Write one of new, alter, 13A, or unmapped.")),
        ({"applied_on": "1/2/2024"}, ("type", "applied_on", "error", "Write 2024-01-02.")),
        ({"applied_on": "2024-02-30"}, ("type", "applied_on", "error", "YYYY-MM-DD")),
        ({"applied_on": "2024-1-2"}, ("type", "applied_on", "error", "YYYY-MM-DD")),
        ({"issued_at": "2/3/2024 5:06 PM"}, ("type", "issued_at", "error", "Write 2024-02-03T17:06:00.")),
        ({"issued_at": "2024-02-03T25:00:00"}, ("type", "issued_at", "error", "Thh:mm:ssZ")),
        ({"cost": "$1,200.50"}, ("type", "cost", "error", "Write 1200.50.")),
        ({"cost": "1_000"}, ("type", "cost", "error", "plain number")),
        ({"cost": "inf"}, ("type", "cost", "error", "plain number")),
        ({"cost": "=cmd()"}, ("type", "cost", "error", "plain number")),
        ({"cost": "-1"}, ("minimum", "cost", "error", "the minimum is 0")),
        ({"cost": "1e10"}, ("maximum", "cost", "error", "the maximum is")),
        ({"floors": "3.5"}, ("type", "floors", "error", "whole number")),
        ({"solar": "maybe"}, ("type", "solar", "error", "true or false")),
        ({"zip": "2118"}, ("pattern", "zip", "error", "The code.")),
        ({"applied_on": "2024-03-01"}, ("order", "issued_on", "error", "never later")),
        ({"issued_on": "2030-01-01", "applied_on": ""}, ("future", "issued_on", "warning", "Correct")),
        ({"applied_on": "1900-01-01"}, ("sentinel", "applied_on", "warning", "empty")),
        ({"applied_on": "1025-06-01"}, ("sentinel", "applied_on", "warning", "empty")),
        ({"latitude": "0", "longitude": "0.0"}, ("no place", "latitude", "error", "empty")),
        ({"latitude": ""}, ("half a place", "latitude", "error", "both")),
        ({"latitude": "-71.06", "longitude": "42.35"}, ("exchanged", "latitude", "error", "Exchange")),
        ({"latitude": "40.7", "longitude": "-74"}, ("outside", "latitude", "warning", "WGS 84")),
        ({"city": "bostn"}, ("city", "city", "error", "Write boston.")),
        ({"issued_at": "2024-03-10T02:30:00"}, ("no such time", "issued_at", "error", "UTC")),
    ],
)
def test_a_rule_names_the_row_and_the_way_out(
    tmp_path: Path, changed: dict[str, str], expected: tuple[str, str, str, str]
) -> None:
    rule, column, severity, how = expected
    report = checked(tmp_path, lines(GOOD, GOOD | {"id": "A2"} | changed), city=boston())
    (group,) = report.groups
    assert (group.rule, group.column, group.severity, group.count, group.who) == (rule, column, severity, 1, Fixer.CITY)
    (fault,) = group.samples
    assert (fault.row, fault.line) == (2, 3)
    assert how in fault.how
    assert report.ok == (severity == "warning")


def test_a_time_in_utc_has_no_gap(tmp_path: Path) -> None:
    rows = [
        GOOD | {"id": str(n), "issued_at": f"2024-03-10T02:30:00{end}"} for n, end in enumerate(("Z", "+00:00", "-05"))
    ]
    assert checked(tmp_path, lines(*rows), city=boston()).ok
    assert ("2024-03-10T02:00:00", "2024-03-10T03:00:00") in {
        (start.isoformat(), end.isoformat()) for start, end in gaps("America/New_York")
    }


def test_a_key_names_both_rows(tmp_path: Path) -> None:
    rows = [GOOD | {"id": one} for one in ("A", "B", "A", "C", "A", "")]
    group = of(checked(tmp_path, lines(*rows)), "key")
    assert (group.count, group.column) == (2, "city, id")
    assert [(one.row, one.message) for one in group.samples] == [
        (3, "“boston · A” is the key of row 1 too."),
        (5, "“boston · A” is the key of row 1 too."),
    ]


def test_names_are_matched_and_near_misses_told(tmp_path: Path) -> None:
    body = "Id,kind,aplied_on,Owner\nA1,new,2024-01-02,x\nA1,zzz,,\n"
    report = checked(tmp_path, body, city=boston())
    told = {(one.rule, one.column): (one.severity, one.how) for one in report.groups}
    assert told["name", "Id"] == (Severity.ERROR, "Rename it to id.")
    assert told["absent", "applied_on"][0] is Severity.WARNING
    assert "aplied_on" in told["absent", "applied_on"][1]
    assert told["unknown", ""][0] is Severity.NOTE
    assert (
        "Owner" in of(replace(report, groups=tuple(one for one in report.groups if not one.column)), "unknown").message
    )
    assert ("missing", "city") not in told, "the city is known"
    assert {("code", "kind"), ("key", "city, id")} <= told.keys(), "a column by nearly its name is checked too"
    assert ("missing", "city") in {(one.rule, one.column) for one in checked(tmp_path, body).groups}


def test_totals_are_exact_and_samples_few(tmp_path: Path) -> None:
    rows = [GOOD | {"id": str(n), "kind": "old" if n % 2 else "worn", "cost": "x" * 900} for n in range(5_001)]
    report = checked(tmp_path, lines(*rows), samples=3)
    code, cost = of(report, "code"), of(report, "type")
    assert (code.count, code.values) == (5_001, (("worn", 2_501), ("old", 2_500)))
    assert [one.row for one in cost.samples] == [1, 2, 3]
    assert len(cost.samples[0].value) == 200
    assert report.errors == 10_002
    form = json.loads(json.dumps(report.as_form()))
    assert form["summary"] == {"rows": 5_001, "errors": 10_002, "warnings": 0, "ok": False}


def test_ragged_rows_wrong_bytes_and_quoted_newlines(tmp_path: Path) -> None:
    body = lines(GOOD | {"kind_raw": "two\nlines"}, GOOD | {"id": "A2", "kind_raw": "Zug\xe9"}) + "boston,A3,new\n"
    report = checked(tmp_path, (body + lines(GOOD | {"id": "A4", "cost": "x"}).split("\n", 1)[1]).encode("cp1252"))
    ragged = of(report, "ragged")
    assert (ragged.count, ragged.samples[0].row, ragged.samples[0].line) == (1, 3, 5)
    assert of(report, "encoding").severity is Severity.WARNING
    assert [(one.row, one.line) for one in of(report, "type").samples] == [(4, 6)]
    assert report.rows == 4


def test_other_kinds_of_files(tmp_path: Path) -> None:
    utf16 = lines(GOOD).encode("utf-16")
    assert checked(tmp_path, utf16).ok
    assert checked(tmp_path, gzip.compress(utf16)).ok
    assert checked(tmp_path, json.dumps([GOOD, GOOD | {"id": "2", "cost": 7, "solar": True}])).ok
    report = checked(tmp_path, json.dumps([GOOD, 7]))
    assert of(report, "record").samples[0].row == 2


def test_a_file_without_rows_is_no_success(tmp_path: Path) -> None:
    assert of(checked(tmp_path, lines()), "empty").severity is Severity.ERROR


def test_ten_thousand_columns_and_a_huge_cell(tmp_path: Path) -> None:
    many = ",".join([*GOOD, *(f"x{n}" for n in range(10_000))])
    row = ",".join([*GOOD.values(), *["v"] * 10_000])
    report = checked(tmp_path, f"{many}\n{row}\n")
    assert (report.ok, sum(one.rule == "unknown" for one in report.groups)) == (True, 1)
    report = checked(tmp_path, lines(GOOD | {"kind_raw": "x" * 2_000_000, "cost": "y" * 2_000_000}))
    assert len(of(report, "type").samples[0].value) == 200


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"city,id\n" + b"a,b\n" * 18_000_000)
    with pytest.raises(FileRefused, match="zip bomb"):
        checked(tmp_path, (tmp_path / "bomb.zip").read_bytes())


def test_names_and_values_that_are_sql_are_only_text(tmp_path: Path) -> None:
    odd = "x\"'); DROP TABLE keys; --"
    body = lines(GOOD | {"kind": odd, "id": odd}).replace("kind_raw", "'\"kind_raw;", 1)
    report = checked(tmp_path, body)
    assert of(report, "code").samples[0].value == odd


def test_codes_that_name_each_other_lead_nowhere_else() -> None:
    circle = {"a": "b", "b": "c", "c": "a"}
    assert [hints.code(one, circle) for one in ("A", "b", "C ", "d", "")] == ["a", "b", "c", "", ""]


def test_a_code_with_a_quotation_mark(tmp_path: Path) -> None:
    kinds = replace(KINDS, codes=(Code("it's", "It"),))
    file = tmp_path / "export.csv"
    file.write_text(lines(GOOD | {"kind": "it's"}, GOOD | {"id": "2"}))
    with open_rows(file) as rows:
        report = check(rows, replace(STANDARD, codelists={"kinds": kinds}))
    assert of(report, "code").count == 1


def test_no_cell_of_the_report_is_a_formula(tmp_path: Path) -> None:
    report = checked(tmp_path, lines(GOOD | {"cost": "=cmd|' /C calc'!A0", "floors": "@x", "zip": "\t=1"}))
    rows = list(report.as_rows())
    assert {"'=cmd|' /C calc'!A0", "'@x"} <= {row[HEADS.index("value")] for row in rows}
    assert not [cell for row in rows for cell in row if isinstance(cell, str) and cell.startswith(("=", "@", "+"))]
    assert [harmless(one) for one in ("-5", "-5 apples", "+1", " =x", "plain", "-")] == [
        "-5",
        "'-5 apples",
        "+1",
        "' =x",
        "plain",
        "'-",
    ]


def test_one_wrong_type_in_many_rows_is_found(tmp_path: Path) -> None:
    row = ",".join(GOOD.values())
    good = "".join(f"{row.replace('A1', f'N{n}', 1)}\n" for n in range(200_000))
    bad = row.replace("A1", "bad", 1).replace("1200.50", "twelve", 1)
    report = checked(tmp_path, f"{','.join(GOOD)}\n{good}{bad}\n{good.replace('N', 'M')}")
    assert [(one.row, one.line, one.value) for one in of(report, "type").samples] == [(200_001, 200_002, "twelve")]
    assert report.errors == 1


def test_a_comma_without_quotes_is_an_error_of_its_row(tmp_path: Path) -> None:
    good = [GOOD | {"id": f"A{n}", "longitude": ""} for n in range(30)]
    moved = ",".join(good[7].values()).replace("New,", "New,large,")
    text = lines(*good[:7]) + f"{moved}\n" + "".join(lines(one).partition("\n")[2] for one in good[8:])
    found = of(checked(tmp_path, text), "ragged")
    assert (found.severity, [(one.row, one.line) for one in found.samples]) == (Severity.ERROR, [(8, 9)])


def test_empty_cells_too_many_are_an_error_unless_all_rows_have_them(tmp_path: Path) -> None:
    first, *rest = lines(GOOD, GOOD | {"id": "A2"}).splitlines()
    found = of(checked(tmp_path, "\n".join([first, rest[0], f"{rest[1]},"])), "surplus")
    assert (found.severity, found.samples[0].row, found.samples[0].line) == (Severity.ERROR, 2, 3)
    found = of(checked(tmp_path, "\n".join([first, *(f"{one}," for one in rest)])), "surplus")
    assert found.severity is Severity.WARNING


def test_telephones_and_mailboxes_are_warned_of(tmp_path: Path) -> None:
    rows = [
        GOOD | {"kind_raw": "call (617) 555-0123", "id": "617-555-0100", "owner_phone": ""},
        GOOD
        | {"kind_raw": "jane@example.org", "id": "2", "owner_phone": "", "notes": "617.555.0123", "parcel": "1617"},
    ]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, [*GOOD, "owner_phone", "notes", "parcel"])
    writer.writeheader()
    writer.writerows(rows)
    file = tmp_path / "export.csv"
    file.write_text(out.getvalue())
    report = check_file(file, STANDARD, named=personal.among)
    assert {(one.column, one.rule, one.count) for one in report.groups if one.severity is Severity.WARNING} == {
        ("kind_raw", "phone", 1),
        ("kind_raw", "e-mail", 1),
        ("notes", "phone", 1),
        ("owner_phone", "person", 1),
    }
    assert report.ok
    (found,) = [one for one in report.groups if (one.column, one.rule) == ("notes", "phone")]
    assert [(one.row, one.line, one.value) for one in found.samples] == [(2, 3, "617.555.0123")]
