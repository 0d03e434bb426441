from __future__ import annotations

import math

import pytest

from commonground.protocols.base import Notes
from commonground.protocols.fields import values


def codes(notes: Notes) -> list[str]:
    return [finding.code for finding in notes.found]


def test_at_walks_objects_and_lists() -> None:
    raw = {"resource": {"columns_name": ["a", "b"]}, "results": [{"id": {"value": 3}}]}
    assert values.at(raw, "resource.columns_name[1]") == "b"
    assert values.at(raw, "results[0].id.value") == 3
    assert values.at(raw, "results[1].id") is None
    assert values.at(raw, "resource.columns_name.id") is None
    assert values.at(None, "a") is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("  two \n lines\t", "two lines"),
        (None, ""),
        (2012, "2012"),
        (2012.0, "2012"),
        (1.5, "1.5"),
        ("nul\x00 and \ud800", "nul and \ufffd"),
        ("cafe\u0301", "caf\u00e9"),
    ],
)
def test_text_is_one_clean_line(given: object, expected: str) -> None:
    notes = Notes()
    assert values.text(given, notes, "title") == expected
    assert not notes.found


@pytest.mark.parametrize(
    ("given", "expected"), [({"a": 1}, ""), (True, ""), (math.nan, ""), (["one"], "one"), ([1, 2], "")]
)
def test_text_notes_another_type(given: object, expected: str) -> None:
    notes = Notes("abcd-1234")
    assert values.text(given, notes, "title") == expected
    (finding,) = notes.found
    assert (finding.code, finding.place, finding.native_id) == ("wrong-type", "title", "abcd-1234")


def test_a_line_that_fills_a_book_is_cut() -> None:
    notes = Notes()
    assert values.text("word " * 1_000_000, notes, "title").startswith("word word")
    assert codes(notes) == ["text-too-long"]
    assert len(notes.found[0].sample) == 200


def test_texts_split_clean_and_keep_the_first_spelling() -> None:
    notes = Notes()
    assert values.texts("crime, Police ;crime,,311", notes, "keyword") == ("crime", "Police", "311")
    assert values.texts(["Crime", " crime ", "", None, 311], notes, "keyword") == ("Crime", "311")
    assert codes(notes) == ["repeated-keyword", "repeated-keyword"]


def test_texts_keep_a_comma_inside_a_listed_value() -> None:
    notes = Notes()
    assert values.texts(["Parks, Recreation"], notes, "theme") == ("Parks, Recreation",)
    assert not notes.found


def test_texts_note_the_place_of_an_odd_entry_and_keep_the_rest() -> None:
    notes = Notes()
    assert values.texts(["a", {"name": "b"}, "c"], notes, "keyword") == ("a", "c")
    assert [finding.place for finding in notes.found] == ["keyword[1]"]


def test_texts_cut_a_list_that_nobody_reads() -> None:
    notes = Notes()
    assert len(values.texts([f"k{n}" for n in range(50)], notes, "keyword", most=10)) == 10
    assert codes(notes) == ["too-many-values"]
    assert notes.found[0].detail == "50 values, of which 10 are kept"


def test_records_give_places() -> None:
    notes = Notes()
    assert values.records([{"a": 1}, "x", None, {"b": 2}], notes, "distribution") == [
        ("distribution[0]", {"a": 1}),
        ("distribution[3]", {"b": 2}),
    ]
    assert values.records({"a": 1}, notes, "distribution") == [("distribution", {"a": 1})]
    assert values.records(None, notes, "distribution") == []
    assert values.records("x", notes, "distribution") == []
    assert [finding.place for finding in notes.found] == ["distribution[1]", "distribution"]


@pytest.mark.parametrize(
    ("given", "expected"), [(5, 5), (5.0, 5), ("1,234", 1234), (" 7 ", 7), ("-3", -3), (None, None), ("", None)]
)
def test_whole_number(given: object, expected: int | None) -> None:
    notes = Notes()
    assert values.whole_number(given, notes, "rows") == expected
    assert not notes.found


@pytest.mark.parametrize("given", [1.5, True, "12 rows", "1,23", 2**63, 10**400, math.inf, [1], "٣"])
def test_whole_number_notes_what_is_none(given: object) -> None:
    notes = Notes()
    assert values.whole_number(given, notes, "rows") is None
    assert codes(notes) == ["wrong-type"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://data.example.gov/d/abcd-1234?x=1#y", "https://data.example.gov/d/abcd-1234?x=1#y"),
        (" HTTP://example.gov/a b ", "http://example.gov/a%20b"),
        ('https://example.gov/"><script>', "https://example.gov/%22%3E%3Cscript%3E"),
        ("mailto:gis@example.gov?subject= Question", "mailto:gis@example.gov?subject=%20Question"),
        ("ftp://example.gov/file.zip", "ftp://example.gov/file.zip"),
        ("https://example.gov/é", "https://example.gov/é"),
        (None, ""),
        ("", ""),
    ],
)
def test_link(given: object, expected: str) -> None:
    notes = Notes()
    assert values.link(given, notes, "url") == expected
    assert not notes.found


@pytest.mark.parametrize(
    "given",
    [
        "javascript:alert(1)",
        "java\nscript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "http:///path",
        "http://",
        "http://[example.gov/x",
        "http://example\u2100.gov/",
        "//example.gov/x",
        "/relative",
        "www.example.gov",
        "http://user:secret@example.gov/",
        "not a link",
        "mailto:nobody",
        5,
        ["https://example.gov"],
        "https://example.gov/" + "a" * 9_000,
    ],
)
def test_link_never_passes_what_a_page_may_not_link_to(given: object) -> None:
    notes = Notes()
    assert values.link(given, notes, "url") == ""
    assert codes(notes) == ["bad-link"]
