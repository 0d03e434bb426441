"""Where a record holds what no database takes, and how it is kept."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from commonground.catalog import characters, forms
from commonground.catalog.compare import LONGEST_ID, storable_id
from commonground.catalog.models import pack, unpack
from commonground.words import Dataset, Portal
from tests.strategies import datasets

ANY_TEXT = st.text(st.characters(), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=20,
)


def test_places() -> None:
    record = {"a": "fine", "b": ["ok", {"c": "x\x00y"}], "d\ud800": 1, "e": "\\u0000 written out"}
    assert sorted(characters.unstorable(record)) == [("b[1].c", "x\ufffdy"), ("d\ufffd", "d\ufffd")]
    assert characters.unstorable({"a": 2**70, "b": "fine"}) == []
    assert len(characters.unstorable(["\x00"] * 1000)) == 20
    assert characters.unstorable("a" * 500 + "\x00" + "b" * 500)[0][1] == "a" * 80 + "\ufffd" + "b" * 79


def storable(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value and value == value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return all(storable(key) and storable(one) for key, one in value.items())
    return all(map(storable, value)) if isinstance(value, list) else True


@given(JSON)
def test_cleaned_json_is_storable(value: Any) -> None:
    assert storable(characters.cleaned(value))
    assert bool(characters.unstorable(value)) == (not storable(value))
    if storable(value):
        assert characters.cleaned(value) == value


@given(st.dictionaries(ANY_TEXT, JSON, max_size=5))
def test_raw_records_come_back(raw: dict[str, Any]) -> None:
    assert unpack(pack(raw)) == raw
    assert forms.digest(raw) == forms.digest(dict(reversed(raw.items())))


@given(ANY_TEXT | st.text("./~ab", max_size=12) | st.text(min_size=290, max_size=400))
def test_ids(given_id: str) -> None:
    kept = storable_id(given_id)
    assert len(kept) <= LONGEST_ID
    assert storable(kept)
    assert kept == kept.strip()
    assert "\n" not in kept
    assert not {".", ".."} & set(kept.split("/"))
    assert storable_id(kept) == kept


@given(datasets(Portal("p", "c", "P", "p.example", "ckan", "https://p.example")))
def test_forms_come_back(dataset: Dataset) -> None:
    form = forms.dump(dataset)
    assert forms.load(form) == dataset
    assert form["id"] == dataset.id
    assert form["columns_known"] == (dataset.columns is not None)
    assert not characters.unstorable(form)
