"""The stream over a `data.json` document: every form of it, every way in which it breaks, and its memory."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.errors import Disagrees, Unreachable, Unreadable
from commonground.protocols.base import Notes
from commonground.protocols.data_json import stream
from commonground.protocols.recordings import find

URL = "https://city.example/data.json"

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
plain_records = st.dictionaries(st.text().filter(lambda key: key != "seriesMember"), values, min_size=1, max_size=5)


def pieces(document: bytes, size: int = 50) -> Iterator[bytes]:
    return (document[at : at + size] for at in range(0, len(document), size))


def read(document: bytes, size: int = 50) -> tuple[list[dict[str, Any]], Exception | None]:
    """What could be read, and the error that ended it."""
    found: list[dict[str, Any]] = []
    try:
        found.extend(stream(pieces(document, size), URL))
    except (Unreadable, Disagrees) as error:
        return found, error
    return found, None


@given(st.lists(plain_records, max_size=5), st.integers(1, 200), st.booleans())
def test_any_records_come_out_as_they_went_in(records: list[dict[str, Any]], size: int, escaped: bool) -> None:  # noqa: FBT001 - drawn
    document = json.dumps({"title": {"a": [1]}, "dataset": records, "z": None}, ensure_ascii=escaped)
    assert list(stream(pieces(document.encode(), size), URL)) == records


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_any_unicode_encoding_is_read(encoding: str, size: int) -> None:
    document = '{"dataset": [{"title": "Árboles 🌳"}]}'.encode(encoding)
    assert list(stream(pieces(document, size), URL)) == [{"title": "Árboles 🌳"}]


def test_a_bare_list_is_a_catalog() -> None:
    notes = Notes()
    assert list(stream([b'[{"title": "a"}, null, {"title": "b"}]'], URL, notes)) == [{"title": "a"}, {"title": "b"}]
    assert [(one.code, one.place) for one in notes.found] == [("record-unusable", "dataset[1]")]


def test_a_single_object_counts_as_a_list_of_one() -> None:
    assert list(stream([b'{"dataset": {"identifier": "1"}}'], URL)) == [{"identifier": "1"}]


def test_numbers_are_those_of_json() -> None:
    [record] = stream(
        [b'{"dataset": [{"a": 1.50, "b": 12345678901234567890123, "c": -0.0, "d": 1e999, "e": 1E2}]}'], URL
    )
    assert record == {"a": 1.5, "b": 12345678901234567890123, "c": 0.0, "d": "1E+999", "e": 100.0}
    assert [type(record[key]) for key in "abe"] == [float, int, float]


def test_bytes_that_are_no_text_lose_one_character() -> None:
    document = b'{"dataset": [{"title": "caf\xe9 \xed\xa0\x80 \\ud800 end"}, {"title": "next"}]}'
    found = list(stream(pieces(document, 7), URL))
    assert found[0]["title"].startswith("caf�")
    assert found[0]["title"].endswith("end")
    assert found[1] == {"title": "next"}


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        (
            "gsa_dcatus3_0_nested_catalog",
            ["Parent Catalog Dataset", "Child Catalog Dataset", "Grandchild Catalog Dataset"],
        ),
        ("gsa_dcatus3_0_series_with_members", ["Annual Report 2023", "Annual Report 2024"]),
        ("gsa_dcatus3_0_with_records", ["Test Dataset One"]),
        ("gsa_dcatus3_0_with_services", ["Test Dataset One", "Test Data Service One", "Test Data Service Two"]),
    ],
)
def test_catalogs_of_version_3_are_walked(recordings: Path, name: str, titles: list[str]) -> None:
    document = (recordings / "fixtures/dcatus" / f"{name}.json").read_bytes()
    assert [raw["title"] for raw in stream(pieces(document), URL)] == titles


def test_a_deep_nest_of_catalogs_is_no_harm() -> None:
    deep = 300
    document = b'{"catalog":[' * deep + b'{"dataset":[{"identifier":"x"}]}' + b"]}" * deep
    found, error = read(document)
    assert found == [{"identifier": "x"}] or isinstance(error, Unreadable)


RECORD = b'{"identifier": "1", "title": "first"}'


@pytest.mark.parametrize(
    ("document", "error", "words"),
    [
        (b"<!DOCTYPE html><html><body>Not here</body>", Unreadable, "HTML"),
        (b"", Unreadable, "no readable JSON"),
        (b"   ", Unreadable, "no readable JSON"),
        (b"oops", Unreadable, "oops"),
        (b'{"error": {"code": 404}}', Disagrees, "no datasets"),
        (b'{"dataset": null}', Disagrees, "no datasets"),
        (b'"text"', Disagrees, "no datasets"),
        (b"[]", Disagrees, "no datasets"),
        (b"[1, 2]", Disagrees, "no datasets"),
    ],
)
def test_what_is_no_catalog_is_named(document: bytes, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        list(stream([document], URL))


def test_a_catalog_without_datasets_is_a_catalog() -> None:
    assert list(stream([b'{"dataset": []}'], URL)) == []


@pytest.mark.parametrize(
    "rest",
    [
        b', {"identifier": "2", "ti',
        b', {"a": NaN}]}',
        b', {"a": ' + b"9" * 20_000 + b"}]}",
        b', {"a": 1e-99999999999999999999}]}',
        b', {"a": ' + b"[" * 100_000,
        b", <html>",
    ],
    ids=["cut off", "NaN", "endless number", "tiny number", "deep", "html"],
)
def test_what_came_before_the_break_is_kept(rest: bytes) -> None:
    found, error = read(b'{"dataset": [' + RECORD + rest)
    assert found == [{"identifier": "1", "title": "first"}]
    assert isinstance(error, Unreadable)


def test_text_after_the_document_is_ignored() -> None:
    assert list(stream([b'{"dataset": [' + RECORD + b"]}", b" trailing"], URL)) == [json.loads(RECORD)]


def test_an_error_of_the_connection_passes_through() -> None:
    def broken() -> Iterator[bytes]:
        yield b'{"dataset": [' + RECORD
        raise Unreachable("The line went dead.")

    with pytest.raises(Unreachable, match="dead"):
        list(stream(broken(), URL))


def test_recordings_come_out_as_they_went_in(recordings: Path) -> None:
    documents = [one for one in find(recordings / "portals") if one.path.name.endswith(".json.gz")]
    assert len(documents) == 6
    for one in documents:
        holdings = one.holdings()
        document = json.dumps({**holdings.envelope, "dataset": holdings.records}).encode()
        assert list(stream(pieces(document, 65_536), URL)) == holdings.records


def catalog(count: int) -> Iterator[bytes]:
    yield b'{"@type": "dcat:Catalog", "dataset": ['
    for number in range(count):
        ways = [{"downloadURL": f"https://city.example/{number}.{end}", "mediaType": "text/csv"} for end in "abcd"]
        record = {"identifier": f"id-{number}", "title": "Street trees", "keyword": ["tree"] * 5, "distribution": ways}
        yield (b"," if number else b"") + json.dumps(record).encode()
    yield b"]}"


@pytest.mark.parametrize("count", [5_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_memory_does_not_grow_with_the_document(count: int) -> None:
    tracemalloc.start()
    try:
        assert sum(1 for _ in stream(catalog(count), URL)) == count
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000
