"""A Dataset as JSON and back. The same form is stored with a revision, indexed, and shown as `.json`."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from pydantic import TypeAdapter

from commonground.words import Dataset

_ADAPTER = TypeAdapter(Dataset)


def dump(dataset: Dataset) -> dict[str, Any]:
    """JSON-able form with its `id`; `columns` is always a list, `columns_known` says whether it means anything."""
    form: dict[str, Any] = {"id": dataset.id, **_ADAPTER.dump_python(dataset, mode="json")}
    form["columns_known"] = dataset.columns is not None
    form["columns"] = form["columns"] or []
    return form


def load(form: dict[str, Any]) -> Dataset:
    """The Dataset that `dump` came from."""
    fields = {name: value for name, value in form.items() if name not in {"id", "columns_known"}}
    if not form.get("columns_known", True):
        fields["columns"] = None
    return _ADAPTER.validate_python(fields)


def digest(value: object) -> str:
    """A short fingerprint of JSON, the same whatever the order of keys (16 bytes of BLAKE2b, hex)."""
    # surrogatepass by way of repr-free dumps: orjson refuses lone surrogates and integers over 64 bits.
    try:
        packed = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        packed = _dumps_anything(value)
    return hashlib.blake2b(packed, digest_size=16).hexdigest()


def _dumps_anything(value: object) -> bytes:
    import json

    return json.dumps(value, sort_keys=True).encode("ascii")
