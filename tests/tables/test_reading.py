"""Questions from addresses: what they mean, what is refused, and that pages show every row once."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonground.errors import Usage
from commonground.standards import files
from commonground.tables.reading import rows, writing
from commonground.tables.reading.cursor import Cursor
from commonground.tables.reading.question import LEFT_ALONE, PARTS, Question, asked, release
from commonground.tables.reading.rows import Files
from tests.conftest import REPOSITORY
from tests.tables.filled import STANDARD, write
from tests.tables.made import asked as sql

COUNTS = {"boston": 40, "chicago": 230, "seattle": 3}
standard = files.standard(STANDARD)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("reading")
    return Files(7, {city: write(folder / city, city, count) for city, count in COUNTS.items()}, folder / "spill")


def question(**query: str | Sequence[str]) -> Question:
    """The question of an address; `__` stands for the point in a name, as in `fees__min`."""
    told = {
        name.replace("__", ".").rstrip("_"): [value] if isinstance(value, str) else list(value)
        for name, value in query.items()
    }
    return asked(told, standard, COUNTS)


def every(held: Files, asked_for: Question) -> list[dict[str, Any]]:
    """The rows of all pages."""
    found: list[dict[str, Any]] = []
    while True:
        page = rows.page(held, asked_for)
        found += writing.records(page.rows)
        assert page.rows.num_rows <= asked_for.limit
        if page.after is None:
            return found
        assert page.rows.num_rows == asked_for.limit
        again = Cursor.read(page.after.told(), asked_for.order)
        assert again == page.after
        asked_for = replace(asked_for, after=again)


def answer(held: Files, where: str) -> list[str]:
    """The keys that SQL finds."""
    paths = ", ".join(f"'{path}'" for path in held.paths.values())
    return [one["permit_id"] for one in sql(f"SELECT permit_id FROM read_parquet([{paths}]) WHERE {where}")]


FILTERS: Mapping[str, tuple[dict[str, str | list[str]], str]] = {
    "all": ({}, "true"),
    "city": ({"city": "boston"}, "city = 'boston'"),
    "cities": ({"city": ["boston", "seattle"]}, "city IN ('boston', 'seattle')"),
    "cities at once": ({"city": "boston,seattle"}, "city IN ('boston', 'seattle')"),
    "code": ({"permit_type": ["electrical", "unmapped"]}, "permit_type IN ('electrical', 'unmapped')"),
    "kind": ({"kind": "electrical"}, "permit_type = 'electrical'"),
    "least": ({"estimated_cost__min": "500"}, "estimated_cost >= 500"),
    "most": ({"estimated_cost__max": "500.5"}, "estimated_cost <= 500.5"),
    "whole": ({"housing_units": "3"}, "housing_units = 3"),
    "month": ({"issued_on": "2024-02"}, "issued_on BETWEEN '2024-02-01' AND '2024-02-29'"),
    "from": ({"from_": "2024-06-15"}, "issued_on >= '2024-06-15'"),
    "to": ({"to": "2024"}, "issued_on <= '2024-12-31'"),
    "days": (
        {"issued_on__min": "2024-03", "issued_on__max": "2024-04"},
        "issued_on BETWEEN '2024-03-01' AND '2024-04-30'",
    ),
    "box": (
        {"bbox": "-87.75,41.75,-87.65,41.85"},
        "longitude BETWEEN -87.75 AND -87.65 AND latitude BETWEEN 41.75 AND 41.85",
    ),
    "empty": ({"permit_type__empty": "true"}, "permit_type IS NULL"),
    "not empty": ({"latitude__empty": "false"}, "latitude IS NOT NULL"),
    "text": ({"description": "Ñandú 市 🏠"}, "description = 'Ñandú 市 🏠'"),
    "two": ({"kind": "building", "from": "2024-02-01"}, "permit_type = 'building' AND issued_on >= '2024-02-01'"),
    "none": ({"description": "'; DROP TABLE x --"}, "false"),
    "page only": ({"lang": "es", "by": "month", "kind": ""}, "true"),
}


@given(
    name=st.sampled_from(sorted(FILTERS)), limit=st.integers(1, 300), order=st.sampled_from(["place", "key", "time"])
)
@settings(max_examples=60)
def test_pages_show_each_row_once_and_as_sql_does(held: Files, name: str, limit: int, order: str) -> None:
    query, where = FILTERS[name]
    limit = max(limit, 20) if limit > 3 else limit * 40
    found = every(held, question(**query, limit=str(limit), order=order))
    keys = [one["permit_id"] for one in found]
    assert sorted(keys) == sorted(answer(held, where))
    assert len(set(keys)) == len(keys)
    assert rows.count(held, question(**query)) == len(keys)
    if order == "time":
        days = [one["issued_on"] or "" for one in found]
        assert days == sorted(days, reverse=True)
    if order == "key":
        assert [(one["city"], one["permit_id"]) for one in found] == sorted(
            (one["city"], one["permit_id"]) for one in found
        )


@pytest.mark.parametrize("order", ["place", "key", "time"])
def test_pages_of_one_row(held: Files, order: str) -> None:
    found = every(held, question(city="boston", limit="1", order=order))
    assert len({one["permit_id"] for one in found}) == len(found) == COUNTS["boston"]


@pytest.mark.parametrize("order", ["place", "key", "time"])
def test_the_stream_is_what_the_pages_are(held: Files, order: str) -> None:
    asked_for = question(order=order, limit="100", fields="permit_id,city,issued_on,_order")
    streamed = [row for batch in rows.batches(held, asked_for) for row in writing.records(_table(batch))]
    assert streamed == every(held, asked_for)


def _table(batch: Any) -> Any:
    import pyarrow as pa

    return pa.Table.from_batches([batch])


def test_columns_are_chosen_in_order_and_once(held: Files) -> None:
    page = rows.page(held, question(fields="issued_on,city,issued_on", limit="2"))
    assert page.rows.column_names == ["issued_on", "city"]
    assert question().columns[-3:] == ("_dataset", "_part", "_row")


def test_csv_is_read_back_and_runs_nothing(held: Files) -> None:
    asked_for = question(city="boston", fields="permit_id,description,estimated_cost,issued_on")
    text = b"".join(writing.csv(asked_for.columns, rows.batches(held, asked_for))).decode()
    back = list(csv.DictReader(io.StringIO(text, newline="")))
    wanted = every(held, asked_for)
    assert [one["permit_id"] for one in back] == [one["permit_id"] for one in wanted]
    for one, other in zip(back, wanted, strict=True):
        exact = other["description"] or ""
        assert one["description"] == (f"'{exact}" if exact.startswith(("=", "@")) else exact)
        assert one["issued_on"] == (other["issued_on"] or "")
    assert {one["description"] for one in back} >= {"'=HYPERLINK(1)", "'@SUM(A1)", "-12.5", 'two\nlines, "quoted"'}


def test_parquet_in_pieces_has_its_terms(held: Files) -> None:
    asked_for = question(city=["boston", "seattle"])
    schema = pq.read_schema(held.paths["boston"])
    columns = schema.empty_table().select(list(asked_for.columns)).schema
    pieces = b"".join(writing.parquet(columns, rows.batches(held, asked_for), {"license": "Public domain"}))
    told = pq.read_table(io.BytesIO(pieces))
    assert told.num_rows == COUNTS["boston"] + COUNTS["seattle"]
    assert pq.read_schema(io.BytesIO(pieces)).metadata[b"license"] == b"Public domain"


def test_no_row_answers(held: Files) -> None:
    nothing = question(description="nobody wrote this")
    assert rows.page(held, nothing).after is None
    assert list(writing.records(rows.page(held, nothing).rows)) == []
    schema = pq.read_schema(held.paths["boston"])
    pieces = b"".join(
        writing.parquet(schema.empty_table().select(list(nothing.columns)).schema, rows.batches(held, nothing), {})
    )
    assert pq.read_table(io.BytesIO(pieces)).num_rows == 0


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"citty": "boston"}, "“city”"),
        ({"city": "bosten"}, "“boston”"),
        ({"isued_on.min": "2024"}, "“issued_on.min”"),
        ({"permit_type": "electricle"}, "“electrical”"),
        ({"kind": "zzz"}, "Known: "),
        ({"issued_on": "2024-02-30"}, "2024-01-31"),
        ({"issued_on": "yesterday"}, "2024-01-31"),
        ({"from": "31.1.2024"}, "from: "),
        ({"from": "2024-02", "to": "2024-01"}, "later than to"),
        ({"housing_units": "3.5"}, "whole number"),
        ({"housing_units": "٣"}, "whole number"),
        ({"estimated_cost.min": "1e999"}, "no number"),
        ({"estimated_cost": "nan"}, "no number"),
        ({"description.min": "a"}, "has no least"),
        ({"latitude.empty": "maybe"}, "true or false"),
        ({"bbox": "1,2,3"}, "west,south,east,north"),
        ({"bbox": "1,2,0,3"}, "no box"),
        ({"bbox": "a,b,c,d"}, "four numbers"),
        ({"fields": "city,prmit_id"}, "“permit_id”"),
        ({"order": "newest"}, "place, key, time"),
        ({"limit": "0"}, "from 1 to 10,000"),
        ({"limit": "10001"}, "from 1 to 10,000"),
        ({"limit": "-5"}, "from 1 to 10,000"),
        ({"limit": ["5", "6"]}, "Give it once"),
        ({"after": "xyz"}, "“next”"),
        ({"after": "W10"}, "“next”"),
        ({"after": Cursor("time", 1, "boston", 1, (None,)).told()}, "order=time"),
    ],
)
def test_what_cannot_be_is_named(query: dict[str, str | list[str]], says: str) -> None:
    with pytest.raises(Usage) as refused:
        asked({name: [one] if isinstance(one, str) else one for name, one in query.items()}, standard, COUNTS)
    assert says in f"{refused.value.message} {refused.value.advice}"


def test_releases() -> None:
    assert release({}) is None
    assert release({"release": ["3"]}) == 3
    assert release({"after": [Cursor("place", 5, "boston", 1).told()]}) == 5
    for text in ("0", "x", "-1", "1.5", "9" * 20):
        with pytest.raises(Usage, match="release: "):
            release({"release": [text]})


@given(
    st.tuples(
        st.sampled_from(["place", "key", "time"]),
        st.integers(1, 2**31),
        st.sampled_from(["boston", "aaa", "zzz", "", "'"]),
        st.integers(-(2**63) + 1, 2**63 - 1),
        st.lists(st.none() | st.text(max_size=8), max_size=3),
    )
)
def test_a_forged_cursor_does_no_harm(held: Files, parts: tuple[str, int, str, int, list[str | None]]) -> None:
    order, number, city, place, values = parts
    text = Cursor(order, number, city, place, tuple(values)).told()
    page = rows.page(held, question(order=order, after=text))
    assert page.rows.num_rows <= 100


@given(st.text(max_size=40))
def test_any_text_as_a_cursor(text: str) -> None:
    with suppress(Usage):
        assert Cursor.read(text).told()


@given(
    name=st.sampled_from(["description", "issued_on", "housing_units", "estimated_cost", "bbox", "from", "limit"]),
    text=st.text(max_size=20),
)
def test_any_text_as_a_value(held: Files, name: str, text: str) -> None:
    with suppress(Usage):
        found = rows.page(held, question(**{name: text}))
        assert json.dumps(list(writing.records(found.rows)))


def test_no_field_is_hidden_by_a_part_of_the_address() -> None:
    for one in files.standards().values():
        assert not set(one.named) & ({*PARTS, *LEFT_ALONE} - {"kind"}), one.name


def test_the_manual_tells_each_part() -> None:
    page = (REPOSITORY / "docs/reference/tables.md").read_text(encoding="utf-8")
    assert [one for one in PARTS if f"`{one}`" not in page] == []
