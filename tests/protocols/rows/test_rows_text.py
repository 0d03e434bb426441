"""JSON values become text as they are written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.errors import Unreadable
from commonground.protocols.rows import cursors
from commonground.protocols.rows.text import cell, column, compact, names, parsed, table, whole

URL = "https://data.example.gov/rows"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1.50", "1.50"),
        ("1e400", "1e400"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("-0.0", "-0.0"),
        ("NaN", "NaN"),
        ("true", "true"),
        ("null", None),
        ('" 1 "', " 1 "),
        ('""', ""),
        ('{"a": [1.0, "1.0", null, {"b": false}], "é": "\\""}', '{"a":[1.0,"1.0",null,{"b":false}],"é":"\\""}'),
        ("[]", "[]"),
    ],
)
def test_cells(written: str, expected: str | None) -> None:
    assert cell(parsed(written, URL)) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_compact_json_says_the_same(value: Any) -> None:
    assert json.loads(compact(parsed(json.dumps(value), URL))) == value


@given(st.lists(st.none() | st.text(st.characters(), max_size=5)))
def test_any_text_fits_a_column(values: list[str | None]) -> None:
    found = column(values).to_pylist()
    assert [one is None for one in found] == [one is None for one in values]
    sound = [one for one in values if one is None or one.isascii()]
    assert [one for one, was in zip(found, values, strict=True) if was is None or was.isascii()] == sound


def test_columns_are_those_known_and_those_that_come() -> None:
    rows: list[dict[str, str | None]] = [{"b": "1"}, {"c": None, "a": "2"}]
    assert names(rows, ["a"]) == ["a", "b", "c"]
    assert table(rows, ["a", "b", "c"]).to_pylist() == [
        {"a": None, "b": "1", "c": None},
        {"a": "2", "b": None, "c": None},
    ]


@pytest.mark.parametrize("body", [b"<!DOCTYPE html><p>", b"", b"{", b"[" * 100_000, b'{"a": '])
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(Unreadable, match=r"data\.example\.gov/rows sent (no JSON|HTML)"):
        parsed(body, URL)


@pytest.mark.parametrize(
    ("told", "expected"), [("12", 12), (12, 12), (True, None), ("1.5", None), ("-1", None), (None, None), ("²", None)]
)
def test_counts(told: object, expected: int | None) -> None:
    assert whole(told) == expected


@given(st.dictionaries(st.sampled_from("abc"), st.text(st.characters(exclude_categories=["Cs"]), min_size=1)))
def test_cursors_come_back(parts: dict[str, str]) -> None:
    assert cursors.parts(cursors.written(**parts)) == parts
