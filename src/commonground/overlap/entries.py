"""What matching sees of a dataset: an entry, made from the form that the catalog keeps. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commonground.words import Column, ColumnType, Kind


@dataclass(frozen=True, slots=True)
class Entry:
    """One dataset as matching sees it. `columns is None` means not known, `()` means none.

    `key` is the permanent id. `series` is the key that slices of one dataset share within a portal, else empty.
    """

    key: str
    city: str
    portal: str
    title: str
    kind: Kind = Kind.TABLE
    description: str = ""
    publisher: str = ""
    themes: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    columns: tuple[Column, ...] | None = None
    row_count: int | None = None
    formats: frozenset[str] = frozenset()
    updated: datetime | None = None
    series: str = ""


def of(form: Mapping[str, Any], *, series: str = "", updated: datetime | None = None) -> Entry:
    """The entry of a dataset's form (`catalog.forms.dump`)."""
    return Entry(
        key=form["id"],
        city=form["city"],
        portal=form["portal"],
        title=form["title"],
        kind=Kind(form["kind"]),
        description=form.get("description") or "",
        publisher=form.get("publisher") or "",
        themes=tuple(form.get("themes") or ()),
        keywords=tuple(form.get("keywords") or ()),
        columns=_columns(form),
        row_count=form.get("row_count"),
        formats=frozenset(one["format"] for one in form.get("distributions") or ()),
        updated=updated,
        series=series or form.get("series") or "",
    )


def schema(columns: tuple[Column, ...] | None) -> str:
    """A fingerprint of columns' published names and types, whatever their order; empty where they are not known."""
    if columns is None:
        return ""
    told = sorted((one.name or one.field, one.type.value) for one in columns)
    return hashlib.blake2b(repr(told).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _columns(form: Mapping[str, Any]) -> tuple[Column, ...] | None:
    if not form.get("columns_known", True):
        return None
    return tuple(
        Column(
            name=one["name"],
            field=one["field"],
            type=ColumnType(one["type"]),
            published_type=one.get("published_type") or "",
            description=one.get("description") or "",
        )
        for one in form["columns"]
    )
